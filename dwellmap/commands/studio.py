"""`dwellmap studio`: the studio in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SiteFile = Annotated[
    Path, typer.Option("--site", help="Site file; one that is not there yet can be made in the browser.")
]
Out = Annotated[Path, typer.Option(help="Folder with the runs.")]
Host = Annotated[
    str,
    typer.Option(
        help="Address to listen on; one that other machines reach needs --token.", metavar="ADDRESS"
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
Token = Annotated[
    str | None,
    typer.Option(help="What a browser must know, at least 12 characters.", envvar="DWELLMAP_STUDIO_TOKEN"),
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")]

DEFAULT_PORT = 8321


def studio(
    site: SiteFile = Path("site.toml"),
    out: Out = Path("outputs"),
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    token: Token = None,
    browser: Browser = True,
) -> None:
    """Set up the place, calibrate cameras, draw zones and look at runs, in a browser on this machine."""
    open_studio(site, out, host, port, token, browser, "/")


def open_studio(
    site: Path, out: Path, host: str, port: int, token: str | None, browser: bool, page: str
) -> None:
    """Serve the studio, beginning with one of its pages, until interrupted.

    Raises:
        ValueError: If the folder of the site file is missing, or the address cannot be used.

    """
    from dwellmap.studio.guard import check_token, is_loopback

    check_token(host, token)
    if site.is_dir():
        site /= "site.toml"
    if not site.absolute().parent.is_dir():
        raise ValueError(
            f"--site {site}: expected the folder {site.absolute().parent} to exist; make it first"
        )
    # The browser's libraries take a second to load: not before the input is known to be right.
    from dwellmap.studio.server import serve
    from dwellmap.studio.workspace import Workspace

    workspace = Workspace(site, out, anywhere=token is None and is_loopback(host))
    serve(workspace, host, port, token, page, typer.echo, browser)

"""`dwellmap weights`: fetch the weights of the default YOLO."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dwellmap.download import download
from dwellmap.progress import OnConsole, Reporter, Silent
from tracker.weights import DEFAULT_MODEL, weights_cache

# The release of https://github.com/ultralytics/assets that the pinned ultralytics takes its weights from.
SOURCE = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
_MOST_BYTES = 64 * 1024**2
_ZIP = b"PK\x03\x04"

app = typer.Typer(
    help="Fetch the weights of the default YOLO. Nothing else in Dwellmap ever downloads anything.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _weights() -> None:
    pass


@app.command()
def get(
    to: Annotated[
        Path | None, typer.Option(help="Folder to put them into; the user's cache if left out.")
    ] = None,
    source: Annotated[
        str, typer.Option(envvar="DWELLMAP_WEIGHTS_URL", help="Folder on the web that holds the file.")
    ] = SOURCE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only where they are.")] = False,
) -> None:
    """Fetch yolo11n.pt (5 MB, AGPL-3.0) from ultralytics and print its SHA-256."""
    file = f"{DEFAULT_MODEL}.pt"
    target = (to or weights_cache()) / file
    url = f"{source.rstrip('/')}/{file}"
    reporter: Reporter = Silent() if quiet else OnConsole(Console(stderr=True))
    with reporter.step(f"fetching {file}", 1.0) as step:
        got = download(
            url, target, _MOST_BYTES, _ZIP, lambda done, total: step.to(done / total if total else 0.0)
        )
    print(target)
    if not quiet:
        print(f"{got.bytes} bytes, sha256 {got.sha256}")

"""`dwellmap site`: begin a site file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dwellmap.site import example_site

app = typer.Typer(help="Site files: plan, zones and cameras of one place.", no_args_is_help=True)


@app.callback()
def site() -> None:
    """Keep `new` a command of its own: Typer would fold a lone command into its group."""


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="File to write.", show_default=True)] = Path("site.toml"),
) -> None:
    """Write a commented example of a site file, to be edited."""
    typer.echo(f"{write_example(path)} is written: fill in your plan, zones and cameras.")


def write_example(path: Path) -> Path:
    """Write the example; a folder gets a `site.toml`.

    Returns:
        The file written.

    Raises:
        ValueError: If something is there already or the folder is missing; nothing is overwritten.

    """
    target = path / "site.toml" if path.is_dir() else path
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(example_site())
    except FileExistsError as error:
        raise ValueError(f"{target} exists already; name another file, nothing is overwritten") from error
    except FileNotFoundError as error:
        raise ValueError(f"expected the folder {target.parent} to exist; make it first") from error
    return target

"""`dwellmap overlay`: a run over the camera's picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.commands.console import AsJson, Quiet, reporter_for
from dwellmap.commands.film_options import Colours, Films, Opacity, Speed
from dwellmap.overlay.folder import RECIPE, OverlayOptions, overlay_run
from dwellmap.run_folder import RunFolder


def overlay(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    out: Annotated[Path | None, typer.Option(help="Output folder; default: beside the run.")] = None,
    colours: Colours = "magma",
    opacity: Opacity = 0.8,
    speed: Speed = None,
    films: Films = True,
    show_people: Annotated[
        Path | None,
        typer.Option(
            metavar="VIDEO",
            help="Put the run's own recording under the films, people and all.",
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Blend a run's maps, tracks and people's heat into the camera's picture; film how its maps build up."""
    options = OverlayOptions(colours, opacity, films, speed, show_people)
    folder, fresh = overlay_run(RunFolder.open(run), options, out, reporter_for(quiet, as_json))
    recipe = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    if as_json:
        told = {"folder": str(folder), "fresh": fresh, "files": recipe["files"], "notes": recipe["notes"]}
        print(json.dumps(told, indent=1))
        return
    if quiet:
        print(folder)
        return
    if not fresh:
        print("done before with the same options; nothing was computed again")
    for note in recipe["notes"]:
        print(f"note: {note}")
    for name in recipe["files"]:
        print(folder / name)

"""`dwellmap activity`: what moves in recordings, people or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape

from calibration.calibration import Calibration
from dwellmap.activity.folder import RECIPE, measure_activity
from dwellmap.activity.options import ActivityOptions, parse_every, parse_grid
from dwellmap.activity.region import parse_roi, zone_in_picture
from dwellmap.commands.console import AsJson, Cell, Quiet, reporter_for, with_changes
from dwellmap.commands.film_options import Colours, Films, Opacity, Speed
from dwellmap.commands.footage_options import CameraName, ClockRate, Out, SiteFile
from dwellmap.commands.many import handle_each
from dwellmap.site import Site, load_site
from dwellmap.site_file import Settings
from dwellmap.site_recording import camera_of, site_recording
from dwellmap.view import CameraView, uncalibrated_view
from dwellmap.window import window_if
from tracker.frames import Recording
from tracker.sources import find_recordings, open_recording


def activity(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="RECORDING...", help="Video files, folders of them, or patterns."),
    ],
    site: SiteFile = None,
    camera: CameraName = None,
    out: Out = Path("outputs"),
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Time between pictures looked at, such as 0.2s; 0 for all.")
    ] = "0.2s",
    threshold: Annotated[
        float | None,
        typer.Option(
            min=1.0, max=254.0, help="Grey levels by which a pixel must differ; default: above its own noise."
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Picture of the empty scene; default: made from the recording, without people."),
    ] = None,
    roi: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POINTS|ZONE",
            help="Count only here: 'x,y x,y' for a rectangle, more points for a polygon, pixels or %, or a "
            "zone of the site. Repeatable; default: roi_px of the camera in the site file.",
        ),
    ] = None,
    grid: Annotated[str, typer.Option(metavar="ROWSxCOLUMNS", help="Regions of the table.")] = "4x4",
    colours: Colours = "magma",
    opacity: Opacity = 0.7,
    speed: Speed = None,
    films: Films = True,
    show_people: Annotated[
        bool,
        typer.Option(
            "--show-people", help="Put the recording's own pictures under the films, people and all."
        ),
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Show in a window what moves while it works; q closes it.")
    ] = False,
    clock_rate: ClockRate = None,
    cell: Cell = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure for how long what moved where, people or not: maps, films and a table of regions."""
    place = None if site is None else load_site(site)
    if cell is not None and place is None:
        raise ValueError("--cell is in metres and needs --site with a calibrated camera")
    options = ActivityOptions(
        parse_every(every),
        threshold,
        reference,
        (),
        parse_grid(grid),
        colours,
        opacity,
        films,
        speed,
        show_people,
    )
    settings = with_changes(Settings() if place is None else place.settings, None, cell)
    recordings = find_recordings(inputs)
    reporter = reporter_for(quiet, as_json)
    with window_if(show, show_people) as window:
        watcher = None if window is None else window.changes

        def measure(path: Path) -> tuple[Path, bool]:
            recording, view, regions = _opened(path, place, camera, clock_rate, roi or [])
            wanted = replace(options, roi_px=regions)
            return measure_activity(recording, path, view, settings, wanted, out, reporter, watcher)

        handled = handle_each(recordings, measure, reporter)
    _show(handled.done, quiet, as_json)
    handled.raise_failures()


def _opened(
    path: Path, place: Site | None, name: str | None, rate: float | None, roi: list[str]
) -> tuple[Recording, CameraView, tuple[Any, ...]]:
    """A recording, the camera's view of the floor, and the regions of interest in its pixels."""
    if place is None:
        recording = open_recording(path, clock_rate=1.0 if rate is None else rate)
        view = uncalibrated_view(name or "camera", recording.size_px)
        return recording, view, tuple(parse_roi(text, recording.size_px) for text in roi)
    camera = camera_of(place, name, path)
    recording, view = site_recording(
        path, place, camera, camera.clock_rate if rate is None else rate, None, None
    )
    if roi:
        return recording, view, tuple(_region(text, view) for text in roi)
    regions = camera.roi_px
    if camera.calibration is not None and regions:
        # They were drawn on the picture that was calibrated, as ignored areas are.
        made_for = Calibration.load(camera.calibration).image_size_px
        regions = tuple(area * (np.array(recording.size_px) / made_for) for area in regions)
    return recording, view, regions


def _region(text: str, view: CameraView) -> Any:
    zone = next((zone for zone in view.zones if zone.name == text), None)
    if zone is None or view.calibration is None:
        try:
            return parse_roi(text, view.size_px)
        except ValueError as error:
            names = ", ".join(repr(zone.name) for zone in view.zones)
            raise ValueError(f"{error} (zones: {names or 'none'})") from error
    return zone_in_picture(zone, view.calibration)


def _show(done: list[tuple[Path, bool]], quiet: bool, as_json: bool) -> None:
    recipes = [
        (folder, fresh, json.loads((folder / RECIPE).read_text(encoding="utf-8"))) for folder, fresh in done
    ]
    if as_json:
        content = [
            {"folder": str(folder), "fresh": fresh, "recording": recipe["source"]["name"],
             "results": recipe["results"], "warnings": recipe["warnings"], "files": recipe["files"]}
            for folder, fresh, recipe in recipes
        ]  # fmt: skip
        print(json.dumps(content, indent=1))
        return
    console = Console()
    for folder, fresh, recipe in recipes:
        if quiet:
            print(folder)
            continue
        told = recipe["results"]
        console.print(f"\n[bold]{escape(recipe['source']['name'])}[/bold]")
        if not fresh:
            console.print("done before with the same options; nothing was computed again")
        console.print(
            f"something moved for {told['occupied_s']:.1f} of {told['observed_s']:.1f} s observed",
            highlight=False,
        )
        for word in ("hottest", "coldest"):
            one = told[word]
            if one is not None:
                console.print(
                    f"{word}: row {one['row']}, column {one['column']}, {one['share']:.1%} of all motion, "
                    f"{one['activity_s']:.2f} s a pixel", highlight=False,
                )  # fmt: skip
        for warning in recipe["warnings"]:
            console.print(f"[yellow]note:[/yellow] {escape(warning)}", highlight=False)
        for name in recipe["files"]:
            if name.endswith((".png", ".mp4", ".csv")):
                print(folder / name)

"""`dwellmap run`: recordings in, maps out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.appearance_choice import choose_embedder
from dwellmap.commands.console import AsJson, Cell, Quiet, Set, reporter_for, show_results, with_changes
from dwellmap.commands.footage_options import (
    Appearance,
    CameraName,
    ClockRate,
    Out,
    SampleFps,
    SiteFile,
    Weights,
    WhichDetector,
)
from dwellmap.commands.many import handle_each
from dwellmap.detector_choice import Kind, choose_detector
from dwellmap.pipeline import Watcher
from dwellmap.progress import Reporter
from dwellmap.running import Finished, run_recording
from dwellmap.site import Site, load_site
from dwellmap.site_file import Settings
from dwellmap.site_recording import camera_of, site_recording
from dwellmap.view import uncalibrated_view
from dwellmap.window import window_if
from tracker.sources import find_recordings, open_recording


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORDING...", help="Video files, folders of them, picture folders, or patterns."
        ),
    ],
    site: SiteFile = None,
    camera: CameraName = None,
    out: Out = Path("outputs"),
    detector: WhichDetector = "auto",
    weights: Weights = None,
    detections: Annotated[
        Path | None, typer.Option(help="Detections to replay: MOTChallenge text or detections.parquet.")
    ] = None,
    appearance: Appearance = "auto",
    sample_fps: SampleFps = 8.0,
    clock_rate: ClockRate = None,
    start: Annotated[
        str | None, typer.Option(help="Wall-clock start, such as 2026-11-21T09:00; for a single recording.")
    ] = None,
    picture_fps: Annotated[
        float | None,
        typer.Option(min=0.001, max=1000.0, help="Pictures a second of a folder of pictures without times."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=256,
            help="Processes that look for people in parts of one recording at the same time; the results are "
            "the same.",
        ),
    ] = 1,
    show: Annotated[
        bool,
        typer.Option("--show", help="Show boxes and heat in a window while it works; q closes it."),
    ] = False,
    show_people: Annotated[
        bool, typer.Option("--show-people", help="In that window, show the pictures sharp, people and all.")
    ] = False,
    cell: Cell = None,
    changes: Set = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Take recordings to floor-plan maps of heat, unique visits, total dwell and attention span."""
    place = None if site is None else load_site(site)
    if cell is not None and place is None:
        raise ValueError(
            "--cell is in metres and needs --site with a calibrated camera; in the image plane say how many "
            "pixels with --set maps.cell_px=20"
        )
    recordings = find_recordings(inputs)
    many = len(recordings) > 1
    if start is not None and many:
        raise ValueError(
            f"--start is the start of one recording, {len(recordings)} were given; put the start into the "
            "file names (see `start` of a camera in the site file)"
        )
    if show and workers > 1:
        raise ValueError(
            "--show watches one process at work, and --workers wants several; leave out one of them"
        )
    reporter = reporter_for(quiet, as_json)
    wanted = _Wanted(
        place,
        camera,
        with_changes(Settings() if place is None else place.settings, changes, cell),
        out,
        detector,
        weights or (None if place is None else place.weights),
        detections,
        appearance,
        sample_fps or None,
        clock_rate,
        start,
        picture_fps,
        many,
        workers,
    )
    with window_if(show, show_people) as window:
        watcher = None if window is None else window.people
        handled = handle_each(recordings, lambda path: _run_one(path, wanted, reporter, watcher), reporter)
    show_results(handled.done, quiet, as_json)
    handled.raise_failures()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for, for every recording of the command."""

    place: Site | None
    camera: str | None
    settings: Settings
    out: Path
    detector: Kind
    weights: Path | None
    detections: Path | None
    appearance: str
    sample_fps: float | None
    clock_rate: float | None
    start: str | None
    picture_fps: float | None
    many: bool
    workers: int


def _run_one(path: Path, wanted: _Wanted, reporter: Reporter, watcher: Watcher | None) -> Finished:
    place, rate, start, picture_fps = wanted.place, wanted.clock_rate, wanted.start, wanted.picture_fps
    if place is None:
        rate = 1.0 if rate is None else rate
        recording = open_recording(path, clock_rate=rate, start=start, picture_fps=picture_fps)
        view = uncalibrated_view(wanted.camera or "camera", recording.size_px)
    else:
        camera = camera_of(place, wanted.camera, path)
        rate = camera.clock_rate if rate is None else rate
        recording, view = site_recording(path, place, camera, rate, start, picture_fps)
    choice = choose_detector(
        wanted.detector, wanted.weights, wanted.detections, path, wanted.settings, one_of_many=wanted.many
    )
    for note in choice.notes:
        reporter.say(f"NOTE: {note}")
    embedder = choose_embedder(wanted.appearance, recording)
    return run_recording(
        recording,
        path,
        view,
        choice,
        wanted.settings,
        wanted.out,
        reporter,
        wanted.sample_fps,
        rate,
        embedder,
        watcher,
        wanted.workers,
    )

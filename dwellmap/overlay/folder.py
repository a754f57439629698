"""From a run to a finished folder of overlays."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.activity import activity_map
from analytics.analysis import typical_height_px
from analytics.colours import ColourName, colours_by_name
from analytics.grid import Grid
from analytics.growth import Growth
from analytics.heading import MEANING
from dwellmap.backdrop import backdrop_of
from dwellmap.film import FPS, PEOPLE, FilmClock, clock_text, film, frames_below, same_below, until_text
from dwellmap.heat_picture import HeatPicture, save
from dwellmap.heat_sheet import HeatSheet
from dwellmap.increments import Increments
from dwellmap.overlay.building import BuildingPage, building_pages
from dwellmap.overlay.in_camera import cell_of_pixels, over_camera
from dwellmap.overlay.people_heat import people_heat
from dwellmap.overlay.trails import all_trails, trails_at
from dwellmap.pipeline import Timing, measure
from dwellmap.progress import Reporter
from dwellmap.run_folder import RunFolder, dump_json, is_made, written_whole
from dwellmap.run_maps import read_values
from tracker.background import working_size
from tracker.frames import Recording
from tracker.sources import open_recording
from tracker.tracks import Tracks

RECIPE = "overlay.json"
FORMAT, VERSION = "dwellmap-overlay", 1
# What lies below where a run has no picture of its scene.
_PLAIN = 235


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How a run is laid over the camera's picture.

    Attributes:
        colours: Name of the colour map.
        opacity: Of heat over the picture, 0 to 1.
        films: Whether films are made.
        speed: Seconds of the recording in a second of film; None for films of about 20 s.
        video: The recording, to put its own pictures under the films, people and all; None: the scene.

    """

    colours: ColourName = "magma"
    opacity: float = 0.8
    films: bool = True
    speed: float | None = None
    video: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What all pictures are made from."""

    run: RunFolder
    options: OverlayOptions
    scene_rgb: NDArray[np.uint8]
    recording: Recording | None
    where: str
    end_s: float

    @property
    def clock(self) -> FilmClock:
        """Of the films."""
        return FilmClock.over(0.0, self.end_s, self.options.speed)

    def below(self) -> Iterator[NDArray[np.uint8]]:
        """The picture under each picture of a film."""
        clock = self.clock
        if self.recording is None:
            return same_below(self.scene_rgb, len(clock))
        return frames_below(self.recording, clock.speed / FPS, len(clock))

    def film_name(self, name: str) -> str:
        """The file name of a film with pictures of the camera in it."""
        return f"{name}{'' if self.recording is None else PEOPLE}.mp4"


def overlay_run(
    run: RunFolder, options: OverlayOptions, out: Path | None, reporter: Reporter
) -> tuple[Path, bool]:
    """Lay a run over the camera's picture.

    Args:
        run: A finished run; of one whose personal data were erased only the maps are drawn.
        options: How.
        out: Folder for the result; default: beside the run.
        reporter: Told how far it is.

    Returns:
        The folder `<run>-overlay-<key>`, and whether it is new: the same overlay is not made twice.

    Raises:
        ValueError: If the video is not the run's recording, or the run is damaged.
        OSError: If the output cannot be written; nothing half-written stays.

    """
    asked = {
        "run": run.path.resolve().name,
        "options": _plain(options),
        "erased": run.is_erased,
        "version": version("dwellmap"),
        "format": VERSION,
    }
    key = hashlib.sha256(dump_json(asked).encode()).hexdigest()[:8]
    target = (run.path.resolve().parent if out is None else out) / f"{run.path.resolve().name}-overlay-{key}"
    if is_made(target, RECIPE, reporter):
        return target, False
    work = _work(run, options)
    with written_whole(target) as draft:
        _draw_maps(draft, work)
        notes = []
        if run.is_erased:
            notes.append("the run's personal data were erased: no trails, no people's heat, no films")
        else:
            tracks = run.tracks()
            _draw_trails(draft, work, tracks, reporter)
            _draw_people(draft, work, tracks, reporter)
            _draw_building(draft, work, tracks, reporter)
        content = {
            "format": FORMAT,
            "version": VERSION,
            "run": run.path.resolve().name,
            "options": _plain(options),
            "film": {"speed": work.clock.speed, "pictures_per_s": FPS} if options.films else None,
            "notes": notes,
            "files": sorted(file.name for file in draft.iterdir()),
            "versions": {"python": platform.python_version(), "dwellmap": version("dwellmap")},
        }
        (draft / RECIPE).write_text(dump_json(content), encoding="utf-8")
    return target, True


def _plain(options: OverlayOptions) -> dict[str, Any]:
    return {
        "colours": options.colours,
        "opacity": options.opacity,
        "films": options.films,
        "speed": options.speed,
        "show_people": options.video is not None,
    }


def _work(run: RunFolder, options: OverlayOptions) -> _Work:
    source, view = run.source(), run.view()
    recording = None
    if options.video is not None:
        recording = open_recording(options.video, clock_rate=source.clock_rate)
        if recording.content_hash != source.content_hash:
            raise ValueError(
                f"{options.video}: expected the recording of this run ({source.path}), got another"
            )
    path = run.scene_picture()
    scene = None if path is None else cv2.imread(str(path), cv2.IMREAD_COLOR)
    width, height = view.size_px
    if scene is None:
        rgb = np.full((height, width, 3), _PLAIN, dtype=np.uint8)
    else:
        rgb = np.asarray(scene[..., ::-1], dtype=np.uint8)
    spans = run.footage().observed_s
    start = source.start
    told = "" if start is None else f"  ·  from {start:%Y-%m-%d %H:%M:%S}"
    where = f"{view.camera}  ·  {source.name}{told}  ·  {_by(source.detector_description)}"
    return _Work(run, options, rgb, recording, where, float(spans[-1, 1]) if len(spans) else 0.0)


def _by(detector: str) -> str:
    return f"people found by {detector}"


def _draw_maps(draft: Path, work: _Work) -> None:
    """The four maps over the camera's picture."""
    values, view = read_values(work.run), work.run.view()
    cells = cell_of_pixels(view, values.grid)
    colours = colours_by_name(work.options.colours)
    warnings = tuple(view.notes) if view.calibration is not None else ()
    for name, shown in values.maps.items():
        title, meaning = MEANING[name]
        sheet = HeatSheet(
            view.size_px,
            f"{title}: {shown.scale.unit}",
            (meaning, work.where),
            warnings,
            shown.scale,
            colours,
        )
        page = over_camera(work.scene_rgb, shown, cells, colours, work.options.opacity)
        save(draft / f"{name}-camera.png", sheet.filled(page, until_text(work.end_s)))


def _draw_trails(draft: Path, work: _Work, tracks: Tracks, reporter: Reporter) -> None:
    """Trails with numbers and boxes, all at once and as a film."""
    max_gap_s = work.run.settings().trajectories.max_bridge_s
    colours = colours_by_name(work.options.colours)

    def sheet(meaning: str) -> HeatSheet:
        return HeatSheet(
            work.run.view().size_px,
            f"Tracks: {tracks.people} numbers",
            (meaning, work.where),
            (),
            None,
            colours,
        )

    still = sheet("Where everybody's feet went; the box is where somebody was seen last.")
    save(
        draft / "trails.png",
        still.filled(all_trails(work.scene_rgb, tracks, max_gap_s), until_text(work.end_s)),
    )
    if not work.options.films:
        return
    moving, times = (
        sheet("Everybody who is there, and where their feet went in the last 10 s."),
        work.clock.t_s,
    )
    pages = zip(trails_at(work.below(), tracks, times, max_gap_s), times.tolist(), strict=True)
    film(
        draft / work.film_name("trails"),
        (moving.filled(page, f"at {clock_text(t_s)}") for page, t_s in pages),
        len(times),
        reporter,
    )


def _draw_people(draft: Path, work: _Work, tracks: Tracks, reporter: Reporter) -> None:
    """For how long each pixel lay inside somebody's box, all at once and building up."""
    size = work.run.view().size_px
    small = working_size(size)
    clock = work.clock
    with Increments(draft) as steps:
        sums = people_heat(
            tracks, work.run.picture_times_s(), work.run.footage().observed_s, clock.t_s, size, small, steps
        )
        total = sums.dwell_s.reshape(small[::-1])
        grid = Grid((-0.5, -0.5), size[0] / small[0], *small, "px")
        heat = HeatPicture.of(
            activity_map("motion", total, "person-seconds", grid), np.ones(small[::-1], dtype=np.bool_), size,
            ("People in the picture",
             ("For how long each pixel lay inside somebody's box.", work.where), ()),
            colours_by_name(work.options.colours), work.options.opacity,
        )  # fmt: skip
        save(draft / "people.png", heat.over(work.scene_rgb, total, until_text(work.end_s)))
        if not work.options.films:
            return

        def pages() -> Iterator[NDArray[np.uint8]]:
            so_far: NDArray[np.float64] = np.zeros(small[::-1])
            for step, picture, t_s in zip(steps, work.below(), clock.t_s.tolist(), strict=True):
                so_far = so_far + step
                yield heat.over(picture, so_far, until_text(t_s))

        film(draft / work.film_name("people"), pages(), len(clock), reporter)


def _draw_building(draft: Path, work: _Work, tracks: Tracks, reporter: Reporter) -> None:
    """The four maps on the floor plan, building up."""
    if not work.options.films:
        return
    run, view, settings = work.run, work.run.view(), work.run.settings()
    shown = run.shown_px()
    analysis = measure(tracks, view, shown, run.footage().observed_s, settings, reporter, Timing())
    cov = view.covariance(analysis.maps.grid, typical_height_px(tracks, shown), settings.maps.person_height_m)
    growth = Growth(
        analysis.paths, analysis.ends, analysis.maps, cov, settings.maps, view.scene.walls,
        settings.maps.heat_sigma_m * analysis.metre,
    )  # fmt: skip
    page = BuildingPage(
        read_values(run),
        backdrop_of(view, run.scene_picture()),
        work.where,
        colours_by_name(work.options.colours),
        settings.maps.min_coverage,
    )
    times = work.clock.t_s
    save(draft / "building.png", page.filled(growth.at(work.end_s).pictures(), work.end_s))
    film(draft / "building.mp4", building_pages(growth, page, times), len(times), reporter)

"""From a recording to a finished folder of activity."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from analytics.activity import Regions, activity_map, region_table
from analytics.colours import colours_by_name
from analytics.coverage import coverage_of
from analytics.grid import Grid
from analytics.heat_sheet import HeatSheet
from analytics.palette import Scale
from analytics.render import MapTitle, render_map
from calibration.moved import shift_between
from dwellmap.activity.counting import Counted, Floor, Watcher, count
from dwellmap.activity.films import (
    building_up,
    film,
    frames_below,
    recent,
    same_below,
    until_text,
)
from dwellmap.activity.numbers import DEFINITIONS, FORMAT, VERSION, footage_json, results
from dwellmap.activity.options import ActivityOptions
from dwellmap.activity.pictures import HeatPicture
from dwellmap.activity.rearranged import Rearranged, outlined, rearranged
from dwellmap.activity.region import counting_pixels
from dwellmap.activity.region_picture import with_regions
from dwellmap.activity.steps import Steps
from dwellmap.backdrop import backdrop_of
from dwellmap.film import FPS, FilmClock, clock_text
from dwellmap.progress import Reporter
from dwellmap.run_folder import dump_json, safe_name, written_whole
from dwellmap.site_file import Settings
from dwellmap.still import still_picture
from dwellmap.view import CameraView
from tracker.background import at_working_size, working_size
from tracker.changes import Changes
from tracker.frames import Recording
from tracker.illumination import fit_light
from tracker.scenepicture import shown_part

RECIPE, SCENE, TABLE, ARRAYS = "activity.json", "scene.png", "regions.csv", "activity.npz"
_PEOPLE = "-people"
# A reference that leaves so much of the picture unexplained shows something else, or in quite another light.
_ANOTHER_SCENE, _SHIFTED_PX = 0.4, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What all parts of the folder are made from."""

    recording: Recording
    view: CameraView
    settings: Settings
    options: ActivityOptions
    changes: Changes
    counts: NDArray[np.bool_]
    regions: Regions
    floor: Floor | None
    clock: FilmClock
    counted: Counted
    steps: Steps
    warnings: tuple[str, ...]

    @property
    def grid(self) -> Grid:
        """The pixels of the working size, in pixels of the recording."""
        width, height = self.changes.size_px
        return Grid((-0.5, -0.5), self.recording.size_px[0] / width, width, height, "px")

    @property
    def end_s(self) -> float:
        """Where the footage ends."""
        return float(self.counted.footage.observed_s[-1, 1])

    @property
    def moving_s(self) -> NDArray[np.float64]:
        """(h, w) seconds of motion."""
        return self.counted.moving.dwell_s.reshape(self.counts.shape)

    @property
    def difference(self) -> NDArray[np.float64]:
        """(h, w) mean absolute difference in grey levels."""
        total = self.counted.difference.dwell_s.reshape(self.counts.shape)
        return total / max(self.counted.footage.observed_time_s, 1e-9)


def measure_activity(
    recording: Recording,
    path: Path,
    view: CameraView,
    settings: Settings,
    options: ActivityOptions,
    out: Path,
    reporter: Reporter,
    watcher: Watcher | None = None,
) -> tuple[Path, bool]:
    """Take one recording to its folder of activity.

    Args:
        recording: The opened footage.
        path: As the user named it.
        view: The camera's view of the floor.
        settings: Cells of the floor map.
        options: How activity is measured and drawn.
        out: Output folder; the result goes to out/<camera>/<recording>-activity-<key>.
        reporter: Told how far it is.
        watcher: Shows the work.

    Returns:
        The folder, and whether it is new: the same recording with the same options is not done twice.

    Raises:
        ValueError: If the recording or the reference cannot be used.
        OSError: If the output cannot be written; nothing half-written stays.

    """
    asked = {
        "recording": recording.content_hash,
        "view": view.to_json(),
        "options": options.to_json(),
        "cell_m": settings.maps.cell_m,
        "version": version("dwellmap"),
        "format": VERSION,
    }
    key = hashlib.sha256(dump_json(asked).encode()).hexdigest()[:8]
    target = out / safe_name(view.camera) / f"{safe_name(recording.name)}-activity-{key}"
    if target.exists():
        return target, False
    small = working_size(recording.size_px)
    counts = counting_pixels(recording.size_px, small, options.roi_px, view.ignored_px)
    regions = Regions.over(counts, *options.grid)
    reference = None
    if options.reference is not None:
        picture = still_picture(options.reference, recording.size_px, "reference")
        reference = at_working_size(picture, small)
    with written_whole(target) as draft:
        with reporter.step(f"{recording.name}: learning the empty scene", None):
            changes = Changes(recording, reference, options.threshold, counts)
        warnings = () if reference is None else _doubts(reference, changes.empty_bgr())
        floor = None
        if view.calibration is not None:
            floor = Floor.of(view.calibration, view.grid(settings.maps), view.zones, small)
        clock = FilmClock.over(0.0, max(recording.duration_s or 0.0, changes.last_s), options.speed)
        with Steps(draft) as steps:
            counted = count(
                recording,
                changes,
                regions,
                floor,
                options.every_s,
                clock.speed / FPS,
                steps,
                reporter,
                watcher,
            )
            work = _Work(
                recording, view, settings, options, changes, counts, regions, floor, clock, counted, steps,
                (*warnings, *_gaps(counted)),
            )  # fmt: skip
            _write(draft, path, work, reference, reporter)
    return target, True


def _doubts(reference: NDArray[np.uint8], empty: NDArray[np.uint8]) -> tuple[str, ...]:
    """Why a reference may not be one of this scene."""
    texts = []
    shift = shift_between(reference, empty, np.ones(empty.shape[:2], dtype=np.bool_))
    if shift is not None and shift.moved(_SHIFTED_PX):
        texts.append(
            f"the camera moved {shift.in_words()} since the reference was taken: edges differ for that"
        )
    if fit_light(reference, empty).misfit > _ANOTHER_SCENE:
        texts.append("the reference hardly resembles this recording: another scene, or quite another light?")
    return tuple(texts)


def _gaps(counted: Counted) -> tuple[str, ...]:
    texts = list(counted.footage.warnings)
    if counted.unknown_s > 0:
        texts.append(
            f"{counted.unknown_s:.1f} s show a picture unlike the rest of the recording; no motion counts there"
        )
    return tuple(texts)


def _write(
    draft: Path, path: Path, work: _Work, reference: NDArray[np.uint8] | None, reporter: Reporter
) -> None:
    counted, options, recording = work.counted, work.options, work.recording
    scale = (recording.size_px[0] / work.counts.shape[1], recording.size_px[1] / work.counts.shape[0])
    table = region_table(work.regions, work.moving_s, counted.occupied.dwell_s[:-1], work.difference, scale)
    places = rearranged(work.changes.place, reference, work.changes.empty_bgr(), work.counts)
    _save(draft / SCENE, counted.scene_bgr[..., ::-1])
    _table_csv(table, draft / TABLE)
    np.savez(draft / ARRAYS, moving_s=work.moving_s, difference=work.difference, counts=work.counts)
    heat = _pictures(draft, work, table, places)
    if work.floor is not None:
        _floor_map(draft, work, work.floor)
    if options.films:
        _films(draft, work, heat, reporter)
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "source": {
            "name": recording.name,
            "path": path.name,
            "content_hash": recording.content_hash,
            "size_px": list(recording.size_px),
            "start": None if recording.start is None else recording.start.isoformat(),
            "start_source": recording.start_source,
        },
        "footage": footage_json(counted.footage),
        "view": work.view.to_json(),
        "options": options.to_json(),
        "film": {"speed": work.clock.speed, "pictures_per_s": FPS} if options.films else None,
        "region_box_px": table[["left_px", "top_px"]].min().tolist()
        + table[["right_px", "bottom_px"]].max().tolist(),
        "definitions": DEFINITIONS,
        "results": results(counted, table, work.floor)
        | {"rearranged": [place.to_json(np.array([*scale, *scale])) for place in places]},
        "warnings": list(work.warnings),
        "versions": {"python": platform.python_version(), "dwellmap": version("dwellmap")},
    }
    content["files"] = sorted(file.name for file in draft.iterdir())
    (draft / RECIPE).write_text(dump_json(content), encoding="utf-8")


def _pictures(draft: Path, work: _Work, table: pd.DataFrame, places: tuple[Rearranged, ...]) -> HeatPicture:
    """The static pictures; returns the sheet that the films share."""
    options, scene = work.options, np.asarray(work.counted.scene_bgr[..., ::-1])
    colours, time = colours_by_name(options.colours), until_text(work.end_s)
    where = _where(work)
    motion = activity_map("motion", work.moving_s, "seconds of motion", work.grid)
    heat = HeatPicture.of(
        motion, work.counts, work.recording.size_px,
        ("Motion activity", ("For how long each pixel showed something that moved; shadows are left out.", where),
         work.warnings), colours, options.opacity,
    )  # fmt: skip
    _save(draft / "motion.png", heat.alone(work.moving_s, time))
    _save(draft / "motion-over-scene.png", heat.over(scene, work.moving_s, time))
    gridded = HeatPicture.of(
        motion, work.counts, work.recording.size_px,
        ("Activity by region", (f"Share of all motion, and rank, in {options.grid[0]} x {options.grid[1]} regions; "
                                "red frames the hottest, blue the coldest.", where), work.warnings),
        colours, options.opacity,
    )  # fmt: skip
    page = gridded.over(scene, work.moving_s, time)
    _save(
        draft / "regions.png",
        gridded.sheet.drawn_on(page, lambda p: with_regions(p, table, work.recording.size_px)),
    )
    against = "the picture given" if options.reference is not None else "the scene as it was at the beginning"
    differing = HeatPicture.of(
        activity_map("difference", work.difference, "grey levels, mean over time", work.grid),
        work.counts, work.recording.size_px,
        ("Difference from the empty scene",
         (f"How far each place differs from {against}, in grey and blurred: what passed, stood and was moved.", where),
         work.warnings), colours, options.opacity,
    )  # fmt: skip
    _save(draft / "difference.png", differing.over(scene, work.difference, time))
    if places:
        _save(draft / "rearranged.png", _rearranged_page(work, scene, places, where))
    return heat


def _rearranged_page(
    work: _Work, scene: NDArray[np.uint8], places: tuple[Rearranged, ...], where: str
) -> NDArray[np.uint8]:
    told = []
    for number, place in enumerate(places, start=1):
        since = "since before the recording" if place.from_s is None else f"from {clock_text(place.from_s)}"
        told.append(
            f"{number}: {since}" + ("" if place.until_s is None else f" until {clock_text(place.until_s)}")
        )
    lines = (
        "Places that look different for good: something was moved, brought or taken away.",
        where,
        ", ".join(told),
    )
    sheet = HeatSheet(
        work.recording.size_px, "What was rearranged", lines, work.warnings, None, colours_by_name("magma")
    )
    return sheet.filled(outlined(scene, places), "")


def _floor_map(draft: Path, work: _Work, floor: Floor) -> None:
    """Motion on the floor plan."""
    view, settings, counted = work.view, work.settings.maps, work.counted
    if view.calibration is None or counted.floor is None:
        return
    shown = shown_part(counted.scene_bgr, work.recording.size_px)
    cover = coverage_of(floor.grid, view.calibration, view.scene, view.ignored_px, shown, settings)
    share = np.where(_in_region(work, floor.grid), cover.share, 0.0)
    seen = share >= settings.min_coverage
    np.savez(draft / "motion-floor.npz", moving_s=counted.floor.dwell_s.reshape(floor.grid.shape),
             coverage=share.reshape(floor.grid.shape), x_edges_m=floor.grid.x_edges,
             y_edges_m=floor.grid.y_edges)  # fmt: skip
    render_map(
        activity_map("motion", np.where(seen, counted.floor.dwell_s, np.nan), "seconds of motion", floor.grid),
        draft / "motion-floor.png",
        coverage=share.reshape(floor.grid.shape),
        title=MapTitle(
            view.camera, f"0:00 to {clock_text(work.end_s)}", None, "motion, nobody is counted",
            (*view.notes, *work.warnings), work.recording.name,
        ),
        scene=view.scene,
        zones=view.zones,
        backdrop=backdrop_of(view, draft / SCENE),
        footprint=view.footprint(),
        min_coverage=settings.min_coverage,
        colours=colours_by_name(work.options.colours),
    )  # fmt: skip


def _in_region(work: _Work, grid: Grid) -> NDArray[np.bool_]:
    """(cells,) bool: the cell's centre lies in the region of interest."""
    if work.view.calibration is None:
        return np.ones(grid.cells, dtype=np.bool_)
    px = work.view.calibration.for_image_size(work.changes.size_px).image_from_floor(grid.centres)
    height, width = work.counts.shape
    at = np.rint(np.nan_to_num(px, nan=-1.0)).clip(-1, 1e6).astype(np.int64)
    inside = (at >= 0).all(axis=1) & (at[:, 0] < width) & (at[:, 1] < height)
    counts = np.zeros(grid.cells, dtype=np.bool_)
    counts[inside] = work.counts[at[inside, 1], at[inside, 0]]
    return counts


def _films(draft: Path, work: _Work, heat: HeatPicture, reporter: Reporter) -> None:
    """Heat building up, and what moved a moment ago."""
    steps, step_s, people = work.steps, work.clock.speed / FPS, work.options.show_people
    scene = np.asarray(work.counted.scene_bgr[..., ::-1])
    ending = _PEOPLE if people else ""

    def below() -> Any:
        return frames_below(work.recording, step_s, len(steps)) if people else same_below(scene, len(steps))

    film(
        draft / f"building{ending}.mp4",
        building_up(steps, heat, below(), step_s, work.end_s),
        len(steps),
        reporter,
    )
    now = HeatPicture.of(
        activity_map("recent", work.moving_s, "share of the moment", work.grid), work.counts,
        work.recording.size_px,
        ("Motion of the last moments", ("What moved a moment ago; it fades within seconds of the film.", _where(work)),
         work.warnings), heat.colours, heat.opacity, Scale("share of the moment", 1.0, 1.0, 1.0, False),
    )  # fmt: skip
    film(draft / f"recent{ending}.mp4", recent(steps, now, below(), step_s, work.end_s), len(steps), reporter)


def _where(work: _Work) -> str:
    start = work.recording.start
    told = "" if start is None else f"  ·  from {start:%Y-%m-%d %H:%M:%S}"
    roi = "" if work.counts.all() else "  ·  only the bright part counts"
    return f"{work.view.camera}  ·  {work.recording.name}{told}{roi}"


def _table_csv(table: pd.DataFrame, path: Path) -> None:
    table.round(6).to_csv(path, index=False)


def _save(path: Path, rgb: NDArray[np.uint8]) -> None:
    Image.fromarray(np.ascontiguousarray(rgb)).save(path)

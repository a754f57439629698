"""From a recording to a finished folder of activity."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.activity import Regions, region_table
from calibration.moved import shift_between
from dwellmap.activity.counting import Counted, Floor, Watcher, count
from dwellmap.activity.films import make_films
from dwellmap.activity.floor_map import draw_floor_map
from dwellmap.activity.numbers import DEFINITIONS, FORMAT, VERSION, footage_json, results
from dwellmap.activity.options import ActivityOptions
from dwellmap.activity.rearranged import rearranged
from dwellmap.activity.region import counting_pixels
from dwellmap.activity.stills import draw_stills
from dwellmap.activity.work import Work
from dwellmap.film import FPS, FilmClock
from dwellmap.heat_picture import save, softened_values
from dwellmap.increments import Increments
from dwellmap.progress import Reporter
from dwellmap.run_folder import dump_json, is_made, safe_name, written_whole
from dwellmap.site_file import Settings
from dwellmap.still import still_picture
from dwellmap.view import CameraView
from tracker.background import at_working_size, working_size
from tracker.changes import Changes
from tracker.frames import Recording
from tracker.illumination import fit_light

RECIPE, SCENE, TABLE, ARRAYS = "activity.json", "scene.png", "regions.csv", "activity.npz"
# A reference that leaves so much of the picture unexplained shows something else, or in quite another light.
_ANOTHER_SCENE, _SHIFTED_PX = 0.4, 3.0


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
        "clock_rate": recording.clock_rate,
        "start": None if recording.start is None else recording.start.isoformat(),
        "view": view.to_json(),
        "options": options.to_json(),
        "maps": settings.maps.model_dump(mode="json"),
        "version": version("dwellmap"),
        "format": VERSION,
    }
    key = hashlib.sha256(dump_json(asked).encode()).hexdigest()[:8]
    target = out / safe_name(view.camera) / f"{safe_name(recording.name)}-activity-{key}"
    if is_made(target, RECIPE, reporter):
        return target, False
    small = working_size(recording.size_px)
    counts = counting_pixels(recording.size_px, small, options.roi_px, view.ignored_px)
    regions = Regions.over(counts, *options.grid)
    reference = None
    if options.reference is not None:
        picture = still_picture(options.reference, recording.size_px, "reference")
        reference = at_working_size(picture, small)
    with reporter.step(f"{recording.name}: learning the empty scene", None):
        changes = Changes(recording, reference, options.threshold, counts)
    warnings = () if reference is None else _doubts(reference, changes.empty_bgr())
    floor = None
    if view.calibration is not None:
        floor = Floor.of(view.calibration, view.grid(settings.maps), view.zones, small)
    clock = FilmClock.over(0.0, max(recording.duration_s or 0.0, changes.last_s), options.speed)
    with written_whole(target) as draft, Increments(draft) as steps:
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
        work = Work(
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
            f"{counted.unknown_s:.1f} s show a picture unlike the rest of the recording; no motion there"
        )
    return tuple(texts)


def _write(
    draft: Path, path: Path, work: Work, reference: NDArray[np.uint8] | None, reporter: Reporter
) -> None:
    counted, options, recording = work.counted, work.options, work.recording
    scale = (recording.size_px[0] / work.counts.shape[1], recording.size_px[1] / work.counts.shape[0])
    table = region_table(work.regions, work.moving_s, counted.occupied.dwell_s[:-1], work.difference, scale)
    places = rearranged(work.changes.place, reference, work.changes.empty_bgr(), work.counts)
    save(draft / SCENE, counted.scene_bgr[..., ::-1])
    table.round(6).to_csv(draft / TABLE, index=False)
    np.savez(
        draft / ARRAYS,
        moving_s=softened_values(work.moving_s, work.counts),
        difference=work.difference,
        counts=work.counts,
    )
    heat = draw_stills(draft, work, table, places)
    if work.floor is not None:
        draw_floor_map(draft, work, work.floor, draft / SCENE)
    if options.films:
        make_films(draft, work, heat, reporter)
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

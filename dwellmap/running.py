"""From a recording to a finished run folder, and from a run to another one with other settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from dwellmap.days.rebuild import is_linked, rebuild
from dwellmap.detector_choice import DetectorChoice
from dwellmap.estimated_floor import with_floor
from dwellmap.pipeline import Looking, Seen, Timing, Watcher, follow, looked_for
from dwellmap.progress import Reporter
from dwellmap.recipe import run_key
from dwellmap.remarks import Judged
from dwellmap.run_folder import (
    RunFolder,
    make_way,
    safe_name,
    written_whole,
)
from dwellmap.run_writing import write_run
from dwellmap.site_file import Settings
from dwellmap.source import Source
from dwellmap.still import first_moments, moved_error, movement, propose, shifts, still_picture
from dwellmap.view import CameraView
from tracker.appearance.embedder import Embedder
from tracker.frames import Recording
from tracker.scenepicture import Moment

NO_LOOKS = "none"
NOT_COMPARED = (
    "whether the camera has moved since it was calibrated is not known: too little of its still picture was "
    "found again in this recording (dark, blocked, or hardly anything but plain floor)"
)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A run that is on disk.

    Attributes:
        folder: The run.
        fresh: False if it had been there before.
        remarks: What went wrong around it: the run itself is whole.

    """

    folder: RunFolder
    fresh: bool
    remarks: tuple[str, ...] = ()


def run_recording(
    recording: Recording,
    path: Path,
    view: CameraView,
    choice: DetectorChoice,
    settings: Settings,
    out: Path,
    reporter: Reporter,
    sample_fps: float | None,
    clock_rate: float,
    embedder: Embedder | None = None,
    watcher: Watcher | None = None,
    workers: int = 1,
) -> Finished:
    """Take one recording to its maps.

    The same recording with the same calibration and settings is not done twice.

    Args:
        recording: The opened footage.
        path: As the user named it.
        view: The camera's view of the floor.
        choice: Which detector looks for people.
        settings: Thresholds of all packages.
        out: Output folder; the run goes to out/<camera>/<recording>-<key>.
        reporter: Told how far it is.
        sample_fps: Pictures a second to look at; None for all.
        clock_rate: Real seconds in a second of the container, for the recipe.
        embedder: Tells people apart by their looks; None links them by motion alone.
        watcher: Shows the people of each picture while one process works.
        workers: Processes that look for people; one that is not cut for them is looked at by one. Any number
            gives the same run.

    Raises:
        OSError: If the output cannot be written, or a process dies; nothing half-written stays.

    """
    if choice.kind == "replay":
        sample_fps = None
    appearance = NO_LOOKS if embedder is None else embedder.identity
    key = run_key(
        recording.content_hash,
        clock_rate,
        recording.start,
        sample_fps,
        choice.identity,
        appearance,
        view,
        settings,
    )
    target = out / safe_name(view.camera) / f"{safe_name(recording.name)}-{key}"
    remarks = make_way(target)
    if target.exists():
        return finished(target, fresh=False)
    with written_whole(target) as draft:
        timing = Timing()
        still = None
        if view.still is not None and view.calibration is not None:
            still = still_picture(view.still, recording.size_px)
            _check_still(still, first_moments(recording), recording, view, settings, target)
        with reporter.step("getting the detector ready", None):
            detector = choice.load(recording, view.calibration, view.scene)
        seen = looked_for(recording, detector, choice, sample_fps, reporter, timing, watcher, workers)
        notes = (*choice.notes, *detector.remarks)
        if still is not None and not _check_still(still, seen.moments, recording, view, settings, target):
            notes = (*notes, NOT_COMPARED)
        if view.calibration is None and settings.calibration.from_people:
            with reporter.step("estimating the floor from the people", None):
                view = with_floor(view, seen.log, settings.tracker)
        looking = None if embedder is None else Looking(recording, embedder)
        joined = follow(
            seen.log, view, seen.shown_px, seen.footage.observed_s, settings, reporter, timing, looking,
            recording,
        )  # fmt: skip
        judged = Judged(joined.tracks, joined.audit.to_json(), joined.suspects)
        source = Source(
            recording.name,
            os.fsencode(path.name).decode("utf-8", "replace"),
            recording.content_hash,
            recording.size_px,
            recording.start,
            recording.start_source,
            clock_rate,
            sample_fps,
            choice.kind,
            choice.identity,
            detector.description,
            appearance,
            None if recording.start is None else getattr(recording.start.tzinfo, "key", None),
        )
        write_run(draft, source, seen, view, settings, notes, reporter, timing, judged)
    return finished(target, fresh=True, remarks=remarks)


def _check_still(
    still: NDArray[np.uint8],
    moments: Sequence[Moment],
    recording: Recording,
    view: CameraView,
    settings: Settings,
    target: Path,
) -> bool:
    """Stop where the camera has moved; say whether that could be seen at all.

    Raises:
        MovedError: If it has.

    """
    seen = shifts(still, moments)
    found = movement(seen, len(moments), settings.calibration.most_moved_px)
    if found is None or view.calibration is None:
        return bool(seen) or not moments
    proposed = None
    if found.after_s is None:
        proposed = propose(view.calibration, still, found, target.parent, safe_name(recording.name))
    raise moved_error(found, view.camera, recording.start, proposed)


def finished(target: Path, fresh: bool, remarks: tuple[str, ...] = ()) -> Finished:
    """A run on disk, linked with those of the same camera that touch it."""
    folder = RunFolder.open(target)
    try:
        start = folder.source().start
        wanted = not folder.is_erased and start is not None and (fresh or not is_linked(folder, start.date()))
        remarks += rebuild(target.parent, around=target.name).warnings if wanted else ()
    except (ValueError, OSError) as error:
        remarks += (f"not linked with the recordings around it: {error}; try `dwellmap link` later",)
    return Finished(folder, fresh, remarks)


def remap(
    run: RunFolder, view: CameraView, settings: Settings, out: Path | None, reporter: Reporter
) -> Finished:
    """Compute a run again with another view or other settings, without the footage.

    With the same calibration and tracker it starts from the stored tracks, else from the stored detections.

    Args:
        run: The earlier run.
        view: The new view of the floor.
        settings: The new settings.
        out: Output folder; default the one that the earlier run lies in.
        reporter: Told how far it is.

    Raises:
        ValueError: If the change needs the footage: boxes found by motion were sized by the calibration.

    """
    source = run.source()
    old_view, old_settings = run.view(), run.settings()
    same_calibration = _id(old_view.calibration) == _id(view.calibration)
    same_furniture = old_view.to_json()["furniture"] == view.to_json()["furniture"]
    if source.detector in ("motion", "mog2") and not (same_calibration and same_furniture):
        raise ValueError(
            f"{run.path}: its people were found by motion, with boxes sized by the calibration and cut by "
            f"the furniture; to change either, start from the footage: dwellmap run {source.path} --site ..."
        )
    # How the stored boxes were computed is a fact about them and no wish for the new maps.
    computed = {"precision": old_settings.yolo.precision, "runtime": old_settings.yolo.runtime}
    settings = settings.model_copy(update={"yolo": settings.yolo.model_copy(update=computed)})
    if source.detector == "yolo" and old_settings.yolo != settings.yolo:
        raise ValueError(
            f"{run.path}: its detections were made with other settings of yolo; to change them, start from "
            f"the footage: dwellmap run {source.path} ..."
        )
    before, now = old_settings.phantoms, settings.phantoms
    if (before.suspect_s, before.most_changed) != (now.suspect_s, now.most_changed):
        raise ValueError(
            f"{run.path}: still things were looked for with another phantoms.suspect_s or "
            f"phantoms.most_changed; to change them, start from the footage: dwellmap run {source.path} ..."
        )
    log = run.detections()
    unchanged = (
        same_calibration
        and old_view.to_json()["ignored_px"] == view.to_json()["ignored_px"]
        and same_furniture
        and old_settings.tracker == settings.tracker
        and old_settings.linking == settings.linking
        and old_settings.phantoms == settings.phantoms
        and (source.appearance == NO_LOOKS or old_settings.appearance == settings.appearance)
    )
    suspects = run.suspects()
    judged = Judged(run.tracks(), run.recipe["results"]["self_audit"], suspects) if unchanged else None
    notes = tuple(run.recipe["notes"])
    if judged is None and source.appearance != NO_LOOKS:
        source = replace(source, appearance=NO_LOOKS)
        notes = (*notes, "people were joined by their motion alone: what they look like is never stored")
    key = run_key(
        source.content_hash, source.clock_rate, source.start, source.sample_fps, source.detector_identity,
        source.appearance, view, settings,
    )  # fmt: skip
    parent = run.path.resolve().parent if out is None else out / safe_name(view.camera)
    target = parent / f"{safe_name(source.name)}-{key}"
    remarks = make_way(target)
    if target.exists():
        return finished(target, fresh=False)
    picture = run.scene_picture()
    scene = None if picture is None else np.asarray(cv2.imread(str(picture)), dtype=np.uint8)
    seen = Seen(log, run.footage(), scene, run.shown_px())
    timing = Timing()
    if judged is None:
        joined = follow(
            log, view, seen.shown_px, seen.footage.observed_s, settings, reporter, timing, suspects=suspects
        )
        judged = Judged(joined.tracks, joined.audit.to_json(), suspects)
    with written_whole(target) as draft:
        write_run(draft, source, seen, view, settings, notes, reporter, timing, judged)
    return finished(target, fresh=True, remarks=remarks)


def _id(calibration: Calibration | None) -> str | None:
    return None if calibration is None else calibration.id

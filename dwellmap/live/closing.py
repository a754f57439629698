"""An hour becomes a run, on the same way as a recording: linked, smoothed, mapped."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from dwellmap.estimated_floor import with_floor
from dwellmap.file_lock import try_lock
from dwellmap.live.hour import Hour, read_hour
from dwellmap.live.memory import Memory
from dwellmap.pipeline import Seen, Timing, countable, follow
from dwellmap.progress import Reporter
from dwellmap.recipe import run_key
from dwellmap.remarks import Judged
from dwellmap.run_folder import make_way, safe_name, written_whole
from dwellmap.run_writing import write_run
from dwellmap.running import NO_LOOKS, NOT_COMPARED, Finished, finished
from dwellmap.source import Source
from dwellmap.still import moved_error, movement, shifts, still_picture
from dwellmap.unclosed_hours import HEAD
from tracker.bytetrack import track
from tracker.phantoms import Suspect, suspects_among
from tracker.scenepicture import shown_part

_BROKEN_OFF = (
    "the program was ended within this hour: what lies here was recovered from disk, its last seconds may be "
    "missing, and people were joined by their motion alone"
)
_LEAST_PICTURES = 2


class HeldError(OSError):
    """Another process writes or closes this hour."""


def close_hour(folder: Path, out: Path, memory: Memory | None, reporter: Reporter) -> Finished | None:
    """Make the run of an hour and take its folder away.

    Args:
        folder: See `hour`.
        out: Output folder.
        memory: What is remembered of it; None for one that is recovered.
        reporter: Told how far it is.

    Returns:
        The run; None of an hour in which next to nothing was seen.

    Raises:
        HeldError: If another process is at it.
        ValueError: If the folder is none that this version wrote; it stays.
        OSError: If the run cannot be written; the hour stays.

    """
    lock = os.open(folder / HEAD, os.O_RDONLY)
    try:
        if not try_lock(lock):
            raise HeldError(f"{folder}: another process is at work on this hour")
        hour = read_hour(folder)
        done = None
        if len(hour.log.t_s) >= _LEAST_PICTURES:
            done = _run(hour, out, memory, reporter)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
    return done


def _run(hour: Hour, out: Path, memory: Memory | None, reporter: Reporter) -> Finished:
    view, settings, watched = hour.view, hour.settings, hour.watched
    sights = None if memory is None else memory.sights
    content = _hash(hour)
    appearance = NO_LOOKS if sights is None else sights.identity
    key = run_key(
        content, 1.0, hour.start, watched.sample_fps, watched.detector_identity, appearance, view, settings
    )
    target = out / safe_name(watched.camera) / f"{safe_name(hour.name)}-{key}"
    remarks = make_way(target)
    if target.exists():
        return finished(target, fresh=False)
    timing = Timing()
    seen = Seen(hour.log, hour.footage, hour.scene_bgr, shown_part(hour.scene_bgr, watched.size_px))
    notes = (*watched.notes, *(() if hour.whole else (_BROKEN_OFF,)), *_moved(hour, memory))
    if view.calibration is None and settings.calibration.from_people:
        view = with_floor(view, seen.log, settings.tracker)
    suspects: tuple[Suspect, ...] = ()
    if memory is not None:
        counted, _ = countable(seen.log, view)
        suspects = suspects_among(
            [(moment.t_s, moment.image_bgr) for moment in memory.moments],
            track(counted, settings.tracker),
            seen.footage.observed_s,
            settings.phantoms,
        )
    joined = follow(
        seen.log, view, seen.shown_px, seen.footage.observed_s, settings, reporter, timing,
        suspects=suspects, remembered=sights,
    )  # fmt: skip
    judged = Judged(joined.tracks, joined.audit.to_json(), joined.suspects)
    source = Source(
        hour.name,
        watched.shown,
        content,
        watched.size_px,
        hour.start,
        "option",
        1.0,
        watched.sample_fps,
        watched.detector,
        watched.detector_identity,
        watched.detector_description,
        appearance,
        watched.time_zone,
    )
    with written_whole(target) as draft:
        write_run(draft, source, seen, view, settings, notes, reporter, timing, judged)
    return finished(target, fresh=True, remarks=remarks)


def _hash(hour: Hour) -> str:
    """What was seen, in place of a file's content."""
    digest = hashlib.sha256(hour.watched.camera.encode())
    for values in (hour.log.t_s, hour.log.offsets, hour.log.xyxy_px, hour.log.score, hour.footage.observed_s):
        digest.update(values.tobytes())
    return digest.hexdigest()


def _moved(hour: Hour, memory: Memory | None) -> tuple[str, ...]:
    """Whether the camera has moved since it was calibrated; the hour is kept all the same, and says so."""
    view = hour.view
    if view.still is None or view.calibration is None:
        return ()
    if memory is None or not memory.moments:
        return (NOT_COMPARED,)
    try:
        still = still_picture(view.still, hour.watched.size_px)
    except (ValueError, OSError) as error:
        return (str(error),)
    seen = shifts(still, memory.moments)
    found = movement(seen, len(memory.moments), hour.settings.calibration.most_moved_px)
    if found is None:
        return () if seen else (NOT_COMPARED,)
    return (f"{moved_error(found, view.camera, hour.start, None)}; its numbers are not to be trusted",)

"""What is judged: tracks of a run, or of anybody as MOTChallenge text, read at the frames of the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.analysis import smoothed_paths
from analytics.trajectories import Trajectories
from calibration.calibration import Calibration
from dwellmap.evaluation.evaluation import floor_by_truth
from dwellmap.evaluation.returns import ReturnScores, return_scores
from dwellmap.evaluation.sightings import Sightings, read_at
from dwellmap.evaluation.truth import Truth
from dwellmap.run_folder import RunFolder
from dwellmap.site_file import Settings
from dwellmap.view import CameraView
from tracker.detections import DetectionLog
from tracker.mot import read_truth
from tracker.tracks import Tracks


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Tracks made comparable with a truth.

    Attributes:
        truth: The truth, its times and floor positions brought to those of the run.
        found: Our boxes at its frames, in its pixels.
        paths: Our paths on the floor; None if only `found` says where people were.
        notes: What was done to make them comparable, in plain words.
        returns: Whether those who came back were known again; None if the truth or the tracks do not say.

    """

    truth: Truth
    found: Sightings
    paths: Trajectories | None
    notes: tuple[str, ...]
    returns: ReturnScores | None = None


def measured(run: Path, truth: Truth) -> Measured:
    """Read a run folder, or MOTChallenge text, at the frames of a truth.

    Raises:
        ValueError: If `run` is neither, or its pictures are no multiple of the truth's.

    """
    if run.is_dir():
        folder = RunFolder.open(run)
        return measured_tracks(folder.tracks(), folder.detections(), folder.view(), folder.settings(), truth)
    if run.suffix in {".txt", ".csv"}:
        return _of_text(run, truth)
    raise ValueError(
        f"{run}: expected a folder of `dwellmap run`, or tracks as MOTChallenge text (.txt, .csv)"
    )


def _of_text(path: Path, truth: Truth) -> Measured:
    """Boxes frame by frame, as they stand: text says nothing about times between frames."""
    rows = read_truth(path)
    kept = (rows.person >= 0) & (rows.frame <= len(truth.t_s))
    nowhere = np.full((int(kept.sum()), 2), np.nan)
    found = Sightings(rows.frame[kept] - 1, rows.person[kept], rows.xyxy_px[kept], nowhere)
    if not truth.on_floor:
        return Measured(truth, found, None, ("no floor positions in the truth: no attention errors",))
    note = "feet put on the floor by the homography that the truth's own boxes imply"
    return Measured(truth, floor_by_truth(truth, found), None, (note,))


def measured_tracks(
    tracks: Tracks, log: DetectionLog, view: CameraView, settings: Settings, truth: Truth
) -> Measured:
    """Read tracks at the frames of a truth.

    Args:
        tracks: What is judged.
        log: The detections that they were made from; its pictures tell the times.
        view: The camera's view of the floor.
        settings: Those of the run.
        truth: The truth.

    """
    notes = []
    if truth.survey and np.any(tracks.scene_visit != tracks.person):
        # The benchmark's rule: who leaves the picture and comes back is somebody new.
        tracks = tracks.by_scene_visit()
        notes.append("MOTChallenge numbers people who come back anew: scene visits are judged, not visitors")
    if truth.survey:
        # Frames are counted alike on both sides; the run knows when its pictures were taken.
        t_s = _times_of_frames(truth, log.picture + 1, log.t_s)
        ours_s, theirs_s = float(np.ptp(t_s)), float(np.ptp(truth.t_s))
        if abs(ours_s - theirs_s) > 0.01 * theirs_s:
            notes.append(f"the run lasts {ours_s:.1f} s, the truth {theirs_s:.1f} s: the run's clock is used")
        truth = replace(truth, t_s=t_s)
    scale = _box_scale(view.size_px, truth.size_px)
    if scale is not None:
        notes.append(f"boxes scaled by {1 / scale[0]:.4g} to the truth's picture of {truth.size_px} px")
    columns = np.concatenate([tracks.xyxy_px, tracks.xy_m], axis=1)
    bridge_s = settings.trajectories.max_bridge_s
    frame, visit, values = read_at(truth.t_s, tracks.scene_visit, tracks.t_s, columns, bridge_s)
    visitor = dict(zip(tracks.scene_visit.tolist(), tracks.person.tolist(), strict=True))
    person = np.array([visitor[number] for number in visit.tolist()], dtype=np.int64)
    boxes = values[:, :4] if scale is None else values[:, :4] / np.tile(scale, 2)
    if view.calibration is None:
        found = Sightings(frame, person, boxes, values[:, 4:])
        if truth.on_floor:
            notes.append("run without calibration: feet put on the floor by the truth's own homography")
            found = floor_by_truth(truth, found)
        return Measured(truth, found, None, tuple(notes))
    by_visit = Sightings(frame, visit, boxes, values[:, 4:])
    returns = None if truth.survey else return_scores(truth, by_visit, visitor)
    paths = smoothed_paths(tracks, view.unit, settings.trajectories)
    at, whose, smooth_m = read_at(truth.t_s, paths.path, paths.t_s, paths.xy, bridge_s)
    names = np.zeros(int(paths.path.max(initial=0)) + 1, dtype=np.int64)
    names[paths.path] = paths.person
    xy_m = _placed(frame, person, at, names[whose], smooth_m)
    if truth.survey and truth.on_floor:
        truth, note = _on_plan(truth, view.calibration)
        notes.append(note)
    return Measured(truth, Sightings(frame, person, boxes, xy_m), paths, tuple(notes), returns)


def _times_of_frames(
    truth: Truth, number: NDArray[np.int64], t_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """When the run's clock has the frames of the truth; between sampled pictures the rate counts as even."""
    if len(number) < 2:
        raise ValueError("evaluate: expected a run of at least two pictures")
    before, after = truth.frame_number < number[0], truth.frame_number > number[-1]
    step_s = (t_s[-1] - t_s[0]) / (number[-1] - number[0])
    times = np.interp(truth.frame_number, number, t_s)
    times[before] = t_s[0] - (number[0] - truth.frame_number[before]) * step_s
    times[after] = t_s[-1] + (truth.frame_number[after] - number[-1]) * step_s
    return np.asarray(times, dtype=np.float64)


def _box_scale(size_px: tuple[int, int], true_px: tuple[int, int] | None) -> NDArray[np.float64] | None:
    """(2,) our pixels per pixel of the truth along x and y; None if they are the same."""
    if true_px is None or tuple(size_px) == tuple(true_px):
        return None
    scale = np.array(size_px, dtype=np.float64) / np.array(true_px)
    if abs(scale[0] / scale[1] - 1) > 0.02:
        raise ValueError(
            f"evaluate: the run's picture has {size_px} px, the truth's {true_px}: not the same picture"
        )
    return np.asarray(scale, dtype=np.float64)


def _placed(
    frame: NDArray[np.int64],
    person: NDArray[np.int64],
    at: NDArray[np.int64],
    whose: NDArray[np.int64],
    xy_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Floor positions (at, whose, xy_m) looked up for the rows (frame, person); NaN where there is none."""
    width = int(max(person.max(initial=0), whose.max(initial=0))) + 1
    key = at * width + whose
    order = np.argsort(key, kind="stable")
    key = key[order]
    wanted = frame * width + person
    where = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    found = np.full((len(frame), 2), np.nan)
    if len(key):
        good = key[where] == wanted
        found[good] = xy_m[order[where[good]]]
    return found


def _on_plan(truth: Truth, calibration: Calibration) -> tuple[Truth, str]:
    """Turn the truth's survey metres into the plan's."""
    survey = calibration.survey
    if survey is None:
        raise ValueError(
            "evaluate: the truth states floor positions with y up, and the run's calibration was not made in "
            "such a frame (`--floor-axes survey`): the two floors cannot be laid over each other"
        )
    seen = truth.seen
    moved = Sightings(seen.frame, seen.person, seen.xyxy_px, survey.plan_from_survey(seen.xy_m))
    return replace(truth, seen=moved), "true positions turned from survey to plan by the run's calibration"

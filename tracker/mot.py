"""MOTChallenge text in and out: the field's common way to write down boxes and tracks.

One row per box, comma-separated: frame, id, left, top, width, height, score, and up to three more columns
that differ between the years. Frames count from 1: frame n is picture n - 1 of the recording. Boxes are taken
and written as they stand, in pixels.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracker.tracks import Tracks

_MOST_COLUMNS = 10
_FAULTS_SHOWN = 5

_NOT_STATED = -1.0


class MotDetections(NamedTuple):
    """Detections of a file, sorted by frame; rows of a frame keep the order of the file.

    Attributes:
        frame: (N,) int64, from 1.
        xyxy_px: (N, 4) float64, left, top, right, bottom.
        score: (N,) float64 in 0..1.

    """

    frame: NDArray[np.int64]
    xyxy_px: NDArray[np.float64]
    score: NDArray[np.float64]


class MotTruth(NamedTuple):
    """True boxes of a file, sorted by frame and then by person.

    Attributes:
        frame: (N,) int64, from 1.
        person: (N,) int64.
        xyxy_px: (N, 4) float64, left, top, right, bottom.
        considered: (N,) bool, False for boxes that the benchmark leaves out.
        extra: (N, 3) float64, the columns 8 to 10 as they stand, NaN where absent: class and visibility
            in MOT16 and later; position on the floor in metres in 2D MOT 2015 (-1 where unknown).

    """

    frame: NDArray[np.int64]
    person: NDArray[np.int64]
    xyxy_px: NDArray[np.float64]
    considered: NDArray[np.bool_]
    extra: NDArray[np.float64]


def read_detections(path: Path) -> MotDetections:
    """Read a detection file (`det.txt`).

    Scores within 0..1 are kept as they are. A file with any score outside is one of a detector with its own
    scale (2D MOT 2015 has 93.67 and -0.48): all its scores go through `unit_scores`, which keeps their order.

    Raises:
        ValueError: If lines are not MOTChallenge text; the message names up to five of them.

    """
    rows = _read(path)
    order = np.argsort(rows[:, 0], kind="stable")
    rows = rows[order]
    return MotDetections(rows[:, 0].astype(np.int64), _corners(rows[:, 2:6]), unit_scores(rows[:, 6]))


def read_truth(path: Path) -> MotTruth:
    """Read a file of true boxes (`gt.txt`).

    Raises:
        ValueError: If lines are not MOTChallenge text, or a person has two boxes in one frame.

    """
    rows = _read(path)
    rows = rows[np.lexsort([rows[:, 1], rows[:, 0]])]
    twice = np.flatnonzero((rows[1:, :2] == rows[:-1, :2]).all(axis=1))
    if len(twice):
        frame, person = rows[twice[0], :2]
        raise ValueError(
            f"{path}: expected a box per person and frame, got two of person {person:g} in frame {frame:g}"
        )
    return MotTruth(
        rows[:, 0].astype(np.int64),
        rows[:, 1].astype(np.int64),
        _corners(rows[:, 2:6]),
        rows[:, 6] != 0,
        rows[:, 7:],
    )


def unit_scores(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the scores of one detector to 0..1 without changing their order.

    Nothing happens to scores that are all within 0..1. Others go through a logistic curve laid so that the
    lower quartile becomes 0.5 and the upper quartile 0.9: published detections have been thresholded by their
    authors, so that most of them are meant, and the curve does not hang on the single best or worst box.
    Scores that are all alike outside 0..1 (-1 in files without scores) say nothing and become 1; a -1 among
    scores within 0..1 becomes their median.

    Args:
        raw: (N,) scores of any scale.

    Returns:
        (N,) float64 in 0..1.

    """
    if not len(raw) or (raw.min() >= 0 and raw.max() <= 1):
        return raw.astype(np.float64)
    if raw.min() == raw.max():
        return np.ones(len(raw))
    stated = raw != _NOT_STATED
    if raw[stated].min() >= 0 and raw[stated].max() <= 1:
        # Our own exports: interpolated rows state no score among rows that do.
        return np.where(stated, raw, np.median(raw[stated]))
    lower, upper = np.quantile(raw, [0.25, 0.75])
    span = raw.max() - raw.min()
    # Where half the scores are (nearly) the same, the quartiles give no scale.
    spread = upper - lower if upper - lower > 1e-6 * span else span
    # 30 is far beyond what a float distinguishes from certainty, and keeps exp() from overflowing.
    steepness = np.clip(np.log(9) * (raw - lower) / spread, -30, 30)
    return np.asarray(1 / (1 + np.exp(-steepness)), dtype=np.float64)


def write_tracks(
    path: Path, tracks: Tracks, frame_of_t: Callable[[NDArray[np.float64]], NDArray[np.int64]]
) -> None:
    """Write tracks as MOTChallenge text, sorted by frame and then by person.

    Args:
        path: File to write; it appears whole or not at all.
        tracks: The tracks; interpolated rows are written too, with score -1 ("not stated").
        frame_of_t: From times (N,) in seconds to frame numbers (N,), counted from 1.

    Raises:
        ValueError: If a frame number is below 1 or two rows of a person fall into one frame.

    """
    frame = np.asarray(frame_of_t(tracks.t_s), dtype=np.int64)
    if len(frame) and frame.min() < 1:
        raise ValueError(f"expected frame numbers from 1, got {frame.min()}: MOTChallenge counts from 1")
    order = np.lexsort([tracks.person, frame])
    keys = np.column_stack([frame, tracks.person])[order]
    twice = np.flatnonzero((keys[1:] == keys[:-1]).all(axis=1))
    if len(twice):
        raise ValueError(f"person {keys[twice[0], 1]} has two boxes in frame {keys[twice[0], 0]}")
    size = tracks.xyxy_px[:, 2:] - tracks.xyxy_px[:, :2]
    score = np.where(np.isnan(tracks.score), -1, tracks.score)
    rows = np.column_stack([frame, tracks.person, tracks.xyxy_px[:, :2], size, score])[order]
    partial = path.with_name(path.name + ".partial")
    try:
        np.savetxt(partial, rows, fmt="%d,%d,%.3f,%.3f,%.3f,%.3f,%.6g,-1,-1,-1")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _corners(ltwh: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([ltwh[:, :2], ltwh[:, :2] + ltwh[:, 2:]], axis=1)


def _read(path: Path) -> NDArray[np.float64]:
    """All rows with ten columns, NaN where a line has fewer."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected MOTChallenge text, got bytes that are no text") from error
    rows: list[list[float]] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append(_parse(line))
        except ValueError as error:
            faults.append(f"line {number}: {error}, got {line.strip()[:80]!r}")
    if faults:
        shown = "\n  ".join(faults[:_FAULTS_SHOWN])
        more = f"\n  and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
        raise ValueError(
            f"{path}: not MOTChallenge text (frame,id,left,top,width,height,score):\n  {shown}{more}"
        )
    return np.array(rows, dtype=np.float64).reshape(-1, _MOST_COLUMNS)


def _parse(line: str) -> list[float]:
    fields = line.split(",")
    if not 7 <= len(fields) <= _MOST_COLUMNS:
        raise ValueError(f"expected 7 to {_MOST_COLUMNS} numbers between commas")
    try:
        values = [float(field) for field in fields]
    except ValueError:
        raise ValueError("expected numbers between commas") from None
    if not np.isfinite(values[:7]).all():
        raise ValueError("expected finite numbers")
    if values[0] < 1 or values[0] % 1 or values[1] % 1:
        raise ValueError("expected a whole frame number from 1 and a whole id")
    if values[4] < 0 or values[5] < 0:
        raise ValueError("expected a width and a height of at least 0")
    return values + [np.nan] * (_MOST_COLUMNS - len(values))

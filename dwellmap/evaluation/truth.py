"""The truth: MOTChallenge text or the truth of the demo shop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.evaluation.sightings import Sightings
from tracker.mot import MotTruth, read_truth
from tracker.motsequence import is_mot_folder, open_mot_sequence

# Classes of MOT16 and later (Milan et al. 2016, arXiv 1603.00831, table 5): who walks is counted; a box that
# finds somebody sitting in a car, standing still as a statue, a poster or a mirror image is no fault.
_PEDESTRIAN = 1
_DISTRACTORS = (2, 7, 8, 12)
# Share of a demo figure that has to be visible for a camera to be expected to see it.
_LEAST_VISIBLE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Who was really where.

    Attributes:
        t_s: (F,) float64 time of each frame, increasing.
        frame_number: (F,) int64 number of each frame in its file, from 1.
        seen: Those to be counted.
        distractor: Boxes that are neither to be found nor a fault where they are found.
        uncounted: Other boxes that are left out; they only take part in telling who a distractor is.
        size_px: (width, height) of the picture that the boxes are stated in; None if unknown.
        survey: Whether floor positions have y up.

    """

    t_s: NDArray[np.float64]
    frame_number: NDArray[np.int64]
    seen: Sightings
    distractor: Sightings
    uncounted: Sightings
    size_px: tuple[int, int] | None
    survey: bool

    @property
    def frame_s(self) -> float:
        """Usual time from frame to frame, seconds."""
        return float(np.median(np.diff(self.t_s))) if len(self.t_s) > 1 else 0.0

    @property
    def on_floor(self) -> bool:
        """Whether floor positions are known."""
        return bool(len(self.seen)) and bool(np.isfinite(self.seen.xy_m).all())


def load_truth(path: Path, frame_rate: float | None = None, clock_rate: float = 1.0) -> Truth:
    """Read the truth.

    Args:
        path: A MOTChallenge folder, its `gt.txt`, or the `truth.parquet` of `dwellmap demo`.
        frame_rate: Frames per second where no seqinfo.ini beside the file states them.
        clock_rate: Seconds of life per second of the sequence.

    Raises:
        ValueError: If it is none of these, or the frame rate is unknown.

    """
    if path.suffix == ".parquet":
        return _demo_truth(path)
    folder = path if path.is_dir() else path.resolve().parent.parent
    text = path / "gt" / "gt.txt" if path.is_dir() else path
    if not text.is_file():
        raise ValueError(
            f"{path}: expected a MOTChallenge folder with gt/gt.txt, a gt.txt, or the demo's truth.parquet"
        )
    size_px, length = None, 0
    if is_mot_folder(folder):
        sequence = open_mot_sequence(folder)
        frame_rate, size_px, length = frame_rate or sequence.frame_rate, sequence.size_px, sequence.length
    if frame_rate is None:
        raise ValueError(
            f"{text}: expected seqinfo.ini in {folder} to state the frame rate; name it with --fps"
        )
    return mot_truth(read_truth(text), frame_rate / clock_rate, length, size_px)


def mot_truth(rows: MotTruth, frame_rate: float, length: int, size_px: tuple[int, int] | None) -> Truth:
    """The truth of MOTChallenge rows.

    MOT16 and later state class and visibility in columns 8 and 9, 2D MOT 2015 a floor position in three
    columns, -1 where unknown.

    Args:
        rows: The rows.
        frame_rate: Frames per second of life.
        length: Number of frames of the sequence, if known; 0 takes the last one with a box.
        size_px: (width, height) of the picture.

    """
    classed = bool(np.isnan(rows.extra[:, 2]).all() and not np.isnan(rows.extra[:, 0]).any())
    kind = rows.extra[:, 0] if classed else np.full(len(rows.frame), _PEDESTRIAN)
    xy_m = np.full((len(rows.frame), 2), np.nan)
    if not classed:
        stated = ~(rows.extra[:, :2] == -1).all(axis=1)
        xy_m[stated] = rows.extra[stated, :2]
    number = np.arange(1, max(length, int(rows.frame.max(initial=0))) + 1)
    counted = rows.considered & (kind == _PEDESTRIAN)
    distractor = np.isin(kind, _DISTRACTORS)
    every = Sightings(rows.frame - 1, rows.person, rows.xyxy_px, xy_m)
    return Truth(
        (number - 1) / frame_rate, number, every.where(counted), every.where(distractor),
        every.where(~counted & ~distractor), size_px, survey=True,
    )  # fmt: skip


def _demo_truth(path: Path) -> Truth:
    table = pd.read_parquet(path)
    box, floor = ["x1_px", "y1_px", "x2_px", "y2_px"], ["x_m", "y_m"]
    missing = [c for c in ("person", "t_s", "visible", *box, *floor) if c not in table.columns]
    if missing:
        raise ValueError(f"{path}: expected the demo's truth.parquet; missing {', '.join(missing)}")
    t_s, frame = np.unique(table["t_s"].to_numpy(np.float64), return_inverse=True)
    if len(t_s) > 2:
        # Pictures without anybody have no row: gaps are filled at about the film's rate, which may wander.
        pictures = np.maximum(np.rint(np.diff(t_s) / np.median(np.diff(t_s))), 1).astype(np.int64)
        number = np.concatenate([[0], np.cumsum(pictures)])
        t_s = np.interp(np.arange(number[-1] + 1), number, t_s)
        frame = number[frame]
    boxes = table[box].to_numpy(np.float64)
    every = Sightings(frame, table["person"].to_numpy(np.int64), boxes, table[floor].to_numpy(np.float64))
    order = np.lexsort([table["person"].to_numpy(), frame])
    counted = (table["visible"].to_numpy(np.float64)[order] >= _LEAST_VISIBLE) & np.isfinite(
        every.xyxy_px
    ).all(axis=1)
    hidden = np.isfinite(every.xyxy_px).all(axis=1) & ~counted
    number = np.arange(1, len(t_s) + 1)
    nothing = every.where(np.zeros(len(every), dtype=np.bool_))
    # Hardly visible: whoever is found all the same is no fault.
    return Truth(t_s, number, every.where(counted), every.where(hidden), nothing, None, survey=False)

"""Sightings: who is where in which frame; the form in which truth and tracks are compared."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Boxes of people at the frames of the truth, sorted by frame and then by person.

    Attributes:
        frame: (N,) int64 index into the times of the truth, from 0.
        person: (N,) int64.
        xyxy_px: (N, 4) float64 left, top, right, bottom; NaN where only the floor position is known.
        xy_m: (N, 2) float64 floor position; NaN where unknown.

    """

    frame: NDArray[np.int64]
    person: NDArray[np.int64]
    xyxy_px: NDArray[np.float64]
    xy_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Sort, check shapes once and make the arrays read-only."""
        n = len(self.frame)
        order = np.lexsort([self.person, self.frame])
        for name, shape in (("frame", (n,)), ("person", (n,)), ("xyxy_px", (n, 4)), ("xy_m", (n, 2))):
            dtype = np.int64 if name in ("frame", "person") else np.float64
            value = np.array(getattr(self, name), dtype=dtype)
            if value.shape != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {value.shape}")
            value = value[order]
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        if np.any((np.diff(self.frame) == 0) & (np.diff(self.person) == 0)):
            raise ValueError("sightings: expected at most one box per person and frame")

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.frame)

    def where(self, rows: NDArray[np.bool_]) -> Sightings:
        """Some of the rows."""
        return Sightings(*(getattr(self, f.name)[rows] for f in fields(self)))

    def rows_of_frames(self, frames: int) -> list[slice]:
        """The rows of each frame 0..frames - 1."""
        bounds = np.searchsorted(self.frame, np.arange(frames + 1))
        return [slice(int(a), int(b)) for a, b in pairwise(bounds)]


def read_at(
    t_s: NDArray[np.float64],
    person: NDArray[np.int64],
    row_t_s: NDArray[np.float64],
    values: NDArray[np.float64],
    longest_s: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Read tracks at other times, straight between samples.

    Args:
        t_s: (F,) times to read at, increasing.
        person: (N,) person of each sample.
        row_t_s: (N,) time of each sample, increasing within a person.
        values: (N, k) what was sampled.
        longest_s: Samples further apart than this are not joined. Nothing is read before a person's first
            or after their last sample, but for a rounding of the clock (a thousandth of a second).

    Returns:
        Index into `t_s` (M,), person (M,) and values (M, k).

    """
    slack_s = 1e-3
    frames: list[NDArray[np.int64]] = []
    people: list[NDArray[np.int64]] = []
    found: list[NDArray[np.float64]] = []
    order = np.lexsort([row_t_s, person])
    person, row_t_s, values = person[order], row_t_s[order], values[order]
    names, starts = np.unique(person, return_index=True)
    ends = np.searchsorted(person, names, side="right")
    for name, begin, end in zip(names, starts, ends, strict=True):
        times, sampled = row_t_s[begin:end], values[begin:end]
        low, high = np.searchsorted(t_s, [times[0] - slack_s, times[-1] + slack_s])
        at = np.clip(t_s[low:high], times[0], times[-1])
        after = np.clip(np.searchsorted(times, at), 1, max(len(times) - 1, 1))
        left, right = after - 1, np.minimum(after, len(times) - 1)
        step = times[right] - times[left]
        share = np.where(step > 0, (at - times[left]) / np.where(step > 0, step, 1.0), 0.0)
        near = np.minimum(at - times[left], times[right] - at) <= slack_s
        kept = (step <= longest_s + slack_s) | near
        read = sampled[left] + share[:, None] * (sampled[right] - sampled[left])
        frames.append((low + np.flatnonzero(kept)).astype(np.int64))
        people.append(np.full(int(kept.sum()), name, dtype=np.int64))
        found.append(read[kept])
    if not frames:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, values.shape[1]))
    return np.concatenate(frames), np.concatenate(people), np.concatenate(found)

"""Footage that two exports show twice: how their clocks differ, and who is who.

Exports are stamped to whole seconds, so where they overlap they show the same people at times up to a second
or so apart. Both are found from the boxes: at the right difference they lie on each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tracker.tracks import Tracks

# Two stamps that were cut to whole seconds differ by less than a second from the truth; half a second for
# recorders that write the stamp late.
CLOCK_ERROR_S = 1.5
# Overlaps shorter than this tell nothing.
LEAST_OVERLAP_S = 0.5
_STEP_S = 0.05
_EVERY = 4
# Boxes this near to each other, in heights, show the same person.
_SAME_HEIGHTS = 0.3
# Mean distance to the nearest, in heights and at most 1, up to which two scenes are the same; missed people
# count 1.
_SAME_SCENE = 0.45
# Where nobody moves every difference fits: then the smallest.
_DOUBT_PER_S = 0.02
_LONGEST_STEP_S = 1.0
_LEAST_COMMON_S = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """What was found in footage that two runs share.

    Attributes:
        clock_s: Seconds to add to the later run's times; None if the two do not show the same, or nobody.
        same: (k, 2) int64 persons of the earlier and of the later run who are one.
        apart: (m, 2) int64 persons who were seen at once in different places.
        contradicted: Both show people, and at no difference of the clocks the same ones.

    """

    clock_s: float | None
    same: NDArray[np.int64]
    apart: NDArray[np.int64]
    contradicted: bool = False


_NOBODY = np.zeros((0, 2), dtype=np.int64)
_UNKNOWN = Overlap(None, _NOBODY, _NOBODY)


def compare(
    earlier: Tracks,
    later: Tracks,
    earlier_s: tuple[float, float],
    later_s: tuple[float, float],
    middle_s: float,
    reach_s: float,
) -> Overlap:
    """Compare two runs where both have footage.

    Args:
        earlier: Rows of the run that begins first.
        later: Rows of the other one, on the same axis of time as their stamps have it.
        earlier_s: Times of the first and the last picture of the first that was looked at.
        later_s: The same of the other one.
        middle_s: Time around which the comparison matters most.
        reach_s: How far around it to look.

    """
    low = max(earlier_s[0] - CLOCK_ERROR_S, later_s[0], middle_s - reach_s)
    high = min(earlier_s[1] + CLOCK_ERROR_S, later_s[1], middle_s + reach_s)
    if high - low < LEAST_OVERLAP_S:
        return _UNKNOWN
    margin = round(CLOCK_ERROR_S / _STEP_S)
    steps = int((high - low) / _STEP_S) + 1
    theirs_s = np.arange(0, steps, _EVERY, dtype=np.float64) * _STEP_S + low
    axis_s = np.arange(-margin, steps + margin, dtype=np.float64) * _STEP_S + low
    a_names, a = _boxes_at(earlier, axis_s)
    b_names, b = _boxes_at(later, theirs_s)
    if not len(a_names) or not len(b_names):
        return _UNKNOWN
    cost = np.full(2 * margin + 1, np.inf)
    for k, shift in enumerate(range(-margin, margin + 1)):
        rows = np.arange(0, steps, _EVERY) + margin + shift
        there = (axis_s[rows] >= earlier_s[0]) & (axis_s[rows] <= earlier_s[1])
        if np.count_nonzero(there) * _STEP_S * _EVERY < LEAST_OVERLAP_S - 1e-6:
            continue
        cost[k] = _unlikeness(a[rows[there]], b[there]) + _DOUBT_PER_S * abs(shift) * _STEP_S
    best = int(np.argmin(cost))
    if not np.isfinite(cost[best]):
        return _UNKNOWN
    tried = np.flatnonzero(np.isfinite(cost))
    # The best at the end of what was tried: further apart they would agree better still.
    if cost[best] > _SAME_SCENE or (len(tried) > 1 and best in (tried[0], tried[-1])):
        return Overlap(None, _NOBODY, _NOBODY, contradicted=True)
    rows = np.arange(0, steps, _EVERY) + best
    weight = 1 / (1 + np.abs(theirs_s + (best - margin) * _STEP_S - middle_s))
    there = (axis_s[rows] >= earlier_s[0]) & (axis_s[rows] <= earlier_s[1])
    same, apart = _paired(_distance(a[rows[there]], b[there]), weight[there])
    clock_s = (best - margin + _vertex(cost, best)) * _STEP_S
    return Overlap(
        clock_s,
        np.column_stack([a_names[same[:, 0]], b_names[same[:, 1]]]),
        np.column_stack([a_names[apart[:, 0]], b_names[apart[:, 1]]]),
    )


def _boxes_at(tracks: Tracks, t_s: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Persons (P,) seen around these times, and their boxes (T, P, 4), NaN where they are not there."""
    near = (tracks.t_s >= t_s[0] - _LONGEST_STEP_S) & (tracks.t_s <= t_s[-1] + _LONGEST_STEP_S)
    names, first, count = np.unique(tracks.person[near], return_index=True, return_counts=True)
    own_s, boxes = tracks.t_s[near], tracks.xyxy_px[near]
    found = np.full((len(t_s), len(names), 4), np.nan)
    for p, (begin, n) in enumerate(zip(first, count, strict=True)):
        t, box = own_s[begin : begin + n], boxes[begin : begin + n]
        after = np.searchsorted(t, t_s)
        inside = (t_s >= t[0]) & (t_s <= t[-1])
        step = t[np.minimum(after, n - 1)] - t[np.maximum(after - 1, 0)]
        inside &= step <= _LONGEST_STEP_S
        for side in range(4):
            found[inside, p, side] = np.interp(t_s[inside], t, box[:, side])
    return names, found


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, P, Q) distance of boxes (T, P, 4) and (T, Q, 4) in heights, at most 1; NaN if either is absent."""
    a, b = a[:, :, None], b[:, None]
    height = np.maximum(np.sqrt((a[..., 3] - a[..., 1]) * (b[..., 3] - b[..., 1])), 1.0)
    return np.asarray(np.minimum(np.abs(a - b).mean(axis=-1) * 2 / height, 1.0))


def _unlikeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Mean distance of everybody in either to the nearest one in the other; 1 where there is none."""
    distance = np.nan_to_num(_distance(a, b), nan=1.0)
    there_a, there_b = np.isfinite(a[..., 0]), np.isfinite(b[..., 0])
    if not there_a.any() and not there_b.any():
        return np.inf
    return float(np.concatenate([distance.min(axis=2)[there_a], distance.min(axis=1)[there_b]]).mean())


def _vertex(cost: NDArray[np.float64], best: int) -> float:
    """Where between its neighbours the smallest cost lies, in steps: the vertex of a parabola."""
    if best in (0, len(cost) - 1) or not np.isfinite(cost[[best - 1, best + 1]]).all():
        return 0.0
    before, here, after = cost[best - 1 : best + 2]
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend > 1e-12 else 0.0


def _paired(
    distance: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One-to-one pairs who share the most time in one place, and pairs who were in different places."""
    common = np.isfinite(distance)
    together = np.nan_to_num(distance, nan=1.0) < _SAME_HEIGHTS
    step_s = _STEP_S * _EVERY
    common_s, together_s = common.sum(axis=0) * step_s, together.sum(axis=0) * step_s
    mostly = (together_s >= 0.5 * common_s) & (together_s >= _LEAST_COMMON_S - 1e-9)
    worth = np.where(mostly, (together * weight[:, None, None]).sum(axis=0), 0.0)
    i, j = linear_sum_assignment(-worth)
    chosen = worth[i, j] > 0
    apart = (together_s < 0.5 * common_s) & (common_s >= _LEAST_COMMON_S - 1e-9)
    return np.column_stack([i[chosen], j[chosen]]), np.argwhere(apart)

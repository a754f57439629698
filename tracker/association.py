"""Which detection continues which tracklet: overlap, and the assignment with the most of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment


def iou(a_px: NDArray[np.float64], b_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of each box of a (n, 4) with each of b (m, 4), left, top, right, bottom.

    Returns:
        (n, m) float64 in 0..1; 0 for a box without area, such as a predicted one that has turned inside out.

    """
    common = _shared(a_px, b_px, 0) * _shared(a_px, b_px, 1)
    union = _area(a_px)[:, None] + _area(b_px)[None, :] - common
    overlap: NDArray[np.float64] = np.zeros_like(common)
    np.divide(common, union, out=overlap, where=union > 0)
    return overlap


def _shared(a_px: NDArray[np.float64], b_px: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Length (n, m) that each pair has in common along x (axis 0) or y (axis 1)."""
    length = np.minimum.outer(a_px[:, axis + 2], b_px[:, axis + 2])
    length -= np.maximum.outer(a_px[:, axis], b_px[:, axis])
    return np.asarray(np.maximum(length, 0.0, out=length))


def _area(xyxy_px: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.maximum(xyxy_px[:, 2:] - xyxy_px[:, :2], 0.0)
    return np.multiply(size[:, 0], size[:, 1])


def assign(similarity: NDArray[np.float64], least: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair rows with columns so that the summed similarity is greatest, then drop pairs below `least`.

    Args:
        similarity: (n, m) non-negative; 0 means that a pair has nothing in common.
        least: Similarity that a pair needs. Pairs without any are dropped even if it is 0.

    Returns:
        Rows and columns of the pairs, both (k,), ascending by row.

    """
    # A row or column of zeros adds nothing whichever way it is paired: leaving it out keeps the optimum.
    rows = np.flatnonzero(similarity.any(axis=1))
    columns = np.flatnonzero(similarity.any(axis=0))
    candidates = similarity[np.ix_(rows, columns)]
    i, j = linear_sum_assignment(candidates, maximize=True)
    found = candidates[i, j]
    good = (found >= least) & (found > 0)
    return rows[i[good]], columns[j[good]]

"""The boxes of a person, smoothed over time: a detector's boxes jitter, people do not.

A robust Whittaker smoother (Whittaker 1923, "On a new method of graduation"; Eilers 2003, "A perfect
smoother"): the path y that minimises the weighted squares of what was detected against y plus s^4 times the
squares of its second derivative, which passes what is slower than about s seconds. Centres and the logarithms
of sizes are smoothed apart, for sizes change more slowly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from tracker.tracks import Tracks

CENTRE_S = 0.3
SIZE_S = 1.0
# Student t weights: a box that is cut, or drawn around two people, is far off more often than a Gaussian
# has it.
_DEGREES = 4.0
_PASSES = 3
# Scale (shares of the height, and of the logarithm of a size) under which residuals are ordinary jitter.
_LEAST_CENTRE = 0.03
_LEAST_SIZE = 0.02
# Keeps the equations solvable where nothing was measured; far below any weight.
_NEXT_TO_NOTHING = 1e-9
_LEAST_STEP_S = 1e-3


def smoothed_boxes(tracks: Tracks, longest_step_s: float) -> Tracks:
    """The tracks with smoothed boxes; feet, positions, times and scores stay as they are.

    Rows that were not observed take the place that their neighbours imply.

    Args:
        tracks: Boxes as detected.
        longest_step_s: Rows further apart are not smoothed across.

    """
    if not len(tracks):
        return tracks
    joined = (tracks.person[1:] == tracks.person[:-1]) & (np.diff(tracks.t_s) <= longest_step_s + 1e-6)
    path = np.concatenate([[0], np.cumsum(~joined)])
    low, high = tracks.xyxy_px[:, :2], tracks.xyxy_px[:, 2:]
    size = np.maximum(high - low, 1e-3)
    height = pd.Series(size[:, 1]).groupby(path).transform("median").to_numpy()
    observed = tracks.observed
    centre = _smoothed(path, tracks.t_s, (low + high) / 2, observed, CENTRE_S, _LEAST_CENTRE * height)
    half = (
        np.exp(_smoothed(path, tracks.t_s, np.log(size), observed, SIZE_S, np.full(len(path), _LEAST_SIZE)))
        / 2
    )
    return replace(tracks, xyxy_px=np.concatenate([centre - half, centre + half], axis=1))


def _smoothed(
    path: NDArray[np.int64],
    t_s: NDArray[np.float64],
    z: NDArray[np.float64],
    observed: NDArray[np.bool_],
    smooth_s: float,
    least: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Smooth two columns z (N, 2); `least` (N,) is the smallest residual that counts as surprising."""
    roughness = _roughness(path, t_s, smooth_s)
    weight = np.repeat(observed[:, None].astype(np.float64), 2, axis=1)
    y = z
    for turn in range(_PASSES + 1):
        y = np.column_stack([_solved(roughness, weight[:, k], z[:, k]) for k in (0, 1)])
        if turn == _PASSES:
            break
        r = np.where(observed[:, None], np.abs(z - y), np.nan)
        scale = 1.48 * pd.DataFrame(r).groupby(path).transform("median").to_numpy()
        scale = np.maximum(np.nan_to_num(scale), least[:, None])
        weight = np.where(observed[:, None], (_DEGREES + 1) / (_DEGREES + (r / scale) ** 2), 0.0)
    return y


def _roughness(path: NDArray[np.int64], t_s: NDArray[np.float64], smooth_s: float) -> NDArray[np.float64]:
    """(3, N) upper band of s^4 D^T D, D the second derivative at each row between two of its path."""
    n = len(path)
    band = np.zeros((3, n))
    if n < 3:
        return band
    middle = np.flatnonzero(path[:-2] == path[2:]) + 1
    before = np.maximum(t_s[middle] - t_s[middle - 1], _LEAST_STEP_S)
    after = np.maximum(t_s[middle + 1] - t_s[middle], _LEAST_STEP_S)
    half = (before + after) / 2
    a, c = 1 / (before * half), 1 / (after * half)
    b = -(a + c)
    strength = smooth_s**4
    for row, column, value in (
        (-1, -1, a * a), (0, 0, b * b), (1, 1, c * c), (-1, 0, a * b), (0, 1, b * c), (-1, 1, a * c),
    ):  # fmt: skip
        band[2 + row - column, middle + column] += strength * value
    return band


def _solved(
    roughness: NDArray[np.float64], weight: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.float64]:
    band = roughness.copy()
    # Where nothing was measured and nothing joins, the row stays where it is.
    pull = weight + _NEXT_TO_NOTHING
    band[2] += pull
    return np.asarray(solveh_banded(band, pull * z, overwrite_ab=True, check_finite=False))

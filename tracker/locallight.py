"""Light that differs from place to place: one lamp of several, the sun in a corner.

The picture is cut into small squares. A square in which the picture is the expected one times a gain has its
light measured; squares are believed where they hang together with most of the picture through neighbours of
like gain, so that a person's even jacket is not taken for light. The rest follows its surroundings.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_CELL_PX = 16
# Grey levels that a square may differ from its gain: at least, and as a share of its brightness.
_MISFIT, _MISFIT_SHARE = 4.0, 0.05
_LEAST_GAIN, _MOST_GAIN = 0.15, 6.0
# Steps between neighbours (logarithm) within one light.
_STEP = 0.12
# So many of the squares must hang together.
_LEAST_SHARE = 0.3

Gains = NDArray[np.float32]


def local_gains(expected: NDArray[np.uint8], picture: NDArray[np.uint8]) -> Gains | None:
    """Gain (rows, columns, 3) of each square from an expected picture (h, w, 3) to a picture (h, w, 3).

    None if the two have too little in common to tell.
    """
    height, width = expected.shape[:2]
    size = _squares(width), _squares(height)
    before, after = (
        cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) + 1.0
        for image in (expected, picture)
    )
    gains = after / before
    difference = cv2.absdiff(cv2.blur(lit(expected, gains), (3, 3)), cv2.blur(picture, (3, 3)))
    misfit = cv2.resize(difference, size, interpolation=cv2.INTER_AREA).max(axis=2)
    known = (
        (misfit < _MISFIT + _MISFIT_SHARE * after.max(axis=2))
        & (gains.min(axis=2) > _LEAST_GAIN)
        & (gains.max(axis=2) < _MOST_GAIN)
    )
    believed = _largest_of_like_gain(gains, known)
    if np.count_nonzero(believed) < _LEAST_SHARE * believed.size:
        return None
    nearest = distance_transform_edt(~believed, return_distances=False, return_indices=True)
    filled = gains[tuple(nearest)]
    return np.asarray(cv2.GaussianBlur(filled, (0, 0), 0.8), dtype=np.float32)


def lit(expected: NDArray[np.uint8], gains: Gains) -> NDArray[np.uint8]:
    """An expected picture (h, w, 3) in the light of gains (rows, columns, 3)."""
    height, width = expected.shape[:2]
    smooth = cv2.resize(gains, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(expected, smooth, dtype=cv2.CV_8U), dtype=np.uint8)


def _squares(length: int) -> int:
    """Number of squares along a side: one that divides it, which OpenCV averages several times faster."""
    near = length / _CELL_PX
    fitting = [n for n in range(max(2, int(0.75 * near)), int(1.35 * near) + 1) if length % n == 0]
    return min(fitting, key=lambda n: abs(n - near), default=max(2, length // _CELL_PX))


def _largest_of_like_gain(gains: Gains, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest group of known squares that are linked by neighbours of like gain."""
    if not known.any():
        return known
    log = np.log(np.clip(gains, 0.01, None))
    number = np.arange(known.size).reshape(known.shape)
    pairs = []
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        like = (np.abs(log[one] - log[other]).max(axis=2) < _STEP) & known[one] & known[other]
        pairs.append(np.stack([number[one][like], number[other][like]]))
    i, j = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(known.size, known.size))
    _, group = connected_components(graph, directed=False)
    return np.asarray((group == np.bincount(group[known.ravel()]).argmax()).reshape(known.shape) & known)

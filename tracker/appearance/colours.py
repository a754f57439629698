"""Looks described by the colours of the upper and the lower body: needs no model and no download."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.appearance.embedder import check_crop, unit

_SIZE_PX = (32, 64)
# Jacket and trousers, as shares of the box's height from above; head and shoes are left out.
_PARTS = ((0.16, 0.50), (0.52, 0.92))
# The body stands in the middle of the box and the background beside it: standard deviation in box widths.
_WIDTH = 0.2
_BINS = np.array([6, 8, 8])
_LEAST, _MOST = np.array([0.0, -24.0, -24.0]), np.array([100.0, 24.0, 24.0])
# Grey level that a person's mean is brought half-way to: light changes, but black is not white.
_GREY, _DARKEST = 100.0, 10.0


class Colours:
    """An `Embedder`: a histogram of lightness and both chromas (CIE L*a*b*) for each half of the body.

    Square roots of the histograms, so that the inner product is the Bhattacharyya coefficient, averaged over
    both halves. Pixels fall softly into neighbouring bins. Among people dressed alike it tells nobody apart.

    Attributes:
        name: "colours".
        identity: "colours" and the number of this formula.

    """

    name = "colours"
    identity = "colours 1"

    def __init__(self) -> None:
        width, height = _SIZE_PX
        x = (np.arange(width) + 0.5) / width - 0.5
        y = (np.arange(height) + 0.5) / height
        self._across = np.tile(np.exp(-(x**2) / (2 * _WIDTH**2)), (height, 1))
        self._parts = [
            np.flatnonzero(np.repeat((y >= above) & (y < below), width)) for above, below in _PARTS
        ]

    def describe(self, crops_bgr: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """See `Embedder.describe`."""
        if not crops_bgr:
            return np.zeros((0, len(self._parts) * int(_BINS.prod())), dtype=np.float32)
        images = np.zeros((len(crops_bgr), *self._across.shape, 3), dtype=np.float32)
        for image, crop in zip(images, crops_bgr, strict=True):
            check_crop(crop)
            image[...] = cv2.resize(crop, _SIZE_PX, interpolation=cv2.INTER_AREA)
        labs = self._lab(images)
        counts = [_soft_histograms(labs[:, pixels], self._across.ravel()[pixels]) for pixels in self._parts]
        return unit(np.sqrt(np.hstack(counts)))

    def _lab(self, images_bgr: NDArray[np.float32]) -> NDArray[np.float32]:
        """L*, a*, b* (m, height * width, 3) of crops, their brightness brought half-way to a common one."""
        brightness = np.average(images_bgr.mean(axis=3), axis=(1, 2), weights=self._across)
        gain = np.sqrt(_GREY / np.maximum(brightness, _DARKEST)) / 255
        lit = np.minimum(images_bgr * gain[:, None, None, None].astype(np.float32), 1)
        # One tall picture of all crops: a conversion of each would take longer to begin than to do.
        lab = cv2.cvtColor(lit.reshape(-1, _SIZE_PX[0], 3), cv2.COLOR_BGR2LAB)
        return np.asarray(lab, dtype=np.float32).reshape(len(images_bgr), self._across.size, 3)


def _soft_histograms(lab: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, bins) sums of the weights (n,), each shared among the eight bins around its colour (m, n, 3)."""
    cells = int(_BINS.prod())
    place = np.clip((lab - _LEAST) / (_MOST - _LEAST), 0, 1) * (_BINS - 1)
    below = np.minimum(place.astype(np.int64), _BINS - 2)
    above = place - below
    # Of each coordinate the parts of the lower and the upper bin.
    first, second, third = np.moveaxis(np.stack([1 - above, above]), -1, 0)
    cell = np.ravel_multi_index(tuple(np.moveaxis(below, -1, 0)), tuple(_BINS))
    cell += cells * np.arange(len(lab))[:, None]
    counts = np.zeros(len(lab) * cells)
    for i, j, k in product((0, 1), repeat=3):
        beyond = int(np.ravel_multi_index((i, j, k), tuple(_BINS)))
        share = first[i] * second[j] * third[k] * weight
        counts += np.bincount((cell + beyond).ravel(), share.ravel(), len(counts))
    return counts.reshape(len(lab), cells)

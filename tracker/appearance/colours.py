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
        cells = int(_BINS.prod())
        vectors = np.zeros((len(crops_bgr), len(_PARTS) * cells))
        for vector, crop in zip(vectors, crops_bgr, strict=True):
            check_crop(crop)
            lab = self._lab(crop)
            for number, pixels in enumerate(self._parts):
                counts = _soft_histogram(lab[pixels], self._across.ravel()[pixels])
                vector[number * cells : (number + 1) * cells] = np.sqrt(counts)
        return unit(vectors)

    def _lab(self, crop_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(pixels, 3) L*, a*, b* of the crop, its brightness brought half-way to a common one."""
        image = cv2.resize(crop_bgr, _SIZE_PX, interpolation=cv2.INTER_AREA).astype(np.float32)
        brightness = np.average(image.mean(axis=2), weights=self._across)
        gain = np.float32(np.sqrt(_GREY / max(brightness, _DARKEST)) / 255)
        return np.asarray(cv2.cvtColor(np.minimum(image * gain, 1), cv2.COLOR_BGR2LAB)).reshape(-1, 3)


def _soft_histogram(lab: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """(bins,) sums of the weights (n,), each shared among the eight bins around its colour (n, 3)."""
    place = np.clip((lab - _LEAST) / (_MOST - _LEAST), 0, 1) * (_BINS - 1)
    below = np.minimum(place.astype(np.int64), _BINS - 2)
    above = place - below
    counts = np.zeros(int(_BINS.prod()))
    for corner in product((0, 1), repeat=3):
        share = np.where(corner, above, 1 - above).prod(axis=1) * weight
        cell = np.ravel_multi_index(tuple((below + corner).T), tuple(_BINS))
        counts += np.bincount(cell, share, len(counts))
    return counts

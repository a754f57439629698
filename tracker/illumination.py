"""How the light of one picture differs from that of another: lamps, daylight, automatic exposure.

Each channel of a picture is taken to be the other one times a gain that varies smoothly over the picture (a
polynomial of second degree, far too stiff to follow a person), plus an offset. The coefficients are fitted by
iteratively reweighted least squares with Tukey's biweight (Holland and Welsch, "Robust regression using
iteratively reweighted least-squares", 1977), so that people in either picture do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SAMPLES = 1000
_ROUNDS = 5
_TUKEY = 4.7
_LEAST_SCALE = 2.0
_SATURATED = 250
_FLAT = 0.015  # a gain that varies less than this over the picture is taken as the same everywhere
_TERMS = 6
_GRID = 8  # the smooth gain is worked out on every eighth pixel

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """The change from a reference picture to another picture of the same place.

    Attributes:
        coefficients: (3, 7) float64 per channel: gain as a polynomial (1, x, y, x2, xy, y2) of the place,
            each coordinate running from -1 to 1 over the picture, and the offset in grey levels.
        misfit: Share of the pixels looked at that the change does not explain, 0 to 1.

    """

    coefficients: NDArray[np.float64]
    misfit: float

    def applied(self, reference_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The reference picture (h, w, 3) in this light."""
        gain, offset = self.coefficients[:, :_TERMS], self.coefficients[:, _TERMS]
        if np.all(np.abs(gain[:, 1:]).sum(axis=1) < _FLAT):
            levels = np.arange(256)[:, None] * gain[:, 0] + offset
            table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
            return np.asarray(cv2.LUT(reference_bgr, table[None]), dtype=np.uint8)
        height, width = reference_bgr.shape[:2]
        rows, columns = max(2, height // _GRID), max(2, width // _GRID)
        # Centres of the coarse pixels, as cv2.resize places them.
        y, x = np.meshgrid(
            (np.arange(rows) + 0.5) / rows * 2 - 1,
            (np.arange(columns) + 0.5) / columns * 2 - 1,
            indexing="ij",
        )
        coarse = (_terms(x.ravel(), y.ravel()) @ gain.T).astype(np.float32).reshape(rows, columns, 3)
        smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        lit = cv2.multiply(reference_bgr, smooth, dtype=cv2.CV_32F)
        lit += offset.astype(np.float32)
        return np.asarray(cv2.convertScaleAbs(cv2.max(lit, 0.0)), dtype=np.uint8)


def fit_light(
    reference_bgr: NDArray[np.uint8], picture_bgr: NDArray[np.uint8], weight: NDArray[np.bool_] | None = None
) -> Light:
    """Fit the change of light from a reference (h, w, 3) to a picture (h, w, 3).

    Args:
        reference_bgr: Where the light is known.
        picture_bgr: The other picture, the same size.
        weight: (h, w) bool, pixels that may be looked at; None for all.

    """
    height, width = reference_bgr.shape[:2]
    step = max(1, int(np.sqrt(height * width / _SAMPLES)))
    rows, columns = slice(step // 2, None, step), slice(step // 2, None, step)
    before = reference_bgr[rows, columns].reshape(-1, 3).astype(np.float64)
    after = picture_bgr[rows, columns].reshape(-1, 3).astype(np.float64)
    y, x = np.meshgrid(np.arange(height)[rows], np.arange(width)[columns], indexing="ij")
    terms = _terms(x.ravel() / max(width - 1, 1) * 2 - 1, y.ravel() / max(height - 1, 1) * 2 - 1)
    usable = (after.max(axis=1) < _SATURATED) & (before.max(axis=1) < _SATURATED)
    if weight is not None:
        usable &= weight[rows, columns].ravel()
    if np.count_nonzero(usable) < 20 * _TERMS:
        return Light(np.tile([1.0, 0, 0, 0, 0, 0, 0], (3, 1)), 0.0)
    before, after, terms = before[usable], after[usable], terms[usable]
    coefficients, residual, scale = _fit(terms, before, after)
    worst = (np.abs(residual) / np.maximum(scale, 5.0)[:, None]).max(axis=0)
    return Light(coefficients, float(np.mean(worst > 4.0)))


def _terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _fit(
    terms: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients (3, 7), residuals (3, n) and their scale (3,), all channels at once.

    Args:
        terms: (n, 6) polynomial of the place.
        before: (n, 3) grey levels of the reference.
        after: (n, 3) grey levels of the picture.

    """
    b, a = before.T, after.T
    design = np.concatenate([terms * b[..., None], np.ones((*b.shape, 1))], axis=2)
    across = np.ascontiguousarray(design.transpose(0, 2, 1))
    # A slight pull to "no change" keeps what the picture leaves open (a dark corner) from running away.
    ridge = np.diag(b.shape[1] * np.array([1.0, 20, 20, 20, 20, 20, 0.5]))
    start = np.zeros((3, _TERMS + 1, 1))
    start[:, 0, 0] = np.median(a / np.maximum(b, 8.0), axis=1)
    beyond_start = a - (design @ start)[..., 0]
    residual = beyond_start
    for _ in range(_ROUNDS):
        scale = np.maximum(_LEAST_SCALE, 1.4826 * np.median(np.abs(residual), axis=1))
        weight = np.clip(1 - (residual / (_TUKEY * scale[:, None])) ** 2, 0, None) ** 2
        weighted = across * weight[:, None, :]
        step = np.linalg.solve(weighted @ design + ridge, weighted @ beyond_start[..., None])
        residual = beyond_start - (design @ step)[..., 0]
    return (start + step)[..., 0], residual, scale

"""What in a picture is not the empty place: changed pixels, in any light, told apart from shadows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.background import Background
from tracker.illumination import fit_light

SHADED, CHANGED = 1, 2

# Grey levels, and multiples of a pixel's own noise, by which it must differ: surely, and next to such a one.
_STRONG, _WEAK = (16.0, 6.0), (9.0, 3.5)
# A shadow darkens all channels alike and no further than this.
_SHADOW_LEAST, _SHADOW_MOST, _SHADOW_SPREAD = 0.5, 0.97, 0.07
# A patch of change needs so many surely changed pixels.
_LEAST_STRONG = 6
# A picture in which the light of more than this share cannot be explained is no view of the place.
_NOT_THE_PLACE = 0.9


def foreground(background: Background, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w) uint8: CHANGED where a picture (h, w, 3) at the background's size shows something else.

    SHADED where the change may be a shadow: darker by the same factor in all channels, as the trousers of a
    person on a floor of like colour may be, too. 0 elsewhere.
    """
    light = fit_light(background.image_bgr, picture)
    if light.misfit > _NOT_THE_PLACE:
        return np.zeros(picture.shape[:2], dtype=np.uint8)
    expected = light.applied(background.image_bgr)
    change = cv2.GaussianBlur(cv2.absdiff(picture, expected), (3, 3), 0)
    most = cv2.max(cv2.max(change[..., 0], change[..., 1]), change[..., 2]).astype(np.float32)
    noise = background.noise
    strong = most > np.maximum(_STRONG[0], _STRONG[1] * noise)
    weak = most > np.maximum(_WEAK[0], _WEAK[1] * noise)
    shadow = _shadow(picture, expected)
    changed = ((strong | weak) & ~shadow).astype(np.uint8)
    changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, labels = cv2.connectedComponents(changed, connectivity=8)
    sure = np.bincount(labels[strong & ~shadow], minlength=count)
    keep = sure >= _LEAST_STRONG
    keep[0] = False
    kept = cv2.morphologyEx(keep[labels].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.where(kept > 0, CHANGED, np.where(strong & shadow, SHADED, 0)).astype(np.uint8)


def _shadow(picture: NDArray[np.uint8], expected: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where all channels are darker by the same factor (Horprasert et al. 1999, brightness distortion)."""
    ratio = cv2.GaussianBlur(picture, (5, 5), 0).astype(np.float32) + 2.0
    ratio /= cv2.GaussianBlur(expected, (5, 5), 0).astype(np.float32) + 2.0
    low, high = ratio.min(axis=2), ratio.max(axis=2)
    return np.asarray((low > _SHADOW_LEAST) & (high < _SHADOW_MOST) & (high - low < _SHADOW_SPREAD))

"""What in a picture is not the empty place: changed pixels, told apart from shadows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SHADED, CHANGED = 1, 2

# Grey levels, and multiples of a pixel's own noise, by which it must differ: surely, and next to such a one.
_STRONG, _WEAK = (16.0, 6.0), (9.0, 3.5)
# A shadow darkens all channels alike and no further than this. Ratios are kept as 128 times the ratio.
_UNIT = 128
_SHADOW_LEAST, _SHADOW_MOST, _SHADOW_SPREAD = round(0.5 * _UNIT), round(0.97 * _UNIT), round(0.065 * _UNIT)
# A patch of change needs so many surely changed pixels.
_LEAST_STRONG = 6
_OPENING, _CLOSING = np.ones((2, 2), np.uint8), np.ones((5, 5), np.uint8)

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """By how much each pixel must differ from the empty place, in grey levels.

    Attributes:
        strong: (h, w) uint8, surely changed above this.
        weak: (h, w) uint8, changed above this next to a surely changed one.

    """

    strong: Mask
    weak: Mask

    @classmethod
    def of_noise(cls, noise: NDArray[np.float32]) -> Levels:
        """Levels for pixels of this noise (h, w), one standard deviation in grey levels."""
        strong, weak = (np.clip(np.maximum(least, n * noise), 0, 255) for least, n in (_STRONG, _WEAK))
        return cls(strong.astype(np.uint8), weak.astype(np.uint8))

    @classmethod
    def even(cls, shape: tuple[int, int], grey_levels: float) -> Levels:
        """The same level for all pixels (h, w), whatever their noise."""
        level = np.full(shape, round(min(max(grey_levels, 0), 255)), dtype=np.uint8)
        return cls(level, level)

    def without(self, ignored: NDArray[np.bool_]) -> Levels:
        """The levels with pixels (h, w) that never count, and those next to them."""
        never = cv2.dilate(ignored.astype(np.uint8) * 255, np.ones((5, 5), np.uint8))
        return Levels(
            np.asarray(cv2.max(self.strong, never), np.uint8), np.asarray(cv2.max(self.weak, never), np.uint8)
        )


def foreground(expected: NDArray[np.uint8], picture: NDArray[np.uint8], levels: Levels) -> Mask:
    """(h, w) uint8: CHANGED where a picture (h, w, 3) shows something else than expected (h, w, 3).

    SHADED where the change may be a shadow: darker by the same factor in all channels, as the trousers of a
    person on a floor of like colour may be, too. 0 elsewhere.
    """
    most = _largest(cv2.blur(cv2.absdiff(picture, expected), (3, 3)))
    strong = cv2.compare(most, levels.strong, cv2.CMP_GT)
    either = cv2.max(strong, cv2.compare(most, levels.weak, cv2.CMP_GT))
    shadow = _shadow(picture, expected)
    lit = cv2.bitwise_not(shadow)
    changed = patches(cv2.min(either, lit), cv2.min(strong, lit))
    return np.asarray(cv2.max(changed, cv2.min(cv2.min(strong, shadow), float(SHADED))), dtype=np.uint8)


def patches(weak: Mask, strong: Mask | None = None) -> Mask:
    """(h, w) uint8, CHANGED in the patches of `weak` pixels (255) that hold enough `strong` ones (255).

    Specks are removed and small holes closed.
    """
    # An opening; morphologyEx would shift it by a pixel, for it takes an even kernel's anchor as it is twice.
    core = cv2.erode(weak, _OPENING, anchor=(0, 0))
    opened = cv2.dilate(core, _OPENING, anchor=(1, 1))
    count, labels = cv2.connectedComponentsWithAlgorithm(opened, 8, cv2.CV_16U, cv2.CCL_DEFAULT)
    sure = np.bincount(labels[(opened if strong is None else strong) > 0], minlength=count)
    value = np.where(sure >= _LEAST_STRONG, CHANGED, 0).astype(np.uint8)
    value[0] = 0
    return np.asarray(cv2.morphologyEx(value[labels], cv2.MORPH_CLOSE, _CLOSING), dtype=np.uint8)


def _largest(image: NDArray[np.uint8]) -> Mask:
    b, g, r = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(b, g), r), dtype=np.uint8)


def _shadow(picture: NDArray[np.uint8], expected: NDArray[np.uint8]) -> Mask:
    """255 where all channels are darker by one factor (Horprasert et al. 1999, brightness distortion)."""
    ratio = cv2.divide(cv2.blur(picture, (5, 5)), cv2.blur(expected, (5, 5)), scale=_UNIT)
    b, g, r = cv2.split(ratio)
    low, high = cv2.min(cv2.min(b, g), r), cv2.max(cv2.max(b, g), r)
    darker = cv2.min(cv2.inRange(low, _SHADOW_LEAST + 1, 255), cv2.inRange(high, 0, _SHADOW_MOST))
    return np.asarray(cv2.min(darker, cv2.inRange(cv2.subtract(high, low), 0, _SHADOW_SPREAD)), np.uint8)

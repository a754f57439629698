"""Whether a part of the picture showed the same all the time, but for noise and light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_HEIGHT_PX = 96
# Somebody who passes by covers it in some of the pictures: those with most change do not count.
_COUNTED = 0.75
# A pixel has changed that differs by more than this many standard deviations of the surroundings' noise, and
# by more grey levels than compression makes.
_SIGMAS, _LEAST_LEVELS = 4.0, 8.0
# Half of the box's width on either side is surroundings.
_AROUND = 0.5

Box = tuple[float, float, float, float]
Crop = tuple[NDArray[np.float32], NDArray[np.bool_]]
"""Grey levels of a box with its surroundings, shrunk, and which of them lie in the box."""


def crop(image_bgr: NDArray[np.uint8], box: Box) -> Crop:
    """The box with its surroundings in grey, shrunk; and which of its pixels lie in the box.

    Of a box that reaches out of the picture the part in it counts, a pixel at least.
    """
    height, width = image_bgr.shape[:2]
    x1, x2 = _within(box[0], box[2], width)
    top, bottom = _within(box[1], box[3], height)
    margin = round(_AROUND * (x2 - x1))
    left, right = max(x1 - margin, 0), min(x2 + margin, width)
    grey = cv2.cvtColor(np.ascontiguousarray(image_bgr[top:bottom, left:right]), cv2.COLOR_BGR2GRAY)
    inside = np.zeros(grey.shape, dtype=np.uint8)
    inside[:, x1 - left : x2 - left] = 1
    scale = min(1.0, _HEIGHT_PX / max(grey.shape[0], 1))
    size = max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1)
    small = cv2.resize(cv2.GaussianBlur(grey, (3, 3), 0), size, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32), cv2.resize(inside, size, interpolation=cv2.INTER_NEAREST) > 0


def _within(low: float, high: float, size: int) -> tuple[int, int]:
    """Whole pixels from `low` to `high` as far as a picture has them, one at least."""
    first = min(max(round(low), 0), size - 1)
    return first, min(max(round(high), first + 1), size)


def changed_share(crops: list[Crop]) -> float:
    """Share (0..1) of the box's pixels that differ from the usual picture; 1 with fewer than four pictures.

    Of the pictures, those that differ most do not count: somebody passed by.
    """
    if len(crops) < 4:
        return 1.0
    inside = crops[0][1]
    pictures = np.stack([_even(grey) for grey, _ in crops])
    usual = np.median(pictures, axis=0)
    apart = np.abs(pictures - usual)
    around = apart[:, ~inside] if (~inside).any() else np.zeros((1, 1), dtype=np.float32)
    limit = max(_SIGMAS * 1.48 * float(np.median(around)), _LEAST_LEVELS)
    changed = np.sort((apart[:, inside] > limit).mean(axis=1))
    return float(changed[min(int(_COUNTED * len(changed)), len(changed) - 1)])


def _even(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture in a light in which all can be compared: median and spread are brought to 128 and 40."""
    middle = float(np.median(grey))
    spread = max(1.48 * float(np.median(np.abs(grey - middle))), 4.0)
    return np.asarray((grey - middle) * (40.0 / spread) + 128.0, dtype=np.float32)

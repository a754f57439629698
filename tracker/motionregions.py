"""Where in a picture something moves: the parts that a slow detector has to look at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.background import Picture, at_working_size, sampled_moments, working_size
from tracker.emptyplace import EmptyPlace
from tracker.foreground import CHANGED, foreground
from tracker.frames import Frame, Recording

# Patches are widened by these shares of their height, since legs and heads may look like the place; parts
# smaller than this share of the picture's height hold no person who could be recognised.
_SIDE, _ABOVE, _LEAST_HEIGHT = 0.35, 0.25, 0.04


class MotionRegions:
    """Boxes round what is not the empty place, learned from a whole recording."""

    def __init__(self, recording: Recording) -> None:
        """Learn the empty place.

        Raises:
            ValueError: If the recording has no pictures.

        """
        self._size_px = recording.size_px
        self._place = EmptyPlace(sampled_moments(recording))

    def boxes(self, frame: Frame) -> NDArray[np.int64]:
        """(n, 4) left, top, right, bottom of parts that do not touch, whole pixels of the picture.

        None where the place is not recognised.

        Raises:
            ValueError: If the frame has no picture.

        """
        small = working_size(self._size_px)
        picture = at_working_size(picture_of(frame), small)
        known = self._place.expected(frame.t_s, picture)
        if known is None:
            return np.empty((0, 4), np.int64)
        covered = _widened(foreground(known[0], picture, known[1]) == CHANGED)
        _, _, stats, _ = cv2.connectedComponentsWithStats(covered, connectivity=8)
        x, y, w, h = stats[1:, :4].T.astype(np.float64)
        scale = np.array([self._size_px[0] / small[0], self._size_px[1] / small[1]] * 2)
        boxes = np.column_stack([x, y, x + w, y + h]) * scale
        return np.asarray(np.rint(boxes), dtype=np.int64)


def picture_of(frame: Frame) -> Picture:
    """The picture of a frame.

    Raises:
        ValueError: If it has none.

    """
    if frame.image_bgr is None:
        raise ValueError("this detector needs pictures, this recording has none; use --detector replay")
    return frame.image_bgr


def _widened(moving: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(h, w) uint8, 1 in the widened boxes of the patches; boxes that touch become one until none does."""
    height, width = moving.shape
    covered = moving.astype(np.uint8)
    widened = np.zeros_like(covered)
    _, _, stats, _ = cv2.connectedComponentsWithStats(covered, connectivity=8)
    for x, y, w, h in stats[1:, :4].tolist():
        if h >= _LEAST_HEIGHT * height:
            side, above = round(_SIDE * h), round(_ABOVE * h)
            widened[
                max(y - above, 0) : min(y + h + above, height), max(x - side, 0) : min(x + w + side, width)
            ] = 1
    while True:
        count, _, stats, _ = cv2.connectedComponentsWithStats(widened, connectivity=8)
        filled = np.zeros_like(widened)
        for x, y, w, h in stats[1:, :4].tolist():
            filled[y : y + h, x : x + w] = 1
        if np.array_equal(filled, widened) or count < 2:
            return filled
        widened = filled


def crop(picture: Picture, box: NDArray[np.int64], least_height_px: int) -> tuple[Picture, float]:
    """A part of a picture, enlarged to a height where it is lower, and by how much (at most fourfold)."""
    x0, y0, x1, y1 = box.tolist()
    part = picture[y0:y1, x0:x1]
    scale = float(np.clip(least_height_px / max(y1 - y0, 1), 1.0, 4.0))
    if scale == 1.0:
        return part, 1.0
    return np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)), scale

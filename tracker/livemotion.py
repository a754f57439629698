"""The motion detector for a stream whose future is not known: a background that learns, but not under people.

The background is OpenCV's mixture of Gaussians (Zivkovic, "Improved adaptive Gaussian mixture model for
background subtraction", 2004). By itself it takes in whoever stands still for some seconds. Here it never
sees the pixels of people: under them it is shown its own background. What looks like a person and keeps
perfectly still, down to its rim, for a minute is no person and is let in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.scene import Scene
from tracker.background import (
    Picture,
    at_working_size,
    colour_planes,
    in_light_of,
    same_colour,
    working_size,
)
from tracker.boxes import people
from tracker.candidates import calibrated_candidates, learned_candidates
from tracker.foreground import CHANGED, SHADED, patches
from tracker.frames import Frame
from tracker.motion import HABITS, boxes_of_patches, score_of
from tracker.silhouettes import explain

# The background follows the place with this time constant, and a good deal faster in the first seconds.
_FOLLOW_S, _FIRST_S = 30.0, 4.0
# What keeps still for so long, in so much of its pixels, is let in.
_STILL_S, _STILL_SHARE = 60.0, 0.9
_VARIANCES = 25.0
_SHADOW, _FOREGROUND = 127, 255
# Patches of change from which the size of people is learned where there is no calibration: at these numbers.
_RELEARN_AT = (30, 100, 300, 1000)


class LiveMotionDetector:
    """A `Detector` for one pass over the pictures of one still camera, in order of time.

    Unlike other detectors it remembers: an answer depends on the pictures before, and pictures must come in
    order of time.

    Attributes:
        description: One line for reports and maps.
        every_frame: False.
        habits: `motion.HABITS`.
        remarks: None.

    """

    every_frame = False
    habits = HABITS
    remarks: tuple[str, ...] = ()

    def __init__(self, size_px: tuple[int, int], calibration: Calibration | None, scene: Scene) -> None:
        """Begin with nothing learned.

        Args:
            size_px: (width, height) of the pictures.
            calibration: For the size of people at each place; without it the stream tells.
            scene: Furniture that hides people's legs.

        """
        self.description = "motion, one pass (no weights)"
        self._size_px = size_px
        self._size = working_size(size_px)
        self._model = cv2.createBackgroundSubtractorMOG2(detectShadows=True, varThreshold=_VARIANCES)
        fixed = None if calibration is None else calibrated_candidates(self._size, calibration, scene)
        self._blobs: NDArray[np.float64] | None = None if fixed else np.empty((0, 4))
        self._candidates = fixed or learned_candidates(self._size, np.empty((0, 4)))
        self._first_s: float | None = None
        self._before_s = -math.inf
        self._steady: list[NDArray[np.uint8]] = []
        self._steady_since_s = np.zeros(self._size[::-1])

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame and learn from it.

        Raises:
            ValueError: If a frame has no picture or is not later than the one before.

        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        if frame.image_bgr is None:
            raise ValueError("the motion detector needs pictures, this recording has none")
        if frame.t_s <= self._before_s:
            raise ValueError(
                f"expected a picture later than {self._before_s:.3f} s, got one of {frame.t_s:.3f} s: "
                "this detector learns as it goes"
            )
        picture = at_working_size(frame.image_bgr, self._size)
        if self._first_s is None:
            self._first_s = frame.t_s
            self._model.apply(picture, learningRate=1.0)
            self._remember(picture, frame.t_s)
            self._before_s = frame.t_s
            return people(np.empty((0, 4)), np.empty(0), self._size_px)
        background = self._model.getBackgroundImage()
        picture = in_light_of(background, picture)
        mask = _mask(self._model.apply(picture, learningRate=0.0))
        boxes, own = explain(mask, self._candidates)
        self._remember(picture, frame.t_s)
        still = np.array([self._keeps_still(mask, box, frame.t_s) for box in boxes], dtype=np.bool_)
        self._learn(picture, background, boxes, still, frame.t_s)
        self._learn_sizes(mask)
        self._before_s = frame.t_s
        scale = np.array([self._size_px[0] / self._size[0], self._size_px[1] / self._size[1]] * 2)
        return people((boxes[~still] + 0.5) * scale - 0.5, score_of(own[~still]), self._size_px)

    def _learn(
        self,
        picture: Picture,
        background: Picture,
        boxes: NDArray[np.float64],
        still: NDArray[np.bool_],
        t_s: float,
    ) -> None:
        """Show the model the place: its own background under people, the picture elsewhere."""
        shown = picture.copy()
        for box in boxes[~still]:
            there = self._around(box)
            shown[there] = background[there]
        constant_s = min(_FOLLOW_S, max(_FIRST_S, t_s - (self._first_s or 0.0)))
        self._model.apply(shown, learningRate=1 - math.exp(-(t_s - self._before_s) / constant_s))
        for box in boxes[still]:
            # Many small steps would let it in over a minute or two; it has waited long enough.
            there = self._around(box)
            taken = background.copy()
            taken[there] = picture[there]
            for _ in range(4):
                self._model.apply(taken, learningRate=0.3)

    def _around(self, box: NDArray[np.float64]) -> tuple[slice, slice]:
        """Rows and columns of a box and a little more: shadows and waving arms belong to people."""
        more = 0.08 * (box[3] - box[1])
        x0, y0 = np.maximum(np.floor(box[:2] - more), 0).astype(int)
        x1, y1 = np.ceil(box[2:] + more).astype(int) + 1
        return slice(y0, y1), slice(x0, x1)

    def _remember(self, picture: Picture, t_s: float) -> None:
        """Note since when each pixel shows its colour."""
        planes = list(colour_planes(picture))
        if not self._steady:
            self._steady = planes
            self._steady_since_s[:] = t_s
            return
        moved = same_colour(self._steady, planes) == 0
        self._steady_since_s[moved] = t_s
        for kept, new in zip(self._steady, planes, strict=True):
            kept[moved] = new[moved]

    def _keeps_still(self, mask: NDArray[np.uint8], box: NDArray[np.float64], t_s: float) -> bool:
        there = self._around(box)
        # With the rim: in the middle of a plain jacket nothing moves.
        inside = cv2.dilate((mask[there] == CHANGED).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        if not inside.any():
            return False
        return float(np.mean(t_s - self._steady_since_s[there][inside] >= _STILL_S)) >= _STILL_SHARE

    def _learn_sizes(self, mask: NDArray[np.uint8]) -> None:
        if self._blobs is None or len(self._blobs) >= _RELEARN_AT[-1]:
            return
        before = len(self._blobs)
        self._blobs = np.concatenate([self._blobs, boxes_of_patches([mask])])
        if any(before < at <= len(self._blobs) for at in _RELEARN_AT):
            self._candidates = learned_candidates(self._size, self._blobs)


def _mask(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """CHANGED and SHADED from the model's foreground and shadow."""
    changed = patches(cv2.compare(found, float(_FOREGROUND), cv2.CMP_EQ))
    shaded = cv2.min(cv2.compare(found, float(_SHADOW), cv2.CMP_EQ), float(SHADED))
    return np.asarray(cv2.max(changed, shaded), dtype=np.uint8)

"""The detector that needs no weights: what differs from the empty place, cut into people."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.scene import Scene
from tracker.background import Background, at_working_size, learn_background, sampled_pictures, working_size
from tracker.boxes import people
from tracker.foreground import CHANGED, foreground
from tracker.frames import Frame, Recording
from tracker.silhouettes import Candidates, calibrated_candidates, explain, learned_candidates

# Fill of a person's box by the person: a clear one fills about half of it.
_FILL_DOUBTFUL, _FILL_CLEAR = 0.2, 0.5


class MotionDetector:
    """A `Detector` for recordings of one still camera.

    The empty place is learned from the whole recording before anybody is looked for, so that somebody who
    stands still for minutes does not become part of it.

    Attributes:
        description: One line for reports and maps.
        every_frame: False.

    """

    every_frame = False

    def __init__(
        self, size_px: tuple[int, int], background: Background | None, candidates: Candidates
    ) -> None:
        """Use a background and candidates that have been learned; see `for_recording`."""
        self.description = "motion (no weights)"
        self._size_px = size_px
        self._background = background
        self._candidates = candidates

    @classmethod
    def for_recording(
        cls, recording: Recording, calibration: Calibration | None, scene: Scene
    ) -> MotionDetector:
        """Learn the empty place and the size of people from a recording.

        Args:
            recording: The footage; it is read once from beginning to end.
            calibration: For the size of people at each place; without it the recording tells.
            scene: Furniture that hides people's legs.

        Raises:
            ValueError: If the recording has no pictures.

        """
        pictures = sampled_pictures(recording)
        background = learn_background(pictures)
        size = working_size(recording.size_px)
        candidates = None if calibration is None else calibrated_candidates(size, calibration, scene)
        if candidates is None:
            masks = [] if background is None else [foreground(background, picture) for picture in pictures]
            candidates = learned_candidates(size, _blobs(masks))
        return cls(recording.size_px, background, candidates)

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame.

        Raises:
            ValueError: If a frame has no picture.

        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        if frame.image_bgr is None:
            raise ValueError(
                "the motion detector needs pictures, this recording has none; use --detector replay"
            )
        if self._background is None:
            return people(np.empty((0, 4)), np.empty(0), self._size_px)
        size = working_size(self._size_px)
        mask = foreground(self._background, at_working_size(frame.image_bgr, size))
        boxes, fill = explain(mask, self._candidates)
        scale = np.array([self._size_px[0] / size[0], self._size_px[1] / size[1]] * 2)
        score = np.clip((fill - _FILL_DOUBTFUL) / (_FILL_CLEAR - _FILL_DOUBTFUL), 0.05, 1.0) * 0.95
        return people((boxes + 0.5) * scale - 0.5, score, self._size_px)


def _blobs(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """(n, 4) boxes of the patches in some masks."""
    found = []
    for mask in masks:
        _, _, stats, _ = cv2.connectedComponentsWithStats((mask == CHANGED).astype(np.uint8), connectivity=8)
        x, y, w, h = stats[1:, :4].T.astype(np.float64)
        found.append(np.column_stack([x, y, x + w, y + h]))
    return np.concatenate([np.empty((0, 4)), *found])

"""OpenCV's classical people detectors: slow and weak, for who wants the results of older tools.

HOG: Dalal and Triggs, "Histograms of oriented gradients for human detection", 2005, with the weights that
OpenCV brings. Haar: Viola and Jones, "Rapid object detection using a boosted cascade of simple features",
2001, with OpenCV's cascade for whole bodies (Kruppa, Castrillon-Santana and Schiele, 2003). OpenCV 5 has
neither.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from tracker.background import Picture
from tracker.boxes import people
from tracker.frames import Frame, Recording
from tracker.habits import Habits
from tracker.motionregions import MotionRegions, crop, picture_of

_SAME_IOU = 0.4


def why_missing(kind: str) -> str | None:
    """Why OpenCV has no such detector ("hog" or "haar") here, and what to do; None if it has."""
    name = {"hog": "HOGDescriptor", "haar": "CascadeClassifier"}[kind]
    if not hasattr(cv2, name):
        return (
            f"the installed OpenCV {cv2.__version__} has no {name}, version 4 has; install opencv-python<5 "
            "or use --detector yolo or motion"
        )
    if kind == "haar" and _cascade_file() is None:
        return "the installed OpenCV came without its cascades; use --detector hog, yolo or motion"
    return None


class ClassicalDetector(ABC):
    """What both have in common: they look only where something moves.

    Attributes:
        description: One line for reports and maps.
        every_frame: False.
        habits: Not known.
        remarks: That it is weak.

    """

    description: str
    every_frame = False
    habits = Habits()
    least_height_px: int
    """Height up to which parts are enlarged: nobody smaller than the detector's window is found."""

    def __init__(self, regions: MotionRegions, size_px: tuple[int, int]) -> None:
        """Look only in these parts of pictures of a size."""
        self._regions, self._size_px = regions, size_px
        self.remarks: tuple[str, ...] = (
            f"people were found by {self.description}, which misses many: take its numbers as a look back at "
            "older tools",
        )

    @classmethod
    def for_recording(cls, recording: Recording) -> ClassicalDetector:
        """Learn where something moves; the recording is read once from beginning to end."""
        return cls(MotionRegions(recording), recording.size_px)

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame.

        Raises:
            ValueError: If a frame has no picture.

        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        boxes, scores = [np.empty((0, 4))], [np.empty(0)]
        for box in self._regions.boxes(frame):
            part, scale = crop(picture_of(frame), box, self.least_height_px)
            found, score = self._find(part)
            boxes.append(found / scale + np.tile(box[:2], 2))
            scores.append(score)
        xyxy, score = np.concatenate(boxes), np.concatenate(scores)
        # In an order of their own: OpenCV's threads hand them over as they finish.
        order = np.lexsort((*xyxy.T, -score))
        xyxy, score = xyxy[order], score[order]
        kept = cv2.dnn.NMSBoxes(
            np.column_stack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]]).tolist(), score.tolist(), 0.0, _SAME_IOU
        )
        rows = np.asarray(kept, dtype=np.int64).ravel()
        return people(xyxy[rows], score[rows], self._size_px)

    @abstractmethod
    def _find(self, part: Picture) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, 4) boxes of people in a part of a picture, in its pixels, and their scores in 0..1."""


class HogDetector(ClassicalDetector):
    """Histograms of oriented gradients and a linear support vector machine."""

    description = "HOG (OpenCV, classical)"
    least_height_px = 240
    # The window has a margin round the person, as in training: 16 of 64 and of 128 pixels on each side.
    _MARGIN_X, _MARGIN_Y = 0.2, 0.08

    def __init__(self, regions: MotionRegions, size_px: tuple[int, int]) -> None:
        """See `ClassicalDetector`."""
        super().__init__(regions, size_px)
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

    def _find(self, part: Picture) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        height, width = part.shape[:2]
        if height < 128 or width < 64:
            part = np.asarray(
                cv2.copyMakeBorder(part, 0, max(0, 128 - height), 0, max(0, 64 - width), cv2.BORDER_REPLICATE)
            )
        found, weights = self._hog.detectMultiScale(
            part, hitThreshold=0.0, winStride=(8, 8), padding=(8, 8), scale=1.06
        )
        if not len(found):
            return np.empty((0, 4)), np.empty(0)
        x, y, w, h = np.asarray(found, dtype=np.float64).T
        dx, dy = self._MARGIN_X * w, self._MARGIN_Y * h
        boxes = np.column_stack([x + dx, y + dy, x + w - dx, y + h - dy])
        return boxes, _logistic(np.asarray(weights, dtype=np.float64).ravel(), 0.1, 0.8)


class HaarDetector(ClassicalDetector):
    """A boosted cascade of Haar-like features for whole bodies."""

    description = "Haar cascade (OpenCV, classical)"
    least_height_px = 160
    _STEP, _NEIGHBOURS = 1.05, 3
    # On PETS nine of ten boxes are right, with this margin cut off; with it, one of three.
    _MARGIN_X, _MARGIN_Y = 0.15, 0.05
    _SCORE = 0.9

    def __init__(self, regions: MotionRegions, size_px: tuple[int, int]) -> None:
        """See `ClassicalDetector`."""
        super().__init__(regions, size_px)
        file = _cascade_file()
        self._cascade = cv2.CascadeClassifier("" if file is None else str(file))

    def _find(self, part: Picture) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        grey = cv2.equalizeHist(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY))
        found = self._cascade.detectMultiScale(grey, scaleFactor=self._STEP, minNeighbors=self._NEIGHBOURS)
        if not len(found):
            return np.empty((0, 4)), np.empty(0)
        x, y, w, h = np.asarray(found, dtype=np.float64).T
        dx, dy = self._MARGIN_X * w, self._MARGIN_Y * h
        boxes = np.column_stack([x + dx, y + dy, x + w - dx, y + h - dy])
        # Its own weights say nothing: on PETS the surest boxes are wrong most often.
        return boxes, np.full(len(boxes), self._SCORE)


def _logistic(weight: NDArray[np.float64], middle: float, width: float) -> NDArray[np.float64]:
    """Weights without a scale as scores in 0..1."""
    return np.asarray(1 / (1 + np.exp(-(weight - middle) / width)), dtype=np.float64)


def _cascade_file() -> Path | None:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    file = None if folder is None else Path(folder) / "haarcascade_fullbody.xml"
    return file if file is not None and file.is_file() else None

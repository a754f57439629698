"""The edge at which a detector is plugged in."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from itertools import islice
from typing import Protocol, runtime_checkable

import supervision as sv

from tracker.frames import Frame
from tracker.habits import Habits


@runtime_checkable
class Detector(Protocol):
    """Finds people in pictures.

    The result of `detect` has one `supervision.Detections` per frame, in the order of the frames, with
    float32 `xyxy` inside the picture, `confidence` in 0..1 and `class_id` 0 throughout, best score first.
    The same frames give the same result; a batch gives what its frames give one by one.

    Attributes:
        description: One line for reports and maps, such as "YOLO11n (OpenVINO, 640x640)".
        every_frame: True if the detector has an answer for every picture and must not be sampled (replay).
        habits: How it draws boxes, and how much they say.
        remarks: What the reader of a map has to know of this recording, found while the detector was made.

    """

    description: str
    every_frame: bool
    habits: Habits
    remarks: tuple[str, ...]

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame."""
        ...


@runtime_checkable
class StreamDetector(Detector, Protocol):
    """A `Detector` that works on several pictures at a time, and takes the next ones when it likes."""

    def detected(self, frames: Iterable[Frame]) -> Generator[tuple[Frame, sv.Detections]]:
        """Yield each frame, in their order, with what `detect` finds in it; a few are taken ahead."""
        ...


# Pictures handed at once to a detector that takes them so: few enough for memory.
_BATCH = 8


def detections(detector: Detector, frames: Iterable[Frame]) -> Generator[tuple[Frame, sv.Detections]]:
    """Yield each frame with the people in it, in the way that suits the detector."""
    if isinstance(detector, StreamDetector):
        yield from detector.detected(frames)
        return
    waiting = iter(frames)
    while some := list(islice(waiting, _BATCH)):
        yield from zip(some, detector.detect(some), strict=True)

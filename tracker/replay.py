"""Detections made earlier or elsewhere, played back picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import supervision as sv

from tracker.boxes import people
from tracker.detections import DetectionLog
from tracker.frames import Frame
from tracker.habits import Habits
from tracker.mot import read_detections

# Our own log holds the very times of the pictures; a tenth of a millisecond is no picture rate.
_SAME_TIME_S = 1e-4


class ReplayDetector:
    """A `Detector` that reads its answers from a file.

    MOTChallenge text is matched by picture: frame n belongs to the picture with index n - 1, and a picture
    that the file does not mention is one in which nobody was found. Our `detections.parquet` is matched by
    time, and knows only the pictures that were sampled when it was made (see `covers`).

    Attributes:
        description: One line for reports and maps.
        every_frame: True: each picture has its answer, none may be skipped.
        habits: Those of the detector that the detections come from; nothing is known for MOTChallenge text.
        remarks: None.

    """

    every_frame = True
    remarks: tuple[str, ...] = ()

    def __init__(self, path: Path, size_px: tuple[int, int]) -> None:
        """Read the file.

        Args:
            path: MOTChallenge text (`.txt`, `.csv`) or our detections (`.parquet`).
            size_px: (width, height) of the recording's picture; boxes are clipped to it.

        Raises:
            ValueError: If the file is neither.

        """
        self.description = f"replay of {path.name}"
        self._path = path
        self._size_px = size_px
        self._log: DetectionLog | None = None
        self.habits = Habits()
        if path.suffix == ".parquet":
            self._log = DetectionLog.from_parquet(path)
            self.habits = self._log.habits
        elif path.suffix in {".txt", ".csv"}:
            self._mot = read_detections(path)
        else:
            raise ValueError(
                f"{path}: expected detections as MOTChallenge text (.txt, .csv) or detections.parquet, "
                f"got a file ending in {path.suffix!r}"
            )

    def covers(self, frame: Frame) -> bool:
        """Whether the file has an answer for this picture, be it an empty one."""
        return self._log is None or self._nearest(self._log, frame) is not None

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """The boxes of each frame.

        Raises:
            ValueError: If a Parquet file has no picture at the time of a frame.

        """
        return [self._of(frame) for frame in frames]

    def _of(self, frame: Frame) -> sv.Detections:
        if self._log is None:
            number = frame.index + 1
            rows = slice(*np.searchsorted(self._mot.frame, [number, number + 1]))
            return people(self._mot.xyxy_px[rows], self._mot.score[rows], self._size_px)
        picture = self._nearest(self._log, frame)
        if picture is None:
            times = self._log.t_s
            span = f"{len(times)} pictures from {times[0]:.3f} to {times[-1]:.3f} s" if len(times) else "none"
            raise ValueError(
                f"{self._path}: expected a picture at {frame.t_s:.4f} s, the file has {span}; replay it "
                "with the recording, sampling rate and clock rate that it was made with"
            )
        rows = slice(int(self._log.offsets[picture]), int(self._log.offsets[picture + 1]))
        return people(self._log.xyxy_px[rows], self._log.score[rows], self._size_px)

    @staticmethod
    def _nearest(log: DetectionLog, frame: Frame) -> int | None:
        after = int(np.searchsorted(log.t_s, frame.t_s))
        near = [i for i in (after - 1, after) if 0 <= i < len(log.t_s)]
        best = min(near, key=lambda i: abs(log.t_s[i] - frame.t_s), default=None)
        return best if best is not None and abs(log.t_s[best] - frame.t_s) <= _SAME_TIME_S else None

"""What all parts of a folder of activity are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.activity import Regions
from analytics.grid import Grid
from dwellmap.activity.counting import Counted, Floor
from dwellmap.activity.options import ActivityOptions
from dwellmap.film import FilmClock
from dwellmap.increments import Increments
from dwellmap.site_file import Settings
from dwellmap.view import CameraView
from tracker.changes import Changes
from tracker.frames import Recording


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One recording, measured.

    Attributes:
        recording: The footage.
        view: The camera's view of the floor.
        settings: Cells of the floor map.
        options: How activity is measured and drawn.
        changes: The empty place.
        counts: (h, w) bool at the working size, what counts.
        regions: Of the table.
        floor: Where pixels lie on the plan; None without calibration.
        clock: Of the films.
        counted: The sums.
        steps: The sums, step by step.
        warnings: What the reader has to know.

    """

    recording: Recording
    view: CameraView
    settings: Settings
    options: ActivityOptions
    changes: Changes
    counts: NDArray[np.bool_]
    regions: Regions
    floor: Floor | None
    clock: FilmClock
    counted: Counted
    steps: Increments
    warnings: tuple[str, ...]

    @property
    def grid(self) -> Grid:
        """The pixels of the working size, in pixels of the recording."""
        width, height = self.changes.size_px
        return Grid((-0.5, -0.5), self.recording.size_px[0] / width, width, height, "px")

    @property
    def end_s(self) -> float:
        """Where the footage ends."""
        return float(self.counted.footage.observed_s[-1, 1])

    @property
    def moving_s(self) -> NDArray[np.float64]:
        """(h, w) seconds of motion."""
        return self.counted.moving.dwell_s.reshape(self.counts.shape)

    @property
    def difference(self) -> NDArray[np.float64]:
        """(h, w) mean absolute difference in grey levels."""
        total = self.counted.difference.dwell_s.reshape(self.counts.shape)
        return total / max(self.counted.footage.observed_time_s, 1e-9)

    @property
    def where(self) -> str:
        """Camera, recording and start, in one line for titles."""
        start = self.recording.start
        told = "" if start is None else f"  ·  from {start:%Y-%m-%d %H:%M:%S}"
        roi = "" if self.counts.all() else "  ·  only the bright part counts"
        return f"{self.view.camera}  ·  {self.recording.name}{told}{roi}"

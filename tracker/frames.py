"""What a recording hands to a detector: frames with true times, and an account of what was decoded."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        t_s: Seconds since the start of the recording (container timestamp times clock rate).
        index: Number of the picture in the recording, counted from 0. A label only, never a clock.
        image_bgr: (height, width, 3) uint8 picture, upright; None where a recording has no pictures
            (a MOTChallenge folder that is replayed).

    """

    t_s: float
    index: int
    image_bgr: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What of a recording was really decoded: the base of observed time and of every gap.

    Attributes:
        observed_s: (n, 2) float64, disjoint ascending intervals [begin, end) in seconds since the
            recording's start in which footage was decoded. Each ends one frame duration after its last frame.
        frames: Pictures decoded, sampled or not.
        damaged: Pictures or packets that could not be decoded and were skipped.
        warnings: What went wrong, in plain words, for the report.

    """

    observed_s: NDArray[np.float64]
    frames: int
    damaged: int = 0
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the shape and the order of the intervals and make them read-only."""
        spans = np.array(self.observed_s, dtype=np.float64).reshape(-1, 2)
        if np.any(spans[:, 1] < spans[:, 0]) or np.any(spans[1:, 0] < spans[:-1, 1]):
            raise ValueError("observed_s must hold disjoint ascending intervals [begin, end)")
        spans.setflags(write=False)
        object.__setattr__(self, "observed_s", spans)

    @property
    def observed_time_s(self) -> float:
        """Seconds of footage really decoded."""
        return float(np.sum(self.observed_s[:, 1] - self.observed_s[:, 0]))

    @property
    def gaps_s(self) -> NDArray[np.float64]:
        """(n, 2) float64: the stretches between the observed intervals."""
        return np.column_stack([self.observed_s[:-1, 1], self.observed_s[1:, 0]])


class FrameStream(Protocol):
    """Frames in order of time; `footage` is complete once the stream is exhausted."""

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, each later than the one before."""
        ...

    @property
    def footage(self) -> Footage:
        """What was decoded so far."""
        ...


@runtime_checkable
class Recording(Protocol):
    """A video file, a folder of pictures or a MOTChallenge folder, opened once, read as often as needed."""

    @property
    def name(self) -> str:
        """File or folder name without its ending."""
        ...

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the upright picture."""
        ...

    @property
    def duration_s(self) -> float | None:
        """Length that the container states, in seconds of life (after clock rate); None if unknown.

        For progress; what was really decoded is in `Footage`. mpg and ts state none: an estimate.
        """
        ...

    @property
    def clock_rate(self) -> float:
        """Seconds of life per second of the recording's own clock."""
        ...

    @property
    def start(self) -> datetime | None:
        """Wall-clock start, timezone-aware; None if nobody knows."""
        ...

    @property
    def start_source(self) -> str:
        """Where `start` came from: "option", "file name", "container" or "unknown"."""
        ...

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the content: equal for renamed copies. Reads all of it when first asked for."""
        ...

    def read(self, sample_fps: float | None, wanted: Set[int] | None = None) -> FrameStream:
        """Decode from the beginning.

        Args:
            sample_fps: Pictures a second to pick, by timestamp; None for every picture.
            wanted: Numbers (`Frame.index`) of the pictures to yield, of those that the sampling picks; None
                for all of them. The others cost no more than decoding them, and their damage may stay unseen.

        """
        ...

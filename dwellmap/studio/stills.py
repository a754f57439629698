"""A camera's picture to click in, without people, out of a recording.

A run's own picture of the scene is softened, so that nobody is recognised in it, and too soft to click in.
This one is sharp and stays in memory; what is kept beside the calibration is softened, too: to notice that a
camera has moved, it serves as well (a shift is found to 0.2 px in it, on PETS).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.scene import Scene
from dwellmap.detector_choice import choose_detector
from dwellmap.pipeline import Timing, detect
from dwellmap.progress import Silent
from dwellmap.site import load_site
from tracker.frames import Footage, Frame, FrameStream, Recording
from tracker.scenepicture import sharp_picture
from tracker.sources import open_recording

_LONGEST_S = 600.0
_SAMPLE_FPS = 1.0
_PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first minutes of a recording: enough to see the place without its people."""

    whole: Recording
    longest_s: float = _LONGEST_S

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.whole.name

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        return self.whole.size_px

    @property
    def duration_s(self) -> float | None:
        """Length of the beginning."""
        length_s = self.whole.duration_s
        return self.longest_s if length_s is None else min(length_s, self.longest_s)

    @property
    def clock_rate(self) -> float:
        """Seconds of life per second of the recording's clock."""
        return self.whole.clock_rate

    @property
    def start(self) -> datetime | None:
        """Wall-clock start."""
        return self.whole.start

    @property
    def start_source(self) -> str:
        """Where `start` came from."""
        return self.whole.start_source

    @property
    def content_hash(self) -> str:
        """Hash of the whole recording."""
        return self.whole.content_hash

    def read(self, sample_fps: float | None, wanted: Set[int] | None = None) -> FrameStream:
        """Decode from the beginning, and no further than needed."""
        return _FirstFrames(self.whole.read(sample_fps, wanted), self.longest_s)


@dataclass(frozen=True, slots=True)
class _FirstFrames:
    """The frames up to a time."""

    stream: FrameStream
    longest_s: float

    def __iter__(self) -> Iterator[Frame]:
        for frame in self.stream:
            if frame.t_s > self.longest_s:
                return
            yield frame

    @property
    def footage(self) -> Footage:
        return self.stream.footage


def still_from(recording: Path, site: Path) -> NDArray[np.uint8]:
    """The place in a recording (height, width, 3) RGB, without its people; grey where it was never free.

    It is decoded in a process of its own: a file that kills the decoder does not take the studio down.

    Args:
        recording: Path of the recording.
        site: Site file, for weights and settings.

    Raises:
        ValueError: If it cannot be read, has no pictures, or takes too long.

    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        task = pool.submit(_people_free, recording, site)
        try:
            return task.result(timeout=_PATIENCE_S)
        except BrokenProcessPool as error:
            raise ValueError(
                f"{recording.name}: its decoder died of it, so the file is damaged; choose another recording"
            ) from error
        except TimeoutError as error:
            for process in list(pool._processes.values()):
                process.kill()
            raise ValueError(
                f"{recording.name}: no picture after {_PATIENCE_S / 60:.0f} minutes; choose a shorter one"
            ) from error


def _people_free(path: Path, site: Path) -> NDArray[np.uint8]:
    place = load_site(site)
    recording = Beginning(open_recording(path))
    choice = choose_detector("auto", place.weights, None, path, place.settings)
    detector = choice.load(recording, None, Scene())
    seen = detect(recording, detector, _SAMPLE_FPS, Silent(), Timing())
    if not seen.moments:
        raise ValueError(
            f"{recording.name}: expected a recording with pictures of some seconds, got one without"
        )
    return np.asarray(cv2.cvtColor(sharp_picture(seen.moments), cv2.COLOR_BGR2RGB), dtype=np.uint8)

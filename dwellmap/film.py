"""Films that browsers play: which moments they show, and writing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dwellmap.h264 import write_h264
from dwellmap.progress import Reporter
from tracker.frames import Recording

FPS = 10
"""Pictures a second of a film."""
PEOPLE = "-people"
"""At the end of the name of a film that shows people."""
_LENGTH_S = 20.0
_MOST_PICTURES = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class FilmClock:
    """Which moment of a recording each picture of a film shows.

    Attributes:
        speed: Seconds of the recording in a second of the film.
        t_s: (n,) times, the last one the recording's end.

    """

    speed: float
    t_s: NDArray[np.float64]

    @classmethod
    def over(cls, begin_s: float, end_s: float, speed: float | None) -> FilmClock:
        """The pictures of a film over a stretch of a recording.

        Args:
            begin_s: From when.
            end_s: Until when.
            speed: Seconds of the recording in a second of film; None for 20 s, never slower than life.

        Raises:
            ValueError: If the film would be endless.

        """
        length_s = max(end_s - begin_s, 0.0)
        fast = max(1.0, length_s / _LENGTH_S) if speed is None else speed
        pictures = max(1, int(np.ceil(length_s * FPS / fast - 1e-9)))
        if pictures > _MOST_PICTURES:
            raise ValueError(
                f"--speed {fast:g}: expected a film of at most {_MOST_PICTURES:,} pictures, "
                f"{length_s:.0f} s of footage make {pictures:,}; take at least "
                f"--speed {np.ceil(length_s * FPS / _MOST_PICTURES):g}"
            )
        step_s = fast / FPS
        t_s = begin_s + np.minimum(np.arange(1, pictures + 1) * step_s, length_s)
        return cls(fast, t_s)

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.t_s)


def write_film(path: Path, pictures_rgb: Iterable[NDArray[np.uint8]], count: int) -> None:
    """Write pictures as an H.264 mp4 that browsers play.

    Args:
        path: The .mp4 to write.
        pictures_rgb: (height, width, 3) uint8 RGB, all of one size with even sides.
        count: How many there are, at least one.

    """
    pictures = iter(pictures_rgb)
    first = next(pictures)
    size = first.shape[1], first.shape[0]

    def bgr() -> Iterator[NDArray[np.uint8]]:
        yield np.ascontiguousarray(first[..., ::-1])
        for picture in pictures:
            yield np.ascontiguousarray(picture[..., ::-1])

    write_h264(path, bgr(), np.arange(count) / FPS, size, for_browsers=True)


def clock_text(t_s: float) -> str:
    """A time since the beginning, for people: minutes and seconds, with hours where there are some."""
    minutes, seconds = divmod(int(t_s + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def until_text(end_s: float) -> str:
    """The line of time below a picture of everything up to a moment."""
    return f"0:00 to {clock_text(end_s)}"


def same_below(scene_rgb: NDArray[np.uint8], count: int) -> Iterator[NDArray[np.uint8]]:
    """The scene without people, below every picture."""
    for _ in range(count):
        yield scene_rgb


def frames_below(recording: Recording, step_s: float, count: int) -> Iterator[NDArray[np.uint8]]:
    """The recording's own pictures, people and all: the last one up to the end of each step."""
    last: NDArray[np.uint8] | None = None
    given = 0
    for frame in recording.read(1 / step_s):
        if frame.image_bgr is None:
            continue
        shown = np.asarray(frame.image_bgr[..., ::-1])
        if last is None:
            last = shown
        while given < count - 1 and frame.t_s >= (given + 1) * step_s:
            yield last
            given += 1
        last = shown
    while given < count and last is not None:
        yield last
        given += 1


def film(path: Path, pictures: Iterator[NDArray[np.uint8]], count: int, reporter: Reporter) -> None:
    """Write the pictures, telling how far it is."""
    with reporter.step(f"making {path.name}", float(count)) as bar:

        def told() -> Iterator[NDArray[np.uint8]]:
            for number, picture in enumerate(pictures, start=1):
                bar.to(float(number))
                yield picture

        write_film(path, told(), count)

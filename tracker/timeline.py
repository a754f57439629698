"""The times of a recording's pictures: faulty timestamps repaired, and an account of what was decoded."""

from __future__ import annotations

import statistics
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tracker.frames import Footage

MAX_FRAME_GAP_S = 2.0
"""Longest time (s) between two pictures during which the camera counts as watching.

The same 2 s as `max_bridge_s`, the longest gap that a track is carried across: within it people's time is
counted, so exposure must be too; beyond it nobody's time is counted, so neither is exposure.
"""

_ENOUGH_STEPS = 20  # fewer do not tell whether footage is regular
_SHORTEST_S = 1e-5  # below the tick of any usual container

Picture = TypeVar("Picture")


def observed_overlap_s(observed_s: NDArray[np.float64], begin_s: float, end_s: float) -> float:
    """For how long of the time between two moments footage was decoded, from its (m, 2) stretches."""
    return float(
        np.clip(np.minimum(observed_s[:, 1], end_s) - np.maximum(observed_s[:, 0], begin_s), 0, None).sum()
    )


class Timestamps:
    """Makes the times of pictures strictly increasing, and counts every time it had to invent.

    Looks one picture ahead, so that a single bad timestamp can be told from a clock that was set anew:

    - no timestamp, or one that steps back a little: the picture is put shortly after the one before;
    - one picture far ahead of both neighbours: put between them;
    - a step back of more than `MAX_FRAME_GAP_S` that the next picture confirms: the clock began again
      (joined files, a recorder's reset); time goes on from the picture before.

    Args:
        interval_s: Frame interval to assume before any was seen (s).

    """

    def __init__(self, interval_s: float) -> None:
        self.missing = 0
        self.misplaced = 0
        self.restarts = 0
        self._stated_interval_s = interval_s
        self._intervals_s: deque[float] = deque(maxlen=31)

    def repaired(self, pictures: Iterable[tuple[float | None, Picture]]) -> Iterator[tuple[float, Picture]]:
        """Yield (t_s, picture), strictly increasing, from (time as read or None, picture)."""
        offset_s = 0.0
        last_s: float | None = None
        last_as_read = True
        for (raw_s, picture), next_raw_s in _with_next(pictures):
            t_s = None if raw_s is None else raw_s + offset_s
            next_s = None if next_raw_s is None else next_raw_s + offset_s
            as_read = False
            if last_s is None:
                if t_s is None:
                    self.missing += 1
                as_read = t_s is not None
                t_s = 0.0 if t_s is None else t_s
            elif t_s is None:
                self.missing += 1
                t_s = self._between(last_s, next_s)
            elif t_s <= last_s:
                if t_s < last_s - MAX_FRAME_GAP_S and (next_s is None or next_s <= last_s):
                    self.restarts += 1
                    offset_s += last_s + self._interval_s() - t_s
                    t_s = last_s + self._interval_s()
                else:
                    self.misplaced += 1
                    t_s = self._between(last_s, next_s)
            elif t_s > last_s + MAX_FRAME_GAP_S and next_s is not None and last_s < next_s < t_s:
                self.misplaced += 1
                t_s = self._between(last_s, next_s)
            else:
                as_read = True
                if last_as_read:  # a distance from an invented time teaches nothing
                    self._intervals_s.append(t_s - last_s)
            last_s, last_as_read = t_s, as_read
            yield t_s, picture

    def warnings(self) -> tuple[str, ...]:
        """Say in plain words what was repaired."""
        said = []
        if self.missing:
            said.append(f"{self.missing} pictures had no timestamp; their times were filled in")
        if self.misplaced:
            said.append(f"{self.misplaced} pictures had a timestamp out of order; their times were repaired")
        if self.restarts:
            said.append(
                f"the footage's clock jumped back {self.restarts} times; time was carried on without a gap, "
                "so later wall-clock times may be wrong"
            )
        return tuple(said)

    def _interval_s(self) -> float:
        known_s = statistics.median(self._intervals_s) if self._intervals_s else self._stated_interval_s
        return max(known_s, _SHORTEST_S)

    def _between(self, last_s: float, next_s: float | None) -> float:
        # Half an interval at most: a run of equal timestamps (whole seconds, say) must not outrun the clock.
        step_s = self._interval_s()
        if next_s is None:
            return last_s + step_s
        room_s = next_s - last_s
        return last_s + (min(step_s, room_s / 2) if room_s > _SHORTEST_S else step_s / 2)


class FootageLog:
    """Collects what was decoded; see `Footage`.

    Args:
        interval_s: Length of a picture where only one was decoded (s).
        warnings: What is known to be wrong before decoding begins.

    """

    def __init__(self, interval_s: float, warnings: Iterable[str] = ()) -> None:
        self.damaged = 0
        self._interval_s = interval_s
        self._warnings = list(warnings)
        self._t_s = array("d")

    @property
    def end_s(self) -> float | None:
        """Time of the last picture (s), None before the first."""
        return self._t_s[-1] if self._t_s else None

    def add(self, t_s: float) -> None:
        """Note a decoded picture; times must increase."""
        self._t_s.append(t_s)

    def warn(self, text: str) -> None:
        """Note once what went wrong."""
        if text not in self._warnings:
            self._warnings.append(text)

    def footage(self) -> Footage:
        """Pictures at most `MAX_FRAME_GAP_S` apart form a span; its last lasts the median interval."""
        t_s = np.array(self._t_s)
        spans = np.zeros((0, 2))
        if len(t_s):
            steps = np.diff(t_s)
            holes = np.flatnonzero(steps > MAX_FRAME_GAP_S)
            ordinary = steps[steps <= MAX_FRAME_GAP_S]
            last_s = float(np.median(ordinary)) if len(ordinary) else min(self._interval_s, MAX_FRAME_GAP_S)
            begins = np.concatenate([t_s[:1], t_s[holes + 1]])
            ends = np.concatenate([t_s[holes], t_s[-1:]]) + last_s
            spans = np.column_stack([begins, ends])
        return Footage(
            observed_s=spans,
            frames=len(t_s),
            damaged=self.damaged,
            warnings=(*self._warnings, *_missing(t_s)),
        )


def _missing(t_s: NDArray[np.float64]) -> tuple[str, ...]:
    """Say how many pictures are missing between those of a regular recording, short of a gap.

    Some containers (mkv) jump over damage without a word, and some cameras drop pictures.
    """
    steps = np.diff(t_s)
    steps = np.where(steps <= MAX_FRAME_GAP_S, steps, np.nan)
    if np.count_nonzero(np.isfinite(steps)) < _ENOUGH_STEPS:
        return ()
    in_steps = steps / np.nanmedian(steps)
    wide = np.flatnonzero(in_steps > 1.5)
    regular = np.nanmean((in_steps > 0.5) & (in_steps <= 1.5)) > 0.95
    if not len(wide) or not regular:
        return ()
    count = int(np.sum(np.round(in_steps[wide]) - 1))
    return (f"about {count} pictures are missing at {len(wide)} places, the first at {t_s[wide[0]]:.1f} s",)


def _with_next(
    pictures: Iterable[tuple[float | None, Picture]],
) -> Iterator[tuple[tuple[float | None, Picture], float | None]]:
    """Pair each picture with the time of the next (None at the end, or where that has none)."""
    held: tuple[float | None, Picture] | None = None
    for picture in pictures:
        if held is not None:
            yield held, picture[0]
        held = picture
    if held is not None:
        yield held, None

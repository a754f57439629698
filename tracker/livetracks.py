"""Tracklets of a stream as it comes: the causal half of tracking, with the boxes of the last seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from tracker.bytetrack import ByteTrack
from tracker.settings import ByteTrackSettings
from tracker.tracklets import Tracklets


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    t_s: float
    track: NDArray[np.int64]
    xyxy_px: NDArray[np.float64]
    score: NDArray[np.float64]


class LiveTracks:
    """Follows people through a stream; numbers of tracks never come again.

    Attributes:
        xyxy_px: (n, 4) boxes of the last picture that belong to somebody who counts.

    """

    def __init__(self, settings: ByteTrackSettings) -> None:
        self._settings = settings
        self._tracker = ByteTrack(settings)
        self._before = 0
        self._newest = 0
        self._confirmed: set[int] = set()
        self._kept: deque[_Picture] = deque()
        self.xyxy_px: NDArray[np.float64] = np.empty((0, 4))

    @property
    def picture_t_s(self) -> NDArray[np.float64]:
        """(F,) times of the pictures that are kept."""
        return np.array([picture.t_s for picture in self._kept])

    def add(self, t_s: float, people: sv.Detections) -> NDArray[np.int64]:
        """Take in the next picture.

        Args:
            t_s: Its time (s), later than the one before.
            people: What was found in it.

        Returns:
            (n,) the track of each of these, 0 for those that belong to nobody yet.

        """
        found = self._tracker.update(t_s, people)
        track = np.where(found.track > 0, found.track + self._before, 0)
        self._newest = max(self._newest, int(track.max(initial=0)))
        self._confirmed.update(track[found.confirmed].tolist())
        score = np.ones(len(people)) if people.confidence is None else people.confidence
        boxes = np.asarray(people.xyxy, dtype=np.float64).reshape(-1, 4)
        counts = found.track > 0
        self._kept.append(_Picture(t_s, track[counts], boxes[counts], np.asarray(score, np.float64)[counts]))
        self.xyxy_px = boxes[found.confirmed]
        return np.where(found.confirmed, track, 0)

    def restart(self) -> None:
        """Nothing was seen for a while: nobody is kept alive through it."""
        self._tracker = ByteTrack(self._settings)
        self._before = self._newest
        self.xyxy_px = np.empty((0, 4))

    def tracklets(self) -> Tracklets:
        """The tracks that count, with the boxes that are kept, from their first on."""
        size = [len(picture.track) for picture in self._kept]
        track = np.concatenate([np.zeros(0, np.int64), *(picture.track for picture in self._kept)])
        t_s = np.repeat(self.picture_t_s, size)
        boxes = np.concatenate([np.empty((0, 4)), *(picture.xyxy_px for picture in self._kept)])
        score = np.concatenate([np.empty(0), *(picture.score for picture in self._kept)])
        kept = np.flatnonzero(np.isin(track, np.fromiter(self._confirmed, np.int64, len(self._confirmed))))
        kept = kept[np.argsort(track[kept], kind="stable")]
        return Tracklets(track[kept], t_s[kept], boxes[kept], score[kept], kept)

    def forget(self, before_s: float) -> None:
        """Let go of the pictures before a time, and of whoever is in none of the others."""
        while self._kept and self._kept[0].t_s < before_s:
            self._kept.popleft()
        seen = {number for picture in self._kept for number in picture.track.tolist()}
        self._confirmed &= seen

"""ByteTrack in real seconds (Zhang et al. 2022, "ByteTrack: Multi-Object Tracking by Associating Every
Detection Box", arXiv 2110.06864, Algorithm 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from tracker.association import assign, iou
from tracker.detections import DetectionLog
from tracker.kalman import BoxStates, begin, correct, predict
from tracker.settings import ByteTrackSettings
from tracker.tracklets import Tracklets

# Two times that are meant to be `lost_s` apart may differ from it by rounding; no clock is this fine.
_CLOCK_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """What became of the n detections of one picture, in their order.

    Attributes:
        track: (n,) int64 number of the track that each belongs to, from 1 in order of first appearance within
            the tracker; 0 for a detection that belongs to none.
        confirmed: (n,) bool, True where that track counts. Once it does, its earlier boxes count as well; a
            track that never does was a false alarm.

    """

    track: NDArray[np.int64]
    confirmed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Alive:
    """The tracks that can still be continued: number, time of the last box, boxes so far, belief."""

    number: NDArray[np.int64]
    last_t_s: NDArray[np.float64]
    hits: NDArray[np.int64]
    states: BoxStates

    def take(self, rows: NDArray[np.bool_]) -> _Alive:
        if rows.all():
            return self
        return _Alive(self.number[rows], self.last_t_s[rows], self.hits[rows], self.states.take(rows))


class ByteTrack:
    """One tracker for one recording; numbers are its own, and nothing is shared between instances."""

    def __init__(self, settings: ByteTrackSettings | None = None) -> None:
        self.settings = settings or ByteTrackSettings()
        nothing = np.empty((0, 4))
        self._alive = _Alive(
            np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), begin(nothing, self.settings)
        )
        self._t_s: float | None = None
        self._started = 0

    def update(self, t_s: float, detections: sv.Detections) -> Assignment:
        """Take in the detections of the next picture.

        Args:
            t_s: Time of the picture in seconds, later than the one before; steps may be of any length.
            detections: n boxes with scores (without scores, each counts as certain). A picture without any is
                to be given too: that nobody was found is an observation.

        Returns:
            The track of each detection, in the order of the detections.

        Raises:
            ValueError: If the time does not increase, or a time, box or score is not finite.

        """
        boxes, scores = self._checked(t_s, detections)
        settings = self.settings
        tracks = self._advance(t_s)
        track = np.full(len(boxes), -1, dtype=np.intp)
        high = np.flatnonzero(scores >= settings.high_score)
        low = np.flatnonzero((scores < settings.high_score) & (scores >= settings.low_score))

        self._first_association(tracks, boxes, high, track)
        self._second_association(tracks, boxes, low, track)

        tracks = self._continued(tracks, boxes, track, t_s)
        number = np.where(track >= 0, np.append(tracks.number, 0)[track], 0)
        confirmed = np.where(track >= 0, np.append(tracks.hits, 0)[track] >= settings.confirm_hits, False)

        # A track that does not count yet has to be seen in every picture.
        tracks = tracks.take((tracks.hits >= settings.confirm_hits) | (tracks.last_t_s == t_s))
        fresh = high[(track[high] < 0) & (scores[high] >= settings.start_score)]
        number[fresh] = self._started + 1 + np.arange(len(fresh))
        confirmed[fresh] = settings.confirm_hits == 1
        self._alive = self._with_new(tracks, boxes[fresh], number[fresh], t_s)
        self._started += len(fresh)
        self._t_s = t_s
        return Assignment(number.astype(np.int64), confirmed.astype(np.bool_))

    def _checked(
        self, t_s: float, detections: sv.Detections
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not math.isfinite(t_s) or (self._t_s is not None and t_s <= self._t_s):
            raise ValueError(
                f"expected a time later than the picture before ({self._t_s} s), got {t_s} s: "
                "give the pictures in order of time, each once"
            )
        boxes = np.asarray(detections.xyxy, dtype=np.float64).reshape(-1, 4)
        found = detections.confidence
        scores = np.ones(len(boxes)) if found is None else np.asarray(found, dtype=np.float64)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ValueError(f"expected finite boxes and scores at {t_s} s, got NaN or infinity")
        return boxes, scores

    def _advance(self, t_s: float) -> _Alive:
        """Forget the tracks that were lost for too long and predict the others to now."""
        tracks = self._alive
        if self._t_s is None:
            return tracks
        tracks = tracks.take(t_s - tracks.last_t_s <= self.settings.lost_s + _CLOCK_SLACK_S)
        steps = (t_s - self._t_s) / self.settings.motion_step_s
        return replace(tracks, states=predict(tracks.states, steps, self.settings))

    def _first_association(
        self, tracks: _Alive, boxes: NDArray[np.float64], high: NDArray[np.intp], track: NDArray[np.intp]
    ) -> None:
        """Algorithm 1, line 17: all tracks, lost ones too, with the detections of high score."""
        overlap = iou(tracks.states.xyxy_px, boxes[high])
        rows, columns = assign(overlap, self.settings.match_iou)
        track[high[columns]] = rows

    def _second_association(
        self, tracks: _Alive, boxes: NDArray[np.float64], low: NDArray[np.intp], track: NDArray[np.intp]
    ) -> None:
        """Algorithm 1, line 20: the tracks that remain with the detections of low score."""
        remaining = np.setdiff1d(np.arange(len(tracks.number)), track[track >= 0])
        overlap = iou(tracks.states.xyxy_px[remaining], boxes[low])
        rows, columns = assign(overlap, self.settings.second_match_iou)
        track[low[columns]] = remaining[rows]

    def _continued(
        self, tracks: _Alive, boxes: NDArray[np.float64], track: NDArray[np.intp], t_s: float
    ) -> _Alive:
        """Give the matched tracks their boxes."""
        matched = np.flatnonzero(track >= 0)
        rows = track[matched]
        last_t_s, hits = tracks.last_t_s.copy(), tracks.hits.copy()
        last_t_s[rows] = t_s
        hits[rows] += 1
        states = correct(tracks.states, rows, boxes[matched], self.settings)
        return _Alive(tracks.number, last_t_s, hits, states)

    def _with_new(
        self, tracks: _Alive, boxes: NDArray[np.float64], number: NDArray[np.int64], t_s: float
    ) -> _Alive:
        """Algorithm 1, line 27: start a track for each unmatched detection of high score."""
        if not len(boxes):
            return tracks
        return _Alive(
            np.append(tracks.number, number),
            np.append(tracks.last_t_s, np.full(len(boxes), t_s)),
            np.append(tracks.hits, np.ones(len(boxes), dtype=np.int64)),
            tracks.states.join(begin(boxes, self.settings)),
        )


def track(log: DetectionLog, settings: ByteTrackSettings | None = None) -> Tracklets:
    """Track a whole recording.

    Args:
        log: The detections of its pictures.
        settings: How to track; the defaults if None.

    Returns:
        The tracklets that were confirmed, from their very first box on, with the boxes as detected.

    """
    tracker = ByteTrack(settings)
    number = np.zeros(len(log.score), dtype=np.int64)
    confirmed = np.zeros(len(log.score), dtype=np.bool_)
    for picture, t_s in enumerate(log.t_s):
        rows = slice(int(log.offsets[picture]), int(log.offsets[picture + 1]))
        found = tracker.update(float(t_s), log.at(picture))
        number[rows], confirmed[rows] = found.track, found.confirmed
    kept = np.flatnonzero(np.isin(number, np.unique(number[confirmed])))
    # Rows are in order of time already; a stable sort by track keeps that.
    kept = kept[np.argsort(number[kept], kind="stable")]
    _, renumbered = np.unique(number[kept], return_inverse=True)
    return Tracklets(
        tracklet=renumbered.reshape(-1) + 1,
        t_s=log.row_t_s[kept],
        xyxy_px=log.xyxy_px[kept],
        score=log.score[kept],
        row=kept,
    )

"""ByteTrack in real seconds (Zhang et al. 2022, "ByteTrack: Multi-Object Tracking by Associating Every
Detection Box", arXiv 2110.06864, Algorithm 1), whose tracklets end where somebody else could be meant.
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
from tracker.rivals import contested
from tracker.settings import ByteTrackSettings
from tracker.tracklets import Tracklets

# Two times that are meant to be `lost_s` apart may differ from it by rounding; no clock is this fine.
_CLOCK_SLACK_S = 1e-6
_LONGEST_STEP_S = 2.0


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
class _Known:
    """The tracks that can still be meant by a box: number, times of first and last box, boxes so far, belief.

    `open` ones can be continued. Others are over, but whoever they show may still be there, as a rival;
    `contested` ones ended because another track could be meant, and are no rivals of their successors.
    """

    number: NDArray[np.int64]
    first_t_s: NDArray[np.float64]
    last_t_s: NDArray[np.float64]
    hits: NDArray[np.int64]
    open: NDArray[np.bool_]
    contested: NDArray[np.bool_]
    states: BoxStates

    def take(self, rows: NDArray[np.bool_]) -> _Known:
        if rows.all():
            return self
        return _Known(
            self.number[rows], self.first_t_s[rows], self.last_t_s[rows], self.hits[rows], self.open[rows],
            self.contested[rows], self.states.take(rows),
        )  # fmt: skip

    def join(self, other: _Known) -> _Known:
        if not len(other.number):
            return self
        return _Known(
            np.concatenate([self.number, other.number]),
            np.concatenate([self.first_t_s, other.first_t_s]),
            np.concatenate([self.last_t_s, other.last_t_s]),
            np.concatenate([self.hits, other.hits]),
            np.concatenate([self.open, other.open]),
            np.concatenate([self.contested, other.contested]),
            self.states.join(other.states),
        )


class ByteTrack:
    """One tracker for one recording; numbers are its own, and nothing is shared between instances."""

    def __init__(self, settings: ByteTrackSettings | None = None) -> None:
        self.settings = settings or ByteTrackSettings()
        none = np.empty(0, np.int64)
        self._known = _Known(
            none, np.empty(0), np.empty(0), none, none > 0, none > 0, begin(np.empty((0, 4)), self.settings)
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
        overlap = iou(tracks.states.xyxy_px, boxes)
        track = np.full(len(boxes), -1, dtype=np.intp)
        high = np.flatnonzero(scores >= settings.high_score)
        low = np.flatnonzero((scores < settings.high_score) & (scores >= settings.low_score))

        self._first_association(tracks, overlap, high, track)
        self._second_association(tracks, overlap, low, track)
        begun = np.flatnonzero(
            (track < 0) & (scores >= settings.start_score) & (scores >= settings.low_score)
        )
        tracks, parents = self._end_contested(tracks, overlap, np.union1d(high, low), track, t_s)

        tracks = self._continued(tracks, boxes, track, t_s)
        number = np.where(track >= 0, np.append(tracks.number, 0)[track], 0)
        confirmed = np.where(track >= 0, np.append(tracks.hits, 0)[track] >= settings.confirm_hits, False)

        # A track that does not count yet has to be seen in every picture.
        going_on = (tracks.hits >= settings.confirm_hits) | (tracks.last_t_s == t_s)
        fresh = np.union1d(begun, np.flatnonzero(parents >= 0))
        number[fresh] = self._started + 1 + np.arange(len(fresh))
        confirmed[fresh] = settings.confirm_hits == 1
        newborn = self._begun(tracks, boxes[fresh], number[fresh], parents[fresh], t_s)
        self._known = tracks.take(going_on).join(newborn)
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

    def _advance(self, t_s: float) -> _Known:
        """Forget the tracks that are over for too long, close those that were lost, predict all to now."""
        tracks, settings = self._known, self.settings
        if self._t_s is None:
            return tracks
        paused_s = t_s - tracks.last_t_s
        # Sampled pictures further apart than `lost_s` still follow each other; across a gap they do not.
        waiting = (tracks.last_t_s == self._t_s) & (paused_s <= _LONGEST_STEP_S)
        lost = (paused_s > settings.lost_s + _CLOCK_SLACK_S) & ~waiting
        tracks = replace(tracks, open=tracks.open & ~lost)
        memory_s = settings.rival_memory_s if settings.rival_margin > 0 else 0.0
        tracks = tracks.take(tracks.open | (paused_s <= memory_s + _CLOCK_SLACK_S))
        steps = (t_s - self._t_s) / settings.motion_step_s
        return replace(tracks, states=predict(tracks.states, steps, settings))

    def _first_association(
        self,
        tracks: _Known,
        overlap: NDArray[np.float64],
        high: NDArray[np.intp],
        track: NDArray[np.intp],
    ) -> None:
        """Algorithm 1, line 17: all tracks, lost ones too, with the detections of high score."""
        waiting = np.flatnonzero(tracks.open)
        rows, columns = assign(overlap[np.ix_(waiting, high)], self.settings.match_iou)
        track[high[columns]] = waiting[rows]

    def _second_association(
        self,
        tracks: _Known,
        overlap: NDArray[np.float64],
        low: NDArray[np.intp],
        track: NDArray[np.intp],
    ) -> None:
        """Algorithm 1, line 20: the tracks that remain with the detections of low score."""
        remaining = np.setdiff1d(np.flatnonzero(tracks.open), track[track >= 0])
        rows, columns = assign(overlap[np.ix_(remaining, low)], self.settings.second_match_iou)
        track[low[columns]] = remaining[rows]

    def _end_contested(
        self,
        tracks: _Known,
        overlap: NDArray[np.float64],
        usable: NDArray[np.intp],
        track: NDArray[np.intp],
        t_s: float,
    ) -> tuple[_Known, NDArray[np.intp]]:
        """Take contested boxes from their tracks, which end; each box begins a track with their motion.

        Returns:
            The tracks, and the track that each box was taken from, -1 for most.

        """
        parents = np.full(len(track), -1, dtype=np.intp)
        settings = self.settings
        matched = np.flatnonzero(track >= 0)
        if settings.rival_margin == 0 or not len(matched):
            return tracks, parents
        grown = t_s - tracks.first_t_s >= settings.rival_age_s - _CLOCK_SLACK_S
        column = np.searchsorted(usable, matched)
        taken = contested(
            overlap[:, usable],
            track[matched],
            column,
            grown & ~tracks.contested,
            settings.match_iou,
            settings.rival_margin,
        )
        taken &= grown[track[matched]]
        ended = track[matched[taken]]
        parents[matched[taken]] = ended
        track[matched[taken]] = -1
        still_open, contested_ = tracks.open.copy(), tracks.contested.copy()
        still_open[ended], contested_[ended] = False, True
        return replace(tracks, open=still_open, contested=contested_), parents

    def _continued(
        self, tracks: _Known, boxes: NDArray[np.float64], track: NDArray[np.intp], t_s: float
    ) -> _Known:
        """Give the matched tracks their boxes."""
        matched = np.flatnonzero(track >= 0)
        rows = track[matched]
        last_t_s, hits = tracks.last_t_s.copy(), tracks.hits.copy()
        last_t_s[rows] = t_s
        hits[rows] += 1
        states = correct(tracks.states, rows, boxes[matched], self.settings)
        return replace(tracks, last_t_s=last_t_s, hits=hits, states=states)

    def _begun(
        self,
        tracks: _Known,
        boxes: NDArray[np.float64],
        number: NDArray[np.int64],
        parent: NDArray[np.intp],
        t_s: float,
    ) -> _Known:
        """Algorithm 1, line 27: start a track for each of these boxes; with the motion of its parent."""
        n = len(boxes)
        states = begin(boxes, self.settings)
        children = parent >= 0
        states.velocity_px[children] = tracks.states.velocity_px[parent[children]]
        now = np.full(n, t_s)
        return _Known(
            number, now, now, np.ones(n, np.int64), np.ones(n, np.bool_), np.zeros(n, np.bool_), states
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

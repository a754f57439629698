"""What speaks for any two pieces being one person, and which pairs are worth anything.

Pairs grow with the length of a recording and with the square of how many are there at once; nearly all are
worth nothing. So they are looked at in blocks, and memory holds those that could be linked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.linking.appearances import Appearances, Compared, Pairs
from tracker.linking.chances import Chances, chances
from tracker.linking.exits import at_exit
from tracker.linking.hiding import Hiding
from tracker.linking.known import Known
from tracker.linking.pieces import Pieces
from tracker.linking.walking import Ends, both_ends, walking_nats
from tracker.settings import LinkingSettings

_PAIRS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that is known of n pieces before two of them are compared.

    Attributes:
        pieces: The pieces.
        known: The recording.
        settings: How people walk, come, go and hide.
        odds: Chances of each piece's beginning, end and being nobody.

    """

    pieces: Pieces
    known: Known
    settings: LinkingSettings
    odds: Chances
    _begin: Ends
    _end: Ends
    _height: tuple[NDArray[np.float64], NDArray[np.float64]]
    _hiding: Hiding
    _looks: Compared | None

    @classmethod
    def of(
        cls, pieces: Pieces, known: Known, settings: LinkingSettings, looks: Appearances | None
    ) -> Evidence:
        """Look at each piece by itself.

        Args:
            pieces: At least one.
            known: The recording.
            settings: How people walk, come, go and hide.
            looks: How people look; None if nothing is known.

        """
        begin, end = both_ends(pieces, settings)
        comes, goes = (
            at_exit(pieces.xyxy_px[rows], pieces.where.take(rows), known.shown_px, known.doors, settings)
            for rows in (pieces.first, pieces.last)
        )
        odds = chances(
            pieces, begin, known.footage_s, known.step_s, known.habits.evidence, comes, goes,
            bool(known.doors), settings,
        )  # fmt: skip
        compared = None if looks is None else looks.likelihood(pieces.piece, pieces.row, pieces.t_s)
        return cls(
            pieces, known, settings, odds, begin, end, _heights(pieces), Hiding.among(pieces), compared
        )

    def promising(self) -> tuple[Pairs, Pairs, NDArray[np.float64]]:
        """Pairs (k,), (k,) that are likelier one person than two, and by how many nats (k,).

        A link that loses against none is in no optimum, nor in any explanation that comes near to it.
        """
        found = []
        for i, j in _candidates(self.pieces, self.known, self.settings):
            gain, watched_s = self._if_hidden(i, j)
            gain -= self.odds.birth[j] + self.odds.death[i]
            # Most pairs are worth nothing even so, and who hid whom takes the longest to find out.
            likely = gain > 0
            i, j = i[likely], j[likely]
            gain = gain[likely] - self._exposed_nats(i, j, watched_s[likely])
            found.append((i[gain > 0], j[gain > 0], gain[gain > 0]))
        i, j, gain = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return i, j, gain

    def _if_hidden(self, i: Pairs, j: Pairs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """log likelihood ratio of each pair being one person against two strangers, (k,) nats.

        As if the person had been out of sight throughout the pause; beside it the seconds (k,) of the pause
        for which there is footage.
        """
        pieces, known, settings = self.pieces, self.known, self.settings
        gap = pieces.t_s[pieces.first[j]] - pieces.t_s[pieces.last[i]]
        lapped = gap <= 1e-6
        dt = np.where(lapped, max(known.step_s, 1e-3), gap)
        later = np.where(lapped, dt - gap, 0.0)
        nats = walking_nats(self._end, self._begin, i, j, dt, later, settings)
        nats += self._height_nats(i, j, dt)
        # While nobody watched, staying unseen is no wonder; people may have left, though.
        blind_s = _unwatched_s(pieces.t_s[pieces.last[i]], pieces.t_s[pieces.first[j]], known.footage_s)
        watched_s = dt - blind_s
        nats += np.log(settings.pause_s / (watched_s + settings.pause_s) ** 2) - blind_s / settings.stay_s
        nats -= settings.overlap_nats * lapped
        if self._looks is not None:
            nats += self._looks(i, j, dt)
        return nats, watched_s

    def _exposed_nats(self, i: Pairs, j: Pairs, watched_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """What speaks against a pair (k,), never below 0: nobody was in front, and still it was not seen."""
        exposed_s = watched_s * (1 - self._hiding.share(i, j))
        return self.settings.exposed_nats * np.minimum(exposed_s, self.settings.exposed_s)

    def _height_nats(self, i: Pairs, j: Pairs, dt: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the heights at both sides of the pause say, (k,); some boxes are cut, whoever they show."""
        before, after = self._height
        r = np.log(before[j] / after[i])
        sigma = np.sqrt(2 * self.settings.height_error**2 + self.settings.height_drift**2 * dt)
        cut = self.settings.cut_share
        same = (1 - cut) * _normal(r, sigma) + cut * _normal(r, self.settings.stranger_height)
        return np.asarray(np.log(same) - np.log(_normal(r, self.settings.stranger_height)))


def _candidates(pieces: Pieces, known: Known, settings: LinkingSettings) -> Iterator[tuple[Pairs, Pairs]]:
    """Blocks of pairs (i, j) such that j begins after i ends, or overlaps it for a moment in one place."""
    t0, t1 = pieces.t_s[pieces.first], pieces.t_s[pieces.last]
    lap_s = max(settings.overlap_s, 1.01 * known.step_s)
    order = np.argsort(t0, kind="stable")
    low = np.searchsorted(t0[order], t1 - lap_s - 1e-6, side="left")
    high = np.searchsorted(t0[order], t1 + settings.max_gap_s + 1e-6, side="right")
    up_to = np.cumsum(np.maximum(high - low, 0))
    blocks = 1 + int(up_to[-1]) // _PAIRS_AT_ONCE
    bounds = np.searchsorted(up_to, np.arange(1, blocks) * _PAIRS_AT_ONCE)
    for rows in np.split(np.arange(len(t0)), bounds):
        count = np.maximum(high[rows] - low[rows], 0)
        i = np.repeat(rows, count)
        j = order[np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count) + low[i]]
        lapped = t0[j] - t1[i] <= 1e-6
        usable = (i != j) & (~lapped | ((t0[j] > t0[i]) & (t1[j] > t1[i])))
        i, j, lapped = i[usable], j[usable], lapped[usable]
        kept = np.ones(len(i), dtype=np.bool_)
        for k in np.flatnonzero(lapped):
            kept[k] = _same_place(pieces, int(i[k]), int(j[k]))
        yield i[kept], j[kept]


def _same_place(pieces: Pieces, i: int, j: int) -> bool:
    """Whether two pieces that overlap in time show one person there: the smaller box mostly in the other."""
    a = slice(int(pieces.first[i]), int(pieces.last[i]) + 1)
    b = slice(int(pieces.first[j]), int(pieces.last[j]) + 1)
    _, x, y = np.intersect1d(pieces.picture[a], pieces.picture[b], assume_unique=True, return_indices=True)
    if not len(x):
        return True
    p, q = pieces.xyxy_px[a][x], pieces.xyxy_px[b][y]
    side = np.maximum(np.minimum(p[:, 2:], q[:, 2:]) - np.maximum(p[:, :2], q[:, :2]), 0)
    smaller = np.minimum((p[:, 2:] - p[:, :2]).prod(axis=1), (q[:, 2:] - q[:, :2]).prod(axis=1))
    return bool((side.prod(axis=1) / np.maximum(smaller, 1e-9)).min() > 0.5)


def _heights(pieces: Pieces) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median height of each piece (n,) in its first and in its last second."""
    before, after = np.empty(len(pieces)), np.empty(len(pieces))
    for k, (a, b) in enumerate(zip(pieces.first, pieces.last + 1, strict=True)):
        t, height = pieces.t_s[a:b], pieces.where.height[a:b]
        after[k] = np.median(height[t >= t[-1] - 1])
        before[k] = np.median(height[t <= t[0] + 1])
    return before, after


def _unwatched_s(
    begin_s: NDArray[np.float64], end_s: NDArray[np.float64], footage_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Time (k,) between begin and end for which there is no footage."""
    lasting_s = footage_s[:, 1] - footage_s[:, 0]
    before_s = np.concatenate([[0.0], np.cumsum(lasting_s)])

    def watched_until(t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        at = np.searchsorted(footage_s[:, 0], t_s, side="right") - 1
        within = np.clip(t_s - footage_s[at, 0], 0, lasting_s[at])
        return np.asarray(np.where(at < 0, 0.0, before_s[at] + within))

    if not len(footage_s):
        return np.zeros(len(begin_s))
    gap_s = np.maximum(end_s - begin_s, 0)
    blind_s = gap_s - (watched_until(end_s) - watched_until(begin_s))
    # Rounding is no gap.
    return np.where(blind_s > 1e-6, np.minimum(blind_s, gap_s), 0.0)


def _normal(r: NDArray[np.float64], sigma: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-r * r / (2 * sigma * sigma)) / (np.sqrt(2 * np.pi) * sigma))

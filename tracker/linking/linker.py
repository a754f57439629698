"""Linking: which tracklets of a recording show the same person, and which show nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracker.linking.appearances import Appearances, Pairs
from tracker.linking.chances import Chances, chances
from tracker.linking.exits import at_exit
from tracker.linking.hiding import hidden_share
from tracker.linking.known import Known
from tracker.linking.optimum import best_rival, best_successors, least_loss
from tracker.linking.pieces import Pieces
from tracker.linking.walking import Ends, both_ends, walking_nats
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Who is who, and how sure each link is.

    Attributes:
        person: (N,) int64 person of each box, from 1 in order of first appearance; 0 for boxes that show
            nobody. Of two boxes of a person in one picture the less sure one is given 0.
        before: (k,) int64 tracklet that ends at each link that was made, of nobodies too.
        after: (k,) int64 tracklet that begins there.
        margin_nats: (k,) float64 by how much it beat the nearest other explanation, in the round in which it
            was made (`tracker.linking.optimum.least_loss`).

    """

    person: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    margin_nats: NDArray[np.float64]


def link(
    tracklets: Tracklets,
    known: Known,
    settings: LinkingSettings,
    looks: Appearances | None = None,
) -> NDArray[np.int64]:
    """Join tracklets into people: `linked` without how sure it is."""
    return linked(tracklets, known, settings, looks).person


def linked(
    tracklets: Tracklets,
    known: Known,
    settings: LinkingSettings,
    looks: Appearances | None = None,
) -> Linked:
    """Join tracklets into people.

    Links that beat every rival by a margin are made first, the largest margin first: the longer pieces know
    more of their speed, height and looks. The last round takes the optimum as it is.

    Args:
        tracklets: Tracklets that end rather than swap people.
        known: The recording.
        settings: How people walk, come, go and hide.
        looks: How people look; None if nothing is known.

    """
    none = np.zeros(0, dtype=np.int64)
    if not len(tracklets.tracklet):
        return Linked(none, none, none, np.zeros(0))
    where = known.whereabouts(tracklets.xyxy_px, settings)
    given = Pieces.of(tracklets, known.picture_t_s, where)
    group = np.arange(len(given))
    pieces = given
    tracklet_of_row = pd.Series(tracklets.tracklet, index=tracklets.row)
    made: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for margin in (*settings.sure_nats, None):
        following, sure_by, loss = _solved(pieces, known, settings, looks)
        itself = following == np.arange(len(pieces))
        if margin is not None:
            following = np.where((sure_by >= margin) & ~itself, following, -1)
        chain = _chained(pieces, following)
        i = np.flatnonzero((following >= 0) & ~itself)
        # Pieces whose link was refused stay apart.
        i = i[chain[i] == chain[following[i]]]
        ends = (pieces.row[pieces.last[i]], pieces.row[pieces.first[following[i]]])
        before, after = (tracklet_of_row.loc[rows].to_numpy() for rows in ends)
        made.append((before, after, loss[i]))
        group = chain[group]
        if margin is not None:
            pieces = given.joined(group)
    return Linked(_people(given, group, settings), *(np.concatenate(c) for c in zip(*made, strict=True)))


def join(
    people: Tracklets,
    part: NDArray[np.int64],
    known: Known,
    settings: LinkingSettings,
    apart: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Join people of footage that came in parts, each part linked by itself before.

    One optimum over all parts, with the evidence that `link` uses, but for looks. Who is together in a part
    stays together, who is not stays apart, and nobody is dropped.

    Args:
        people: Boxes of people, numbered over all parts; somebody known from several parts has one number.
        part: (N,) number of the part that each box is from, ascending in time; parts do not overlap.
        known: All parts, on one axis of time.
        settings: How people walk, come, go and hide.
        apart: (k, 2) numbers of people who were seen at once in different places.

    Returns:
        (N,) int64 the smallest number of those who are one person with each box's.

    """
    if not len(people.tracklet):
        return np.zeros(0, dtype=np.int64)
    pieces = Pieces.of(people, known.picture_t_s, known.whereabouts(people.xyxy_px, settings))
    number = people.tracklet[pieces.first]
    i, j, gain, _ = _links(pieces, known, settings, None)
    across = part[pieces.last[i]] < part[pieces.first[j]]
    base = int(number.max()) + 1
    refused = np.concatenate([apart[:, 0] * base + apart[:, 1], apart[:, 1] * base + apart[:, 0]])
    across &= ~np.isin(number[i] * base + number[j], refused)
    following = best_successors(len(pieces), i[across], j[across], gain[across])
    chain = _chained(pieces, following)
    smallest = np.full(len(pieces), np.iinfo(np.int64).max)
    np.minimum.at(smallest, chain, number)
    return np.asarray(smallest[chain][pieces.piece])


def _solved(
    pieces: Pieces, known: Known, settings: LinkingSettings, looks: Appearances | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The optimum over all pieces.

    Returns:
        (n,) the piece that follows each, itself for a false alarm, -1 for none; (n,) by how many nats that
        link beats every other use of the two pieces; and (n,) by how many it beats the nearest other
        explanation of the whole.

    """
    n = len(pieces)
    i, j, gain, odds = _links(pieces, known, settings, looks)
    every = np.arange(n)
    i, j = np.concatenate([i, every]), np.concatenate([j, every])
    gain = np.concatenate([gain, odds.false - odds.birth - odds.death])
    following = best_successors(n, i, j, gain)
    chosen = np.zeros(n)
    taken = following[i] == j
    chosen[i[taken]] = gain[taken]
    by_end = best_rival(n, i, gain, chosen)
    own = np.zeros(n)
    own[j[taken]] = gain[taken]
    by_begin = best_rival(n, j, gain, own)
    rival = np.maximum(by_end, np.where(following >= 0, by_begin[following], 0))
    sure_by = np.where(following >= 0, chosen - rival, -np.inf)
    return following, sure_by, least_loss(n, i, j, gain, following)


def _links(
    pieces: Pieces, known: Known, settings: LinkingSettings, looks: Appearances | None
) -> tuple[Pairs, Pairs, NDArray[np.float64], Chances]:
    """Pairs (k,) and (k,) that may be one person, what each is worth (k,) in nats, and the chances used."""
    begin, end = both_ends(pieces, settings)
    comes, goes = (
        at_exit(pieces.xyxy_px[rows], pieces.where.take(rows), known.shown_px, known.doors, settings)
        for rows in (pieces.first, pieces.last)
    )
    odds = chances(pieces, begin, known.footage_s, known.step_s, comes, goes, bool(known.doors), settings)
    i, j = _candidates(pieces, known, settings)
    gain = _gains(pieces, begin, end, i, j, known, settings, looks) - odds.birth[j] - odds.death[i]
    return i, j, gain, odds


def _candidates(pieces: Pieces, known: Known, settings: LinkingSettings) -> tuple[Pairs, Pairs]:
    """Pairs (i, j) such that j begins after i ends, or overlaps it for a moment in the same place."""
    t0, t1 = pieces.t_s[pieces.first], pieces.t_s[pieces.last]
    lap_s = max(settings.overlap_s, 1.01 * known.step_s)
    order = np.argsort(t0, kind="stable")
    low = np.searchsorted(t0[order], t1 - lap_s - 1e-6, side="left")
    high = np.searchsorted(t0[order], t1 + settings.max_gap_s + 1e-6, side="right")
    count = np.maximum(high - low, 0)
    i = np.repeat(np.arange(len(t0)), count)
    j = order[np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count) + low[i]]
    gap = t0[j] - t1[i]
    lapped = gap <= 1e-6
    usable = (i != j) & (~lapped | ((t0[j] > t0[i]) & (t1[j] > t1[i])))
    i, j, lapped = i[usable], j[usable], lapped[usable]
    kept = np.ones(len(i), dtype=np.bool_)
    for k in np.flatnonzero(lapped):
        kept[k] = _same_place(pieces, int(i[k]), int(j[k]))
    return i[kept], j[kept]


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


def _gains(
    pieces: Pieces,
    begin: Ends,
    end: Ends,
    i: Pairs,
    j: Pairs,
    known: Known,
    settings: LinkingSettings,
    looks: Appearances | None,
) -> NDArray[np.float64]:
    """log likelihood ratio of each pair being one person against two strangers, (k,) nats."""
    gap = pieces.t_s[pieces.first[j]] - pieces.t_s[pieces.last[i]]
    lapped = gap <= 1e-6
    dt = np.where(lapped, max(known.step_s, 1e-3), gap)
    nats = walking_nats(end, begin, i, j, dt, np.where(lapped, dt - gap, 0.0), settings)
    nats += _height_nats(pieces, i, j, dt, settings)
    # While nobody watched, staying unseen is no wonder; people may have left, though.
    blind_s = _unwatched_s(pieces.t_s[pieces.last[i]], pieces.t_s[pieces.first[j]], known.footage_s)
    watched_s = dt - blind_s
    nats += np.log(settings.pause_s / (watched_s + settings.pause_s) ** 2) - blind_s / settings.stay_s
    exposed_s = watched_s * (1 - hidden_share(pieces, i, j))
    nats -= settings.exposed_nats * np.minimum(exposed_s, settings.exposed_s)
    nats -= settings.overlap_nats * lapped
    if looks is not None:
        nats += looks.likelihood(pieces.piece, pieces.row, pieces.t_s)(i, j, dt)
    return nats


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


def _height_nats(
    pieces: Pieces, i: Pairs, j: Pairs, dt: NDArray[np.float64], settings: LinkingSettings
) -> NDArray[np.float64]:
    """The same of the heights at both sides of the pause; some boxes are cut, whoever they show."""
    before, after = np.empty(len(pieces)), np.empty(len(pieces))
    for k, (a, b) in enumerate(zip(pieces.first, pieces.last + 1, strict=True)):
        t, height = pieces.t_s[a:b], pieces.where.height[a:b]
        after[k] = np.median(height[t >= t[-1] - 1])
        before[k] = np.median(height[t <= t[0] + 1])
    r = np.log(before[j] / after[i])
    sigma = np.sqrt(2 * settings.height_error**2 + settings.height_drift**2 * dt)
    cut = settings.cut_share
    same = (1 - cut) * _normal(r, sigma) + cut * _normal(r, settings.stranger_height)
    return np.asarray(np.log(same) - np.log(_normal(r, settings.stranger_height)))


def _normal(r: NDArray[np.float64], sigma: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-r * r / (2 * sigma * sigma)) / (np.sqrt(2 * np.pi) * sigma))


def _chained(pieces: Pieces, following: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of each piece's chain (n,), from 0; -1 for those that follow themselves (false alarms).

    A piece may overlap the one before it for a moment, in the same place, but none before that: of those
    nobody asked whether they are in the same place.
    """
    n = len(following)
    t0, t1 = pieces.t_s[pieces.first], pieces.t_s[pieces.last]
    every = np.arange(n)
    root = np.where(following == every, -1, every)
    earlier_until = np.full(n, -np.inf)
    for i in np.argsort(t0, kind="stable"):
        j = following[i]
        if j >= 0 and j != i and t0[j] > earlier_until[i]:
            root[j] = root[i]
            earlier_until[j] = max(earlier_until[i], t1[i])
    label = np.full(n, -1, dtype=np.int64)
    _, label[root >= 0] = np.unique(root[root >= 0], return_inverse=True)
    return label


def _people(given: Pieces, group: NDArray[np.int64], settings: LinkingSettings) -> NDArray[np.int64]:
    """Number people in order of appearance; those who are hardly seen, and second boxes, are nobody."""
    person = np.zeros(len(given.t_s), dtype=np.int64)
    if not (group >= 0).any():
        return person
    joined = given.joined(group)
    lasting_s = joined.t_s[joined.last] - joined.t_s[joined.first]
    seen = (lasting_s >= settings.least_s - 1e-6) & (joined.boxes >= settings.least_boxes)
    order = np.lexsort([joined.piece[joined.first], joined.t_s[joined.first]])
    number = np.zeros(len(joined), dtype=np.int64)
    number[order[seen[order]]] = np.arange(1, int(seen.sum()) + 1)
    # The same boxes, found again by their row of the log.
    position = np.argsort(given.row, kind="stable")
    at = position[np.searchsorted(given.row[position], joined.row)]
    person[at] = number[joined.piece]
    return person


def people(tracklets: Tracklets, person: NDArray[np.int64]) -> Tracklets:
    """The boxes that show somebody, numbered by person and sorted by person and time.

    Args:
        tracklets: What was linked.
        person: (N,) from `link`.

    """
    shown = np.flatnonzero(person > 0)
    shown = shown[np.lexsort([tracklets.t_s[shown], person[shown]])]
    return Tracklets(
        person[shown], tracklets.t_s[shown], tracklets.xyxy_px[shown], tracklets.score[shown],
        tracklets.row[shown],
    )  # fmt: skip

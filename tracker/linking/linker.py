"""Linking: which tracklets of a recording show the same person, and which show nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracker.linking.appearances import Appearances
from tracker.linking.evidence import Evidence
from tracker.linking.known import Known
from tracker.linking.optimum import best_rival, best_successors, least_loss
from tracker.linking.pieces import Pieces
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
    i, j, gain = Evidence.of(pieces, known, settings, None).promising()
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
    evidence = Evidence.of(pieces, known, settings, looks)
    odds = evidence.odds
    i, j, gain = evidence.promising()
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

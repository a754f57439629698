"""Returns: who left by an exit and came back is the same visitor, if looks say so beyond doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tracker.linking.appearances import Appearances, Compared, Pairs
from tracker.linking.exits import at_exit
from tracker.linking.known import Known
from tracker.linking.optimum import best_rival, best_successors
from tracker.linking.pieces import Pieces
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets

# Standard deviations of the logarithm of a height on the floor: of one person at two times, of two people.
_SAME_HEIGHT, _OTHER_HEIGHT = 0.06, 0.12
# A pause of fewer pictures is a flickering box, however far apart they are.
_FLICKER = 5
# Pairs that are compared at once, which bounds the memory.
_AT_ONCE = 1_000_000


def presences(
    people: Tracklets, known: Known, settings: LinkingSettings
) -> tuple[Tracklets, NDArray[np.int64]]:
    """Cut people where they were away: pauses that begin and end at an exit, too long for a flickering box.

    Args:
        people: Boxes by person, sorted by person and time.
        known: The recording.
        settings: How long a return takes at least, and what an exit is.

    Returns:
        The boxes by presence, numbered in order from 1, and (P,) the person of each.

    """
    person, t_s = people.tracklet, people.t_s
    pieces = Pieces.of(people, known.picture_t_s, known.whereabouts(people.xyxy_px, settings))
    least_s = max(settings.return_least_s, _FLICKER * known.step_s)
    before = np.flatnonzero((np.diff(person) == 0) & (np.diff(t_s) >= least_s))
    went, came = (_at_exit(pieces, rows, known, settings) for rows in (before, before + 1))
    away = before[went & came]
    begins = np.concatenate([[True], np.diff(person) != 0])[: len(person)]
    begins[away + 1] = True
    return replace(people, tracklet=np.cumsum(begins)), person[begins]


def visitors(
    presences: Tracklets,
    person: NDArray[np.int64],
    known: Known,
    settings: LinkingSettings,
    looks: Appearances | None,
) -> NDArray[np.int64]:
    """Whose each presence is: a visitor who left and came back was several people so far.

    A return is believed that is likelier than a newcomer by `return_nats`, and likelier by `return_margin`
    than any other return of the same person or at the same time: nobody is chosen among people dressed alike.
    Of two people dressed alike who come one after the other nothing tells that they are two.

    Args:
        presences: Boxes by presence, numbered from 1 in order of person and time.
        person: (P,) the person of each.
        known: The recording.
        settings: What a return is.
        looks: How people look; without, nobody is known again.

    Returns:
        (P,) int64, the person that each presence is of; several are now one, the earliest.

    """
    if looks is None or not len(person):
        return person
    pieces = Pieces.of(presences, known.picture_t_s, known.whereabouts(presences.xyxy_px, settings))
    n = len(pieces)
    i, j, score = _possible(pieces, person, known, settings, looks)
    following = best_successors(n, i, j, score - settings.return_nats)
    sure = following[i] == j
    unsure = sure
    while unsure.any():
        visitor = _joined(person, i[sure], j[sure])
        # Who comes back twice is no rival of their own first return.
        rivals = ~sure & (visitor[i] != visitor[j])
        none = np.zeros(n)
        by_end = best_rival(n, i[rivals], score[rivals], none)
        by_begin = best_rival(n, j[rivals], score[rivals], none)
        unsure = sure & (score - np.maximum(by_end[i], by_begin[j]) < settings.return_margin)
        sure = sure & ~unsure
    return _joined(person, i[sure], j[sure])


def _possible(
    pieces: Pieces, person: NDArray[np.int64], known: Known, settings: LinkingSettings, looks: Appearances
) -> tuple[Pairs, Pairs, NDArray[np.float64]]:
    """Presences i (k,) and j (k,) that are likelier one person than two, and by how much (k,), in nats."""
    goes, comes = (_at_exit(pieces, rows, known, settings) for rows in (pieces.last, pieces.first))
    # A person's other presences are known to be theirs.
    again = np.append(person[1:] == person[:-1], False)
    ends, begins = np.flatnonzero(goes & ~again), np.flatnonzero(comes & ~np.roll(again, 1))
    begins = begins[np.argsort(pieces.t_s[pieces.first][begins], kind="stable")]
    came_s, went_s = pieces.t_s[pieces.first][begins], pieces.t_s[pieces.last][ends]
    low = np.searchsorted(came_s, went_s + settings.return_least_s, side="left")
    high = np.searchsorted(came_s, went_s + settings.return_window_s, side="right")
    count = np.maximum(high - low, 0)
    compared = _looks_at_exits(pieces, looks, settings)
    height = _log_heights(pieces) if known.on_floor else None
    found = [(ends[:0], ends[:0], np.zeros(0))]
    for part in np.split(np.arange(len(ends)), _cuts(count)):
        i = np.repeat(ends[part], count[part])
        nth = np.arange(len(i)) - np.repeat(np.cumsum(count[part]) - count[part], count[part])
        j = begins[nth + np.repeat(low[part], count[part])]
        away_s = pieces.t_s[pieces.first][j] - pieces.t_s[pieces.last][i]
        score = compared.unbounded(i, len(pieces) + j, away_s)
        if height is not None:
            score = score + _height_nats(height[j] - height[i])
        likelier = score > 0
        found.append((i[likelier], j[likelier], score[likelier]))
    i, j, score = (np.concatenate(column) for column in zip(*found, strict=True))
    return i, j, score


def _cuts(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where to cut a list of ends with so many pairs each, so that `_AT_ONCE` pairs are in a part."""
    batch = np.cumsum(count) // _AT_ONCE
    return np.flatnonzero(np.diff(batch)) + 1


def _at_exit(
    pieces: Pieces, rows: NDArray[np.int64], known: Known, settings: LinkingSettings
) -> NDArray[np.bool_]:
    share = at_exit(pieces.xyxy_px[rows], pieces.where.take(rows), known.shown_px, known.doors, settings)
    return share >= settings.least_exit


def _joined(person: NDArray[np.int64], i: Pairs, j: Pairs) -> NDArray[np.int64]:
    """The earliest person (P,) of everybody that these pairs of presences join."""
    most = int(person.max()) + 1
    pairs = coo_array((np.ones(len(i)), (person[i], person[j])), shape=(most, most))
    _, group = connected_components(pairs, directed=False)
    _, earliest = np.unique(group, return_index=True)
    return np.asarray(earliest[group[person]], dtype=np.int64)


def _looks_at_exits(pieces: Pieces, looks: Appearances, settings: LinkingSettings) -> Compared:
    """How everybody looks when they go, and, numbered on from there, when they come.

    Only then, for in between a presence may hold links that are wrong.
    """
    n = len(pieces)
    t0, t1 = pieces.t_s[pieces.first][pieces.piece], pieces.t_s[pieces.last][pieces.piece]
    rows = [np.flatnonzero(near) for near in (
        pieces.t_s >= t1 - settings.return_look_s, pieces.t_s <= t0 + settings.return_look_s
    )]  # fmt: skip
    both = np.concatenate(rows)
    side = np.repeat([0, n], [len(r) for r in rows]) + pieces.piece[both]
    return looks.likelihood(side, pieces.row[both], pieces.t_s[both])


def _log_heights(pieces: Pieces) -> NDArray[np.float64]:
    """Logarithm of everybody's height on the floor."""
    bounds = zip(pieces.first, pieces.last + 1, strict=True)
    return np.log([np.median(pieces.where.height[a:b]) for a, b in bounds])


def _height_nats(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a difference of logarithmic heights (k,) says, in nats, for one person against two."""
    r2 = apart**2 / 2
    return np.asarray(
        np.log(_OTHER_HEIGHT / _SAME_HEIGHT) - r2 / _SAME_HEIGHT**2 + r2 / _OTHER_HEIGHT**2, dtype=np.float64
    )

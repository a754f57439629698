"""Ways from zone to zone: who goes on to which one next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.suppression import ends_that_tell, hide_in_ways
from dwellmap.report.floor import Floor
from dwellmap.report.use import overlaps


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Transitions between zones; the last row and column are outside of all zones.

    Attributes:
        counts: (Z + 1, Z + 1) float64, how often somebody went from a zone (row) to the next (column); the
            last row are those who came to a zone first, the last column those who went to no other. NaN is
            hidden.
        hidden: (Z + 1, Z + 1) bool, hidden on some day: what is shown is the other days'.
        overlapping: (Z, Z) bool, zones that share floor: people are in both at once, which is no way.

    """

    counts: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    overlapping: NDArray[np.bool_]

    def out_of(self, zone: int) -> float:
        """How often somebody left a zone; NaN where that is hidden in part."""
        return np.nan if self.hidden[zone].any() else float(self.counts[zone].sum())

    def largest(self, n: int) -> list[tuple[int, int, float]]:
        """The most frequent ways from zone to zone that share no floor: (from, to, how often)."""
        inner = np.where(self.overlapping, 0.0, np.nan_to_num(self.counts[:-1, :-1]))
        order = np.argsort(-inner, axis=None, kind="stable")[:n]
        rows, columns = np.unravel_index(order, inner.shape) if inner.size else (np.zeros(0, int),) * 2
        return [
            (int(a), int(b), float(inner[a, b])) for a, b in zip(rows, columns, strict=True) if inner[a, b]
        ]


def flows_of(floor: Floor) -> Flows:
    """Count who goes where next, from the visits in order of their beginnings.

    Visits to overlapping zones follow each other in the order in which they begin. Where small counts are
    hidden, each day is told or not by itself, so that longer reports tell no more than shorter ones.
    """
    visits, n = floor.all_visits.visits, len(floor.zones)
    counts, hidden = np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1), dtype=np.bool_)
    overlapping = np.zeros((n, n), dtype=np.bool_)
    for a, b in overlaps(floor):
        overlapping[a, b] = overlapping[b, a] = True
    if not len(visits):
        return Flows(counts, hidden, overlapping)
    order = np.lexsort([visits.place, visits.enter_s, visits.person])
    if floor.min_people:
        order = order[np.argsort(floor.all_visit_day[order], kind="stable")]
    person, place, day = visits.person[order], visits.place[order], floor.all_visit_day[order]
    borders = np.flatnonzero(np.diff(day) if floor.min_people else ()) + 1
    seen = np.split(visits.beginning_seen[order], borders)
    for who, where, begun in zip(np.split(person, borders), np.split(place, borders), seen, strict=True):
        ways = _ways(who, where, n)
        number = ways[:, 0] * (n + 1) + ways[:, 1]
        times: NDArray[np.float64] = np.bincount(number, minlength=(n + 1) ** 2).astype(np.float64)
        times = times.reshape(n + 1, n + 1)
        if floor.min_people:
            one = np.unique(ways[:, 2], return_inverse=True)[1]
            way = np.unique(number * len(who) + one) // len(who)
            people = np.bincount(way, minlength=(n + 1) ** 2).reshape(n + 1, n + 1)
            came = np.unique(where * len(who) + np.unique(who, return_inverse=True)[1]) // len(who)
            visitors, entries = np.bincount(came, minlength=n), np.bincount(where[begun], minlength=n)
            gone = hide_in_ways(times, people, visitors, floor.min_people)
            gone |= ends_that_tell(times, visitors, entries, floor.min_people)
            times, hidden = np.where(gone, 0.0, times), hidden | gone
        counts += times
    return Flows(np.where((counts == 0) & hidden, np.nan, counts), hidden, overlapping)


def _ways(person: NDArray[np.int64], place: NDArray[np.int64], outside: int) -> NDArray[np.int64]:
    """(k, 3) from, to and person of each step, of visits sorted by person and time."""
    new = np.append(True, person[1:] != person[:-1])
    # Coming back to the place where one was is no way.
    moved = new | np.append(True, place[1:] != place[:-1])
    person, place, new = person[moved], place[moved], new[moved]
    last = np.append(new[1:], True)
    came = np.column_stack([np.where(new, outside, np.append(outside, place[:-1])), place, person])
    left = np.column_stack([place[last], np.full(int(last.sum()), outside), person[last]])
    return np.concatenate([came, left])

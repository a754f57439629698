"""Ways from zone to zone: who goes on to which one next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dwellmap.report.floor import Floor


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Transitions between zones; the last row and column are outside of all zones.

    Attributes:
        counts: (Z + 1, Z + 1) float64, how often somebody went from a zone (row) to the next (column); the
            last row are those who came to a zone first, the last column those who went to no other. NaN is
            not shown.

    """

    counts: NDArray[np.float64]

    def largest(self, n: int) -> list[tuple[int, int, float]]:
        """The most frequent ways from zone to zone: (from, to, how often)."""
        inner = np.nan_to_num(self.counts[:-1, :-1])
        order = np.argsort(-inner, axis=None, kind="stable")[:n]
        rows, columns = np.unravel_index(order, inner.shape) if inner.size else (np.zeros(0, int),) * 2
        return [
            (int(a), int(b), float(inner[a, b])) for a, b in zip(rows, columns, strict=True) if inner[a, b]
        ]


def flows_of(floor: Floor, min_people: int) -> Flows:
    """Count who goes where next, from the visits in order of their beginnings.

    Visits to overlapping zones follow each other in the order in which they begin.
    """
    visits, n = floor.visits.visits, len(floor.zones)
    counts = np.zeros((n + 1, n + 1))
    people = np.zeros((n + 1, n + 1))
    if not len(visits):
        return Flows(counts)
    order = np.lexsort([visits.place, visits.enter_s, visits.person])
    person, place, day = visits.person[order], visits.place[order], floor.visit_day[order]
    same = person[1:] == person[:-1]
    before = np.concatenate([[n], np.where(same, place[:-1], n)])
    after = np.concatenate([np.where(same, place[1:], n), [n]])
    moved = np.append(True, before[1:] != place[1:])
    left = np.append(after[:-1] != place[:-1], True)
    for one in np.unique(day) if min_people else [None]:
        mine = np.ones(len(order), dtype=np.bool_) if one is None else day == one
        today, who = np.zeros_like(counts), np.zeros_like(people)
        for begin, end, chosen in (
            (before, place, moved),
            (place, np.full_like(place, n), left & (after == n)),
        ):
            use = mine & chosen
            np.add.at(today, (begin[use], end[use]), 1)
            key = np.unique(np.column_stack([begin[use], end[use], person[use]]), axis=0)
            np.add.at(who, (key[:, 0], key[:, 1]), 1)
        # Each day is shown or not by itself, so that longer reports tell no more than shorter ones.
        hidden = (who > 0) & (who < min_people)
        counts += np.where(hidden, 0.0, today)
        people += hidden
    return Flows(np.where((counts == 0) & (people > 0), np.nan, counts))

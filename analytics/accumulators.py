"""Accumulators: sums per place that add over disjoint people and over a cut in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.stays import OUTSIDE
from analytics.visits import Visits

_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the sums were made with; only equal rules add."""

    revisit_s: float
    min_visit_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Accumulator:
    """Sums over people, per place.

    Two accumulators over different people simply add. For two halves of one recording cut in time, the
    visits of people who were seen before and after the cut are kept open (`open_visits`) and chained when
    the halves are added, the earlier one first; `closed` folds what is still open into the sums. Both kinds
    of sum may be mixed, as long as each person's pieces are added in order of time, none left out.

    Attributes:
        rules: What counts as a visit.
        dwell_s: (places,) float64 person-seconds.
        entries: (places,) int64 visits whose beginning was seen.
        visitors: (places,) int64 distinct people with a visit of at least `min_visit_s`.
        present: (places,) int64 distinct people with any time in the place.
        outside_s: Person-seconds off the floor.
        unplaced_s: Person-seconds of tracks without a floor position.
        people: Number of people.
        open_visits: Visits of people who are handed over at a cut.
        open_at_begin: People handed over at the cut before this part.
        open_at_end: People handed over at the cut after this part.

    """

    rules: Rules
    dwell_s: NDArray[np.float64]
    entries: NDArray[np.int64]
    visitors: NDArray[np.int64]
    present: NDArray[np.int64]
    outside_s: float
    unplaced_s: float
    people: int
    open_visits: Visits | None = None
    open_at_begin: frozenset[int] = _NOBODY
    open_at_end: frozenset[int] = _NOBODY

    @classmethod
    def empty(cls, places: int, rules: Rules) -> Accumulator:
        """Nothing seen yet, in so many places."""
        counts = np.zeros(places, dtype=np.int64)
        return cls(rules, np.zeros(places), counts, counts, counts, 0.0, 0.0, 0)

    @classmethod
    def of(
        cls,
        visits: Visits,
        places: int,
        people: NDArray[np.int64],
        unplaced_s: float,
        rules: Rules,
        open_at_begin: frozenset[int] = _NOBODY,
        open_at_end: frozenset[int] = _NOBODY,
    ) -> Accumulator:
        """Sum up visits.

        Args:
            visits: Visits of these people, place OUTSIDE among them.
            places: Number of places.
            people: All persons, also those without any visit.
            unplaced_s: Time of their tracks without a floor position.
            rules: What counts as a visit (the visits must have been chained with the same `revisit_s`).
            open_at_begin: Persons who were seen before the cut at this part's begin and at any time after it,
                in sight at the cut or not.
            open_at_end: The same of the cut at this part's end.

        """
        still_open = open_at_begin | open_at_end
        empty = replace(cls.empty(places, rules), unplaced_s=unplaced_s)
        if not still_open:
            return empty._with(visits, len(people))
        kept = np.isin(visits.person, np.array(sorted(still_open), dtype=np.int64))
        # Somebody handed over at both cuts need not have been seen between them.
        finished = sum(person not in still_open for person in people.tolist())
        closed = empty._with(visits.where(~kept), finished)
        return replace(
            closed, open_visits=visits.where(kept), open_at_begin=open_at_begin, open_at_end=open_at_end
        )

    def _with(self, visits: Visits, people: int) -> Accumulator:
        """Add the visits of people who are not in it yet."""
        places = len(self.dwell_s)
        inside = visits.place != OUTSIDE
        place, dwell = visits.place[inside], visits.dwell_s[inside]
        entered = place[visits.beginning_seen[inside]]
        long_enough = dwell >= self.rules.min_visit_s
        return replace(
            self,
            dwell_s=self.dwell_s + np.bincount(place, weights=dwell, minlength=places),
            entries=self.entries + np.bincount(entered, minlength=places),
            visitors=self.visitors + _distinct(visits.person[inside], place, long_enough, places),
            present=self.present + _distinct(visits.person[inside], place, dwell > 0, places),
            outside_s=self.outside_s + float(np.sum(visits.dwell_s[~inside])),
            people=self.people + people,
        )

    def __add__(self, later: Accumulator) -> Accumulator:
        """Sums of both; people handed over at the cut between them are joined."""
        if self.rules != later.rules:
            raise ValueError("accumulators made with different rules cannot be added; recompute one of them")
        if len(self.dwell_s) != len(later.dwell_s):
            raise ValueError(
                f"accumulators of {len(self.dwell_s)} and {len(later.dwell_s)} places cannot be added"
            )
        total = replace(
            self,
            dwell_s=self.dwell_s + later.dwell_s,
            entries=self.entries + later.entries,
            visitors=self.visitors + later.visitors,
            present=self.present + later.present,
            outside_s=self.outside_s + later.outside_s,
            unplaced_s=self.unplaced_s + later.unplaced_s,
            people=self.people + later.people,
        )
        parts = [a.open_visits for a in (self, later) if a.open_visits is not None]
        if not parts:
            return total
        joined = self.open_at_end & later.open_at_begin
        begin = self.open_at_begin | (later.open_at_begin - joined)
        end = later.open_at_end | (self.open_at_end - joined)
        visits = Visits.chain(parts, self.rules.revisit_s)
        still_open = np.isin(visits.person, np.array(sorted(begin | end), dtype=np.int64))
        total = total._with(visits.where(~still_open), len(joined - begin - end))
        return replace(total, open_visits=visits.where(still_open), open_at_begin=begin, open_at_end=end)

    def plus_seconds(self, seconds: NDArray[np.floating]) -> Accumulator:
        """The sums with seconds (places,) that belong to no person, such as those in which a pixel moved."""
        if np.shape(seconds) != self.dwell_s.shape:
            raise ValueError(f"expected {len(self.dwell_s)} places, got seconds of {np.shape(seconds)}")
        return replace(self, dwell_s=self.dwell_s + seconds)

    def closed(self) -> Accumulator:
        """Fold the visits that are still open into the sums: nothing comes before or after."""
        if self.open_visits is None:
            return self
        total = self._with(self.open_visits, len(self.open_at_begin | self.open_at_end))
        return replace(total, open_visits=None, open_at_begin=_NOBODY, open_at_end=_NOBODY)


def _distinct(
    person: NDArray[np.int64], place: NDArray[np.int64], chosen: NDArray[np.bool_], places: int
) -> NDArray[np.int64]:
    """Distinct people per place among the chosen visits, which are sorted by person and place."""
    person, place = person[chosen], place[chosen]
    if len(person) == 0:
        return np.zeros(places, dtype=np.int64)
    new = np.concatenate([[True], (person[1:] != person[:-1]) | (place[1:] != place[:-1])])
    return np.bincount(place[new], minlength=places)

"""Visits: one person's stays in one place, chained over short absences."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from analytics.stays import BROKEN, Stays


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Visits sorted by person, place and time.

    Attributes:
        person: (V,) int64.
        place: (V,) int64.
        enter_s: (V,) float64, beginning of the first stay.
        leave_s: (V,) float64, end of the last stay.
        dwell_s: (V,) float64, sum of the stays.
        entry: (V,) int8, how the first stay began.
        exit: (V,) int8, how the last stay ended.

    """

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    enter_s: NDArray[np.float64]
    leave_s: NDArray[np.float64]
    dwell_s: NDArray[np.float64]
    entry: NDArray[np.int8]
    exit: NDArray[np.int8]

    def __len__(self) -> int:
        """Number of visits."""
        return len(self.person)

    @property
    def beginning_seen(self) -> NDArray[np.bool_]:
        """(V,) bool: the visit counts as an entry."""
        return np.asarray(self.entry != BROKEN)

    def where(self, rows: NDArray[np.bool_]) -> Visits:
        """Some of the visits."""
        return Visits(*(getattr(self, f.name)[rows] for f in fields(self)))

    @classmethod
    def of_stays(cls, stays: Stays, revisit_s: float) -> Visits:
        """Chain stays whose absence between them is shorter than `revisit_s`."""
        return cls.chain(
            [cls(stays.person, stays.place, stays.enter_s, stays.leave_s, stays.leave_s - stays.enter_s,
                 stays.entry, stays.exit)],
            revisit_s,
        )  # fmt: skip

    @classmethod
    def chain(cls, parts: list[Visits], revisit_s: float) -> Visits:
        """Chain parts of visits, such as the two halves of one that was cut in time."""
        person, place, enter, leave, dwell, entry, exit_ = (
            np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)
        )
        if len(person) == 0:
            return cls(person, place, enter, leave, dwell, entry, exit_)
        # Person and place in one number: one sort key less.
        width = int(place.max()) + 2
        key = person * width + place + 1
        order = np.lexsort((enter, key))
        key, enter, leave = key[order], enter[order], leave[order]
        new = np.concatenate([[True], (key[1:] != key[:-1]) | (enter[1:] - leave[:-1] >= revisit_s)])
        # A cut is not an absence, even where returns are never chained (revisit_s = 0).
        new[1:] &= ~((key[1:] == key[:-1]) & (enter[1:] == leave[:-1]))
        first = np.flatnonzero(new)
        last = np.concatenate([first[1:], [len(key)]]) - 1
        return cls(
            person[order][first], place[order][first], enter[first], leave[last],
            np.add.reduceat(dwell[order], first), entry[order][first], exit_[order][last],
        )  # fmt: skip

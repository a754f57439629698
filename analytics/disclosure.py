"""What a reader can find out about hidden numbers by subtraction: the attacker's side of suppression.

The reader knows every number that is shown, that the shown and hidden ones satisfy the sums of the table, and
that none is negative. What remains possible for a hidden number is an interval, found exactly by linear
programming (Fischetti and Salazar 2001, Management Science 47, 1008; Hundepool et al. 2012, Statistical
Disclosure Control, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import connected_components

# Of a number's own size; linear programming is exact to 1e-7 of the numbers' scale.
_TOLERANCE = 1e-5
# How far beyond the largest number an unbounded interval is followed.
_FAR = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The sums that hold in a table, as the places of a sparse matrix: matrix @ values = 0.

    Tables are small and looked at many times: arrays of places are several times faster than a matrix type.

    Attributes:
        entries: How many entries the table has.
        sums: How many sums hold.
        row, column: (places,) int64, a sum and an entry that is in it.
        sign: (places,) float64, 1 for a part and -1 for the total.

    """

    entries: int
    sums: int
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    sign: NDArray[np.float64]

    @classmethod
    def of(cls, entries: int, sums: Sequence[tuple[int, NDArray[np.int64]]]) -> Sums:
        """Sums from pairs of a total and its parts, as positions among the entries."""
        nothing = np.zeros(0, dtype=np.int64)
        row = [np.full(len(parts) + 1, n) for n, (_, parts) in enumerate(sums)]
        column = [np.append(parts, total) for total, parts in sums]
        sign = [np.append(np.ones(len(parts)), -1.0) for _, parts in sums]
        return cls(
            entries,
            len(sums),
            np.concatenate([nothing, *row]),
            np.concatenate([nothing, *column]),
            np.concatenate([np.zeros(0), *sign]),
        )

    @property
    def is_total(self) -> NDArray[np.bool_]:
        """(entries,) whether each is the total of a sum."""
        return np.bincount(self.column[self.sign < 0], minlength=self.entries) > 0

    def within(self, group: NDArray[np.int64]) -> Sums:
        """The same sums over some of the entries, which are numbered by their position in the group."""
        at = np.full(self.entries, -1)
        at[group] = np.arange(len(group))
        inside = at[self.column] >= 0
        return Sums(
            len(group), self.sums, self.row[inside], at[self.column[inside]], self.sign[inside]
        )  # fmt: skip

    def of_each(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(sums,) parts less total."""
        sums = np.bincount(self.row, weights=self.sign * values[self.column], minlength=self.sums)
        return sums.astype(np.float64)

    def groups(self, hidden: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
        """Hidden entries that sums tie together, each group in ascending order."""
        at = np.flatnonzero(hidden)
        if len(at) == 0:
            return []
        part, n = self.within(at), self.sums + len(at)
        links = coo_array((np.ones(len(part.row)), (part.row, self.sums + part.column)), shape=(n, n))
        label = connected_components(links, directed=False)[1][self.sums :]
        order = np.argsort(label, kind="stable")
        return np.split(at[order], np.flatnonzero(np.diff(label[order])) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """How much room a hidden number needs, so that nobody can tell its size.

    Attributes:
        wanted: (entries,) bool, the numbers that must have room.
        low, high: (entries,) what the ends of the interval must reach; inf as the lower one is any.

    """

    wanted: NDArray[np.bool_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Attack:
    """What is possible for hidden entries, found out as far as it is asked for.

    Every solution of one linear program is a table that the reader cannot rule out, for all entries at once,
    so most questions are answered before they are asked. Hiding more never makes an answer wrong: what could
    not be ruled out still cannot.
    """

    def __init__(self, values: NDArray[np.float64], sums: Sums) -> None:
        """Take the true values (entries,), none negative, and the sums that hold."""
        self._sums = sums
        self._scale = float(max(np.max(values, initial=0.0), 1e-12))
        self._true = values / self._scale
        self._low, self._high = self._true.copy(), self._true.copy()

    def has_room(self, entry: int, group: NDArray[np.int64], room: Room) -> bool:
        """Whether an entry's interval is as wide as it needs, its group being hidden and all else shown."""
        wanted = room.high[entry] / self._scale * (1 - _TOLERANCE)
        if self._high[entry] < wanted:
            self._solve(entry, group, -1.0)
        if self._high[entry] < wanted:
            return False
        low = max(room.low[entry] / self._scale * (1 + _TOLERANCE), self._least(entry))
        if self._low[entry] > low:
            self._solve(entry, group, 1.0)
        return bool(self._low[entry] <= low)

    def interval(self, entry: int, group: NDArray[np.int64]) -> tuple[float, float]:
        """The smallest and the largest value that the entry could have; inf for no bound."""
        self._solve(entry, group, 1.0)
        self._solve(entry, group, -1.0)
        low, high = float(self._low[entry]), float(self._high[entry])
        return low * self._scale, high * self._scale if high < _FAR * (1 - _TOLERANCE) else np.inf

    def _least(self, entry: int) -> float:
        """What is as good as zero."""
        return max(1e-9, 0.001 * float(self._true[entry]))

    def _solve(self, entry: int, group: NDArray[np.int64], sign: float) -> None:
        """Make one entry as small (sign 1) or as large (sign -1) as the sums allow."""
        part = self._sums.within(group)
        if len(part.row) == 0:
            self._low[entry], self._high[entry] = 0.0, _FAR
            return
        used, row = np.unique(part.row, return_inverse=True)
        matrix = csc_array((part.sign, (row, part.column)), shape=(len(used), len(group)))
        cost = np.zeros(len(group))
        cost[np.searchsorted(group, entry)] = sign
        right = np.asarray(matrix @ self._true[group])
        # Nothing has to be whole: a plain linear program, without the checks of `linprog` that cost more
        # than solving it.
        found = milp(cost, constraints=LinearConstraint(matrix, right, right), bounds=Bounds(0.0, _FAR))
        # The true values solve it, so no solution is only a matter of rounding: then nothing new is possible.
        if found.x is not None:
            self._low[group] = np.minimum(self._low[group], found.x)
            self._high[group] = np.maximum(self._high[group], found.x)

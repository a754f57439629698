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
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

# Of a number's own size; linear programming is exact to 1e-7 of the numbers' scale.
_TOLERANCE = 1e-5
# How far beyond the largest number an unbounded interval is followed.
_FAR = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The sums that hold in a table.

    Attributes:
        matrix: (sums, entries) sparse, 1 for each part and -1 for the total: matrix @ values = 0.

    """

    matrix: csr_array

    @classmethod
    def of(cls, entries: int, sums: Sequence[tuple[int, NDArray[np.int64]]]) -> Sums:
        """Sums from pairs of a total and its parts, as positions among the entries."""
        row = [np.full(len(parts) + 1, n) for n, (_, parts) in enumerate(sums)]
        column = [np.append(parts, total) for total, parts in sums]
        sign = [np.append(np.ones(len(parts)), -1.0) for _, parts in sums]
        if not sums:
            return cls(csr_array((0, entries)))
        at = (np.concatenate(row), np.concatenate(column))
        return cls(csr_array((np.concatenate(sign), at), shape=(len(sums), entries)))

    @property
    def holds(self) -> csr_array:
        """(sums, entries) sparse, 1 where an entry is in a sum."""
        return csr_array(abs(self.matrix))

    @property
    def is_total(self) -> NDArray[np.bool_]:
        """(entries,) whether each is the total of a sum."""
        return np.asarray(self.holds.sum(axis=0) - self.matrix.sum(axis=0)).ravel() > 0

    def groups(self, hidden: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
        """Hidden entries that sums tie together, each group in ascending order."""
        at = np.flatnonzero(hidden)
        if len(at) == 0:
            return []
        part = coo_array(self.matrix[:, at])
        rows, n = part.shape[0], len(at)
        links = csr_array((np.ones(part.nnz), (part.coords[0], rows + part.coords[1])), shape=(rows + n,) * 2)
        label = connected_components(links, directed=False)[1][rows:]
        return [at[label == number] for number in np.unique(label)]


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """How much room a hidden number needs, so that nobody can tell its size.

    Attributes:
        wanted: (entries,) bool, the numbers that must have room.
        high: (entries,) what the upper end of the interval must reach.
        to_zero: (entries,) bool, whether the lower end must reach zero.

    """

    wanted: NDArray[np.bool_]
    high: NDArray[np.float64]
    to_zero: NDArray[np.bool_]


class Attack:
    """What is possible for hidden entries, found out as far as it is asked for.

    Every solution of one linear program is a table that the reader cannot rule out, for all entries at once,
    so most questions are answered before they are asked. Hiding more never makes an answer wrong: what could
    not be ruled out still cannot.
    """

    def __init__(self, values: NDArray[np.float64], sums: Sums) -> None:
        """Take the true values (entries,), none negative, and the sums that hold."""
        self._matrix = sums.matrix.tocsc()
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
        if room.to_zero[entry] and self._low[entry] > self._least(entry):
            self._solve(entry, group, 1.0)
        return not room.to_zero[entry] or bool(self._low[entry] <= self._least(entry))

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
        part = self._matrix[:, group].tocsr()
        part = part[np.diff(part.indptr) > 0]
        at = int(np.searchsorted(group, entry))
        if part.shape[0] == 0:
            self._low[entry], self._high[entry] = 0.0, _FAR
            return
        cost = np.zeros(len(group))
        cost[at] = sign
        right = part @ self._true[group]
        # Its type stubs know no sparse matrices, linprog does.
        found = linprog(cost, A_eq=part, b_eq=right, bounds=(0.0, _FAR), method="highs")  # type: ignore[call-overload]
        # The true values solve it, so no solution is only a matter of rounding: then nothing new is possible.
        if found.x is not None:
            self._low[group] = np.minimum(self._low[group], found.x)
            self._high[group] = np.maximum(self._high[group], found.x)

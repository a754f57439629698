"""The queue at the counter: places in a line, and who stands at which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.shop import Shop

_GAP_M = 0.65
_LONGEST = 9


class Queue:
    """People in the order in which they will be served.

    Attributes:
        places_m: (n, 2) places, the first at the counter; a real queue is not quite straight.

    """

    def __init__(self, shop: Shop, rng: np.random.Generator) -> None:
        """Mark the places of an empty queue."""
        line = np.array(shop.queue_m)
        length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        along = np.arange(min(_LONGEST, int(length[-1] / _GAP_M) + 1)) * _GAP_M
        places = np.column_stack([np.interp(along, length, line[:, k]) for k in (0, 1)])
        places[1:] += rng.uniform(-0.04, 0.04, places[1:].shape)
        self.places_m = places
        self._waiting: list[int] = []

    @property
    def full(self) -> bool:
        """Whether nobody else finds a place."""
        return len(self._waiting) >= len(self.places_m)

    @property
    def tail_m(self) -> NDArray[np.float64]:
        """(2,) where whoever comes next has to stand."""
        return np.asarray(self.places_m[min(len(self._waiting), len(self.places_m) - 1)])

    def join(self, person: int) -> None:
        """Stand behind the last one."""
        self._waiting.append(person)

    def leave(self, person: int) -> None:
        """Go; who stands behind moves up."""
        self._waiting.remove(person)

    def place_of(self, person: int) -> int:
        """Number of somebody's place, 0 at the counter."""
        return self._waiting.index(person)

    def facing_rad(self, place: int) -> float:
        """Where one looks at a place: the first to the counter, the others to the one in front."""
        if place == 0:
            return float(np.pi / 2)
        ahead = self.places_m[place - 1] - self.places_m[place]
        return float(np.arctan2(ahead[1], ahead[0]))

"""What linking asks of looks."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.intp]


class Compared(Protocol):
    """How much likelier two pieces look alike because they are one person, in nats."""

    def __call__(self, i: Pairs, j: Pairs, gap_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """For pieces i (k,) and j (k,) and the pause between them (k,); 0 where nothing is known."""
        ...

    def unbounded(self, i: Pairs, j: Pairs, gap_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same without the doubt that others look alike: to be compared with that of rivals."""
        ...


class Appearances(Protocol):
    """What is known of how people look."""

    def likelihood(
        self, piece: NDArray[np.int64], row: NDArray[np.int64], t_s: NDArray[np.float64]
    ) -> Compared:
        """Compare pieces.

        Args:
            piece: (N,) piece of each box, from 0, ascending.
            row: (N,) row of the detection log.
            t_s: (N,) time of the box.

        """
        ...

"""The best way to chain pieces: every piece has one successor at most and is one at most.

Maximising the summed gain over all chains is a minimum-cost flow of unit capacities, which for pieces without
branches is an assignment of ends to beginnings (Zhang, Li, Nevatia 2008, "Global data association for
multi-object tracking using network flows", without the flow's splitting of nodes).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching


def best_successors(
    n: int, i: NDArray[np.intp], j: NDArray[np.intp], gain: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The successor of each of n pieces, -1 for none.

    Args:
        n: Number of pieces.
        i: (k,) pieces that would be continued.
        j: (k,) pieces that would continue them; each pair once.
        gain: (k,) what each pair is worth; those without gain are left alone.

    Returns:
        (n,) int64.

    """
    following = np.full(n, -1, dtype=np.int64)
    worth = gain > 0
    i, j, gain = i[worth], j[worth], gain[worth]
    if not len(i):
        return following
    # Only pieces that have a choice; each end may also take a column of its own, which means "none".
    ends, row = np.unique(i, return_inverse=True)
    begins, column = np.unique(j, return_inverse=True)
    none = np.arange(len(ends))
    # Zero would count as "no such pair".
    dearest = float(gain.max()) + 1.0
    cost = np.concatenate([dearest - gain, np.full(len(ends), dearest)])
    pairs = (np.concatenate([row, none]), np.concatenate([column, len(begins) + none]))
    graph = csr_array((cost, pairs), shape=(len(ends), len(begins) + len(ends)))
    rows, columns = min_weight_full_bipartite_matching(graph)
    chosen = columns < len(begins)
    following[ends[rows[chosen]]] = begins[columns[chosen]]
    return following


def best_rival(
    n: int, at: NDArray[np.intp], gain: NDArray[np.float64], own: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For each of n pieces the largest gain among its pairs that are not its own one, at least 0.

    Args:
        n: Number of pieces.
        at: (k,) piece of each pair.
        gain: (k,).
        own: (n,) gain of the pair that was chosen for the piece.

    """
    first, second = np.zeros(n), np.zeros(n)
    order = np.lexsort([-gain, at])
    rank = np.arange(len(order)) - np.searchsorted(at[order], at[order])
    first[at[order][rank == 0]] = gain[order][rank == 0]
    second[at[order][rank == 1]] = gain[order][rank == 1]
    return np.where(first > own, first, second)

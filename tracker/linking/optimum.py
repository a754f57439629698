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


def least_loss(
    n: int,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    gain: NDArray[np.float64],
    following: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What the nearest other explanation, in which a link joins two people, loses against the optimum.

    Each pair (a, b) that was not chosen could be, if a and b let go of what they are joined to; those two are
    then joined to each other if that is worth something. A link could also be undone and nothing put in its
    place. Explanations in which one of the two pieces is a false alarm instead do not count:
    they swap nobody.

    Args:
        n: Number of pieces.
        i: (k,) pieces that would be continued.
        j: (k,) pieces that would continue them, themselves for false alarms; each pair once.
        gain: (k,) what each pair is worth.
        following: (n,) the optimum, from `best_successors`.

    Returns:
        (n,) nats for the link that follows each piece, not negative but for rounding; infinite without one.

    """
    every = np.arange(n)
    followed = np.flatnonzero(following >= 0)
    before = np.full(n, -1, dtype=np.int64)
    before[following[followed]] = followed
    linked = (following >= 0) & (following != every)
    chosen = following[i] == j
    own = np.zeros(n)
    own[i[chosen]] = gain[chosen]
    order = np.argsort(i * n + j, kind="stable")
    pair, worth = (i * n + j)[order], gain[order]
    h, after = before[j], following[i]
    other = ~chosen & (i != j) & (h != j) & (after != i) & ((h < 0) | (h != after))
    a, loss, h, after = i[other], -gain[other], h[other], after[other]
    exchanged = h * n + after
    at = np.minimum(np.searchsorted(pair, exchanged), len(pair) - 1)
    possible = (h >= 0) & (after >= 0) & (pair[at] == exchanged)
    loss += own[a] + np.where(h >= 0, own[h], 0.0) - np.where(possible, np.maximum(worth[at], 0.0), 0.0)
    least = own.copy()
    np.minimum.at(least, a, loss)
    np.minimum.at(least, h[h >= 0], loss[h >= 0])
    return np.where(linked, least, np.inf)

"""Pieces of tracks with one vector each, and what these say about any two being one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.appearance.embedder import unit
from tracker.appearance.likeness import Likeness, doubted
from tracker.settings import AppearanceSettings

# Pairs multiplied at once: their vectors stay in the processor's cache.
_PAIRS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class PieceLooks:
    """The looks of n pieces, compared as asked: `looks(i, j, gap_s)`.

    Attributes:
        vector: (m, d) float32 unit vectors of the pieces that have a crop, and zeros in the first row.
        at: (n,) row of each piece in `vector`; the first for a piece without a crop.
        crops: (n,) how many well seen crops each is made of; hidden ones count by a part; 0 for none.
        likeness: What a similarity says in this recording.
        settings: Bound and trust.

    """

    vector: NDArray[np.float32]
    at: NDArray[np.intp]
    crops: NDArray[np.float64]
    likeness: Likeness
    settings: AppearanceSettings

    def __call__(
        self, i: NDArray[np.int64], j: NDArray[np.int64], gap_s: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Log likelihood ratio (nats) of one person against two, for pairs of pieces.

        Args:
            i, j: (k,) piece numbers.
            gap_s: (k,) seconds between the end of i and the beginning of j.

        Returns:
            (k,) within +-`cap_nats`, less for few crops; 0 where either has none.

        """
        bound = self.settings.cap_nats
        nats = doubted(self.likeness.ratio(self.similarity(i, j), self.crops[i], self.crops[j], gap_s))
        return np.clip(nats, -bound, bound) * self._trust(i, j)

    def unbounded(
        self, i: NDArray[np.int64], j: NDArray[np.int64], gap_s: NDArray[np.floating] | float = np.inf
    ) -> NDArray[np.float64]:
        """The same without bound and without the doubt that people are dressed alike.

        For picking one out of several, such as who of those that left has come back: the best has to beat the
        second best, whose ratio shows how alike people are dressed. In itself it is overconfident.
        """
        ratio = self.likeness.ratio(
            self.similarity(i, j), self.crops[i], self.crops[j], np.broadcast_to(gap_s, np.shape(i))
        )
        return ratio * self._trust(i, j)

    def similarity(self, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float64]:
        """(k,) inner products of the vectors of pairs."""
        found = np.empty(len(i))
        for begin in range(0, len(i), _PAIRS):
            part = slice(begin, begin + _PAIRS)
            a, b = self.at[i[part]], self.at[j[part]]
            found[part] = np.einsum("kd,kd->k", self.vector[a], self.vector[b])
        return found

    def _trust(self, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float64]:
        crops = np.minimum(self.crops[i], self.crops[j])
        return crops / np.maximum(crops + self.settings.trust_crops, 1e-9)


def pooled(
    vector: NDArray[np.float32], weight: NDArray[np.float64], group: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float64]]:
    """One vector per group. Most groups of a long recording have no crop and need no memory.

    Args:
        vector: (k, d) vectors of crops.
        weight: (k,) their weights, above 0.
        group: (k,) ascending numbers of their groups.
        groups: How many groups there are.

    Returns:
        (m, d) float32 unit vectors, of which the first is zeros; (groups,) row of each group there, 0 where
        it has no crop; (groups,) sums of weights.

    """
    first = np.flatnonzero(np.diff(group, prepend=-1))
    means = np.zeros((1 + len(first), vector.shape[1]), dtype=np.float32)
    at = np.zeros(groups, dtype=np.intp)
    if len(first):
        sums = np.add.reduceat(vector * weight[:, None].astype(np.float32), first, axis=0)
        means[1:] = unit(sums)
        at[group[first]] = np.arange(1, len(means))
    return means, at, np.bincount(group, weight, groups).astype(np.float64)

"""What the people of a recording look like, box by box, and what that says about pieces of tracks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tracker.appearance.likeness import Likeness
from tracker.appearance.pieces import PieceLooks, pooled
from tracker.settings import AppearanceSettings

# Pieces this long are cut into thirds, whose first and last show the same person at different times.
_LONG_S = 2.0
# Pieces seen at once for this long, with so many crops, show different people.
_AT_ONCE_S, _AT_ONCE_CROPS = 0.5, 2.0
_MOST_PAIRS = 20_000
# A crop counts whole if three quarters are seen, not at all if half of it shows somebody else.
_SEEN_HALF, _SEEN_WHOLE, _LEAST_WEIGHT = 0.5, 0.75, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Vectors of the boxes that were looked at. Personal data: kept in memory only, gone with the run.

    Attributes:
        row: (k,) int64 rows of the detection log, ascending.
        vector: (k, d) float32 unit vectors.
        visible: (k,) float64 share of each box that nobody hid.
        settings: How they are compared.
        likeness: What a similarity means in this recording; nothing, until it is `learned`.

    """

    row: NDArray[np.int64]
    vector: NDArray[np.float32]
    visible: NDArray[np.float64]
    settings: AppearanceSettings = field(default_factory=AppearanceSettings)
    likeness: Likeness = field(default_factory=Likeness.unknown)

    def __post_init__(self) -> None:
        """Check shapes and order once; what is kept are read-only views, for the vectors are large."""
        row = np.asarray(self.row, dtype=np.int64).view()
        vector = np.asarray(self.vector, dtype=np.float32).view()
        visible = np.asarray(self.visible, dtype=np.float64).view()
        if row.ndim != 1 or vector.ndim != 2 or not len(row) == len(vector) == len(visible):
            raise ValueError(
                "looks: expected row (k,), vector (k, d) and visible (k,), "
                f"got {row.shape}, {vector.shape} and {visible.shape}"
            )
        if np.any(np.diff(row) <= 0):
            raise ValueError("looks: expected ascending rows of the detection log, each once")
        for array in (row, vector, visible):
            array.setflags(write=False)
        object.__setattr__(self, "row", row)
        object.__setattr__(self, "vector", vector)
        object.__setattr__(self, "visible", visible)

    def learned(self, group: NDArray[np.int64], row: NDArray[np.int64], t_s: NDArray[np.float64]) -> Looks:
        """The same looks, now that tracklets say what a similarity means.

        First and last third of a long tracklet show the same person, tracklets seen at once different
        people. Longer pieces would hold more of each, but also links that are wrong.

        Args:
            group: (N,) number of the tracklet of each box, 0..n-1; every number occurs.
            row: (N,) rows of the detection log.
            t_s: (N,) times. Boxes are sorted by tracklet, then by time.

        """
        first, last = _bounds(group, row, t_s)
        n = len(first)
        begin_s, end_s = t_s[first], t_s[last]
        at, seen = self._found(row)
        piece = group[at]
        into = (t_s[at] - begin_s[piece]) / np.maximum(end_s - begin_s, 1e-9)[piece]
        long = end_s - begin_s >= _LONG_S
        # Both thirds of a tracklet as groups of their own.
        early, late = (long[piece] & part for part in (into <= 1 / 3, into >= 2 / 3))
        some = early | late
        thirds = self._pooled(seen[some], 2 * piece[some] + late[some], 2 * n)
        both = np.flatnonzero((thirds.crops[::2] > 0) & (thirds.crops[1::2] > 0))
        same = thirds.similarity(2 * both, 2 * both + 1)
        whole = self.likelihood(group, row, t_s)
        other = whole.similarity(*_seen_at_once(begin_s, end_s, whole.crops))
        return replace(self, likeness=Likeness.learned(same, other))

    def likelihood(
        self, group: NDArray[np.int64], row: NDArray[np.int64], t_s: NDArray[np.float64]
    ) -> PieceLooks:
        """What looks say about pieces of tracks. Far fewer than all pairs are looked at later.

        Args:
            group: (N,) number of the piece of each box, 0..n-1; every number occurs.
            row: (N,) rows of the detection log.
            t_s: (N,) times. Boxes are sorted by piece, then by time.

        Returns:
            To be called with (i, j, gap_s): log likelihood ratios, see `PieceLooks`.

        """
        first, _ = _bounds(group, row, t_s)
        at, seen = self._found(row)
        return self._pooled(seen, group[at], len(first))

    @property
    def _weight(self) -> NDArray[np.float64]:
        """(k,) how much each crop counts."""
        return np.clip((self.visible - _SEEN_HALF) / (_SEEN_WHOLE - _SEEN_HALF), _LEAST_WEIGHT, 1.0)

    def _found(self, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of these rows have a vector, and which vectors these are."""
        if not len(self.row):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        place = np.minimum(np.searchsorted(self.row, row), len(self.row) - 1)
        at = np.flatnonzero(self.row[place] == row)
        return at, place[at]

    def _pooled(self, seen: NDArray[np.int64], group: NDArray[np.int64], groups: int) -> PieceLooks:
        """The looks of groups of these vectors."""
        vector, at, crops = pooled(self.vector[seen], self._weight[seen], group, groups)
        return PieceLooks(vector, at, crops, self.likeness, self.settings)


def _bounds(
    group: NDArray[np.int64], row: NDArray[np.int64], t_s: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last row of each piece."""
    if not len(group) == len(row) == len(t_s) or np.any(np.diff(group) < 0):
        raise ValueError("pieces: expected group, row and t_s of equal length, sorted by group")
    first = np.flatnonzero(np.append(True, np.diff(group) != 0)) if len(group) else np.zeros(0, np.int64)
    if len(group) and (group[first] != np.arange(len(first))).any():
        raise ValueError("pieces: expected the numbers 0..n-1, each with a box")
    return first, np.append(first[1:], len(group)) - 1 if len(group) else first


def _seen_at_once(
    begin_s: NDArray[np.float64], end_s: NDArray[np.float64], crops: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of pieces in the picture at once, at most `_MOST_PAIRS`, evenly taken out of all."""
    usable = np.flatnonzero((end_s - begin_s >= _AT_ONCE_S) & (crops >= _AT_ONCE_CROPS))
    usable = usable[np.argsort(begin_s[usable], kind="stable")]
    begin, end = begin_s[usable], end_s[usable]
    # Those that begin after i and before its end stand next to each other behind i.
    behind = np.searchsorted(begin, end - _AT_ONCE_S, side="right") - np.arange(len(usable)) - 1
    up_to = np.cumsum(np.maximum(behind, 0))
    total = int(up_to[-1]) if len(up_to) else 0
    pair = (
        np.arange(total) if total <= _MOST_PAIRS else np.linspace(0, total - 1, _MOST_PAIRS).astype(np.int64)
    )
    i = np.searchsorted(up_to, pair, side="right")
    j = i + 1 + pair - np.append(0, up_to)[i]
    return usable[i], usable[j]

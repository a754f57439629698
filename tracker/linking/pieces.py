"""Pieces: what is known to be one person so far, tracklets at first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.linking.whereabouts import Whereabouts
from tracker.tracklets import Tracklets


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Boxes with the piece each belongs to, sorted by piece and then by time.

    Attributes:
        piece: (N,) int64 from 0, none left out.
        picture: (N,) int64 number of the sampled picture.
        t_s: (N,) float64.
        xyxy_px: (N, 4) float64.
        score: (N,) float64.
        row: (N,) int64 row of the detection log.
        where: Positions of the boxes.
        first: (n,) int64 row at which each piece begins.
        last: (n,) int64 row at which it ends.

    """

    piece: NDArray[np.int64]
    picture: NDArray[np.int64]
    t_s: NDArray[np.float64]
    xyxy_px: NDArray[np.float64]
    score: NDArray[np.float64]
    row: NDArray[np.int64]
    where: Whereabouts
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of pieces."""
        return len(self.first)

    @property
    def boxes(self) -> NDArray[np.int64]:
        """(n,) number of boxes of each piece."""
        return self.last - self.first + 1

    @classmethod
    def of(cls, tracklets: Tracklets, picture_t_s: NDArray[np.float64], where: Whereabouts) -> Pieces:
        """One piece a tracklet.

        Args:
            tracklets: Observed boxes.
            picture_t_s: (F,) times of all sampled pictures.
            where: Positions of these boxes.

        """
        _, piece = np.unique(tracklets.tracklet, return_inverse=True)
        picture = np.searchsorted(picture_t_s, tracklets.t_s - 1e-9)
        return cls._sorted(
            piece.astype(np.int64), picture.astype(np.int64), tracklets.t_s, tracklets.xyxy_px,
            tracklets.score, tracklets.row, where,
        )  # fmt: skip

    @classmethod
    def _sorted(
        cls,
        piece: NDArray[np.int64],
        picture: NDArray[np.int64],
        t_s: NDArray[np.float64],
        xyxy_px: NDArray[np.float64],
        score: NDArray[np.float64],
        row: NDArray[np.int64],
        where: Whereabouts,
    ) -> Pieces:
        _, first = np.unique(piece, return_index=True)
        last = np.append(first[1:], len(piece)) - 1 if len(piece) else first
        return cls(piece, picture, t_s, xyxy_px, score, row, where, first, last)

    def joined(self, group: NDArray[np.int64]) -> Pieces:
        """Pieces of the same group (n,) made one; of two boxes in a picture the surer one stays.

        Args:
            group: New piece of each piece, from 0, none left out; negative drops a piece.

        """
        label = group[self.piece]
        order = np.lexsort([-self.score, self.picture, label])
        order = order[label[order] >= 0]
        fresh = np.ones(len(order), dtype=np.bool_)
        fresh[1:] = (np.diff(label[order]) != 0) | (np.diff(self.picture[order]) != 0)
        o = order[fresh]
        return Pieces._sorted(
            label[o], self.picture[o], self.t_s[o], self.xyxy_px[o], self.score[o], self.row[o],
            self.where.take(o),
        )  # fmt: skip

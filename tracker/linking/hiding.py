"""Whether somebody could have been out of sight during a pause: behind another person's box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.linking.pieces import Pieces

_LOOKS = 6
# Share of a box that another must cover for a detector to lose the person behind it.
_COVERED_SHARE = 0.3
_PAIRS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Hiding:
    """Who could hide whom.

    Attributes:
        pieces: Whose pauses are asked for, and who is in front.

    """

    pieces: Pieces
    _boxes: NDArray[np.float64]
    _bounds: NDArray[np.int64]

    @classmethod
    def among(cls, pieces: Pieces) -> Hiding:
        """The boxes of all pieces, picture by picture."""
        order = np.argsort(pieces.picture, kind="stable")
        pictures = np.arange(int(pieces.picture.max(initial=-1)) + 2)
        return cls(pieces, pieces.xyxy_px[order], np.searchsorted(pieces.picture[order], pictures))

    def share(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        """Share (k,) of the pause between the end of i and the beginning of j that a detected box explains.

        The person is taken to go straight from box to box; six pictures of the pause are looked at. A pause
        without any picture in it is hidden as a whole.
        """
        pieces, bounds = self.pieces, self._bounds
        share = np.ones(len(i))
        begin, end = pieces.picture[pieces.last[i]], pieces.picture[pieces.first[j]]
        asked = np.flatnonzero(end - begin > 1)
        for rows in np.array_split(asked, max(1, -(-len(asked) // _PAIRS_AT_ONCE))):
            a, b = pieces.xyxy_px[pieces.last[i[rows]]], pieces.xyxy_px[pieces.first[j[rows]]]
            hidden = np.zeros((len(rows), _LOOKS))
            for look in range(_LOOKS):
                along = begin[rows] + (look + 0.5) / _LOOKS * (end[rows] - begin[rows])
                at = np.clip(np.rint(along).astype(np.int64), begin[rows] + 1, end[rows] - 1)
                w = ((at - begin[rows]) / (end[rows] - begin[rows]))[:, None]
                hidden[:, look] = _covered(a * (1 - w) + b * w, self._boxes, bounds[at], bounds[at + 1])
            share[rows] = hidden.mean(axis=1)
        return share


def _covered(
    person: NDArray[np.float64],
    boxes: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Whether any of boxes[low:high] covers enough of each person's box."""
    count = high - low
    who = np.repeat(np.arange(len(person)), count)
    which = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count) + low[who]
    a, b = person[who], boxes[which]
    side = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    area = np.maximum((a[:, 2:] - a[:, :2]).prod(axis=1), 1.0)
    covered = np.zeros(len(person), dtype=np.bool_)
    covered[who[side.prod(axis=1) / area > _COVERED_SHARE]] = True
    return covered

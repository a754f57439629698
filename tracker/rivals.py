"""Which matches of boxes and tracklets could as well be meant otherwise.

A swap inside a tracklet can't be mended later, an end can: linking sees the whole recording. So a tracklet
ends where giving its box to somebody else, or taking another box, would fit nearly as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def contested(
    overlap: NDArray[np.float64],
    tracklet: NDArray[np.intp],
    box: NDArray[np.intp],
    rival: NDArray[np.bool_],
    least: float,
    margin: float,
) -> NDArray[np.bool_]:
    """Which of k matches are beaten, or nearly so, by another use of the same tracklet or the same box.

    Args:
        overlap: (n, m) intersection over union of every tracklet with every box.
        tracklet: (k,) tracklet of each match.
        box: (k,) box of each match; tracklets and boxes appear once at most.
        rival: (n,) tracklets that may be who a box belongs to.
        least: Overlap that a match needs.
        margin: Overlap by which the matches must beat the exchange: with a rival that has a box of its own,
            the sum over both is compared.

    Returns:
        (k,) bool.

    """
    n, m = overlap.shape
    k = np.arange(len(tracklet))
    own = overlap[tracklet, box]
    box_of = np.full(n, -1)
    box_of[tracklet] = box
    has_box = box_of >= 0
    # Rows are tracklets c, columns are matches (a, d); e is the box that c has.
    rivals = overlap[:, box]
    kept = np.where(has_box, overlap[np.arange(n), box_of], 0.0)[:, None]
    exchanged = np.where(has_box[:, None], overlap[tracklet][:, box_of].T, 0.0)
    loss = own[None, :] + kept - exchanged - rivals
    near = (rivals > least - margin) & rival[:, None] & (loss < margin)
    near[tracklet, k] = False
    free = np.setdiff1d(np.arange(m), box)
    others = overlap[np.ix_(tracklet, free)]
    elsewhere = (others > least - margin) & (own[:, None] - others < margin)
    return np.asarray(near.any(axis=0) | elsewhere.any(axis=1))

"""Where straight ways meet straight lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def meetings(
    p: NDArray[np.float64], d: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where the ways p + share * d meet the line piece from a to b.

    Args:
        p: (n, 2) or (2,) beginnings.
        d: (n, 2) directions; share 1 is the end of the way.
        a: (2,) one end of the line piece.
        b: (2,) its other end; both ends belong to it.

    Returns:
        (n,) share, which may lie outside 0..1; NaN where the way, prolonged, misses the piece or runs
        parallel to it.

    """
    e, w = b - a, a - p
    cross = d[:, 0] * e[1] - d[:, 1] * e[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (w[..., 0] * e[1] - w[..., 1] * e[0]) / cross
        along = (w[..., 0] * d[:, 1] - w[..., 1] * d[:, 0]) / cross
        met = (cross != 0) & (along >= 0) & (along <= 1)
    return np.where(met, share, np.nan)

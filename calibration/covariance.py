"""Covariances of positions in two dimensions, (N, 3) as xx, xy, yy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sigma_of(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) 1-sigma in the worst direction: the root of the larger eigenvalue of covariances (N, 3)."""
    xx, xy, yy = covariance.T
    larger = (xx + yy) / 2 + np.hypot((xx - yy) / 2, xy)
    return np.asarray(np.sqrt(larger), dtype=np.float64)

"""The fixed-interval smoother: the most probable path between all measurements, before and after.

It is the Rauch-Tung-Striebel smoother of a constant-velocity model with white-noise acceleration (Bar-Shalom,
Li, Kirubarajan 2001, section 6.2). For a linear Gaussian model its mean is the minimum of a sum of squares
whose normal matrix is banded (Bell 1994, "The iterated Kalman smoother as a Gauss-Newton method"), so all
paths are solved at once instead of one row after the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from analytics.settings import TrajectorySettings

_FIRST_SPEED_M_S = 2.0
# Two pictures a tick of the clock apart (1/90000 s) would make the equations unsolvable in float64.
_LEAST_STEP_S = 1e-3


def fixed_interval_mean(
    t_s: NDArray[np.float64],
    path: NDArray[np.int64],
    z: NDArray[np.float64],
    information: NDArray[np.float64],
    scale: NDArray[np.float64],
    still: NDArray[np.bool_],
    settings: TrajectorySettings,
) -> NDArray[np.float64]:
    """Smooth all paths: minimise measurement and process residuals, the state of a row being (x, y, vx, vy).

    Process: r = s1 - F s0 with covariance q [[dt^3/3, dt^2/2], [dt^2/2, dt]] per axis, whose inverse is
    1/q [[12/dt^3, -6/dt^2], [-6/dt^2, 4/dt]]. Standing adds the measurement "velocity is 0".

    Args:
        t_s: (n,) seconds, increasing within a path.
        path: (n,) path numbers, ascending.
        z: (n, 2) measured positions, in the floor's unit.
        information: (n, 3) inverse of their covariance as xx, xy, yy; 0 where nothing was measured.
        scale: (n,) size of a metre in the floor's unit.
        still: (n,) bool, the person stands.
        settings: Noise of walking and speed of standing.

    Returns:
        (n, 2) smoothed positions.

    """
    n = len(t_s)
    band = np.zeros((8, 4 * n))  # upper form: band[7 + i - j, j] = A[i, j]
    rhs = np.zeros(4 * n)

    def add(row: NDArray[np.int64], i: int, j: int, value: NDArray[np.float64]) -> None:
        """Add to the entry of state i of `row` with state j (j >= i; j >= 4 is the next row)."""
        band[7 + i - j, 4 * row + j] += value

    every = np.arange(n)
    for i, j, column in ((0, 0, 0), (0, 1, 1), (1, 1, 2)):
        add(every, i, j, information[:, column])
    rhs[0::4] = information[:, 0] * z[:, 0] + information[:, 1] * z[:, 1]
    rhs[1::4] = information[:, 1] * z[:, 0] + information[:, 2] * z[:, 1]

    joined = path[1:] == path[:-1]
    row = np.flatnonzero(joined)
    dt = np.maximum(t_s[row + 1] - t_s[row], _LEAST_STEP_S)
    # A row speaks for the time around it, so that standing weighs the same at any sample rate.
    around_s = np.zeros(n)
    around_s[row] += dt / 2
    around_s[row + 1] += dt / 2
    rest = np.where(still, around_s / (settings.standing_speed_m_s * scale) ** 2, 0.0)
    # Nobody's velocity is wholly unknown when a path begins: also keeps one-row paths solvable.
    first = np.concatenate([[True], ~joined])
    rest[first] += 1 / (_FIRST_SPEED_M_S * scale[first]) ** 2
    for axis in (0, 1):
        add(every, 2 + axis, 2 + axis, rest)

    q = settings.acceleration_m2_s3 * scale[row] * scale[row + 1]
    a, b, c = 12 / (q * dt**3), -6 / (q * dt**2), 4 / (q * dt)
    for axis in (0, 1):
        p, v = axis, 2 + axis
        # J = [-F, I]; J^T Q^-1 J with F = [[1, dt], [0, 1]].
        add(row, p, p, a)
        add(row, p, v, a * dt + b)
        add(row, v, v, a * dt**2 + 2 * b * dt + c)
        add(row, p, 4 + p, -a)
        add(row, p, 4 + v, -b)
        add(row, v, 4 + p, -(a * dt + b))
        add(row, v, 4 + v, -(b * dt + c))
        add(row + 1, p, p, a)
        add(row + 1, p, v, b)
        add(row + 1, v, v, c)
    state: NDArray[np.float64] = solveh_banded(
        band, rhs, overwrite_ab=True, overwrite_b=True, check_finite=False
    )
    return state.reshape(n, 4)[:, :2]

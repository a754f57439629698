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


class FixedIntervalSmoother:
    """Paths to smooth: minimises measurement and process residuals, the state of a row being (x, vx, y, vy).

    Process: r = s1 - F s0 with covariance q [[dt^3/3, dt^2/2], [dt^2/2, dt]] per axis, whose inverse is
    1/q [[12/dt^3, -6/dt^2], [-6/dt^2, 4/dt]]. It is the same however noisy the measurements are taken to be,
    so it is made once. In this order of the state half the bandwidth of the equations is 5.

    Args:
        t_s: (n,) seconds, increasing within a path.
        path: (n,) path numbers, ascending.
        scale: (n,) size of a metre in the floor's unit.
        settings: Noise of walking and speed of standing.

    """

    def __init__(
        self,
        t_s: NDArray[np.float64],
        path: NDArray[np.int64],
        scale: NDArray[np.float64],
        settings: TrajectorySettings,
    ) -> None:
        n = len(t_s)
        joined = path[1:] == path[:-1]
        dt = np.where(joined, np.maximum(t_s[1:] - t_s[:-1], _LEAST_STEP_S), 1.0)
        # J = [-F, I]; J^T Q^-1 J with F = [[1, dt], [0, 1]]. Nothing joins the end of a path to the next one.
        weight = np.where(joined, 1.0 / (settings.acceleration_m2_s3 * scale[:-1] * scale[1:]), 0.0)
        a, b, c = 12 * weight / dt**3, -6 * weight / dt**2, 4 * weight / dt
        # band[row, i, j - i] = A[i, j] of states i of the row and j of the same (j < 4) or the next one: the
        # lower form of LAPACK, each of its columns in one piece.
        self._band = band = np.zeros((n, 4, 6))
        for position in (0, 2):
            speed = position + 1
            band[:-1, position, 0] += a
            band[:-1, position, 1] += a * dt + b
            band[:-1, speed, 0] += a * dt**2 + 2 * b * dt + c
            band[:-1, position, 4] = -a
            band[:-1, position, 5] = -b
            band[:-1, speed, 3] = -(a * dt + b)
            band[:-1, speed, 4] = -(b * dt + c)
            band[1:, position, 0] += a
            band[1:, position, 1] += b
            band[1:, speed, 0] += c
        # A row speaks for the time around it, so that standing weighs the same at any sample rate.
        around_s = np.zeros(n)
        around_s[:-1] += np.where(joined, dt / 2, 0.0)
        around_s[1:] += np.where(joined, dt / 2, 0.0)
        self._at_rest = around_s / (settings.standing_speed_m_s * scale) ** 2
        # Nobody's velocity is wholly unknown when a path begins: also keeps one-row paths solvable.
        first = np.concatenate([[True], ~joined])
        for speed in (1, 3):
            band[first, speed, 0] += 1 / (_FIRST_SPEED_M_S * scale[first]) ** 2

    def mean(
        self, z: NDArray[np.float64], information: NDArray[np.float64], still: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """The smoothed positions (n, 2).

        Args:
            z: (n, 2) measured positions, in the floor's unit.
            information: (n, 3) inverse of their covariance as xx, xy, yy; 0 where nothing was measured.
            still: (n,) bool, the person stands: a measurement "velocity is 0".

        """
        n = len(z)
        band, rhs = self._band.copy(), np.zeros((n, 4))
        xx, xy, yy = information.T
        rest = np.where(still, self._at_rest, 0.0)
        for i, j, value in ((0, 0, xx), (0, 2, xy), (2, 2, yy), (1, 1, rest), (3, 3, rest)):
            band[:, i, j - i] += value
        rhs[:, 0] = xx * z[:, 0] + xy * z[:, 1]
        rhs[:, 2] = xy * z[:, 0] + yy * z[:, 1]
        state: NDArray[np.float64] = solveh_banded(
            band.reshape(4 * n, 6).T,
            rhs.reshape(4 * n),
            overwrite_ab=True,
            overwrite_b=True,
            lower=True,
            check_finite=False,
        )
        return state.reshape(n, 4)[:, ::2]

"""Constant-velocity Kalman filter over many boxes at once, stepping by any length of time.

Each side of a box is a coordinate with a velocity; sides and tracklets are independent. As all four sides
of a box share their noises and are always observed together, they also share one 2x2 covariance, so that a
tracklet is 4 positions, 4 velocities and 3 numbers of covariance, and a whole crowd is three arrays.

Time is counted in motion steps (`ByteTrackSettings.motion_step_s`), not necessarily whole ones. With F(n) the
transition over n steps and Q(1) = diag(p, v) the noise of one step, the noise of n steps is

    Q(n) = sum over k < n of F(k) Q(1) F(k)^T
         = [[p n + v n (n-1) (2n-1) / 6,  v n (n-1) / 2],
            [v n (n-1) / 2,               v n          ]]

read as a polynomial for any real n >= 0. So one step is exactly diag(p, v), and a prediction over a + b is
the prediction over a and then over b: how often the picture is sampled does not change what is believed.
Q(n) is a covariance for every n as long as p >= v / 12, which the settings check.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.settings import ByteTrackSettings


@dataclass(frozen=True, slots=True, eq=False)
class BoxStates:
    """What is believed about n boxes.

    Attributes:
        xyxy_px: (n, 4) float64 box sides.
        velocity_px: (n, 4) float64 their velocities in pixels per motion step.
        cov_px2: (n, 3) float64 variance of a side, covariance of side and velocity, variance of the velocity.

    """

    xyxy_px: NDArray[np.float64]
    velocity_px: NDArray[np.float64]
    cov_px2: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> BoxStates:
        """The states of some rows (a mask or indices)."""
        return BoxStates(self.xyxy_px[rows], self.velocity_px[rows], self.cov_px2[rows])

    def join(self, other: BoxStates) -> BoxStates:
        """These states followed by others."""
        return BoxStates(
            np.concatenate([self.xyxy_px, other.xyxy_px]),
            np.concatenate([self.velocity_px, other.velocity_px]),
            np.concatenate([self.cov_px2, other.cov_px2]),
        )


def begin(xyxy_px: NDArray[np.float64], settings: ByteTrackSettings) -> BoxStates:
    """States of boxes (n, 4) seen for the first time: at rest, with the starting uncertainty."""
    variance = settings.start_noise_px**2
    cov_px2 = np.tile([variance, 0.0, variance], (len(xyxy_px), 1))
    return BoxStates(xyxy_px.copy(), np.zeros_like(xyxy_px), cov_px2)


def process_noise(steps: float, settings: ByteTrackSettings) -> tuple[float, float, float]:
    """Q(n) of the module's docstring: variance of a side, covariance, variance of the velocity (pixels^2)."""
    p, v, n = settings.drift_noise_px**2, settings.turn_noise_px**2, steps
    return p * n + v * n * (n - 1) * (2 * n - 1) / 6, v * n * (n - 1) / 2, v * n


def predict(states: BoxStates, steps: float, settings: ByteTrackSettings) -> BoxStates:
    """Where the boxes are expected `steps` motion steps (>= 0) later, and how uncertain that is."""
    q_side, q_mixed, q_velocity = process_noise(steps, settings)
    side, mixed, velocity = states.cov_px2.T
    cov_px2 = np.empty_like(states.cov_px2)
    cov_px2[:, 0] = side + 2 * steps * mixed + steps**2 * velocity + q_side
    cov_px2[:, 1] = mixed + steps * velocity + q_mixed
    cov_px2[:, 2] = velocity + q_velocity
    return BoxStates(states.xyxy_px + steps * states.velocity_px, states.velocity_px, cov_px2)


def correct(
    states: BoxStates, rows: NDArray[np.intp], xyxy_px: NDArray[np.float64], settings: ByteTrackSettings
) -> BoxStates:
    """Take in the detected boxes (m, 4) of the states at `rows` (m,); the other states stay as they are."""
    box, speed, cov_px2 = states.xyxy_px.copy(), states.velocity_px.copy(), states.cov_px2.copy()
    side, mixed, velocity = cov_px2[rows].T
    noise = settings.box_noise_px**2
    innovation = side + noise
    surprise = xyxy_px - box[rows]
    box[rows] += (side / innovation)[:, None] * surprise
    speed[rows] += (mixed / innovation)[:, None] * surprise
    cov_px2[rows] = np.column_stack(
        [side * noise / innovation, mixed * noise / innovation, velocity - mixed**2 / innovation]
    )
    return BoxStates(box, speed, cov_px2)

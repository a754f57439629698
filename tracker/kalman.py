"""Constant-velocity Kalman filter over many boxes at once, stepping by any length of time.

The state of a box is its centre, its size and the velocities of both. x and y of the centre share their
noises and are always observed together, so they also share one 2x2 covariance; width and height likewise. A
tracklet is 4 positions, 4 velocities and 2 x 3 numbers of covariance, and a whole crowd is three arrays.

Time is counted in motion steps (`ByteTrackSettings.motion_step_s`), not necessarily whole ones. With F(n) the
transition over n steps and Q(1) = diag(p, v) the noise of one step, the noise of n steps is

    Q(n) = sum over k < n of F(k) Q(1) F(k)^T
         = [[p n + v n (n-1) (2n-1) / 6,  v n (n-1) / 2],
            [v n (n-1) / 2,               v n          ]]

read as a polynomial for any real n >= 0. So one step is exactly diag(p, v), and a prediction over a + b is
the prediction over a and then over b: how often the picture is sampled does not change what is believed.
Q(n) is a covariance for every n as long as p >= v / 12, which the settings check.

With the same noises for centre and size this is the filter of the peers, which hold the four sides: the sides
are a rotation of these coordinates. Here the size of a person is steadier than their place.
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
        centre_size_px: (n, 2, 2) float64: centre (x, y), then size (width, height).
        velocity_px: (n, 2, 2) float64 their velocities in pixels per motion step.
        cov_px2: (n, 2, 3) float64 of the centre and of the size: variance of a coordinate, covariance of
            coordinate and velocity, variance of the velocity.

    """

    centre_size_px: NDArray[np.float64]
    velocity_px: NDArray[np.float64]
    cov_px2: NDArray[np.float64]

    @property
    def xyxy_px(self) -> NDArray[np.float64]:
        """(n, 4) the boxes, left, top, right, bottom."""
        centre, half = self.centre_size_px[:, 0], self.centre_size_px[:, 1] / 2
        return np.concatenate([centre - half, centre + half], axis=1)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> BoxStates:
        """The states of some rows (a mask or indices)."""
        return BoxStates(self.centre_size_px[rows], self.velocity_px[rows], self.cov_px2[rows])

    def join(self, other: BoxStates) -> BoxStates:
        """These states followed by others."""
        return BoxStates(
            np.concatenate([self.centre_size_px, other.centre_size_px]),
            np.concatenate([self.velocity_px, other.velocity_px]),
            np.concatenate([self.cov_px2, other.cov_px2]),
        )


def _centre_size(xyxy_px: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = xyxy_px[:, :2], xyxy_px[:, 2:]
    return np.stack([(low + high) / 2, high - low], axis=1)


def begin(xyxy_px: NDArray[np.float64], settings: ByteTrackSettings) -> BoxStates:
    """States of boxes (n, 4) seen for the first time: at rest, with the starting uncertainty."""
    state = _centre_size(xyxy_px)
    place, size = settings.start_noise_px**2, settings.size_start_noise_px**2
    speed = settings.start_noise_px**2 * settings.size_speed_share**2
    cov_px2 = np.tile([[place, 0.0, place], [size, 0.0, speed]], (len(xyxy_px), 1, 1))
    return BoxStates(state, np.zeros_like(state), cov_px2)


def process_noise(
    steps: float, settings: ByteTrackSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Q(n) of the module's docstring: variance of a coordinate, covariance, variance of the velocity.

    Each (2,), pixels^2, of the centre and of the size.
    """
    n = steps
    p = np.array([settings.drift_noise_px, settings.size_drift_noise_px]) ** 2
    v = (settings.turn_noise_px * np.array([1.0, settings.size_speed_share])) ** 2
    return p * n + v * n * (n - 1) * (2 * n - 1) / 6, v * n * (n - 1) / 2, v * n


def predict(states: BoxStates, steps: float, settings: ByteTrackSettings) -> BoxStates:
    """Where the boxes are expected `steps` motion steps (>= 0) later, and how uncertain that is."""
    q_place, q_mixed, q_velocity = process_noise(steps, settings)
    place, mixed, velocity = np.moveaxis(states.cov_px2, 2, 0)
    cov_px2 = np.empty_like(states.cov_px2)
    cov_px2[..., 0] = place + 2 * steps * mixed + steps**2 * velocity + q_place
    cov_px2[..., 1] = mixed + steps * velocity + q_mixed
    cov_px2[..., 2] = velocity + q_velocity
    return BoxStates(states.centre_size_px + steps * states.velocity_px, states.velocity_px, cov_px2)


def correct(
    states: BoxStates, rows: NDArray[np.intp], xyxy_px: NDArray[np.float64], settings: ByteTrackSettings
) -> BoxStates:
    """Take in the detected boxes (m, 4) of the states at `rows` (m,); the other states stay as they are."""
    box, speed, cov_px2 = states.centre_size_px.copy(), states.velocity_px.copy(), states.cov_px2.copy()
    place, mixed, velocity = np.moveaxis(cov_px2[rows], 2, 0)
    noise = settings.box_noise_px**2
    innovation = place + noise
    surprise = _centre_size(xyxy_px) - box[rows]
    box[rows] += (place / innovation)[..., None] * surprise
    speed[rows] += (mixed / innovation)[..., None] * surprise
    cov_px2[rows] = np.stack(
        [place * noise / innovation, mixed * noise / innovation, velocity - mixed**2 / innovation], axis=2
    )
    return BoxStates(box, speed, cov_px2)

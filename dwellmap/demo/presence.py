"""Where somebody was and how they moved: what the film draws and the truth is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from dwellmap.demo.looks import Looks

TICKS_PER_S = 25
# Steps of the crowd are coarser than those of the film; smoothing over this takes the corners off.
_SMOOTH_TICKS = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """One uninterrupted time of a person in or just before the shop.

    Attributes:
        person: Number of the person, from 1; the same when they come back.
        looks: What they look like this time.
        t_s: (N,) seconds, `TICKS_PER_S` of them a second.
        xy_m: (N, 2) where they are.
        heading_rad: (N,) where they face (0 along x), continuous.
        stride: (N,) phase of the walk in radians, growing with the way walked.
        swing: (N,) 0 (standing) to 1 (walking briskly).
        reach: (N,) 0 (arms down) to 1 (a hand stretched out to the shelf).

    """

    person: int
    looks: Looks
    t_s: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    stride: NDArray[np.float64]
    swing: NDArray[np.float64]
    reach: NDArray[np.float64]

    @classmethod
    def of_steps(
        cls,
        person: int,
        looks: Looks,
        t_s: NDArray[np.float64],
        xy_m: NDArray[np.float64],
        facing_rad: NDArray[np.float64],
        reach: NDArray[np.float64],
    ) -> Presence:
        """Fill in the movement between steps.

        Args:
            person: Number of the person.
            looks: What they look like.
            t_s: (n,) times of the steps, n at least 2.
            xy_m: (n, 2) positions.
            facing_rad: (n,) where they want to look; NaN where they look where they go.
            reach: (n,) as in the result.

        """
        ticks_s = np.arange(round(t_s[0] * TICKS_PER_S), round(t_s[-1] * TICKS_PER_S) + 1) / TICKS_PER_S
        between = np.column_stack([np.interp(ticks_s, t_s, xy_m[:, k]) for k in (0, 1)])
        xy = gaussian_filter1d(between, _SMOOTH_TICKS, axis=0, mode="nearest")
        velocity = gaussian_filter1d(np.gradient(xy, 1 / TICKS_PER_S, axis=0), 4, axis=0)
        speed = np.hypot(velocity[:, 0], velocity[:, 1])
        facing = facing_rad[np.searchsorted(t_s, ticks_s - 1e-9).clip(max=len(t_s) - 1)]
        towards = np.column_stack([np.cos(facing), np.sin(facing)])
        walking = velocity / np.maximum(speed, 0.15)[:, None]
        look = gaussian_filter1d(np.where(np.isnan(facing)[:, None], walking, towards), 6, axis=0)
        swing = np.clip(speed / 1.1, 0, 1)
        return cls(
            person=person,
            looks=looks,
            t_s=ticks_s,
            xy_m=xy,
            heading_rad=np.unwrap(np.arctan2(look[:, 1], look[:, 0])),
            stride=np.cumsum(speed) / TICKS_PER_S * 2 * np.pi / (0.82 * looks.height_m),
            # Who shifts their weight does not walk.
            swing=np.where(swing > 0.14, swing, 0.0),
            reach=gaussian_filter1d(np.interp(ticks_s, t_s, reach), 5),
        )

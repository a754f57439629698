"""Positions for the smoother, taken from tracks: metres on the plan, or pixels where nobody calibrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.trajectories import Positions
from calibration.foot import FootJitter
from tracker.tracks import Tracks

# A person is 1.7 m tall, so in a picture without calibration the box height gives the scale.
PERSON_M = 1.7


def floor_positions(tracks: Tracks) -> Positions:
    """Raw positions on the plan, in metres."""
    return Positions(
        tracks.person,
        tracks.t_s,
        tracks.xy_m,
        tracks.cov_m2,
        tracks.observed,
        np.ones(len(tracks)),
        "m",
        tracks.scene_visit,
    )


def picture_positions(tracks: Tracks) -> Positions:
    """Foot points in the picture, in pixels; a metre is what the person's own box makes of it.

    The height is the median over a person's observed boxes, so that a box cut short does not stretch the
    metre.
    """
    height = tracks.xyxy_px[:, 3] - tracks.xyxy_px[:, 1]
    scale = np.empty(len(tracks))
    starts = np.flatnonzero(np.diff(tracks.person, prepend=-1))
    for begin, end in zip(starts, np.append(starts, len(tracks))[1:], strict=True):
        scale[begin:end] = np.median(height[begin:end]) / PERSON_M
    return Positions(
        tracks.person,
        tracks.t_s,
        tracks.foot_px,
        picture_covariance(height),
        tracks.observed,
        np.maximum(scale, 1e-3),
        "px",
        tracks.scene_visit,
    )


def picture_covariance(box_height_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) covariance xx, xy, yy of a detector's foot point in the picture, in pixels squared."""
    x, y = FootJitter().sigma_px(box_height_px).T
    return np.column_stack([x * x, np.zeros(len(box_height_px)), y * y])

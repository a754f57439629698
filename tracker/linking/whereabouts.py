"""Where boxes are, in the frame in which walking is judged: the floor if it is known, else the picture."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.upright import floor_below

PERSON_M = 1.7
_LEAST_HEIGHT_PX = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Whereabouts:
    """Positions of N boxes.

    The head is taken, for it stays visible where feet are hidden. On the floor it is the point below a head
    1.7 m up: for somebody of another height that is off, but off alike before and after a pause.

    Attributes:
        xy: (N, 2) float64, pixels or metres.
        cov: (N, 3) float64 xx, xy, yy of a detected position's error, in heights^2.
        height: (N,) float64 how tall the person appears: pixels, or times what 1.7 m would be at that place.
        unit: (N,) float64 a person height in the frame of `xy`.

    """

    xy: NDArray[np.float64]
    cov: NDArray[np.float64]
    height: NDArray[np.float64]
    unit: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp]) -> Whereabouts:
        """Some of the rows."""
        return Whereabouts(*(getattr(self, f.name)[rows] for f in fields(self)))


def in_picture(xyxy_px: NDArray[np.float64], box_error: float) -> Whereabouts:
    """The middle of the upper edge of boxes (N, 4), right to `box_error` heights along both axes."""
    height = np.maximum(xyxy_px[:, 3] - xyxy_px[:, 1], _LEAST_HEIGHT_PX)
    xy = np.column_stack([(xyxy_px[:, 0] + xyxy_px[:, 2]) / 2, xyxy_px[:, 1]])
    cov = np.tile([box_error**2, 0.0, box_error**2], (len(xy), 1))
    return Whereabouts(xy, cov, height, height)


def on_floor(xyxy_px: NDArray[np.float64], calibration: Calibration, box_error: float) -> Whereabouts | None:
    """The floor below the head of boxes (N, 4), in metres; None unless the pose of the camera is known.

    Boxes whose head lies at the horizon or beyond are put nowhere in particular: the variance says so.
    """
    pose = calibration.pose
    if pose is None:
        return None
    picture = in_picture(xyxy_px, box_error)
    below = floor_below(pose, picture.xy, PERSON_M)
    ahead = np.asarray(np.isfinite(below.xy_m).all(axis=1))
    xy = np.where(ahead[:, None], below.xy_m, 0.0)
    by_px = np.where(ahead[:, None, None], below.by_px, 0.0)
    sigma = (box_error * picture.height / PERSON_M)[:, None, None] * by_px
    cov = sigma @ sigma.transpose(0, 2, 1)
    foot = pose.project(xy, 0.0)
    tall = np.hypot(*(pose.project(xy, PERSON_M) - foot).T)
    usable = ahead & np.isfinite(tall) & (tall > _LEAST_HEIGHT_PX) & (np.abs(xy) < 1e4).all(axis=1)
    xy = np.where(usable[:, None], xy, 0.0)
    flat = np.column_stack([cov[:, 0, 0], cov[:, 0, 1], cov[:, 1, 1]])
    lost = np.array([1e4, 0.0, 1e4])
    relative = np.where(usable, picture.height / np.where(usable, tall, 1.0), 1.0)
    return Whereabouts(xy, np.where(usable[:, None], flat, lost), relative, np.full(len(xy), PERSON_M))

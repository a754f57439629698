"""Upright people: the floor below a head, and the height between a foot and a head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.homography import MIN_W, Array, inverse_2x2, points
from calibration.pose import CameraPose

_LEAST_PX_PER_M = 1e-3  # shorter than this the picture of a metre of height is a rounding error


@dataclass(frozen=True, slots=True, eq=False)
class FloorBelow:
    """Floor points below points of known height, and how they move with what they are made of.

    Attributes:
        xy_m: (N, 2) floor points in metres; NaN where the ray does not meet that height before the camera.
        by_px: (N, 2, 2) derivative of the floor point by the picture point, metres per pixel.
        by_height: (N, 2) derivative of the floor point by the height, metres per metre: towards the camera
            the taller somebody is, the more the flatter the camera looks at them.

    """

    xy_m: NDArray[np.float64]
    by_px: NDArray[np.float64]
    by_height: NDArray[np.float64]

    def covariance(self, sigma_px: NDArray[np.float64], sigma_height_m: NDArray[np.float64]) -> Array:
        """Covariance (N, 3), as xx, xy, yy in m2, to first order.

        Args:
            sigma_px: (N, 2) standard deviations of the picture point along picture x and y.
            sigma_height_m: (N,) standard deviation of the height.

        """
        by_px = self.by_px * sigma_px[:, None, :]
        by_height = (self.by_height * sigma_height_m[:, None])[:, :, None]
        full = by_px @ by_px.transpose(0, 2, 1) + by_height @ by_height.transpose(0, 2, 1)
        return np.asarray(full[:, (0, 0, 1), (0, 1, 1)], dtype=np.float64)


def floor_below(
    pose: CameraPose, xy_px: NDArray[np.float64], height_m: float | NDArray[np.float64]
) -> FloorBelow:
    """Floor points below the points that the camera sees at (N, 2) pixels and at a height, one or (N,).

    The floor point q solves pi(P (q, height, 1)) = p for the pinhole camera, which is linear in q. Of the
    fit's error this knows nothing; add `Calibration.calibration_covariance` of the foot.
    """
    P, picture = pose.P_image_world, points(xy_px, "xy_px")
    px = pose.lens.pinhole(picture, pose.image_size_px)
    height = np.broadcast_to(np.asarray(height_m, dtype=np.float64), (len(px),))
    above = P[:, 2] * height[:, None] + P[:, 3]
    way = P[:2, :2] - px[:, :, None] * P[2, :2]
    inverse = inverse_2x2(way)
    with np.errstate(invalid="ignore", over="ignore"):
        right = px * above[:, 2:] - above[:, :2]
        xy_m = np.einsum("nij,nj->ni", inverse, right)
        depth = xy_m @ P[2, :2] + above[:, 2]
        ok = np.isfinite(xy_m).all(axis=1) & (depth > MIN_W)
        by_px = inverse * depth[:, None, None]
        if pose.lens.bends:
            by_px = by_px @ pose.lens.pinhole_by_picture(picture, pose.image_size_px)
        by_height = np.einsum("nij,nj->ni", inverse, px * P[2, 2] - P[:2, 2])
    return FloorBelow(
        np.where(ok[:, None], xy_m, np.nan),
        np.where(ok[:, None, None], by_px, np.nan),
        np.where(ok[:, None], by_height, np.nan),
    )


def height_between(
    pose: CameraPose, xy_m: NDArray[np.float64], head_px: NDArray[np.float64]
) -> tuple[Array, Array]:
    """How tall people are who stand at floor points (N, 2) and whose heads are seen at (N, 2) pixels.

    Across the picture of their vertical the head may be off; the nearest point on it counts.

    Returns:
        (N,) heights in metres and (N,) metres of height for a pixel along the vertical at the head; NaN
        behind the camera and right under it, where the vertical has no length in the picture.

    """
    P, xy, picture = pose.P_image_world, points(xy_m, "xy_m"), points(head_px, "head_px")
    head = pose.lens.pinhole(picture, pose.image_size_px)
    foot = np.column_stack([xy, np.zeros(len(xy)), np.ones(len(xy))]) @ P.T
    up = P[:, 2]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        way = up[:2] * foot[:, 2:] - foot[:, :2] * up[2]
        length = np.linalg.norm(way, axis=1, keepdims=True)
        way = np.where(length > _LEAST_PX_PER_M * foot[:, 2:] ** 2, way / length, np.nan)
        at = np.einsum("ni,ni->n", way, head)
        slope = way @ up[:2] - at * up[2]
        height = (at * foot[:, 2] - np.einsum("ni,ni->n", way, foot[:, :2])) / slope
        depth = foot[:, 2] + height * up[2]
        per_px = depth / slope
        if pose.lens.bends:
            # A pinhole pixel along the vertical is so many of the picture.
            along = np.einsum("nij,nj->ni", pose.lens.picture_by_pinhole(picture, pose.image_size_px), way)
            per_px = per_px / np.linalg.norm(along, axis=1)
        ok = (foot[:, 2] > MIN_W) & (depth > MIN_W) & np.isfinite(height) & (per_px > 0)
    return np.where(ok, height, np.nan), np.where(ok, per_px, np.nan)

"""Where people stand, and how tall they look, for cameras that are tried: height, tilt, focal length."""

from __future__ import annotations

import numpy as np

from calibration.homography import MIN_W, Array

PERSON_M = 1.7
FOOT_SHARE = 0.3
"""Var(head) / (var(head) + var(foot)), of boxes' upper and lower edges."""
_STEPS, _MOST_STEP_PX = 6, 300.0


def projection(x: Array, image_size_px: tuple[int, int]) -> Array:
    """(..., 3, 4) projections of (x, y, height, 1), in metres, to the picture of a camera above the origin.

    It looks to negative y.

    Args:
        x: (..., 4 or more) log focal length (px), tilt (radians), log height (m), roll (radians).
        image_size_px: (width, height).

    """
    focal, tilt, camera_m, roll = np.exp(x[..., 0]), x[..., 1], np.exp(x[..., 2]), x[..., 3]
    w, h = image_size_px
    nothing = np.zeros_like(tilt)
    forward = np.stack([nothing, -np.cos(tilt), np.sin(tilt)], axis=-1)
    level = np.stack([nothing + 1.0, nothing, nothing], axis=-1)
    below = np.cross(forward, level)
    along, across = np.cos(roll)[..., None], np.sin(roll)[..., None]
    right, down = along * level + across * below, along * below - across * level
    focal = focal[..., None]
    rows = (
        focal * right + (w - 1) / 2 * forward,
        focal * down + (h - 1) / 2 * forward,
        forward,
    )
    R = np.stack(rows, axis=-2)
    up = R[..., 2:]
    return np.concatenate([R[..., :2], -up, camera_m[..., None, None] * up], axis=-1)


def standing(P: Array, anchor_px: Array) -> tuple[Array, Array]:
    """Where people of 1.70 m stand, and how tall they look.

    Seen from above people lean outwards in the picture, so that foot and head are not below each other.

    Args:
        P: (..., 3, 4) projections; all are tried at once.
        anchor_px: (N, 2) of each, x the middle of foot and head, y a row between them: `FOOT_SHARE` of the
            foot's and the rest of the head's.

    Returns:
        (..., N, 2) metres, NaN at the horizon and beyond, and (..., N) rows of the picture from head to foot.

    """
    to_floor = _entries(np.asarray(np.linalg.inv(P[..., [0, 1, 3]]), dtype=np.float64))
    to_head = _entries(np.concatenate([P[..., :2], PERSON_M * P[..., 2:3] + P[..., 3:]], axis=-1))
    shape = (*P.shape[:-2], len(anchor_px))
    x, y = np.broadcast_to(anchor_px[:, 0], shape), np.broadcast_to(anchor_px[:, 1], shape)
    foot_x, foot_y = x, y
    before = np.zeros(shape)
    slope, moved = np.ones(shape), np.ones(shape)
    for step in range(_STEPS):
        floor_x, floor_y, depth = _mapped(to_floor, foot_x, foot_y)
        depth = np.where(depth > MIN_W, depth, np.nan)
        floor_x, floor_y = floor_x / depth, floor_y / depth
        head_x, head_y, depth = _mapped(to_head, floor_x, floor_y)
        depth = np.maximum(depth, 1e-3)
        head_x, tall = head_x / depth, foot_y - head_y / depth
        found = foot_y - (1 - FOOT_SHARE) * tall
        if step:
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = (found - before) / moved
            slope = np.clip(np.where(np.isnan(slope), 1.0, slope), 0.3, 3.0)
        moved = np.clip((y - found) / slope, -_MOST_STEP_PX, _MOST_STEP_PX)
        before = found
        foot_x, foot_y = x - (head_x - foot_x) / 2, foot_y + moved
    return np.stack([floor_x, floor_y], axis=-1), tall


def _entries(H: Array) -> Array:
    """(3, 3, ..., 1) entries of matrices (..., 3, 3), each to be multiplied with many points."""
    return np.moveaxis(H, (-2, -1), (0, 1))[..., None]


def _mapped(H: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Homogeneous coordinates (..., N) of points by the `_entries` of matrices."""
    first, second, third = (row[0] * x + row[1] * y + row[2] for row in H)
    return first, second, third

"""Plane-to-plane maps: apply one, its Jacobian, and the points that it sends behind the camera.

Every matrix here is scaled so that the third coordinate is positive in front of the camera. That makes the
horizon a sign test, so a point past it becomes NaN instead of a mirrored, invented position.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_W = 1e-6  # 1 at the middle of the pairs, so this is a million times as far away as they are

Array = NDArray[np.float64]


def points(xy: object, name: str = "points") -> Array:
    """(N, 2) float64 from anything like it.

    Raises:
        ValueError: For another shape.

    """
    array = np.asarray(xy, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name}: expected an array of shape (N, 2), got {array.shape}")
    return array


def apply(H: Array, xy: Array) -> Array:
    """Map points (N, 2); NaN where they lie past the horizon or behind the camera."""
    w = third(H, xy)
    w = np.where(w > MIN_W, w, np.nan)
    # Written out: a product of matrices with two columns takes ten times as long over a whole picture.
    x, y = xy[:, 0], xy[:, 1]
    return np.column_stack([(row[0] * x + row[1] * y + row[2]) / w for row in H[:2]])


def third(H: Array, xy: Array) -> Array:
    """(N,) third homogeneous coordinate of the mapped points: relative depth, positive in front."""
    return np.asarray(xy @ H[2, :2] + H[2, 2], dtype=np.float64)


def jacobian(H: Array, xy: Array) -> Array:
    """(N, 2, 2) derivative of the mapped point by the point; NaN where `apply` is NaN."""
    mapped = apply(H, xy)
    w = np.where(third(H, xy) > MIN_W, third(H, xy), np.nan)
    return np.asarray(
        (H[None, :2, :2] - mapped[:, :, None] * H[None, 2:, :2]) / w[:, None, None], dtype=np.float64
    )


def inverse_2x2(matrices: Array) -> Array:
    """(N, 2, 2) inverses; NaN or inf instead of an error where there is none."""
    a, b, c, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 0], matrices[:, 1, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        adjugate = np.stack([np.stack([d, -b], axis=-1), np.stack([-c, a], axis=-1)], axis=-2)
        return np.asarray(adjugate / (a * d - b * c)[:, None, None], dtype=np.float64)


def picture_normal(image_size_px: tuple[int, int]) -> Array:
    """(3, 3) map from pixels to -1..1 over the picture; the same for every size of one picture."""
    w, h = image_size_px
    return np.array([[2 / w, 0, (1 - w) / w], [0, 2 / h, (1 - h) / h], [0, 0, 1.0]])


def floor_normal(centre_m: Array, scale_m: float) -> Array:
    """(3, 3) map from floor metres to units of `scale_m` around `centre_m`."""
    x, y = centre_m
    return np.array([[1 / scale_m, 0, -x / scale_m], [0, 1 / scale_m, -y / scale_m], [0, 0, 1.0]])


def resize_matrix(old_px: tuple[int, int], new_px: tuple[int, int]) -> Array:
    """(3, 3) map between two sizes of one picture, with (0, 0) the centre of the top-left pixel."""
    return np.asarray(np.linalg.solve(picture_normal(new_px), picture_normal(old_px)), dtype=np.float64)

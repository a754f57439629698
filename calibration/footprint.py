"""The camera's footprint: the part of the floor that the picture shows."""

from __future__ import annotations

import itertools

import numpy as np
import shapely
from numpy.typing import NDArray

from calibration.calibration import Calibration

# The picture ends this far below the horizon, as a share of the way from the horizon to its nearest floor:
# beyond it a pixel is many metres.
_HORIZON_SHARE = 0.01


def footprint_m(
    calibration: Calibration, extent_m: tuple[float, float, float, float]
) -> NDArray[np.float64] | None:
    """Outline of the floor inside the picture, cut to a rectangle of the plan.

    Args:
        calibration: The camera.
        extent_m: (x0, y0, x1, y1) on the plan.

    Returns:
        (n, 2) corners in metres, not closed; None if the picture shows nothing of the rectangle.

    """
    width, height = calibration.image_size_px
    # Denominator of the projection: of one sign on the floor's side of the horizon, zero on it.
    h = calibration.H_floor_image[2]
    x, y = np.meshgrid(np.linspace(0, width - 1, 9), np.linspace(0, height - 1, 9))
    samples = np.column_stack([x.ravel(), y.ravel()])
    valid = np.isfinite(calibration.floor_from_image(samples)).all(axis=1)
    if not valid.any():
        return None
    w = calibration.lens.pinhole(samples, calibration.image_size_px) @ h[:2] + h[2]
    sign = np.sign(np.median(w[valid]))
    h, least = sign * h, _HORIZON_SHARE * float(np.max(sign * w[valid]))
    frame = _dense(np.array(shapely.box(-0.5, -0.5, width - 0.5, height - 0.5).exterior.coords))
    picture = shapely.Polygon(calibration.lens.pinhole(frame, calibration.image_size_px))
    reach = 4.0 * max(width, height, float(np.abs(np.array(picture.bounds)).max()))
    below = shapely.intersection(picture, _half_plane(h, least, reach))
    if below.is_empty or below.geom_type != "Polygon":
        return None
    corners = _dense(np.asarray(below.exterior.coords))
    q = np.column_stack([corners, np.ones(len(corners))]) @ calibration.H_floor_image.T
    seen = shapely.Polygon(q[:, :2] / q[:, 2:]).buffer(0)
    cut = shapely.intersection(seen, shapely.box(*extent_m))
    if cut.is_empty or cut.geom_type != "Polygon":
        return None
    outline: NDArray[np.float64] = np.asarray(shapely.simplify(cut, 0.01).exterior.coords)[:-1]
    return outline


def _dense(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The outline (n, 2), closed, with 32 points on each side, not closed."""
    return np.concatenate([np.linspace(a, b, 32, endpoint=False) for a, b in itertools.pairwise(corners)])


def _half_plane(h: NDArray[np.float64], least: float, reach: float) -> shapely.Polygon:
    """The points p within reach with h[0] x + h[1] y + h[2] >= least."""
    square = np.array([(-reach, -reach), (2 * reach, -reach), (2 * reach, 2 * reach), (-reach, 2 * reach)])
    value = square @ h[:2] + h[2] - least
    corners = []
    for a, b, va, vb in zip(square, np.roll(square, -1, axis=0), value, np.roll(value, -1), strict=True):
        if va >= 0:
            corners.append(a)
        if (va >= 0) != (vb >= 0):
            corners.append(a + va / (va - vb) * (b - a))
    return shapely.Polygon(corners) if len(corners) >= 3 else shapely.Polygon()

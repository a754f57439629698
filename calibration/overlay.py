"""The floor and people drawn back into the camera's picture: the fastest check that a person has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.homography import Array

# Points along a line of the grid, so that a lens may bend it.
_POINTS = 120
_MOST_LINES = 60
_STEPS_M = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def grid_step_m(extent_m: tuple[float, float, float, float]) -> float:
    """A round distance of grid lines for a part of the floor (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = extent_m
    longer = max(x1 - x0, y1 - y0)
    return next((step for step in _STEPS_M[1:] if longer / step <= _MOST_LINES / 2), _STEPS_M[-1])


def floor_lines_px(
    calibration: Calibration, extent_m: tuple[float, float, float, float], step_m: float
) -> list[NDArray[np.float64]]:
    """Lines of a grid on the floor as the camera sees them.

    Args:
        calibration: The camera.
        extent_m: (x0, y0, x1, y1) part of the floor.
        step_m: Distance of the lines, which run through whole multiples of it.

    Returns:
        Polylines (n, 2) in pixels; parts out of the picture or behind the camera are left out.

    """
    x0, y0, x1, y1 = extent_m
    lines = []
    for x in np.arange(np.ceil(x0 / step_m), np.floor(x1 / step_m) + 1) * step_m:
        lines.append(np.column_stack([np.full(_POINTS, x), np.linspace(y0, y1, _POINTS)]))
    for y in np.arange(np.ceil(y0 / step_m), np.floor(y1 / step_m) + 1) * step_m:
        lines.append(np.column_stack([np.linspace(x0, x1, _POINTS), np.full(_POINTS, y)]))
    return [part for line in lines for part in _inside(calibration.image_from_floor(line), calibration)]


def figure_px(calibration: Calibration, xy_m: Array, height_m: float) -> NDArray[np.float64]:
    """Feet and heads (N, 2, 2) in pixels of people who stand at floor points (N, 2); NaN behind the camera.

    Raises:
        ValueError: If the camera's pose is not known.

    """
    if calibration.pose is None:
        raise ValueError("calibration: heights cannot be drawn, the camera's pose is not known")
    return np.stack([calibration.pose.project(xy_m), calibration.pose.project(xy_m, height_m)], axis=1)


def _inside(line_px: Array, calibration: Calibration) -> list[Array]:
    """The stretches of a line that lie in the picture, a little beyond its edges."""
    w, h = calibration.image_size_px
    inside = np.isfinite(line_px).all(axis=1)
    with np.errstate(invalid="ignore"):
        inside &= np.all((line_px > -0.05 * w) & (line_px < np.array([1.05 * w, h + 0.05 * w])), axis=1)
    cuts = np.flatnonzero(np.diff(inside.astype(np.int8))) + 1
    parts = np.split(np.arange(len(inside)), cuts)
    return [line_px[rows] for rows in parts if inside[rows[0]] and len(rows) > 1]

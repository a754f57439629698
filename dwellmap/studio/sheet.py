"""A plan without a drawing: an empty sheet with a grid of round metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.overlay import grid_step_m


def sheet_lines(size_m: tuple[float, float]) -> list[NDArray[np.float64]]:
    """Lines (2, 2) in metres, a round distance apart, over a sheet of a size."""
    w, h = size_m
    step = grid_step_m((0.0, 0.0, w, h))
    upright = [np.array([[x, 0.0], [x, h]]) for x in np.arange(0, w + 1e-9, step)]
    level = [np.array([[0.0, y], [w, y]]) for y in np.arange(0, h + 1e-9, step)]
    return [*upright, *level]

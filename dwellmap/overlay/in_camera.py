"""The maps of a run blended back into the camera's picture."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.palette import Kind, cell_colours
from dwellmap.run_maps import RunMap
from dwellmap.view import CameraView

_ROWS_AT_ONCE = 200


def cell_of_pixels(view: CameraView, grid: Grid) -> NDArray[np.int64]:
    """(height, width) number of the cell that each pixel of the camera's picture shows; -1 off the map.

    A pixel shows the floor behind whatever stands in front of it.
    """
    width, height = view.size_px
    cells = np.empty((height, width), dtype=np.int64)
    x = np.arange(width, dtype=np.float64)
    for top in range(0, height, _ROWS_AT_ONCE):
        y = np.arange(top, min(top + _ROWS_AT_ONCE, height), dtype=np.float64)
        px = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        at = px if view.calibration is None else view.calibration.floor_from_image(px)
        cells[top : top + len(y)] = grid.place_of(at).reshape(len(y), width)
    return cells


def over_camera(
    scene_rgb: NDArray[np.uint8],
    shown: RunMap,
    cells: NDArray[np.int64],
    colours: ListedColormap,
    opacity: float,
) -> NDArray[np.uint8]:
    """A map blended into the camera's picture (height, width, 3).

    Args:
        scene_rgb: The scene without people.
        shown: The map.
        cells: From `cell_of_pixels`.
        colours: From little to much.
        opacity: Of a cell with a number; few entries and doubtful positions are paler, as on the plan.

    """
    rgba = cell_colours(shown.grid_map, shown.kinds, shown.scale, colours).reshape(-1, 4)
    # What is not seen is hatched on the plan; here it is out of sight.
    rgba[(shown.kinds == Kind.NOT_SEEN).ravel(), 3] = 0.0
    rgba = np.vstack([rgba, np.zeros(4)])[cells]  # -1 is the last row: clear
    alpha = opacity * rgba[..., 3:]
    return np.asarray(np.rint(scene_rgb * (1 - alpha) + 255 * rgba[..., :3] * alpha), dtype=np.uint8)

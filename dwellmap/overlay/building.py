"""The four maps building up on the floor plan, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from analytics.furnishing import Backdrop
from analytics.growth import Growth
from analytics.heading import MEANING
from analytics.maps import GridMap
from analytics.palette import Scale, cell_colours, kinds_of
from dwellmap.film import until_text
from dwellmap.heat_sheet import HeatSheet
from dwellmap.run_maps import RunValues

_PAPER = 250
# The floor on each of the four sheets, pixels.
_LONG_PX = 550


class BuildingPage:
    """A page with four maps: heat, visits, dwell and attention, on the scales of the whole recording."""

    def __init__(
        self,
        values: RunValues,
        backdrop: Backdrop | None,
        where: str,
        colours: ListedColormap,
        min_coverage: float,
    ) -> None:
        """Draw what stays.

        Args:
            values: The run's maps, for their scales.
            backdrop: Plan, or scene on the floor.
            where: Camera, recording and start.
            colours: From little to much.
            min_coverage: Coverage under which a cell is not seen.

        """
        self._colours, self._min_coverage = colours, min_coverage
        self._coverage = values.columns["coverage"]
        x0, y0, x1, y1 = values.extent
        scale = _LONG_PX / max(x1 - x0, y1 - y0)
        size = max(2, round((x1 - x0) * scale)), max(2, round((y1 - y0) * scale))
        self._floor = _floor(backdrop, values.extent, size)
        grid = values.grid
        px = np.stack(
            np.meshgrid((np.arange(size[0]) + 0.5) / scale + x0, (np.arange(size[1]) + 0.5) / scale + y0), -1
        )
        self._cells = grid.place_of(px.reshape(-1, 2)).reshape(size[1], size[0])
        self._scales: dict[str, Scale] = {name: shown.scale for name, shown in values.maps.items()}
        self._sheets = {
            name: HeatSheet(size, f"{MEANING[name][0]}: {one.unit}", (where,), (), one, colours, half=True)
            for name, one in self._scales.items()
        }

    def filled(self, maps: tuple[GridMap, ...], t_s: float) -> NDArray[np.uint8]:
        """The page (height, width, 3) with the maps up to a moment."""
        pages = [self._one(grid_map, until_text(t_s)) for grid_map in maps]
        return np.vstack([np.hstack(pages[:2]), np.hstack(pages[2:])])

    def _one(self, grid_map: GridMap, time: str) -> NDArray[np.uint8]:
        kinds = kinds_of(grid_map, self._coverage, self._min_coverage)
        scale = self._scales[grid_map.name]
        rgba = cell_colours(grid_map, kinds, scale, self._colours).reshape(-1, 4)
        colour = np.vstack([rgba, np.zeros(4)]).astype(np.float32)[self._cells]
        alpha = colour[..., 3:]
        heat = 255 * colour[..., :3] * alpha
        shown = np.rint(self._floor * (1 - alpha) + heat).astype(np.uint8)
        return self._sheets[grid_map.name].filled(shown, time)


def building_pages(
    growth: Growth, page: BuildingPage, times_s: NDArray[np.float64]
) -> Iterator[NDArray[np.uint8]]:
    """The page at each time (s)."""
    for t_s in times_s.tolist():
        yield page.filled(growth.at(t_s).pictures(), t_s)


def _floor(
    backdrop: Backdrop | None, extent: tuple[float, float, float, float], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """What lies below the maps, (height, width, 3), muted."""
    floor = np.full((size[1], size[0], 3), _PAPER, dtype=np.uint8)
    if backdrop is None:
        return floor
    part, (left, top, right, bottom) = backdrop.drawn(extent, float(size[0]))
    if not part.size:
        return floor
    sx, sy = size[0] / (extent[2] - extent[0]), size[1] / (extent[3] - extent[1])
    px = [
        (left - extent[0]) * sx,
        (top - extent[1]) * sy,
        (right - extent[0]) * sx,
        (bottom - extent[1]) * sy,
    ]
    to = np.array([[px[0], px[1]], [px[2], px[1]], [px[0], px[3]]], dtype=np.float32)
    h, w = part.shape[:2]
    T = cv2.getAffineTransform(np.array([[0, 0], [w, 0], [0, h]], dtype=np.float32), to)
    warped = cv2.warpAffine(part, T, size, dst=floor.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(warped, dtype=np.uint8)

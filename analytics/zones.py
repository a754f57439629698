"""Zones: named polygons on the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analytics.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A named area of the floor.

    Attributes:
        name: Unique name, as reports print it.
        xy_m: (n, 2) corners in metres on the plan, in order, not closed.
        staff: True for a staff-only area, which customers' numbers leave out.

    """

    name: str
    xy_m: NDArray[np.float64]
    staff: bool = False

    def __post_init__(self) -> None:
        """Check the corners and make them read-only."""
        xy = np.array(self.xy_m, dtype=np.float64)
        if xy.ndim != 2 or xy.shape[1] != 2 or len(xy) < 3 or not np.all(np.isfinite(xy)):
            raise ValueError(f"zone {self.name!r}: expected at least 3 corners [x, y], got shape {xy.shape}")
        if not shapely.Polygon(xy).is_valid:
            reason = shapely.is_valid_reason(shapely.Polygon(xy))
            raise ValueError(f"zone {self.name!r}: the outline crosses itself ({reason})")
        xy.setflags(write=False)
        object.__setattr__(self, "xy_m", xy)

    def share_of_cells(self, grid: Grid) -> NDArray[np.float64]:
        """(cells,) share of each cell that lies in the zone."""
        low, high = grid.centres - grid.cell / 2, grid.centres + grid.cell / 2
        polygon = shapely.Polygon(self.xy_m)
        (x0, y0), (x1, y1) = self.xy_m.min(axis=0), self.xy_m.max(axis=0)
        near = np.flatnonzero((high >= (x0, y0)).all(axis=1) & (low <= (x1, y1)).all(axis=1))
        boxes = shapely.box(low[near, 0], low[near, 1], high[near, 0], high[near, 1])
        share = np.zeros(grid.cells)
        share[near] = shapely.area(shapely.intersection(boxes, polygon)) / grid.cell_area
        # What rounding makes of a whole cell is a whole cell.
        return np.where(share > 1 - 1e-9, 1.0, np.where(share < 1e-9, 0.0, share))

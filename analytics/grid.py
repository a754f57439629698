"""The floor and the grid laid over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Unit = Literal["m", "px"]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Square cells over a floor; cell (row, column) has the number row * columns + column.

    The floor is the plan in metres (x right, y down) or, without calibration, the picture in pixels.

    Attributes:
        origin: (x, y) of the corner of cell (0, 0), in the floor's unit.
        cell: Side of a cell in the floor's unit.
        columns: Cells along x.
        rows: Cells along y.
        unit: "m" on a plan, "px" in an uncalibrated picture.

    """

    origin: tuple[float, float]
    cell: float
    columns: int
    rows: int
    unit: Unit = "m"

    def __post_init__(self) -> None:
        """Check the sizes."""
        if not (self.cell > 0 and self.columns > 0 and self.rows > 0):
            raise ValueError(
                f"grid: expected positive sizes, got cell {self.cell}, {self.columns} x {self.rows} cells"
            )
        if self.columns * self.rows > 4_000_000:
            raise ValueError(
                f"grid: {self.columns} x {self.rows} cells are more than 4 million; choose larger cells"
            )

    @classmethod
    def over(cls, low: tuple[float, float], high: tuple[float, float], cell: float, unit: Unit = "m") -> Grid:
        """Cover the rectangle from `low` to `high`; the last row and column may reach beyond it."""
        columns = int(np.ceil((high[0] - low[0]) / cell - 1e-9))
        rows = int(np.ceil((high[1] - low[1]) / cell - 1e-9))
        return cls((float(low[0]), float(low[1])), float(cell), max(columns, 1), max(rows, 1), unit)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.columns * self.rows

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns), the shape of a map."""
        return (self.rows, self.columns)

    @property
    def cell_area(self) -> float:
        """Area of one cell in the floor's unit squared."""
        return self.cell * self.cell

    @property
    def x_edges(self) -> NDArray[np.float64]:
        """(columns + 1,) positions of the vertical borders."""
        return self.origin[0] + self.cell * np.arange(self.columns + 1, dtype=np.float64)

    @property
    def y_edges(self) -> NDArray[np.float64]:
        """(rows + 1,) positions of the horizontal borders."""
        return self.origin[1] + self.cell * np.arange(self.rows + 1, dtype=np.float64)

    @property
    def centres(self) -> NDArray[np.float64]:
        """(cells, 2) centres in order of cell number."""
        x = (self.x_edges[:-1] + self.x_edges[1:]) / 2
        y = (self.y_edges[:-1] + self.y_edges[1:]) / 2
        xx, yy = np.meshgrid(x, y)
        return np.column_stack([xx.ravel(), yy.ravel()])

    def place_of(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cell number of each (n, 2) position, -1 outside the grid or where the position is NaN."""
        inside = np.isfinite(xy).all(axis=1)
        index = np.full(xy.shape, -1, dtype=np.int64)
        index[inside] = np.floor((xy[inside] - self.origin) / self.cell).astype(np.int64)
        return self.place_of_index(index[:, 0], index[:, 1])

    def place_of_index(self, column: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cell number of (column, row) pairs, -1 outside the grid."""
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        return np.where(inside, row * self.columns + column, -1)

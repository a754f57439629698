"""The maps of a run, read back from its numbers."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.maps import GridMap, grid_maps
from analytics.palette import Scale, kinds_of, scale_of
from dwellmap.run_folder import RunFolder

_FILE = "maps.npz"
_COLUMNS = (
    "heat", "visits", "entries", "dwell_s", "attention_s", "attention_low_s", "attention_high_s", "coverage",
    "n",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RunMap:
    """One map of a run.

    Attributes:
        grid_map: The values.
        kinds: (rows, columns) what each cell is, see `analytics.palette.Kind`.
        scale: Its colours.

    """

    grid_map: GridMap
    kinds: NDArray[np.uint8]
    scale: Scale


@dataclass(frozen=True, slots=True, eq=False)
class RunValues:
    """The numbers of a run.

    Attributes:
        grid: The cells.
        columns: (rows, columns) each, as in `maps.npz`.
        maps: By name: heat, visits, dwell, attention.
        min_entries: Entries under which a cell counts as few.

    """

    grid: Grid
    columns: dict[str, NDArray[np.float64]]
    maps: dict[str, RunMap]
    min_entries: int

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) of the cells; the last ones may reach beyond the plan."""
        x, y = self.grid.x_edges, self.grid.y_edges
        return float(x[0]), float(y[0]), float(x[-1]), float(y[-1])


def read_values(run: RunFolder) -> RunValues:
    """Read the numbers of a run.

    Raises:
        ValueError: If they are gone or damaged.

    """
    settings = run.settings().maps
    grid = run.view().grid(settings)
    path, sigma = run.path / _FILE, f"sigma_{grid.unit}"
    try:
        with np.load(path, allow_pickle=False) as stored:
            columns = {name: np.asarray(stored[name], dtype=np.float64) for name in (*_COLUMNS, sigma)}
    except FileNotFoundError as error:
        raise ValueError(f"{path}: expected the numbers of the maps, they are gone") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path}: damaged ({error}); run the recording again") from error
    wrong = [name for name, values in columns.items() if values.shape != grid.shape]
    if wrong:
        raise ValueError(
            f"{path}: expected {grid.shape[0]} x {grid.shape[1]} cells, {', '.join(wrong)} have others; run "
            "the recording again"
        )
    maps = {}
    for grid_map in grid_maps(grid, columns, settings.min_entries):
        kinds = kinds_of(grid_map, columns["coverage"], settings.min_coverage)
        maps[grid_map.name] = RunMap(grid_map, kinds, scale_of(grid_map, kinds))
    return RunValues(grid, columns, maps, settings.min_entries)

"""The four maps: from smoothed paths to arrays with units. Drawing comes after, in `analytics.render`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.accumulators import Accumulator, Rules
from analytics.attention import PersonShares, attention_interval_s, attention_s
from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.heat import heat, spread_matrix
from analytics.settings import MapSettings
from analytics.stays import PathEnds, stays_in_cells
from analytics.trajectories import Trajectories
from analytics.visits import Visits
from calibration.covariance import sigma_of
from calibration.scene import Wall

# What counts as nearly all of the time, and what a round cell is a multiple of.
_MOST_TIME = 0.9
_ROUND = {"m": 0.1, "px": 5.0}


@dataclass(frozen=True, slots=True, eq=False)
class GridMap:
    """One map: values over cells, ready to be drawn or exported.

    Attributes:
        name: "heat", "visits", "dwell" or "attention".
        values: (rows, columns) float64; NaN where the floor was not seen or the number is not known.
        few: (rows, columns) bool, the value rests on fewer than `min_entries` entries.
        fine: (rows, columns) bool, the cell is finer than positions are accurate there.
        unit: What the values are, such as "people per m2".
        grid: The cells.

    """

    name: str
    values: NDArray[np.float64]
    few: NDArray[np.bool_]
    fine: NDArray[np.bool_]
    unit: str
    grid: Grid


@dataclass(frozen=True, slots=True, eq=False)
class FloorMaps:
    """All numbers per cell of one recording (arrays over cell numbers), and what fell outside.

    Attributes:
        grid: The cells.
        coverage: What could be observed.
        sums: The accumulator over the cells, closed.
        observed_s: Seconds of footage decoded.
        sigma: (cells,) 1-sigma of a position that is detected in the cell, in the grid's unit.
        exposure_s: (cells,) seconds for which a person in the cell would have been counted.
        heat: (cells,) people per unit of area; NaN where not observable.
        attention_s: (cells,) dwell / entries; NaN without entries or not observable.
        attention_low_s: (cells,) lower end of the 95 % interval.
        attention_high_s: (cells,) upper end.
        min_entries: Entries under which a cell counts as few.

    """

    grid: Grid
    coverage: Coverage
    sums: Accumulator
    observed_s: float
    sigma: NDArray[np.float64]
    exposure_s: NDArray[np.float64]
    heat: NDArray[np.float64]
    attention_s: NDArray[np.float64]
    attention_low_s: NDArray[np.float64]
    attention_high_s: NDArray[np.float64]
    min_entries: int

    @property
    def dwell_s(self) -> NDArray[np.float64]:
        """(cells,) person-seconds on the observable floor; NaN elsewhere."""
        return np.where(self.coverage.observable, self.sums.dwell_s, np.nan)

    @property
    def fine(self) -> NDArray[np.bool_]:
        """(cells,) observable cells with sides under two sigma: who is counted there may stand next to it."""
        return np.asarray(self.coverage.observable & ~(self.grid.cell >= 2 * self.sigma))

    @property
    def fine_share(self) -> float:
        """Share of the time on the map that lies in cells finer than positions are accurate."""
        dwell = np.nan_to_num(self.dwell_s)
        return float(np.sum(dwell[self.fine]) / np.sum(dwell)) if np.any(dwell > 0) else 0.0

    @property
    def honest_cell(self) -> float | None:
        """The finest round cell of which nine tenths of the time lie in cells of two sigma or more.

        None without anybody on the map.
        """
        dwell = np.nan_to_num(self.dwell_s)
        order = np.argsort(self.sigma)
        within = np.cumsum(dwell[order])
        if not len(within) or within[-1] <= 0:
            return None
        sigma = self.sigma[order][np.searchsorted(within, _MOST_TIME * within[-1])]
        step = _ROUND[self.grid.unit]
        return float(np.round(np.ceil(2 * sigma / step - 1e-9) * step, 3))

    @property
    def outside_s(self) -> float:
        """Person-seconds off the plan or on floor that is not observable."""
        return self.sums.outside_s + float(np.sum(self.sums.dwell_s[~self.coverage.observable]))

    @property
    def naive_s(self) -> NDArray[np.float64]:
        """(cells,) dwell over distinct people, as other tools have it; NaN without people."""
        dwell, visitors = self.dwell_s, self.sums.visitors
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(visitors > 0, dwell / visitors, np.nan)

    def pictures(self) -> tuple[GridMap, GridMap, GridMap, GridMap]:
        """The four maps to draw: heat, visits, dwell, attention."""
        return grid_maps(self.grid, self._columns(), self.min_entries)

    def to_frame(self) -> pd.DataFrame:
        """A row per cell, the columns of `maps.parquet`."""
        centres, unit = self.grid.centres, self.grid.unit
        return pd.DataFrame({f"x_{unit}": centres[:, 0], f"y_{unit}": centres[:, 1], **self._columns()})

    def _columns(self) -> dict[str, NDArray[np.float64]]:
        """(cells,) numbers of every kind; NaN where a number is not known."""
        seen = self.coverage.observable

        def known(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
            return np.where(seen, values, np.nan)

        return {
            "heat": self.heat,
            "visits": known(self.sums.visitors),
            "entries": known(self.sums.entries),
            "dwell_s": self.dwell_s,
            "attention_s": self.attention_s,
            "attention_low_s": self.attention_low_s,
            "attention_high_s": self.attention_high_s,
            "attention_naive_s": self.naive_s,
            "coverage": self.coverage.share,
            "exposure_s": self.exposure_s,
            f"sigma_{self.grid.unit}": self.sigma,
            "n": known(self.sums.present),
        }

    def to_parquet(self, path: Path) -> None:
        """Write `maps.parquet`."""
        self.to_frame().to_parquet(path, index=False)

    def to_npz(self, path: Path) -> None:
        """Write `maps.npz`: a (rows, columns) array per column of the table, the edges and the units."""
        unit = self.grid.unit
        arrays = {
            name: np.asarray(values, dtype=np.float64).reshape(self.grid.shape)
            for name, values in self._columns().items()
        }
        second = {name: "s" for name in arrays if name.endswith("_s")}
        units = {"heat": f"people/{unit}2", "visits": "people", "entries": "visits", "coverage": "1",
                 f"sigma_{unit}": unit, "n": "people", **second}  # fmt: skip
        content: dict[str, Any] = {
            **arrays,
            f"x_edges_{unit}": self.grid.x_edges,
            f"y_edges_{unit}": self.grid.y_edges,
            "units": np.array([f"{name}: {units[name]}" for name in arrays]),
        }
        np.savez(path, **content)


def grid_maps(
    grid: Grid, columns: Mapping[str, NDArray[np.float64]], min_entries: int
) -> tuple[GridMap, GridMap, GridMap, GridMap]:
    """The four maps to draw (heat, visits, dwell, attention) from the numbers in `maps.npz`.

    Args:
        grid: The cells.
        columns: `FloorMaps.to_frame`'s or `maps.npz`'s columns, of any shape with that many cells.
        min_entries: Entries under which a cell counts as few.

    """
    unit, shape = grid.unit, grid.shape
    column = {name: np.asarray(values, dtype=np.float64).reshape(shape) for name, values in columns.items()}
    seen = ~np.isnan(column["visits"])
    with np.errstate(invalid="ignore"):
        little = seen & (column["entries"] < min_entries)
        few = little & (column["n"] > 0)
        # Heat spreads beyond the cells that people entered, and rests on no more there.
        few_heat = little & (np.nan_to_num(column["heat"]) > 0)
        fine = seen & ~(grid.cell >= 2 * column[f"sigma_{unit}"])
    area = "m²" if unit == "m" else "10 000 px²"
    density = column["heat"] if unit == "m" else column["heat"] * 1e4
    return (
        GridMap("heat", density, few_heat, fine, f"people per {area}", grid),
        GridMap("visits", column["visits"], few, fine, "people", grid),
        GridMap("dwell", column["dwell_s"], few, fine, "person-seconds", grid),
        GridMap("attention", column["attention_s"], few, fine, "seconds per visit", grid),
    )


def floor_maps(
    parts: Iterable[tuple[Trajectories, PathEnds]],
    grid: Grid,
    coverage: Coverage,
    cov: NDArray[np.float64],
    observed_s: float,
    settings: MapSettings,
    walls: tuple[Wall, ...] = (),
    heat_sigma: float | None = None,
) -> FloorMaps:
    """Compute everything that the maps show.

    Args:
        parts: Smoothed paths and how they begin and end, any number of persons at a time, each person in
            one part (`Trajectories.parts` cuts a long recording up, so that memory does not grow with it).
        grid: The cells.
        coverage: What can be observed of them.
        cov: (cells, 3) covariance of a detected position at each cell's centre.
        observed_s: Seconds of footage decoded.
        settings: Definitions and thresholds.
        walls: Heat stops at these.
        heat_sigma: Own width of a person's presence in the grid's unit; default `heat_sigma_m`.

    """
    rules = Rules(settings.revisit_s, settings.min_visit_cell_s)
    sums = Accumulator.empty(grid.cells, rules)
    shares: list[PersonShares] = []
    for paths, ends in parts:
        visits = Visits.of_stays(stays_in_cells(paths, grid, ends), settings.revisit_s)
        sums = sums + Accumulator.of(visits, grid.cells, paths.people, paths.unplaced_s, rules)
        shares.append(PersonShares.of(visits, grid.cells))
    low, high = attention_interval_s(shares, grid.cells, settings.bootstrap_draws)
    seen = coverage.observable
    exposure_s = coverage.share * observed_s
    K = spread_matrix(grid, cov, settings.heat_sigma_m if heat_sigma is None else heat_sigma, seen, walls)
    density = heat(K, np.where(seen, sums.dwell_s, 0.0), exposure_s, grid.cell_area)
    span = attention_s(sums.dwell_s, sums.entries)
    span, low, high, density = (np.where(seen, values, np.nan) for values in (span, low, high, density))
    return FloorMaps(
        grid, coverage, sums, observed_s, sigma_of(cov), exposure_s, density, span, low, high,
        settings.min_entries,
    )  # fmt: skip

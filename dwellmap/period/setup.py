"""What runs have in common that were made alike: only their sums may be added."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.heat import spread_matrix
from analytics.settings import MapSettings
from analytics.zones import Zone
from calibration.covariance import sigma_of
from dwellmap.period.member import read_recipe
from dwellmap.run_folder import RunFolder
from dwellmap.site_file import Settings
from dwellmap.view import CameraView


@dataclass(frozen=True, eq=False)
class Setup:
    """A camera, how it sees the floor, and the definitions in force.

    Attributes:
        number: Number among the setups of a period.
        camera: Name of the camera.
        folder: One run that was made so, of which the others share coverage and settings.
        grid: The cells.
        zones: The named areas.
        settings: Definitions and thresholds.
        extent: (x0, y0, x1, y1) of the floor that is mapped, in the grid's unit.
        drawing: Hash of the plan's picture; None without one.

    """

    number: int
    camera: str
    folder: Path
    grid: Grid
    zones: tuple[Zone, ...]
    settings: Settings
    extent: tuple[float, ...]
    drawing: str | None

    @property
    def maps(self) -> MapSettings:
        """What counts as a visit."""
        return self.settings.maps

    @property
    def floor(self) -> tuple[Any, ...]:
        """Equal for setups whose cells have the same coordinates and whose sums mean the same.

        Whether it is the same floor is for `floors_among` to say.
        """
        grid, rules = self.grid, self.maps
        # Pixels of one camera are no places for another.
        whose = "" if grid.unit == "m" else self.camera
        return (
            whose, self.extent, grid.origin, grid.cell, grid.columns, grid.rows, grid.unit, rules.revisit_s,
            rules.min_visit_cell_s, rules.min_visit_zone_s, rules.min_coverage, rules.staff_s,
        )  # fmt: skip

    @cached_property
    def run(self) -> RunFolder:
        """The run at `folder`, of which personal data may be gone."""
        return RunFolder(self.folder, read_recipe(self.folder))

    @cached_property
    def view(self) -> CameraView:
        """The camera's view of the floor."""
        return self.run.view()

    @cached_property
    def coverage(self) -> Coverage:
        """What the camera sees of each cell."""
        share = pd.read_parquet(self.folder / "maps.parquet", columns=["coverage"])["coverage"].to_numpy()
        return Coverage(share, share >= self.maps.min_coverage)

    @cached_property
    def zone_coverage(self) -> NDArray[np.float64]:
        """(zones,) share of each zone's floor in which a person would have been counted."""
        table = pd.read_csv(self.folder / "zones.csv", usecols=["coverage"])
        return table["coverage"].to_numpy(dtype=np.float64)

    def seen(self, zone: Zone) -> float:
        """Area of a zone in which a person would have been counted, in the grid's unit squared."""
        return float((zone.share_of_cells(self.grid) * self.coverage.share).sum()) * self.grid.cell_area

    @cached_property
    def zone_shares(self) -> tuple[NDArray[np.float64], ...]:
        """Of each zone, (cells,) the share of each cell that lies in it."""
        return tuple(zone.share_of_cells(self.grid) for zone in self.zones)

    @cached_property
    def told_apart(self) -> tuple[bool, ...]:
        """Of each zone, whether it shares no floor with one before it that is.

        The difference of two zones that share floor is a third area, in which may have been a few people.
        """
        kept: list[shapely.Polygon] = []
        told = []
        for zone in self.zones:
            polygon = shapely.Polygon(zone.xy_m)
            # Staff-only areas are in no table.
            apart = zone.staff or all(polygon.intersection(other).area <= 1e-6 for other in kept)
            told.append(apart)
            if apart and not zone.staff:
                kept.append(polygon)
        return tuple(told)

    @cached_property
    def sigma(self) -> NDArray[np.float64]:
        """(cells,) 1-sigma of a position that is detected in the cell, in the grid's unit."""
        return sigma_of(self._covariance)

    @cached_property
    def _metre(self) -> float:
        return float(self.run.recipe["grid"]["metre"])

    @cached_property
    def _covariance(self) -> NDArray[np.float64]:
        height_px = self._metre * self.maps.person_height_m if self.grid.unit == "px" else 100.0
        return self.view.covariance(self.grid, height_px, self.maps.person_height_m)

    def spread(self, dwell_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(cells,) person-seconds spread as widely as positions are uncertain; sums are kept."""
        seen = self.coverage.observable
        sigma = self.maps.heat_sigma_m * self._metre
        K = spread_matrix(self.grid, self._covariance, sigma, seen, self.view.scene.walls)
        return np.asarray(K @ np.where(seen, dwell_s, 0.0))


def made_alike(recipe: dict[str, Any]) -> str:
    """A text that is equal for runs whose sums may be added."""
    source, view = recipe["source"], recipe["view"]
    kept = [source.get(key) for key in ("clock_rate", "sample_fps", "detector", "appearance")]
    view = {key: value for key, value in view.items() if key not in ("notes", "plan_picture")}
    content = [kept, view, recipe["settings"], recipe["footage"]["shown_px"], recipe["grid"]]
    if view["unit"] == "px":
        # The typical height of people, which differs from recording to recording, is no cell.
        content[-1] = {key: value for key, value in recipe["grid"].items() if key != "metre"}
    return json.dumps(content, sort_keys=True)


def setup_of(number: int, folder: Path, recipe: dict[str, Any]) -> Setup:
    """The setup that a run was made with."""
    grid = recipe["grid"]
    return Setup(
        number,
        str(recipe["view"]["camera"]),
        folder,
        Grid(tuple(grid["origin"]), grid["cell"], grid["columns"], grid["rows"], grid["unit"]),
        tuple(Zone(zone["name"], zone["xy_m"], zone["staff"]) for zone in recipe["view"]["zones"]),
        Settings.model_validate(recipe["settings"]),
        tuple(float(x) for x in recipe["view"]["extent"]),
        recipe["view"].get("plan_picture"),
    )

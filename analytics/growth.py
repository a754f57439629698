"""How the maps of a recording grow: what they were at any moment of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.accumulators import Accumulator, Rules
from analytics.attention import attention_s
from analytics.heat import heat, spread_matrix
from analytics.maps import FloorMaps
from analytics.settings import MapSettings
from analytics.stays import PathEnds, stays_in_cells
from analytics.trajectories import Trajectories
from analytics.visits import Visits
from calibration.scene import Wall


class Growth:
    """The maps up to a moment.

    Heat is divided by the exposure of the whole recording at every moment, so that it only grows; at the end
    every map is that of the recording.
    """

    def __init__(
        self,
        paths: Trajectories,
        ends: PathEnds,
        maps: FloorMaps,
        cov: NDArray[np.float64],
        settings: MapSettings,
        walls: tuple[Wall, ...],
        heat_sigma: float,
    ) -> None:
        """Cut the paths into stays, once.

        Args:
            paths: Smoothed paths of the recording.
            ends: How they begin and end.
            maps: The recording's maps.
            cov: (cells, 3) covariance of a detected position at each cell's centre.
            settings: What counts as a visit.
            walls: Heat stops at these.
            heat_sigma: Own width of a person's presence, in the grid's unit.

        """
        self._maps, self._people, self._revisit_s = maps, paths.people, settings.revisit_s
        self._rules = Rules(settings.revisit_s, settings.min_visit_cell_s)
        self._stays = stays_in_cells(paths, maps.grid, ends)
        self._spread = spread_matrix(maps.grid, cov, heat_sigma, maps.coverage.observable, walls)

    def at(self, t_s: float) -> FloorMaps:
        """The maps of what happened before a moment (s); intervals of attention spans are left unknown."""
        known = self._stays.where(self._stays.enter_s < t_s)
        stays = replace(known, leave_s=np.minimum(known.leave_s, t_s))
        visits = Visits.of_stays(stays, self._revisit_s)
        maps = self._maps
        sums = Accumulator.of(visits, maps.grid.cells, self._people, maps.sums.unplaced_s, self._rules)
        seen = maps.coverage.observable
        density = heat(self._spread, np.where(seen, sums.dwell_s, 0.0), maps.exposure_s, maps.grid.cell_area)
        unknown = np.full(maps.grid.cells, np.nan)
        return replace(
            maps,
            sums=sums,
            heat=np.where(seen, density, np.nan),
            attention_s=np.where(seen, attention_s(sums.dwell_s, sums.entries), np.nan),
            attention_low_s=unknown,
            attention_high_s=unknown,
        )

"""From tracks to everything the maps and the report are made of, for one recording."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.accumulators import Accumulator, Rules
from analytics.coverage import Coverage
from analytics.ends import path_ends
from analytics.grid import Grid, Unit
from analytics.maps import FloorMaps, floor_maps
from analytics.positions import PERSON_M, floor_positions, picture_positions
from analytics.quarters import Quarters
from analytics.settings import MapSettings, TrajectorySettings
from analytics.stays import PathEnds, Stays, stays_in_cells, stays_in_polygon
from analytics.trajectories import Trajectories, smooth
from analytics.visits import Visits
from analytics.zone_figures import VisitTable, ZoneSums, zone_figures
from analytics.zone_visits import ZoneVisits
from analytics.zones import Zone
from calibration.scene import Scene
from tracker.tracks import Tracks


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """All results of one recording.

    Attributes:
        paths: Smoothed trajectories.
        ends: How each path begins and ends.
        maps: The numbers per cell.
        zones: The named areas.
        zone_stays: Stays in zones; place is the zone's number.
        zone_visits: The visits that they make.
        zone_sums: The accumulator over the zones.
        zone_coverage: (zones,) share of each zone's floor in which a person would have been counted.
        people: Persons in sight for at least `min_presence_s`.
        scene_visits: How often they were in the camera's view: who left and came back counts again.
        staff: Persons in sight for so long that they are probably staff.
        metre: Length of a metre in the grid's unit; without calibration that of a typical person.
        settings: Definitions and thresholds.
        stop_s: Shortest standing that counts as a stop.

    """

    paths: Trajectories
    ends: PathEnds
    maps: FloorMaps
    zones: tuple[Zone, ...]
    zone_stays: Stays
    zone_visits: ZoneVisits
    zone_sums: Accumulator
    zone_coverage: NDArray[np.float64]
    people: int
    scene_visits: int
    staff: NDArray[np.int64]
    metre: float
    settings: MapSettings
    stop_s: float

    def stays_frame(self) -> pd.DataFrame:
        """The rows of `stays.parquet`: stays in cells and zones; place is a cell number or a zone's name."""
        cells = stays_in_cells(self.paths, self.maps.grid, self.ends).to_frame()
        cells.insert(1, "kind", "cell")
        cells["place"] = np.where(cells["place"] < 0, "outside", cells["place"].astype(str))
        zones = self.zone_stays.to_frame()
        zones.insert(1, "kind", "zone")
        zones["place"] = [self.zones[number].name for number in self.zone_stays.place]
        return pd.concat([cells, zones], ignore_index=True)

    def zones_frame(self) -> pd.DataFrame:
        """A row per zone; NaN where too little of the zone was seen for a number."""
        known, sums = self.zone_visits, self.zone_sums
        peak, peak_s = np.zeros(len(self.zones), dtype=np.int64), np.full(len(self.zones), np.nan)
        quarters = self.zone_quarters(0.0, without_staff=False)
        for row in np.lexsort([-quarters.begin_s, quarters.peak]):
            place = quarters.place[row]
            peak[place], peak_s[place] = quarters.peak[row], quarters.peak_s[row]
        observed_s = np.full(len(self.zones), self.maps.observed_s)
        grid, cover = self.maps.grid, self.maps.coverage.share
        seen = [float((zone.share_of_cells(grid) * cover).sum()) * grid.cell_area for zone in self.zones]
        total = ZoneSums(
            sums.visitors, sums.entries, sums.dwell_s, peak, peak_s, observed_s, self.zone_coverage,
            np.array(seen),
        )  # fmt: skip
        table = VisitTable(known.visits, known.begun, known.ended, known.stopped_s)
        return zone_figures(self.zones, total, table, self.settings, self.stop_s, self.maps.grid.unit)

    def visits_frame(self, start: datetime | None) -> pd.DataFrame:
        """The rows of `visits.parquet`; wall-clock times are UTC."""
        return self.zone_visits.to_frame(
            self.zones, None if start is None else pd.Timestamp(start).tz_convert("UTC")
        )

    def people_frame(self) -> pd.DataFrame:
        """The rows of `people.parquet`: everybody, and whether they are probably staff."""
        paths = self.paths
        return pd.DataFrame(
            {
                "person": paths.people,
                "first_s": paths.first_s,
                "last_s": paths.last_s,
                "present_s": paths.present_s,
                "scene_visits": paths.scene_visits,
                "counted": paths.present_s >= self.settings.min_presence_s,
                "probable_staff": np.isin(paths.people, self.staff),
            }
        )

    def zone_quarters(self, zero_s: float, without_staff: bool = True) -> Quarters:
        """Sums per zone and quarter of an hour; `zero_s` is the wall clock at time 0, 0 if unknown."""
        staff = self.staff if without_staff else self.staff[:0]
        visits = self.zone_visits.visits
        return Quarters.of(self.zone_stays, visits, self.settings.min_visit_zone_s, zero_s, staff)

    def cell_quarters(self, zero_s: float) -> Quarters:
        """Sums per cell and quarter of an hour; cells that are not observable are left out."""
        nobody = self.zone_stays.where(np.zeros(len(self.zone_stays), dtype=np.bool_))
        total = Quarters.of(nobody, Visits.of_stays(nobody, 0.0), 0.0, zero_s, self.staff, peaks=False)
        for part, rows in self.paths.parts():
            ends = PathEnds(self.ends.entry[rows], self.ends.exit[rows])
            stays = stays_in_cells(part, self.maps.grid, ends)
            visits = Visits.of_stays(stays, self.settings.revisit_s)
            seen = np.append(self.maps.coverage.observable, False)
            stays, visits = stays.where(seen[stays.place]), visits.where(seen[visits.place])
            least = self.settings.min_visit_cell_s
            total = total + Quarters.of(stays, visits, least, zero_s, self.staff, peaks=False)
        return total


def smoothed_paths(
    tracks: Tracks, unit: Unit, settings: TrajectorySettings, gaps_s: NDArray[np.float64] | None = None
) -> Trajectories:
    """The floor trajectories of tracks: in metres on the plan, or in pixels of the picture."""
    return smooth(floor_positions(tracks) if unit == "m" else picture_positions(tracks), settings, gaps_s)


def analyse(
    paths: Trajectories,
    tracks: Tracks,
    grid: Grid,
    coverage: Coverage,
    cov: NDArray[np.float64],
    scene: Scene,
    zones: tuple[Zone, ...],
    shown_px: tuple[float, float, float, float],
    observed_s: NDArray[np.float64],
    map_settings: MapSettings,
    stop_s: float,
) -> Analysis:
    """Cut smoothed paths into stays and add those up.

    Args:
        paths: Smoothed paths.
        tracks: Who was where.
        grid: Cells over the floor: metres, or pixels without calibration.
        coverage: What can be observed of the cells.
        cov: (cells, 3) covariance of a detected position at each cell's centre.
        scene: Doors and walls.
        zones: Named areas, in the grid's unit.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.
        observed_s: (n, 2) intervals in which footage was decoded.
        map_settings: What counts as a visit.
        stop_s: Shortest standing that counts as a stop.

    """
    metre = 1.0 if grid.unit == "m" else typical_height_px(tracks, shown_px) / PERSON_M
    ends = path_ends(
        paths, tracks, grid, coverage, scene.doors, shown_px, observed_s, map_settings.edge_m * metre
    )
    maps = floor_maps(
        ((part, PathEnds(ends.entry[rows], ends.exit[rows])) for part, rows in paths.parts()),
        grid,
        coverage,
        cov,
        float(np.sum(observed_s[:, 1] - observed_s[:, 0])),
        map_settings,
        scene.walls,
        map_settings.heat_sigma_m * metre,
    )
    stays = Stays.concatenate(
        [stays_in_polygon(paths, zone.xy_m, number, ends) for number, zone in enumerate(zones)]
    )
    rules = Rules(map_settings.revisit_s, map_settings.min_visit_zone_s)
    visits = Visits.of_stays(stays, map_settings.revisit_s)
    sums = Accumulator.of(visits, len(zones), paths.people, 0.0, rules)
    staff = paths.people[paths.present_s >= map_settings.staff_s]
    zone_visits = ZoneVisits.of(
        stays, map_settings.revisit_s, paths, tracks, zones, grid, coverage, scene.doors,
        map_settings.edge_m * metre, staff,
    )  # fmt: skip
    counted = paths.present_s >= map_settings.min_presence_s
    people, scene_visits = int(np.sum(counted)), int(np.sum(paths.scene_visits[counted]))
    covered = np.array([_zone_coverage(zone, grid, coverage) for zone in zones])
    return Analysis(
        paths, ends, maps, zones, stays, zone_visits, sums, covered, people, scene_visits, staff, metre,
        map_settings, stop_s,
    )  # fmt: skip


def _zone_coverage(zone: Zone, grid: Grid, coverage: Coverage) -> float:
    """Mean coverage of the floor of a zone; what furniture fills is no floor."""
    share = zone.share_of_cells(grid)
    if coverage.filled is not None and (share * ~coverage.filled).sum() > 0:
        share = share * ~coverage.filled
    return float((share * coverage.share).sum() / share.sum()) if share.sum() > 0 else 0.0


def typical_height_px(tracks: Tracks, shown_px: tuple[float, float, float, float]) -> float:
    """Median height of the observed boxes; a quarter of the picture's height if there are none."""
    height = (tracks.xyxy_px[:, 3] - tracks.xyxy_px[:, 1])[tracks.observed]
    return float(np.median(height)) if len(height) else (shown_px[3] - shown_px[1]) / 4

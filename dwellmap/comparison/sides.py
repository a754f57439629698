"""Two periods brought to the same floor, the same places and the same unit of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics.comparison import Blocks, paired
from analytics.grid import Grid
from analytics.quarters import QUARTER_S
from analytics.suppression import hide_in_map, small
from analytics.zones import Zone
from dwellmap.comparison.ground import check_apart, common_floor
from dwellmap.period.period import Period
from dwellmap.period.setup import Setup
from dwellmap.period.tables import Tables

Unit = Literal["day", "half", "quarter"]

DAYS_FOR_DAYS = 5
"""Days on each side from which on a block is a day."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Dwell and time in view of one side, by quarter of an hour.

    Attributes:
        dwell_s: (quarters, places) person-seconds of customers.
        view_s: (quarters, places) seconds in which somebody in the place would have been counted.
        visitors: (places,) visits long enough to count, summed over days.
        hidden: (places,) bool, on some day fewer people than may be shown; that day is left out.

    """

    dwell_s: NDArray[np.float64]
    view_s: NDArray[np.float64]
    visitors: NDArray[np.float64]
    hidden: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison.

    Attributes:
        period: Its recordings.
        day: (quarters,) number of the local day of each quarter with footage; undated recordings one each.
        hour: (quarters,) local hour; -1 where nobody knows.
        half: (quarters,) number of the half hour that each lies in.
        observed_s: (quarters,) footage, of the camera with the most.
        cells: Sums over the cells.
        zones: Sums over the zones.

    """

    period: Period
    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    half: NDArray[np.int64]
    observed_s: NDArray[np.float64]
    cells: Places
    zones: Places

    @property
    def days(self) -> int:
        """Number of days."""
        return len(np.unique(self.day))

    @property
    def footage_h(self) -> float:
        """Hours of footage."""
        return float(self.observed_s.sum() / 3600)

    @property
    def dated(self) -> bool:
        """Whether all its recordings have a known start."""
        return all(member.start is not None for member in self.period.members)

    def blocks(self, zones: bool, unit: Unit, share: bool, seen: NDArray[np.bool_]) -> Blocks:
        """The blocks to compare.

        Args:
            zones: Zones; else cells.
            unit: What a block is.
            share: Compared with all dwell on the floor that both sides saw; else with the time in view.
            seen: (cells,) bool, that floor.

        """
        places = self.zones if zones else self.cells
        group = {"day": self.day, "half": self.half, "quarter": np.arange(len(self.day))}[unit]
        _, row = np.unique(group, return_inverse=True)
        dwell, view = _grouped(places.dwell_s, row), _grouped(places.view_s, row)
        if share:
            total = _grouped(self.cells.dwell_s[:, seen].sum(axis=1, keepdims=True), row)
            view = np.where(view.sum(axis=0) > 0, np.broadcast_to(total, view.shape), 0.0)
        return Blocks(dwell, view)


def _grouped(values: NDArray[np.float64], row: NDArray[np.int64]) -> NDArray[np.float64]:
    out = np.zeros((int(row.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(out, row, values)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Both sides over the same places.

    Attributes:
        a, b: The sides.
        grid: The cells.
        zones: Zones that both have in the same outline, staff-only ones left out.
        lost: Names of zones that only one side has, or that are drawn differently.
        setup: One setup, for plan, walls and thresholds.
        seen: (cells,) bool, in view on both sides.
        elsewhere: Cameras that look at another floor, or have other cells or definitions: left out.
        redrawn: Whether the drawing of the plan is not the same on both sides.

    """

    a: Side
    b: Side
    grid: Grid
    zones: tuple[Zone, ...]
    lost: tuple[str, ...]
    setup: Setup
    seen: NDArray[np.bool_]
    elsewhere: tuple[str, ...]
    redrawn: bool

    @property
    def by_day(self) -> bool:
        """Whether a block is a day."""
        return min(self.a.days, self.b.days) >= DAYS_FOR_DAYS and self.a.dated and self.b.dated

    @property
    def unit(self) -> Unit:
        """What a block is: a day; or, within the day, half an hour or a quarter."""
        if self.by_day:
            return "day"
        return "half" if paired(len(self.a.day), len(self.b.day)) else "quarter"

    @property
    def same_weekdays(self) -> bool:
        """Whether both sides show the same days of the week in about the same measure; dated ones only."""
        if not (self.a.dated and self.b.dated):
            return True
        # Day 0, 1 January 1970, was a Thursday.
        share = [
            np.bincount((s.day + 3) % 7, weights=s.observed_s, minlength=7) / max(s.observed_s.sum(), 1e-9)
            for s in (self.a, self.b)
        ]
        return bool(np.minimum(*share).sum() >= 0.9)

    @property
    def same_hours(self) -> bool:
        """Whether both sides show the same hours of the day in about the same measure."""
        if not (self.a.dated and self.b.dated):
            return False
        share = [
            np.bincount(np.maximum(s.hour, 0), weights=s.observed_s, minlength=24)
            / max(s.observed_s.sum(), 1e-9)
            for s in (self.a, self.b)
        ]
        return bool(np.minimum(*share).sum() >= 0.9)


def sides_of(a: Period, b: Period, min_people: int = 0, count_staff: bool = False) -> Sides:
    """Read two periods.

    Args:
        a: The one, such as before a change.
        b: The other.
        min_people: Cells and zones with fewer people on a day are left out on that day.
        count_staff: Count probable staff too.

    Raises:
        ValueError: If they overlap, are empty, or cannot be compared cell by cell.

    """
    check_apart(a, b)
    floor = common_floor(a, b)
    setup = floor[0]
    own = [tuple(s for s in p.setups if s in floor) for p in (a, b)]
    names = [[z for s in setups for z in s.zones if not z.staff] for setups in own]
    keyed = [{(z.name, z.xy_m.tobytes()): z for z in zones} for zones in names]
    zones = tuple(z for key, z in keyed[0].items() if key in keyed[1])
    lost = sorted({key[0] for key in keyed[0].keys() ^ keyed[1].keys()})
    one, other = (
        _side(p, setups, setup.grid, zones, min_people, count_staff)
        for p, setups in zip((a, b), own, strict=True)
    )
    seen = (one.cells.view_s.sum(axis=0) > 0) & (other.cells.view_s.sum(axis=0) > 0)
    elsewhere = sorted({s.camera for p in (a, b) for s in p.setups} - {s.camera for s in floor})
    redrawn = len({s.drawing for s in floor}) > 1
    return Sides(one, other, setup.grid, zones, tuple(lost), setup, seen, tuple(elsewhere), redrawn)


def _side(
    period: Period,
    setups: tuple[Setup, ...],
    grid: Grid,
    zones: tuple[Zone, ...],
    min_people: int,
    count_staff: bool,
) -> Side:
    tables = Tables.of(period)
    footage = tables.frame(
        "SELECT f.*, r.setup FROM footage f JOIN runs r USING (run) WHERE open AND observed_s > 0"
    )
    footage = footage[footage["setup"].isin([setup.number for setup in setups])].reset_index(drop=True)
    if footage.empty:
        raise ValueError("expected footage on both sides, found none in that period (opening hours apart)")
    # The quarters of undated recordings begin at each one's own start: a quarter of their own.
    undated = np.array([member.start is None for member in period.members])[footage["run"]]
    footage["block"] = np.where(undated, footage["run"].astype(np.int64) + 1, 0)
    keys = (
        footage[["block", "begin_s"]]
        .drop_duplicates()
        .sort_values(["block", "begin_s"])
        .reset_index(drop=True)
    )
    keys["row"] = np.arange(len(keys))
    footage = footage.merge(keys, on=["block", "begin_s"])
    first = footage.drop_duplicates("row").sort_values("row")
    block = first["block"].to_numpy(dtype=np.int64)
    date = (
        pd.to_datetime(first["day"]).fillna(pd.Timestamp(0)).to_numpy(dtype="datetime64[D]").astype(np.int64)
    )
    day = np.where(block > 0, -block, date)
    half = np.unique(
        np.column_stack([block, first["begin_s"] // (2 * QUARTER_S)]), axis=0, return_inverse=True
    )[1]
    hour = first["hour"].fillna(-1).to_numpy(dtype=np.int64)
    observed = np.zeros(len(keys))
    np.maximum.at(observed, footage["row"].to_numpy(), footage["observed_s"].to_numpy(dtype=float))
    places = []
    for kind, n in (("cell", grid.cells), ("zone", len(zones))):
        sums = _Sums(tables, setups, footage, kind, n, zones, count_staff)
        places.append(sums.places(len(keys)))
    cells, areas = places
    if min_people:
        cells, areas = _without_few(cells, areas, day, grid, zones, min_people)
    return Side(period, day, hour, half.reshape(-1), observed, cells[0], areas[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Reads the sums of cells or zones, each from the camera that sees the most of it."""

    tables: Tables
    setups: tuple[Setup, ...]
    footage: pd.DataFrame
    kind: str
    n: int
    zones: tuple[Zone, ...]
    count_staff: bool

    def places(self, quarters: int) -> tuple[Places, NDArray[np.float64]]:
        """The sums, and the visitors by quarter."""
        found: dict[str, list[NDArray[np.float64]]] = {}
        staff = "" if self.count_staff else "AND NOT staff"
        rows = self.tables.frame(
            f"""SELECT run, setup, begin_s, place, sum(dwell_s) AS dwell_s, sum(visitors) AS visitors
                FROM {self.kind}_quarters WHERE open {staff} GROUP BY ALL"""
        ).merge(self.footage[["run", "begin_s", "row"]], on=["run", "begin_s"])
        for setup in self.setups:
            arrays = found.setdefault(setup.camera, [np.zeros((quarters, self.n)) for _ in range(3)])
            coverage, number = self._known(setup)
            mine = self.footage[self.footage["setup"] == setup.number]
            np.add.at(
                arrays[1],
                mine["row"].to_numpy(),
                mine["observed_s"].to_numpy(dtype=float)[:, None] * coverage,
            )
            own = rows[rows["setup"] == setup.number]
            place = number[own["place"].to_numpy(dtype=np.int64)] if len(own) else np.zeros(0, dtype=np.int64)
            kept = (place >= 0) & (coverage[np.maximum(place, 0)] > 0)
            at = own["row"].to_numpy()[kept], place[kept]
            np.add.at(arrays[0], at, own["dwell_s"].to_numpy(dtype=float)[kept])
            np.add.at(arrays[2], at, own["visitors"].to_numpy(dtype=float)[kept])
        cameras = list(found.values())
        best = np.argmax([arrays[1].sum(axis=0) for arrays in cameras], axis=0)
        dwell, view, visitors = (
            np.stack([arrays[i] for arrays in cameras])[best, :, np.arange(self.n)].T.reshape(
                quarters, self.n
            )
            for i in range(3)
        )
        dwell = np.maximum(dwell, 0.0)
        return Places(dwell, view, visitors.sum(axis=0), np.zeros(self.n, dtype=np.bool_)), visitors

    def _known(self, setup: Setup) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Coverage of each place where it suffices, and our number of each of the setup's places."""
        if self.kind == "cell":
            # These setups look at one floor with the same cells.
            seen = setup.coverage
            return np.where(seen.observable, seen.share, 0.0), np.arange(setup.grid.cells)
        ours = {(z.name, z.xy_m.tobytes()): i for i, z in enumerate(self.zones)}
        number = np.array([ours.get((z.name, z.xy_m.tobytes()), -1) for z in setup.zones], dtype=np.int64)
        share = np.zeros(self.n)
        for at, covered in zip(number.tolist(), setup.zone_coverage.tolist(), strict=True):
            if at >= 0 and covered >= setup.maps.min_coverage:
                share[at] = covered
        return share, number


def _without_few(
    cells: tuple[Places, NDArray[np.float64]],
    zones: tuple[Places, NDArray[np.float64]],
    day: NDArray[np.int64],
    grid: Grid,
    outlines: tuple[Zone, ...],
    min_people: int,
) -> tuple[tuple[Places, NDArray[np.float64]], tuple[Places, NDArray[np.float64]]]:
    """Leave out, day by day, what rests on too few people, and what would give that away."""
    arrays = [p.dwell_s.copy() for p, _ in (cells, zones)]
    views = [p.view_s.copy() for p, _ in (cells, zones)]
    hidden = [p.hidden.copy() for p, _ in (cells, zones)]
    shares = [_share(grid, zone) for zone in outlines]
    for one in np.unique(day):
        rows = day == one
        dwell = [array[rows].sum(axis=0) for array in arrays]
        people = [
            np.maximum(np.rint(v[rows].sum(axis=0)), d > 0).astype(np.int64)
            for (_, v), d in zip((cells, zones), dwell, strict=True)
        ]
        floor = (np.ones(grid.cells), float(dwell[0].sum()))
        areas = [(s, float(min(max(d, s[s >= 1] @ dwell[0][s >= 1]), np.ceil(s) @ dwell[0])))
                 for s, d in zip(shares, dwell[1], strict=True)]  # fmt: skip
        gone, totals = hide_in_map(people[0], dwell[0], [floor, *areas], min_people)
        for k, lost in enumerate((gone & (dwell[0] > 0), small(people[1], min_people) | totals[1:])):
            arrays[k][np.ix_(rows, lost)] = 0.0
            views[k][np.ix_(rows, lost)] = 0.0
            hidden[k] |= lost
    done = [Places(arrays[k], views[k], p.visitors, hidden[k]) for k, (p, _) in enumerate((cells, zones))]
    return (done[0], cells[1]), (done[1], zones[1])


def _share(grid: Grid, zone: Zone) -> NDArray[np.float64]:
    """(cells,) share of each cell that lies in a zone."""
    x, y = np.meshgrid(grid.x_edges[:-1], grid.y_edges[:-1])
    boxes = shapely.box(x.ravel(), y.ravel(), x.ravel() + grid.cell, y.ravel() + grid.cell)
    share = shapely.area(shapely.intersection(boxes, shapely.Polygon(zone.xy_m))) / grid.cell_area
    return np.asarray(np.where(share > 1 - 1e-9, 1.0, np.where(share < 1e-9, 0.0, share)))

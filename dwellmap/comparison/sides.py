"""Two periods brought to the same floor, the same places and the same unit of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.comparison import Blocks, paired
from analytics.grid import Grid
from analytics.quarters import QUARTER_S
from analytics.suppression import NOBODY, TOO_FEW
from analytics.zones import Zone
from dwellmap.comparison.ground import check_apart, common_floor
from dwellmap.period.period import Period
from dwellmap.period.protection import Protection
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
        hidden: (places,) bool, on some day fewer people than may be shown; that day is left out.

    """

    dwell_s: NDArray[np.float64]
    view_s: NDArray[np.float64]
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
        zone_cells: (zones, cells) share of each cell that lies in a zone, where small counts are hidden: the
            share of time in a zone is then that of its shown cells in all shown cells. None elsewhere.

    """

    period: Period
    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    half: NDArray[np.int64]
    observed_s: NDArray[np.float64]
    cells: Places
    zones: Places
    zone_cells: NDArray[np.float64] | None

    @property
    def hidden_shares(self) -> NDArray[np.bool_]:
        """(zones,) bool, zones of whose share of time nothing may be told."""
        if self.zone_cells is None:
            return self.zones.hidden
        shown = self.cells.dwell_s.sum(axis=0) @ self.zone_cells.T
        return np.asarray(self.zones.hidden | ((shown == 0) & (self.zones.dwell_s.sum(axis=0) > 0)))

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
            if zones and self.zone_cells is not None:
                dwell = _grouped(self.cells.dwell_s[:, seen] @ self.zone_cells[:, seen].T, row)
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
        min_people: Cells and zones with fewer people on a day are left out on that day, and the days count
            whole.
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
    protection = Protection.of(period, min_people) if min_people else None
    hours = None if protection is None else protection.within(tables)
    tables = tables if protection is None else protection.whole
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
    footage = footage.assign(unit=day[footage["row"]], hour=hour[footage["row"]])
    shown = None if protection is None or hours is None else (protection.gone, hours)
    cells, areas = (
        _Sums(tables, setups, footage, kind, n, zones, count_staff, shown).places(len(keys))
        for kind, n in (("cell", grid.cells), ("zone", len(zones)))
    )
    shares = None if shown is None else np.array([z.share_of_cells(grid) for z in zones])
    shares = None if shares is None else shares.reshape(len(zones), grid.cells)
    return Side(period, day, hour, half.reshape(-1), observed, cells, areas, shares)


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
    shown: tuple[dict[tuple[int, int], NDArray[np.bool_]], pd.DataFrame] | None

    def places(self, quarters: int) -> Places:
        """The sums."""
        found: dict[str, list[NDArray[np.float64]]] = {}
        hidden: dict[str, NDArray[np.bool_]] = {}
        staff = "" if self.count_staff else "AND NOT staff"
        rows = self.tables.frame(
            f"""SELECT run, setup, begin_s, place, sum(dwell_s) AS dwell_s
                FROM {self.kind}_quarters WHERE open {staff} GROUP BY ALL"""
        ).merge(self.footage[["run", "begin_s", "row", "unit", "hour"]], on=["run", "begin_s"])
        for setup in self.setups:
            arrays = found.setdefault(setup.camera, [np.zeros((quarters, self.n)) for _ in range(2)])
            coverage, number = self._known(setup)
            mine = self.footage[self.footage["setup"] == setup.number]
            own = rows[rows["setup"] == setup.number]
            place = number[own["place"].to_numpy(dtype=np.int64)] if len(own) else np.zeros(0, dtype=np.int64)
            kept = (place >= 0) & (coverage[np.maximum(place, 0)] > 0)
            view = mine["observed_s"].to_numpy(dtype=float)[:, None] * coverage
            if self.shown is not None:
                told, few = self._told(setup, number, *self.shown)
                hidden[setup.camera] = hidden.get(setup.camera, False) | few
                view = np.where([told[key] for key in _hours(mine)], view, 0.0) if len(mine) else view
                kept &= np.array([told[key][at] for key, at in zip(_hours(own), place, strict=True)], bool)
            np.add.at(arrays[1], mine["row"].to_numpy(), view)
            at = own["row"].to_numpy()[kept], place[kept]
            np.add.at(arrays[0], at, own["dwell_s"].to_numpy(dtype=float)[kept])
        cameras = list(found.values())
        best = np.argmax([arrays[1].sum(axis=0) for arrays in cameras], axis=0)
        dwell, view = (
            np.stack([arrays[i] for arrays in cameras])[best, :, np.arange(self.n)].T.reshape(
                quarters, self.n
            )
            for i in range(2)
        )
        nowhere = np.zeros(self.n, dtype=np.bool_)
        gone = np.stack([hidden.get(camera, nowhere) for camera in found])[best, np.arange(self.n)]
        return Places(np.maximum(dwell, 0.0), view, gone)

    def _told(
        self,
        setup: Setup,
        number: NDArray[np.int64],
        gone: dict[tuple[int, int], NDArray[np.bool_]],
        hours: pd.DataFrame,
    ) -> tuple[dict[tuple[int, int], NDArray[np.bool_]], NDArray[np.bool_]]:
        """Which places may be told of at each day and hour, and (places,) bool which may not on some day."""
        few = np.zeros(self.n, dtype=np.bool_)
        told: dict[tuple[int, int], NDArray[np.bool_]] = {}
        hours = hours[hours["setup"] == setup.number]
        mine = self.footage[self.footage["setup"] == setup.number]
        for key in set(_hours(mine)):
            told[key] = np.zeros(self.n, dtype=np.bool_)
            if self.kind == "cell" and len(number) == self.n:
                told[key] = ~gone[setup.number, key[0]]
                few |= ~told[key]
        if self.kind == "zone":
            place = number[hours["place"].to_numpy(dtype=np.int64)]
            counts = hours["counts"] | (hours["open"] & (hours["group"] == NOBODY))
            for key, at, counted in zip(_hours(hours), place.tolist(), counts.tolist(), strict=True):
                if at >= 0 and key in told:
                    told[key][at] = counted
            few[place[(hours["group"] == TOO_FEW).to_numpy() & (place >= 0)]] = True
        return told, few

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


def _hours(rows: pd.DataFrame) -> list[tuple[int, int]]:
    """Number of the day and hour of each row."""
    return list(zip(rows["unit"].tolist(), rows["hour"].tolist(), strict=True))

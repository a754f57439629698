"""The numbers of one floor over a period: cells and zones, each taken from one camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.maps import GridMap
from analytics.visits import Visits
from analytics.zone_figures import VisitTable, ZoneSums, zone_figures
from analytics.zones import Zone
from dwellmap.period.floors import floors_among
from dwellmap.period.protection import UNIT, Protection
from dwellmap.period.setup import Setup
from dwellmap.period.tables import Tables
from dwellmap.report.cells import Cells, Choice, cells_of
from dwellmap.report.shown import SUMS, ShownFigures, ShownHours, shown_visits


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """One floor.

    Attributes:
        setups: The setups that look at it.
        grid: The cells.
        zones: Named areas, those that are drawn alike once.
        zone_setup: (Z,) number of the setups each zone is taken from, those of one camera.
        cells: Sums per cell.
        figures: The table of `zone_figures`, a row per zone.
        hours: day, hour, zone (number), dwell_s, entries, visitors, observed_s; NaN is not shown.
        days: unit (number of the day, negative without a date), zone, dwell_s, observed_s: sums of `hours`,
            also of those told only together; NaN is not shown.
        whole: (Z,) whether the days' visits are all within the opening hours, as `figures` are.
        quarters: begin_s, day, hour, zone, dwell_s, peak, peak_s, observed_s; empty where small
            counts are hidden.
        visits: Visits as far as they are known and may be shown; place is the zone's number.
        visit_day: (V,) day of each, as a number; a recording without a date has a negative one of its own.
        erased: Recordings whose visits are gone.
        hidden_hours: How many hours of zones are not shown.
        hidden: Which of `figures` is hidden, in the same rows and columns.
        entered: (Z,) of how many entries it is told whether they stopped.
        min_people: Least number of people a shown number rests on; 0 shows all.
        told: unit, zone, visitors, entries of the whole days, where small counts are hidden.
        all_visits, all_visit_day: Visits and days of everybody, of which only sums may be told.

    """

    setups: tuple[Setup, ...]
    grid: Grid
    zones: tuple[Zone, ...]
    zone_setup: tuple[tuple[int, ...], ...]
    cells: Cells
    figures: pd.DataFrame
    hours: pd.DataFrame
    days: pd.DataFrame
    whole: NDArray[np.bool_]
    quarters: pd.DataFrame
    visits: VisitTable
    visit_day: NDArray[np.int64]
    erased: int
    hidden_hours: int
    hidden: pd.DataFrame
    entered: NDArray[np.float64]
    min_people: int
    told: pd.DataFrame
    all_visits: VisitTable
    all_visit_day: NDArray[np.int64]

    def pictures(self) -> tuple[GridMap, ...]:
        """The four maps to draw: heat, visits, dwell, attention."""
        cells, unit = self.cells, self.grid.unit
        seen = cells.coverage >= self.setups[0].maps.min_coverage
        few = seen & (np.nan_to_num(cells.entries) < self.setups[0].maps.min_entries)
        few_heat, few = few & (np.nan_to_num(cells.heat) > 0), few & (np.nan_to_num(cells.dwell_s) > 0)
        fine = seen & ~(self.grid.cell >= 2 * cells.sigma)
        area, times = ("m²", 1.0) if unit == "m" else ("10 000 px²", 1e4)

        def cell_map(name: str, values: NDArray[np.float64], faded: NDArray[np.bool_], of: str) -> GridMap:
            shape = self.grid.shape
            return GridMap(
                name, values.reshape(shape), faded.reshape(shape), fine.reshape(shape), of, self.grid
            )

        return (
            cell_map("heat", cells.heat * times, few_heat, f"people per {area}"),
            cell_map("visits", cells.visitors, few, "people"),
            cell_map("dwell", cells.dwell_s, few, "person-seconds"),
            cell_map("attention", cells.attention_s, few, "seconds per visit"),
        )


def floors_of(tables: Tables, choice: Choice, protection: Protection | None) -> tuple[Floor, ...]:
    """The floors of a period, that with the most footage first."""
    length = _length(tables)
    groups = floors_among(tables.period.setups)
    ordered = sorted(groups, key=lambda g: -sum(length.get(s.number, 0.0) for s in g))
    return tuple(_floor(tables, group, choice, length, protection) for group in ordered)


def _length(tables: Tables) -> dict[int, float]:
    """Footage of each setup that counts, in s."""
    footage = tables.frame(
        "SELECT setup, sum(observed_s) AS s FROM footage JOIN runs USING (run) WHERE open GROUP BY setup"
    )
    return dict(zip(footage["setup"], footage["s"], strict=True))


def _floor(
    tables: Tables,
    setups: tuple[Setup, ...],
    choice: Choice,
    length: dict[int, float],
    protection: Protection | None,
) -> Floor:
    zones, sources = _zones(setups, length)
    whole = tables if protection is None else protection.whole
    all_visits, all_day = _of_customers(tables, zones, sources, *_visits(whole, zones, sources, choice))
    numbers = {setup.number for setup in setups}
    erased = sum(m.erased and m.setup in numbers for m in tables.period.members)
    if protection is None:
        hours = _hours(tables, zones, sources, choice)
        quarters = _quarters(tables, zones, sources, choice)
        totals = hours.groupby("zone")[SUMS].sum().reindex(range(len(zones)), fill_value=0.0)
        figures = _figures(tables, setups, zones, sources, hours, totals, quarters, all_visits)
        cells = cells_of(tables, setups, zones, choice, length, None)
        nowhere = pd.DataFrame(False, index=figures.index, columns=figures.columns)
        entries = all_visits.visits.place[all_visits.visits.beginning_seen]
        entered = np.bincount(entries, minlength=len(zones)).astype(np.float64)
        return Floor(
            setups, setups[0].grid, zones, sources, cells, figures, hours, _days(hours),
            np.ones(len(zones), np.bool_), quarters, all_visits, all_day, erased, 0, nowhere, entered, 0,
            pd.DataFrame(), all_visits, all_day,
        )  # fmt: skip
    least = protection.min_people
    shown = ShownHours.of(protection, tables, _zone_numbers(tables, zones, sources), len(zones))
    visits, day = shown_visits(all_visits, all_day, shown.few, least)
    no_quarters = _quarters(tables, zones, sources, choice)[:0]
    told = ShownFigures.of(
        _figures(tables, setups, zones, sources, shown.hours, shown.totals, no_quarters, visits),
        shown, visits, day, setups[0].maps.horizon_s, setups[0].settings.trajectories.stop_s, least,
    )  # fmt: skip
    cells = cells_of(whole, setups, zones, choice, _length(whole), protection)
    return Floor(
        setups, setups[0].grid, zones, sources, cells, told.figures, shown.hours, shown.days, shown.whole,
        no_quarters, visits, day, erased, shown.hidden_hours, told.hidden, told.entered, least,
        shown.told, all_visits, all_day,
    )  # fmt: skip


def _zones(
    setups: tuple[Setup, ...], length: dict[int, float]
) -> tuple[tuple[Zone, ...], tuple[tuple[int, ...], ...]]:
    """Every zone once, and the setups of the camera that saw the most of it for the longest."""
    found: dict[tuple[str, bytes], tuple[Zone, dict[str, tuple[float, list[int]]]]] = {}
    for setup in setups:
        for zone, coverage in zip(setup.zones, setup.zone_coverage, strict=True):
            _, cameras = found.setdefault((zone.name, zone.xy_m.tobytes()), (zone, {}))
            seen, numbers = cameras.get(setup.camera, (0.0, []))
            exposure = float(coverage) * length.get(setup.number, 0.0)
            cameras[setup.camera] = (seen + exposure, [*numbers, setup.number])
    zones, sources = [], []
    for zone, cameras in found.values():
        best = max(sorted(cameras), key=lambda camera: cameras[camera][0])
        zones.append(zone)
        sources.append(tuple(cameras[best][1]))
    return tuple(zones), tuple(sources)


def _zone_numbers(
    tables: Tables, zones: tuple[Zone, ...], sources: tuple[tuple[int, ...], ...]
) -> pd.DataFrame:
    """setup, place (number in the setup), zone (number here), for the setups each zone is taken from."""
    rows = []
    for number, (zone, chosen) in enumerate(zip(zones, sources, strict=True)):
        for setup in chosen:
            for place, other in enumerate(tables.period.setups[setup].zones):
                if other.name == zone.name:
                    rows.append((setup, place, number, zone.name))
    return pd.DataFrame(rows, columns=["setup", "place", "zone", "name"]).astype(
        {"setup": "int64", "place": "int64", "zone": "int64", "name": "object"}
    )


def _visits(
    tables: Tables, zones: tuple[Zone, ...], sources: tuple[tuple[int, ...], ...], choice: Choice
) -> tuple[VisitTable, NDArray[np.int64]]:
    numbers = _zone_numbers(tables, zones, sources)
    tables.db.register("numbers_", numbers)
    staff = "" if choice.count_staff else "AND NOT v.staff"
    rows: dict[str, Any] = tables.db.execute(
        f"""SELECT v.visitor, n.zone::BIGINT AS zone, v.enter_s, v.leave_s, v.dwell_s, v.entry, v.exit,
                   v.begun, v.ended, v.stopped_s,
                   {UNIT} AS day
            FROM {tables.of_setups("visits", set(numbers["setup"]))} v
            JOIN numbers_ n ON n.setup = v.setup AND n.name = v.zone
            WHERE v.open {staff} ORDER BY v.visitor, n.zone, v.enter_s"""
    ).fetchnumpy()
    tables.db.unregister("numbers_")
    visits = Visits(
        rows["visitor"].astype(np.int64),
        rows["zone"].astype(np.int64),
        rows["enter_s"],
        rows["leave_s"],
        rows["dwell_s"],
        rows["entry"].astype(np.int8),
        rows["exit"].astype(np.int8),
    )
    begun, ended = rows["begun"].astype(bool), rows["ended"].astype(bool)
    table = VisitTable(visits, begun, ended, rows["stopped_s"])
    return _chained(table, rows["day"].astype(np.int64), tables)


def _of_customers(
    tables: Tables,
    zones: tuple[Zone, ...],
    sources: tuple[tuple[int, ...], ...],
    table: VisitTable,
    day: NDArray[np.int64],
) -> tuple[VisitTable, NDArray[np.int64]]:
    """Without the visits to staff-only areas and to zones of which too little is seen for a number."""
    left_out = [
        zone.staff or not _enough_seen(tables, zone, source)
        for zone, source in zip(zones, sources, strict=True)
    ]
    kept = ~np.isin(table.visits.place, np.flatnonzero(left_out))
    visits = VisitTable(table.visits.where(kept), table.begun[kept], table.ended[kept], table.stopped_s[kept])
    return visits, day[kept]


def _enough_seen(tables: Tables, zone: Zone, source: tuple[int, ...]) -> bool:
    setup = tables.period.setups[source[0]]
    number = [other.name for other in setup.zones].index(zone.name)
    return bool(setup.zone_coverage[number] >= setup.maps.min_coverage)


def _chained(
    table: VisitTable, day: NDArray[np.int64], tables: Tables
) -> tuple[VisitTable, NDArray[np.int64]]:
    """Join the halves of visits that go on in the next file, sorted as they are by visitor, zone and time."""
    visits = table.visits
    if not len(visits) or not (visits.person < 0).any():
        return table, day
    revisit_s = tables.period.setups[0].maps.revisit_s
    same = (visits.person[1:] == visits.person[:-1]) & (visits.place[1:] == visits.place[:-1])
    near = visits.enter_s[1:] - visits.leave_s[:-1] < revisit_s
    first = np.flatnonzero(np.append(True, ~(same & near)))
    last = np.append(first[1:], len(visits)) - 1
    joined = Visits(
        visits.person[first],
        visits.place[first],
        visits.enter_s[first],
        visits.leave_s[last],
        np.add.reduceat(visits.dwell_s, first),
        visits.entry[first],
        visits.exit[last],
    )
    stopped = np.add.reduceat(table.stopped_s, first)
    return VisitTable(joined, table.begun[first], table.ended[last], stopped), day[first]


def _hours(
    tables: Tables, zones: tuple[Zone, ...], sources: tuple[tuple[int, ...], ...], choice: Choice
) -> pd.DataFrame:
    """Sums per day, hour and zone."""
    numbers = _zone_numbers(tables, zones, sources)
    tables.db.register("numbers_", numbers)
    staff = "" if choice.count_staff else "AND NOT q.staff"
    sums = tables.frame(
        f"""SELECT q.day, q.hour, n.zone, sum(q.dwell_s) AS dwell_s, sum(q.entries)::DOUBLE AS entries,
                   sum(q.visitors)::DOUBLE AS visitors
            FROM zone_quarters q JOIN numbers_ n USING (setup, place) WHERE q.open {staff} GROUP BY ALL"""
    )
    footage = tables.frame(
        """SELECT f.day, f.hour, n.zone, sum(f.observed_s) AS observed_s
           FROM footage f JOIN runs r USING (run)
           JOIN (SELECT DISTINCT setup, zone FROM numbers_) n USING (setup)
           WHERE f.open GROUP BY ALL"""
    )
    tables.db.unregister("numbers_")
    keys = ["day", "hour", "zone"]
    for table in (sums, footage):
        table["hour"] = table["hour"].astype("Int64")
        table["day"] = pd.to_datetime(table["day"])
    hours = footage.merge(sums, how="left", on=keys).sort_values(keys, ignore_index=True)
    values = ["dwell_s", "entries", "visitors"]
    hours[values] = hours[values].fillna(0.0)
    hours["dwell_s"] = hours["dwell_s"].clip(lower=0.0)
    return hours


def unit_of(day: pd.Series) -> pd.Series:
    """The numbers of days, as `Floor.days` has them; -1 without a date."""
    return (day - pd.Timestamp("1970-01-01")).dt.days.fillna(-1).astype("int64")


def _days(hours: pd.DataFrame) -> pd.DataFrame:
    """Sums of hours per day and zone."""
    sums = hours.assign(unit=unit_of(hours["day"])).groupby(["unit", "zone"], as_index=False)
    return pd.DataFrame(sums[["dwell_s", "observed_s"]].sum())


def _quarters(
    tables: Tables, zones: tuple[Zone, ...], sources: tuple[tuple[int, ...], ...], choice: Choice
) -> pd.DataFrame:
    tables.db.register("numbers_", _zone_numbers(tables, zones, sources))
    staff = "" if choice.count_staff else "AND NOT q.staff"
    # Customers and staff were counted apart: where both were, nobody knows how many there were at once.
    apart = "count(DISTINCT q.staff) FILTER (WHERE q.peak > 0) > 1"
    table = tables.frame(
        f"""WITH sums AS (
                SELECT q.begin_s, n.zone, sum(q.dwell_s) AS dwell_s,
                       CASE WHEN {apart} THEN 'nan'::DOUBLE ELSE max(q.peak)::DOUBLE END AS peak,
                       arg_max(q.peak_s, q.peak) AS peak_s
                FROM zone_quarters q JOIN numbers_ n USING (setup, place) WHERE q.open {staff} GROUP BY ALL
            ), seen AS (
                SELECT f.begin_s, n.zone, any_value(f.day) AS day, any_value(f.hour) AS hour,
                       sum(f.observed_s) AS observed_s
                FROM footage f JOIN runs r USING (run)
                JOIN (SELECT DISTINCT setup, zone FROM numbers_) n USING (setup)
                WHERE f.open GROUP BY f.begin_s, n.zone
            )
            SELECT seen.*, coalesce(dwell_s, 0.0) AS dwell_s, coalesce(peak, 0.0) AS peak, peak_s
            FROM seen LEFT JOIN sums USING (begin_s, zone) ORDER BY begin_s, zone"""
    )
    tables.db.unregister("numbers_")
    return table


def _figures(
    tables: Tables,
    setups: tuple[Setup, ...],
    zones: tuple[Zone, ...],
    sources: tuple[tuple[int, ...], ...],
    hours: pd.DataFrame,
    totals: pd.DataFrame,
    quarters: pd.DataFrame,
    table: VisitTable,
) -> pd.DataFrame:
    n = len(zones)
    observed = hours.groupby("zone")["observed_s"].sum().reindex(range(n), fill_value=0.0).to_numpy()
    peak, peak_s = np.zeros(n, dtype=np.int64), np.full(n, np.nan)
    unknown = quarters["zone"][quarters["peak"].isna()].unique()
    quarters = quarters[~quarters["zone"].isin(unknown)]
    order = quarters.sort_values(["peak", "begin_s"], ascending=[True, False])
    at = order["zone"].to_numpy(dtype=np.int64)
    # The last one written is the highest, and of equal ones the first.
    peak[at], peak_s[at] = order["peak"].to_numpy(dtype=np.int64), order["peak_s"].to_numpy(dtype=float)
    seen = [tables.period.setups[source[0]].zone_coverage for source in sources]
    places = [
        [z.name for z in tables.period.setups[s[0]].zones].index(zone.name)
        for zone, s in zip(zones, sources, strict=True)
    ]
    coverage = np.array([of[place] for of, place in zip(seen, places, strict=True)])
    area = np.array([tables.period.setups[s[0]].seen(zone) for zone, s in zip(zones, sources, strict=True)])
    sums = ZoneSums(
        # Halves of quarters in which one file takes over from another may leave a rest.
        np.rint(totals["visitors"].to_numpy()).astype(np.int64),
        np.rint(totals["entries"].to_numpy()).astype(np.int64),
        totals["dwell_s"].to_numpy(),
        peak,
        peak_s,
        observed,
        coverage,
        area,
    )
    stop_s = setups[0].settings.trajectories.stop_s
    figures = zone_figures(zones, sums, table, setups[0].maps, stop_s, setups[0].grid.unit)
    figures.loc[unknown, ["peak", "peak_s"]] = np.nan
    return figures

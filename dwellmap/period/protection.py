"""What of a period may be shown where small counts are hidden, decided day by day and always alike.

The unit is what one camera saw on one whole local day, or in one recording of which nobody knows the day.
What of it may be shown follows from all of its people and hours alone: not from opening hours, nor from the
period, the other cameras or the page that asks. So all reports and comparisons add up parts of the same shown
numbers, and subtracting one from another finds nothing that these do not show.

Probable staff are left out: with and without them, numbers would differ by a few people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.suppression import NOBODY, TOO_FEW, groups_of_hours, hide_in_map, small, visitors_told
from dwellmap.period.period import Period
from dwellmap.period.setup import Setup
from dwellmap.period.tables import Tables

UNIT = "CASE WHEN day IS NULL THEN -1 - run ELSE date_diff('day', DATE '1970-01-01', day::DATE) END::BIGINT"
"""Number of the day in SQL, of which a recording without a date has one of its own."""

STAFF_AND_FEW = (
    "--count-staff: expected it without --min-people; numbers with and without probable staff would show by "
    "subtraction what a few of them did"
)

# Of the footage of an hour, or of hours that are told only together.
_OPEN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Protection:
    """What may be shown.

    Attributes:
        min_people: Least number of people a shown number rests on.
        whole: The tables of the whole days, closed hours too.
        cells: setup, unit (number of the day), place, dwell_s, entries, visitors of the cells that may be
            shown. A few visitors more than entries are left out: nobody saw them come; and a cell has no more
            visitors than are told of a zone that it lies in.
        gone: Of each setup and day, (cells,) bool: not to be shown.
        hours: setup, unit, day, hour (-1 where nobody knows), place (zone's number in the setup), dwell_s,
            entries, visitors, observed_s, group. Hours of one group are told only together; see
            `analytics.suppression.groups_of_hours`, and `visitors_told` of the visitors.

    """

    min_people: int
    whole: Tables
    cells: pd.DataFrame
    gone: dict[tuple[int, int], NDArray[np.bool_]]
    hours: pd.DataFrame

    @classmethod
    def of(cls, period: Period, min_people: int) -> Protection:
        """Decide what may be shown of a period of whole days: see `period.whole_days`."""
        whole = Tables.of(replace(period, hours=None))
        hours = _hours(whole)
        cells = whole.frame(
            f"""SELECT setup, {UNIT} AS unit, place, sum(dwell_s) AS dwell_s,
                       sum(entries)::BIGINT AS entries, sum(visitors)::BIGINT AS visitors
                FROM cell_quarters WHERE open AND NOT staff GROUP BY ALL"""
        )
        cells["dwell_s"] = cells["dwell_s"].clip(lower=0.0)
        cells = cells.sort_values(["setup", "unit", "place"], ignore_index=True)
        gone, shown = {}, np.ones(len(cells), dtype=np.bool_)
        group, visitors = (np.zeros(len(hours), dtype=np.int64) for _ in range(2))
        most = np.zeros(len(cells), dtype=np.int64)
        cells_of, hours_of = _days(cells), _days(hours)
        place = cells["place"].to_numpy(dtype=np.int64)
        cell_sums, hour_sums = _Columns.of(cells), _Columns.of(hours)
        for key in sorted(hours_of.keys() | cells_of.keys()):
            mine, times = cells_of.get(key, slice(0)), hours_of.get(key, slice(0))
            setup, of_day = period.setups[key[0]], hour_sums.at(times)
            gone[key], group[times], visitors[times] = _day(setup, cell_sums.at(mine), of_day, min_people)
            most[mine] = _most(setup, of_day.place, group[times], visitors[times])[place[mine]]
            shown[mine] = ~gone[key][place[mine]]
        hours = hours.assign(group=group, visitors=visitors)
        cells = cells.assign(visitors=cells["visitors"].clip(upper=most))[shown].reset_index(drop=True)
        unseen = small(cells["visitors"].to_numpy() - cells["entries"].to_numpy(), min_people)
        cells["visitors"] = cells["visitors"].mask(unseen, cells["entries"])
        return cls(min_people, whole, cells, gone, hours)

    def within(self, tables: Tables) -> pd.DataFrame:
        """`hours` with what counts within opening hours, as three columns of bool.

        Hours that are told only together count together, if half of their footage or more is in the opening
        hours: a part of them would show the rest.

        Args:
            tables: The period, which knows the opening hours.

        Returns:
            `hours` with `open`, whether the hour is in the opening hours; `counts`, whether its group is told
            and counts; and `alone`, whether the hour may be told by itself.

        """
        opened = tables.frame(
            f"""SELECT r.setup, {UNIT} AS unit, coalesce(f.hour, -1)::BIGINT AS hour,
                       sum(f.observed_s) AS open_s
                FROM footage f JOIN (SELECT run, setup FROM runs) r USING (run) WHERE f.open GROUP BY ALL"""
        )
        rows = self.hours.merge(opened, how="left", on=["setup", "unit", "hour"]).fillna({"open_s": 0.0})
        group = rows.groupby(["setup", "unit", "place", "group"])
        together = rows["group"] >= 0
        counts = group["open_s"].transform("sum") >= _OPEN * group["observed_s"].transform("sum")
        single = together & (group["hour"].transform("size") == 1)
        return rows.drop(columns="open_s").assign(
            open=rows["open_s"] >= _OPEN * rows["observed_s"],
            counts=together & counts,
            alone=(rows["group"] == NOBODY) | single,
        )

    @property
    def gone_of_setups(self) -> dict[int, NDArray[np.bool_]]:
        """Of each setup, (cells,) bool: not to be shown of some day."""
        found: dict[int, NDArray[np.bool_]] = {}
        for (setup, _), gone in self.gone.items():
            found[setup] = found[setup] | gone if setup in found else gone
        return found


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of a table of sums, of which thousands of pieces are looked at."""

    place: NDArray[np.int64]
    dwell_s: NDArray[np.float64]
    entries: NDArray[np.int64]
    visitors: NDArray[np.int64]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Columns:
        whole = (rows[name].to_numpy(dtype=np.int64) for name in ("place", "entries", "visitors"))
        place, entries, visitors = whole
        return cls(place, rows["dwell_s"].to_numpy(dtype=np.float64), entries, visitors)

    def at(self, rows: slice) -> _Columns:
        return _Columns(self.place[rows], self.dwell_s[rows], self.entries[rows], self.visitors[rows])


def _days(rows: pd.DataFrame) -> dict[tuple[int, int], slice]:
    """Where the rows of each setup and day are in a table sorted by them."""
    if rows.empty:
        return {}
    setup, unit = (rows[name].to_numpy(dtype=np.int64) for name in ("setup", "unit"))
    first = np.flatnonzero(np.append(True, (np.diff(setup) != 0) | (np.diff(unit) != 0)))
    ends = np.append(first[1:], len(rows)).tolist()
    return {
        (int(setup[a]), int(unit[a])): slice(a, b) for a, b in zip(first.tolist(), ends, strict=True)
    }  # fmt: skip


def _hours(whole: Tables) -> pd.DataFrame:
    """Sums per setup, day, hour and zone, of every hour with footage."""
    keys = ["setup", "unit", "hour"]
    footage = whole.frame(
        f"""SELECT r.setup, {UNIT} AS unit, any_value(f.day) AS day, coalesce(f.hour, -1)::BIGINT AS hour,
                   sum(f.observed_s) AS observed_s
            FROM footage f JOIN (SELECT run, setup FROM runs) r USING (run)
            WHERE f.open GROUP BY ALL"""
    )
    sums = whole.frame(
        f"""SELECT setup, {UNIT} AS unit, coalesce(hour, -1)::BIGINT AS hour, place, sum(dwell_s) AS dwell_s,
                   sum(entries)::BIGINT AS entries, sum(visitors)::BIGINT AS visitors
            FROM zone_quarters WHERE open AND NOT staff GROUP BY ALL"""
    )
    zones = pd.DataFrame(
        [(s.number, place) for s in whole.period.setups for place in range(len(s.zones))],
        columns=["setup", "place"],
        dtype=np.int64,
    )
    hours = footage.merge(zones, on="setup").merge(sums, how="left", on=[*keys, "place"])
    values = ["dwell_s", "entries", "visitors"]
    hours[values] = hours[values].fillna(0)
    hours["dwell_s"] = hours["dwell_s"].clip(lower=0.0)
    return hours.sort_values([*keys, "place"], ignore_index=True)


def _day(
    setup: Setup, cells: _Columns, hours: _Columns, min_people: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """What may be shown of one day of one setup.

    Returns:
        (cells,) bool that must not; of each hour and zone its group, and what to take for its visitors.

    """
    n = setup.grid.cells
    dwell, entries, visitors = (
        np.bincount(cells.place, column, n).astype(np.float64)
        for column in (cells.dwell_s, cells.entries, cells.visitors)
    )
    # Where there is time there was somebody, and few entries are few people's.
    people = np.maximum(np.rint(visitors), dwell > 0).astype(np.int64)
    came = np.rint(entries).astype(np.int64)
    people = np.where(small(came, min_people), np.minimum(people, came), people)
    group, told = np.zeros(len(hours.place), dtype=np.int64), hours.visitors.copy()
    areas = []
    for number in np.unique(hours.place).tolist():
        mine = hours.place == number
        time_s = hours.dwell_s[mine]
        there = np.maximum(hours.visitors[mine], time_s > 0)
        if not setup.told_apart[number]:
            group[mine] = TOO_FEW
            continue
        group[mine] = groups_of_hours(there, hours.entries[mine], time_s, min_people)
        told[mine] = visitors_told(hours.visitors[mine], hours.entries[mine], group[mine], min_people)
        if not np.any(group[mine] == TOO_FEW):
            share = setup.zone_shares[number]
            areas.append((share, _fitting(float(time_s.sum()), share, dwell)))
    return hide_in_map(people, dwell, areas, min_people), group, told


def _most(
    setup: Setup, place: NDArray[np.int64], group: NDArray[np.int64], told: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(cells,) the visitors that are told of the zone that each lies in; where there is none, any number."""
    most = np.full(setup.grid.cells, np.iinfo(np.int64).max)
    for number in np.unique(place[group >= 0]).tolist():
        inside = setup.zone_shares[number] >= 1
        most[inside] = told[(place == number) & (group >= 0)].sum()
    return most


def _fitting(total_s: float, share: NDArray[np.float64], dwell_s: NDArray[np.float64]) -> float:
    """A zone's time as far as its cells can hold it: of a zone more may be seen than of its cells."""
    return float(np.clip(total_s, dwell_s[share >= 1].sum(), dwell_s[share > 0].sum()))

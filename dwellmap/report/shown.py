"""What of the zones of a floor is shown where small counts are hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.guarded_lengths import GuardedLengths
from analytics.suppression import TOO_FEW
from analytics.zone_figures import VisitTable
from dwellmap.period.protection import UNIT, Protection
from dwellmap.period.tables import Tables

SUMS = ["dwell_s", "entries", "visitors"]
_OF = {
    "visits_km": ("mean_km_s", "mean_km_low_s", "mean_km_high_s", "horizon_s", "median_s", "median_low_s",
                  "median_high_s", "quartile_1_s", "quartile_3_s"),
    "entries": ("attention_s", "attention_low_s", "attention_high_s", "attracting_power", "holding_power_s"),
    "visitors": ("attention_naive_s",),
    "stopped": ("holding_power_s",),
}  # fmt: skip
"""Figures of counts, which are not known where there is nothing to count."""
_INTERVAL = ("attention_low_s", "attention_high_s")
# What stays where a zone's numbers are hidden.
_NO_COUNTS = ("zone", "staff_only", "area_m2", "seen_m2", "coverage", "observed_s")


@dataclass(frozen=True, slots=True, eq=False)
class ShownHours:
    """Sums of zones, of which nothing rests on too few people.

    Attributes:
        hours: day, hour, zone, dwell_s, entries, visitors, observed_s; NaN is hidden.
        totals: (zones) dwell_s, entries, visitors: what may be told of the hours, also if only together.
        days: unit, zone, dwell_s, observed_s: what `totals` add up, day by day, and the footage it rests on;
            NaN where nothing may be told of the day.
        told: unit, zone, visitors, entries: what is told of each whole day, closed hours too.
        whole: (zones,) whether nothing that is told of the days lies outside of the opening hours.
        few: zone and unit of the days of zones of which nothing may be told.
        hidden_hours: How many rows of `hours` are hidden.

    """

    hours: pd.DataFrame
    totals: pd.DataFrame
    days: pd.DataFrame
    told: pd.DataFrame
    whole: NDArray[np.bool_]
    few: pd.DataFrame
    hidden_hours: int

    @classmethod
    def of(cls, protection: Protection, tables: Tables, numbers: pd.DataFrame, zones: int) -> ShownHours:
        """Look a floor's zones up.

        Args:
            protection: What may be shown of whole days.
            tables: The period, which knows the opening hours.
            numbers: setup, place and zone of the setups that each zone is taken from.
            zones: How many zones there are.

        """
        rows = protection.within(tables).merge(numbers[["setup", "place", "zone"]], on=["setup", "place"])
        totals = rows[rows["counts"]].groupby("zone")[SUMS].sum().reindex(range(zones), fill_value=0.0)
        of_days = (
            rows[rows["group"] >= 0].groupby(["unit", "zone"], as_index=False)[["visitors", "entries"]].sum()
        )
        closed = rows["zone"][(rows["group"] >= 0) & ~rows["counts"]]
        whole = ~np.isin(np.arange(zones), closed.to_numpy())
        few = rows[rows["group"] == TOO_FEW][["zone", "unit"]].drop_duplicates()
        told = rows[rows["open"]].copy()
        told[SUMS] = told[SUMS].astype(float).where(told["alone"], np.nan)
        keys = ["day", "hour", "zone"]
        hours = told.groupby(keys, dropna=False).agg(
            **{name: (name, "sum") for name in [*SUMS, "observed_s"]}, alone=("alone", "all")
        ).reset_index()  # fmt: skip
        hours.loc[~hours["alone"], SUMS] = np.nan
        hours["hour"] = hours["hour"].astype("Int64").mask(hours["hour"] < 0)
        hours["day"] = pd.to_datetime(hours["day"])
        hidden = int((~hours["alone"]).sum())
        return cls(hours.drop(columns="alone"), totals, _days(rows, few), of_days, whole, few, hidden)


def _days(rows: pd.DataFrame, few: pd.DataFrame) -> pd.DataFrame:
    """The sums of each day and zone within the opening hours, by what counts together."""
    footage = rows["counts"] | (rows["open"] & (rows["group"] < 0))
    table = rows[footage][["unit", "zone"]].assign(
        # Of hours that count together the whole footage goes with their time.
        dwell_s=rows["dwell_s"].astype(float).where(rows["counts"], 0.0),
        observed_s=rows["observed_s"],
    )
    days = table.groupby(["unit", "zone"], as_index=False)[["dwell_s", "observed_s"]].sum()
    secret = pd.MultiIndex.from_frame(days[["unit", "zone"]]).isin(
        pd.MultiIndex.from_frame(few[["unit", "zone"]])
    )
    days["dwell_s"] = days["dwell_s"].mask(secret)
    return days


def told_among(protection: Protection) -> dict[tuple[str, int], tuple[int, int]]:
    """How many of a camera's people on a day, by camera and number of the day, are told of in places.

    The visitors of the zone or cell with most, and all who were in some zone, or as many. Both are of
    that camera's whole day, whatever else a report is about.
    """
    tables, setups = protection.whole, protection.whole.period.setups
    camera = {setup.number: setup.camera for setup in setups}
    zones = [
        (setup.number, setup.camera, place, zone.name)
        for setup in setups
        for place, (zone, seen) in enumerate(zip(setup.zones, setup.zone_coverage, strict=True))
        if not zone.staff and seen >= setup.maps.min_coverage
    ]
    public = pd.DataFrame(zones, columns=["setup", "camera", "place", "zone"]).astype(
        {"setup": "int64", "camera": "object", "place": "int64", "zone": "object"}
    )
    hours = protection.hours[protection.hours["group"] >= 0].merge(public, on=["setup", "place"])
    tables.db.register("public_", public)
    anywhere = tables.frame(
        f"""SELECT camera, {UNIT} AS unit, count(DISTINCT v.visitor) AS visitors
            FROM visits v JOIN public_ USING (setup, zone) WHERE v.open AND NOT v.staff GROUP BY ALL"""
    )
    tables.db.unregister("public_")
    found: dict[tuple[str, int], tuple[int, int]] = {}
    cells = protection.cells.assign(camera=protection.cells["setup"].map(camera))
    for n, (table, place) in enumerate(((hours, ["zone"]), (cells, ["place"]), (anywhere, []))):
        sums = table.groupby(["camera", "unit", *place])["visitors"].sum()
        most = pd.DataFrame(sums.groupby(["camera", "unit"]).max().reset_index())
        for name, unit, visitors in most.itertuples(index=False):
            one, some = found.get((name, unit), (0, 0))
            found[name, unit] = max(one, int(visitors)) if n < 2 else one, max(some, int(visitors))
    return found


def shown_visits(
    table: VisitTable, day: NDArray[np.int64], few: pd.DataFrame, min_people: int
) -> tuple[VisitTable, NDArray[np.int64]]:
    """The visits of the days and zones of which something may be told, each made by enough people."""
    days, row = np.unique(day, return_inverse=True)
    who, column = np.unique(table.visits.person, return_inverse=True)
    zones = int(table.visits.place.max(initial=0)) + 1
    key = row * zones + table.visits.place
    pairs = np.unique(key * len(who) + column)
    people = np.bincount(pairs // max(len(who), 1), minlength=len(days) * zones)
    hidden = few[few["unit"].isin(days) & (few["zone"] < zones)]
    people[np.searchsorted(days, hidden["unit"].to_numpy()) * zones + hidden["zone"].to_numpy()] = 0
    kept = people[key] >= min_people
    visits = VisitTable(table.visits.where(kept), table.begun[kept], table.ended[kept], table.stopped_s[kept])
    return visits, day[kept]


def lengths_in(table: VisitTable, day: NDArray[np.int64], zone: int, min_people: int) -> GuardedLengths:
    """What may be told of how long visits to a zone last."""
    return GuardedLengths(table.in_zone(zone), day[table.visits.place == zone], min_people)


@dataclass(frozen=True, slots=True, eq=False)
class ShownFigures:
    """The figures of zones, of which nothing rests on too few people.

    Attributes:
        figures: The table of `zone_figures`; NaN is hidden or not known.
        hidden: Which of it is hidden, in the same rows and columns.
        entered: (zones,) of how many entries it is told whether they stopped.

    """

    figures: pd.DataFrame
    hidden: pd.DataFrame
    entered: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        figures: pd.DataFrame,
        shown: ShownHours,
        table: VisitTable,
        day: NDArray[np.int64],
        horizon_s: float,
        stop_s: float,
        min_people: int,
    ) -> ShownFigures:
        """Hide figures that were made of all that `shown` and `table` hold."""
        figures = figures.copy()
        hidden = pd.DataFrame(False, index=figures.index, columns=figures.columns)
        entered = np.full(len(figures), np.nan)
        few = set(shown.few["zone"])
        for zone, time_s in enumerate(figures["dwell_s"].tolist()):
            if np.isnan(time_s):
                continue
            # Without time in the opening hours there may be visits outside of them.
            if time_s == 0 and (zone in few or shown.whole[zone]):
                for name in figures if zone in few else ():
                    if name not in _NO_COUNTS:
                        figures.loc[zone, name], hidden.loc[zone, name] = np.nan, True
                continue
            lengths = lengths_in(table, day, zone, min_people)
            guarded = lengths.figures(horizon_s, stop_s)
            entered[zone] = guarded.pop("entered")
            guarded |= dict.fromkeys(_INTERVAL if lengths.one_persons else (), np.nan)
            for name, value in guarded.items():
                figures.loc[zone, name] = value
            row = dict(zip(figures, figures.iloc[zone], strict=True))
            # Of nobody's visits there is no length: that is nothing hidden.
            none = [name for part, of in _OF.items() if row[part] == 0 for name in of]
            if not shown.whole[zone]:
                # The visits are those of whole days: the mean within the opening hours is another one.
                figures.loc[zone, list(_INTERVAL)] = np.nan
                none += _INTERVAL
            for name, value in row.items():
                if pd.isna(value) and name not in none and name not in _NO_COUNTS:
                    hidden.loc[zone, name] = True
        figures[["peak", "peak_s"]] = np.nan
        # The footage of the days that are told, where some are.
        told = shown.days[shown.days["dwell_s"].notna()].groupby("zone")["observed_s"].sum()
        known = [
            zone for zone in told.index.tolist() if told[zone] > 0 and not np.isnan(figures["dwell_s"][zone])
        ]
        figures.loc[known, "observed_s"] = told[known]
        return cls(figures, hidden, entered)

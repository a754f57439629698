"""What a report draws over time: zones by hour of the day, days, and quarters of an hour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.report import charts
from dwellmap.report.floor import Floor, unit_of
from dwellmap.report.numbers import UNKNOWN, count, plain, seconds, too_few
from dwellmap.report.summary import Summary
from dwellmap.report.use import told_together


def _dated(floor: Floor) -> pd.DataFrame:
    shown = floor.figures["dwell_s"].notna() & ~floor.figures["staff_only"].astype(bool)
    hours = floor.hours[floor.hours["hour"].notna() & floor.hours["zone"].isin(np.flatnonzero(shown))]
    return hours.assign(hour=hours["hour"].astype(int))


def hours_chart(floor: Floor, drawn: NDArray[np.int64]) -> dict[str, Any] | None:
    """People at once in each of these zones by hour of the day, all over the same days.

    Returns:
        A drawing and how many hours it has; None without dated footage.

    """
    hours = _dated(floor)
    hours = hours[hours["zone"].isin(drawn)]
    if hours.empty or not floor.zones:
        return None
    _, told_days, left_out = told_together(floor.days, np.unique(hours["zone"].to_numpy(dtype=np.int64)))
    hours = hours[unit_of(hours["day"]).isin(told_days["unit"])]
    if hours.empty:
        return None
    aside = (
        f"; {left_out} {'day' if left_out == 1 else 'days'} left out, with a zone hidden" if left_out else ""
    )
    table = hours.groupby(["zone", "hour"])[["dwell_s", "entries", "observed_s"]].sum()
    days = hours["dwell_s"].isna().groupby([hours["zone"], hours["hour"]]).agg(["sum", "size"])
    names = sorted(hours["hour"].unique().tolist())
    chosen = sorted(hours["zone"].unique().tolist())
    people = np.full((len(chosen), len(names)), np.nan)
    secret = np.zeros(people.shape, dtype=np.bool_)
    told = [["" for _ in names] for _ in chosen]
    for row, number in enumerate(chosen):
        zone = floor.zones[number]
        for k, hour in enumerate(names):
            at = (number, hour)
            if at not in table.index:
                told[row][k] = f"{zone.name}, {hour}:00: no footage"
                continue
            dwell, entries, seen_s = (float(table.loc[at, c]) for c in ("dwell_s", "entries", "observed_s"))
            hidden, of = (int(days.loc[at, c]) for c in ("sum", "size"))
            if hidden:
                # The mean of the other days would be that of the busy ones.
                secret[row, k] = True
                on = f", on {hidden} of {of} days" if of > 1 else ""
                told[row][k] = f"{zone.name}, {hour}:00: {too_few(floor.min_people)}{on}{aside}"
                continue
            people[row, k] = dwell / seen_s
            told[row][k] = (
                f"{zone.name}, {hour}:00 to {hour + 1}:00: {plain(people[row, k])} people at once, "
                f"{count(entries)} "
                f"entries, {seconds(dwell)} of people's time in {seconds(seen_s)} of footage{aside}"
            )
    labels = [f"{hour}:00" for hour in names]
    zones = [floor.zones[number].name for number in chosen]
    return {"svg": charts.hours_by_zone(zones, labels, people, told, secret), "hours": len(names)}


def days_chart(summary: Summary) -> Any:
    """People a day; None for less than two days."""
    days = summary.people.days
    if len(days) < 2:
        return None
    labels = [f"{day:%a %d %b}" if len(days) <= 16 else f"{day:%d %b}" for day in days["day"]]
    values = days["people"].tolist()
    least = summary.choice.min_people
    unknown = too_few(least) if least else UNKNOWN
    told = [
        f"{day:%A %d %B %Y}: {unknown if np.isnan(value) else count(value)}"
        for day, value in zip(days["day"], values, strict=True)
    ]
    return charts.bars(labels, values, told, f"{summary.people.noun} a day")


def _known_most(peaks: pd.Series) -> float:
    """The most of several, not known if one is not."""
    return float(peaks.max(skipna=False))


def occupancy(summary: Summary, floor: Floor, drawn: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Quarters of an hour over one day, or the mean day of several."""
    table = floor.quarters[floor.quarters["day"].notna()] if len(floor.quarters) else floor.quarters
    if table.empty:
        return []
    days = int(table["day"].nunique())
    clock = summary.period.clock
    local = pd.to_datetime(table["begin_s"], unit="s", utc=True).dt.tz_convert(clock)
    table = table.assign(of_day=(local.dt.hour * 4 + local.dt.minute // 15).to_numpy())
    made: list[dict[str, Any]] = []
    for number in drawn.tolist():
        zone = floor.zones[number]
        by_quarter = table[table["zone"] == number].groupby("of_day")
        mine = by_quarter.agg({"dwell_s": "sum", "peak": _known_most, "observed_s": "sum"}).reset_index()
        # Of a zone of which too little is seen there is no number here either.
        if zone.staff or np.isnan(floor.figures["dwell_s"].iloc[number]) or not mine["dwell_s"].sum():
            continue
        labels = [f"{k // 4}:{k % 4 * 15:02d}" for k in mine["of_day"].tolist()]
        svg = charts.occupancy(mine, labels, zone.name, mine["observed_s"].to_numpy())
        made.append({"name": zone.name, "svg": svg, "days": days})
    return made

"""The page and the tables of a report, written whole or not at all."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from dwellmap.definitions import definitions
from dwellmap.report import charts
from dwellmap.report.floor import Floor
from dwellmap.report.mapped import Detail, backdrop_uri, cells_json, maps_of
from dwellmap.report.numbers import UNKNOWN, count, plain, seconds, share, span, upper
from dwellmap.report.part import Part, moment, peak_at
from dwellmap.report.preface import hours_in_words, period_in_words, recipe_of
from dwellmap.report.spreadsheets import write_tables
from dwellmap.report.summary import Summary
from dwellmap.report.trust import trust
from dwellmap.report.use import overlaps, verdict
from dwellmap.run_folder import written_whole

PAGE = "report.html"
LARGEST_PAGE_BYTES = 8_000_000
# The first that makes the page small enough is taken.
_DETAILS = (
    Detail(60_000, 900, 1100, 60),
    Detail(0, 900, 1100, 60),
    Detail(0, 560, 560, 24),
    Detail(0, 280, 280, 8),
    Detail(0, 140, 0, 0),
)
_STAFF_SHOWN = 100


def write_report(summary: Summary, name: str, target: Path) -> Path:
    """Write `report.html` and its tables into a folder that is not there yet.

    Args:
        summary: The numbers.
        name: Name of the place, as the page's title has it; any text.
        target: The folder.

    Returns:
        The page.

    Raises:
        FileExistsError: If the folder is there already.

    """
    check_new(target)
    with written_whole(target) as draft:
        parts = [Part(summary, floor, number) for number, floor in enumerate(summary.floors)]
        (draft / PAGE).write_text(page(summary, name, parts), encoding="utf-8")
        write_tables(draft, summary, parts)
    return target / PAGE


def check_new(target: Path) -> None:
    """Refuse a folder that is there, before hours are spent on what goes into it.

    Raises:
        FileExistsError: If it is there.

    """
    if target.exists():
        raise FileExistsError(
            f"{target}: expected a new folder for the report, this one is there already; name another one "
            "with --to-folder, or delete it"
        )


def page(summary: Summary, name: str, parts: list[Part]) -> str:
    """The page's text, with as much detail as fits.

    Raises:
        ValueError: If it is too large with the least of it.

    """
    text = ""
    for detail in _DETAILS:
        text = _page(summary, name, parts, detail)
        if len(text.encode()) < LARGEST_PAGE_BYTES:
            return text
    raise ValueError(
        f"expected a page under {LARGEST_PAGE_BYTES // 10**6} MB, with {len(parts)} floors and "
        f"{sum(len(part.floor.zones) for part in parts)} zones it has {len(text.encode()) / 1e6:.0f} MB; "
        "report on fewer cameras at a time with --camera"
    )


def _page(summary: Summary, name: str, parts: list[Part], detail: Detail) -> str:
    environment = Environment(
        loader=PackageLoader("dwellmap.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "seconds": seconds,
        "count": count,
        "share": share,
        "plain": plain,
        "upper_first": upper,
    }
    period, quality = summary.period, summary.quality
    main = parts[0] if parts else None
    days = summary.people.days
    return environment.get_template("report.html.jinja").render(
        name=name,
        period=period_in_words(summary),
        hours=hours_in_words(summary),
        cameras=period.cameras,
        recordings=len(period.members),
        people=summary.people,
        quality=quality,
        findings=[] if main is None else main.findings,
        trust=[] if main is None else trust(summary, main.floor),
        floors=_floors(summary, parts, detail),
        reduced=_reduced(parts, detail),
        days=_days_chart(summary),
        one_day=len(days) == 1,
        time_s=_time_on_map_s(summary),
        staff=_staff_rows(summary),
        count_staff=summary.choice.count_staff,
        min_people=summary.choice.min_people,
        remarks=period.remarks,
        definitions=definitions(period.setups[0].settings, period.setups[0].grid.unit),
        recipe=json.dumps(recipe_of(summary), indent=1, ensure_ascii=False, sort_keys=True),
        version=version("dwellmap"),
        UNKNOWN=UNKNOWN,
    )


def _time_on_map_s(summary: Summary) -> float:
    """People's time in all cells that are shown."""
    return float(sum(np.nansum(floor.cells.dwell_s) for floor in summary.floors))


def _reduced(parts: list[Part], detail: Detail) -> list[str]:
    """What has been left out to keep the page small."""
    told = []
    if sum(part.floor.grid.cells for part in parts) > detail.cells:
        told.append("values of cells are in cells.csv, not under the mouse, where there are too many")
    if detail.raster_px < _DETAILS[0].raster_px:
        told.append("pictures are coarse")
    if detail.zones < max((len(part.floor.zones) for part in parts), default=0):
        told.append(
            f"hours and lengths are drawn for {detail.zones} zones of a floor, those with the most time"
        )
    return told


def _floors(summary: Summary, parts: list[Part], detail: Detail) -> list[dict[str, Any]]:
    left, made = detail.cells, []
    for part in parts:
        fits = part.floor.grid.cells <= left
        left -= part.floor.grid.cells if fits else 0
        made.append(_floor_parts(summary, part, detail, fits))
    return made


def _floor_parts(summary: Summary, part: Part, detail: Detail, values: bool) -> dict[str, Any]:
    floor, number = part.floor, part.number
    backdrop = backdrop_uri(floor, detail.backdrop_px)
    maps = maps_of(floor, number, backdrop, values, detail.raster_px)
    dwell = floor.figures["dwell_s"].fillna(-1.0).to_numpy(dtype=float)
    drawn = np.sort(np.argsort(-dwell, kind="stable")[: detail.zones])
    cameras = sorted({setup.camera for setup in floor.setups})
    return {
        "number": number,
        "cameras": cameras,
        "backdrop": backdrop,
        "maps": maps,
        "cells": cells_json(floor, maps),
        "unit": floor.grid.unit,
        "cell": f"{floor.grid.cell:g} {floor.grid.unit}",
        "zones": _zone_rows(summary, part),
        "rank": _rank(part),
        "uneven": part.use.uneven,
        "overlaps": [(floor.zones[a].name, floor.zones[b].name) for a, b in overlaps(floor)],
        "several": len(cameras) > 1,
        "hours": _hours_chart(floor, drawn),
        "occupancy": _occupancy(summary, floor, drawn),
        "flows": charts.flow_picture(floor, part.flows) if part.flows.largest(1) else None,
        "flow_rows": _flow_rows(part),
        "lengths": _length_charts(summary, floor, drawn),
        "erased": floor.erased,
        "hidden_hours": floor.hidden_hours,
        "horizon": seconds(floor.setups[0].maps.horizon_s),
    }


def _rank(part: Part) -> list[dict[str, Any]]:
    """The zones on the first page, by time for their size, else by time."""
    use, floor = part.use, part.floor
    order = np.argsort(-np.where(np.isnan(use.ratio[:, 0]), use.share[:, 0], use.ratio[:, 0]))
    most = float(np.nanmax(use.ratio[:, 0])) if np.isfinite(use.ratio[:, 0]).any() else np.nan
    rows = []
    for k in order.tolist():
        row = floor.figures.iloc[int(use.zones[k])]
        value = use.ratio[k, 0]
        rows.append(
            {
                "name": row["zone"],
                "share": share(float(use.share[k, 0])),
                "attention": seconds(row["attention_s"]),
                "n": count(row["entries"]),
                "ratio": plain(float(value)) if np.isfinite(value) else UNKNOWN,
                "bar": 0 if not np.isfinite(value) or not most else round(100 * float(value) / most),
                "verdict": verdict(floor, use, k),
            }
        )
    return rows


def _zone_rows(summary: Summary, part: Part) -> list[dict[str, Any]]:
    figures = part.floor.figures
    order = figures["dwell_s"].fillna(-1).to_numpy().argsort()[::-1]
    rows = []
    for k in order.tolist():
        row = figures.iloc[k]
        quartiles = f"{seconds(row['quartile_1_s'])} – {seconds(row['quartile_3_s'])}"
        no_peak = summary.choice.min_people > 0 or not row["peak"] > 0
        rows.append(
            {
                "name": row["zone"],
                "staff": bool(row["staff_only"]),
                "known": not np.isnan(row["dwell_s"]),
                "coverage": share(row["coverage"]),
                "visitors": count(row["visitors"]),
                "entries": count(row["entries"]),
                "dwell": seconds(row["dwell_s"]),
                "attention": seconds(row["attention_s"]),
                "interval": span(row["attention_low_s"], row["attention_high_s"]),
                "few": row["entries"] < part.floor.setups[0].maps.min_entries,
                "naive": seconds(row["attention_naive_s"]),
                "km": seconds(row["mean_km_s"]),
                "km_interval": span(row["mean_km_low_s"], row["mean_km_high_s"]),
                "km_horizon": seconds(row["horizon_s"]),
                "km_n": count(row["visits_km"]),
                "censored": count(row["censored"]),
                "under_way": count(row["under_way"]),
                "median": seconds(row["median_s"]),
                "median_interval": span(row["median_low_s"], row["median_high_s"]),
                "quartiles": quartiles if row["visits_km"] > 0 else UNKNOWN,
                "attracting": share(row["attracting_power"]),
                "holding": seconds(row["holding_power_s"]),
                "peak": UNKNOWN if no_peak else count(row["peak"]),
                "peak_at": "" if no_peak else peak_at(summary, row["peak_s"]),
                "per_m2": plain(row["person_s_per_m2"], 3),
            }
        )
    return rows


def _dated(floor: Floor) -> pd.DataFrame:
    shown = floor.figures["dwell_s"].notna() & ~floor.figures["staff_only"].astype(bool)
    hours = floor.hours[floor.hours["hour"].notna() & floor.hours["zone"].isin(np.flatnonzero(shown))]
    return hours.assign(hour=hours["hour"].astype(int))


def _hours_chart(floor: Floor, drawn: NDArray[np.int64]) -> dict[str, Any] | None:
    hours = _dated(floor)
    hours = hours[hours["zone"].isin(drawn)]
    if hours.empty or not floor.zones:
        return None
    table = hours.groupby(["zone", "hour"])[["dwell_s", "entries"]].sum(min_count=1)
    seen = hours.groupby(["zone", "hour"])["observed_s"].sum()
    # What is not shown of some day must not be divided by its footage.
    shown = hours[hours["dwell_s"].notna()].groupby(["zone", "hour"])["observed_s"].sum()
    names = sorted(hours["hour"].unique().tolist())
    chosen = sorted(hours["zone"].unique().tolist())
    people = np.full((len(chosen), len(names)), np.nan)
    told = [["" for _ in names] for _ in chosen]
    for row, number in enumerate(chosen):
        zone = floor.zones[number]
        for k, hour in enumerate(names):
            at = (number, hour)
            if at not in table.index:
                told[row][k] = f"{zone.name}, {hour}:00: no footage"
                continue
            dwell, entries = table.loc[at, "dwell_s"], table.loc[at, "entries"]
            if pd.isna(dwell):
                told[row][k] = f"{zone.name}, {hour}:00: not shown, too few people"
                continue
            people[row, k] = float(dwell) / float(shown[at])
            told[row][k] = (
                f"{zone.name}, {hour}:00 to {hour + 1}:00: {plain(people[row, k])} people at once, "
                f"{count(entries)} "
                f"entries, {seconds(float(dwell))} of people's time in {seconds(float(seen[at]))} of footage"
            )
    labels = [f"{hour}:00" for hour in names]
    zones = [floor.zones[number].name for number in chosen]
    return {"svg": charts.hours_by_zone(zones, labels, people, told), "hours": len(names)}


def _days_chart(summary: Summary) -> Any:
    days = summary.people.days
    if len(days) < 2:
        return None
    labels = [f"{day:%a %d %b}" if len(days) <= 16 else f"{day:%d %b}" for day in days["day"]]
    values = days["people"].tolist()
    told = [f"{day:%A %d %B %Y}: {count(value)}" for day, value in zip(days["day"], values, strict=True)]
    return charts.bars(labels, values, told, f"{summary.people.noun} a day")


def _occupancy(summary: Summary, floor: Floor, drawn: NDArray[np.int64]) -> list[dict[str, Any]]:
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
        mine = by_quarter.agg({"dwell_s": "sum", "peak": "max", "observed_s": "sum"}).reset_index()
        # Of a zone of which too little is seen there is no number here either.
        if zone.staff or np.isnan(floor.figures["dwell_s"].iloc[number]) or not mine["dwell_s"].sum():
            continue
        labels = [f"{k // 4}:{k % 4 * 15:02d}" for k in mine["of_day"].tolist()]
        svg = charts.occupancy(mine, labels, zone.name, mine["observed_s"].to_numpy())
        made.append({"name": zone.name, "svg": svg, "days": days})
    return made


def _flow_rows(part: Part) -> list[dict[str, str]]:
    floor, counts = part.floor, part.flows.counts
    rows = []
    for a, b, n in part.flows.largest(12):
        out = float(np.nansum(counts[a]))
        rows.append(
            {"from": floor.zones[a].name, "to": floor.zones[b].name, "n": count(n), "share": share(n / out)}
        )
    return rows


def _length_charts(summary: Summary, floor: Floor, drawn: NDArray[np.int64]) -> list[dict[str, Any]]:
    made = []
    for number in drawn.tolist():
        zone = floor.zones[number]
        survival = floor.visits.in_zone(number).survival
        people = len(np.unique(floor.visits.in_zone(number).visits.person))
        # Every step of the curve is one person's visit.
        if zone.staff or survival.n < 2 or people < summary.choice.min_people:
            continue
        if summary.choice.min_people:
            survival = charts.coarsened(survival)
        made.append(
            {
                "name": zone.name,
                "n": survival.n,
                "censored": survival.censored,
                "svg": charts.lengths(survival, zone.name, floor.setups[0].maps.horizon_s),
            }
        )
    return made


def _staff_rows(summary: Summary) -> list[dict[str, str]]:
    clock, rows = summary.period.clock, []
    for row in summary.staff.head(_STAFF_SHOWN).to_dict("records"):
        dated = not pd.isna(row["day"])
        rows.append(
            {
                "day": f"{row['day']:%Y-%m-%d}" if dated else UNKNOWN,
                "camera": str(row["camera"]),
                "present": seconds(float(row["present_s"])),
                "from": moment(clock, float(row["first_s"]))[-5:] if dated else UNKNOWN,
                "until": moment(clock, float(row["last_s"]))[-5:] if dated else UNKNOWN,
            }
        )
    return rows

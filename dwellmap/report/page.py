"""The page and the tables of a report, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
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
from dwellmap.report.numbers import HIDDEN, UNKNOWN, count, plain, seconds, share, span, too_few, upper
from dwellmap.report.over_time import days_chart, hours_chart, occupancy
from dwellmap.report.part import Part, moment, peak_at
from dwellmap.report.preface import hours_in_words, period_in_words, recipe_of
from dwellmap.report.shown import lengths_in
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
    told, least = not np.isnan(summary.people.total), summary.choice.min_people
    return environment.get_template("report.html.jinja").render(
        name=name,
        period=period_in_words(summary),
        hours=hours_in_words(summary),
        cameras=period.cameras,
        recordings=len(period.members),
        people=summary.people,
        quality=quality,
        findings=[] if main is None else main.findings,
        trust=[]
        if main is None
        else trust(summary, main.floor)
        if told
        else [upper(too_few(least)) + " on every day."],
        floors=_floors(summary, parts, detail),
        reduced=_reduced(parts, detail),
        days=days_chart(summary),
        one_day=len(days) == 1,
        time_s=_time_on_map_s(summary),
        cells_hidden=any(floor.cells.hidden.any() for floor in summary.floors),
        staff=_staff_rows(summary),
        count_staff=summary.choice.count_staff,
        min_people=least,
        too_few=too_few(least),
        people_told=told,
        remarks=period.remarks,
        definitions=definitions(period.setups[0].settings, period.setups[0].grid.unit),
        recipe=json.dumps(recipe_of(summary), indent=1, ensure_ascii=False, sort_keys=True),
        version=version("dwellmap"),
        gradient=", ".join(charts.shade(k / 6) for k in range(7)),
        UNKNOWN=UNKNOWN,
    )


def _time_on_map_s(summary: Summary) -> float:
    """People's time in all cells that are shown; NaN if all of it is hidden."""
    time_s = float(sum(np.nansum(floor.cells.dwell_s) for floor in summary.floors))
    return np.nan if time_s == 0 and any(f.cells.hidden.any() for f in summary.floors) else time_s


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
        "hours": hours_chart(floor, drawn),
        "occupancy": occupancy(summary, floor, drawn),
        "flows": charts.flow_picture(floor, part.flows) if part.flows.largest(1) else None,
        "flow_rows": _flow_rows(part),
        "lengths": _length_charts(floor, drawn),
        "erased": floor.erased,
        "hidden_hours": floor.hidden_hours,
        "hidden_ways": bool(part.flows.hidden.any()),
        "horizon": seconds(floor.setups[0].maps.horizon_s),
    }


def _rank(part: Part) -> list[dict[str, Any]]:
    """The zones on the first page, by time for their size, else by time."""
    use, floor = part.use, part.floor
    order = np.argsort(-np.where(np.isnan(use.ratio[:, 0]), use.share[:, 0], use.ratio[:, 0]))
    most = float(np.nanmax(use.ratio[:, 0])) if np.isfinite(use.ratio[:, 0]).any() else np.nan
    rows = []
    for k in order.tolist():
        number = int(use.zones[k])
        row, hidden = floor.figures.iloc[number], floor.hidden.iloc[number]
        value = use.ratio[k, 0]
        rows.append(
            {
                "name": row["zone"],
                "share": share(float(use.share[k, 0])),
                "attention": HIDDEN if hidden["attention_s"] else seconds(row["attention_s"]),
                "n": HIDDEN if hidden["entries"] else count(row["entries"]),
                "ratio": plain(float(value)) if np.isfinite(value) else UNKNOWN,
                "bar": 0 if not np.isfinite(value) or not most else round(100 * float(value) / most),
                "verdict": verdict(floor, use, k),
            }
        )
    return rows


def _zone_rows(summary: Summary, part: Part) -> list[dict[str, Any]]:
    floor, figures = part.floor, part.floor.figures
    order = figures["dwell_s"].fillna(-1).to_numpy().argsort()[::-1]
    rows = []
    for k in order.tolist():
        row, hidden = figures.iloc[k], floor.hidden.iloc[k]

        def told(name: str, words: Callable[[float], str], row: Any = row, hidden: Any = hidden) -> str:
            return HIDDEN if hidden[name] else words(row[name])

        def interval(low: str, high: str, row: Any = row, hidden: Any = hidden) -> str:
            told = HIDDEN if hidden[low] or hidden[high] else span(row[low], row[high])
            return "" if told == UNKNOWN else told

        quartiles = _quartiles(row["visits_km"], told("quartile_1_s", seconds), told("quartile_3_s", seconds))
        no_peak = not row["peak"] > 0
        rows.append(
            {
                "name": row["zone"],
                "staff": bool(row["staff_only"]),
                "hidden": bool(hidden["dwell_s"]),
                "known": not np.isnan(row["dwell_s"]),
                "coverage": share(row["coverage"]),
                "visitors": told("visitors", count),
                "entries": told("entries", count),
                "dwell": told("dwell_s", seconds),
                "attention": told("attention_s", seconds),
                "interval": interval("attention_low_s", "attention_high_s"),
                "few": 0 < row["entries"] < floor.setups[0].maps.min_entries,
                "naive": told("attention_naive_s", seconds),
                "lengths": bool(hidden["visits_km"] or row["visits_km"] > 0 or row["under_way"] > 0),
                "km": told("mean_km_s", seconds),
                "km_interval": interval("mean_km_low_s", "mean_km_high_s"),
                "km_horizon": told("horizon_s", seconds),
                "km_n": told("visits_km", count),
                "censored": told("censored", count),
                "under_way": told("under_way", count),
                "median": told("median_s", seconds),
                "median_interval": interval("median_low_s", "median_high_s"),
                "quartiles": quartiles,
                "attracting": told("attracting_power", share),
                "holding": told("holding_power_s", seconds),
                "peak": HIDDEN if floor.min_people else UNKNOWN if no_peak else count(row["peak"]),
                "peak_at": "" if no_peak else peak_at(summary, row["peak_s"]) or UNKNOWN,
                "per_m2": told("person_s_per_m2", lambda v: plain(v, 3)),
            }
        )
    return rows


def _quartiles(visits: float, first: str, third: str) -> str:
    """From the one to the other; of so many visits, NaN where that is hidden."""
    if visits == 0:
        return UNKNOWN
    return HIDDEN if first == third == HIDDEN else f"{first} – {third}"


def _flow_rows(part: Part) -> list[dict[str, str]]:
    floor, rows = part.floor, []
    for a, b, n in part.flows.largest(12):
        out = part.flows.out_of(a)
        of_all = HIDDEN if np.isnan(out) else share(n / out)
        rows.append({"from": floor.zones[a].name, "to": floor.zones[b].name, "n": count(n), "share": of_all})
    return rows


def _length_charts(floor: Floor, drawn: NDArray[np.int64]) -> list[dict[str, Any]]:
    made = []
    for number in drawn.tolist():
        zone = floor.zones[number]
        if zone.staff:
            continue
        row, horizon = floor.figures.iloc[number], floor.setups[0].maps.horizon_s
        if floor.min_people:
            guarded = lengths_in(floor.visits, floor.visit_day, number, floor.min_people)
            until = guarded.horizon_s(horizon)
            curve = guarded.curve(until)
            if not len(curve):
                if row["dwell_s"] > 0 or floor.hidden.at[number, "dwell_s"]:
                    made.append({"name": zone.name, "svg": None, "told": too_few(floor.min_people)})
                continue
        else:
            survival = floor.visits.in_zone(number).survival
            if survival.n < 2:
                continue
            curve = survival.curve
            until = min(horizon, max(float(survival.dwell_s.max()), 1.0))
        n, censored = (
            HIDDEN if floor.hidden.at[number, name] else count(row[name])
            for name in ("visits_km", "censored")
        )
        made.append(
            {
                "name": zone.name,
                "svg": charts.lengths(curve, zone.name, until),
                "told": f"visits: {n}, not seen to end: {censored}",
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

"""The comparison on paper: two maps, a table for spreadsheets and a page to read."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment

from analytics.difference import DifferenceMap, draw_difference
from analytics.lettering import number
from dwellmap.backdrop import backdrop_of
from dwellmap.comparison.result import MANY, UNITS, Question, Result
from dwellmap.comparison.sides import Side
from dwellmap.spreadsheet import MARK, write_csv

HOW_MUCH, WHERE, CSV, PAGE = "how-much.png", "where.png", "comparison.csv", "comparison.html"


@dataclass(frozen=True, slots=True)
class Told:
    """How one of the two questions is told.

    Attributes:
        title: Its name.
        file: Name of its map.
        meaning: What is compared.
        unit: Of its numbers.

    """

    title: str
    file: str
    meaning: str
    unit: str


TOLD = (
    Told(
        "How much",
        HOW_MUCH,
        "Time that all people together spend in a place in an hour of footage; busier days count here.",
        "person-minutes per hour",
    ),
    Told(
        "Where",
        WHERE,
        "Share of all time on the floor that is spent in a place; how busy it was makes no difference.",
        "% of all dwell",
    ),
)


def told_of(result: Result) -> tuple[Told, ...]:
    """What is told, in its unit: with small counts hidden, shares are of what is left to tell."""
    if result.sides.a.zone_cells is None:
        return TOLD
    return (TOLD[0], replace(TOLD[1], unit="% of the dwell in cells that may be told"))


def write_comparison(folder: Path, result: Result, names: tuple[str, str], min_people: int) -> None:
    """Write the maps, the table and the page."""
    lines = side_lines(result, names)
    cautions = result.cautions()
    sides, setup = result.sides, result.sides.setup
    scene = setup.run.scene_picture()
    backdrop = backdrop_of(setup.view, scene)
    hidden = (sides.a.cells.hidden | sides.b.cells.hidden).reshape(sides.grid.shape)
    tables = []
    for told, zones, cells in zip(
        told_of(result),
        (result.zones_much, result.zones_where),
        (result.cells_much, result.cells_where),
        strict=True,
    ):
        values = np.where(hidden.ravel(), np.nan, cells.change.difference).reshape(sides.grid.shape)
        drawn = DifferenceMap(
            told.title,
            told.meaning,
            told.unit,
            values,
            cells.told.reshape(sides.grid.shape),
            hidden,
            sides.grid,
            min_people,
        )
        short = [c.split(": ")[0] if c.startswith(("Within", "Not enough")) else c for c in cautions]
        sheet = draw_difference(drawn, lines, short, setup.view.scene, sides.zones, backdrop)
        sheet.save(folder / told.file)
        tables.append(
            {
                "title": told.title,
                "meaning": f"{told.meaning} In {told.unit}.",
                "rows": zone_rows(result, zones),
                "picture": base64.b64encode((folder / told.file).read_bytes()).decode(),
                "cells": _cells_told(cells),
            }
        )
    write_csv(folder / CSV, _for_spreadsheets(result.to_frame()), MARK, "%.6g")
    template = resources.files("dwellmap.comparison").joinpath("page.html").read_text(encoding="utf-8")
    page = Environment(autoescape=True).from_string(template)
    (folder / PAGE).write_text(
        page.render(
            title=" / ".join(names), lines=lines, answer=answer(result), cautions=cautions, tables=tables,
            unit=UNITS[sides.unit], units=MANY[sides.unit], blocks=result.blocks,
            min_people=min_people, version=version("dwellmap"),
        ),
        encoding="utf-8",
    )  # fmt: skip


def _for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """The table with "hidden" in the place of numbers that are."""
    names = [str(name) for name in table]
    for verdict in [name for name in names if name.startswith("verdict_")]:
        secret = table[verdict] == "hidden"
        if secret.any():
            mine = [n for n in names if n.endswith(verdict.removeprefix("verdict")) and n != verdict]
            rounded = table[mine].map(lambda value: float(f"{value:.6g}")).astype(object)
            table = table.assign(**rounded.mask(secret, "hidden"))
    return table


def side_lines(result: Result, names: tuple[str, str]) -> list[str]:
    """A line for each side: what it is and how much footage it has."""
    return [
        f"{letter}: {name} · {_span(side)}{number(side.footage_h) if side.footage_h >= 1 else _minutes(side)}"
        f"{' h' if side.footage_h >= 1 else ''} of footage · {', '.join(side.period.cameras)}"
        for letter, name, side in zip("AB", names, (result.sides.a, result.sides.b), strict=True)
    ]


def _minutes(side: Side) -> str:
    return f"{number(side.footage_h * 60)} min"


def _span(side: Side) -> str:
    known = [m for m in side.period.members if m.start is not None and len(m.counted_s)]
    if not known or not side.dated:
        return ""
    clock = side.period.clock
    low = min(m.zero_s + m.counted_s[0, 0] for m in known)
    high = max(m.zero_s + m.counted_s[-1, 1] for m in known)
    if side.period.begin is not None:
        low = max(low, side.period.begin.timestamp())
    if side.period.end is not None:
        high = min(high, side.period.end.timestamp())
    begin, end = (datetime.fromtimestamp(t, UTC).astimezone(clock) for t in (low, high))
    same = begin.date() == end.date()
    return f"{begin:%d %b %Y %H:%M} to {end:{'%H:%M' if same else '%d %b %Y %H:%M'}} · "


def answer(result: Result) -> list[str]:
    """The answer in plain words."""
    if not result.enough:
        return ["Not enough footage to tell whether anything differs."]
    found = []
    names = [zone.name for zone in result.sides.zones]
    for question, unit in (
        (result.zones_where, " % of all time"),
        (result.zones_much, " person-minutes per hour"),
    ):
        c = question.change
        order = np.argsort(-np.abs(c.difference))
        for at in order[question.told[order]].tolist():
            word = "More" if c.difference[at] > 0 else "Less"
            interval = _interval(c.low[at], c.high[at])
            found.append(
                f"{word} time at {names[at]}: {number(float(c.b[at]))}{unit} in B, {number(float(c.a[at]))} "
                f"in A (change {_signed(c.difference[at])}, 95 % interval {interval})."
            )
    verdicts = result.zones_where.verdict
    unclear = [n for n, v in zip(names, verdicts, strict=True) if v == "not enough footage to tell"]
    used = result.zones_where.change.a + result.zones_where.change.b > 0
    alike = [n for n, v, u in zip(names, verdicts, used, strict=True) if u and v == "no difference found"]
    if not found and names:
        found.append("No zone differs by more than chance: that is not to say that nothing changed.")
    if alike:
        found.append(
            f"Share of time changed by less than half at: {', '.join(sorted(alike))}; smaller changes cannot "
            "be told from chance."
        )
    if unclear:
        found.append(f"Not enough footage to tell at: {', '.join(sorted(unclear))}.")
    if not names:
        n = int(result.cells_where.told.sum())
        found.append(
            f"There are no zones; {n} cells of the map differ by more than chance in where people are."
        )
    return found


def zone_rows(result: Result, question: Question) -> list[dict[str, str]]:
    """The rows of a table of zones, the largest change first."""
    c = question.change
    order = np.argsort(-np.abs(np.nan_to_num(c.difference)), kind="stable")
    rows = []
    for at in order.tolist():
        verdict = question.verdict[at]
        known = np.isfinite(c.difference[at]) and verdict != "hidden"
        told = known and np.isfinite(c.low[at])
        none = "hidden" if verdict == "hidden" else "–"
        rows.append(
            {
                "zone": result.sides.zones[at].name,
                "a": number(float(c.a[at])) if known else none,
                "b": number(float(c.b[at])) if known else none,
                "change": _signed(c.difference[at]) if known else none,
                "interval": _interval(c.low[at], c.high[at]) if told else none,
                "p": _p(question.p[at]) if told else none,
                "verdict": verdict,
            }
        )
    return rows


def _cells_told(question: Question) -> str:
    verdicts: Sequence[str] = question.verdict
    told, compared = int(question.told.sum()), sum(v not in ("not seen", "hidden") for v in verdicts)
    return f"{told} of {compared} cells that both sides saw are called different (framed); the rest is pale."


def _signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + number(abs(float(value)))


def _interval(low: float, high: float) -> str:
    return f"{_signed(low)} to {_signed(high)}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"

"""`dwellmap compare`: what differs between two periods."""

from __future__ import annotations

import glob
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dwellmap.commands.console import AsJson, Quiet, reporter_for
from dwellmap.comparison.page import (
    CSV,
    HOW_MUCH,
    PAGE,
    WHERE,
    answer,
    side_lines,
    told_of,
    write_comparison,
    zone_rows,
)
from dwellmap.comparison.result import UNITS, Result
from dwellmap.comparison.result import compare as compare_sides
from dwellmap.comparison.sides import sides_of
from dwellmap.opening_hours import OpeningHours
from dwellmap.period.local_days import local_moment
from dwellmap.period.member import Member
from dwellmap.period.period import Period
from dwellmap.period.protection import STAFF_AND_FEW
from dwellmap.period.whole_days import check_whole_days
from dwellmap.run_folder import written_whole
from dwellmap.site import load_site

_PERIOD = re.compile(
    r"(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?)?\.\.(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?)?"
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def compare(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="Before: a period such as 2026-11-02..2026-11-08, a run, a camera's folder or a pattern.",
        ),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="After: the same.")],
    out: Annotated[Path, typer.Option(help="Output folder of the runs; periods are looked up there.")] = Path(
        "outputs"
    ),
    to: Annotated[
        Path | None, typer.Option(help="Folder to write; default: one in the output folder.")
    ] = None,
    camera: Annotated[
        list[str] | None, typer.Option(help="Only this camera's runs of a period. Repeatable.")
    ] = None,
    site: Annotated[Path | None, typer.Option(help="Site file: only its opening hours count.")] = None,
    min_people: Annotated[
        int, typer.Option(min=0, help="Show no number that rests on fewer people, nor what gives one away.")
    ] = 0,
    count_staff: Annotated[
        bool, typer.Option("--count-staff", help="Count probable staff as customers.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compare two periods or sets of runs: how much time people spend, and where.

    A difference is only called one if it is larger than days (with less than five on a side: quarters of an
    hour or halves) differ among themselves.
    """
    if count_staff and min_people:
        raise ValueError(STAFF_AND_FEW)
    reporter = reporter_for(quiet, as_json)
    place = None if site is None else load_site(site)
    hours, clock = (None, None) if place is None else (place.opening_hours, place.time_zone)
    with reporter.step("reading the runs", None):
        periods = [_period(text, out, camera or [], hours, clock) for text in (a, b)]
        for period in periods if min_people else ():
            check_whole_days(period)
        sides = sides_of(periods[0], periods[1], min_people, count_staff)
    with reporter.step("comparing", None):
        result = compare_sides(sides)
    # The page is handed on: it names no folder of this machine.
    names = (_short(a), _short(b))
    target = to or out / f"comparison-{_key(periods, [a, b, min_people, count_staff, str(hours)])}"
    fresh = not target.exists()
    if not fresh and to is not None:
        raise ValueError(f"{to}: is there already; name another folder with --to, or delete it")
    if fresh:
        with reporter.step("drawing", None), written_whole(target) as draft:
            write_comparison(draft, result, names, min_people)
    _show(result, target, names, quiet, as_json)


def _period(
    text: str, out: Path, cameras: list[str], hours: OpeningHours | None, clock: tzinfo | None
) -> Period:
    found = _PERIOD.fullmatch(text)
    if found is None and _DAY.fullmatch(text):
        found = _PERIOD.fullmatch(f"{text}..{text}")
    if found is None:
        folders = [Path(text)] if Path(text).exists() else [Path(p) for p in sorted(glob.glob(text))]
        if not folders:
            raise ValueError(
                f"{text}: expected a run, a camera's folder, a pattern of runs, or a period such as "
                "2026-11-02..2026-11-08, found nothing of that name"
            )
        return Period.of_runs(folders, hours=hours, clock=clock)
    begin, end = (local_moment(word, last) for word, last in zip(found.groups(), (False, True), strict=True))
    if begin is not None and end is not None and begin >= end:
        raise ValueError(f"{text}: expected a period that begins before it ends")
    return Period.between(out, begin, end, cameras, hours, clock)


def _key(periods: list[Period], options: list[Any]) -> str:
    """Eight digits over everything that a comparison depends on."""
    content = []
    for period in periods:
        runs = [
            [str(m.path), m.content, m.zero_s, m.made, *map(float, m.used_s), _people(m)]
            for m in period.members
        ]
        content.append([runs, str(period.begin), str(period.end), str(period.clock)])
    return hashlib.sha256(json.dumps([version("dwellmap"), content, options]).encode()).hexdigest()[:8]


def _short(text: str) -> str:
    return "/".join(Path(text).parts[-2:])


def _people(member: Member) -> str:
    """Who the people of a run are, by the day's links: a digest of it."""
    if member.linked is None:
        return ""
    links = member.linked
    return hashlib.sha256(
        np.column_stack([links.person, links.visitor, links.phantom]).astype(np.int64).tobytes()
    ).hexdigest()


def _show(result: Result, target: Path, names: tuple[str, str], quiet: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_as_json(result, target), indent=1))
        return
    if quiet:
        print(target)
        return
    console = Console()
    for line in side_lines(result, names):
        console.print(escape(line), highlight=False)
    for sentence in answer(result):
        console.print(f"[bold]{escape(sentence)}[/bold]", highlight=False)
    for table in _tables(result):
        console.print(table)
    for caution in result.cautions():
        console.print(f"[yellow]note:[/yellow] {escape(caution)}", highlight=False)
    for name in (PAGE, HOW_MUCH, WHERE, CSV):
        print(target / name)


def _tables(result: Result) -> Iterator[Table]:
    questions = (result.zones_much, result.zones_where) if result.sides.zones else ()
    for told, question in zip(told_of(result), questions, strict=False):
        table = Table(title=f"{told.title}, {told.unit}", title_justify="left", box=None, pad_edge=False)
        for name in ("zone", "A", "B", "change", "95 % interval", "p", "verdict"):
            table.add_column(name, justify="left" if name in ("zone", "verdict") else "right")
        for row in zone_rows(result, question):
            table.add_row(*(escape(text) for text in row.values()))
        yield table


def _as_json(result: Result, target: Path) -> dict[str, Any]:
    zones = result.to_frame()
    zones = zones[zones["kind"] == "zone"].drop(columns=["kind"])
    return {
        "comparison": str(target),
        "block": UNITS[result.sides.unit],
        "blocks": list(result.blocks),
        "answer": answer(result),
        "cautions": result.cautions(),
        "zones": json.loads(zones.to_json(orient="records")),
        "cells_different": {
            "how much": int(result.cells_much.told.sum()), "where": int(result.cells_where.told.sum())
        },
    }  # fmt: skip

"""`dwellmap report`: a page and tables about a period."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dwellmap.commands.console import AsJson, Quiet, reporter_for
from dwellmap.opening_hours import OpeningHours
from dwellmap.period.period import Period
from dwellmap.period.tables import Tables
from dwellmap.period.whole_days import check_whole_days
from dwellmap.report.cells import Choice
from dwellmap.report.page import write_report
from dwellmap.report.summary import summarise
from dwellmap.site import load_site


def report(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Folders of runs, or of cameras with runs.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day, such as 2026-03-02.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day, which counts too.")
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option(help="Only this camera. Repeatable; default: all in the output folder."),
    ] = None,
    site: Annotated[
        Path | None, typer.Option(help="Site file with name, opening hours and time zone.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Output folder of the runs.")] = Path("outputs"),
    to_folder: Annotated[
        Path | None, typer.Option(help="New folder for the report; default: below the output folder.")
    ] = None,
    min_people: Annotated[
        int,
        typer.Option(
            min=0, max=1000, help="Hide every number that rests on fewer people, and what gives it away."
        ),
    ] = 0,
    count_staff: Annotated[
        bool, typer.Option("--count-staff", help="Count probable staff among the visitors.")
    ] = False,
    all_hours: Annotated[
        bool, typer.Option("--all-hours", help="Count what was filmed outside of the opening hours too.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write a report on a period: one page that opens offline and prints, and tables for spreadsheets.

    Name runs, or a period with --from and --to. Numbers are of whole quarters of an hour of the wall clock.
    """
    place = None if site is None else load_site(site)
    clock: tzinfo | None = None if place is None else place.time_zone
    hours: OpeningHours | None = None if place is None or all_hours else place.opening_hours
    first, last = _bounds(begin, end, clock)
    choice = Choice(count_staff, min_people)
    with reporter_for(quiet, as_json).step("reading the runs", None):
        if runs:
            if camera:
                raise ValueError(
                    "--camera chooses among all runs of the output folder; leave it out with RUN..."
                )
            period = Period.of_runs(runs, first, last, hours, clock)
        else:
            period = Period.between(out, first, last, camera or (), hours, clock)
    if min_people and runs:
        check_whole_days(period)
    with reporter_for(quiet, as_json).step(f"summing up {len(period.members)} runs", None):
        summary = summarise(Tables.of(period), choice)
        name = place.name if place is not None else ", ".join(period.cameras)
        target = to_folder or _new_folder(runs, out, begin, end)
        page = write_report(summary, name, target)
    if as_json:
        print(json.dumps({"report": str(page), "runs": len(period.members)}))
    else:
        print(page)


def _bounds(
    begin: str | None, end: str | None, clock: tzinfo | None
) -> tuple[datetime | None, datetime | None]:
    """Midnight before the first day and after the last one, on the site's clock or this machine's."""
    first, last = (
        None if text is None else _day(text, option) for text, option in ((begin, "--from"), (end, "--to"))
    )
    if first is not None and last is not None and last < first:
        raise ValueError(f"--to: expected a day not before {first}, got {last}")
    zone = clock or ZoneInfo("UTC") if (first or last) else None
    return (
        None if first is None else datetime.combine(first, time(), zone),
        None if last is None else datetime.combine(last + timedelta(days=1), time(), zone),
    )


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{option}: expected a day such as 2026-03-02, got {text!r}") from error


def _new_folder(runs: list[Path] | None, out: Path, begin: str | None, end: str | None) -> Path:
    if runs and len(runs) == 1:
        return runs[0].resolve().parent.parent / "reports" / runs[0].resolve().name
    parts = [text for text in (begin, end) if text is not None]
    root = out if not runs else runs[0].resolve().parent.parent
    return root / "reports" / ("_to_".join(parts) if parts else "all")

"""`dwellmap report`: a page and tables about a period."""

from __future__ import annotations

import json
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.commands.console import AsJson, Quiet, reporter_for
from dwellmap.opening_hours import OpeningHours
from dwellmap.period.local_days import local_moment
from dwellmap.period.period import Period
from dwellmap.period.tables import Tables
from dwellmap.period.whole_days import check_whole_days
from dwellmap.report.cells import Choice
from dwellmap.report.page import check_new, write_report
from dwellmap.report.summary import summarise
from dwellmap.run_folder import safe_name
from dwellmap.site import load_site


def report(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Folders of runs, or of cameras with runs.")
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="First day, such as 2026-03-02, on the recordings' clock."
        ),
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
    choice = Choice(count_staff, min_people)
    first, last = local_moment(begin, False, "--from"), local_moment(end, True, "--to")
    if first is not None and last is not None and first >= last:
        raise ValueError(f"--to: expected a day not before {begin}, got {end}")
    target = to_folder or _new_folder(runs or [], out, begin, end, camera or [])
    check_new(target)
    with reporter_for(quiet, as_json).step("reading the runs", None):
        if runs:
            if camera:
                raise ValueError(
                    "--camera chooses among all runs of the output folder; leave it out with RUN..."
                )
            period = Period.of_runs(runs, first, last, hours, clock)
        else:
            period = Period.between(out, first, last, camera or (), hours, clock)
    if min_people:
        check_whole_days(period)
    with reporter_for(quiet, as_json).step(f"summing up {len(period.members)} runs", None):
        summary = summarise(Tables.of(period), choice)
        name = place.name if place is not None else ", ".join(period.cameras)
        page = write_report(summary, name, target)
    if as_json:
        print(json.dumps({"report": str(page), "runs": len(period.members)}))
    else:
        print(page)


def _new_folder(runs: list[Path], out: Path, begin: str | None, end: str | None, cameras: list[str]) -> Path:
    """Where a report goes that nobody named a folder for: below the output folder."""
    first = runs[0].resolve() if runs else None
    root = out
    if first is not None:
        # A run lies in its camera's folder, that in the output folder.
        root = first.parent.parent if (first / "run.json").is_file() else first.parent
    days = "_to_".join(word.replace(":", "") for word in (begin, end) if word is not None)
    which = [first.name] if first is not None and len(runs) == 1 else [safe_name(name) for name in cameras]
    return root / "reports" / ("_".join([*which, *([days] if days else [])]) or "all")

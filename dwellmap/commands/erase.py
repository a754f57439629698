"""`dwellmap erase`: what tells of single people goes, maps and sums stay."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.erasure import FEW_PEOPLE, erase_before
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.names import shown
from dwellmap.watch.retention import sweep_scratch


def erase(
    before: Annotated[
        str, typer.Option(metavar="DATE", help="Erase runs of days before this one, such as 2026-11-01.")
    ],
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("outputs"),
    min_people: Annotated[
        int,
        typer.Option(
            min=0, max=1000, help="Make times of day coarser that rest on fewer people; 0 leaves them."
        ),
    ] = FEW_PEOPLE,
) -> None:
    """Erase detections, tracks, trajectories, stays and links of old runs; maps, zones and recipes stay.

    This cannot be undone. The footage itself is not touched. Hours of live cameras that no run was made of go
    as a whole. Exit code 0 if nothing personal is left of these days, 1 if something could not be erased.
    """
    try:
        day = date.fromisoformat(before)
    except ValueError as error:
        raise ValueError(f"--before {before}: expected a date such as 2026-11-01") from error
    erased = erase_before(out, day, min_people)
    sweep_scratch(WatchFolder(out))
    for run in erased.runs:
        print(shown(run))
    print(
        f"erased the personal data of {len(erased.runs)} runs and the links of {len(erased.links)} days from "
        f"before {day.isoformat()}{erased.besides}, {erased.bytes / 1e6:,.1f} MB"
    )
    for remark in erased.remarks:
        print(f"remark: {shown(remark)}", file=sys.stderr)
    for fault in erased.faults:
        print(f"not erased: {shown(fault)}", file=sys.stderr)
    if erased.faults:
        sys.exit(1)

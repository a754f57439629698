"""`dwellmap erase`: what tells of single people goes, maps and sums stay."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.erasure import erase_before


def erase(
    before: Annotated[
        str, typer.Option(metavar="DATE", help="Erase runs of days before this one, such as 2026-11-01.")
    ],
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("outputs"),
) -> None:
    """Erase detections, tracks, trajectories, stays and links of old runs; maps, zones and recipes stay.

    This cannot be undone. The footage itself is not touched.
    """
    try:
        day = date.fromisoformat(before)
    except ValueError as error:
        raise ValueError(f"--before {before}: expected a date such as 2026-11-01") from error
    erased = erase_before(out, day)
    for run in erased.runs:
        print(run)
    print(
        f"erased the personal data of {len(erased.runs)} runs and the links of {len(erased.links)} days from "
        f"before {day.isoformat()}, {erased.bytes / 1e6:,.1f} MB"
    )
    if erased.faults:
        raise ValueError("not everything could be erased or linked again:\n" + "\n".join(erased.faults))

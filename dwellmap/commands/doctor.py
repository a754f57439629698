"""`dwellmap doctor`: is this machine ready?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dwellmap.doctor import Check, check

COLOURS = {"ok": "green", "note": "yellow", "fault": "red"}


def doctor(
    out: Annotated[Path, typer.Option(help="Folder that runs would write into.")] = Path("outputs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Report versions, codecs, weights, missing system libraries and name clashes; exit with 1 on a fault."""
    checks = check(out)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in checks], indent=2))
    else:
        _print(checks)
    if any(one.status == "fault" for one in checks):
        raise typer.Exit(1)


def _print(checks: list[Check]) -> None:
    table = Table("what", "", "found", box=None, pad_edge=False)
    for one in checks:
        found = one.detail + (f"\n→ {one.advice}" if one.advice else "")
        table.add_row(one.name, f"[{COLOURS[one.status]}]{one.status}[/]", Text(found))
    console = Console()
    console.print(table)
    faults = sum(one.status == "fault" for one in checks)
    console.print(f"\n{faults} to put right." if faults else "\nReady.", highlight=False)

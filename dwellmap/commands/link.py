"""`dwellmap link`: link the recordings of a camera's days anew."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dwellmap.commands.console import AsJson, Quiet
from dwellmap.days.linking import LinkedDay, Seam
from dwellmap.days.links import UsedRun
from dwellmap.days.rebuild import Rebuilt, rebuild


def link(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="CAMERA_FOLDER...", help="Camera folders, such as outputs/entrance."),
    ],
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Link the recordings of each of a camera's days anew: who is whom over the cuts, every second used once.

    `dwellmap run` does so by itself for each run with a known start. The runs stay as they are.
    """
    done = {folder: rebuild(folder) for folder in folders}
    if as_json:
        print(json.dumps([_as_json(folder, rebuilt) for folder, rebuilt in done.items()], indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    for rebuilt in done.values():
        for day, (file, linked) in rebuilt.days.items():
            if not quiet:
                for group in linked:
                    _show(console, day, group)
            print(file)
        if quiet:
            continue
        for text in rebuilt.warnings:
            console.print(f"[yellow]note:[/yellow] {escape(text)}")
        if rebuilt.undated:
            console.print(f"start not known, not linked: {escape(', '.join(rebuilt.undated))}")


def _show(console: Console, day: date, group: LinkedDay) -> None:
    links = group.links
    counted = sum(len(used.person) for used in links.runs)
    console.print(
        f"[bold]{day.isoformat()}[/bold]  recipe {links.recipe}: {len(links.runs)} runs, "
        f"{links.visitors} people ({counted} counted run by run)"
    )
    for used in links.runs:
        console.print(f"  {escape(used.run)}  {_used(used)}, {len(used.person)} people")
    for seam in group.seams:
        console.print(
            f"  {escape(seam.before)} | {escape(seam.after)}  {_met(seam)}, {seam.people} people joined"
        )


def _used(used: UsedRun) -> str:
    if used.used_until_s <= used.used_from_s:
        return "not used: other runs show all of it"
    return f"used from {used.used_from_s:.1f} s to {used.used_until_s:.1f} s"


def _met(seam: Seam) -> str:
    if seam.gap_s >= 0:
        return f"gap of {seam.gap_s:.1f} s"
    if seam.clock_s is None:
        return f"overlap of {-seam.gap_s:.1f} s by their clocks"
    return f"overlap of {-seam.gap_s:.1f} s, second clock moved by {seam.clock_s:+.2f} s"


def _as_json(folder: Path, rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "days": [
            {
                "day": day.isoformat(),
                "links": str(file),
                "groups": [
                    {
                        "recipe": group.links.recipe,
                        "people": group.links.visitors,
                        "runs": [
                            {
                                "run": used.run,
                                "start": used.start.isoformat(),
                                "clock_s": used.clock_s,
                                "used_from_s": used.used_from_s,
                                "used_until_s": used.used_until_s,
                                "people": len(used.person),
                            }
                            for used in group.links.runs
                        ],
                        "cuts": [
                            {
                                "before": seam.before,
                                "after": seam.after,
                                "gap_s": seam.gap_s,
                                "clock_s": seam.clock_s,
                                "people": seam.people,
                            }
                            for seam in group.seams
                        ],
                        "phantoms": [
                            {
                                "xyxy_px": [round(v, 1) for v in phantom.place],
                                "still_s": round(phantom.still_s, 3),
                                "runs": list(phantom.people),
                            }
                            for phantom in group.phantoms
                        ],
                    }
                    for group in linked
                ],
            }
            for day, (file, linked) in rebuilt.days.items()
        ],
        "undated": list(rebuilt.undated),
        "warnings": list(rebuilt.warnings),
    }

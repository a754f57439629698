"""What the commands share in speaking to the person: where to print, and options that several have."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dwellmap.progress import OnConsole, Reporter, Silent
from dwellmap.running import Finished
from dwellmap.site_file import Settings

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors and the result's folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a setting, such as maps.revisit_s=5. Repeatable."
    ),
]
Cell = Annotated[float | None, typer.Option("--cell", min=0.01, help="Side of a grid cell, m.")]


def reporter_for(quiet: bool, as_json: bool) -> Reporter:
    """Bars and remarks on standard error, or nothing."""
    return Silent() if quiet or as_json else OnConsole(Console(stderr=True))


def with_changes(settings: Settings, changes: list[str] | None, cell_m: float | None) -> Settings:
    """Settings with the changes of the command line.

    Raises:
        ValueError: For a key that does not exist or a value that does not fit; all at once.

    """
    content: dict[str, Any] = settings.model_dump()
    wrong = []
    for change in [*(changes or []), *([] if cell_m is None else [f"maps.cell_m={cell_m}"])]:
        key, equals, value = change.partition("=")
        table, _, name = key.strip().partition(".")
        if not equals or name not in content.get(table, {}):
            known = ", ".join(f"{t}.{n}" for t, rows in content.items() for n in rows)
            wrong.append(f"--set {change}: expected KEY=VALUE with one of the keys {known}")
            continue
        content[table][name] = value.strip()
    if wrong:
        raise ValueError("\n".join(wrong))
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        faults = [
            f"--set {'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}, got {fault['input']!r}"
            for fault in error.errors()
        ]
        raise ValueError("\n".join(faults)) from error


def show_results(results: list[Finished], quiet: bool, as_json: bool) -> None:
    """Print where the maps are and what was counted."""
    if as_json:
        print(json.dumps([_as_json(done) for done in results], indent=1))
        return
    if quiet:
        for done in results:
            print(done.folder.path)
        return
    console = Console()
    for done in results:
        recipe = done.folder.recipe
        counted = recipe["results"]
        console.print(
            f"\n[bold]{escape(recipe['source']['name'])}[/bold]  "
            f"{escape(recipe['source']['detector_description'])}"
        )
        if not done.fresh:
            console.print("done before with the same calibration and settings; nothing was computed again")
        table = Table(show_header=False, box=None, pad_edge=False)
        again = counted["scene_visits"] - counted["people"]
        back = f" ({counted['scene_visits']} scene visits: some came back)" if again else ""
        table.add_row("people counted", f"{counted['people']}{back}")
        table.add_row("observed", f"{recipe['footage']['observed_time_s']:.1f} s")
        table.add_row("time tracked", f"{counted['tracked_s']:.1f} person-seconds")
        table.add_row("  on the map", f"{counted['on_the_map_s']:.1f}")
        table.add_row("  outside", f"{counted['outside_s']:.1f}")
        table.add_row("  unplaced", f"{counted['unplaced_s']:.1f}")
        console.print(table)
        for warning in (*recipe["warnings"], *done.remarks):
            console.print(f"[yellow]note:[/yellow] {escape(warning)}", highlight=False)
        for name in ("heat", "visits", "dwell", "attention"):
            print(done.folder.path / f"{name}.png")


def _as_json(done: Finished) -> dict[str, Any]:
    recipe = done.folder.recipe
    return {
        "run": str(done.folder.path),
        "fresh": done.fresh,
        "recording": recipe["source"]["name"],
        "camera": recipe["view"]["camera"],
        "detector": recipe["source"]["detector"],
        "results": recipe["results"],
        "warnings": [*recipe["warnings"], *done.remarks],
        "maps": {
            name: str(done.folder.path / f"{name}.png") for name in ("heat", "visits", "dwell", "attention")
        },
    }

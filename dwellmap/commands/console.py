"""What the commands share in speaking to the person: where to print, and options that several have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dwellmap.changed_settings import with_changes as with_changes
from dwellmap.progress import OnConsole, Reporter, Silent

if TYPE_CHECKING:  # it loads all libraries, which some commands do without
    from dwellmap.running import Finished

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

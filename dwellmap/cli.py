"""The command line: `dwellmap COMMAND ...`."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

# Each command stands in a module of its own, in the attribute named here: a function, or an app with
# commands below it. The sentence is what `dwellmap --help` says of it. Modules are imported when their
# command is asked for, so that `dwellmap doctor` works where a library is broken, and nothing waits for
# libraries that it does not use.
COMMANDS = {
    "run": ("run", "Take recordings to the four floor-plan maps."),
    "maps": ("maps", "Compute the maps of a run again with other settings."),
    "overlay": ("overlay", "Blend a run's maps and trails into the camera's picture."),
    "activity": ("activity", "Measure what moved where and for how long, people or not."),
    "compare": ("compare", "Compare two periods or sets of runs."),
    "link": ("link", "Link the recordings of a camera's days anew."),
    "watch": ("watch", "Watch a folder: footage that lands in it becomes maps."),
    "live": ("live", "Watch cameras as it happens; every hour becomes a run."),
    "jobs": ("app", "What became of the footage in a watched folder."),
    "erase": ("erase", "Erase what is known of single people, keep the sums."),
    "report": ("report", "Write a report on a period, and tables for spreadsheets."),
    "export": ("export", "Write the tracks of a run as MOTChallenge text."),
    "evaluate": ("evaluate", "Compare tracks with the truth."),
    "calibrate": ("app", "Set a camera up: where its picture lies on the floor."),
    "site": ("app", "Site files: plan, zones and cameras of one place."),
    "studio": ("studio", "Calibrate, draw zones and look at runs in a browser."),
    "weights": ("app", "Fetch the weights of the default YOLO."),
    "demo": ("demo", "Film a made-up shop, map it, and print the truth beside it."),
    "doctor": ("doctor", "Say what is missing on this machine, and how to mend it."),
}


class _Commands(TyperGroup):
    """The commands, imported one by one (Any: Typer's own types of context and command are private)."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of `COMMANDS`."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"dwellmap.commands.{cmd_name}"), COMMANDS[cmd_name][0])
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
            alone.command(cmd_name)(found)
            found = alone
        command = get_command(found)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write what `COMMANDS` says of them: nothing needs to be imported for that."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


app = typer.Typer(
    cls=_Commands,
    name="dwellmap",
    help="Footage of a shop in, floor-plan maps of heat, unique visits, dwell time and attention span out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"dwellmap {version('dwellmap')}")
        raise typer.Exit


@app.callback()
def _options(
    shown: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the code an error arose.")] = False,
) -> None:
    """Options that come before the command."""
    del shown, debug


def main() -> None:
    """Run a command; faults of the input end with a message and exit code 2, others with their own."""
    # Ended from outside, a command still takes its half-written folder with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    words = [word for word in sys.argv[1:] if word != "--debug"]  # wherever it stands
    try:
        app(args=words, prog_name="dwellmap")
    except (ValueError, OSError) as error:
        if len(words) < len(sys.argv) - 1:
            raise
        print(f"dwellmap: {_message(error)}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 2))


def _message(error: ValueError | OSError) -> str:
    """The error in plain words; the operating system's own come as number, reason and file."""
    if isinstance(error, OSError) and error.strerror is not None:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror.lower()}"
    return str(error)

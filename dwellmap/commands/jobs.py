"""`dwellmap jobs`: what became of the footage in a watched folder, and what to do about it."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dwellmap.commands.console import AsJson
from dwellmap.commands.watching import time_left
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import Erasing, read_health
from dwellmap.watch.holder import is_held
from dwellmap.watch.ledger import UNREAD
from dwellmap.watch.names import shown
from dwellmap.watch.status import SHORT, Recording, Status, drop, read_status, retry

app = typer.Typer(
    help="What became of the footage in a watched folder: list it, try again, set aside.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Out = Annotated[Path, typer.Option(help="Output folder of `dwellmap watch`.")]
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME...", help="File names, or the first digits of ids, as `jobs list` prints them."
    ),
]


@app.command("list")
def list_jobs(
    out: Out = Path("outputs"),
    state: Annotated[
        Literal["waiting", "running", "done", "failed", "dropped"] | None,
        typer.Option(help="Only recordings in this state."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them, not only the newest 200.")] = False,
    log: Annotated[
        bool, typer.Option("--log", help="With the last lines that failed attempts wrote.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List recordings: waiting, running with time left, done with the run's folder, failed with why."""
    status = read_status(out, state, None if everything else 200)
    if as_json:
        print(json.dumps(_as_json(status), indent=1))
    else:
        _print(status, log)


@app.command("retry")
def retry_jobs(
    names: Names = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that have failed.")] = False,
    out: Out = Path("outputs"),
) -> None:
    """Let recordings that have ended wait again; a running service takes them by itself."""
    wanted = list(names or ())
    if failed:
        wanted += [one.entry.content for one in read_status(out, "failed", None).recordings]
    if not wanted and not failed:
        raise ValueError("expected names of recordings, or --failed for all that have failed")
    for entry in retry(out, wanted):
        print(f"{shown(entry.name)}: waits again")


@app.command("drop")
def drop_jobs(names: Names = None, out: Out = Path("outputs")) -> None:
    """Set recordings aside that wait, run or have failed; their files stay as they are."""
    if not names:
        raise ValueError("expected names of recordings to drop")
    for entry in drop(out, names):
        print(f"{shown(entry.name)}: dropped")


@app.command("health")
def health(
    out: Out = Path("outputs"),
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit code 1 also while anything wants a person, such as recordings that have failed.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether the service is alive, and what a person should look at, for monitors.

    Exit code 0 if it is alive, 1 if it is stopped or hangs; with --strict also if anything wants a person.
    """
    ours = WatchFolder(out)
    found = read_health(ours.health)
    alive = False
    if found is None or found.state == "stopped" or not is_held(ours):
        told = "stopped"
    elif found.is_stale:
        told = f"hanging: not heard of since {datetime.fromtimestamp(found.written):%Y-%m-%d %H:%M:%S}"
    else:
        told, alive = f"{found.state}{f': {found.reason}' if found.reason else ''}", True
    lacks = () if found is None else found.lacks
    if as_json:
        last = {} if found is None else found.model_dump()
        print(json.dumps({"alive": alive, "service": told.partition(":")[0], **last}, indent=1))
    else:
        print(shown(told))
        for lack in lacks:
            if not told.endswith(lack):
                print(shown(lack))
        if found is not None and found.erasing is not None and not found.erasing.faults:
            print(
                f"personal data older than {found.erasing.retain_days} days erased: {_erased(found.erasing)}"
            )
    sys.exit(0 if alive and not (strict and lacks) else 1)


def _erased(erasing: Erasing) -> str:
    if erasing.since is not None:
        return f"at work since {datetime.fromtimestamp(erasing.since):%Y-%m-%d %H:%M}"
    return f"last in the night of {erasing.last}" if erasing.last else "not yet"


def _print(status: Status, log: bool) -> None:
    console = Console(highlight=False)
    counts = (
        ", ".join(f"{number} {state}" for state, number in status.counts.items() if number) or "nothing yet"
    )
    left = f", {time_left(status.left_s)}" if status.left_s else ""
    console.print(f"service {status.service}{f': {escape(status.reason)}' if status.reason else ''}")
    console.print(f"{counts}{left}")
    if status.left_alone:
        other = ", ".join(f"{n} {shown(e) or 'without ending'}" for e, n in sorted(status.left_alone.items()))
        console.print(f"left alone, no videos by their names: {escape(other)}")
    for folder in status.unreadable:
        console.print(escape(f"the folder {shown(folder)} of the inbox cannot be read"))
    if status.overdue:
        console.print(escape(shown(status.overdue)))
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "state", "camera", "file"):
        table.add_column(heading, no_wrap=heading != "file", overflow="fold")
    table.add_column("what is known", overflow="fold")
    for coming in status.arriving:
        table.add_row("", "coming", "", escape(coming.name), escape(coming.why))
    for one in status.recordings:
        entry = one.entry
        names = dict.fromkeys([shown(entry.name), *(shown(file) for file in one.files)])
        table.add_row(
            entry.content.removeprefix(UNREAD)[:SHORT], entry.state, escape(entry.camera),
            escape("\n".join(names)), escape(_known(one)),
        )  # fmt: skip
        if log and entry.log:
            table.add_row("", "", "", "", escape("\n".join(shown(line) for line in entry.log.splitlines())))
    console.print(table)


def _known(one: Recording) -> str:
    entry, progress = one.entry, one.progress
    if progress is not None:
        return f"{progress.share:.0%} {progress.step} {time_left(progress.left_s)}".strip()
    if one.run is not None and entry.state == "done":
        gone = "" if one.run_is_there else " (deleted since)"
        return f"{one.run}{gone}{f': {shown(entry.reason)}' if entry.reason else ''}"
    tried = f" (tried {entry.attempts} times)" if entry.attempts > 1 else ""
    return f"{shown(entry.reason)}{tried}"


def _as_json(status: Status) -> dict[str, Any]:
    return {
        "service": status.service,
        "reason": status.reason,
        "counts": dict(status.counts),
        "left_s": status.left_s,
        "free_bytes": status.free_bytes,
        "erasing": None if status.erasing is None else status.erasing.model_dump(),
        "arriving": [coming.model_dump() for coming in status.arriving],
        "left_alone": dict(status.left_alone),
        "unreadable": list(status.unreadable),
        "recordings": [
            {
                "id": one.entry.content,
                "state": one.entry.state,
                "name": shown(one.entry.name),
                "files": [shown(file) for file in one.files],
                "camera": one.entry.camera,
                "bytes": one.entry.size,
                "attempts": one.entry.attempts,
                "interrupted": one.entry.interrupted,
                "reason": one.entry.reason,
                "log": one.entry.log,
                "run": None if one.run is None else str(one.run),
                "progress": None if one.progress is None else one.progress.model_dump(),
            }
            for one in status.recordings
        ],
    }

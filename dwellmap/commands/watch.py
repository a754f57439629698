"""`dwellmap watch`: a folder is watched, its footage becomes maps."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.changed_settings import with_changes
from dwellmap.commands.console import Cell, Quiet, Set
from dwellmap.commands.footage_options import Appearance, Out, SampleFps, Weights, WhichDetector
from dwellmap.commands.log_file import LogFile
from dwellmap.commands.watching import Board, error_console
from dwellmap.site import load_site
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import Health
from dwellmap.watch.inbox import DONE_FOLDER, FAILED_FOLDER, LARGEST_BYTES, Inbox
from dwellmap.watch.ledger import in_words
from dwellmap.watch.limits import Limits
from dwellmap.watch.order import How
from dwellmap.watch.plan import Plan
from dwellmap.watch.service import Service


class Done(StrEnum):
    """What becomes of originals."""

    KEEP = "keep"
    MOVE = "move"


class Poll(StrEnum):
    """Whether the inbox is looked at now and then instead of waiting for news of it."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def watch(
    inbox: Annotated[Path, typer.Argument(help="Folder in which footage lands.")],
    site: Annotated[Path, typer.Option(help="Site file with plan, cameras and zones.")],
    out: Out = Path("outputs"),
    once: Annotated[
        bool,
        typer.Option("--once", help="Handle what is there, then end: 0 all done, 1 some failed, 75 not now."),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Recordings at once; default: one for every two cores."),
    ] = None,
    settle: Annotated[
        float, typer.Option(min=0.0, max=3600.0, help="Seconds for which a file must not have changed.")
    ] = 5.0,
    patience: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=604_800.0,
            help="Seconds after which a file that isn't whole and no longer grows is taken as it is.",
        ),
    ] = 900.0,
    done: Annotated[
        Done,
        typer.Option(help=f"Originals stay, or move to {DONE_FOLDER}/ and {FAILED_FOLDER}/ of the inbox."),
    ] = Done.KEEP,
    poll: Annotated[
        Poll, typer.Option(help="Look now and then instead of waiting for news; auto: on network shares.")
    ] = Poll.AUTO,
    memory_gb: Annotated[
        float | None,
        typer.Option(min=0.25, help="Memory of one recording's process, GiB; default: its share of 80 %."),
    ] = None,
    time_factor: Annotated[
        float,
        typer.Option(
            min=0.1, help="Seconds that work on a second of footage may take, beyond a quarter of an hour."
        ),
    ] = 30.0,
    least_free_gb: Annotated[
        float, typer.Option(min=0.0, help="Pause while less than this is free in the output folder, GB.")
    ] = 2.0,
    largest_gb: Annotated[
        float, typer.Option(min=0.001, help="Files larger than this are refused unread, GB.")
    ] = LARGEST_BYTES / 1e9,
    retain_days: Annotated[
        int | None,
        typer.Option(min=0, help="Erase personal data older than this every night; default: keep them."),
    ] = None,
    detector: WhichDetector = "auto",
    weights: Weights = None,
    appearance: Appearance = "auto",
    sample_fps: SampleFps = 8.0,
    cell: Cell = None,
    changes: Set = None,
    quiet: Quiet = False,
) -> None:
    """Watch a folder: footage that lands in it becomes maps; nothing is lost, and nothing done twice.

    Stop it with Ctrl-C or SIGTERM; what was under way is done again at the next start.
    """
    _check_folders(inbox, out)
    place = load_site(site)
    with_changes(place.settings, changes, cell)
    if detector == "replay":
        raise ValueError("--detector replay: a watched folder has no stored detections; use dwellmap run")
    taken = [c.name for c in place.cameras if c.name.casefold() in (DONE_FOLDER, FAILED_FOLDER)]
    if taken:
        raise ValueError(f"{site}: expected no camera named {taken[0]!r}: that folder of the inbox is ours")
    if weights is not None:
        weights = weights.absolute()
    how = How(
        site.absolute(), out.absolute(), detector, weights, appearance, sample_fps or None, cell,
        tuple(changes or ()),
    )  # fmt: skip
    plan = Plan(
        once,
        done is Done.MOVE,
        Limits.of_machine(workers, memory_gb, time_factor),
        int(least_free_gb * 1e9),
        retain_days,
        None if poll is Poll.AUTO else poll is Poll.ALWAYS,
    )
    place_to_watch = Inbox(
        inbox.absolute(),
        settle,
        settle if once else patience,
        shared=False,
        largest_bytes=int(largest_gb * 1e9),
    )
    ours = WatchFolder(how.out)
    with Board(error_console(), quiet) as board, in_words(ours.ledger):
        log = LogFile(ours.log)

        def say(text: str) -> None:
            board.say(text)
            log.write(text)

        def show(health: Health) -> None:
            board.show(health)

        code = Service(place_to_watch, how, plan, say, show).run()
    sys.exit(code)


def _check_folders(inbox: Path, out: Path) -> None:
    if inbox.exists() and not inbox.is_dir():
        raise ValueError(f"{inbox}: expected the folder in which footage lands, it is none; name another")
    inside, outside = inbox.resolve(), out.resolve()
    if inside == outside or inside in outside.parents or outside in inside.parents:
        raise ValueError(
            f"{inbox} and {out}: expected the inbox and the output folder beside each other, one lies in the "
            "other; name another folder with --out"
        )

"""What a page or a person wants to know of the drop folder, and what they may do: without the service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dwellmap.watch.entry import Entry, KnownFile, State
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import AtWork, Coming, Erasing, Health, read_health
from dwellmap.watch.holder import is_held
from dwellmap.watch.ledger import UNREAD, Ledger, in_words

SHORT = 12
_BUSY_S = 15.0
"""A person would rather wait than ask again."""
Service = Literal["watching", "paused", "stopped", "hanging"]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and how it stands.

    Attributes:
        entry: What the ledger says: state, camera, name, attempts, reason, last lines of the log.
        files: Where its files lie, relative to the inbox; the name it was taken under first.
        run: Folder of the run; None unless it is done.
        run_is_there: Whether that folder is still there.
        progress: Step, share and seconds left, while a service works on it.

    """

    entry: Entry
    files: tuple[Path, ...]
    run: Path | None
    run_is_there: bool
    progress: AtWork | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at once.

    Attributes:
        service: "hanging": it runs but has not been heard of for a minute.
        reason: Why it is paused.
        counts: Recordings in each state.
        recordings: The newest of them, oldest first.
        arriving: Files that are not whole yet.
        left_alone: Endings of files in the inbox that are no videos, and how many.
        left_s: Seconds until all that waits is done, if the pace holds; None if unknown.
        free_bytes: Space left in the output folder.
        erasing: How the nightly erasing stood last; None if nothing is erased.
        overdue: Why personal data may be kept longer than was agreed; empty if they are not.
        unreadable: Folders of the inbox that the service may not look into.

    """

    service: Service
    reason: str
    counts: Mapping[State, int]
    recordings: tuple[Recording, ...]
    arriving: tuple[Coming, ...]
    left_alone: Mapping[str, int]
    left_s: float | None
    free_bytes: int | None
    erasing: Erasing | None
    overdue: str
    unreadable: tuple[str, ...] = ()


def read_status(out: Path, state: State | None = None, latest: int | None = 200) -> Status:
    """Read how everything stands; changes nothing.

    Args:
        out: Output folder.
        state: Only recordings in this state.
        latest: Only so many of the newest; None for all.

    Raises:
        FileNotFoundError: If no service ever wrote there.
        ValueError: If its ledger cannot be read.

    """
    ours = WatchFolder(out)
    with in_words(ours.ledger), closing(Ledger(ours.ledger, busy_s=_BUSY_S)) as ledger:
        health, held = read_health(ours.health), is_held(ours)
        at_work = {work.content: work for work in health.at_work} if health is not None and held else {}
        recordings = tuple(_recording(ledger, out, entry, at_work) for entry in ledger.entries(state, latest))
        counts = ledger.counts()
    erasing = None if health is None else health.erasing
    if erasing is not None and not held:
        # What was under way ended with the service.
        erasing = erasing.model_copy(update={"since": None})
    overdue = "" if erasing is None else erasing.lacking(time.time())
    if health is None or not held:
        return Status("stopped", "", counts, recordings, (), {}, None, None, erasing, overdue)
    return Status(
        _service(health), health.reason, counts, recordings, health.arriving, health.left_alone,
        health.left_s, health.free_bytes, erasing, overdue, health.unreadable,
    )  # fmt: skip


def retry(out: Path, names: Sequence[str]) -> list[Entry]:
    """Let recordings that have ended wait again; a running service takes them by itself.

    Args:
        out: Output folder.
        names: File names, or the first digits of contents, as `read_status` shows them.

    Raises:
        ValueError: If a name fits none or several recordings, or one has not ended; nothing is changed then.

    """
    return _changed(out, names, Ledger.retry, ("done", "failed", "dropped"), "has not ended yet")


def drop(out: Path, names: Sequence[str]) -> list[Entry]:
    """Set recordings aside that wait, run or have failed; a running service ends its work on them.

    Raises:
        ValueError: If a name fits none or several recordings, or one is done; nothing is changed then.

    """
    return _changed(out, names, Ledger.drop, ("waiting", "running", "failed"), "is done or dropped already")


def _service(health: Health) -> Service:
    if health.is_stale:
        return "hanging"
    return "paused" if health.state == "paused" else "watching"


def _recording(ledger: Ledger, out: Path, entry: Entry, at_work: Mapping[str, AtWork]) -> Recording:
    run = None if entry.run is None else out / entry.run
    files = tuple(file.path for file in ledger.files(entry.content) if not file.gone)
    progress = at_work.get(entry.content) if entry.state == "running" else None
    return Recording(entry, files, run, run is not None and run.is_dir(), progress)


def _changed(
    out: Path,
    names: Sequence[str],
    change: Callable[[Ledger, Iterable[str]], set[str]],
    states: tuple[State, ...],
    otherwise: str,
) -> list[Entry]:
    file = WatchFolder(out).ledger
    with in_words(file), closing(Ledger(file, busy_s=_BUSY_S)) as ledger:
        entries = {entry.content: entry for entry in ledger.entries()}
        named = _by_name(entries.values(), ledger.files())
        chosen, faults = [], []
        for name in dict.fromkeys(names):
            fitting = named.get(name, set()) & entries.keys() or _beginning(entries, name)
            if len(fitting) != 1:
                faults.append(f"{name}: expected the name of one recording, it fits {len(fitting)}")
                continue
            entry = entries[next(iter(fitting))]
            if entry.state not in states:
                faults.append(f"{name}: {otherwise} ({entry.state})")
            else:
                chosen.append(entry)
        if faults:
            raise ValueError("\n".join(faults))
        done = change(ledger, [entry.content for entry in chosen])
        return [entry for entry in chosen if entry.content in done]


def _by_name(entries: Iterable[Entry], files: Iterable[KnownFile]) -> Mapping[str, set[str]]:
    """Contents by all that they may be called, but for the first digits."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        for name in (entry.name, entry.content):
            found.setdefault(name, set()).add(entry.content)
    for file in files:
        for name in (str(file.path), file.path.name):
            found.setdefault(name, set()).add(file.content)
    return found


def _beginning(contents: Iterable[str], name: str) -> set[str]:
    """Contents that begin with these digits, four at least."""
    if len(name) < 4:
        return set()
    return {one for one in contents if one.removeprefix(UNREAD).startswith(name.lower())}

"""Where originals go when their recording has ended: they stay, or move into a folder of the inbox."""

from __future__ import annotations

import os
from pathlib import Path

from dwellmap.watch.entry import Entry
from dwellmap.watch.inbox import DONE_FOLDER, FAILED_FOLDER
from dwellmap.watch.ledger import Ledger


def shelve(ledger: Ledger, inbox: Path, entry: Entry) -> list[Path]:
    """Move the files of a recording that has ended to `done/` or `failed/` in the inbox, as they are.

    Nothing is ever overwritten. Cut short at any instant, it goes on where it stopped: a file is first moved
    and then noted, and one that was moved but not noted is found where it went.

    Returns:
        Where they are now, relative to the inbox; those that had been there before are left out.

    Raises:
        OSError: If a file cannot be moved.

    """
    folder = {"done": DONE_FOLDER, "failed": FAILED_FOLDER}.get(entry.state)
    moved: list[Path] = []
    if folder is None:
        return moved
    for file in ledger.files(entry.content):
        away = file.path.parts[0] in (DONE_FOLDER, FAILED_FOLDER)
        if file.path.parts[0] == folder:
            continue
        below = Path(*file.path.parts[1:]) if away else file.path
        target = Path(folder) / below
        source = inbox / file.path
        if not os.path.lexists(source):
            if _inode(inbox / target) == file.stamp[2]:
                ledger.move_file(file.path, target)
            continue
        if _stamp(source) != file.stamp:
            continue  # another file under this name by now: it is still to be taken
        target = _free(inbox, target)
        (inbox / target).parent.mkdir(parents=True, exist_ok=True)
        os.rename(source, inbox / target)
        ledger.move_file(file.path, target)
        moved.append(target)
    return moved


def _free(inbox: Path, target: Path) -> Path:
    """A name that nobody has yet."""
    number, found = 2, target
    while os.path.lexists(inbox / found):
        tail = f" ({number}){target.suffix}"
        stem = os.fsdecode(os.fsencode(target.stem)[: 255 - len(os.fsencode(tail))])
        found = target.with_name(f"{stem}{tail}")
        number += 1
    return found


def _stamp(path: Path) -> tuple[int, int, int]:
    status = os.lstat(path)
    return status.st_size, status.st_mtime_ns, status.st_ino


def _inode(path: Path) -> int | None:
    try:
        return os.stat(path, follow_symlinks=False).st_ino
    except OSError:
        return None

"""Where originals go when their recording has ended: they stay, or move into a folder of the inbox."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from dwellmap.watch.entry import Entry, KnownFile
from dwellmap.watch.inbox import DONE_FOLDER, FAILED_FOLDER
from dwellmap.watch.ledger import Ledger

_AT_FDCWD, _RENAME_NOREPLACE = -100, 1
_NOT_HERE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


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
        target = Path(folder) / (Path(*file.path.parts[1:]) if away else file.path)
        source = inbox / file.path
        stamp = _stamp(source)
        if stamp is None:
            found = _moved_before(inbox, target, file)
            if found is not None:
                ledger.move_file(file.path, found)
            continue
        if stamp != file.stamp:
            continue  # another file under this name by now: it is still to be taken
        _make_folders(inbox, target)
        for name in _names(target):
            try:
                _move(source, inbox / name)
            except FileExistsError:
                continue
            ledger.move_file(file.path, name)
            moved.append(name)
            break
    return moved


def _make_folders(inbox: Path, target: Path) -> None:
    """Make the folders that a file moves into.

    Raises:
        OSError: If one of them is a link: it may lead out of the inbox.

    """
    for folder in [*target.parents][-2::-1]:
        (inbox / folder).mkdir(exist_ok=True)
        if (inbox / folder).is_symlink():
            raise OSError(
                errno.ELOOP, "it is a symbolic link, originals stay in the inbox", str(inbox / folder)
            )


def _names(target: Path) -> Iterator[Path]:
    """The name, and numbered ones for when somebody has it."""
    yield target
    for number in count(2):
        tail = f" ({number}){target.suffix}"
        stem = os.fsdecode(os.fsencode(target.stem)[: 255 - len(os.fsencode(tail))])
        yield target.with_name(f"{stem}{tail}")


def _moved_before(inbox: Path, target: Path, file: KnownFile) -> Path | None:
    """Under which of the names a file lies that was moved but not noted; None if under none."""
    for name in _names(target):
        stamp = _stamp(inbox / name)
        if stamp is None or stamp == file.stamp:
            return None if stamp is None else name
    return None


def _move(source: Path, target: Path) -> None:
    """Rename a file; never over another one, not even one that comes in this moment.

    Raises:
        FileExistsError: If the name is taken.
        OSError: If it cannot be moved.

    """
    try:
        _rename_to_free(source, target)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    else:
        return
    # The kernel or this file system cannot: the name is taken first, by an empty file of our own.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        os.rename(source, target)
    except OSError:
        with suppress(OSError):
            target.unlink()
        raise


def _rename_to_free(source: Path, target: Path) -> None:
    """See rename(2), RENAME_NOREPLACE."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    done = library.renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(_RENAME_NOREPLACE)
    )
    if done != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(source), None, str(target))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Size, time of change and inode of what lies there; None for nothing."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino

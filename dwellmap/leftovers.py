"""What processes that were killed left half-written in the output folder; it may hold people's paths."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from dwellmap.file_lock import try_lock

_DRAFT = re.compile(r"\..+?(?:\.(?P<pid>\d+))?\.[a-z0-9_]{8}")
"""`tempfile`'s names: a dot, the target, the process (older versions left it out), eight random letters."""
_LINKS = re.compile(r"\.links-.*\.parquet\.")


@contextmanager
def held(draft: Path) -> Iterator[None]:
    """Lock a draft while it is written, so that nobody takes it for a leftover.

    A process has another number, or none, seen from another container or machine; its locks are seen.
    """
    lock = os.open(draft, os.O_RDONLY)
    try:
        try_lock(lock)
        yield
    finally:
        os.close(lock)


def sweep_leftovers(out: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Remove drafts of runs and links whose process has ended.

    Args:
        out: Output folder.

    Returns:
        What is gone, and what could not be removed and why.

    Raises:
        OSError: If the folder cannot be read.

    """
    gone: list[Path] = []
    faults: list[str] = []
    for camera in sorted(entry for entry in out.iterdir() if entry.is_dir() and entry.name[0] != "."):
        try:
            drafts = [entry for entry in camera.iterdir() if _is_leftover(entry)]
        except OSError as error:
            faults.append(f"{camera}: cannot be read ({error.strerror})")
            continue
        for draft in sorted(drafts):
            try:
                shutil.rmtree(draft) if draft.is_dir() and not draft.is_symlink() else draft.unlink()
            except FileNotFoundError:  # another sweep was quicker
                continue
            except OSError as error:
                faults.append(f"{draft}: half-written, cannot be removed ({error.strerror})")
            else:
                gone.append(draft)
    return tuple(gone), tuple(faults)


def _is_leftover(entry: Path) -> bool:
    named = _DRAFT.fullmatch(entry.name)
    if named is None or not (entry.is_dir() or _LINKS.match(entry.name)):
        return False
    try:
        since_s = entry.stat().st_mtime
        lock = os.open(entry, os.O_RDONLY)
    except OSError:  # gone, or not ours to read
        return False
    try:
        return try_lock(lock) and not (named["pid"] and _works(int(named["pid"]), since_s))
    finally:
        os.close(lock)


def _works(pid: int, since_s: float) -> bool:
    """Whether a process is still the one that wrote at `since_s`, not a later one with its number."""
    try:
        return psutil.Process(pid).create_time() <= since_s + 1.0
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True

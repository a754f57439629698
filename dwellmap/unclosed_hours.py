"""Hours of live cameras that have no run yet, in the output folder: whose they are, and their erasure.

A folder per hour, `<out>/.live/<camera>/<begin>/`; whoever writes or closes it locks its `hour.json`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dwellmap.file_lock import try_lock

LIVE_FOLDER = ".live"
"""In the output folder; its name begins with a dot, so no camera is mistaken for it."""
HEAD = "hour.json"
BEGIN = "%Y-%m-%dT%H%M%S.%f"
"""Name of an hour's folder: when it began, on the camera's wall clock."""
_BEGUN_WITHIN_S = 60.0
_DAY_LETTERS = len("2026-11-25")


def left_behind(folder: Path) -> tuple[Path, ...]:
    """Hours that nobody writes or closes now, oldest first.

    Args:
        folder: Of all hours of a camera.

    """
    if not folder.is_dir():
        return ()
    return tuple(hour for hour in sorted(folder.iterdir()) if (hour / HEAD).is_file() and _is_free(hour))


def erase_unclosed(out: Path, day: date) -> tuple[tuple[Path, ...], int, tuple[str, ...]]:
    """Remove the hours that began before a day and that nobody will close any more.

    Args:
        out: Output folder.
        day: The first day that is kept.

    Returns:
        What is gone, its size in bytes, and what could not be removed and why.

    """
    gone: list[Path] = []
    size, faults = 0, []
    for hour in sorted((out / LIVE_FOLDER).glob("*/*/")):
        if hour.is_symlink() or not _began_before(hour.name, day):
            continue
        try:
            with _held(hour) as free:
                if not free:
                    faults.append(f"{hour}: an hour that is being watched or closed; erase again when it is")
                    continue
                its_size = sum(file.lstat().st_size for file in hour.iterdir())
                shutil.rmtree(hour)
        except FileNotFoundError:  # closed meanwhile
            continue
        except OSError as error:
            faults.append(f"{hour}: cannot be erased ({error.strerror})")
        else:
            gone.append(hour)
            size += its_size
    return tuple(gone), size, tuple(faults)


def _began_before(name: str, day: date) -> bool:
    try:
        return date.fromisoformat(name[:_DAY_LETTERS]) < day
    except ValueError:
        return False


def _is_free(hour: Path) -> bool:
    with _held(hour) as free:
        return free


@contextmanager
def _held(hour: Path) -> Iterator[bool]:
    """Hold an hour's lock, if nobody else does; one without a head is being begun, or was never."""
    if not (hour / HEAD).exists():
        yield time.time() - hour.stat().st_mtime > _BEGUN_WITHIN_S
        return
    lock = os.open(hour / HEAD, os.O_RDONLY)
    try:
        yield try_lock(lock)
    finally:
        os.close(lock)

"""Who holds a folder: one service per inbox and output folder, by locks that end with the process."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from dwellmap.watch.folder import WatchFolder


class HeldError(ValueError):
    """Somebody else holds the folder."""


class Holder:
    """Locks on an output folder and an inbox, held until `release` or the end of the process.

    Args:
        ours: The service's folder; it must exist.
        inbox: The inbox; nothing is written there, the folder itself is locked where its file system allows.

    Raises:
        HeldError: If another service holds one of them; says who.

    """

    def __init__(self, ours: WatchFolder, inbox: Path) -> None:
        self._locks: list[int] = []
        try:
            lock = os.open(ours.holder, os.O_RDWR | os.O_CREAT, 0o644)
            self._locks.append(lock)
            if not _locked_soon(lock):
                raise HeldError(f"{ours.out}: {_told(ours.holder)} writes there already; {_ADVICE}")
            folder = os.open(inbox, os.O_RDONLY | os.O_DIRECTORY)
            self._locks.append(folder)
            if not _locked_soon(folder):
                raise HeldError(f"{inbox}: {_locker(folder)} watches it already; {_ADVICE}")
            content = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                "inbox": os.fsencode(inbox.absolute()).decode("utf-8", "replace"),
            }
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(content).encode(), 0)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let go."""
        while self._locks:
            os.close(self._locks.pop())


_ADVICE = "one service per folder: stop that one, or name other folders"


def wait_for_workers(ours: WatchFolder, longest_s: float = 15.0) -> None:
    """Wait until no process of an earlier service works any more; the kernel ends them with it.

    Raises:
        HeldError: If one still does.

    """
    lock = os.open(ours.workers, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until_s = time.monotonic() + longest_s
        while not _locked(lock):
            if time.monotonic() > until_s:
                raise HeldError(
                    f"{ours.out}: {_locker(lock)} of an earlier service still works there; end it first"
                )
            time.sleep(0.05)
    finally:
        os.close(lock)


def join_workers(ours: WatchFolder) -> int:
    """Lock, shared, for the life of a process that works on a recording; returns the open file."""
    lock = os.open(ours.workers, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def is_held(ours: WatchFolder) -> bool:
    """Whether a service runs on an output folder."""
    try:
        lock = os.open(ours.holder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False


def _locked_soon(file: int) -> bool:
    """Lock, though somebody may just be looking whether it is locked (`is_held`)."""
    for _ in range(20):
        if _locked(file):
            return True
        time.sleep(0.05)
    return False


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a share that knows no locks on this
        return True
    return True


def _told(lock: Path) -> str:
    try:
        content: Any = json.loads(lock.read_text(encoding="utf-8"))
        return (
            f"process {content['pid']} on {content['host']}, which watches {content['inbox']} since "
            f"{content['since']},"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _locker(file: int) -> str:
    """The process that the kernel's list of locks names (proc(5), /proc/locks)."""
    status = os.fstat(file)
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        rows = [row.split() for row in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        rows = []
    pids = [row[4] for row in rows if len(row) > 5 and row[1] == "FLOCK" and row[5] == place]
    return f"process {pids[0]}" if pids and int(pids[0]) > 0 else "another process"

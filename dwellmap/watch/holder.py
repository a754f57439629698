"""Who holds a folder: one service per inbox and output folder, by locks that end with the process."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import struct
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from dwellmap.file_lock import try_lock
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.names import as_text
from dwellmap.watch.room import mount_of


class HeldError(ValueError):
    """Somebody else holds the folder."""

    exit_code = 75
    """It may be free later (EX_TEMPFAIL of sysexits.h), unlike a wrong option."""


class Holder:
    """Locks on an output folder and an inbox, held until `release` or the end of the process.

    Args:
        ours: The service's folder; it must exist.
        inbox: The inbox; it need not be there yet.

    Raises:
        HeldError: If another service holds the output folder; says who.

    """

    def __init__(self, ours: WatchFolder, inbox: Path) -> None:
        self._lock: int | None = os.open(ours.holder, os.O_RDWR | os.O_CREAT, 0o644)
        self._inbox: int | socket.socket | None = None
        try:
            if not _locked_soon(self._lock):
                raise HeldError(f"{ours.out}: {_told(ours.holder)} writes there already; {_ADVICE}")
            content = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                "inbox": as_text(inbox.absolute()),
            }
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, json.dumps(content).encode(), 0)
        except BaseException:
            self.release()
            raise

    def hold_inbox(self, inbox: Path) -> None:
        """Hold the inbox as it is there now, instead of what was there before. Nothing is written there.

        A folder that is open cannot be unmounted. So one on a mount of its own is not locked itself, but
        under its name among the machine's sockets (unix(7), abstract), which end with the process.

        Raises:
            HeldError: If another service holds it; says who.
            OSError: If it is not there.

        """
        self._release_inbox()
        if mount_of(inbox) is None:
            folder = os.open(inbox, os.O_RDONLY | os.O_DIRECTORY)
            if not _locked_soon(folder):
                locker = _locker(folder)
                os.close(folder)
                raise HeldError(f"{inbox}: {locker} watches it already; {_ADVICE}")
            self._inbox = folder
            return
        status = os.stat(inbox)
        name = f"\0dwellmap-inbox-{status.st_dev}-{status.st_ino}"
        bound = socket.socket(socket.AF_UNIX)
        try:
            bound.bind(name)
            bound.listen()
        except OSError as error:
            bound.close()
            if error.errno == errno.EADDRINUSE:
                raise HeldError(f"{inbox}: {_listener(name)} watches it already; {_ADVICE}") from error
            return  # no such sockets here: the output folder's lock has to do
        self._inbox = bound

    def release(self) -> None:
        """Let go."""
        self._release_inbox()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _release_inbox(self) -> None:
        if isinstance(self._inbox, int):
            os.close(self._inbox)
        elif self._inbox is not None:
            self._inbox.close()
        self._inbox = None


_ADVICE = "one service per folder: stop that one, or name other folders"


def wait_for_workers(ours: WatchFolder, longest_s: float = 8.0) -> None:
    """Wait until no process of an earlier service works any more; the kernel ends them with it.

    Raises:
        HeldError: If one still does.

    """
    lock = os.open(ours.workers, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until_s = time.monotonic() + longest_s
        while not try_lock(lock):
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
        if try_lock(file):
            return True
        time.sleep(0.05)
    return False


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


def _listener(name: str) -> str:
    """The process that a socket belongs to (unix(7), SO_PEERCRED)."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(name)
            told = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return "another process"
    pid = struct.unpack("3i", told)[0]
    return f"process {pid}" if pid > 0 else "another process"

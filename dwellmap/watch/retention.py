"""Every night, erase what tells of single people and is older than was agreed."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from dwellmap.erasure import Erased, erase_before
from dwellmap.leftovers import sweep_leftovers
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import Erasing
from dwellmap.watch.ledger import Ledger

_HOUR = 3
_AGAIN_S = 3600.0
_NOTE = "erased_on"
_MOST_FAULTS, _LONGEST_FAULT = 5, 300


@dataclass(slots=True)
class Nightly:
    """Erases once a day, at three in the night or as soon as the service runs after that.

    The work is done by a thread, which goes with the process: an erasure cut short is done again. One that
    could not erase everything is tried again every hour, and `told` says so until it could.

    Attributes:
        out: Output folder.
        retain_days: Whole days that are kept beside today.
        say: Tells the person.
        zone: The site's time zone as its file says now; where that cannot be read, what it said last.
        told: How it stands, for monitors.

    """

    out: Path
    retain_days: int
    say: Callable[[str], None]
    zone: Callable[[], tzinfo]
    told: Erasing = field(init=False)
    _zone: tzinfo = field(init=False)
    _night: str = ""
    _result: list[Erased | BaseException] = field(default_factory=list)
    _not_before_s: float = 0.0

    def __post_init__(self) -> None:
        self.told = Erasing(retain_days=self.retain_days)
        self._zone = self.zone()

    @property
    def is_busy(self) -> bool:
        """Whether it is at work."""
        return self.told.since is not None

    @property
    def has_failed(self) -> bool:
        """Whether something could not be erased the last time."""
        return bool(self.told.faults)

    def turn(self, ledger: Ledger, now: datetime | None = None) -> None:
        """Begin where it is due, and note where it is over; never raises for a ledger that cannot be used.

        Args:
            ledger: Remembers when it was done last.
            now: By the site's clock; None for the real one.

        """
        with suppress(ValueError, OSError):
            self._zone = self.zone()
        now = datetime.now(self._zone) if now is None else now
        try:
            if self._result:
                self._finish(ledger, self._result.pop())
            if self.is_busy or time.monotonic() < self._not_before_s:
                return
            last = ledger.note(_NOTE)
            self._tell(last=last)
            night = (now if now.hour >= _HOUR else now - timedelta(days=1)).date().isoformat()
            # A note of a later night is one of a clock that was wrong.
            if last != night:
                self._begin(night, now)
        except (sqlite3.Error, RuntimeError) as error:
            self._failed((f"the night cannot be noted, or the work not begun: {error}",))

    def _begin(self, night: str, now: datetime) -> None:
        before = now.date() - timedelta(days=self.retain_days)
        threading.Thread(target=self._work, args=(before,), name="erasing", daemon=True).start()
        self._night = night
        self._tell(since=time.time())

    def _work(self, before: date) -> None:
        try:
            self._result.append(erase_before(self.out, before))
        except BaseException as error:
            # Whatever it is, the service has to hear of it: nobody looks at what a thread prints.
            self._result.append(error)

    def _finish(self, ledger: Ledger, result: Erased | BaseException) -> None:
        self._tell(since=None)
        if isinstance(result, BaseException):
            self._failed((f"{type(result).__name__}: {result}",))
            return
        self.say(
            f"erased the personal data of {len(result.runs)} runs{result.besides}, "
            f"{result.bytes / 1e6:,.1f} MB"
        )
        for remark in result.remarks:
            self.say(f"after erasing: {remark}")
        if result.faults:
            self._failed(tuple(result.faults))
            return
        self._tell(faults=(), more=0)
        ledger.keep_note(_NOTE, self._night)

    def _failed(self, faults: tuple[str, ...]) -> None:
        self._not_before_s = time.monotonic() + _AGAIN_S
        shortened = tuple(fault[:_LONGEST_FAULT] for fault in faults[:_MOST_FAULTS])
        if shortened != self.told.faults:
            for fault in faults:
                self.say(f"personal data could not be erased, is tried again every hour: {fault}")
        self._tell(faults=shortened, more=len(faults) - len(shortened))

    def _tell(self, **changes: object) -> None:
        self.told = self.told.model_copy(update=changes)


def sweep(ours: WatchFolder) -> None:
    """Remove what processes that were killed left behind: half-written results and temporary files.

    Raises:
        OSError: If the output folder cannot be read.

    """
    sweep_leftovers(ours.out)
    sweep_scratch(ours)


def sweep_scratch(ours: WatchFolder) -> None:
    """Empty the folder of temporary files, unless a process works that may use it."""
    try:
        lock = os.open(ours.workers, os.O_RDWR)
    except OSError:  # nobody ever worked here
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for entry in ours.scratch.iterdir() if ours.scratch.is_dir() else ():
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
    except BlockingIOError:
        return
    except OSError:  # a share that knows no locks: nothing tells whether somebody works
        return
    finally:
        os.close(lock)

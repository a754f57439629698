"""The service: one loop that takes files, gives them to processes, and never loses one."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dwellmap.run_folder import RECIPE
from dwellmap.watch.crew import Crew
from dwellmap.watch.drafts import sweep_drafts
from dwellmap.watch.entry import Entry
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import Health
from dwellmap.watch.hold import Hold
from dwellmap.watch.inbox import UNFINISHED_NAME, Inbox
from dwellmap.watch.intake import Intake
from dwellmap.watch.ledger import UNREAD, Ledger
from dwellmap.watch.names import as_text, shown
from dwellmap.watch.news import News
from dwellmap.watch.order import How, Order
from dwellmap.watch.plain import stamp_of
from dwellmap.watch.plan import Plan
from dwellmap.watch.retention import Nightly, sweep
from dwellmap.watch.room import Room
from dwellmap.watch.shelf import shelve
from dwellmap.watch.standing import standing
from dwellmap.watch.worker import Ended, Worker

TICK_S = 0.2
MOST_ATTEMPTS = 2
MOST_INTERRUPTED = 20
_HEALTH_EVERY_S = 2.0
_LOOK_EVERY_S, _LOOK_AT_SHARE_EVERY_S, _LOOK_WHILE_ARRIVING_S = 5.0, 2.0, 0.5
_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 600.0
_NOT_ITS_FAULT = {
    "room": "no result can be written",
    "inbox": "the inbox cannot be read",
    "site": "the site file cannot be used",
}


class NotNowError(ValueError):
    """It was to end when all is handled, and cannot go on now; nothing is lost."""

    exit_code = 75
    """Another time it may work (EX_TEMPFAIL of sysexits.h), unlike with a wrong option."""


class Service:
    """Watches an inbox.

    Args:
        inbox: The inbox.
        how: How recordings are run.
        plan: How the service works.
        say: Tells the person; one line each.
        show: Shown how everything stands, every few seconds.

    Raises:
        ValueError, OSError: If the site file cannot be used.

    """

    def __init__(
        self, inbox: Inbox, how: How, plan: Plan, say: Callable[[str], None], show: Callable[[Health], None]
    ) -> None:
        self._inbox, self._how, self._plan, self._show = inbox, how, plan, show
        self._tell = say
        self._ours = WatchFolder(how.out)
        self._intake = Intake(inbox, how.site, self._say)
        self._room = Room(how.out, self._ours.ledger, inbox.folder, plan.least_free_bytes)
        self._nightly = (
            None
            if plan.retain_days is None
            else Nightly(how.out, plan.retain_days, self._say, lambda: self._intake.site().time_zone)
        )
        self._crew = Crew(plan.limits)
        self._news = News(inbox)
        self._hold = Hold(self._ours, inbox, self._room, plan.shared)
        self._stopped_by = 0
        self._looked = False
        self._failed: bool | None = None
        self._next_look_s = self._not_looked_before_s = self._next_health_s = self._not_before_s = 0.0
        self._pause_s = _PAUSE_S
        self._paused = ""

    def run(self) -> int:
        """Work until told to stop (SIGTERM, SIGINT), or until all is handled.

        Returns:
            0; when it is to end by itself, 1 if something in the inbox or the erasing has failed, and 128 and
            the signal's number if it was told to stop before all was handled.

        Raises:
            HeldError: If another service holds one of the folders.
            NotNowError: If it is to end when all is handled, and cannot go on now.

        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # A file that is opened while it is looked at makes the kernel tell us so (F_SETLEASE).
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        failed = False
        if self._begin():
            try:
                failed = self._work()
            finally:
                self._end_all()
        if self._stopped_by and self._plan.once:
            return 128 + self._stopped_by
        return 1 if failed else 0

    def _stop(self, number: int, _: object) -> None:
        self._stopped_by = number

    @property
    def _ledger(self) -> Ledger:
        return self._hold.ledger

    def _say(self, text: str) -> None:
        self._tell(shown(text))

    def _begin(self) -> bool:
        """Take hold of the output folder and put back what was left half-done; waits until that can be.

        Returns:
            False if it was told to stop before.

        """
        while not self._stopped_by:
            lacking = self._room.out_missing()
            if not lacking:
                try:
                    self._hold.take()
                    sweep(self._ours)
                    self._recover()
                except (sqlite3.OperationalError, OSError) as error:
                    lacking = f"the output folder {self._how.out} cannot be used: {error}"
            self._pause(lacking)
            if not lacking:
                limits, shared = self._plan.limits, self._inbox.shared
                self._say(
                    f"watching {self._inbox.folder}, results in {self._how.out}; {limits.workers} at once, "
                    f"{limits.memory_bytes / 1024**3:.1f} GiB each"
                    f"{', looked at every 2 s (network share)' if shared else ''}"
                )
                return True
            self._stop_if_once()
            time.sleep(TICK_S)
        return False

    def _recover(self) -> None:
        """Put back what an earlier service left half-done."""
        for entry in self._ledger.entries("running"):
            if entry.pid is not None:
                sweep_drafts(self._how.out, Path(entry.name), entry.pid)
        for entry in self._ledger.interrupted(MOST_INTERRUPTED):
            self._say(f"{entry.name}: was interrupted, is done again")
        self._intake.load(self._ledger)
        if self._plan.move:
            for state in ("done", "failed"):
                for entry in self._ledger.entries(state):
                    self._shelve(entry.content)

    def _work(self) -> bool:
        """Turn after turn, until told to stop or all is handled; whether something has failed."""
        while not self._stopped_by:
            self._tick(self._news.wait(TICK_S))
            self._stop_if_once()
            if self._failed is not None:
                return self._failed
        return False

    def _stop_if_once(self) -> None:
        if self._plan.once and self._paused:
            raise NotNowError(f"{self._paused}; nothing is lost: start it again when that is put right")

    def _tick(self, changed: bool) -> None:
        """One turn; what goes wrong with a disk makes it wait, never end."""
        self._crew.poll()
        try:
            lacking = self._room.gone()
            if lacking:
                lacking = self._hold.find_again(lacking)
            if not lacking:
                # What is due for erasure does not wait for room, footage or a site file.
                if self._nightly is not None:
                    self._nightly.turn(self._ledger)
                self._settle_ended()
                if not self._hold.meet_inbox():
                    self._look(changed)
                self._crew.end_unwanted(self._is_running)
                lacking = self._lacking()
                if not lacking:
                    self._start()
                    if self._plan.once and self._is_idle():
                        erasing_failed = self._nightly is not None and self._nightly.has_failed
                        unseen = bool(self._intake.unreadable)
                        self._failed = self._any_failed() or erasing_failed or unseen
        except (sqlite3.OperationalError, OSError) as error:
            lacking = f"cannot go on: {error}"
            if isinstance(error, sqlite3.Error):
                self._hold.distrust()
        self._pause(lacking)
        if time.monotonic() >= self._next_health_s:
            self._tell_health("paused" if self._paused else "watching")

    def _lacking(self) -> str:
        lacking = self._room.inbox_lacking() or self._room.full()
        if not lacking and time.monotonic() < self._not_before_s:
            return self._paused or "the last result could not be written"
        try:
            self._intake.site()
        except (ValueError, OSError) as error:
            return lacking or f"the site file cannot be used: {error}"
        return lacking

    def _pause(self, why: str) -> None:
        why = shown(why)
        if why and not self._paused:
            self._say(f"paused: {why}; goes on by itself when that is put right")
        elif self._paused and not why:
            self._say("goes on" if self._pause_s == _PAUSE_S else "tries again")
        self._paused = why

    def _look(self, changed: bool) -> None:
        now_s = time.monotonic()
        if (changed and now_s >= self._not_looked_before_s) or now_s >= self._next_look_s:
            for entry in self._intake.look(self._ledger):
                self._shelve(entry.content)
            took_s = time.monotonic() - now_s
            every_s = _LOOK_AT_SHARE_EVERY_S if self._inbox.shared else _LOOK_EVERY_S
            coming = any(one.why != UNFINISHED_NAME for one in self._intake.arriving)
            # A large inbox must not keep a core busy.
            self._not_looked_before_s = now_s + 20 * took_s
            self._next_look_s = max(
                self._not_looked_before_s, now_s + (_LOOK_WHILE_ARRIVING_S if coming else every_s)
            )
            self._looked = True
        for entry in self._intake.enter(self._ledger):
            self._shelve(entry.content)

    def _settle_ended(self) -> None:
        """Enter how work ended; kept until the ledger could be written."""
        while self._crew.ended:
            worker, ended = self._crew.ended[0]
            self._settle(worker, ended)
            self._crew.ended.popleft()
            worker.close()

    def _settle(self, worker: Worker, ended: Ended) -> None:
        content, path = worker.order.content, worker.order.path
        name = shown(path)
        if ended.how != "done":
            sweep_drafts(self._how.out, path, worker.pid)
        elif not (self._how.out / ended.run / RECIPE).is_file():
            ended = Ended("room", f"{ended.run} is not there")
        here = os.path.lexists(self._inbox.folder / path)
        entry = self._ledger.entry(content)
        if entry is not None and entry.state == "dropped":
            self._say(f"{name}: dropped by hand, work on it has ended")
        elif ended.how == "done":
            self._ledger.finish(content, ended.run, ended.text)
            self._pause_s = _PAUSE_S
            told = f"; {ended.text}" if ended.text else ""
            self._say(f"{name}: done in {time.monotonic() - worker.began_s:.0f} s: {ended.run}{told}")
            self._shelve(content)
        elif ended.how == "stopped" or self._room.inbox_lacking():
            self._ledger.put_back(content, interrupted=False)
        elif ended.how in _NOT_ITS_FAULT or self._room.full() or self._room.gone():
            self._ledger.put_back(content, interrupted=False)
            self._not_before_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            what = _NOT_ITS_FAULT.get(ended.how, _NOT_ITS_FAULT["room"])
            self._pause(self._room.full() or self._room.gone() or f"{what}: {ended.text}")
        elif ended.how == "changed" or not here:
            self._ledger.put_back(content, interrupted=False)
            self._ledger.forget_file(path, content)
            self._intake.forget(path)
            self._say(f"{name}: {ended.text if here else 'went away while it was worked on'}")
        else:
            self._ledger.fail(content, ended.text, ended.log, MOST_ATTEMPTS)
            entry = self._ledger.entry(content)
            again = entry is not None and entry.state == "waiting"
            self._say(f"{name}: failed{', is tried once more' if again else ''}: {ended.text}")
            self._shelve(content)

    def _shelve(self, content: str) -> None:
        entry = self._ledger.entry(content)
        if not self._plan.move or entry is None:
            return
        try:
            for moved in shelve(self._ledger, self._inbox.folder, entry):
                self._say(f"moved to {shown(moved)}")
        except OSError as error:
            self._say(f"{shown(entry.name)}: stays where it is: {error}")
            return  # looked at anew, it would be read and said again and again
        for file in self._ledger.files(content):
            self._intake.forget(file.path)

    def _start(self) -> None:
        """Give work to free places."""
        while (slot := self._crew.free_slot()) is not None:
            entry = self._ledger.first_waiting()
            if entry is None or self._crew.works_on(entry.content):
                return
            path = self._file_of(entry)
            unread = entry.content.startswith(UNREAD)
            if path is None or unread:
                for file in self._ledger.files(entry.content):
                    self._intake.forget(file.path)
                # What was never read is not given to a process, but looked at anew.
                (self._ledger.forget if unread else self._ledger.lose)(entry.content)
                self._looked, self._next_look_s = False, 0.0
                continue
            camera = entry.camera
            with suppress(ValueError, OSError):  # it says so itself
                camera = self._intake.camera(path)
            order = Order(
                self._inbox.folder, path, entry.content, camera, self._how, self._plan.limits.cores[slot],
                self._ours.scratch / entry.content[:16],
            )  # fmt: skip
            worker = self._crew.start(order, slot, entry.size)
            if self._ledger.begin(entry.content, worker.pid, as_text(path), camera):
                self._say(f"{shown(path)}: work begins, camera {shown(camera)}")
            else:
                worker.stop(gently=False)

    def _file_of(self, entry: Entry) -> Path | None:
        """A file of the inbox that holds it still, one that fits a camera before others."""
        found = []
        for file in self._ledger.files(entry.content):
            with suppress(OSError):
                if stamp_of(self._inbox.folder / file.path) == file.stamp:
                    found.append(file.path)
        for path in found if len(found) > 1 else ():
            with suppress(ValueError, OSError):
                self._intake.camera(path)
                return path
        return found[0] if found else None

    def _is_running(self, content: str) -> bool:
        entry = self._ledger.entry(content)
        return entry is not None and entry.state == "running"

    def _is_idle(self) -> bool:
        coming = any(one.why != UNFINISHED_NAME for one in self._intake.arriving)
        counts = self._ledger.counts()
        erasing = self._nightly is not None and self._nightly.is_busy
        busy = erasing or self._crew.is_busy or coming or self._intake.is_reading
        return self._looked and not busy and not counts["waiting"] + counts["running"]

    def _any_failed(self) -> bool:
        """Whether a file of one that has failed is still there, in the inbox or set aside."""
        return any(
            not file.gone and os.path.lexists(self._inbox.folder / file.path)
            for entry in self._ledger.entries("failed")
            for file in self._ledger.files(entry.content)
        )

    def _end_all(self) -> None:
        """End all work, gently first; what was under way waits for the next start."""
        self._crew.end_all()
        try:
            if not self._room.gone():
                self._settle_ended()
                self._tell_health("stopped")
        except (sqlite3.Error, OSError) as error:
            self._say(f"could not write what was done last, it is done again: {error}")
        self._news.close()
        self._hold.release()
        self._say(f"stopped by {signal.Signals(self._stopped_by).name}" if self._stopped_by else "ended")

    def _tell_health(self, state: str) -> None:
        self._next_health_s = time.monotonic() + _HEALTH_EVERY_S
        try:
            health = standing(
                state, self._paused, self._inbox.folder, self._ledger, self._crew, self._intake, self._room,
                None if self._nightly is None else self._nightly.told,
            )  # fmt: skip
        except sqlite3.Error:
            return
        self._show(health)
        # The folder may be full or gone; that the file grows old tells it, too.
        with suppress(OSError):
            health.write(self._ours.health)

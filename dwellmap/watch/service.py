"""The service: one loop that takes files, gives them to processes, and never loses one."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from dwellmap.watch.drafts import sweep_drafts
from dwellmap.watch.entry import Entry
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import Coming, Health, time_left_s
from dwellmap.watch.holder import Holder, wait_for_workers
from dwellmap.watch.inbox import UNFINISHED_NAME, Inbox
from dwellmap.watch.intake import Intake
from dwellmap.watch.ledger import UNREAD, Ledger
from dwellmap.watch.limits import Limits
from dwellmap.watch.names import shown
from dwellmap.watch.order import How, Order
from dwellmap.watch.retention import Nightly, sweep
from dwellmap.watch.room import Room
from dwellmap.watch.shelf import shelve
from dwellmap.watch.wakes import wakes
from dwellmap.watch.worker import Ended, Worker

TICK_S = 0.2
MOST_ATTEMPTS = 2
MOST_INTERRUPTED = 20
_HEALTH_EVERY_S = 2.0
_LOOK_EVERY_S, _LOOK_AT_SHARE_EVERY_S, _LOOK_WHILE_ARRIVING_S = 5.0, 2.0, 0.5
_GENTLY_S, _FORCED_S = 5.0, 3.0
_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 600.0
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the service works.

    Attributes:
        once: Handle what is there, then end.
        move: Move originals that have ended into a folder of the inbox.
        limits: What recordings may take.
        least_free_bytes: Space that must stay free in the output folder.
        retain_days: Days after which personal data are erased; None never.

    """

    once: bool
    move: bool
    limits: Limits
    least_free_bytes: int
    retain_days: int | None


class Service:
    """Watches an inbox.

    Args:
        inbox: The inbox.
        how: How recordings are run.
        plan: How the service works.
        say: Tells the person; one line each.
        show: Shown how everything stands, every few seconds.

    Raises:
        HeldError: If another service holds one of the folders.
        ValueError, OSError: If the site file or one of the folders cannot be used.

    """

    def __init__(
        self, inbox: Inbox, how: How, plan: Plan, say: Callable[[str], None], show: Callable[[Health], None]
    ) -> None:
        self._inbox, self._how, self._plan, self._say, self._show = inbox, how, plan, say, show
        self._ours = WatchFolder(how.out)
        self._ours.path.mkdir(parents=True, exist_ok=True)
        self._intake = Intake(inbox, how.site, say)
        self._holder = Holder(self._ours, inbox.folder)
        wait_for_workers(self._ours)
        sweep(self._ours)
        self._ledger = Ledger(self._ours.ledger, create=True)
        self._id = self._ledger.note("id")
        self._room = Room(
            how.out, self._ours.ledger, self._ledger.identity, inbox.folder, plan.least_free_bytes
        )
        self._nightly = (
            None
            if plan.retain_days is None
            else Nightly(
                how.out, plan.retain_days, lambda t: say(shown(t)), lambda: self._intake.site().time_zone
            )
        )
        self._workers: list[Worker] = []
        self._ended: list[tuple[Worker, Ended]] = []
        self._stopping = False
        self._looked = False
        self._next_look_s = self._next_health_s = self._not_before_s = 0.0
        self._pause_s = _PAUSE_S
        self._paused = ""
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["dwellmap.watch.job"])
        # The processes come from one that holds the libraries; nothing of the user's folder is loaded by it.
        os.environ["PYTHONSAFEPATH"] = "1"
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")

    def run(self) -> Literal[0, 1]:
        """Work until told to stop (SIGTERM, SIGINT), or until all is handled.

        Returns:
            1 if something in the inbox or the erasing has failed, when it ends by itself; else 0.

        Raises:
            ValueError: If it is to end when all is handled, and cannot go on now.

        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # A file that is opened while it is looked at makes the kernel tell us so (F_SETLEASE).
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        self._recover()
        failed = False
        try:
            for changed in wakes(self._inbox.folder, self._inbox.shared, TICK_S):
                if self._stopping:
                    break
                self._tick(changed)
                if self._plan.once and self._paused:
                    raise ValueError(
                        f"{self._paused}; nothing is lost: start it again when that is put right"
                    )
                if self._plan.once and self._is_idle():
                    failed = self._any_failed() or (self._nightly is not None and self._nightly.has_failed)
                    break
        finally:
            self._end_all()
        return 1 if failed else 0

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _recover(self) -> None:
        """Put back what an earlier service left half-done."""
        for entry in self._ledger.interrupted(MOST_INTERRUPTED):
            if entry.pid is not None:
                sweep_drafts(self._how.out, Path(entry.name), entry.pid)
            self._say(f"{shown(entry.name)}: was interrupted, is done again")
        self._intake.load(self._ledger)
        if self._plan.move:
            for state in ("done", "failed"):
                for entry in self._ledger.entries(state):
                    self._shelve(entry.content)

    def _tick(self, changed: bool) -> None:
        """One turn; what goes wrong with a disk makes it wait, never end."""
        self._poll()
        lacking = self._room.gone()
        if lacking:
            lacking = self._found_again(lacking)
        if not lacking:
            try:
                self._settle_ended()
                self._look(changed)
                self._end_dropped()
                lacking = self._lacking()
                if not lacking:
                    self._start()
            except (sqlite3.OperationalError, OSError) as error:
                lacking = f"cannot go on: {shown(str(error))}"
        # What is due for erasure does not wait for room, footage or a site file.
        if self._nightly is not None and not self._room.gone():
            self._nightly.turn(self._ledger)
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
            return lacking or f"the site file cannot be used: {shown(str(error))}"
        return lacking

    def _pause(self, why: str) -> None:
        if why and not self._paused:
            self._say(f"paused: {why}; goes on by itself when that is put right")
        elif self._paused and not why:
            self._say("goes on" if self._pause_s == _PAUSE_S else "tries again")
        self._paused = why

    def _found_again(self, lacking: str) -> str:
        """Whether the output folder has come back as another device; then go on with it."""
        try:
            ledger = Ledger(self._ours.ledger)
        except (OSError, ValueError, sqlite3.Error):
            return lacking
        if ledger.note("id") != self._id:
            ledger.close()
            return lacking
        self._ledger.close()
        self._holder.release()
        self._holder = Holder(self._ours, self._inbox.folder)
        self._ledger, self._room.identity = ledger, ledger.identity
        return ""

    def _look(self, changed: bool) -> None:
        now_s = time.monotonic()
        if self._room.inbox_lacking():
            return
        if changed or now_s >= self._next_look_s:
            self._intake.look(self._ledger)
            took_s = time.monotonic() - now_s
            every_s = _LOOK_AT_SHARE_EVERY_S if self._inbox.shared else _LOOK_EVERY_S
            coming = any(one.why != UNFINISHED_NAME for one in self._intake.arriving)
            # A large inbox must not keep a core busy.
            self._next_look_s = now_s + max(_LOOK_WHILE_ARRIVING_S if coming else every_s, 20 * took_s)
            self._looked = True
        for entry in self._intake.enter(self._ledger):
            self._shelve(entry.content)

    def _poll(self) -> None:
        for worker in list(self._workers):
            ended = worker.poll()
            if ended is not None:
                self._workers.remove(worker)
                self._ended.append((worker, ended))

    def _settle_ended(self) -> None:
        """Enter how work ended; kept until the ledger could be written."""
        while self._ended:
            worker, ended = self._ended[0]
            self._settle(worker, ended)
            self._ended.pop(0)
            worker.close()

    def _settle(self, worker: Worker, ended: Ended) -> None:
        content, path = worker.order.content, worker.order.path
        name = shown(path)
        if ended.how != "done":
            sweep_drafts(self._how.out, path, worker.pid)
        here = os.path.lexists(self._inbox.folder / path)
        if ended.how == "done":
            self._ledger.finish(content, ended.run, ended.text)
            self._pause_s = _PAUSE_S
            self._say(f"{name}: done in {time.monotonic() - worker.began_s:.0f} s: {shown(ended.run)}")
            self._shelve(content)
        elif ended.how == "stopped":
            self._ledger.put_back(content, interrupted=False)
        elif ended.how == "room" or self._room.full() or self._room.gone():
            self._ledger.put_back(content, interrupted=False)
            self._not_before_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            self._pause(self._room.full() or self._room.gone() or f"no result can be written: {ended.text}")
        elif self._room.inbox_lacking():
            self._ledger.put_back(content, interrupted=False)
        elif ended.how == "changed" or not here:
            self._ledger.put_back(content, interrupted=False)
            self._ledger.forget_file(path, content)
            self._intake.forget(path)
            self._say(f"{name}: {ended.text if here else 'went away while it was worked on'}")
        else:
            self._ledger.fail(content, ended.text, ended.log, MOST_ATTEMPTS)
            entry = self._ledger.entry(content)
            again = entry is not None and entry.state == "waiting"
            self._say(f"{name}: failed{', is tried once more' if again else ''}: {shown(ended.text)}")
            self._shelve(content)

    def _shelve(self, content: str) -> None:
        entry = self._ledger.entry(content)
        if not self._plan.move or entry is None:
            return
        try:
            for moved in shelve(self._ledger, self._inbox.folder, entry):
                self._say(f"moved to {shown(moved)}")
        except OSError as error:
            self._say(f"{shown(entry.name)}: stays where it is: {shown(str(error))}")
        for file in self._ledger.files(content):
            self._intake.forget(file.path)

    def _start(self) -> None:
        """Give work to free places."""
        while len(self._workers) < self._plan.limits.workers:
            entry = self._ledger.first_waiting()
            if entry is None or any(w.order.content == entry.content for w in self._workers):
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
            busy = {worker.slot for worker in self._workers}
            slot = next(n for n in range(self._plan.limits.workers) if n not in busy)
            order = Order(
                self._inbox.folder,
                path,
                entry.content,
                camera,
                self._how,
                self._plan.limits.cores[slot],
                self._ours.scratch / entry.content[:16],
            )
            worker = Worker(self._context, order, slot, entry.size, self._plan.limits)
            self._workers.append(worker)
            name = os.fsencode(path).decode("utf-8", "replace")
            if not self._ledger.begin(entry.content, worker.pid, name, camera):
                worker.stop(gently=False)

    def _file_of(self, entry: Entry) -> Path | None:
        """A file of the inbox that holds it still."""
        for file in self._ledger.files(entry.content):
            try:
                status = os.stat(self._inbox.folder / file.path, follow_symlinks=False)
            except OSError:
                continue
            if (status.st_size, status.st_mtime_ns, status.st_ino) == file.stamp:
                return file.path
        return None

    def _end_dropped(self) -> None:
        for worker in self._workers:
            entry = self._ledger.entry(worker.order.content)
            if entry is None or entry.state != "running":
                worker.stop(gently=False)

    def _is_idle(self) -> bool:
        coming = any(one.why != UNFINISHED_NAME for one in self._intake.arriving)
        counts = self._ledger.counts()
        erasing = self._nightly is not None and self._nightly.is_busy
        busy = erasing or self._workers or self._ended or coming or self._intake.is_reading
        return self._looked and not busy and not counts["waiting"] + counts["running"]

    def _any_failed(self) -> bool:
        there = {file.content for file in self._ledger.files() if not file.gone}
        return any(entry.content in there for entry in self._ledger.entries("failed"))

    def _end_all(self) -> None:
        """End all work, gently first; what was under way waits for the next start."""
        for forced in (False, True):
            for worker in self._workers:
                worker.stop(gently=not forced)
            until_s = time.monotonic() + (_FORCED_S if forced else _GENTLY_S)
            while self._workers and time.monotonic() < until_s:
                self._poll()
                time.sleep(0.02)
        try:
            if not self._room.gone():
                self._settle_ended()
                self._tell_health("stopped")
        except (sqlite3.Error, OSError) as error:
            self._say(f"could not write what was done last, it is done again: {shown(str(error))}")
        self._ledger.close()
        self._holder.release()

    def _tell_health(self, state: str) -> None:
        self._next_health_s = time.monotonic() + _HEALTH_EVERY_S
        try:
            counts, pace, waiting = self._ledger.counts(), self._ledger.pace(), self._ledger.waiting_bytes()
        except sqlite3.Error:
            return
        health = Health(
            state=state,
            reason=self._paused,
            pid=os.getpid(),
            inbox=shown(self._inbox.folder),
            written=time.time(),
            free_bytes=self._room.free_bytes(),
            left_s=time_left_s([worker.left_s(pace) for worker in self._workers], waiting, pace),
            at_work=tuple(worker.progress(pace) for worker in self._workers),
            arriving=tuple(Coming(name=shown(c.path), size=c.size, why=c.why) for c in self._intake.arriving),
            left_alone=self._intake.left_alone,
            erasing=None if self._nightly is None else self._nightly.told,
            waiting=counts["waiting"],
            running=counts["running"],
            done=counts["done"],
            failed=counts["failed"],
            dropped=counts["dropped"],
        )
        self._show(health)
        # The folder may be full or gone; that the file grows old tells it, too.
        with suppress(OSError):
            health.write(self._ours.health)

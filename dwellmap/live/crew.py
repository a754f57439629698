"""The processes that watch the cameras: begun, listened to, begun again, ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from dwellmap.live.order import Order
from dwellmap.live.snapshot import News, Said, Saved, Snapshot

_LOOK_S = 0.5
_LONGEST_PAUSE_S = 30.0
# Whoever worked for so long is begun again at once.
_STEADY_S = 120.0


def _work(order: Order, line: Connection) -> None:
    """Begin in the new process; this one never loads what works there."""
    from dwellmap.live.engine import work

    work(order, line)


@dataclass(slots=True, eq=False)
class _Member:
    order: Order
    process: SpawnProcess | None = None
    line: Connection | None = None
    begun_s: float = 0.0
    again_s: float = 0.0
    pause_s: float = 0.0
    over: bool = False
    snapshot: Snapshot | None = field(default=None)


class Crew:
    """A process per camera; what happens to one does not disturb the others.

    Args:
        orders: The cameras, each with another name.
        say: Told what is worth telling: camera, text.

    """

    def __init__(self, orders: Sequence[Order], say: Callable[[str, str], None]) -> None:
        self._members = [_Member(order) for order in orders]
        self._say = say
        self._context = get_context("spawn")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cameras", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether no camera is watched any more, nor will be."""
        return all(member.over for member in self._members)

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the processes."""
        processes = (member.process for member in self._members)
        return tuple(process.pid for process in processes if process is not None and process.pid is not None)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The newest of each camera, in the order of the cameras."""
        return tuple(member.snapshot for member in self._members if member.snapshot is not None)

    def stop(self) -> None:
        """End the watching and wait until all hours are closed; called again, wait no longer."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not (self._ending.is_set() and all(member.process is None for member in self._members)):
            for member in self._members:
                self._tend(member)
            lines = [member.line for member in self._members if member.line is not None]
            if lines:
                connection.wait(lines, _LOOK_S)
            else:
                time.sleep(_LOOK_S / 5)

    def _tend(self, member: _Member) -> None:
        if member.process is None:
            if not member.over and not self._ending.is_set() and time.monotonic() >= member.again_s:
                self._begin(member)
            return
        self._hear(member)
        if self._ending.is_set() and not member.over and member.line is not None:
            member.over = True
            with suppress(OSError):
                member.line.send("end")
        if member.process.exitcode is not None:
            self._hear(member)
            self._ended(member, member.process.exitcode)

    def _begin(self, member: _Member) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(member.order, theirs), daemon=False)
        try:
            process.start()
        except OSError as error:
            ours.close()
            member.again_s = time.monotonic() + _LONGEST_PAUSE_S
            self._say(member.order.camera, f"no process can be started: {error.strerror}")
            return
        finally:
            theirs.close()
        member.process, member.line, member.begun_s = process, ours, time.monotonic()

    def _hear(self, member: _Member) -> None:
        # Ended in the middle of a word, its exit code tells the rest.
        with suppress(EOFError, OSError):
            while member.line is not None and member.line.poll():
                self._take(member, member.line.recv())

    def _take(self, member: _Member, news: News) -> None:
        if isinstance(news, Snapshot):
            member.snapshot = news
        elif isinstance(news, Said):
            self._say(member.order.camera, news.text)
        elif isinstance(news, Saved):
            people = f"{news.people} {'person' if news.people == 1 else 'people'} counted"
            self._say(member.order.camera, f"saved {news.name}: {people}, {news.run}")

    def _ended(self, member: _Member, code: int) -> None:
        if member.process is not None and member.line is not None:
            member.process.close()
            member.line.close()
        member.process = member.line = None
        if code == 0:
            member.over = True
            return
        steady = time.monotonic() - member.begun_s >= _STEADY_S
        member.pause_s = 1.0 if steady else min(_LONGEST_PAUSE_S, max(1.0, 2 * member.pause_s))
        member.again_s = time.monotonic() + member.pause_s
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        text = f"its process ended ({how}); begun again in {member.pause_s:.0f} s"
        self._say(member.order.camera, text)
        order = member.order
        member.snapshot = Snapshot(
            order.camera, order.shown, "trouble", text, datetime.now(UTC) + timedelta(seconds=member.pause_s),
            datetime.now(UTC), None, order.window_s, order.half_life_s,
        )  # fmt: skip

"""The process of one camera: from its stream to snapshots and saved hours, until it is told to end."""

from __future__ import annotations

import os
import resource
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

import cv2

from dwellmap.file_lock import try_lock
from dwellmap.live.hour import hours_of
from dwellmap.live.order import Order
from dwellmap.live.saving import Closers
from dwellmap.live.snapshot import News, Said, Snapshot, State
from dwellmap.live.watching import Setup, Watching
from tracker.live.events import Gap, Notice, Picture, Trouble
from tracker.live.stream import LiveStream, open_stream

_SNAPSHOT_S, _WAIT_S = 1.0, 0.25
LOCK = "lock"


def work(order: Order, line: Connection) -> None:
    """Watch a camera, in a process of its own.

    Args:
        order: What is asked for.
        line: Takes `News`; anything that comes from the other side, or its end, ends the watching.

    """
    # Ctrl-C goes to all processes of a terminal; the one that holds the line says when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # A core dump would hold pictures of people, and the password.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cv2.setNumThreads(1)
    engine = Engine(order, line)
    try:
        with engine.stream:
            engine.run()
    finally:
        engine.close()


class Engine:
    """Watches a camera.

    Args:
        order: What is asked for.
        line: See `work`.

    """

    def __init__(self, order: Order, line: Connection) -> None:
        self._order, self._line = order, line
        self.stream: LiveStream = open_stream(order.address, sample_fps=order.sample_fps)
        self._closers = Closers(order.out, self._tell)
        self._watching: Watching | None = None
        self._state: State = "connecting"
        self._message = ""
        self._retry_at: datetime | None = None
        self._told_s = -_SNAPSHOT_S
        self._stopped = False
        self._lock: int | None = None

    def run(self) -> None:
        """Watch until told to end, or until nothing can come any more."""
        try:
            hours = hours_of(self._order.out, self._order.camera)
            hours.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(hours / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            if not try_lock(self._lock):
                raise ValueError(
                    f"camera {self._order.camera!r} is watched by another `dwellmap live` with the same "
                    "output folder; end that one, or give this camera another name with NAME=ADDRESS"
                )
            setup = Setup(self._order)
            if (left := self._closers.recover(hours)) > 0:
                self._tell(
                    Said(f"{left} hour{'s' if left > 1 else ''} left behind by an earlier start: closing")
                )
            self._watch(setup)
        except (ValueError, OSError) as error:
            self._state, self._message, self._retry_at = "ended", _in_words(error), None
            self._tell(Said(self._message))
            self._show()

    def close(self) -> None:
        """Close the hour under way whole, and wait until its run is made."""
        if self._watching is not None:
            self._watching.close()
        self._closers.finish()
        if self._state != "ended":
            self._state, self._message = "ended", ""
        self._watching = None
        self._show()
        if self._lock is not None:
            os.close(self._lock)

    def _watch(self, setup: Setup) -> None:
        while not self._stopped and not self.stream.over:
            event = self.stream.next(_WAIT_S)
            if isinstance(event, Picture):
                self._take(event, setup)
            elif event is not None:
                self._note(event)
            if self._watching is not None:
                self._watching.saving.tick(datetime.now(UTC))
            self._closers.poll()
            self._listen()
            if time.monotonic() - self._told_s >= _SNAPSHOT_S:
                self._show()

    def _take(self, picture: Picture, setup: Setup) -> None:
        if self._watching is None:
            # Setting up takes seconds: the first picture is too old by then to be looked at.
            self._watching = Watching(setup, self._closers, self._tell, picture)
        else:
            self._watching.take(picture)
        if self._state != "watching":
            self._tell(Said(f"watching {self._order.shown}"))
        self._state, self._message, self._retry_at = "watching", "", None

    def _note(self, event: Gap | Trouble | Notice) -> None:
        if isinstance(event, Trouble):
            self._trouble(event)
        elif isinstance(event, Gap):
            if self._watching is not None:
                self._watching.gap(event.why)
            self._tell(Said(f"nothing was seen for {event.to_s - event.from_s:.1f} s: {event.why}"))
        else:
            self._tell(Said(event.message))

    def _trouble(self, trouble: Trouble) -> None:
        again = "" if trouble.retry_in_s is None else f"; again in {trouble.retry_in_s:.0f} s"
        self._tell(Said(f"{trouble.message}{again}"))
        self._message = trouble.message
        self._state = "ended" if trouble.fatal else "trouble"
        self._retry_at = (
            None if trouble.retry_in_s is None else datetime.now(UTC) + timedelta(seconds=trouble.retry_in_s)
        )
        self._show()

    def _show(self) -> None:
        self._told_s = time.monotonic()
        order = self._order
        snapshot = Snapshot(
            order.camera, order.shown, self._state, self._message, self._retry_at, datetime.now(UTC), None,
            order.window_s, order.half_life_s,
        )  # fmt: skip
        self._tell(snapshot if self._watching is None else self._watching.add_to(snapshot))

    def _tell(self, news: News) -> None:
        # Whoever listened may be gone: what is under way is closed all the same.
        with suppress(OSError):
            self._line.send(news)

    def _listen(self) -> None:
        try:
            if self._line.poll():
                self._line.recv()
                self._stopped = True
        except (EOFError, OSError):
            self._stopped = True


def _in_words(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.filename or 'output folder'}: {error.strerror.lower()}"
    return str(error)

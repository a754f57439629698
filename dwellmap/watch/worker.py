"""A process that works on one recording, seen from the service: its progress, its limits, its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, Literal

import psutil

from dwellmap.watch.health import AtWork
from dwellmap.watch.limits import Limits
from dwellmap.watch.names import shown
from dwellmap.watch.order import Order

How = Literal["done", "input", "died", "room", "inbox", "site", "changed", "stopped"]
_STEPS = {
    "getting the detector ready": (0.0, 0.05),
    "looking for people": (0.05, 0.65),
    "looking once more": (0.70, 0.20),
    "joining tracklets to people": (0.90, 0.02),
    "smoothing the paths": (0.92, 0.02),
    "computing the maps": (0.94, 0.06),
}
"""Where each step begins, and how much of the work it is: what a run of some minutes takes."""
_LOG_LINES, _LOG_CHARS = 120, 400
_LARGEST_EVENT = 65_536


@dataclass(frozen=True, slots=True)
class Ended:
    """How work on a recording ended.

    Attributes:
        how: "done"; "input": the recording is at fault; "died": the process ended by itself or at a limit;
            "room", "inbox", "site": the output folder is at fault, the inbox, the site file; "changed": it is
            another content now; "stopped".
        text: Why, in words; remarks where it is done.
        log: The last lines that the process wrote.
        run: Folder of the run, relative to the output folder.

    """

    how: How
    text: str = ""
    log: str = ""
    run: str = ""


def _work(order: Order, events: Connection, output: Connection) -> None:
    """Begin in the new process; the service itself never loads what works there."""
    from dwellmap.watch.job import work

    work(order, events, output)


def _started(context: ForkServerContext, told: tuple[Order, Connection, Connection]) -> ForkServerProcess:
    """A process, started; if the one that they come from was ended, by a new one of its kind.

    Raises:
        OSError: If none can be started.

    """
    for _ in range(2):
        process = context.Process(target=_work, args=told, daemon=True)
        with suppress(EOFError, ConnectionError):
            process.start()
            return process
    raise ChildProcessError("no process can be started: the one that they come from ends again and again")


class Worker:
    """A process at work.

    Args:
        context: Starts processes from one that has the libraries loaded already.
        order: What to do.
        slot: Number of the place it takes.
        size: Bytes of the recording.
        limits: What it may take.

    Raises:
        OSError: If no process can be started.

    Attributes:
        share: How far it is, 0..1.
        step: What it does.

    """

    def __init__(
        self,
        context: ForkServerContext,
        order: Order,
        slot: int,
        size: int,
        limits: Limits,
    ) -> None:
        # Parents are not made: the disk may have gone a moment ago.
        for folder in (order.scratch.parent, order.scratch):
            folder.mkdir(exist_ok=True)
        self.order, self.slot, self.size = order, slot, size
        self.share, self.step = 0.0, "beginning"
        self.began_s = time.monotonic()
        self._limits = limits
        self._duration_s: float | None = None
        self._end: Ended | None = None
        self._killed: Ended | None = None
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._rest = b""
        self._events, events = context.Pipe(duplex=False)
        self._output, output = context.Pipe(duplex=False)
        os.set_blocking(self._output.fileno(), False)
        try:
            self._process = _started(context, (order, events, output))
        except BaseException:
            self._events.close()
            self._output.close()
            raise
        finally:
            events.close()
            output.close()
        self.pid = self._process.pid or 0

    def poll(self) -> Ended | None:
        """Take its news and watch its limits; how it ended, once it has."""
        self._read()
        if self._process.exitcode is None:
            self._watch()
            return None
        self._read()
        self._process.join()
        return self._ended(self._process.exitcode)

    def left_s(self, pace: float | None) -> float | None:
        """Seconds until it is done, by how far it is, or by how long others of its size took.

        Args:
            pace: Seconds of work per byte; None if unknown.

        """
        passed_s = time.monotonic() - self.began_s
        if self.share > 0.1:
            return passed_s * (1 - self.share) / self.share
        return None if pace is None else max(0.0, pace * self.size - passed_s)

    def progress(self, pace: float | None) -> AtWork:
        """How far it is, for people."""
        return AtWork(
            content=self.order.content,
            name=shown(self.order.path),
            camera=self.order.camera,
            step=self.step,
            share=round(self.share, 3),
            left_s=self.left_s(pace),
        )

    def stop(self, gently: bool) -> None:
        """Ask it to end, or end it now; with all that it started."""
        if self._killed is None:
            self._killed = Ended("stopped")
        self._signal(signal.SIGTERM if gently else signal.SIGKILL)

    def close(self) -> None:
        """Let go of everything, once it has ended."""
        self._events.close()
        self._output.close()
        self._process.close()
        shutil.rmtree(self.order.scratch, ignore_errors=True)

    def _signal(self, number: int) -> None:
        if self._process.exitcode is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                # Not yet a group of its own, or over.
                self._process.kill()

    def _watch(self) -> None:
        """End it where it takes too much.

        Its memory is looked at from here: a limit on address space (RLIMIT_AS) would also count what
        OpenVINO and torch reserve and never touch. Between two looks the kernel picks it first when memory
        runs out (oom_score_adj).
        """
        if self._killed is not None:
            return
        longest_s = self._limits.time_s(self.size, self._duration_s)
        if time.monotonic() - self.began_s > longest_s:
            self._kill(f"it took longer than {longest_s / 60:.0f} minutes and was ended (--time-factor)")
            return
        try:
            taken = psutil.Process(self.pid).memory_info().rss
        except psutil.Error:
            return
        if taken > self._limits.memory_bytes:
            most = self._limits.memory_bytes / 1024**3
            self._kill(f"it took more than {most:.2g} GiB of memory and was ended (--memory-gb)")

    def _kill(self, why: str) -> None:
        self._killed = Ended("died", why)
        self._signal(signal.SIGKILL)

    def _read(self) -> None:
        # Ended in the middle of a word, its exit code tells the rest.
        with suppress(EOFError, OSError, ValueError):
            while self._events.poll():
                self._take(json.loads(self._events.recv_bytes(_LARGEST_EVENT)))
        while True:
            try:
                piece = os.read(self._output.fileno(), 65_536)
            except OSError:
                break
            if not piece:
                break
            *lines, self._rest = (self._rest + piece).split(b"\n")
            self._rest = self._rest[-_LOG_CHARS:]
            self._lines.extend(line.decode("utf-8", "replace")[:_LOG_CHARS] for line in lines)

    def _take(self, event: dict[str, Any]) -> None:
        self.step = event.get("step", self.step)
        if "share" in event:
            begin, part = _STEPS.get(self.step, (self.share, 0.0))
            self.share = max(self.share, begin + part * float(event["share"]))
        if event.get("duration_s") is not None:
            self._duration_s = float(event["duration_s"])
        if "run" in event:
            self._end = Ended("done", event["remarks"], run=event["run"])
        elif "fault" in event:
            self._end = Ended(event["fault"], event["text"])

    def _ended(self, code: int) -> Ended:
        if self._rest:
            self._lines.append(self._rest.decode("utf-8", "replace"))
        log = "\n".join(self._lines)
        if self._end is not None:
            return Ended(self._end.how, self._end.text, log, self._end.run)
        if self._killed is not None:
            return Ended(self._killed.how, self._killed.text, log)
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"signal {-code}"
            return Ended("died", f"its process was ended by {name}; the decoder may have crashed on it", log)
        return Ended("died", f"its process ended with an error (exit code {code})", log)

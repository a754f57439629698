"""The processes at work: how many there may be, which have ended, and how all are ended."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import get_context

from dwellmap.watch.health import AtWork
from dwellmap.watch.limits import Limits
from dwellmap.watch.order import Order
from dwellmap.watch.worker import Ended, Worker

_GENTLY_S, _FORCED_S = 5.0, 3.0
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Crew:
    """Processes at work.

    Args:
        limits: How many, and what each may take.

    Attributes:
        ended: Those that have ended, and how, oldest first; kept until they are taken out.

    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._workers: list[Worker] = []
        self.ended: deque[tuple[Worker, Ended]] = deque()
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["dwellmap.watch.job"])
        # The processes come from one that holds the libraries; nothing of the user's folder is loaded by it.
        os.environ["PYTHONSAFEPATH"] = "1"
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")

    @property
    def is_busy(self) -> bool:
        """Whether anything is at work, or has ended and is not taken out yet."""
        return bool(self._workers or self.ended)

    def poll(self) -> None:
        """See which have ended."""
        for worker in list(self._workers):
            ended = worker.poll()
            if ended is not None:
                self._workers.remove(worker)
                self.ended.append((worker, ended))

    def works_on(self, content: str) -> bool:
        """Whether one works on a content, or has and is not taken out yet."""
        over = (worker for worker, _ in self.ended)
        return any(worker.order.content == content for worker in (*self._workers, *over))

    def free_slot(self) -> int | None:
        """Number of a free place; None if all are taken."""
        busy = {worker.slot for worker in self._workers}
        return next((slot for slot in range(self._limits.workers) if slot not in busy), None)

    def start(self, order: Order, slot: int, size: int) -> Worker:
        """Give work to a free place.

        Raises:
            OSError: If no process can be started.

        """
        worker = Worker(self._context, order, slot, size, self._limits)
        self._workers.append(worker)
        return worker

    def end_unwanted(self, is_wanted: Callable[[str], bool]) -> None:
        """End, at once, work on contents that nobody wants any more."""
        for worker in self._workers:
            if not is_wanted(worker.order.content):
                worker.stop(gently=False)

    def end_all(self) -> None:
        """End all work, gently first."""
        for forced in (False, True):
            for worker in self._workers:
                worker.stop(gently=not forced)
            until_s = time.monotonic() + (_FORCED_S if forced else _GENTLY_S)
            while self._workers and time.monotonic() < until_s:
                self.poll()
                time.sleep(0.02)

    def progress(self, pace: float | None) -> tuple[AtWork, ...]:
        """How far each is; `pace` is seconds of work per byte."""
        return tuple(worker.progress(pace) for worker in self._workers)

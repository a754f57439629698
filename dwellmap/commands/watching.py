"""What `dwellmap watch` shows: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import io
import sys
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from dwellmap.watch.health import Health


class _Unhindered(io.FileIO):
    """Where nothing can be written (a full disk, a reader that has ended) nothing is, and nobody stops."""

    def write(self, data: Any, /) -> int:
        """Write what can be written."""
        size = memoryview(data).nbytes
        try:
            written = super().write(data)
        except OSError:
            return size
        return size if written is None else written


def error_console() -> Console:
    """A console on the standard error that is never the end of whoever writes to it."""
    raw = _Unhindered(sys.stderr.fileno(), "w", closefd=False)
    return Console(
        file=io.TextIOWrapper(io.BufferedWriter(raw), sys.stderr.encoding, errors="backslashreplace")
    )


class Board:
    """Shows what is under way.

    Args:
        console: Where.
        quiet: Show nothing.

    """

    def __init__(self, console: Console, quiet: bool) -> None:
        self._console, self._quiet = console, quiet
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._bars = Progress(*columns, console=console, transient=True, auto_refresh=False)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Board:
        if self._console.is_terminal and not self._quiet:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Stopped without having been started, it would print an empty line.
        if self._bars.live.is_started:
            self._bars.stop()

    def say(self, text: str) -> None:
        """Print a line with the time of day."""
        if not self._quiet:
            now = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
            self._console.print(f"{now}  {text}", highlight=False, markup=False, soft_wrap=True)

    def show(self, health: Health) -> None:
        """Move the bars."""
        if not self._console.is_terminal or self._quiet:
            return
        rows = {w.content: (f"{w.name}: {w.step}", w.share, w.left_s) for w in health.at_work}
        all_in = health.done + health.failed + health.dropped
        total = all_in + health.waiting + health.running
        said = f"{health.done} done, {health.waiting} waiting, {health.failed} failed"
        if health.arriving:
            said += f", {len(health.arriving)} coming"
        rows["all"] = (said, all_in / total if total else 1.0, health.left_s)
        for gone in self._tasks.keys() - rows.keys():
            self._bars.remove_task(self._tasks.pop(gone))
        for key, (text, share, left_s) in rows.items():
            left = time_left(left_s) if total > all_in else ""
            if key not in self._tasks:
                self._tasks[key] = self._bars.add_task(text, total=1.0, left=left)
            self._bars.update(self._tasks[key], description=text, completed=share, left=left)
        self._bars.refresh()


def time_left(left_s: float | None) -> str:
    """Time left in words of a clock; empty if unknown."""
    return "" if left_s is None else f"{timedelta(seconds=round(left_s))} left"

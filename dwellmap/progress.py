"""Progress with the time left, for people; silence for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Step(Protocol):
    """One piece of work under way."""

    def to(self, done: float) -> None:
        """Say how far it is, in the unit of its total."""
        ...


class Reporter(Protocol):
    """Shows what is under way."""

    @contextmanager
    def step(self, what: str, total: float | None) -> Iterator[Step]:
        """Announce a piece of work; `total` None if nobody knows how long it is."""
        ...

    def say(self, text: str) -> None:
        """Tell the person something that matters now."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def step(self, what: str, total: float | None) -> Iterator[Step]:
        """Yield a step that shows nothing."""
        del what, total
        yield self

    def to(self, done: float) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""


class OnConsole:
    """Bars on a terminal, with the time left."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, what: str, total: float | None) -> Iterator[Step]:
        """Show a bar while the block runs; it goes when the block ends."""
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield _Bar(bar, task)

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False, markup=False)


class _Bar:
    """A step shown as a bar."""

    def __init__(self, bar: Progress, task: object) -> None:
        self._bar, self._task = bar, task

    def to(self, done: float) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done)  # type: ignore[arg-type]

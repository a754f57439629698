"""Several recordings in one command: one after the other, the faults of one kept from the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from dwellmap.progress import Reporter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Handled(Generic[T]):
    """What came of the recordings of a command.

    Attributes:
        done: One result for each that went well.
        failed: What was wrong with each of the others.
        total: How many there were.

    """

    done: list[T]
    failed: list[str]
    total: int

    def raise_failures(self) -> None:
        """Tell what failed, when the results of the others have been shown.

        Raises:
            ValueError: Some did.

        """
        if self.failed:
            raise ValueError(
                f"{len(self.failed)} of {self.total} recordings failed:\n" + "\n".join(self.failed)
            )


def handle_each(recordings: list[Path], handle: Callable[[Path], T], reporter: Reporter) -> Handled[T]:
    """Handle recordings in their order. One bad file must not cost the night's work on the others.

    Raises:
        ValueError, OSError: What is wrong with the only recording.

    """
    handled: Handled[T] = Handled([], [], len(recordings))
    for number, path in enumerate(recordings, start=1):
        if handled.total > 1:
            reporter.say(f"{number} of {handled.total}: {path}")
        try:
            handled.done.append(handle(path))
        except (ValueError, OSError) as error:
            if handled.total == 1:
                raise
            handled.failed.append(str(error) if str(path) in str(error) else f"{path}: {error}")
    return handled

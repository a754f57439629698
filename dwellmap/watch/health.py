"""How the service is, as a small file for monitors, written every few seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

STALE_S = 60.0
"""A file older than this says that the service hangs or is gone."""


class AtWork(BaseModel):
    """A recording that is being worked on."""

    model_config = ConfigDict(frozen=True)

    content: str
    name: str
    camera: str
    step: str
    share: float
    left_s: float | None


class Coming(BaseModel):
    """A file that is not whole yet."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    why: str


class Health(BaseModel):
    """What the file says.

    Attributes:
        state: "watching", "paused" (for `reason`, and goes on by itself) or "stopped".
        written: Seconds since 1970.
        failed: Recordings that want a person.
        left_s: Seconds until all that waits is done, if the pace holds; None if unknown.
        left_alone: Endings of files in the inbox that are no videos, and how many.

    """

    model_config = ConfigDict(frozen=True)

    format: str = "dwellmap-health"
    version: int = 1
    state: str
    reason: str = ""
    pid: int
    inbox: str
    written: float
    waiting: int
    running: int
    done: int
    failed: int
    dropped: int
    free_bytes: int | None
    left_s: float | None
    at_work: tuple[AtWork, ...] = ()
    arriving: tuple[Coming, ...] = ()
    left_alone: dict[str, int] = {}

    @property
    def is_stale(self) -> bool:
        """Whether it is too old to be believed."""
        return self.state != "stopped" and time.time() - self.written > STALE_S

    def write(self, file: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OSError: If it cannot be written.

        """
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_text(json.dumps(self.model_dump(), indent=1) + "\n", encoding="utf-8")
        os.replace(draft, file)


def time_left_s(running_s: Sequence[float | None], waiting_bytes: int, pace: float | None) -> float | None:
    """Seconds until all is done; None if nobody knows.

    Args:
        running_s: Of each recording under way, seconds left.
        waiting_bytes: Size of all that waits.
        pace: Seconds of work per byte; None if unknown.

    """
    if waiting_bytes and pace is None:
        return None
    known_s = [left_s for left_s in running_s if left_s is not None]
    return max(known_s, default=0.0) + waiting_bytes * (pace or 0.0) / max(1, len(running_s))


def read_health(file: Path) -> Health | None:
    """Read the file; None if there is none, or none of ours."""
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        return Health.model_validate(content)
    except (OSError, ValueError, ValidationError):
        return None

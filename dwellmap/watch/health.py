"""How the service is, as a small file for monitors, written every few seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

STALE_S = 60.0
"""A file older than this says that the service hangs or is gone."""
_LONGEST_H, _MOST_DAYS = 12.0, 2


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


class Erasing(BaseModel):
    """How the nightly erasing of personal data stands.

    Attributes:
        retain_days: Days that are kept.
        last: The night, as an ISO date, in which everything older went last; None if never.
        since: When it began, seconds since 1970, while it is at work.
        faults: What could not be erased and why, the first few; empty if the last erasure was whole.
        more: How many faults there are beside these.

    """

    model_config = ConfigDict(frozen=True)

    retain_days: int
    last: str | None = None
    since: float | None = None
    faults: tuple[str, ...] = ()
    more: int = 0

    def lacking(self, now: float) -> str:
        """Why personal data may be kept longer than was agreed; empty if they are not.

        Args:
            now: Seconds since 1970.

        """
        if self.faults:
            also = f" (and {self.more} more)" if self.more else ""
            return f"personal data could not be erased: {self.faults[0]}{also}"
        if self.since is not None:
            hours = (now - self.since) / 3600.0
            return f"erasing personal data takes {hours:.0f} hours already" if hours > _LONGEST_H else ""
        if self.last is None:
            return "personal data have never been erased"
        try:
            days = (date.fromtimestamp(now) - date.fromisoformat(self.last)).days
        except ValueError:
            return f"nobody knows when personal data were erased last ({self.last})"
        return f"personal data were erased {days} days ago" if days > _MOST_DAYS else ""


class Health(BaseModel):
    """What the file says.

    Attributes:
        state: "watching", "paused" (for `reason`, and goes on by itself) or "stopped".
        written: Seconds since 1970.
        failed: Recordings that want a person.
        left_s: Seconds until all that waits is done, if the pace holds; None if unknown.
        left_alone: Endings of files in the inbox that are no videos, and how many.
        unreadable: Folders of the inbox that the service may not look into.
        erasing: How the nightly erasing stands; None if nothing is erased (`--retain-days`).
        lacks: What a person should look at, in words: the reason of a pause, failed recordings, personal data
            that are kept too long.

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
    unreadable: tuple[str, ...] = ()
    erasing: Erasing | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def lacks(self) -> tuple[str, ...]:
        """See above."""
        found = [f"{self.state}: {self.reason}"] if self.reason else []
        if self.failed:
            found.append(
                "1 recording has failed" if self.failed == 1 else f"{self.failed} recordings have failed"
            )
        found += [f"the folder {folder} of the inbox cannot be read" for folder in self.unreadable]
        if self.erasing is not None and (why := self.erasing.lacking(self.written)):
            found.append(why)
        return tuple(found)

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

"""What the ledger knows of a content, and of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["waiting", "running", "done", "failed", "dropped"]
STATES: tuple[State, ...] = ("waiting", "running", "done", "failed", "dropped")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of one content.

    Attributes:
        content: SHA-256 of its bytes; for what is never read, such as a symbolic link, a name for that.
        state: Where it stands.
        name: File name under which it came first, relative to the inbox.
        camera: The camera it is from; empty if no camera fits.
        size: Bytes.
        added: When it was taken, seconds since 1970.
        started: When work on it began last.
        ended: When that ended.
        attempts: Attempts that failed.
        interrupted: Attempts that ended with the service.
        reason: Why it failed, or what is worth knowing of a run that is done.
        log: The last lines that a failed attempt wrote.
        run: Folder of the run, relative to the output folder.
        pid: Process that works on it.

    """

    content: str
    state: State
    name: str
    camera: str
    size: int
    added: float
    started: float | None
    ended: float | None
    attempts: int
    interrupted: int
    reason: str
    log: str
    run: str | None
    pid: int | None

    @property
    def is_homeless(self) -> bool:
        """Whether it was set aside untried, for it fitted no camera."""
        return self.state == "failed" and not self.attempts and not self.camera


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of the inbox whose content is known.

    Attributes:
        path: Relative to the inbox.
        content: Key of its entry.
        stamp: (size, time of change in ns, inode); another stamp means another content.
        gone: Whether it was no longer there when looked for last.

    """

    path: Path
    content: str
    stamp: tuple[int, int, int]
    gone: bool

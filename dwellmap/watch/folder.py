"""The service's own folder in the output folder: where ledger, locks, health and log lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WatchFolder:
    """Paths below `<out>/.watch`; its name begins with a dot, so no camera is mistaken for it.

    Attributes:
        out: The output folder.

    """

    out: Path

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.out / ".watch"

    @property
    def ledger(self) -> Path:
        """What became of every recording."""
        return self.path / "ledger.sqlite"

    @property
    def health(self) -> Path:
        """How the service is, for monitors."""
        return self.path / "health.json"

    @property
    def log(self) -> Path:
        """What the service said; turned over before it grows large."""
        return self.path / "service.log"

    @property
    def holder(self) -> Path:
        """Locked by the one service that may work here."""
        return self.path / "holder.lock"

    @property
    def workers(self) -> Path:
        """Locked, shared, by every process that works on a recording."""
        return self.path / "workers.lock"

    @property
    def scratch(self) -> Path:
        """Temporary files of the processes; emptied when the service starts."""
        return self.path / "scratch"

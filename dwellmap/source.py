"""Where a run's footage came from, as its recipe keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where a run's footage came from.

    Attributes:
        name: Name of the recording.
        path: Path as it was given.
        content_hash: SHA-256 of the content.
        size_px: (width, height).
        start: Wall-clock start, timezone-aware, or None.
        start_source: Where the start came from.
        clock_rate: Real seconds in a second of the container.
        sample_fps: Pictures a second that were looked at; None for all.
        detector: Kind of the detector.
        detector_identity: What determined its boxes.
        detector_description: One line for people.
        appearance: What described people's looks, "none" if nothing did.
        time_zone: IANA name of the zone of `start`; None where only its offset is known.

    """

    name: str
    path: str
    content_hash: str
    size_px: tuple[int, int]
    start: datetime | None
    start_source: str
    clock_rate: float
    sample_fps: float | None
    detector: str
    detector_identity: str
    detector_description: str
    appearance: str
    time_zone: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "name": self.name,
            "path": self.path,
            "content_hash": self.content_hash,
            "size_px": list(self.size_px),
            "start": None if self.start is None else self.start.isoformat(),
            "start_source": self.start_source,
            "clock_rate": self.clock_rate,
            "sample_fps": self.sample_fps,
            "detector": self.detector,
            "detector_identity": self.detector_identity,
            "detector_description": self.detector_description,
            "appearance": self.appearance,
            "time_zone": self.time_zone,
        }

    @classmethod
    def from_json(cls, content: Any) -> Source:
        """What `to_json` wrote.

        Raises:
            ValidationError: If it is something else.

        """
        return _STORED.validate_python(content)


_STORED = TypeAdapter(Source)

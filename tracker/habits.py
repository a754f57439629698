"""What has to be known of a detector to read its boxes."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """How a detector draws its boxes, and how much they say.

    Attributes:
        near_edge_m: How far before the middle of the body, towards the camera, the lower edge of its boxes
            meets the floor, in metres; 0 where that is not known.
        evidence: How much a second of boxes speaks for a person, as a share of what it does for a network
            that was taught people (`linking.false_s`), in 0..1. Less where false alarms last for seconds.

    """

    near_edge_m: float = 0.0
    evidence: float = 1.0

    def __post_init__(self) -> None:
        """Check the values: they are read from files, too."""
        for name, value in asdict(self).items():
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"habits of a detector: expected {name} in 0..1, got {value!r}")

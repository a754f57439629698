"""What a calibration that was made from people rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MadeFromPeople:
    """What a floor was estimated from, and how well.

    Attributes:
        tracks: Number of people, or pieces of their tracks.
        positions: Number of places in which they were seen whole.
        length_sigma: Relative 1-sigma error of lengths on the floor.

    """

    tracks: int
    positions: int
    length_sigma: float

    def in_words(self) -> str:
        """For the user."""
        return (
            f"the floor was estimated from people alone, seen in {self.positions} places: lengths are right "
            f"to about {self.length_sigma:.0%}, and where it lies on a plan is not known"
        )

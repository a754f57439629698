"""Phantoms that only the whole day shows: each recording is too short to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dwellmap.days.timeline import Laid, Timeline, reading
from tracker.phantoms import Suspect, at_place, chained

# Of the boxes of a phantom most lie in its place; a person who stops there for a while has others.
_MOST = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class DayPhantom:
    """A thing that stood still, unchanged, for long enough over several recordings.

    Attributes:
        place: Its box in the first of them.
        still_s: For how long it stood there.
        people: By the name of each run in which it stood, the persons (n,) that it was taken for there.

    """

    place: tuple[float, float, float, float]
    still_s: float
    people: Mapping[str, NDArray[np.int64]]

    def in_words(self) -> str:
        """For the user."""
        x1, _, x2, y2 = self.place
        runs = list(self.people)
        return (
            "suspected phantom left out of the day (a mannequin, a poster?): at pixel "
            f"({(x1 + x2) / 2:.0f}, {y2:.0f}), unchanged for {self.still_s / 60:.1f} min over {len(runs)} "
            f"recordings, {runs[0]} to {runs[-1]}"
        )


def phantoms_of(timeline: Timeline) -> tuple[DayPhantom, ...]:
    """What is left out of the day, though the runs by themselves count it.

    Raises:
        UnreadableError: If a part cannot be read.

    """
    laid = timeline.laid
    if not laid:
        return ()
    settings = laid[0].part.settings.phantoms
    chains = chained([(part.shift_s, part.suspects) for part in laid], settings)
    found = []
    for chain in chains:
        if chain[0][1].is_phantom(settings):
            people = {laid[k].part.name: _people_at(laid[k], suspect) for k, suspect in chain}
            if any(len(taken) for taken in people.values()):
                found.append(DayPhantom(chain[0][1].xyxy_px, chain[0][1].still_s, people))
    return tuple(found)


def _people_at(part: Laid, suspect: Suspect) -> NDArray[np.int64]:
    """The persons (n,) of a part whose boxes are the suspect."""
    with reading(part.part):
        tracks = part.part.run.tracks()
    there = at_place(tracks.xyxy_px, tracks.t_s, suspect)
    people, number = np.unique(tracks.person, return_inverse=True)
    share = np.bincount(number, there, minlength=len(people)) / np.bincount(number, minlength=len(people))
    return np.asarray(people[share >= _MOST])

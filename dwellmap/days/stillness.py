"""Phantoms that only the whole day shows: each recording is too short to tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dwellmap.days.timeline import Timeline
from tracker.phantoms import at_place, chained

# Of the boxes of a phantom most lie in its place; a person who stops there for a while has others.
_MOST = 0.8


def phantom_people(timeline: Timeline) -> list[NDArray[np.int64]]:
    """Of each part the persons who are a thing that stood still, unchanged, long enough over several."""
    laid = timeline.laid
    if not laid:
        return []
    settings = laid[0].part.run.settings().phantoms
    stood = chained([(part.shift_s, part.part.run.suspects()) for part in laid], settings)
    found = []
    for part, suspects in zip(laid, stood, strict=True):
        phantoms = [suspect for suspect in suspects if suspect.is_phantom(settings)]
        if not phantoms:
            found.append(np.zeros(0, dtype=np.int64))
            continue
        tracks = part.part.run.tracks()
        there = np.zeros(len(tracks), dtype=np.bool_)
        for phantom in phantoms:
            there |= at_place(tracks.xyxy_px, tracks.t_s, phantom)
        people, number = np.unique(tracks.person, return_inverse=True)
        share = np.bincount(number, there, minlength=len(people)) / np.bincount(number, minlength=len(people))
        found.append(people[share >= _MOST])
    return found

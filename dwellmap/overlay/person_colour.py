"""A colour for every person, the same in all pictures."""

from __future__ import annotations

import colorsys

# Steps of the golden ratio round the circle of hues: neighbours in number differ, however many there are.
_GOLDEN = 0.6180339887


def colour_of(person: int) -> tuple[int, int, int]:
    """RGB 0 to 255 of a person's number."""
    hue = person * _GOLDEN % 1.0
    light = 0.52 + 0.1 * (person % 3 - 1)
    r, g, b = colorsys.hls_to_rgb(hue, light, 0.85)
    return round(255 * r), round(255 * g), round(255 * b)

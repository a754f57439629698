"""What is asked of `dwellmap activity`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.colours import ColourName
from tracker.fingerprint import hash_file

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|min)?")
_GRID = re.compile(r"(\d{1,3})\s*[x×]\s*(\d{1,3})")


@dataclass(frozen=True, slots=True, eq=False)
class ActivityOptions:
    """How activity is measured and drawn.

    Attributes:
        every_s: Seconds between pictures looked at; 0 for every picture.
        threshold: Grey levels by which a pixel must differ to move; None: above its own noise.
        reference: Picture of the empty scene; None: made from the recording.
        roi_px: Polygons (n, 2) of the picture in which activity counts; empty for all of it.
        grid: (rows, columns) of the table.
        colours: Name of the colour map.
        opacity: Of heat over a picture, 0 to 1.
        films: Whether films are made.
        speed: Seconds of the recording in a second of film; None for films of about 20 s.
        show_people: Put the recording's own pictures under the films.

    """

    every_s: float = 0.2
    threshold: float | None = None
    reference: Path | None = None
    roi_px: tuple[NDArray[np.float64], ...] = ()
    grid: tuple[int, int] = (4, 4)
    colours: ColourName = "magma"
    opacity: float = 0.7
    films: bool = True
    speed: float | None = None
    show_people: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain values; a reference by its content."""
        return {
            "every_s": self.every_s,
            "threshold_grey_levels": self.threshold,
            "reference": None if self.reference is None else hash_file(self.reference),
            "roi_px": [polygon.tolist() for polygon in self.roi_px],
            "grid": list(self.grid),
            "colours": self.colours,
            "opacity": self.opacity,
            "films": self.films,
            "speed": self.speed,
            "show_people": self.show_people,
        }


def parse_every(text: str) -> float:
    """Seconds from "0.2s", "200ms", "1min" or "0.2".

    Raises:
        ValueError: If it is no such duration, or longer than an hour.

    """
    found = _DURATION.fullmatch(text.strip())
    seconds = None if found is None else float(found[1]) * {"ms": 0.001, "min": 60.0}.get(found[2], 1.0)
    if seconds is None or seconds > 3600:
        raise ValueError(f"--every {text}: expected a time of at most an hour, such as 0.2s, 200ms or 0")
    return seconds


def parse_grid(text: str) -> tuple[int, int]:
    """(rows, columns) from "4x4".

    Raises:
        ValueError: If it is no such size.

    """
    found = _GRID.fullmatch(text.strip())
    if found is None or not (int(found[1]) and int(found[2])):
        raise ValueError(f"--grid {text}: expected rows x columns, at least 1x1, such as 4x4")
    return int(found[1]), int(found[2])

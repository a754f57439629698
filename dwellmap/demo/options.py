"""What `dwellmap demo` films."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

from dwellmap.demo.lights import LightKind

_WIDEST_PX = 1920
# A stretch that is left out needs this much film around it.
_SLOT_S = 12.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What is filmed.

    Attributes:
        length_s: Length of the film.
        people: How many different people come in; 0 films an empty shop.
        seed: Of everything that is drawn at random; the same options give the same film.
        fps: Pictures a second.
        size_px: (width, height), both even.
        variable_rate: Whether the rate wanders between 60 and 140 % and each picture comes a little off beat.
        camera_height_m: Height of the lens over the floor.
        camera_tilt_deg: How far below the horizon it looks; None for the middle of the shop.
        crowding: 0 to 1, how much people keep together and how close they pass.
        lights: "steady", "changing" (daylight, lamps, exposure) or "infrared" (a night view half way).
        mannequin: Whether a dressed figure stands in the shop.
        screen: Whether a screen on the wall plays a video.
        moved: Whether a display stand is moved at two fifths of the length.
        dropped: How many stretches of 2 to 5 s are missing.

    """

    length_s: float = 240.0
    people: int = 12
    seed: int = 1
    fps: float = 15.0
    size_px: tuple[int, int] = (960, 540)
    variable_rate: bool = False
    camera_height_m: float = 3.4
    camera_tilt_deg: float | None = None
    crowding: float = 0.5
    lights: LightKind = "steady"
    mannequin: bool = False
    screen: bool = False
    moved: bool = False
    dropped: int = 0

    def __post_init__(self) -> None:
        """Say everything that cannot be filmed."""
        width, height = self.size_px
        tilt_deg = 30.0 if self.camera_tilt_deg is None else self.camera_tilt_deg
        small_enough = 160 <= width <= _WIDEST_PX and 90 <= height <= _WIDEST_PX
        most_dropped = int(self.length_s / _SLOT_S) if math.isfinite(self.length_s) else 0
        checks = (
            (5 <= self.length_s <= 24 * 3600, "length: expected 5 s to a day", f"{self.length_s:g} s"),
            (0 <= self.people <= 500, "people: expected 0 to 500", self.people),
            (0 <= self.seed < 2**63, "seed: expected 0 or more, below 2^63", self.seed),
            (1 <= self.fps <= 120, "pictures a second: expected 1 to 120", f"{self.fps:g}"),
            (
                small_enough and width % 2 == 0 and height % 2 == 0,
                f"size: expected even sides from 160x90 to {_WIDEST_PX} px",
                f"{width}x{height}",
            ),
            (
                2.3 <= self.camera_height_m <= 4.2,
                "camera height: expected 2.3 to 4.2 m",
                f"{self.camera_height_m:g} m",
            ),
            (
                10 <= tilt_deg <= 50,
                "camera tilt: expected 10 to 50 degrees below the horizon",
                f"{tilt_deg:g}",
            ),
            (0 <= self.crowding <= 1, "crowding: expected 0 to 1", f"{self.crowding:g}"),
            (
                self.lights in get_args(LightKind),
                f"lights: expected {', '.join(get_args(LightKind))}",
                repr(self.lights),
            ),
            (
                0 <= self.dropped <= most_dropped,
                f"dropped: expected 0 to {most_dropped} in {self.length_s:g} s",
                self.dropped,
            ),
        )
        faults = [f"{expected}, got {got}" for fine, expected, got in checks if not fine]
        if faults:
            raise ValueError("demo: " + "; ".join(faults))

"""The shop of the demo: a room with shelves, a counter and a door, in metres on the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of furniture: an upright box on the floor.

    Attributes:
        name: What it is, as written on the plan.
        left_m, top_m, right_m, bottom_m: Its outline on the plan (x right, y down).
        height_m: Height above the floor.
        kind: "shelf" (goods on its faces), "counter", "table", "crate" or "till".
        faces: Sides people stop at: any of "left", "top", "right", "bottom".

    """

    name: str
    left_m: float
    top_m: float
    right_m: float
    bottom_m: float
    height_m: float
    kind: str
    faces: tuple[str, ...]

    @property
    def corners_m(self) -> NDArray[np.float64]:
        """(4, 2) corners on the plan, around the box."""
        return np.array(
            [
                [self.left_m, self.top_m],
                [self.right_m, self.top_m],
                [self.right_m, self.bottom_m],
                [self.left_m, self.bottom_m],
            ]
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to stop at: where the feet are, which way to look (radians, 0 along x) and at what."""

    x_m: float
    y_m: float
    facing_rad: float
    furniture: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A rectangular room with its corner at the plan's origin and a door in its right-hand wall.

    Attributes:
        width_m, depth_m: Size of the room along x and y.
        wall_m: Height of the walls.
        door_m: (from, to) along y of the opening in the right-hand wall.
        door_height_m: Height of the opening.
        furniture: What stands in the room.
        fittings: What stands on the furniture: seen, but on no plan.
        queue_m: Points (x, y) of the line along which people queue, from the place at the counter on.
        meeting_m: Points (x, y) on open floor where people stop to talk.
        zones: Name and rectangle (left, top, right, bottom) of areas worth a number of their own.

    """

    width_m: float
    depth_m: float
    wall_m: float
    door_m: tuple[float, float]
    door_height_m: float
    furniture: tuple[Box, ...]
    fittings: tuple[Box, ...]
    queue_m: tuple[tuple[float, float], ...]
    meeting_m: tuple[tuple[float, float], ...]
    zones: tuple[tuple[str, tuple[float, float, float, float]], ...]

    @property
    def outside_m(self) -> NDArray[np.float64]:
        """(2,) point before the door where people come from and go to."""
        return np.array([self.width_m + 0.9, sum(self.door_m) / 2])

    def spots(self, reach_m: float = 0.45, every_m: float = 0.8) -> tuple[Spot, ...]:
        """Return the places to stop at: a row of them before each open face of the furniture."""
        found: list[Spot] = []
        for box in self.furniture:
            for face in box.faces:
                along_x = face in ("top", "bottom")
                low, high = (box.left_m, box.right_m) if along_x else (box.top_m, box.bottom_m)
                n = max(1, int((high - low) / every_m))
                for a in low + (np.arange(n) + 0.5) * (high - low) / n:
                    x, y, facing = {
                        "top": (a, box.top_m - reach_m, np.pi / 2),
                        "bottom": (a, box.bottom_m + reach_m, -np.pi / 2),
                        "left": (box.left_m - reach_m, a, 0.0),
                        "right": (box.right_m + reach_m, a, np.pi),
                    }[face]
                    found.append(Spot(float(x), float(y), float(facing), box.name))
        return tuple(found)


CORNER_SHOP = Shop(
    width_m=10.0,
    depth_m=8.0,
    wall_m=4.4,
    door_m=(0.9, 2.3),
    door_height_m=2.2,
    furniture=(
        Box("wall shelf", 1.2, 0.0, 6.8, 0.45, 1.9, "shelf", ("bottom",)),
        Box("gondola A", 2.9, 2.2, 5.7, 2.9, 1.15, "shelf", ("top", "bottom")),
        Box("gondola B", 4.4, 4.5, 7.2, 5.1, 1.0, "shelf", ("top", "bottom")),
        Box("counter", 6.6, 6.7, 9.0, 7.3, 1.05, "counter", ()),
        Box("side shelf", 9.55, 3.3, 10.0, 6.0, 1.8, "shelf", ("left",)),
        Box("table", 1.1, 4.2, 2.1, 5.2, 0.75, "table", ("top", "right", "left")),
    ),
    fittings=(Box("till", 7.62, 6.9, 7.98, 7.12, 1.42, "till", ()),),
    queue_m=((7.8, 6.3), (3.9, 6.3), (3.6, 6.0), (3.6, 4.0)),
    meeting_m=((8.5, 5.2), (3.4, 3.7), (6.7, 3.7), (7.9, 1.6), (3.1, 5.2)),
    zones=(
        ("counter", (6.4, 5.5, 9.2, 6.7)),
        ("wall shelf", (1.2, 0.45, 6.8, 1.5)),
    ),
)
"""The shop that `dwellmap demo` films."""

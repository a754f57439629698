"""Scene geometry: what stands on the floor, what ends it and what must not count. Metres on the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

DEFAULT_FURNITURE_HEIGHT_M = 1.4


def _vertices(points: ArrayLike, least: int, what: str) -> NDArray[np.float64]:
    array = np.array(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < least or not np.all(np.isfinite(array)):
        raise ValueError(f"{what}: expected at least {least} points [x, y], got {np.shape(points)}")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Wall:
    """A wall: a polyline (n, 2) in metres that heat does not cross and nobody walks through."""

    xy_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the vertices."""
        object.__setattr__(self, "xy_m", _vertices(self.xy_m, 2, "wall"))


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """A door: a line (n, 2) in metres at which people come and go."""

    xy_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the vertices."""
        object.__setattr__(self, "xy_m", _vertices(self.xy_m, 2, "door"))


@dataclass(frozen=True, slots=True, eq=False)
class Furniture:
    """A piece of furniture: a polygon (n, 2) in metres that nobody stands in, and its height in metres."""

    xy_m: NDArray[np.float64]
    height_m: float = DEFAULT_FURNITURE_HEIGHT_M

    def __post_init__(self) -> None:
        """Check the vertices and the height."""
        object.__setattr__(self, "xy_m", _vertices(self.xy_m, 3, "furniture"))
        if not 0 < self.height_m < 20:
            raise ValueError(f"furniture: expected a height between 0 and 20 m, got {self.height_m}")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All geometry of one floor.

    Attributes:
        walls: Heat stops at these.
        doors: A path that begins or ends here came in or went out.
        furniture: Hides the floor behind it.
        ignored_floor_m: Polygons (n, 2) in metres in which nobody counts.

    """

    walls: tuple[Wall, ...] = ()
    doors: tuple[Door, ...] = ()
    furniture: tuple[Furniture, ...] = ()
    ignored_floor_m: tuple[NDArray[np.float64], ...] = ()

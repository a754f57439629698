"""The floor as an outline that drawings are laid over: walls, furniture and zones to one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.zones import Zone
from calibration.scene import Scene
from dwellmap.report.svg import INK, Element, add


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things of the floor lie in a drawing.

    Attributes:
        origin: (x, y) of the drawing's top-left corner, in the floor's unit.
        scale: Drawing units per unit of the floor.

    """

    origin: tuple[float, float]
    scale: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a position of the floor lies."""
        return (x - self.origin[0]) * self.scale, (y - self.origin[1]) * self.scale

    def points(self, xy: NDArray[np.float64]) -> str:
        """An outline (n, 2), as drawings have it."""
        return " ".join("{:.1f},{:.1f}".format(*self.at(x, y)) for x, y in np.asarray(xy).tolist())

    def furniture(self, root: Element, scene: Scene) -> None:
        """Draw what stands on the floor."""
        for piece in scene.furniture:
            add(root, "polygon", points=self.points(piece.xy_m), fill="#e8eaed", stroke="#c9cdd3")

    def walls(self, root: Element, scene: Scene) -> None:
        """Draw the walls."""
        for wall in scene.walls:
            add(
                root,
                "polyline",
                points=self.points(wall.xy_m),
                fill="none",
                stroke=INK,
                stroke_width=1.5,
            )

    def zone(self, root: Element, zone: Zone, fill: str = "none") -> None:
        """Draw a zone's outline."""
        add(
            root,
            "polygon",
            points=self.points(zone.xy_m),
            fill=fill,
            stroke=INK,
            stroke_width=1,
            stroke_dasharray="4 3",
        )


def name_of(root: Element, text: str, x: float, y: float, **attributes: object) -> None:
    """Write a name that can be read over anything."""
    add(
        root,
        "text",
        text,
        x=x,
        y=y,
        fill=INK,
        stroke="#ffffff",
        stroke_width=2.5,
        paint_order="stroke",
        **attributes,
    )

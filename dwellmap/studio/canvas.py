"""The canvas of the studio: a picture or a plan on which points and outlines are set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nicegui.element import Element
from numpy.typing import NDArray

Extent = tuple[float, float, float, float]
State = Literal["ok", "open", "out"]

KEYS = (
    "Arrow keys move the cross (with Shift faster), Enter sets a point there or a corner (twice ends an "
    "outline), Space takes up the point under the cross, then arrow keys move it; Escape lets go, Delete "
    "removes, Ctrl+Z takes back, + and - zoom, 0 shows all."
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to show.

    Attributes:
        index: What events name it by.
        x: Where, in the canvas's unit.
        y: Where.
        label: Written beside it.
        state: "ok", "open" (the other side is missing) or "out" (left out of the fit).
        note: Written behind the label, such as its residual.

    """

    index: int
    x: float
    y: float
    label: str
    state: State = "ok"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline or line to show; points are in the canvas's unit."""

    kind: Literal["polygon", "line"]
    points: list[list[float]]
    label: str
    colour: str
    dashed: bool = False


class Canvas(Element, component="canvas.js", default_classes="studio-canvas"):
    """Shows a picture or plan, and tells what a person does on it.

    Events, with their arguments: `place` (x, y), `move` (index, x, y), `choose` (index, -1 for none),
    `remove` (index), `undo`; `draw` (points), `reshape` (index, corner, x, y), `chooseShape` (index),
    `removeShape` (index).
    """

    def __init__(self, label: str, unit: Literal["px", "m"], extent: Extent, tool: str) -> None:
        """Show an empty canvas.

        Args:
            label: What it is, for those who don't see it.
            unit: Unit of its coordinates.
            extent: (x0, y0, x1, y1) that is shown.
            tool: "points", "polygon", "line", "edit" or "look".

        """
        super().__init__()
        self._props.update(
            label=f"{label}. {KEYS}" if tool != "look" else label, unit=unit, extent=list(extent), tool=tool,
            chosen=-1, chosenShape=-1, points=[], shapes=[], layers=[], lines=[],
        )  # fmt: skip

    def pair_with(self, bus: str, role: Literal["camera", "plan"]) -> None:
        """Show on this canvas where the mouse on its partner is, and the other way round."""
        self._props.update(bus=bus, role=role)

    def show(self, **props: Any) -> None:
        """Change what is shown: any of the properties of `canvas.js`."""
        self._props.update(props)
        self.update()

    def marks(self, marks: Sequence[Mark]) -> None:
        """Show these points and no others."""
        self.show(points=[asdict(mark) for mark in marks])

    def outlines(self, shapes: Sequence[Shape]) -> None:
        """Show these outlines and no others."""
        self.show(shapes=[asdict(shape) for shape in shapes])

    def grid(self, lines: Sequence[NDArray[Any]]) -> None:
        """Show these polylines (n, 2) over the picture."""
        self.show(lines=_rounded(lines))

    def ruled(self, lines: Sequence[NDArray[Any]]) -> None:
        """Show these polylines (n, 2) faintly, as the ruling of an empty sheet."""
        self.show(ruled=_rounded(lines))


def _rounded(lines: Sequence[NDArray[Any]]) -> list[list[list[float]]]:
    return [[[round(float(x), 2), round(float(y), 2)] for x, y in line] for line in lines]

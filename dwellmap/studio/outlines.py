"""What is drawn on the plan: zones, doors, walls, furniture, ignored areas, as the site file lists them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from calibration.scene import DEFAULT_FURNITURE_HEIGHT_M
from dwellmap.studio.calibrating import Point

Kind = Literal["zone", "door", "wall", "furniture", "ignored"]
KINDS: dict[Kind, str] = {
    "zone": "zones",
    "door": "doors",
    "wall": "walls",
    "furniture": "furniture",
    "ignored": "ignored",
}
"""The table of the site file that lists each kind."""
LINES: frozenset[Kind] = frozenset({"door", "wall"})
_MILLIMETRES = 3
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Outline:
    """One outline or line on the plan.

    Attributes:
        kind: What it is.
        points: Corners on the plan, metres; of a line its points.
        name: Its name; zones need one.
        staff_only: Of a zone: staff only.
        height_m: Of furniture: its height.
        row: Which entry of the site file's list it is; None if it is new.

    """

    kind: Kind
    points: tuple[Point, ...]
    name: str = ""
    staff_only: bool = False
    height_m: float = DEFAULT_FURNITURE_HEIGHT_M
    row: int | None = None

    @property
    def is_line(self) -> bool:
        """Whether it is a line, not an area."""
        return self.kind in LINES

    def to_table(self) -> dict[str, Any]:
        """Its entry in the site file."""
        table: dict[str, Any] = {"name": self.name.strip()} if self.name.strip() else {}
        points = [[round(x, _MILLIMETRES), round(y, _MILLIMETRES)] for x, y in self.points]
        table["line_m" if self.is_line else "polygon_m"] = points
        if self.kind == "furniture":
            table["height_m"] = round(self.height_m, _MILLIMETRES)
        if self.kind == "zone" and self.staff_only:
            table["staff_only"] = True
        return table


def outlines_of(content: dict[str, Any]) -> tuple[Outline, ...]:
    """The outlines in a site file's content, which is known to be free of faults."""
    found = []
    for kind, key in KINDS.items():
        for row, table in enumerate(content.get(key, ())):
            points = table["line_m" if kind in LINES else "polygon_m"]
            found.append(
                Outline(
                    kind,
                    tuple((float(x), float(y)) for x, y in points),
                    table.get("name", ""),
                    table.get("staff_only", False),
                    float(table.get("height_m", DEFAULT_FURNITURE_HEIGHT_M)),
                    row,
                )
            )
    return tuple(found)


@dataclass(slots=True)
class Drawing:
    """The outlines while somebody works on them, with an undo.

    Attributes:
        outlines: As they are now.
        began_with: As they were in the site file.
        version: Goes up with every change, so that a page knows whether another one changed something.

    """

    outlines: tuple[Outline, ...]
    began_with: tuple[Outline, ...]
    version: int = 0
    _before: list[tuple[Outline, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, outlines: tuple[Outline, ...]) -> Drawing:
        """Begin with these."""
        return cls(outlines, outlines)

    def add(self, outline: Outline) -> int:
        """Add one.

        Returns:
            Its index.

        """
        self._change((*self.outlines, outline))
        return len(self.outlines) - 1

    def replace(self, index: int, **changes: Any) -> None:
        """Change attributes of one."""
        self._put(index, replace(self.outlines[index], **changes))

    def move_corner(self, index: int, corner: int, at: Point) -> None:
        """Move one corner."""
        points = self.outlines[index].points
        self.replace(index, points=(*points[:corner], at, *points[corner + 1 :]))

    def move(self, index: int, dx: float, dy: float) -> None:
        """Move all of one, metres."""
        self.replace(index, points=tuple((x + dx, y + dy) for x, y in self.outlines[index].points))

    def remove(self, index: int) -> None:
        """Take one away."""
        self._change((*self.outlines[:index], *self.outlines[index + 1 :]))

    def undo(self) -> bool:
        """Take the last step back.

        Returns:
            Whether there was one.

        """
        if not self._before:
            return False
        self.outlines = self._before.pop()
        self.version += 1
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    def _put(self, index: int, outline: Outline) -> None:
        self._change((*self.outlines[:index], outline, *self.outlines[index + 1 :]))

    def _change(self, outlines: tuple[Outline, ...]) -> None:
        if outlines != self.outlines:
            self._before.append(self.outlines)
            del self._before[:-_MOST_STEPS]
            self.outlines = outlines
            self.version += 1

"""Which setups look at the same floor, as far as their runs say."""

from __future__ import annotations

from collections.abc import Iterable

from dwellmap.period.setup import Setup


def floors_among(setups: Iterable[Setup]) -> list[tuple[Setup, ...]]:
    """Setups in groups that share a floor, in the order in which the first of each comes.

    Their extents, cells and definitions are the same; and they have a camera in common, directly or through
    others, or the drawing of the plan. Two floors of a house may be of one size: their drawings tell them
    apart. A camera stays on its floor while the drawing changes with the shop.
    """
    groups: list[tuple[list[Setup], set[object]]] = []
    for setup in setups:
        marks: set[object] = {(setup.floor, "camera", setup.camera), (setup.floor, "drawing", setup.drawing)}
        touched = [group for group in groups if group[1] & marks]
        if not touched:
            groups.append(([setup], marks))
            continue
        first = touched[0]
        for other in touched[1:]:
            first[0].extend(other[0])
            first[1].update(other[1])
            groups.remove(other)
        first[0].append(setup)
        first[1].update(marks)
    return [tuple(members) for members, _ in groups]

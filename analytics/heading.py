"""What stands above a map: its name, what it means, where its numbers come from; or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from analytics.lettering import INK, QUIET, WARN, Lettering, legible, number
from analytics.maps import GridMap
from analytics.palette import Kind, Scale
from analytics.sheet import EDGE, WIDTH, Sheet

NOT_CALIBRATED = "not calibrated: image plane"

# name: (what it is called, what it means). The unit follows the name.
MEANING = {
    "heat": (
        "Heat",
        "How many people stand in a place at any moment, on average over the time it was in view.",
    ),
    "visits": (
        "Unique visits",
        "Different people who were in each cell; somebody who comes back counts once.",
    ),
    "dwell": ("Total dwell", "The time that all people together spent in each cell."),
    "attention": ("Average attention span", "How long one visit to a cell lasts: time spent, not gaze."),
    "motion": (
        "Motion activity",
        "For how long something moved that stood in each cell: people, trolleys, doors. Nobody is counted.",
    ),
}


@dataclass(frozen=True, slots=True)
class MapTitle:
    """What a map says about where its numbers come from.

    Attributes:
        camera: Name of the camera.
        period: The time covered, in words, such as "12 May 2026, 10:00 to 11:00".
        people: How many were counted; None where nobody counts people.
        detector: What found them.
        warnings: Sentences printed below the title.
        recording: Name of the recording; empty for several.
        counted: What `people` counts: "visits" where recordings are summed that are not linked.

    """

    camera: str
    period: str
    people: int | None
    detector: str
    warnings: tuple[str, ...] = ()
    recording: str = ""
    counted: str = "people"


@dataclass(frozen=True, slots=True)
class Line:
    """A line above the map, with its height in pixels."""

    text: str
    size: float
    colour: str
    height: int
    bold: bool = False


def heading(grid_map: GridMap, scale: Scale, title: MapTitle, lettering: Lettering) -> list[Line]:
    """The lines above the map, each as wide as the sheet at most."""
    room = WIDTH - 2 * EDGE
    name, meaning = MEANING[grid_map.name]
    chip = 0.0 if grid_map.grid.unit == "m" else lettering.width_px(NOT_CALIBRATED, 10, "bold") + 60
    lines = [Line(lettering.fit(f"{name}: {scale.unit}", 17, room - chip, "bold"), 17, INK, 46, bold=True)]
    lines += [Line(text, 10.5, QUIET, 30) for text in lettering.wrap(meaning, 10.5, room, 2)]
    lines[-1] = Line(lines[-1].text, 10.5, QUIET, 42)
    where = "  ·  ".join(legible(text) for text in (title.camera, title.recording) if text.strip())
    lines.append(Line(lettering.fit(where, 10.5, room, "bold"), 10.5, INK, 30, bold=True))
    if title.people is None:
        counted = ""
    elif title.counted == "people":
        counted = f"{number(title.people, True)} {'person' if title.people == 1 else 'people'} counted"
    else:
        counted = f"{number(title.people, True)} {legible(title.counted)} counted"
    facts = "  ·  ".join(
        t for t in (legible(title.period), counted, f"detector: {legible(title.detector)}") if t
    )
    lines += [Line(text, 9.5, INK, 27) for text in lettering.wrap(facts, 9.5, room, 2)]
    for warning in title.warnings:
        wrapped = lettering.wrap("⚠ " + legible(warning), 9.5, room, 2, "bold")
        lines += [Line(text, 9.5, WARN, 28, bold=True) for text in wrapped]
    return lines


def write_heading(sheet: Sheet, header: Sequence[Line], metric: bool) -> None:
    """Write the lines, and the badge of a map that is not in metres."""
    y = float(EDGE)
    for line in header:
        sheet.write(
            EDGE,
            y + min(line.height, 46) / 2 - 4,
            line.text,
            line.size,
            line.colour,
            "bold" if line.bold else "normal",
        )
        y += line.height
    if not metric:
        text = sheet.write(WIDTH - EDGE - 14, EDGE + 18, NOT_CALIBRATED, 10, WARN, "bold", "right")
        text.set_bbox(
            {"boxstyle": "round,pad=0.45", "facecolor": "#fff1d6", "edgecolor": WARN, "linewidth": 1.0}
        )


def nothing_to_draw(grid_map: GridMap, kinds: NDArray[np.uint8], title: MapTitle) -> str:
    """Why there is no number to draw."""
    if (kinds == Kind.NOT_SEEN).all():
        return "none of this floor was seen"
    if (kinds == Kind.NO_ARRIVAL).any():
        return "no arrival was seen, so no attention span is known"
    if title.people is None:
        return "nothing moved"
    if title.people == 0 and not grid_map.few.any():
        return "nobody was seen"
    return "nobody was counted on the floor in view"


def write_message(sheet: Sheet, axes: Axes, message: str) -> None:
    """Write a message in the middle of the map."""
    box = axes.get_window_extent()
    x, y = (box.x0 + box.x1) / 2, sheet.height_px - (box.y0 + box.y1) / 2
    lines = sheet.lettering.wrap(message, 12, max(box.width - 40, 150), 5, "bold")
    sheet.write(x, y, "\n".join(lines), 12, INK, "bold", "center").set_bbox(
        {
            "boxstyle": "round,pad=0.7",
            "facecolor": "white",
            "edgecolor": QUIET,
            "linewidth": 1.0,
            "alpha": 0.95,
        }
    )

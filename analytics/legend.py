"""The colour bar and the legend beside a map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analytics.furnishing import (
    DOOR,
    FOOTPRINT,
    FURNITURE,
    FURNITURE_EDGE,
    HATCH,
    HATCH_PATTERN,
    WALL,
    ZONE,
)
from analytics.lettering import INK, QUIET, Lettering, font, number
from analytics.palette import BLURRED, FADED, NO_ARRIVAL_RGBA, NOT_SEEN_RGBA, Scale, bar_colours, colour_map
from analytics.sheet import Sheet

ROW_PX, SWATCH_PX = 34, 48
_TEXT_SIZE = 9.0
_SWATCH_HEIGHT = 22

Swatch = Callable[[Sheet, float, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One line of the legend: a swatch and what it means."""

    swatch: Swatch
    text: str


def entry_rows(entries: Sequence[Entry], width_px: float, lettering: Lettering) -> list[list[str]]:
    """The text of every entry, wrapped to the width of a column."""
    room = width_px - SWATCH_PX - 14
    return [lettering.wrap(entry.text, _TEXT_SIZE, room, 2) for entry in entries]


def rows_height(rows: Sequence[Sequence[str]]) -> float:
    """Height of a column of wrapped entries, pixels."""
    return float(sum(ROW_PX + 24 * (len(lines) - 1) for lines in rows))


def draw_legend(sheet: Sheet, entries: Sequence[Entry], left: float, top: float, width_px: float) -> None:
    """Draw the entries one below the other from (left, top)."""
    y = top
    for entry, lines in zip(entries, entry_rows(entries, width_px, sheet.lettering), strict=True):
        middle = y + ROW_PX / 2
        entry.swatch(sheet, left, middle)
        for i, line in enumerate(lines):
            sheet.write(left + SWATCH_PX + 14, middle + 24 * i, line, _TEXT_SIZE)
        y += ROW_PX + 24 * (len(lines) - 1)


def draw_bar(
    sheet: Sheet,
    scale: Scale,
    box: tuple[float, float, float, float],
    upright: bool,
    colours: ListedColormap | None = None,
) -> Colorbar:
    """Draw the colour bar into a box (left, top, width, height) and the unit above it.

    An arrow at its top says that some values lie above the scale; the highest is written beside it.
    """
    left, top, width, height = box
    sheet.write(left, top - 30, sheet.lettering.fit(scale.unit, 9.5, 420, "bold"), 9.5, weight="bold")
    axes = sheet.axes(left, top, width, height)
    bar = Colorbar(
        axes,
        ScalarMappable(Normalize(0, scale.top), bar_colours() if colours is None else colours),
        orientation="vertical" if upright else "horizontal",
        extend="max" if scale.clipped else "neither",
        extendfrac=26 / (height if upright else width),
    )
    bar.outline.set(edgecolor=QUIET, linewidth=0.7)
    long = height if upright else width
    ticks = MaxNLocator(max(1, min(6, int(long / 70))), steps=[1, 2, 2.5, 5, 10], integer=scale.whole)
    places = [v for v in ticks.tick_values(0, scale.top) if -1e-9 <= v <= scale.top * (1 + 1e-9)]
    bar.set_ticks(places, labels=[number(v, scale.whole) for v in places])
    axes.tick_params(axis="both", which="both", length=4, width=0.7, color=QUIET, labelcolor=INK)
    axes.minorticks_off()
    for label in axes.get_yticklabels() if upright else axes.get_xticklabels():
        label.set_fontproperties(font(label.get_text(), _TEXT_SIZE))
        label.set_parse_math(False)
    if scale.clipped:
        text = f"up to {number(scale.highest, scale.whole)}"
        if upright:
            sheet.write(left + width + 12, top - 2, text, _TEXT_SIZE, QUIET)
        else:
            sheet.write(left + width, top - 30, text, _TEXT_SIZE, QUIET, align="right")
    return bar


def few_swatch(sheet: Sheet, x: float, y: float) -> None:
    """Faded colours with a dot each."""
    for i, share in enumerate((0.15, 0.5, 0.95)):
        _box(sheet, x + i * SWATCH_PX / 3, y, SWATCH_PX / 3, (*colour_map()(share)[:3], FADED))
    draw_dots(sheet, x + SWATCH_PX / 6 + np.arange(3) * SWATCH_PX / 3, np.full(3, y))
    _frame(sheet, x, y)


def fine_swatch(sheet: Sheet, x: float, y: float) -> None:
    """Paler colours."""
    for i, share in enumerate((0.15, 0.5, 0.95)):
        _box(sheet, x + i * SWATCH_PX / 3, y, SWATCH_PX / 3, (*colour_map()(share)[:3], BLURRED))
    _frame(sheet, x, y)


def no_arrival_swatch(sheet: Sheet, x: float, y: float) -> None:
    """The cold colour with crosses."""
    _box(sheet, x, y, SWATCH_PX, NO_ARRIVAL_RGBA)
    draw_crosses(sheet, x + SWATCH_PX / 6 + np.arange(3) * SWATCH_PX / 3, np.full(3, y))
    _frame(sheet, x, y)


def nobody_swatch(sheet: Sheet, x: float, y: float) -> None:
    """Clear floor."""
    _frame(sheet, x, y)


def not_seen_swatch(sheet: Sheet, x: float, y: float) -> None:
    """Hatched."""
    _box(sheet, x, y, SWATCH_PX, NOT_SEEN_RGBA)
    corner = (x, y - _SWATCH_HEIGHT / 2)
    sheet.paper.add_patch(
        Rectangle(
            corner, SWATCH_PX, _SWATCH_HEIGHT, fill=False, hatch=HATCH_PATTERN, edgecolor=HATCH, linewidth=0
        )
    )
    _frame(sheet, x, y)


def footprint_swatch(sheet: Sheet, x: float, y: float) -> None:
    """The line of the camera's view."""
    sheet.paper.plot([x, x + SWATCH_PX], [y, y], color=FOOTPRINT, linewidth=1.8, dashes=(5, 2))


def wall_swatch(sheet: Sheet, x: float, y: float) -> None:
    """A wall's line."""
    sheet.paper.plot([x, x + SWATCH_PX], [y, y], color=WALL, linewidth=2.4, solid_capstyle="butt")


def door_swatch(sheet: Sheet, x: float, y: float) -> None:
    """A door's line."""
    sheet.paper.plot([x, x + SWATCH_PX], [y, y], color=DOOR, linewidth=3.4, solid_capstyle="butt")


def furniture_swatch(sheet: Sheet, x: float, y: float) -> None:
    """A piece of furniture."""
    corner = (x, y - _SWATCH_HEIGHT / 2)
    sheet.paper.add_patch(
        Rectangle(
            corner, SWATCH_PX, _SWATCH_HEIGHT, facecolor=FURNITURE, edgecolor=FURNITURE_EDGE, linewidth=1.0
        )
    )


def zone_swatch(sheet: Sheet, x: float, y: float) -> None:
    """A zone's outline."""
    corner = (x, y - _SWATCH_HEIGHT / 2)
    sheet.paper.add_patch(
        Rectangle(
            corner,
            SWATCH_PX,
            _SWATCH_HEIGHT,
            fill=False,
            edgecolor=ZONE,
            linewidth=1.1,
            linestyle=(0, (1, 1.6)),
        )
    )


def cell_swatch(sheet: Sheet, x: float, y: float) -> None:
    """A square."""
    side = _SWATCH_HEIGHT
    corner = (x + (SWATCH_PX - side) / 2, y - side / 2)
    sheet.paper.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=INK, linewidth=1.0))


def draw_dots(sheet: Sheet, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """The mark of "few"."""
    sheet.paper.scatter(x, y, s=4.5, c=INK, alpha=0.75, linewidths=0, zorder=5, gid="few")


def draw_crosses(sheet: Sheet, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """The mark of "no arrival seen"."""
    sheet.paper.scatter(x, y, s=13, c="#22394f", marker="x", linewidths=0.9, zorder=5, gid="no arrival")


def _box(sheet: Sheet, x: float, y: float, width: float, rgba: tuple[float, float, float, float]) -> None:
    corner = (x, y - _SWATCH_HEIGHT / 2)
    sheet.paper.add_patch(Rectangle(corner, width, _SWATCH_HEIGHT, facecolor=rgba, linewidth=0))


def _frame(sheet: Sheet, x: float, y: float) -> None:
    corner = (x, y - _SWATCH_HEIGHT / 2)
    sheet.paper.add_patch(
        Rectangle(corner, SWATCH_PX, _SWATCH_HEIGHT, fill=False, edgecolor=QUIET, linewidth=0.7, zorder=6)
    )

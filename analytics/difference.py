"""The difference between two periods as a map: more, less, not distinguishable, not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.patches import PathPatch, Rectangle
from numpy.typing import NDArray

from analytics import furnishing, legend
from analytics.furnishing import Backdrop
from analytics.grid import Grid
from analytics.heading import Line, write_heading, write_message
from analytics.legend import SWATCH_PX, Entry
from analytics.lettering import INK, QUIET, Lettering, font, legible, number
from analytics.palette import FADED, NOT_SEEN_RGBA, SOLID, Kind
from analytics.render import draw_frame, draw_lines, map_size, outline_of, view_of
from analytics.sheet import EDGE, WIDTH, Sheet
from analytics.zones import Zone
from calibration.scene import Scene

_LEFT, _BELOW, _SIDE, _GAP, _BAR = 104, 96, 330, 44, 30
_HIDDEN_RGBA = (0.45, 0.40, 0.55, 0.45)


@dataclass(frozen=True, slots=True, eq=False)
class DifferenceMap:
    """What to draw.

    Attributes:
        name: What it is, such as "How much".
        meaning: A sentence that says what is compared.
        unit: Of the values.
        values: (rows, columns) B - A; NaN where a side saw nothing.
        told: (rows, columns) bool, distinguishable from chance.
        hidden: (rows, columns) bool, not shown because too few people were there.
        grid: The cells.
        min_people: Of fewer people than this nothing is shown.

    """

    name: str
    meaning: str
    unit: str
    values: NDArray[np.float64]
    told: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    grid: Grid
    min_people: int = 0


def diverging() -> ListedColormap:
    """Purple for less, clear for the same, orange for more.

    PuOr of ColorBrewer is safe for the colour-blind; its palest middle is kept, its darkest ends are cut.
    """
    return ListedColormap(matplotlib.colormaps["PuOr_r"](np.linspace(0.06, 0.94, 255)), name="difference")


def draw_difference(
    difference: DifferenceMap,
    lines: Sequence[str],
    warnings: Sequence[str] = (),
    scene: Scene | None = None,
    zones: Sequence[Zone] = (),
    backdrop: Backdrop | None = None,
) -> Sheet:
    """Draw the map and return the sheet.

    Args:
        difference: The map.
        lines: What A and B are, one line each.
        warnings: Sentences printed below.
        scene: Walls, doors and furniture in metres, drawn unless the backdrop is a plan.
        zones: Named areas.
        backdrop: What lies below.

    """
    grid, lettering = difference.grid, Lettering()
    metric = grid.unit == "m"
    zones = tuple(zones) if metric else ()
    scene = (scene or Scene()) if metric and (backdrop is None or not backdrop.plan) else Scene()
    unseen = np.isnan(difference.values) & ~difference.hidden
    view = view_of(grid, np.where(unseen, Kind.NOT_SEEN, Kind.COUNTED).astype(np.uint8))
    width, height = map_size(view, False)
    header = _header(difference, lines, warnings, lettering)
    entries = _entries(difference, unseen, zones)
    head = EDGE + sum(line.height for line in header) + 18
    rows = legend.rows_height(legend.entry_rows(entries, _SIDE, lettering))
    bar = min(360.0, max(220.0, height - rows - 150))
    sheet = Sheet(WIDTH, head + max(height, 90 + bar + 50 + rows) + _BELOW, lettering)
    left = _LEFT + (WIDTH - _LEFT - _SIDE - _GAP - EDGE - width) / 2
    axes = sheet.axes(left, head, width, height)
    axes.set(xlim=(view[0], view[2]), ylim=(view[3], view[1]), aspect="auto")
    axes.set_facecolor("white")
    write_heading(sheet, header, metric)
    if backdrop is not None:
        furnishing.draw_backdrop(axes, backdrop, view)
    else:
        draw_lines(axes, view)
    top = _top(difference.values)
    x, y = grid.x_edges, grid.y_edges
    axes.imshow(
        _colours(difference, unseen, top), extent=(float(x[0]), float(x[-1]), float(y[-1]), float(y[0])),
        interpolation="nearest", aspect="auto", zorder=2,
    )  # fmt: skip
    furnishing.draw_hatch(axes, outline_of(unseen, grid))
    outline = outline_of(difference.told, grid)
    if outline is not None:
        axes.add_patch(PathPatch(outline, fill=False, edgecolor=INK, linewidth=1.6, zorder=5))
    furnishing.draw_scene(axes, scene, filled=backdrop is None)
    draw_frame(axes, grid.unit)
    furnishing.draw_zones(axes, zones, lettering)
    if metric:
        furnishing.draw_scale_bar(axes, view[2] - view[0])
    side = left + width + _GAP
    if np.all(np.isnan(difference.values)):
        write_message(sheet, axes, "no floor was seen on both sides")
    else:
        _draw_bar(sheet, difference.unit, top, (side, head + 90.0, float(_BAR), bar))
    legend.draw_legend(sheet, entries, side, head + 90 + bar + 50, _SIDE)
    return sheet


def _top(values: NDArray[np.float64]) -> float:
    """The end of the scale: the 99th percentile of what is not zero, so that one cell hides nothing."""
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.percentile(size, 99)) if size.size else 1.0


def _colours(difference: DifferenceMap, unseen: NDArray[np.bool_], top: float) -> NDArray[np.float64]:
    share = np.nan_to_num(difference.values / top)
    rgba = np.asarray(diverging()((np.clip(share, -1, 1) + 1) / 2), dtype=np.float64)
    rgba[..., 3] = np.where(difference.told, SOLID, FADED)
    rgba[np.abs(share) < 0.02, 3] = 0.0
    rgba[difference.hidden] = _HIDDEN_RGBA
    rgba[unseen] = NOT_SEEN_RGBA
    return rgba


def _header(
    difference: DifferenceMap, lines: Sequence[str], warnings: Sequence[str], lettering: Lettering
) -> list[Line]:
    room = WIDTH - 2 * EDGE
    title = lettering.fit(f"{difference.name}: change from A to B, {difference.unit}", 17, room, "bold")
    header = [Line(title, 17, INK, 46, bold=True)]
    header += [Line(text, 10.5, QUIET, 30) for text in lettering.wrap(difference.meaning, 10.5, room, 2)]
    header += [Line(lettering.fit(legible(text), 10.5, room), 10.5, INK, 30) for text in lines]
    for warning in warnings:
        header += [
            Line(text, 9.5, "#8a4b00", 28, bold=True)
            for text in lettering.wrap("⚠ " + legible(warning), 9.5, room, 2, "bold")
        ]
    return header


def _entries(
    difference: DifferenceMap, unseen: NDArray[np.bool_], zones: Sequence[Zone]
) -> tuple[Entry, ...]:
    side = f"{difference.grid.cell:g}"
    faded = np.isfinite(difference.values) & ~difference.told & (difference.values != 0)
    possible = (
        (bool(difference.told.any()), _told_swatch, "different: more than chance"),
        (bool(faded.any()), _faded_swatch, "pale: may well be chance"),
        (
            bool(difference.hidden.any()),
            _hidden_swatch,
            f"hidden (fewer than {difference.min_people} people)",
        ),
        (bool(unseen.any()), legend.not_seen_swatch, "not seen in A or in B"),
        (bool(zones), legend.zone_swatch, "zone"),
        (True, legend.cell_swatch, f"one cell: {side} × {side} {difference.grid.unit}"),
    )
    return tuple(Entry(swatch, text) for shown, swatch, text in possible if shown)


def _draw_bar(sheet: Sheet, unit: str, top: float, box: tuple[float, float, float, float]) -> None:
    left, above, width, height = box
    sheet.write(left, above - 30, sheet.lettering.fit(unit, 9.5, 420, "bold"), 9.5, weight="bold")
    axes = sheet.axes(left, above, width, height)
    shades = diverging()(np.arange(255))
    shades[:, :3] = 1 - SOLID * (1 - shades[:, :3])
    bar = Colorbar(axes, ScalarMappable(Normalize(-top, top), ListedColormap(shades)), extend="both",
                   extendfrac=20 / height)  # fmt: skip
    step = furnishing.nice(top / 2)
    places = [v for v in step * np.arange(-4, 5) if abs(v) <= top * (1 + 1e-9)]
    bar.set_ticks(places, labels=[("+" if v > 0 else "−" if v < 0 else "") + number(abs(v)) for v in places])
    axes.tick_params(length=4, width=0.7, color=QUIET, labelcolor=INK)
    for label in axes.get_yticklabels():
        label.set_fontproperties(font(label.get_text(), 9))
    sheet.write(left + width + 90, above + 4, "more in B", 9, QUIET)
    sheet.write(left + width + 90, above + height - 6, "less in B", 9, QUIET)


def _swatch(sheet: Sheet, x: float, y: float, alpha: float, edge: float) -> None:
    for i, share in enumerate((0.1, 0.9)):
        rgb = diverging()(share)[:3]
        sheet.paper.add_patch(
            Rectangle(
                (x + i * SWATCH_PX / 2, y - 11), SWATCH_PX / 2, 22, facecolor=(*rgb, alpha), linewidth=0
            )
        )
    sheet.paper.add_patch(
        Rectangle(
            (x, y - 11), SWATCH_PX, 22, fill=False, edgecolor=INK if edge > 1 else QUIET, linewidth=edge
        )
    )


def _told_swatch(sheet: Sheet, x: float, y: float) -> None:
    _swatch(sheet, x, y, SOLID, 1.6)


def _faded_swatch(sheet: Sheet, x: float, y: float) -> None:
    _swatch(sheet, x, y, FADED, 0.7)


def _hidden_swatch(sheet: Sheet, x: float, y: float) -> None:
    sheet.paper.add_patch(Rectangle((x, y - 11), SWATCH_PX, 22, facecolor=_HIDDEN_RGBA, linewidth=0))

"""A map as a picture for the person who plans the floor: title, map over the plan, bar, legend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.path import Path as Outline
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analytics import furnishing, legend
from analytics.colours import over_white
from analytics.furnishing import Backdrop, Box
from analytics.grid import Grid
from analytics.heading import MEANING, MapTitle, heading, nothing_to_draw, write_heading, write_message
from analytics.legend import Entry
from analytics.lettering import INK, QUIET, Lettering, font
from analytics.maps import GridMap
from analytics.palette import Kind, Scale, cell_colours, kinds_of, scale_of
from analytics.sheet import EDGE, WIDTH, Sheet
from analytics.zones import Zone
from calibration.scene import Scene

__all__ = ["Backdrop", "MapTitle", "Sheet", "draw_map", "render_map"]

# The sheet in pixels at 150 dpi.
_LEFT, _BELOW = 104, 96
_SIDE, _GAP, _BAR = 330, 44, 30
_TALLEST, _LOWEST = 1300, 44
# Floors wider than this have bar and legend below the map, not beside it.
_WIDE = 1.9


def render_map(
    grid_map: GridMap,
    path: Path,
    *,
    coverage: NDArray[np.float64],
    title: MapTitle,
    scene: Scene | None = None,
    zones: Sequence[Zone] = (),
    backdrop: Backdrop | None = None,
    footprint: NDArray[np.float64] | None = None,
    min_entries: int = 5,
    min_coverage: float = 0.5,
    colours: ListedColormap | None = None,
) -> None:
    """Draw one map and write it as a PNG, 1400 pixels wide; the same input gives the same bytes.

    Args:
        grid_map: The map. A grid in pixels is marked "not calibrated: image plane" and claims no metres.
        path: The PNG to write.
        coverage: (rows, columns) share of the observed time in which the cell was visible.
        title: Camera, period, people, detector, warnings.
        scene: Walls, doors and furniture in metres, drawn unless the backdrop is a plan.
        zones: Named areas in metres, drawn in outline.
        backdrop: Plan, or people-free picture of the scene on the floor; None for a plain sheet.
        footprint: (n, 2) outline of what the camera's picture shows, in the floor's unit.
        min_entries: Entries under which a cell is few, as the legend says.
        min_coverage: Coverage under which a cell is hatched as not seen.
        colours: From little to much; default those of all maps.

    Raises:
        ValueError: Where the map, the coverage or the footprint do not fit the grid.

    """
    sheet = draw_map(
        grid_map,
        coverage=coverage,
        title=title,
        scene=scene,
        zones=zones,
        backdrop=backdrop,
        footprint=footprint,
        min_entries=min_entries,
        min_coverage=min_coverage,
        colours=colours,
    )
    sheet.save(path)


def draw_map(
    grid_map: GridMap,
    *,
    coverage: NDArray[np.float64],
    title: MapTitle,
    scene: Scene | None = None,
    zones: Sequence[Zone] = (),
    backdrop: Backdrop | None = None,
    footprint: NDArray[np.float64] | None = None,
    min_entries: int = 5,
    min_coverage: float = 0.5,
    colours: ListedColormap | None = None,
) -> Sheet:
    """Draw one map and return the sheet; the arguments are those of `render_map`."""
    _check(grid_map, coverage, footprint)
    grid, lettering = grid_map.grid, Lettering()
    metric = grid.unit == "m"
    # Scene and zones are in metres: they have no place in a picture that nobody calibrated.
    scene = (scene or Scene()) if metric else Scene()
    zones = tuple(zones) if metric else ()
    furnished = backdrop is None or not backdrop.plan
    kinds = kinds_of(grid_map, coverage, min_coverage)
    scale = scale_of(grid_map, kinds)
    view = view_of(grid, kinds)

    header = heading(grid_map, scale, title, lettering)
    entries = _entries(grid, kinds, scene if furnished else Scene(), zones, footprint, min_entries)
    wide = (view[2] - view[0]) / (view[3] - view[1]) >= _WIDE
    head_px = EDGE + sum(line.height for line in header) + 18
    map_w, map_h = map_size(view, wide)
    if wide:
        columns = _columns(entries)
        rows_px = [legend.rows_height(legend.entry_rows(c, 350, lettering)) for c in columns]
        low = head_px + map_h + _BELOW
        sheet = Sheet(WIDTH, low + max([96, *rows_px]) + EDGE + 12, lettering)
        left: float = _LEFT + (WIDTH - _LEFT - EDGE - map_w) / 2
        bar_box = (float(_LEFT), low + 44, 470.0, float(_BAR))
        corners = [(_LEFT + 536.0 + i * 370, float(low)) for i in range(len(columns))]
    else:
        columns = (entries,)
        legend_px = legend.rows_height(legend.entry_rows(entries, _SIDE, lettering))
        bar_px = min(420.0, max(240.0, map_h - legend_px - 150))
        body = max(map_h, 90 + bar_px + 50 + legend_px)
        sheet = Sheet(WIDTH, head_px + body + _BELOW, lettering)
        room = WIDTH - _LEFT - _SIDE - _GAP - EDGE
        left = _LEFT + (room - map_w) / 2
        side = left + map_w + _GAP
        bar_box = (side, float(head_px + 90), float(_BAR), bar_px)
        corners = [(side, head_px + 90 + bar_px + 50)]

    axes = sheet.axes(left, head_px, map_w, map_h)
    axes.set(xlim=(view[0], view[2]), ylim=(view[3], view[1]), aspect="auto")
    write_heading(sheet, header, metric)
    _draw_floor(sheet, axes, grid_map, kinds, scale, backdrop, view, colours)
    if furnished:
        furnishing.draw_scene(axes, scene, filled=backdrop is None)
    if footprint is not None:
        furnishing.draw_footprint(axes, footprint)
    draw_frame(axes, grid.unit)
    furnishing.draw_zones(axes, zones, lettering)
    if metric:
        furnishing.draw_scale_bar(axes, view[2] - view[0])
    if scale.empty:
        write_message(sheet, axes, nothing_to_draw(grid_map, kinds, title))
    else:
        legend.draw_bar(sheet, scale, bar_box, not wide, None if colours is None else over_white(colours))
    for column, (x, y) in zip(columns, corners, strict=True):
        legend.draw_legend(sheet, column, x, y, _SIDE)
    return sheet


def _check(grid_map: GridMap, coverage: NDArray[np.float64], footprint: NDArray[np.float64] | None) -> None:
    """Say everything that does not fit together."""
    shape = grid_map.grid.shape
    faults = [
        f"{what}: expected {shape} (rows, columns), got {np.shape(array)}"
        for what, array in (
            ("values", grid_map.values),
            ("few", grid_map.few),
            ("fine", grid_map.fine),
            ("coverage", coverage),
        )
        if np.shape(array) != shape
    ]
    if grid_map.name not in MEANING:
        faults.append(f"name: expected one of {', '.join(MEANING)}, got {grid_map.name!r}")
    if footprint is not None and (
        np.ndim(footprint) != 2 or np.shape(footprint)[1] != 2 or len(footprint) < 3
    ):
        faults.append(f"footprint: expected a polygon (n, 2) of at least 3 points, got {np.shape(footprint)}")
    if faults:
        raise ValueError(f"map {grid_map.name!r} cannot be drawn: " + "; ".join(faults))


def view_of(grid: Grid, kinds: NDArray[np.uint8]) -> Box:
    """The part of the floor to show: all of it, or what the camera sees where that is a small part."""
    x, y = grid.x_edges, grid.y_edges
    left, top, right, bottom = float(x[0]), float(y[0]), float(x[-1]), float(y[-1])
    rows, columns = np.nonzero(kinds != Kind.NOT_SEEN)
    if len(rows):
        x0, x1, y0, y1 = x[columns.min()], x[columns.max() + 1], y[rows.min()], y[rows.max() + 1]
        if (x1 - x0) * (y1 - y0) < 0.2 * (right - left) * (bottom - top):
            margin = 0.2 * max(x1 - x0, y1 - y0)
            left, right = max(left, float(x0 - margin)), min(right, float(x1 + margin))
            top, bottom = max(top, float(y0 - margin)), min(bottom, float(y1 + margin))
    # A thread of a floor would have no height on the sheet: show empty sheet around it.
    spare_x, spare_y = (bottom - top) / 16 - (right - left), (right - left) / 28 - (bottom - top)
    if spare_x > 0:
        left, right = left - spare_x / 2, right + spare_x / 2
    if spare_y > 0:
        top, bottom = top - spare_y / 2, bottom + spare_y / 2
    return left, top, right, bottom


def map_size(view: Box, wide: bool) -> tuple[float, float]:
    """Pixels of the map's width and height; both axes have the same scale."""
    aspect = (view[2] - view[0]) / (view[3] - view[1])
    room = WIDTH - _LEFT - EDGE - (0 if wide else _SIDE + _GAP)
    width = min(room, _TALLEST * aspect)
    return width, width / aspect


def _draw_floor(
    sheet: Sheet,
    axes: Axes,
    grid_map: GridMap,
    kinds: NDArray[np.uint8],
    scale: Scale,
    backdrop: Backdrop | None,
    view: Box,
    colours: ListedColormap | None,
) -> None:
    """The picture or the plain sheet below, the cells, their marks and the hatch."""
    grid = grid_map.grid
    axes.set_facecolor("white")
    if backdrop is not None:
        furnishing.draw_backdrop(axes, backdrop, view)
    else:
        draw_lines(axes, view)
    pixel = axes.get_window_extent().width / (view[2] - view[0])
    x, y = grid.x_edges, grid.y_edges
    axes.imshow(
        cell_colours(grid_map, kinds, scale, colours),
        extent=(float(x[0]), float(x[-1]), float(y[-1]), float(y[0])),
        interpolation="nearest" if grid.cell * pixel >= 1 else "antialiased",
        aspect="auto",
        zorder=2,
        gid="cells",
    )
    furnishing.draw_hatch(axes, outline_of(kinds == Kind.NOT_SEEN, grid))
    box = axes.get_window_extent()
    for kind, draw in ((Kind.FEW, legend.draw_dots), (Kind.NO_ARRIVAL, legend.draw_crosses)):
        # Marks closer than this would run together: on a fine grid only every n-th cell has one.
        step = max(1, int(np.ceil(13 / (grid.cell * pixel))))
        rows, columns = np.nonzero(kinds == kind)
        chosen = (rows % step == step // 2) & (columns % step == step // 2)
        px = box.x0 + ((x[columns] + x[columns + 1])[chosen] / 2 - view[0]) * pixel
        py = sheet.height_px - box.y1 + ((y[rows] + y[rows + 1])[chosen] / 2 - view[1]) * pixel
        if len(px):
            draw(sheet, px, py)


def outline_of(mask: NDArray[np.bool_], grid: Grid) -> Outline | None:
    """The outline of the cells in a (rows, columns) mask, holes included; None where there are none."""
    if not mask.any():
        return None
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(steps == 1)
    _, last = np.nonzero(steps == -1)
    # Whole cell numbers, so that neighbouring runs share their border exactly.
    area = shapely.union_all(shapely.box(first, row, last, row + 1))
    paths = []
    for polygon in getattr(area, "geoms", [area]):
        turned = shapely.geometry.polygon.orient(polygon)
        for ring in (turned.exterior, *turned.interiors):
            corners = np.array(ring.coords) * grid.cell + np.array(grid.origin)
            paths.append(Outline(corners, closed=True))
    return Outline.make_compound_path(*paths)


def draw_lines(axes: Axes, view: Box) -> None:
    """The lines of a plain sheet, at round numbers of the floor's unit."""
    pixel = axes.get_window_extent().width / (view[2] - view[0])
    step = furnishing.nice(130 / pixel)
    x = np.arange(np.ceil(view[0] / step), view[2] / step) * step
    y = np.arange(np.ceil(view[1] / step), view[3] / step) * step
    lines = [[(v, view[1]), (v, view[3])] for v in x] + [[(view[0], v), (view[2], v)] for v in y]
    axes.add_collection(LineCollection(lines, colors="#dfe3e8", linewidths=0.8, zorder=1))


def draw_frame(axes: Axes, unit: str) -> None:
    """Ticks at round numbers, the unit at the last of each axis."""
    box = axes.get_window_extent()
    for axis, (low, high), room in (
        (axes.xaxis, sorted(axes.get_xlim()), box.width / 110),
        (axes.yaxis, sorted(axes.get_ylim()), box.height / 70),
    ):
        values = MaxNLocator(max(1, min(9, int(room))), steps=[1, 2, 5, 10]).tick_values(low, high)
        slack = 1e-9 * (high - low)
        places = [float(v) for v in values if low - slack <= v <= high + slack]
        labels = [f"{v:,.10g}".replace(",", "\u202f") for v in places]
        if labels:
            labels[-1] += f" {unit}"
        axis.set_ticks(places, labels)
        for label in axis.get_ticklabels():
            label.set_fontproperties(font(label.get_text(), 9))
            label.set_parse_math(False)
    axes.tick_params(length=4, width=0.7, color=QUIET, labelcolor=INK)
    for spine in axes.spines.values():
        spine.set(edgecolor=QUIET, linewidth=0.9, zorder=10)


def _entries(
    grid: Grid,
    kinds: NDArray[np.uint8],
    scene: Scene,
    zones: Sequence[Zone],
    footprint: NDArray[np.float64] | None,
    min_entries: int,
) -> tuple[Entry, ...]:
    """What the legend explains: only what the picture shows."""
    side = f"{grid.cell:g}"
    present = set(np.unique(kinds).tolist())
    possible = (
        (Kind.FEW in present, legend.few_swatch, f"few: under {min_entries} entries"),
        (Kind.FINE in present, legend.fine_swatch, "finer than positions are accurate"),
        (Kind.NO_ARRIVAL in present, legend.no_arrival_swatch, "no arrival seen"),
        (Kind.NOBODY in present, legend.nobody_swatch, "nobody: floor shows"),
        (Kind.NOT_SEEN in present, legend.not_seen_swatch, "not seen by the camera"),
        (footprint is not None, legend.footprint_swatch, "camera's view"),
        (bool(scene.doors), legend.door_swatch, "door"),
        (bool(scene.walls), legend.wall_swatch, "wall"),
        (bool(scene.furniture), legend.furniture_swatch, "furniture"),
        (bool(zones), legend.zone_swatch, "zone"),
        (True, legend.cell_swatch, f"one cell: {side} × {side} {grid.unit}"),
    )
    return tuple(Entry(swatch, text) for shown, swatch, text in possible if shown)


def _columns(entries: tuple[Entry, ...]) -> tuple[tuple[Entry, ...], ...]:
    """Two columns of about the same length."""
    half = (len(entries) + 1) // 2
    return entries[:half], entries[half:]

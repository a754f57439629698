"""The four maps as they stand in the page: a raster of cells over the floor, and values under the mouse."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from analytics.palette import Kind, cell_colours, kinds_of, scale_of
from dwellmap.backdrop import backdrop_of
from dwellmap.report.floor import Floor
from dwellmap.report.numbers import plain, too_few
from dwellmap.report.plan import Plan, name_of
from dwellmap.report.svg import SOFT, add, drawing, markup, shortened

TITLES = {
    "heat": ("Heat", "how many people are there at any moment"),
    "visits": ("Unique visits", "how many different people came"),
    "dwell": ("Total dwell time", "how much time was spent, all people together"),
    "attention": ("Average attention span", "how long a visit lasts: time spent, not gaze"),
}
_WIDTH = 560.0


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of the maps goes into a page, so that it stays small enough to be sent.

    Attributes:
        cells: Values under the mouse for so many cells, of all floors together.
        raster_px: Longest side of a map's raster; finer cells are drawn as means of their colours.
        backdrop_px: Longest side of the plan or scene below; 0 for none.
        zones: For so many zones of a floor, those with the most dwell, are hours and lengths drawn.

    """

    cells: int
    raster_px: int
    backdrop_px: int
    zones: int


def backdrop_uri(floor: Floor, largest_px: int) -> str | None:
    """The floor plan or the scene without people, as an image within the page."""
    if not largest_px:
        return None
    setup = floor.setups[0]
    found = backdrop_of(setup.view, setup.run.scene_picture())
    if found is None:
        return None
    image = Image.fromarray(np.asarray(found.rgb)).convert("RGB")
    image.thumbnail((largest_px, largest_px))
    # Paler, so that the map's colours and lines can be read on it.
    image = Image.blend(image, Image.new("RGB", image.size, "white"), 0.45)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def maps_of(
    floor: Floor, number: int, backdrop: str | None, values: bool, raster_px: int
) -> list[dict[str, Any]]:
    """Title, drawing, legend and, where asked for, values of each of the four maps."""
    shape = floor.grid.shape
    # Staff-only areas are drawn as if they were not seen.
    coverage = np.where(floor.cells.staff, 0.0, floor.cells.coverage).reshape(shape)
    least = floor.setups[0].maps.min_coverage
    hidden = floor.cells.hidden.reshape(shape)
    made = []
    for grid_map in floor.pictures():
        kinds = kinds_of(grid_map, coverage, least)
        scale = scale_of(grid_map, kinds)
        rgba = cell_colours(grid_map, kinds, scale)
        rgba[hidden & np.isnan(grid_map.values)] = (0.2, 0.3, 0.5, 0.35)
        title, what = TITLES[grid_map.name]
        made.append(
            {
                "name": grid_map.name,
                "title": title,
                "what": what,
                "svg": _drawn(floor, number, title, rgba, backdrop, raster_px),
                "top": f"{plain(scale.top)}{' and more' if scale.clipped else ''} {scale.unit}",
                "empty": scale.empty,
                "unit": grid_map.unit,
                "few": bool((kinds == Kind.FEW).any()),
                "fine": bool((kinds == Kind.FINE).any()),
                "unseen": bool((kinds == Kind.NOT_SEEN).any()),
                "no_arrival": bool((kinds == Kind.NO_ARRIVAL).any()),
                "hidden": bool(hidden.any()),
                "staff": bool(floor.cells.staff.any()),
                "values": _listed(grid_map.values) if values else [],
            }
        )
    return made


def cells_json(floor: Floor, maps: list[dict[str, Any]]) -> dict[str, Any]:
    """What the page needs to say what is under the mouse."""
    grid, cells = floor.grid, floor.cells
    state = np.where(cells.coverage < floor.setups[0].maps.min_coverage, 0, np.where(cells.hidden, 1, 2))
    state = np.where(cells.staff, 3, state)
    return {
        "columns": grid.columns,
        "rows": grid.rows,
        "cell": grid.cell,
        "origin": list(grid.origin),
        "unit": grid.unit,
        "state": state.tolist() if maps and maps[0]["values"] else [],
        "entries": _listed(cells.entries) if maps and maps[0]["values"] else [],
        "few": floor.setups[0].maps.min_entries,
        "too_few": too_few(floor.min_people),
        "maps": {one["name"]: {"unit": one["unit"], "values": one["values"]} for one in maps},
    }


def _listed(values: NDArray[np.float64]) -> list[float | None]:
    return [None if not np.isfinite(v) else float(f"{v:.3g}") for v in values.ravel().tolist()]


def _drawn(
    floor: Floor,
    number: int,
    title: str,
    rgba: NDArray[np.float64],
    backdrop: str | None,
    raster_px: int,
) -> Markup:
    grid, view = floor.grid, floor.setups[0].view
    x0, y0 = grid.origin
    scale = _WIDTH / (grid.cell * grid.columns)
    width, height = _WIDTH, scale * grid.cell * grid.rows
    plan = Plan((x0, y0), scale)
    root = drawing(width, height, f"{title}, a map; arrow keys read its cells out")
    root.set("class", "drawing map")
    root.set("tabindex", "0")
    root.set("data-floor", str(number))
    add(root, "rect", x=0, y=0, width=width, height=height, fill="#ffffff")
    if backdrop is not None:
        ex0, ey0, ex1, ey1 = view.extent
        # The backdrop stands in the page once; all four maps use it.
        add(
            root,
            "use",
            href=f"#backdrop-{number}",
            x=0,
            y=0,
            transform=(
                f"translate({(ex0 - x0) * scale:.2f} {(ey0 - y0) * scale:.2f}) "
                f"scale({(ex1 - ex0) * scale:.4f} {(ey1 - ey0) * scale:.4f})"
            ),
        )
    else:
        plan.furniture(root, view.scene)
    add(
        root,
        "image",
        href=_png(rgba, raster_px),
        x=0,
        y=0,
        width=width,
        height=height,
        style="image-rendering:pixelated",
        preserveAspectRatio="none",
    )
    plan.walls(root, view.scene)
    for zone in floor.zones:
        plan.zone(root, zone)
        x, y = plan.at(*zone.xy_m.min(axis=0).tolist())
        name_of(
            root, shortened(zone.name, 22) + (" (staff)" if zone.staff else ""), x + 4, y + 12, font_size=10.5
        )
    add(root, "rect", x=0, y=0, width=width, height=height, fill="none", stroke=SOFT, stroke_width=0.8)
    add(
        root,
        "rect",
        x=-99,
        y=-99,
        width=grid.cell * scale,
        height=grid.cell * scale,
        fill="none",
        stroke="#0b57d0",
        stroke_width=2,
        class_="cursor",
    )
    return markup(root)


def _png(rgba: NDArray[np.float64], largest_px: int) -> str:
    cells = np.round(np.clip(rgba, 0, 1) * 255).astype(np.uint8)
    times = max(1, min(10, largest_px // max(cells.shape[:2])))
    image = Image.fromarray(np.repeat(np.repeat(cells, times, axis=0), times, axis=1), "RGBA")
    image.thumbnail((largest_px, largest_px), Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()

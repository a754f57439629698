"""The maps of a run as the studio shows them: a picture whose pixels are cells, and a text for every cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.lettering import number
from analytics.palette import Kind, Scale, cell_colours
from dwellmap.backdrop import backdrop_of
from dwellmap.run_folder import RunFolder
from dwellmap.run_maps import RunMap as RunMap
from dwellmap.run_maps import RunValues as RunValues
from dwellmap.run_maps import read_values as read_values
from dwellmap.studio.durations import spoken
from dwellmap.view import CameraView

# A picture of a map is about so wide, and its cells no larger than that, pixels.
_WIDE, _LARGEST_CELL = 1600, 48
_UNDERLAY = 1400.0
# Texts for more cells than this would take seconds to reach the browser.
MOST_TEXTS = 60_000


def raster(shown: RunMap) -> NDArray[np.uint8]:
    """The cells as (height, width, 4) RGBA, each a square of whole pixels; marks as on the printed maps."""
    rows, columns = shown.kinds.shape
    k = max(1, min(_LARGEST_CELL, _WIDE // max(rows, columns)))
    rgba = (cell_colours(shown.grid_map, shown.kinds, shown.scale) * 255).round().astype(np.uint8)
    picture = np.repeat(np.repeat(rgba, k, axis=0), k, axis=1)
    y, x = np.indices(picture.shape[:2])
    kinds = np.repeat(np.repeat(shown.kinds, k, axis=0), k, axis=1)
    picture[(kinds == Kind.NOT_SEEN) & ((x + y) % 12 < 2)] = (120, 128, 138, 150)
    if k >= 8:
        u, v = x % k - (k - 1) / 2, y % k - (k - 1) / 2
        picture[(kinds == Kind.FEW) & (u**2 + v**2 <= (k / 9) ** 2)] = (31, 41, 51, 200)
        cross = (np.abs(np.abs(u) - np.abs(v)) <= 0.6) & (np.abs(u) <= k / 5)
        picture[(kinds == Kind.NO_ARRIVAL) & cross] = (31, 41, 51, 200)
    return picture


def underlay(run: RunFolder, view: CameraView, grid: Grid) -> NDArray[np.uint8] | None:
    """Plan or people-free scene, muted, over exactly the cells: (height, width, 3) RGB; None without one."""
    found = backdrop_of(view, run.scene_picture())
    x, y = grid.x_edges, grid.y_edges
    x0, y0, x1, y1 = float(x[0]), float(y[0]), float(x[-1]), float(y[-1])
    if found is None:
        return None
    part, (left, top, right, bottom) = found.drawn((x0, y0, x1, y1), _UNDERLAY)
    if not part.size:
        return None
    h, w = part.shape[:2]
    by_x, by_y = w / (right - left), h / (bottom - top)
    size = max(h, round((y1 - y0) * by_y)), max(w, round((x1 - x0) * by_x))
    sheet = np.full((*size, 3), 255, dtype=np.uint8)
    at_y, at_x = (max(0, round(v)) for v in ((top - y0) * by_y, (left - x0) * by_x))
    h, w = min(h, size[0] - at_y), min(w, size[1] - at_x)
    sheet[at_y : at_y + h, at_x : at_x + w] = part[:h, :w]
    return sheet


def texts(values: RunValues, name: str) -> list[str]:
    """What each cell says, in order of cell number."""
    shown = values.maps[name]
    unit = values.grid.unit
    flat = {key: column.ravel() for key, column in values.columns.items()}
    sigma = flat[f"sigma_{unit}"]
    found = []
    for i, (kind, value) in enumerate(
        zip(shown.kinds.ravel().tolist(), shown.grid_map.values.ravel().tolist(), strict=True)
    ):
        if kind == Kind.NOT_SEEN:
            found.append("not seen by the camera")
        elif kind == Kind.NOBODY:
            found.append("nobody")
        elif kind == Kind.NO_ARRIVAL:
            found.append(f"no arrival seen, at least {spoken(float(flat['dwell_s'][i]))}")
        else:
            text = _said(name, value, i, flat, shown.scale)
            if kind == Kind.FEW:
                text += f" · few: under {values.min_entries} entries"
            elif kind == Kind.FINE:
                off = f"{100 * sigma[i]:.0f} cm" if unit == "m" else f"{sigma[i]:.0f} px"
                text += f" · positions ± {off}"
            found.append(text)
    return found


def _said(name: str, value: float, i: int, flat: dict[str, NDArray[np.float64]], scale: Scale) -> str:
    if name == "visits":
        return f"{value:.0f} {'person' if round(value) == 1 else 'people'}"
    if name == "dwell":
        return f"{spoken(value)} in all"
    if name == "attention":
        low, high = flat["attention_low_s"][i], flat["attention_high_s"][i]
        entries = flat["entries"][i]
        text = f"{spoken(value)} a visit · {entries:.0f} {'entry' if round(entries) == 1 else 'entries'}"
        return text + (f" · 95 %: {spoken(low)} to {spoken(high)}" if np.isfinite([low, high]).all() else "")
    return f"{number(value * scale.factor)} {scale.unit}"

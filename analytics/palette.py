"""From values to colours: what each cell is, the colour scale, and the unit people can read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from analytics.maps import GridMap

# Share of the positive values that the colour scale spans; the rest is drawn in the top colour.
_PERCENTILE = 99.0
# A highest value this close above the percentile is not worth clipping.
_TOLERANCE = 1.25

# Alpha of a cell over the floor: full, for finer than positions are accurate, and for "few".
SOLID, BLURRED, FADED = 0.82, 0.55, 0.34
# Share of the largest value under which heat is not drawn.
_TRACE = 0.005
NO_ARRIVAL_RGBA = (0.42, 0.55, 0.68, 0.50)
NOT_SEEN_RGBA = (0.55, 0.57, 0.60, 0.22)


class Kind(IntEnum):
    """What a cell of a map is."""

    NOT_SEEN = 0
    NOBODY = 1
    FEW = 2
    NO_ARRIVAL = 3
    COUNTED = 4
    FINE = 5


def kinds_of(grid_map: GridMap, coverage: NDArray[np.float64], min_coverage: float) -> NDArray[np.uint8]:
    """What each cell is, (rows, columns): not seen, empty, few, no arrival seen, or a number, coarse or fine.

    Args:
        grid_map: A map; on observable floor its NaN means, for attention alone, that nobody was seen to
            arrive: with people present (`few`) there was dwell without entry, otherwise nobody was there.
        coverage: (rows, columns) share of the observed time in which the cell was visible.
        min_coverage: Share under which a cell counts as not seen.

    """
    values, few = grid_map.values, grid_map.few
    unknown = np.isnan(values)
    kinds = np.full(values.shape, Kind.COUNTED, dtype=np.uint8)
    kinds[grid_map.fine] = Kind.FINE
    kinds[few] = Kind.FEW
    nothing = 0.0
    if grid_map.name == "heat" and np.any(values > 0):
        # Heat fades out in all directions: a trace of it is not worth a colour.
        nothing = _TRACE * float(np.max(values[values > 0]))
    with np.errstate(invalid="ignore"):
        kinds[values <= nothing] = Kind.NOBODY
    if grid_map.name == "attention":
        kinds[unknown] = np.where(few[unknown], Kind.NO_ARRIVAL, Kind.NOBODY)
        kinds[coverage < min_coverage] = Kind.NOT_SEEN
    else:
        kinds[unknown | (coverage < min_coverage)] = Kind.NOT_SEEN
    return kinds


@dataclass(frozen=True, slots=True)
class Scale:
    """The colour scale of one map.

    Attributes:
        unit: Unit of the bar.
        factor: A value times this is in `unit`.
        top: Value of the top colour, in `unit`; the scale starts at 0.
        highest: Highest value drawn, in `unit`; above `top` where the scale is clipped.
        whole: True where only whole numbers occur.

    """

    unit: str
    factor: float
    top: float
    highest: float
    whole: bool

    @property
    def clipped(self) -> bool:
        """Whether some values lie above the top colour."""
        return self.highest > self.top

    @property
    def empty(self) -> bool:
        """Whether there is no number to draw."""
        return self.highest <= 0


def scale_of(grid_map: GridMap, kinds: NDArray[np.uint8]) -> Scale:
    """The scale from 0 to the 99th percentile of the positive values, so that one outlier hides nothing."""
    values = grid_map.values[np.isin(kinds, (Kind.COUNTED, Kind.FINE, Kind.FEW))]
    if values.size == 0:
        return Scale(grid_map.unit, 1.0, 1.0, 0.0, False)
    highest = float(values.max())
    top = float(np.percentile(values, _PERCENTILE))
    if highest <= _TOLERANCE * top:
        top = highest
    unit, factor = _readable(grid_map.name, grid_map.unit, top)
    whole = grid_map.name == "visits"
    # A bar of people from 0 to 0.7 would be no bar of people.
    top = max(1.0, float(np.ceil(top))) if whole else top
    return Scale(unit, factor, top * factor, max(highest, top if whole else highest) * factor, whole)


def _readable(name: str, unit: str, top: float) -> tuple[str, float]:
    """A unit in which the top of the scale is a number people can say, and the factor to it."""
    if name == "heat" and top < 0.05:
        larger = {
            "people per m²": "people per 100 m²",
            "people per 10 000 px²": "people per 1 000 000 px²",
        }
        return (larger[unit], 100.0) if unit in larger else (unit, 1.0)
    if name in ("dwell", "attention", "motion") and top > 600:
        word, seconds = ("hours", 3600.0) if top > 3 * 3600 else ("minutes", 60.0)
        return unit.replace("seconds", word), 1 / seconds
    return unit, 1.0


def colour_map() -> ListedColormap:
    """Sand, orange, magenta, deep violet: a stretch of magma backwards.

    Over a light floor more has to be darker. Magma is perceptually uniform and keeps its order for the
    colour-blind and in grey; its palest end is cut off so that a little differs from nothing, its blackest
    so that the lines of a plan stay visible.
    """
    shades = matplotlib.colormaps["magma"](np.linspace(0.90, 0.13, 256))
    return ListedColormap(shades, name="dwellmap")


def bar_colours() -> ListedColormap:
    """The colours of `colour_map` as they look over a white floor, for the bar."""
    shades = colour_map()(np.arange(256))
    shades[:, :3] = 1 - SOLID * (1 - shades[:, :3])
    return ListedColormap(shades, name="dwellmap over white")


def cell_colours(
    grid_map: GridMap, kinds: NDArray[np.uint8], scale: Scale, colours: ListedColormap | None = None
) -> NDArray[np.float64]:
    """Colour of every cell, (rows, columns, 4) RGBA in 0..1; empty floor is clear."""
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num(grid_map.values * scale.factor / scale.top, nan=0.0, posinf=1.0)
    chosen = colour_map() if colours is None else colours
    rgba = np.asarray(chosen(np.clip(share, 0.0, 1.0)), dtype=np.float64)
    rgba[..., 3] = 0.0
    for kind, alpha in ((Kind.COUNTED, SOLID), (Kind.FINE, BLURRED), (Kind.FEW, FADED)):
        rgba[kinds == kind, 3] = alpha
    rgba[kinds == Kind.NO_ARRIVAL] = NO_ARRIVAL_RGBA
    rgba[kinds == Kind.NOT_SEEN] = NOT_SEEN_RGBA
    return rgba

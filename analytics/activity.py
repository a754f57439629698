"""Activity without people: seconds of motion per pixel, added up in regions and ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.accumulators import Accumulator, Rules
from analytics.grid import Grid
from analytics.maps import GridMap

NOWHERE = -1
# Activity has no visits, so nothing is chained and nothing is too short.
_RULES = Rules(0.0, 0.0)


def no_activity(places: int) -> Accumulator:
    """The sums before anything moved, in so many places."""
    return Accumulator.empty(places, _RULES)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The n x m rectangles over what counts of a picture.

    Attributes:
        rows, columns: n and m.
        place: (h, w) int64 number of each pixel's region, row * columns + column; NOWHERE for a pixel that
            does not count.
        box: (left, top, right, bottom) of what is divided, whole pixels, right and bottom exclusive.

    """

    rows: int
    columns: int
    place: NDArray[np.int64]
    box: tuple[int, int, int, int]

    @classmethod
    def over(cls, counts: NDArray[np.bool_], rows: int, columns: int) -> Regions:
        """Divide the box round the pixels (h, w) that count.

        Raises:
            ValueError: If none counts, or there are more regions than pixels.

        """
        if not counts.any():
            raise ValueError("region of interest: expected some of the picture inside it, got none")
        y, x = np.flatnonzero(counts.any(axis=1)), np.flatnonzero(counts.any(axis=0))
        left, top, right, bottom = int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1
        if not (1 <= rows <= bottom - top and 1 <= columns <= right - left):
            raise ValueError(
                f"grid: expected 1x1 to {bottom - top}x{right - left} cells (rows x columns), "
                f"got {rows}x{columns}"
            )
        row = np.clip((np.arange(counts.shape[0]) - top) * rows // (bottom - top), 0, rows - 1)
        column = np.clip((np.arange(counts.shape[1]) - left) * columns // (right - left), 0, columns - 1)
        place = np.where(counts, row[:, None] * columns + column[None], NOWHERE)
        return cls(rows, columns, place, (left, top, right, bottom))

    @property
    def number(self) -> int:
        """How many there are."""
        return self.rows * self.columns

    @property
    def pixels(self) -> NDArray[np.int64]:
        """(regions,) pixels that count in each."""
        return np.bincount(self.place[self.place >= 0], minlength=self.number)

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(regions,) sums of values per pixel (h, w)."""
        there = self.place >= 0
        return np.bincount(self.place[there], values[there], self.number).astype(np.float64)

    def touched(self, moving: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(regions,) bool: something moves (h, w) in it."""
        inside = self.place[moving & (self.place >= 0)]
        return np.bincount(inside, minlength=self.number) > 0

    def boxes(self) -> NDArray[np.int64]:
        """(regions, 4) left, top, right, bottom of each, in pixels, right and bottom exclusive."""
        left, top, right, bottom = self.box
        # The first pixel of region r is the smallest whose share reaches it, as in `over`.
        y = top + -(-np.arange(self.rows + 1) * (bottom - top) // self.rows)
        x = left + -(-np.arange(self.columns + 1) * (right - left) // self.columns)
        row, column = np.divmod(np.arange(self.number), self.columns)
        return np.column_stack([x[column], y[row], x[column + 1], y[row + 1]])


def region_table(
    regions: Regions,
    moving_s: NDArray[np.float64],
    occupied_s: NDArray[np.float64],
    difference: NDArray[np.float64],
    scale: tuple[float, float],
) -> pd.DataFrame:
    """The numbers of each region.

    Args:
        regions: The regions.
        moving_s: (h, w) seconds of motion per pixel.
        occupied_s: (regions,) seconds in which anything moved in a region.
        difference: (h, w) mean absolute difference from the reference, grey levels.
        scale: (x, y) pixels of the recording per pixel of the arrays.

    Returns:
        A row per region: `row` and `column` from 1 at the top left, its box `left_px` to `bottom_px` in
        pixels of the recording, `area_share` of what counts, `activity_s` (seconds of motion, mean over its
        pixels), `occupied_s`, `share` of all pixel-seconds of motion (they sum to 1; NaN where nothing moved
        at all), `rank` (1 is the most active by `activity_s`, equals share a rank) and `difference` (grey
        levels). NaN, and no rank, where none of its pixels counts.

    """
    pixels = regions.pixels
    with np.errstate(invalid="ignore", divide="ignore"):
        activity_s = np.where(pixels > 0, regions.total(moving_s) / pixels, np.nan)
        mean = np.where(pixels > 0, regions.total(difference) / pixels, np.nan)
        total = regions.total(moving_s)
        share = np.where(pixels > 0, total / total.sum(), np.nan)
    row, column = np.divmod(np.arange(regions.number), regions.columns)
    edges = regions.boxes() * np.array([scale[0], scale[1]] * 2) - 0.5
    return pd.DataFrame(
        {
            "row": row + 1,
            "column": column + 1,
            **{f"{n}_px": edges[:, i] for i, n in enumerate(("left", "top", "right", "bottom"))},
            "area_share": pixels / pixels.sum(),
            "activity_s": activity_s,
            "occupied_s": np.where(pixels > 0, occupied_s, np.nan),
            "share": share,
            "rank": pd.Series(activity_s).rank(ascending=False, method="min").astype("Int64"),
            "difference": mean,
        }
    )


def extremes(table: pd.DataFrame) -> tuple[int, int] | None:
    """Rows of the hottest and of the coldest region of `region_table`; None where nothing moved."""
    known = table["activity_s"].dropna()
    if not len(known) or not (known > 0).any():
        return None
    return int(np.nanargmax(table["activity_s"])), int(np.nanargmin(table["activity_s"]))


def activity_map(name: str, values: NDArray[np.float64], unit: str, grid: Grid) -> GridMap:
    """A map of activity, which has neither people to be few nor positions to be inaccurate."""
    nothing = np.zeros(grid.shape, dtype=np.bool_)
    return GridMap(
        name, np.asarray(values, dtype=np.float64).reshape(grid.shape), nothing, nothing, unit, grid
    )

"""Stays: unbroken intervals of a person in a place, cut exactly where the path crosses a border.

Places are the cells of a grid or one polygon; both only say where a path changes place (`Changes`), and one
piece of code makes stays of that. Work is done per change of place, not per sample.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.trajectories import Trajectories
from calibration.segments import meetings

CROSSED = 0
EDGE = 1
BROKEN = 2
ENTRY_NAMES = ("crossed", "edge", "appeared")
EXIT_NAMES = ("crossed", "edge", "vanished")
OUTSIDE = -1

# Shorter than this is a touched corner; rounding makes them of either sign.
_TOUCH_S = 1e-9
# To which side a way along an outline belongs: right and below, and never along the outline.
_NUDGE = np.array([1.0, 1.618]) * 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PathEnds:
    """How each unbroken path begins and ends, in order of path number.

    Attributes:
        entry: (K,) int8, EDGE or BROKEN (began in mid-floor, or with the footage).
        exit: (K,) int8, EDGE or BROKEN (vanished in mid-floor, or with the footage).

    """

    entry: NDArray[np.int8]
    exit: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Stays in order of path and time.

    Attributes:
        person: (S,) int64.
        place: (S,) int64, cell number or zone number; OUTSIDE (-1) off the floor.
        enter_s: (S,) float64.
        leave_s: (S,) float64.
        entry: (S,) int8: CROSSED, EDGE or BROKEN ("appeared").
        exit: (S,) int8: CROSSED, EDGE or BROKEN ("vanished").

    """

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    enter_s: NDArray[np.float64]
    leave_s: NDArray[np.float64]
    entry: NDArray[np.int8]
    exit: NDArray[np.int8]

    def __len__(self) -> int:
        """Number of stays."""
        return len(self.person)

    def where(self, rows: NDArray[np.bool_]) -> Stays:
        """Some of the stays."""
        return Stays(*(getattr(self, f.name)[rows] for f in fields(self)))

    @classmethod
    def concatenate(cls, parts: list[Stays]) -> Stays:
        """All stays of several tables."""
        if not parts:
            return cls(*(np.zeros(0, t) for t in (np.int64, np.int64, float, float, np.int8, np.int8)))
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def to_frame(self) -> pd.DataFrame:
        """The stays as a table with readable entry and exit."""
        return pd.DataFrame(
            {
                "person": self.person,
                "place": self.place,
                "enter_s": self.enter_s,
                "leave_s": self.leave_s,
                "entry": np.array(ENTRY_NAMES, dtype=object)[self.entry],
                "exit": np.array(EXIT_NAMES, dtype=object)[self.exit],
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """Where paths come into a place: at their beginning and at each crossing of a border, in order.

    `row` is the row of the trajectory at which the segment begins, `share` the position along it. Every path
    of two rows or more begins with a change at share 0.
    """

    row: NDArray[np.int64]
    share: NDArray[np.float64]
    place: NDArray[np.int64]


def stays_in_cells(paths: Trajectories, grid: Grid, ends: PathEnds) -> Stays:
    """Cut the paths at the borders of the grid's cells.

    Stays off the grid have place OUTSIDE. Stays of zero length (a touched corner) are left out.
    """
    scaled = (paths.xy - grid.origin) / grid.cell
    index = np.floor(scaled).astype(np.int64)
    joined = paths.path[1:] == paths.path[:-1]
    begins = _first_segments(joined)
    moved = np.flatnonzero(joined & np.any(index[1:] != index[:-1], axis=1))
    row_x, share_x, step_x = _line_crossings(scaled[:, 0], index[:, 0], moved)
    row_y, share_y, step_y = _line_crossings(scaled[:, 1], index[:, 1], moved)
    row = np.concatenate([begins, row_x, row_y])
    share = np.concatenate([np.zeros(len(begins)), share_x, share_y])
    order = np.lexsort((share, row))
    row, share = row[order], share[order]
    still = np.zeros(len(begins), dtype=np.int64)
    # The cell after a crossing: the cell at the segment's begin plus all steps up to it.
    column = _stepped(index[:, 0], row, np.concatenate([still, step_x, np.zeros_like(step_y)])[order])
    line = _stepped(index[:, 1], row, np.concatenate([still, np.zeros_like(step_x), step_y])[order])
    return _stays(paths, _Changes(row, share, grid.place_of_index(column, line)), ends)


def _first_segments(joined: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows at which the first segment of each path begins."""
    return np.flatnonzero(joined & ~np.concatenate([[False], joined[:-1]]))


def _line_crossings(
    scaled: NDArray[np.float64], index: NDArray[np.int64], moved: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Crossings of the segments `moved` with the whole numbers along one axis: (row, share, step +-1)."""
    begin, end = index[moved], index[moved + 1]
    count = np.abs(end - begin)
    row = np.repeat(moved, count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    step = np.repeat(np.sign(end - begin), count)
    # Rightwards the borders are begin + 1, begin + 2, ...; leftwards begin, begin - 1, ...
    border = np.where(step > 0, index[row] + 1 + nth, index[row] - nth)
    share = (border - scaled[row]) / (scaled[row + 1] - scaled[row])
    return row, np.clip(share, 0.0, 1.0), step


def _stepped(index: NDArray[np.int64], row: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index after each step, counted from the index at the row where its segment begins."""
    steps = np.cumsum(step)
    first = np.searchsorted(row, row, side="left")
    return index[row] + steps - (steps - step)[first]


def stays_in_polygon(paths: Trajectories, xy: NDArray[np.float64], number: int, ends: PathEnds) -> Stays:
    """Cut the paths at the outline of a polygon.

    A way along the outline itself belongs to the polygon on its right or lower side, as with the grid's
    cells, so that polygons that share a border share no time and lose none.

    Args:
        paths: The paths.
        xy: (n, 2) corners, in the unit of the paths.
        number: Place number of the polygon in the result.
        ends: How the paths begin and end.

    Returns:
        The stays inside the polygon.

    """
    joined = paths.path[1:] == paths.path[:-1]
    p0, p1 = paths.xy[:-1], paths.xy[1:]
    near = joined & np.all((np.maximum(p0, p1) >= xy.min(axis=0)) & (np.minimum(p0, p1) <= xy.max(axis=0)), 1)
    row, share, until = _pieces(p0, p1, np.flatnonzero(near), xy)
    middle = ((share + until) / 2)[:, None]
    point = p0[row] + middle * (p1[row] - p0[row]) + _NUDGE
    polygon = shapely.Polygon(xy)
    shapely.prepare(polygon)
    place = np.where(shapely.contains_xy(polygon, point[:, 0], point[:, 1]), number, OUTSIDE)
    # Segments away from the polygon are outside as a whole.
    away = np.flatnonzero(joined & ~near)
    at = np.searchsorted(row, away)
    changes = _Changes(np.insert(row, at, away), np.insert(share, at, 0.0), np.insert(place, at, OUTSIDE))
    found = _stays(paths, changes, ends)
    return found.where(found.place != OUTSIDE)


def _pieces(
    p0: NDArray[np.float64], p1: NDArray[np.float64], segment: NDArray[np.int64], xy: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Cut segments where they meet an outline: (segment, share at begin, share at end) of each piece."""
    rows, shares = [segment], [np.zeros(len(segment))]
    d = p1[segment] - p0[segment]
    for a, b in zip(xy, np.roll(xy, -1, axis=0), strict=True):
        share = meetings(p0[segment], d, a, b)
        hit = (share > 0) & (share < 1)
        rows.append(segment[hit])
        shares.append(share[hit])
    row, share = np.concatenate(rows), np.concatenate(shares)
    order = np.lexsort((share, row))
    row, share = row[order], share[order]
    until = np.ones(len(row))
    until[:-1] = np.where(row[1:] == row[:-1], share[1:], 1.0)
    return row, share, until


def _stays(paths: Trajectories, changes: _Changes, ends: PathEnds) -> Stays:
    """Each change begins a stay that lasts until the next one of the same path."""
    if len(changes.row) == 0:
        return Stays.concatenate([])
    breaks = paths.path[1:] != paths.path[:-1]
    begin_s = paths.t_s[np.concatenate([[True], breaks])]
    end_s = paths.t_s[np.concatenate([breaks, [True]])]
    row, share, place = changes.row, changes.share, changes.place
    number = np.concatenate([[0], np.cumsum(breaks)])[row]
    # Written so that shares 0 and 1 give the rows' own times to the last bit.
    enter = (1.0 - share) * paths.t_s[row] + share * paths.t_s[row + 1]
    # A touched corner is no stay: the stays before and after it join.
    kept = _leave_s(enter, number, end_s) - enter > _TOUCH_S
    row, place, enter, number = row[kept], place[kept], enter[kept], number[kept]
    kept = _differs(number) | _differs(place)
    row, place, enter, number = row[kept], place[kept], enter[kept], number[kept]
    first = _differs(number)
    enter[first] = begin_s[number[first]]
    last = np.concatenate([first[1:], np.ones(min(len(first), 1), dtype=np.bool_)])
    entry = np.where(first, ends.entry[number], CROSSED).astype(np.int8)
    exit_ = np.where(last, ends.exit[number], CROSSED).astype(np.int8)
    return Stays(paths.person[row], place, enter, _leave_s(enter, number, end_s), entry, exit_)


def _differs(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each value differs from the one before it; the first does."""
    return np.concatenate([np.ones(min(len(values), 1), dtype=np.bool_), values[1:] != values[:-1]])


def _leave_s(
    enter_s: NDArray[np.float64], number: NDArray[np.int64], end_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """When each change is followed by the next one of the same path, or the path ends."""
    leave_s = end_s[number]
    same = np.flatnonzero(number[1:] == number[:-1])
    leave_s[same] = enter_s[same + 1]
    return leave_s

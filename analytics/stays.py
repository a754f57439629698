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
from analytics.segments import meetings
from analytics.trajectories import Trajectories

CROSSED = 0
EDGE = 1
BROKEN = 2
ENTRY_NAMES = ("crossed", "edge", "appeared")
EXIT_NAMES = ("crossed", "edge", "vanished")
OUTSIDE = -1


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
    """Where paths come into a place: at their beginning (share -1) and at each crossing of a border.

    `row` is the row of the trajectory at which the segment begins, `share` the position along it.
    """

    row: NDArray[np.int64]
    share: NDArray[np.float64]
    place: NDArray[np.int64]


def stays_in_cells(paths: Trajectories, grid: Grid, ends: PathEnds) -> Stays:
    """Cut the paths at the borders of the grid's cells.

    Stays off the grid have place OUTSIDE. Stays of zero length (a touched corner) are left out.
    """
    scaled = (paths.xy - grid.origin) / grid.cell
    column = np.floor(scaled[:, 0]).astype(np.int64)
    line = np.floor(scaled[:, 1]).astype(np.int64)
    joined = paths.path[1:] == paths.path[:-1]
    moved = np.flatnonzero(joined & ((column[1:] != column[:-1]) | (line[1:] != line[:-1])))
    crossings = [_line_crossings(scaled[:, 0], column, moved), _line_crossings(scaled[:, 1], line, moved)]
    row = np.concatenate([crossings[0][0], crossings[1][0]])
    share = np.concatenate([crossings[0][1], crossings[1][1]])
    step_column = np.concatenate([crossings[0][2], np.zeros(len(crossings[1][0]), dtype=np.int64)])
    step_line = np.concatenate([np.zeros(len(crossings[0][0]), dtype=np.int64), crossings[1][2]])
    order = np.lexsort((share, row))
    row, share = row[order], share[order]
    # The cell after a crossing: the cell at the segment's begin plus all steps up to it.
    first = np.searchsorted(row, row, side="left")
    steps_c, steps_l = np.cumsum(step_column[order]), np.cumsum(step_line[order])
    before_c = steps_c[first] - step_column[order][first]
    before_l = steps_l[first] - step_line[order][first]
    place = grid.place_of_index(column[row] + steps_c - before_c, line[row] + steps_l - before_l)
    begins = np.flatnonzero(np.concatenate([[True], ~joined])) if len(paths.path) else np.zeros(0, np.int64)
    start = grid.place_of_index(column[begins], line[begins])
    return _stays(paths, _merge(begins, start, row, share, place), ends)


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


def stays_in_polygon(paths: Trajectories, xy: NDArray[np.float64], number: int, ends: PathEnds) -> Stays:
    """Cut the paths at the outline of a polygon.

    Args:
        paths: The paths.
        xy: (n, 2) corners, in the unit of the paths.
        number: Place number of the polygon in the result.
        ends: How the paths begin and end.

    Returns:
        The stays inside the polygon.

    """
    polygon = shapely.Polygon(xy)
    shapely.prepare(polygon)
    joined = paths.path[1:] == paths.path[:-1]
    low, high = xy.min(axis=0), xy.max(axis=0)
    p0, p1 = paths.xy[:-1], paths.xy[1:]
    near = joined & np.all((np.maximum(p0, p1) >= low) & (np.minimum(p0, p1) <= high), axis=1)
    segment = np.flatnonzero(near)
    rows, shares = [segment], [np.zeros(len(segment))]
    d = p1[segment] - p0[segment]
    for a, b in zip(xy, np.roll(xy, -1, axis=0), strict=True):
        share = meetings(p0[segment], d, a, b)
        hit = (share > 0) & (share < 1)
        rows.append(segment[hit])
        shares.append(share[hit])
    # Segments that come after one inside the box, but lie outside it themselves, begin outside.
    follower = np.flatnonzero(joined & ~near)
    rows.append(follower)
    shares.append(np.zeros(len(follower)))
    row, share = np.concatenate(rows), np.concatenate(shares)
    order = np.lexsort((share, row))
    row, share = row[order], share[order]
    same = np.concatenate([row[1:] == row[:-1], [False]])
    until = np.where(same, np.concatenate([share[1:], [1.0]]), 1.0)
    middle = ((share + until) / 2)[:, None]
    inside = np.zeros(len(row), dtype=np.bool_)
    candidate = near[row] & (until > share)
    point = p0[row[candidate]] + middle[candidate] * (p1[row[candidate]] - p0[row[candidate]])
    inside[candidate] = shapely.contains_xy(polygon, point[:, 0], point[:, 1])
    # A piece of zero length (a touched corner) is where the piece before it was.
    keep = until > share
    row, share, place = row[keep], share[keep], np.where(inside[keep], number, OUTSIDE)
    begins = np.flatnonzero(np.concatenate([[True], ~joined])) if len(paths.path) else np.zeros(0, np.int64)
    at = np.searchsorted(row, begins)
    alone = (
        (at >= len(row)) | (row[np.minimum(at, max(len(row) - 1, 0))] != begins)
        if len(row)
        else np.ones(len(begins), bool)
    )
    start = np.full(len(begins), OUTSIDE, dtype=np.int64)
    start[~alone] = place[at[~alone]]
    found = _stays(paths, _merge(begins, start, row, share, place), ends)
    return found.where(found.place != OUTSIDE)


def _merge(
    begins: NDArray[np.int64],
    start: NDArray[np.int64],
    row: NDArray[np.int64],
    share: NDArray[np.float64],
    place: NDArray[np.int64],
) -> _Changes:
    """Put the beginnings of paths between the crossings, in order of row and share."""
    at = np.searchsorted(row, begins, side="left")
    return _Changes(np.insert(row, at, begins), np.insert(share, at, -1.0), np.insert(place, at, start))


def _stays(paths: Trajectories, changes: _Changes, ends: PathEnds) -> Stays:
    """Each change begins a stay that lasts until the next one of the same path."""
    row, share, place = changes.row, changes.share, changes.place
    if len(row) == 0:
        return Stays.concatenate([])
    begins = share < 0
    keep = begins | np.concatenate([[True], place[1:] != place[:-1]])
    row, share, place, begins = row[keep], share[keep], place[keep], begins[keep]
    following = np.minimum(row + 1, len(paths.t_s) - 1)
    at_begin = np.where(begins, 0.0, share)
    enter = paths.t_s[row] + at_begin * (paths.t_s[following] - paths.t_s[row])
    last_of_path = np.concatenate([begins[1:], [True]])
    path_last_row = np.flatnonzero(np.concatenate([paths.path[1:] != paths.path[:-1], [True]]))
    number = np.cumsum(begins) - 1
    leave = np.where(last_of_path, paths.t_s[path_last_row[number]], np.concatenate([enter[1:], [0.0]]))
    entry = np.where(begins, ends.entry[number], CROSSED).astype(np.int8)
    exit_ = np.where(last_of_path, ends.exit[number], CROSSED).astype(np.int8)
    stays = Stays(paths.person[row], place, enter, leave, entry, exit_)
    return stays.where(leave > enter)

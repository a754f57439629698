"""How paths begin and end: at a door or the edge of what is seen, or in mid-floor, where nobody appears."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.stays import BROKEN, EDGE, PathEnds
from analytics.trajectories import Trajectories
from calibration.scene import Door
from tracker.tracks import Tracks

# A box this near to the picture's border, as a share of the box's height, is coming in or going out.
_BORDER_SHARE = 0.1
# A path that begins within this time of the footage's begin was there before it.
_FOOTAGE_END_S = 0.5


def path_ends(
    paths: Trajectories,
    tracks: Tracks,
    grid: Grid,
    coverage: Coverage,
    doors: tuple[Door, ...],
    shown_px: tuple[float, float, float, float],
    observed_s: NDArray[np.float64],
    edge: float,
) -> PathEnds:
    """Classify the beginning and the end of every path.

    A path begins at the edge (EDGE) where the person's box lies at the picture's border or the position
    lies within `edge` of a door; the first path of a scene visit also within `edge` of floor that cannot
    be observed, where a later one only continues what was hidden for a while. It is BROKEN in mid-floor and
    where the footage began or resumed after a gap. The plan's own edge is taken for a wall if there are
    doors, and for a way in if there are none.

    Args:
        paths: The smoothed paths.
        tracks: The tracks they came from; their boxes tell what touches the picture's border.
        grid: The cells.
        coverage: What can be observed of them.
        doors: Doors on the floor, in the unit of the paths.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.
        observed_s: (n, 2) intervals in which footage was decoded.
        edge: Distance to a door or unobservable floor, in the unit of the paths.

    """
    if len(paths.path) == 0:
        return PathEnds(np.zeros(0, np.int8), np.zeros(0, np.int8))
    new = paths.path[1:] != paths.path[:-1]
    first = np.concatenate([[0], np.flatnonzero(new) + 1])
    last = np.concatenate([np.flatnonzero(new), [len(paths.path) - 1]])
    margin = _distance_to_hidden(grid, coverage, plan_edge=not doors)
    person = paths.person[first]
    visit = tracks.scene_visit[_rows_at(tracks, person, paths.t_s[first])]
    other = (person[1:] != person[:-1]) | (visit[1:] != visit[:-1])
    begins, finishes = np.concatenate([[True], other]), np.concatenate([other, [True]])
    kinds = []
    for rows, whole, side in ((first, begins, 0), (last, finishes, 1)):
        xy, t_s = paths.xy[rows], paths.t_s[rows]
        place = grid.place_of(xy)
        near = whole & ((place < 0) | (margin[np.maximum(place, 0)] <= edge))
        for door in doors:
            near |= shapely.distance(shapely.points(xy), shapely.LineString(door.xy_m)) <= edge
        near |= _at_border(tracks.xyxy_px[_rows_at(tracks, person, t_s)], shown_px)
        cut = (
            np.min(np.abs(t_s[:, None] - observed_s[None, :, side]), axis=1, initial=np.inf) <= _FOOTAGE_END_S
        )
        kinds.append(np.where(near & ~cut, EDGE, BROKEN).astype(np.int8))
    return PathEnds(*kinds)


def _distance_to_hidden(grid: Grid, coverage: Coverage, plan_edge: bool) -> NDArray[np.float64]:
    """Distance from the middle of each cell to the nearest border of a hidden cell, or of the grid."""
    seen = np.pad(~coverage.hidden.reshape(grid.shape), 1, constant_values=not plan_edge)
    if seen.all():
        return np.full(grid.cells, np.inf)
    cells: NDArray[np.float64] = distance_transform_edt(seen)[1:-1, 1:-1]
    return np.maximum(cells.ravel() - 0.5, 0.0) * grid.cell


def _rows_at(tracks: Tracks, person: NDArray[np.int64], t_s: NDArray[np.float64]) -> NDArray[np.intp]:
    """The row of each person at each time."""
    # Tracks are sorted by person, then time: one increasing clock finds both at once.
    span = float(np.ptp(tracks.t_s)) + 1.0
    low = float(tracks.t_s.min())
    clock = tracks.person * span + (tracks.t_s - low)
    row = np.searchsorted(clock, person * span + (t_s - low) - 1e-6)
    return np.minimum(row, len(tracks) - 1)


def _at_border(
    xyxy_px: NDArray[np.float64], shown_px: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    """Whether boxes (n, 4) lie at the picture's border."""
    x1, y1, x2, y2 = xyxy_px.T
    slack = _BORDER_SHARE * (y2 - y1)
    left, top, right, bottom = shown_px
    sides = (x1 <= left + slack) | (x2 >= right - slack)
    return np.asarray(sides | (y1 <= top + 0.2 * slack) | (y2 >= bottom - 0.2 * slack))

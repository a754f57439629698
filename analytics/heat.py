"""Heat: people per area, spread as widely as their position is uncertain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array

from analytics.grid import Grid
from calibration.scene import Wall
from calibration.segments import meetings

_REACH_SIGMAS = 3.0
# Beyond this a cell's heat would be smeared over the whole shop; the map is then not worth drawing finer.
_MAX_SIGMA_CELLS = 12.0
_PAIRS_AT_ONCE = 2_000_000


def spread_matrix(
    grid: Grid,
    cov: NDArray[np.float64],
    sigma: float,
    observable: NDArray[np.bool_],
    walls: tuple[Wall, ...] = (),
) -> csc_array:
    """The matrix K whose column j spreads what lies in cell j over the floor around it.

    Column j is a Gaussian of covariance (position covariance at j + sigma^2 I), read at the cells' centres,
    cut at walls, at the plan's edge and at cells that cannot be observed, and scaled to sum to 1. Columns of
    unobservable cells are zero.

    Args:
        grid: The cells.
        cov: (cells, 3) position covariance xx, xy, yy at each cell's centre; NaN counts as 0.
        sigma: Own width of a person's presence, in the grid's unit.
        observable: (cells,) bool.
        walls: Polylines that heat does not cross.

    """
    floor = (0.05 * grid.cell) ** 2
    c = np.nan_to_num(cov, nan=0.0, posinf=0.0)
    limit = (_MAX_SIGMA_CELLS * grid.cell) ** 2
    shrink = np.minimum(1.0, limit / np.maximum(c[:, 0] + c[:, 2], limit))
    xx, xy, yy = (c * shrink[:, None]).T
    xx, yy = xx + sigma**2 + floor, yy + sigma**2 + floor
    determinant = xx * yy - xy * xy
    source = np.flatnonzero(observable)
    reach_x = np.ceil(_REACH_SIGMAS * np.sqrt(xx) / grid.cell).astype(np.int64)
    reach_y = np.ceil(_REACH_SIGMAS * np.sqrt(yy) / grid.cell).astype(np.int64)
    lines = [(p, q) for wall in walls for p, q in zip(wall.xy_m[:-1], wall.xy_m[1:], strict=True)]
    rows, columns, weights = [], [], []
    # Cells of like reach together, so that near, sharp cells do not pay for far, blurred ones.
    reach = np.maximum(reach_x, reach_y)
    for size in np.unique(reach[source]):
        alike = source[reach[source] == size]
        step = np.arange(-size, size + 1)
        dx, dy = (a.ravel() for a in np.meshgrid(step, step))
        for part in np.array_split(alike, max(1, len(alike) * len(dx) // _PAIRS_AT_ONCE)):
            column = (part % grid.columns)[:, None] + dx[None]
            row = (part // grid.columns)[:, None] + dy[None]
            target = grid.place_of_index(column, row)
            ok = (target >= 0) & observable[np.maximum(target, 0)]
            x, y = dx * grid.cell, dy * grid.cell
            d2 = (
                np.outer(yy[part] / determinant[part], x * x)
                - np.outer(2 * xy[part] / determinant[part], x * y)
                + np.outer(xx[part] / determinant[part], y * y)
            )
            ok &= d2 <= _REACH_SIGMAS**2 + 1e-9
            i, k = np.nonzero(ok)
            rows.append(target[i, k])
            columns.append(part[i])
            weights.append(np.exp(-0.5 * d2[i, k]))
    if not rows:
        return csc_array((grid.cells, grid.cells))
    row, column, weight = np.concatenate(rows), np.concatenate(columns), np.concatenate(weights)
    if lines:
        open_way = ~_walled_off(grid.centres[column], grid.centres[row], lines)
        row, column, weight = row[open_way], column[open_way], weight[open_way]
    K = csc_array((weight, (row, column)), shape=(grid.cells, grid.cells))
    total = np.asarray(K.sum(axis=0)).ravel()
    return csc_array(K @ diags_array(np.where(total > 0, 1 / np.where(total > 0, total, 1), 0)))


def heat(
    K: csc_array, dwell_s: NDArray[np.float64], exposure_s: NDArray[np.float64], cell_area: float
) -> NDArray[np.float64]:
    """People per area: K . dwell / (area . exposure), NaN where there was no exposure."""
    spread = K @ dwell_s
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(exposure_s > 0, spread / (cell_area * exposure_s), np.nan)


def _walled_off(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    lines: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.bool_]:
    """Whether the straight way from each a to each b crosses one of the wall segments."""
    crossed = np.zeros(len(a), dtype=np.bool_)
    d = b - a
    for p, q in lines:
        share = meetings(a, d, p, q)
        crossed |= (share >= 0) & (share <= 1)
    return crossed

"""Ways around the furniture: shortest paths on a fine grid, then pulled tight and rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from dwellmap.demo.shop import Box, Shop

_STEP_M = 0.1
_BODY_M = 0.28
_PORCH_M = 1.2
SPACING_M = 0.05
"""Distance of neighbouring points of a way."""
# Ways avoid the surroundings of people who stand by making them this much longer.
_DETOUR, _ROUND_M = 6.0, 0.5


class Routes:
    """Walkable floor of a shop and the ways through it."""

    def __init__(self, shop: Shop, obstacles: tuple[Box, ...] = ()) -> None:
        """Mark what is free of walls and furniture and link each grid point with its eight neighbours.

        Args:
            shop: The room and its furniture.
            obstacles: What else stands in the way.

        """
        nx, ny = int((shop.width_m + _PORCH_M) / _STEP_M) + 1, int(shop.depth_m / _STEP_M) + 1
        x, y = np.meshgrid(np.arange(nx) * _STEP_M, np.arange(ny) * _STEP_M)
        blocked = (x <= 0) | (y <= 0) | (y >= shop.depth_m)
        blocked |= (x >= shop.width_m) & ((y < shop.door_m[0]) | (y > shop.door_m[1]))
        for box in (*shop.furniture, *obstacles):
            blocked |= (x >= box.left_m) & (x <= box.right_m) & (y >= box.top_m) & (y <= box.bottom_m)
        self._clear_m = distance_transform_edt(~blocked) * _STEP_M
        self._free = self._clear_m > _BODY_M
        self._last = np.array([nx - 1, ny - 1])
        # Keeping some distance is worth a short detour.
        price = 1 + 0.6 * np.exp(-(self._clear_m - _BODY_M) / 0.3)
        number = np.arange(nx * ny).reshape(ny, nx)
        rows, columns, costs = [], [], []
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            here = np.s_[: ny - dy, max(0, -dx) : nx - max(0, dx)]
            there = np.s_[dy:, max(0, dx) : nx - max(0, -dx)]
            ok = self._free[here] & self._free[there]
            rows.append(number[here][ok])
            columns.append(number[there][ok])
            costs.append((np.hypot(dx, dy) * (price[here] + price[there]) / 2)[ok])
        row, column, cost = (np.concatenate(parts) for parts in (rows, columns, costs))
        self._links = row, column, cost
        self._graph = coo_array((cost, (row, column)), shape=(nx * ny, nx * ny)).tocsr()
        self._at_m = np.column_stack([x.ravel(), y.ravel()])

    def free(self, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a person can be at points (..., 2)."""
        ij = self._index(xy_m)
        result: NDArray[np.bool_] = self._free[ij[..., 1], ij[..., 0]]
        return result

    def clear_m(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of points (..., 2) from what one cannot walk through, to half a step of the grid."""
        ij = self._index(xy_m)
        result: NDArray[np.float64] = self._clear_m[ij[..., 1], ij[..., 0]]
        return result

    def way(
        self,
        start_m: NDArray[np.float64],
        end_m: NDArray[np.float64],
        around_m: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the way between two points as (n, 2) points about 5 cm apart.

        Args:
            start_m: (2,) where it begins.
            end_m: (2,) where it ends.
            around_m: (k, 2) where people stand; the way takes a detour round them where there is one.

        Raises:
            ValueError: If there is none.

        """
        start, end = (self._nearest(p) for p in (start_m, end_m))
        nx = self._free.shape[1]
        _, before = dijkstra(
            self._avoiding(around_m),
            directed=False,
            indices=start[1] * nx + start[0],
            return_predecessors=True,
        )
        node = end[1] * nx + end[0]
        nodes = [node]
        while before[node] >= 0:
            node = int(before[node])
            nodes.append(node)
        if nodes[-1] != start[1] * nx + start[0]:
            raise ValueError(f"no way from {start_m} to {end_m}: the furniture leaves no room")
        steps = np.array(nodes[::-1])
        points = np.column_stack([steps % nx, steps // nx]) * _STEP_M
        route = np.concatenate([[start_m], points[1:-1], [end_m]])
        # Pulled tight it would lead through the people again.
        return _rounded(self._pulled_tight(route) if around_m is None else route)

    def _avoiding(self, around_m: NDArray[np.float64] | None) -> csr_array:
        if around_m is None or len(around_m) == 0:
            return self._graph
        near = np.min([np.sum((self._at_m - p) ** 2, axis=1) for p in around_m], axis=0) < _ROUND_M**2
        row, column, cost = self._links
        dear = cost * np.where(near[row] | near[column], _DETOUR, 1.0)
        return coo_array((dear, (row, column)), shape=self._graph.shape).tocsr()

    def _index(self, xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
        nearest = np.rint(np.asarray(xy_m) * (1 / _STEP_M)).astype(np.int64)
        return np.asarray(np.minimum(np.maximum(nearest, 0), self._last), dtype=np.int64)

    def _nearest(self, xy_m: NDArray[np.float64]) -> NDArray[np.int64]:
        candidates = np.argwhere(self._free)[:, ::-1]
        near = np.argmin(np.sum((candidates * _STEP_M - xy_m) ** 2, axis=1))
        return np.asarray(candidates[near], dtype=np.int64)

    def _pulled_tight(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Leave out what can be walked past in a straight line."""
        kept, at = [points[0]], 0
        while at < len(points) - 1:
            ahead = min(len(points) - 1, at + 25)
            while ahead > at + 1:
                line = np.linspace(points[at], points[ahead], 2 * (ahead - at) + 2)
                if np.all(self.free(line[1:-1])):
                    break
                ahead -= 1
            kept.append(points[ahead])
            at = ahead
        return np.array(kept)


def _rounded(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Resample a polyline to 5 cm and round its corners, its ends kept."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    s = np.linspace(0, length[-1], max(2, int(length[-1] / SPACING_M) + 1))
    points = np.column_stack([np.interp(s, length, corners[:, k]) for k in (0, 1)])
    # Reflected about its ends a line keeps them under smoothing.
    n = len(points)
    extended = np.concatenate([2 * points[0] - points[:0:-1], points, 2 * points[-1] - points[-2::-1]])
    smooth: NDArray[np.float64] = gaussian_filter1d(extended, 3.0, axis=0)[n - 1 : 2 * n - 1]
    return smooth

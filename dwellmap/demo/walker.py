"""How one person moves: along a way, round others, never through them or through furniture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.routes import SPACING_M, Routes

STEP_S = 0.1
# Centres of two people never come nearer than this; a shoulder is 0.2 m from the middle.
CLOSEST_M = 0.36
# A standing person gets this much room from furniture, a little less than ways keep.
_BODY_M = 0.24
_ACCELERATION_MPS2 = 2.2
_BRAKING_MPS2 = 0.8
# Steps along the way to the points that one walks towards, the farthest first.
_LOOKED_AT = np.rint(np.array([0.5, 0.3, 0.15, 0.05]) / SPACING_M).astype(int)
_HORIZON_S = 2.0
_ARRIVED_M = 0.1
# Whoever has gone less than this in that time while walking is stuck.
_STUCK_M, _STUCK_S = 0.25, 2.0
_STANDING_MPS = 0.3
_YIELD_M = 0.2

# What a walker considers: directions beside the wanted one, at several speeds, and to stop.
_TURNS = np.radians([0, 12, -12, 25, -25, 40, -40, 60, -60, 85, -85, 120, -120])
_PACES = (1.0, 0.6, 0.25)
_TURNED = np.array(
    [
        p * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        for p in _PACES
        for a in _TURNS
        if p < 1 or abs(a) < 1.5
    ]
)
# Keeping right costs nothing, so two who meet head on agree on the side.
_LEFT = np.array([0.04 * (a < 0) for p in _PACES for a in _TURNS if p < 1 or abs(a) < 1.5] + [0.0])


class Walker:
    """The body of one person in the crowd.

    Attributes:
        xy_m: (2,) where they are.
        velocity_mps: (2,) how they move.

    """

    def __init__(self, routes: Routes, xy_m: NDArray[np.float64], speed_mps: float, comfort_m: float) -> None:
        """Stand at a point.

        Args:
            routes: Where one can be.
            xy_m: (2,) where to begin.
            speed_mps: How fast they walk.
            comfort_m: Distance from others that they like to keep while walking.

        """
        self.xy_m, self.velocity_mps = xy_m.copy(), np.zeros(2)
        self._routes, self._speed, self._comfort = routes, speed_mps, comfort_m
        self._goal = xy_m.copy()
        self._way: NDArray[np.float64] | None = None
        self._at = 0
        self._slow_s = 0.0

    @property
    def walking(self) -> bool:
        """Whether they are on their way to somewhere."""
        return self._way is not None

    def head_for(self, goal_m: NDArray[np.float64], around_m: NDArray[np.float64] | None = None) -> None:
        """Walk to a goal, if asked for round people who stand at points (n, 2)."""
        if around_m is None and np.hypot(*(goal_m - self._goal)) < 1e-9:
            return
        self._goal = goal_m.copy()
        self._way, self._at = self._routes.way(self.xy_m, goal_m, around_m), 0
        self._slow_s = 0.0

    def stand_at(self, goal_m: NDArray[np.float64]) -> None:
        """Stay where one is, swaying towards a point nearby."""
        self._goal, self._way = goal_m.copy(), None

    def move(self, others_m: NDArray[np.float64], others_mps: NDArray[np.float64]) -> None:
        """Go on by one step among others at points (n, 2) with velocities (n, 2)."""
        before = self.xy_m
        if self._way is None:
            self._sway(others_m, others_mps)
        else:
            self._walk(others_m, others_mps)
        self.velocity_mps = (self.xy_m - before) / STEP_S

    def _sway(self, others_m: NDArray[np.float64], others_mps: NDArray[np.float64]) -> None:
        goal = self._goal
        away = self.xy_m - others_m
        distance = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-6)
        # Room is made for those who squeeze past, not for those who stand as well.
        passing = (distance < 0.6) & (np.hypot(others_mps[:, 0], others_mps[:, 1]) > _STANDING_MPS)
        if passing.any():
            push = ((0.6 - distance) / distance)[passing, None] * away[passing]
            goal = goal + np.clip(1.2 * push.sum(axis=0), -_YIELD_M, _YIELD_M)
        wanted = goal - self.xy_m
        pace = min(0.35, 1.5 * float(np.hypot(*wanted))) * STEP_S
        after = self.xy_m + wanted / max(float(np.hypot(*wanted)), 1e-9) * pace
        if self._allowed(after[None], others_m)[0]:
            self.xy_m = after

    def _walk(self, others_m: NDArray[np.float64], others_mps: NDArray[np.float64]) -> None:
        way = self._way
        if way is None:
            return
        near = way[self._at : self._at + 30]
        self._at += int(np.argmin(np.sum((near - self.xy_m) ** 2, axis=1)))
        left_m = (len(way) - 1 - self._at) * SPACING_M
        to_goal = float(np.hypot(*(way[-1] - self.xy_m)))
        crawling = self._slow_s > 1.0 and to_goal < 0.3
        if to_goal < _ARRIVED_M or crawling:
            self._way = None
            return
        target = self._ahead(way) - self.xy_m
        pace = min(self._speed, np.sqrt(2 * _BRAKING_MPS2 * max(left_m, to_goal)) + 0.05)
        wanted = target / max(float(np.hypot(*target)), 1e-9) * pace
        options = np.vstack([_TURNED @ wanted, np.zeros((1, 2))])
        change = options - self.velocity_mps
        size = np.maximum(np.hypot(change[:, 0], change[:, 1]), 1e-9)
        options = self.velocity_mps + change * np.minimum(1, _ACCELERATION_MPS2 * STEP_S / size)[:, None]
        after = self.xy_m + options * STEP_S
        cost = ((options - wanted) ** 2).sum(axis=1) / self._speed**2 + _LEFT
        cost += 0.15 * ((options - self.velocity_mps) ** 2).sum(axis=1) / self._speed**2
        cost += self._discomfort(options, others_m, others_mps)
        # Whoever has stopped for a while would rather go round by the side.
        cost[-1] += 2 * self._slow_s
        cost[~self._allowed(after, others_m)] = np.inf
        best = int(np.argmin(cost))
        if np.isfinite(cost[best]):
            self.xy_m = after[best]
            slow = float(np.hypot(*options[best])) < _STUCK_M / _STUCK_S
        else:
            slow = True
        self._slow_s = self._slow_s + STEP_S if slow else max(0.0, self._slow_s - 0.5 * STEP_S)
        if self._slow_s > _STUCK_S:
            standing = np.hypot(others_mps[:, 0], others_mps[:, 1]) < _STANDING_MPS
            self.head_for(self._goal, others_m[standing])

    def _ahead(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        """The farthest of some points ahead on the way to which no corner of furniture is in between."""
        ahead = way[np.minimum(self._at + _LOOKED_AT, len(way) - 1)]
        between = self.xy_m + (ahead - self.xy_m)[:, None] * np.array([0.35, 0.7, 1.0])[None, :, None]
        fine = (self._routes.clear_m(between) >= _BODY_M).all(axis=1)
        return np.asarray(ahead[int(np.argmax(fine))] if fine.any() else ahead[-1])

    def _discomfort(
        self, options: NDArray[np.float64], others_m: NDArray[np.float64], others_mps: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What nearing others within the next seconds costs each option."""
        between = others_m - self.xy_m
        approach = options[:, None] - others_mps
        soonest = np.sum(between * approach, axis=2) / np.maximum(np.sum(approach**2, axis=2), 1e-6)
        soonest = np.clip(soonest, 0, _HORIZON_S)
        gap = between - approach * soonest[..., None]
        close = np.clip(1 - np.hypot(gap[..., 0], gap[..., 1]) / self._comfort, 0, 1)
        result: NDArray[np.float64] = (3.0 * close / (soonest + 0.4)).sum(axis=1)
        return result

    def _allowed(self, after: NDArray[np.float64], others_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points (n, 2) one may step to: free floor, and nobody's body."""
        clear_m = self._routes.clear_m(after)
        fine = clear_m >= _BODY_M
        if not fine.all():
            # Whoever stands nearer to furniture than that may go on, but not nearer still.
            fine |= clear_m >= self._routes.clear_m(self.xy_m)
        if len(others_m):
            gap = after[:, None] - others_m
            distance = np.hypot(gap[..., 0], gap[..., 1])
            now = self.xy_m - others_m
            fine &= ((distance >= CLOSEST_M) | (distance >= np.hypot(now[:, 0], now[:, 1]))).all(axis=1)
        return np.asarray(fine)

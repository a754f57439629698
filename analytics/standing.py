"""Who stands still: little net movement over a while."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.settings import TrajectorySettings


def standing_rows(
    path: NDArray[np.int64],
    t_s: NDArray[np.float64],
    xy_m: NDArray[np.float64],
    settings: TrajectorySettings,
) -> NDArray[np.bool_]:
    """Rows at which a person stands.

    A stretch of `stop_window_s` with a net displacement under `stop_move_m` is still; standing is a union of
    still stretches that lasts at least `stop_s`.

    Args:
        path: (N,) path numbers, ascending.
        t_s: (N,) times, increasing within a path.
        xy_m: (N, 2) smoothed positions in metres.
        settings: The thresholds.

    Returns:
        (N,) bool.

    """
    n = len(path)
    if n == 0:
        return np.zeros(0, dtype=np.bool_)
    starts = np.concatenate([[True], path[1:] != path[:-1]])
    clock = _clock(t_s, starts, settings.stop_window_s + 1.0)
    # Exactly one window later, read off the straight path between rows.
    goal = clock + settings.stop_window_s
    found = np.searchsorted(clock, goal - 1e-9)
    after = np.minimum(found, n - 1)
    inside = (found < n) & (path[after] == path)
    before = np.maximum(after - 1, 0)
    step = np.where(clock[after] > clock[before], clock[after] - clock[before], 1.0)
    share = np.clip((goal - clock[before]) / step, 0.0, 1.0)[:, None]
    ahead = xy_m[before] + share * (xy_m[after] - xy_m[before])
    still = inside & (np.hypot(*(ahead - xy_m).T) < settings.stop_move_m)
    # Each still row covers the rows up to `after`: add up the beginnings and ends of the stretches.
    change = -np.bincount(after[still] + 1, minlength=n + 1)
    change[:-1] += still
    covered = np.cumsum(change[:-1]) > 0
    # Runs of covered rows within a path, kept if they last long enough.
    edge = np.concatenate([[True], (covered[1:] != covered[:-1]) | starts[1:]])
    run = np.cumsum(edge) - 1
    begin = np.flatnonzero(edge)
    end = np.concatenate([begin[1:], [n]]) - 1
    long_enough = t_s[end] - t_s[begin] >= settings.stop_s - 1e-6
    return np.asarray(covered & long_enough[run])


def at_rest_rows(
    path: NDArray[np.int64],
    t_s: NDArray[np.float64],
    xy_m: NDArray[np.float64],
    standing: NDArray[np.bool_],
    settings: TrajectorySettings,
) -> NDArray[np.bool_]:
    """Standing rows at which the person does not move either way: the last and first steps are left out.

    A still stretch begins while the person is still walking its first `stop_move_m`. Here the stretch lies
    around the row, half of `stop_window_s` before and after, cut at the path's ends.

    Args:
        path: (N,) path numbers, ascending.
        t_s: (N,) times, increasing within a path.
        xy_m: (N, 2) smoothed positions in metres.
        standing: (N,) what `standing_rows` found.
        settings: The thresholds.

    Returns:
        (N,) bool.

    """
    if len(path) == 0:
        return np.zeros(0, dtype=np.bool_)
    starts = np.concatenate([[True], path[1:] != path[:-1]])
    clock = _clock(t_s, starts, settings.stop_window_s + 1.0)
    number = np.cumsum(starts) - 1
    first, last = np.flatnonzero(starts), np.flatnonzero(np.concatenate([starts[1:], [True]]))
    around = []
    for shift in (-settings.stop_window_s / 2, settings.stop_window_s / 2):
        goal = np.clip(clock + shift, clock[first][number], clock[last][number])
        around.append(np.column_stack([np.interp(goal, clock, xy_m[:, axis]) for axis in (0, 1)]))
    return np.asarray(standing & (np.hypot(*(around[1] - around[0]).T) < settings.stop_move_m))


def _clock(t_s: NDArray[np.float64], starts: NDArray[np.bool_], apart_s: float) -> NDArray[np.float64]:
    """One increasing clock over all paths, so that one search serves all of them."""
    step = np.diff(t_s, prepend=t_s[0])
    return np.cumsum(np.where(starts, apart_s, step))

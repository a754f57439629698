"""Paths cut in time: what of them lies between two moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.stays import BROKEN, PathEnds
from analytics.trajectories import Trajectories


def between(
    paths: Trajectories, ends: PathEnds, begin_s: float, end_s: float
) -> tuple[Trajectories, PathEnds]:
    """The part of paths from one time to another; at the cuts the position lies straight between samples.

    Law: cut at one moment, both parts together take as long in each place as the whole.

    Args:
        paths: Smoothed paths.
        ends: How each begins and ends.
        begin_s: First time (s).
        end_s: Last time (s), later.

    Returns:
        The paths, and how each begins and ends: BROKEN where it was cut.

    """
    person, path, t_s, xy, standing = paths.person, paths.path, paths.t_s, paths.xy, paths.standing
    whole_first, whole_last = _spans(path, t_s)
    number = np.cumsum(np.append(0, path[1:] != path[:-1])) if len(path) else path
    for cut_s in (begin_s, end_s):
        at = np.flatnonzero((path[1:] == path[:-1]) & (t_s[:-1] < cut_s) & (t_s[1:] > cut_s)) + 1
        share = ((cut_s - t_s[at - 1]) / (t_s[at] - t_s[at - 1]))[:, None]
        xy = np.insert(xy, at, xy[at - 1] + share * (xy[at] - xy[at - 1]), axis=0)
        t_s, person = np.insert(t_s, at, cut_s), np.insert(person, at, person[at])
        standing = np.insert(standing, at, standing[at] & standing[at - 1])
        path, number = np.insert(path, at, path[at]), np.insert(number, at, number[at])
    kept = (t_s >= begin_s) & (t_s <= end_s)
    named = np.unique(number[kept])
    column = (paths.first_s <= end_s) & (paths.last_s >= begin_s)
    # Somebody who is there by his spans only, or only by his path's end, counts as well.
    column |= np.isin(paths.people, person[kept])
    first_s = np.clip(paths.first_s[column], begin_s, end_s)
    part = Trajectories(
        person[kept], path[kept], t_s[kept], xy[kept], standing[kept], paths.people[column], first_s,
        np.clip(paths.last_s[column], first_s, end_s), paths.unit,
    )  # fmt: skip
    entry = np.where(whole_first[named] < begin_s, BROKEN, ends.entry[named]).astype(np.int8)
    exit_ = np.where(whole_last[named] > end_s, BROKEN, ends.exit[named]).astype(np.int8)
    return part, PathEnds(entry, exit_)


def _spans(
    path: NDArray[np.int64], t_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last time of each path."""
    if not len(path):
        return np.zeros(0), np.zeros(0)
    new = np.flatnonzero(path[1:] != path[:-1])
    return t_s[np.append(0, new + 1)], t_s[np.append(new, len(path) - 1)]

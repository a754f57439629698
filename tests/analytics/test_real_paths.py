"""Real pedestrians: our exact cuts against brute-force sampling at 100 Hz."""

from itertools import pairwise

import numpy as np
import pytest
import shapely

from analytics.grid import Grid
from analytics.stays import CROSSED, stays_in_cells, stays_in_polygon

STEP_S = 0.01


def sampled(people):
    """(person, xy) every 0.01 s along the straight ways between samples, at the middle of each step."""
    who, where = [], []
    for number, paths in enumerate(people, start=1):
        for rows in paths:
            t_s = np.arange(rows[0, 0] + STEP_S / 2, rows[-1, 0], STEP_S)
            who.append(np.full(len(t_s), number))
            where.append(np.column_stack([np.interp(t_s, rows[:, 0], rows[:, axis]) for axis in (1, 2)]))
    return np.concatenate(who), np.concatenate(where)


@pytest.mark.parametrize("name", ["eth", "zara01"])
def test_cells_against_sampling(make_paths, make_ends, pedestrians, name):
    people = pedestrians(name)
    paths = make_paths(people)
    assert len(people) > 100
    low, high = paths.xy.min(axis=0), paths.xy.max(axis=0)
    # Somewhat smaller than the crowd, so that some of the time lies outside.
    grid = Grid.over(tuple(np.floor(low) + 1.0), tuple(np.ceil(high) - 1.0), 0.5)
    stays = stays_in_cells(paths, grid, make_ends(paths))
    inside = stays.place >= 0
    dwell = np.bincount(stays.place[inside], (stays.leave_s - stays.enter_s)[inside], grid.cells)
    crossings = np.bincount(stays.place[inside], minlength=grid.cells)
    who, where = sampled(people)
    place = grid.place_of(where)
    brute = STEP_S * np.bincount(place[place >= 0], minlength=grid.cells)
    # A sampler is off by up to half a step at either end of each stay.
    assert np.all(np.abs(dwell - brute) <= STEP_S * crossings + 1e-9)
    assert dwell.sum() == pytest.approx(brute.sum(), rel=1e-3)
    assert float((stays.leave_s - stays.enter_s).sum()) == pytest.approx(paths.tracked_s, abs=1e-9)
    assert 0.01 < 1 - dwell.sum() / paths.tracked_s < 0.9

    # Distinct people per cell: those that the sampler saw for two steps were there, and few more.
    seen, times = np.unique(np.column_stack([who, place])[place >= 0], axis=0, return_counts=True)
    ours = np.unique(np.column_stack([stays.person, stays.place])[inside], axis=0)
    ours_set = set(map(tuple, ours.tolist()))
    assert {tuple(pair) for pair in seen[times >= 2].tolist()} <= ours_set
    assert len(ours_set) < 1.05 * len(seen)


@pytest.mark.parametrize("name", ["eth", "zara01"])
def test_zones_against_sampling(make_paths, make_ends, pedestrians, name):
    people = pedestrians(name)
    paths = make_paths(people)
    centre, reach = np.median(paths.xy, axis=0), 0.4 * np.ptp(paths.xy, axis=0)
    star = np.array(
        [[0, -1], [0.25, -0.3], [1, -0.2], [0.4, 0.2], [0.6, 1], [0, 0.45], [-0.7, 0.9], [-0.3, 0]]
    )
    corners = centre + star * reach
    stays = stays_in_polygon(paths, corners, 0, make_ends(paths))
    who, where = sampled(people)
    inside = shapely.contains_xy(shapely.Polygon(corners), where[:, 0], where[:, 1])
    for person in np.unique(who):
        own = stays.person == person
        found = float((stays.leave_s - stays.enter_s)[own].sum())
        assert abs(found - STEP_S * inside[who == person].sum()) <= STEP_S * max(own.sum(), 1)
    total = float((stays.leave_s - stays.enter_s).sum())
    assert total > 100
    assert total == pytest.approx(STEP_S * inside.sum(), rel=1e-3)


@pytest.mark.parametrize("name", ["eth", "zara01"])
def test_who_crosses_a_border_is_on_it(make_paths, make_ends, pedestrians, name):
    """At each crossing the person's position, read off the path, lies on the border between the two cells."""
    people = pedestrians(name)
    paths = make_paths(people)
    grid = Grid.over(tuple(paths.xy.min(axis=0)), tuple(paths.xy.max(axis=0) + 0.01), 0.5)
    stays = stays_in_cells(paths, grid, make_ends(paths))
    for number, (rows,) in enumerate(people, start=1):
        own = np.flatnonzero(stays.person == number)
        for before, after in pairwise(own):
            assert stays.entry[after] == CROSSED
            xy = [np.interp(stays.enter_s[after], rows[:, 0], rows[:, axis]) for axis in (1, 2)]
            scaled = (np.array(xy) - grid.origin) / grid.cell
            assert np.min(np.abs(scaled - np.round(scaled))) < 1e-6
            rows_apart = abs(stays.place[after] // grid.columns - stays.place[before] // grid.columns)
            columns_apart = abs(stays.place[after] % grid.columns - stays.place[before] % grid.columns)
            assert rows_apart + columns_apart == 1 or rows_apart == columns_apart == 1

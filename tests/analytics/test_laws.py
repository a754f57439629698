"""The laws that every stay, visit and map obeys, whatever people do."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.grid import Grid
from analytics.settings import TrajectorySettings
from analytics.stays import OUTSIDE, stays_in_cells, stays_in_polygon
from analytics.trajectories import Positions, smooth
from analytics.visits import Visits

GRID = Grid((0.25, 0.1), 0.5, 11, 7)
SEEDS = st.integers(0, 2**32 - 1)


def per_place(stays, cells=GRID.cells):
    """(cells + 1,) time per place, outside last."""
    return np.bincount(
        np.where(stays.place < 0, cells, stays.place), stays.leave_s - stays.enter_s, cells + 1
    )


def measured(rng, make_paths):
    """Positions as a tracker gives them: gaps, rows without a position, interpolated rows, uneven times."""
    rows = []
    for person in range(int(rng.integers(1, 5))):
        n = int(rng.integers(1, 60))
        t_s = rng.uniform(0, 9) + np.cumsum(
            rng.choice([0.04, 0.13, 0.4, 2.0, 3.7], n, p=[0.5, 0.2, 0.2, 0.05, 0.05])
        )
        xy = rng.uniform(-1, 7, 2) + np.cumsum(rng.normal(0, 0.2, (n, 2)), axis=0)
        xy[rng.random(n) < 0.15] = np.nan
        observed = rng.random(n) < 0.8
        rows.append(np.column_stack([np.full(n, person), t_s, xy, observed]))
    table = np.concatenate(rows)
    n = len(table)
    return Positions(
        table[:, 0].astype(np.int64), table[:, 1], table[:, 2:4], np.tile([0.04, 0.01, 0.09], (n, 1)),
        table[:, 4] > 0, np.ones(n),
    )  # fmt: skip


@given(seed=SEEDS)
@settings(max_examples=150, deadline=None)
def test_dwell_law(make_paths, make_ends, random_people, seed):
    """All cells + outside + unplaced = summed length of the tracks, to 1e-9."""
    paths = make_paths(random_people(seed))
    stays = stays_in_cells(paths, GRID, make_ends(paths))
    assert np.all(stays.leave_s > stays.enter_s)
    assert float(per_place(stays).sum()) + paths.unplaced_s == pytest.approx(paths.tracked_s, abs=1e-9)


@given(seed=SEEDS)
@settings(max_examples=100, deadline=None)
def test_dwell_law_from_raw_positions(make_paths, make_ends, seed):
    """The same from gaps, missing and interpolated positions, by times that the smoother cannot know of."""
    positions = measured(np.random.default_rng(seed), make_paths)
    paths = smooth(positions, TrajectorySettings())
    tracked = 0.0
    for person in np.unique(positions.person):
        seen = positions.t_s[(positions.person == person) & positions.observed]
        tracked += float(np.ptp(seen)) if len(seen) else 0.0
    stays = stays_in_cells(paths, GRID, make_ends(paths))
    assert paths.tracked_s == pytest.approx(tracked, abs=1e-9)
    assert float(per_place(stays).sum()) + paths.unplaced_s == pytest.approx(tracked, abs=1e-9)


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_smoothing_keeps_first_and_last_time_and_every_bridged_gap(make_paths, seed):
    positions = measured(np.random.default_rng(seed), make_paths)
    paths = smooth(positions, TrajectorySettings(max_bridge_s=2.0))
    spans = []
    for person in np.unique(positions.person):
        rows = np.flatnonzero(positions.person == person)
        placed = rows[positions.observed[rows] & np.isfinite(positions.xy[rows]).all(axis=1)]
        breaks = []
        for k, (a, b) in enumerate(pairwise(placed)):
            filled = not positions.observed[a + 1 : b].any()
            filled &= bool((np.diff(positions.t_s[a : b + 1]) <= 2.0 + 1e-6).all())
            if positions.t_s[b] - positions.t_s[a] > 2.0 + 1e-6 and not filled:
                breaks.append(k + 1)
        for t_s in np.split(positions.t_s[placed], breaks):
            spans += [(int(person), t_s[0], t_s[-1])] if len(t_s) else []
    first = np.flatnonzero(np.diff(paths.path, prepend=-1))
    last = np.flatnonzero(np.diff(paths.path, append=-1))
    found = list(zip(paths.person[first].tolist(), paths.t_s[first], paths.t_s[last], strict=True))
    assert found == spans


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_places_of_a_stay_follow_each_other(make_paths, make_ends, random_people, seed):
    """Within a path each stay begins where and when the one before it ended, in another place."""
    paths = make_paths(random_people(seed, people=1, most_paths=1, most_rows=60))
    stays = stays_in_cells(paths, GRID, make_ends(paths))
    assert np.array_equal(stays.enter_s[1:], stays.leave_s[:-1])
    assert np.all(stays.place[1:] != stays.place[:-1])


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_zone_made_of_cells_has_the_dwell_of_its_cells(make_paths, make_ends, random_people, seed):
    paths = make_paths(random_people(seed, people=6))
    ends = make_ends(paths)
    x, y = GRID.x_edges, GRID.y_edges
    # An L of 3 x 4 cells without its upper right 1 x 2, borders walked along included.
    zone = np.array([[x[2], y[1]], [x[4], y[1]], [x[4], y[3]], [x[5], y[3]], [x[5], y[5]], [x[2], y[5]]])
    inside = [row * GRID.columns + column for row in (1, 2) for column in (2, 3)]
    inside += [row * GRID.columns + column for row in (3, 4) for column in (2, 3, 4)]
    stays = stays_in_polygon(paths, zone, 0, ends)
    dwell = per_place(stays_in_cells(paths, GRID, ends))[inside].sum()
    assert float(np.sum(stays.leave_s - stays.enter_s)) == pytest.approx(dwell, abs=1e-7)


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_order_and_numbers_of_people_do_not_matter(make_paths, make_ends, random_people, seed):
    people = random_people(seed)
    rng = np.random.default_rng(seed)
    numbers = rng.choice(10_000, len(people), replace=False)
    shuffled = rng.permutation(len(people))

    def sums(paths):
        visits = Visits.of_stays(stays_in_cells(paths, GRID, make_ends(paths)), 10.0)
        return sorted(
            zip(visits.place, visits.enter_s, visits.leave_s, visits.entry, visits.exit, strict=True)
        )

    assert sums(make_paths(people)) == sums(make_paths([people[i] for i in shuffled], numbers[shuffled]))


@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_smoothing_one_person_does_not_depend_on_the_others(make_paths, seed):
    positions = measured(np.random.default_rng(seed), make_paths)
    everybody = smooth(positions, TrajectorySettings())
    for person in np.unique(positions.person):
        own = positions.person == person
        alone = smooth(
            Positions(
                positions.person[own] + 7, positions.t_s[own], positions.xy[own], positions.cov[own],
                positions.observed[own], positions.units_per_m[own],
            ),
            TrajectorySettings(),
        )  # fmt: skip
        np.testing.assert_allclose(alone.xy, everybody.xy[everybody.person == person], atol=1e-8)


def true_way(t_s):
    """A shopper: walks, turns, stops at two shelves and walks on; metres at any time."""
    stops = np.array([0, 4, 16, 21, 41, 48.0])
    x = np.interp(t_s, stops, [0.2, 3.1, 3.2, 1.4, 1.45, 5.6])
    y = np.interp(t_s, stops, [0.3, 2.2, 2.3, 3.0, 3.05, 0.4])
    sway = 0.06 * np.array([np.sin(1.1 * t_s), np.cos(1.7 * t_s)])
    return np.column_stack([x, y]) + sway.T


def test_the_sample_rate_does_not_change_the_dwell(make_paths, make_ends):
    """30, 15, 10 and 5 fps of one true path: every cell with a second or more, and the sum, within 3 %."""
    maps = {}
    for fps in (240, 30, 15, 10, 5):
        t_s = np.arange(48 * fps + 1) / fps
        paths = make_paths([[np.column_stack([t_s, true_way(t_s)])]])
        maps[fps] = per_place(stays_in_cells(paths, GRID, make_ends(paths)))
    busy = maps[240] >= 1.0
    assert busy.sum() >= 4
    for fps in (30, 15, 10, 5):
        assert maps[fps].sum() == pytest.approx(48.0, abs=1e-9)
        np.testing.assert_allclose(maps[fps][busy], maps[240][busy], rtol=0.03, err_msg=f"{fps} fps")


def test_the_sample_rate_does_not_change_the_smoothed_dwell(make_ends):
    """The same after smoothing, standing recognised: more samples are not taken for more knowledge."""
    maps = {}
    for fps in (30, 15, 10, 5):
        t_s = np.arange(48 * fps + 1) / fps
        n = len(t_s)
        cov = np.tile([0.01, 0.0, 0.01], (n, 1))
        positions = Positions(np.ones(n, np.int64), t_s, true_way(t_s), cov, np.ones(n, bool), np.ones(n))
        paths = smooth(positions, TrajectorySettings())
        maps[fps] = per_place(stays_in_cells(paths, Grid((0.25, 0.1), 1.0, 6, 4), make_ends(paths)), 24)
    busy = maps[30] >= 1.0
    assert busy.sum() >= 5
    for fps in (15, 10, 5):
        np.testing.assert_allclose(maps[fps][busy], maps[30][busy], rtol=0.05, err_msg=f"{fps} fps")
        assert np.abs(maps[fps] - maps[30]).sum() <= 2 * 0.03 * 48


def test_outside_counts_only_what_lies_off_the_grid(make_paths, make_ends):
    paths = make_paths([[[(0, -5, 1), (10, 5, 1)]]])
    stays = stays_in_cells(paths, GRID, make_ends(paths))
    outside = stays.place == OUTSIDE
    assert float(np.sum((stays.leave_s - stays.enter_s)[outside])) == pytest.approx(5.25)

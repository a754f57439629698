"""Heat: presence spread as widely as positions are uncertain, nothing lost and nothing made."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.grid import Grid
from analytics.heat import heat, spread_matrix
from calibration.scene import Wall

GRID = Grid((0.0, 0.0), 0.5, 12, 9)
NO_COV = np.zeros((GRID.cells, 3))
ALL = np.ones(GRID.cells, dtype=bool)


@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.0, 0.1, 1.0, 30.0, 1e9]))
@settings(max_examples=60, deadline=None)
def test_heat_law(seed, scale):
    """heat x area x exposure sums to the dwell on the observable floor, whatever walls and covariances."""
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 1, (GRID.cells, 2, 2)) * np.sqrt(scale)
    cov = (root @ root.transpose(0, 2, 1))[:, (0, 0, 1), (0, 1, 1)]
    cov[rng.random(GRID.cells) < 0.1] = np.nan
    observable = rng.random(GRID.cells) < 0.8
    walls = tuple(Wall(rng.uniform(-1, 7, (4, 2))) for _ in range(3))
    K = spread_matrix(GRID, cov, 0.25, observable, walls)
    dwell = np.where(observable, rng.exponential(100, GRID.cells), 0.0)
    exposure = np.where(observable, rng.uniform(1, 3600, GRID.cells), 0.0)
    density = heat(K, dwell, exposure, GRID.cell_area)
    assert np.array_equal(np.isnan(density), ~observable)
    assert np.nansum(density * exposure) * GRID.cell_area == pytest.approx(dwell.sum(), rel=1e-9)
    np.testing.assert_allclose(np.asarray(K.sum(axis=0)).ravel(), observable.astype(float), atol=1e-12)


def test_one_person_spreads_as_a_gaussian():
    K = spread_matrix(GRID, NO_COV, 0.5, ALL).toarray()
    source = 4 * GRID.columns + 6
    column = K[:, source].reshape(GRID.shape)
    assert column[4, 7] / column[4, 6] == pytest.approx(np.exp(-0.5), rel=0.01)
    assert column[4, 8] / column[4, 6] == pytest.approx(np.exp(-2), rel=0.01)
    assert column[5, 7] / column[4, 6] == pytest.approx(np.exp(-1), rel=0.01)
    np.testing.assert_allclose(column[:, 1:12], column[:, 1:12][:, ::-1], atol=1e-12)
    assert column[0, 0] == 0


def test_a_slanted_covariance_spreads_along_its_long_axis():
    cov = np.tile([1.0, 0.9, 1.0], (GRID.cells, 1))
    column = spread_matrix(GRID, cov, 0.1, ALL).toarray()[:, 4 * GRID.columns + 6].reshape(GRID.shape)
    assert column[5, 7] > 3 * column[5, 5]
    assert column[5, 7] == pytest.approx(column[3, 5])


def test_a_sharp_position_stays_in_its_cell():
    np.testing.assert_allclose(
        spread_matrix(GRID, NO_COV, 0.0, ALL).toarray(), np.eye(GRID.cells), atol=1e-12
    )


def test_no_heat_through_a_wall_but_through_a_gap_in_it():
    gap = (Wall(np.array([[3.0, -1.0], [3.0, 2.0]])), Wall(np.array([[3.0, 3.0], [3.0, 9.0]])))
    whole = (Wall(np.array([[3.0, -1.0], [3.0, 9.0]])),)
    left = (GRID.centres[:, 0] < 3.0).astype(float)
    for walls, leaks in ((whole, False), (gap, True)):
        spread = spread_matrix(GRID, NO_COV, 0.6, ALL, walls) @ left
        assert bool(spread[GRID.centres[:, 0] > 3.0].sum() > 1e-9) == leaks
        assert spread.sum() == pytest.approx(left.sum())


def test_nothing_is_spread_to_or_from_unseen_floor():
    seen = GRID.centres[:, 0] < 4.0
    K = spread_matrix(GRID, NO_COV, 0.5, seen).toarray()
    assert K[~seen].sum() == 0
    assert K[:, ~seen].sum() == 0


def test_people_per_square_metre():
    """One person for all of an hour in a cell of 0.25 m2, sharp: 4 people per m2."""
    dwell = np.zeros(GRID.cells)
    dwell[30] = 3600
    density = heat(spread_matrix(GRID, NO_COV, 0.0, ALL), dwell, np.full(GRID.cells, 3600.0), 0.25)
    assert density[30] == pytest.approx(4.0)
    assert np.delete(density, 30).sum() == pytest.approx(0.0, abs=1e-9)


def test_no_floor_seen():
    K = spread_matrix(GRID, NO_COV, 0.5, ~ALL)
    assert np.isnan(heat(K, np.zeros(GRID.cells), np.zeros(GRID.cells), 0.25)).all()

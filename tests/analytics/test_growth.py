"""Maps up to a moment: nothing at first, the recording's own at the end, never less than before."""

import numpy as np
import pytest

from analytics.accumulators import Accumulator, Rules
from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.growth import Growth
from analytics.maps import floor_maps
from analytics.settings import MapSettings
from analytics.stays import EDGE, PathEnds
from analytics.trajectories import Trajectories


@pytest.fixture
def grown():
    """Two people cross a floor of 4 x 2 m one after the other, 4 s each; the second stands 5 s on its way."""
    t = np.array([0.0, 4.0, 4.0, 6.0, 11.0, 13.0])
    x = np.array([0.0, 4.0, 0.0, 2.2, 2.2, 4.0])
    person = np.array([1, 1, 2, 2, 2, 2])
    paths = Trajectories(
        person, person, t, np.column_stack([x, np.ones(6)]), np.zeros(6, bool), np.array([1, 2]),
        np.array([0.0, 4.0]), np.array([4.0, 13.0]),
    )  # fmt: skip
    grid = Grid.over((0, 0), (4, 2), 0.5)
    coverage = Coverage(np.ones(grid.cells), np.ones(grid.cells, bool))
    ends = PathEnds(np.full(2, EDGE, np.int8), np.full(2, EDGE, np.int8))
    cov = np.tile([0.01, 0.0, 0.01], (grid.cells, 1))
    settings = MapSettings()
    maps = floor_maps([(paths, ends)], grid, coverage, cov, 13.0, settings)
    return maps, Growth(paths, ends, maps, cov, settings, (), settings.heat_sigma_m)


def test_at_the_end_it_is_the_map_of_the_recording(grown):
    maps, growth = grown
    for grid_map, whole in zip(growth.at(13.0).pictures(), maps.pictures(), strict=True):
        np.testing.assert_array_equal(grid_map.values, whole.values)
        np.testing.assert_array_equal(grid_map.few, whole.few)


def test_it_only_grows_and_holds_the_time_so_far(grown):
    maps, growth = grown
    before = growth.at(0.0)
    assert before.sums.dwell_s.sum() == 0
    for t_s in (1.0, 3.5, 4.0, 7.0, 12.0, 13.0):
        now = growth.at(t_s)
        assert now.sums.dwell_s.sum() == pytest.approx(t_s)
        for name in ("dwell_s", "visitors", "entries"):
            assert (getattr(now.sums, name) >= getattr(before.sums, name)).all()
        assert (now.heat >= before.heat - 1e-15).all()
        before = now
    assert maps.sums.people == 2
    assert isinstance(before.sums, Accumulator)
    assert before.sums.rules == Rules(10.0, 0.1)

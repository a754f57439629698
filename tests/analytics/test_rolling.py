"""Sums of a camera that is watched now: pieces add up to the whole, and old ones leave the window."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.coverage import Coverage
from analytics.cuts import between
from analytics.grid import Grid
from analytics.heat import spread_matrix
from analytics.rolling import Piece, RollingMaps
from analytics.settings import MapSettings
from analytics.stays import EDGE, PathEnds
from analytics.trajectories import Trajectories
from analytics.zones import Zone

GRID = Grid.over((0, 0), (4, 2), 0.5)
ZONES = (Zone("left", np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]), False),)
SETTINGS = MapSettings()


def walkers(standing=False):
    """Two people cross a floor of 4 x 2 m, 4 s each, the second from 4 s on; it stands 5 s on its way."""
    t = np.array([0.0, 4.0, 4.0, 6.0, 11.0, 13.0])
    x = np.array([0.0, 4.0, 0.0, 2.2, 2.2, 4.0])
    person = np.array([1, 1, 2, 2, 2, 2])
    still = np.array([0, 0, 0, 1, 1, 0], dtype=bool) & standing
    paths = Trajectories(
        person, person, t, np.column_stack([x, np.ones(6)]), still, np.array([1, 2]),
        np.array([0.0, 4.0]), np.array([4.0, 13.0]),
    )  # fmt: skip
    return paths, PathEnds(np.full(2, EDGE, np.int8), np.full(2, EDGE, np.int8))


def rolling(window_s=900.0, half_life_s=60.0):
    coverage = Coverage(np.ones(GRID.cells), np.ones(GRID.cells, bool))
    spread = spread_matrix(GRID, np.zeros((GRID.cells, 3)), 0.25, coverage.observable)
    return RollingMaps(GRID, coverage, spread, window_s, half_life_s, SETTINGS.revisit_s)


def pieces(bounds, **how):
    paths, ends = walkers(**how)
    found, handed = [], frozenset()
    for begin, end in pairwise(bounds):
        after = frozenset(paths.people[(paths.first_s <= end) & (paths.last_s > end)].tolist())
        part, part_ends = between(paths, ends, begin, end)
        found.append(
            Piece.of(part, part_ends, (begin, end), end - begin, GRID, ZONES, SETTINGS, handed, after)
        )
        handed = after
    return found


def maps_of(bounds):
    sums = rolling()
    for piece in pieces(bounds):
        sums.add(piece)
    return sums.total(), sums.window()


def is_between_borders(t_s):
    """A crossing at the very moment of a cut is seen by neither side, and never happens with real clocks."""
    paths, _ = walkers()
    x = [np.interp(t_s, paths.t_s[paths.person == k], paths.xy[paths.person == k, 0]) for k in (1, 2)]
    return all(abs(at / 0.5 - round(at / 0.5)) > 1e-6 or at in (0.0, 4.0) for at in x)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.05, 12.9).filter(is_between_borders), max_size=5, unique=True))
def test_pieces_add_up_to_the_whole(cuts):
    whole, _ = maps_of([0.0, 13.5])
    for found in maps_of([0.0, *sorted(cuts), 13.5]):
        assert np.nansum(found.dwell_s) == pytest.approx(13.0, abs=1e-9)
        np.testing.assert_allclose(found.dwell_s, whole.dwell_s, atol=1e-9)
        np.testing.assert_array_equal(found.entries, whole.entries)
        np.testing.assert_array_equal(found.zone_entries, [2])
        np.testing.assert_allclose(found.heat, whole.heat, atol=1e-9)


def test_the_window_forgets_what_is_over_and_the_total_does_not():
    sums = rolling(window_s=120.0)
    for piece in pieces([0.0, 5.0, 13.5, *np.arange(15.0, 400.0, 5.0)]):
        sums.add(piece)
    assert np.nansum(sums.total().dwell_s) == pytest.approx(13.0)
    assert np.nansum(sums.window().dwell_s) == 0
    assert sums.window().observed_s <= 180.0
    # Six whole minutes, the first of which has all of the time in the zone: half of 4 s, and about 2 s.
    minutes = [mean[0] for _, mean in sums.occupancy]
    assert len(minutes) == 6
    assert minutes[0] == pytest.approx((2.0 + 2.0 / 1.1) / 60, rel=0.1)
    assert minutes[1:] == [0.0] * 5


def test_the_heat_of_a_stop_halves_in_its_half_life():
    sums = rolling(half_life_s=30.0)
    early, *later = pieces([0.0, 13.5, 43.5], standing=True)
    sums.add(early)
    before = np.nansum(sums.stop_heat)
    assert before * GRID.cell_area == pytest.approx(5.0 * 0.5 ** (13.5 / 2 / 30.0), rel=1e-6)
    sums.add(later[0])
    assert np.nansum(sums.stop_heat) == pytest.approx(before / 2, rel=1e-6)

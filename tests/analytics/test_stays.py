"""Stays in cells and polygons, each scene small enough to work out by hand."""

from itertools import pairwise

import numpy as np
import pytest
import shapely

from analytics.grid import Grid
from analytics.stays import BROKEN, CROSSED, EDGE, OUTSIDE, stays_in_cells, stays_in_polygon

# Cells of 1 m, numbered 0..3 in the first row and 4..7 in the second.
GRID = Grid((0.0, 0.0), 1.0, 4, 2)


def table(stays):
    return [
        (int(p), round(float(a), 9), round(float(b), 9), int(i), int(o))
        for p, a, b, i, o in zip(
            stays.place, stays.enter_s, stays.leave_s, stays.entry, stays.exit, strict=True
        )
    ]


def cells(make_paths, make_ends, rows, **broken):
    paths = make_paths([[rows]])
    return table(stays_in_cells(paths, GRID, make_ends(paths, **broken)))


def test_a_segment_is_cut_exactly_where_it_crosses(make_paths, make_ends):
    # 3 m in 3 s from the middle of cell 0: borders at 0.5, 1.5 and 2.5 s.
    assert cells(make_paths, make_ends, [(10, 0.5, 0.5), (13, 3.5, 0.5)], broken_exit=[0]) == [
        (0, 10.0, 10.5, EDGE, CROSSED),
        (1, 10.5, 11.5, CROSSED, CROSSED),
        (2, 11.5, 12.5, CROSSED, CROSSED),
        (3, 12.5, 13.0, CROSSED, BROKEN),
    ]


def test_leftwards_and_up_are_the_mirror_image(make_paths, make_ends):
    assert cells(make_paths, make_ends, [(0, 3.5, 1.5), (3, 0.5, 1.5)], broken_entry=[0]) == [
        (7, 0.0, 0.5, BROKEN, CROSSED),
        (6, 0.5, 1.5, CROSSED, CROSSED),
        (5, 1.5, 2.5, CROSSED, CROSSED),
        (4, 2.5, 3.0, CROSSED, EDGE),
    ]
    assert [row[0] for row in cells(make_paths, make_ends, [(0, 0.5, 1.5), (1, 0.5, 0.5)])] == [4, 0]


def test_a_slanted_segment_meets_both_kinds_of_border_in_order(make_paths, make_ends):
    # From (0.5, 0.8) to (2.5, 1.4) in 2 s: y = 1 after 2/3 s, x = 1 after 0.5 s, x = 2 after 1.5 s.
    assert cells(make_paths, make_ends, [(0, 0.5, 0.8), (2, 2.5, 1.4)]) == [
        (0, 0.0, 0.5, EDGE, CROSSED),
        (1, 0.5, round(2 / 3, 9), CROSSED, CROSSED),
        (5, round(2 / 3, 9), 1.5, CROSSED, CROSSED),
        (6, 1.5, 2.0, CROSSED, EDGE),
    ]


@pytest.mark.parametrize("slope", [1, -1])
def test_a_diagonal_through_a_corner_touches_no_third_cell(make_paths, make_ends, slope):
    # Thirds are not exact in binary, so the two crossings of the corner differ by rounding.
    low, high = (1 / 3, 5 / 3) if slope == 1 else (5 / 3, 1 / 3)
    found = cells(make_paths, make_ends, [(0, 1 / 3, low), (2, 5 / 3, high)])
    assert [(row[0], row[1], row[2]) for row in found] == (
        [(0, 0.0, 1.0), (5, 1.0, 2.0)] if slope == 1 else [(4, 0.0, 1.0), (1, 1.0, 2.0)]
    )


def test_a_touched_border_or_corner_is_no_stay_and_does_not_cut_one(make_paths, make_ends):
    to_border = [(0, 0.5, 0.5), (1, 1.0, 0.5), (2, 0.5, 0.5)]
    to_corner = [(0.1, 0.3, 0.3), (1.3, 1.0, 1.0), (2.9, 0.3, 0.3)]
    assert cells(make_paths, make_ends, to_border) == [(0, 0.0, 2.0, EDGE, EDGE)]
    assert cells(make_paths, make_ends, to_corner) == [(0, 0.1, 2.9, EDGE, EDGE)]


def test_a_path_that_begins_on_a_border_begins_in_the_cell_that_it_walks_into(make_paths, make_ends):
    found = cells(make_paths, make_ends, [(0, 1.0, 0.5), (1, 0.5, 0.5)], broken_entry=[0])
    assert found == [(0, 0.0, 1.0, BROKEN, EDGE)]  # not "crossed": nobody saw it come
    found = cells(make_paths, make_ends, [(0, 0.5, 0.5), (1, 1.0, 0.5)], broken_exit=[0])
    assert found == [(0, 0.0, 1.0, EDGE, BROKEN)]


def test_walking_along_a_border_stays_on_one_side(make_paths, make_ends):
    # A border belongs to the cell on its right or lower side.
    assert cells(make_paths, make_ends, [(0, 0.5, 1.0), (2, 2.5, 1.0)]) == [
        (4, 0.0, 0.5, EDGE, CROSSED),
        (5, 0.5, 1.5, CROSSED, CROSSED),
        (6, 1.5, 2.0, CROSSED, EDGE),
    ]
    assert cells(make_paths, make_ends, [(0, 2.0, 0.5), (1, 2.0, 0.9)]) == [(2, 0.0, 1.0, EDGE, EDGE)]


def test_off_the_grid_is_a_place_of_its_own(make_paths, make_ends):
    found = cells(make_paths, make_ends, [(0, -1.0, 0.5), (2, 1.0, 0.5), (3, 1.0, -0.5)])
    assert found == [
        (OUTSIDE, 0.0, 1.0, EDGE, CROSSED),
        (0, 1.0, 2.0, CROSSED, CROSSED),
        (1, 2.0, 2.5, CROSSED, CROSSED),
        (OUTSIDE, 2.5, 3.0, CROSSED, EDGE),
    ]
    # Beyond one side and the next: still one stay outside.
    assert cells(make_paths, make_ends, [(0, -1, 0.5), (1, -1, -1), (2, 9, -1), (3, 9, 9)]) == [
        (OUTSIDE, 0.0, 3.0, EDGE, EDGE)
    ]


def test_one_segment_across_a_thousand_cells(make_paths, make_ends):
    grid = Grid((0.0, 0.0), 0.01, 1000, 1)
    paths = make_paths([[[(0, -1.0, 0.005), (12, 11.0, 0.005)]]])
    stays = stays_in_cells(paths, grid, make_ends(paths))
    assert stays.place.tolist() == [OUTSIDE, *range(1000), OUTSIDE]
    np.testing.assert_allclose(stays.leave_s[1:-1] - stays.enter_s[1:-1], 0.01, rtol=1e-9)


def test_a_single_sample_is_no_stay_and_paths_do_not_touch_each_other(make_paths, make_ends):
    paths = make_paths([[[(0, 0.5, 0.5)], [(9, 2.5, 0.5), (10, 2.6, 0.5)]], [[(3, 0.5, 0.5)]]])
    stays = stays_in_cells(paths, GRID, make_ends(paths, broken_entry=[1], broken_exit=[1]))
    assert stays.person.tolist() == [1]
    assert table(stays) == [(2, 9.0, 10.0, BROKEN, BROKEN)]


def test_nobody(make_paths, make_ends):
    for paths in (make_paths([]), make_paths([[]]), make_paths([[[(0, 0.5, 0.5)]]])):
        assert len(stays_in_cells(paths, GRID, make_ends(paths))) == 0
        assert len(stays_in_polygon(paths, np.array([[0, 0], [1, 0], [1, 1.0]]), 7, make_ends(paths))) == 0


def polygon(make_paths, make_ends, corners, rows):
    paths = make_paths([[rows]])
    return table(stays_in_polygon(paths, np.array(corners, dtype=float), 3, make_ends(paths)))


# An L: the upper right quarter of a 2 x 2 m square is missing.
L_SHAPE = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (0, 2)]


def test_a_zone_that_is_not_convex_is_left_and_entered_again(make_paths, make_ends):
    u_shape = [(0, 0), (1, 0), (1, 2), (2, 2), (2, 0), (3, 0), (3, 3), (0, 3)]
    assert polygon(make_paths, make_ends, u_shape, [(0, -1, 1), (5, 4, 1)]) == [
        (3, 1.0, 2.0, CROSSED, CROSSED),
        (3, 3.0, 4.0, CROSSED, CROSSED),
    ]


def test_through_the_inner_corner_without_leaving(make_paths, make_ends):
    # The way (0, 0.5) -> (2, 1.5) touches the inner corner of the L at (1, 1) and stays inside.
    found = polygon(make_paths, make_ends, L_SHAPE, [(0, 0.5, 0.5), (1, 1.0, 1.0), (2, 1.5, 1.5)])
    assert found == [(3, 0.0, 2.0, EDGE, EDGE)]


def test_through_a_corner_from_outside_to_inside(make_paths, make_ends):
    assert polygon(make_paths, make_ends, L_SHAPE, [(0, -1, -1), (2, 1, 1)]) == [(3, 1.0, 2.0, CROSSED, EDGE)]


def test_a_touched_corner_of_a_zone_is_no_visit(make_paths, make_ends):
    diamond = [(1, 0), (2, 1), (1, 2), (0, 1)]
    assert polygon(make_paths, make_ends, diamond, [(0, 0, 0), (2, 2, 0)]) == []
    assert polygon(make_paths, make_ends, diamond, [(0, 0, 0), (1, 1, 0), (2, 2, 0)]) == []


def test_along_an_edge_belongs_to_the_right_and_lower_zone_only(make_paths, make_ends):
    upper, lower = [(0, 0), (2, 0), (2, 1), (0, 1)], [(0, 1), (2, 1), (2, 2), (0, 2)]
    along = [(0, -1, 1), (4, 3, 1)]
    assert polygon(make_paths, make_ends, upper, along) == []
    assert polygon(make_paths, make_ends, lower, along) == [(3, 1.0, 3.0, CROSSED, CROSSED)]


def test_a_zone_met_in_the_middle_of_many_segments(make_paths, make_ends):
    rows = [(t, t / 10 - 1, 0.5) for t in range(41)]  # 0.1 m/s through a square from 10 s to 20 s
    assert polygon(make_paths, make_ends, [(0, 0), (1, 0), (1, 1), (0, 1)], rows) == [
        (3, 10.0, 20.0, CROSSED, CROSSED)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_zones_against_the_length_of_the_way_inside_them(make_paths, make_ends, seed):
    """At constant speed 1 the time inside is the length inside, which shapely knows."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radius = rng.uniform(0.4, 3.0, 9)
    corners = np.column_stack([2 + radius * np.cos(angle), 2 + radius * np.sin(angle)])
    shape = shapely.Polygon(corners)
    assert shape.is_valid
    way = rng.uniform(-1.5, 5.5, (60, 2))
    t_s = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])
    paths = make_paths([[np.column_stack([t_s, way])]])
    stays = stays_in_polygon(paths, corners, 0, make_ends(paths))
    inside = sum(shapely.LineString(pair).intersection(shape).length for pair in pairwise(way))
    assert inside > 0.5
    assert float(np.sum(stays.leave_s - stays.enter_s)) == pytest.approx(inside, abs=1e-9)


def test_readable_names_in_the_table(make_paths, make_ends):
    paths = make_paths([[[(0, 0.5, 0.5), (2, 2.5, 0.5)]]])
    frame = stays_in_cells(paths, GRID, make_ends(paths, broken_entry=[0])).to_frame()
    assert frame["entry"].tolist() == ["appeared", "crossed", "crossed"]
    assert frame["exit"].tolist() == ["crossed", "crossed", "edge"]

"""Activity added up in regions: laws, and tiny pictures with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.activity import Regions, extremes, no_activity, region_table

SIZE = st.tuples(st.integers(4, 23), st.integers(4, 31))


@st.composite
def counted(draw):
    """A picture with a region of interest, a division of it, and seconds of motion."""
    height, width = draw(SIZE)
    seed = draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    counts = random.random((height, width)) < draw(st.floats(0.2, 1.0))
    counts[random.integers(height), random.integers(width)] = True
    y, x = np.flatnonzero(counts.any(axis=1)), np.flatnonzero(counts.any(axis=0))
    rows = draw(st.integers(1, int(y[-1] - y[0] + 1)))
    columns = draw(st.integers(1, int(x[-1] - x[0] + 1)))
    return counts, rows, columns, random.random((height, width)) * 9


@given(counted())
def test_shares_sum_to_one_and_regions_share_out_what_counts(case):
    counts, rows, columns, seconds = case
    regions = Regions.over(counts, rows, columns)
    table = region_table(regions, seconds, np.zeros(regions.number), seconds, (1.0, 1.0))
    assert table["share"].sum() == pytest.approx(1.0)
    assert table["area_share"].sum() == pytest.approx(1.0)
    assert regions.total(seconds).sum() == pytest.approx(seconds[counts].sum())
    assert regions.pixels.sum() == counts.sum()


@given(counted())
def test_a_region_is_the_pixels_of_its_box_that_count(case):
    counts, rows, columns, _ = case
    regions = Regions.over(counts, rows, columns)
    for number, (left, top, right, bottom) in enumerate(regions.boxes().tolist()):
        own = np.zeros_like(counts)
        own[top:bottom, left:right] = True
        np.testing.assert_array_equal(regions.place == number, own & counts)


def test_a_known_picture():
    """4 x 4 pixels in 2 x 2 regions: one pixel moves for 3 s, another for 1 s; the last region is ignored."""
    counts = np.ones((4, 4), dtype=bool)
    counts[2:, 2:] = False
    seconds = np.zeros((4, 4))
    seconds[0, 0], seconds[0, 3] = 3.0, 1.0
    regions = Regions.over(counts, 2, 2)
    table = region_table(regions, seconds, np.array([3.0, 1.0, 0.0, 0.0]), np.zeros((4, 4)), (10.0, 10.0))
    assert table["share"].tolist()[:3] == [0.75, 0.25, 0.0]
    assert table["activity_s"].tolist()[:3] == [0.75, 0.25, 0.0]
    assert table["rank"].tolist()[:3] == [1, 2, 3]
    assert table.loc[3, ["activity_s", "occupied_s", "share", "rank"]].isna().all()
    assert extremes(table) == (0, 2)
    assert table.loc[1, ["left_px", "top_px", "right_px", "bottom_px"]].tolist() == [19.5, -0.5, 39.5, 19.5]


def test_nothing_moved():
    regions = Regions.over(np.ones((8, 8), dtype=bool), 4, 4)
    table = region_table(regions, np.zeros((8, 8)), np.zeros(16), np.zeros((8, 8)), (1.0, 1.0))
    assert (table["activity_s"] == 0).all()
    assert table["share"].isna().all()
    assert extremes(table) is None


def test_a_moving_pixel_outside_is_in_no_region():
    counts = np.zeros((6, 6), dtype=bool)
    counts[:3] = True
    regions = Regions.over(counts, 1, 2)
    moving = np.zeros((6, 6), dtype=bool)
    moving[5, 0] = True
    assert not regions.touched(moving).any()
    moving[1, 5] = True
    assert regions.touched(moving).tolist() == [False, True]


@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (1, 0), (7, 1), (1, 7)])
def test_more_regions_than_pixels(rows, columns):
    with pytest.raises(ValueError, match="expected 1x1 to 6x6"):
        Regions.over(np.ones((6, 6), dtype=bool), rows, columns)


def test_seconds_of_nobody_add_like_those_of_people():
    one, other = no_activity(3).plus_seconds(np.array([1.0, 0, 2])), no_activity(3).plus_seconds(np.ones(3))
    assert (one + other).dwell_s.tolist() == [2.0, 1.0, 3.0]
    assert (one + other).people == 0
    with pytest.raises(ValueError, match="expected 3 places"):
        one.plus_seconds(np.ones(2))

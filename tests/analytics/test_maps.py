"""The four maps of scenes whose every figure can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.maps import floor_maps
from analytics.settings import MapSettings
from analytics.stays import BROKEN, EDGE, PathEnds

# Eight cells of 0.5 m in a row, seen for 100 s.
GRID = Grid((0.0, 0.0), 0.5, 8, 1)
SHARP = MapSettings(heat_sigma_m=0.0, bootstrap_draws=50)
OBSERVED_S = 100.0


def maps_of(make_paths, people, ends=None, coverage=None, grid=GRID, rules=SHARP, numbers=None, parts=1):
    paths = make_paths(people, numbers)
    count = len(np.unique(paths.path))
    ends = ends or PathEnds(np.full(count, EDGE, np.int8), np.full(count, EDGE, np.int8))
    if coverage is None:
        coverage = Coverage(np.ones(grid.cells), np.ones(grid.cells, dtype=bool))
    pieces = paths.parts(1_000_000 if parts == 1 else len(paths.person) // parts + 1)
    return floor_maps(
        ((part, PathEnds(ends.entry[rows], ends.exit[rows])) for part, rows in pieces),
        grid, coverage, np.zeros((grid.cells, 3)), OBSERVED_S, rules,
    )  # fmt: skip


def test_cells_are_fine_by_their_uncertainty_and_the_honest_size_counts_time(make_paths):
    maps = maps_of(make_paths, [[SHOPPER]])
    assert not maps.fine.any()
    assert maps.fine_share == 0.0
    sigma = np.full(maps.grid.cells, 0.1)
    standing = int(np.argmax(maps.dwell_s))
    sigma[standing] = 0.26
    blurred = replace(maps, sigma=sigma)
    assert np.flatnonzero(blurred.fine).tolist() == [standing]
    # Ten of its fourteen seconds are there, so they decide.
    assert blurred.fine_share == pytest.approx(maps.dwell_s[standing] / maps.dwell_s.sum())
    assert blurred.honest_cell == 0.6
    assert replace(maps, sigma=np.full(maps.grid.cells, 0.25)).honest_cell == 0.5
    assert replace(maps, sigma=np.full(maps.grid.cells, 0.25)).fine.sum() == 0
    np.testing.assert_array_equal(blurred.to_frame()["sigma_m"], sigma)
    assert maps_of(make_paths, []).honest_cell is None


# Walks 4 m in 2 s, stands for 10 s 10 cm before the end of the floor, and leaves the way it came.
SHOPPER = [(0, 0.0, 0.25), (2, 4.0, 0.25), (2.05, 3.9, 0.25), (12.05, 3.9, 0.25), (14, 0.0, 0.25)]


def test_one_person_who_walks_stands_and_leaves(make_paths):
    maps = maps_of(make_paths, [[SHOPPER]])
    there, back = 0.25, 0.5 / 2.0  # 0.5 m at 2 m/s in, at 3.9 m / 1.95 s = 2 m/s out
    last = 0.25 + 0.05 + 10.0 + 0.2  # in, a step back, standing, 0.4 m out
    assert maps.dwell_s == pytest.approx([there + back] * 7 + [last])
    assert maps.dwell_s.sum() == pytest.approx(14.0)
    # Way there and way back are less than 10 s apart where? Cell 0 is left at 0.25 s, met again at 13.75 s.
    away = np.array([13.75 - 0.25, 13.5 - 0.5, 13.25 - 0.75, 13 - 1, 12.75 - 1.25, 12.5 - 1.5, 12.25 - 1.75])
    assert (away >= 10).tolist() == [True] * 7
    assert maps.sums.entries.tolist() == [2] * 7 + [1]
    assert maps.sums.visitors.tolist() == [1] * 8
    assert maps.attention_s == pytest.approx([0.25] * 7 + [last])
    assert maps.naive_s == pytest.approx([0.5] * 7 + [last])
    assert maps.heat == pytest.approx(maps.dwell_s / (0.25 * 100))
    assert (maps.sums.people, maps.outside_s, maps.sums.unplaced_s) == (1, 0.0, 0.0)
    assert np.isnan(maps.attention_low_s).all()  # one person says nothing about others


def test_a_longer_memory_joins_both_ways_to_one_visit(make_paths):
    maps = maps_of(make_paths, [[SHOPPER]], rules=SHARP.model_copy(update={"revisit_s": 60.0}))
    assert maps.sums.entries.tolist() == [1] * 8
    assert maps.attention_s == pytest.approx(maps.dwell_s)


def test_who_appears_in_mid_floor_dwells_without_entering(make_paths):
    ends = PathEnds(np.array([BROKEN], np.int8), np.array([EDGE], np.int8))
    maps = maps_of(make_paths, [[[(0, 0.2, 0.2), (5, 0.2, 0.2), (6, 0.7, 0.2)]]], ends)
    assert maps.dwell_s[:2] == pytest.approx([5.6, 0.4])
    assert maps.sums.entries[:2].tolist() == [0, 1]
    assert np.isnan(maps.attention_s[0])
    assert maps.attention_s[1] == pytest.approx(0.4)
    assert maps.naive_s[0] == pytest.approx(5.6)


def test_two_people_pool_before_they_divide(make_paths):
    stay = [[(0, 0.25, 0.25), (60, 0.25, 0.25)]]
    glance = [[(70, 0.25, 0.25), (72, 0.25, 0.25)]]
    maps = maps_of(make_paths, [stay, glance])
    assert maps.attention_s[0] == pytest.approx(31.0)
    assert maps.attention_low_s[0] == pytest.approx(2.0)
    assert maps.attention_high_s[0] == pytest.approx(60.0)
    assert maps.heat[0] == pytest.approx(62 / 25)


def test_unseen_floor_is_unknown_and_its_dwell_is_outside(make_paths):
    share = np.array([1, 1, 0.6, 0.4, 0, 1, 1, 1.0])
    maps = maps_of(make_paths, [[SHOPPER]], coverage=Coverage(share, share >= 0.5))
    unseen = [3, 4]
    for values in (maps.dwell_s, maps.heat, maps.attention_s, maps.naive_s):
        assert np.flatnonzero(np.isnan(values)).tolist() == unseen
    assert maps.outside_s == pytest.approx(1.0)
    assert maps.exposure_s == pytest.approx(share * 100)
    # Seen for less time, the same dwell is more people at a time.
    assert maps.heat[2] == pytest.approx(maps.dwell_s[2] / (0.25 * 60))
    table = maps.to_frame()
    assert (
        table.loc[unseen, ["heat", "visits", "entries", "dwell_s", "attention_s", "n"]].isna().all(axis=None)
    )
    assert table.loc[unseen, "coverage"].tolist() == [0.4, 0.0]


def test_nobody_gives_valid_maps_that_say_so(make_paths, tmp_path):
    maps = maps_of(make_paths, [])
    heat, visits, dwell, attention = maps.pictures()
    assert [m.name for m in (heat, visits, dwell, attention)] == ["heat", "visits", "dwell", "attention"]
    for empty in (heat, visits, dwell):
        assert empty.values.shape == (1, 8)
        assert (empty.values == 0).all()
        assert not empty.few.any()
    assert np.isnan(attention.values).all()
    assert maps.sums.people == 0
    maps.to_parquet(tmp_path / "maps.parquet")
    maps.to_npz(tmp_path / "maps.npz")
    assert len(pd.read_parquet(tmp_path / "maps.parquet")) == 8


def test_few_is_told_from_none(make_paths):
    four = [[[(10 * i, 0.25, 0.25), (10 * i + 1, 0.25, 0.25)]] for i in range(4)]
    fifth = [[(50, 0.25, 0.25), (51, 0.25, 0.25)]]
    assert maps_of(make_paths, four).pictures()[3].few.tolist() == [[True] + [False] * 7]
    assert maps_of(make_paths, [*four, fifth]).pictures()[3].few.tolist() == [[False] * 8]


def test_the_files_hold_what_was_computed(make_paths, tmp_path):
    maps = maps_of(make_paths, [[SHOPPER], [[(20, 1.2, 0.2), (26, 1.3, 0.2)]]])
    maps.to_parquet(tmp_path / "maps.parquet")
    maps.to_npz(tmp_path / "maps.npz")
    table = pd.read_parquet(tmp_path / "maps.parquet")
    assert list(table.columns) == [
        "x_m", "y_m", "heat", "visits", "entries", "dwell_s", "attention_s", "attention_low_s",
        "attention_high_s", "attention_naive_s", "coverage", "exposure_s", "sigma_m", "n",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["x_m"], GRID.centres[:, 0])
    np.testing.assert_array_equal(table["dwell_s"], maps.dwell_s)
    np.testing.assert_array_equal(table["attention_s"], maps.attention_s)
    with np.load(tmp_path / "maps.npz") as arrays:
        np.testing.assert_array_equal(arrays["dwell_s"], maps.dwell_s.reshape(1, 8))
        np.testing.assert_allclose(arrays["x_edges_m"], np.arange(9) * 0.5)
        units = dict(entry.split(": ") for entry in arrays["units"])
    assert units["dwell_s"] == "s"
    assert set(units) == set(table.columns) - {"x_m", "y_m"}


@pytest.mark.parametrize("hits", [300, 70_000])
def test_many_hits_do_not_wrap(make_paths, hits):
    one = [[(0, 0.25, 0.25), (1, 0.25, 0.25)]]
    maps = maps_of(make_paths, [one] * hits, rules=SHARP.model_copy(update={"bootstrap_draws": 0}), parts=3)
    assert maps.pictures()[1].values[0, 0] == hits
    assert maps.sums.entries[0] == hits
    assert maps.dwell_s[0] == hits
    assert maps.attention_s[0] == 1.0


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_parts_order_and_numbers_of_people_do_not_matter(make_paths, random_people, seed):
    people = random_people(seed, people=7)
    grid = Grid((0.0, 0.0), 0.5, 12, 8)
    whole = maps_of(make_paths, people, grid=grid, rules=MapSettings()).to_frame()
    mixed = np.random.default_rng(seed).permutation(7)
    shuffled, numbers = [people[i] for i in mixed], [3, 9, 4, 77, 60, 61, 5]
    other = maps_of(make_paths, shuffled, grid=grid, rules=MapSettings(), numbers=numbers, parts=3).to_frame()
    drawn = ["attention_low_s", "attention_high_s"]  # who is drawn depends on the order
    for name in whole.columns.difference(drawn):
        np.testing.assert_allclose(other[name], whole[name], atol=1e-9, err_msg=name)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_the_laws_on_whole_maps(make_paths, random_people, seed):
    """Dwell on seen floor + outside + unplaced = length of the tracks; heat holds the dwell on seen floor."""
    rng = np.random.default_rng(seed)
    grid = Grid((0.0, 0.0), 0.5, 12, 8)
    share = rng.choice([0.0, 0.3, 0.7, 1.0], grid.cells)
    people = random_people(seed)
    maps = maps_of(make_paths, people, coverage=Coverage(share, share >= 0.5), grid=grid, rules=MapSettings())
    tracked = make_paths(people).tracked_s
    on_floor = np.nansum(maps.dwell_s)
    assert on_floor + maps.outside_s + maps.sums.unplaced_s == pytest.approx(tracked, abs=1e-9)
    assert np.nansum(maps.heat * maps.exposure_s) * grid.cell_area == pytest.approx(
        on_floor, rel=1e-9, abs=1e-9
    )


def test_without_calibration_nothing_is_in_metres(make_paths):
    grid = Grid((0.0, 0.0), 40.0, 4, 3, "px")
    maps = maps_of(make_paths, [[[(0, 20, 20), (10, 20, 20)]]], grid=grid)
    assert "x_px" in maps.to_frame().columns
    heat = maps.pictures()[0]
    assert heat.unit == "people per 10 000 px²"
    assert heat.values[0, 0] == pytest.approx(10 / 100 / 1600 * 1e4)

"""Sums of few people: coarser in time, equal in total."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.quarters import QUARTER_S
from analytics.thinning import stretches, thin_quarters, thin_zones

FOOTAGE_S = np.array([[100.0, 2600.0], [2700.0, 6500.0]])
SUMS = ["dwell_s", "entries", "visitors"]


def table(rows):
    columns = ["begin_s", "place", "staff", "dwell_s", "entries", "visitors", "peak", "peak_s"]
    return pd.DataFrame(rows, columns=columns).astype({"staff": bool, "dwell_s": float, "peak_s": float})


def test_quarters_are_joined_until_there_are_enough_people():
    present_s = np.array([[150.0, 200.0], [160.0, 950.0], [1900.0, 2000.0], [2800.0, 2900.0]])
    found = [part.tolist() for part in stretches(FOOTAGE_S, present_s, 2)]
    # Two people in the first; the third needs the fourth; the empty rest belongs to the last.
    # The fourth comes alone, and nobody after them: the rest belongs to the stretch before.
    assert found == [[0], [900, 1800, 2700, 3600, 4500, 5400, 6300]]
    assert [part.tolist() for part in stretches(FOOTAGE_S, present_s[:1], 2)] == [
        [0, 900, 1800, 2700, 3600, 4500, 5400, 6300]
    ]
    assert stretches(np.zeros((0, 2)), present_s, 2) == []


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 7), st.integers(0, 3), st.booleans(), st.floats(0.1, 900), st.integers(0, 9),
            st.integers(0, 9), st.integers(0, 9),
        ),
        max_size=30, unique_by=lambda row: row[:3],
    ),
    st.lists(st.tuples(st.floats(100, 6400), st.floats(0, 3000)), max_size=12),
    st.integers(1, 6),
)  # fmt: skip
def test_totals_stay_and_no_stretch_has_few_people(rows, people, least):
    given_ = table([(q * QUARTER_S, *rest, q * QUARTER_S + 5.0) for q, *rest in rows])
    present_s = np.array([(a, min(a + b, 6500.0)) for a, b in people]).reshape(-1, 2)
    parts = stretches(FOOTAGE_S, present_s, least)
    assert np.concatenate(parts).tolist() == [q * QUARTER_S for q in range(8)]
    for part in parts if len(parts) > 1 else []:
        inside = (present_s[:, 0] < part[-1] + QUARTER_S) & (present_s[:, 1] >= part[0])
        assert inside.sum() >= least
    thin = thin_quarters(given_, FOOTAGE_S, parts, parts, least)
    assert list(thin.columns) == list(given_.columns)
    assert thin.dtypes.tolist() == given_.dtypes.tolist()
    keys = ["place", "staff"]
    pd.testing.assert_frame_equal(thin.groupby(keys)[SUMS].sum(), given_.groupby(keys)[SUMS].sum())
    assert (thin[SUMS] >= 0).all(axis=None)
    assert not (thin["peak_s"].notna() & (thin["peak"] < least)).any()
    again = thin_quarters(thin, FOOTAGE_S, parts, parts, least)
    pd.testing.assert_frame_equal(again.groupby(keys)[SUMS].sum(), given_.groupby(keys)[SUMS].sum())


def test_of_one_person_nothing_is_left_but_sums_spread_over_the_footage():
    given_ = table([(900, 3, False, 65.0, 1, 1, 1, 950.0)])
    parts = stretches(FOOTAGE_S, np.array([[950.0, 1015.0]]), 5)
    thin = thin_quarters(given_, FOOTAGE_S, parts, parts, 5)
    assert thin["begin_s"].tolist() == [900 * q for q in range(8)]
    length_s = np.array([800, 900, 800, 900, 900, 900, 900, 200])
    assert thin["dwell_s"].to_numpy() == pytest.approx(65.0 * length_s / length_s.sum())
    assert thin["visitors"].sum() == 1
    assert thin["peak"].tolist() == [1] * 8
    assert thin["peak_s"].isna().all()


def test_a_cashier_among_many_customers_is_drawn_together_too():
    given_ = table([(0, 1, False, 50.0, 9, 9, 6, 30.0), (0, 2, True, 800.0, 1, 1, 1, 120.0)])
    many = stretches(FOOTAGE_S, np.tile([150.0, 6400.0], (6, 1)), 5)
    one = stretches(FOOTAGE_S, np.array([[150.0, 900.0]]), 5)
    thin = thin_quarters(given_, FOOTAGE_S, many, one, 5)
    assert thin[~thin["staff"]].to_dict("records") == given_[:1].to_dict("records")
    assert thin["staff"].sum() == 8


def test_a_zone_of_few_keeps_its_sums_and_loses_single_visits():
    columns = ["zone", "visitors", "dwell_s", "median_s", "peak", "peak_s", "peak_at", "coverage"]
    zones = pd.DataFrame(
        [
            ["quiet", "2.0", "61.5", "30.1", "2.0", "31.0", "2026-11-01 10:00:31+01:00", "1.0"],
            ["busy", "40.0", "900.0", "12.0", "4.0", "99.0", "2026-11-01 10:01:39+01:00", "1.0"],
            ["unseen", "", "", "", "", "", "", "0.2"],
        ],
        columns=columns,
    )
    thin = thin_zones(zones, 5)
    assert thin.loc[0].tolist() == ["quiet", "2.0", "61.5", "", "2.0", "", "", "1.0"]
    assert thin.loc[1].tolist() == ["busy", "40.0", "900.0", "12.0", "4.0", "", "", "1.0"]

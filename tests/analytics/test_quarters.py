"""Sums per quarter of an hour."""

import numpy as np
import pytest

from analytics.quarters import QUARTER_S, Quarters
from analytics.stays import CROSSED, Stays
from analytics.visits import Visits


def stays(*rows: tuple[int, int, float, float]) -> Stays:
    person, place, enter, leave = (np.array(column) for column in zip(*rows, strict=True))
    kind = np.full(len(rows), CROSSED, dtype=np.int8)
    return Stays(
        person.astype(np.int64), place.astype(np.int64), enter.astype(float), leave.astype(float), kind, kind
    )


def quarters(table: Stays, zero_s: float = 0.0, staff: tuple[int, ...] = ()) -> Quarters:
    return Quarters.of(table, Visits.of_stays(table, 10.0), 1.0, zero_s, np.array(staff, dtype=np.int64))


def test_a_stay_is_cut_exactly_at_the_quarters():
    found = quarters(stays((1, 0, 0.0, 1000.0)), zero_s=1_700_000_000.25)
    # 1 700 000 000 is 800 s past a quarter.
    assert found.begin_s.tolist() == [1_699_999_200, 1_700_000_100, 1_700_001_000]
    assert found.dwell_s == pytest.approx([99.75, 900.0, 0.25], abs=1e-9)
    assert found.entries.tolist() == [1, 0, 0]
    assert found.visitors.tolist() == [1, 0, 0]
    assert np.all(found.begin_s % QUARTER_S == 0)


def test_the_peak_is_when_most_are_there_at_once():
    found = quarters(stays((1, 0, 10.0, 50.0), (2, 0, 30.0, 60.0), (3, 0, 50.0, 70.0)))
    assert found.peak.tolist() == [2]
    assert found.peak_s.tolist() == [30.0]


def test_staff_are_summed_apart_and_visitors_are_distinct_people():
    found = quarters(stays((1, 0, 0.0, 5.0), (1, 0, 1000.0, 1005.0), (2, 0, 0.0, 5.0)), staff=(2,))
    assert found.visitors[~found.staff].sum() == 1
    assert found.entries[~found.staff].sum() == 2
    assert found.dwell_s[found.staff].sum() == 5.0

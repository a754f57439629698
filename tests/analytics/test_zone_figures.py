"""Figures of zones from a few visits, by hand."""

import numpy as np
import pandas as pd
import pytest

from analytics.settings import MapSettings
from analytics.stays import CROSSED
from analytics.visits import Visits
from analytics.zone_figures import VisitTable, ZoneSums, in_words, zone_figures
from analytics.zones import Zone

SHELF = Zone("shelf", np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]))


def figures(dwell_s, stood_s):
    n = len(dwell_s)
    dwell_s, enter_s = np.array(dwell_s), 100.0 * np.arange(n)
    crossed = np.full(n, CROSSED, dtype=np.int8)
    visits = Visits(
        np.arange(n), np.zeros(n, dtype=np.int64), enter_s, enter_s + dwell_s, dwell_s, crossed, crossed
    )
    table = VisitTable(visits, np.ones(n, dtype=bool), np.ones(n, dtype=bool), np.array(stood_s, dtype=float))
    one = np.array([n])
    sums = ZoneSums(
        one,
        one,
        np.array([dwell_s.sum()]),
        np.array([1]),
        np.array([0.0]),
        np.array([1000.0]),
        np.ones(1),
        np.full(1, 2.0),
    )
    return zone_figures((SHELF,), sums, table, MapSettings(), 3.0, "m").iloc[0]


def test_a_moment_of_somebody_elses_stop_is_no_stop_in_the_zone():
    # Four entries: one stands for 5 s, one for just 3 s, one half a second at the border, one not at all.
    row = figures([10.0, 4.0, 2.0, 1.0], [5.0, 3.0 - 1e-9, 0.5, 0.0])
    assert row["stopped"] == 2
    assert row["attracting_power"] == 0.5
    assert row["holding_power_s"] == pytest.approx(4.0)


def test_the_rest_by_hand():
    row = figures([10.0, 4.0, 2.0, 1.0], [5.0, 3.0, 0.5, 0.0])
    assert (row["visitors"], row["entries"], row["dwell_s"]) == (4, 4, 17.0)
    assert row["attention_s"] == row["attention_naive_s"] == row["mean_km_s"] == pytest.approx(17 / 4)
    assert (row["quartile_1_s"], row["median_s"], row["quartile_3_s"]) == (1.0, 2.0, 4.0)
    assert row["person_s_per_m2"] == 8.5


def test_counts_are_written_as_whole_numbers() -> None:
    table = pd.DataFrame({"visitors": [316.0, np.nan], "peak": [2.0, 0.0], "dwell_s": [3.0, np.inf]})
    written = in_words(table).to_csv(index=False).splitlines()
    assert written == ["visitors,peak,dwell_s", "316,2,3.0", ",0,not reached"]

"""A difference is called one only if chance would seldom make one as large."""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from analytics.comparison import Blocks, change, enough_blocks, paired

ROOT = Path(__file__).resolve().parents[2]


def blocks(dwell, base=1.0):
    dwell = np.asarray(dwell, dtype=float).reshape(len(dwell), -1)
    return Blocks(dwell, np.broadcast_to(np.asarray(base, dtype=float), dwell.shape).copy())


def test_ratios_are_of_sums_and_p_is_the_share_of_deals_by_hand():
    """Four days against four others: of 70 deals only the true one and its mirror are so extreme."""
    a, b = blocks([1, 2, 3, 4], 2.0), blocks([11, 12, 13, 14], 2.0)
    found = change(a, b)
    assert found.a == pytest.approx([1.25])
    assert found.difference == pytest.approx([5.0])
    assert found.p == pytest.approx([2 / 70])
    assert found.low[0] < 5 < found.high[0]


def test_the_deals_are_those_of_a_studentised_permutation_test():
    """Against a plain loop over all deals."""
    rng = np.random.default_rng(3)
    d, e = rng.gamma(2, 50, 9), rng.uniform(300, 900, 9)

    def t(chosen):
        parts = []
        for rows in (chosen, ~chosen):
            r = d[rows].sum() / e[rows].sum()
            u = (d - r * e)[rows]
            n = rows.sum()
            parts.append((r, n / (n - 1) * np.sum(u**2) / e[rows].sum() ** 2))
        return abs(parts[1][0] - parts[0][0]) / np.sqrt(parts[0][1] + parts[1][1])

    deals = [np.isin(np.arange(9), rows) for rows in combinations(range(9), 4)]
    largest = [t(chosen) >= t(deals[0]) * (1 - 1e-9) for chosen in deals]
    a, b = Blocks(d[:4, None], e[:4, None]), Blocks(d[4:, None], e[4:, None])
    assert change(a, b).p == pytest.approx([np.mean(largest)])


def test_what_was_not_seen_has_no_number_and_what_nobody_visits_is_no_difference():
    dwell = np.column_stack([np.arange(1.0, 7), np.arange(1.0, 7), np.zeros(6)])
    base = np.ones_like(dwell)
    base[:, 1] = 0.0
    found = change(Blocks(dwell, base), Blocks(dwell + np.array([1, 1, 0]), np.ones_like(dwell)))
    assert np.isnan(found.difference[1])
    assert np.isnan(found.p[1])
    assert found.p[2] == 1.0
    assert np.isnan(found.among_many()[2])


def test_too_few_blocks_say_nothing():
    assert not enough_blocks(3, 30)
    assert enough_blocks(4, 4)
    found = change(blocks([1, 1, 1]), blocks([9, 9, 9]))
    assert np.isnan(found.p).all()
    assert found.vague().all()
    assert paired(16, 20)
    assert not paired(15, 40)


def test_swapping_the_sides_turns_the_sign_and_nothing_else():
    rng = np.random.default_rng(5)
    a, b = blocks(rng.gamma(3, 10, (5, 6))), blocks(rng.gamma(3, 12, (5, 6)))
    one, other = change(a, b), change(b, a)
    assert one.difference == pytest.approx(-other.difference)
    assert one.p == pytest.approx(other.p)
    assert one.p_all == pytest.approx(other.p_all)
    assert np.all(one.p_all >= one.p - 1e-12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    a, b = rng.gamma(9, 10, (10, 400)), rng.gamma(9, 12, (10, 400))
    found = change(blocks(a), blocks(b), draws=1000)
    held = np.mean((found.low <= 18) & (found.high >= 18))
    assert 0.90 <= held <= 0.99


@pytest.fixture
def bench(monkeypatch):
    """The benchmark's simulated shop; tests use seeds of their own."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import compare

    yield compare
    for name in ("compare", "shoppers"):
        sys.modules.pop(name, None)


def test_a_shop_in_which_nothing_changed_seldom_alarms(bench):
    found = bench.rate(bench.Shop(), 5, 6.0, True, False, range(5000, 5016), False)
    assert found["zones"] <= 3


def test_a_moved_shelf_is_found(bench):
    shop = bench.replace(bench.Shop(), moved_share=0.04)
    found = bench.rate(shop, 5, 6.0, True, True, range(5000, 5008), False)
    assert found["old or new"] >= 7

"""What is told of lengths of visits where small counts are hidden, against what is told without."""

import numpy as np
import pytest

from analytics.guarded_lengths import GuardedLengths
from analytics.settings import MapSettings
from analytics.survival import Survival
from analytics.visits import Visits
from analytics.zone_figures import VisitTable

STOP_S, HORIZON_S = 3.0, MapSettings().horizon_s


def table(dwell_s, stopped_s, ended=None) -> VisitTable:
    """Visits of different people, one after the other, seen to begin."""
    n = len(dwell_s)
    dwell, enter = np.asarray(dwell_s, dtype=float), 1000.0 * np.arange(n)
    inside = np.zeros(n, dtype=np.int8)
    visits = Visits(np.arange(n), np.zeros(n, dtype=np.int64), enter, enter + dwell, dwell, inside, inside)
    seen = np.ones(n, dtype=bool)
    return VisitTable(
        visits, seen, seen if ended is None else np.asarray(ended), np.asarray(stopped_s, float)
    )


def guarded(visits: VisitTable, least: int) -> GuardedLengths:
    return GuardedLengths(visits, np.zeros(len(visits.visits), dtype=np.int64), least)


def test_a_stop_is_what_it_is_without_hiding() -> None:
    visits = table(np.linspace(5, 60, 40), [0.5] * 10 + [2.9] * 10 + [3.0] * 20)
    found = guarded(visits, 5).figures(HORIZON_S, STOP_S)
    assert found["entered"] == 40
    assert found["stopped"] == visits.stops(STOP_S).sum() == 20
    assert found["attracting_power"] == 0.5
    assert found["holding_power_s"] == pytest.approx(3.0)


def test_stops_of_a_few_and_what_a_few_did_not_do_are_hidden() -> None:
    for stopped in ([5.0] * 2 + [0.0] * 38, [0.0] * 2 + [5.0] * 38):
        found = guarded(table(np.linspace(5, 60, 40), stopped), 5).figures(HORIZON_S, STOP_S)
        assert np.isnan(found["stopped"])
        assert np.isnan(found["holding_power_s"])


def test_quantiles_have_enough_people_on_both_sides_and_two_digits() -> None:
    visits = table([10.123, 20.456, 30.789, 41.234, 50.5, 60.6, 70.7, 80.8], [0.0] * 8)
    found = guarded(visits, 3).figures(HORIZON_S, STOP_S)
    assert found["median_s"] == 41.0
    assert np.isnan(found["quartile_1_s"])


def test_the_end_of_the_curve_is_nobodys_own_length() -> None:
    # One stays for an hour and is not seen to leave; all others half a minute.
    visits = table([30.0] * 20 + [3599.0], [0.0] * 21, [True] * 20 + [False])
    lengths = guarded(visits, 3)
    assert lengths.figures(HORIZON_S, STOP_S)["horizon_s"] == 30.0
    assert lengths.horizon_s(7200.0) == 30.0
    shares = lengths.curve(600.0)[:, 1] / (3 / 21)
    assert shares == pytest.approx(np.round(shares))
    assert Survival(visits.visits.dwell_s, visits.ended).share_longer(np.array([60.0])) == pytest.approx(
        1 / 21
    )
    assert lengths.curve(600.0)[-1, 1] == 0.0


def test_the_mean_does_not_give_away_who_stayed_longest() -> None:
    """One of 21 stays 1504 s: all dwell less 21 times a mean until 600 s would be what was beyond."""
    visits = table([*range(60, 80), 1504.57], [0] * 21)
    told = guarded(visits, 5).figures(600, 3)
    # Five stayed 76 s or longer.
    assert told["horizon_s"] == 60
    assert told["mean_km_s"] == 60
    # Where nobody stayed longer nothing is cut off, and the mean has two digits as the quantiles have.
    told = guarded(table([*np.arange(20) + 60.43], [0] * 20), 5).figures(600, 3)
    assert (told["horizon_s"], told["mean_km_s"]) == (600, 70)


def test_the_first_step_of_a_curve_is_no_rest() -> None:
    """Of 26 in steps of five at least nobody leaves in the first second, though 26 is no five times five."""
    curve = guarded(table([*np.arange(26) + 50.0], [0] * 26), 5).curve(600.0)
    assert curve[0, 1] == 1.0
    assert curve[:, 1] * 5 == pytest.approx(np.round(curve[:, 1] * 5))


def test_an_interval_does_not_give_away_who_makes_up_most_of_the_time() -> None:
    for longest, known in ((400.0, False), (300.0, True)):
        lengths = guarded(table([*np.arange(10) + 30.0, longest], [0] * 11), 5)
        assert lengths.one_persons != known
        told = lengths.figures(600, 3)
        assert np.isfinite([told["mean_km_low_s"], told["mean_km_high_s"]]).all() == known


def test_those_under_way_are_not_all_visits_less_those_of_the_curve() -> None:
    """Of two days one has two visits that were under way: how many began is told of the other day."""
    visits = table([30.0] * 24, [0] * 24)
    begun = np.ones(24, dtype=np.bool_)
    begun[[0, 1]] = False
    day = np.repeat([0, 1], 12)
    told = GuardedLengths(VisitTable(visits.visits, begun, visits.ended, visits.stopped_s), day, 5)
    figures = told.figures(600, 3)
    assert figures["visits_km"] == 12
    assert np.isnan(figures["under_way"])
    assert figures["mean_km_s"] == 30
    # Of the day with the two alone no mean is told either: all dwell less as many times as came is theirs.
    figures = told._where(day == 0).figures(600, 3)
    assert np.isnan([figures[name] for name in ("visits_km", "mean_km_s", "horizon_s")]).all()


def test_visits_not_seen_to_end_are_among_those_that_are_counted():
    """On the day with two that were under way six are not seen to end; on the other one all twelve are."""
    begun, ended = np.ones((2, 26), dtype=np.bool_)
    begun[:2] = ended[2:8] = False
    lengths = table([30.0] * 26, [0] * 26, ended)
    told = GuardedLengths(
        VisitTable(lengths.visits, begun, ended, lengths.stopped_s), np.repeat([0, 1], [14, 12]), 5
    )
    figures = told.figures(600, 3)
    assert (figures["visits_km"], figures["censored"]) == (12, 0)
    figures = told._where(told.day == 0).figures(600, 3)
    assert np.isnan([figures["visits_km"], figures["censored"]]).all()

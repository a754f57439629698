"""The numbers of a report where small counts are hidden: what is compared is told of all that is compared."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.visits import Visits
from analytics.zone_figures import VisitTable
from analytics.zones import Zone
from dwellmap.opening_hours import OpeningHours
from dwellmap.period.period import Period
from dwellmap.period.setup import Setup
from dwellmap.period.tables import Tables
from dwellmap.report.busy import busy_hours
from dwellmap.report.cells import Choice
from dwellmap.report.findings import findings
from dwellmap.report.flows import flows_of
from dwellmap.report.over_time import hours_chart
from dwellmap.report.summary import Summary, summarise
from dwellmap.report.use import use_of
from dwellmap.run_tables import VISITS

BERLIN = ZoneInfo("Europe/Berlin")
NOON = "2026-03-27T12:00:00+01:00"


def summed(runs: list[Path], choice: Choice, **words) -> Summary:
    return summarise(Tables.of(Period.of_runs(runs, **words)), choice)


def test_of_opening_hours_with_few_hidden_shares_and_intervals_tell_the_same_people(shops):
    """In the morning as many come to both zones, when it is open three times as many to one."""
    opened = OpeningHours((((840, 960),),) * 7, BERLIN)
    runs = []
    for day in range(1, 6):
        runs.append(shops(f"closed {day}", f"2026-03-0{day}T12:00:00+01:00", 2, 30, 30))
        runs.append(shops(f"open {day}", f"2026-03-0{day}T14:00:00+01:00", 2, 9 * day, 3 * day))
    for choice in (Choice(), Choice(min_people=5)):
        (floor,) = summed(runs, choice, hours=opened, clock=BERLIN).floors
        use = use_of(floor)
        assert (use.drawn, use.units, use.left_out) == ("days", 5, 0)
        assert use.share == pytest.approx(np.array([[0.75] * 3, [0.25] * 3]))
    # Of one day visitors would have to be drawn, and of these nobody sorts out those of the opening hours.
    summary = summed(runs[:2], choice, hours=opened, clock=BERLIN)
    (floor,) = summary.floors
    use = use_of(floor)
    assert use.units == 0
    assert use.share[:, 0] == pytest.approx([0.75, 0.25])
    assert np.isnan(use.share[:, 1:]).all()
    interval = ["attention_low_s", "attention_high_s"]
    assert floor.figures[interval].isna().all(axis=None)
    assert not floor.hidden[interval].any(axis=None)
    said = {one.question: one.basis for one in findings(summary, floor, use, flows_of(floor))}
    assert "cannot be told" in said["How long do they stay?"]
    # Opened all day it is one population; where all stay alike there is nothing to draw from.
    for run in runs[:2]:
        visits = pd.read_parquet(run / VISITS)
        visits.assign(dwell_s=50.0 + np.arange(len(visits)) % 20).to_parquet(run / VISITS, index=False)
    (floor,) = summed(runs[:2], choice).floors
    assert use_of(floor).units == 8 * (60 + 12)
    assert floor.figures[interval].notna().all(axis=None)


def test_lengths_outside_of_the_opening_hours_are_guarded_too(shops):
    """Nobody came while it was open, and the median of twelve before that is no exact one's."""
    runs = [shops("a", NOON, 1, 3, 3), shops("b", "2026-03-27T13:00:00+01:00", 1, 0, 0)]
    visits = pd.read_parquet(runs[0] / VISITS)
    visits.assign(dwell_s=61.37 + np.arange(len(visits))).to_parquet(runs[0] / VISITS, index=False)
    opened = OpeningHours((((780, 840),),) * 7, BERLIN)
    (floor,) = summed(runs, Choice(min_people=5), hours=opened, clock=BERLIN).floors
    assert floor.figures["dwell_s"].tolist() == [0, 0]
    assert floor.figures["median_s"].tolist() == [66, 78]


def test_zones_are_compared_over_days_on_which_all_of_them_are_told(shops):
    # On the third day four people come to "rest": hidden, and not to be divided by that day's footage.
    runs = [
        shops(f"day {d}", f"2026-03-0{d}T12:00:00+01:00", 1, 20, 1 if d == 3 else 20) for d in range(1, 7)
    ]
    (floor,) = summed(runs, Choice(min_people=5)).floors
    assert floor.days["dwell_s"].isna().sum() == 1
    use = use_of(floor)
    assert (use.zones.tolist(), use.drawn, use.units, use.left_out) == ([0, 1], "days", 5, 1)
    assert use.share == pytest.approx(np.full((2, 3), 0.5))
    # Of few days visitors are drawn, those of the days that are compared.
    use = use_of(summed(runs[2:4], Choice(min_people=5)).floors[0])
    assert (use.drawn, use.units, use.left_out) == ("visitors", 4 * 40, 1)
    assert use.share.mean(axis=0)[0] == pytest.approx(0.5)
    assert (use.share[:, 1] < 0.5).all()
    assert (use.share[:, 2] > 0.5).all()
    # A zone that is hidden on most days leaves the others theirs.
    more = [shops(f"day {day}", f"2026-03-0{day}T12:00:00+01:00", 1, 20, 1) for day in (7, 8)]
    use = use_of(summed([*runs[1:3], *more], Choice(min_people=5)).floors[0])
    assert (use.zones.tolist(), use.left_out) == ([0], 0)


def test_days_whose_personal_data_are_erased_are_drawn_as_the_others(shops):
    runs = [shops(f"day {d}", f"2026-03-0{d}T12:00:00+01:00", 1, 10 + 3 * d, 20) for d in range(1, 7)]
    whole = use_of(summed(runs, Choice()).floors[0])
    for run in runs[:3]:
        for name in ("tracks", "trajectories", "stays", "visits", "people"):
            (run / f"{name}.parquet").unlink(missing_ok=True)
    use = use_of(summed(runs, Choice(min_people=5)).floors[0])
    assert use.units == whole.units == 6
    assert use.share == pytest.approx(whole.share)
    assert use.share[0, 2] - use.share[0, 1] > 0.05


def test_an_hour_that_is_hidden_on_some_day_has_no_mean_of_the_others(shops):
    runs = [shops("first", "2026-03-27T12:00:00+01:00", 4, 10, 10)]
    for hour, people in ((12, 10), (13, 1), (14, 10), (15, 10)):
        runs.append(shops(f"at {hour}", f"2026-03-28T{hour}:00:00+01:00", 1, people, people))
    (floor,) = summed(runs, Choice(min_people=5)).floors
    # What four people did at one o'clock is told only with the hour after that.
    busy = busy_hours(floor, np.array([0, 1]))
    assert (busy.people.index.tolist(), busy.days, busy.left_out) == ([12, 15], 2, 2)
    assert busy.people.tolist() == pytest.approx([20 * 60 / 900] * 2)
    # A day that is hidden as a whole leaves the others theirs.
    runs.append(shops("third", "2026-03-29T12:00:00+02:00", 4, 10, 0))
    runs.append(shops("one", "2026-03-29T16:00:00+02:00", 1, 10, 1))
    (floor,) = summed(runs, Choice(min_people=5)).floors
    busy = busy_hours(floor, np.array([0, 1]))
    assert (busy.people.index.tolist(), busy.days, busy.left_out) == ([12, 15], 2, 2)
    drawn = str(hours_chart(floor, np.array([0, 1]))["svg"])
    for zone in ("stop", "rest"):
        assert f"{zone}, 12:00 to 13:00: 0.67 people at once" in drawn
        for hour in (13, 14):
            assert (
                f"{zone}, {hour}:00: hidden (fewer than 5 people), on 1 of 2 days; 1 day left out, with"
                in drawn
            )


def test_of_zones_that_share_floor_only_the_first_is_told(shops):
    """Whole less left would be right, however few went there; zones that only touch share nothing."""
    (setup,) = Period.of_runs([shops("one", NOON, 2, 9, 9)]).setups
    corners = {"left": (0, 2), "right": (2, 4), "whole": (0, 4), "desk": (0, 4)}
    zones = [
        Zone(name, np.array([[a, 0], [b, 0], [b, 2], [a, 2]], dtype=float), staff=name == "desk")
        for name, (a, b) in corners.items()
    ]
    assert replace(setup, zones=tuple(zones)).told_apart == (True, True, False, True)
    assert replace(setup, zones=tuple(zones[::-1])).told_apart == (True, True, False, False)


def test_a_zone_that_shares_floor_is_hidden(shops, monkeypatch):
    runs = [shops("one", NOON, 2, 9, 9)]
    monkeypatch.setattr(Setup, "told_apart", property(lambda setup: (True, False)))
    summary = summed(runs, Choice(min_people=5))
    (floor,) = summary.floors
    assert floor.figures["dwell_s"].notna().tolist() == [True, False]
    assert floor.hidden["dwell_s"].tolist() == [False, True]
    # Over how many visitors would be a number of people that nothing guards.
    assert use_of(floor).over == "the visitors"


def test_ways_of_one_camera_do_not_hide_those_of_another(shops):
    """Else a report of both would show what that of the first hides beside three people."""
    runs = [shops(name, NOON, 1, 9, 9, camera=name) for name in ("north", "south")]
    (floor,) = summed(runs, Choice(min_people=5)).floors
    place = np.repeat([0, 1, 2, 3], [20, 3, 10, 30])
    n = len(place)
    enter, side = 100.0 * np.arange(n), np.zeros(n, dtype=np.int8)
    visits = Visits(np.arange(n), place, enter, enter + 60, np.full(n, 60.0), side, side)
    made = VisitTable(visits, np.ones(n, bool), np.ones(n, bool), np.zeros(n))
    zone = floor.zones[0]
    both = replace(
        floor, zones=(zone,) * 4, zone_setup=((0,), (0,), (1,), (1,)), all_visits=made,
        all_visit_day=np.zeros(n, dtype=np.int64), told=floor.told[:0],
    )  # fmt: skip
    hidden = flows_of(both).hidden
    assert hidden[-1].tolist() == [True, True, False, False, False]
    assert hidden[2:4].sum() == 0

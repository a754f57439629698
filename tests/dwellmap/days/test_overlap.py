"""Two exports of the same moments: whose clock is late, and who is who."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dwellmap.days.overlap import compare
from tracker.tracks import Tracks

WIDTH, HEIGHT = 60.0, 150.0


def tracks(people, t_s):
    """Tracks of people given as {number: function of time to the left and top of the box, or None}."""
    person, when, boxes = [], [], []
    for number, place in sorted(people.items()):
        for t in t_s:
            at = place(t)
            if at is not None:
                person.append(number)
                when.append(t)
                boxes.append([at[0], at[1], at[0] + WIDTH, at[1] + HEIGHT])
    n = len(person)
    nowhere = np.full((n, 2), np.nan)
    return Tracks(
        np.array(person), np.array(when), np.array(boxes).reshape(n, 4), nowhere, nowhere,
        np.full((n, 3), np.nan), np.ones(n), np.ones(n, bool), np.zeros(n, bool),
    )  # fmt: skip


def walker(x, speed, y=100.0):
    return lambda t: (x + speed * t, y)


def seen(people, late_s, begin=-5.0, end=5.0, earlier_people=None):
    """Compare exports of -10 to 5 s and -5 to 10 s; the second one's stamp is `late_s` too late."""
    first = tracks(earlier_people or people, np.arange(-10, end, 0.125))
    true_s = np.arange(begin, 10, 0.125) + 0.03
    second = tracks(people, true_s)
    moved = Tracks(
        second.person + 100, second.t_s + late_s, second.xyxy_px, second.foot_px, second.xy_m,
        second.cov_m2, second.score, second.observed, second.rebuilt,
    )  # fmt: skip
    middle_s = (end + begin + late_s) / 2
    pictures_s = (true_s[0] + late_s, true_s[-1] + late_s)
    return compare(first, moved, (-10.0, end - 0.125), pictures_s, middle_s, 15.0)


@given(late_s=st.floats(-1.2, 1.2), speeds=st.lists(st.floats(40, 120), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_clock_is_found_from_people_who_walk(late_s, speeds):
    people = {k + 1: walker(600 - 400 * k, s * (-1) ** k, y=100 + 200 * k) for k, s in enumerate(speeds)}
    found = seen(people, late_s)
    assert found.clock_s == pytest.approx(-late_s, abs=0.04)
    assert found.same.tolist() == [[k, k + 100] for k in people]


def test_where_everybody_stands_the_stamps_are_believed():
    found = seen({1: walker(100, 0), 2: walker(500, 0)}, 0.0)
    assert found.clock_s == pytest.approx(0, abs=1e-9)
    assert found.same.tolist() == [[1, 101], [2, 102]]


def test_two_who_are_there_at_once_in_different_places_are_apart():
    found = seen({1: walker(100, 60), 2: walker(900, 0)}, 0.5)
    assert sorted(found.apart.tolist()) == [[1, 102], [2, 101]]


def test_who_is_found_by_one_of_the_two_only_is_nobody_in_the_other():
    found = seen({1: walker(100, 60), 2: walker(900, 0)}, 0.5, earlier_people={1: walker(100, 60)})
    assert found.same.tolist() == [[1, 101]]


def test_other_people_contradict_the_overlap():
    strangers = {1: walker(900, -60, y=300), 2: walker(100, 0, y=500)}
    found = seen({1: walker(100, 60), 2: walker(900, 0)}, 0.5, earlier_people=strangers)
    assert found.contradicted
    assert found.clock_s is None
    assert len(found.same) == 0


def test_nobody_says_nothing():
    found = seen({1: lambda _: None}, 0.5)
    assert found.clock_s is None
    assert not found.contradicted


def test_files_that_only_meet_do_not_overlap_whatever_their_stamps_say():
    """The stamps say 0.8 s of overlap, yet everybody walks on from where the first file ends."""
    found = seen({1: walker(100, 100), 2: walker(900, -80, 400)}, -0.8, begin=5.0)
    assert found.contradicted

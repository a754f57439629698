"""The self-audit on tiny scenes whose faults are known, and its laws."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from calibration.scene import Door
from tracker.linking.audit import Audit, audit
from tracker.linking.known import Known
from tracker.linking.linker import Linked, linked
from tracker.linking.optimum import best_successors, least_loss
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets

SIZE = (1920.0, 1080.0)
FPS = 10
SECONDS = 60.0
KNOWN = Known(np.arange(601) / FPS, np.array([[0.0, SECONDS]]), (0.0, 0.0, *SIZE))


def walk(begin_s, end_s, x, speed=0.0):
    """Times and boxes of somebody 200 px tall whose left side is at x when they begin, `speed` in px/s."""
    t = np.arange(round(begin_s * FPS), round(end_s * FPS) + 1) / FPS
    left = x + speed * (t - begin_s)
    return t, np.column_stack([left, np.full(len(t), 400.0), left + 80, np.full(len(t), 600.0)])


def tracklets_of(*walks):
    number = np.concatenate([np.full(len(t), k + 1) for k, (t, _) in enumerate(walks)])
    t, box = (np.concatenate([w[i] for w in walks]) for i in (0, 1))
    return Tracklets(number, t, box, np.full(len(t), 0.9), np.arange(len(t)))


def said(*walks, people, margins=()):
    """The audit of tracklets that belong to these people; links join those that follow each other."""
    tracklets = tracklets_of(*walks)
    people = np.array(people)
    pairs = [(k + 1, k + 2) for k in range(len(people) - 1) if people[k] == people[k + 1]]
    before, after = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    margin = np.array(margins or np.full(len(pairs), 50.0), dtype=np.float64)
    who = Linked(people[tracklets.tracklet - 1], before, after, margin)
    return audit(tracklets, who, KNOWN, LinkingSettings())


def test_who_crosses_the_picture_leaves_no_doubt():
    found = said(walk(10, 30, 0, 92), people=[1])
    assert (found.entries, found.exits, found.open_births, found.open_deaths) == (1, 1, 0, 0)
    assert found.person_minutes == pytest.approx(20 / 60)
    assert (found.switches, found.missed_entries, found.missed_exits) == (0, 0, 0)


def test_who_is_there_all_the_time_neither_enters_nor_leaves():
    found = said(walk(0, 60, 900), people=[1])
    assert (found.there_at_begin, found.there_at_end, found.entries, found.open_births) == (1, 1, 0, 0)


def test_who_vanishes_and_comes_back_under_a_new_number_was_broken():
    found = said(walk(0, 20, 900), walk(25, 60, 920), people=[1, 2])
    assert (found.open_births, found.open_deaths, found.broken) == (1, 1, 1)
    assert (found.missed_entries, found.missed_exits) == (0, 0)
    assert found.switches_per_person_min == pytest.approx(1 / (55 / 60))


@pytest.mark.parametrize(
    ("gone_s", "back_s", "x"), [(20, 21, 1500), (25, 24, 900)], ids=["too far", "both at once"]
)
def test_who_cannot_be_the_one_who_vanished_was_missed_when_entering(gone_s, back_s, x):
    found = said(walk(0, gone_s, 900), walk(back_s, 60, x), people=[1, 2])
    assert (found.broken, found.missed_entries, found.missed_exits) == (0, 1, 1)


def test_one_who_vanished_explains_one_birth_only():
    found = said(walk(0, 20, 900), walk(25, 60, 880), walk(26, 60, 960), people=[1, 2, 3])
    assert (found.open_births, found.broken, found.missed_entries) == (2, 1, 1)


def test_a_jump_that_nobody_walks_is_a_teleport():
    near, far = (said(walk(0, 20, 900), walk(20.5, 60, x), people=[1, 1]) for x in (1000, 1500))
    assert (near.teleports, near.switches) == (0, pytest.approx(0))
    assert (far.teleports, far.switches) == (1, pytest.approx(1))


def test_doubtful_links_count_by_their_probability():
    walks = [walk(a, a + 9, 900) for a in (0, 10, 20, 30)]
    found = said(*walks, people=[1, 1, 1, 1], margins=[0.0, np.log(3), 40.0])
    assert found.wrong_links == pytest.approx(0.5 + 0.25)
    assert (found.links, found.contested_links) == (3, 2)


def test_links_of_nobody_do_not_count():
    found = said(walk(0, 20, 900), walk(21, 40, 900), walk(0, 60, 300), people=[0, 0, 1], margins=[0.0])
    assert (found.links, found.wrong_links, found.people) == (0, 0, 1)


def test_two_who_cannot_be_told_apart_are_swapped_with_even_odds():
    """They end and begin at the corners of a square, as near to one beginning as to the other."""
    up, down = (np.array([[0, s, 0, s]]) for s in (-60, 60))
    before = [walk(0, 20, 900), walk(0, 20, 900)]
    before = [(t, box + shift) for (t, box), shift in zip(before, (up, down), strict=True)]
    sides = [walk(20.5, 60, 840), walk(20.5, 60, 960)]
    told = [(t, box + 20 * shift / 60) for (t, box), shift in zip(sides, (up, down), strict=True)]
    alike, apart = (linked(tracklets_of(*before, *s), KNOWN, LinkingSettings()) for s in (sides, told))
    assert alike.person.max() == apart.person.max() == 2
    np.testing.assert_allclose(alike.margin_nats, 0, atol=0.2)
    assert (apart.margin_nats > alike.margin_nats + 1).all()


def test_who_begins_at_a_door_entered():
    focal, down, up = 700.0, np.radians(28), 3.2
    floor = np.array([(x, y) for x in (-3.0, -1, 1, 3) for y in (3.5, 5, 7, 9)])
    forward = floor[:, 1] * np.cos(down) + up * np.sin(down)
    below = up * np.cos(down) - floor[:, 1] * np.sin(down)
    px = np.column_stack([479.5 + focal * floor[:, 0] / forward, 269.5 + focal * below / forward])
    camera = fit_calibration(Pairs.of(px, floor * [1, -1] + [5, 12]), (960, 540)).calibration
    at = camera.pose.project(np.array([[5.0, 6.0], [5.0, 6.0]]), np.array([0.0, 1.7]))
    box = np.array([at[1, 0] - 15, at[1, 1], at[1, 0] + 15, at[0, 1]])
    t = np.arange(100, 601) / FPS
    tracklets = tracklets_of((t, np.tile(box, (len(t), 1))))
    known = replace(KNOWN, shown_px=(0.0, 0.0, 960.0, 540.0), calibration=camera)
    who = linked(tracklets, known, LinkingSettings())
    near, far = (Door([[x, 5.5], [x, 6.5]]) for x in (5.4, 8.0))
    with_doors = [
        audit(tracklets, who, replace(known, doors_m=(d.xy_m,)), LinkingSettings()) for d in (near, far)
    ]
    assert [(a.entries, a.open_births) for a in with_doors] == [(1, 0), (0, 1)]


def test_nobody_ever():
    none = Tracklets(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    found = audit(none, linked(none, KNOWN, LinkingSettings()), KNOWN, LinkingSettings())
    assert (found.people, found.switches_per_person_min, found.grade) == (0, 0, "too short to tell")


@pytest.mark.parametrize(
    ("minutes", "broken", "grade"),
    [(20, 2, "good"), (20, 3, "fair"), (20, 10, "fair"), (20, 11, "poor"), (1.9, 5, "too short to tell")],
)
def test_the_grade_says_how_often_people_are_mixed_up(minutes, broken, grade):
    found = Audit(minutes, 9, 9, 9, 0, 0, broken, broken, broken, 0, 20, 0, 0.0)
    assert found.grade == grade
    assert found.to_json()["grade"] == grade
    assert f"in {minutes / broken:.1f} minutes" in found.in_words


walks = st.tuples(
    st.integers(0, 400),
    st.integers(5, 190),
    st.sampled_from([0, 300, 900, 1500, 1840]),
    st.sampled_from([0, 40]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(walks, min_size=1, max_size=8))
def test_beginnings_and_ends_balance(given_):
    tracklets = tracklets_of(*(walk(a / FPS, (a + n) / FPS, x, v) for a, n, x, v in given_))
    found = audit(tracklets, linked(tracklets, KNOWN, LinkingSettings()), KNOWN, LinkingSettings())
    assert found.entries + found.there_at_begin + found.open_births == found.people
    assert found.exits + found.there_at_end + found.open_deaths == found.people
    assert 0 <= found.broken <= min(found.open_births, found.open_deaths)
    assert 0 <= found.wrong_links <= found.links / 2 + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_no_explanation_without_a_link_is_nearer_than_the_optimum_without_it(n, random):
    """`least_loss` looks at exchanges of two; solving anew without the link can only lose less."""
    pairs = [(a, b) for a in range(n) for b in range(n) if a < b and random.random() < 0.7]
    i, j = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    gain = np.array([random.uniform(-2, 5) for _ in pairs])
    following = best_successors(n, i, j, gain)

    def value(chain):
        return gain[chain[i] == j].sum()

    loss = least_loss(n, i, j, gain, following)
    for a in range(n):
        if following[a] < 0:
            assert loss[a] == np.inf
            continue
        others = ~((i == a) & (j == following[a]))
        again = best_successors(n, i[others], j[others], gain[others])
        assert loss[a] >= value(following) - value(again) - 1e-9 >= -2e-9


def test_the_nearest_other_explanation_of_two_links():
    """0 and 1 go on as 2 and 3: 5 + 4 nats, exchanged 3 + 1, or one of the links undone."""
    i, j = np.array([0, 1, 0, 1]), np.array([2, 3, 3, 2])
    loss = [
        least_loss(4, i, j, np.array(gain), np.array([2, 3, -1, -1]))
        for gain in ([5.0, 4.0, 3.0, 1.0], [5.0, 4.0, 3.0, 4.5], [2.0, 9.0, 0.0, 0.0])
    ]
    np.testing.assert_allclose([x[:2] for x in loss], [[5, 4], [1.5, 1.5], [2, 9]])


def test_a_false_alarm_in_between_is_no_other_person():
    """0 goes on as 2; 1 could lie between but is a false alarm: whoever 0 is, 2 is the same."""
    i, j = np.array([0, 0, 1, 1]), np.array([2, 1, 2, 1])
    loss = least_loss(3, i, j, np.array([6.0, 3.0, 3.0, 1.0]), np.array([2, 1, -1]))
    assert loss[0] == pytest.approx(6.0)

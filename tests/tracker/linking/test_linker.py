"""Linking on tiny scenes with known answers, and its laws."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.habits import Habits
from tracker.linking import evidence
from tracker.linking.known import Known
from tracker.linking.linker import join, link, people
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets

SIZE = (1920, 1080)
FPS = 10
WIDTH, HEIGHT = 80.0, 200.0


def walk(begin_s, end_s, x, speed=0.0, y=400.0, score=0.95):
    """One tracklet: (t_s, box) of somebody 200 px tall whose left side is at x at time 0, `speed` in px/s."""
    t = np.arange(round(begin_s * FPS), round(end_s * FPS) + 1) / FPS
    left = x + speed * t
    box = np.column_stack([left, np.full(len(t), y), left + WIDTH, np.full(len(t), y + HEIGHT)])
    return t, box, np.full(len(t), score)


def scene(*walks, seconds=60.0):
    """Tracklets of some walks, numbered as given, and what is known of the recording."""
    number = np.concatenate([np.full(len(w[0]), k + 1) for k, w in enumerate(walks)])
    t, box, score = (np.concatenate([w[i] for w in walks]) for i in range(3))
    pictures = np.arange(round(seconds * FPS) + 1) / FPS
    known = Known(pictures, np.array([[0.0, seconds]]), (0.0, 0.0, float(SIZE[0]), float(SIZE[1])))
    return Tracklets(number, t, box, score, np.arange(len(t))), known


def person_of(tracklets, known, looks=None, **changed):
    """The person of each tracklet; fails if the boxes of one tracklet went to several people."""
    person = link(tracklets, known, LinkingSettings(**changed), looks)
    answer = []
    for number in np.unique(tracklets.tracklet):
        found = set(person[tracklets.tracklet == number].tolist())
        assert len(found - {0}) <= 1
        answer.append(max(found))
    return answer


def passers_by():
    """Two people who are never in question: without company nobody knows how often somebody comes."""
    return [walk(5, 50, 60, 10, y=700), walk(8, 55, 1700, -10, y=40)]


def test_who_is_hidden_behind_somebody_is_the_same_person_afterwards():
    hidden = [walk(10, 20, 400, 40), walk(22, 34, 400, 40)]
    screen = walk(19, 24, 400 + 21 * 40 - 60, 20, y=410)
    *a, _, _, _ = person_of(*scene(*hidden, screen, *passers_by()))
    assert a[0] == a[1]


def test_two_people_who_meet_and_walk_on_are_not_swapped():
    """Both tracklets end at the meeting; only the velocities tell who is who."""
    before = [walk(10, 15, 400, 60), walk(10, 15, 400 + 2 * 60 * 15.5, -60)]
    after = [walk(16, 22, 400, 60), walk(16, 22, 400 + 2 * 60 * 15.5, -60)]
    a, b, c, d, *_ = person_of(*scene(*before, *after, *passers_by()))
    assert (a, b) == (c, d)
    assert a != b


def test_somebody_far_away_is_somebody_else():
    a, b, *_ = person_of(*scene(walk(10, 20, 300), walk(21, 30, 1200), *passers_by()))
    assert a != b


def test_who_comes_out_crouching_is_still_the_same_person():
    t, box, score = walk(11, 20, 600)
    crouching = np.column_stack([box[:, 0], box[:, 1] + 20, box[:, 2], box[:, 1] + 130])
    a, b, *_ = person_of(*scene(walk(2, 10, 600), (t, crouching, score), *passers_by()))
    assert a == b


def test_a_flicker_is_nobody_and_a_person_is_somebody():
    flicker = walk(12.0, 12.1, 1000, score=0.4)
    a, b, *_ = person_of(*scene(walk(2, 40, 600), flicker, *passers_by()))
    assert (a > 0, b) == (True, 0)


@pytest.mark.parametrize(("seconds", "counts"), [(0.7, False), (1.2, False), (2.5, True), (3.5, True)])
@pytest.mark.parametrize("rate", [30, 15, 8, 6])
def test_how_many_pictures_are_looked_at_does_not_decide_who_is_somebody(monkeypatch, rate, seconds, counts):
    """Somebody appears and vanishes in mid-scene: seconds decide, not boxes."""
    monkeypatch.setattr(sys.modules[__name__], "FPS", rate)
    a, *_ = person_of(*scene(walk(20, 20 + seconds, 900), *passers_by()))
    assert (a > 0) == counts


def test_after_longer_than_the_longest_gap_nothing_is_linked_by_motion():
    for gap, same in ((4.0, True), (16.0, False)):
        a, b, *_ = person_of(*scene(walk(2, 10, 600), walk(10 + gap, 40, 600), *passers_by()))
        assert (a == b) == same, gap


def test_a_person_found_twice_for_a_moment_is_one():
    """The detector drew two boxes around somebody when one tracklet went over into the next."""
    first, second = walk(5, 15, 500, 20), walk(14.8, 25, 504, 20)
    tracklets, known = scene(first, second, *passers_by())
    person = link(tracklets, known, LinkingSettings())
    a, b, *_ = person_of(tracklets, known)
    assert a == b
    shown = people(tracklets, person)
    mine = shown.t_s[shown.tracklet == a]
    assert len(np.unique(mine)) == len(mine)


def test_people_are_numbered_in_order_of_appearance():
    tracklets, known = scene(walk(20, 30, 600), walk(3, 9, 1200), walk(40, 50, 300))
    assert person_of(tracklets, known) == [2, 1, 3]


def test_a_detector_whose_mistakes_last_has_to_see_somebody_for_longer():
    tracklets, known = scene(walk(20, 22.5, 900), *passers_by())
    doubted = replace(known, habits=Habits(evidence=0.4))
    assert person_of(tracklets, known)[0] == 3
    assert person_of(tracklets, doubted)[0] == 0
    longer, known = scene(walk(20, 26, 900), *passers_by())
    assert person_of(longer, replace(known, habits=Habits(evidence=0.4)))[0] == 3


@pytest.mark.parametrize("pairs", [1, 2, 7])
def test_blocks_of_pairs_give_the_same_links(monkeypatch, pairs):
    seen = scene(*passers_by(), *[walk(3 * k, 3 * k + 2, 100 + 50 * k) for k in range(12)])
    whole = person_of(*seen)
    monkeypatch.setattr(evidence, "_PAIRS_AT_ONCE", pairs)
    assert person_of(*seen) == whole
    assert len(set(whole)) < len(whole)


def test_nobody_ever():
    none = Tracklets(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    known = Known(np.arange(10) / 10, np.array([[0.0, 1.0]]), (0.0, 0.0, 100.0, 100.0))
    assert link(none, known, LinkingSettings()).shape == (0,)
    assert len(people(none, np.zeros(0, np.int64)).t_s) == 0


class TwinLooks:
    """Says that tracklets with odd numbers are one person and those with even numbers another."""

    def likelihood(self, piece, row, t_s):
        first = np.searchsorted(piece, np.arange(piece.max() + 1))
        kind = self.tracklet[row[first]] % 2
        return lambda i, j, _gap: np.where(kind[i] == kind[j], 3.0, -3.0)


def test_looks_decide_where_motion_cannot():
    """Two people stand at the same place, one after the other came and went; a third look tells."""
    walks = [walk(5, 15, 600), walk(5, 15, 700), walk(18, 28, 700), walk(18, 28, 600)]
    tracklets, known = scene(*walks, *passers_by())
    looks = TwinLooks()
    looks.tracklet = tracklets.tracklet
    a, b, c, d, *_ = person_of(tracklets, known)
    assert (a, b) == (d, c)
    a, b, c, d, *_ = person_of(tracklets, known, looks, exposed_nats=0.0)
    assert (a, b) == (c, d)


# Laws


@st.composite
def crowds(draw):
    """Up to 30 tracklets that begin and end anywhere, some of them on top of each other."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    walks = []
    for _ in range(draw(st.integers(1, 30))):
        begin = random.uniform(0, 20)
        end = begin + random.exponential(3)
        place = random.choice([100, 140, 500, 530, 900])
        walks.append(
            walk(begin, end, place + random.normal(0, 20), random.normal(0, 30), score=random.random())
        )
    return scene(*walks, seconds=60.0)


@settings(max_examples=40, deadline=None)
@given(crowds())
def test_nobody_is_in_two_places_at_once(given_):
    tracklets, known = given_
    person = link(tracklets, known, LinkingSettings())
    for who in range(1, person.max(initial=0) + 1):
        numbers = np.unique(tracklets.tracklet[person == who])
        spans = [tracklets.t_s[tracklets.tracklet == n][[0, -1]] for n in numbers]
        for i, (a, b) in enumerate(spans):
            for c, d in spans[i + 1 :]:
                assert min(b, d) - max(a, c) <= 0.35 + 1e-6, "linked tracklets that go on side by side"
    shown = people(tracklets, person)
    pairs = set(zip(shown.tracklet.tolist(), shown.t_s.tolist(), strict=True))
    assert len(pairs) == len(shown.t_s)


@settings(max_examples=15, deadline=None)
@given(crowds(), st.permutations(range(30)))
def test_the_answer_is_the_same_each_time_and_whatever_tracklets_are_called(given_, names):
    tracklets, known = given_
    person = link(tracklets, known, LinkingSettings())
    np.testing.assert_array_equal(person, link(tracklets, known, LinkingSettings()))
    renamed = np.array([0, *names])[tracklets.tracklet] + 1
    order = np.argsort(renamed, kind="stable")
    other = Tracklets(
        renamed[order], tracklets.t_s[order], tracklets.xyxy_px[order], tracklets.score[order],
        tracklets.row[order],
    )  # fmt: skip
    again = link(other, known, LinkingSettings())
    for a in range(1, person.max(initial=0) + 1):
        assert len(np.unique(again[np.isin(other.row, tracklets.row[person == a])])) == 1


@settings(max_examples=15, deadline=None)
@given(crowds(), st.sampled_from([0.5, 3.0]), st.sampled_from([0.0, 3600.0]))
def test_a_resized_picture_and_another_clock_change_nothing(given_, factor, shift_s):
    tracklets, known = given_
    person = link(tracklets, known, LinkingSettings())
    moved = replace(tracklets, xyxy_px=tracklets.xyxy_px * factor, t_s=tracklets.t_s + shift_s)
    seen = Known(
        known.picture_t_s + shift_s, known.footage_s + shift_s, tuple(factor * v for v in known.shown_px)
    )
    np.testing.assert_array_equal(link(moved, seen, LinkingSettings()), person)


def test_every_setting_has_help():
    assert all(field.description for field in LinkingSettings.model_fields.values())


def test_a_negative_speed_is_refused():
    with pytest.raises(ValueError, match="speed"):
        LinkingSettings(speed=-1)


def joined(*walks, parts, footage_s, apart=()):
    """Who is who, by walk, of people who were linked in parts of a recording before."""
    tracklets, known = scene(*walks)
    inside = (known.picture_t_s[:, None] >= footage_s[:, 0]) & (known.picture_t_s[:, None] <= footage_s[:, 1])
    known = replace(known, footage_s=footage_s, picture_t_s=known.picture_t_s[inside.any(axis=1)])
    part = np.array(parts)[tracklets.tracklet - 1]
    pairs = np.array(apart, dtype=np.int64).reshape(-1, 2)
    number = join(tracklets, part, known, LinkingSettings(), pairs)
    return [int(number[tracklets.tracklet == k + 1][0]) for k in range(len(walks))]


def test_parts_that_meet_are_joined_like_pieces_of_one():
    everything = np.array([[0.0, 60.0]])
    here = [walk(5, 29.9, 400, 20), walk(30, 50, 400, 20), walk(10, 29.9, 1500), walk(30, 44, 1500)]
    assert joined(*here, parts=[0, 1, 0, 1], footage_s=everything) == [1, 1, 3, 3]


def test_who_was_apart_in_a_part_or_was_seen_elsewhere_stays_apart():
    everything = np.array([[0.0, 60.0]])
    pause = [walk(5, 19, 400, 20), walk(20, 29.9, 400, 20), walk(30, 50, 400, 20)]
    assert joined(*pause, parts=[0, 0, 1], footage_s=everything) == [1, 2, 2]
    assert joined(*pause[1:], parts=[0, 1], footage_s=everything, apart=[(1, 2)]) == [1, 2]


def test_people_far_from_each_other_are_not_joined_over_a_cut():
    here = [walk(5, 29.9, 400), walk(30, 50, 1200)]
    assert joined(*here, *passers_by(), parts=[0, 1, 0, 0], footage_s=np.array([[0.0, 60.0]]))[:2] == [1, 2]


@pytest.mark.parametrize(("gap_s", "same"), [(8.0, True), (16.0, False)])
def test_who_stands_through_a_time_without_footage_is_one_person(gap_s, same):
    """Nobody could have seen them: that they were not seen says nothing."""
    footage = np.array([[0.0, 20.0], [20.0 + gap_s, 60.0]])
    here = [walk(5, 20, 400), walk(20 + gap_s, 50, 400), walk(8, 20, 1500), walk(20 + gap_s, 44, 1500)]
    a, b, c, d = joined(*here, parts=[0, 1, 0, 1], footage_s=footage)
    assert (a == b, c == d) == (same, same)
    assert a != c

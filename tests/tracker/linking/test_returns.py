"""Who went and came back: at edges and doors, known again by looks alone."""

import numpy as np
import pytest

from tracker.following import followed
from tracker.linking import returns
from tracker.linking.exits import at_exit
from tracker.linking.known import Known
from tracker.linking.pieces import Pieces
from tracker.linking.returns import presences, visitors
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets

SIZE = (0.0, 0.0, 1920.0, 1080.0)
FPS = 10


class Clothes:
    """Looks that are told: a colour (a number) for each row; a colour is one person's but for doubt."""

    def __init__(self, colour, sure=5.0):
        self.colour, self.sure = np.asarray(colour), sure

    def likelihood(self, piece, row, t_s):
        first = np.searchsorted(piece, np.arange(piece.max() + 1))
        return _Compared(self.colour[row[first]], self.sure)


class _Compared:
    def __init__(self, colour, sure):
        self.colour, self.sure = colour, sure

    def unbounded(self, i, j, gap_s):
        return np.where(self.colour[i] == self.colour[j], self.sure, -self.sure)

    __call__ = unbounded


def stay(begin_s, end_s, x0, x1, person):
    t = np.arange(round(begin_s * FPS), round(end_s * FPS) + 1) / FPS
    x = np.linspace(x0, x1, len(t))
    box = np.column_stack([x, np.full(len(t), 400.0), x + 80, np.full(len(t), 600.0)])
    return t, box, np.full(len(t), person)


def then(*stays):
    return [np.concatenate(parts) for parts in zip(*stays, strict=True)]


def tracklets(*stays):
    t, box, person = (np.concatenate([s[k] for s in stays]) for k in range(3))
    return Tracklets(person, t, box, np.full(len(t), 0.9), np.arange(len(t)))


def known(end_s=2500.0):
    return Known(np.arange(0, end_s, 1 / FPS), np.array([[0.0, end_s]]), SIZE)


def judged(people, colours, sure=5.0, **changed):
    """The visitor of each presence."""
    settings = LinkingSettings(**changed)
    here, person = presences(people, known(), settings)
    looks = Clothes(np.asarray(colours)[people.tracklet - 1], sure)
    return visitors(here, person, known(), settings, looks).tolist()


LEFT_OUT, LEFT_IN = (800, 0), (0, 800)


def test_who_left_by_the_edge_and_comes_back_dressed_alike_is_the_same_visitor():
    went, back = stay(10, 20, *LEFT_OUT, 1), stay(300, 320, *LEFT_IN, 2)
    assert judged(tracklets(went, back), [7, 7]) == [1, 1]


def test_another_jacket_another_visitor():
    went, came = stay(10, 20, *LEFT_OUT, 1), stay(300, 320, *LEFT_IN, 2)
    assert judged(tracklets(went, came), [7, 8]) == [1, 2]


def test_weak_evidence_is_no_evidence():
    went, came = stay(10, 20, *LEFT_OUT, 1), stay(300, 320, *LEFT_IN, 2)
    assert judged(tracklets(went, came), [7, 7], sure=2.9) == [1, 2]


def test_without_looks_nobody_is_known_again():
    people = tracklets(stay(10, 20, *LEFT_OUT, 1), stay(300, 320, *LEFT_IN, 2))
    here, person = presences(people, known(), LinkingSettings())
    assert visitors(here, person, known(), LinkingSettings(), None).tolist() == [1, 2]


def test_after_the_window_it_is_a_new_visitor():
    went, back = stay(10, 20, *LEFT_OUT, 1), stay(20 + 1801, 20 + 1820, *LEFT_IN, 2)
    assert judged(tracklets(went, back), [7, 7]) == [1, 2]
    assert judged(tracklets(went, back), [7, 7], return_window_s=1900.0) == [1, 1]


def test_who_vanished_in_mid_floor_has_not_left():
    vanished, came = stay(10, 20, 300, 800, 1), stay(300, 320, *LEFT_IN, 2)
    assert judged(tracklets(vanished, came), [7, 7]) == [1, 2]


def test_two_who_left_dressed_alike_are_mistaken_for_nobody():
    people = tracklets(stay(10, 20, *LEFT_OUT, 1), stay(30, 40, *LEFT_OUT, 2), stay(300, 320, *LEFT_IN, 3))
    assert judged(people, [7, 7, 7]) == [1, 2, 3]
    assert judged(people, [8, 7, 7]) == [1, 2, 2]


def test_two_who_come_dressed_alike_are_mistaken_for_nobody():
    people = tracklets(stay(10, 20, *LEFT_OUT, 1), stay(300, 320, *LEFT_IN, 2), stay(340, 350, *LEFT_IN, 3))
    assert judged(people, [7, 7, 7]) == [1, 2, 3]


def test_who_comes_back_twice_is_one_visitor():
    first = stay(10, 20, *LEFT_OUT, 1)
    again = [
        np.concatenate(pair)
        for pair in zip(stay(300, 320, *LEFT_IN, 2), stay(320.1, 340, *LEFT_OUT, 2), strict=False)
    ]
    third = stay(600, 620, *LEFT_IN, 3)
    others = stay(15, 25, *LEFT_OUT, 4), stay(650, 660, *LEFT_IN, 5)
    assert judged(tracklets(first, again, third, *others), [7, 7, 7, 1, 2]) == [1, 1, 1, 4, 5]


def test_a_pause_from_edge_to_edge_is_an_absence_and_one_in_mid_floor_is_not():
    outside = [
        np.concatenate(pair)
        for pair in zip(stay(10, 20, *LEFT_OUT, 1), stay(25, 35, *LEFT_IN, 1), strict=True)
    ]
    hidden = [
        np.concatenate(pair)
        for pair in zip(stay(10, 20, 300, 800, 2), stay(25, 35, 800, 300, 2), strict=True)
    ]
    here, person = presences(tracklets(outside, hidden), known(), LinkingSettings())
    assert person.tolist() == [1, 1, 2]
    assert [round(float(np.ptp(here.t_s[here.tracklet == k]))) for k in (1, 2, 3)] == [10, 10, 25]


def test_presences_become_scene_visits_of_one_person():
    people = tracklets(stay(10, 20, *LEFT_OUT, 1), stay(300, 320, *LEFT_IN, 2), stay(290, 330, 500, 600, 3))
    tracks, _ = followed(
        people, known(400.0), LinkingSettings(), Clothes(np.array([7, 7, 9])[people.tracklet - 1])
    )
    by_person = {
        int(p): sorted(set(tracks.scene_visit[tracks.person == p].tolist())) for p in set(tracks.person)
    }
    assert sorted(len(visits) for visits in by_person.values()) == [1, 2]
    # Nothing is made up for the time away.
    assert not ((tracks.t_s > 20.01) & (tracks.t_s < 289.99)).any()


@pytest.mark.parametrize(("fps", "missed"), [(10, 0.0), (1, 0.15), (0.5, 0.0)])
def test_standing_at_an_edge_is_one_scene_visit_at_any_picture_rate(fps, missed):
    t = np.arange(0, 120, 1 / fps)
    rng = np.random.default_rng(0)
    found = rng.random(len(t)) >= missed
    box = np.tile([900.0, 860, 980, 1060], (len(t), 1))[found] + rng.normal(0, 2, (int(found.sum()), 4))
    rows = np.arange(len(box))
    people = Tracklets(np.ones(len(box)), t[found], box, np.full(len(box), 0.9), rows)
    here, _ = presences(people, Known(t, np.array([[0.0, 120.0]]), SIZE), LinkingSettings())
    assert here.tracklet.max() == 1


class Told:
    """Looks that are told: nats for each presence that goes (rows) and each that comes (columns)."""

    def __init__(self, nats):
        self.nats = np.array(nats, dtype=np.float64)

    def likelihood(self, piece, row, t_s):
        return self

    def unbounded(self, i, j, gap_s):
        return self.nats[i, j - len(self.nats)]

    __call__ = unbounded


def test_a_refused_return_does_not_hide_a_rival():
    # 1 comes back as 2, says the most; but 4 is as good, unless 2 is 4, which 3 makes doubtful.
    people = tracklets(
        stay(10, 20, *LEFT_OUT, 1),
        then(stay(100, 110, 0, 800, 2), stay(110.1, 120, 800, 0, 2)),
        stay(105, 118, *LEFT_OUT, 3),
        stay(200, 220, *LEFT_IN, 4),
    )
    here, person = presences(people, known(), LinkingSettings())
    nats = [[-9, 10, -9, 9.9], [-9, -9, -9, 9.0], [-9, -9, -9, 8.9], [-9, -9, -9, -9]]

    def told():
        return visitors(here, person, known(), LinkingSettings(), Told(nats)).tolist()

    assert told() == [1, 2, 3, 4]
    nats[2][3] = -9.0
    assert told() == [1, 1, 3, 1]


def test_a_crowd_is_compared_in_parts_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(0)
    begin = np.sort(rng.uniform(0, 2000, 30))
    people = tracklets(*(
        then(stay(b, b + 4, 0, 800, k + 1), stay(b + 4.1, b + 8, 800, 0, k + 1))
        for k, b in enumerate(begin)
    ))  # fmt: skip
    colours = rng.integers(0, 20, 30)
    whole = judged(people, colours)
    assert len(set(whole)) < 30
    for pairs in (1, 7, 100):
        monkeypatch.setattr(returns, "_AT_ONCE", pairs)
        assert judged(people, colours) == whole


@pytest.mark.parametrize(("x", "expected"), [(0, 1.0), (60, 0.5), (120, 0.0), (1840, 1.0), (900, 0.0)])
def test_how_near_to_an_edge(x, expected):
    people = tracklets(stay(0, 1, x, x, 1))
    settings = LinkingSettings(edge_heights=0.6)
    pieces = Pieces.of(people, known().picture_t_s, known().whereabouts(people.xyxy_px, settings))
    assert at_exit(pieces.xyxy_px, pieces.where, SIZE, (), settings)[-1:] == pytest.approx(expected)

"""The people of the demo shop: who they are, how they move, and how hard that makes the film."""

import numpy as np
import pytest

from dwellmap.demo.acting import act
from dwellmap.demo.difficulty import difficulty_of
from dwellmap.demo.errands import plan_errands
from dwellmap.demo.looks import dress
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.presence import TICKS_PER_S, Presence
from dwellmap.demo.production import camera_of, cast_of, film_of
from dwellmap.demo.props import STAND_AFTER, STAND_BEFORE
from dwellmap.demo.shop import CORNER_SHOP
from dwellmap.demo.sighting import truth_frame

SMALL_PX = (320, 180)


@pytest.fixture(scope="module")
def crowd():
    """The people of the default film."""
    return cast_of(CORNER_SHOP, DemoOptions())


def at(presence, t_s):
    """Where somebody is, NaN while they are not there."""
    return np.column_stack(
        [np.interp(t_s, presence.t_s, presence.xy_m[:, k], left=np.nan, right=np.nan) for k in (0, 1)]
    )


def judged(options, every_s):
    """Difficulty of a film from a picture every so often."""
    camera, cast = camera_of(options), cast_of(CORNER_SHOP, options)
    film = film_of(CORNER_SHOP, camera, cast, options)
    seen = [s for t in np.arange(0, options.length_s, every_s) for s in film.picture(float(t))[1]]
    return difficulty_of(CORNER_SHOP, cast, truth_frame(seen))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("length_s", [DemoOptions().length_s, 600.0])
def test_the_default_film_is_difficult(seed, length_s):
    options = DemoOptions(length_s=length_s, seed=seed, size_px=SMALL_PX)
    assert 2.5 <= options.camera_height_m <= 4.0
    hard = judged(options, every_s=length_s / 120)
    assert hard.people == options.people == 12
    assert hard.hidden_feet >= 0.15
    assert hard.passes >= 20
    assert hard.closest_m >= 0.3
    assert hard.returns >= 3
    assert hard.changed_jackets >= 1
    assert hard.alike >= 2
    assert hard.long_stays >= 2


def test_crowding_brings_people_together():
    def close(crowding):
        counted = [
            difficulty_of(CORNER_SHOP, cast_of(CORNER_SHOP, options), truth_frame([])).passes
            for options in (DemoOptions(length_s=60, seed=s, crowding=crowding) for s in range(2))
        ]
        return sum(counted)

    assert close(1.0) > 1.3 * close(0.0)


def test_nobody_walks_through_furniture(crowd):
    for presence in crowd:
        x, y = presence.xy_m.T
        for box in CORNER_SHOP.furniture:
            inside = (x > box.left_m - 0.1) & (x < box.right_m + 0.1)
            inside &= (y > box.top_m - 0.1) & (y < box.bottom_m + 0.1)
            assert not inside.any(), (presence.person, box.name)
        outside = x > CORNER_SHOP.width_m
        low, high = CORNER_SHOP.door_m
        assert np.all((y[outside] > low) & (y[outside] < high))


def test_nobody_walks_through_the_display_stand_before_or_after_it_is_moved():
    for presence in cast_of(CORNER_SHOP, DemoOptions(length_s=90, moved=True)):
        x, y = presence.xy_m.T
        for box in (STAND_BEFORE, STAND_AFTER):
            assert not np.any((x > box.left_m) & (x < box.right_m) & (y > box.top_m) & (y < box.bottom_m))


def test_nobody_jumps_or_runs(crowd):
    for presence in crowd:
        speed = np.hypot(*np.diff(presence.xy_m, axis=0).T) * TICKS_PER_S
        assert speed.max() < 2.0


def test_a_queue_forms_and_moves_up(crowd):
    t_s = np.arange(0, DemoOptions().length_s, 0.5)
    ways = np.array([at(p, t_s) for p in crowd])
    line = np.array(CORNER_SHOP.queue_m)
    in_line = (np.abs(ways[..., 1] - line[0, 1]) < 0.15) & (ways[..., 0] < line[0, 0] + 0.2)
    in_line &= ways[..., 0] > line[1, 0]
    still = np.hypot(*np.moveaxis(np.gradient(ways, 0.5, axis=1), -1, 0)) < 0.1
    waiting = in_line & still
    assert waiting.sum(axis=0).max() >= 3
    longest = int(np.argmax(waiting.sum(axis=0)))
    places = np.sort(ways[waiting[:, longest], longest, 0])[::-1]
    assert np.all((np.diff(-places) > 0.45) & (np.diff(-places) < 0.9))
    # Whoever stands third or farther back is at the counter later.
    last = int(np.flatnonzero(waiting[:, longest])[np.argmin(ways[waiting[:, longest], longest, 0])])
    later = ways[last, longest:]
    assert np.nanmin(np.hypot(*(later - line[0]).T)) < 0.2


def test_companions_stand_close_together(crowd):
    errands = plan_errands(CORNER_SHOP, people=12, length_s=240, seed=1)
    pairs = [(e.person, e.beside) for e in errands if e.beside is not None]
    assert pairs
    t_s = np.arange(0, 240, 0.2)
    for follower, leader in pairs:
        distance = np.hypot(*(at(of(crowd, follower), t_s) - at(of(crowd, leader), t_s)).T)
        assert np.nanmean((distance > 0.4) & (distance < 0.75)) > 0.25


def of(cast, person) -> Presence:
    return [p for p in cast if p.person == person][-1]


def test_several_are_dressed_exactly_alike_and_all_differ_in_build():
    looks = dress(12, seed=5)
    outfits = [(one.jacket, one.trousers) for one in looks]
    assert sum(outfits.count(outfit) > 1 for outfit in set(outfits)) >= 2
    assert len({(one.height_m, one.build) for one in looks}) == 12


def test_somebody_comes_back_in_another_jacket_and_the_others_as_they_were(crowd):
    visits = {}
    for presence in crowd:
        visits.setdefault(presence.person, []).append(presence)
    again = [v for v in visits.values() if len(v) > 1]
    assert len(again) == 3
    changed = [v for v in again if v[0].looks.jacket != v[1].looks.jacket]
    assert len(changed) == 1
    first, second = (np.array(v.looks.jacket) for v in changed[0])
    assert np.linalg.norm(first - second) > 60
    for one, other in again:
        assert (one.looks.height_m, one.looks.trousers) == (other.looks.height_m, other.looks.trousers)
        assert 6 < other.t_s[0] - one.t_s[-1] < 60


@pytest.mark.parametrize("people", [0, 1, 2, 3, 25])
def test_any_number_of_people_can_come(people):
    errands = plan_errands(CORNER_SHOP, people=people, length_s=60, seed=3)
    assert {e.person for e in errands} == set(range(1, people + 1))
    cast = act(CORNER_SHOP, errands, length_s=60, seed=3)
    assert bool(cast) == bool(people)
    assert all(p.t_s[-1] <= 61.1 for p in cast)


def test_difficulty_of_two_who_pass_twice_and_of_nobody():
    def walk(person, x, y):
        n = len(x)
        return Presence(
            person, dress(2, seed=1)[person - 1], np.arange(n) / TICKS_PER_S, np.column_stack([x, y]),
            np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n),
        )  # fmt: skip

    n = 80 * TICKS_PER_S
    stands = walk(1, np.full(n, 5.0), np.full(n, 4.0))
    passes = walk(2, 5 + 3 * np.cos(np.arange(n) / n * 4 * np.pi), np.full(n, 4.4))
    hard = difficulty_of(CORNER_SHOP, (stands, passes), truth_frame([]))
    assert (hard.passes, hard.returns, hard.long_stays, hard.people) == (4, 0, 1, 2)
    assert hard.closest_m == pytest.approx(0.4, abs=1e-3)
    nobody = difficulty_of(CORNER_SHOP, (), truth_frame([]))
    assert (nobody.people, nobody.passes, nobody.closest_m) == (0, 0, float("inf"))
    assert np.isnan(nobody.hidden_feet)

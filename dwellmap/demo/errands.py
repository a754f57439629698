"""Who comes to the demo shop, when, and what for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dwellmap.demo.looks import Looks, dress, in_another_jacket
from dwellmap.demo.shop import Shop

# A film at least this long has stays of a minute and more in it.
_LONG_FILM_S = 150.0
# From this many people on somebody comes back in another jacket.
_CHANGING_PEOPLE = 8
_RUSH_EVERY_S = 120.0
# What a step costs beside the stay: the way there.
_WALK_S = 7.0


@dataclass(frozen=True, slots=True)
class Browse:
    """Stand before a piece of furniture, the one that is free, for some seconds."""

    stay_s: float


@dataclass(frozen=True, slots=True)
class Chat:
    """Meet another person at one of the shop's meeting places and stand together for some seconds."""

    partner: int
    place: int
    stay_s: float


@dataclass(frozen=True, slots=True)
class Pay:
    """Queue at the counter and be served there for some seconds."""

    service_s: float


Step = Browse | Chat | Pay


@dataclass(frozen=True, slots=True)
class Errand:
    """One visit to the shop as it is planned.

    Attributes:
        person: Number of the person, from 1.
        looks: What they look like this time.
        enter_s: When they come, or later if they have not left yet since the last time.
        steps: What they do, one after the other, before they leave.
        speed_mps: How fast they walk.
        beside: Number of the person whom they accompany instead of having steps of their own.

    """

    person: int
    looks: Looks
    enter_s: float
    steps: tuple[Step, ...]
    speed_mps: float
    beside: int | None = None


def plan_errands(
    shop: Shop, *, people: int, length_s: float, seed: int, crowding: float = 0.5
) -> tuple[Errand, ...]:
    """Draw who comes when and does what.

    About one in four leaves and comes back, of eight people one of them in another jacket; in films of
    2.5 minutes or more some stand at one place for over a minute.

    Args:
        shop: Where.
        people: How many different people come, 0 or more.
        length_s: Length of the film; nearly all come within its first half.
        seed: Of everything that is drawn.
        crowding: 0 to 1, how much people keep together: companions, meetings, arrivals at the same time.

    """
    rng = np.random.default_rng([seed, 1])
    clothes = dress(people, seed=seed)
    enter_s = _arrivals(rng, people, length_s, crowding)
    early_first = [int(p) for p in np.argsort(enter_s, kind="stable") + 1]
    followers = _companions(rng, early_first, crowding)
    alone = [p for p in early_first if p not in followers and p not in followers.values()]
    returning = alone[: max(1, people // 4)] if people > 1 else []
    rest = [p for p in early_first if p not in returning and p not in followers]
    lingering = rest[: 2 + int(length_s / 300)] if length_s >= _LONG_FILM_S else []
    steps = {p: _browsing(rng, length_s, p in lingering) for p in early_first if p not in followers}
    for a, b in _meetings(rng, rest, crowding):
        place, stay_s = int(rng.integers(len(shop.meeting_m))), float(rng.uniform(15, 35))
        for me, other in ((a, b), (b, a)):
            steps[me].insert(1 + (me in lingering), Chat(other, place, stay_s))
    errands: list[Errand] = []
    for number, at_s in enumerate(enter_s, start=1):
        looks, speed = clothes[number - 1], float(rng.uniform(0.8, 1.35))
        if number in followers:
            leader = followers[number]
            at_s = float(enter_s[leader - 1]) + 1.5
            errands.append(Errand(number, looks, at_s, (), speed, leader))
            continue
        mine = steps[number]
        if rng.random() < 0.75:
            mine = _then_pay(rng, mine, float(at_s), length_s)
        if number in returning:
            errands.append(
                Errand(number, looks, 0.5 * float(at_s), (Browse(float(rng.uniform(4, 10))),), speed)
            )
            if number == returning[0] and people >= _CHANGING_PEOPLE:
                looks = in_another_jacket(looks, rng)
        errands.append(Errand(number, looks, float(at_s), tuple(mine), speed))
    return tuple(sorted(errands, key=lambda e: (e.person, e.enter_s)))


def _arrivals(rng: np.random.Generator, people: int, length_s: float, crowding: float) -> list[float]:
    """When each comes for the first time: evenly spread, or the more bunched the more crowded."""
    span_s = 0.5 * length_s
    spread = rng.uniform(0, span_s, people)
    bunches = rng.uniform(0, 0.8 * span_s, max(1, people // 4))
    bunched = bunches[rng.integers(len(bunches), size=people)] + rng.uniform(0, 12, people)
    mixed = (1 - crowding) * spread + crowding * bunched
    return [1.0 + float(t) for t in np.minimum(mixed, span_s)]


def _companions(rng: np.random.Generator, early_first: list[int], crowding: float) -> dict[int, int]:
    """Whom each follower accompanies: at most every third person is one."""
    pairs = round(crowding * len(early_first) / 3)
    chosen = [int(p) for p in rng.permutation(early_first)[: 2 * pairs]]
    return {max(a, b): min(a, b) for a, b in zip(chosen[::2], chosen[1::2], strict=True)}


def _browsing(rng: np.random.Generator, length_s: float, lingers: bool) -> list[Step]:
    """Stops at shelves until the time that a visit takes in a film of this length is used up."""
    left_s = float(np.clip(0.45 * length_s, 12, 300) * rng.uniform(0.6, 1.4))
    steps: list[Step] = [Browse(float(rng.uniform(66, 78)))] if lingers else []
    while left_s > 0 or not steps:
        stay_s = float(np.clip(rng.lognormal(2.0, 0.7), 3, 40))
        steps.append(Browse(min(stay_s, max(4.0, left_s))))
        left_s -= stay_s + _WALK_S
    return steps


def _then_pay(rng: np.random.Generator, steps: list[Step], enter_s: float, length_s: float) -> list[Step]:
    """Fit a visit to the next rush at the counter, when people come to pay at the same time."""
    rush_s = next((r for r in _rushes(length_s) if r > enter_s + 0.12 * length_s), length_s)
    rush_s += float(rng.uniform(-5, 5))
    at_s = enter_s
    before: list[Step] = []
    for step in steps:
        at_s += _WALK_S + (step.service_s if isinstance(step, Pay) else step.stay_s)
        # Somebody else counts on a meeting.
        if at_s <= rush_s or not before or isinstance(step, Chat):
            before.append(step)
    # In a long film the next rush may be minutes away; nobody browses for its sake alone.
    while 3 < (left_s := rush_s - at_s - _WALK_S) < _RUSH_EVERY_S:
        stay_s = min(left_s, float(rng.uniform(5, 18)))
        before.append(Browse(stay_s))
        at_s += _WALK_S + stay_s
    return [*before, Pay(float(rng.uniform(8, 14)))]


def _rushes(length_s: float) -> tuple[float, ...]:
    """Times of the rushes: two in a short film, one every two minutes in a long one."""
    count = max(2, int(length_s / _RUSH_EVERY_S))
    return tuple(length_s * (k + 0.82) / count for k in range(count))


def _meetings(rng: np.random.Generator, people: list[int], crowding: float) -> list[tuple[int, int]]:
    """Pairs who meet, neighbours in the order of their coming, nobody twice."""
    pairs = list(zip(people[::2], people[1::2], strict=False))
    wanted = round(len(pairs) * (0.2 + 0.8 * crowding))
    return [pairs[int(k)] for k in rng.permutation(len(pairs))[:wanted]]

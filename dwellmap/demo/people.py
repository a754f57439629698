"""Who comes to the demo shop, what they look like and where they are at each moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from dwellmap.demo.routes import Routes
from dwellmap.demo.shop import Shop, Spot

TICKS_PER_S = 25
_ACCELERATION_MPS2 = 1.2
_PERSONAL_SPACE_M = 0.55

# Blue, green, red of everyday clothes; several are alike on purpose.
_JACKETS = (
    (40, 42, 48), (120, 70, 40), (60, 60, 150), (90, 110, 70), (170, 160, 150),
    (70, 40, 90), (45, 90, 160), (130, 120, 60), (50, 50, 60), (200, 190, 185),
)  # fmt: skip
_TROUSERS = ((60, 50, 45), (110, 80, 55), (45, 45, 48), (90, 110, 130), (130, 130, 135))
_HAIR = ((25, 28, 35), (35, 55, 85), (70, 110, 150), (120, 120, 125), (20, 20, 22))
_SKIN = ((140, 170, 215), (110, 140, 190), (70, 100, 150), (160, 185, 225))

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Looks:
    """A person's body and clothes; colours are (blue, green, red)."""

    height_m: float
    build: float
    jacket: Colour
    trousers: Colour
    hair: Colour
    skin: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """One uninterrupted time of a person in or just before the shop.

    Attributes:
        person: Number of the person, from 1; the same when they come back.
        looks: What they look like this time.
        t_s: (N,) seconds, `TICKS_PER_S` of them a second.
        xy_m: (N, 2) where they are.
        heading_rad: (N,) where they face (0 along x), continuous.
        stride: (N,) phase of the walk in radians, growing with the way walked.
        swing: (N,) 0 (standing) to 1 (walking briskly).
        reach: (N,) 0 (arms down) to 1 (a hand stretched out to the shelf).

    """

    person: int
    looks: Looks
    t_s: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    stride: NDArray[np.float64]
    swing: NDArray[np.float64]
    reach: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stop:
    """To stand at a spot for some seconds."""

    spot: Spot
    stay_s: float


@dataclass(frozen=True, slots=True)
class Errand:
    """One visit to the shop as it is planned: come in at a time, stop here and there, leave again."""

    person: int
    looks: Looks
    enter_s: float
    stops: tuple[Stop, ...]
    speed_mps: float


def plan_errands(shop: Shop, *, people: int, length_s: float, seed: int) -> tuple[Errand, ...]:
    """Draw who comes when and stops where.

    About one in four comes back after having left, and one stands at the counter for a minute or more where
    the film is long enough.
    """
    rng = np.random.default_rng([seed, 1])
    spots = shop.spots()
    taken: list[tuple[Spot, float, float]] = []
    errands: list[Errand] = []

    def stops(at_s: float, stays: list[float], only: str | None = None) -> tuple[Stop, ...]:
        chosen: list[Stop] = []
        for stay_s in stays:
            at_s += 5.0
            free = [
                s
                for s in spots
                if (only is None or s.furniture == only)
                and all(o is not s or at_s > b or at_s + stay_s < a for o, a, b in taken)
                and (not chosen or s.furniture != chosen[-1].spot.furniture)
            ]
            if free:
                spot = free[rng.integers(len(free))]
                taken.append((spot, at_s - 4, at_s + stay_s + 4))
                chosen.append(Stop(spot, stay_s))
                at_s += stay_s
        return tuple(chosen)

    returning = {int(p) for p in rng.permutation(np.arange(2, people + 1))[: max(1, people // 4)]}
    arrivals = np.sort(rng.uniform(1.0, max(2.0, 0.6 * length_s), people))
    arrivals = np.maximum(arrivals, 1.0 + 2.2 * np.arange(people) * min(1, 0.4 * length_s / (2.2 * people)))
    for number, enter_s in enumerate(arrivals, start=1):
        looks, speed = _draw_looks(rng, number), float(rng.uniform(0.8, 1.35))
        stays = [float(s) for s in np.clip(rng.lognormal(2.0, 0.7, rng.integers(2, 5)), 3, 40)]
        if number == 1 and length_s >= 90:
            errand = Errand(number, looks, float(enter_s), stops(enter_s, [65.0], "counter"), speed)
        elif number in returning:
            errand = Errand(number, looks, float(enter_s) * 0.6, stops(enter_s * 0.6, stays[:1]), speed)
            again_s = (
                errand.enter_s + 12 + sum(s.stay_s + 8 for s in errand.stops) + float(rng.uniform(8, 14))
            )
            errands.append(Errand(number, looks, again_s, stops(again_s, stays[1:3]), speed))
        else:
            errand = Errand(number, looks, float(enter_s), stops(enter_s, stays), speed)
        errands.append(errand)
    return tuple(sorted(errands, key=lambda e: (e.person, e.enter_s)))


def act(shop: Shop, errands: tuple[Errand, ...], *, length_s: float, seed: int) -> tuple[Presence, ...]:
    """Walk the errands: ways round the furniture and round each other, cut at the end of the film.

    An errand of somebody who has not left yet begins 6 s after they have.
    """
    routes = Routes(shop)
    ways: list[tuple[Errand, float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]] = []
    left_s: dict[int, float] = {}
    for number, errand in enumerate(errands):
        rng = np.random.default_rng([seed, 2, number])
        begin_s = max(errand.enter_s, left_s.get(errand.person, -6.0) + 6.0)
        begin = int(np.ceil(begin_s * TICKS_PER_S))
        xy, facing, reach = _walk(shop, routes, errand, rng)
        left_s[errand.person] = (begin + len(xy)) / TICKS_PER_S
        keep = min(len(xy), int(length_s * TICKS_PER_S) + TICKS_PER_S - begin)
        if keep > TICKS_PER_S:
            ways.append((errand, begin / TICKS_PER_S, xy[:keep], facing[:keep], reach[:keep]))
    _give_way(routes, ways)
    return tuple(_presence(*way) for way in ways)


def _draw_looks(rng: np.random.Generator, number: int) -> Looks:
    def vary(colour: Colour) -> Colour:
        b, g, r = np.clip(np.array(colour) + rng.integers(-12, 13, 3), 8, 245)
        return int(b), int(g), int(r)

    return Looks(
        height_m=float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95)),
        build=float(rng.uniform(0.88, 1.18)),
        jacket=vary(_JACKETS[(number * 3) % len(_JACKETS)]),
        trousers=vary(_TROUSERS[rng.integers(len(_TROUSERS))]),
        hair=vary(_HAIR[rng.integers(len(_HAIR))]),
        skin=vary(_SKIN[rng.integers(len(_SKIN))]),
    )


def _walk(
    shop: Shop, routes: Routes, errand: Errand, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Positions, wanted facing (NaN: where one walks) and reach of one errand, from tick 0."""
    here = shop.outside_m
    xy, facing, reach = [here[None]], [np.full(1, np.nan)], [np.zeros(1)]
    for stop in (*errand.stops, None):
        goal = shop.outside_m if stop is None else np.array([stop.spot.x_m, stop.spot.y_m])
        leg = _paced(routes.way(here, goal), errand.speed_mps)
        xy.append(leg)
        facing.append(np.full(len(leg), np.nan))
        reach.append(np.zeros(len(leg)))
        here = leg[-1]
        if stop is not None:
            n = max(1, round(stop.stay_s * TICKS_PER_S))
            # People who stand shift their weight by a few centimetres every few seconds.
            sway = gaussian_filter1d(rng.normal(0, 1, (n, 2)), 35, axis=0, mode="reflect")
            xy.append(here + 0.18 * sway * min(1.0, n / 100))
            turn = gaussian_filter1d(rng.normal(0, 1, n), 40, mode="reflect")
            facing.append(stop.spot.facing_rad + 2.0 * turn)
            busy = gaussian_filter1d(rng.normal(0, 1, n), 20, mode="reflect")
            reach.append(np.clip(5 * busy, 0, 1))
    return np.concatenate(xy), np.concatenate(facing), np.concatenate(reach)


def _paced(way: NDArray[np.float64], speed_mps: float) -> NDArray[np.float64]:
    """Positions at each tick along a way, speeding up and slowing down at its ends."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])
    top = min(speed_mps, float(np.sqrt(length[-1] * _ACCELERATION_MPS2)))
    if top <= 0:
        return way[-1:]
    ramp_s = top / _ACCELERATION_MPS2
    total_s = length[-1] / top + ramp_s
    t = np.append(np.arange(1, np.ceil(total_s * TICKS_PER_S)) / TICKS_PER_S, total_s)
    up = 0.5 * _ACCELERATION_MPS2 * np.minimum(t, ramp_s) ** 2
    cruise = top * np.clip(t - ramp_s, 0, total_s - 2 * ramp_s)
    down = np.clip(t - (total_s - ramp_s), 0, ramp_s)
    s = up + cruise + top * down - 0.5 * _ACCELERATION_MPS2 * down**2
    return np.column_stack([np.interp(s, length, way[:, k]) for k in (0, 1)])


def _give_way(
    routes: Routes,
    ways: list[tuple[Errand, float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
) -> None:
    """Push people apart who would walk through each other; changes the positions in place.

    Whoever walks makes way for whoever stands. A push that would end in furniture is left out.
    """
    begins = [round(begin_s * TICKS_PER_S) for _, begin_s, *_ in ways]
    for _ in range(6):
        for a in range(len(ways)):
            for b in range(a):
                first = max(begins[a], begins[b])
                last = min(begins[a] + len(ways[a][2]), begins[b] + len(ways[b][2]))
                if last - first < 2:
                    continue
                one, other = (ways[k][2][first - begins[k] : last - begins[k]] for k in (a, b))
                stands = [~np.isnan(ways[k][3][first - begins[k] : last - begins[k]]) for k in (a, b)]
                _push(routes, one, other, stands[0], stands[1])


def _push(
    routes: Routes,
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    one_stands: NDArray[np.bool_],
    other_stands: NDArray[np.bool_],
) -> None:
    between = one - other
    distance = np.hypot(between[:, 0], between[:, 1])
    if distance.min() >= _PERSONAL_SPACE_M:
        return
    side = between / np.maximum(distance, 1e-6)[:, None]
    # Two who meet head on pass on the left of each other rather than push along their line.
    side = side + 0.6 * np.column_stack([-side[:, 1], side[:, 0]])
    short = np.clip(_PERSONAL_SPACE_M - distance, 0, None)[:, None]
    share = np.where(one_stands == other_stands, 0.5, np.where(one_stands, 0.1, 0.9))[:, None]
    for moved, push in ((one, side * short * share), (other, -side * short * (1 - share))):
        goal = moved + 1.4 * gaussian_filter1d(push, 8, axis=0, mode="constant")
        free = gaussian_filter1d(routes.free(goal).astype(np.float64), 3)
        moved += (goal - moved) * (free**4)[:, None]


def _presence(
    errand: Errand,
    begin_s: float,
    xy: NDArray[np.float64],
    facing: NDArray[np.float64],
    reach: NDArray[np.float64],
) -> Presence:
    velocity = gaussian_filter1d(np.gradient(xy, 1 / TICKS_PER_S, axis=0), 4, axis=0)
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    towards = np.column_stack([np.cos(facing), np.sin(facing)])
    walking = velocity / np.maximum(speed, 0.15)[:, None]
    look = gaussian_filter1d(np.where(np.isnan(facing)[:, None], walking, towards), 6, axis=0)
    step_m = 0.82 * errand.looks.height_m
    swing = np.clip(speed / 1.1, 0, 1)
    return Presence(
        person=errand.person,
        looks=errand.looks,
        t_s=begin_s + np.arange(len(xy)) / TICKS_PER_S,
        xy_m=xy,
        heading_rad=np.unwrap(np.arctan2(look[:, 1], look[:, 0])),
        stride=np.cumsum(speed) / TICKS_PER_S * 2 * np.pi / step_m,
        swing=np.where(swing > 0.08, swing, 0.0),
        reach=gaussian_filter1d(reach, 5),
    )

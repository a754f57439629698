"""The crowd: everybody's errands walked at the same time, step by step, in one shop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.errands import Errand
from dwellmap.demo.presence import Presence
from dwellmap.demo.queue import Queue
from dwellmap.demo.routes import Routes
from dwellmap.demo.shop import Box, Shop
from dwellmap.demo.visitor import Surroundings, Visitor
from dwellmap.demo.walker import STEP_S

# Absence between two visits of one person.
_AWAY_S = (8.0, 14.0)
# Room that whoever comes round the corner of the street needs.
_APPEAR_M = 0.6


def act(
    shop: Shop,
    errands: tuple[Errand, ...],
    *,
    length_s: float,
    seed: int,
    crowding: float = 0.5,
    obstacles: tuple[Box, ...] = (),
) -> tuple[Presence, ...]:
    """Walk the errands, cut at the end of the film, in the order of people and times.

    Nobody walks through furniture or comes nearer than about 0.33 m to somebody else's middle.

    Args:
        shop: Where.
        errands: Who does what.
        length_s: Length of the film; the ways go on for a second more.
        seed: Of the small things: which place is taken, how people sway.
        crowding: 0 to 1; the higher, the closer people pass and the more they stand where others stand.
        obstacles: What stands on the floor beside the shop's furniture.

    """
    rng = np.random.default_rng([seed, 2])
    around = Surroundings(shop, Routes(shop, obstacles), Queue(shop, rng), rng, crowding)
    waiting = sorted(errands, key=lambda e: (e.enter_s, e.person))
    back_s: dict[int, float] = {}
    present: list[Visitor] = []
    gone: list[Visitor] = []
    for step in range(round((length_s + 1) / STEP_S)):
        t_s = step * STEP_S
        _come_in(around, waiting, present, back_s, t_s)
        if not present:
            continue
        leaving = _step(present, t_s, first=step % len(present))
        for visitor in leaving:
            present.remove(visitor)
            around.people.pop(visitor.errand.person)
            back_s[visitor.errand.person] = t_s + float(rng.uniform(*_AWAY_S))
        gone += leaving
    acted = [v.presence() for v in gone + present if len(v.t_s) > 1 / STEP_S]
    return tuple(sorted(acted, key=lambda p: (p.person, p.t_s[0])))


def _come_in(
    around: Surroundings,
    waiting: list[Errand],
    present: list[Visitor],
    back_s: dict[int, float],
    t_s: float,
) -> None:
    """Let in who is due, one at a time and where nobody stands."""
    for errand in waiting:
        if errand.enter_s > t_s:
            return
        if errand.person in around.people or back_s.get(errand.person, 0.0) > t_s:
            continue
        at_m = around.shop.outside_m + np.array([0.0, around.rng.uniform(-0.3, 0.3)])
        if any(np.hypot(*(v.body.xy_m - at_m)) < _APPEAR_M for v in present):
            return
        visitor = Visitor(errand, around, at_m)
        around.people[errand.person] = visitor
        present.append(visitor)
        waiting.remove(errand)
        return


def _step(present: list[Visitor], t_s: float, first: int) -> list[Visitor]:
    """Move everybody by one step, one after the other from the given one on; return who has left."""
    leaving = [v for v in present if not v.decide()]
    xy: NDArray[np.float64] = np.array([v.body.xy_m for v in present])
    velocity: NDArray[np.float64] = np.array([v.body.velocity_mps for v in present])
    others = np.ones(len(present), dtype=np.bool_)
    for k in range(len(present)):
        k = (k + first) % len(present)
        others[k] = False
        present[k].body.move(xy[others], velocity[others])
        xy[k], velocity[k] = present[k].body.xy_m, present[k].body.velocity_mps
        others[k] = True
        present[k].note(t_s)
    return leaving

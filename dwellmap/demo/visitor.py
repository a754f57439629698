"""One person on one errand: what they do next, told as a story that is read a step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.errands import Browse, Chat, Errand, Pay
from dwellmap.demo.presence import Presence
from dwellmap.demo.queue import Queue
from dwellmap.demo.routes import Routes
from dwellmap.demo.shop import Shop, Spot
from dwellmap.demo.walker import STEP_S, Walker

# How far apart two stand who belong together, and how near somebody else's place may be.
_TOGETHER_M = (0.47, 0.6)
_ELBOW_ROOM_M = 0.45
# Who does not reach a place within this time thinks of something else.
_PATIENCE_S = 25.0
# Who comes to a meeting first waits this long.
_RENDEZVOUS_S = 30.0
# From so near one sees that the queue ends here.
_QUEUE_SEEN_M = 0.8
_REACTION_S = (0.4, 1.3)
_BRIEFLY_S = 1.5


@dataclass(slots=True, eq=False)
class Surroundings:
    """What the people of one film share.

    Attributes:
        shop, routes, queue: The place.
        rng: Of all that is drawn while they act.
        crowding: 0 to 1.
        people: Who is there, by their number.

    """

    shop: Shop
    routes: Routes
    queue: Queue
    rng: np.random.Generator
    crowding: float
    people: dict[int, Visitor] = field(default_factory=dict)

    def free(self, at_m: NDArray[np.float64], but: Visitor) -> bool:
        """Whether one can stand at a point and nobody else does or is about to."""
        taken = [v.place.at_m for v in self.people.values() if v is not but and v.place is not None]
        return bool(self.routes.free(at_m)) and all(np.hypot(*(at_m - t)) > _ELBOW_ROOM_M for t in taken)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where somebody stands or is about to, (2,), and which way they look there."""

    at_m: NDArray[np.float64]
    facing_rad: float


class Visitor:
    """Somebody in the crowd.

    Attributes:
        errand: What they came for.
        body: Where they are.
        place: The place they have chosen, None while they have none.
        queues: Whether they are about to pay.
        leaves: Whether they are on their way out.
        t_s: Times at which they were there.

    """

    def __init__(self, errand: Errand, around: Surroundings, at_m: NDArray[np.float64]) -> None:
        """Appear before the door."""
        self.errand, self._around = errand, around
        self.body = Walker(around.routes, at_m, errand.speed_mps, 0.58 - 0.22 * around.crowding)
        self.place: Place | None = None
        self.queues, self.leaves = False, False
        self.t_s: list[float] = []
        self._xy: list[NDArray[np.float64]] = []
        self._facing: list[float] = []
        self._reach: list[float] = []
        self._look, self._busy = float("nan"), 0.0
        self._drift = np.zeros(4)
        self._story = self._accompany() if errand.beside is not None else self._visit()

    def decide(self) -> bool:
        """Go on with the story; False once it is over and they have left."""
        return next(self._story, "over") is None

    def note(self, t_s: float) -> None:
        """Write down where they are."""
        self.t_s.append(t_s)
        self._xy.append(self.body.xy_m.copy())
        self._facing.append(float("nan") if self.body.walking else self._look)
        self._reach.append(0.0 if self.body.walking else self._busy)

    def presence(self) -> Presence:
        """What the film needs."""
        return Presence.of_steps(
            self.errand.person, self.errand.looks, np.array(self.t_s), np.array(self._xy),
            np.array(self._facing), np.array(self._reach),
        )  # fmt: skip

    def _visit(self) -> Iterator[None]:
        for step in self.errand.steps:
            match step:
                case Browse(stay_s):
                    yield from self._browse(stay_s)
                case Chat(partner, place, stay_s):
                    yield from self._chat(partner, place, stay_s)
                case Pay(service_s):
                    yield from self._pay(service_s)
        yield from self._leave()

    def _accompany(self) -> Iterator[None]:
        """Stand beside somebody wherever they stand, queue when they do and leave when they do."""
        paid, last, mine = False, None, None
        while (leader := self._leader()) is not None:
            if leader.queues and not paid:
                paid = True
                yield from self._pay(_BRIEFLY_S)
            elif leader.place is not None:
                if leader.place is not last:
                    last, mine = leader.place, self._beside(leader.place)
                    if mine is not None:
                        self.place = mine
                        self.body.head_for(mine.at_m)
                if mine is not None and not self.body.walking:
                    self._stand(mine, busy=True)
                yield
            elif paid:
                break
            else:
                yield
        yield from self._leave()

    def _leader(self) -> Visitor | None:
        if self.errand.beside is None:
            return None
        leader = self._around.people.get(self.errand.beside)
        return None if leader is None or leader.leaves else leader

    def _browse(self, stay_s: float) -> Iterator[None]:
        place = self._shelf()
        if place is None:
            return
        yield from self._go_to(place)
        yield from self._stay(place, stay_s, busy=True)

    def _chat(self, partner: int, place: int, stay_s: float) -> Iterator[None]:
        middle = np.array(self._around.shop.meeting_m[place])
        # The one with the lower number stands on the left; both know how far apart.
        side = -1 if self.errand.person < partner else 1
        apart = 0.46 + 0.12 * ((self.errand.person + partner) % 5) / 4
        spot = middle + np.array([0.5 * apart * side, 0.04 * side])
        if not self._around.free(spot, self):
            return
        here = Place(spot, 0.0 if side < 0 else np.pi)
        yield from self._go_to(here)
        waited_s = 0.0
        while waited_s < _RENDEZVOUS_S:
            other = self._around.people.get(partner)
            if other is not None and not other.body.walking and np.hypot(*(other.body.xy_m - spot)) < 0.9:
                yield from self._stay(here, stay_s, busy=False)
                return
            self._stand(here, busy=False)
            waited_s += STEP_S
            yield
        self.place = None

    def _pay(self, service_s: float) -> Iterator[None]:
        queue, rng, me = self._around.queue, self._around.rng, self.errand.person
        self.place, self.queues = None, True
        walked_s = 0.0
        while True:
            if queue.full or walked_s > 2 * _PATIENCE_S:
                self.queues = False
                return
            tail = queue.tail_m
            self.body.head_for(tail)
            if np.hypot(*(self.body.xy_m - tail)) < _QUEUE_SEEN_M:
                break
            walked_s += STEP_S
            yield
        queue.join(me)
        at = queue.place_of(me)
        reaction_s, served_s = 0.0, 0.0
        while served_s < service_s:
            if queue.place_of(me) < at:
                reaction_s -= STEP_S
                if reaction_s <= 0:
                    at -= 1
                    reaction_s = float(rng.uniform(*_REACTION_S))
            here = Place(queue.places_m[at], queue.facing_rad(at))
            self.place = here
            if np.hypot(*(self.body.xy_m - here.at_m)) > 0.3:
                self.body.head_for(here.at_m)
            if not self.body.walking:
                self._stand(here, busy=at == 0)
                served_s += STEP_S * (at == 0)
            yield
        queue.leave(me)
        self.place, self.queues = None, False

    def _leave(self) -> Iterator[None]:
        self.place, self.leaves = None, True
        goal = self._around.shop.outside_m
        while np.hypot(*(self.body.xy_m - goal)) > 0.4:
            self.body.head_for(goal)
            if not self.body.walking:
                # Somebody stands in the door; there is no other way out.
                self.body.head_for(goal, np.empty((0, 2)))
            yield

    def _go_to(self, place: Place) -> Iterator[None]:
        self.place = place
        self.body.head_for(place.at_m)
        walked_s = 0.0
        while self.body.walking and walked_s < _PATIENCE_S:
            walked_s += STEP_S
            yield

    def _stay(self, place: Place, stay_s: float, *, busy: bool) -> Iterator[None]:
        if np.hypot(*(self.body.xy_m - place.at_m)) > 0.6:
            place = Place(self.body.xy_m.copy(), place.facing_rad)
        for _ in range(max(1, round(stay_s / STEP_S))):
            self._stand(place, busy=busy)
            yield
        self.place = None

    def _stand(self, place: Place, *, busy: bool) -> None:
        """Shift the weight and look about as people do who stand: slow noise round the place."""
        self._drift += STEP_S * (-self._drift / 2.5) + np.sqrt(STEP_S) * self._around.rng.normal(
            0, (0.025, 0.025, 0.16, 0.3)
        )
        self.body.stand_at(place.at_m + self._drift[:2])
        self._look = place.facing_rad + float(self._drift[2])
        self._busy = float(np.clip((1.6 if busy else 0.5) * self._drift[3], 0, 1))

    def _shelf(self) -> Place | None:
        """A free place before a shelf: any, or next to somebody who stands there already."""
        around = self._around
        spots = around.shop.spots()
        free = [s for s in spots if around.free(np.array([s.x_m, s.y_m]), self)]
        if not free:
            return None
        # A long shelf has more places but is not visited more often for that.
        names = sorted({s.furniture for s in free})
        name = names[around.rng.integers(len(names))]
        of_it = [s for s in free if s.furniture == name]
        spot = of_it[around.rng.integers(len(of_it))]
        if around.rng.random() < 0.5 * around.crowding:
            spot = min(free, key=self._distance_to_company)
        return Place(np.array([spot.x_m, spot.y_m]), spot.facing_rad)

    def _distance_to_company(self, spot: Spot) -> float:
        standing = [
            v.place.at_m for v in self._around.people.values() if v is not self and v.place is not None
        ]
        gaps = [float(np.hypot(*(p - (spot.x_m, spot.y_m)))) for p in standing]
        return min(gaps, default=0.0)

    def _beside(self, place: Place) -> Place | None:
        """A place at the elbow of whoever stands there, the nearer of the free ones."""
        around = self._around
        apart = float(around.rng.uniform(*_TOGETHER_M))
        choices = []
        for turn in (np.pi / 2, -np.pi / 2, 0.75 * np.pi, -0.75 * np.pi):
            angle = place.facing_rad + turn
            at_m = place.at_m + apart * np.array([np.cos(angle), np.sin(angle)])
            if around.free(at_m, self):
                # A little turned towards each other.
                choices.append(Place(at_m, place.facing_rad - 0.5 * np.sign(turn)))
        return min(choices, key=lambda p: float(np.hypot(*(p.at_m - self.body.xy_m))), default=None)

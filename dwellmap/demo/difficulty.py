"""How hard a film is to track: counted from its truth, so that nobody has to believe that it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.demo.presence import TICKS_PER_S, Presence
from dwellmap.demo.shop import Shop

_CLOSE_M = 0.5
# One pass may flicker round that distance; only after this long apart it is another one.
_APART_S = 1.0
# Somebody walks who goes this far within a second.
_WALKING_MPS = 0.4
_LONG_S = 60.0
# Whoever stays within this of where they stand is at one spot.
_SPOT_M = 0.5


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Counts over one film.

    Attributes:
        people: Different people.
        hidden_feet: Share of the sightings inside the shop and inside the picture that show less than half of
            the shoes; NaN without any.
        passes: Times that two people were closer than 0.5 m while at least one of them walked.
        closest_m: Smallest distance between two people; infinite for fewer than two.
        returns: Times that somebody came back.
        changed_jackets: How many people came back in another jacket.
        alike: How many groups of people wear exactly the same jacket and trousers.
        long_stays: Stays of a minute or more at one spot.

    """

    people: int
    hidden_feet: float
    passes: int
    closest_m: float
    returns: int
    changed_jackets: int
    alike: int
    long_stays: int


def difficulty_of(shop: Shop, cast: tuple[Presence, ...], truth: pd.DataFrame) -> Difficulty:
    """Count what makes a film hard.

    Args:
        shop: The shop.
        cast: Everybody's ways.
        truth: Rows of `truth.parquet`, of all pictures or some of them.

    """
    people = {p.person for p in cast}
    inside = truth[(truth["x_m"] < shop.width_m) & truth["x1_px"].notna()]
    close = [_closeness(a, b) for k, a in enumerate(cast) for b in cast[:k] if a.person != b.person]
    jackets: dict[int, set[tuple[int, int, int]]] = {}
    clothes: dict[tuple[object, object], set[int]] = {}
    for p in cast:
        jackets.setdefault(p.person, set()).add(p.looks.jacket)
        clothes.setdefault((p.looks.jacket, p.looks.trousers), set()).add(p.person)
    return Difficulty(
        people=len(people),
        hidden_feet=float((~inside["feet"].to_numpy(np.bool_)).mean()) if len(inside) else float("nan"),
        passes=sum(passes for passes, _ in close),
        closest_m=min((closest for _, closest in close), default=float("inf")),
        returns=len(cast) - len(people),
        changed_jackets=sum(len(worn) > 1 for worn in jackets.values()),
        alike=sum(len(wearers) > 1 for wearers in clothes.values()),
        long_stays=sum(_long_stays(p.xy_m) for p in cast),
    )


def _closeness(a: Presence, b: Presence) -> tuple[int, float]:
    """How often two pass each other, and their smallest distance."""
    begin, end = max(a.t_s[0], b.t_s[0]), min(a.t_s[-1], b.t_s[-1])
    n = round((end - begin) * TICKS_PER_S) + 1
    if n < 2:
        return 0, float("inf")
    ways = [p.xy_m[(k := round((begin - p.t_s[0]) * TICKS_PER_S)) : k + n] for p in (a, b)]
    distance = np.hypot(*(ways[0] - ways[1]).T)
    walks = np.maximum(*(_speed(way) for way in ways)) > _WALKING_MPS
    near = np.flatnonzero(distance < _CLOSE_M)
    times = np.split(near, np.flatnonzero(np.diff(near) > _APART_S * TICKS_PER_S) + 1)
    return sum(bool(walks[t].any()) for t in times), float(distance.min())


def _speed(xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Way from half a second before to half a second after, per second."""
    half = TICKS_PER_S // 2
    ends = np.pad(xy_m, ((half, half), (0, 0)), mode="edge")
    way = ends[2 * half :] - ends[: -2 * half]
    return np.asarray(np.hypot(way[:, 0], way[:, 1]) * TICKS_PER_S / (2 * half))


def _long_stays(xy_m: NDArray[np.float64]) -> int:
    """Stays at one spot, found from where they begin on."""
    count, at = 0, 0
    while at < len(xy_m) - _LONG_S * TICKS_PER_S:
        away = np.hypot(*(xy_m[at:] - xy_m[at]).T) > _SPOT_M
        n = int(np.argmax(away)) if away.any() else len(away)
        long = n >= _LONG_S * TICKS_PER_S
        count += long
        at += n if long else TICKS_PER_S
    return count

"""What people look like: bodies and everyday clothes, some of them exactly alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

Colour = tuple[int, int, int]

# Blue, green, red of everyday clothes: most are dark or grey, as on a winter's day.
_JACKETS = (
    (40, 42, 48), (120, 70, 40), (60, 60, 150), (90, 110, 70), (170, 160, 150), (70, 40, 90),
    (45, 90, 160), (130, 120, 60), (50, 50, 60), (200, 190, 185), (62, 48, 40), (95, 105, 125),
)  # fmt: skip
_TROUSERS = ((60, 50, 45), (110, 80, 55), (45, 45, 48), (90, 110, 130), (130, 130, 135))
_HAIR = ((25, 28, 35), (35, 55, 85), (70, 110, 150), (120, 120, 125), (20, 20, 22))
_SKIN = ((140, 170, 215), (110, 140, 190), (70, 100, 150), (160, 185, 225))
_BAGS = ((50, 60, 75), (120, 170, 200), (60, 40, 120), (160, 165, 170))
# Sizes of the groups that are dressed alike, and from how many people on there is one more of them.
_ALIKE = ((4, 2), (6, 2), (9, 3))
# Two jackets this far apart (length of the difference of the colours) nobody calls the same.
_OTHER_JACKET = 90.0


@dataclass(frozen=True, slots=True)
class Looks:
    """A person's body and clothes; colours are (blue, green, red).

    Attributes:
        height_m: Height.
        build: Width, 1 for the average of that height.
        jacket, trousers, hair, skin: Colours.
        bag: Colour of the bag that hangs from one hand; None for no bag.

    """

    height_m: float
    build: float
    jacket: Colour
    trousers: Colour
    hair: Colour
    skin: Colour
    bag: Colour | None = None


def dress(people: int, *, seed: int) -> tuple[Looks, ...]:
    """Draw the looks of that many people, in the order of their numbers.

    From four people on two of them wear exactly the same jacket and trousers, and there are more such groups
    the more people there are.
    """
    rng = np.random.default_rng([seed, 7])
    looks = [_drawn(rng, number) for number in range(people)]
    free = [int(k) for k in rng.permutation(people)]
    for least, size in _ALIKE:
        if people >= least:
            first, *others = (free.pop() for _ in range(size))
            for other in others:
                looks[other] = replace(
                    looks[other], jacket=looks[first].jacket, trousers=looks[first].trousers
                )
    return tuple(looks)


def in_another_jacket(looks: Looks, rng: np.random.Generator) -> Looks:
    """The same person, dressed in a jacket that is clearly another."""
    now = np.array(looks.jacket)
    others = [c for c in _JACKETS if np.linalg.norm(np.array(c) - now) > _OTHER_JACKET]
    return replace(looks, jacket=others[rng.integers(len(others))])


def _drawn(rng: np.random.Generator, number: int) -> Looks:
    def vary(colour: Colour) -> Colour:
        b, g, r = np.clip(np.array(colour) + rng.integers(-12, 13, 3), 8, 245)
        return int(b), int(g), int(r)

    return Looks(
        height_m=float(np.clip(rng.normal(1.72, 0.1), 1.48, 1.97)),
        build=float(rng.uniform(0.86, 1.22)),
        jacket=vary(_JACKETS[(number * 5 + 3) % len(_JACKETS)]),
        trousers=vary(_TROUSERS[rng.integers(len(_TROUSERS))]),
        hair=vary(_HAIR[rng.integers(len(_HAIR))]),
        skin=vary(_SKIN[rng.integers(len(_SKIN))]),
        bag=vary(_BAGS[rng.integers(len(_BAGS))]) if rng.random() < 0.35 else None,
    )

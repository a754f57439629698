"""Whether people's time differs between two periods by more than blocks of time differ among themselves.

Per place two ratios are compared: dwell per hour of footage (how much) and share of all dwell (where). The
unit is a block of time, a day or a quarter of an hour, since people's times within one depend on each other.

The p-value comes from dealing the blocks to A and B anew: if nothing changed, the deal that happened is one
like all others. The statistic is divided by its own standard error, by which the test stays valid where A and
B vary differently (Janssen 1997, Statistics and Probability Letters 36, 9; Chung and Romano 2013, Annals of
Statistics 41, 484). The interval comes from the studentised bootstrap of blocks within each period (Davison
and Hinkley 1997, Bootstrap Methods, 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

ALPHA = 0.05
# With fewer blocks on a side no deal of them is rare enough.
FEWEST_BLOCKS = 4
# From so many quarters of an hour on a side on, two that follow each other make a block: people who stay long
# make neighbours alike, and single ones called 9 % of unchanged days different instead of 5 %.
PAIRS_FROM = 16
_SEED = 20090101
# Numbers held at a time, deals x places.
_HELD = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Sums of one period, by block.

    Attributes:
        dwell_s: (blocks, places) person-seconds.
        base: (blocks, places) what they are compared with: seconds in which the place was in view, or all
            dwell.

    """

    dwell_s: NDArray[np.float64]
    base: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self.dwell_s)

    def ratio(self) -> NDArray[np.float64]:
        """(places,) dwell / base; NaN where there is no base."""
        return _divided(self.dwell_s.sum(axis=0), self.base.sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Change from A to B of dwell / base, per place; NaN where a side has no base.

    Attributes:
        a, b: (places,) the ratios.
        low, high: (places,) 95 % interval of b - a.
        p: (places,) p-value of each place by itself.
        told_by: (places,) number of blocks, of both sides, with anybody there.
        p_all: (places,) p-value among all places at once: the share of deals in which any place differs so
            much (single-step maxT; Westfall and Young 1993, Resampling-Based Multiple Testing, 2.3).

    """

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]
    told_by: NDArray[np.int64]
    p_all: NDArray[np.float64]

    @property
    def difference(self) -> NDArray[np.float64]:
        """(places,) b - a."""
        return self.b - self.a

    def among_many(self) -> NDArray[np.float64]:
        """(places,) p-values with the false discovery rate controlled (Benjamini and Hochberg 1995).

        Places where hardly any block has anybody can't differ and are left out beforehand: NaN. How many
        blocks have somebody does not depend on which side they are dealt to, so this costs no validity
        (Bourgon, Gentleman and Huber 2010, PNAS 107, 9546).
        """
        found = np.full(len(self.p), np.nan)
        known = np.isfinite(self.p) & (self.told_by >= FEWEST_BLOCKS)
        if known.any():
            found[known] = false_discovery_control(self.p[known], method="bh")
        return found

    def vague(self) -> NDArray[np.bool_]:
        """(places,) bool, the interval is so wide that half more or half less could be, or there is none."""
        reach = np.fmax(np.abs(self.low), np.abs(self.high))
        return ~(reach <= 0.5 * np.fmax(self.a, self.b))

    def part(self, places: slice) -> Change:
        """Some of the places."""
        return Change(
            *(getattr(self, name)[places] for name in ("a", "b", "low", "high", "p", "told_by", "p_all"))
        )


def enough_blocks(a: int, b: int) -> bool:
    """Whether any outcome with so many blocks could be called a difference."""
    return min(a, b) >= FEWEST_BLOCKS and 2 / comb(a + b, a) <= ALPHA


def paired(quarters_a: int, quarters_b: int) -> bool:
    """Whether a block within the day is half an hour instead of a quarter."""
    return min(quarters_a, quarters_b) >= PAIRS_FROM


def change(a: Blocks, b: Blocks, draws: int = 5000, seed: int = _SEED) -> Change:
    """Compare two periods.

    Args:
        a: The blocks of one.
        b: The blocks of the other, over the same places.
        draws: Deals and bootstrap draws; all deals where there are no more.
        seed: Of the random numbers; the same data give the same result.

    """
    places = a.dwell_s.shape[1]
    nothing = np.full(places, np.nan)
    ra, rb = a.ratio(), b.ratio()
    low, high, p, p_all = nothing.copy(), nothing.copy(), nothing.copy(), nothing.copy()
    told_by = np.sum(a.dwell_s > 0, axis=0) + np.sum(b.dwell_s > 0, axis=0)
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(rb))
    if len(known) == 0 or not enough_blocks(len(a), len(b)):
        return Change(ra, rb, low, high, p, told_by, p_all)
    rng = np.random.default_rng(seed)
    deals = _deals(len(a), len(b), draws, rng)
    resampled = [_resampled(len(side), min(draws, 2000), rng) for side in (a, b)]
    largest = np.zeros(len(deals))
    t = np.full(places, np.nan)
    for part in np.array_split(known, 1 + len(known) * max(len(deals), 1) // _HELD):
        d, e = (
            np.concatenate([getattr(side, name)[:, part] for side in (a, b)]) for name in ("dwell_s", "base")
        )
        spread = np.abs(_studentised(deals, 1.0 - deals, d, e))
        # The first deal is the one that happened.
        t[part] = spread[0]
        p[part] = (spread >= spread[0] * (1 - 1e-9)).mean(axis=0)
        largest = np.maximum(largest, spread.max(axis=1))
        low[part], high[part] = _interval(a, b, part, resampled)
    p_all[known] = [(largest >= value * (1 - 1e-9)).mean() for value in t[known]]
    return Change(ra, rb, low, high, p, told_by, p_all)


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _deals(a: int, b: int, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(deals, blocks) 1 for the blocks dealt to A, the true deal first; every deal once if they are few."""
    true = np.concatenate([np.ones(a), np.zeros(b)])
    if comb(a + b, a) <= draws:
        found = np.zeros((comb(a + b, a), a + b))
        for row, chosen in enumerate(combinations(range(a + b), a)):
            found[row, list(chosen)] = 1.0
        return found
    return np.concatenate([true[None], rng.permuted(np.tile(true, (draws - 1, 1)), axis=1)])


def _resampled(blocks: int, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(draws, blocks) how often each block is drawn."""
    return rng.multinomial(blocks, np.full(blocks, 1 / blocks), draws).astype(np.float64)


def _ratio_and_variance(
    weight: NDArray[np.float64], d: NDArray[np.float64], e: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(draws, places) ratio of sums and its variance, linearised (Cochran 1977, Sampling Techniques, 6.4)."""
    n = weight.sum(axis=1)[:, None]
    base = weight @ e
    ratio = np.where(base > 0, weight @ d / np.where(base > 0, base, 1.0), 0.0)
    squares = weight @ (d * d) - 2 * ratio * (weight @ (d * e)) + ratio * ratio * (weight @ (e * e))
    variance = n / (n - 1) * np.maximum(squares, 0.0) / np.where(base > 0, base, 1.0) ** 2
    return ratio, variance


def _studentised(
    in_a: NDArray[np.float64], in_b: NDArray[np.float64], d: NDArray[np.float64], e: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(deals, places) difference of the ratios in its standard errors."""
    ra, va = _ratio_and_variance(in_a, d, e)
    rb, vb = _ratio_and_variance(in_b, d, e)
    error = np.sqrt(va + vb)
    tiny = 1e-9 * (np.abs(ra) + np.abs(rb))
    return np.where(error > tiny, (rb - ra) / np.where(error > tiny, error, 1.0), 0.0)


def _interval(
    a: Blocks, b: Blocks, part: NDArray[np.int64], resampled: list[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % interval of the difference: bootstrap of the studentised difference, blocks drawn on each side."""
    once = [np.ones((1, len(side))) for side in (a, b)]
    (ra, va), (rb, vb) = (
        _ratio_and_variance(w, s.dwell_s[:, part], s.base[:, part]) for w, s in zip(once, (a, b), strict=True)
    )
    (qa, ua), (qb, ub) = (
        _ratio_and_variance(w, s.dwell_s[:, part], s.base[:, part])
        for w, s in zip(resampled, (a, b), strict=True)
    )
    difference, error = (rb - ra)[0], np.sqrt(va + vb)[0]
    drawn = np.sqrt(ua + ub)
    usable = drawn > 1e-9 * np.maximum(error, 1e-300)
    t = np.where(usable, (qb - qa - difference) / np.where(usable, drawn, 1.0), 0.0)
    lower, upper = np.percentile(t, (2.5, 97.5), axis=0)
    return difference - upper * error, difference - lower * error

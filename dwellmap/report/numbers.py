"""Numbers as people read them."""

from __future__ import annotations

import math
from statistics import NormalDist

UNKNOWN = "–"
HIDDEN = "hidden"
"""Of what would tell of too few people, where there is no room to say of how many."""


def too_few(min_people: int) -> str:
    """What is said in the place of a hidden number."""
    return f"{HIDDEN} (fewer than {min_people} people)"


def seconds(value: float | None) -> str:
    """A time: "8.3 s", "4:05 min", "2.5 h"; a dash where it is not known."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "not reached"
    if value < 90:
        return f"{value:.1f} s" if value < 20 else f"{value:.0f} s"
    if value < 7200:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes}:{rest:02d} min"
    return f"{value / 3600:.1f} h"


def count(value: float) -> str:
    """A number of things, with thin spaces between thousands."""
    return UNKNOWN if math.isnan(value) else f"{round(value):,}".replace(",", "\u202f")


def share(value: float) -> str:
    """A share in percent."""
    return UNKNOWN if math.isnan(value) else f"{value:.0%}" if value >= 0.1 or value == 0 else f"{value:.1%}"


def plain(value: float, digits: int = 2) -> str:
    """A number to a few digits."""
    return UNKNOWN if math.isnan(value) else f"{value:.{digits}g}" if abs(value) < 100 else count(value)


def span(low: float, high: float) -> str:
    """An interval of times in one unit."""
    if math.isnan(low) or math.isnan(high):
        return UNKNOWN
    if math.isinf(high):
        return f"{seconds(low)} to not reached"
    return f"{seconds(low)} to {seconds(high)}"


def wilson(successes: float, n: float, among: int = 1) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, Journal of the American Statistical Association 22, 209).

    Args:
        successes: How many.
        n: Of how many; bounds are NaN for none.
        among: How many such intervals shall hold at once (Bonferroni).

    """
    if n <= 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(1 - 0.025 / among)
    p = successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def upper(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]

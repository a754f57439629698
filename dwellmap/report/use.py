"""How the time divides among zones: per hour filmed, with intervals, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from dwellmap.report.floor import Floor
from dwellmap.report.numbers import count

# Fewer visitors than this say nothing that a shop should be changed for.
LEAST_VISITORS = 10
# Days are drawn where there are that many, for people of one day are alike; else people.
LEAST_DAYS = 5
# How much more or less than the zones together a zone must be used to be worth a sentence.
MORE, LESS = 1.25, 0.8
NOT_ENOUGH, CROWDED, LARGE, ALIKE, FULLER, EMPTIER = (
    "not enough to tell", "crowded for its size", "large for its use", "about as the others",
    "more than the others, maybe not by much", "less than the others, maybe not by much",
)  # fmt: skip
_DRAWS, _BLOCKS, _SEED = 1000, 2000, 20090101


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """How the time divides among zones, with 95 % intervals from a bootstrap over days or people.

    What is compared is the mean number of people in a zone over its own footage (person-seconds per second
    filmed), so that a zone filmed for longer is not taken for one used more.

    Attributes:
        zones: (k,) numbers of the zones that are compared: not staff-only, seen, with a number to show.
        share: (k, 3) each zone's part of these means together, its lower and upper bound.
        ratio: (k, 3) its mean per m2 against that of these zones together; NaN without metres.
        drawn: "days" or "visitors".
        units: How many of them there are; 0 where nothing can be drawn, as personal data are erased. Bounds
            are NaN then.
        uneven: Whether the zones were filmed for different times.
        left_out: How many days are not in it, as one of these zones is hidden on them.
        hides: Whether small counts are hidden.

    """

    zones: NDArray[np.int64]
    share: NDArray[np.float64]
    ratio: NDArray[np.float64]
    drawn: str
    units: int
    uneven: bool
    left_out: int = 0
    hides: bool = False

    @property
    def without(self) -> str:
        """Which days are not in it, in words to append; "" if all are."""
        if not self.left_out:
            return ""
        days = "1 day" if self.left_out == 1 else f"{self.left_out} days"
        return f", without {days} on which a zone is hidden (quiet days more than busy ones)"

    @property
    def over(self) -> str:
        """What was drawn, in words; of how many visitors, where `hides`, would be a number of people."""
        many = "the" if self.hides and self.drawn == "visitors" else count(self.units)
        return f"{many} {self.drawn}{self.without}"


def use_of(floor: Floor) -> Use:
    """Compare the zones, over the days on which all of them are told."""
    seen = np.isin(np.arange(len(floor.zones)), floor.days["zone"][floor.days["observed_s"] > 0])
    staff = np.array([zone.staff for zone in floor.zones], dtype=np.bool_)
    candidates = np.flatnonzero(~staff & floor.figures["dwell_s"].notna().to_numpy() & seen)
    chosen, table, left_out = told_together(floor.days, candidates)
    sums = table.groupby("zone")[["dwell_s", "observed_s"]].sum().reindex(chosen, fill_value=0.0)
    dwell, observed = (sums[name].to_numpy(dtype=float) for name in ("dwell_s", "observed_s"))
    days = int(table["unit"][table["unit"] >= 0].nunique())
    rng = np.random.default_rng(_SEED)
    if days >= LEAST_DAYS:
        drawn, units = "days", days
        above, below = _drawn_days(table, chosen, rng)
    else:
        drawn = "visitors"
        above, units = _drawn_people(floor, table, chosen, dwell, rng)
        below = np.broadcast_to(observed, above.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.vstack([dwell, above]) / np.vstack([observed, below])
        shares = means / means.sum(axis=1, keepdims=True)
        area = floor.figures["seen_m2"].to_numpy()[chosen]
        ratios = shares / (area / area.sum())
    uneven = bool(len(observed) and observed.max() > 1.01 * observed.min())
    return Use(
        chosen, _interval(shares), _interval(ratios), drawn, units, uneven, left_out, floor.min_people > 0
    )


def told_together(
    days: pd.DataFrame, zones: NDArray[np.int64]
) -> tuple[NDArray[np.int64], pd.DataFrame, int]:
    """The zones to compare, their days of which all of them are told, and how many days are not.

    A day on which one zone is hidden is a quiet day of it, of which nobody knows how quiet. A zone that is
    hidden so often that it would leave less than half of the days is not compared.
    """
    chosen = zones
    while True:
        table = days[days["zone"].isin(chosen)]
        hidden = table[table["dwell_s"].isna()]
        every, gone = table["unit"].nunique(), hidden["unit"].nunique()
        if len(chosen) < 2 or 2 * gone <= every:
            return chosen, table[~table["unit"].isin(hidden["unit"])], gone
        chosen = chosen[chosen != hidden["zone"].value_counts(sort=False).sort_index().idxmax()]


def _drawn_days(
    days: pd.DataFrame,
    chosen: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(draws, k) dwell and footage of days drawn at random; recordings without a date are one of them."""
    _, day = np.unique(days["unit"].to_numpy(), return_inverse=True)
    at = day, np.searchsorted(chosen, days["zone"].to_numpy())
    n = int(day.max()) + 1
    weights = rng.multinomial(n, np.full(n, 1 / n), _DRAWS)
    drawn = []
    for name in ("dwell_s", "observed_s"):
        table = np.zeros((n, len(chosen)))
        np.add.at(table, at, days[name].to_numpy(dtype=float))
        drawn.append(weights @ table)
    return drawn[0], drawn[1]


def _drawn_people(
    floor: Floor,
    days: pd.DataFrame,
    chosen: NDArray[np.int64],
    dwell: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], int]:
    """(draws, k) dwell of the visitors of these days drawn at random, and how many there are."""
    visits = floor.visits.visits
    inside = np.isin(visits.place, chosen)
    if floor.min_people:
        inside &= np.isin(floor.visit_day, days["unit"])
    names, unit = np.unique(visits.person[inside], return_inverse=True)
    if floor.erased or not len(names) or not floor.whole[chosen].all():
        # Whose time the rest is, nobody knows any more; or visits hold whole days, and the sums do not.
        return np.zeros((0, len(chosen))), 0
    units = min(len(names), _BLOCKS)
    table = np.zeros((units, len(chosen)))
    np.add.at(table, (unit % units, np.searchsorted(chosen, visits.place[inside])), visits.dwell_s[inside])
    weights = rng.multinomial(units, np.full(units, 1 / units), _DRAWS)
    # Visits that go on over the period's borders count whole here and by what lies within in the sums.
    return np.maximum(weights @ table + dwell - table.sum(axis=0), 0.0), len(names)


def _interval(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 3) the first row, and the bounds over the others."""
    if values.shape[1] == 0:
        return np.zeros((0, 3))
    drawn = values[1:][np.isfinite(values[1:]).all(axis=1)]
    if not len(drawn):
        return np.column_stack([values[0], np.full((values.shape[1], 2), np.nan)])
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    return np.column_stack([values[0], low, high])


def enough(floor: Floor, number: int) -> bool:
    """Whether so many people came to a zone that something can be said of it."""
    visitors = float(floor.figures["visitors"].iloc[number])
    return not np.isnan(visitors) and visitors >= LEAST_VISITORS


def verdict(floor: Floor, use: Use, k: int) -> str:
    """Whether a zone is used more or less than all together for its size, in a word or two.

    Each needs its whole interval: beyond a bound, or for "about as the others" between the two. More or less
    than the others is also what lies wholly on one side of 1.
    """
    value, low, high = use.ratio[k]
    if np.isnan(value):
        return "no areas in metres" if floor.grid.unit == "px" else NOT_ENOUGH
    if not enough(floor, int(use.zones[k])) or np.isnan(low) or len(use.zones) < 2:
        return NOT_ENOUGH
    if low > MORE:
        return CROWDED
    if high < LESS:
        return LARGE
    if low >= LESS and high <= MORE:
        return ALIKE
    return FULLER if low > 1 else EMPTIER if high < 1 else NOT_ENOUGH


def overlaps(floor: Floor) -> list[tuple[int, int]]:
    """Pairs of zones that share floor: their figures do not add."""
    polygons = [shapely.Polygon(zone.xy_m) for zone in floor.zones]
    return [
        (a, b)
        for a in range(len(polygons))
        for b in range(a + 1, len(polygons))
        if polygons[a].intersection(polygons[b]).area > 1e-6
    ]

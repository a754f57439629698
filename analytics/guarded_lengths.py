"""How long visits to a zone last, where nothing may be told of fewer people than wanted.

Counts add over days, and reports of different periods can be subtracted: so a count is told of the days on
which it, and what is left beside it, rests on enough people each. What does not add up (means, quantiles,
the curve) is that of days with enough people, and no single visit may be read off it: quantiles have enough
people on both sides and two digits, the horizon is not beyond what enough people were followed for, and the
curve's shares are rounded to what as many people are among all. Means have two digits, for as many times the
mean as there are visits, taken from all dwell, would be the time of those who are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.suppression import small
from analytics.survival import Survival
from analytics.zone_figures import VisitTable

# Times at which curves are told, and horizons: such as people name them, and no one's own.
_ROUND_S = np.array(
    [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2700, 3600, 5400,
     7200, 10800, 14400, 21600, 28800, 43200, 86400], dtype=np.float64
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class GuardedLengths:
    """Visits to one zone on the days of which something may be told.

    Attributes:
        table: The visits.
        day: (V,) number of each visit's day.
        min_people: Least number of people.

    """

    table: VisitTable
    day: NDArray[np.int64]
    min_people: int

    def _days_with_few(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The days on which some people made a choice of the visits, but too few."""
        days, row = np.unique(self.day[chosen], return_inverse=True)
        who, column = np.unique(self.table.visits.person[chosen], return_inverse=True)
        # One number for each pair: a table of pairs takes many times as long to sort.
        pairs = np.unique(row * len(who) + column)
        people = np.bincount(pairs // max(len(who), 1), minlength=len(days))
        return days[small(people, self.min_people)]

    def _told_of(self, *parts: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(V,) bool, visits of days on which each of the parts rests on nobody or on enough people."""
        few = [self._days_with_few(part) for part in parts]
        return ~np.isin(self.day, np.concatenate(few))

    @property
    def begun(self) -> NDArray[np.bool_]:
        """(V,) bool, the visits that the curve is made of."""
        return self.table.begun & self._told_of(self.table.begun)

    @property
    def survival(self) -> Survival:
        """How long they last. Its curve and quantiles tell of single people: see below for what is told."""
        return Survival(self.table.visits.dwell_s[self.begun], self.table.ended[self.begun])

    @property
    def people(self) -> int:
        """How many made them."""
        return len(np.unique(self.table.visits.person[self.begun]))

    @property
    def one_persons(self) -> bool:
        """Whether more than half of all the time is one person's: then an interval's width tells how much."""
        visits = self.table.visits
        each = np.bincount(np.unique(visits.person, return_inverse=True)[1], weights=visits.dwell_s)
        return bool(2 * each.max(initial=0.0) > each.sum())

    def _longest_s(self) -> NDArray[np.float64]:
        """(people,) the longest visit of each, or how long it was seen; the longest of all first."""
        visits, begun = self.table.visits, self.begun
        who, row = np.unique(visits.person[begun], return_inverse=True)
        longest = np.zeros(len(who))
        np.maximum.at(longest, row, visits.dwell_s[begun])
        return np.sort(longest)[::-1]

    def horizon_s(self, horizon_s: float) -> float:
        """The horizon, or a round time until which enough people were followed; 0 if there is none."""
        longest = self._longest_s()
        if len(longest) < self.min_people:
            return 0.0
        reach = float(longest[self.min_people - 1])
        below = _ROUND_S[reach >= _ROUND_S]
        return horizon_s if horizon_s <= reach else float(below[-1]) if len(below) else 0.0

    def quantile_s(self, time_s: float | None) -> float:
        """A quantile to two digits; inf if not reached, NaN if too few people lie on one of its sides."""
        if time_s is None:
            return np.inf
        visits, begun = self.table.visits, self.begun
        person, dwell = visits.person[begun], visits.dwell_s[begun]
        sides = (np.unique(person[dwell <= time_s]), np.unique(person[dwell > time_s]))
        if min(map(len, sides)) < self.min_people:
            return np.nan
        return float(f"{time_s:.2g}")

    def curve(self, until_s: float) -> NDArray[np.float64]:
        """(k, 4) round times up to `until_s`, the share of visits that last longer, and its 95 % bounds.

        Shares are multiples of one that `min_people` at least are among all who came, up to the whole.
        """
        if self.people < self.min_people or until_s <= 0:
            return np.zeros((0, 4))
        times = np.append(_ROUND_S[until_s > _ROUND_S], until_s)
        exact = self.survival.curve
        at = np.searchsorted(exact[:, 0], times, side="right")
        bounds = np.where(np.isnan(exact[:, 2:]), exact[:, 1:2], exact[:, 2:])
        steps = np.vstack([np.ones((1, 3)), np.column_stack([exact[:, 1], bounds])])[at]
        # Of so many people a step that does not divide them would leave a few for the first.
        step = 1 / (self.people // self.min_people)
        return np.column_stack([times, np.clip(np.round(steps / step) * step, 0.0, 1.0)])

    def _where(self, rows: NDArray[np.bool_]) -> GuardedLengths:
        """Some of the visits."""
        table = self.table
        some = VisitTable(
            table.visits.where(rows), table.begun[rows], table.ended[rows], table.stopped_s[rows]
        )
        return GuardedLengths(some, self.day[rows], self.min_people)

    def _mean_s(self, horizon_s: float) -> tuple[float, tuple[float, ...]]:
        """Until when the mean is told, and it with its interval."""
        survival = self.survival
        # Where all ended before the horizon nothing is cut off; else enough people's visits are.
        within = survival.n > 0 and np.isinf(survival.reach_s) and self._longest_s()[0] <= horizon_s
        until = horizon_s if within else self.horizon_s(horizon_s)
        found = survival.restricted_mean_s(until) if until > 0 else (np.nan,) * 3
        mean, *bounds = (float(f"{value:.2g}") for value in found)
        return until, (mean, *((np.nan, np.nan) if self.one_persons else bounds))

    def figures(self, horizon_s: float, stop_s: float) -> dict[str, float]:
        """The columns of `zone_figures` on lengths and stops; NaN where nothing may be told.

        The mean, its visits and those not seen to end leave out days with a few visits under way; the median
        and the quartiles, as the curve, are of all days.
        """
        table, survival = self.table, self.survival
        entered, stood = table.visits.beginning_seen, table.stops(stop_s)
        # All visits, their time and entries less those that are counted in the curve, or whose mean is told.
        counted = self._where(self._told_of(~table.begun, entered & ~table.begun))
        until, (mean, low, high) = counted._mean_s(horizon_s)
        stops = entered & self._told_of(entered, entered & stood, entered & ~stood)
        n, stopped = self._count(stops, entered), self._count(stops & stood, entered & stood)
        began = counted.table.begun
        ends = counted.begun & counted._told_of(began & counted.table.ended, began & ~counted.table.ended)
        some = counted.table if counted.begun.any() else table
        median_low, median_high = survival.median_interval_s()
        known = survival.n > 0
        return {
            "mean_km_s": mean,
            "mean_km_low_s": low,
            "mean_km_high_s": high,
            "horizon_s": until if until > 0 else np.nan,
            "visits_km": self._count(counted.begun, table.begun),
            "censored": self._count(ends & ~counted.table.ended, some.begun & ~some.ended),
            # Few or none, nobody is to know: less the entries, visitors would tell who came back.
            "under_way": np.nan,
            "median_s": self.quantile_s(survival.quantile_s(0.5)) if known else np.nan,
            "median_low_s": self.quantile_s(median_low) if known else np.nan,
            "median_high_s": self.quantile_s(median_high) if known else np.nan,
            "quartile_1_s": self.quantile_s(survival.quantile_s(0.75)) if known else np.nan,
            "quartile_3_s": self.quantile_s(survival.quantile_s(0.25)) if known else np.nan,
            "entered": n,
            "stopped": stopped,
            "attracting_power": stopped / n if n else np.nan,
            "holding_power_s": float(table.stopped_s[stops & stood].sum()) / stopped
            if stopped > 0
            else np.nan,
        }

    def _count(self, told: NDArray[np.bool_], all_of_them: NDArray[np.bool_]) -> float:
        """How many visits are told of; NaN if of none, though there are some."""
        n = int(told.sum())
        return np.nan if n == 0 and all_of_them.any() else float(n)

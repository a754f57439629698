"""Sums per place and quarter of an hour, cut exactly at the wall clock's quarters.

Every time zone differs from UTC by whole quarters of an hour, so that hours and days of any place, and its
opening hours as shops have them, are made of whole quarters, on the days when clocks change too.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.stays import OUTSIDE, Stays
from analytics.visits import Visits

QUARTER_S = 900


@dataclass(frozen=True, slots=True, eq=False)
class Quarters:
    """Sums of people in places, sorted by quarter, place and staff; quarters without anybody are left out.

    All but `peak` add over quarters, disjoint people and disjoint places. `visitors` counts everybody in the
    quarter of the first visit that is long enough, so that its sum is the number of distinct people.

    Attributes:
        begin_s: (R,) int64, begin of the quarter in seconds since 1970 UTC; since the start of a recording of
            which nobody knows when it began.
        place: (R,) int64.
        staff: (R,) bool, sums of people in sight for so long that they are probably staff.
        dwell_s: (R,) float64 person-seconds.
        entries: (R,) int64 visits whose beginning was seen, in the quarter in which they began.
        visitors: (R,) int64 people whose first visit of at least `min_visit_s` began then.
        peak: (R,) int64 most people at once.
        peak_s: (R,) float64 when they were first so many, on the clock of `begin_s`.

    """

    begin_s: NDArray[np.int64]
    place: NDArray[np.int64]
    staff: NDArray[np.bool_]
    dwell_s: NDArray[np.float64]
    entries: NDArray[np.int64]
    visitors: NDArray[np.int64]
    peak: NDArray[np.int64]
    peak_s: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        stays: Stays,
        visits: Visits,
        min_visit_s: float,
        zero_s: float,
        staff: NDArray[np.int64],
        peaks: bool = True,
    ) -> Quarters:
        """Cut stays at the quarters.

        Args:
            stays: Stays of these people; those OUTSIDE are left out.
            visits: The visits that they make.
            min_visit_s: Shortest visit that makes a visitor.
            zero_s: Wall clock at time 0, in seconds since 1970 UTC; 0 if nobody knows it.
            staff: Persons who are probably staff.
            peaks: Whether to look for the most people at once.

        """
        first = int(np.floor(zero_s / QUARTER_S))
        # Seconds since that quarter's begin: small numbers, so that nothing is lost in the rounding.
        offset_s = zero_s - first * QUARTER_S
        stays, visits = stays.where(stays.place != OUTSIDE), visits.where(visits.place != OUTSIDE)
        quarter, row, dwell = _cut(stays.enter_s + offset_s, stays.leave_s + offset_s)
        begun = _quarter(visits.enter_s + offset_s)
        entered, new = visits.beginning_seen, _first_visits(visits, min_visit_s)
        place = np.concatenate([stays.place[row], visits.place[entered], visits.place[new]])
        when = np.concatenate([quarter, begun[entered], begun[new]])
        person = np.concatenate([stays.person[row], visits.person[entered], visits.person[new]])
        kind = np.isin(person, staff)
        width = int(place.max(initial=0)) + 1
        low = int(when.min(initial=0))
        key, at = np.unique(((when - low) * width + place) * 2 + kind, return_inverse=True)
        n, a, b = len(key), len(quarter), len(quarter) + int(np.sum(entered))
        peak, peak_s = np.zeros(n, dtype=np.int64), np.full(n, np.nan)
        if peaks and n:
            peak, peak_s = _peaks(at[:a], quarter * QUARTER_S, dwell, stays.enter_s[row] + offset_s, n)
            peak_s = peak_s + first * QUARTER_S
        return cls(
            (key // (2 * width) + low + first) * QUARTER_S,
            key // 2 % width,
            key % 2 == 1,
            np.bincount(at[:a], weights=dwell, minlength=n).astype(np.float64),
            np.bincount(at[a:b], minlength=n),
            np.bincount(at[b:], minlength=n),
            peak,
            peak_s,
        )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.begin_s)

    def __add__(self, other: Quarters) -> Quarters:
        """Sums over disjoint people; the larger of two peaks is kept."""
        columns = {f.name: np.concatenate([getattr(q, f.name) for q in (self, other)]) for f in fields(self)}
        order = np.lexsort([-columns["peak"], columns["staff"], columns["place"], columns["begin_s"]])
        sorted_ = {name: values[order] for name, values in columns.items()}
        keys = [sorted_[name] for name in ("begin_s", "place", "staff")]
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
        at = np.flatnonzero(new)
        if not len(at):
            return self
        for name in ("dwell_s", "entries", "visitors"):
            sorted_[name] = np.add.reduceat(sorted_[name], at)
        for name in ("begin_s", "place", "staff", "peak", "peak_s"):
            sorted_[name] = sorted_[name][at]
        return Quarters(**sorted_)

    def to_frame(self, peaks: bool = True) -> pd.DataFrame:
        """The sums as a table."""
        names = [f.name for f in fields(self) if peaks or not f.name.startswith("peak")]
        return pd.DataFrame({name: getattr(self, name) for name in names})


def _quarter(t_s: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(t_s / QUARTER_S).astype(np.int64)


def _cut(
    enter_s: NDArray[np.float64], leave_s: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Cut intervals at the quarters: the quarter, the interval and the length of each piece."""
    first = _quarter(enter_s)
    last = np.maximum(np.ceil(leave_s / QUARTER_S).astype(np.int64) - 1, first)
    count = last - first + 1
    row = np.repeat(np.arange(len(enter_s)), count)
    quarter = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    low, high = quarter * float(QUARTER_S), (quarter + 1) * float(QUARTER_S)
    # Whole quarters of a long stay are exact; so is a stay in one quarter.
    begin, end = np.maximum(enter_s[row], low), np.minimum(leave_s[row], high)
    return quarter, row, end - begin


def _first_visits(visits: Visits, min_visit_s: float) -> NDArray[np.bool_]:
    """The first long enough visit of each person to each place; visits are sorted by person, place, time."""
    chosen = np.flatnonzero((visits.dwell_s >= min_visit_s) & (visits.dwell_s > 0))
    person, place = visits.person[chosen], visits.place[chosen]
    new = np.ones(len(chosen), dtype=np.bool_)
    new[1:] = (person[1:] != person[:-1]) | (place[1:] != place[:-1])
    found = np.zeros(len(visits), dtype=np.bool_)
    found[chosen[new]] = True
    return found


def _peaks(
    at: NDArray[np.int64],
    begin_s: NDArray[np.int64],
    length_s: NDArray[np.float64],
    enter_s: NDArray[np.float64],
    n: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Most pieces at once in each of `n` groups, and when that was first so."""
    enter_s = np.maximum(enter_s, begin_s)
    group = np.concatenate([at, at])
    t_s = np.concatenate([enter_s, enter_s + length_s])
    step = np.concatenate([np.ones(len(at), dtype=np.int64), -np.ones(len(at), dtype=np.int64)])
    # Who leaves in the moment in which another comes was not there together with them.
    order = np.lexsort([step, t_s, group])
    group, t_s, step = group[order], t_s[order], step[order]
    present = np.cumsum(step)
    peak = np.zeros(n, dtype=np.int64)
    np.maximum.at(peak, group, present)
    peak_s = np.full(n, np.nan)
    reached = np.flatnonzero((present == peak[group]) & (present > 0))[::-1]
    peak_s[group[reached]] = t_s[reached]
    return peak, peak_s

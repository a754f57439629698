"""When it is busy: people at once by hour of the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.report.floor import Floor, unit_of

# Hours of which only a sliver was filmed say nothing about the hour.
_LEAST_FILMED_S = 900.0


@dataclass(frozen=True, slots=True, eq=False)
class Busy:
    """People at once in some zones, by hour of the day.

    Attributes:
        people: Hour of the day to the mean number of people over the footage of that hour, all zones summed.
        days: How many days are in it: those on which no zone is hidden.
        busiest: (d,) the busiest hour of each day with at least two hours to choose from.
        left_out: Hours of the day without enough footage of every zone, or with a zone that is not shown on
            every day.

    """

    people: pd.Series
    days: int
    busiest: NDArray[np.int64]
    left_out: int


def busy_hours(floor: Floor, zones: NDArray[np.int64]) -> Busy:
    """People at once in these zones, each by its own footage, in the hours in which all have a number.

    An hour in which one zone is missing is no quieter for it, so such hours are left out. A day on which one
    zone is hidden is left out in all hours; then an hour that is still hidden on some day, for what is left
    of it are its busy days alone.
    """
    hours = floor.hours[floor.hours["zone"].isin(zones) & floor.hours["hour"].notna()]
    quiet = floor.days["unit"][floor.days["zone"].isin(zones) & floor.days["dwell_s"].isna()]
    hours = hours[~unit_of(hours["day"]).isin(quiet)]
    hours = hours.assign(hour=hours["hour"].astype(int))
    of_day, days = int(hours["hour"].nunique()), int(hours["day"].nunique())
    hours = hours[~hours["hour"].isin(hours["hour"][hours["dwell_s"].isna()])]
    people = _people(hours, ["hour"], zones)
    by_day = _people(hours, ["day", "hour"], zones).groupby("day")
    busiest = [
        int(one.index.get_level_values("hour")[int(one.to_numpy().argmax())])
        for _, one in by_day
        if len(one) >= 2
    ]
    return Busy(
        people,
        days,
        np.array(busiest, dtype=np.int64),
        of_day - len(people),
    )


def _people(hours: pd.DataFrame, keys: list[str], zones: NDArray[np.int64]) -> pd.Series:
    sums = hours.groupby([*keys, "zone"])[["dwell_s", "observed_s"]].sum()
    mean = (sums["dwell_s"] / sums["observed_s"]).where(sums["observed_s"] >= _LEAST_FILMED_S)
    return mean.unstack("zone").reindex(columns=zones).dropna().sum(axis=1)

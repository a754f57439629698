"""The figures of zones: what `zones.csv` of a run and the report on a period are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics.attention import PersonShares, attention_interval_s, attention_s
from analytics.grid import Unit
from analytics.settings import MapSettings
from analytics.survival import Survival
from analytics.visits import Visits
from analytics.zones import Zone

NOT_REACHED = "not reached"
COUNTS = ("visitors", "entries", "visits_km", "censored", "under_way", "stopped", "peak")
# Times are sums of differences: rounding must not decide whether a stop is long enough.
_STEP_S = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class VisitTable:
    """Visits to zones of one recording or of many.

    Attributes:
        visits: The visits; equal persons are one visitor.
        begun: (V,) bool, seen to begin.
        ended: (V,) bool, seen to end.
        stopped_s: (V,) float64, time standing.

    """

    visits: Visits
    begun: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    stopped_s: NDArray[np.float64]

    def in_zone(self, number: int) -> VisitTable:
        """The visits to one zone."""
        mine = self.visits.place == number
        return VisitTable(self.visits.where(mine), self.begun[mine], self.ended[mine], self.stopped_s[mine])

    def stops(self, stop_s: float) -> NDArray[np.bool_]:
        """(V,) bool, visits that stopped in the zone.

        Who stops beside the zone with a foot in it, for a moment, was not drawn by it.
        """
        return self.stopped_s >= stop_s - _STEP_S

    @property
    def survival(self) -> Survival:
        """How long visits last, of those that were seen to begin."""
        return Survival(self.visits.dwell_s[self.begun], self.ended[self.begun])


@dataclass(frozen=True, slots=True, eq=False)
class ZoneSums:
    """What adds over hours, disjoint people and disjoint zones; arrays over zones.

    Attributes:
        visitors: (Z,) distinct people with a visit that is long enough; over recordings that are not linked,
            their sum.
        entries: (Z,) visits whose beginning was seen.
        dwell_s: (Z,) person-seconds.
        peak: (Z,) most people at once.
        peak_s: (Z,) when first so many, seconds since 1970 UTC or since the start of the recording.
        observed_s: (Z,) footage.
        coverage: (Z,) share of the zone's floor in which a person would have been counted.
        seen: (Z,) area of that floor, in the grid's unit squared.

    """

    visitors: NDArray[np.int64]
    entries: NDArray[np.int64]
    dwell_s: NDArray[np.float64]
    peak: NDArray[np.int64]
    peak_s: NDArray[np.float64]
    observed_s: NDArray[np.float64]
    coverage: NDArray[np.float64]
    seen: NDArray[np.float64]


def zone_figures(
    zones: tuple[Zone, ...],
    sums: ZoneSums,
    table: VisitTable,
    settings: MapSettings,
    stop_s: float,
    unit: Unit,
) -> pd.DataFrame:
    """A row per zone; NaN where too little of the zone was seen for a number, or where there is none.

    Medians and quartiles that are not reached are infinite: `in_words` says so.

    Args:
        zones: The zones.
        sums: What is summed over all of it.
        table: The visits, as far as they are known: what has been erased is in the sums alone.
        settings: Definitions and thresholds.
        stop_s: Shortest time standing in a zone that counts as a stop there.
        unit: The floor's.

    """
    shares = [PersonShares.of(table.visits, len(zones))]
    low, high = attention_interval_s(shares, len(zones), settings.bootstrap_draws)
    area = np.array([shapely.Polygon(zone.xy_m).area for zone in zones]).reshape(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        naive = np.where(sums.visitors > 0, sums.dwell_s / sums.visitors, np.nan)
        density = np.where(sums.seen > 0, sums.dwell_s / sums.seen, np.nan)
    seen = sums.seen
    if unit == "px":
        area, seen, density = (np.full(len(zones), np.nan) for _ in range(3))
    rows = pd.DataFrame(
        {
            "visitors": sums.visitors.astype(np.float64),
            "entries": sums.entries.astype(np.float64),
            "dwell_s": sums.dwell_s,
            "attention_s": attention_s(sums.dwell_s, sums.entries),
            "attention_low_s": low,
            "attention_high_s": high,
            "attention_naive_s": naive,
        }
    )
    lengths = pd.DataFrame([_lengths(table.in_zone(k), settings, stop_s) for k in range(len(zones))],
                           columns=list(_lengths(table.in_zone(-2), settings, stop_s)))  # fmt: skip
    rows = pd.concat([rows, lengths], axis=1)
    rows["peak"] = sums.peak.astype(np.float64)
    rows["peak_s"] = sums.peak_s
    rows["person_s_per_m2"] = density
    rows[sums.coverage < settings.min_coverage] = np.nan
    rows.insert(0, "zone", [zone.name for zone in zones])
    rows.insert(1, "staff_only", [zone.staff for zone in zones])
    rows["area_m2"] = area
    rows["seen_m2"] = seen
    rows["coverage"] = sums.coverage
    rows["observed_s"] = sums.observed_s
    return rows


def _lengths(table: VisitTable, settings: MapSettings, stop_s: float) -> dict[str, float]:
    """How long visits to one zone last, and how many of them stop."""
    survival = table.survival
    mean, low, high = survival.restricted_mean_s(settings.horizon_s)
    median_low, median_high = survival.median_interval_s()
    entered = table.visits.beginning_seen
    n, stops = int(np.sum(entered)), table.stopped_s[entered & table.stops(stop_s)]
    stopped = len(stops)

    def time(found: float | None) -> float:
        return np.nan if not survival.n else np.inf if found is None else found

    return {
        "mean_km_s": mean,
        "mean_km_low_s": low,
        "mean_km_high_s": high,
        "horizon_s": min(settings.horizon_s, survival.reach_s) if survival.n else settings.horizon_s,
        "visits_km": float(survival.n),
        "censored": float(survival.censored),
        "under_way": float(np.sum(~table.begun)),
        "median_s": time(survival.quantile_s(0.5)),
        "median_low_s": time(median_low),
        "median_high_s": time(median_high),
        "quartile_1_s": time(survival.quantile_s(0.75)),
        "quartile_3_s": time(survival.quantile_s(0.25)),
        "stopped": float(stopped),
        "attracting_power": stopped / n if n else np.nan,
        "holding_power_s": float(np.sum(stops)) / stopped if stopped else np.nan,
    }


def in_words(figures: pd.DataFrame) -> pd.DataFrame:
    """The table for files that people read: counts as whole numbers, "not reached" for what is infinite."""
    rounded = figures.round(3)
    words = rounded.astype(object).where(~rounded.isin([np.inf]), NOT_REACHED)
    return words.assign(**{name: whole_numbers(words[name]) for name in COUNTS if name in words})


def whole_numbers(counts: pd.Series) -> pd.Series:
    """Counts that stand as fractions because some are missing, as the whole numbers that they are."""
    whole = [int(n) if isinstance(n, float) and n.is_integer() else n for n in counts.tolist()]
    return pd.Series(whole, index=counts.index, dtype=object)

"""The tables of a run about zones and times of day, which reports are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from analytics.analysis import Analysis
from analytics.zone_figures import in_words
from dwellmap.spreadsheet import write_csv

VISITS, VISITS_CSV, PEOPLE, ZONES = "visits.parquet", "visits.csv", "people.parquet", "zones.csv"
ZONE_QUARTERS, CELL_QUARTERS = "zone_quarters.parquet", "cell_quarters.parquet"


def write_zones(folder: Path, analysis: Analysis, start: datetime | None) -> None:
    """Write visits, people, the figures of zones, and sums per quarter of an hour."""
    visits = analysis.visits_frame(start)
    visits.to_parquet(folder / VISITS, index=False)
    for column in ("enter", "leave"):
        visits[column] = _local(visits[column], start)
    write_csv(folder / VISITS_CSV, visits, numbers="%.3f")
    analysis.people_frame().to_parquet(folder / PEOPLE, index=False)
    zones = analysis.zones_frame()
    peak_at = ["" if pd.isna(t) or start is None else _clock(start, t) for t in zones["peak_s"]]
    zones.insert(list(zones).index("peak_s") + 1, "peak_at", peak_at)
    write_csv(folder / ZONES, in_words(zones))
    zero_s = 0.0 if start is None else start.timestamp()
    analysis.zone_quarters(zero_s).to_frame().to_parquet(folder / ZONE_QUARTERS, index=False)
    analysis.cell_quarters(zero_s).to_frame(peaks=False).to_parquet(folder / CELL_QUARTERS, index=False)


def _local(moments: pd.Series, start: datetime | None) -> pd.Series:
    """Moments on the clock that the recording's start was told in, with their offset from UTC."""
    if start is None or start.tzinfo is None:
        return moments.astype(object).where(moments.notna(), "")
    local = moments.dt.tz_convert(start.tzinfo)
    return pd.Series([moment.isoformat(sep=" ", timespec="milliseconds") for moment in local], dtype=object)


def _clock(start: datetime, t_s: float) -> str:
    # Over UTC: adding seconds to a local time is an hour off where the clocks change.
    moment = (start.astimezone(UTC) + timedelta(seconds=t_s)).astimezone(start.tzinfo)
    return moment.isoformat(sep=" ", timespec="seconds")

"""Sums of so few people that they tell of single ones, made coarser: in time, and by what they say.

A table per quarter of an hour and cell is, where one person was there, that person's path. So quarters are
drawn together until each stretch of them holds enough people; the sums of a stretch are then spread evenly
over its footage. Totals stay what they were; only when something was within a stretch is lost. Staff are
drawn together by themselves: among many customers the one cashier's day would be as plain as before.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.quarters import QUARTER_S

SUMS_OF_ZONES = (
    "zone", "staff_only", "visitors", "entries", "dwell_s", "attention_s", "attention_naive_s", "peak",
    "person_s_per_m2", "area_m2", "seen_m2", "coverage", "observed_s",
)  # fmt: skip
"""What `zones.csv` may say of a zone with few visitors; the rest are single visits or moments."""


def stretches(
    footage_s: NDArray[np.float64], present_s: NDArray[np.float64], min_people: int
) -> list[NDArray[np.int64]]:
    """Stretches of quarters in each of which enough people were there; all in one where there never were.

    Args:
        footage_s: (n, 2) footage, on the clock of the tables.
        present_s: (P, 2) when each person came first and left last, on that clock.
        min_people: Least number of different people in a stretch.

    Returns:
        Begins of the quarters of each stretch, in order; together all quarters with footage.

    """
    quarters = np.unique(
        np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [
                np.arange(begin // QUARTER_S, -(-end // QUARTER_S), dtype=np.int64)
                for begin, end in footage_s
                if end > begin
            ]
        )
    )
    found: list[NDArray[np.int64]] = []
    first = 0
    for last in range(len(quarters)):
        low, high = quarters[first] * QUARTER_S, (quarters[last] + 1) * QUARTER_S
        if np.sum((present_s[:, 0] < high) & (present_s[:, 1] >= low)) >= min_people:
            found.append(quarters[first : last + 1] * QUARTER_S)
            first = last + 1
    rest = quarters[first:] * QUARTER_S
    if len(rest) and found:
        found[-1] = np.concatenate([found[-1], rest])
    elif len(rest):
        found.append(rest)
    return found


def thin_quarters(
    table: pd.DataFrame,
    footage_s: NDArray[np.float64],
    of_customers: list[NDArray[np.int64]],
    of_staff: list[NDArray[np.int64]],
    min_people: int,
) -> pd.DataFrame:
    """Draw the sums of each stretch together and spread them evenly over its footage.

    Where peaks are told, a stretch has its highest one, without its moment; so has a peak of few people.

    Args:
        table: Columns of `Quarters.to_frame`.
        footage_s: (n, 2) footage, on the clock of the table.
        of_customers: Stretches for the rows of people who are no staff.
        of_staff: Stretches for the rows of probable staff.
        min_people: Fewer are few.

    """
    done = []
    for staff, found in ((False, of_customers), (True, of_staff)):
        rows = table[table["staff"] == staff]
        for quarters in found:
            inside = rows[rows["begin_s"].isin(quarters)]
            done.append(inside if len(quarters) == 1 else _spread(inside, quarters, footage_s))
    columns = list(table.columns)
    thin = pd.concat([table.iloc[:0], *(part for part in done if len(part))], ignore_index=True)
    if "peak_s" in columns:
        thin["peak_s"] = thin["peak_s"].where(thin["peak"] >= min_people)
    thin = thin.astype(table.dtypes.to_dict())
    return thin[columns].sort_values(["begin_s", "place", "staff"], ignore_index=True)


def _spread(rows: pd.DataFrame, quarters: NDArray[np.int64], footage_s: NDArray[np.float64]) -> pd.DataFrame:
    how = {"dwell_s": "sum", "entries": "sum", "visitors": "sum", "peak": "max"}
    sums = rows.groupby(["place", "staff"]).agg({c: f for c, f in how.items() if c in rows}).reset_index()
    length_s = np.array(
        [np.sum(np.clip(footage_s, q, q + QUARTER_S) @ np.array([-1.0, 1.0])) for q in quarters.tolist()]
    )
    until = np.cumsum(length_s) / np.sum(length_s)
    n, m = len(sums), len(quarters)
    spread: dict[str, NDArray[np.generic]] = {"begin_s": np.tile(quarters, n)}
    for name in sums.columns:
        spread[name] = np.repeat(sums[name].to_numpy(), m)
    spread["dwell_s"] = np.outer(sums["dwell_s"].to_numpy(), np.diff(until, prepend=0.0)).reshape(-1)
    for name in ("entries", "visitors"):
        # Whole numbers, as even as they can be, with the sum that they had.
        so_far = np.floor(np.outer(sums[name].to_numpy(), until) + 0.5).astype(np.int64)
        spread[name] = np.diff(so_far, axis=1, prepend=0).reshape(-1)
    thin = pd.DataFrame(spread)
    return thin.assign(peak_s=np.nan) if "peak_s" in rows else thin


def thin_zones(zones: pd.DataFrame, min_people: int) -> pd.DataFrame:
    """The rows of `zones.csv` as texts, without what tells of single visits to zones of few visitors.

    Args:
        zones: The file, every column as text; "" where there is no number.
        min_people: Fewer visitors are few.

    """
    thin = zones.copy()
    few = pd.to_numeric(zones["visitors"], errors="coerce").fillna(0.0) < min_people
    thin.loc[few, [c for c in zones.columns if c not in SUMS_OF_ZONES]] = ""
    peaks = pd.to_numeric(zones["peak"], errors="coerce").fillna(0.0) < min_people
    thin.loc[peaks, [c for c in ("peak_s", "peak_at") if c in zones.columns]] = ""
    return thin

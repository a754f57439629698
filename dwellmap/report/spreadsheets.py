"""The tables of a report, for spreadsheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analytics.zone_figures import COUNTS, in_words, whole_numbers
from dwellmap.report.floor import Floor
from dwellmap.report.numbers import HIDDEN
from dwellmap.report.part import Part, peak_at
from dwellmap.report.shown import SUMS
from dwellmap.report.summary import Summary
from dwellmap.spreadsheet import MARK, write_csv

_COUNTS = (*COUNTS, "visits", "times", "people", "staff")


def write_tables(folder: Path, summary: Summary, parts: list[Part]) -> None:
    """Tables that spreadsheets open; of what must not be told they say "hidden"."""
    zones, hours, cells, flows = [], [], [], []
    for part in parts:
        floor = part.floor
        cameras = ", ".join(sorted({s.camera for s in floor.setups}))
        names = np.array([zone.name for zone in floor.zones], dtype=object)
        # Staff-only areas are left out.
        public = ~np.array([zone.staff for zone in floor.zones], dtype=np.bool_)
        figures = floor.figures.copy()
        figures["peak_at"] = [peak_at(summary, s) for s in figures["peak_s"]]
        hidden = floor.hidden.copy()
        if floor.min_people:
            hidden["peak"] = hidden["peak_at"] = figures["dwell_s"].notna() | hidden["dwell_s"]
        figures, hidden = (table.drop(columns="peak_s")[public] for table in (figures, hidden))
        zones.append(_hidden(in_words(figures), hidden).assign(cameras=cameras))
        # A zone of which too little is seen has no number here either.
        known = (floor.figures["dwell_s"].notna() | floor.hidden["dwell_s"]).to_numpy()
        hour = floor.hours[floor.hours["zone"].isin(np.flatnonzero(public & known))]
        unknown = hour[SUMS].isna() if floor.min_people else pd.DataFrame(index=hour.index)
        hour = _hidden(hour.round(dict.fromkeys([*SUMS, "observed_s"], 3)), unknown)
        # Everybody counts in the hour of their first visit, so that hours add up to the visitors of a day.
        hour = hour.rename(columns={"visitors": "new_visitors"})
        hour["zone"] = names[hour["zone"].to_numpy(dtype=np.int64)] if len(hour) else hour["zone"]
        hours.append(hour.assign(day=pd.to_datetime(hour["day"]).dt.date, cameras=cameras))
        cells.append(_cell_table(floor).assign(cameras=cameras))
        flows.append(_flow_table(part).assign(cameras=cameras))
    for name, tables in (("zones", zones), ("hours", hours), ("cells", cells), ("flows", flows)):
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
        write_csv(folder / f"{name}.csv", table, MARK)
    days = summary.people.table
    few = days[["people", "staff"]].isna() & bool(summary.choice.min_people)
    days = _hidden(days.assign(day=days["day"].dt.date), few)
    days = days.rename(columns={"people": summary.people.noun, "staff": "probable_staff"})
    write_csv(folder / "days.csv", days, MARK)


def _cell_table(floor: Floor) -> pd.DataFrame:
    cells, unit = floor.cells, floor.grid.unit
    x, y = floor.grid.centres.T
    table = pd.DataFrame(
        {
            f"x_{unit}": x,
            f"y_{unit}": y,
            "heat": cells.heat,
            "visits": cells.visitors,
            "entries": cells.entries,
            "dwell_s": cells.dwell_s,
            "attention_s": cells.attention_s,
            "coverage": cells.coverage,
            "exposure_s": cells.exposure_s,
            "hidden_for_privacy": cells.hidden,
        }
    )
    shown = (cells.coverage > 0) & (table["dwell_s"].fillna(0) + table["heat"].fillna(0) + cells.hidden > 0)
    counts = ["heat", "visits", "entries", "dwell_s", "attention_s"]
    hidden = table[counts].isna() & (cells.hidden & np.isnan(cells.dwell_s))[:, None]
    return _hidden(table.round(3), hidden)[shown]


def _flow_table(part: Part) -> pd.DataFrame:
    names = [*(zone.name for zone in part.floor.zones), ""]
    rows = [
        {"from": names[a], "to": names[b], "times": n}
        for a, line in enumerate(part.flows.counts.tolist())
        for b, n in enumerate(line)
        # NaN is not 0.
        if n != 0
    ]
    table = pd.DataFrame(rows, columns=["from", "to", "times"])
    return _hidden(table, table[["times"]].isna())


def _hidden(table: pd.DataFrame, where: pd.DataFrame) -> pd.DataFrame:
    """The table with `hidden` for what must not be told, and counts as whole numbers."""
    words = table.astype(object).mask(where.reindex(columns=table.columns, fill_value=False), HIDDEN)
    return words.assign(**{name: whole_numbers(words[name]) for name in _COUNTS if name in words})

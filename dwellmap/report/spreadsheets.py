"""The tables of a report, for spreadsheets."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.zone_figures import in_words
from dwellmap.report.floor import Floor
from dwellmap.report.part import Part, peak_at
from dwellmap.report.summary import Summary


def write_tables(folder: Path, summary: Summary, parts: list[Part]) -> None:
    """Tables that spreadsheets open: UTF-8 with a byte order mark."""
    zones, hours, cells, flows = [], [], [], []
    for part in parts:
        floor = part.floor
        cameras = ", ".join(sorted({s.camera for s in floor.setups}))
        names = np.array([zone.name for zone in floor.zones], dtype=object)
        figures = floor.figures.copy()
        figures["peak_at"] = [peak_at(summary, s) for s in figures["peak_s"]]
        figures = figures.drop(columns="peak_s")
        if summary.choice.min_people:
            figures["peak"], figures["peak_at"] = np.nan, ""
        zones.append(in_words(figures).assign(cameras=cameras))
        # Everybody counts in the hour of their first visit, so that hours add up to the visitors of a day.
        hour = floor.hours.drop(columns="total_shown").rename(columns={"visitors": "new_visitors"})
        hour["zone"] = names[hour["zone"].to_numpy(dtype=np.int64)] if len(hour) else hour["zone"]
        hours.append(hour.assign(day=hour["day"].dt.date, cameras=cameras))
        cells.append(_cell_table(floor).assign(cameras=cameras))
        flows.append(_flow_table(part).assign(cameras=cameras))
    for name, tables in (("zones", zones), ("hours", hours), ("cells", cells), ("flows", flows)):
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
        numbers = table.select_dtypes("number").columns
        _csv(folder / f"{name}.csv", table.assign(**table[numbers].round(3)))
    days = summary.people.table.assign(day=summary.people.table["day"].dt.date)
    _csv(folder / "days.csv", days.rename(columns={"people": summary.people.noun, "staff": "probable_staff"}))


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
    return table[
        (cells.coverage > 0) & (table["dwell_s"].fillna(0) + table["heat"].fillna(0) + cells.hidden > 0)
    ]


def _flow_table(part: Part) -> pd.DataFrame:
    names = [*(zone.name for zone in part.floor.zones), ""]
    rows = [
        {"from": names[a], "to": names[b], "times": n}
        for a, line in enumerate(part.flows.counts.tolist())
        for b, n in enumerate(line)
        if n != 0
    ]
    return pd.DataFrame(rows, columns=["from", "to", "times"])


def _csv(file: Path, table: pd.DataFrame) -> None:
    safe = table.copy()
    for column in safe.columns:
        if safe[column].dtype == object or pd.api.types.is_string_dtype(safe[column]):
            # A spreadsheet would take a name that begins so for a formula.
            safe[column] = [
                f"'{v}" if isinstance(v, str) and v[:1] in ("=", "+", "-", "@", "\t", "\r") else v
                for v in safe[column]
            ]
    safe.to_csv(file, index=False, encoding="utf-8-sig", lineterminator=os.linesep)

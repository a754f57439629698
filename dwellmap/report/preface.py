"""What a report is about: its days, hours and recipe."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from dwellmap.report.summary import Summary


def period_in_words(summary: Summary) -> str:
    """The days of the footage that counts."""
    days = summary.people.days["day"]
    if not len(days):
        return "date unknown" if summary.quality.undated else "no footage in the period"
    first, last = days.iloc[0], days.iloc[-1]
    told = (
        f"{first:%A, %-d %B %Y}"
        if len(days) == 1
        else f"{first:%-d %B %Y} to {last:%-d %B %Y}, {len(days)} days"
    )
    return told + (
        f", and recordings without a date: {summary.quality.undated}" if summary.quality.undated else ""
    )


def hours_in_words(summary: Summary) -> str:
    """Which hours count, and on which clock."""
    period = summary.period
    if period.hours is None:
        return "all hours of the footage"
    return f"within opening hours (by quarters of an hour), clock of {period.clock}"


def recipe_of(summary: Summary) -> dict[str, Any]:
    """What the report was made of, for the page's last lines."""
    period = summary.period
    return {
        "dwellmap": version("dwellmap"),
        "begin": None if period.begin is None else period.begin.isoformat(),
        "end": None if period.end is None else period.end.isoformat(),
        "clock": str(period.clock),
        "opening_hours": None
        if period.hours is None
        else [list(map(list, d)) for d in period.hours.spans_min],
        "count_staff": summary.choice.count_staff,
        "min_people": summary.choice.min_people,
        "recordings": [f"{m.camera}/{m.path.name}" for m in period.members[:200]],
        "recordings_in_all": len(period.members),
        "setups": [
            {
                "camera": s.camera,
                "cell": s.grid.cell,
                "unit": s.grid.unit,
                "maps": s.maps.model_dump(mode="json"),
                "trajectories": s.settings.trajectories.model_dump(mode="json"),
            }
            for s in period.setups[:20]
        ],
    }

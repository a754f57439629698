"""Everything a report says about a period, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.period.period import Period
from dwellmap.period.protection import UNIT, Protection
from dwellmap.period.tables import Tables
from dwellmap.report.cells import Choice
from dwellmap.report.floor import Floor, floors_of


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """How many there were; NaN is not shown.

    Attributes:
        total: Over the whole period, who comes on two days counted twice.
        staff: Probable staff among them or beside them.
        days: day, people, staff: a row per day with footage; undated recordings have no day.
        linked: Whether nobody can be in two recordings of a camera's day without being known again.
        cameras: How many cameras they were counted at, each for itself.

    """

    total: float
    staff: float
    days: pd.DataFrame
    linked: bool
    cameras: int

    @property
    def noun(self) -> str:
        """What the numbers are."""
        return "people" if self.linked and self.cameras == 1 else "visits"


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """How far the numbers can be trusted.

    Attributes:
        observed_s: Footage that counts: in the period and in the opening hours.
        decoded_s: Footage decoded.
        gaps: Number of gaps within recordings.
        gaps_s: Their length.
        erased: Recordings whose personal data are gone.
        undated: Recordings of which nobody knows when they began.
        tracked_s, on_map_s, outside_s, unplaced_s: Person-seconds of whole recordings.
        interpolated, rebuilt: Shares of the samples, weighted by time tracked.
        switches_per_min: Expected identity switches a minute of a person's time; NaN where unknown.
        person_min: Minutes of people's time that this rests on.
        grades: How many recordings have each grade of the self-audit.
        detectors: How many recordings each kind of detector looked at.
        warnings: Warnings of the recordings and how many have each, the most frequent first.
        calibration: Of each camera, in words.

    """

    observed_s: float
    decoded_s: float
    gaps: int
    gaps_s: float
    erased: int
    undated: int
    tracked_s: float
    on_map_s: float
    outside_s: float
    unplaced_s: float
    interpolated: float
    rebuilt: float
    switches_per_min: float
    person_min: float
    grades: dict[str, int]
    detectors: dict[str, int]
    warnings: tuple[tuple[str, int], ...]
    calibration: tuple[tuple[str, str], ...]

    @property
    def grade(self) -> str:
        """The grade of the self-audit over all recordings, by the thresholds of one."""
        if self.person_min < 2 or np.isnan(self.switches_per_min):
            return "too short to tell"
        return "good" if self.switches_per_min <= 0.1 else "fair" if self.switches_per_min <= 0.5 else "poor"


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """A report's numbers.

    Attributes:
        period: The period.
        choice: What counts.
        floors: The floors, that with the most footage first.
        people: How many there were.
        staff: day, camera, visitor, present_s, first_s, last_s of probable staff; empty where not shown.
        quality: How far the numbers can be trusted.

    """

    period: Period
    choice: Choice
    floors: tuple[Floor, ...]
    people: People
    staff: pd.DataFrame
    quality: Quality


def summarise(tables: Tables, choice: Choice) -> Summary:
    """Sum a period up."""
    period = tables.period
    protection = Protection.of(period, choice.min_people) if choice.min_people else None
    return Summary(
        period,
        choice,
        floors_of(tables, choice, protection),
        _people(tables, choice) if protection is None else _enough_people(protection),
        _staff(tables, choice),
        _quality(tables),
    )


def _people(tables: Tables, choice: Choice) -> People:
    period = tables.period
    found = tables.frame(
        """SELECT day, bool_or(staff) AS staff, visitor, max(counted::INT) AS counted
           FROM people WHERE open AND NOT phantom GROUP BY day, visitor"""
    )
    found = found[found["counted"] > 0]
    days = found.groupby("day")["staff"].agg(people="size", staff="sum").reset_index()
    seen = tables.frame("SELECT DISTINCT day FROM footage WHERE open AND day IS NOT NULL ORDER BY day")
    days = (
        seen.merge(days, how="left", on="day")
        .fillna({"people": 0, "staff": 0})
        .astype({"people": float, "staff": float})
    )
    erased = sum(float(m.results.get("people") or 0) for m in period.members if m.erased)
    twice = sum(int(m.linked.since_day_before.sum()) for m in period.members if m.linked is not None)
    total, staff = len(found) + erased, float(found["staff"].sum())
    if not choice.count_staff:
        total -= staff
        days["people"] -= days["staff"]
    total = max(total - (twice if period.begin is None and period.end is None else 0), 0.0)
    return People(total, staff, days, _never_twice(period), len(period.cameras))


def _never_twice(period: Period) -> bool:
    """Whether nobody can be in two recordings of a camera's day without being known again."""
    per_day: dict[Any, int] = {}
    for member in period.members:
        per_day[member.camera, member.day] = per_day.get((member.camera, member.day), 0) + 1
    alone = all(
        member.linked is not None or per_day[member.camera, member.day] == 1 for member in period.members
    )
    return alone and sum(m.start is None for m in period.members) <= 1


def _enough_people(protection: Protection) -> People:
    """How many there were at each camera on each whole day, where there were enough."""
    period, tables = protection.whole.period, protection.whole
    found = tables.frame(
        f"""SELECT camera, unit, any_value(day) AS day, count(*) AS people FROM (
                SELECT r.camera, {UNIT} AS unit, any_value(p.day) AS day, p.visitor
                FROM people p JOIN (SELECT run, camera FROM runs) r USING (run)
                WHERE p.open AND NOT p.phantom GROUP BY r.camera, unit, p.visitor
                HAVING bool_or(p.counted) AND NOT bool_or(p.staff)
            ) GROUP BY camera, unit"""
    )
    erased = [
        {"camera": m.camera, "unit": -1 - n, "day": m.day, "people": int(m.results.get("people") or 0)}
        for n, m in enumerate(period.members)
        if m.erased
    ]
    found = pd.concat([found, pd.DataFrame(erased, columns=list(found))], ignore_index=True)
    few = found["people"].between(1, protection.min_people - 1)
    found["people"] = found["people"].astype(float).mask(few)
    found["day"] = pd.to_datetime(found["day"])
    seen = tables.frame("SELECT DISTINCT day FROM footage WHERE open AND day IS NOT NULL ORDER BY day")
    some = found.groupby("day")["people"].sum(min_count=1)
    days = seen.assign(people=0.0, staff=np.nan)
    here = days["day"].isin(some.index)
    days.loc[here, "people"] = some.reindex(days.loc[here, "day"]).to_numpy()
    total = float(found["people"].sum()) if found["people"].notna().any() or found.empty else np.nan
    return People(total, np.nan, days, _never_twice(period), len(period.cameras))


def _staff(tables: Tables, choice: Choice) -> pd.DataFrame:
    if choice.min_people:
        # A list of single people, whatever their number.
        return pd.DataFrame(columns=["day", "camera", "visitor", "present_s", "first_s", "last_s"])
    return tables.frame(
        """SELECT p.day, r.camera, p.visitor, sum(p.present_s) AS present_s, min(p.first_s) AS first_s,
                  max(p.last_s) AS last_s
           FROM people p JOIN runs r USING (run) WHERE p.open AND p.staff AND NOT p.phantom
           GROUP BY p.day, r.camera, p.visitor ORDER BY p.day, r.camera, present_s DESC"""
    )


def _quality(tables: Tables) -> Quality:
    period = tables.period
    observed = tables.frame("SELECT coalesce(sum(observed_s), 0) AS s FROM footage WHERE open")["s"][0]
    members = period.members

    def number(name: str) -> NDArray[np.float64]:
        return np.array([float(m.results.get(name) or 0.0) for m in members])

    tracked = number("tracked_s")
    weight = tracked / tracked.sum() if tracked.sum() else np.zeros(len(members))
    audits = [m.results.get("self_audit") or {} for m in members]
    minutes = np.array([float(audit.get("person_minutes") or 0.0) for audit in audits])
    told = [audit.get("estimated_switches_per_person_min") for audit in audits]
    rates = np.array([np.nan if rate is None else float(rate) for rate in told])
    known = ~np.isnan(rates) & (minutes > 0)
    switches = float(np.average(rates[known], weights=minutes[known])) if known.any() else np.nan
    grades: dict[str, int] = {}
    detectors: dict[str, int] = {}
    warnings: dict[str, int] = {}
    gaps, gaps_s = 0, 0.0
    for member in members:
        grade = str((member.results.get("self_audit") or {}).get("grade") or "unknown")
        grades[grade] = grades.get(grade, 0) + 1
        detectors[member.detector] = detectors.get(member.detector, 0) + 1
        for text in dict.fromkeys(member.warnings):
            warnings[text] = warnings.get(text, 0) + 1
        spans = member.observed_s
        pauses = spans[1:, 0] - spans[:-1, 1]
        gaps, gaps_s = gaps + len(pauses), gaps_s + float(pauses.sum())
    ordered = sorted(warnings.items(), key=lambda item: (-item[1], item[0]))
    return Quality(
        observed_s=float(observed),
        decoded_s=period.observed_time_s,
        gaps=gaps,
        gaps_s=gaps_s,
        erased=sum(m.erased for m in members),
        undated=sum(m.start is None for m in members),
        tracked_s=float(tracked.sum()),
        on_map_s=float(number("on_the_map_s").sum()),
        outside_s=float(number("outside_s").sum()),
        unplaced_s=float(number("unplaced_s").sum()),
        interpolated=float((number("interpolated_share") * weight).sum()),
        rebuilt=float((number("rebuilt_foot_share") * weight).sum()),
        switches_per_min=switches,
        person_min=float(minutes.sum()),
        grades=grades,
        detectors=detectors,
        warnings=tuple(ordered[:12]),
        calibration=_calibration(tables),
    )


def _calibration(tables: Tables) -> tuple[tuple[str, str], ...]:
    """Each camera's error of a position, in words."""
    told: dict[str, str] = {}
    for setup in tables.period.setups:
        if setup.grid.unit == "px":
            told.setdefault(setup.camera, "not calibrated: pixels of the picture, no lengths or areas")
            continue
        seen = setup.coverage.observable
        sigma = setup.sigma[seen & np.isfinite(setup.sigma)]
        how = "estimated from people alone" if setup.view.floor_from_people else "calibrated"
        if len(sigma):
            told.setdefault(
                setup.camera,
                f"{how}; a position is {np.median(sigma):.2f} m off (1 sigma, median over the floor seen; "
                f"a tenth of it has more than {np.percentile(sigma, 90):.2f} m)",
            )
        else:
            told.setdefault(setup.camera, f"{how}; nothing of the mapped floor is seen")
    return tuple(sorted(told.items()))

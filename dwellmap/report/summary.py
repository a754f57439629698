"""Everything a report says about a period, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.suppression import people_told
from dwellmap.period.member import Member
from dwellmap.period.period import Period
from dwellmap.period.protection import UNIT, Protection
from dwellmap.period.tables import Tables
from dwellmap.report.cells import Choice
from dwellmap.report.floor import Floor, floors_of
from dwellmap.report.shown import told_among


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """How many there were; NaN is not known or not shown.

    Everybody counts on the day and in the quarter of an hour in which they came into sight.

    Attributes:
        total: Over the whole period, the sum of `table`: who comes on two days counts twice.
        staff: Probable staff among them or beside them.
        table: day, people, staff: a row per day with footage, and one with NaT for all undated recordings.
        missing: Erased recordings of which only a part counts: how many people came then, nobody knows.
        linked: Whether nobody can be in two recordings of a camera's day without being known again.
        cameras: How many cameras they were counted at, each for itself.

    """

    total: float
    staff: float
    table: pd.DataFrame
    missing: int
    linked: bool
    cameras: int

    @property
    def days(self) -> pd.DataFrame:
        """The rows of `table` of known days."""
        return self.table[self.table["day"].notna()]

    @property
    def undated(self) -> float:
        """How many the undated recordings have; 0 without any."""
        return float(self.table["people"][self.table["day"].isna()].sum(skipna=False))

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
        """SELECT day, bool_or(staff) AS staff, visitor
           FROM people WHERE open AND NOT phantom GROUP BY day, visitor HAVING bool_or(counted)"""
    )
    counted = found.groupby("day", dropna=False)["staff"].agg(people="size", staff="sum").reset_index()
    seen = tables.frame("SELECT DISTINCT day FROM footage WHERE open AND observed_s > 0 ORDER BY day")
    table = seen.merge(counted, how="left", on="day").fillna({"people": 0, "staff": 0})
    table = table.astype({"people": float, "staff": float}).sort_values("day", ignore_index=True)
    erased, unknown = _erased(tables)
    # What is not known is not zero: NaN stays NaN.
    gone = erased.groupby("day", dropna=False)[["people", "staff"]].agg(_whole_sum)
    added = table[["day"]].merge(gone.reset_index(), how="left", on="day", indicator=True)
    for name in ("people", "staff"):
        table[name] += added[name].where(added["_merge"] == "both", 0.0)
    if not choice.count_staff:
        table["people"] -= table["staff"]
    total, staff = float(table["people"].sum()), float(table["staff"].sum())
    if len(table) and table["people"].isna().all():
        total = np.nan
    return People(total, staff, table, unknown, _never_twice(period), len(period.cameras))


def _never_twice(period: Period) -> bool:
    """Whether nobody can be in two recordings of a camera's day without being known again."""
    per_day: dict[Any, int] = {}
    for member in period.members:
        per_day[member.camera, member.day] = per_day.get((member.camera, member.day), 0) + 1
    alone = all(
        (member.linked is not None and not member.erased) or per_day[member.camera, member.day] == 1
        for member in period.members
    )
    return alone and sum(m.start is None for m in period.members) <= 1


def _enough_people(protection: Protection) -> People:
    """How many there were at each camera on each whole day, where there were enough.

    Without a few who were in no zone, or not in that in which nearly all were: nobody is to count them.
    """
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
        {"camera": m.camera, "unit": _unit(m, n), "day": m.day, "people": _customers(m)}
        for n, m in enumerate(period.members)
        if m.erased
    ]
    found = pd.concat([found, pd.DataFrame(erased, columns=list(found))], ignore_index=True)
    few = found["people"].between(1, protection.min_people - 1)
    unknown = int(found["people"].isna().sum())
    found["people"] = found["people"].astype(float).mask(few)
    found["day"] = pd.to_datetime(found["day"])
    found["people"] = _without_few_others(found, protection)
    seen = tables.frame("SELECT DISTINCT day FROM footage WHERE open AND observed_s > 0 ORDER BY day")
    some = found.groupby("day", dropna=False)["people"].sum(min_count=1).reset_index()
    seen["day"] = pd.to_datetime(seen["day"])
    table = seen.merge(some, how="left", on="day", indicator=True)
    # Where somebody came the number may be hidden; on the other days nobody came.
    table["people"] = table["people"].where(table["_merge"] == "both", 0.0)
    table = table.drop(columns="_merge").assign(staff=np.nan).sort_values("day", ignore_index=True)
    total = float(found["people"].sum()) if found["people"].notna().any() or found.empty else np.nan
    return People(total, np.nan, table, unknown, _never_twice(period), len(period.cameras))


def _without_few_others(found: pd.DataFrame, protection: Protection) -> pd.Series:
    """The people of each row, so that too few remain of no camera's day who are not in what is told of it."""
    among: dict[Any, tuple[int, int]] = told_among(protection)
    people = found["people"].copy()
    for key, rows in found[people.notna()].groupby(["camera", "unit"])["people"]:
        n = float(rows.sum())
        people[rows.index[0]] -= n - people_told(n, among.get(key, ()), protection.min_people)
    return people


def _unit(member: Member, number: int) -> int:
    """The number of a run's day, as `UNIT` has it."""
    return -1 - number if member.day is None else (member.day - date(1970, 1, 1)).days


def _erased(tables: Tables) -> tuple[pd.DataFrame, int]:
    """day, people, staff of recordings whose personal data are gone, and of how many that is not known.

    Their recipes still say how many people there were, in the whole recording: of a part of it nobody knows.
    """
    rows = tables.frame(
        """SELECT f.run, min(f.day) FILTER (f.open) AS day, bool_and(f.open AND f.share > 1 - 1e-9) AS whole
           FROM footage f JOIN runs r USING (run) WHERE r.erased GROUP BY f.run HAVING bool_or(f.open)"""
    )
    results = [tables.period.members[run].results for run in rows["run"]]
    numbers = {
        name: [np.nan if one.get(key) is None else float(one[key]) for one in results]
        for name, key in (("people", "people"), ("staff", "probable_staff"))
    }
    table = rows.assign(**numbers)[["day", "people", "staff", "whole"]]
    table.loc[~table["whole"].astype(bool), ["people", "staff"]] = np.nan
    return table, int(table[["people", "staff"]].isna().any(axis=1).sum())


def _customers(member: Member) -> float:
    """How many people an erased recording had, probable staff left out; NaN if it does not say."""
    people, staff = (member.results.get(name) for name in ("people", "probable_staff"))
    return np.nan if people is None or staff is None else float(people) - float(staff)


def _whole_sum(values: pd.Series) -> float:
    return float(values.sum(skipna=False))


def _staff(tables: Tables, choice: Choice) -> pd.DataFrame:
    if choice.min_people:
        # A list of single people, whatever their number.
        return pd.DataFrame(columns=["day", "camera", "visitor", "present_s", "first_s", "last_s"])
    return tables.frame(
        """SELECT p.day, r.camera, p.visitor, sum(p.present_s) AS present_s, min(p.first_s) AS first_s,
                  max(p.last_s) AS last_s
           FROM people p JOIN runs r USING (run) WHERE p.open AND p.staff AND NOT p.phantom
           GROUP BY p.day, r.camera, p.visitor
           ORDER BY p.day, r.camera, present_s DESC, first_s, p.visitor"""
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

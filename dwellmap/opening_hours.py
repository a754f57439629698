"""Opening hours: when people in the picture are customers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Hours of each weekday on the shop's own clock.

    Attributes:
        spans_min: Seven tuples, Monday first, of (opens, closes) in minutes since midnight, ascending and
            disjoint; `closes` may be up to 1440 minutes past midnight of the next day.
        zone: The shop's time zone.

    """

    spans_min: tuple[tuple[tuple[int, int], ...], ...]
    zone: ZoneInfo

    def between(self, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open intervals in [begin, end), clipped to it, in order; they may touch but never overlap.

        Args:
            begin: Timezone-aware.
            end: Timezone-aware.

        """
        # One day earlier, for hours that run past midnight.
        day = begin.astimezone(self.zone).date() - timedelta(days=1)
        last = end.astimezone(self.zone).date()
        reached = begin
        while day <= last:
            for opens, closes in self.spans_min[day.weekday()]:
                low = max(self._moment(day, opens), reached)
                high = min(self._moment(day, closes), end)
                if low < high:
                    yield low, high
                    reached = high
            day += timedelta(days=1)

    def is_open(self, moment: datetime) -> bool:
        """Whether the shop is open at a timezone-aware moment."""
        return next(self.between(moment, moment + timedelta(microseconds=1)), None) is not None

    def _moment(self, day: date, minutes: int) -> datetime:
        # Wall-clock arithmetic on purpose: a shop opens at nine also on the day the clocks change.
        local = datetime.combine(day, time()) + timedelta(minutes=minutes)
        # UTC, because aware times of one zone compare and subtract by their wall clock, an hour off where
        # the clocks change.
        return local.replace(tzinfo=self.zone).astimezone(ZoneInfo("UTC"))


def read_day(text: str | list[str]) -> tuple[tuple[int, int], ...]:
    """Read one day, such as "09:00-18:30" or ["09:00-12:00", "14:00-18:00"]; "" or [] is closed.

    Hours that end at or before their beginning run past midnight: "20:00-02:00".

    Returns:
        Ascending disjoint (opens, closes) in minutes since midnight.

    Raises:
        ValueError: If a span is not of that form or two overlap.

    """
    spans = sorted(_read_span(one) for one in ([text] if isinstance(text, str) else text) if one)
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise ValueError(
                f"expected hours that do not overlap, got {_clock(opens)} before {_clock(closes)}"
            )
    return tuple(spans)


def _read_span(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*", text)
    if found is None:
        raise ValueError(f'expected hours such as "09:00-18:30", got {text!r}')
    h1, m1, h2, m2 = (int(part) for part in found.groups())
    opens, closes = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or opens >= DAY_MIN or closes > DAY_MIN:
        raise ValueError(f"expected times from 00:00 to 24:00, got {text!r}")
    return (opens, closes) if closes > opens else (opens, closes + DAY_MIN)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"

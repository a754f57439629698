"""Days and times that somebody asks for, on the recordings' own clock."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def local_moment(word: str | None, last: bool, what: str = "") -> datetime | None:
    """The moment that a word means, without a time zone: `Period` puts it on the recordings' clock.

    Args:
        word: A day, or a day and a time such as 2026-11-02T09:00; None for no bound.
        last: Whether a day alone counts to its end.
        what: Which option that was, for the message.

    Raises:
        ValueError: If it is neither.

    """
    if word is None:
        return None
    try:
        if _DAY.fullmatch(word):
            return datetime.combine(date.fromisoformat(word) + timedelta(days=1 if last else 0), time())
        moment = datetime.fromisoformat(word)
        if moment.tzinfo is not None:
            raise ValueError("without a time zone: it is told on the recordings' clock")
        if len(word) <= len("2026-11-02"):
            raise ValueError("year-month-day")
    except (ValueError, OverflowError) as error:
        name = f"{what}: " if what else ""
        raise ValueError(
            f"{name}expected a day such as 2026-11-02, or 2026-11-02T09:00, got {word!r} ({error})"
        ) from error
    return moment

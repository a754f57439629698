"""Whether a period holds all recordings of its days: only of whole days it is decided what may be shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dwellmap.days.part import runs_in
from dwellmap.period.member import Member, member_of, read_recipe
from dwellmap.period.period import Period

_NAMED = 5


def check_whole_days(period: Period) -> None:
    """Refuse a period that lacks recordings of its days which lie beside its own.

    A report on some recordings of a day, subtracted from a report on all of them, would show the others.
    Recordings of which nobody knows the day are days of their own; of one computed several times, one run
    will do.

    Raises:
        ValueError: If there are such recordings, or the period begins or ends within a day.

    """
    for moment in (period.begin, period.end):
        if moment is not None and moment.astimezone(period.clock).time() != datetime.min.time():
            raise ValueError(
                "--min-people wants whole days: periods that end within a day could be subtracted from each "
                "other to show a few people; leave the time of day out"
            )
    days: dict[Path, set[date]] = {}
    for member in period.members:
        days.setdefault(member.path.resolve().parent, set()).update(_days(member, period))
    here = {(m.path.resolve().parent, m.content, m.zero_s) for m in period.members}
    lost = []
    for folder, chosen in days.items():
        for name in runs_in(folder) if chosen else ():
            try:
                other = member_of(folder / name, read_recipe(folder / name), 0)
            except ValueError:
                continue
            if (folder, other.content, other.zero_s) not in here and chosen & _days(other, period):
                lost.append(str(folder / name))
    if lost:
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        raise ValueError(
            "--min-people wants whole days: expected all recordings of the days of these runs, "
            f"{', '.join(lost[:_NAMED])}{more} of the same days are missing; name the camera's folder, or a "
            "period"
        )


def _days(member: Member, period: Period) -> set[date]:
    """The local days of its footage that lie in the period."""
    if member.start is None:
        return set()
    found: set[date] = set()
    for begin_s, end_s in (member.counted_s + member.zero_s).tolist():
        low = begin_s if period.begin is None else max(begin_s, period.begin.timestamp())
        high = end_s if period.end is None else min(end_s, period.end.timestamp())
        if high <= low:
            continue
        day, last = (
            datetime.fromtimestamp(t, UTC).astimezone(period.clock).date() for t in (low, high - 1e-3)
        )
        while day <= last:
            found.add(day)
            day += timedelta(days=1)
    return found

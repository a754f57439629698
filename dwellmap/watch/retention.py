"""Every night, erase what tells of single people and is older than was agreed."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from dwellmap.erasure import Erased, erase_before
from dwellmap.watch.ledger import Ledger

_HOUR = 3
_NOTE = "erased_on"


def erase_if_due(ledger: Ledger, out: Path, retain_days: int, zone: tzinfo, now: datetime) -> Erased | None:
    """Erase once a day, at three in the night or as soon as the service runs after that.

    Args:
        ledger: Remembers when it was done last.
        out: Output folder.
        retain_days: Whole days that are kept beside today.
        zone: The site's.
        now: Timezone-aware.

    Returns:
        What was erased; None if it was not due.

    """
    local = now.astimezone(zone)
    night = local.date() if local.hour >= _HOUR else local.date() - timedelta(days=1)
    last = ledger.note(_NOTE)
    if last is not None and date.fromisoformat(last) >= night:
        return None
    erased = erase_before(out, local.date() - timedelta(days=retain_days))
    ledger.keep_note(_NOTE, night.isoformat())
    return erased

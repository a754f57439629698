"""Every night, erase what tells of single people and is older than was agreed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from dwellmap.erasure import Erased, erase_before
from dwellmap.watch.ledger import Ledger

_HOUR = 3
_NOTE = "erased_on"


@dataclass(slots=True)
class Nightly:
    """Erases once a day, at three in the night or as soon as the service runs after that.

    The work is done by a thread, which goes with the process: an erasure cut short is done again.

    Attributes:
        out: Output folder.
        retain_days: Whole days that are kept beside today.
        say: Tells the person.

    """

    out: Path
    retain_days: int
    say: Callable[[str], None]
    _night: date = date.min
    _result: list[Erased | ValueError | OSError] = field(default_factory=list)
    _under_way: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether it is at work."""
        return self._under_way

    def turn(self, ledger: Ledger, now: datetime) -> None:
        """Begin where it is due, and note where it is over.

        Args:
            ledger: Remembers when it was done last.
            now: By the site's clock.

        """
        if self._result:
            self._finish(ledger, self._result.pop())
        if self._under_way:
            return
        night = now.date() if now.hour >= _HOUR else now.date() - timedelta(days=1)
        last = ledger.note(_NOTE)
        if night > self._night and (last is None or date.fromisoformat(last) < night):
            self._night, self._under_way = night, True
            before = now.date() - timedelta(days=self.retain_days)
            threading.Thread(target=self._work, args=(before,), name="erasing", daemon=True).start()

    def _work(self, before: date) -> None:
        try:
            self._result.append(erase_before(self.out, before))
        except (ValueError, OSError) as error:
            self._result.append(error)

    def _finish(self, ledger: Ledger, result: Erased | ValueError | OSError) -> None:
        self._under_way = False
        if not isinstance(result, Erased):
            self.say(f"personal data could not be erased, is tried again next night: {result}")
            return
        ledger.keep_note(_NOTE, self._night.isoformat())
        self.say(f"erased the personal data of {len(result.runs)} runs, {result.bytes / 1e6:,.1f} MB")
        for fault in result.faults:
            self.say(f"not erased or not linked again: {fault}")

"""How fast pictures come and are looked at, and how late what is shown is."""

from __future__ import annotations

import time
from collections import deque

_OVER_S = 10.0


class Rates:
    """Counts over the last seconds.

    Attributes:
        delay_s: Age of the newest picture when the work on it was done.

    """

    def __init__(self) -> None:
        self._rows: deque[tuple[float, int]] = deque()
        self._begun_s = time.monotonic()
        self.delay_s = float("nan")

    def add(self, dropped: int, delay_s: float) -> None:
        """A picture was looked at, so many before it were left out."""
        self._rows.append((time.monotonic(), dropped))
        self.delay_s = delay_s

    def now(self) -> tuple[float, float, float]:
        """Pictures a second that were there, those that were looked at, and the share left out."""
        now_s = time.monotonic()
        while self._rows and self._rows[0][0] < now_s - _OVER_S:
            self._rows.popleft()
        looked, dropped = len(self._rows), sum(count for _, count in self._rows)
        over_s = max(min(_OVER_S, now_s - self._begun_s), 1e-3)
        share = dropped / (looked + dropped) if looked + dropped else 0.0
        return (looked + dropped) / over_s, looked / over_s, share

"""How long to wait before a camera is tried again."""

from __future__ import annotations

FIRST_S = 1.0
LONGEST_S = 30.0
SLOW_FIRST_S = 30.0
SLOW_LONGEST_S = 300.0
"""For what a person has to put right. Many cameras lock an account that is tried too often."""

HEALTHY_S = 10.0
"""A stream that gave pictures for so long is well again: the next break begins with the shortest pause."""


class Pauses:
    """Pauses that double: 1, 2, 4 .. 30 s; 30, 60 .. 300 s where only a person can help."""

    def __init__(self) -> None:
        self._next_s = FIRST_S
        self._next_slow_s = SLOW_FIRST_S

    def after_failure(self, slow: bool) -> float:
        """Seconds until the next attempt."""
        if slow:
            pause_s, self._next_slow_s = self._next_slow_s, min(2 * self._next_slow_s, SLOW_LONGEST_S)
        else:
            pause_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        return pause_s

    def after_pictures(self, lasted_s: float) -> None:
        """Note that pictures came for so many seconds."""
        if lasted_s >= HEALTHY_S:
            self._next_s, self._next_slow_s = FIRST_S, SLOW_FIRST_S

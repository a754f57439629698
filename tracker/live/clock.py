"""A camera's timestamps put on this machine's axis of time, though its clock drifts, jumps or is set anew."""

from __future__ import annotations

import math
from collections import deque

from tracker.timeline import MAX_FRAME_GAP_S

JUMP_S = MAX_FRAME_GAP_S
"""A camera's clock that is off by more (s), from one picture to the next, was set anew."""

_SETTLE_S = 5.0  # after the first picture: what was sent late from a buffer may still be coming
_LONGEST_BACKLOG_S = 3.0
_LARGEST_STORE_S = 60.0
_EARLY_S = 0.1
_AT_ONCE_S = 0.003  # pictures closer than this did not come as they were taken
_WINDOW_S, _LEAST_SPAN_S = 5.0, 4.0  # over which the quickest way of a picture is looked for
_MOST_SLEW = 0.25  # of a step: time may go so much faster or slower than the camera's own
_PATIENCE_S = 3.0  # with no stamp or only such as do not go on; longer than any step back that is no jump
_MOST_JUMPS, _JUMPS_WITHIN_S = 5, 60.0


class CameraClock:
    """Gives pictures their times.

    Steps between pictures are the camera's own, so that the way through the network does not jitter them. As
    a whole they are held to the time of arrival: a picture cannot arrive before it was taken, and the
    quickest of some seconds is taken to have come at once. A clock that is a little too fast or slow is
    followed by at most a quarter of a step; one that jumps is anchored anew. Cameras that send no timestamps,
    or senseless ones, are timed by arrival.

    What a camera had in store when it was connected arrives all at once; those pictures are left out.

    Args:
        after_s: No picture gets a time at or before this (s).
        stamped: Whether the stream states times at all.

    """

    def __init__(self, after_s: float = 0.0, stamped: bool = True) -> None:
        self._last_s = after_s
        self._stamped = stamped
        self._first_arrival_s: float | None = None
        self._last_arrival_s = -math.inf
        self._usual_wait_s = 0.0
        self._last_stamp_s = 0.0
        # Of the camera's stamps from this machine's time; as it may be, until a second picture confirms it.
        self._offset_s: float | None = None
        self._supposed_offset_s: float | None = None
        self._anchored_s = 0.0
        self._bad_since_s: float | None = None
        self._behind: deque[tuple[float, float]] = deque()
        self._jumps: deque[float] = deque(maxlen=_MOST_JUMPS)
        self._notices: list[str] = []

    def time_s(self, stamp_s: float | None, arrival_s: float) -> float | None:
        """When a picture was taken.

        Args:
            stamp_s: What the camera says (s), from any beginning; None if it says nothing.
            arrival_s: When the picture arrived (s), on the axis of the result.

        Returns:
            Seconds, later than for any picture before; None if the picture is to be left out.

        """
        if not self._stamped:
            return self._by_arrival(arrival_s)
        if stamp_s is None:
            return self._without(arrival_s, "sends no timestamps")
        if self._offset_s is None:
            return self._begun(stamp_s, arrival_s)
        step_s = stamp_s - self._last_stamp_s
        late_s = arrival_s - (stamp_s + self._offset_s)
        if step_s <= -JUMP_S or late_s < -JUMP_S:
            fresh = arrival_s - self._anchored_s < _SETTLE_S
            if fresh and step_s > 0 and late_s > -_LARGEST_STORE_S:
                return self._anchored(stamp_s, arrival_s)  # it was still in the camera's store
            return self._supposed(stamp_s, arrival_s, late_s)
        if step_s <= 0:
            return self._without(arrival_s, "sends timestamps that stand still")
        self._remember(stamp_s, arrival_s)
        if late_s < -_EARLY_S and arrival_s - self._anchored_s < _SETTLE_S:
            self._offset_s = arrival_s - stamp_s
            return self._later(arrival_s)
        usual_s = self._usual_lateness(stamp_s, arrival_s)
        if usual_s > JUMP_S:
            return self._jumped(-usual_s, stamp_s, arrival_s)
        most_s = _MOST_SLEW * step_s
        self._offset_s += min(most_s, max(-most_s, usual_s * step_s / _WINDOW_S))
        return self._later(stamp_s + self._offset_s)

    def notices(self) -> list[str]:
        """What is worth telling since the last call."""
        told, self._notices = self._notices, []
        return told

    def _later(self, t_s: float) -> float | None:
        if t_s <= self._last_s:
            return None
        self._last_s = t_s
        return t_s

    def _by_arrival(self, arrival_s: float) -> float | None:
        """What comes all at once was held up on its way, nobody knows how long: one picture of it will do."""
        first = math.isinf(self._last_arrival_s)
        waited_s = min(arrival_s - self._last_arrival_s, 1.0)
        self._last_arrival_s = arrival_s
        if first or waited_s < max(self._usual_wait_s / 4, _AT_ONCE_S):
            return None
        self._usual_wait_s += (waited_s - self._usual_wait_s) / 16
        return self._later(arrival_s)

    def _without(self, arrival_s: float, why: str) -> float | None:
        """One picture without a good stamp is left out: the first has none at times; many are the rule."""
        if self._bad_since_s is None:
            self._bad_since_s = arrival_s
        if arrival_s - self._bad_since_s < _PATIENCE_S:
            return None
        self._give_up(why)
        return self._by_arrival(arrival_s)

    def _begun(self, stamp_s: float, arrival_s: float) -> float | None:
        """Anchor the clock at the first picture that did not come at once with the one before."""
        if self._first_arrival_s is None:
            self._first_arrival_s = arrival_s
            self._remember(stamp_s, arrival_s)
            return None
        step_s, waited_s = stamp_s - self._last_stamp_s, arrival_s - self._last_arrival_s
        self._remember(stamp_s, arrival_s)
        if waited_s < step_s / 2 and arrival_s - self._first_arrival_s < _LONGEST_BACKLOG_S:
            return None
        return self._anchored(stamp_s, arrival_s)

    def _supposed(self, stamp_s: float, arrival_s: float, late_s: float) -> float | None:
        """A jump, if the next picture says the same; otherwise one picture's bad stamp."""
        supposed_s, self._supposed_offset_s = self._supposed_offset_s, arrival_s - stamp_s
        if supposed_s is not None and abs(supposed_s - self._supposed_offset_s) < JUMP_S:
            return self._jumped(-late_s, stamp_s, arrival_s)
        return self._without(arrival_s, "sends timestamps without any order")

    def _jumped(self, by_s: float, stamp_s: float, arrival_s: float) -> float | None:
        self._jumps.append(arrival_s)
        if len(self._jumps) == _MOST_JUMPS and arrival_s - self._jumps[0] < _JUMPS_WITHIN_S:
            self._give_up("sends timestamps that jump again and again")
            return self._by_arrival(arrival_s)
        self._notices.append(
            f"the camera's clock jumped by {by_s:+.1f} s; time goes on by this machine's clock"
        )
        return self._anchored(stamp_s, arrival_s)

    def _anchored(self, stamp_s: float, arrival_s: float) -> float | None:
        self._offset_s = arrival_s - stamp_s
        self._anchored_s = arrival_s
        self._behind.clear()
        self._remember(stamp_s, arrival_s)
        return self._later(arrival_s)

    def _remember(self, stamp_s: float, arrival_s: float) -> None:
        self._last_stamp_s, self._last_arrival_s = stamp_s, arrival_s
        self._bad_since_s = self._supposed_offset_s = None

    def _give_up(self, why: str) -> None:
        self._stamped = False
        self._notices.append(f"the camera {why}; its pictures are timed by their arrival")

    def _usual_lateness(self, stamp_s: float, arrival_s: float) -> float:
        """The least of the last seconds (s); 0 until there are enough, as while a hold-up is made good."""
        seen = self._behind
        seen.append((arrival_s, arrival_s - stamp_s))
        while seen[0][0] < arrival_s - _WINDOW_S:
            seen.popleft()
        if self._offset_s is None or arrival_s - seen[0][0] < _LEAST_SPAN_S:
            return 0.0
        return min(behind_s for _, behind_s in seen) - self._offset_s

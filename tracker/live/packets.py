"""Coded pictures that wait for the decoder: few, and none for long."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from av.packet import Packet
from av.video.stream import VideoStream

_LONGEST_WAIT_S = 1.5
_MOST_BYTES = 64 << 20
_LONGEST_WITHOUT_KEY_S = 10.0  # some cameras refresh their pictures bit by bit, and have no key pictures


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet and when it came.

    Attributes:
        packet: As FFmpeg read it.
        arrival_s: Seconds (monotonic clock).

    """

    packet: Packet[VideoStream]
    arrival_s: float


class PacketQueue:
    """Between the thread that reads a stream and the one that decodes it.

    The reader never waits, so the line never fills up and times of arrival stay true. Where the decoder is
    too slow, what is older than the newest key picture is thrown away; pictures up to a key picture cannot
    be decoded without those before them, so they go too.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Arrived] = deque()
        self._bytes = 0
        self._needs_key_since_s: float | None = None
        self._lost = 0
        self._over = False

    def put(self, packet: Packet[VideoStream], arrival_s: float) -> None:
        """Add what was just read."""
        with self._changed:
            if self._waiting and (
                arrival_s - self._waiting[0].arrival_s > _LONGEST_WAIT_S or self._bytes > _MOST_BYTES
            ):
                self._let_go(arrival_s)
            since_s = self._needs_key_since_s
            waits = since_s is not None and arrival_s - since_s < _LONGEST_WITHOUT_KEY_S
            if waits and not packet.is_keyframe:
                self._lost += 1
                return
            self._needs_key_since_s = None
            self._waiting.append(Arrived(packet, arrival_s))
            self._bytes += packet.size
            self._changed.notify()

    def _let_go(self, now_s: float) -> None:
        keys = [index for index, arrived in enumerate(self._waiting) if arrived.packet.is_keyframe]
        newest = keys[-1] if keys else 0
        if newest == 0:
            self._lost += len(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._needs_key_since_s = now_s
            return
        self._lost += newest
        for _ in range(newest):
            self._bytes -= self._waiting.popleft().packet.size

    def take(self) -> Arrived | None:
        """Wait for the next; None once the stream is over."""
        with self._changed:
            while not self._waiting:
                if self._over:
                    return None
                self._changed.wait()
            arrived = self._waiting.popleft()
            self._bytes -= arrived.packet.size
            return arrived

    def lost(self) -> int:
        """How many were thrown away since the last call."""
        with self._changed:
            lost, self._lost = self._lost, 0
            return lost

    def end(self) -> None:
        """Say that no more will come."""
        with self._changed:
            self._over = True
            self._changed.notify()

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
    """A packet and when it came: a picture, or a part of one.

    Attributes:
        packet: As FFmpeg read it.
        arrival_s: Seconds (monotonic clock).
        begins: Whether a picture begins with it; else it goes on with that of the one before.

    """

    packet: Packet[VideoStream]
    arrival_s: float
    begins: bool


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
        self._newest_pts: int | None = None
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
            # Cameras send pictures in parts.
            begins = packet.pts is None or packet.pts != self._newest_pts
            self._newest_pts = packet.pts
            # The rest of a key picture is no use without its first part.
            if waits and not (packet.is_keyframe and begins):
                self._lost += begins
                return
            self._needs_key_since_s = None
            self._waiting.append(Arrived(packet, arrival_s, begins))
            self._bytes += packet.size
            self._changed.notify()

    def _let_go(self, now_s: float) -> None:
        keys = [k for k, waits in enumerate(self._waiting) if waits.begins and waits.packet.is_keyframe]
        newest = keys[-1] if keys else 0
        if newest == 0:
            self._needs_key_since_s = now_s
        for _ in range(newest or len(self._waiting)):
            arrived = self._waiting.popleft()
            self._bytes -= arrived.packet.size
            self._lost += arrived.begins

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

"""The newest picture of a stream and the news about it, between the threads of the process that decodes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from av.video.frame import VideoFrame

from tracker.live.faults import Fault


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A decoded picture.

    Attributes:
        picture: As FFmpeg decoded it.
        t_s: When it was taken (s).
        dropped: Pictures that gave way to newer ones since one was taken, or were not decoded in time.

    """

    picture: VideoFrame
    t_s: float
    dropped: int


class Board:
    """Holds one picture; a newer one takes its place.

    Attributes:
        coding: FFmpeg's name of the coding; empty until the stream is open.
        packets: Read so far.
        key_s: When the first key picture was read (s, monotonic clock); None before.
        undecoded: Packets read since a picture was decoded.
        pictures: Decoded so far.
        seen_s: When the last of them was taken (s); None before the first with a time.
        since_s: How long the next is waited for: since the last was decoded, or the stream began (s,
            monotonic clock).

    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: Timed | None = None
        self._news: list[dict[str, Any]] = []
        self._fault: Fault | None = None
        self._wanted = False
        self.coding = ""
        self.packets = 0
        self.key_s: float | None = None
        self.undecoded = 0
        self.pictures = 0
        self.seen_s: float | None = None
        self.since_s = time.monotonic()

    def opened(self, coding: str, least_s: float) -> None:
        """Note that the stream is open; its first picture is waited for at least so long from now."""
        self.since_s = max(self.since_s, time.monotonic() - least_s)
        self.coding = coding

    def note_packet(self, is_key: bool) -> None:
        """Note that a coded picture was read."""
        self.packets += 1
        if is_key and self.key_s is None:
            self.key_s = time.monotonic()
        self.undecoded += 1

    def note_picture(self) -> None:
        """Note that one was decoded."""
        self.pictures += 1
        self.undecoded = 0
        self.since_s = time.monotonic()

    def show(self, picture: VideoFrame, t_s: float, lost: int) -> None:
        """Put up a picture that somebody may want, and how many before it were not decoded in time."""
        with self._changed:
            dropped = 0 if self._newest is None else self._newest.dropped + 1
            self._newest = Timed(picture, t_s, dropped + lost)
            self._changed.notify()

    def tell(self, news: dict[str, Any]) -> None:
        """Pass on a message before the next picture."""
        with self._changed:
            self._news.append(news)
            self._changed.notify()

    def fail(self, fault: Fault) -> None:
        """Put up why it is over; the first counts."""
        with self._changed:
            self._fault = self._fault or fault
            self._changed.notify()

    def ask(self) -> None:
        """Want a picture."""
        with self._changed:
            self._wanted = True
            self._changed.notify()

    def wait(self, timeout_s: float) -> tuple[list[dict[str, Any]], Timed | None, Fault | None]:
        """What there is to send: news, a picture if one is wanted, the fault that ends it all."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._news or self._fault or (self._wanted and self._newest), timeout_s
            )
            news, self._news = self._news, []
            picture = None
            if self._wanted and self._newest is not None:
                picture, self._newest, self._wanted = self._newest, None, False
            return news, picture, self._fault

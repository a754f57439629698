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
        pictures: Decoded so far.
        seen_s: When the last of them was taken (s); None before the first with a time.
        decoded_at_s: When that was (s, monotonic clock); until then when the stream began.
        packets: Read so far.
        read_at_s: When the last of them was (s, monotonic clock).
        coding: FFmpeg's name of the coding.

    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: Timed | None = None
        self._news: list[dict[str, Any]] = []
        self._fault: Fault | None = None
        self._wanted = False
        self.pictures = 0
        self.packets = 0
        self.seen_s: float | None = None
        self.decoded_at_s = time.monotonic()
        self.read_at_s = 0.0
        self.coding = ""

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

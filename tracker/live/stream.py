"""A camera's stream that goes on: the newest picture on demand, breaks told and mended."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import TracebackType

from tracker.live.address import Address, parse_address
from tracker.live.events import Event, Gap, Notice, Picture, Trouble
from tracker.live.line import Message
from tracker.live.pauses import Pauses
from tracker.live.process import DecoderProcess
from tracker.sampling import Sampler

STALL_S = 10.0
"""A camera that does not answer, or sends no picture, for so long (s) is connected anew."""

_SLICE_S = 0.25  # between two looks whether the stream was closed meanwhile


class LiveStream:
    """The events of one camera, until it is closed. For one thread; `close` may come from any, or a signal.

    Pictures are decoded in a process of their own. Each request gives the newest that was not given yet;
    whoever asks seldom gets fewer pictures, never older ones.

    Attributes:
        address: The camera's address as it may be shown.
        sample_fps: Pictures a second that are picked by their times; None for all.

    """

    def __init__(self, address: Address, sample_fps: float | None, stall_s: float) -> None:
        Sampler(sample_fps)  # a wrong rate is told at once
        self.address = address.shown
        self.sample_fps = sample_fps
        self._address = address
        self._stall_s = stall_s
        self._origin_s = time.monotonic()
        self._events: deque[Event] = deque()
        self._pauses = Pauses()
        self._closed = threading.Event()
        self._taken = threading.Lock()
        self._process: DecoderProcess | None = None
        self._over = False
        self._retry_at_s = -math.inf
        self._size_px: tuple[int, int] | None = None
        self._last_s = 0.0
        self._broken: str | None = None
        self._pictures_since_s: float | None = None

    def __enter__(self) -> LiveStream:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __iter__(self) -> Iterator[Event]:
        """Yield events as they come; ends when the stream is closed, or after a fatal trouble."""
        while not self.over:
            event = self.next(1.0)
            if event is not None:
                yield event

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self._closed.is_set() or (self._over and not self._events)

    def next(self, timeout_s: float | None = None) -> Event | None:
        """Wait for the next event.

        Args:
            timeout_s: Longest wait (s); None for ever.

        Returns:
            None if nothing came in time, or nothing will come any more (`over`).

        """
        with self._taken:
            event = self._next(math.inf if timeout_s is None else time.monotonic() + timeout_s)
        if self._closed.is_set():
            self.close()  # one that found this thread inside left it to do
        return event

    def close(self) -> None:
        """End it; a `next` that waits in another thread returns soon."""
        self._closed.set()
        # Who is inside `next` does it on the way out; that may be this very thread, under a signal handler.
        if self._taken.acquire(blocking=False):
            try:
                self._end_process()
            finally:
                self._taken.release()

    def _next(self, until_s: float) -> Event | None:
        while not self.over:
            if self._events:
                return self._events.popleft()
            left_s = min(_SLICE_S, max(0.0, until_s - time.monotonic()))
            if self._process is None:
                self._begin_or_wait(left_s)
            else:
                message = self._process.next(left_s)
                if message is not None:
                    self._take(message, self._process)
            if not self._events and time.monotonic() >= until_s:
                break
        if self.over:
            self._end_process()
        return None

    def _begin_or_wait(self, left_s: float) -> None:
        wait_s = self._retry_at_s - time.monotonic()
        if wait_s > 0:
            self._closed.wait(min(left_s, wait_s))
            return
        try:
            self._process = DecoderProcess(
                {
                    "address": self._address.opened,
                    "origin_s": self._origin_s,
                    "after_s": self._last_s,
                    "sample_fps": self.sample_fps,
                    "stall_s": self._stall_s,
                    "size_px": self._size_px,
                    "parent": os.getpid(),
                }
            )
        except OSError as fault:
            self._failed(f"no process can be started to decode it: {fault.strerror}", slow=False, fatal=False)

    def _take(self, message: Message, process: DecoderProcess) -> None:
        match message["event"]:
            case "picture":
                self._take_picture(message, process)
            case "gap":
                self._events.append(Gap(message["from_s"], message["to_s"], message["why"]))
            case "notice":
                self._events.append(Notice(message["t_s"], self._address.scrubbed(message["message"])))
            case "fault":
                self._last_s = max(self._last_s, message["seen_s"] or 0.0)
                self._failed(message["message"], slow=message["slow"], fatal=message["fatal"])
            case _:
                self._failed(f"{self.address}: {message['message']}", slow=False, fatal=False)

    def _take_picture(self, message: Message, process: DecoderProcess) -> None:
        t_s = float(message["t_s"])
        height, width, channels = message["shape"]
        image = process.image((height, width, channels))
        self._size_px = (width, height)
        if self._broken is not None:
            self._events.append(Gap(self._last_s, t_s, self._broken))
            self._broken = None
        if self._pictures_since_s is None:
            self._pictures_since_s = t_s
        self._last_s = t_s
        now_s = time.monotonic()
        late_s = now_s - self._origin_s - t_s
        self._events.append(
            Picture(
                t_s=t_s,
                wall=datetime.now(UTC) - timedelta(seconds=late_s),
                image_bgr=image,
                late_s=max(0.0, late_s),
                dropped=int(message["dropped"]),
            )
        )

    def _failed(self, message: str, *, slow: bool, fatal: bool) -> None:
        self._end_process()
        if self._pictures_since_s is not None:
            self._pauses.after_pictures(self._last_s - self._pictures_since_s)
            self._pictures_since_s = None
        message = self._address.scrubbed(message)
        self._broken = self._broken or message
        pause_s = None if fatal else self._pauses.after_failure(slow)
        self._over = fatal
        self._retry_at_s = time.monotonic() + (pause_s or 0.0)
        self._events.append(Trouble(message, fatal, pause_s))

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()


def open_stream(address: str, *, sample_fps: float | None = None, stall_s: float = STALL_S) -> LiveStream:
    """Watch a camera; connecting begins with the first request.

    Args:
        address: rtsp://, rtsps://, http://, https:// with an MJPEG, MPEG-TS or FLV stream, or /dev/video*.
        sample_fps: Pictures a second to pick, by their times; None for all. What lies between is decoded but
            neither converted nor handed over, and does not count as dropped.
        stall_s: A camera that does not answer, or sends no picture, for so long (s) is connected anew.

    Raises:
        ValueError: If the address or the rate cannot be understood; the message holds no credentials.

    """
    return LiveStream(parse_address(address), sample_fps, stall_s)

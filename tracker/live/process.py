"""One attempt at a stream, seen from the process that takes its pictures."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from tracker.live.line import Message, SharedPicture, receive, send

_GRACE_S = 5.0  # beyond the limits that the decoding process keeps itself; then it hangs
_END_S = 1.0


class DecoderProcess:
    """A process that decodes one stream; ended with this object, and by itself when this process ends.

    Args:
        order: See `decoder.Decoder` and `decoder.Sender`.

    Raises:
        OSError: If no process can be started.

    Attributes:
        pid: Its id.

    """

    def __init__(self, order: Message) -> None:
        ours, theirs = socket.socketpair()
        number = os.memfd_create("dwellmap-picture", os.MFD_CLOEXEC)
        self._memory = SharedPicture(number)
        self._connection = Connection(ours.detach())
        self._longest_s = 2 * float(order["stall_s"]) + _GRACE_S
        self._asked_at_s: float | None = None
        try:
            self._process = subprocess.Popen(
                # -P: nothing that lies in the current folder is taken for a module.
                [sys.executable, "-P", "-m", "tracker.live.decoder", str(theirs.fileno()), str(number)],
                pass_fds=(theirs.fileno(), number),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # FFmpeg's own words may hold the address, password and all.
                stderr=subprocess.DEVNULL,
            )
        except BaseException:
            self._connection.close()
            self._memory.close()
            raise
        finally:
            theirs.close()
        self.pid = self._process.pid
        self._say(order)

    def next(self, timeout_s: float) -> Message | None:
        """What it says, a wanted picture among it; None if nothing came in that time.

        A message that it died has `event` "died" and, as a fault has, a text `message`.
        """
        if self._asked_at_s is None:
            self._asked_at_s = time.monotonic()
            self._say({"event": "next"})
        try:
            if not self._connection.poll(timeout_s):
                return self._hung()
            message = receive(self._connection)
        except (EOFError, OSError, ValueError):
            return self._died()
        if message["event"] == "picture":
            self._asked_at_s = None
        return message

    def image(self, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """The picture of the message that just came; (height, width, 3) BGR, read-only."""
        return self._memory.read(shape)

    def close(self) -> None:
        """End it."""
        self._connection.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._memory.close()

    def _say(self, message: Message) -> None:
        with suppress(OSError):  # it died; that is met when it is listened to
            send(self._connection, message)

    def _hung(self) -> Message | None:
        if self._asked_at_s is None or time.monotonic() - self._asked_at_s < self._longest_s:
            return None
        self._process.kill()
        return {"event": "died", "message": "the process that decodes the stream hung and was ended"}

    def _died(self) -> Message:
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        how = f"exit code {code}"
        if code < 0:
            try:
                how = signal.Signals(-code).name
            except ValueError:
                how = f"signal {-code}"
        return {"event": "died", "message": f"the process that decodes the stream ended ({how})"}

"""The process that reads and decodes one stream: `python -m tracker.live.decoder CONNECTION MEMORY`.

It may hang or crash on what a camera sends without harm to anything else. Its address comes over the
connection, not in its arguments, where every user of the machine could read it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tracker.live.address import Address, parse_address
from tracker.live.board import Board, Timed
from tracker.live.clock import CameraClock
from tracker.live.faults import Fault, StreamError, ended, fault_of, no_answer, own_fault, stalled
from tracker.live.line import Message, SharedPicture, receive, send
from tracker.live.opening import opened_stream, stated_times
from tracker.live.packets import PacketQueue
from tracker.sampling import Sampler
from tracker.timeline import MAX_FRAME_GAP_S

_LOOK_S = 0.25  # between two looks whether pictures still come
_SAME_SHAPE = 0.02
_FEW = 5  # packets; fewer may be on their way through the decoder
_KEY_PATIENCE = 4
_TELL_AGAIN_S = 600.0
_TOO_SLOW = (
    "this machine cannot decode the stream as fast as it comes, and leaves parts of it out; "
    "use the camera's smaller stream, or a lower rate or picture size"
)


class Decoder:
    """Reads, decodes and times the pictures of one stream, in two threads.

    Args:
        order: `address`; `origin_s`, the beginning of the axis of time (monotonic clock); `after_s`, before
            which no picture may lie; `sample_fps`; `stall_s`, the longest time without an answer or
            a picture.

    """

    def __init__(self, order: Message) -> None:
        self.address: Address = parse_address(order["address"])
        self.board = Board()
        self._origin_s = float(order["origin_s"])
        self._after_s = float(order["after_s"])
        self._stall_s = float(order["stall_s"])
        self._sample_fps: float | None = order["sample_fps"]
        self._sampler = Sampler(self._sample_fps)
        self._shown_s: float | None = None
        self._lost = 0  # packets, since a picture was shown
        self._tell_again_s: dict[str, float] = {}
        self._queue = PacketQueue()
        threading.Thread(target=self._guarded, args=(self._read,), name="read", daemon=True).start()

    def stalled(self) -> Fault | None:
        """Why to give up, once no picture came for too long."""
        board = self.board
        waited_s = time.monotonic() - board.since_s
        # Opening ends by itself, unless a name is looked up in vain.
        if waited_s < self._stall_s * (1 if board.coding else 2):
            return None
        if not board.coding:
            return no_answer(self.address, waited_s)
        flowing = board.undecoded > _FEW
        if flowing and waited_s < self._stall_s * _KEY_PATIENCE:
            # Connected between two key pictures, which some cameras send seldom: anew, it would be no better.
            if board.key_s is None:
                self._tell_once(f"{board.coding} comes, and its next key picture is waited for")
                return None
            # It has come, and what is behind it is being decoded.
            if time.monotonic() - board.key_s < self._stall_s:
                return None
        came = 0 if flowing else board.pictures or board.packets
        return stalled(self.address, came, flowing, board.coding, self._stall_s)

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except (av.FFmpegError, OSError, StreamError) as error:
            self.board.fail(fault_of(error, self.address, self._stall_s))
        except Exception as error:  # told to the other process; nothing else can go on here
            self.board.fail(own_fault(error, self.address))

    def _read(self) -> None:
        with opened_stream(self.address, self._stall_s) as (container, stream):
            self.board.opened(stream.codec_context.name, self._stall_s / 2)
            decoding = threading.Thread(
                target=self._guarded,
                args=(self._decode, stream, stated_times(container)),
                name="decode",
                daemon=True,
            )
            decoding.start()
            error = self._demux(container, stream)
            self._queue.end()
            decoding.join()
            raise StreamError(ended(self.address, self.board.pictures, self.board.coding, error))

    def _demux(self, container: av.container.InputContainer, stream: av.VideoStream) -> Exception | None:
        """Read until the stream ends; what ended it, if it did not end by itself."""
        try:
            for packet in container.demux(stream):
                if packet.size:
                    self.board.note_packet(packet.is_keyframe)
                    self._queue.put(packet, time.monotonic())
        except av.error.ExitError:
            time.sleep(self._stall_s)  # silent for too long: the other thread tells it as a stall
        except av.FFmpegError as error:
            return error
        return None

    def _decode(self, stream: av.VideoStream, stamped: bool) -> None:
        clock = CameraClock(self._after_s, stamped)
        while (arrived := self._queue.take()) is not None:
            try:
                pictures = stream.codec_context.decode(arrived.packet)
            except av.FFmpegError:
                continue  # a damaged packet; if all are, the stall is told
            lost = self._queue.lost()
            self._lost += lost
            for picture in pictures:
                if not picture.is_corrupt:
                    t_s = clock.time_s(_stamp_s(picture), arrived.arrival_s - self._origin_s)
                    self._take(picture, t_s, clock)
            if lost:
                self._tell_once(_TOO_SLOW)

    def _take(self, picture: VideoFrame, t_s: float | None, clock: CameraClock) -> None:
        board = self.board
        board.note_picture()
        for text in clock.notices():
            board.tell({"event": "notice", "t_s": t_s or board.seen_s or self._after_s, "message": text})
        if t_s is None:
            return
        if board.seen_s is not None and t_s - board.seen_s > MAX_FRAME_GAP_S:
            why = (
                f"this machine decoded nothing for {t_s - board.seen_s:.1f} s: the stream is too much for it"
                if self._lost
                else f"no picture came from the camera for {t_s - board.seen_s:.1f} s"
            )
            board.tell({"event": "gap", "from_s": board.seen_s, "to_s": t_s, "why": why})
        board.seen_s = t_s
        if self._sampler.due(t_s):
            self._sampler.take(t_s)
            board.show(picture, t_s, self._missed(t_s))
            self._shown_s, self._lost = t_s, 0

    def _missed(self, t_s: float) -> int:
        """Pictures that would have been shown had they been decoded."""
        if self._sample_fps is None or self._shown_s is None or not self._lost:
            return self._lost
        return min(self._lost, max(0, round((t_s - self._shown_s) * self._sample_fps) - 1))

    def _tell_once(self, text: str) -> None:
        now_s = time.monotonic()
        if now_s >= self._tell_again_s.get(text, 0.0):
            self._tell_again_s[text] = now_s + _TELL_AGAIN_S
            t_s = self.board.seen_s or self._after_s
            self.board.tell({"event": "notice", "t_s": t_s, "message": text})


class Sender:
    """Answers the process that takes pictures.

    Args:
        connection: To it.
        memory: Where pictures are put.
        order: `size_px`, (width, height) of pictures, None for that of the first; `parent`, the
            id of that process.

    """

    def __init__(self, connection: Connection, memory: SharedPicture, order: Message) -> None:
        self._connection = connection
        self._memory = memory
        self._size_px: tuple[int, int] | None = tuple(order["size_px"]) if order["size_px"] else None
        self._told_px = self._size_px
        self._parent = int(order["parent"])

    def run(self, decoder: Decoder) -> None:
        """Send what comes, until the stream is over."""
        # The connection tells that the other side is gone, unless a copy of that process holds it open.
        while os.getppid() == self._parent:
            news, timed, fault = decoder.board.wait(_LOOK_S)
            for message in news:
                send(self._connection, message)
            if timed is not None:
                fault = self._send(timed, decoder) or fault
            fault = fault or decoder.stalled()
            if fault is not None:
                send(
                    self._connection,
                    {
                        "event": "fault",
                        "message": fault.message,
                        "fatal": fault.fatal,
                        "slow": fault.slow,
                        "seen_s": decoder.board.seen_s,
                    },
                )
                return

    def _send(self, timed: Timed, decoder: Decoder) -> Fault | None:
        came = (timed.picture.width, timed.picture.height)
        wanted = self._size_px = self._size_px or came
        if abs(came[0] * wanted[1] / (came[1] * wanted[0]) - 1) > _SAME_SHAPE:
            return Fault(
                f"{decoder.address.shown}: expected pictures of the shape {wanted[0]}x{wanted[1]}, got "
                f"{came[0]}x{came[1]}; set the camera back, or start anew and calibrate it again"
            )
        if came != wanted and came != self._told_px:
            text = (
                f"the picture size changes to {came[0]}x{came[1]}; "
                f"pictures are scaled to {wanted[0]}x{wanted[1]}"
            )
            send(self._connection, {"event": "notice", "t_s": timed.t_s, "message": text})
        self._told_px = came
        image = _converted(timed.picture, wanted)
        self._memory.write(image)
        send(
            self._connection,
            {"event": "picture", "t_s": timed.t_s, "shape": image.shape, "dropped": timed.dropped},
        )
        return None


def _stamp_s(picture: VideoFrame) -> float | None:
    """What the camera says (s)."""
    if picture.pts is None or picture.time_base is None:
        return None
    return float(picture.pts * picture.time_base)


def _converted(picture: VideoFrame, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width, 3) BGR."""
    image = picture.reformat(*size_px, format="bgr24").to_ndarray()
    return image.astype(np.uint8, copy=False)


def _listen(connection: Connection, board: Board) -> None:
    """Take requests; when whoever asks is gone, so is this process, whatever it is in the middle of."""
    try:
        while True:
            receive(connection)
            board.ask()
    except (EOFError, OSError):
        os._exit(0)


def main(connection_number: int, memory_number: int) -> None:
    """Serve one attempt."""
    # Ended by the other side alone: a Ctrl-C in the terminal reaches both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection = Connection(connection_number)
    order = receive(connection)
    decoder = Decoder(order)
    threading.Thread(target=_listen, args=(connection, decoder.board), name="listen", daemon=True).start()
    sender = Sender(connection, SharedPicture(memory_number), order)
    with suppress(OSError):  # whoever asked is gone
        sender.run(decoder)
    # Threads may hang in FFmpeg for ever; nothing here is worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

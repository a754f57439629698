"""One pass over a video file: its pictures with the times that it states, damage skipped and counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tracker.container import opened

_FAULTS_IN_A_ROW = 256  # a demuxer that only fails has reached the end of what can be read
_MOST_IN_FLIGHT = 64  # pictures that a decoder may hold back: FFmpeg's 16 threads and 16 reordered, twice
_LONGEST_LEAD_S = 60.0  # of undecodable footage before the first picture; a longer one is a false timestamp
ONE_PICTURE_PER_PACKET = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "gif"})


class Reading(Protocol):
    """One pass over a file's pictures: of the `Decoder`, or of what the packets promise."""

    @property
    def damaged(self) -> int:
        """Pictures and packets skipped so far."""
        ...

    @property
    def unaccounted(self) -> int:
        """At the end, pictures that the container states but that never came, not even damaged."""
        ...

    def pictures(self) -> Generator[tuple[float | None, tuple[int, VideoFrame | None]]]:
        """Yield (seconds of life or None, (number, picture or None if only its time is known))."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Say in plain words what was skipped."""
        ...


class Decoder:
    """Decodes a file's pictures once.

    Begins with as many threads as there are, stopping at the slightest damage: FFmpeg's frame threads conceal
    damage differently each time, and lose pictures around it. From there a second, careful pass takes over
    that has one thread. So an intact file is fast, and a damaged one gives the same pictures each
    time.

    Args:
        path: The file.
        clock_rate: Seconds of life per second of the container.

    Attributes:
        damaged: Pictures and packets skipped so far.
        unaccounted: At the end, pictures that the container states but that never came, not even damaged.

    """

    def __init__(self, path: Path, clock_rate: float) -> None:
        self.damaged = 0
        self.unaccounted = 0
        self._path = path
        self._clock_rate = clock_rate
        self._damaged_s: tuple[float, float] | None = None

    def pictures(self) -> Generator[tuple[float | None, tuple[int, VideoFrame]]]:
        """Yield (seconds of life since the start or None as stated, (number of the picture, picture)).

        Time 0 is the first picture, or the first packet where pictures before it were lost.

        Raises:
            ValueError, FileNotFoundError: If the file cannot be opened; see `container.opened`.

        """
        with opened(self._path) as (container, stream):
            fast = _Pass(container, stream, explode=True)
            yield from self._timed(fast)
        if fast.intact:
            return
        self.damaged = 0
        self._damaged_s = None
        with opened(self._path, careful=True) as (container, stream):
            careful = _Pass(container, stream, explode=False)
            yield from self._timed(careful, after=fast)

    def warnings(self) -> tuple[str, ...]:
        """Say in plain words what was skipped."""
        if not self.damaged:
            return ()
        where = (
            "between {:.1f} s and {:.1f} s".format(*self._damaged_s) if self._damaged_s else "place unknown"
        )
        return (f"{self.damaged} pictures or packets were damaged and skipped ({where})",)

    def _timed(
        self, reading: _Pass, after: _Pass | None = None
    ) -> Iterator[tuple[float | None, tuple[int, VideoFrame]]]:
        """Give the pictures of a pass their times, leaving out those that came from the pass before."""
        skipping = after is not None and after.decoded > 0
        for stamp, picture in reading.pictures():
            self._account(reading)
            if skipping and after is not None and not _is_later(reading, stamp, after):
                continue
            skipping = False
            if not picture.is_corrupt:
                yield reading.seconds(stamp, self._clock_rate), (reading.decoded - 1, picture)
        self._account(reading)
        self.unaccounted = reading.unaccounted

    def _account(self, reading: _Pass) -> None:
        self.damaged = reading.damaged
        if reading.damage:
            places = [reading.seconds(stamp, self._clock_rate) for stamp in reading.damage]
            known = [t_s for t_s in places if t_s is not None]
            self._damaged_s = (min(known), max(known)) if known else None


class _Pass:
    """The pictures of one opened stream, with their stamps in units of its time base."""

    def __init__(self, container: InputContainer, stream: VideoStream, *, explode: bool) -> None:
        self.decoded = 0
        self.damaged = 0
        self.damage: tuple[int, int] | None = None
        self.intact = True
        self.last_stamp: int | None = None
        self._container = container
        self._stream = stream
        self._explode = explode
        self._time_base = stream.time_base
        self._packets = 0
        self._left_out = 0
        self._origin: int | None = None
        self._first_packet: int | None = None
        self._latest_packets: deque[int] = deque(maxlen=_MOST_IN_FLIGHT)
        # AVI stores no presentation times; what FFmpeg guesses for them is out of order when pictures are.
        self._by_dts = container.format.name == "avi"
        if explode:
            stream.codec_context.options = {**stream.codec_context.options, "err_detect": "explode"}

    def pictures(self) -> Iterator[tuple[int | None, VideoFrame]]:
        """Yield (stamp, picture), damaged ones too; an exploding pass ends at the first damage."""
        for picture in self._all():
            stamp = self._stamp(picture)
            if picture.is_corrupt:
                self._note_damage(stamp)
                if self._stop():
                    return
            self.decoded += 1
            if self._origin is None and stamp is not None:
                self._origin = self._start(stamp)
            yield stamp, picture
            # Only now: the pass after this one goes on behind what was really given.
            if stamp is not None:
                self.last_stamp = stamp
        if self.intact and self._explode and self._lost_its_end():
            self.intact = False
        # Some decoders drop what they cannot use without a word, e.g. all before the first key picture.
        if self._stream.codec_context.name in ONE_PICTURE_PER_PACKET:
            self.damaged += max(0, self._packets - self.decoded)

    def seconds(self, stamp: int | None, clock_rate: float) -> float | None:
        """Seconds of life since the start; None if there is no stamp or no start yet."""
        if stamp is None or self._time_base is None or self._origin is None:
            return None
        return float((stamp - self._origin) * self._time_base) * clock_rate

    @property
    def unaccounted(self) -> int:
        """Pictures that the container states (0 if it states none) but that never came."""
        return max(0, self._stream.frames - self.decoded - self.damaged - self._left_out)

    def _all(self) -> Iterator[VideoFrame]:
        for packet in self._demuxed():
            if not packet.is_discard:
                self._note_packet(packet.pts)
            # A damaged key picture is still the better base for the pictures that follow than none.
            found = None if packet.is_corrupt and not packet.is_keyframe else self._decoded(packet)
            if found is None:
                self._note_damage(packet.pts)
                if self._stop():
                    return
                continue
            self._packets += not packet.is_discard
            yield from found
            if not self.intact:
                return
        yield from self._flushed()

    def _decoded(self, packet: av.Packet[VideoStream]) -> list[VideoFrame] | None:
        try:
            return packet.decode()
        except av.FFmpegError:
            return None

    def _flushed(self) -> Iterator[VideoFrame]:
        """Pictures that the decoder still holds at the end."""
        for _ in range(_FAULTS_IN_A_ROW):
            try:
                found = self._stream.decode(None)
            except EOFError:
                return
            except av.FFmpegError:  # counted as a packet without a picture
                if self._stop():
                    return
                continue
            if not found:
                return
            yield from found

    def _demuxed(self) -> Iterator[av.Packet[VideoStream]]:
        faults = 0
        packets = self._container.demux(self._stream)
        while faults < _FAULTS_IN_A_ROW:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                if not faults:
                    self._note_damage(None)
                    if self._stop():
                        return
                faults += 1
                packets = self._container.demux(self._stream)
                continue
            faults = 0
            if packet.size:
                yield packet
            else:  # a picture left out (AVI), or PyAV's mark of the end
                self._left_out += packet.dts is not None

    def _stamp(self, picture: VideoFrame) -> int | None:
        if not self._by_dts:
            return picture.pts
        # Pictures leave the decoder in order, each at the decoding time of the packet that pushed it out;
        # those flushed at the end follow at AVI's fixed rate, whose time base is one picture.
        if picture.dts is None and self.last_stamp is not None:
            return self.last_stamp + 1
        return picture.dts

    def _start(self, stamp: int) -> int:
        first, base = self._first_packet, self._time_base
        if self._by_dts or first is None or base is None or not 0 < (stamp - first) * base <= _LONGEST_LEAD_S:
            return stamp
        return first

    def _stop(self) -> bool:
        """Whether damage ends this pass: not before its first picture, where nothing could differ yet."""
        if self._explode and self.decoded:
            self.intact = False
        return not self.intact

    def _lost_its_end(self) -> bool:
        if self._by_dts:
            return self._packets > self.decoded
        last = self.last_stamp
        return last is not None and any(stamp > last for stamp in self._latest_packets)

    def _note_packet(self, stamp: int | None) -> None:
        if stamp is not None:
            self._first_packet = stamp if self._first_packet is None else self._first_packet
            self._latest_packets.append(stamp)

    def _note_damage(self, stamp: int | None) -> None:
        self.damaged += 1
        if stamp is not None:
            begin, end = self.damage or (stamp, stamp)
            self.damage = (min(begin, stamp), max(end, stamp))


def _is_later(reading: _Pass, stamp: int | None, after: _Pass) -> bool:
    """Whether a picture of the second pass lies behind the last that the first gave.

    By number while that is far off (the clock may have begun anew on the way), by time when it comes near
    (the first pass may have lost a picture on its last steps).
    """
    number = reading.decoded
    if stamp is None or after.last_stamp is None or number > after.decoded + _MOST_IN_FLIGHT:
        return number > after.decoded
    return number > after.decoded - _MOST_IN_FLIGHT and stamp > after.last_stamp

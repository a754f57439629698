"""A video file cut at key pictures into spans that are decoded by themselves, as if it had not been cut.

The packets of a file tell, without any decoding, when each of its pictures is shown. So what is looked at is
decided beforehand, by the very code that decides it while decoding (`VideoStream`), and each span has to give
exactly the pictures that were promised. A file that does not keep its promise is not cut.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as Stream
from numpy.typing import NDArray

from tracker.container import opened
from tracker.decoding import ONE_PICTURE_PER_PACKET
from tracker.frames import Footage, Frame
from tracker.timeline import FootageLog
from tracker.video import VideoFile, VideoStream


class UncutError(ValueError):
    """Why a recording cannot be cut; it can still be decoded as a whole."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where in a file decoding begins.

    Attributes:
        seek: Stamp to go to, from where the first packet is still to come; None for the file's beginning.
        begin: Presentation stamp of the first packet, a key picture.
        packets: How many are decoded, up to the last that holds a picture of the span.

    """

    seek: int | None
    begin: int
    packets: int


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A stretch of a video file, from one key picture up to another.

    Attributes:
        start: Its key picture.
        earlier: The key picture before, from which to decode where the span's own is not enough: pictures
            shown before it are coded after it and refer to earlier ones (an open group of pictures), or it
            leaves references to earlier ones standing. None for the first.
        stamps: (n,) int64, presentation stamps of the span's pictures, ascending.
        place: (m,) int64, which of them are looked at.
        t_s: (m,) float64, their times, seconds since the start of the recording.
        index: (m,) int64, their numbers in the recording.

    """

    start: Start
    earlier: Start | None
    stamps: NDArray[np.int64]
    place: NDArray[np.int64]
    t_s: NDArray[np.float64]
    index: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A video file in spans.

    Attributes:
        video: The file.
        spans: In order of time.
        t_s: (m,) float64, times of all pictures looked at, seconds since the start of the recording.
        footage: What is decoded in all of them.

    """

    video: VideoFile
    spans: tuple[Span, ...]
    t_s: NDArray[np.float64]
    footage: Footage


def cut(video: VideoFile, sample_fps: float | None, most: int, longest_s: float) -> Cut:
    """Cut a file at its key pictures into spans of about the same number of pictures.

    Reads the file once, without decoding.

    Args:
        video: The file.
        sample_fps: Pictures a second to look at, by timestamp; None for all.
        most: How many spans.
        longest_s: Where they would be longer than this (s of the container), there are more.

    Raises:
        UncutError: If it has only one key picture, or states no exact times, or is damaged.

    """
    packets = _Packets.of(video)
    shown = np.argsort(packets.pts, kind="stable")
    stamps = packets.pts[shown]
    stream = VideoStream(video, sample_fps, reading=_Promised(stamps, packets, video.clock_rate))
    looked_at = [(frame.t_s, frame.index) for frame in stream]
    t_s = np.array([t for t, _ in looked_at], dtype=np.float64)
    index = np.array([i for _, i in looked_at], dtype=np.int64)
    length_s = float(int(stamps[-1] - stamps[0]) * packets.time_base)
    firsts = _places_to_cut(packets, stamps, max(most, int(np.ceil(length_s / longest_s))))
    spans = []
    for first, end in zip(firsts, [*firsts[1:], len(stamps)], strict=True):
        some = slice(*np.searchsorted(index, [first, end]))
        spans.append(
            Span(
                *packets.starts(shown[first:end]),
                stamps=stamps[first:end],
                place=index[some] - first,
                t_s=t_s[some],
                index=index[some],
            )
        )
    return Cut(video, tuple(spans), t_s, stream.footage)


def frames_of(video: VideoFile, span: Span) -> Generator[Frame]:
    """Decode a span; its pictures to look at, in order of time.

    Raises:
        UncutError: If its pictures are not those that were promised; some may have been given by then.
        ValueError, FileNotFoundError: If the file can no longer be opened.

    """
    stream, log = VideoStream(video, None), FootageLog(0.0)
    numbers = {int(place): number for number, place in enumerate(span.place)}
    for came, picture in enumerate(_pictures(video, span)):
        number = numbers.get(came)
        if number is not None:
            image = stream.image(picture, log)
            # What is told of a picture is told of the whole recording.
            if image is None or log.footage().warnings:
                raise UncutError("the size or format of its pictures changes")
            yield Frame(float(span.t_s[number]), int(span.index[number]), image)


def _pictures(video: VideoFile, span: Span) -> Iterator[VideoFrame]:
    """The pictures of a span, each as promised.

    From its own key picture, stopping at the slightest damage. Where that meets something, once more from the
    key picture before; what comes before the span may then refer to pictures that are not decoded and be
    damaged, the span itself may not. This pass has one thread, so that damage is marked (see `Decoder`).
    """
    given = 0
    for start, careful in ((span.start, False), (span.earlier, True)):
        if start is None:
            break
        with suppress(_UnpromisedError), closing(_pass(video, span, start, careful)) as decoded:
            for came, picture in enumerate(decoded):
                if picture.pts != span.stamps[came] or picture.is_corrupt:
                    raise _UnpromisedError
                if came == given:
                    yield picture
                    given += 1
                if given == len(span.stamps):
                    return
    raise UncutError("it is damaged, or its pictures are not where its packets say")


class _UnpromisedError(Exception):
    """Another picture came than was promised, or a damaged one."""


def _pass(video: VideoFile, span: Span, start: Start, careful: bool) -> Generator[VideoFrame]:
    """What is decoded from a start on, without what is shown before the span.

    Raises:
        _UnpromisedError: If something cannot be read or decoded.

    """
    with opened(video.path, careful=careful) as (container, stream):
        if not careful:
            stream.codec_context.options = {**stream.codec_context.options, "err_detect": "explode"}
        reached = False
        try:
            for packet in _packets(container, stream, start):
                try:
                    found = stream.decode(packet)
                except av.FFmpegError:
                    if reached or not careful:
                        raise
                    continue
                for picture in found:
                    reached = reached or picture.pts is None or picture.pts >= span.stamps[0]
                    if reached:
                        yield picture
        except av.FFmpegError as fault:
            raise _UnpromisedError from fault


def _packets(container: InputContainer, stream: Stream, start: Start) -> Iterator[av.Packet[Stream] | None]:
    """The packets from a start on, in the order of the file, and None: the decoder gives what it holds."""
    if start.seek is not None:
        container.seek(start.seek, stream=stream)
    left = start.packets
    for packet in container.demux(stream):
        if not packet.size or (left == start.packets and packet.pts != start.begin):
            continue
        yield packet
        left -= 1
        if not left:
            yield None
            return


@dataclass(frozen=True, slots=True, eq=False)
class _Packets:
    """The packets that hold a picture each, in the order of the file, which is that of decoding.

    Attributes:
        pts, dts: (n,) int64, stamps of presentation and decoding, in the unit of the time base.
        key: (n,) bool.
        time_base: Seconds in a unit of the stamps.
        missing: Pictures that the container states beyond these.

    """

    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    key: NDArray[np.bool_]
    time_base: Fraction
    missing: int

    @classmethod
    def of(cls, video: VideoFile) -> _Packets:
        """Read all of a file.

        Raises:
            UncutError: If they do not tell when each picture is shown.

        """
        pts, dts, key = array("q"), array("q"), array("b")
        left_out = 0
        with opened(video.path) as (container, stream):
            codec, base = stream.codec_context.name, stream.time_base
            if container.format.name == "avi" or base is None:
                raise UncutError(f"{container.format.name} files do not say when each picture is shown")
            if codec not in ONE_PICTURE_PER_PACKET:
                raise UncutError(f"{codec} does not say which packets hold a picture")
            try:
                for packet in container.demux(stream):
                    if not packet.size:
                        left_out += packet.dts is not None
                        continue
                    if packet.is_corrupt:
                        raise UncutError("it is damaged")
                    if packet.is_discard:
                        raise UncutError("it was cut by an editing program that kept what is not shown")
                    if packet.pts is None:
                        raise UncutError("not every picture has a time of its own")
                    pts.append(packet.pts)
                    # Not all containers state it for all; the latest so far is early enough to go to.
                    dts.append(packet.dts if packet.dts is not None else dts[-1] if dts else packet.pts)
                    key.append(packet.is_keyframe)
            except av.FFmpegError as fault:
                raise UncutError("it is damaged") from fault
            stated = stream.frames
        found = cls(
            np.array(pts, dtype=np.int64),
            np.array(dts, dtype=np.int64),
            np.array(key, dtype=np.bool_),
            base,
            max(0, stated - len(pts) - left_out),
        )
        if not len(pts) or len(np.unique(found.pts)) < len(pts) or np.any(np.diff(found.dts) < 0):
            raise UncutError("not every picture has a time of its own")
        return found

    def starts(self, some: NDArray[np.int64]) -> tuple[Start, Start | None]:
        """Where to begin decoding for the packets `some`, in the order they are shown, and where before."""
        begin, last = int(some[0]), int(some.max())
        before = np.flatnonzero(self.key[:begin])
        return self._start(begin, last), self._start(int(before[-1]), last) if len(before) else None

    def _start(self, begin: int, last: int) -> Start:
        # Containers without an index are entered inexactly: one key picture early.
        before = np.flatnonzero(self.key[:begin])
        seek = int(self.dts[before[-1]]) if len(before) and before[-1] else None
        return Start(seek, int(self.pts[begin]), last - begin + 1)


class _Promised:
    """A `Reading` of what packets promise: times without pictures."""

    damaged = 0

    def __init__(self, stamps: NDArray[np.int64], packets: _Packets, clock_rate: float) -> None:
        self.unaccounted = packets.missing
        self._stamps = stamps
        self._time_base = packets.time_base
        self._clock_rate = clock_rate

    def pictures(self) -> Generator[tuple[float | None, tuple[int, VideoFrame | None]]]:
        """See `Reading.pictures`."""
        origin = int(self._stamps[0])
        for index, stamp in enumerate(self._stamps.tolist()):
            yield float((stamp - origin) * self._time_base) * self._clock_rate, (index, None)

    def warnings(self) -> tuple[str, ...]:
        """Nothing was decoded, so nothing was damaged."""
        return ()


def _places_to_cut(packets: _Packets, stamps: NDArray[np.int64], most: int) -> list[int]:
    """Numbers of the pictures with which spans begin: key pictures, spread evenly.

    Raises:
        UncutError: If there is only one to begin with.

    """
    keys = np.searchsorted(stamps, packets.pts[packets.key])
    if not packets.key[0] or keys.min() != 0:
        raise UncutError("it does not begin with a key picture")
    wanted = np.linspace(0, len(stamps), most, endpoint=False)
    firsts = sorted({int(keys[np.argmin(np.abs(keys - place))]) for place in wanted})
    if len(firsts) < 2:
        raise UncutError("it has only one key picture")
    return firsts

"""A camera's stream opened: what was asked for, nothing else reached through it, and with little delay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from tracker.container import MAX_PICTURE_PX
from tracker.live.address import Address
from tracker.live.faults import StreamError, fault_of, is_file, no_decoder, no_video

OPEN_LIMIT_S = 10.0
"""Longest time for a camera to answer, and for FFmpeg to find out what it sends."""

# Formats whose timestamps are made up by FFmpeg: the camera sends none.
_UNSTAMPED = frozenset({"mpjpeg", "mjpeg", "jpeg_pipe", "image2", "h264", "hevc"})
_OVER_HTTP = ("mpjpeg", "mjpeg", "jpeg_pipe", "mpegts", "flv", "h264", "hevc", "mov", "matroska", "avi")
# What FFmpeg looks at before it tells what a stream is; these pictures come late, so little of it.
_PROBE = {"analyzeduration": "500000", "probesize": "500000", "fpsprobesize": "0"}
_MICROSECONDS = str(int(OPEN_LIMIT_S * 1e6))


@contextmanager
def opened_stream(address: Address, silence_s: float) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a stream and find its pictures, ready to decode; always closed.

    Args:
        address: Where it is.
        silence_s: Seconds without a byte after which reading fails.

    Raises:
        StreamError: If there is no such stream, or none that can be used.

    """
    try:
        container = _opened(address, silence_s, only_video=True)
    except (av.error.HTTPOtherClientError, av.error.InvalidDataError, OSError) as error:
        # Asked for pictures only, FFmpeg doesn't tell a camera without any from one that refuses.
        kinds = _kinds(address, silence_s) if address.kind == "rtsp" else ""
        fault = no_video(address, kinds) if kinds else fault_of(error, address, OPEN_LIMIT_S)
        raise StreamError(fault) from None
    except (av.FFmpegError, ValueError) as error:
        raise StreamError(fault_of(error, address, OPEN_LIMIT_S)) from None
    with container:
        yield container, _video(container, address)


def stated_times(container: InputContainer) -> bool:
    """Whether the camera states when its pictures were taken."""
    return not _UNSTAMPED.intersection(container.format.name.split(","))


def _opened(address: Address, silence_s: float, *, only_video: bool) -> InputContainer:
    options = dict(_PROBE)
    form: str | None = None
    if address.kind == "rtsp":
        form = "rtsp"
        options |= {
            "rtsp_transport": "tcp",
            "timeout": _MICROSECONDS,
            "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls",
        }
        if only_video:
            options["allowed_media_types"] = "video"
    elif address.kind == "http":
        options |= {
            "rw_timeout": _MICROSECONDS,
            "protocol_whitelist": "http,https,tcp,tls,httpproxy",
            "format_whitelist": ",".join(_OVER_HTTP),
        }
    else:
        form = "v4l2"
        options |= {"protocol_whitelist": "file"}
    return av.open(
        address.opened,
        mode="r",
        format=form,
        options={"max_pixels": str(MAX_PICTURE_PX)} if _can_limit() else None,
        container_options=options,
        metadata_errors="replace",
        timeout=(OPEN_LIMIT_S, silence_s),
    )


def _can_limit() -> bool:
    # Before 18, PyAV crashes on options for streams that FFmpeg finds later; there the decoder is told alone.
    return int(av.__version__.partition(".")[0]) >= 18


def _kinds(address: Address, silence_s: float) -> str:
    """What an RTSP stream without pictures holds; empty if it has some, or cannot be opened at all."""
    try:
        with _opened(address, silence_s, only_video=False) as container:
            kinds = {stream.type for stream in container.streams}
    except (av.FFmpegError, ValueError):
        return ""
    return "" if "video" in kinds else ", ".join(sorted(kinds))


def _video(container: InputContainer, address: Address) -> VideoStream:
    if address.kind == "http" and container.duration and container.size > 0:
        raise StreamError(is_file(address))
    streams = list(container.streams.video)
    if not streams:
        raise StreamError(no_video(address, ", ".join(sorted({s.type for s in container.streams}))))
    known = [stream for stream in streams if stream.codec_context]
    if not known:
        raise StreamError(no_decoder(address, ""))
    stream = max(known, key=lambda s: (s.codec_context.width or 0) * (s.codec_context.height or 0))
    # Threads that share one picture; those that take one each would hold pictures back.
    stream.codec_context.options = {"max_pixels": str(MAX_PICTURE_PX)}
    stream.thread_type = "SLICE"
    return stream

"""A camera's stream opened: what was asked for, nothing else reached through it, and with little delay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.codec.context import Flags2
from av.container import InputContainer
from av.video.stream import VideoStream

from tracker.container import MAX_PICTURE_PX
from tracker.live.address import Address
from tracker.live.faults import StreamError, fault_of, is_file, no_answer, no_decoder, no_video

# Formats whose timestamps are made up by FFmpeg: the camera sends none.
_UNSTAMPED = frozenset({"mpjpeg", "mjpeg", "jpeg_pipe", "image2", "h264", "hevc"})
# For the camera to let go of the viewer before.
_TRIES, _LET_GO_S = 2, 0.3
_OVER_HTTP = ("mpjpeg", "mjpeg", "jpeg_pipe", "mpegts", "flv", "h264", "hevc", "mov", "matroska", "avi")
# What FFmpeg looks at before it tells what a stream is; these pictures come late, so little of it.
_PROBE = {"analyzeduration": "500000", "probesize": "500000", "fpsprobesize": "0"}


@contextmanager
def opened_stream(address: Address, limit_s: float) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a stream and find its pictures, ready to decode; always closed.

    Args:
        address: Where it is.
        limit_s: Seconds for the camera to answer, for FFmpeg to find out what it sends, and later without a
            byte.

    Raises:
        StreamError: If there is no such stream, or none that can be used.

    """
    began_s = time.monotonic()
    try:
        container = _opened(address, limit_s, only_video=True)
    except (av.FFmpegError, OSError, ValueError) as error:
        fault = fault_of(error, address, limit_s)
        if time.monotonic() - began_s > 0.9 * limit_s:
            # FFmpeg calls an answer that did not come invalid, too.
            fault = no_answer(address, limit_s)
        # Asked for pictures only, it does not tell a camera without any from one that refuses.
        elif isinstance(error, av.error.HTTPOtherClientError) and (kinds := _kinds(address, limit_s)):
            fault = no_video(address, kinds)
        raise StreamError(fault) from None
    with container:
        yield container, _video(container, address)


def stated_times(container: InputContainer) -> bool:
    """Whether the camera states when its pictures were taken."""
    return not _UNSTAMPED.intersection(container.format.name.split(","))


def _opened(address: Address, limit_s: float, *, only_video: bool) -> InputContainer:
    options = dict(_PROBE)
    microseconds = str(int(limit_s * 1e6))
    form: str | None = None
    if address.kind == "rtsp":
        form = "rtsp"
        options |= {
            "rtsp_transport": "tcp",
            "timeout": microseconds,
            "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls",
        }
        if only_video:
            options["allowed_media_types"] = "video"
    elif address.kind == "http":
        options |= {
            "rw_timeout": microseconds,
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
        timeout=(limit_s, limit_s),
    )


def _can_limit() -> bool:
    # Before 18, PyAV crashes on options for streams that FFmpeg finds later; there the decoder is told alone.
    return int(av.__version__.partition(".")[0]) >= 18


def _kinds(address: Address, limit_s: float) -> str:
    """What an RTSP stream without pictures holds; empty if it has some, or cannot be opened at all."""
    for _ in range(_TRIES):
        time.sleep(_LET_GO_S)
        try:
            with _opened(address, limit_s, only_video=False) as container:
                kinds = {stream.type for stream in container.streams}
        except (av.FFmpegError, OSError, ValueError):
            continue
        return "" if "video" in kinds else ", ".join(sorted(kinds))
    return ""


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
    # Some cameras repeat their parameters before every slice of a key picture; FFmpeg takes it apart there.
    stream.codec_context.flags2 |= Flags2.chunks
    return stream

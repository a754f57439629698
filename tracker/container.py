"""The container of a video file: opened safely; its stream, picture size, turn and length."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

MAX_PICTURE_PX = 64_000_000
"""Largest picture decoded: twice 8K. A header that claims more is a fault or an attack on memory."""
MAX_SIDE_PX = 16_384

CONTAINERS = ("mov", "mp4", "matroska", "webm", "avi", "mpeg", "mpegts", "gif", "asf", "flv", "dhav")
"""FFmpeg's names of the containers opened. None of them may name other files, as playlists do."""

_MOST_BOXES = 1_000_000
_LIMITS = {"max_pixels": str(MAX_PICTURE_PX)}
_LONGEST_DURATION_S = 366 * 86_400.0

Matrix = tuple[int, int, int, int]
"""(a, b, c, d) of a display matrix, each -1, 0 or 1; see `upright`."""


@contextmanager
def opened(path: Path, *, careful: bool = False) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a local video file and find its video stream, ready to decode; always closed.

    Nothing else can be reached through it: containers are limited to `CONTAINERS` before their header is
    read, and protocols to local files.

    Args:
        path: The file.
        careful: Decode with one thread, so that damage is always met in the same way.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty, no video, or too large a picture.

    """
    _check_file(path)
    with ExitStack() as stack:
        container = _opened_container(path, stack)
        try:
            stream = _video_stream(path, container)
            stream.codec_context.options = dict(_LIMITS)
            if careful:
                # Not even slice threads: with them h264 forgets to mark the pictures that it patched up.
                stream.codec_context.thread_count = 1
            else:
                stream.thread_type = "AUTO"
            yield container, stream
        except av.FFmpegError as fault:
            raise ValueError(
                f"{path}: expected a video that can be decoded, got: {_reason(fault)}"
            ) from fault


def _check_file(path: Path) -> None:
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected a video file, got nothing there; check the path")
    if not path.is_file():
        raise ValueError(f"{path}: expected a video file, got a folder or device; name a file")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: expected a video, got an empty file (0 bytes); copy or export it again")


def _opened_container(path: Path, stack: ExitStack) -> InputContainer:
    try:
        # file: and an absolute path, so that no file name is taken for a protocol.
        return _av_open(f"file:{path.absolute()}", stack)
    except UnicodeEncodeError:  # a name that is no text; FFmpeg need not know it
        return _av_open(stack.enter_context(closing(_Beginning(path, path.stat().st_size))), stack)
    except av.FFmpegError as fault:
        end, indexed = _mp4_boxes(path)
        if indexed:
            # Cut off inside the header of its last fragment, FFmpeg opens none of it; so end before that.
            try:
                return _av_open(stack.enter_context(closing(_Beginning(path, end))), stack)
            except av.FFmpegError:
                pass  # the first fault tells more
        if end and not indexed:
            raise ValueError(
                f"{path}: expected a complete mp4 or mov, got one without its index (moov): the recording "
                "or the copy broke off before it was finished; copy it again, "
                "or repair it with the recorder's export tool"
            ) from fault
        raise ValueError(
            f"{path}: expected a video (mp4, mov, mkv, webm, avi, mpg, ts, gif, wmv, flv, dav), got content "
            f"that is none or is damaged at its beginning ({_reason(fault)}); "
            "if a player shows it, convert it to mp4"
        ) from fault


def _av_open(file: str | _Beginning, stack: ExitStack) -> InputContainer:
    options = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"}
    # Before 18, PyAV crashes on options for streams that FFmpeg finds later (mpg, ts): there the limits hold
    # from the first packet that we decode, not while FFmpeg looks what is in the file.
    limits = dict(_LIMITS) if int(av.__version__.partition(".")[0]) >= 18 else None
    return stack.enter_context(
        av.open(file, mode="r", options=limits, container_options=options, metadata_errors="replace")
    )


class _Beginning:
    """The first `end` bytes of a file, for PyAV to read as if that was all."""

    def __init__(self, path: Path, end: int) -> None:
        self._file = path.open("rb")
        self._end = end

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes."""
        return self._file.read(max(0, min(size, self._end - self._file.tell())))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move as a file does."""
        return self._file.seek(self._end + offset if whence == 2 else offset, 0 if whence == 2 else whence)

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._file.tell()


def _mp4_boxes(path: Path) -> tuple[int, bool]:
    """End of the last whole box of an mp4 or mov (0 if it is neither), and whether an index is among them."""
    end, indexed = 0, False
    try:
        with path.open("rb") as file:
            length = file.seek(0, 2)
            for _ in range(_MOST_BOXES):
                file.seek(end)
                head = file.read(16)
                kind = head[4:8]
                size = int.from_bytes(head[:4], "big")
                if size == 1:
                    size = int.from_bytes(head[8:16], "big")
                if (end == 0 and kind != b"ftyp") or size < 8 or end + size > length:
                    break
                end += size
                indexed = indexed or kind == b"moov"
    except OSError:
        return 0, False
    return end, indexed


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    # A cover picture of a sound file is a video stream too, of one picture.
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise ValueError(f"{path}: expected a video, got a file without pictures (it holds: {kinds})")
    streams = [s for s in streams if s.codec_context]
    if not streams:
        raise ValueError(
            f"{path}: expected a video, got one in a coding that FFmpeg does not know; export as mp4"
        )
    stream = max(streams, key=lambda s: (s.codec_context.width or 0) * (s.codec_context.height or 0))
    check_size(path, (stream.codec_context.width, stream.codec_context.height))
    return stream


def check_size(path: Path, size_px: tuple[int, int]) -> None:
    """Refuse pictures that no camera makes.

    Raises:
        ValueError: If `size_px` (width, height) is empty or too large.

    """
    width, height = size_px
    if width <= 0 or height <= 0:
        raise ValueError(
            f"{path}: expected a video with pictures of a possible size, got none; it is damaged"
        )
    if width * height > MAX_PICTURE_PX or max(width, height) > MAX_SIDE_PX:
        raise ValueError(
            f"{path}: expected pictures of at most {MAX_PICTURE_PX // 1_000_000} megapixels and "
            f"{MAX_SIDE_PX} px a side, got {width}x{height}; if that is right, scale the video down first"
        )


def display_matrix(picture: VideoFrame) -> tuple[Matrix, str | None]:
    """Quarter turn and mirroring of the picture, and a note if it is neither."""
    identity = (1, 0, 0, 1)
    data = picture.side_data.get("DISPLAYMATRIX")
    if not isinstance(data, SideData):
        return identity, None
    a, b, _, c, d = (int(v) for v in np.frombuffer(bytes(data), np.int32)[:5])
    largest = max(abs(v) for v in (a, b, c, d))
    if not largest:
        return identity, None
    # Units of 1/65536, maybe with a scale; a straight matrix has one entry in each row and column.
    a, b, c, d = (round(v / largest) if abs(v) in (0, largest) else 2 for v in (a, b, c, d))
    if (a == d == 0 and abs(b * c) == 1) or (b == c == 0 and abs(a * d) == 1):
        return (a, b, c, d), None
    return identity, "the file asks for a turn that is no quarter turn; its pictures are used as stored"


def stated_fps(stream: VideoStream) -> float:
    """Pictures per container second that the file states, else 25; a first guess, never a clock."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0.01 < rate < 1000 else 25.0


def stated_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Length in container seconds that the file states; None if it states none or an impossible one."""
    if stream.duration is not None and stream.time_base is not None:
        stated_s = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        stated_s = container.duration / av.time_base
    else:
        return None
    return stated_s if 0 < stated_s < _LONGEST_DURATION_S else None


def _reason(fault: Exception) -> str:
    return getattr(fault, "strerror", None) or str(fault)


def upright(image: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    """Turn and mirror a stored picture as its display matrix says.

    Args:
        image: (height, width, 3) as stored.
        matrix: (a, b, c, d), each -1, 0 or 1: stored (p, q) is shown at (a p + c q, b p + d q), plus a shift
            that brings it back to the corner (ISO 14496-12, track header box).

    """
    a, b, c, d = matrix
    if a == 0:
        image = image.transpose(1, 0, 2)
    if a + c < 0:
        image = image[:, ::-1]
    if b + d < 0:
        image = image[::-1]
    return image

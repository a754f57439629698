"""A folder of pictures as a recording: one file, one frame."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracker.container import check_size
from tracker.fingerprint import hash_folder, recording_name
from tracker.frames import Footage, Frame
from tracker.sampling import Sampler
from tracker.timeline import FootageLog
from tracker.wallclock import Start, find_start

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
DEFAULT_PICTURE_FPS = 25.0
"""Taken, with a warning, where neither file names nor the user give times; as FFmpeg does."""

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One place in a sequence of pictures.

    Attributes:
        t_s: Seconds since the start of the recording.
        index: Number of the picture, counted from 0.
        path: Its file; None if the recording has no pictures at all.

    """

    t_s: float
    index: int
    path: Path | None


class PictureStream:
    """The sampled pictures of a sequence; a `FrameStream`. Only the sampled ones are decoded.

    Args:
        pictures: In order of time.
        size_px: (width, height) that each must have.
        interval_s: Length of the picture where there is only one (s).
        damaged: Pictures known to be missing.
        notes: Warnings known before decoding.
        sample_fps: Pictures a second to pick; None for every one.
        wanted: Numbers of the pictures to yield; None for all that are picked.

    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        *,
        size_px: tuple[int, int],
        interval_s: float,
        damaged: int,
        notes: Sequence[str],
        sample_fps: float | None,
        wanted: Set[int] | None = None,
    ) -> None:
        Sampler(sample_fps)  # a wrong rate is told at once, not at the first picture
        self._pictures = pictures
        self._size_px = size_px
        self._interval_s = interval_s
        self._damaged = damaged
        self._notes = notes
        self._sample_fps = sample_fps
        self._wanted = wanted
        self._log = FootageLog(interval_s, notes)

    @property
    def footage(self) -> Footage:
        """What was read so far; complete once the stream is exhausted."""
        return self._log.footage()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames."""
        sampler = Sampler(self._sample_fps)
        log = self._log = FootageLog(self._interval_s, self._notes)
        log.damaged = self._damaged
        for picture in self._pictures:
            image = None
            due = sampler.due(picture.t_s)
            wanted = due and (self._wanted is None or picture.index in self._wanted)
            if wanted and picture.path is not None:
                try:
                    image = read_picture(picture.path, self._size_px)
                except ValueError as fault:
                    log.damaged += 1
                    if log.damaged - self._damaged <= 3:  # one example too few says nothing, all say too much
                        log.warn(f"picture skipped: {fault}")
                    continue
            log.add(picture.t_s)
            if due:
                sampler.take(picture.t_s)
            if wanted:
                yield Frame(picture.t_s, picture.index, image)
        if log.damaged:
            log.warn(f"{log.damaged} pictures were damaged or missing and skipped")


@dataclass(eq=False)
class PictureFolder:
    """A folder of pictures; a `Recording`.

    Attributes:
        path: The folder.
        clock_rate: Seconds of life per second of the file names' clock.
        pictures: All of them, in order of time.

    The others are those of `Recording`.

    """

    path: Path
    name: str
    size_px: tuple[int, int]
    duration_s: float | None
    start: datetime | None
    start_source: str
    clock_rate: float
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    _interval_s: float

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 over the pictures' names and bytes; reads them all when first asked for."""
        return hash_folder(self.path, [p.path for p in self.pictures if p.path is not None])

    def read(self, sample_fps: float | None, wanted: Set[int] | None = None) -> PictureStream:
        """Read from the beginning; see `Recording.read`."""
        return PictureStream(
            self.pictures,
            size_px=self.size_px,
            interval_s=self._interval_s,
            damaged=0,
            notes=self.notes,
            sample_fps=sample_fps,
            wanted=wanted,
        )


def open_pictures(
    folder: Path,
    *,
    clock_rate: float = 1.0,
    start: datetime | str | None = None,
    name_patterns: Sequence[str] = (),
    time_zone: tzinfo | str | None = None,
    picture_fps: float | None = None,
) -> PictureFolder:
    """Open a folder of pictures.

    Times come from `picture_fps` if given; else from dates and times in the file names, if every name has
    one and they increase; else `DEFAULT_PICTURE_FPS` is taken, with a warning. The order is that of the
    names, numbers compared as numbers.

    Args:
        folder: Its pictures lie directly inside.
        clock_rate: Seconds of life per second of that clock.
        start, name_patterns, time_zone: See `wallclock.find_start`; tried on the pictures' names.
        picture_fps: Pictures per second.

    Raises:
        ValueError: If there are no pictures or none of them can be read.

    """
    if picture_fps is not None and not (np.isfinite(picture_fps) and picture_fps > 0):
        raise ValueError(f"picture_fps: expected a number above 0 (pictures per second), got {picture_fps}")
    paths = pictures_in(folder)
    if not paths:
        raise ValueError(f"{folder}: expected pictures ({', '.join(sorted(PICTURE_ENDINGS))}), got none")
    # The clock of the names serves even where --start says when it really began.
    named = [find_start(path, name_patterns=name_patterns, time_zone=time_zone) for path in paths]
    by_name = None if picture_fps else _times_by_name(named)
    notes: list[str] = []
    if by_name is not None:
        times_s = by_name
        interval_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1 / DEFAULT_PICTURE_FPS
    else:
        interval_s = 1 / (picture_fps or DEFAULT_PICTURE_FPS)
        times_s = np.arange(len(paths), dtype=np.float64) * interval_s
        if picture_fps is None:
            notes.append(
                f"nothing says how fast these pictures follow each other: {DEFAULT_PICTURE_FPS:g} a second "
                "was assumed; every time depends on it. Put the date and time into the file names, or add a "
                "seqinfo.ini with frameRate"
            )
    began = (
        named[0]
        if start is None and named[0].when
        else find_start(folder, option=start, name_patterns=name_patterns, time_zone=time_zone)
    )
    if began.note:
        notes.append(began.note)
    pictures = tuple(
        Picture(float(t_s) * clock_rate, index, path)
        for index, (t_s, path) in enumerate(zip(times_s, paths, strict=True))
    )
    return PictureFolder(
        path=folder,
        name=recording_name(folder),
        size_px=first_size(folder, paths),
        duration_s=(float(times_s[-1]) + interval_s) * clock_rate,
        start=began.when,
        start_source=began.source,
        clock_rate=clock_rate,
        notes=tuple(notes),
        pictures=pictures,
        _interval_s=interval_s * clock_rate,
    )


def pictures_in(folder: Path) -> list[Path]:
    """Pictures that lie directly in a folder, in the order of their names, 2 before 10; no hidden files."""
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(found, key=lambda path: natural_key(path.name))


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sorting key that compares numbers in names as numbers."""
    parts = re.findall(r"\d+|\D+", name.casefold(), re.ASCII)
    return tuple((0, int(p), "") if p[0].isascii() and p[0].isdigit() else (1, 0, p) for p in parts), name


def first_size(folder: Path, paths: Sequence[Path]) -> tuple[int, int]:
    """(width, height), upright, of the first picture whose header can be read.

    Raises:
        ValueError: If there is none.

    """
    fault: ValueError | None = None
    for path in paths:
        try:
            with _header(path) as header:
                return _upright_size(header)
        except ValueError as came:
            fault = fault or came
    raise ValueError(f"{folder}: expected readable pictures, got none; the first: {fault}") from fault


def read_picture(path: Path, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Decode a picture, upright.

    Args:
        path: Its file.
        size_px: (width, height) that it must have.

    Returns:
        (height, width, 3) uint8 BGR, C-contiguous.

    Raises:
        ValueError: If it is damaged, cut off, too large or of another size.

    """
    with _header(path) as header:
        came = _upright_size(header)
        if came != size_px:
            raise ValueError(
                f"{path}: expected {size_px[0]}x{size_px[1]} like the first picture, got {came[0]}x{came[1]}"
            )
        try:
            rgb = np.asarray(ImageOps.exif_transpose(header).convert("RGB"))
        except (OSError, SyntaxError, ValueError, EOFError) as fault:
            raise ValueError(f"{path}: expected a whole picture, got a damaged one: {fault}") from fault
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _header(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow's own limit lies above ours, which check_size tells in our words.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            header = Image.open(path, formats=_FORMATS)
    except (OSError, SyntaxError, ValueError, ImportError, Image.DecompressionBombError) as fault:
        # ImportError: once ultralytics is loaded, Pillow asks for another decoder where it knows no format.
        raise ValueError(f"{path}: expected a picture, got: {fault}") from fault
    try:
        check_size(path, header.size)
    except ValueError:
        header.close()
        raise
    return header


def _upright_size(header: Image.Image) -> tuple[int, int]:
    width, height = header.size
    turned = header.getexif().get(0x0112) in (5, 6, 7, 8)  # EXIF orientation, the four with a quarter turn
    return (height, width) if turned else (width, height)


def _times_by_name(named: Sequence[Start]) -> NDArray[np.float64] | None:
    """Seconds since the first picture, or None unless every name has a time and they increase."""
    moments = [start.when.astimezone(UTC) for start in named if start.when is not None]
    if len(moments) < len(named):
        return None
    times_s = np.array([(moment - moments[0]).total_seconds() for moment in moments])
    return times_s if np.all(np.diff(times_s) > 0) else None

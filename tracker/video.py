"""A video file as a recording: PyAV decodes, times come from the container, damage is skipped and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tracker.container import (
    Matrix,
    check_size,
    display_matrix,
    opened,
    stated_duration_s,
    stated_fps,
    upright,
)
from tracker.decoding import Decoder, Reading
from tracker.fingerprint import hash_file, recording_name
from tracker.frames import Footage, Frame
from tracker.sampling import Sampler
from tracker.timeline import FootageLog, Timestamps
from tracker.wallclock import find_start

MISSING_END_S = 0.5
"""Footage that ends this much before the length its container states was cut off; sound overruns by less."""


@dataclass(eq=False)
class VideoFile:
    """A video file; a `Recording`.

    Attributes:
        path: The file.
        clock_rate: Seconds of life per second of the container.
        notes: What is known to be doubtful before decoding; repeated in every `Footage`.

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
    _interval_s: float
    _stored_px: tuple[int, int]
    _matrix: Matrix

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 of the file's bytes; reads the whole file when first asked for."""
        return hash_file(self.path)

    def read(self, sample_fps: float | None, wanted: Set[int] | None = None) -> VideoStream:
        """Decode from the beginning; the file is open only while the stream is iterated."""
        return VideoStream(self, sample_fps, wanted)


class VideoStream:
    """The sampled pictures of a video file; a `FrameStream`. Iterating again starts again.

    Args:
        video: The file.
        sample_fps: Pictures a second to pick; None for every picture.
        wanted: Numbers of the pictures to yield; None for all that are picked.
        reading: Gives the pictures; None decodes the file. Frames of one that gives times only have no image.

    """

    def __init__(
        self,
        video: VideoFile,
        sample_fps: float | None,
        wanted: Set[int] | None = None,
        reading: Reading | None = None,
    ) -> None:
        Sampler(sample_fps)  # a wrong rate is told at once, not at the first picture
        self._reading = reading
        self._wanted = wanted
        self._video = video
        self._sample_fps = sample_fps
        self._log = FootageLog(0.0, video.notes)

    @property
    def footage(self) -> Footage:
        """What was decoded so far; complete once the stream is exhausted."""
        return self._log.footage()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames.

        Raises:
            ValueError, FileNotFoundError: If the file can no longer be opened.

        """
        video = self._video
        sampler = Sampler(self._sample_fps)
        log = self._log = FootageLog(video._interval_s, video.notes)
        times = Timestamps(video._interval_s)
        decoder = self._reading or Decoder(video.path, video.clock_rate)
        unusable = 0
        for t_s, (index, picture) in times.repaired(decoder.pictures()):
            due = sampler.due(t_s)
            looked_at = due and (self._wanted is None or index in self._wanted)
            image = None
            if looked_at and picture is not None:
                image = self.image(picture, log)
                if image is None:
                    unusable += 1
                    continue
            if due:
                sampler.take(t_s)
            log.add(t_s)
            log.damaged = decoder.damaged + unusable
            if looked_at:
                yield Frame(t_s, index, image)
        log.damaged = decoder.damaged + unusable
        for text in (*decoder.warnings(), *times.warnings()):
            log.warn(text)
        self._check_end(log, decoder)

    def image(self, picture: VideoFrame, log: FootageLog) -> NDArray[np.uint8] | None:
        """(height, width, 3) BGR, upright; None, with a warning, if the picture cannot be used."""
        stored = self._video._stored_px
        came = (picture.width, picture.height)
        try:
            if came == stored:
                image = picture.to_ndarray(format="bgr24")
            elif abs(came[0] * stored[1] / (came[1] * stored[0]) - 1) < 0.02:
                log.warn(f"the picture size changes to {came[0]}x{came[1]}; those pictures were scaled")
                image = picture.reformat(*stored, format="bgr24").to_ndarray()
            else:
                log.warn(f"the picture's shape changes to {came[0]}x{came[1]}; those pictures were skipped")
                return None
        except (av.FFmpegError, ValueError) as fault:
            log.warn(f"pictures of format {picture.format.name} could not be converted: {fault}")
            return None
        return np.ascontiguousarray(upright(image.astype(np.uint8, copy=False), self._video._matrix))

    def _check_end(self, log: FootageLog, decoder: Reading) -> None:
        stated_s = self._video.duration_s
        if log.end_s is None:
            log.warn("no undamaged picture could be decoded")
        elif stated_s is not None and log.end_s + self._video._interval_s < stated_s - MISSING_END_S:
            log.warn(
                f"the file states {stated_s:.1f} s but its pictures end at {log.end_s:.1f} s: "
                "it was cut off or its end is damaged"
            )
        elif decoder.unaccounted > 0:
            log.warn(f"{decoder.unaccounted} of the pictures that the file states were not found in it")


def open_video(
    path: Path,
    *,
    clock_rate: float = 1.0,
    start: datetime | str | None = None,
    name_patterns: Sequence[str] = (),
    time_zone: tzinfo | str | None = None,
) -> VideoFile:
    """Open a video file and decode one picture, to be sure that it can be.

    Args:
        path: An ordinary local file.
        clock_rate: Seconds of life per second of the container.
        start, name_patterns, time_zone: See `wallclock.find_start`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty, no video, too large a picture, or no picture of it can be decoded.

    """
    with opened(path) as (container, stream):
        codec = stream.codec_context.name
        interval_s = clock_rate / stated_fps(stream)
        stated_s = stated_duration_s(container, stream)
        metadata = {**stream.metadata, **container.metadata}
        aspect = stream.sample_aspect_ratio
    with closing(Decoder(path, clock_rate).pictures()) as pictures:
        picture = next((picture for _, (_, picture) in pictures), None)
    if picture is None:
        raise ValueError(
            f"{path}: expected at least one picture that can be decoded, got none ({codec}); "
            "the recording is damaged or broke off before its first whole picture: export it again"
        )
    stored_px = (picture.width, picture.height)
    check_size(path, stored_px)
    matrix, rotation_note = display_matrix(picture)
    size_px = stored_px if matrix[0] else stored_px[::-1]
    began = find_start(
        path, option=start, name_patterns=name_patterns, time_zone=time_zone, metadata=metadata
    )
    notes = [note for note in (rotation_note, began.note) if note]
    if aspect and aspect != 1:
        notes.append(
            f"the picture's pixels are not square ({aspect.numerator}:{aspect.denominator}); "
            f"they are used as stored, {size_px[0]}x{size_px[1]}"
        )
    return VideoFile(
        path=path,
        name=recording_name(path),
        size_px=size_px,
        duration_s=None if stated_s is None else stated_s * clock_rate,
        start=began.when,
        start_source=began.source,
        clock_rate=clock_rate,
        notes=tuple(notes),
        _interval_s=interval_s,
        _stored_px=stored_px,
        _matrix=matrix,
    )

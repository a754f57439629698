"""A MOTChallenge folder as a recording: size and rate from seqinfo.ini, pictures optional."""

from __future__ import annotations

import configparser
import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path

from tracker.container import check_size
from tracker.fingerprint import hash_folder, recording_name
from tracker.pictures import PICTURE_ENDINGS, Picture, PictureStream
from tracker.wallclock import find_start

SEQUENCE_FILE = "seqinfo.ini"
_MOST_FRAMES = 100_000_000  # 38 days at 30 fps; more is a slip of the pen that would fill the memory


@dataclass(eq=False)
class MotSequence:
    """A MOTChallenge folder; a `Recording`.

    Frame n of its text files, counted from 1, is at t_s = (n - 1) / frame_rate * clock_rate and has
    `Frame.index` n - 1. `Frame.image_bgr` is None where the folder has no pictures.

    Attributes:
        path: The folder.
        frame_rate: Frames per second that seqinfo.ini states, before clock rate.
        length: Number of frames that seqinfo.ini states.
        clock_rate: Seconds of life per second of the sequence.

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
    frame_rate: float
    length: int
    _pictures_in: Path | None
    _ending: str

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 over names and bytes of seqinfo.ini, the pictures, and the texts under det/ and gt/."""
        texts = [
            path for inside in ("det", "gt") for path in self.path.glob(f"{inside}/*.txt") if path.is_file()
        ]
        files = [self.path / SEQUENCE_FILE, *texts, *self._picture_files()]
        return hash_folder(self.path, files)

    def read(self, sample_fps: float | None, wanted: Set[int] | None = None) -> PictureStream:
        """Read from the first frame; see `Recording.read`."""
        pictures, missing = self._sequence()
        return PictureStream(
            pictures,
            size_px=self.size_px,
            interval_s=self.clock_rate / self.frame_rate,
            damaged=missing,
            notes=self.notes,
            sample_fps=sample_fps,
            wanted=wanted,
        )

    def _t_s(self, index: int) -> float:
        return index / self.frame_rate * self.clock_rate

    def _picture_files(self) -> list[Path]:
        if self._pictures_in is None:
            return []
        return [
            path for path in self._pictures_in.iterdir() if path.suffix == self._ending and path.is_file()
        ]

    def _sequence(self) -> tuple[list[Picture], int]:
        if self._pictures_in is None:
            return [Picture(self._t_s(index), index, None) for index in range(self.length)], 0
        files = {int(p.stem): p for p in self._picture_files() if p.stem.isascii() and p.stem.isdigit()}
        here = [n for n in range(1, self.length + 1) if n in files]
        pictures = [Picture(self._t_s(n - 1), n - 1, files[n]) for n in here]
        return pictures, self.length - len(pictures)


def is_mot_folder(path: Path) -> bool:
    """Whether a folder says that it is a MOTChallenge sequence."""
    return (path / SEQUENCE_FILE).is_file()


def open_mot_sequence(
    folder: Path,
    *,
    clock_rate: float = 1.0,
    start: datetime | str | None = None,
    name_patterns: Sequence[str] = (),
    time_zone: tzinfo | str | None = None,
) -> MotSequence:
    """Open a MOTChallenge folder.

    Args:
        folder: Holds seqinfo.ini with frameRate, seqLength, imWidth and imHeight; pictures in imDir (img1).
        clock_rate: Seconds of life per second of the sequence.
        start, name_patterns, time_zone: See `wallclock.find_start`.

    Raises:
        ValueError: If seqinfo.ini is unusable; every fault is named.

    """
    values = _sequence_values(folder / SEQUENCE_FILE)
    faults: list[str] = []
    frame_rate = _number(values, "framerate", "frameRate", faults)
    length = _number(values, "seqlength", "seqLength", faults, whole=True)
    width = _number(values, "imwidth", "imWidth", faults, whole=True)
    height = _number(values, "imheight", "imHeight", faults, whole=True)
    if length > _MOST_FRAMES:
        faults.append(f"seqLength: expected at most {_MOST_FRAMES}, got {length:.0f}")
    ending = values.get("imext", ".jpg")
    if ending.lower() not in PICTURE_ENDINGS:
        faults.append(f"imExt: expected one of {', '.join(sorted(PICTURE_ENDINGS))}, got {ending!r}")
    inside = values.get("imdir", "img1")
    if Path(inside).is_absolute() or ".." in Path(inside).parts:
        faults.append(f"imDir: expected a folder inside this one, got {inside!r}")
    if faults:
        raise ValueError(f"{folder / SEQUENCE_FILE}: " + "; ".join(faults))
    size_px = (int(width), int(height))
    check_size(folder / SEQUENCE_FILE, size_px)
    began = find_start(folder, option=start, name_patterns=name_patterns, time_zone=time_zone)
    pictures = folder / inside
    return MotSequence(
        path=folder,
        name=recording_name(folder),
        size_px=size_px,
        duration_s=length / frame_rate * clock_rate,
        start=began.when,
        start_source=began.source,
        clock_rate=clock_rate,
        notes=(began.note,) if began.note else (),
        frame_rate=frame_rate,
        length=int(length),
        _pictures_in=pictures if pictures.is_dir() else None,
        _ending=ending,
    )


def _sequence_values(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except (configparser.Error, UnicodeDecodeError, OSError) as fault:
        reason = str(fault).replace("\n", " ")
        raise ValueError(
            f"{path}: expected a [Sequence] with one key = value a line, got: {reason}"
        ) from fault
    if not parser.has_section("Sequence"):
        raise ValueError(f"{path}: expected a section [Sequence], got {parser.sections() or 'none'}")
    return {key: value.strip() for key, value in parser.items("Sequence")}


def _number(values: dict[str, str], key: str, label: str, faults: list[str], *, whole: bool = False) -> float:
    """A positive number; a fault is added to `faults`, and 1 returned, where it is none."""
    text = values.get(key, "nothing")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0) or (whole and number != int(number)):
        faults.append(f"{label}: expected a {'whole ' if whole else ''}number above 0, got {text}")
        return 1.0
    return number

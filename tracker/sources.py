"""From what the user names to recordings: files, folders and globs, whatever kind they are."""

from __future__ import annotations

import glob
import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TypedDict, Unpack

from tracker.frames import Recording
from tracker.motsequence import MotSequence, is_mot_folder, open_mot_sequence
from tracker.pictures import PictureFolder, natural_key, open_pictures, pictures_in
from tracker.video import VideoFile, open_video

VIDEO_ENDINGS = frozenset(
    {
        ".3gp",
        ".asf",
        ".avi",
        ".dav",
        ".flv",
        ".gif",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
    }
)
"""Files taken from a folder. A file named by itself may have any ending: its content decides."""
# A folder with one of these holds what was made of footage, not footage.
_RESULTS = ("run.json", "activity.json", "overlay.json")


class _Options(TypedDict):
    clock_rate: float
    start: datetime | str | None
    name_patterns: Sequence[str]
    time_zone: tzinfo | str | None


def open_recording(
    path: str | Path,
    *,
    clock_rate: float = 1.0,
    start: datetime | str | None = None,
    name_patterns: Sequence[str] = (),
    time_zone: tzinfo | str | None = None,
    picture_fps: float | None = None,
) -> Recording:
    """Open a video file, a folder of pictures, or a MOTChallenge folder.

    Args:
        path: A local file or folder.
        clock_rate: Seconds of life per second of the recording's own clock.
        start: Wall-clock start, datetime or ISO text; without it the name and the container are asked.
        name_patterns: The camera's strptime-like file-name patterns, tried before the built-in ones.
        time_zone: Zone of the site (tzinfo or IANA name) for times that state none; None is the local zone.
        picture_fps: Pictures per second of a folder of pictures whose names hold no times.

    Raises:
        FileNotFoundError: If there is nothing at `path`.
        ValueError: If it is no recording, or an option cannot be understood.

    """
    return _opened(
        Path(path),
        picture_fps,
        clock_rate=clock_rate,
        start=start,
        name_patterns=name_patterns,
        time_zone=time_zone,
    )


def _opened(
    path: Path, picture_fps: float | None, **options: Unpack[_Options]
) -> VideoFile | PictureFolder | MotSequence:
    clock_rate = options["clock_rate"]
    if not (math.isfinite(clock_rate) and clock_rate > 0):
        raise ValueError(
            f"clock rate: expected a number above 0 (seconds of life per second of footage), got {clock_rate}"
        )
    if not _exists(path):
        raise FileNotFoundError(f"{path}: expected a recording, got nothing there; check the path")
    if not path.is_dir():
        return open_video(path, **options)
    if is_mot_folder(path):
        return open_mot_sequence(path, **options)
    videos = _videos_in(path)
    if videos:
        raise ValueError(
            f"{path}: expected one recording, got a folder of {len(videos)} videos; name one of them"
        )
    if not _pictures_in(path):
        raise ValueError(_nothing_in(path))
    return open_pictures(path, picture_fps=picture_fps, **options)


def find_recordings(inputs: Sequence[str | Path]) -> list[Path]:
    """Find the recordings that files, folders and globs stand for; nothing is opened.

    A folder stands for the videos directly in it, in the order of their names (2 before 10); a folder that is
    itself a recording (MOTChallenge, or pictures and no videos) for itself. A glob (`**` goes into folders)
    stands for the recordings it matches. What is named twice is returned once, where it was first.

    Raises:
        FileNotFoundError: If something is missing; every fault of every input is named.
        ValueError: If a folder holds no recording; likewise.

    """
    if isinstance(inputs, str | Path):
        inputs = [inputs]
    if not inputs:
        raise ValueError("expected at least one recording, got none; name a video file, a folder or a glob")
    found: dict[Path, Path] = {}
    faults: list[str] = []
    missing = False
    for named in inputs:
        path = Path(named)
        try:
            paths = _expanded(path) if _exists(path) else _matched(str(named))
            if not paths:
                raise ValueError(_nothing_in(path))
        except FileNotFoundError as fault:
            missing = True
            faults.append(str(fault))
            continue
        except ValueError as fault:
            faults.append(str(fault))
            continue
        for one in paths:
            found.setdefault(one.resolve(), one)
    if faults:
        raise (FileNotFoundError if missing else ValueError)("\n".join(faults))
    return list(found.values())


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name, no right to look, a NUL in it
        return False


def _expanded(path: Path) -> list[Path]:
    """Recordings that a path stands for; empty for a folder with none."""
    if not path.is_dir() or is_mot_folder(path):
        return [path]
    if any((path / result).exists() for result in _RESULTS):
        return []
    # Pictures beside videos are previews; those in a MOTChallenge folder belong to it.
    if videos := _videos_in(path):
        return videos
    is_footage = _pictures_in(path) and not is_mot_folder(path.parent)
    return [path] if is_footage else []


def _matched(pattern: str) -> list[Path]:
    if not glob.has_magic(pattern):
        raise FileNotFoundError(f"{pattern}: expected a video file, a folder or a glob, got nothing there")
    hits = [Path(hit) for hit in glob.glob(pattern, recursive=True)]
    if not hits:
        raise FileNotFoundError(f"{pattern}: expected recordings, got no match; check the glob")
    hits.sort(key=lambda hit: natural_key(str(hit)))
    found = [
        one for hit in hits if hit.is_dir() or hit.suffix.lower() in VIDEO_ENDINGS for one in _expanded(hit)
    ]
    if not found:
        raise ValueError(
            f"{pattern}: expected recordings, got {len(hits)} files or folders that are none, e.g. {hits[0]}"
        )
    return found


def _nothing_in(folder: Path) -> str:
    return (
        f"{folder}: expected videos ({', '.join(sorted(VIDEO_ENDINGS))}), pictures, or a MOTChallenge "
        f"folder, got a folder with none directly in it; for its subfolders use the glob '{folder}/**/*'"
    )


def _pictures_in(folder: Path) -> list[Path]:
    try:
        return pictures_in(folder)
    except OSError as fault:
        raise _not_listed(folder, fault) from fault


def _videos_in(folder: Path) -> list[Path]:
    try:
        found = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in VIDEO_ENDINGS and not path.name.startswith(".") and path.is_file()
        ]
    except OSError as fault:
        raise _not_listed(folder, fault) from fault
    return sorted(found, key=lambda path: natural_key(path.name))


def _not_listed(folder: Path, fault: OSError) -> ValueError:
    return ValueError(f"{folder}: expected a folder that can be read, got: {fault.strerror or fault}")

"""An hour under way, on disk: written as it happens, so that whoever ends this program loses seconds.

A folder per hour, `<out>/.live/<camera>/<begin>/`: `hour.json` says what is watched and how, `pictures.jsonl`
grows by a line per picture (its time and the boxes in it) and per gap. A line that was cut by the end of the
process is left out when it is read. There is no picture of anybody in it, and no address.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from calibration.calibration import Calibration
from dwellmap.file_lock import try_lock
from dwellmap.run_folder import CALIBRATION, SCENE_PICTURE, dump_json, safe_name
from dwellmap.site_file import Settings
from dwellmap.unclosed_hours import BEGIN, HEAD, LIVE_FOLDER
from dwellmap.view import CameraView
from tracker.detections import DetectionLog
from tracker.frames import Footage
from tracker.habits import Habits

PICTURES = "pictures.jsonl"
_FORMAT, _VERSION = "dwellmap live hour", 2
_FLUSH_S, _TO_DISK_S = 1.0, 10.0
_LONGEST_STEP_S = 2.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched and how: all that an hour's run needs besides what was seen.

    Attributes:
        camera: Name of the camera.
        shown: Its address, without credentials.
        time_zone: IANA name of its clock's zone; None where only the offset is known.
        size_px: (width, height) of the pictures.
        sample_fps: Pictures a second that are looked at; None for all.
        detector: Kind of the detector.
        detector_identity: What determines its boxes.
        detector_description: One line for people.
        habits: How the detector draws boxes, and how much they say.
        notes: What the reader of a map has to know of it.

    """

    camera: str
    shown: str
    time_zone: str | None
    size_px: tuple[int, int]
    sample_fps: float | None
    detector: str
    detector_identity: str
    detector_description: str
    habits: Habits
    notes: tuple[str, ...]


_WATCHED = TypeAdapter(Watched)


@dataclass(frozen=True, slots=True, eq=False)
class Hour:
    """An hour as it was read.

    Attributes:
        name: Name of the recording.
        start: Wall clock of its time 0, timezone-aware.
        watched: What was watched.
        view: The camera's view of the floor.
        settings: Thresholds of all packages.
        log: What was found; times from the hour's beginning.
        footage: What was watched of it.
        scene_bgr: People-free picture; None if none was made in time.
        whole: Whether it was closed; else the process was ended within it.

    """

    name: str
    start: datetime
    watched: Watched
    view: CameraView
    settings: Settings
    log: DetectionLog
    footage: Footage
    scene_bgr: NDArray[np.uint8] | None
    whole: bool


class HourWriter:
    """Writes an hour as it happens; nobody else touches its folder meanwhile.

    Args:
        folder: Of all hours of the camera.
        name: Name of the recording.
        start: Wall clock of time 0.
        watched: What is watched.
        view: The camera's view of the floor.
        settings: Thresholds of all packages.

    Raises:
        OSError: If it cannot be written.

    """

    def __init__(
        self, folder: Path, name: str, start: datetime, watched: Watched, view: CameraView, settings: Settings
    ) -> None:
        self.name, self.start = name, start
        self.folder = folder / f"{start:{BEGIN}}"
        # Only their owner may read them: paths of people, before anybody decided who may.
        self.folder.mkdir(mode=0o700, parents=True)
        head = {
            "format": _FORMAT, "version": _VERSION, "name": name, "start": start.isoformat(),
            "watched": asdict(watched), "view": view.to_json(), "settings": settings.model_dump(mode="json"),
            "plan_picture": None if view.plan_picture is None else str(view.plan_picture.absolute()),
            "still": None if view.still is None else str(view.still.absolute()),
        }  # fmt: skip
        if view.calibration is not None:
            view.calibration.save(self.folder / CALIBRATION)
        draft = self.folder / f".{HEAD}"
        draft.write_text(dump_json(head), encoding="utf-8")
        os.replace(draft, self.folder / HEAD)
        self._lock = os.open(self.folder / HEAD, os.O_RDONLY)
        try_lock(self._lock)
        self._file = (self.folder / PICTURES).open("w", encoding="utf-8")
        self._flushed_s = self._to_disk_s = time.monotonic()
        self.pictures = 0

    def add(self, t_s: float, xyxy_px: NDArray[np.floating], score: NDArray[np.floating]) -> None:
        """Write what was found in a picture.

        Args:
            t_s: Its time since the hour's beginning (s).
            xyxy_px: (n, 4) boxes.
            score: (n,) scores.

        """
        boxes = np.column_stack([xyxy_px.reshape(-1, 4), score]).astype(np.float64).tolist()
        self._write({"t": t_s, "b": boxes})
        self.pictures += 1

    def gap(self, why: str) -> None:
        """Nothing is seen from the last picture to the next one."""
        self._write({"gap": why})

    def scene(self, scene_bgr: NDArray[np.uint8]) -> None:
        """Keep the people-free picture as it is by now."""
        done, png = cv2.imencode(".png", scene_bgr)
        if done:
            draft = self.folder / f".{SCENE_PICTURE}"
            draft.write_bytes(png.tobytes())
            os.replace(draft, self.folder / SCENE_PICTURE)

    def close(self, end_s: float | None) -> None:
        """The hour is over.

        Args:
            end_s: When (s), if pictures go on in the next one; None if the last picture ended it.

        """
        try:
            self._write({"end": end_s})
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Write no more; as if the process had ended."""
        try:
            self._file.close()
        finally:
            os.close(self._lock)

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        now_s = time.monotonic()
        if now_s - self._flushed_s >= _FLUSH_S:
            self._flushed_s = now_s
            self._file.flush()
        if now_s - self._to_disk_s >= _TO_DISK_S:
            self._to_disk_s = now_s
            os.fsync(self._file.fileno())


def hours_of(out: Path, camera: str) -> Path:
    """The folder of a camera's hours that have no run yet."""
    return out / LIVE_FOLDER / safe_name(camera)


def read_hour(folder: Path) -> Hour:
    """Read what `HourWriter` wrote, whole or not.

    Raises:
        ValueError: If it is something else.
        OSError: If it cannot be read.

    """
    file = folder / HEAD
    try:
        head = json.loads(file.read_text(encoding="utf-8"))
        if (head["format"], head["version"]) != (_FORMAT, _VERSION):
            raise ValueError(f"it is {head['format']!r}, version {head['version']}")
        watched = _WATCHED.validate_python(head["watched"])
        calibration = None
        if head["view"]["calibration"] is not None:
            calibration = Calibration.load(folder / CALIBRATION)
        view = CameraView.from_json(head["view"], calibration, _existing(head["plan_picture"]))
        view = replace(view, still=_existing(head["still"]))
        settings = Settings.model_validate(head["settings"])
        start = datetime.fromisoformat(head["start"])
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise ValueError(
            f"{file}: expected an hour of this version of dwellmap live ({error}); delete the folder, or "
            "start the version that wrote it once more"
        ) from error
    log, footage, whole = _read_pictures(folder / PICTURES, watched.habits)
    scene = folder / SCENE_PICTURE
    picture = cv2.imread(str(scene)) if scene.is_file() else None
    scene_bgr = None if picture is None else np.asarray(picture, dtype=np.uint8)
    return Hour(head["name"], start, watched, view, settings, log, footage, scene_bgr, whole)


def _existing(path: str | None) -> Path | None:
    return Path(path) if path is not None and Path(path).is_file() else None


def _read_pictures(file: Path, habits: Habits) -> tuple[DetectionLog, Footage, bool]:
    times: list[float] = []
    boxes: list[NDArray[np.float64]] = []
    begins: list[int] = [0]
    gaps: list[str] = []
    whole, end_s = False, None
    for text in file.read_bytes().split(b"\n")[:-1] if file.is_file() else ():
        try:
            line = json.loads(text)
        except ValueError:
            break  # the disk was full, or the power went: what comes behind it cannot be trusted
        if "t" in line:
            times.append(float(line["t"]))
            boxes.append(np.array(line["b"], dtype=np.float64).reshape(-1, 5))
        elif "gap" in line:
            gaps.append(str(line["gap"]))
            begins.append(len(times))
        else:
            whole, end_s = True, line["end"]
    every = np.concatenate([np.empty((0, 5)), *boxes])
    offsets = np.concatenate([[0], np.cumsum([len(found) for found in boxes], dtype=np.int64)])
    log = DetectionLog(np.array(times), offsets, every[:, :4], every[:, 4], np.arange(len(times)), habits)
    footage = Footage(_observed_s(log.t_s, begins, end_s), len(times), 0, _told(gaps))
    return log, footage, whole


def _observed_s(t_s: NDArray[np.float64], begins: list[int], end_s: float | None) -> NDArray[np.float64]:
    """(n, 2) stretches between gaps; each ends a picture's time after its last picture."""
    if not len(t_s):
        return np.empty((0, 2))
    step_s = min(float(np.median(np.diff(t_s))), _LONGEST_STEP_S) if len(t_s) > 1 else 0.0
    bounds = [*sorted({begin for begin in begins if begin < len(t_s)}), len(t_s)]
    spans = []
    for first, behind in pairwise(bounds):
        until_s = float(t_s[behind - 1]) + step_s
        if behind < len(t_s):
            until_s = min(until_s, float(t_s[behind]))
        elif end_s is not None:
            until_s = max(end_s, float(t_s[behind - 1]))
        spans.append((float(t_s[first]), until_s))
    return np.array(spans)


def _told(gaps: list[str]) -> tuple[str, ...]:
    if not gaps:
        return ()
    return (f"the stream broke {len(gaps)} time{'s' if len(gaps) > 1 else ''}; last: {gaps[-1]}",)

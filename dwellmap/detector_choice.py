"""Which detector looks for people, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from calibration.calibration import Calibration
from calibration.scene import Scene
from dwellmap.detector_kinds import Kind as Kind
from dwellmap.site_file import Settings
from tracker.computing import computing
from tracker.detector import Detector
from tracker.fingerprint import hash_file, hash_folder
from tracker.frames import Recording
from tracker.replay import ReplayDetector
from tracker.settings import YoloSettings
from tracker.weights import find_weights, search_order

NO_WEIGHTS = (
    "no YOLO weights found: people are found by motion, which misses some and takes other moving things for "
    "people; `dwellmap weights get` fetches weights, `dwellmap doctor` says where they are looked for"
)


@dataclass(frozen=True, slots=True, eq=False)
class DetectorChoice:
    """A detector that has been decided upon but not yet loaded.

    Attributes:
        kind: "yolo", "motion", "mog2", "hog", "haar" or "replay".
        identity: What determines its boxes apart from the recording: goes into the run's key.
        notes: What the reader of a map has to know about the choice.
        load: Makes it for a recording. Can be pickled: another process makes the same.
        by_picture: Whether what it finds in a picture depends on that picture alone, so that a recording
            may be cut for it. The others compare pictures with each other.

    """

    kind: Literal["yolo", "motion", "mog2", "hog", "haar", "replay"]
    identity: str
    notes: tuple[str, ...]
    load: Callable[[Recording, Calibration | None, Scene], Detector]
    by_picture: bool = False


def choose_detector(
    kind: Kind,
    weights: Path | None,
    detections: Path | None,
    recording: Path,
    settings: Settings,
    one_of_many: bool = False,
) -> DetectorChoice:
    """Decide.

    Args:
        kind: What was asked for; "auto" is YOLO where weights are found, else motion.
        weights: Weights named by the user or the site file.
        detections: Detections to replay; a relative path may start in the recording's folder.
        recording: Path of the recording.
        settings: Settings of the detectors.
        one_of_many: Other recordings are run by the same command: each replays what lies in its own folder.

    Raises:
        ValueError: If what was asked for is not there.

    """
    if kind == "replay" or (kind == "auto" and detections is not None):
        return _replay(detections, recording, one_of_many)
    if detections is not None:
        raise ValueError(f"--detections goes with --detector replay, not with {kind}")
    if kind == "motion":
        return _motion(())
    if kind == "mog2":
        return _mog2()
    if kind == "hog" or kind == "haar":
        return _classical(kind)
    found = find_weights(weights)
    if found is not None:
        return _yolo(found, settings)
    if kind == "yolo":
        looked = "\n".join(f"  {place}" for place in search_order(weights))
        raise ValueError(
            f"--detector yolo: expected YOLO weights, found none; looked for\n{looked}\n"
            "Run `dwellmap weights get`, name a file with --weights, or use --detector motion"
        )
    return _motion((NO_WEIGHTS,))


def _yolo(weights: Path, settings: Settings) -> DetectorChoice:
    digest = (
        hash_folder(weights, (f for f in weights.rglob("*") if f.is_file()))
        if weights.is_dir()
        else hash_file(weights)
    )
    # Another arithmetic gives other last digits, so a run says which it was.
    identity = f"yolo {digest} {computing(weights, settings.yolo)}"
    return DetectorChoice("yolo", identity, (), partial(_load_yolo, weights, settings.yolo), by_picture=True)


def _load_yolo(
    weights: Path,
    settings: YoloSettings,
    recording: Recording,
    calibration: Calibration | None,
    scene: Scene,
) -> Detector:
    del calibration, scene
    from tracker.yolo import YoloDetector  # loads torch and OpenVINO: only when asked for

    return YoloDetector(weights, settings, recording.size_px)


def _motion(notes: tuple[str, ...]) -> DetectorChoice:
    return DetectorChoice("motion", "motion", notes, _load_motion)


def _load_motion(recording: Recording, calibration: Calibration | None, scene: Scene) -> Detector:
    from tracker.motion import MotionDetector

    return MotionDetector.for_recording(recording, calibration, scene)


def _mog2() -> DetectorChoice:
    return DetectorChoice("mog2", "mog2", (), _load_mog2)


def _load_mog2(recording: Recording, calibration: Calibration | None, scene: Scene) -> Detector:
    from tracker.livemotion import LiveMotionDetector

    return LiveMotionDetector(recording.size_px, calibration, scene)


def _classical(kind: Literal["hog", "haar"]) -> DetectorChoice:
    from tracker.classical import why_missing

    missing = why_missing(kind)
    if missing is not None:
        raise ValueError(f"--detector {kind}: {missing}")
    return DetectorChoice(kind, kind, (), partial(_load_classical, kind))


def _load_classical(
    kind: Literal["hog", "haar"], recording: Recording, calibration: Calibration | None, scene: Scene
) -> Detector:
    del calibration, scene
    from tracker.classical import HaarDetector, HogDetector

    return (HogDetector if kind == "hog" else HaarDetector).for_recording(recording)


def _replay(detections: Path | None, recording: Path, one_of_many: bool) -> DetectorChoice:
    if detections is None:
        raise ValueError("--detector replay: name the detections with --detections FILE")
    inside = recording / detections
    candidates = [inside] if one_of_many else [inside, detections] if recording.is_dir() else [detections]
    file = next((c for c in candidates if c.is_file()), None)
    if file is None:
        looked = " or ".join(str(c) for c in candidates)
        raise ValueError(f"--detections: expected a file of detections, there is none at {looked}")
    identity = f"replay {hash_file(file)}"
    return DetectorChoice("replay", identity, (), partial(_load_replay, file), by_picture=True)


def _load_replay(file: Path, recording: Recording, calibration: Calibration | None, scene: Scene) -> Detector:
    del calibration, scene
    return ReplayDetector(file, recording.size_px)

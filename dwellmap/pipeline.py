"""The way from a recording to its tracks: decode, detect, track, place on the floor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analytics.analysis import Analysis, analyse, smoothed_paths, typical_height_px
from analytics.coverage import coverage_of
from dwellmap.detector_choice import DetectorChoice
from dwellmap.progress import Reporter
from dwellmap.side_by_side import Found, cut_for, found_side_by_side
from dwellmap.site_file import Settings
from dwellmap.view import CameraView
from tracker.again import Onlooker, look_again
from tracker.ahead import ahead
from tracker.appearance.embedder import Embedder
from tracker.appearance.looks import Looks
from tracker.appearance.sight import Sight
from tracker.bytetrack import track
from tracker.detections import DetectionLog
from tracker.detector import Detector, detections
from tracker.following import followed
from tracker.frames import Footage, Frame, Recording
from tracker.linking.audit import Audit
from tracker.linking.known import Known
from tracker.phantoms import StillThings, Suspect, without
from tracker.plausible import plausible
from tracker.scenepicture import Moment, Part, ScenePicture, needed, shown_part
from tracker.spans import UncutError
from tracker.tracklets import Tracklets
from tracker.tracks import Tracks

# Pictures decoded ahead of the detector: enough that neither waits for the other's moods, few enough for
# memory.
_AHEAD = 8

Watcher = Callable[[float, NDArray[np.uint8] | None, NDArray[np.floating]], None]
"""Told the time, the picture and the boxes (n, 4) of the people found in it."""


@dataclass(slots=True)
class Timing:
    """Seconds spent per stage, for the recipe's `timing` block."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, since: float) -> float:
        """Book the time since `since` (of `time.perf_counter`) and return now."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one pass over a recording gives.

    Attributes:
        log: The detections.
        footage: What was decoded.
        scene_bgr: (height, width, 3) people-free picture, grey where it never was free, or None.
        shown_px: The part of the picture that shows the scene, black bars left out.
        moments: Pictures spread over the recording, with where they show nobody.

    """

    log: DetectionLog
    footage: Footage
    scene_bgr: NDArray[np.uint8] | None
    shown_px: Part
    moments: tuple[Moment, ...] = ()


class Remembering(Protocol):
    """Tells what people look like whose footage is gone."""

    def at(self, log: DetectionLog, tracklets: Tracklets, settings: Settings) -> Looks:
        """What the people of these tracklets look like; kept in memory only."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Looking:
    """Looks at the people of a recording once more, to tell them apart.

    Attributes:
        recording: The footage.
        embedder: Describes what they look like.

    """

    recording: Recording
    embedder: Embedder

    def at(self, log: DetectionLog, tracklets: Tracklets, settings: Settings) -> Sight:
        """Who is to look at the people of these tracklets; what is seen is kept in memory only."""
        return Sight(log, tracklets, self.embedder, settings.appearance)


def detect(
    recording: Recording,
    detector: Detector,
    sample_fps: float | None,
    reporter: Reporter,
    timing: Timing,
    watcher: Watcher | None = None,
) -> Seen:
    """Decode the recording once and find the people in its sampled pictures.

    The next pictures are decoded while the detector works; what comes out is the same as without that.

    Args:
        recording: The footage.
        detector: Finds people; one that answers for every picture is not sampled.
        sample_fps: Pictures a second to look at; None for all.
        reporter: Told how far it is.
        timing: Receives the seconds of "decode" (what the detector had to wait for pictures) and "detect".
        watcher: Shows the people of each picture while it works.

    """
    stream = recording.read(None if detector.every_frame else sample_fps)

    def found() -> Iterator[Found]:
        with (
            reporter.step(f"{recording.name}: looking for people", recording.duration_s) as step,
            closing(ahead(stream, _AHEAD)) as frames,
        ):
            for frame, people in detections(detector, _waited(frames, timing)):
                if watcher is not None:
                    watcher(frame.t_s, frame.image_bgr, people.xyxy)
                yield frame, people
                step.to(frame.t_s)

    since, waited = time.perf_counter(), timing.seconds.get("decode", 0.0)
    log, scene = _collected(found(), recording, detector)
    timing.add("detect", since + timing.seconds.get("decode", 0.0) - waited)
    return _seen(log, scene, recording, stream.footage)


def looked_for(
    recording: Recording,
    detector: Detector,
    choice: DetectorChoice,
    sample_fps: float | None,
    reporter: Reporter,
    timing: Timing,
    watcher: Watcher | None,
    workers: int,
) -> Seen:
    """Look for people with so many processes if the recording can be cut for them, else with this one."""
    if workers > 1:
        try:
            return detect_side_by_side(recording, detector, choice, sample_fps, reporter, timing, workers)
        except UncutError as why:
            reporter.say(f"NOTE: {recording.name} is not cut for --workers: {why}; one process does it")
    return detect(recording, detector, sample_fps, reporter, timing, watcher)


def detect_side_by_side(
    recording: Recording,
    detector: Detector,
    choice: DetectorChoice,
    sample_fps: float | None,
    reporter: Reporter,
    timing: Timing,
    workers: int,
) -> Seen:
    """Do what `detect` does, byte for byte, with several processes, each of which decodes a part of the file.

    Args:
        recording: The footage.
        detector: Finds people, here.
        choice: What it was made by: each process makes its own.
        sample_fps: Pictures a second to look at; None for all.
        reporter: Told how far it is.
        timing: Receives the seconds of "detect", decoding included.
        workers: Processes.

    Raises:
        UncutError: If the recording cannot be cut, or is not what its packets promise; `detect` does it then.
        ChildProcessError: If a process dies.

    """
    since = time.perf_counter()
    with reporter.step(f"{recording.name}: looking where to cut", None):
        cut = cut_for(recording, choice, None if detector.every_frame else sample_fps, workers)
    shown = needed(cut.t_s.tolist(), recording.duration_s)
    with (
        reporter.step(f"{recording.name}: looking for people", float(len(cut.t_s))) as step,
        closing(found_side_by_side(cut, choice, workers, shown, step.to)) as found,
    ):
        log, scene = _collected(found, recording, detector)
    timing.add("detect", since)
    return _seen(log, scene, recording, cut.footage)


def _collected(
    found: Iterable[Found], recording: Recording, detector: Detector
) -> tuple[DetectionLog, ScenePicture]:
    """The table of what was found, and the place without people."""
    scene = ScenePicture(recording.duration_s)

    def looked_at() -> Iterator[Found]:
        for frame, people in found:
            scene.add(frame, people.xyxy)
            yield frame, people

    return DetectionLog.collect(looked_at(), detector.habits), scene


def _seen(log: DetectionLog, scene: ScenePicture, recording: Recording, footage: Footage) -> Seen:
    picture = scene.picture()
    return Seen(log, footage, picture, shown_part(picture, recording.size_px), scene.moments)


def countable(log: DetectionLog, view: CameraView) -> tuple[DetectionLog, int]:
    """The boxes that may be people: outside ignored areas, and such that a person could fill them.

    Returns:
        The boxes, and how many outside ignored areas no person could fill.

    """
    outside = log.outside(view.ignored_px)
    if view.calibration is None:
        return outside, 0
    fits = plausible(outside.xyxy_px, view.calibration)
    return outside.only(fits), int(np.count_nonzero(~fits))


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Who was where, and what is doubtful about it.

    Attributes:
        tracks: Everybody.
        audit: What linking can tell of its own faults.
        suspects: Still things that may have been taken for people; those left out are not in the tracks.

    """

    tracks: Tracks
    audit: Audit
    suspects: tuple[Suspect, ...]


def follow(
    log: DetectionLog,
    view: CameraView,
    shown_px: Part,
    observed_s: NDArray[np.float64],
    settings: Settings,
    reporter: Reporter,
    timing: Timing,
    looking: Looking | None = None,
    recording: Recording | None = None,
    suspects: tuple[Suspect, ...] = (),
    remembered: Remembering | None = None,
) -> Joined:
    """Join the detections to people, put them on the floor, and count what speaks for faults of identity.

    Args:
        log: The detections.
        view: The camera's view of the floor.
        shown_px: The part of the picture that shows the scene.
        observed_s: (n, 2) intervals in which footage was decoded.
        settings: Thresholds of all packages.
        reporter: Told how far it is.
        timing: Receives the seconds of "track", "look" (for phantoms too) and "link".
        looking: Looks at the people in the footage; None where there is none to look at.
        recording: The footage, to look for phantoms; without it, `suspects` are believed.
        suspects: What was found suspect earlier.
        remembered: Tells what people look like where there is no footage to look at.

    """
    since = time.perf_counter()
    with reporter.step("joining detections to tracklets", None):
        counted, _ = countable(log, view)
        tracklets = track(counted, settings.tracker)
    since = timing.add("track", since)
    things = None
    if recording is not None:
        things = StillThings(counted, tracklets, observed_s, settings.phantoms)
    sight = None if looking is None else looking.at(counted, tracklets, settings)
    footage = recording if recording is not None or looking is None else looking.recording
    _look_again(footage, (things, sight), reporter)
    suspects = suspects if things is None else things.suspects()
    since = timing.add("look", since)
    phantoms = [suspect for suspect in suspects if suspect.is_phantom(settings.phantoms)]
    if phantoms:
        counted = without(counted, phantoms)
        tracklets = track(counted, settings.tracker)
        since = timing.add("track", since)
        if looking is not None:
            # Without them other boxes are worth looking at.
            sight = looking.at(counted, tracklets, settings)
            _look_again(looking.recording, (sight,), reporter)
    looks = None if sight is None else sight.looks()
    if remembered is not None:
        looks = remembered.at(counted, tracklets, settings)
    del sight, things  # They hold as much as the looks.
    since = timing.add("look", since)
    with reporter.step("joining tracklets to people", None):
        doors = tuple(door.xy_m for door in view.scene.doors)
        known = Known(log.t_s, observed_s, shown_px, view.calibration, doors, log.habits)
        tracks, audited = followed(tracklets, known, settings.linking, looks, view.scene)
    timing.add("link", since)
    return Joined(tracks, audited, suspects)


def _look_again(
    recording: Recording | None, onlookers: Iterable[Onlooker | None], reporter: Reporter
) -> None:
    """Show pictures once more to those who are there."""
    present = [onlooker for onlooker in onlookers if onlooker is not None]
    if recording is None or not present:
        return
    with reporter.step(f"{recording.name}: looking once more", recording.duration_s) as step:
        look_again(recording, present, step.to)


def measure(
    tracks: Tracks,
    view: CameraView,
    shown_px: Part,
    observed_s: NDArray[np.float64],
    settings: Settings,
    reporter: Reporter,
    timing: Timing,
) -> Analysis:
    """Smooth the paths and compute all maps."""
    since = time.perf_counter()
    with reporter.step("smoothing the paths", None):
        gaps_s = np.column_stack([observed_s[:-1, 1], observed_s[1:, 0]])
        paths = smoothed_paths(tracks, view.unit, settings.trajectories, gaps_s)
    since = timing.add("trajectories", since)
    with reporter.step("computing the maps", None):
        grid = view.grid(settings.maps)
        coverage = coverage_of(grid, view.calibration, view.scene, view.ignored_px, shown_px, settings.maps)
        cov = view.covariance(grid, typical_height_px(tracks, shown_px), settings.maps.person_height_m)
        analysis = analyse(
            paths,
            tracks,
            grid,
            coverage,
            cov,
            view.scene,
            view.zones,
            shown_px,
            observed_s,
            settings.maps,
            settings.trajectories.stop_s,
        )
    timing.add("maps", since)
    return analysis


def _waited(frames: Iterable[Frame], timing: Timing) -> Iterator[Frame]:
    """The frames; the time spent waiting for them is that of decoding."""
    since = time.perf_counter()
    for frame in frames:
        timing.add("decode", since)
        yield frame
        since = time.perf_counter()
    timing.add("decode", since)

"""The motion detector on small scenes whose people are known."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from calibration.scene import Scene
from tracker.frames import Footage, Frame
from tracker.motion import MotionDetector

WIDTH, HEIGHT, FPS = 320, 240, 8


@dataclass(frozen=True)
class Staged:
    """A recording made of pictures in memory."""

    frames: tuple[Frame, ...]
    name: str = "staged"
    size_px: tuple[int, int] = (WIDTH, HEIGHT)
    start: None = None
    start_source: str = "unknown"
    content_hash: str = "0"

    @property
    def duration_s(self):
        return len(self.frames) / FPS

    def read(self, sample_fps):
        step = 1 if sample_fps is None else max(1, round(FPS / sample_fps))
        return Played(self.frames[::step])


@dataclass(frozen=True)
class Played:
    frames: tuple[Frame, ...]

    def __iter__(self):
        return iter(self.frames)

    @property
    def footage(self):
        return Footage(np.array([[0.0, len(self.frames) / FPS]]), len(self.frames))


def floor():
    rng = np.random.default_rng(3)
    tiles = rng.integers(110, 190, (HEIGHT // 20, WIDTH // 20, 3)).astype(np.uint8)
    return cv2.GaussianBlur(cv2.resize(tiles, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST), (3, 3), 0)


def person(image, x, foot=200, height=80, jacket=(40, 40, 160)):
    """Head, body and legs of somebody whose feet are at (x, foot), and the box around them."""
    head = height // 8
    cv2.circle(image, (x, foot - height + head), head, (120, 150, 200), -1)
    cv2.ellipse(image, (x, foot - height * 6 // 10), (height // 6, height // 4), 0, 0, 360, jacket, -1)
    cv2.rectangle(image, (x - height // 9, foot - height // 2), (x + height // 9, foot), (60, 40, 30), -1)
    return np.array([x - height // 6, foot - height, x + height // 6, foot])


def staged(length_s, where, light=lambda _: 1.0):
    """Pictures of people at `where(t)`: a list of keyword arguments for `person`; with their boxes."""
    rng, empty = np.random.default_rng(1), floor()
    frames, boxes = [], []
    for i in range(int(length_s * FPS)):
        image = empty.copy()
        boxes.append([person(image, **p) for p in where(i / FPS)])
        noisy = image * light(i / FPS) + rng.normal(0, 2, image.shape)
        frames.append(Frame(i / FPS, i, np.clip(noisy, 0, 255).astype(np.uint8)))
    return Staged(tuple(frames)), boxes


def iou(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inside = np.prod(np.clip(high - low, 0, None))
    return inside / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inside)


def found(recording, boxes, least=0.4):
    """Share of the people found (IoU 0.5), and boxes that are nobody's, per picture."""
    detector = MotionDetector.for_recording(recording, None, Scene())
    hits = total = false = 0
    for frame, true in zip(recording.frames, boxes, strict=True):
        seen = detector.detect([frame])[0]
        seen = seen.xyxy[seen.confidence >= least]
        total += len(true)
        hits += sum(any(iou(t, s) >= 0.5 for s in seen) for t in true)
        false += sum(all(iou(t, s) < 0.3 for t in true) for s in seen)
    return hits / max(total, 1), false / len(boxes)


def walk(t, x0=10, speed=12.0, **more):
    return {"x": int(x0 + speed * t), **more}


def test_a_walker_is_found():
    recall, false = found(*staged(24, lambda t: [walk(t)] if t < 24 else []))
    assert recall > 0.9
    assert false < 0.05


def test_somebody_who_stands_for_most_of_the_footage_stays_a_person():
    """Comes at 6 s, stands until 36 s, leaves: 30 of 42 s on one spot."""

    def where(t):
        return [{"x": int(min(20 + max(t - 2, 0) * 30, 140 + max(t - 36, 0) * 40))}] if 2 < t < 40 else []

    recording, boxes = staged(42, where)
    recall, false = found(recording, boxes)
    assert recall > 0.9
    assert false < 0.1  # no ghost where they stood


def test_two_people_who_touch_are_two():
    def where(t):
        return [walk(t, 20, 8, jacket=(40, 40, 160)), walk(t, 50, 8, jacket=(160, 90, 40))]

    recall, _ = found(*staged(24, where))
    assert recall > 0.8


@pytest.mark.parametrize(
    "light", [lambda t: 1.0, lambda t: 1 + 0.25 * np.sin(t / 3), lambda t: 0.6 if t > 8 else 1.0]
)
def test_an_empty_place_has_nobody_in_any_light(light):
    _, false = found(*staged(16, lambda t: [], light))
    assert false == 0


def test_lights_that_change_do_not_hide_a_walker():
    recall, false = found(*staged(24, lambda t: [walk(t)], lambda t: 0.65 if t > 12 else 1.0))
    assert recall > 0.85
    assert false < 0.1


def test_clear_people_score_higher_than_the_tracker_needs_to_start():
    recording, _ = staged(24, lambda t: [walk(t)])
    detector = MotionDetector.for_recording(recording, None, Scene())
    scores = np.concatenate([d.confidence for d in detector.detect(recording.frames)])
    assert np.median(scores) > 0.6


def test_boxes_only_footage_is_refused():
    boxes_only = Staged((Frame(0.0, 0, None), Frame(0.125, 1, None)))
    with pytest.raises(ValueError, match="needs pictures"):
        MotionDetector.for_recording(boxes_only, None, Scene())

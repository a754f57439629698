"""The motion detector on small scenes whose people are known."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from calibration.scene import Scene
from tracker.background import at_working_size, sampled_moments, working_size
from tracker.emptyplace import EmptyPlace
from tracker.frames import Footage, Frame
from tracker.livemotion import LiveMotionDetector
from tracker.motion import MotionDetector

WIDTH, HEIGHT, FPS = 320, 240, 4


@dataclass(frozen=True)
class Staged:
    """A recording made of pictures in memory."""

    frames: tuple[Frame, ...]
    name: str = "staged"
    size_px: tuple[int, int] = (WIDTH, HEIGHT)
    clock_rate: float = 1.0
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


def staged(length_s, where, light=lambda _: 1.0, furnish=lambda image, t: image):
    """Pictures of people at `where(t)`: a list of keyword arguments for `person`; with their boxes.

    `light(t)` multiplies the picture, `furnish(image, t)` changes the place before anybody enters it.
    """
    rng, empty = np.random.default_rng(1), floor()
    frames, boxes = [], []
    for i in range(int(length_s * FPS)):
        image = furnish(empty.copy(), i / FPS)
        boxes.append([person(image, **p) for p in where(i / FPS)])
        noisy = image * light(i / FPS) + rng.normal(0, 2, image.shape)
        frames.append(Frame(i / FPS, i, np.clip(noisy, 0, 255).astype(np.uint8)))
    return Staged(tuple(frames)), boxes


def iou(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inside = np.prod(np.clip(high - low, 0, None))
    return inside / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inside)


def found(recording, boxes, least=0.4, detector=None, from_s=0.0):
    """Share of the people found (IoU 0.5), and boxes that are nobody's, per picture."""
    detector = detector or MotionDetector.for_recording(recording, None, Scene())
    hits = total = false = 0
    for frame, true in zip(recording.frames, boxes, strict=True):
        seen = detector.detect([frame])[0]
        if frame.t_s < from_s:
            continue
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


def test_where_one_after_the_other_stands_the_place_stays_the_place():
    """Three take turns at one spot; the second keeps perfectly still, and the place is bare in between."""
    jackets = [(40, 40, 160), (30, 30, 30), (160, 90, 40)]

    def where(t):
        turn, since = divmod(t - 4, 16)
        if not 0 <= turn < 3 or since > 12:
            return []
        sway = 0 if turn == 1 else round(3 * np.sin(2 * t))
        return [{"x": 160 + sway, "jacket": jackets[int(turn)]}]

    recording, _ = staged(56, where)
    place = EmptyPlace(sampled_moments(recording))
    bare = at_working_size(recording.frames[0].image_bgr, working_size((WIDTH, HEIGHT)))
    for t_s in (1.0, 18.0, 34.0, 50.0):
        expected, _ = place.expected(t_s, bare)
        assert np.abs(expected.astype(int) - bare).max() < 25
    assert place.moved == ()


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


def crate(image, left):
    """Something the size of a person that stands on the floor."""
    cv2.rectangle(image, (left, 130), (left + 34, 200), (50, 120, 170), -1)
    cv2.rectangle(image, (left + 4, 140), (left + 30, 160), (220, 220, 220), -1)
    return image


def remarks(recording):
    return MotionDetector.for_recording(recording, None, Scene()).remarks


@pytest.mark.parametrize("when_s", [40, 100])
def test_a_crate_that_is_moved_becomes_nobody_at_either_place_and_is_reported(when_s):
    """It stands at the left, then at the right; a walker passes it now and then."""

    def where(t):
        return [walk(t % 35, 5, 14)] if t % 35 < 22 else []

    recording, boxes = staged(140, where, furnish=lambda image, t: crate(image, 60 if t < when_s else 220))
    recall, false = found(recording, boxes)
    assert false < 0.05
    assert recall > 0.75
    texts = remarks(recording)
    assert 1 <= len(texts) <= 2
    assert all("moved" in text for text in texts)


def test_a_crate_that_stays_is_part_of_the_place():
    recording, boxes = staged(80, lambda t: [], furnish=lambda image, t: crate(image, 100))
    assert found(recording, boxes) == (0, 0)
    assert remarks(recording) == ()


def test_somebody_who_stands_at_the_end_is_not_taken_for_a_thing():
    """Comes at 20 s and stands until the footage ends at 110 s, shifting weight as people do."""

    def where(t):
        sway = 3 * np.sin(t / 3) + 2 * np.sin(t / 1.3)
        return [{"x": int(min(20 + (t - 20) * 30, 150) + (sway if t > 25 else 0))}] if t > 20 else []

    recording, boxes = staged(110, where)
    recall, false = found(recording, boxes)
    assert recall > 0.95
    assert false < 0.02
    assert remarks(recording) == ()


def test_one_lamp_of_several_goes_off_and_on():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    off = (1 - 0.5 * np.exp(-((x - 90) ** 2 + (y - 150) ** 2) / (2 * 60**2)))[..., None]

    def lamp(t):
        return off if 15 < t < 27 or 40 < t < 44 else 1.0

    nobody, empty = staged(50, lambda t: [], lamp)
    assert found(nobody, empty) == (0, 0)
    recall, false = found(*staged(50, lambda t: [walk(t, 5, 6)], lamp))
    assert recall > 0.85
    assert false < 0.05


def test_a_camera_that_switches_to_infrared_sees_people_in_both():
    """In infrared there is no colour, and what is bright in daylight need not be."""

    def view(image, t):
        if t < 30:
            return image
        grey = 255 - cv2.transform(image, np.array([[0.1, 0.2, 0.7]]))
        return cv2.merge([grey, grey, grey])

    recording, boxes = staged(60, lambda t: [walk(t % 30)])
    shown = tuple(Frame(f.t_s, f.index, view(f.image_bgr, f.t_s)) for f in recording.frames)
    recall, false = found(Staged(shown), boxes)
    assert recall > 0.85
    assert false < 0.05
    assert any("infrared" in text for text in remarks(Staged(shown)))


def test_a_screen_that_plays_a_video_is_nobody():
    colours = np.random.default_rng(8)

    def screen(image, t):
        patches = colours.integers(0, 255, (4, 6, 3)).astype(np.uint8)
        image[60:130, 200:250] = cv2.resize(patches, (50, 70), interpolation=cv2.INTER_NEAREST)
        return image

    recall, false = found(*staged(40, lambda t: [walk(t, 5, 6)] if t < 30 else [], furnish=screen))
    assert false < 0.05
    assert recall > 0.8


def test_clear_people_score_higher_than_the_tracker_needs_to_start():
    recording, _ = staged(24, lambda t: [walk(t)])
    detector = MotionDetector.for_recording(recording, None, Scene())
    scores = np.concatenate([d.confidence for d in detector.detect(recording.frames)])
    assert np.median(scores) > 0.6


def live(recording, boxes, from_s=4.0):
    """The same, for the detector that makes one pass and learns as it goes."""
    detector = LiveMotionDetector((WIDTH, HEIGHT), None, Scene())
    return found(recording, boxes, detector=detector, from_s=from_s)


def standing(length_s):
    """Somebody walks in at 5 s, stands for almost all of the rest, swaying as people do."""

    def where(t):
        if t < 5:
            return []
        sway = 3 * np.sin(t / 3) + 2 * np.sin(t / 1.3) if t > 11 else 0
        return [{"x": int(min(10 + (t - 5) * 25, 150) + sway)}]

    return staged(length_s, where)


def test_live_somebody_who_stands_two_minutes_stays_a_person():
    recording, boxes = standing(130)
    recall, false = live(recording, boxes, from_s=12.0)
    assert recall > 0.95
    assert false < 0.05


def test_plain_mog2_loses_them_so_the_freeze_is_what_keeps_them():
    recording, _ = standing(60)
    model = cv2.createBackgroundSubtractorMOG2(detectShadows=True)
    changed = [
        model.apply(f.image_bgr, learningRate=1 / (30 * FPS))[150:190, 140:160] for f in recording.frames
    ]
    first, last = (
        np.mean([np.mean(c == 255) for c in changed[from_s * FPS : to_s * FPS]])
        for from_s, to_s in ((11, 13), (50, 60))
    )
    assert first > 0.7
    assert last < 0.3


def test_live_a_crate_that_is_put_down_is_let_in_after_a_minute():
    recording, boxes = staged(
        95, lambda t: [], furnish=lambda image, t: crate(image, 60) if t > 10 else image
    )
    _, soon = live(recording, boxes)
    _, later = live(recording, boxes, from_s=80)
    assert soon > 0.3
    assert later == 0


@pytest.mark.parametrize("light", [lambda t: 1 + 0.25 * np.sin(t / 3), lambda t: 0.6 if t > 8 else 1.0])
def test_live_an_empty_place_has_nobody_in_any_light(light):
    assert live(*staged(16, lambda t: [], light))[1] == 0


def test_live_pictures_must_come_in_order():
    recording, _ = staged(1, lambda t: [])
    detector = LiveMotionDetector((WIDTH, HEIGHT), None, Scene())
    detector.detect(recording.frames[:3])
    with pytest.raises(ValueError, match="later than"):
        detector.detect(recording.frames[:1])


def test_boxes_only_footage_is_refused():
    boxes_only = Staged((Frame(0.0, 0, None), Frame(0.125, 1, None)))
    with pytest.raises(ValueError, match="needs pictures"):
        MotionDetector.for_recording(boxes_only, None, Scene())

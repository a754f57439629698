"""Still things taken for people: what stands unchanged is suspected, whoever lives moves."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracker.bytetrack import track
from tracker.detections import DetectionLog
from tracker.frames import Footage, Frame
from tracker.phantoms import Suspect, chained, still_places, suspects_in, without
from tracker.settings import PhantomSettings
from tracker.unchanged import crop

SIZE, FPS, SECONDS = (320, 240), 5, 60
SETTINGS = PhantomSettings(suspect_s=20.0, still_s=50.0)
BOX = (100.0, 60.0, 140.0, 180.0)


def room(seed=0):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(40, 200, (24, 32, 3), dtype=np.uint8), SIZE)


def figure(seed=1):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 255, (12, 4, 3), dtype=np.uint8), (40, 120))


class Film:
    """A recording made of pictures, as `suspects_in` reads it."""

    def __init__(self, draw, seconds=SECONDS):
        rng = np.random.default_rng(5)
        self.frames = []
        for k in range(seconds * FPS):
            image = room()
            draw(image, k / FPS)
            noisy = np.clip(image + rng.normal(0, 2.0, image.shape), 0, 255).astype(np.uint8)
            self.frames.append(Frame(index=k, t_s=k / FPS, image_bgr=noisy))

    def read(self, sample_fps, wanted=None):
        return (frame for frame in self.frames if wanted is None or frame.index in wanted)


def log_of(boxes, seconds=SECONDS):
    """Detections: `boxes(t)` gives the boxes at a time."""
    t_s = np.arange(seconds * FPS) / FPS
    found = [np.array(boxes(t), dtype=float).reshape(-1, 4) for t in t_s]
    offsets = np.concatenate([[0], np.cumsum([len(f) for f in found])])
    return DetectionLog(t_s, offsets, np.concatenate(found), np.full(offsets[-1], 0.9))


def put(image, thing, x, y, gain=1.0):
    height, width = thing.shape[:2]
    image[y : y + height, x : x + width] = thing
    if gain != 1.0:
        image[:] = np.clip(image * gain, 0, 255).astype(np.uint8)


def found_in(film, log, settings=SETTINGS):
    footage = np.array([[0.0, len(film.frames) / FPS]])
    return suspects_in(film, log, track(log), footage, settings)


def jittered(t):
    """A detector's boxes are never twice the same."""
    return [np.array(BOX) + 2 * np.sin(7 * t + np.arange(4))]


def test_a_mannequin_is_suspected():
    film = Film(lambda image, t: put(image, figure(), 100, 60))
    (suspect,) = found_in(film, log_of(jittered))
    assert suspect.changed_share < 0.01
    assert (suspect.from_s, suspect.to_s) == (0.0, SECONDS - 1 / FPS)
    assert (suspect.since_begin, suspect.until_end) == (True, True)
    assert np.abs(np.array(suspect.xyxy_px) - BOX).max() < 2
    assert suspect.is_phantom(SETTINGS)


def test_in_short_footage_nobody_can_tell():
    film = Film(lambda image, t: put(image, figure(), 100, 60))
    longer = PhantomSettings(suspect_s=20.0)
    (suspect,) = found_in(film, log_of(jittered), longer)
    assert suspect.verdict(longer) == "cannot tell"
    assert not suspect.is_phantom(longer)


@pytest.mark.parametrize("sway_px", [2, 4])
def test_somebody_who_stands_and_sways_is_not(sway_px):
    film = Film(lambda image, t: put(image, figure(), 100 + round(sway_px * np.sin(t)), 60))
    assert found_in(film, log_of(jittered)) == ()


def test_another_light_is_no_change():
    film = Film(lambda image, t: put(image, figure(), 100, 60, gain=0.7 if t > 30 else 1.0))
    assert len(found_in(film, log_of(jittered))) == 1


def test_who_passes_in_front_does_not_bring_it_to_life():
    def draw(image, t):
        put(image, figure(), 100, 60)
        if 10 < t < 16:
            put(image, figure(2), min(int(20 + (t - 10) * 40), 270), 70)

    assert len(found_in(Film(draw), log_of(jittered))) == 1


def test_one_that_is_found_now_and_then_is_one():
    film = Film(lambda image, t: put(image, figure(), 100, 60))
    flickering = log_of(lambda t: jittered(t) if int(t / 4) % 2 == 0 else [])
    (suspect,) = found_in(film, flickering)
    assert suspect.still_s > 50


def test_where_nobody_stands_still_the_footage_is_not_read_again():
    class Unreadable:
        def read(self, sample_fps, wanted=None):
            raise AssertionError("read")

    walking = log_of(lambda t: [np.array([4 * t, 60, 4 * t + 40, 180])])
    assert suspects_in(Unreadable(), walking, track(walking), np.array([[0.0, 60.0]]), SETTINGS) == ()
    assert still_places(track(log_of(lambda t: [])), 5.0) == []


def test_only_what_is_in_its_place_while_it_stands_there_is_left_out():
    suspect = Suspect(BOX, 10.0, 50.0, 0.0, False, False)
    beside = np.add(BOX, (20, 0, 20, 0))
    log = log_of(lambda t: [*jittered(t), beside])
    left = without(log, [suspect])
    gone = (log.row_t_s >= 10) & (log.row_t_s <= 50) & (log.xyxy_px[:, 0] < 110)
    np.testing.assert_array_equal(left.xyxy_px, log.xyxy_px[~gone])
    np.testing.assert_array_equal(left.t_s, log.t_s)


def test_it_survives_the_file_and_is_judged_by_the_settings_in_force():
    suspect = Suspect(BOX, 1.5, 61.25, 0.0125, True, False)
    assert Suspect.from_json(suspect.to_json()) == suspect
    assert not suspect.is_phantom(replace_settings(still_s=70.0))
    assert suspect.is_phantom(replace_settings(still_s=55.0))
    assert not suspect.is_phantom(replace_settings(still_s=55.0, leave_out=False))


def replace_settings(**changed):
    return PhantomSettings.model_validate(SETTINGS.model_dump() | changed)


def test_over_files_that_follow_each_other_the_time_adds_up():
    whole = Suspect(BOX, 0.0, 300.0, 0.0, True, True)
    runs = [(0.0, [whole]), (300.0, [whole]), (600.0, [replace(whole, to_s=100.0, until_end=False)])]
    (chain,) = chained(runs, SETTINGS)
    assert [run for run, _ in chain] == [0, 1, 2]
    first, second, third = (suspect for _, suspect in chain)
    assert (first.from_s, first.to_s) == (0.0, 700.0)
    assert (second.from_s, second.to_s) == (-300.0, 400.0)
    assert (third.from_s, third.to_s) == (-600.0, 100.0)


@pytest.mark.parametrize(
    "runs",
    [
        [(0.0, {"until_end": False}), (300.0, {})],
        [(0.0, {}), (300.0, {"since_begin": False})],
        [(0.0, {}), (300.0, {"xyxy_px": (200.0, 60.0, 240.0, 180.0)})],
        [(0.0, {}), (3000.0, {})],
    ],
)
def test_otherwise_it_does_not(runs):
    whole = Suspect(BOX, 0.0, 300.0, 0.0, True, True)
    chains = chained([(start, [replace(whole, **changed)]) for start, changed in runs], SETTINGS)
    assert [[(run, suspect.still_s) for run, suspect in chain] for chain in chains] == [
        [(0, 300.0)],
        [(1, 300.0)],
    ]


def test_two_that_stand_side_by_side_are_two():
    left, right = (Suspect((x, 60.0, x + 40, 180.0), 0.0, 300.0, 0.0, True, True) for x in (100.0, 150.0))
    chains = chained([(300.0 * k, [left, right] if k % 2 else [right, left]) for k in range(4)], SETTINGS)
    assert [len(chain) for chain in chains] == [4, 4]
    assert [{suspect.xyxy_px for _, suspect in chain} for chain in chains] == [
        {right.xyxy_px},
        {left.xyxy_px},
    ]


def test_who_is_there_throughout_a_short_file_may_add_up_with_others():
    film = Film(lambda image, t: put(image, figure(), 100, 60), seconds=30)
    longer = PhantomSettings()
    (suspect,) = found_in(film, log_of(jittered, 30), longer)
    assert (suspect.since_begin, suspect.until_end) == (True, True)
    assert found_in(film, log_of(lambda t: jittered(t) if t > 6 else [], 30), longer) == ()
    brief = Film(lambda image, t: put(image, figure(), 100, 60), seconds=8)
    assert found_in(brief, log_of(jittered, 8), longer) == ()


@pytest.mark.parametrize(
    "box",
    [
        (-30.0, -20.0, 60.0, 100.0),
        (300.0, 200.0, 360.0, 300.0),
        (330.0, 250.0, 340.0, 260.0),
        (5.0, 5.0, 5.2, 5.2),
    ],
)
def test_a_box_that_reaches_out_of_the_picture_is_compared_as_far_as_it_is_in_it(box):
    grey, inside = crop(room(), box)
    assert grey.shape == inside.shape
    assert inside.any()
    x1, x2 = max(box[0], 0), min(box[2], SIZE[0])
    assert inside.any(axis=0).sum() <= max(x2 - x1, 0) + 1


def test_footage_type_is_what_the_pipeline_gives():
    """`suspects_in` is given `Footage.observed_s`."""
    assert Footage([[0.0, 1.0]], 5, False, ()).observed_s.shape == (1, 2)

"""A camera that moved is noticed; noise, light and a running clock are no movement."""

import cv2
import numpy as np
import pytest

from calibration.fit import fit_calibration
from calibration.moved import corrected, shift_between
from calibration.pairs import Pairs

SIZE = (1280, 720)
LIGHTS = ("same", "off", "on", "from the side")


def room(seed=0):
    """A shop of boxes, shelves and tiles, larger than the picture."""
    rng = np.random.default_rng(seed)
    image = np.full((SIZE[1] + 200, SIZE[0] + 200, 3), 150, dtype=np.uint8)
    for _ in range(140):
        x, y = rng.integers(0, (SIZE[0] + 150, SIZE[1] + 150))
        w, h = rng.integers(15, 160, 2)
        colour = tuple(int(c) for c in rng.integers(20, 240, 3))
        cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def shot(scene, rng, right=0.0, down=0.0, turn=0.0, light="same", noise=5.0):
    """What the camera shows, with a clock that runs."""
    M = cv2.getRotationMatrix2D(((SIZE[0] - 1) / 2 + 100, (SIZE[1] - 1) / 2 + 100), -turn, 1.0)
    M[:, 2] += (right - 100, down - 100)
    image = cv2.warpAffine(scene, M, SIZE, flags=cv2.INTER_CUBIC).astype(float)
    side = np.linspace(0.5, 1.4, SIZE[0])[None, :, None]
    image = {"same": image, "off": 0.35 * image + 5, "on": 1.3 * image + 15}.get(light, image * side)
    image = np.clip(image + rng.normal(0, noise, image.shape), 0, 255).astype(np.uint8)
    cv2.rectangle(image, (8, 8), (420, 40), (0, 0, 0), -1)
    text = "2026-11-{:02d} {:02d}:{:02d}:{:02d}".format(*rng.integers((1, 0, 0, 0), (30, 24, 60, 60)))
    cv2.putText(image, text, (14, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2)
    return image


@pytest.mark.slow
def test_a_hundred_still_clips_give_at_most_one_alarm():
    alarms, lost = 0, 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        scene = room(seed % 10)
        still = shot(scene, rng, noise=2.0)
        shift = shift_between(still, shot(scene, rng, light=LIGHTS[seed % 4], noise=rng.uniform(2, 8)))
        lost += shift is None
        alarms += shift is not None and shift.moved(3.0)
    assert alarms <= 1
    assert lost <= 5


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize(
    ("movement", "alarm"),
    [
        ({"right": 2.0}, False),
        ({"right": 4.0}, True),
        ({"down": -4.0}, True),
        ({"right": 10.0}, True),
        ({"right": -60.0, "down": 30.0}, True),
        ({"turn": 0.3}, True),
    ],
)
def test_movements_are_measured_and_small_ones_passed_over(movement, alarm, light):
    rng = np.random.default_rng(1)
    scene = room()
    shift = shift_between(shot(scene, rng), shot(scene, rng, light=light, **movement))
    assert shift.moved(3.0) == alarm
    assert shift.right_px == pytest.approx(movement.get("right", 0), abs=0.3)
    assert shift.down_px == pytest.approx(movement.get("down", 0), abs=0.3)
    assert shift.turn_deg == pytest.approx(movement.get("turn", 0), abs=0.05)


def test_people_who_cover_much_are_no_movement():
    rng = np.random.default_rng(2)
    scene = room()
    still, now = shot(scene, rng), shot(scene, rng)
    free = np.ones(now.shape[:2], dtype=bool)
    for x in range(0, SIZE[0], 260):
        now[150:, x : x + 120] = rng.integers(0, 255, 3)
        free[150:, x : x + 120] = False
    assert not shift_between(still, now, free).moved(3.0)
    assert shift_between(still, now).moved(3.0) is False


def test_in_the_dark_and_before_a_blank_wall_nothing_is_claimed():
    rng = np.random.default_rng(3)
    still = shot(room(), rng)
    dark = np.clip(rng.normal(4, 3, still.shape), 0, 255).astype(np.uint8)
    assert shift_between(still, dark) is None
    assert shift_between(np.full_like(still, 128), still) is None


def test_another_size_is_refused_with_both():
    with pytest.raises(ValueError, match="1280x720, got 640x360"):
        shift_between(np.zeros((360, 640, 3), np.uint8), np.zeros((720, 1280, 3), np.uint8))


def test_the_words_say_which_way():
    rng = np.random.default_rng(4)
    scene = room()
    still = shot(scene, rng)
    assert shift_between(still, shot(scene, rng, right=14)).in_words() == "14 px right"
    assert shift_between(still, shot(scene, rng, right=-5, down=8)).in_words() == "5 px left and 8 px down"
    assert "degrees clockwise" in shift_between(still, shot(scene, rng, turn=1.0)).in_words()


def test_a_small_movement_corrects_the_calibration(camera):
    """The same room by a camera that was knocked: its pairs move along with the picture."""
    cam = camera(3.5, 35.0, 1000.0, SIZE, 0.0)
    px = cam.floor_points(np.random.default_rng(0), 12)
    calibration = fit_calibration(Pairs.of(px, cam.floor(px)), SIZE).calibration
    rng = np.random.default_rng(5)
    scene = room()
    shift = shift_between(shot(scene, rng), shot(scene, rng, right=9, down=-6))
    better = corrected(calibration, shift)
    at = np.array([[300.0, 500], [900, 400], [640, 650]])
    assert better.floor_from_image(np.add(at, (9, -6))) == pytest.approx(
        calibration.floor_from_image(at), abs=0.02
    )
    far = shift_between(shot(scene, rng), shot(scene, rng, right=80))
    assert corrected(calibration, far) is None

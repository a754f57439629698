"""The people-free picture of the scene: no person in it, and grey where nobody knows."""

import numpy as np
import pytest

from tracker.frames import Frame
from tracker.scenepicture import NEVER_FREE_GREY, ScenePicture, shown_part

HEIGHT, WIDTH = 90, 160
PERSON = (40, 200, 60)


def scene() -> np.ndarray:
    """A floor of one colour, which softening leaves as it is."""
    return np.full((HEIGHT, WIDTH, 3), (70, 80, 90), np.uint8)


def with_person(image: np.ndarray, x: int, y: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """A person of one colour, 12 x 40 pixels, and the box around it."""
    image = image.copy()
    image[y : y + 40, x : x + 12] = PERSON
    return image, np.array([[x, y, x + 12, y + 40]], dtype=float)


def shows_person(picture: np.ndarray) -> bool:
    return bool((np.abs(picture.astype(int) - PERSON).max(axis=2) < 12).any())


def test_a_walker_leaves_no_trace_and_the_scene_is_exact():
    floor, collected = scene(), ScenePicture(12.0)
    for i in range(120):
        image, box = with_person(floor, i)
        collected.add(Frame(i / 10, i, image), box)
    picture = collected.picture()
    assert not shows_person(picture)
    free = (picture != NEVER_FREE_GREY).any(axis=2)
    assert free.mean() > 0.95
    assert np.abs(picture[free].astype(int) - floor[free]).max() <= 1


def test_somebody_who_never_moves_is_grey_not_guessed():
    floor, collected = scene(), ScenePicture(10.0)
    image, box = with_person(floor, 70)
    for i in range(100):
        collected.add(Frame(i / 10, i, image), box)
    picture = collected.picture()
    assert not shows_person(picture)
    assert (picture[20:60, 70:82] == NEVER_FREE_GREY).all()
    assert np.abs(picture[:, :40].astype(int) - floor[:, :40]).max() <= 1


def test_a_walker_whom_the_detector_misses_is_kept_out_by_motion():
    floor, collected = scene(), ScenePicture(12.0)
    for i in range(120):
        image, _ = with_person(floor, i)
        collected.add(Frame(i / 10, i, image), np.empty((0, 4)))
    assert not shows_person(collected.picture())


@pytest.mark.parametrize("stated_s", [None, 5.0, 60.0])
def test_memory_is_bounded_whatever_length_was_stated(stated_s):
    floor, collected = scene(), ScenePicture(stated_s)
    for i in range(3000):
        collected.add(Frame(i / 10, i, floor), np.empty((0, 4)))
    assert len(collected.moments) <= 25
    times = [moment.t_s for moment in collected.moments]
    assert times[-1] > 200  # the end of the recording is in it
    assert np.abs(collected.picture().astype(int) - floor).max() <= 1


def test_a_single_picture_is_not_trusted():
    collected = ScenePicture(None)
    collected.add(Frame(0.0, 0, scene()), np.empty((0, 4)))
    assert (collected.picture() == NEVER_FREE_GREY).all()


def test_a_recording_without_pictures_has_none():
    collected = ScenePicture(1.0)
    collected.add(Frame(0.0, 0, None), np.empty((0, 4)))
    assert collected.picture() is None


def test_black_bars_are_no_part_of_the_scene():
    padded = np.zeros((120, 200, 3), np.uint8)
    padded[15 : 15 + HEIGHT, 20 : 20 + WIDTH] = scene() + 60
    assert shown_part(padded, (200, 120)) == (19.5, 14.5, 179.5, 104.5)


def test_a_dark_scene_and_no_scene_are_whole():
    whole = (-0.5, -0.5, WIDTH - 0.5, HEIGHT - 0.5)
    assert shown_part(np.full((HEIGHT, WIDTH, 3), 10, np.uint8), (WIDTH, HEIGHT)) == whole
    assert shown_part(None, (WIDTH, HEIGHT)) == whole
    assert shown_part(scene() + 60, (WIDTH, HEIGHT)) == whole


def test_somebody_who_stands_still_and_is_never_found_is_not_recognised():
    """Fine detail of the size of a face is gone."""
    stripes = np.zeros((720, 1280, 3), np.uint8)
    stripes[:, ::12] = stripes[:, 1::12] = stripes[:, 2::12] = 255
    collected = ScenePicture(2.0)
    for i in range(20):
        collected.add(Frame(i / 10, i, stripes), np.empty((0, 4)))
    assert np.ptp(collected.picture()[100:600, 100:1100].astype(int)) < 40


def test_what_was_free_only_for_moments_is_grey():
    floor, collected = scene(), ScenePicture(20.0)
    for i in range(200):
        image, box = with_person(floor, 70)
        # The detector loses the person for a second, who stays where they are.
        collected.add(Frame(i / 10, i, image), box if i < 190 else np.empty((0, 4)))
    assert (collected.picture()[20:60, 70:82] == NEVER_FREE_GREY).all()

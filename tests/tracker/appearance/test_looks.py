"""Describing looks: what every embedder promises, and what looks say about pieces of tracks."""

import cv2
import numpy as np
import pytest

from tracker.appearance.colours import Colours
from tracker.appearance.looks import Looks
from tracker.appearance.opening import open_embedder

MODELS = ("colours", "person-reidentification-retail-0287", "osnet_x0_25_msmt17.onnx")


def figure(shirt, trousers, size=(60, 150)):
    """A made-up person on grey: head, shirt and trousers of these BGR colours."""
    width, height = size
    image = np.full((height, width, 3), 120, np.uint8)
    cv2.circle(image, (width // 2, height // 10), height // 14, (120, 150, 200), -1)
    left, right = width // 4, 3 * width // 4
    cv2.rectangle(image, (left, height // 6), (right, height // 2), shirt, -1)
    cv2.rectangle(image, (left, height // 2), (right, height - 2), trousers, -1)
    return image


RED_BLUE, BLUE_RED = ((40, 40, 200), (160, 60, 30)), ((160, 60, 30), (40, 40, 200))


@pytest.fixture(params=MODELS)
def embedder(request, data):
    if request.param == "colours":
        return open_embedder(None)
    return open_embedder(data / "models" / request.param)


def test_vectors_have_length_one_and_are_the_same_each_time(embedder):
    crops = [figure(*RED_BLUE), figure(*BLUE_RED, size=(31, 77))]
    vectors = embedder.describe(crops)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors, embedder.describe(crops))
    one_by_one = np.concatenate([embedder.describe([crop]) for crop in crops])
    np.testing.assert_allclose(vectors, one_by_one, atol=1e-6)


def test_no_crops_no_vectors_and_tiny_crops_are_no_trouble(embedder):
    assert len(embedder.describe([])) == 0
    assert np.isfinite(embedder.describe([np.zeros((1, 1, 3), np.uint8)])).all()


def test_clothes_make_a_difference_and_light_hardly_any(embedder):
    same, darker, other = embedder.describe(
        [figure(*RED_BLUE), (figure(*RED_BLUE) * 0.8).astype(np.uint8), figure(*BLUE_RED)]
    )
    assert same @ darker > same @ other + 0.05


def test_a_file_that_is_no_network_is_refused_with_a_reason(tmp_path):
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match=r"junk\.onnx"):
        open_embedder(junk)


def test_a_detector_is_no_embedder(data):
    with pytest.raises(ValueError, match="re-identification"):
        open_embedder(data / "models" / "person-detection-retail-0013")


def crowd(seed=1, people=12, boxes=20):
    """Looks of people in pairs of pieces, before and after a pause; all in the picture at once."""
    random = np.random.default_rng(seed)
    centre = random.normal(0, 1, (people, 32))
    piece = np.repeat(np.arange(2 * people), boxes)
    vector = centre[piece // 2] + random.normal(0, 0.25, (len(piece), 32))
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    t_s = np.tile(np.arange(boxes) / 5, 2 * people) + (piece % 2) * 10
    looks = Looks(np.arange(len(piece)), vector.astype(np.float32), np.ones(len(piece)))
    return looks, piece, np.arange(len(piece)), t_s


def test_the_same_person_is_likelier_than_another_and_evidence_is_bounded():
    looks, piece, row, t_s = crowd()
    compared = looks.learned(piece, row, t_s).likelihood(piece, row, t_s)
    before, after = np.arange(0, 24, 2), np.arange(1, 24, 2)
    same = compared(before, after, np.full(12, 6.0))
    other = compared(before, np.roll(after, 3), np.full(12, 6.0))
    assert same.min() > 1
    assert other.max() < -1
    assert np.abs(np.concatenate([same, other])).max() <= 3


def test_looks_that_tell_nobody_apart_say_next_to_nothing():
    """Everybody is dressed alike: similarities are the same within and between people."""
    looks, piece, row, t_s = crowd()
    random = np.random.default_rng(2)
    uniform = random.normal(0, 0.25, looks.vector.shape) + np.ones(32)
    uniform /= np.linalg.norm(uniform, axis=1, keepdims=True)
    alike = Looks(looks.row, uniform.astype(np.float32), looks.visible)
    compared = alike.learned(piece, row, t_s).likelihood(piece, row, t_s)
    i, j = np.meshgrid(np.arange(24), np.arange(24))
    assert np.abs(np.median(compared(i.ravel(), j.ravel(), np.full(576, 6.0)))) < 0.5


def test_who_was_never_looked_at_has_no_say():
    looks, piece, row, t_s = crowd()
    unseen = Looks(looks.row[:20], looks.vector[:20], looks.visible[:20])
    compared = unseen.learned(piece, row, t_s).likelihood(piece, row, t_s)
    assert compared(np.array([0, 2]), np.array([3, 5]), np.array([6.0, 6.0])).tolist() == [0, 0]


def test_rows_must_ascend():
    with pytest.raises(ValueError, match="ascending"):
        Looks(np.array([2, 1]), np.ones((2, 3), np.float32), np.ones(2))


def test_colours_need_nothing_on_disk():
    assert Colours().identity == Colours().identity

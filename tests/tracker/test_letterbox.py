"""Pictures into the network's input, boxes back out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.letterbox import Letterbox, as_blob, input_size


def test_a_wide_picture_lies_in_the_middle_on_grey():
    picture = np.full((360, 640, 3), (10, 20, 30), dtype=np.uint8)
    box = Letterbox.fit(picture, (64, 64))
    blob = as_blob(box.image_bgr)
    assert blob.shape == (1, 3, 64, 64)
    assert (box.scale, box.left_px, box.top_px) == (0.1, 0, 14)
    np.testing.assert_allclose(blob[0, :, 32, 5] * 255, [30, 20, 10], rtol=1e-6)
    np.testing.assert_allclose(blob[0, :, [13, 50], 5] * 255, 114, rtol=1e-6)
    np.testing.assert_allclose(box.to_picture(np.array([[27.0, 22, 37, 42]])), [[270, 80, 370, 280]])


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 20), st.integers(1, 20))
def test_corners_come_back(width, height, columns, rows):
    size = (columns * 32, rows * 32)
    box = Letterbox.fit(np.zeros((height, width, 3), dtype=np.uint8), size)
    assert box.image_bgr.shape == (size[1], size[0], 3)
    inner = np.array([0, 0, width, height]) * box.scale
    inner += [box.left_px, box.top_px, box.left_px, box.top_px]
    np.testing.assert_allclose(box.to_picture(inner[None]), [[0, 0, width, height]], atol=1e-9)


@pytest.mark.parametrize(
    ("picture", "expected"), [((1280, 720), (640, 384)), ((480, 360), (640, 480)), ((100, 1000), (64, 640))]
)
def test_the_input_is_no_larger_than_needed(picture, expected):
    assert input_size(picture, 640, 32) == expected

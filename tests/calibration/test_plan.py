"""The floor plan and its picture."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from calibration.plan import FloorPlan, SurveyFrame, metres_from_pixels


def test_size_and_picture(tmp_path):
    path = tmp_path / "plan.png"
    picture = np.zeros((50, 100, 4), dtype=np.uint8)
    picture[0, 0] = [200, 10, 20, 255]
    Image.fromarray(picture).save(path)
    plan = FloorPlan.from_picture(path, 0.02)
    assert plan.size_m == pytest.approx((2.0, 1.0))
    loaded = plan.load_picture()
    assert loaded.shape == (50, 100, 3)
    assert loaded[0, 0].tolist() == [200, 10, 20]
    assert loaded[1, 1].tolist() == [255, 255, 255], "transparent is white, not black"


def test_where_points_lie():
    plan = FloorPlan((4.0, 3.0))
    points = np.array([[0, 0], [4, 3], [4.1, 1], [-0.1, 1], [np.nan, 1]])
    assert plan.contains(points).tolist() == [True, True, False, False, False]
    with pytest.raises(ValueError, match="no picture"):
        plan.load_picture()


def huge_png(path, width, height):
    """A valid header that promises a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(8001, 8000), (12_000, 10_000), (60_000, 60_000)])
def test_a_huge_picture_is_refused_from_its_header(tmp_path, width, height):
    path = tmp_path / "plan.png"
    huge_png(path, width, height)
    with pytest.raises(ValueError, match="64 million pixels"):
        FloorPlan.from_picture(path, 0.001)


def test_no_picture(tmp_path):
    path = tmp_path / "plan.png"
    with pytest.raises(ValueError, match="no such file"):
        FloorPlan.from_picture(path, 0.02)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="expected a picture"):
        FloorPlan.from_picture(path, 0.02)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged"):
        FloorPlan.from_picture(path, 0.02).load_picture()


def test_numbers_that_make_no_sense():
    with pytest.raises(ValueError, match="plan size"):
        FloorPlan((0.0, 3.0))
    with pytest.raises(ValueError, match="plan size"):
        FloorPlan((float("nan"), 3.0))
    with pytest.raises(ValueError, match="metres per pixel"):
        metres_from_pixels(np.zeros((1, 2)), 0.0)
    with pytest.raises(ValueError, match="survey origin"):
        SurveyFrame(float("inf"), 0.0)


def test_survey_frames_by_default():
    xy = np.array([[-19.9, -16.2], [7.4, 7.7]])
    frame = SurveyFrame.around(xy)
    assert (frame.x_m, frame.y_m) == (-22, 10)
    plan = FloorPlan.around(frame.plan_from_survey(xy))
    assert plan.contains(frame.plan_from_survey(xy)).all()
    drawn = SurveyFrame.for_plan(FloorPlan((30.0, 20.0)))
    assert drawn.plan_from_survey(np.array([[0.0, 0.0]])).tolist() == [[0, 20]], "survey origin: bottom left"

"""The pairs file, and pairs that cannot be fitted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.pairs import Pairs, check_pairs, read_pairs
from calibration.plan import SurveyFrame

SIZE = (1280, 720)
SQUARE_PX = np.array([[100, 100], [900, 120], [880, 600], [120, 640]], dtype=float)
SQUARE_M = np.array([[0, 0], [4, 0], [4, 3], [0, 3]], dtype=float)


def write(tmp_path, text):
    path = tmp_path / "pairs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_metres_with_labels(tmp_path):
    path = write(
        tmp_path,
        "label,image_x_px,image_y_px,floor_x_m,floor_y_m\ndoor,1,2,3,4\n\n,5.5,6,-7,8e-1\nshelf,9,9,9,9\n",
    )
    pairs = read_pairs(path)
    assert pairs.label == ("door", "pair 2", "shelf")
    assert pairs.image_px.tolist() == [[1, 2], [5.5, 6], [9, 9]]
    assert pairs.floor_m.tolist() == [[3, 4], [-7, 0.8], [9, 9]]
    assert pairs.used.all()


def test_plan_pixels_count_from_the_centre_of_the_first_pixel(tmp_path):
    path = write(tmp_path, "image_x_px,image_y_px,plan_x_px,plan_y_px\n1,2,0,99\n")
    assert read_pairs(path, 0.02).floor_m == pytest.approx(np.array([[0.01, 1.99]]))
    with pytest.raises(ValueError, match="--metres-per-pixel"):
        read_pairs(path)


@pytest.mark.parametrize(
    "text",
    [
        "﻿image_x_px;image_y_px;floor_x_m;floor_y_m\n1,5;2;3;4\n",
        "image_x_px\timage_y_px\tfloor_x_m\tfloor_y_m\r\n1.5\t2\t3\t4\r\n",
        ' Floor_X_m , floor_y_m,IMAGE_X_PX,image_y_px,note\n3,4,1.5,2,"a, b"\n',
    ],
)
def test_what_spreadsheets_write(tmp_path, text):
    pairs = read_pairs(write(tmp_path, text))
    assert pairs.image_px.tolist() == [[1.5, 2]]
    assert pairs.floor_m.tolist() == [[3, 4]]


def test_every_fault_of_a_file_at_once(tmp_path):
    path = write(
        tmp_path,
        "label,image_x_px,image_y_px,floor_x_m,floor_y_m\na,1,2,3,x\na,1,2,,4\nb,nan,2,3,4\nc,1,2,3,4,5\n",
    )
    with pytest.raises(ValueError, match="line 2") as told:
        read_pairs(path)
    message = str(told.value)
    for fault in (
        "line 2: floor_y_m must be a number, got 'x'",
        "line 3: floor_x_m must be a number, got ''",
        "line 3: the label 'a' is used twice",
        "line 4: image_x_px",
        "line 5: 6 values for 5 columns",
    ):
        assert fault in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00\x81", "UTF-8"),
        (b"a,b\n1,2\n", "missing column image_x_px, image_y_px"),
        (b"image_x_px,image_y_px,floor_x_m\n", "floor_x_m, floor_y_m or plan_x_px, plan_y_px"),
        (b"image_x_px,image_y_px,floor_x_m,floor_y_m,plan_x_px,plan_y_px\n", "keep one"),
        (b"image_x_px,image_x_px,image_y_px,floor_x_m,floor_y_m\n", "there twice"),
        (b"x" * 1_000_001, "more than 1,000,000 bytes"),
        (b"image_x_px,image_y_px,floor_x_m,floor_y_m\n" + b"1,2,3,4\n" * 501, "at most 500"),
    ],
)
def test_files_that_are_no_pairs(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_pairs(write(tmp_path, text))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        read_pairs(tmp_path / "nowhere.csv")
    with pytest.raises(ValueError, match="cannot be read"):
        read_pairs(tmp_path)


@given(st.binary(max_size=300))
def test_any_bytes_are_pairs_or_a_value_error(tmp_path_factory, junk):
    path = tmp_path_factory.mktemp("junk") / "pairs.csv"
    path.write_bytes(b"image_x_px,image_y_px,floor_x_m,floor_y_m\n" + junk)
    try:
        pairs = read_pairs(path)
    except ValueError:
        return
    assert np.isfinite(pairs.image_px).all()
    assert np.isfinite(pairs.floor_m).all()


def test_good_pairs_pass():
    check_pairs(Pairs.of(SQUARE_PX, SQUARE_M), SIZE)


def test_faults_of_pairs_all_at_once():
    image = np.array([[100, 100], [100.4, 100.4], [1500, 3]])
    floor = np.array([[0, 0], [1, 1], [1e6, 5]])
    with pytest.raises(ValueError, match="at least 4") as told:
        check_pairs(Pairs.of(image, floor, ("a", "b", "c")), SIZE)
    message = str(told.value)
    assert "at least 4 pairs, got 3" in message
    assert "a, b: the same point in the picture" in message
    assert "c: outside the picture of 1280x720" in message
    assert "c: more than 100 km away" in message


def test_repeated_floor_points_are_named():
    floor = np.vstack([SQUARE_M, SQUARE_M[1] + 0.001])
    image = np.vstack([SQUARE_PX, [500, 300]])
    with pytest.raises(ValueError, match="pair 2, pair 5: the same point in the floor"):
        check_pairs(Pairs.of(image, floor), SIZE)


@pytest.mark.parametrize("slope", [0.0, 0.5, np.inf])
@pytest.mark.parametrize("off", [0, 1])
def test_pairs_on_a_line_are_named(slope, off):
    along = np.linspace(0, 300, 5)
    line = np.column_stack(
        [along if np.isfinite(slope) else 0 * along, slope * along if np.isfinite(slope) else along]
    )
    image = line + 200
    floor = np.random.default_rng(0).uniform(0, 9, (5, 2))
    if off:
        image = np.vstack([image, [900, 300]])
        floor = np.vstack([floor, [4.0, 11.0]])
    named = "pair 1, pair 2, pair 3, pair 4, pair 5: on one line in the picture"
    with pytest.raises(ValueError, match=named):
        check_pairs(Pairs.of(image, floor), SIZE)


def test_three_of_four_on_a_line_on_the_floor_are_named():
    floor = np.array([[0, 0], [1, 1], [2, 2], [0, 3]], dtype=float)
    with pytest.raises(ValueError, match="pair 1, pair 2, pair 3: on one line in the floor"):
        check_pairs(Pairs.of(SQUARE_PX, floor), SIZE)


def test_two_pairs_off_a_line_are_enough():
    floor = np.array([[0, 0], [1, 0], [2, 0], [3, 0], [1, 2], [2, 3]], dtype=float)
    check_pairs(Pairs.of(floor * 100 + 50, floor), SIZE)


def test_survey_to_plan_and_back():
    survey = SurveyFrame(-10.0, 20.0)
    pairs = Pairs.of(SQUARE_PX, SQUARE_M).in_plan(survey)
    assert pairs.floor_m[0].tolist() == [10, 20]
    assert pairs.floor_m[2].tolist() == [14, 17]
    assert survey.survey_from_plan(pairs.floor_m) == pytest.approx(SQUARE_M)

"""A calibration in the making."""

import numpy as np
import pytest

from calibration.fit import fit_calibration
from calibration.plan import FloorPlan
from dwellmap.studio.calibrating import CalibrationDraft, FitOptions
from dwellmap.studio.overlays import camera_lattice, plan_lattice, sigma_picture, warped_still
from dwellmap.studio.pair_table import judgements, next_step
from dwellmap.studio.plan_form import metres_per_pixel

PLAN = FloorPlan((10.0, 8.0))
STILL = np.full((480, 640, 3), 90, dtype=np.uint8)


@pytest.fixture
def draft(eight_pairs):
    made = CalibrationDraft("cam", PLAN)
    made.show(STILL)
    for px, m in zip(eight_pairs.image_px, eight_pairs.floor_m, strict=True):
        made.place("image", tuple(px))
        made.place("floor", tuple(m))
    return made


@pytest.fixture
def calibration(eight_pairs):
    return fit_calibration(eight_pairs, (640, 480)).calibration


def test_clicks_make_pairs_in_either_order(eight_pairs):
    draft = CalibrationDraft("cam", PLAN)
    draft.show(STILL)
    assert "picture of the camera" in next_step(CalibrationDraft("cam", PLAN))
    assert draft.place("floor", (1.0, 1.0)) == 0
    assert "in the camera's picture (pair 1)" in next_step(draft)
    assert draft.place("image", (10.0, 10.0)) == 0
    assert "3 more needed" in next_step(draft)
    assert draft.place("image", (20.0, 20.0)) == 1
    assert "on the plan (pair 2)" in next_step(draft)
    # A second click on the same side begins another pair, the one in hand is served first.
    assert draft.place("image", (30.0, 30.0)) == 2
    assert draft.place("floor", (2.0, 2.0), held=2) == 2
    assert [pair.whole for pair in draft.pairs] == [True, False, True]


def test_the_fit_is_that_of_the_command_line(draft, eight_pairs):
    expected = fit_calibration(eight_pairs, (640, 480))
    fitted = draft.fit()
    np.testing.assert_allclose(fitted.residual_m, expected.residual_m, atol=1e-9)
    np.testing.assert_allclose(fitted.calibration.H_image_floor, expected.calibration.H_image_floor)
    assert [said.off for said in judgements(fitted, draft.whole).values()] == ["0 cm"] * 8


def test_three_pairs_are_too_few(draft):
    for _ in range(5):
        draft.remove(0)
    assert draft.fit() is None
    assert "1 more needed" in next_step(draft)


def test_every_step_can_be_taken_back(draft):
    pairs = draft.pairs
    draft.move(0, "floor", (0.5, 0.5))
    draft.remove(3)
    draft.swap(0, 1)
    draft.rename(0, "pillar")
    draft.clear()
    for _ in range(5):
        assert draft.undo()
    assert draft.pairs == pairs


def test_names_are_unique_and_short(draft):
    with pytest.raises(ValueError, match="1 to 40 characters"):
        draft.rename(0, draft.pairs[1].label)
    with pytest.raises(ValueError, match="1 to 40 characters"):
        draft.rename(0, "  ")
    draft.rename(0, "left  pillar")
    assert draft.pairs[0].label == "left pillar"
    draft.remove(1)
    added = draft.place("image", (1.0, 1.0))
    assert draft.pairs[added].label == "1"


def test_numbers_can_be_typed_with_a_decimal_comma(draft):
    draft.set_number(0, "floor", 1, "2,25")
    assert draft.pairs[0].floor_m == (3.0, 2.25)
    for text in ("", "two", "nan", "1e999"):
        with pytest.raises(ValueError, match="expected a"):
            draft.set_number(0, "floor", 0, text)


def test_points_stay_on_picture_and_plan(draft):
    draft.move(0, "image", (-50.0, 9999.0))
    draft.move(0, "floor", (99.0, -1.0))
    assert draft.pairs[0].image_px == (-0.5, 479.5)
    assert draft.pairs[0].floor_m == (10.0, 0.0)


def test_the_same_picture_in_another_size_takes_the_pairs_along(draft):
    before = draft.fit().calibration
    draft.show(np.zeros((960, 1280, 3), dtype=np.uint8))
    after = draft.fit().calibration
    assert after.image_size_px == (1280, 960)
    point = np.array([[5.0, 4.0]])
    np.testing.assert_allclose(
        (after.image_from_floor(point) + 0.5) / 2 - 0.5, before.image_from_floor(point), atol=1e-4
    )


def test_another_camera_s_picture_is_refused(draft):
    with pytest.raises(ValueError, match="640x480, this one has 640x360"):
        draft.show(np.zeros((360, 640, 3), dtype=np.uint8))
    assert draft.still_rgb is STILL
    draft.clear()
    draft.show(np.zeros((360, 640, 3), dtype=np.uint8))
    assert draft.size_px == (640, 360)


def test_what_is_on_disk_is_shown_as_it_is(calibration):
    draft = CalibrationDraft.of("cam", PLAN, calibration, calibration.id)
    assert draft.fit().calibration is calibration
    draft.move(0, "floor", (3.02, 2.0))
    assert draft.fit().calibration is not calibration
    draft.undo()
    draft.options = FitOptions(lens=0.0)
    assert draft.fit().calibration is not calibration


def test_a_lattice_says_what_the_camera_says(calibration):
    w, h = 640, 480
    lattice = camera_lattice(calibration)
    values = np.array([np.nan if v is None else v for v in lattice["values"]]).reshape(
        lattice["rows"], lattice["columns"], 4
    )
    row, column = lattice["rows"] - 6, lattice["columns"] // 2
    px = np.array([[-0.5 + column * w / (lattice["columns"] - 1), -0.5 + row * h / (lattice["rows"] - 1)]])
    floor = calibration.floor_from_image(px)
    np.testing.assert_allclose(values[row, column, :2], floor[0], atol=2e-3)
    np.testing.assert_allclose(values[row, column, 2:], calibration.pose.project(floor, 1.7)[0], atol=2e-3)
    on_plan = plan_lattice(calibration, PLAN.size_m)
    middle = (on_plan["rows"] // 2 * on_plan["columns"] + on_plan["columns"] // 2) * 4
    at = np.array([[10.0 * (on_plan["columns"] // 2) / (on_plan["columns"] - 1),
                    8.0 * (on_plan["rows"] // 2) / (on_plan["rows"] - 1)]])  # fmt: skip
    np.testing.assert_allclose(
        on_plan["values"][middle : middle + 2], calibration.image_from_floor(at)[0], atol=2e-3
    )


def test_past_the_horizon_nobody_stands():
    tilt = np.deg2rad(5)
    forward = np.array([0.0, -np.cos(tilt), np.sin(tilt)])
    R = np.stack([[1.0, 0, 0], np.cross(forward, [1.0, 0, 0]), forward])
    floor = np.array([[3.0, -20.0], [7.0, -20.0], [2.0, 2.0], [8.0, 2.0], [5.0, -5.0], [4.0, -12.0]])
    seen = (np.column_stack([floor, np.zeros(6)]) - [5.0, 12.0, -3.0]) @ R.T
    from calibration.pairs import Pairs

    flat = fit_calibration(Pairs.of(seen[:, :2] / seen[:, 2:] * 500 + [319.5, 239.5], floor), (640, 480))
    assert camera_lattice(flat.calibration)["values"][:4] == [None] * 4


def test_the_still_lies_on_the_plan_where_the_camera_sees_it(calibration):
    still = STILL.copy()
    spot = calibration.image_from_floor(np.array([[5.0, 4.0]]))[0].astype(int)
    still[spot[1] - 12 : spot[1] + 13, spot[0] - 12 : spot[0] + 13] = (255, 0, 0)
    laid = warped_still(calibration, still, PLAN.size_m)
    assert laid.shape == (800, 1000, 4)
    assert tuple(laid[400, 500]) == (255, 0, 0, 255)
    assert laid[799, 0, 3] == 0


def test_the_uncertainty_is_a_colour_where_the_camera_sees(calibration):
    picture = sigma_picture(calibration, PLAN.size_m)
    assert picture.shape == (192, 240, 4)
    assert picture[96, 120, 3] == 255
    assert picture[191, 0, 3] == 0


def test_the_scale_of_a_plan_is_a_known_distance():
    assert metres_per_pixel((0, 0), (300, 400), 10.0) == pytest.approx(0.02)
    with pytest.raises(ValueError, match="lie apart"):
        metres_per_pixel((5, 5), (5, 5), 1.0)
    with pytest.raises(ValueError, match="distance between 0 and"):
        metres_per_pixel((0, 0), (300, 400), 0.0)

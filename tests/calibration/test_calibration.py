"""Laws of the map between picture and floor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.calibration import Calibration
from calibration.foot import FootJitter

HEIGHTS, TILTS, FOCALS = st.floats(2.5, 8), st.floats(10, 75), st.floats(600, 1500)


@settings(max_examples=40, deadline=None)
@given(HEIGHTS, TILTS, FOCALS, st.floats(0, 360), st.floats(-20, 20))
def test_there_and_back(camera, fitted, height, tilt, focal, yaw, roll):
    cam = camera(height, tilt, focal, yaw=yaw, roll=roll)
    calibration = fitted(cam).calibration
    xy_px = cam.floor_points(np.random.default_rng(1), 30)
    xy_m = calibration.floor_from_image(xy_px)
    assert xy_m == pytest.approx(cam.floor(xy_px), abs=1e-5)
    assert calibration.image_from_floor(xy_m) == pytest.approx(xy_px, abs=1e-5)


def test_past_the_horizon_and_behind_the_camera_is_nan(camera, fitted):
    cam = camera(tilt=10)
    calibration = fitted(cam).calibration
    horizon_row = 359.5 - 900 * np.tan(np.radians(10))
    column = np.array([[640, horizon_row + 2], [640, horizon_row - 2], [640, 0]])
    floor = calibration.floor_from_image(column)
    assert np.isfinite(floor[0]).all()
    assert np.linalg.norm(floor[0] - [3, 4]) > 100
    assert np.isnan(floor[1:]).all()
    assert np.isnan(calibration.calibration_covariance(column)[1:]).all()
    behind = np.array([3.0, 4.0]) - 5 * cam.R[2, :2]
    assert np.isnan(calibration.image_from_floor(behind[None])).all()


def test_nan_and_nothing_pass_through(camera, fitted):
    calibration = fitted(camera()).calibration
    assert np.isnan(calibration.floor_from_image(np.array([[np.nan, 3.0]]))).all()
    assert calibration.floor_from_image(np.empty((0, 2))).shape == (0, 2)
    assert calibration.floor_covariance(np.empty((0, 2)), np.empty(0)).shape == (0, 3)
    assert np.isnan(calibration.floor_covariance(np.full((1, 2), np.nan), np.array([100.0]))).all()


def test_wrong_shapes_are_refused(camera, fitted):
    calibration = fitted(camera()).calibration
    with pytest.raises(ValueError, match=r"shape \(N, 2\)"):
        calibration.floor_from_image(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="box_height_px"):
        calibration.floor_covariance(np.zeros((3, 2)), np.zeros(2))


def test_arrays_are_read_only(camera, fitted):
    calibration = fitted(camera()).calibration
    with pytest.raises(ValueError, match="read-only"):
        calibration.H_floor_image[0, 0] = 1


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([0.25, 0.5, 1.5, 2.0]), st.floats(10, 55))
def test_a_resized_picture_changes_nothing_on_the_floor(camera, fitted, factor, tilt):
    cam = camera(tilt=tilt)
    calibration = fitted(cam).calibration
    small = calibration.for_image_size((round(1280 * factor), round(720 * factor)))
    xy_px = cam.floor_points(np.random.default_rng(2), 20)
    resized = (xy_px + 0.5) * factor - 0.5
    height = np.full(20, 150.0)
    assert small.floor_from_image(resized) == pytest.approx(calibration.floor_from_image(xy_px), abs=1e-6)
    assert small.floor_covariance(resized, height * factor) == pytest.approx(
        calibration.floor_covariance(xy_px, height), rel=1e-6
    )
    assert small.image_size_px == (round(1280 * factor), round(720 * factor))
    assert small.pose.camera_height_m == pytest.approx(calibration.pose.camera_height_m, rel=1e-6)
    assert small.pose.focal_px == pytest.approx(calibration.pose.focal_px * factor, rel=1e-6)
    assert small.id != calibration.id


def test_another_aspect_is_refused_with_both_sizes(camera, fitted):
    calibration = fitted(camera()).calibration
    assert calibration.for_image_size((1280, 720)) is calibration
    assert calibration.for_image_size((640, 362)).image_size_px == (640, 362)
    with pytest.raises(ValueError, match=r"1280x720.*640x480"):
        calibration.for_image_size((640, 480))
    with pytest.raises(ValueError, match="720x1280"):
        calibration.for_image_size((720, 1280))


def test_foot_covariance_is_what_moving_the_foot_does(camera, fitted):
    """The foot's part against a thousand moved feet; the fit's part left out by taking the difference."""
    cam = camera(height=4, tilt=40)
    calibration = fitted(cam).calibration
    foot, height = np.array([[700.0, 500.0]]), np.array([40.0])
    stated = (calibration.floor_covariance(foot, height) - calibration.calibration_covariance(foot))[0]
    jitter = FootJitter()
    rng = np.random.default_rng(0)
    moved = foot + rng.normal(size=(20_000, 2)) * [40 * jitter.horizontal_share, 40 * jitter.vertical_share]
    found = np.cov(calibration.floor_from_image(moved).T)
    assert stated == pytest.approx(found[[0, 0, 1], [0, 1, 1]], rel=0.05, abs=2e-5)


def test_many_rows_equal_the_same_rows_one_by_one(camera, fitted):
    cam = camera()
    calibration = fitted(cam).calibration
    few = cam.floor_points(np.random.default_rng(3), 7)
    many = np.tile(few, (20_000, 1))
    covariance = calibration.floor_covariance(many, np.full(len(many), 90.0))
    assert np.array_equal(covariance[-7:], calibration.floor_covariance(few, np.full(7, 90.0)))


def test_a_mirrored_map_is_no_calibration(camera, fitted):
    good = fitted(camera()).calibration
    with pytest.raises(ValueError, match="mirrored"):
        Calibration(
            H_image_floor=good.H_image_floor @ np.diag([1.0, -1.0, 1.0]),
            image_size_px=good.image_size_px,
            cov_h=good.cov_h,
            floor_centre_m=good.floor_centre_m * [1, -1],
            floor_scale_m=good.floor_scale_m,
            pose=None,
            pairs=good.pairs,
        )

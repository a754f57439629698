"""The pose of cameras whose pose is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.pose import pose_from_homography

CAMERAS = (
    st.floats(2.2, 10),
    st.floats(5, 85),
    st.floats(500, 2500),
    st.floats(0, 360),
    st.floats(-40, 40),
)


@settings(max_examples=100, deadline=None)
@given(*CAMERAS)
def test_pose_from_an_exact_homography(camera, height, tilt, focal, yaw, roll):
    cam = camera(height, tilt, focal, yaw=yaw, roll=roll)
    pose = pose_from_homography(cam.H, cam.size)
    assert pose.camera_height_m == pytest.approx(height, rel=1e-6)
    assert pose.focal_px == pytest.approx(focal, rel=1e-6)
    assert pose.camera_xy_m == pytest.approx((3, 4), abs=1e-5)
    assert pose.tilt_deg == pytest.approx(tilt, abs=1e-5)
    assert pose.source == "homography"


@settings(max_examples=60, deadline=None)
@given(*CAMERAS, st.floats(0, 2.1))
def test_points_above_the_floor(camera, height, tilt, focal, yaw, roll, above):
    cam = camera(height, tilt, focal, yaw=yaw, roll=roll)
    pose = pose_from_homography(cam.H, cam.size)
    xy_m = np.random.default_rng(0).uniform(-15, 25, (40, 2))
    expected = cam.project(xy_m, above)
    found = pose.project(xy_m, above)
    clear = np.abs(cam.R[2] @ (np.column_stack([xy_m, np.full(40, -above)]) - cam.centre).T) > 0.05
    assert np.array_equal(np.isnan(found[clear]), np.isnan(expected[clear]))
    assert found[clear] == pytest.approx(expected[clear], rel=1e-5, abs=1e-4, nan_ok=True)
    assert np.array_equal(pose.project(xy_m, np.full(40, above)), found, equal_nan=True)


def test_height_zero_is_the_floor_even_of_a_noisy_fit(camera, fitted):
    rng = np.random.default_rng(4)
    cam = camera()
    noisy = fitted(cam, n=10).calibration
    shaken = noisy.H_image_floor * (1 + rng.normal(0, 1e-3, (3, 3)))
    pose = pose_from_homography(shaken, cam.size)
    xy_m = cam.floor(cam.floor_points(rng, 20))
    homogeneous = np.column_stack([xy_m, np.ones(20)]) @ shaken.T
    assert pose.project(xy_m, 0.0) == pytest.approx(homogeneous[:, :2] / homogeneous[:, 2:], rel=1e-12)
    assert noisy.pose.project(xy_m, 0.0) == pytest.approx(noisy.image_from_floor(xy_m), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.floats(2.5, 8), st.floats(5, 90), st.floats(0, 360))
def test_feet_from_the_boxes_of_thin_upright_people(camera, height, tilt, yaw):
    """A pole's ends are two corners of its box; the lower one must come back, wherever it stands."""
    cam = camera(height, tilt, yaw=yaw)
    pose = pose_from_homography(cam.H, cam.size, height)
    foot_px = cam.floor_points(np.random.default_rng(5), 50, farthest_m=12)
    head_px = cam.project(cam.floor(foot_px), 1.7)
    boxes = np.column_stack([np.minimum(foot_px, head_px), np.maximum(foot_px, head_px)])
    away = np.linalg.norm(cam.floor(foot_px) - [3, 4], axis=1) > 0.3
    assert pose.foot_from_box(boxes)[away] == pytest.approx(foot_px[away], abs=1e-3)


def test_the_foot_is_the_bottom_centre_in_the_limit(camera):
    cam = camera(tilt=0.01, focal=5000)
    pose = pose_from_homography(cam.H, cam.size, 3.2)
    box = np.array([[600.0, 300.0, 660.0, 480.0]])
    assert pose.foot_from_box(box) == pytest.approx(np.array([[630.0, 480.0]]), abs=0.5)
    assert np.isnan(pose.foot_from_box(np.full((1, 4), np.nan))).all()
    assert pose.foot_from_box(np.empty((0, 4))).shape == (0, 2)
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        pose.foot_from_box(np.zeros((2, 2)))


def test_somebody_right_below_the_camera_stands_on_its_foot_point(camera):
    cam = camera(tilt=90)
    pose = pose_from_homography(cam.H, cam.size, 3.2)
    box = np.array([[600.0, 320.0, 700.0, 420.0]])
    assert pose.foot_from_box(box) == pytest.approx(np.array([[639.5, 359.5]]), abs=1e-6)


def test_straight_down_says_so_and_takes_the_height(camera):
    cam = camera(tilt=90)
    with pytest.raises(ValueError, match="straight down"):
        pose_from_homography(cam.H, cam.size)
    pose = pose_from_homography(cam.H, cam.size, 3.2)
    assert pose.source == "camera height"
    assert pose.camera_height_m == pytest.approx(3.2)
    assert pose.focal_px == pytest.approx(900)
    assert pose.tilt_deg == pytest.approx(90, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(*CAMERAS)
def test_the_camera_height_alone_gives_the_focal_length(camera, height, tilt, focal, yaw, roll):
    cam = camera(height, tilt, focal, yaw=yaw, roll=roll)
    pose = pose_from_homography(cam.H, cam.size, height)
    assert pose.focal_px == pytest.approx(focal, rel=1e-4)


def test_mirrored_and_impossible_are_refused(camera):
    cam = camera()
    with pytest.raises(ValueError, match="below the floor"):
        pose_from_homography(cam.H @ np.diag([1.0, -1.0, 1.0]), cam.size)
    with pytest.raises(ValueError, match="camera height"):
        pose_from_homography(cam.H, cam.size, -2.0)
    sheared = cam.H @ np.array([[1.0, 2.0, 0], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match=r"no camera with square pixels|focal length"):
        pose_from_homography(sheared, cam.size)

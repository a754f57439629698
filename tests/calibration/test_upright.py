"""The floor below a head, against cameras built from rotation and position."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.pose import pose_from_homography
from calibration.upright import floor_below, height_between

CAMERAS = (
    st.floats(2.4, 10),
    st.floats(5, 90),
    st.floats(500, 2500),
    st.floats(0, 360),
    st.floats(-30, 30),
)
TALL = st.floats(0.9, 2.1)


def standing(camera, height, tilt, focal, yaw, roll, n=40):
    """A camera's pose, and floor points before it that are more than 0.3 m away from its plumb line."""
    cam = camera(height, tilt, focal, yaw=yaw, roll=roll)
    pose = pose_from_homography(cam.H, cam.size, height)
    xy_m = cam.floor(cam.floor_points(np.random.default_rng(1), n, farthest_m=15))
    return cam, pose, xy_m[np.linalg.norm(xy_m - cam.centre[:2], axis=1) > 0.3]


@settings(max_examples=80, deadline=None)
@given(*CAMERAS, TALL)
def test_the_floor_below_a_head_is_where_the_person_stands(camera, height, tilt, focal, yaw, roll, tall):
    cam, pose, xy_m = standing(camera, height, tilt, focal, yaw, roll)
    seen = cam.project(xy_m, tall)
    front = np.isfinite(seen).all(axis=1) & (height - tall > 0.05)
    below = floor_below(pose, seen[front], tall)
    assert below.xy_m == pytest.approx(xy_m[front], abs=1e-4)
    found, per_px = height_between(pose, xy_m[front], seen[front])
    assert found == pytest.approx(np.full(front.sum(), tall), abs=1e-4)
    assert np.all(per_px > 0)


@settings(max_examples=60, deadline=None)
@given(*CAMERAS, TALL)
def test_its_derivatives_are_those_of_small_steps(camera, height, tilt, focal, yaw, roll, tall):
    cam, pose, xy_m = standing(camera, height, tilt, focal, yaw, roll)
    seen = cam.project(xy_m, tall)
    front = np.isfinite(seen).all(axis=1) & (height - tall > 0.3)
    seen = seen[front]
    below = floor_below(pose, seen, tall)
    for k, step in enumerate(np.eye(2) * 1e-3):
        change = (
            floor_below(pose, seen + step, tall).xy_m - floor_below(pose, seen - step, tall).xy_m
        ) / 2e-3
        assert below.by_px[:, :, k] == pytest.approx(change, rel=1e-3, abs=1e-4)
    change = (floor_below(pose, seen, tall + 1e-4).xy_m - floor_below(pose, seen, tall - 1e-4).xy_m) / 2e-4
    assert below.by_height == pytest.approx(change, rel=1e-3, abs=1e-3)
    if len(seen):
        up = pose.project(xy_m[front], tall + 1e-4) - pose.project(xy_m[front], tall)
        _, per_px = height_between(pose, xy_m[front], seen)
        assert per_px == pytest.approx(1e-4 / np.linalg.norm(up, axis=1), rel=1e-2)


def test_the_covariance_of_the_floor_is_that_of_many_draws(camera):
    cam = camera(3.2, 30.0)
    pose = pose_from_homography(cam.H, cam.size)
    xy_m = np.array([[5.0, 6.0]])
    rng = np.random.default_rng(2)
    sigma_px, sigma_m = np.array([3.0, 2.0]), 0.03
    seen = cam.project(xy_m, 1.7) + rng.normal(0, 1, (20000, 2)) * sigma_px
    drawn = floor_below(pose, seen, 1.7 + rng.normal(0, sigma_m, 20000)).xy_m
    stated = floor_below(pose, cam.project(xy_m, 1.7), 1.7).covariance(sigma_px[None], np.array([sigma_m]))
    assert np.cov(drawn.T)[(0, 0, 1), (0, 1, 1)] == pytest.approx(stated[0], rel=0.05)


@settings(max_examples=60, deadline=None)
@given(st.floats(2.5, 8), st.floats(5, 90), st.floats(0, 360))
def test_heads_from_the_boxes_of_thin_upright_people(camera, height, tilt, yaw):
    """A pole's ends are two corners of its box; the upper one must come back, wherever it stands."""
    cam = camera(height, tilt, yaw=yaw)
    pose = pose_from_homography(cam.H, cam.size, height)
    foot_px = cam.floor_points(np.random.default_rng(5), 50, farthest_m=12)
    head_px = cam.project(cam.floor(foot_px), 1.7)
    boxes = np.column_stack([np.minimum(foot_px, head_px), np.maximum(foot_px, head_px)])
    away = np.linalg.norm(cam.floor(foot_px) - [3, 4], axis=1) > 0.3
    assert pose.head_from_box(boxes)[away] == pytest.approx(head_px[away], abs=1e-3)
    sinking = pose.sinking(head_px[away])
    down = foot_px[away] - head_px[away]
    assert sinking == pytest.approx(down / np.linalg.norm(down, axis=1, keepdims=True), abs=1e-6)


def test_heads_that_say_nothing(camera):
    """At the camera's own height every distance looks alike; above the horizon nobody smaller stands."""
    cam = camera(1.7, 0.01)
    pose = pose_from_homography(cam.H, cam.size, 1.7)
    assert np.isnan(floor_below(pose, np.array([[639.5, 100.0]]), 1.2).xy_m).all()
    assert np.isfinite(floor_below(pose, np.array([[639.5, 100.0]]), 2.2).xy_m).all()
    assert np.isnan(floor_below(pose, np.full((1, 2), np.nan), 1.2).xy_m).all()
    assert floor_below(pose, np.empty((0, 2)), 1.2).xy_m.shape == (0, 2)
    straight_down = camera(4.0, 90)
    pose = pose_from_homography(straight_down.H, straight_down.size, 4.0)
    under = np.array([[3.0, 4.0]])
    assert np.isnan(height_between(pose, under, pose.project(under, 1.7))[0]).all()


def test_right_under_the_camera_head_and_foot_are_one_point(camera):
    cam = camera(tilt=90)
    pose = pose_from_homography(cam.H, cam.size, 3.2)
    box = np.array([[589.5, 309.5, 689.5, 409.5]])
    assert pose.head_from_box(box) == pytest.approx(np.array([[639.5, 359.5]]), abs=1e-6)
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        pose.head_from_box(np.zeros((2, 2)))

"""The footprint: what of the floor the picture shows."""

import numpy as np
import pytest
import shapely

from calibration.fit import fit_calibration
from calibration.footprint import footprint_m
from calibration.pairs import Pairs

SIZE_PX = (640, 480)


def camera(tilt_deg: float):
    """A camera at (5, 9), 3 m up, looking up the plan."""
    tilt = np.deg2rad(tilt_deg)
    right, forward = np.array([1.0, 0, 0]), np.array([0.0, -np.cos(tilt), np.sin(tilt)])
    R = np.stack([right, np.cross(forward, right), forward])
    K = np.array([[500.0, 0, 319.5], [0, 500.0, 239.5], [0, 0, 1]])
    H = K @ np.column_stack([R[:, 0], R[:, 1], -R @ np.array([5.0, 9.0, -3.0])])
    px = np.array([[x, y] for x in (100.0, 320.0, 540.0) for y in (280.0, 360.0, 440.0)])
    q = np.column_stack([px, np.ones(9)]) @ np.linalg.inv(H).T
    return fit_calibration(Pairs.of(px, q[:, :2] / q[:, 2:]), SIZE_PX).calibration


@pytest.mark.parametrize("tilt_deg", [15.0, 35.0, 60.0])
def test_points_are_inside_exactly_where_they_show_in_the_picture(tilt_deg):
    calibration, extent = camera(tilt_deg), (0.0, 0.0, 10.0, 8.0)
    polygon = shapely.Polygon(footprint_m(calibration, extent))
    points = np.random.default_rng(1).uniform((0, 0), (10, 8), (4000, 2))
    px = calibration.image_from_floor(points)
    shown = ((px >= -0.5) & (px <= np.array(SIZE_PX) - 0.5)).all(axis=1)
    inside = shapely.contains_xy(polygon, points[:, 0], points[:, 1])
    # The outline is simplified to 1 cm: a few points in 4000 may lie on its other side.
    assert np.mean(shown != inside) < 0.005
    assert 0.02 < shown.mean() < 1


def test_a_camera_that_sees_the_horizon_still_has_a_finite_footprint():
    outline = footprint_m(camera(15.0), (-1000.0, -1000.0, 1000.0, 1000.0))
    assert np.isfinite(outline).all()
    assert outline[:, 1].max() < 9.0  # nothing behind the camera


def test_floor_out_of_sight_has_none():
    assert footprint_m(camera(35.0), (0.0, 20.0, 10.0, 30.0)) is None

"""People of 1.70 m before a camera whose height and tilt are known."""

import numpy as np
import pytest

from calibration.standing import FOOT_SHARE, PERSON_M, projection, standing

SIZE = (1280, 720)
CAMERAS = np.array([[np.log(1000), np.deg2rad(20), np.log(3.0), 0.0], [np.log(700), 0.9, np.log(5.0), 0.05]])
FLOOR_M = np.array([[-2.0, -4.0], [0.0, -6.0], [1.5, -9.0]])


def seen(P, height_m):
    at = np.column_stack([FLOOR_M, np.full(len(FLOOR_M), height_m), np.ones(len(FLOOR_M))]) @ P.T
    return at[:, :2] / at[:, 2:]


def anchor(P):
    foot, head = seen(P, 0.0), seen(P, PERSON_M)
    row = FOOT_SHARE * foot[:, 1] + (1 - FOOT_SHARE) * head[:, 1]
    return np.column_stack([(foot[:, 0] + head[:, 0]) / 2, row]), foot[:, 1] - head[:, 1]


@pytest.mark.parametrize("camera", CAMERAS)
def test_people_are_found_where_they_stand(camera):
    P = projection(camera, SIZE)
    at, tall_px = anchor(P)
    floor, tall = standing(P, at)
    assert floor == pytest.approx(FLOOR_M, abs=0.01)
    assert tall == pytest.approx(tall_px, rel=0.01)


def test_cameras_tried_at_once_give_what_each_gives():
    at = anchor(projection(CAMERAS[0], SIZE))[0]
    floor, tall = standing(projection(CAMERAS, SIZE), at)
    for k, camera in enumerate(CAMERAS):
        alone = standing(projection(camera, SIZE), at)
        assert floor[k] == pytest.approx(alone[0], rel=1e-12, nan_ok=True)
        assert tall[k] == pytest.approx(alone[1], rel=1e-12, nan_ok=True)


def test_a_camera_hangs_as_high_as_stated_and_looks_down():
    P = projection(CAMERAS[0], SIZE)
    centre = -np.linalg.inv(P[:, :3]) @ P[:, 3]
    assert centre == pytest.approx([0, 0, 3.0], abs=1e-9)
    below = seen(P, 0.0)[:, 1]
    assert (np.diff(below) < 0).all()  # farther away is higher up in the picture

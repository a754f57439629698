"""What is drawn back into the picture lies where the camera sees it."""

import numpy as np
import pytest

from calibration.fit import fit_calibration
from calibration.lens import Lens
from calibration.overlay import figure_px, floor_lines_px, grid_step_m
from calibration.pairs import Pairs

SIZE = (1280, 720)


def wide(camera, division):
    cam, lens = camera(), Lens(division)
    px = cam.floor_points(np.random.default_rng(0), 14)
    pairs = Pairs.of(np.clip(lens.picture(px, SIZE), 0, np.array(SIZE) - 1), cam.floor(px))
    return fit_calibration(pairs, SIZE, lens=lens).calibration


@pytest.mark.parametrize("division", [0.0, -0.2])
def test_every_point_of_a_line_lies_on_a_whole_metre(camera, division):
    calibration = wide(camera, division)
    lines = floor_lines_px(calibration, (0.0, 0.0, 14.0, 14.0), 1.0)
    assert len(lines) > 15
    for line in lines:
        floor = calibration.floor_from_image(line)
        off = np.abs(floor - np.round(floor)).max(axis=0)
        assert off.min() < 1e-6
        assert line.min() > -0.05 * SIZE[0]
        assert (line < np.array(SIZE) + 0.05 * SIZE[0]).all()


def test_nothing_is_drawn_behind_the_camera(camera):
    calibration = wide(camera, 0.0)
    x, y = calibration.pose.camera_xy_m
    ahead = calibration.floor_from_image(np.array([[640.0, 700.0]]))[0] - (x, y)
    behind = np.array([x, y]) - 20 * ahead / np.linalg.norm(ahead)
    extent = (behind[0] - 1, behind[1] - 1, behind[0] + 1, behind[1] + 1)
    assert floor_lines_px(calibration, extent, 0.5) == []


def test_a_figure_is_as_tall_as_the_camera_sees_it(camera):
    cam = camera()
    calibration = wide(camera, 0.0)
    xy = cam.floor(cam.floor_points(np.random.default_rng(2), 5))
    feet, heads = figure_px(calibration, xy, 1.7).transpose(1, 0, 2)
    np.testing.assert_allclose(feet, cam.project(xy), atol=0.01)
    np.testing.assert_allclose(heads, cam.project(xy, 1.7), atol=0.05)


def test_the_grid_is_as_fine_as_can_be_read():
    assert grid_step_m((0, 0, 10, 8)) == 1.0
    assert grid_step_m((0, 0, 50, 20)) == 2.0
    assert grid_step_m((0, 0, 1e6, 20)) == 100.0

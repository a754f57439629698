"""Rebuilt feet: tiny scenes of a camera 3.2 m up with known answers."""

import numpy as np
import pytest

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from calibration.scene import Furniture, Scene
from tracker.placing import place
from tracker.tracklets import Tracklets

SIZE_PX = (960, 540)
SHOWN_PX = (0.0, 0.0, 960.0, 540.0)
HEIGHT_M = 1.62


@pytest.fixture(scope="module")
def camera() -> Calibration:
    """At (5, 12), looking up the plan, tilted 28 degrees down."""
    focal, down, up = 700.0, np.radians(28), 3.2
    floor = np.array([(x, y) for x in (-3.0, -1, 1, 3) for y in (3.5, 5, 7, 9)])
    forward = floor[:, 1] * np.cos(down) + up * np.sin(down)
    below = up * np.cos(down) - floor[:, 1] * np.sin(down)
    px = np.column_stack([479.5 + focal * floor[:, 0] / forward, 269.5 + focal * below / forward])
    return fit_calibration(Pairs.of(px, floor * [1, -1] + [5, 12]), SIZE_PX).calibration


def boxes_of(camera, xy_m, height_m=HEIGHT_M, hidden_up_to_m=0.0):
    """Boxes of somebody upright, half a metre wide, seen from `hidden_up_to_m` above the floor upwards."""
    xy_m = np.asarray(xy_m, float)
    head = camera.pose.project(xy_m, height_m)
    foot = camera.pose.project(xy_m, hidden_up_to_m)
    half = 0.15 * np.abs(camera.pose.project(xy_m, 0.0)[:, 1] - head[:, 1])
    x = (head[:, 0] + foot[:, 0]) / 2
    return np.column_stack([x - half, head[:, 1], x + half, foot[:, 1]])


def placed(camera, t_s, boxes, scene=None):
    n = len(t_s)
    found = Tracklets(np.ones(n, np.int64), t_s, boxes, np.full(n, 0.9), np.arange(n))
    return place(found, np.asarray(t_s), SHOWN_PX, camera, 2.0, 0.0, scene)


def walk(n=80):
    """Across the floor, behind the counter from the 30th to the 60th picture."""
    return np.arange(n) / 8, np.column_stack([np.linspace(3, 7, n), np.full(n, 6.0)])


COUNTER = Scene(furniture=(Furniture([[4.4, 6.4], [6.1, 6.4], [6.1, 6.9], [4.4, 6.9]], 1.1),))


def test_behind_a_counter_the_foot_follows_from_head_and_own_height(camera):
    t_s, xy = walk()
    behind = np.zeros(80, bool)
    behind[30:60] = True
    boxes = np.where(behind[:, None], boxes_of(camera, xy, hidden_up_to_m=0.8), boxes_of(camera, xy))
    tracks = placed(camera, t_s, boxes, COUNTER)
    off = np.hypot(*(tracks.xy_m - xy).T)
    assert off[~behind].max() < 0.05
    assert off[behind].max() < 0.2
    assert tracks.rebuilt[behind].mean() > 0.9
    assert not tracks.rebuilt[:20].any()


def test_a_rebuilt_foot_is_less_certain_than_a_seen_one(camera):
    t_s, xy = walk()
    behind = np.zeros(80, bool)
    behind[30:60] = True
    whole = placed(camera, t_s, boxes_of(camera, xy), Scene())
    boxes = np.where(behind[:, None], boxes_of(camera, xy, hidden_up_to_m=0.8), boxes_of(camera, xy))
    tracks = placed(camera, t_s, boxes, COUNTER)
    rebuilt = tracks.rebuilt
    area = tracks.cov_m2[:, 0] * tracks.cov_m2[:, 2] - tracks.cov_m2[:, 1] ** 2
    seen = whole.cov_m2[:, 0] * whole.cov_m2[:, 2] - whole.cov_m2[:, 1] ** 2
    assert (area[rebuilt] >= seen[rebuilt]).all()


def test_feet_below_the_picture_are_rebuilt(camera):
    """Somebody walks towards the camera and out of the picture's lower edge."""
    t_s = np.arange(60) / 8
    xy = np.column_stack([np.full(60, 5.0), np.linspace(6, 9.8, 60)])
    boxes = boxes_of(camera, xy)
    cut = boxes[:, 3] > 540
    assert cut.any()
    assert not cut.all()
    boxes[:, 3] = np.minimum(boxes[:, 3], 540)
    tracks = placed(camera, t_s, boxes, Scene())
    assert tracks.rebuilt[cut].all()
    assert np.hypot(*(tracks.xy_m[cut] - xy[cut]).T).max() < 0.3
    assert (tracks.foot_px[cut, 1] > 535).all()


def test_a_child_that_is_only_seen_cut_is_as_uncertain_as_it_is_wrong(camera):
    """Nobody knows the height of somebody whose feet were never seen: 1.2 m is taken for an adult."""
    t_s = np.arange(30) / 8
    xy = np.tile([5.25, 6.0], (30, 1))
    boxes = boxes_of(camera, xy, height_m=1.2, hidden_up_to_m=0.8)
    tracks = placed(camera, t_s, boxes, COUNTER)
    d = tracks.xy_m - xy
    xx, xy_, yy = tracks.cov_m2.T
    d2 = (yy * d[:, 0] ** 2 - 2 * xy_ * d[:, 0] * d[:, 1] + xx * d[:, 1] ** 2) / (xx * yy - xy_**2)
    known = np.isfinite(d2)
    assert (d2[known] < 9.21).all()


def test_without_a_pose_a_cut_foot_is_unknown():
    box = np.array([[100.0, 300, 140, 540]])
    tracks = placed(None, np.array([0.0]), box)
    assert np.isnan(tracks.foot_px).all()
    assert not tracks.rebuilt.any()

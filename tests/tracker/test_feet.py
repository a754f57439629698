"""Rebuilt feet: tiny scenes of a camera 3.2 m up with known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_head_above_the_picture_leaves_the_foot_as_it_is(camera):
    """Somebody tall near by: the box is cut at the top, so its foot alone counts."""
    t_s, xy = np.arange(20) / 8, np.tile([5.0, 6.0], (20, 1))
    boxes = boxes_of(camera, xy)
    boxes[:, 1] = 0.0
    tracks = placed(camera, t_s, boxes)
    assert not tracks.rebuilt.any()
    assert tracks.foot_px == pytest.approx(camera.pose.foot_from_box(boxes), abs=1e-6)


@given(st.floats(3.5, 6.5), st.floats(3.5, 7.5), st.floats(1.2, 2.0), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_who_is_seen_whole_is_moved_by_less_than_the_box_is_off(camera, x, y, tall, seed):
    """And a position from head and foot is no less certain than one from the foot alone."""
    t_s, xy = np.arange(20) / 8, np.tile([x, y], (20, 1))
    boxes = boxes_of(camera, xy, tall)
    boxes += np.random.default_rng(seed).normal(0, 0.05, boxes.shape) * (boxes[:, 3:] - boxes[:, 1:2])
    tracks = placed(camera, t_s, boxes)
    foot = camera.pose.foot_from_box(boxes)
    dx, dy = (tracks.xy_m - camera.floor_from_image(foot)).T
    xx, xy_, yy = camera.floor_covariance(foot, boxes[:, 3] - boxes[:, 1]).T
    assert not tracks.rebuilt.any()
    assert ((yy * dx**2 - 2 * xy_ * dx * dy + xx * dy**2) / (xx * yy - xy_**2) <= 2.31).all()
    assert (tracks.cov_m2[:, 0] + tracks.cov_m2[:, 2] <= (xx + yy) * 1.1).all()


def test_somebody_who_sits_down_in_full_view_stays_where_they_are(camera):
    t_s, xy = np.arange(80) / 8, np.tile([5.0, 6.0], (80, 1))
    sits = t_s > 7
    boxes = np.where(sits[:, None], boxes_of(camera, xy, 1.1), boxes_of(camera, xy, 1.7))
    tracks = placed(camera, t_s, boxes)
    assert not tracks.rebuilt.any()
    assert np.hypot(*(tracks.xy_m - xy).T).max() < 0.15


def test_feet_behind_somebody_nearer_to_the_camera_are_rebuilt(camera):
    """Alone for 5 s, then with another one right before them who leaves only the upper half of them."""
    t_s, xy = np.arange(60) / 8, np.tile([5.0, 6.0], (60, 1))
    covered = t_s >= 5
    boxes = np.where(covered[:, None], boxes_of(camera, xy, hidden_up_to_m=0.7), boxes_of(camera, xy))
    before = boxes_of(camera, xy[covered] + [0, 0.8], 1.7)
    n = len(before)
    found = Tracklets(
        np.repeat([1, 2], [60, n]), np.concatenate([t_s, t_s[covered]]), np.concatenate([boxes, before]),
        np.full(60 + n, 0.9), np.arange(60 + n),
    )  # fmt: skip
    tracks = place(found, t_s, SHOWN_PX, camera, 2.0)
    behind, other = tracks.person == 1, tracks.person == 2
    assert tracks.rebuilt[behind].tolist() == covered.tolist()
    assert not tracks.rebuilt[other].any()
    assert np.hypot(*(tracks.xy_m[behind] - xy).T).max() < 0.15


def test_right_under_a_steep_camera_the_boxs_border_is_no_head():
    """4 m up, looking down at 80 degrees: people under it have no height in the picture."""
    focal, down, up = 500.0, np.radians(80), 4.0
    floor = np.array([(x, y) for x in (-1.5, 0, 1.5) for y in (-0.8, 0.3, 1.5)])
    forward = floor[:, 1] * np.cos(down) + up * np.sin(down)
    below = up * np.cos(down) - floor[:, 1] * np.sin(down)
    px = np.column_stack([479.5 + focal * floor[:, 0] / forward, 269.5 + focal * below / forward])
    pairs = Pairs.of(px, floor * [1, -1] + [5, 12])
    steep = fit_calibration(pairs, SIZE_PX, camera_height_m=up).calibration
    nadir = steep.image_from_floor(np.array([[5.0, 12.0]]))[0]
    box = np.concatenate([nadir - 60, nadir + 60])[None] + 4.0
    mat = Scene(furniture=(Furniture([[4.5, 11.5], [5.5, 11.5], [5.5, 12.5], [4.5, 12.5]], 0.05),))
    tracks = placed(steep, np.zeros(1), box, mat)
    assert not tracks.rebuilt.any()
    assert tracks.xy_m[0] == pytest.approx([5, 12], abs=0.05)
    assert np.isfinite(tracks.cov_m2).all()


def test_without_a_pose_a_cut_foot_is_unknown():
    box = np.array([[100.0, 300, 140, 540]])
    tracks = placed(None, np.array([0.0]), box)
    assert np.isnan(tracks.foot_px).all()
    assert not tracks.rebuilt.any()

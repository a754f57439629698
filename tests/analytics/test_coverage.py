"""What a camera can see of a floor, worked out with a ruler."""

from types import SimpleNamespace

import numpy as np
import pytest

from analytics.coverage import Coverage, coverage_of, visible_points
from analytics.grid import Grid
from analytics.settings import MapSettings
from calibration.pose import CameraPose
from calibration.scene import Furniture, Scene

SIZE = (1280, 720)
SHOWN = (0.0, 0.0, *SIZE)
FOCAL_PX = 900.0
SETTINGS = MapSettings(min_box_share=0.0)


def camera(height_m=3.0, tilt_deg=25.0, focal_px=FOCAL_PX, pose=True):
    """A camera above (0, 0) that looks towards smaller y (up on the plan), turned down by an angle."""
    s, c = np.sin(np.radians(tilt_deg)), np.cos(np.radians(tilt_deg))
    right, down, forward = [1, 0, 0], [0, s, -c], [0, -c, -s]
    K = np.array([[focal_px, 0, SIZE[0] / 2 - 0.5], [0, focal_px, SIZE[1] / 2 - 0.5], [0, 0, 1]])
    R = np.array([right, down, forward], dtype=float)
    P = K @ np.column_stack([R, -R @ [0, 0, height_m]])
    view = CameraPose(P / 10, SIZE, focal_px)
    return SimpleNamespace(
        image_size_px=SIZE, image_from_floor=lambda xy_m: view.project(xy_m, 0.0), pose=view if pose else None
    )


def seen(distances, calibration, scene=None, settings=SETTINGS, x=0.0):
    """Whether somebody is seen at each distance ahead of the camera."""
    xy = np.column_stack([np.full(len(distances), x), -np.asarray(distances, dtype=float)])
    return visible_points(xy, calibration, scene or Scene(), (), SHOWN, settings).tolist()


def shelf(near, far, height_m, half_width=1.0):
    """A block across the camera's axis between two distances."""
    w = half_width
    return Scene(furniture=(Furniture(np.array([[-w, -near], [w, -near], [w, -far], [-w, -far]]), height_m),))


def test_the_stand_in_camera_is_where_it_should_be():
    pose = camera(3.0).pose
    np.testing.assert_allclose(pose.camera_xy_m, (0, 0), atol=1e-9)
    assert pose.camera_height_m == pytest.approx(3.0)
    u, v = pose.project(np.array([[0.0, -3.0 / np.tan(np.radians(25))]]))[0]
    assert (u, v) == (pytest.approx(SIZE[0] / 2 - 0.5), pytest.approx(SIZE[1] / 2 - 0.5))


@pytest.mark.parametrize(("height_m", "end_m"), [(1.4, 5.25), (2.0, 8.4), (1.0, 4.2)])
def test_the_shadow_of_furniture_has_the_right_length(height_m, end_m):
    """Camera at 3 m, far edge of the shelf at 4 m, hip at 0.9 m.

    The ray to the hip at distance d passes the far edge at 3 - (4 / d) (3 - 0.9), which clears a height h
    from d = 4 (3 - 0.9) / (3 - h) on: 5.25 m for 1.4 m, 8.4 m for 2 m.
    """
    view = camera(tilt_deg=20)
    found = seen([3.4, 3.8, 4.05, end_m - 0.02, end_m + 0.02, end_m + 2], view, shelf(3.6, 4.0, height_m))
    assert found == [True, False, False, False, True, True]


def test_low_furniture_hides_nobody_and_high_furniture_everybody_behind_it():
    view = camera(tilt_deg=20)
    assert seen([4.05, 6], view, shelf(3.6, 4.0, 0.8)) == [True, True]
    assert seen([3.8], view, shelf(3.6, 4.0, 0.8)) == [False]  # nobody stands in it
    assert seen([3.5, 4.05, 6, 12], view, shelf(3.6, 4.0, 3.0)) == [True, False, False, False]


def test_furniture_hides_only_what_is_behind_it():
    view = camera(tilt_deg=20)
    # At 5 m the shelf hides up to x = 1.25 with its far end and passes from x = 1.39 on at its near end.
    assert seen([5], view, shelf(3.6, 4.0, 1.4), x=1.2) == [False]
    assert seen([5], view, shelf(3.6, 4.0, 1.4), x=1.4) == [True]


def test_a_head_above_the_picture_is_not_counted():
    """Turned down by 45 degrees with 21.8 degrees to the upper border: heads of 1.7 m leave it at 3.04 m."""
    view = camera(tilt_deg=45)
    upper = np.radians(45) - np.arctan((SIZE[1] / 2) / FOCAL_PX)
    head_limit, foot_limit = (3.0 - 1.7) / np.tan(upper), 3.0 / np.tan(upper)
    assert head_limit == pytest.approx(3.04, abs=0.01)
    assert seen([head_limit - 0.02, head_limit + 0.02], view) == [True, False]
    # The foot alone stays inside much longer: all there is to go by without a pose.
    view = camera(tilt_deg=45, pose=False)
    assert seen([head_limit + 0.02, foot_limit - 0.02, foot_limit + 0.02], view) == [True, True, False]


def test_feet_below_the_picture_are_no_loss_as_long_as_the_hip_is_in_it():
    """Turned down by 15 degrees with 21.8 more to the lower border: hips of 0.9 m pass it at 2.8 m."""
    lower = np.radians(15) + np.arctan((SIZE[1] / 2 - 0.5) / FOCAL_PX)
    hip_m, foot_m = (3.0 - 0.9) / np.tan(lower), 3.0 / np.tan(lower)
    distances = [hip_m - 0.02, hip_m + 0.02, foot_m - 0.02, foot_m + 0.02]
    assert seen(distances, camera(tilt_deg=15)) == [False, True, True, True]
    # Without a pose there is no hip, and no foot to be rebuilt.
    assert seen(distances, camera(tilt_deg=15, pose=False)) == [False, False, False, True]


def test_an_ignored_strip_at_the_lower_edge_ignores_those_whom_the_edge_cuts():
    strip = np.array([[0.0, 700], [1280, 700], [1280, 720], [0, 720]])
    cut = np.array([[0.0, -3.2]])
    view = camera(tilt_deg=15)
    assert view.image_from_floor(cut)[0, 1] > 720
    for areas, expected in (((), True), ((strip,), False)):
        assert visible_points(cut, view, Scene(), areas, SHOWN, SETTINGS).tolist() == [expected]


def test_nothing_behind_the_camera_or_past_the_horizon_is_seen():
    assert seen([-3, -50], camera(tilt_deg=25)) == [False, False]
    assert seen([-3, -50], camera(tilt_deg=25, pose=False)) == [False, False]


def test_a_person_too_small_for_the_detector_is_not_counted():
    """A level camera sees 1.7 m at distance d as 900 x 1.7 / d px: 4 % of 720 px at 53 m."""
    settings = MapSettings(min_box_share=0.04)
    assert seen([40, 50, 56, 70], camera(tilt_deg=0), settings=settings) == [True, True, False, False]


def test_straight_below_a_ceiling_camera_people_have_no_height_and_are_seen():
    view = camera(height_m=5.0, tilt_deg=89.9)
    assert seen([0.0, 0.5, 1.0], view, settings=MapSettings(min_box_share=0.04)) == [True, True, True]


def test_ignored_areas_of_picture_and_floor():
    view = camera(tilt_deg=20)
    foot = view.image_from_floor(np.array([[0.0, -5.0]]))[0]
    square = foot + np.array([[-5, -5], [5, -5], [5, 5], [-5, 5]])
    xy = np.array([[0.0, -5.0], [0.0, -6.0]])
    assert visible_points(xy, view, Scene(), (square,), SHOWN, SETTINGS).tolist() == [False, True]
    floor = Scene(ignored_floor_m=(np.array([[-1, -5.5], [1, -5.5], [1, -7], [-1, -7.0]]),))
    assert visible_points(xy, view, floor, (), SHOWN, SETTINGS).tolist() == [True, False]


def test_the_share_of_a_cell():
    """A low table over a quarter of one cell and the whole of the next."""
    table = np.array([[0.0, -6.0], [0.5, -6.0], [0.5, -5.5], [0.0, -5.5]])
    block = np.array([[1.0, -6.0], [2.0, -6.0], [2.0, -5.0], [1.0, -5.0]])
    grid = Grid((0.0, -6.0), 1.0, 2, 1)
    scene = Scene(furniture=(Furniture(table, 0.5), Furniture(block, 0.5)))
    coverage = coverage_of(grid, camera(tilt_deg=20), scene, (), SHOWN, SETTINGS)
    assert coverage.share.tolist() == [0.75, 0.0]
    assert coverage.observable.tolist() == [True, False]
    # Nobody comes out of the block: it is not seen, but it hides nobody either.
    assert coverage.hidden.tolist() == [False, False]


def test_the_shadow_of_a_shelf_is_hidden_floor():
    grid = Grid((-0.5, -7.0), 0.5, 2, 8)  # from 7 m to 3 m ahead
    coverage = coverage_of(grid, camera(tilt_deg=30), shelf(3.5, 4.0, 1.4), (), SHOWN, SETTINGS)
    # Shelf 3.5..4 m, shadow to 5.25 m: rows are 7..6.5, .., 5.5..5, 5..4.5, 4.5..4, 4..3.5, 3.5..3 m.
    assert coverage.hidden.reshape(8, 2)[:, 0].tolist() == [False] * 3 + [False, True, True, False, False]
    assert coverage.observable.reshape(8, 2)[:, 0].tolist() == [True] * 4 + [False] * 3 + [True]


def test_without_calibration_the_picture_is_the_floor():
    grid = Grid.over((0, 0), (1280, 720), 80.0, "px")
    ignored = np.array([[0, 0], [160, 0], [160, 80], [0, 80.0]])
    coverage = coverage_of(grid, None, Scene(), (ignored,), SHOWN, SETTINGS)
    assert coverage.share.sum() == grid.cells - 2
    assert not coverage.observable[:2].any()


def test_hidden_is_everything_unobservable_where_furniture_is_not_known():
    assert Coverage(np.array([1.0, 0.0]), np.array([True, False])).hidden.tolist() == [False, True]


def test_a_wall_hides_the_room_behind_it_but_not_the_one_at_the_cameras_back():
    from calibration.scene import Wall

    view = camera(tilt_deg=20)
    here = np.asarray(view.pose.camera_xy_m)
    ahead = next(
        d for d in np.array([[0, -1.0], [0, 1.0], [1.0, 0], [-1.0, 0]])
        if visible_points((here + 6 * d)[None], view, Scene(), (), SHOWN, SETTINGS)[0]
    )  # fmt: skip
    side = ahead[::-1]
    points = np.array([here + 5 * ahead, here + 8 * ahead])
    between, behind = (
        Wall(np.array([here + k * ahead - 9 * side, here + k * ahead + 9 * side])) for k in (6.5, 0.3)
    )
    assert visible_points(points, view, Scene(walls=(between,)), (), SHOWN, SETTINGS).tolist() == [
        True,
        False,
    ]
    assert visible_points(points, view, Scene(walls=(behind,)), (), SHOWN, SETTINGS).tolist() == [True, True]

"""Boxes that people could fill, and boxes that nobody could."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from tracker.plausible import plausible

SIZE_PX = (960, 540)


@pytest.fixture(scope="module")
def view() -> Calibration:
    """A camera 3.2 m up at (5, 12), looking up the plan, tilted 28 degrees down."""
    focal, down, up = 700.0, np.radians(28), 3.2
    floor = np.array([(x, y) for x in (-3.0, -1, 1, 3) for y in (3.5, 5, 7, 9)])
    forward = floor[:, 1] * np.cos(down) + up * np.sin(down)
    below = up * np.cos(down) - floor[:, 1] * np.sin(down)
    px = np.column_stack([479.5 + focal * floor[:, 0] / forward, 269.5 + focal * below / forward])
    return fit_calibration(Pairs.of(px, floor * [1, -1] + [5, 12]), SIZE_PX).calibration


def box(view, xy_m, top_m, low_m=0.0, wide_m=0.5):
    """The box around an upright board between two heights at a floor point."""
    upper, lower = (view.pose.project(np.array([xy_m]), height)[0] for height in (top_m, low_m))
    side = view.pose.project(np.add([xy_m], (wide_m / 2, 0)), low_m)[0, 0] - lower[0]
    middle = (upper[0] + lower[0]) / 2
    return np.array([[middle - side, upper[1], middle + side, lower[1]]])


@settings(max_examples=200, deadline=None)
@given(
    st.floats(3.5, 6.5),
    st.floats(3.0, 8.5),
    st.floats(0.8, 2.2),
    st.floats(0, 0.8),
    st.floats(-0.15, 0.15),
)
def test_people_and_parts_of_them_are_never_rejected(view, x, y, tall, hidden_share, off_share):
    """Whatever hides their legs, up to 80 % of them, and with a box that is off by 15 % of its height."""
    found = box(view, (x, y), tall, hidden_share * tall, wide_m=0.3)
    found[:, 3] += off_share * (found[:, 3] - found[:, 1])
    assert plausible(found, view).all()


def test_what_is_cut_by_the_pictures_edges_is_not_rejected(view):
    cut = np.clip(box(view, (5.0, 9.5), 1.8), 0, np.tile(SIZE_PX, 2))
    assert cut[0, 3] == SIZE_PX[1]
    assert plausible(cut, view).all()


@pytest.mark.parametrize(
    ("tall_m", "wide_m", "fits"), [(1.2, 0.4, True), (2.5, 0.6, True), (3.6, 1, False), (0.1, 0.1, False)]
)
def test_a_giant_and_a_speck_are_nobody(view, tall_m, wide_m, fits):
    assert plausible(box(view, (5.0, 5.0), tall_m, wide_m=wide_m), view).tolist() == [fits]


def test_above_the_horizon_and_without_a_pose_nothing_is_known(view):
    sky = np.array([[400.0, -400.0, 440.0, -300.0]])
    assert np.isnan(view.floor_from_image(sky[:, 2:])).all()
    assert plausible(sky, view).all()
    floor = np.array([[0.0, 0], [6, 0], [6, 4], [0, 4], [3, 2]])
    flat = fit_calibration(Pairs.of(floor * 100, floor), (640, 480)).calibration
    assert flat.pose is None
    assert plausible(np.array([[0.0, 0, 640, 480], [1, 1, 2, 2]]), flat).all()
    assert plausible(np.empty((0, 4)), view).shape == (0,)

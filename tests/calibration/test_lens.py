"""The lens: there and back, against numbers worked out by hand, and laws that hold for every lens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.lens import Lens

SIZE = (1920, 1080)
MIDDLE = np.array([[959.5, 539.5]])
HALF_DIAGONAL = np.hypot(1920, 1080) / 2

lenses = st.builds(
    Lens,
    division=st.floats(-0.3, 0.15),
    polynomial=st.floats(-0.02, 0.1),
    centre=st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)),
)
pixels = st.lists(st.tuples(st.floats(-50, 1970), st.floats(-50, 1130)), min_size=1, max_size=20).map(
    np.array
)


def test_by_hand_half_way_to_the_corner():
    at = np.add(MIDDLE, (0.5 * HALF_DIAGONAL, 0))
    for lens, gain in ((Lens(-0.2), 1 / 0.95), (Lens(0, 0.2), 1.05), (Lens(-0.2, 0.2), 1.05 / 0.95)):
        pinhole = lens.pinhole(at, SIZE)
        np.testing.assert_allclose(pinhole, np.add(MIDDLE, (0.5 * HALF_DIAGONAL * gain, 0)))
        np.testing.assert_allclose(lens.picture(pinhole, SIZE), at)


def test_a_wide_angle_lens_draws_the_edges_in():
    door = np.array([[1850.0, 100.0], [1850.0, 540.0], [1850.0, 980.0]])
    bent = Lens(-0.2).picture(door, SIZE)
    assert bent[1, 0] > bent[0, 0]
    assert bent[1, 0] > bent[2, 0]


@given(lenses, pixels)
def test_there_and_back(lens, xy):
    np.testing.assert_allclose(lens.picture(lens.pinhole(xy, SIZE), SIZE), xy, atol=1e-6)


@given(lenses, pixels)
def test_the_derivatives_are_those_of_the_map(lens, xy):
    step = 1e-3
    for axis in (0, 1):
        moved = np.zeros(2)
        moved[axis] = step
        slope = (lens.pinhole(xy + moved, SIZE) - lens.pinhole(xy - moved, SIZE)) / (2 * step)
        np.testing.assert_allclose(lens.pinhole_by_picture(xy, SIZE)[:, :, axis], slope, atol=1e-5)
    there = lens.picture_by_pinhole(xy, SIZE) @ lens.pinhole_by_picture(xy, SIZE)
    np.testing.assert_allclose(there, np.broadcast_to(np.eye(2), there.shape), atol=1e-9)
    more, less = (Lens(lens.division + d, lens.polynomial, lens.centre) for d in (1e-6, -1e-6))
    slope = (more.pinhole(xy, SIZE) - less.pinhole(xy, SIZE)) / 2e-6
    np.testing.assert_allclose(lens.pinhole_by_division(xy, SIZE), slope, rtol=1e-4, atol=1e-3)


@given(lenses, pixels)
def test_it_is_the_same_for_every_size_of_the_picture(lens, xy):
    def half(points):
        return (points - 0.5) / 2

    np.testing.assert_allclose(lens.pinhole(half(xy), (960, 540)), half(lens.pinhole(xy, SIZE)), atol=1e-6)


def test_none_changes_nothing_to_the_bit():
    xy = np.random.default_rng(0).uniform(0, 1000, (50, 2))
    np.testing.assert_array_equal(Lens().pinhole(xy, SIZE), xy)
    np.testing.assert_array_equal(Lens().picture(xy, SIZE), xy)
    assert not Lens(centre=(0.1, 0.0)).bends


def test_where_the_lens_reaches_nothing_is_invented():
    far = np.array([[1e6, 0.0], [959.5, 539.5]])
    for lens in (Lens(0.2), Lens(0, -0.1)):
        assert np.isnan(lens.picture(far, SIZE)[0]).all()
        np.testing.assert_allclose(lens.picture(far, SIZE)[1], far[1])


@pytest.mark.parametrize(
    "bad",
    [
        {"division": -0.9},
        {"division": 0.9},
        {"polynomial": -0.4},
        {"division": float("nan")},
        {"centre": (2.0, 0.0)},
        {"division": -0.4, "centre": (0.9, 0.9)},
    ],
)
def test_what_no_lens_does_is_refused(bad):
    with pytest.raises(ValueError, match="lens: "):
        Lens(**bad)

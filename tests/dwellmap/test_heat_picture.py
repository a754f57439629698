"""Heat over pictures: what is seen, and that nobody is recognised by an outline."""

import numpy as np
import pytest

from analytics.colours import colours_by_name
from dwellmap.blend import blend
from dwellmap.film import FilmClock, clock_text
from dwellmap.heat_picture import softened_values

MAGMA = colours_by_name("magma")


def test_nothing_leaves_the_picture_as_it_is():
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    np.testing.assert_array_equal(blend(picture, np.zeros((20, 30)), MAGMA, 0.8), picture)
    np.testing.assert_array_equal(blend(picture, np.full((20, 30), np.nan), MAGMA, 0.8), picture)


def test_the_most_is_the_last_colour_as_far_as_it_is_opaque():
    picture = np.full((8, 8, 3), 200, np.uint8)
    last = np.array(MAGMA(255)[:3]) * 255
    for opacity in (0.5, 1.0):
        shown = blend(picture, np.full((4, 4), 7.0), MAGMA, opacity)
        np.testing.assert_allclose(shown[4, 4], 200 * (1 - opacity) + last * opacity, atol=1.5)


def test_what_does_not_count_is_dimmed():
    counts = np.zeros((8, 8), bool)
    counts[:, :4] = True
    shown = blend(np.full((8, 8, 3), 200, np.uint8), np.zeros((8, 8)), MAGMA, 0.7, counts)
    assert shown[4, 0].tolist() == [200] * 3
    assert shown[4, 7, 0] < 100


def test_a_profile_is_gone_and_time_is_kept():
    """Teeth of two pixels, as fine as a nose at 360 rows, are even after; what is ignored gets nothing."""
    values = np.zeros((360, 640))
    values[100:260, 200:300] = 5.0
    values[100:260, 300:302] = np.repeat(np.arange(80) % 2 * 5.0, 2)[:, None]
    soft = softened_values(values, np.ones(values.shape, bool))
    assert np.ptp(soft[130:230, 300]) < 0.25
    assert soft.sum() == pytest.approx(values.sum())
    counts = np.ones(values.shape, bool)
    counts[:, 300:] = False
    assert softened_values(values, counts)[:, 300:].max() == 0


def test_which_moments_a_film_shows():
    clock = FilmClock.over(0.0, 10.0, 4.0)
    assert len(clock) == 25
    assert clock.t_s[-1] == 10.0
    np.testing.assert_allclose(np.diff(clock.t_s), 0.4)
    assert FilmClock.over(0.0, 3600.0, None).speed == 180.0
    assert FilmClock.over(0.0, 3.0, None).speed == 1.0, "never slower than life by itself"
    assert len(FilmClock.over(5.0, 5.0, None)) == 1
    assert clock_text(59.6) == "1:00"
    assert clock_text(3725) == "1:02:05"

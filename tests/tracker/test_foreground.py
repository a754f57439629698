"""Changed pixels, shadows and specks."""

import numpy as np

from tracker.foreground import CHANGED, SHADED, Levels, foreground

SHAPE = (60, 80)
LEVELS = Levels.of_noise(np.full(SHAPE, 2.0, np.float32))


def floor():
    return np.full((*SHAPE, 3), (120, 140, 160), np.uint8)


def test_a_changed_patch_is_found_where_it_is():
    picture = floor()
    picture[20:40, 30:50] = (30, 60, 200)
    rows, columns = np.nonzero(foreground(floor(), picture, LEVELS) == CHANGED)
    # The comparison looks at 3 x 3 pixels: a pixel more on each side, the same on both.
    assert (rows.min(), rows.max()) == (19, 40)
    assert (columns.min(), columns.max()) == (29, 50)


def test_a_shadow_is_shaded_and_not_changed():
    picture = floor()
    picture[20:40, 30:50] = (floor()[20:40, 30:50] * 0.7).astype(np.uint8)
    mask = foreground(floor(), picture, LEVELS)
    assert np.mean(mask[22:38, 32:48] == SHADED) > 0.95
    assert np.count_nonzero(mask == CHANGED) < 20


def test_specks_and_noise_are_nothing():
    rng = np.random.default_rng(0)
    picture = np.clip(floor() + rng.normal(0, 2, (*SHAPE, 3)), 0, 255).astype(np.uint8)
    picture[10, 10] = 200
    picture[30, 60] = 60
    assert not foreground(floor(), picture, LEVELS).any()


def test_what_is_left_out_never_counts():
    picture = floor()
    picture[20:40, 30:50] = 255
    ignored = np.zeros(SHAPE, dtype=np.bool_)
    ignored[19:41, 29:51] = True
    assert not foreground(floor(), picture, LEVELS.without(ignored)).any()

"""The change of light between two pictures, found in spite of people."""

import numpy as np
import pytest

from tracker.illumination import fit_light


def place(seed=1):
    return np.random.default_rng(seed).integers(40, 170, (90, 160, 3)).astype(np.uint8)


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (0.7, 5.0), (1.2, -8.0)])
def test_gain_and_offset_are_undone(gain, offset):
    before = place()
    after = np.clip(before * gain + offset, 0, 255).astype(np.uint8)
    light = fit_light(before, after)
    unclipped = (after > 2) & (after < 245)
    assert np.abs(light.applied(before).astype(int) - after)[unclipped].mean() < 2.5
    assert light.misfit < 0.05


def test_people_do_not_count_as_light():
    before = place()
    after = before.copy()
    after[20:80, 30:70] = 20
    light = fit_light(before, after)
    shown = light.applied(before)
    assert np.abs(shown[:, 90:].astype(int) - before[:, 90:]).mean() < 1.5


def test_light_that_falls_off_across_the_picture_is_followed():
    before = place()
    ramp = np.linspace(0.7, 1.1, 160)[None, :, None]
    after = np.clip(before * ramp, 0, 255).astype(np.uint8)
    assert np.abs(fit_light(before, after).applied(before).astype(int) - after).mean() < 2.5

"""Light that differs from place to place, told apart from people."""

import cv2
import numpy as np
import pytest

from tracker.locallight import lit, local_gains

HEIGHT, WIDTH = 180, 320


def place(seed=2):
    rng = np.random.default_rng(seed)
    tiles = rng.integers(60, 190, (HEIGHT // 12, WIDTH // 16, 3)).astype(np.uint8)
    return cv2.resize(tiles, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)


def lamp(strength, x=100, y=90, reach=60):
    """(h, w, 1) gain of a lamp that is dimmed by a share of its light."""
    j, i = np.mgrid[:HEIGHT, :WIDTH]
    return (1 - strength * np.exp(-((i - x) ** 2 + (j - y) ** 2) / (2 * reach**2)))[..., None]


def noisy(picture, seed=5):
    return np.clip(picture + np.random.default_rng(seed).normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.6])
def test_a_lamp_that_is_dimmed_is_followed(strength):
    before = place()
    after = noisy(before * lamp(strength))
    shown = lit(before, local_gains(before, after))
    assert np.abs(shown.astype(int) - after).mean() < 5
    truth = lamp(strength)[88:92, 98:102].mean()
    assert shown[80:100, 90:110].mean() / before[80:100, 90:110].mean() == pytest.approx(truth, abs=0.05)


def test_somebody_in_an_even_jacket_is_not_taken_for_light():
    before = place()
    after = before.copy()
    cv2.rectangle(after, (140, 30), (200, 170), (30, 30, 30), -1)
    shown = lit(before, local_gains(before, noisy(after)))
    inside = np.abs(shown[60:140, 150:190].astype(int) - before[60:140, 150:190]).mean()
    assert inside < 12


def test_somebody_under_a_dimmed_lamp_still_differs():
    before = place()
    after = (before * lamp(0.5, 170, 100)).astype(np.uint8)
    cv2.rectangle(after, (150, 60), (190, 160), (220, 60, 60), -1)
    shown = lit(before, local_gains(before, noisy(after)))
    assert np.abs(shown[70:150, 158:182].astype(int) - after[70:150, 158:182]).max(axis=2).mean() > 60


def test_another_place_has_no_light_in_common():
    assert local_gains(place(1), place(7)) is None

"""Smoothing boxes over time: known answers."""

import numpy as np
import pytest

from tracker.boxpath import smoothed_boxes
from tracker.tracks import Tracks


def tracks_of(t_s, boxes, person=None, observed=None):
    n = len(t_s)
    nan = np.full((n, 3), np.nan)
    return Tracks(
        np.ones(n) if person is None else person, t_s, boxes, nan[:, :2], nan[:, :2], nan, np.ones(n),
        np.ones(n, bool) if observed is None else observed, np.zeros(n, bool),
    )  # fmt: skip


def walking(t_s, speed=50.0):
    left = 100 + speed * t_s
    return np.column_stack([left, np.full(len(t_s), 50.0), left + 40, np.full(len(t_s), 150.0)])


@pytest.mark.parametrize("fps", [5, 30])
def test_even_walking_stays_as_it_is_at_any_rate(fps):
    t_s = np.arange(0, 6, 1 / fps)
    np.testing.assert_allclose(
        smoothed_boxes(tracks_of(t_s, walking(t_s)), 2.0).xyxy_px, walking(t_s), atol=1e-3
    )


@pytest.mark.parametrize("fps", [7, 30])
def test_jitter_shrinks(fps):
    random = np.random.default_rng(1)
    t_s = np.sort(random.uniform(0, 20, 20 * fps))
    noisy = walking(t_s) + random.normal(0, 6, (len(t_s), 4))
    smooth = smoothed_boxes(tracks_of(t_s, noisy), 2.0).xyxy_px
    before, after = (np.sqrt(np.mean((boxes - walking(t_s)) ** 2)) for boxes in (noisy, smooth))
    assert after < 0.6 * before


def test_one_box_around_two_people_hardly_moves_its_neighbours():
    t_s = np.arange(0, 6, 0.1)
    boxes = walking(t_s)
    boxes[30, 2] += 60
    smooth = smoothed_boxes(tracks_of(t_s, boxes), 2.0).xyxy_px
    assert np.abs(smooth - walking(t_s)).max() < 6


def test_unobserved_boxes_lie_where_their_neighbours_imply():
    t_s = np.arange(0, 6, 0.1)
    observed = np.ones(60, bool)
    observed[20:40] = False
    boxes = walking(t_s)
    boxes[20:40] = 0, 0, 1, 1
    smooth = smoothed_boxes(tracks_of(t_s, boxes, observed=observed), 2.0).xyxy_px
    np.testing.assert_allclose(smooth, walking(t_s), atol=0.1)


def test_people_and_stretches_know_nothing_of_each_other():
    t_s = np.arange(0, 3, 0.1)
    far = walking(t_s) + 1000
    person = np.repeat([1, 2, 2], 30)
    together = tracks_of(
        np.concatenate([t_s, t_s, t_s + 60]), np.concatenate([walking(t_s), far, walking(t_s)]), person
    )
    alone = smoothed_boxes(tracks_of(t_s, walking(t_s)), 2.0).xyxy_px
    smooth = smoothed_boxes(together, 2.0).xyxy_px
    np.testing.assert_allclose(smooth[:30], alone, atol=1e-6)
    np.testing.assert_allclose(smooth[60:], alone, atol=1e-6)
    np.testing.assert_allclose(smooth[30:60], alone + 1000, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_boxes(n):
    t_s = np.arange(n) / 10
    np.testing.assert_allclose(
        smoothed_boxes(tracks_of(t_s, walking(t_s)), 2.0).xyxy_px, walking(t_s), atol=1e-3
    )

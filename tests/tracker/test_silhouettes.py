"""Masks to people, on masks drawn from known people."""

import cv2
import numpy as np
import pytest

from tracker.candidates import learned_candidates
from tracker.foreground import CHANGED, SHADED
from tracker.silhouettes import explain

SIZE = (320, 240)
TALL = 80


@pytest.fixture(scope="module")
def candidates():
    """People are 80 px tall everywhere."""
    left = np.linspace(20, 280, 20)
    return learned_candidates(SIZE, np.column_stack([left, left * 0 + 100, left + 26, left * 0 + 100 + TALL]))


def figure(mask, x, foot, value=CHANGED):
    head = foot - TALL
    cv2.circle(mask, (x, head + 6), 6, value, -1)
    cv2.ellipse(mask, (x, head + 28), (11, 18), 0, 0, 360, value, -1)
    cv2.rectangle(mask, (x - 8, head + 40), (x + 8, foot), value, -1)


def people(*at):
    mask = np.zeros(SIZE[::-1], np.uint8)
    for x, foot in at:
        figure(mask, x, foot)
    return mask


def middles(boxes):
    return sorted(((b[0] + b[2]) / 2, b[3]) for b in boxes)


def test_nobody(candidates):
    boxes, own = explain(people(), candidates)
    assert boxes.shape == (0, 4)
    assert own.shape == (0,)


@pytest.mark.parametrize("at", [(60, 150), (160, 200), (300, 120)])
def test_one_person_is_one_box_in_the_right_place(candidates, at):
    boxes, own = explain(people(at), candidates)
    assert len(boxes) == 1
    assert boxes[0] == pytest.approx([at[0] - 11, at[1] - TALL, at[0] + 11, at[1]], abs=3)
    assert own[0] > 0.7


@pytest.mark.parametrize("apart", [16, 22, 30])
def test_two_who_stand_side_by_side_are_two(candidates, apart):
    boxes, own = explain(people((150, 180), (150 + apart, 180)), candidates)
    assert len(boxes) == 2
    for found, x in zip(middles(boxes), (150, 150 + apart), strict=True):
        assert found == pytest.approx((x, 180), abs=7)
    assert len(own) == 2


def test_one_behind_the_other_is_two_and_the_hidden_one_has_less_of_their_own(candidates):
    boxes, own = explain(people((150, 170), (158, 195)), candidates)
    assert len(boxes) == 2
    apart = explain(people((100, 170), (200, 195)), candidates)[1]
    assert own.min() < apart.min()


def test_four_in_a_queue_are_four(candidates):
    boxes, _ = explain(people(*((90 + 24 * k, 160 + 6 * k) for k in range(4))), candidates)
    assert len(boxes) == 4


def test_the_fragments_of_one_person_are_one(candidates):
    mask = people((150, 180))
    mask[125:131], mask[150:154] = 0, 0
    assert len(explain(mask, candidates)[0]) == 1


def test_dark_trousers_that_may_be_shadow_still_belong_to_the_person(candidates):
    mask = people((150, 180))
    legs = mask[140:181]
    legs[legs > 0] = SHADED
    boxes, _ = explain(mask, candidates)
    assert len(boxes) == 1
    assert boxes[0, 3] == pytest.approx(180, abs=8)


def test_a_shadow_alone_is_nobody(candidates):
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.ellipse(mask, (150, 170), (40, 12), 0, 0, 360, SHADED, -1)
    assert len(explain(mask, candidates)[0]) == 0

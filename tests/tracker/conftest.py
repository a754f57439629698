"""Crowds for the tests of the tracker: everybody's true path is known, so is every miss and false box."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import supervision as sv
from numpy.typing import NDArray

PICTURE_PX = (1280, 720)


@dataclass(frozen=True)
class Crowd:
    """Detections per picture; `person` gives, row by row, who is in the box (-1: nobody, a false box)."""

    t_s: NDArray[np.float64]
    pictures: list[sv.Detections]
    person: list[NDArray[np.int64]]


@pytest.fixture(scope="session")
def crowd() -> Callable[..., Crowd]:
    """Maker of crowds: people who cross a picture on straight lines through its middle."""
    return make_crowd


def make_crowd(
    seed: int,
    t_s: NDArray[np.float64],
    people: int = 12,
    speed_px_s: float = 60.0,
    missed: float = 0.1,
    weak: float = 0.15,
    false: float = 0.5,
    noise_px: float = 1.5,
) -> Crowd:
    """People of different heights who cross the picture through its middle, and so each other.

    Args:
        seed: Of everything random.
        t_s: (F,) times of the pictures.
        people: How many.
        speed_px_s: Their typical speed.
        missed: Share of boxes that are missing, some of them for half a second and longer.
        weak: Share of boxes with a low score.
        false: False boxes per picture, mean.
        noise_px: Standard deviation of each box side.

    """
    random = np.random.default_rng(seed)
    middle = np.array(PICTURE_PX) / 2
    duration = t_s[-1] - t_s[0]
    angle = random.uniform(0, 2 * np.pi, people)
    velocity = (
        np.column_stack([np.cos(angle), np.sin(angle)]) * random.uniform(0.5, 1.5, (people, 1)) * speed_px_s
    )
    at_middle_s = random.uniform(0.2, 0.8, people) * duration
    offset = random.normal(0, 120, (people, 2))
    height = random.uniform(60, 160, people)
    hidden_from_s = random.uniform(0, duration, people)
    hidden_s = random.uniform(0, 0.8, people)
    pictures, persons = [], []
    for t in t_s - t_s[0]:
        centre = middle + offset + velocity * (t - at_middle_s)[:, None]
        half = np.column_stack([height * 0.2, height * 0.5])
        boxes = np.hstack([centre - half, centre + half]) + random.normal(0, noise_px, (people, 4))
        score = np.where(
            random.random(people) < weak, random.uniform(0.15, 0.55, people), random.uniform(0.65, 1, people)
        )
        hidden = (t >= hidden_from_s) & (t < hidden_from_s + hidden_s)
        seen = (random.random(people) >= missed) & ~hidden
        count = random.poisson(false)
        corner = random.uniform([0, 0], [1200, 600], (count, 2))
        ghosts = np.hstack([corner, corner + random.uniform(20, 120, (count, 2))])
        boxes = np.concatenate([boxes[seen], ghosts])
        score = np.concatenate([score[seen], random.uniform(0.15, 0.95, count)])
        who = np.concatenate([np.flatnonzero(seen), np.full(count, -1)])
        order = random.permutation(len(who))
        pictures.append(
            sv.Detections(
                xyxy=boxes[order].astype(np.float32),
                confidence=score[order].astype(np.float32),
                class_id=np.zeros(len(order), dtype=int),
            )
        )
        persons.append(who[order].astype(np.int64))
    return Crowd(t_s, pictures, persons)

"""What counts and dwell times feel of wrong identities: people, time in scene, missed and surplus people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from dwellmap.evaluation.sightings import Sightings

LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class PeopleScores:
    """People counted against people there; a person counts who is in the scene for at least a second.

    Attributes:
        true_people: Number there.
        people: Number counted.
        true_time_s: Mean time in scene, first to last frame.
        time_s: The same, measured.
        missed: True people left without a partner by the one-to-one assignment with the most time in common.
        surplus: Counted people left without one.
        half_missed: True people whose partner shares less than half of their time.
        half_surplus: Counted people who are not such a partner for half of somebody's time.
        dwell_overlap: Twice the time in common of all pairs over the time of all true and all counted people.

    """

    true_people: int
    people: int
    true_time_s: float
    time_s: float
    missed: int
    surplus: int
    half_missed: int
    half_surplus: int
    dwell_overlap: float

    @property
    def people_ratio(self) -> float:
        """People counted / people there."""
        return self.people / self.true_people if self.true_people else float("nan")

    @property
    def time_ratio(self) -> float:
        """Mean time in scene, measured / true."""
        return self.time_s / self.true_time_s if self.true_time_s else float("nan")

    @property
    def wrong_share(self) -> float:
        """(Missed + surplus) / people there."""
        return (self.missed + self.surplus) / self.true_people if self.true_people else float("nan")

    @property
    def half_wrong_share(self) -> float:
        """(Missed + surplus by half of the time) / people there."""
        wrong = self.half_missed + self.half_surplus
        return wrong / self.true_people if self.true_people else float("nan")


def time_in_scene_s(
    person: NDArray[np.int64], t_s: NDArray[np.float64], frame_s: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Persons and how long each was in the scene: first to last frame, that last frame included.

    Args:
        person: (N,) person of each row.
        t_s: (N,) its time.
        frame_s: How long a frame stands for.

    """
    names, at = np.unique(person, return_inverse=True)
    first, last = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(first, at, t_s)
    np.maximum.at(last, at, t_s)
    return names, last - first + frame_s


def people_scores(
    true: Sightings,
    found: Sightings,
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    t_s: NDArray[np.float64],
    frame_s: float,
) -> PeopleScores:
    """Count people and compare their times.

    Args:
        true: Who was there.
        found: Who was counted, without boxes on distractors.
        pairs: Rows of `true` and of `found` that show the same person in the same frame.
        t_s: (F,) times of the frames.
        frame_s: How long a frame stands for.

    """
    true_names, true_s = time_in_scene_s(true.person, t_s[true.frame], frame_s)
    names, found_s = time_in_scene_s(found.person, t_s[found.frame], frame_s)
    # A frame's time is rounded; n frames are meant to last n times its length.
    true_kept, kept = true_s >= LEAST_S - frame_s / 1000, found_s >= LEAST_S - frame_s / 1000
    common_s = np.zeros((len(true_names), len(names)))
    rows, columns = pairs
    np.add.at(
        common_s,
        (np.searchsorted(true_names, true.person[rows]), np.searchsorted(names, found.person[columns])),
        frame_s,
    )
    common_s = common_s[np.ix_(true_kept, kept)]
    i, j = linear_sum_assignment(common_s, maximize=True)
    shared_s = common_s[i, j]
    partners = int(np.sum(shared_s > 0))
    half = int(np.sum(shared_s >= true_s[true_kept][i] / 2))
    total_s = float(true_s[true_kept].sum() + found_s[kept].sum())
    n_true, n = int(true_kept.sum()), int(kept.sum())
    return PeopleScores(
        true_people=n_true,
        people=n,
        true_time_s=float(true_s[true_kept].mean()) if n_true else 0.0,
        time_s=float(found_s[kept].mean()) if n else 0.0,
        missed=n_true - partners,
        surplus=n - partners,
        half_missed=n_true - half,
        half_surplus=n - half,
        dwell_overlap=2 * float(shared_s.sum()) / total_s if total_s else 0.0,
    )

"""Whether people who left and came back were known again, and nobody was taken for somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dwellmap.evaluation.identity import matched_rows
from dwellmap.evaluation.sightings import Sightings
from dwellmap.evaluation.truth import Truth

# A true person who is out of sight for longer has left and come back.
_ABSENT_S = 5.0
# Who somebody is when they come or go: most often so within this time of it.
_NEAR_S = 10.0


@dataclass(frozen=True, slots=True)
class ReturnScores:
    """Returns that were believed, against those that happened.

    Attributes:
        right: Believed, and it was the same person.
        wrong: Believed, and it was another person.
        returns: How often somebody really came back.
        arrivals: Scene visits counted, first ones too.

    """

    right: int
    wrong: int
    returns: int
    arrivals: int

    @property
    def false_merge(self) -> float:
        """Share of the arrivals that were taken for somebody else."""
        return self.wrong / self.arrivals if self.arrivals else float("nan")

    @property
    def missed_merge(self) -> float:
        """Share of the true returns that were counted as somebody new."""
        return 1 - self.right / self.returns if self.returns else float("nan")

    def __add__(self, other: ReturnScores) -> ReturnScores:
        """Of both recordings."""
        return ReturnScores(
            self.right + other.right,
            self.wrong + other.wrong,
            self.returns + other.returns,
            self.arrivals + other.arrivals,
        )


def return_scores(truth: Truth, visits: Sightings, visitor: dict[int, int]) -> ReturnScores:
    """Judge returns.

    Args:
        truth: The truth, in which somebody who comes back has the same number.
        visits: Our boxes at its frames; `person` is the scene visit.
        visitor: The person of each scene visit.

    """
    true_rows, our_rows = matched_rows(truth, visits)
    who = truth.seen.person[true_rows]
    visit, t_s = visits.person[our_rows], truth.t_s[visits.frame[our_rows]]
    people: dict[int, list[tuple[float, int, int]]] = {}
    for number in np.unique(visits.person):
        mine = visit == number
        if not mine.any():
            continue
        at, shown = t_s[mine], who[mine]
        came, went = _most(shown[at <= at.min() + _NEAR_S]), _most(shown[at >= at.max() - _NEAR_S])
        people.setdefault(visitor[int(number)], []).append((float(at.min()), came, went))
    judged = [before[2] == after[1] for mine in people.values() for before, after in pairwise(sorted(mine))]
    arrivals = sum(len(mine) for mine in people.values())
    return ReturnScores(sum(judged), len(judged) - sum(judged), _true_returns(truth), arrivals)


def _true_returns(truth: Truth) -> int:
    order = np.lexsort([truth.seen.frame, truth.seen.person])
    person, t_s = truth.seen.person[order], truth.t_s[truth.seen.frame[order]]
    return int(np.sum((np.diff(person) == 0) & (np.diff(t_s) > _ABSENT_S)))


def _most(numbers: NDArray[np.int64]) -> int:
    values, count = np.unique(numbers, return_counts=True)
    return int(values[np.argmax(count)])

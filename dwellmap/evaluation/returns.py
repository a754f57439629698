"""Whether people who left and came back were known again, and nobody was taken for somebody else."""

from __future__ import annotations

from collections.abc import Iterator
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
        right: True returns after which the person is the same visitor as before.
        wrong: Returns that were believed, of somebody who left as another person.
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
    known = [
        went in visitor and came in visitor and visitor[went] == visitor[came]
        for went, came in _around_returns(truth, who, visit, t_s)
    ]
    arrivals = sum(len(mine) for mine in people.values())
    return ReturnScores(sum(known), len(judged) - sum(judged), len(known), arrivals)


def _around_returns(
    truth: Truth, who: NDArray[np.int64], visit: NDArray[np.int64], t_s: NDArray[np.float64]
) -> Iterator[tuple[int, int]]:
    """For each true return the visit as which the person went and the one as which they came, -1 for none.

    Args:
        truth: The truth.
        who: (k,) true person of matched boxes.
        visit: (k,) scene visit of ours.
        t_s: (k,) time of the box.

    """
    order = np.lexsort([truth.seen.frame, truth.seen.person])
    person, seen_s = truth.seen.person[order], truth.t_s[truth.seen.frame[order]]
    for row in np.flatnonzero((np.diff(person) == 0) & (np.diff(seen_s) > _ABSENT_S)):
        went_s, came_s = seen_s[row], seen_s[row + 1]
        mine = who == person[row]
        before = visit[mine & (t_s <= went_s) & (t_s >= went_s - _NEAR_S)]
        after = visit[mine & (t_s >= came_s) & (t_s <= came_s + _NEAR_S)]
        yield (_most(before) if len(before) else -1), (_most(after) if len(after) else -1)


def _most(numbers: NDArray[np.int64]) -> int:
    values, count = np.unique(numbers, return_counts=True)
    return int(values[np.argmax(count)])

"""What the map of attention spans feels of wrong identities and positions: its error per cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.accumulators import Accumulator, Rules
from analytics.grid import Grid
from analytics.stays import EDGE, PathEnds, stays_in_cells
from analytics.trajectories import Trajectories
from analytics.visits import Visits
from dwellmap.evaluation.people import LEAST_S

LEAST_VISITORS = 5
# A few dozen cells have five visitors, and their median hangs on where the grid happens to begin (30 to 44 %
# for one tracker on PETS): it is taken for so many origins each way and averaged.
_ORIGINS = 4


@dataclass(frozen=True, slots=True)
class AttentionError:
    """Errors of the attention span per cell: dwell / unique visitors against the truth's, relative.

    Attributes:
        cell_m: Side of a cell.
        median: Median over the cells with at least five true visitors, averaged over 16 grid origins.
        low: Smallest median of these origins.
        high: Largest.
        cells: Cells that were compared, mean over the origins.
        visits_ratio: Unique visitors summed over all cells, measured / true.

    """

    cell_m: float
    median: float
    low: float
    high: float
    cells: float
    visits_ratio: float


def sampled_paths(
    person: NDArray[np.int64], t_s: NDArray[np.float64], xy_m: NDArray[np.float64], longest_s: float = np.inf
) -> Trajectories:
    """Paths straight from sample to sample.

    Args:
        person: (N,) person of each sample, in any order.
        t_s: (N,) its time; rows of a person at the same time as the one before are left out.
        xy_m: (N, 2) where; rows that are NaN are left out.
        longest_s: Samples further apart than this are not joined.

    """
    known = np.isfinite(xy_m).all(axis=1)
    person, t_s, xy_m = person[known], t_s[known], xy_m[known]
    order = np.lexsort([t_s, person])
    person, t_s, xy_m = person[order], t_s[order], xy_m[order]
    fresh = np.ones(len(person), dtype=np.bool_)
    fresh[1:] = (np.diff(person) != 0) | (np.diff(t_s) > 0)
    person, t_s, xy_m = person[fresh], t_s[fresh], xy_m[fresh]
    breaks = np.ones(len(person), dtype=np.int64)
    breaks[1:] = (np.diff(person) != 0) | (np.diff(t_s) > longest_s)
    people, first = np.unique(person, return_index=True)
    last = np.append(first[1:], len(person)) - 1
    return Trajectories(
        person, np.cumsum(breaks), t_s, xy_m, np.zeros(len(person), dtype=np.bool_),
        people, t_s[first], t_s[last] if len(people) else t_s[first],
    )  # fmt: skip


def attention_error(true: Trajectories, found: Trajectories, cell_m: float) -> AttentionError:
    """Compare attention spans cell by cell.

    Args:
        true: Where people were, in metres.
        found: Where we have them, in the same metres.
        cell_m: Side of a cell.

    Raises:
        ValueError: If nobody was there.

    """
    if not len(true.person):
        raise ValueError("attention: expected true positions on the floor, got none")
    low, high = true.xy.min(axis=0), true.xy.max(axis=0)
    medians, cells, present, found_present = [], [], 0, 0
    shifts = np.arange(_ORIGINS) / _ORIGINS * cell_m
    for dx, dy in ((dx, dy) for dx in shifts for dy in shifts):
        corner = (float(low[0] - dx), float(low[1] - dy))
        grid = Grid.over(corner, (float(high[0]) + cell_m, float(high[1]) + cell_m), cell_m)
        a, b = _sums(true, grid), _sums(found, grid)
        busy = a.present >= LEAST_VISITORS
        cells.append(int(busy.sum()))
        present += int(a.present.sum())
        found_present += int(b.present.sum())
        if busy.any():
            # A cell without anybody is wrong by all of its span.
            span = b.dwell_s[busy] / np.maximum(b.present[busy], 1)
            medians.append(float(np.median(np.abs(span * a.present[busy] / a.dwell_s[busy] - 1))))
    if not medians:
        medians = [float("nan")]
    return AttentionError(
        cell_m, float(np.mean(medians)), min(medians), max(medians), float(np.mean(cells)),
        found_present / present,
    )  # fmt: skip


def _sums(paths: Trajectories, grid: Grid) -> Accumulator:
    """Dwell and visitors of people who are there for at least a second."""
    breaks = paths.path[1:] != paths.path[:-1]
    edges = np.full(int(np.count_nonzero(breaks)) + min(len(paths.path), 1), EDGE, dtype=np.int8)
    rules = Rules(10.0, 0.0)
    visits = Visits.of_stays(stays_in_cells(paths, grid, PathEnds(edges, edges)), rules.revisit_s)
    counted = paths.people[paths.present_s >= LEAST_S - 1e-6]
    visits = visits.where(np.isin(visits.person, counted))
    return Accumulator.of(visits, grid.cells, counted, 0.0, rules)

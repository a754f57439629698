"""Sums add: over disjoint people, over a cut in time, and over both in any mix."""

from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.accumulators import Accumulator, Rules
from analytics.grid import Grid
from analytics.stays import BROKEN, EDGE, PathEnds, stays_in_cells
from analytics.visits import Visits

GRID = Grid((0.0, 0.0), 0.5, 10, 7)
RULES = Rules(revisit_s=10.0, min_visit_s=0.1)
SEEDS = st.integers(0, 2**32 - 1)


def mixed_ends(paths, seed):
    rng = np.random.default_rng(seed)
    count = len(np.unique(paths.path))
    return PathEnds(*(rng.choice([EDGE, BROKEN], count).astype(np.int8) for _ in range(2)))


def summed(paths, ends, rules=RULES, begin=frozenset(), end=frozenset()):
    visits = Visits.of_stays(stays_in_cells(paths, GRID, ends), rules.revisit_s)
    return Accumulator.of(visits, GRID.cells, paths.people, paths.unplaced_s, rules, begin, end)


def same(a, b):
    """Counts equal, times equal to rounding."""
    a, b = a.closed(), b.closed()
    for name in ("entries", "visitors", "present"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)
    for name in ("dwell_s", "outside_s", "unplaced_s"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0, atol=1e-9, err_msg=name)
    assert a.people == b.people


def cut(people, ends, times, make_paths):
    """The pieces between the times, each with the ends of its paths and the people handed over.

    A path that is under way at a cut ends and begins there in mid-floor; whoever was seen before a cut and
    at any time after it is handed over, in sight or not.
    """
    bounds = [-np.inf, *times, np.inf]
    pieces = []
    for low, high in pairwise(bounds):
        own_people, numbers, entry, exit_, first_s, last_s = [], [], [], [], [], []
        nth = -1
        for number, paths in enumerate(people, start=1):
            kept = []
            for rows in paths:
                nth += 1
                t_s = np.concatenate([rows[:, 0], [t for t in (low, high) if rows[0, 0] < t < rows[-1, 0]]])
                t_s = np.sort(t_s[(t_s >= low) & (t_s <= high)])
                if len(t_s) == 0:
                    continue
                xy = [np.interp(t_s, rows[:, 0], rows[:, 1 + axis]) for axis in (0, 1)]
                kept.append(np.column_stack([t_s, *xy]))
                entry.append(ends.entry[nth] if rows[0, 0] >= low else BROKEN)
                exit_.append(ends.exit[nth] if rows[-1, 0] <= high else BROKEN)
            span = (paths[0][0, 0], paths[-1][-1, 0]) if paths else (0.0, 0.0)
            if (paths and span[0] <= high and span[1] >= low) or (not paths and low == -np.inf):
                own_people.append(kept)
                numbers.append(number)
                first_s.append(max(span[0], low))
                last_s.append(min(span[1], high))
        piece = replace(make_paths(own_people, numbers), first_s=np.array(first_s), last_s=np.array(last_s))
        handed = [
            frozenset(n for n, p in enumerate(people, start=1) if p and p[0][0, 0] < t < p[-1][-1, 0])
            for t in (low, high)
        ]
        pieces.append((piece, PathEnds(np.array(entry, np.int8), np.array(exit_, np.int8)), *handed))
    return pieces


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_disjoint_people_add(make_paths, random_people, seed):
    people = random_people(seed, people=6)
    paths = make_paths(people)
    ends = mixed_ends(paths, seed)
    counts = np.cumsum([0, *(len(own) for own in people)])
    parts = []
    for which in ([0, 3], [5], [1, 2, 4]):
        own = np.concatenate([np.arange(counts[i], counts[i + 1]) for i in which])
        part = make_paths([people[i] for i in which], [i + 1 for i in which])
        parts.append(summed(part, PathEnds(ends.entry[own], ends.exit[own])))
    whole = summed(paths, ends)
    same(parts[0] + parts[1] + parts[2], whole)
    same(parts[2] + (parts[0] + parts[1]), whole)
    same(Accumulator.empty(GRID.cells, RULES) + whole, whole)


@given(seed=SEEDS, revisit_s=st.sampled_from([0.0, 10.0, 60.0]))
@settings(max_examples=150, deadline=None)
def test_a_cut_in_time_changes_nothing(make_paths, random_people, seed, revisit_s):
    people = random_people(seed)
    ends = mixed_ends(make_paths(people), seed)
    rules = Rules(revisit_s, 0.1)
    whole = summed(make_paths(people), ends, rules)
    times = np.sort(np.random.default_rng(seed + 1).uniform(0, 60, 1))
    early, late = (summed(p, e, rules, b, a) for p, e, b, a in cut(people, ends, times, make_paths))
    same(early + late, whole)
    # Nobody is left to be carried on: memory does not grow with the number of cuts.
    both = early + late
    assert both.open_visits is None or len(both.open_visits) == 0
    assert not both.open_at_begin | both.open_at_end


@given(seed=SEEDS)
@settings(max_examples=100, deadline=None)
def test_three_parts_add_in_either_grouping(make_paths, random_people, seed):
    people = random_people(seed, people=3)
    ends = mixed_ends(make_paths(people), seed)
    times = np.sort(np.random.default_rng(seed + 1).uniform(0, 60, 2))
    a, b, c = (summed(p, e, RULES, begin, end) for p, e, begin, end in cut(people, ends, times, make_paths))
    whole = summed(make_paths(people), ends)
    same((a + b) + c, whole)
    same(a + (b + c), whole)


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_people_by_time_in_a_mix(make_paths, random_people, seed):
    """Two batches of people, each cut twice: batches of a piece may be added first, or pieces of a batch."""
    batches = [random_people(seed, people=2), random_people(seed + 1, people=2)]
    times = [12.5, 31.0]
    parts = []
    for nth, people in enumerate(batches):
        ends = mixed_ends(make_paths(people), seed)
        own = []
        for p, e, begin, end in cut(people, ends, times, make_paths):
            shifted = replace(p, person=p.person + 100 * nth, people=p.people + 100 * nth)
            handed = (frozenset(n + 100 * nth for n in names) for names in (begin, end))
            own.append(summed(shifted, e, RULES, *handed))
        parts.append(own)
    by_batch = [reduce(add, own).closed() for own in parts]
    by_piece = [a + b for a, b in zip(*parts, strict=True)]
    same(reduce(add, by_piece), by_batch[0] + by_batch[1])


def test_cut_in_the_middle_of_a_short_absence(make_paths, make_ends):
    """In cell 0 until 4 s, back at 9 s; cut at 6 s: still one visit, one entry, one visitor."""
    rows = [
        (0, 0.25, 0.25),
        (3, 0.25, 0.25),
        (5, 0.75, 0.25),
        (8, 0.75, 0.25),
        (10, 0.25, 0.25),
        (12, 0.25, 0.25),
    ]
    people = [[np.array(rows)]]
    ends = make_ends(make_paths(people))
    early, late = (summed(p, e, RULES, b, a) for p, e, b, a in cut(people, ends, [6.0], make_paths))
    both = (early + late).closed()
    assert (both.entries[0], both.visitors[0], both.people) == (1, 1, 1)
    assert both.dwell_s[0] == pytest.approx(7.0)
    # Without the hand-over it would be two people, one of whom appeared in mid-floor.
    blind = [summed(p, e) for p, e, _, _ in cut(people, ends, [6.0], make_paths)]
    assert (blind[0] + blind[1]).visitors[0] == 2


def test_somebody_absent_from_the_whole_middle_part(make_paths):
    people = [[np.array([[0, 0.2, 0.2], [1, 0.3, 0.2]]), np.array([[8, 0.2, 0.2], [9, 0.3, 0.2]])]]
    ends = mixed_ends(make_paths(people), 0)
    parts = [summed(p, e, RULES, b, a) for p, e, b, a in cut(people, ends, [3.0, 6.0], make_paths)]
    seen_nowhere = summed(
        make_paths([]), mixed_ends(make_paths([]), 0), RULES, frozenset([1]), frozenset([1])
    )
    for middle in (parts[1], replace(seen_nowhere, unplaced_s=3.0)):
        total = (parts[0] + middle + parts[2]).closed()
        assert total.people == 1
        assert total.visitors[0] == 1
        assert total.unplaced_s == pytest.approx(7.0)


@pytest.mark.parametrize("hits", [300, 70_000])
def test_counts_do_not_wrap(hits):
    n = np.arange(hits)
    visits = Visits(
        n, np.zeros(hits, np.int64), n * 1.0, n + 0.5, np.full(hits, 0.5), *(np.zeros((2, hits), np.int8))
    )
    total = Accumulator.of(visits, 3, n, 0.0, RULES)
    total = total + replace(total, people=0)
    assert total.entries.tolist() == [2 * hits, 0, 0]
    assert total.visitors[0] == total.present[0] == 2 * hits
    assert total.dwell_s[0] == hits


def test_a_short_visit_is_present_and_enters_but_is_no_visitor():
    visits = Visits(
        np.array([1, 1, 2]), np.array([0, 1, 0]), np.zeros(3), np.array([0.09, 0.1, 5.0]),
        np.array([0.09, 0.1, 5.0]), np.zeros(3, np.int8), np.zeros(3, np.int8),
    )  # fmt: skip
    total = Accumulator.of(visits, 2, np.array([1, 2, 3]), 0.0, RULES)
    assert total.present.tolist() == [2, 1]
    assert total.visitors.tolist() == [1, 1]
    assert total.entries.tolist() == [2, 1]
    assert total.people == 3


def test_two_short_visits_do_not_make_one_long_one():
    visits = Visits(
        np.array([1, 1]), np.zeros(2, np.int64), np.array([0.0, 50.0]), np.array([0.06, 50.06]),
        np.array([0.06, 0.06]), np.zeros(2, np.int8), np.zeros(2, np.int8),
    )  # fmt: skip
    assert Accumulator.of(visits, 1, np.array([1]), 0.0, RULES).visitors.tolist() == [0]


def test_different_rules_or_places_do_not_add():
    with pytest.raises(ValueError, match="different rules"):
        Accumulator.empty(4, RULES) + Accumulator.empty(4, Rules(10.0, 1.0))
    with pytest.raises(ValueError, match="4 and 5 places"):
        Accumulator.empty(4, RULES) + Accumulator.empty(5, RULES)

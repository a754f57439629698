"""No rare way is found by who knows that whoever comes also leaves, nor few people by ways and visitors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analytics.guarded_ways import hide_in_ways
from analytics.suppression import small


def ways_of(rng, places, people):
    """Random ways of people through places: times, people behind each, visitors of each place."""
    steps = []
    for person in range(people):
        at = places
        for to in rng.integers(0, places, rng.integers(1, 6)).tolist():
            if to != at:
                steps.append((at, to, person))
                at = to
        steps.append((at, places, person))
    steps = np.array(steps)
    times, who = (np.zeros((places + 1, places + 1), dtype=np.int64) for _ in range(2))
    np.add.at(times, (steps[:, 0], steps[:, 1]), 1)
    distinct = np.unique(steps, axis=0)
    np.add.at(who, (distinct[:, 0], distinct[:, 1]), 1)
    came = np.unique(steps[steps[:, 1] < places][:, 1:], axis=0)
    return times.astype(float), who, np.bincount(came[:, 0], minlength=places)


def nothing_told(places):
    return np.full((places, 2), np.nan)


def of_ones(times, told, k):
    """What is hidden where everybody takes a way once."""
    times = np.array(times, dtype=float)
    visitors = np.nan_to_num(np.array(told, dtype=float)[:, 0]).astype(np.int64)
    return hide_in_ways(times, times.astype(np.int64), visitors, np.array(told, dtype=float), k).astype(int)


class Reader:
    """Somebody who knows the ways that are shown, and the visits to each place but to some."""

    def __init__(self, times, hidden, unknown):
        side = len(times)
        number = np.arange(side * side).reshape(side, side)
        # Of each place: row - visits = 0, column - visits = 0; the last for those who came at all.
        self.matrix = np.zeros((2 * side, side * side + side))
        for place in range(side):
            self.matrix[place, number[place]] = 1
            self.matrix[side + place, number[:, place]] = 1
            self.matrix[[place, side + place], side * side + place] = -1
        self.values = np.concatenate([times.ravel(), times.sum(axis=0)])
        mask = np.concatenate([hidden.ravel(), unknown])
        mask[number.diagonal()] = False
        self.at, self.side = np.flatnonzero(mask), side
        self.known = self.matrix[:, ~mask] @ self.values[~mask]

    def interval(self, entry):
        """What is possible for a hidden way, or for the visits to a place."""
        if entry not in self.at:
            return (self.values[entry],) * 2
        ends = []
        for sign in (1.0, -1.0):
            cost = np.where(self.at == entry, sign, 0.0)
            found = linprog(cost, A_eq=self.matrix[:, self.at], b_eq=-self.known, bounds=(0, None))
            ends.append(np.inf if found.status == 3 else found.x[self.at == entry][0])
        return ends[0], ends[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(3, 40), st.integers(2, 6), st.integers(0, 10**6))
def test_no_rare_way_is_found_though_who_comes_also_leaves(places, people, k, seed):
    """The reader knows the visits to each place: the sum of its row and of its column."""
    rng = np.random.default_rng(seed)
    times, who, visitors = ways_of(rng, places, people)
    assert np.array_equal(times.sum(axis=0), times.sum(axis=1))
    hidden = hide_in_ways(times, who, visitors, nothing_told(places), k)
    rare = small(who, k)
    assert hidden[rare].all()
    if hidden[~np.eye(places + 1, dtype=bool)].all():
        # No way is told; what the numbers of visits and people say of so few is not for ways to hide.
        return
    # Small visits are hidden wherever they are told; how many came in all is told of the day.
    reader = Reader(times, hidden, np.append(small(visitors, k), people < k))
    for entry in np.flatnonzero(rare.ravel()):
        low, high = reader.interval(entry)
        # That somebody went there can follow from the visits alone, but not how many, nor that they are few.
        assert high >= k * (1 - 1e-4)
        assert high >= low + 1 - 1e-4


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(10, 60), st.integers(2, 6), st.integers(0, 10**6))
def test_no_few_people_are_found_by_ways_and_visitors(places, people, k, seed):
    """Of those in a place a few were there already, a few went there by other ways, a few are elsewhere."""
    rng = np.random.default_rng(seed)
    times, who, visitors = ways_of(rng, places, people)
    visits = times.sum(axis=0)
    entries = visits[:-1] - rng.integers(-2, 4, places)
    told = np.column_stack([np.where(visitors - entries < k, entries, visitors), entries])
    told[(visitors < k) | (entries < k)] = np.nan
    hidden = hide_in_ways(times, who, visitors, told, k)
    if hidden[~np.eye(places + 1, dtype=bool)].all():
        return
    few_elsewhere = (np.abs(visits[-1] - told[:, 0]) < k) & (visits[-1] != told[:, 0])
    under_way = visits[:-1] - entries
    unknown = np.append(np.isnan(told[:, 0]) | ((under_way > 0) & (under_way < k)), few_elsewhere.any())
    reader, side = Reader(times, hidden, unknown), places + 1
    for place in range(places):
        pairs = [(side * side + places, told[place, 0])]
        pairs += [(places * side + place, told[place, 0]), (place * side + places, told[place, 0])]
        if under_way[place] > 0:
            pairs.append((side * side + place, told[place, 1]))
        for entry, other in pairs:
            more = reader.values[entry] - other
            if reader.values[entry] and 0 < abs(more) < k:
                low, high = reader.interval(entry)
                # They may be as many, and may not be a few more or less.
                assert low <= max(other if more > 0 else other - k, 0) + 1e-2
                assert high >= (other + k if more > 0 else other) - 1e-2


def test_a_way_told_by_the_others():
    """All but two of twenty who leave A go to B: the visits to A less those would tell of the two."""
    times = np.array([[0, 18, 2], [0, 0, 18], [20, 0, 0]], dtype=float)
    hidden = hide_in_ways(times, times.astype(np.int64), np.array([20, 18]), nothing_told(2), 3)
    assert hidden[0].tolist() == [False, True, True]


def test_a_first_step_told_by_the_number_of_people():
    """Of 23 people 20 begin in A, 3 in B: the 23 are told, so that neither beginning may be."""
    times = np.array([[0, 20, 11], [11, 0, 12], [20, 3, 0]], dtype=float)
    hidden = hide_in_ways(times, times.astype(np.int64), np.array([23, 20]), nothing_told(2), 5)
    assert hidden[2].tolist() == [True, True, False]


def test_nothing_is_hidden_where_visitors_entries_and_ways_are_alike():
    times = [[0, 20, 0], [0, 0, 20], [20, 0, 0]]
    assert not of_ones(times, [[20, 20], [20, 20]], 3).any()
    # Enough were there already: they may be told of.
    assert not of_ones(times, [[20, 17], [20, 20]], 3).any()
    # Two came back at once.
    assert not of_ones(times, [[20, 22], [20, 20]], 3).any()


def test_steps_that_number_a_few_more_or_less_than_the_visitors():
    # Of 24 who begin in A two were there already: 22 are told, and all who began in A or B are known.
    assert of_ones([[0, 0, 24], [0, 0, 24], [24, 24, 0]], [[22, 22], [24, 24]], 5)[2].tolist() == [1, 1, 0]
    # Two of the visitors of A came to it from B: more often than they, others came back from there.
    hidden = of_ones([[0, 30, 20], [30, 0, 32], [20, 32, 0]], [[22, 50], [50, 62]], 5)
    assert hidden[2].tolist() == [1, 1, 0]
    assert hidden[:, 0].sum() == 2
    # One of 21 is in B alone: all first steps less the visitors of A are one.
    hidden = of_ones([[0, 20, 0], [0, 0, 21], [20, 1, 0]], [[20, 20], [21, 21]], 3)
    assert hidden[2, 0] + hidden[2, 1] == 2


@pytest.mark.parametrize("under_way", [1, 4])
def test_a_few_under_way_leave_most_ways_of_a_busy_day(under_way):
    times, who, visitors = ways_of(np.random.default_rng(1), 5, 600)
    entries = times.sum(axis=0)[:-1] - np.array([under_way, 0, 0, 0, 0])
    hidden = hide_in_ways(times, who, visitors, np.column_stack([visitors, entries]), 5)
    assert 0 < hidden.sum() <= 8

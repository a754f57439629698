"""Small counts stay hidden, also from a reader who subtracts whatever is shown from whatever is shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analytics.disclosure import Attack, Room, Sums
from analytics.suppression import (
    NOBODY,
    TOO_FEW,
    groups_of_hours,
    hide,
    hide_in_map,
    people_told,
    small,
    visitors_told,
)


def feasible(values, hidden, matrix, entry):
    """The interval that a reader is left with who solves the sums for the hidden entries, from scratch."""
    at = np.flatnonzero(hidden)
    scale = max(values.max(), 1.0)
    known = matrix[:, ~hidden] @ (values[~hidden] / scale)
    ends = []
    for sign in (1.0, -1.0):
        cost = np.where(at == entry, sign, 0.0)
        found = linprog(cost, A_eq=matrix[:, at], b_eq=-known, bounds=(0, None), method="highs")
        ends.append(np.inf if found.status == 3 else found.x[at == entry][0] * scale)
    return ends[0], ends[1]


def table_with_margins(rows, columns):
    """(rows + columns + 1, entries) sums of a table, its row totals, its column totals, its total."""
    number = np.arange(rows * columns).reshape(rows, columns)
    entries = rows * columns + rows + columns + 1
    matrix = np.zeros((rows + columns + 1, entries))
    for r in range(rows):
        matrix[r, number[r]] = 1
        matrix[r, rows * columns + r] = -1
    for c in range(columns):
        matrix[rows + c, number[:, c]] = 1
        matrix[rows + c, rows * columns + rows + c] = -1
    matrix[-1, : rows * columns] = 1
    matrix[-1, -1] = -1
    return matrix


def entries_of(table):
    return np.concatenate([table.ravel(), table.sum(1), table.sum(0), [table.sum()]])


def sums_of(matrix):
    """The same sums as pairs of a total, which has -1, and its parts."""
    return Sums.of(matrix.shape[1], [(int(np.argmin(row)), np.flatnonzero(row > 0)) for row in matrix])


def everything(people, measures, k):
    """(entries,) what is hidden of a table with all its margins."""
    matrix = table_with_margins(*people.shape)
    return hide(entries_of(people), [entries_of(m) for m in measures], sums_of(matrix), k)


def test_a_small_count_takes_a_rectangle_of_bystanders_with_it():
    """Three people in one hour of one zone: the totals of hour and zone would give them away."""
    people = np.array([[3, 20, 30], [25, 40, 50], [35, 45, 60]])
    hidden = everything(people, [people * 1.0], 5)
    assert hidden[:9].sum() == 4
    assert hidden[0]
    assert not hidden[9:].any()


def test_nothing_is_hidden_where_nothing_is_small():
    people = np.array([[5, 0, 9], [6, 7, 0]])
    assert not everything(people, [people * 1.0], 5).any()


def test_two_small_counts_do_not_hide_each_other():
    """Two and two beside a total: each would be known to be at most four."""
    people = np.array([2, 2, 30, 40, 74])
    hidden = hide(people, [people * 1.0], Sums.of(5, [(4, np.arange(4))]), 5)
    assert hidden.tolist() == [True, True, True, False, False]


def test_what_no_table_shows_protects_and_is_protected():
    """One person on the floor between two zones: the floor's total less the zones shows them."""
    sums = Sums.of(4, [(3, np.arange(3))])
    unprinted = np.array([False, False, True, False])
    people = np.array([10, 12, 1, 23])
    assert hide(people, [people * 1.0], sums, 5, unprinted)[[0, 1, 3]].any()
    plenty = np.array([2, 12, 20, 34])
    assert hide(plenty, [plenty * 1.0], sums, 5, unprinted).tolist() == [True, False, True, False]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 6),
    st.integers(2, 5),
    st.integers(2, 12),
    st.floats(0.5, 30),
    st.integers(0, 10**6),
)
def test_nobody_finds_a_small_count_by_subtraction(rows, columns, k, mean, seed):
    rng = np.random.default_rng(seed)
    people = rng.poisson(mean * rng.uniform(0, 1, (rows, columns)))
    entries = people * rng.integers(1, 4, people.shape) * 1.0
    dwell = people * rng.uniform(2, 200, people.shape)
    mask = everything(people, [entries, dwell], k)
    matrix, counts = table_with_margins(rows, columns), entries_of(people)
    sensitive = (counts > 0) & (counts < k)
    assert mask[sensitive].all()
    for values in (entries_of(entries), entries_of(dwell)):
        for entry in np.flatnonzero(sensitive):
            low, high = feasible(values, mask, matrix, entry)
            assert low <= 0.002 * values[entry]
            assert high >= values[entry] * max(2.0, k / counts[entry]) * (1 - 1e-4)


def test_people_are_those_of_a_part_where_few_are_elsewhere():
    assert people_told(30, [29, 12], 3) == 29
    # As many as were in some zone, 28, would be one more than that zone's visitors.
    assert people_told(30, [28, 27], 3) == 27
    assert people_told(100, [96, 92], 5) == 92
    assert people_told(30, [27, 30], 3) == 30
    assert people_told(30, [], 3) == 30
    assert people_told(0, [0], 3) == 0


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 14), st.integers(2, 8), st.floats(0.1, 12), st.integers(0, 10**6))
def test_every_group_of_hours_rests_on_enough_people(hours, k, mean, seed):
    rng = np.random.default_rng(seed)
    people = rng.poisson(rng.uniform(0, mean, hours))
    entries = rng.binomial(2 * people, rng.uniform(0, 1))
    dwell = people * rng.uniform(1, 100, hours)
    group = groups_of_hours(people, entries, dwell, k)
    assert np.array_equal(group == NOBODY, people == 0) or (group == TOO_FEW).all()
    together = [group == number for number in np.unique(group[group >= 0])]
    for mine in together:
        assert people[mine].sum() >= k
        assert entries[mine].sum() == 0 or entries[mine].sum() >= k
        # Nobody else's hour lies between.
        inside = np.flatnonzero(mine)
        assert np.isin(group[inside[0] : inside[-1] + 1], [group[inside[0]], NOBODY]).all()
    # Visitors less entries are no few people, of whatever hours; of the day hardly any is lost.
    told = visitors_told(people, entries, group, k)
    for mine in together:
        assert told[mine].sum() >= k
        assert not small(told[mine].sum() - entries[mine].sum(), k)
    assert 0 <= people.sum() - told.sum() < k
    # Whoever was there is told of somewhere, unless the whole day was too quiet.
    if (group == TOO_FEW).any():
        assert not together
        assert people.sum() < k or 0 < entries.sum() < k


def test_a_few_whom_nobody_saw_come_count_in_a_later_hour():
    """Five in all: the second hour has them, two more than were there, also where the first is left out."""
    told = visitors_told(np.array([7, 10]), np.array([5, 7]), np.array([0, 1]), 5)
    assert told.tolist() == [5, 12]


def test_quiet_hours_are_told_together():
    people, time = np.array([2, 0, 2, 9, 1]), np.array([10.0, 0, 20, 90, 5])
    assert groups_of_hours(people, people, time, 3).tolist() == [0, NOBODY, 0, 1, 1]
    assert groups_of_hours(people, people, time, 20).tolist() == [TOO_FEW] * 5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 10), st.floats(0.3, 15))
def test_zones_do_not_give_away_the_cells_they_are_made_of(seed, k, mean):
    rng = np.random.default_rng(seed)
    shape = (5, 6)
    n = shape[0] * shape[1]
    people = rng.poisson(rng.uniform(0, mean, n))
    dwell = people * rng.uniform(1, 60, n)
    row, column = np.divmod(np.arange(n), shape[1])
    areas = []
    # Zones that are told share no floor (`Setup.told_apart`); some floor lies in none of them.
    above, before = row < rng.integers(1, 5), column < rng.integers(1, 6)
    for inside in (above & before, above & ~before, ~above & before, ~above & ~before):
        share = (inside & (rng.random() < 0.8)) * 1.0
        # Of few people's areas nothing is told.
        if share @ people >= k:
            areas.append((share, float(share @ dwell)))
    cells = hide_in_map(people, dwell, areas, k)
    sensitive = small(people, k)
    assert cells[sensitive].all()
    values = np.concatenate([dwell, [total for _, total in areas]])
    matrix = np.hstack([np.array([share for share, _ in areas]).reshape(-1, n), -np.eye(len(areas))])
    mask = np.concatenate([cells, np.zeros(len(areas), dtype=bool)])
    for cell in np.flatnonzero(sensitive & (dwell > 0)):
        # Areas of which no cell is told: their total is all that anybody knows.
        whole = [share for share, _ in areas if share[cell] and not (share.astype(bool) & ~cells).any()]
        low, high = feasible(values, mask, matrix, cell)
        if whole:
            assert high > low * (1 + 1e-6)
            continue
        assert low <= 0.002 * values[cell]
        assert high >= values[cell] * max(2.0, k / people[cell]) * (1 - 1e-4)


def test_an_area_of_quiet_cells_keeps_its_total_and_no_cell():
    """Four people in two cells, two in each: the four may be told of, the cells may not."""
    people, dwell = np.array([2, 2, 30, 30]), np.array([40.0, 50.0, 200.0, 250.0])
    cells = hide_in_map(people, dwell, [(np.array([1.0, 1, 0, 0]), 90.0)], 3)
    assert cells.tolist() == [True, True, False, False]


def test_a_cut_cell_makes_only_as_much_room_as_it_holds():
    """The zone holds a cell of two people and a sliver of one that all can read: the sliver hides little."""
    people, dwell = np.array([2, 30, 30]), np.array([100.0, 8.0, 500.0])
    share = np.array([1.0, 0.5, 1.0])
    cells = hide_in_map(people, dwell, [(share, 604.0)], 5)
    assert cells[[0, 2]].all()


def test_a_table_that_does_not_add_up_is_refused():
    sums = Sums.of(3, [(2, np.array([0, 1]))])
    with pytest.raises(ValueError, match="sums do not hold"):
        hide(np.array([3, 9, 12]), [np.array([3.0, 9.0, 13.0])], sums, 5)
    with pytest.raises(ValueError, match="expected measures and sums over 3 entries"):
        hide(np.array([3, 9, 12]), [np.array([3.0, 9.0])], sums, 5)


def test_the_attack_finds_the_interval_of_a_known_table():
    """8 = x + y with y at most 5 in its own sum: x is between 3 and 8."""
    sums = Sums.of(5, [(2, np.array([0, 1])), (4, np.array([1, 3]))])
    attack = Attack(np.array([5.0, 3, 8, 2, 5]), sums)
    group = np.array([0, 1, 3])
    assert attack.interval(0, group) == pytest.approx((3, 8))
    wanted = np.ones(5, bool)
    for low, high, enough in ((np.inf, 8.0, True), (np.inf, 8.5, False), (3.0, 8.0, True), (2.5, 8.0, False)):
        assert attack.has_room(0, group, Room(wanted, np.full(5, low), np.full(5, high))) == enough

"""Small counts stay hidden, also from a reader who subtracts whatever is shown from whatever is shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analytics.disclosure import Attack, Room, Sums
from analytics.suppression import hide, hide_in_map, hide_in_table, small


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


def mask_of(hidden):
    return np.concatenate([hidden.cells.ravel(), hidden.rows, hidden.columns, [hidden.total]])


def everything(people, measures, k, **more):
    return hide_in_table(
        people, measures, k, rows=people.sum(1), columns=people.sum(0), total=int(people.sum()), **more
    )


def test_a_small_count_takes_a_rectangle_of_bystanders_with_it():
    """Three people in one hour of one zone: the totals of hour and zone would give them away."""
    people = np.array([[3, 20, 30], [25, 40, 50], [35, 45, 60]])
    hidden = everything(people, [people * 1.0], 5)
    assert hidden.cells.sum() == 4
    assert hidden.cells[0, 0]
    assert not hidden.rows.any()
    assert not hidden.columns.any()
    assert not hidden.total


def test_nothing_is_hidden_where_nothing_is_small():
    people = np.array([[5, 0, 9], [6, 7, 0]])
    assert not everything(people, [people * 1.0], 5).cells.any()


def test_without_totals_only_the_small_are_hidden():
    people = np.array([[1, 8], [9, 10]])
    hidden = hide_in_table(people, [people * 1.0], 5)
    assert hidden.cells.tolist() == [[True, False], [False, False]]
    assert hidden.rows is None


def test_two_small_counts_do_not_hide_each_other():
    """Two and two beside a total: each would be known to be at most four."""
    people = np.array([[2, 2, 30, 40]])
    hidden = hide_in_table(people, [people * 1.0], 5, rows=people.sum(1))
    assert hidden.cells.tolist() == [[True, True, True, False]]


def test_a_total_that_rests_on_too_few_goes_too():
    people = np.array([[1, 2], [30, 40]])
    hidden = hide_in_table(people, [people * 1.0], 5, rows=people.sum(1))
    assert hidden.rows.tolist() == [True, False]


def test_what_no_table_shows_protects_and_is_protected():
    """The floor between the zones has one person in an hour: the hour's total less the zones shows them."""
    people = np.array([[10, 12, 1], [11, 13, 14]])
    unprinted = np.array([[False, False, True], [False, False, True]])
    hidden = hide_in_table(people, [people * 1.0], 5, rows=people.sum(1), unprinted=unprinted)
    assert hidden.cells[0, :2].any() or hidden.rows[0]
    plenty = np.array([[2, 12, 20], [11, 13, 14]])
    hidden = hide_in_table(plenty, [plenty * 1.0], 5, rows=plenty.sum(1), unprinted=unprinted)
    assert hidden.cells[0].tolist() == [True, False, True]
    assert not hidden.rows.any()


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
    hidden = everything(people, [entries, dwell], k)
    mask, matrix, counts = mask_of(hidden), table_with_margins(rows, columns), entries_of(people)
    sensitive = (counts > 0) & (counts < k)
    assert mask[sensitive].all()
    for values in (entries_of(entries), entries_of(dwell)):
        for entry in np.flatnonzero(sensitive):
            low, high = feasible(values, mask, matrix, entry)
            assert low <= 0.002 * values[entry]
            assert high >= values[entry] * max(2.0, k / counts[entry]) * (1 - 1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 8))
def test_a_longer_period_gives_away_no_day(seed, k):
    """Reports of two periods are sums of protected days: their difference is what the day itself shows."""
    rng = np.random.default_rng(seed)
    days = [rng.poisson(rng.uniform(0, 15, (4, 3))) for _ in range(5)]
    shown = []
    for people in days:
        hidden = everything(people, [people * 1.0], k)
        shown.append(np.where(mask_of(hidden), 0.0, entries_of(people)))
    longer, shorter = np.sum(shown, axis=0), np.sum(shown[:-1], axis=0)
    last = longer - shorter
    assert not np.any(last[small(entries_of(days[-1]), k)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 10), st.floats(0.3, 15))
def test_zones_do_not_give_away_the_cells_they_are_made_of(seed, k, mean):
    rng = np.random.default_rng(seed)
    shape = (5, 6)
    n = shape[0] * shape[1]
    people = rng.poisson(rng.uniform(0, mean, n))
    dwell = people * rng.uniform(1, 60, n)
    row, column = np.divmod(np.arange(n), shape[1])
    areas = [(np.ones(n), float(dwell.sum()))]
    for _ in range(3):
        top, left = rng.integers(0, 3), rng.integers(0, 4)
        bottom, right = top + rng.integers(1, 4), left + rng.integers(1, 4)
        share = ((row >= top) & (row < bottom) & (column >= left) & (column < right)) * 1.0
        areas.append((share, float(share @ dwell)))
    cells, totals = hide_in_map(people, dwell, areas, k)
    sensitive = small(people, k)
    assert cells[sensitive].all()
    values = np.concatenate([dwell, [total for _, total in areas]])
    matrix = np.hstack([np.array([share for share, _ in areas]), -np.eye(len(areas))])
    mask = np.concatenate([cells, totals])
    for cell in np.flatnonzero(sensitive & (dwell > 0)):
        low, high = feasible(values, mask, matrix, cell)
        assert low <= 0.002 * values[cell]
        assert high >= values[cell] * max(2.0, k / people[cell]) * (1 - 1e-4)


def test_a_zone_of_one_small_cell_loses_its_total():
    people, dwell = np.array([2, 30, 30, 30]), np.array([40.0, 300.0, 200.0, 250.0])
    cells, totals = hide_in_map(people, dwell, [(np.array([1.0, 0, 0, 0]), 40.0)], 5)
    assert cells.tolist() == [True, False, False, False]
    assert totals.tolist() == [True]


def test_a_cut_cell_makes_only_as_much_room_as_it_holds():
    """The zone holds a cell of two people and a sliver of one that all can read: the sliver hides little."""
    people, dwell = np.array([2, 30, 30]), np.array([100.0, 8.0, 500.0])
    share = np.array([1.0, 0.5, 1.0])
    cells, totals = hide_in_map(people, dwell, [(share, 604.0)], 5)
    assert cells[0]
    assert cells[2] or totals[0]


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
    room = Room(np.ones(5, bool), np.full(5, 8.0), np.zeros(5, bool))
    assert attack.has_room(0, group, room)

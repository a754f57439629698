"""Visits: stays chained over short absences, by hand."""

import numpy as np
import pytest

from analytics.grid import Grid
from analytics.stays import BROKEN, CROSSED, EDGE, stays_in_cells
from analytics.visits import Visits

GRID = Grid((0.0, 0.0), 1.0, 3, 1)


def away_for(seconds, make_paths, make_ends, revisit_s=10.0, **broken):
    """Visits to cell 0 of somebody who is there for 4 s, away in cell 1, and back for 2 s."""
    # Borders are crossed in the middle of segments of 2 s.
    rows = [(0, 0.5, 0.5), (3, 0.5, 0.5), (5, 1.5, 0.5), (3 + seconds, 1.5, 0.5), (5 + seconds, 0.5, 0.5)]
    paths = make_paths([[[*rows, (6 + seconds, 0.5, 0.5)]]])
    visits = Visits.of_stays(stays_in_cells(paths, GRID, make_ends(paths, **broken)), revisit_s)
    return visits.where(visits.place == 0)


@pytest.mark.parametrize(("seconds", "count"), [(9.875, 1), (10, 2), (10.125, 2)])
def test_an_absence_of_revisit_s_makes_a_new_visit(make_paths, make_ends, seconds, count):
    visits = away_for(seconds, make_paths, make_ends)
    assert len(visits) == count
    assert visits.enter_s[0] == 0
    assert visits.leave_s[-1] == 6 + seconds
    np.testing.assert_allclose(visits.dwell_s, [6.0] if count == 1 else [4.0, 2.0])
    assert visits.entry.tolist() == [EDGE, CROSSED][:count]
    assert visits.exit.tolist() == [CROSSED, EDGE][-count:]


def test_the_absence_itself_is_not_dwell(make_paths, make_ends):
    visits = away_for(9, make_paths, make_ends)
    assert float(visits.dwell_s[0]) == 6.0
    assert visits.leave_s[0] - visits.enter_s[0] == 15.0


def test_a_visit_that_appeared_is_no_entry_though_its_return_crossed(make_paths, make_ends):
    visits = away_for(5, make_paths, make_ends, broken_entry=[0])
    assert visits.entry.tolist() == [BROKEN]
    assert not visits.beginning_seen[0]
    # Long enough away, the return is an entry of its own.
    visits = away_for(12, make_paths, make_ends, broken_entry=[0])
    assert visits.beginning_seen.tolist() == [False, True]


def test_every_return_counts_with_revisit_s_0(make_paths, make_ends):
    assert len(away_for(2.5, make_paths, make_ends, revisit_s=0.0)) == 2


def test_a_person_lost_and_found_in_the_same_cell_is_one_visit(make_paths, make_ends):
    two_paths = [[(0, 0.5, 0.5), (4, 0.6, 0.5)], [(9, 0.4, 0.5), (12, 0.5, 0.5)]]
    paths = make_paths([two_paths])
    ends = make_ends(paths, broken_entry=[1], broken_exit=[0])
    visits = Visits.of_stays(stays_in_cells(paths, GRID, ends), 10.0)
    assert visits.dwell_s.tolist() == [7.0]
    assert visits.entry.tolist() == [EDGE]
    assert visits.exit.tolist() == [EDGE]
    assert paths.unplaced_s == 5.0


def test_people_and_places_are_not_mixed(make_paths, make_ends):
    still = [[(0, 0.5, 0.5), (1, 0.5, 0.5)]]
    later = [[(2, 0.5, 0.5), (4, 0.5, 0.5)]]
    elsewhere = [[(2, 1.5, 0.5), (5, 1.5, 0.5)]]
    paths = make_paths([still, later, elsewhere], [4, 2, 9])
    visits = Visits.of_stays(stays_in_cells(paths, GRID, make_ends(paths)), 10.0)
    assert visits.person.tolist() == [2, 4, 9]
    assert visits.place.tolist() == [0, 0, 1]
    assert visits.dwell_s.tolist() == [2.0, 1.0, 3.0]


def test_parts_are_chained_in_order_of_time_however_they_come(make_paths, make_ends):
    def part(first_s, last_s):
        paths = make_paths([[[(first_s, 0.5, 0.5), (last_s, 0.5, 0.5)]]])
        return Visits.of_stays(stays_in_cells(paths, GRID, make_ends(paths)), 10.0)

    visits = Visits.chain([part(30, 35), part(0, 4), part(8, 11), part(60, 61)], 10.0)
    assert visits.enter_s.tolist() == [0, 30, 60]
    assert visits.leave_s.tolist() == [11, 35, 61]
    assert visits.dwell_s.tolist() == [7, 5, 1]

"""How paths begin: at doors, at the picture's border, out of hidden floor, or in mid-floor."""

import numpy as np
import pytest

from analytics.coverage import Coverage
from analytics.ends import path_ends
from analytics.grid import Grid
from analytics.stays import BROKEN, EDGE
from calibration.scene import Door
from tracker.tracks import Tracks

GRID = Grid((0.0, 0.0), 0.5, 40, 40)  # 20 x 20 m
DOOR = Door(np.array([[0.0, 9.0], [0.0, 11.0]]))
SIZE = (1000, 800)
SHOWN = (0.0, 0.0, *SIZE)
MIDDLE_PX = (500.0, 400.0, 540.0, 500.0)
OPEN = Coverage(np.ones(GRID.cells), np.ones(GRID.cells, dtype=bool))


def without(columns, rows, filled=False):
    """Coverage in which a rectangle of cells is not seen, or filled with furniture."""
    seen = np.ones(GRID.shape, dtype=bool)
    seen[rows, columns] = False
    return Coverage(
        seen.ravel().astype(float), seen.ravel(), ~seen.ravel() if filled else np.zeros(GRID.cells, bool)
    )


def kinds(make_paths, *pieces, coverage=OPEN, doors=(DOOR,), observed=((0.0, 100.0),), boxes=None):
    """(entry, exit) of each path of one person."""
    paths = make_paths([list(pieces)])
    n = len(paths.person)
    box = np.tile(MIDDLE_PX, (n, 1)) if boxes is None else np.array(boxes, dtype=float)
    tracks = Tracks(paths.person, paths.t_s, box, np.full((n, 2), np.nan), paths.xy, np.ones((n, 3)),
                    np.ones(n), np.ones(n, dtype=bool), np.zeros(n, dtype=bool))  # fmt: skip
    ends = path_ends(paths, tracks, GRID, coverage, doors, SHOWN, np.array(observed).reshape(-1, 2), 1.0)
    return list(zip(ends.entry.tolist(), ends.exit.tolist(), strict=True))


def test_a_path_within_edge_m_of_a_door_begins_there(make_paths):
    assert kinds(make_paths, [(5, 0.99, 10), (9, 10, 10)]) == [(EDGE, BROKEN)]
    assert kinds(make_paths, [(5, 1.01, 10), (9, 10, 10)]) == [(BROKEN, BROKEN)]
    assert kinds(make_paths, [(5, 10, 10), (9, 0.5, 11.8)]) == [(BROKEN, EDGE)]
    assert kinds(make_paths, [(5, 10, 10), (9, 0.0, 12.1)]) == [(BROKEN, BROKEN)]


def test_the_edge_of_the_plan_is_a_wall_if_there_are_doors(make_paths):
    by_the_wall = [(5, 10, 0.3), (9, 10, 10)]
    assert kinds(make_paths, by_the_wall) == [(BROKEN, BROKEN)]
    assert kinds(make_paths, by_the_wall, doors=()) == [(EDGE, BROKEN)]


def test_whoever_comes_from_off_the_plan_begins_at_its_edge(make_paths):
    assert kinds(make_paths, [(5, -2, 3), (9, 10, 10)]) == [(EDGE, BROKEN)]


def test_out_of_hidden_floor_but_not_out_of_a_shelf(make_paths):
    start = [(5, 10.7, 10.1), (9, 3, 10)]
    aside = slice(23, 27), slice(18, 24)  # x from 11.5 m
    assert kinds(make_paths, start, coverage=without(*aside)) == [(EDGE, BROKEN)]
    assert kinds(make_paths, start, coverage=without(*aside, filled=True)) == [(BROKEN, BROKEN)]
    far = slice(26, 28), slice(18, 24)  # x from 13 m
    assert kinds(make_paths, start, coverage=without(*far)) == [(BROKEN, BROKEN)]


@pytest.mark.parametrize(
    "box",
    [(0, 300, 50, 400), (8, 300, 58, 400), (945, 300, 995, 400), (500, 0, 550, 100), (500, 699, 550, 799)],
)
def test_a_box_at_the_pictures_border_is_coming_in(make_paths, box):
    assert kinds(make_paths, [(5, 9, 9), (9, 10, 10)], boxes=[box, MIDDLE_PX]) == [(EDGE, BROKEN)]
    assert kinds(make_paths, [(5, 9, 9), (9, 10, 10)], boxes=[MIDDLE_PX, box]) == [(BROKEN, EDGE)]
    inner = np.clip(box, 30, (960, 760, 960, 760))
    assert kinds(make_paths, [(5, 9, 9), (9, 10, 10)], boxes=[inner, inner]) == [(BROKEN, BROKEN)]


def test_who_is_there_when_the_footage_begins_appeared(make_paths):
    at_the_door = [(5, 0.5, 10), (9, 0.5, 10)]
    assert kinds(make_paths, at_the_door) == [(EDGE, EDGE)]
    assert kinds(make_paths, at_the_door, observed=[(4.8, 30)]) == [(BROKEN, EDGE)]
    assert kinds(make_paths, at_the_door, observed=[(0, 2), (4.8, 9.1)]) == [(BROKEN, BROKEN)]


def test_a_later_path_continues_unless_it_comes_through_a_door_or_the_border(make_paths):
    first = [(5, 0.5, 10), (9, 10, 10)]
    hidden = without(slice(23, 27), slice(18, 24))
    assert kinds(make_paths, first, [(15, 10.7, 10.1), (20, 4, 10)], coverage=hidden) == [
        (EDGE, BROKEN), (BROKEN, BROKEN),
    ]  # fmt: skip
    assert kinds(make_paths, first, [(40, 0.4, 10), (45, 4, 10)])[1] == (EDGE, BROKEN)


def test_several_people_have_their_own_ends(make_paths):
    paths = make_paths([[[(5, 0.5, 10), (9, 10, 10)]], [], [[(6, 10, 10), (9, 0.5, 10)]]], [3, 5, 8])
    n = len(paths.person)
    boxes = np.tile(MIDDLE_PX, (n, 1))
    tracks = Tracks(paths.person, paths.t_s, boxes, np.full((n, 2), np.nan), paths.xy, np.ones((n, 3)),
                    np.ones(n), np.ones(n, dtype=bool), np.zeros(n, dtype=bool))  # fmt: skip
    ends = path_ends(paths, tracks, GRID, OPEN, (DOOR,), SHOWN, np.array([[0.0, 100]]), 1.0)
    assert ends.entry.tolist() == [EDGE, BROKEN]
    assert ends.exit.tolist() == [BROKEN, EDGE]


def test_nobody(make_paths):
    assert kinds(make_paths) == []

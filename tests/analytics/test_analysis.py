"""From tracks to zones and maps in one go, by hand."""

import numpy as np
import pytest

from analytics.analysis import analyse, smoothed_paths
from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.positions import picture_positions
from analytics.settings import MapSettings, TrajectorySettings
from analytics.zones import Zone
from calibration.scene import Door, Scene
from tracker.tracks import Tracks

SIZE = (1000, 800)
SHOWN = (0.0, 0.0, *SIZE)
GRID = Grid((0.0, 0.0), 0.5, 20, 12)  # 10 x 6 m
OPEN = Coverage(np.ones(GRID.cells), np.ones(GRID.cells, dtype=bool))
DOORS = Scene(doors=(Door(np.array([[0.0, 2.0], [0.0, 4.0]])),))
SHELF = Zone("shelf", np.array([[6.0, 2.0], [8.0, 2.0], [8.0, 4.0], [6.0, 4.0]]))
STAFF = Zone("till", np.array([[2.0, 4.5], [4.0, 4.5], [4.0, 6.0], [2.0, 6.0]]), staff=True)


def tracks(*people, hz=8.0):
    """Tracks of people given as turning points (t_s, x, y), sampled at `hz`, 4 cm uncertain."""
    rows = []
    for number, points in enumerate(people, start=1):
        points = np.array(points, dtype=float)
        t_s = np.arange(points[0, 0], points[-1, 0] + 1e-9, 1 / hz)
        xy = [np.interp(t_s, points[:, 0], points[:, axis]) for axis in (1, 2)]
        rows.append(np.column_stack([np.full(len(t_s), number), t_s, *xy]))
    table = np.concatenate([np.zeros((0, 4)), *rows])
    n = len(table)
    foot = np.column_stack([100 * table[:, 2] + 50, 100 * table[:, 3] + 150])
    box = np.column_stack([foot - np.array([20, 100]), foot + np.array([20, 0])])
    return Tracks(table[:, 0], table[:, 1], box, foot, table[:, 2:], np.tile([0.0016, 0, 0.0016], (n, 1)),
                  np.ones(n), np.ones(n, dtype=bool), np.zeros(n, dtype=bool))  # fmt: skip


def analysed(given, observed=((0.0, 100.0),)):
    paths = smoothed_paths(given, GRID.unit, TrajectorySettings())
    return analyse(
        paths, given, GRID, OPEN, np.zeros((GRID.cells, 3)), DOORS, (SHELF, STAFF), SHOWN, np.array(observed),
        MapSettings(), TrajectorySettings().stop_s,
    )  # fmt: skip


SHOPPER = [(5, 0.2, 3), (10.6, 7, 3), (40.6, 7, 3), (46.2, 0.2, 3)]


def test_a_shopper_at_a_shelf():
    found = analysed(
        tracks(SHOPPER, [(50, 9, 3), (60, 9, 3)], [(70, 0.2, 3), (76, 7, 3), (86, 7, 3), (92, 0.2, 3)])
    )
    shelf = found.zones_frame().set_index("zone").loc["shelf"]
    # 1 m in and 1 m out at 1.2 m/s around 30 s and 10 s of standing.
    expected = np.array([30 + 2 / (6.8 / 5.6), 10 + 2 / (6.8 / 6)])
    assert shelf["entries"] == shelf["visitors"] == 2
    assert shelf["dwell_s"] == pytest.approx(expected.sum(), abs=0.5)
    assert shelf["attention_s"] == pytest.approx(expected.mean(), abs=0.25)
    till = found.zones_frame().set_index("zone").loc["till"]
    assert (till["entries"], till["visitors"], till["dwell_s"]) == (0, 0, 0)
    assert bool(till["staff_only"]) is True
    assert np.isnan(till["attention_s"])
    # The zone is made of cells: the same stays through the same code.
    cells = GRID.place_of(GRID.centres[(np.abs(GRID.centres - [7, 3]) < 1).all(axis=1)])
    assert found.maps.dwell_s[cells].sum() == pytest.approx(shelf["dwell_s"], abs=1e-6)
    assert found.maps.sums.people == 3


def test_the_table_of_stays_names_places_and_ends():
    found = analysed(tracks(SHOPPER))
    table = found.stays_frame()
    zone = table[table["kind"] == "zone"]
    assert zone[["place", "entry", "exit"]].to_numpy().tolist() == [["shelf", "crossed", "crossed"]]
    cells = table[table["kind"] == "cell"]
    assert (cells["entry"].iloc[0], cells["exit"].iloc[-1]) == ("edge", "edge")
    assert (cells["leave_s"] - cells["enter_s"]).sum() == pytest.approx(41.125, abs=1e-6)


def test_footage_that_begins_with_people_in_it():
    found = analysed(tracks([(0, 7, 3), (60, 7, 3)]))
    shelf = found.zones_frame().iloc[0]
    assert (shelf["visitors"], shelf["entries"]) == (1, 0)
    assert np.isnan(shelf["attention_s"])
    assert found.stays_frame()["entry"].iloc[0] == "appeared"


def test_nobody_and_somebody_without_a_position():
    empty = analysed(tracks())
    assert empty.maps.sums.people == 0
    assert len(empty.stays_frame()) == 0
    given = tracks(SHOPPER)
    n = len(given)
    lost = Tracks(given.person, given.t_s, given.xyxy_px, np.full((n, 2), np.nan), np.full((n, 2), np.nan),
                  np.full((n, 3), np.nan), given.score, given.observed, given.rebuilt)  # fmt: skip
    found = analysed(lost)
    assert found.maps.sums.people == 1
    assert found.maps.sums.unplaced_s == pytest.approx(41.125)
    assert found.maps.dwell_s.sum() == 0


def test_in_pictures_a_metre_is_what_the_persons_own_box_makes_of_it():
    given = picture_positions(tracks(SHOPPER))
    assert given.unit == "px"
    np.testing.assert_allclose(given.units_per_m, 100 / 1.7)
    np.testing.assert_allclose(given.xy[0], [70, 450])

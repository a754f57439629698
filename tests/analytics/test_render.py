"""Maps as pictures, judged by what they show."""

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from analytics.furnishing import Backdrop
from analytics.grid import Grid
from analytics.heading import NOT_CALIBRATED, MapTitle
from analytics.maps import GridMap
from analytics.palette import Kind, cell_colours, kinds_of, scale_of
from analytics.render import draw_map, render_map
from analytics.zones import Zone
from calibration.scene import Door, Furniture, Scene, Wall

GRID = Grid.over((0, 0), (10, 8), 0.5)
PICTURE = Grid.over((0, 0), (640, 480), 16, "px")
SEEN = np.ones(GRID.shape)
TITLE = MapTitle("entrance", "12 May 2026, 10:00 to 11:00", 7, "YOLO11n (OpenVINO, 640x640)")
SCENE = Scene(
    walls=(Wall(np.array([[0, 0], [10, 0]])),),
    doors=(Door(np.array([[10, 1], [10, 2]])),),
    furniture=(Furniture(np.array([[2, 2], [4, 2], [4, 3], [2, 3]])),),
)


def a_map(name="dwell", values=None, few=None, grid=GRID, unit="person-seconds", fine=None):
    values = np.zeros(grid.shape) if values is None else values
    few = np.zeros(grid.shape, bool) if few is None else few
    fine = np.zeros(grid.shape, bool) if fine is None else fine
    return GridMap(name, values.astype(float), few, fine, unit, grid)


def test_cells_finer_than_positions_are_paler_and_the_legend_says_so():
    values, fine = np.full(GRID.shape, 7.0), np.zeros(GRID.shape, bool)
    fine[1, 2] = True
    grid_map = a_map(values=values, fine=fine)
    kinds = kinds_of(grid_map, np.ones(GRID.shape), 0.5)
    assert (kinds == Kind.FINE).sum() == 1
    colours = cell_colours(grid_map, kinds, scale_of(grid_map, kinds))
    assert colours[1, 2, 3] < colours[0, 0, 3]
    np.testing.assert_array_equal(colours[1, 2, :3], colours[0, 0, :3])
    said = "finer than positions are accurate"
    drawn = texts(draw_map(grid_map, coverage=np.ones(GRID.shape), title=TITLE))
    assert said in " ".join(drawn)
    drawn = texts(draw_map(a_map(values=values), coverage=np.ones(GRID.shape), title=TITLE))
    assert said not in " ".join(drawn)
    few = np.zeros(GRID.shape, bool)
    few[1, 2] = True
    assert kinds_of(a_map(values=values, few=few, fine=fine), np.ones(GRID.shape), 0.5)[1, 2] == Kind.FEW


def some_values(grid=GRID, seed=1):
    return np.random.default_rng(seed).gamma(2, 10, grid.shape)


def texts(sheet):
    return [t.get_text() for t in sheet.figure.findobj(matplotlib.text.Text) if t.get_text().strip()]


def test_seen_and_empty_few_unknown_and_not_seen_look_different():
    values, few = some_values(), np.zeros(GRID.shape, bool)
    values[0, 0] = 0
    few[1, 1] = True
    few[2, 2], values[2, 2] = True, np.nan
    coverage = SEEN.copy()
    coverage[3, 3], values[3, 3] = 0.2, np.nan
    grid_map = a_map("attention", values, few, unit="seconds per visit")
    kinds = kinds_of(grid_map, coverage, 0.5)
    assert [kinds[i, i] for i in range(5)] == [
        Kind.NOBODY, Kind.FEW, Kind.NO_ARRIVAL, Kind.NOT_SEEN, Kind.COUNTED
    ]  # fmt: skip
    colours = cell_colours(grid_map, kinds, scale_of(grid_map, kinds))
    assert colours[0, 0, 3] == 0
    assert 0 < colours[1, 1, 3] < colours[4, 4, 3]
    assert len({tuple(colours[i, i]) for i in range(5)}) == 5


def test_the_legend_names_what_is_there_and_nothing_else():
    values, few = some_values(), np.zeros(GRID.shape, bool)
    plain = " ".join(texts(draw_map(a_map(values=values), coverage=SEEN, title=TITLE)))
    assert "few" not in plain
    assert "not seen" not in plain
    few[1, 1] = True
    coverage = SEEN.copy()
    coverage[5:8] = 0.1
    values[5:8] = np.nan
    full = " ".join(
        texts(draw_map(a_map(values=values, few=few), coverage=coverage, title=TITLE, scene=SCENE))
    )
    for words in (
        "few: under 5 entries",
        "not seen by the camera",
        "door",
        "wall",
        "furniture",
        "0.5 × 0.5 m",
    ):
        assert words in full


def test_title_camera_period_people_detector_and_warnings_are_written():
    title = MapTitle("till", "10:00 to 11:00", 1, "motion", ("no YOLO weights found",), "monday.mp4")
    written = " ".join(texts(draw_map(a_map(values=some_values()), coverage=SEEN, title=title)))
    for words in (
        "Total dwell",
        "till",
        "monday.mp4",
        "10:00 to 11:00",
        "1 person counted",
        "motion",
        "no YOLO",
    ):
        assert words in written


def test_an_outlier_clips_the_scale_and_the_bar_says_so():
    values = some_values()
    calm = draw_map(a_map(values=np.clip(values, 5, 40)), coverage=SEEN, title=TITLE)
    values[4, 4] = 1e6
    wild = draw_map(a_map(values=values), coverage=SEEN, title=TITLE)
    assert not any("up to" in t for t in texts(calm)) or np.ptp(np.clip(values, 5, 40)) > 0
    assert any("up to" in t for t in texts(wild))
    kinds = kinds_of(a_map(values=values), SEEN, 0.5)
    scale = scale_of(a_map(values=values), kinds)
    assert scale.clipped
    assert scale.top * 1.0 < 1e4


@pytest.mark.parametrize("hits", [300, 70_000])
def test_many_hits_do_not_wrap(hits):
    values = np.zeros(GRID.shape)
    values[3, 3], values[4, 4] = hits, hits / 2
    grid_map = a_map("visits", values, unit="people")
    kinds = kinds_of(grid_map, SEEN, 0.5)
    colours = cell_colours(grid_map, kinds, scale_of(grid_map, kinds))
    # Darker is more.
    assert colours[3, 3, :3].sum() < colours[4, 4, :3].sum()
    assert colours[3, 3, 3] > 0


def test_no_metres_are_claimed_without_calibration():
    sheet = draw_map(
        a_map("heat", some_values(PICTURE), grid=PICTURE, unit="people per 10 000 px²"),
        coverage=np.ones(PICTURE.shape), title=TITLE, scene=SCENE,
        zones=[Zone("till", np.array([[0, 0], [1, 0], [1, 1]]))],
    )  # fmt: skip
    written = texts(sheet)
    assert NOT_CALIBRATED in written
    for text in written:
        assert "m²" not in text
        assert not text.rstrip().endswith(" m")
    assert "till" not in written


def test_a_calibrated_map_has_a_scale_bar_in_metres_and_no_such_badge():
    written = texts(draw_map(a_map(values=some_values()), coverage=SEEN, title=TITLE))
    assert NOT_CALIBRATED not in written
    assert any(text.strip().endswith(" m") for text in written)


@pytest.mark.parametrize("name", ["heat", "visits", "dwell", "attention"])
def test_an_empty_recording_says_that_nobody_was_seen(name):
    values = np.full(GRID.shape, np.nan) if name == "attention" else np.zeros(GRID.shape)
    title = MapTitle("entrance", "10:00 to 11:00", 0, "YOLO11n")
    assert "nobody was seen" in texts(draw_map(a_map(name, values), coverage=SEEN, title=title))


def test_the_same_input_gives_the_same_bytes_and_a_picture_of_the_stated_width(tmp_path):
    values, backdrop = some_values(), Backdrop(np.full((80, 100, 3), 200, np.uint8), (0, 0, 10, 8))
    for name in ("a.png", "b.png"):
        render_map(
            a_map(values=values), tmp_path / name, coverage=SEEN, title=TITLE, scene=SCENE, backdrop=backdrop,
            footprint=np.array([[1, 1], [9, 1], [9, 7]]),
            zones=[Zone("till", np.array([[1, 1], [3, 1], [3, 3]]))],
        )  # fmt: skip
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert imread(tmp_path / "a.png").shape[1] == 1400


SHAPES = [((0, 0), (40, 3), 0.5), ((0, 0), (3, 40), 0.5), ((0, 0), (1, 1), 1.0), ((-5, 2), (145, 102), 0.5)]


@pytest.mark.parametrize(("low", "high", "cell"), SHAPES)
def test_any_shape_of_floor_fits_on_the_sheet(low, high, cell):
    grid = Grid.over(low, high, cell)
    title = MapTitle(
        "a camera with a very long name " * 6, "10:00 to 11:00", 12345, "YOLO11n", ("w " * 200,), "f" * 300
    )
    sheet = draw_map(a_map(values=some_values(grid), grid=grid), coverage=np.ones(grid.shape), title=title)
    sheet.figure.canvas.draw()
    width, height = sheet.figure.canvas.get_width_height()
    for text in sheet.figure.findobj(matplotlib.text.Text):
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent()
            inside = box.x0 >= -1, box.x1 <= width + 1, box.y0 >= -1, box.y1 <= height + 1
            assert all(inside), text.get_text()


def test_what_does_not_fit_together_is_named():
    with pytest.raises(ValueError, match="coverage"):
        draw_map(a_map(), coverage=np.ones((2, 2)), title=TITLE)


def test_a_trace_of_heat_is_not_drawn():
    values = np.full(GRID.shape, 1e-6)
    values[4, 4] = 1.0
    kinds = kinds_of(a_map("heat", values, unit="people per m²"), SEEN, 0.5)
    assert kinds[4, 4] == Kind.COUNTED
    assert kinds[0, 0] == Kind.NOBODY

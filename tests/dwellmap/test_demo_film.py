"""What the options of the demo do to the film, each with an answer known beforehand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dwellmap.demo.clock import filmed_spans, picture_times
from dwellmap.demo.footage import make_footage
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.production import MOVED_AT, camera_of, cast_of, film_of
from dwellmap.demo.props import MANNEQUIN_M, STAND_AFTER, STAND_BEFORE
from dwellmap.demo.shop import CORNER_SHOP
from tracker.sources import open_recording

SIZE_PX = (320, 180)
LENGTH_S = 40.0


def empty(**options):
    """The film of an empty shop, and its camera."""
    chosen = DemoOptions(length_s=LENGTH_S, people=0, size_px=SIZE_PX, **options)
    camera = camera_of(chosen)
    return film_of(CORNER_SHOP, camera, cast_of(CORNER_SHOP, chosen), chosen), camera


def mean_at(film, *times_s):
    return [float(film.picture(t)[0].mean()) for t in times_s]


def pixel(camera, x, y, up):
    """(column, row) of a point in the shop."""
    px, depth = camera.project(np.array([x, y, up]))
    assert depth > 0
    return tuple(round(float(v)) for v in px)


def changed_box(before, after):
    """Share of the picture that differs, and where: left, top, right, bottom."""
    differs = (np.abs(after.astype(int) - before.astype(int)) > 12).any(axis=2)
    rows, columns = np.nonzero(differs)
    return differs.mean(), (columns.min(), rows.min(), columns.max(), rows.max())


def test_a_steady_rate_is_steady():
    times_s = picture_times(DemoOptions(length_s=20, fps=12))
    assert len(times_s) == 240
    assert np.abs(np.diff(times_s) - 1 / 12).max() < 1.1e-3
    assert filmed_spans(times_s).tolist() == [[0.0, pytest.approx(20.0, abs=2e-3)]]


def test_a_variable_rate_wanders_and_jitters_within_its_bounds():
    times_s = picture_times(DemoOptions(length_s=120, fps=10, variable_rate=True))
    steps_s = np.diff(times_s)
    assert steps_s.min() > 0
    per_second = np.histogram(times_s, bins=np.arange(0, 121, 2.0))[0] / 2
    assert 5.5 <= per_second.min() < 7.5
    assert 12.5 < per_second.max() <= 14.5
    assert len(np.unique(np.round(steps_s, 3))) > 40
    assert len(filmed_spans(times_s)) == 1


def test_the_times_of_a_variable_rate_are_those_of_the_file_and_of_the_truth(tmp_path):
    options = DemoOptions(
        length_s=30, people=4, fps=5, size_px=(160, 90), variable_rate=True, dropped=2, seed=2
    )
    files = make_footage(tmp_path, options, lambda _: None)
    read_s = np.array([frame.t_s for frame in open_recording(files.film).read(None)])
    assert np.abs(read_s - picture_times(options)).max() < 1e-6
    truth = pd.read_parquet(files.truth)
    assert set(np.round(truth["t_s"], 3)) <= set(np.round(read_s, 3))
    assert truth["t_s"].nunique() > 0.5 * len(read_s)
    assert len(files.filmed_s) == 3


@pytest.mark.parametrize("seed", range(5))
def test_dropped_stretches_last_a_few_seconds_and_lie_apart(seed):
    times_s = picture_times(DemoOptions(length_s=60, dropped=4, seed=seed))
    gaps_s = np.diff(times_s)[np.diff(times_s) > 1]
    assert len(gaps_s) == 4
    assert np.all((gaps_s > 1.9) & (gaps_s < 5.2))
    spans = filmed_spans(times_s)
    assert np.sum(spans[:, 1] - spans[:, 0]) == pytest.approx(60 - gaps_s.sum() + 4 / 15, abs=0.02)
    assert (spans[:, 1] - spans[:, 0]).min() > 0.5


def test_an_empty_shop_has_a_truth_with_columns_and_no_rows(tmp_path):
    files = make_footage(
        tmp_path, DemoOptions(length_s=5, people=0, fps=5, size_px=(160, 90)), lambda _: None
    )
    truth = pd.read_parquet(files.truth)
    assert list(truth.columns) == [
        "person", "t_s", "x_m", "y_m", "visible", "feet", "x1_px", "y1_px", "x2_px", "y2_px",
    ]  # fmt: skip
    assert truth.dtypes.astype(str).tolist() == ["int64", *["float64"] * 4, "bool", *["float64"] * 4]
    assert len(truth) == 0
    assert files.people == 0
    assert len(list(open_recording(files.film).read(None))) == 25


def test_steady_light_is_steady():
    film, _ = empty()
    assert np.array_equal(film.picture(1.0)[0], film.picture(33.0)[0])


def test_changing_light_drifts_goes_out_in_places_and_steps():
    film, camera = empty(lights="changing")
    start, lamps_out, lamps_on = (film.picture(s * LENGTH_S)[0].astype(float) for s in (0, 0.32, 0.52))
    # The lamp over (2.5, 6) is switched off, the one over (7, 6) is not.
    column, row = pixel(camera, 2.7, 6.0, 0.0)
    kept_column, kept_row = pixel(camera, 8.0, 5.8, 0.0)
    assert lamps_out[row, column].mean() < 0.8 * start[row, column].mean()
    assert lamps_out[kept_row, kept_column].mean() > 0.9 * start[kept_row, kept_column].mean()
    # Daylight comes from the door and is strongest in the middle of the film.
    column, row = pixel(camera, 9.0, 1.6, 0.0)
    assert lamps_on[row, column].mean() > 1.15 * start[row, column].mean()
    before, dark, after = mean_at(film, 0.67 * LENGTH_S, 0.70 * LENGTH_S, 0.86 * LENGTH_S)
    assert dark < 0.83 * before
    assert after > 1.15 * dark


def test_an_infrared_picture_is_grey_and_bright_in_the_middle():
    film, _ = empty(lights="infrared")
    day, night, again = (film.picture(s * LENGTH_S)[0] for s in (0.2, 0.5, 0.9))
    assert np.array_equal(night[..., 0], night[..., 1])
    assert np.array_equal(night[..., 0], night[..., 2])
    assert not np.array_equal(day[..., 0], day[..., 2])
    assert np.array_equal(day, again)
    ratio = night.mean(axis=2) / np.maximum(day.mean(axis=2), 1)
    assert ratio[70:110, 120:200].mean() > 1.3 * ratio[:30, :50].mean()
    image, _ = next(iter(film.shoot(np.array([0.5 * LENGTH_S]))))
    assert np.array_equal(image[..., 0], image[..., 1])


def test_a_mannequin_is_in_the_picture_and_not_in_the_truth():
    with_it, camera = empty(mannequin=True)
    without, _ = empty()
    image, seen = with_it.picture(5.0)
    assert seen == []
    assert np.array_equal(image, with_it.picture(35.0)[0])
    share, (left, top, right, bottom) = changed_box(without.picture(5.0)[0], image)
    assert 0.005 < share < 0.05
    foot, head = pixel(camera, *MANNEQUIN_M, 0.05), pixel(camera, *MANNEQUIN_M, 1.75)
    assert left <= head[0] <= right
    assert top <= head[1] < foot[1] <= bottom + 2


def test_a_mannequin_hides_who_stands_behind_it():
    options = DemoOptions(length_s=60, people=12, size_px=SIZE_PX, mannequin=True, seed=4)
    camera, cast = camera_of(options), cast_of(CORNER_SHOP, options)
    film = film_of(CORNER_SHOP, camera, cast, options)
    bare = film_of(CORNER_SHOP, camera, cast, DemoOptions(length_s=60, people=12, size_px=SIZE_PX, seed=4))
    seen, free = (
        np.array([s.visible for t in np.arange(5, 60, 1.0) for s in f.picture(t)[1]]) for f in (film, bare)
    )
    assert np.all(seen <= free)
    assert (free - seen).max() > 0.2


def test_a_screen_plays_saturated_colours_in_one_place():
    film, camera = empty(screen=True)
    pictures = [film.picture(t)[0] for t in (1.0, 1.25, 1.5, 1.75, 5.0)]
    _, (left, top, right, bottom) = changed_box(pictures[0], pictures[-1])
    column, row = pixel(camera, 8.4, 0.0, 1.7)
    assert left < column < right
    assert top < row < bottom
    assert right - left < 0.2 * SIZE_PX[0]
    assert all(not np.array_equal(a, b) for a, b in pairwise(pictures))
    part = pictures[0][top : bottom + 1, left : right + 1].astype(int)
    assert (part.max(axis=2) - part.min(axis=2)).mean() > 80


def test_a_display_stand_is_moved_once_and_stays():
    film, camera = empty(moved=True)
    moved_s = MOVED_AT * LENGTH_S
    before, after = film.picture(moved_s - 0.1)[0], film.picture(moved_s + 0.1)[0]
    assert np.array_equal(before, film.picture(0.0)[0])
    assert np.array_equal(after, film.picture(LENGTH_S)[0])
    for box, there, gone in ((STAND_AFTER, after, before), (STAND_BEFORE, before, after)):
        x, y = (box.left_m + box.right_m) / 2, (box.top_m + box.bottom_m) / 2
        column, row = pixel(camera, x, y, box.height_m)
        assert np.abs(there[row, column].astype(int) - gone[row, column].astype(int)).max() > 20
    share, _ = changed_box(before, after)
    assert share < 0.1


@pytest.mark.parametrize(("height_m", "tilt_deg"), [(2.3, 10), (2.5, 20), (4.0, 45), (4.2, 50), (2.3, 50)])
def test_the_camera_hangs_and_looks_as_told_and_can_be_calibrated(tmp_path, height_m, tilt_deg):
    options = DemoOptions(
        length_s=5, people=0, fps=1, size_px=(640, 360), camera_height_m=height_m, camera_tilt_deg=tilt_deg
    )
    camera = camera_of(options)
    assert camera.position_m[2] == height_m
    right, _, forward = camera.axes
    assert np.degrees(np.arcsin(-forward[2])) == pytest.approx(tilt_deg)
    assert right[2] == pytest.approx(0)
    files = make_footage(tmp_path, options, lambda _: None)
    assert (files.site.parent / "corner.calibration.json").exists()


@pytest.mark.parametrize(
    "every",
    [
        {"variable_rate": True, "dropped": 1, "lights": "changing", "mannequin": True},
        {"lights": "infrared", "screen": True, "moved": True, "crowding": 0.9, "camera_height_m": 2.8},
    ],
)
def test_the_same_options_give_the_same_bytes(tmp_path, every):
    options = DemoOptions(length_s=14, people=5, fps=4, size_px=(160, 90), seed=9, **every)
    one, other = (make_footage(tmp_path / name, options, lambda _: None) for name in ("a", "b"))
    for name in ("demo.mp4", "truth.parquet", "site.toml", "plan.png", "corner.calibration.json"):
        assert (one.site.parent / name).read_bytes() == (other.site.parent / name).read_bytes(), name


def test_everything_that_cannot_be_filmed_is_named_at_once():
    with pytest.raises(ValueError, match="camera height") as refused:
        DemoOptions(
            camera_height_m=9, camera_tilt_deg=80, crowding=2, dropped=50, people=-1, length_s=float("nan")
        )
    for word in ("length", "people", "camera height", "camera tilt", "crowding", "dropped"):
        assert word in str(refused.value)

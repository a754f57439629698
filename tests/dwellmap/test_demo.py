"""The demo shop: footage whose truth is known, and the judge that compares."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.grid import Grid
from analytics.stays import EDGE, PathEnds, stays_in_cells
from analytics.trajectories import Trajectories
from analytics.visits import Visits
from calibration.calibration import Calibration
from dwellmap.demo.acting import act
from dwellmap.demo.errands import plan_errands
from dwellmap.demo.footage import make_footage
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.peer import peer_tracklets
from dwellmap.demo.production import camera_of
from dwellmap.demo.shop import CORNER_SHOP
from dwellmap.demo.truth import compare, true_maps
from dwellmap.site import load_site
from tracker.detections import DetectionLog
from tracker.sources import open_recording

SHORT = DemoOptions(length_s=12, people=6, seed=4, fps=10, size_px=(480, 270))
CELL_M, SHAPE = 0.5, (16, 20)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A short film of the shop."""
    return make_footage(tmp_path_factory.mktemp("demo"), SHORT, lambda _: None)


def cast_of(length_s, people, seed):
    return act(CORNER_SHOP, plan_errands(CORNER_SHOP, people=people, length_s=length_s, seed=seed),
               length_s=length_s, seed=seed)  # fmt: skip


def test_the_film_has_its_length_and_size(made):
    film = open_recording(made.film)
    frames = list(film.read(None))
    assert film.size_px == (480, 270)
    assert len(frames) == 120
    assert frames[-1].t_s == pytest.approx(11.9, abs=2e-3)


def test_the_same_seed_gives_the_same_film_and_another_seed_another(made, tmp_path):
    again = make_footage(tmp_path / "again", SHORT, lambda _: None)
    assert again.film.read_bytes() == made.film.read_bytes()
    assert again.truth.read_bytes() == made.truth.read_bytes()
    other = DemoOptions(length_s=5, people=6, seed=5, fps=10, size_px=(480, 270))
    assert not pd.read_parquet(make_footage(tmp_path / "other", other, lambda _: None).truth).equals(
        pd.read_parquet(made.truth).head(len(pd.read_parquet(tmp_path / "other" / "truth.parquet")))
    )


def test_the_site_file_loads_and_its_calibration_is_right_to_a_few_centimetres(made):
    site = load_site(made.site)
    assert {zone.name for zone in site.zones} == {"counter", "wall shelf"}
    assert site.plan.size_m == pytest.approx((10, 8))
    calibration = Calibration.load(site.cameras[0].calibration)
    x, y = np.meshgrid(np.arange(1.5, 9.6, 0.5), np.arange(1.0, 7.1, 0.5))
    floor = np.column_stack([x.ravel(), y.ravel()])
    px, _ = camera_of(SHORT).project(np.column_stack([floor, np.zeros(len(floor))]))
    shown = ((px >= 0) & (px <= np.array(SHORT.size_px) - 1)).all(axis=1)
    off = np.hypot(*(calibration.floor_from_image(px[shown]) - floor[shown]).T)
    assert np.median(off) < 0.06
    assert off.max() < 0.3


def test_the_truth_agrees_with_the_exact_stays_of_the_same_paths():
    length_s = 40.0
    cast = cast_of(length_s, 8, 2)
    true = true_maps(cast, np.array([[0.0, length_s]]), CELL_M, SHAPE)
    rows = []
    for number, presence in enumerate(cast):
        kept = presence.t_s <= length_s
        rows.append((presence.person, number, presence.t_s[kept], presence.xy_m[kept]))
    rows = [r for r in rows if len(r[2]) > 1]
    rows.sort(key=lambda r: (r[0], r[2][0]))
    person = np.concatenate([np.full(len(t), p) for p, _, t, _ in rows])
    path = np.concatenate([np.full(len(t), k) for k, (_, _, t, _) in enumerate(rows)])
    people = np.unique(person)
    t_s, xy = np.concatenate([r[2] for r in rows]), np.concatenate([r[3] for r in rows])
    first = np.array([t_s[person == p].min() for p in people])
    last = np.array([t_s[person == p].max() for p in people])
    paths = Trajectories(person, path, t_s, xy, np.zeros(len(t_s), bool), people, first, last)
    ends = PathEnds(np.full(len(rows), EDGE, np.int8), np.full(len(rows), EDGE, np.int8))
    visits = Visits.of_stays(stays_in_cells(paths, Grid.over((0, 0), (10, 8), CELL_M), ends), 10.0)
    inside = visits.place >= 0
    dwell = np.bincount(visits.place[inside], visits.dwell_s[inside], 320).reshape(SHAPE)
    entries = np.bincount(visits.place[inside & (visits.dwell_s > 0.005)], minlength=320).reshape(SHAPE)
    assert np.abs(dwell - true.dwell_s).max() < 0.1
    assert abs(entries.sum() - true.entries.sum()) <= 0.03 * true.entries.sum()


def test_what_was_not_filmed_is_in_no_true_map():
    cast = cast_of(60.0, 8, 2)
    spans = np.array([[0.0, 20.0], [24.0, 60.0]])
    whole, parts, gap = (
        true_maps(cast, s, CELL_M, SHAPE) for s in (np.array([[0.0, 60.0]]), spans, np.array([[20.0, 24.0]]))
    )
    assert gap.dwell_s.sum() > 1
    assert np.allclose(whole.dwell_s - parts.dwell_s, gap.dwell_s, atol=0.03)
    assert parts.heat.sum() * CELL_M**2 * 56 == pytest.approx(parts.dwell_s.sum())
    assert np.all(parts.visits <= whole.visits)


def test_the_true_maps_of_an_empty_shop_are_empty():
    true = true_maps((), np.array([[0.0, 10.0]]), CELL_M, SHAPE)
    for name in ("dwell_s", "visits", "entries", "heat"):
        assert getattr(true, name).shape == SHAPE
        assert getattr(true, name).sum() == 0


def test_the_judge_finds_no_error_in_the_truth_itself_and_finds_a_shift():
    length_s = 30.0
    true = true_maps(cast_of(length_s, 6, 3), np.array([[0.0, length_s]]), CELL_M, SHAPE)
    y, x = np.indices(SHAPE)
    columns = {
        "x_m": (x.ravel() + 0.5) * CELL_M, "y_m": (y.ravel() + 0.5) * CELL_M,
        "heat": true.heat.ravel(), "visits": true.visits.ravel(), "entries": true.entries.ravel(),
        "dwell_s": true.dwell_s.ravel(),
        "attention_s": (true.dwell_s / np.maximum(true.entries, 1)).ravel(),
    }  # fmt: skip
    table = compare(true, pd.DataFrame(columns), 6, 6)
    assert table["error"].abs().max() < 1e-9
    assert table["same_place"].min() > 1 - 1e-9
    columns["dwell_s"] = np.roll(true.dwell_s, 3, axis=1).ravel()
    shifted = compare(true, pd.DataFrame(columns), 6, 12).set_index("map")
    assert shifted.loc["dwell", "same_place"] < 0.6
    assert shifted.loc["visits", "error"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    "words",
    [
        ("--length", "1"),
        ("--people", "-1"),
        ("--size", "big"),
        ("--size", "641x361"),
        ("--fps", "1000"),
        ("--camera-height", "7"),
        ("--camera-tilt", "80"),
        ("--crowding", "1.5"),
        ("--dropped", "99"),
    ],
)
def test_what_cannot_be_filmed_is_refused(dwellmap, tmp_path, words):
    ran = dwellmap("demo", "--out", tmp_path / "out", *words)
    assert ran.code == 2
    assert "expected" in ran.err
    assert not list((tmp_path / "out").rglob("*.mp4")) if (tmp_path / "out").exists() else True


def test_an_empty_shop_goes_the_whole_way_and_another_tracker_beside(dwellmap, tmp_path):
    words = ("--length", "8", "--people", "0", "--size", "320x180", "--fps", "8", "--json")
    ran = dwellmap("demo", "--out", tmp_path / "out", *words)
    assert ran.code == 0, ran.err
    table = pd.DataFrame(json.loads(ran.out)["truth"]).set_index("map")
    assert table["truth"].abs().sum() == 0
    assert table.loc["visits", "measured"] == 0
    assert table.loc["visits", "peer"] == 0
    assert table["error"].isna().all()


def test_without_the_package_trackers_the_demo_says_how_to_get_it(dwellmap, tmp_path, monkeypatch):
    monkeypatch.setattr("dwellmap.commands.demo.peer_installed", lambda: False)
    words = ("--length", "8", "--people", "1", "--size", "320x180", "--fps", "4", "--mannequin")
    ran = dwellmap("demo", "--out", tmp_path / "out", *words)
    assert ran.code == 0, ran.err
    assert "dwellmap[evaluate]" in ran.out
    assert "Dwellmap" in ran.out


def test_the_peer_gets_the_same_boxes_and_joins_the_clear_ones():
    t_s = np.arange(40) / 8
    left = 10 + 4.0 * np.arange(40)
    boxes = np.stack([np.column_stack([left + 300 * k, 0 * left + 20, left + 300 * k + 40, 0 * left + 120])
                      for k in (0, 1)], axis=1)  # fmt: skip
    log = DetectionLog(t_s, 2 * np.arange(41), boxes.reshape(-1, 4), np.full(80, 0.9))
    tracklets = peer_tracklets(log)
    assert set(tracklets.tracklet) == {1, 2}
    for number in (1, 2):
        mine = tracklets.tracklet == number
        assert mine.sum() >= 38
        assert np.ptp(tracklets.xyxy_px[mine, 0] - np.interp(tracklets.t_s[mine], t_s, left)) < 1e-6
    nobody = DetectionLog(t_s, np.zeros(41, np.int64), np.zeros((0, 4)), np.zeros(0))
    assert len(peer_tracklets(nobody).tracklet) == 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_default_demo_is_measured_and_the_peer_overcounts(dwellmap, tmp_path):
    ran = dwellmap("demo", "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    run = Path(result["run"])
    for name in ("heat", "visits", "dwell", "attention"):
        assert (run / f"{name}.png").stat().st_size > 20_000
    table = pd.DataFrame(result["truth"]).set_index("map")
    # Without weights much of a full shop is lost behind gondolas and in the queue; no more than this.
    assert abs(table.loc["dwell", "error"]) < 0.25
    assert abs(table.loc["attention", "error"]) < 0.3
    assert table.loc["dwell", "same_place"] > 0.5
    # Identities are not linked: everybody is counted several times, by us and by the peer.
    assert table.loc["visits", "truth"] == 12
    assert table.loc["visits", "error"] >= -0.1
    assert table.loc["visits", "peer"] >= 1.5 * table.loc["visits", "truth"]
    assert "motion" in json.loads((run / "run.json").read_text())["source"]["detector_description"]

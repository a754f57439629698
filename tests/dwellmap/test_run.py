"""`dwellmap run` on a person whose every second is known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

MAPS = ("heat", "visits", "dwell", "attention")


@pytest.fixture
def run(walker, dwellmap, tmp_path, replay):
    """The walker's run folder."""
    ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    return Path(json.loads(ran.out)[0]["run"])


def test_the_folder_is_complete(run):
    names = {p.name for p in run.iterdir()}
    assert names >= {
        "heat.png", "visits.png", "dwell.png", "attention.png", "maps.parquet", "maps.npz", "stays.parquet",
        "detections.parquet", "tracks.parquet", "trajectories.parquet", "zones.csv", "calibration.json",
        "run.json",
    }  # fmt: skip
    assert run.parent.name == "cam"
    assert run.name.startswith("walker-")
    assert len(run.name) == len("walker-") + 8


def test_the_numbers_are_the_walkers(run):
    recipe = json.loads((run / "run.json").read_text())
    assert recipe["results"]["people"] == 1
    assert recipe["results"]["tracked_s"] == pytest.approx(12.0)
    zone = pd.read_csv(run / "zones.csv").iloc[0]
    # Half a metre before and after the stop at 1 m/s, and 8 s of standing.
    assert zone["dwell_s"] == pytest.approx(9.0, abs=0.3)
    assert zone["visitors"] == 1
    assert zone["entries"] == 1
    assert zone["attention_s"] == pytest.approx(9.0, abs=0.3)
    cells = pd.read_parquet(run / "maps.parquet")
    total = cells["dwell_s"].sum() + recipe["results"]["outside_s"] + recipe["results"]["unplaced_s"]
    assert total == pytest.approx(12.0, abs=1e-9)
    assert (cells["heat"] * 0.25 * cells["exposure_s"]).sum() == pytest.approx(cells["dwell_s"].sum())
    busiest = cells.loc[cells["dwell_s"].idxmax()]
    assert abs(busiest["x_m"] - 4.0) <= 0.5
    assert abs(busiest["y_m"] - 4.0) <= 0.5


def test_the_tracks_lie_on_the_walkers_path(run):
    tracks = pd.read_parquet(run / "tracks.parquet")
    assert list(tracks.columns) == [
        "person", "t_s", "x1_px", "y1_px", "x2_px", "y2_px", "foot_x_px", "foot_y_px", "x_m", "y_m",
        "xx_m2", "xy_m2", "yy_m2", "score", "observed", "rebuilt", "scene_visit",
    ]  # fmt: skip
    t = tracks["t_s"].to_numpy()
    x = np.where(t < 2, 2 + t, np.where(t < 10, 4.0, 4 + (t - 10)))
    assert np.abs(tracks["x_m"] - x).max() < 0.05
    assert np.abs(tracks["y_m"] - 4.0).max() < 0.05


def test_the_same_run_is_not_done_twice_and_is_the_same_when_done_again(run, walker, replay, tmp_path):
    def again(out):
        ran = replay(walker, "--site", tmp_path / "site.toml", "--out", out, "--json")
        return json.loads(ran.out)[0]

    assert again(tmp_path / "out")["fresh"] is False
    other = Path(again(tmp_path / "elsewhere")["run"])
    assert other.name == run.name
    for file in sorted(run.iterdir()):
        if file.name == "run.json":
            first, second = (json.loads((folder / file.name).read_text()) for folder in (run, other))
            first.pop("timing")
            second.pop("timing")
            assert first == second
        else:
            assert file.read_bytes() == (other / file.name).read_bytes(), file.name


def test_maps_recomputes_with_another_cell_without_the_footage(run, walker, dwellmap):
    for file in (walker / "det").iterdir():
        file.unlink()
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    ran = dwellmap("maps", run, "--cell", "1", "--set", "maps.revisit_s=5", "--json")
    assert ran.code == 0, ran.err
    new = Path(json.loads(ran.out)[0]["run"])
    assert new != run
    assert new.parent == run.parent
    assert len(pd.read_parquet(new / "maps.parquet")) == 80
    assert json.loads((new / "run.json").read_text())["settings"]["maps"]["revisit_s"] == 5
    assert pd.read_csv(new / "zones.csv").equals(pd.read_csv(run / "zones.csv"))
    assert before == {file.name: file.read_bytes() for file in run.iterdir()}


def test_maps_tracks_again_with_another_calibration(run, dwellmap, tmp_path):
    # The same camera, its plan shifted by one metre to the right.
    from calibration.fit import fit_calibration
    from calibration.pairs import Pairs

    stored = json.loads((run / "run.json").read_text())["view"]["calibration"]
    from calibration.calibration import Calibration

    old = Calibration.load(run / "calibration.json")
    floor = np.array([[x, y] for x in (3.0, 5.0, 7.0) for y in (2.0, 3.5, 5.0)])
    shifted = fit_calibration(
        Pairs.of(old.image_from_floor(floor), floor + np.array([1.0, 0.0])), old.image_size_px
    )
    shifted.calibration.save(tmp_path / "shifted.json")
    ran = dwellmap("maps", run, "--calibration", tmp_path / "shifted.json", "--json")
    assert ran.code == 0, ran.err
    new = Path(json.loads(ran.out)[0]["run"])
    assert json.loads((new / "run.json").read_text())["view"]["calibration"] != stored
    before, after = (pd.read_parquet(folder / "tracks.parquet")["x_m"] for folder in (run, new))
    assert np.abs(after - before - 1.0).max() < 0.05


def test_without_a_site_nothing_is_in_metres(walker, dwellmap, tmp_path, replay):
    ran = dwellmap(
        "run",
        walker,
        "--detector",
        "replay",
        "--detections",
        "det/det.txt",
        "--out",
        tmp_path / "out",
        "--json",
    )
    assert ran.code == 0, ran.err
    folder = Path(json.loads(ran.out)[0]["run"])
    cells = pd.read_parquet(folder / "maps.parquet")
    assert {"x_px", "y_px"} <= set(cells.columns)
    assert not any(column.endswith("_m") for column in cells.columns)
    assert pd.read_parquet(folder / "tracks.parquet")[["x_m", "y_m"]].isna().all(axis=None)
    recipe = json.loads((folder / "run.json").read_text())
    assert recipe["grid"]["unit"] == "px"
    assert any("not calibrated: image plane" in warning for warning in recipe["warnings"])
    total = cells["dwell_s"].sum() + recipe["results"]["outside_s"] + recipe["results"]["unplaced_s"]
    assert total == pytest.approx(12.0, abs=1e-9)


def test_an_empty_recording_gives_four_maps_that_say_so(walker, dwellmap, tmp_path, replay):
    (walker / "det" / "det.txt").write_text("")
    ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)[0]
    assert result["results"]["people"] == 0
    cells = pd.read_parquet(Path(result["run"]) / "maps.parquet")
    assert cells["dwell_s"].sum() == 0
    assert (cells["coverage"] > 0.5).any()
    for name in MAPS:
        assert (Path(result["run"]) / f"{name}.png").stat().st_size > 10_000


def test_export_writes_motchallenge_text(run, walker, dwellmap, tmp_path):
    ran = dwellmap("export", run, "--mot", tmp_path / "tracks.txt")
    assert ran.code == 0, ran.err
    rows = np.loadtxt(tmp_path / "tracks.txt", delimiter=",")
    given = np.loadtxt(walker / "det" / "det.txt", delimiter=",")
    assert rows.shape[0] == 121
    assert set(rows[:, 1]) == {1}
    assert np.array_equal(rows[:, 0], given[:, 0])
    tracks = pd.read_parquet(Path(run) / "tracks.parquet")
    np.testing.assert_allclose(rows[:, 4], tracks["x2_px"] - tracks["x1_px"], atol=0.01)
    # Boxes are smoothed: only where the walker stops dead, from 0.6 heights a second, do they run ahead.
    off = np.abs(rows[:, 2:6] - given[:, 2:6]).max(axis=1)
    assert np.median(off) < 0.3
    assert off.max() < 0.1 * given[:, 5].max()


def test_the_clock_rate_stretches_time(walker, dwellmap, tmp_path, replay):
    ran = replay(
        walker, "--site", tmp_path / "site.toml", "--clock-rate", "1.5", "--out", tmp_path / "out", "--json"
    )
    assert json.loads(ran.out)[0]["results"]["tracked_s"] == pytest.approx(18.0)


def test_the_self_audit_stands_in_the_recipe_and_stays_there(run, dwellmap, tmp_path):
    first = json.loads((run / "run.json").read_text())["results"]["self_audit"]
    assert (first["people"], first["teleports"], first["links"]) == (1, 0, 0)
    assert first["person_minutes"] == pytest.approx(12 / 60, abs=0.01)
    assert first["grade"] == "too short to tell"
    for words in (("--cell", "1"), ("--set", "linking.stay_s=30")):
        ran = dwellmap("maps", run, *words, "--out", tmp_path / words[0], "--json")
        assert json.loads(ran.out)[0]["results"]["self_audit"] == first


def test_people_who_are_often_mixed_up_are_warned_of(walker, replay, tmp_path):
    """Three who stand in mid-picture and are lost every 10 s for 16 s, too long to be linked."""
    info = (walker / "seqinfo.ini").read_text()
    (walker / "seqinfo.ini").write_text(info.replace("seqLength=121", "seqLength=1201"))
    seen = [frame for frame in range(1, 1202) if frame % 260 < 100]
    lines = [f"{frame},-1,{x},200,30,80,0.9,-1,-1,-1" for frame in seen for x in (150, 300, 450)]
    (walker / "det" / "det.txt").write_text("\n".join(lines))
    result = json.loads(replay(walker, "--out", tmp_path / "out", "--json").out)[0]
    audit = result["results"]["self_audit"]
    assert (audit["people"], audit["broken"], audit["missed_entries"]) == (15, 12, 0)
    assert audit["grade"] == "poor"
    assert any(audit["in_words"] in warning for warning in result["warnings"])


def test_new_ignored_areas_give_what_a_fresh_run_gives(run, walker, dwellmap, replay, tmp_path):
    text = (tmp_path / "site.toml").read_text()
    # The right half of the picture, where the walker goes after the stop.
    area = "ignored_px = [[[400, 0], [640, 0], [640, 480], [400, 480]]]"
    (tmp_path / "half.toml").write_text(text.replace('name = "cam"\n', f'name = "cam"\n{area}\n'))
    again = dwellmap("maps", run, "--site", tmp_path / "half.toml", "--out", tmp_path / "a", "--json")
    fresh = replay(walker, "--site", tmp_path / "half.toml", "--out", tmp_path / "b", "--json")
    assert again.code == fresh.code == 0
    first, second = (json.loads(ran.out)[0] for ran in (again, fresh))
    assert first["results"] == second["results"]
    assert first["results"]["tracked_s"] < 11.9
    assert Path(first["run"]).name == Path(second["run"]).name


def test_maps_without_a_change_is_the_same_run(run, dwellmap):
    ran = dwellmap("maps", run, "--json")
    assert json.loads(ran.out)[0] | {"fresh": False} == json.loads(ran.out)[0]
    assert Path(json.loads(ran.out)[0]["run"]).name == run.name


def test_another_plan_picture_is_another_run(run, walker, replay, tmp_path):
    import cv2

    text = (tmp_path / "site.toml").read_text().replace("width_m = 10.0\nheight_m = 8.0", "")
    plan = 'picture = "plan.png"\nmetres_per_pixel = 0.02'
    (tmp_path / "plan.toml").write_text(text.replace("[plan]", f"[plan]\n{plan}"))
    names = set()
    for shade in (200, 100):
        cv2.imwrite(str(tmp_path / "plan.png"), np.full((400, 500, 3), shade, np.uint8))
        ran = replay(walker, "--site", tmp_path / "plan.toml", "--out", tmp_path / "p", "--json")
        assert ran.code == 0, ran.err
        names.add(Path(json.loads(ran.out)[0]["run"]).name)
    assert len(names) == 2


def test_zones_without_a_calibration_are_left_out_with_a_word(walker, replay, tmp_path):
    text = (tmp_path / "site.toml").read_text().replace('calibration = "cam.calibration.json"', "")
    (tmp_path / "bare.toml").write_text(text)
    ran = replay(walker, "--site", tmp_path / "bare.toml", "--out", tmp_path / "c", "--json")
    assert any("no calibration" in warning for warning in json.loads(ran.out)[0]["warnings"])


@pytest.mark.parametrize("name", ["calibration.json", "heat.png", "tracks.parquet"])
def test_a_run_with_a_missing_file_is_refused(run, dwellmap, name):
    (run / name).unlink()
    ran = dwellmap("maps", run, "--cell", "1")
    assert ran.code == 2
    assert name in ran.err


def test_exported_tracks_replay_as_they_were(run, walker, dwellmap, replay, tmp_path):
    # Two missed pictures in the middle of the stop: interpolated rows, which state no score.
    lines = (walker / "det" / "det.txt").read_text().splitlines()
    (walker / "det" / "det.txt").write_text("\n".join(lines[:60] + lines[62:]))
    words = ("--site", tmp_path / "site.toml", "--json")
    first = json.loads(replay(walker, *words, "--out", tmp_path / "x").out)[0]
    dwellmap("export", first["run"], "--mot", walker / "det" / "det.txt")
    second = json.loads(replay(walker, *words, "--out", tmp_path / "y").out)[0]
    assert second["results"]["people"] == first["results"]["people"] == 1
    assert second["results"]["tracked_s"] == pytest.approx(first["results"]["tracked_s"])


def test_no_path_of_the_machine_is_in_the_recipe(run, tmp_path):
    assert str(tmp_path) not in (run / "run.json").read_text()


def test_without_weights_auto_takes_motion_and_says_so_everywhere(dwellmap, tmp_path, monkeypatch):
    from dwellmap.demo.footage import make_footage
    from dwellmap.demo.options import DemoOptions

    files = make_footage(
        tmp_path / "film", DemoOptions(length_s=8, people=3, fps=8, size_px=(320, 180)), lambda _: None
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ran = dwellmap("run", files.film, "--site", files.site, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "NOTE: no YOLO weights found" in ran.err
    folder = next((tmp_path / "out" / "corner").iterdir())
    recipe = json.loads((folder / "run.json").read_text())
    assert recipe["source"]["detector"] == "motion"
    assert any("no YOLO weights found" in warning for warning in recipe["warnings"])
    # Its boxes were sized by the calibration: another one needs the footage.
    refused = dwellmap("maps", folder, "--site", files.site, "--set", "maps.cell_m=1")
    assert refused.code == 0, refused.err
    (tmp_path / "bare.toml").write_text(files.site.read_text().split("[[furniture]]")[0])
    for name in ("plan.png", "corner.calibration.json"):
        (tmp_path / name).write_bytes((files.site.parent / name).read_bytes())
    refused = dwellmap("maps", folder, "--site", tmp_path / "bare.toml")
    assert refused.code == 2
    assert "demo.mp4" in refused.err

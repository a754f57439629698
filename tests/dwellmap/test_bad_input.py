"""Bad input ends with one clear message and exit code 2, and leaves nothing half-written."""

import json
from pathlib import Path

import pytest


def _bad(ran, *expected):
    assert ran.code == 2, (ran.out, ran.err)
    assert "Traceback" not in ran.err
    for text in expected:
        assert text in ran.err, ran.err


def _nothing_left(out: Path):
    assert not out.exists() or not [p for p in out.rglob("*") if p.is_file()]


def test_a_file_that_is_no_video(dwellmap, tmp_path):
    file = tmp_path / "letter.mp4"
    file.write_text("Dear shop, this is no video. " * 100)
    _bad(dwellmap("run", file, "--out", tmp_path / "out"), "letter.mp4", "expected")
    _nothing_left(tmp_path / "out")


def test_zero_bytes(dwellmap, tmp_path):
    file = tmp_path / "empty.mp4"
    file.touch()
    _bad(dwellmap("run", file, "--out", tmp_path / "out"), "empty.mp4")
    _nothing_left(tmp_path / "out")


def test_a_missing_file(dwellmap, tmp_path):
    _bad(dwellmap("run", tmp_path / "nowhere.mp4"), "nowhere.mp4")


def test_a_folder_without_videos(dwellmap, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "notes.txt").write_text("no footage today")
    _bad(dwellmap("run", tmp_path / "inbox"), "inbox")


def test_a_site_file_with_five_faults_names_all_five(dwellmap, walker, tmp_path, replay):
    (tmp_path / "bad.toml").write_text(
        """
time_zone = "Mars/Olympus"
[plan]
width_m = 10.0
height_m = -1
[[cameras]]
name = "cam"
clock_rate = "fast"
[[zones]]
name = "line"
polygon_m = [[0, 0], [1, 1]]
[settings.maps]
cel_m = 0.5
"""
    )
    ran = dwellmap("run", walker, "--site", tmp_path / "bad.toml", "--out", tmp_path / "out")
    _bad(ran, "time_zone", "plan.height_m", "clock_rate", "polygon_m", "cel_m")
    _nothing_left(tmp_path / "out")


def test_a_calibration_of_another_camera(dwellmap, walker, tmp_path, replay):
    info = (walker / "seqinfo.ini").read_text()
    (walker / "seqinfo.ini").write_text(info.replace("imWidth=640", "imWidth=1280"))
    ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out")
    _bad(ran, "640x480", "1280x480", "cam.calibration.json")
    _nothing_left(tmp_path / "out")


def test_no_space_to_write_leaves_nothing(dwellmap, walker, tmp_path, monkeypatch, replay):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device", "maps.npz")

    monkeypatch.setattr("numpy.savez", full)
    ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out")
    _bad(ran, "no space left on device")
    _nothing_left(tmp_path / "out")


def test_the_output_is_a_file(dwellmap, walker, tmp_path, replay):
    (tmp_path / "out").write_text("in the way")
    ran = replay(walker, "--out", tmp_path / "out")
    _bad(ran, "out")


def test_yolo_without_weights_says_what_to_do(dwellmap, walker, tmp_path, monkeypatch, replay):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ran = dwellmap("run", walker, "--detector", "yolo", "--out", tmp_path / "out")
    _bad(ran, "dwellmap weights get", "--detector motion")


def test_an_unknown_setting(dwellmap, walker):
    _bad(dwellmap("run", walker, "--set", "maps.cel_m=1"), "maps.cel_m", "maps.cell_m")


def test_a_setting_out_of_range(dwellmap, walker):
    _bad(dwellmap("run", walker, "--set", "maps.min_entries=0"), "min_entries")
    _bad(dwellmap("run", walker, "--cell", "0.5"), "cell_px")


def test_maps_on_a_folder_that_is_no_run(dwellmap, tmp_path):
    _bad(dwellmap("maps", tmp_path), "run.json")


def test_maps_on_a_damaged_recipe(dwellmap, tmp_path):
    (tmp_path / "run.json").write_text("{half a rec")
    _bad(dwellmap("maps", tmp_path), "expected JSON")


def test_several_recordings_go_on_after_a_bad_one(dwellmap, walker, tmp_path, replay):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"nothing")
    ran = dwellmap(
        "run",
        bad,
        walker,
        "--site",
        tmp_path / "site.toml",
        "--detector",
        "replay",
        "--detections",
        walker / "det" / "det.txt",
        "--out",
        tmp_path / "out",
    )
    _bad(ran, "1 of 2 recordings failed", "bad.mp4")
    assert len(list((tmp_path / "out").rglob("run.json"))) == 1


@pytest.mark.parametrize("part", ["source", "view", "settings", "footage"])
def test_maps_on_a_recipe_with_a_damaged_part_names_it(dwellmap, replay, walker, tmp_path, part):
    ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json")
    folder = Path(json.loads(ran.out)[0]["run"])
    recipe = json.loads((folder / "run.json").read_text())
    recipe[part] = {"calibration": None} if part == "view" else {"wrong": 1}
    (folder / "run.json").write_text(json.dumps(recipe))
    _bad(dwellmap("maps", folder, "--cell", "1"), part, "run the recording again")


@pytest.mark.parametrize(
    "words", [("--clock-rate", "1e300"), ("--sample-fps", "inf"), ("--start", "9999-12-31T23:59:59")]
)
def test_numbers_out_of_this_world(dwellmap, walker, words):
    ran = dwellmap("run", walker, "--detector", "replay", "--detections", "det/det.txt", *words)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_maps_of_maps_are_not_made(dwellmap, replay, walker, tmp_path, monkeypatch):
    replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "outputs")
    monkeypatch.chdir(tmp_path)
    _bad(dwellmap("run", "outputs/**/*", "--out", tmp_path / "again"), "expected recordings")

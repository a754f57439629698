"""What the studio says of runs, without a browser."""

import json
import math
import os
import shutil

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from analytics.palette import Kind, cell_colours
from dwellmap.run_folder import RunFolder
from dwellmap.studio.durations import spoken
from dwellmap.studio.run_files import add_run_files
from dwellmap.studio.run_list import RunList
from dwellmap.studio.run_quality import quality
from dwellmap.studio.run_values import raster, read_values, texts, underlay
from dwellmap.studio.workspace import Workspace


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the run that all tests begin with is kept: made once, then copied."""
    return tmp_path_factory.mktemp("kept") / "out"


@pytest.fixture
def run(request, kept, tmp_path):
    """The run of a person who walks, stands for 8 s at (4, 4) and walks on."""
    if not kept.exists():
        walker, replay = request.getfixturevalue("walker"), request.getfixturevalue("replay")
        ran = replay(walker, "--site", tmp_path / "site.toml", "--out", kept, "--json")
        assert ran.code == 0, ran.err
    shutil.copytree(kept, tmp_path / "out")
    (found,) = (tmp_path / "out").glob("*/*/run.json")
    return RunFolder.open(found.parent)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "site.toml", tmp_path / "out")


@pytest.fixture
def runs(workspace):
    return RunList(workspace.runs)


def name_of(run):
    return f"{run.path.parent.name}/{run.path.name}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (43, "43 s"), (59.4, "59 s"),
        (59.6, "1 min"), (200, "3 min 20 s"), (3599.6, "1 h"), (7500, "2 h 5 min"),
        (4_000_000, "1\u202f111 h 7 min"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_times_as_people_say_them(seconds, text):
    assert spoken(seconds) == text


def test_a_run_is_a_line(run, runs):
    (line,) = runs.lines()
    assert (line.name, line.camera, line.recording) == (name_of(run), "cam", "walker")
    assert line.people == 1
    assert line.dwell_s == pytest.approx(12, abs=0.3)
    assert line.calibrated
    assert line.fault is None
    assert line.warnings == len(run.recipe["warnings"])


def test_recipes_that_did_not_change_are_read_once(run, runs, monkeypatch):
    before = runs.lines()
    monkeypatch.setattr(RunFolder, "open", None)
    assert runs.lines() == before


def test_a_damaged_run_is_named_and_the_others_are_listed(run, runs):
    twin = run.path.with_name("zz-damaged")
    shutil.copytree(run.path, twin)
    (twin / "run.json").write_text('{"half": ')
    odd = run.path.with_name("zz-odd")
    shutil.copytree(run.path, odd)
    recipe = json.loads((odd / "run.json").read_text())
    recipe["results"] = {}
    (odd / "run.json").write_text(json.dumps(recipe))
    faults = {line.recording: line.fault for line in runs.lines()}
    assert faults["walker"] is None
    assert "expected JSON" in faults["zz-damaged"]
    assert "run the recording again" in faults["zz-odd"]
    shutil.rmtree(twin)
    assert len(runs.lines()) == 2


def test_newest_first(run, runs):
    twin = run.path.with_name("later")
    shutil.copytree(run.path, twin)
    os.utime(twin / "run.json", (4e9, 4e9))
    assert [line.name for line in runs.lines()] == ["cam/later", name_of(run)]


@pytest.mark.parametrize("name", ["", "cam", "cam/", "../out/cam", "cam/../cam", "/etc", "cam/nothing"])
def test_only_listed_runs_can_be_opened(run, runs, name):
    assert runs.folder(name_of(run)) == run.path
    with pytest.raises(ValueError, match="there is none of this name"):
        runs.folder(name)


def cell(values, x, y):
    return int(values.grid.place_of(np.array([[x, y]]))[0])


def test_every_cell_says_what_the_map_shows(run):
    values = read_values(run)
    at, beside, far = cell(values, 4.01, 4.01), cell(values, 4.01, 6.01), cell(values, 0.1, 7.9)
    assert texts(values, "visits")[at].startswith("1 person")
    dwell = float(values.columns["dwell_s"].ravel()[at])
    assert dwell > 2
    assert texts(values, "dwell")[at].startswith(f"{spoken(dwell)} in all")
    assert "a visit · 1 entry" in texts(values, "attention")[at]
    assert "few: under 5 entries" in texts(values, "attention")[at]
    assert texts(values, "dwell")[beside] == "nobody"
    assert texts(values, "heat")[far] == "not seen by the camera"
    assert "people per" in texts(values, "heat")[at]
    for name, shown in values.maps.items():
        assert len(texts(values, name)) == shown.kinds.size == values.grid.cells


def test_the_picture_s_pixels_are_the_cells(run):
    values = read_values(run)
    shown = values.maps["dwell"]
    picture = raster(shown)
    rows, columns = values.grid.shape
    k = picture.shape[0] // rows
    assert picture.shape == (rows * k, columns * k, 4)
    colours = (cell_colours(shown.grid_map, shown.kinds, shown.scale) * 255).round()
    # The corner of a cell is free of marks.
    drawn = np.isin(shown.kinds, (Kind.FEW, Kind.FINE, Kind.COUNTED, Kind.NOBODY))
    assert drawn.any()
    assert np.array_equal(picture[1::k, 1::k][drawn], colours[drawn])
    assert (picture[..., 3] > 0).any()
    below = underlay(run, run.view(), values.grid)
    assert below is None or below.shape[2] == 3


def test_damaged_numbers_are_named(run):
    file = run.path / "maps.npz"
    whole = file.read_bytes()
    with np.load(file) as stored:
        arrays = dict(stored)
    for damage, message in (
        (lambda: file.write_bytes(whole[: len(whole) // 2]), "damaged"),
        (lambda: file.write_bytes(b""), "damaged"),
        (lambda: np.savez(file, **{k: v for k, v in arrays.items() if k != "n"}), "damaged"),
        (lambda: np.savez(file, **(arrays | {"n": np.zeros((2, 2))})), "n have others"),
        (lambda: np.savez(file, **(arrays | {"n": np.array([{}])})), "damaged"),
        (file.unlink, "they are gone"),
    ):
        damage()
        with pytest.raises(ValueError, match=message):
            read_values(run)


def test_how_far_to_trust_it(run):
    said = {s.about: s for s in quality(run)}
    assert said["Footage looked at"].figure == "12 s"
    assert said["Footage looked at"].meaning == "without a gap"
    assert said["Floor in view"].figure == f"{run.recipe['results']['observable_share']:.0%}"
    assert "honest" in said["Calibration"].meaning or "finer" in said["Calibration"].meaning
    assert said["Time without a place"].figure == "0%"
    assert said["Mixed-up people"].figure == run.recipe["results"]["self_audit"]["grade"]
    broken = RunFolder(run.path, run.recipe | {"results": {}})
    with pytest.raises(ValueError, match="its recipe is damaged"):
        quality(broken)


def test_only_a_run_s_own_pictures_and_tables_are_handed_out(run, runs, tmp_path):
    app = FastAPI()
    add_run_files(app, runs)
    client = TestClient(app)

    def asked(file, name=None):
        return client.get("/run-file", params={"run": name or name_of(run), "file": file})

    got = asked("heat.png")
    assert got.status_code == 200
    assert got.headers["content-type"] == "image/png"
    assert got.content == (run.path / "heat.png").read_bytes()
    assert "attachment" in asked("zones.csv").headers["content-disposition"]
    (run.path / "other.png").write_bytes(b"x")
    for file in (
        "run.json", "tracks.parquet", "calibration.json", "other.png", "../../../site.toml", "nothing.png",
        "heat.png/", "", "/etc/passwd",
    ):  # fmt: skip
        assert asked(file).status_code == 404, file
    assert asked("heat.png", "../out/cam").status_code == 404
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    (run.path / "heat.png").unlink()
    (run.path / "heat.png").symlink_to(secret)
    assert asked("heat.png").status_code == 404

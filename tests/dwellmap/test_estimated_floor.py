"""Recordings of a camera that nobody calibrated: a floor from the people, or the picture and the reason."""

import json
from pathlib import Path

import pytest

from dwellmap.run_folder import RunFolder


def recipe(ran):
    """What the run that a command printed says of itself."""
    run = json.loads(ran.out)[0]["run"]
    return json.loads((Path(run) / "run.json").read_text()) | {"run": run}


@pytest.fixture
def pets(data, dwellmap, tmp_path):
    def run(*words):
        ran = dwellmap(
            "run", data / "mot/PETS09-S2L1", "--detector", "replay",
            "--detections", "det/det_frrcnn_sort.txt", "--appearance", "none",
            "--out", tmp_path / "out", "--json", *words,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        return recipe(ran)

    return run


def test_pets_gets_a_floor_in_metres_and_says_how_far_to_trust_it(pets, dwellmap):
    found = pets()
    assert found["view"]["unit"] == "m"
    assert any("estimated from people alone" in warning for warning in found["warnings"])
    assert not any("image plane" in warning for warning in found["warnings"])
    run = RunFolder.open(Path(found["run"]))
    assert 4.5 < run.calibration().pose.camera_height_m < 9
    assert run.calibration().people.length_sigma < 0.12
    width, height = found["view"]["extent"][2:]
    assert 15 < width < 60
    assert 15 < height < 60
    # The same run is found again, and computed anew with other settings keeps its floor.
    assert pets()["run"] == found["run"]
    same = recipe(dwellmap("maps", found["run"], "--json"))
    assert same["run"] == found["run"]
    coarse = recipe(dwellmap("maps", found["run"], "--set", "maps.cell_m=2", "--json"))
    assert coarse["view"]["calibration"] == found["view"]["calibration"]
    assert coarse["grid"]["cell"] == 2


def test_it_can_be_declined(pets):
    found = pets("--set", "calibration.from_people=false")
    assert found["view"]["unit"] == "px"
    assert not any("estimated" in text for text in found["warnings"])


def test_too_few_people_leave_the_picture_and_the_reason(data, dwellmap, tmp_path):
    ran = dwellmap(
        "run", data / "mot/TUD-Campus", "--detector", "replay", "--detections", "det/det.txt",
        "--appearance", "none", "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = recipe(ran)
    assert found["view"]["unit"] == "px"
    assert any("no floor could be estimated from the people: " in text for text in found["warnings"])
    assert any("image plane" in text for text in found["warnings"])

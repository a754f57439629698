"""A mannequin in a film, through the whole program: never left out silently, the same when done again."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

SIZE, FPS, SECONDS = (320, 240), 10, 20
SHORT = ("--set", "phantoms.suspect_s=5", "--set", "phantoms.still_s=10")


@pytest.fixture
def film(tmp_path):
    """A figure that stands, and somebody who walks past in front of it; boxes as text beside the film."""
    rng = np.random.default_rng(0)
    room = cv2.resize(rng.integers(40, 200, (24, 32, 3), dtype=np.uint8), SIZE)
    thing, somebody = (
        cv2.resize(rng.integers(0, 255, (12, 4, 3), dtype=np.uint8), (40, 120)) for _ in range(2)
    )
    folder = tmp_path / "footage"
    folder.mkdir()
    writer = cv2.VideoWriter(str(folder / "film.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE)
    rows = []
    for k in range(FPS * SECONDS):
        image = room.copy()
        image[60:180, 140:180] = thing
        rows.append(f"{k + 1},-1,140,60,40,120,0.9,-1,-1,-1")
        x = int(2.5 * k) - 60
        if 0 <= x < SIZE[0] - 40:
            image[90:210, x : x + 40] = somebody
            rows.append(f"{k + 1},-1,{x},90,40,120,0.9,-1,-1,-1")
        writer.write(image)
    writer.release()
    (folder / "boxes.txt").write_text("\n".join(rows))
    return folder / "film.mp4"


@pytest.fixture
def run(film, dwellmap, tmp_path):
    def call(*words):
        boxes = film.parent / "boxes.txt"
        ran = dwellmap(
            "run", film, "--detector", "replay", "--detections", boxes, "--appearance", "none",
            "--out", tmp_path / "out", "--json", *words,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        return json.loads(ran.out)[0]

    return call


def test_it_is_left_out_and_said_so_and_who_walks_past_stays(run):
    result = run(*SHORT)
    (phantom,) = result["results"]["phantoms"]
    assert phantom["verdict"] == "suspected phantom"
    assert phantom["to_s"] - phantom["from_s"] == pytest.approx(SECONDS, abs=0.2)
    assert result["results"]["people"] == 1
    assert result["results"]["tracked_s"] == pytest.approx(11, abs=1.5)
    assert any("suspected phantom left out" in warning for warning in result["warnings"])


def test_in_short_footage_it_is_counted_and_listed(run):
    result = run("--set", "phantoms.suspect_s=5")
    assert [phantom["verdict"] for phantom in result["results"]["phantoms"]] == ["cannot tell"]
    assert result["results"]["people"] == 2
    assert any("cannot tell" in warning for warning in result["warnings"])


def test_it_is_counted_where_that_is_asked_for(run):
    result = run(*SHORT, "--set", "phantoms.leave_out=false")
    assert result["results"]["people"] == 2
    assert any("counted, as asked" in warning for warning in result["warnings"])


def test_what_was_never_looked_for_cannot_be_asked_for_afterwards(run, dwellmap):
    result = run("--set", "phantoms.suspect_s=5")
    for changed in ("phantoms.suspect_s=6", "phantoms.most_changed=0.2"):
        again = dwellmap("maps", result["run"], "--set", "phantoms.suspect_s=5", "--set", changed)
        assert again.code == 2
        assert "start from the footage: dwellmap run" in again.err


def test_two_files_tell_what_one_is_too_short_for(run, dwellmap, film):
    told = ("--set", "phantoms.still_s=30")
    first = run(*told, "--start", "2026-03-02T10:00:00+00:00")
    # Another recording to the program: the same pictures in another file.
    with film.open("ab") as file:
        file.write(b"\0" * 16)
    run(*told, "--start", "2026-03-02T10:00:20+00:00")
    assert first["results"]["people"] == 2
    assert [phantom["verdict"] for phantom in first["results"]["phantoms"]] == ["cannot tell"]
    assert not any("cannot tell" in warning for warning in first["warnings"])
    linked = dwellmap("link", Path(first["run"]).parent, "--json")
    (group,) = json.loads(linked.out)[0]["days"][0]["groups"]
    (phantom,) = group["phantoms"]
    assert phantom["still_s"] == pytest.approx(2 * SECONDS, abs=0.2)
    assert len(phantom["runs"]) == 2
    assert group["people"] == 2
    assert "unchanged for 0.7 min over 2 recordings" in json.loads(linked.out)[0]["warnings"][0]
    assert "suspected phantom left out of the day" in dwellmap("link", Path(first["run"]).parent).out


def test_computed_again_it_is_judged_by_the_settings_in_force(run, dwellmap):
    result = run("--set", "phantoms.suspect_s=5")
    again = dwellmap("maps", result["run"], "--set", "phantoms.still_s=10", "--json")
    assert again.code == 0, again.err
    left = json.loads(again.out)[0]
    fresh = run(*SHORT)
    assert left["results"] == fresh["results"]
    assert left["warnings"] == fresh["warnings"]

"""`dwellmap erase`: what tells of single people goes, maps and sums stay."""

import json
import shutil
from pathlib import Path

import pytest

from dwellmap.days.links import links_in, read_links
from dwellmap.run_folder import PERSONAL, RunFolder

KEPT = ("heat.png", "visits.png", "dwell.png", "attention.png", "maps.parquet", "zones.csv", "run.json")


@pytest.fixture
def runs(walker, dwellmap, replay, tmp_path):
    """The walker on two days, and once at an unknown time."""
    made = {}
    for name, start in (("old", "2026-11-01T10:00"), ("new", "2026-11-05T10:00")):
        folder = tmp_path / name
        shutil.copytree(walker, folder)
        (folder / "det" / "det.txt").write_text((walker / "det" / "det.txt").read_text() + "\n" * len(made))
        ran = replay(
            folder, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json", "--start", start
        )
        assert ran.code == 0, ran.err
        made[name] = Path(json.loads(ran.out)[0]["run"])
    return made


def test_old_personal_data_go_and_maps_stay(runs, dwellmap, tmp_path):
    camera = runs["old"].parent
    kept = {file: (runs["old"] / file).read_bytes() for file in KEPT}
    newer = {file.name: file.read_bytes() for file in runs["new"].iterdir()}
    assert len(links_in(camera)) == 2
    ran = dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert str(runs["old"]) in ran.out
    assert not any((runs["old"] / name).exists() for name in PERSONAL)
    assert {file: (runs["old"] / file).read_bytes() for file in KEPT} == kept
    assert {file.name: file.read_bytes() for file in runs["new"].iterdir()} == newer
    assert [day.isoformat() for day in links_in(camera)] == ["2026-11-05"]
    run = RunFolder.open(runs["old"])
    assert run.is_erased
    assert run.recipe["results"]["people"] == 1
    assert (
        "erased the personal data of 0 runs"
        in dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "out").out
    )


def test_what_needs_them_says_that_they_were_erased(runs, dwellmap, replay, tmp_path):
    dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "out")
    for words in (("maps", runs["old"], "--cell", "1"), ("export", runs["old"], "--mot", tmp_path / "t.txt")):
        ran = dwellmap(*words)
        assert ran.code == 2
        assert "personal data were erased" in ran.err, ran.err
    assert dwellmap("link", runs["old"].parent).code == 0
    ran = replay(
        tmp_path / "old", "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json",
        "--start", "2026-11-01T10:00",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)[0]["fresh"] is False


def test_links_over_midnight_are_made_anew_without_the_erased(walker, dwellmap, replay, tmp_path):
    starts = ("2026-11-04T23:59:48", "2026-11-05T00:00:00")
    for name, start in zip(("late", "early"), starts, strict=True):
        shutil.copytree(walker, tmp_path / name)
        (tmp_path / name / "det" / "det.txt").open("a").write("\n" * (name == "late"))
        ran = replay(
            tmp_path / name, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--start", start
        )
        assert ran.code == 0, ran.err
    camera = tmp_path / "out" / "cam"
    (file,) = [file for day, file in links_in(camera).items() if day.day == 5]
    before = {used.run for group in read_links(file) for used in group.runs}
    ran = dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    after = {used.run for group in read_links(file) for used in group.runs}
    assert len(after) == 1
    assert after <= before
    assert next(iter(after)).startswith("early")


def test_an_erasure_cut_short_is_finished(runs, dwellmap, tmp_path):
    dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "out")
    shutil.copy(runs["new"] / "tracks.parquet", runs["old"] / "tracks.parquet")
    assert dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "out").code == 0
    assert not (runs["old"] / "tracks.parquet").exists()


def test_a_lost_file_is_still_damage(runs):
    (runs["new"] / "tracks.parquet").unlink()
    with pytest.raises(ValueError, match="not whole"):
        RunFolder.open(runs["new"])


def test_dates_and_folders_are_checked(dwellmap, tmp_path):
    assert "expected a date" in dwellmap("erase", "--before", "yesterday", "--out", tmp_path).err
    assert (
        "expected an output folder"
        in dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "none").err
    )

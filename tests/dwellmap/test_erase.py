"""`dwellmap erase`: what tells of single people goes, maps and sums stay."""

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

import dwellmap.erasure as erasing
from dwellmap.days.links import links_file, links_in, read_links, write_links
from dwellmap.erasure import FEW_PEOPLE, erase_before
from dwellmap.leftovers import held
from dwellmap.run_folder import DAMAGED, PERSONAL, RunFolder

KEPT = ("heat.png", "visits.png", "dwell.png", "attention.png", "maps.parquet", "maps.npz", "run.json")
DAY = date(2026, 11, 5)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Runs that are made once; each test has its own copy."""
    return tmp_path_factory.mktemp("template")


def made_on(run, day):
    """Let a run look as if it had been made on a day."""
    moment = datetime.fromisoformat(f"{day}T12:00").timestamp()
    for file in run.iterdir():
        os.utime(file, (moment, moment))


def copied(template, name, tmp_path, make):
    """The output folder `name`, made if it is the first time, and its runs by their recordings."""
    if not (template / name).exists():
        make()
        shutil.copytree(tmp_path / "out", template / name)
    else:
        shutil.copytree(template / name, tmp_path / "out")
    runs = [recipe.parent for recipe in (tmp_path / "out").glob("cam/*/run.json")]
    for run in runs:
        # Whatever the clock of this machine says.
        made_on(run, RunFolder.open(run).source().start.date())
    return {run.name.rsplit("-", 1)[0]: run for run in runs}


@pytest.fixture
def runs(walker, replay, tmp_path, template):
    """The walker on two days."""
    starts = {"old": "2026-11-01T10:00", "new": "2026-11-05T10:00"}
    for name in starts:
        shutil.copytree(walker, tmp_path / name)
        (tmp_path / name / "det" / "det.txt").open("a").write("\n" * (name == "new"))

    def make():
        for name, start in starts.items():
            words = ("--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--start", start)
            ran = replay(tmp_path / name, *words)
            assert ran.code == 0, ran.err

    return copied(template, "two days", tmp_path, make)


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
        run = next((tmp_path / "out" / "cam").glob(f"{name}-*"))
        made_on(run, start[:10])
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


def personal(run):
    return [name for name in PERSONAL if (run / name).exists()]


def change_recipe(run, change):
    recipe = json.loads((run / "run.json").read_text())
    change(recipe)
    (run / "run.json").write_text(json.dumps(recipe))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: change_recipe(run, lambda recipe: recipe.update(version=2)),
        lambda run: change_recipe(
            run, lambda recipe: recipe["source"].update(start="2126-01-01T00:00+00:00")
        ),
        lambda run: (run / "run.json").write_text("{"),
        lambda run: (run / "run.json").write_text("null"),
        lambda run: (run / "run.json").unlink(),
        lambda run: (run / "heat.png").unlink(),
        lambda run: (run / "tracks.parquet").write_bytes(b"no table"),
        lambda run: (run / "people.parquet").write_bytes(b"no table"),
        lambda run: (run / "zone_quarters.parquet").write_bytes(b"no table"),
        lambda run: (run / "erased.json").write_text("[" * 100_000),
    ],
    ids=["version", "future", "json", "null", "no recipe", "a file lost", "table", "people", "sums", "mark"],
)
def test_a_run_that_cannot_be_read_loses_its_personal_data_too(runs, tmp_path, spoil):
    spoil(runs["old"])
    made_on(runs["old"], "2026-11-02")
    found = erase_before(tmp_path / "out", DAY)
    assert personal(runs["old"]) == []
    assert found.runs == [runs["old"]]
    assert len(personal(runs["new"])) == len(PERSONAL)
    times = [
        name for name in ("zone_quarters", "cell_quarters") if (runs["old"] / f"{name}.parquet").exists()
    ]
    for name in times:
        table = pd.read_parquet(runs["old"] / f"{name}.parquet")
        assert "peak_s" not in table or table["peak_s"].isna().all()
    again = erase_before(tmp_path / "out", DAY)
    assert (again.runs, again.faults, again.remarks) == ([], [], [])


def test_a_run_of_another_version_is_told_with_what_is_left_of_it(runs, dwellmap, tmp_path):
    change_recipe(runs["old"], lambda recipe: recipe.update(version=99))
    made_on(runs["old"], "2026-11-02")
    (runs["old"] / "faces.parquet").write_bytes(b"of another version")
    ran = dwellmap("erase", "--before", DAY, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "another version" in ran.err
    assert "faces.parquet" in ran.err


def test_the_earlier_of_start_and_making_counts(runs, tmp_path):
    """A start that is later than the run was made is wrong."""
    made_on(runs["new"], "2026-11-02")
    assert erase_before(tmp_path / "out", DAY).runs == [runs["new"], runs["old"]]


def test_what_cannot_be_erased_is_told_and_the_rest_is_erased(runs, dwellmap, tmp_path):
    other = tmp_path / "out" / "zoo" / "run-12345678"
    shutil.copytree(runs["old"], other)
    (runs["old"] / "tracks.parquet").unlink()
    (runs["old"] / "tracks.parquet").mkdir()
    ran = dwellmap("erase", "--before", DAY, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "tracks.parquet: cannot be erased" in ran.err
    assert personal(runs["old"]) == ["tracks.parquet"]
    assert personal(other) == []
    (runs["old"] / "tracks.parquet").rmdir()
    assert dwellmap("erase", "--before", DAY, "--out", tmp_path / "out").code == 0
    assert json.loads((runs["old"] / "erased.json").read_text())["min_people"] == FEW_PEOPLE


def test_one_bad_camera_stops_no_other(runs, tmp_path, monkeypatch):
    shutil.copytree(runs["old"], tmp_path / "out" / "zoo" / "run-12345678")
    real = erasing._erase_run

    def bad(run, *rest):
        if run.parent.name == "cam":
            raise RuntimeError("what nobody thought of")
        real(run, *rest)

    monkeypatch.setattr(erasing, "_erase_run", bad)
    found = erase_before(tmp_path / "out", DAY)
    assert [run.parent.name for run in found.runs] == ["zoo"]
    assert any("what nobody thought of" in fault for fault in found.faults)


def test_a_full_disk_stops_no_erasure_and_costs_no_sums(runs, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "thin_run", full)
        found = erase_before(tmp_path / "out", DAY)
    assert "No space left" in found.faults[0]
    assert personal(runs["old"]) == ["people.parquet"]
    assert (runs["old"] / "cell_quarters.parquet").is_file()
    assert erase_before(tmp_path / "out", DAY).faults == []
    assert personal(runs["old"]) == []


def test_links_are_made_anew_though_the_erasure_before_was_cut_short(runs, tmp_path):
    """Killed after the files and before the links: the next one has no file to erase, and links still."""
    camera = runs["old"].parent
    file = links_in(camera)[DAY]
    clean = file.read_bytes()
    (group,) = read_links(file)
    (used,) = group.runs
    told = replace(used, since_day_before=np.ones_like(used.since_day_before))
    of_the_old = replace(used, run=runs["old"].name)
    assert erase_before(tmp_path / "out", DAY).faults == []
    for wrong in ((told,), (used, of_the_old)):
        write_links(file, [replace(group, runs=wrong)])
        assert file.read_bytes() != clean
        assert erase_before(tmp_path / "out", DAY).runs == []
        assert file.read_bytes() == clean
    file.write_bytes(b"damaged")
    assert erase_before(tmp_path / "out", DAY).faults == []
    assert file.read_bytes() == clean


def test_links_of_nobody_but_the_erased_go(runs, tmp_path):
    """A run that was moved to another day by hand, or links of a day whose runs are all erased."""
    camera = runs["old"].parent
    later = links_file(camera, date(2026, 11, 20))
    shutil.copy(links_in(camera)[date(2026, 11, 1)], later)
    found = erase_before(tmp_path / "out", DAY)
    assert later in found.links
    assert sorted(links_in(camera)) == [DAY]


def test_half_written_results_of_the_dead_go_and_of_the_living_stay(runs, tmp_path):
    camera = runs["old"].parent
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    left = [camera / f".run-1.{dead.pid}.abcd1234", camera / ".run-2.1.abcd_234"]
    for folder in left:
        folder.mkdir()
        (folder / "tracks.parquet").write_bytes(b"half")
        os.utime(folder, (1_000_000_000, 1_000_000_000))  # long before process 1 of today began
    links = [camera / f".links-2026-11-05.parquet.{dead.pid}.abcd1234", camera / ".links-x.parquet.abcd1234"]
    for file in links:
        file.write_bytes(b"half")
    mine = camera / f".run-3.{os.getpid()}.abcd1234"
    elsewhere = camera / f".run-4.{dead.pid}.abcd1234"
    kept = [mine, elsewhere, camera / ".notes", camera / ".notes.abcd1234.txt"]
    for folder in kept:
        folder.mkdir()
    with held(elsewhere):
        found = erase_before(tmp_path / "out", DAY)
    assert found.leftovers == sorted(left + links)
    assert not any(place.exists() for place in left + links)
    assert all(place.exists() for place in kept)


def test_reports_and_other_folders_are_not_ours_to_erase(runs, dwellmap, tmp_path):
    report = tmp_path / "out" / "reports" / "x"
    assert dwellmap("report", runs["old"], "--to-folder", report).code == 0
    (report / "visits.csv").write_text("somebody's own")
    for file in report.iterdir():
        os.utime(file, (0, 0))
    before = {file.name: file.read_bytes() for file in report.iterdir()}
    assert erase_before(tmp_path / "out", DAY).faults == []
    assert {file.name: file.read_bytes() for file in report.iterdir()} == before


@pytest.fixture
def quiet_day(walker, replay, tmp_path, template):
    """The walker twice in 23 minutes: alone in one quarter of an hour, and alone in the next."""

    def make():
        rows = np.loadtxt(walker / "det" / "det.txt", delimiter=",")
        later = rows + np.eye(1, rows.shape[1]) * 10 * 600
        np.savetxt(walker / "det" / "det.txt", np.concatenate([rows, later]), fmt="%.4f", delimiter=",")
        info = walker / "seqinfo.ini"
        info.write_text(info.read_text().replace("seqLength=121", f"seqLength={10 * 60 * 23}"))
        words = ("--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--start", "2026-11-01T10:07")
        ran = replay(walker, *words)
        assert ran.code == 0, ran.err

    return copied(template, "quiet day", tmp_path, make)["walker"]


def test_when_the_few_came_is_not_told_and_their_sums_are(quiet_day, dwellmap, tmp_path):
    run = quiet_day
    before = {name: pd.read_parquet(run / f"{name}_quarters.parquet") for name in ("zone", "cell")}
    assert before["zone"]["begin_s"].nunique() == 2
    told = dwellmap("report", run, "--to-folder", tmp_path / "before")
    assert dwellmap("erase", "--before", DAY, "--out", tmp_path / "out").code == 0
    keys = ["place", "staff"]
    for name, table in before.items():
        after = pd.read_parquet(run / f"{name}_quarters.parquet")
        assert after.dtypes.to_dict() == table.dtypes.to_dict()
        # Evenly over the footage: nothing says when.
        assert after.groupby("begin_s")["dwell_s"].sum().to_numpy() == pytest.approx(
            table["dwell_s"].sum() * np.array([8, 15]) / 23, rel=1e-3
        )
        for column in ("dwell_s", "entries", "visitors"):
            sums = (part.groupby(keys)[column].sum().to_numpy() for part in (after, table))
            assert next(sums) == pytest.approx(next(sums))
    zones = pd.read_csv(run / "zones.csv")
    assert zones[["peak_s", "peak_at", "median_s", "holding_power_s"]].isna().all(axis=None)
    assert zones["visitors"].tolist() == [2]
    assert "2026-11-01 1" not in (run / "zones.csv").read_text()
    ran = dwellmap("report", run, "--to-folder", tmp_path / "after")
    assert (told.code, ran.code) == (0, 0), ran.err
    cells = [pd.read_csv(tmp_path / kind / "cells.csv") for kind in ("before", "after")]
    pd.testing.assert_frame_equal(*cells)
    hours = [pd.read_csv(tmp_path / kind / "hours.csv") for kind in ("before", "after")]
    assert hours[0]["dwell_s"].sum() == pytest.approx(hours[1]["dwell_s"].sum())
    page = (tmp_path / "after" / "report.html").read_text(encoding="utf-8")
    assert "fewer than 5 people" in page


def test_an_erased_run_is_compared_with_another_and_the_page_says_so(runs, dwellmap, tmp_path):
    whole = dwellmap("compare", runs["old"], runs["new"], "--to", tmp_path / "whole")
    assert erase_before(tmp_path / "out", DAY).faults == []
    ran = dwellmap("compare", runs["old"], runs["new"], "--to", tmp_path / "to")
    assert (whole.code, ran.code) == (0, 0), ran.err
    pages = [(tmp_path / to / "comparison.html").read_text() for to in ("whole", "to")]
    assert ["called one too easily" in page for page in pages] == [False, True]


def test_nothing_in_an_erased_run_says_when_somebody_was_where(quiet_day, tmp_path):
    """All that is left, file by file: no table holds a row per person or a moment of one."""
    erase_before(tmp_path / "out", DAY)
    left = {file.name for file in quiet_day.iterdir()}
    assert left == {
        "attention.png", "calibration.json", "cell_quarters.parquet", "dwell.png", "erased.json", "heat.png",
        "maps.npz", "maps.parquet", "run.json", "visits.png", "zone_quarters.parquet", "zones.csv",
    }  # fmt: skip
    for file in quiet_day.glob("*.parquet"):
        assert not {"person", "visitor", "enter_s", "t_s", "first_s"} & set(pd.read_parquet(file).columns)
    recipe = json.loads((quiet_day / "run.json").read_text())
    assert not {"person", "persons", "visitors"} & set(recipe["results"])
    assert not [place for place in (tmp_path / "out").rglob("*") if place.name.startswith("links-2026-11-01")]


def test_sums_can_be_left_as_they_are(quiet_day, dwellmap, tmp_path):
    before = (quiet_day / "cell_quarters.parquet").read_bytes()
    out = ("--out", tmp_path / "out")
    assert dwellmap("erase", "--before", DAY, "--min-people", 0, *out).code == 0
    assert (quiet_day / "cell_quarters.parquet").read_bytes() == before
    assert dwellmap("erase", "--before", DAY, *out).code == 0
    assert (quiet_day / "cell_quarters.parquet").read_bytes() != before


def test_dates_and_folders_are_checked(dwellmap, tmp_path):
    assert "expected a date" in dwellmap("erase", "--before", "yesterday", "--out", tmp_path).err
    assert (
        "expected an output folder"
        in dwellmap("erase", "--before", "2026-11-05", "--out", tmp_path / "none").err
    )


def test_damaged_runs_that_were_set_aside_are_erased_too(runs, tmp_path):
    old = runs["old"]
    aside = old.with_name(f"{DAMAGED}{old.name}-1")
    old.rename(aside)
    (aside / "run.json").write_bytes(b"")
    made_on(aside, "2026-11-01")
    erase_before(tmp_path / "out", DAY)
    assert personal(aside) == []

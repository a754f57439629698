"""Files that follow each other give what one file gives, whatever the order in which they come."""

import hashlib
import json
import shutil
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dwellmap.days import rebuild as rebuilding
from dwellmap.days.joined import joined_day, joined_tracks
from dwellmap.days.links import read_links
from dwellmap.days.part import Part
from dwellmap.days.rebuild import rebuild
from dwellmap.days.timeline import Timeline
from dwellmap.pipeline import Timing, measure
from dwellmap.progress import Silent
from dwellmap.run_folder import RunFolder


def content(folder: Path) -> dict[str, str]:
    """Hash of each file in and below a folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def arrive(run: Path, camera: Path) -> str:
    """Copy a run into a camera's folder and link it, as `dwellmap run` does."""
    shutil.copytree(run, camera / run.name)
    rebuild(camera, around=run.name)
    return run.name


def links_of(camera: Path):
    return {file.name: read_links(file) for file in sorted(camera.glob("links-*.parquet"))}


def analysed(run: RunFolder, tracks, observed_s, shown_px):
    return measure(tracks, run.view(), shown_px, observed_s, run.settings(), Silent(), Timing())


def edited(run: Path, target: Path, **changes) -> Path:
    """A copy of a run whose source says something else."""
    shutil.copytree(run, target)
    recipe = json.loads((target / "run.json").read_text())
    recipe["source"].update(changes)
    (target / "run.json").write_text(json.dumps(recipe))
    return target


def test_files_give_what_one_file_gives_and_runs_do_not_change(whole, exports, tmp_path):
    """One file overlaps, with a stamp that is 0.4 s wrong; one comes late; one shows what another shows."""
    before = {}
    for name in ("c", "a", "again", "b"):
        arrive(exports[name], tmp_path)
        before[exports[name].name] = content(exports[name])
    for run, files in before.items():
        assert content(tmp_path / run) == files
    ((links,),) = links_of(tmp_path).values()
    runs = {name: RunFolder.open(tmp_path / name) for name in before}
    day = joined_day(links, runs)
    assert day.observed_s == pytest.approx(np.array([[0, 120]]), abs=0.05)

    one = RunFolder.open(whole)
    single = analysed(one, one.tracks(), one.footage().observed_s, one.shown_px())
    joined = analysed(one, day.tracks, day.observed_s, day.shown_px)
    assert joined.people == single.people == links.visitors == 14
    assert sum(len(used.person) for used in links.runs) > 14
    assert joined.paths.tracked_s == pytest.approx(single.paths.tracked_s, rel=0.005)
    assert joined.maps.sums.visitors.sum() == pytest.approx(single.maps.sums.visitors.sum(), rel=0.02)
    assert joined.maps.sums.entries.sum() == pytest.approx(single.maps.sums.entries.sum(), rel=0.02)
    a, b = (np.nan_to_num(x.maps.dwell_s) for x in (joined, single))
    assert a.sum() == pytest.approx(b.sum(), rel=0.01)
    assert np.abs(a - b).sum() < 0.02 * b.sum()


def test_the_order_of_arrival_does_not_matter(exports, tmp_path):
    files = set()
    for nth, order in enumerate(permutations(exports)):
        camera = tmp_path / str(nth)
        camera.mkdir()
        for name in order:
            arrive(exports[name], camera)
        (file,) = camera.glob("links-*")
        files.add((file.name, file.read_bytes()))
        shutil.rmtree(camera)
    assert len(files) == 1


def test_run_links_by_itself_and_the_command_agrees(shop, exports, dwellmap, tmp_path):
    for name in ("b", "a"):
        recipe = json.loads((exports[name] / "run.json").read_text())
        shop.run(shop.folder / "films" / name, recipe["source"]["start"], tmp_path)
    camera = tmp_path / "cam"
    by_run = content(camera)
    # A process killed before it linked its run: the next one that finds the run does it.
    (camera / "links-2026-03-02.parquet").unlink()
    shop.run(shop.folder / "films" / "a", "2026-03-02T10:00:00", tmp_path)
    assert content(camera) == by_run
    ran = dwellmap("link", camera, "--json")
    assert ran.code == 0, ran.err
    assert content(camera) == by_run
    (day,) = json.loads(ran.out)[0]["days"]
    (group,) = day["groups"]
    (cut,) = group["cuts"]
    assert cut["gap_s"] == pytest.approx(-5.0, abs=0.05)
    assert cut["clock_s"] == pytest.approx(0.4, abs=0.05)
    assert cut["people"] >= 2
    text = dwellmap("link", camera).out
    assert "overlap of 5.0 s, second clock moved by +0." in text
    assert str(camera / "links-2026-03-02.parquet") in text


def test_every_second_counts_once_and_what_is_shown_twice_is_not_used(exports, tmp_path):
    names = {key: arrive(run, tmp_path) for key, run in exports.items()}
    ((links,),) = links_of(tmp_path).values()
    used = {u.run: u for u in links.runs}
    assert used[names["again"]].used_from_s == used[names["again"]].used_until_s
    assert len(used[names["again"]].person) == 0
    order = [used[names[key]] for key in "abc"]
    for earlier, later in pairwise(order):
        assert (later.used_from - earlier.used_until).total_seconds() == pytest.approx(0, abs=0.02)
    table = pd.read_parquet(tmp_path / "links-2026-03-02.parquet")
    assert table["run"].nunique() == 4
    assert table["person"].isna().sum() == 1


def test_a_renamed_copy_is_used_once(exports, tmp_path):
    arrive(exports["a"], tmp_path)
    arrive(edited(exports["a"], tmp_path / "elsewhere" / "copy-of-a"), tmp_path)
    ((links,),) = links_of(tmp_path).values()
    assert len(links.runs) == 1
    assert rebuild(tmp_path).warnings == ()


def test_one_recording_with_two_starts_counts_once_and_a_warning_names_both(exports, tmp_path):
    told = arrive(exports["a"], tmp_path)
    other = tmp_path / "elsewhere" / "a-renamed"
    start = {"start": "2026-03-02T11:00:00+01:00", "start_source": "file name"}
    arrive(edited(exports["a"], other, **start), tmp_path)
    ((links,),) = links_of(tmp_path).values()
    assert [used.run for used in links.runs] == [told]
    (warning,) = rebuild(tmp_path).warnings
    assert told in warning
    assert "a-renamed" in warning


def test_runs_with_other_settings_are_linked_apart(shop, exports, tmp_path):
    names = {arrive(exports[name], tmp_path) for name in "ab"}
    start = "2026-03-02T10:00:00"
    other = shop.run(shop.folder / "films" / "a", start, tmp_path / "out", "--set", "maps.cell_m=1")
    arrive(other, tmp_path)
    ((first, second),) = links_of(tmp_path).values()
    assert {frozenset(u.run for u in group.runs) for group in (first, second)} == {
        frozenset(names),
        frozenset([other.name]),
    }


def test_without_a_known_start_nothing_is_linked_and_the_command_says_so(shop, dwellmap, tmp_path):
    run = shop.run(shop.film("undated", 0, 20), None, tmp_path)
    assert not list(run.parent.glob("links-*"))
    ran = dwellmap("link", run.parent)
    assert ran.code == 0
    assert f"start not known, not linked: {run.name}" in ran.out


def test_a_folder_without_runs_is_no_cameras_folder(dwellmap, tmp_path):
    ran = dwellmap("link", tmp_path)
    assert ran.code == 2
    assert "expected a camera's folder with runs" in ran.err


@pytest.mark.parametrize("broken", ["tracks.parquet", "run.json"])
def test_a_broken_neighbour_costs_no_run(shop, exports, tmp_path, broken):
    camera = tmp_path / "cam"
    camera.mkdir()
    neighbour = arrive(exports["a"], camera)
    (camera / neighbour / broken).write_bytes(b"PAR1 no more")
    film = shop.folder / "films" / "b"
    told = ("--start", "2026-03-02T10:00:35", "--site", shop.folder / "site.toml")
    run = shop.run(film, told[1], tmp_path)
    assert RunFolder.open(run).recipe["results"]["people"] > 0
    ((links,),) = links_of(camera).values()
    assert [used.run for used in links.runs] == [run.name]
    (warning,) = rebuild(camera).warnings
    assert "not linked with the recordings around it" in warning
    assert neighbour in warning


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("results", None),
        ("results", {"phantoms": [{"xyxy_px": [1, 2]}]}),
        ("footage", {"observed_s": [["x"]], "frames": 5, "damaged": False, "warnings": []}),
        ("footage", {"observed_s": [[0, 40]], "frames": 5, "damaged": False, "warnings": []}),
        ("settings", {"linking": 5}),
        ("view", {}),
        ("source", {"content_hash": ["a", "list"]}),
        ("files", 5),
    ],
)
def test_a_damaged_recipe_costs_only_its_own_run(exports, dwellmap, tmp_path, part, value):
    sound = arrive(exports["a"], tmp_path)
    damaged = arrive(exports["b"], tmp_path)
    file = tmp_path / damaged / "run.json"
    recipe = json.loads(file.read_text())
    recipe[part] = recipe[part] | value if part == "source" else value
    file.write_text(json.dumps(recipe))
    ran = dwellmap("link", tmp_path, "--json")
    assert ran.code == 0, ran.err
    (warning,) = json.loads(ran.out)[0]["warnings"]
    assert "not linked with the recordings around it" in warning
    assert str(file) in warning
    assert "run the recording again" in warning
    assert "\n" not in warning
    ((links,),) = links_of(tmp_path).values()
    assert [used.run for used in links.runs] == [sound]


def test_a_damaged_table_is_said_once_though_two_days_touch_it(exports, tmp_path):
    starts = {"a": "2026-03-02T23:59:25+01:00", "b": "2026-03-03T00:00:00+01:00"}
    for name, start in starts.items():
        shutil.copytree(edited(exports[name], tmp_path / "moved" / name, start=start), tmp_path / name)
    shutil.rmtree(tmp_path / "moved")
    (tmp_path / "b" / "tracks.parquet").write_bytes(b"PAR1 no more")
    (warning,) = rebuild(tmp_path).warnings
    assert str(tmp_path / "b" / "tracks.parquet") in warning
    assert "run the recording again" in warning
    assert list(links_of(tmp_path)) == ["links-2026-03-02.parquet"]


def test_a_run_that_arrives_while_another_process_writes_is_not_lost(exports, tmp_path, monkeypatch):
    write = rebuilding.write_links
    late = []

    def slow(file, links):
        if not late:
            late.append(exports["b"].name)
            shutil.copytree(exports["b"], tmp_path / exports["b"].name)
        write(file, links)

    monkeypatch.setattr(rebuilding, "write_links", slow)
    arrive(exports["a"], tmp_path)
    ((links,),) = links_of(tmp_path).values()
    assert {used.run for used in links.runs} == {exports["a"].name, exports["b"].name}


def test_people_at_midnight_are_counted_on_both_days_and_marked_on_the_second(exports, tmp_path):
    """The same minutes, moved so that b begins the next day, 5 s before a ends."""
    starts = {"a": "2026-03-02T23:59:25+01:00", "b": "2026-03-03T00:00:00+01:00"}
    for order in ("ab", "ba"):
        camera = tmp_path / order
        camera.mkdir()
        for name in order:
            arrive(edited(exports[name], tmp_path / "moved" / order / name, start=starts[name]), camera)
        days = links_of(camera)
        assert list(days) == ["links-2026-03-02.parquet", "links-2026-03-03.parquet"]
        (evening,), (morning,) = days.values()
        assert not any(used.since_day_before.any() for used in evening.runs)
        since = morning.runs[0].since_day_before
        assert 0 < since.sum() < len(since)
        between = morning.runs[0].used_from - evening.runs[-1].used_until
        assert between.total_seconds() == pytest.approx(0, abs=0.02)
        assert morning.runs[0].used_from_s == pytest.approx(2.5, abs=0.05)
    files = [tmp_path / order / "links-2026-03-03.parquet" for order in ("ab", "ba")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_links_of_days_without_runs_go_when_rebuilt_by_hand(exports, tmp_path):
    name = arrive(exports["a"], tmp_path)
    other = {"start": "2026-03-05T10:00:00+01:00", "content_hash": "0" * 64}
    gone = arrive(edited(exports["a"], tmp_path / "elsewhere" / "later", **other), tmp_path)
    assert len(links_of(tmp_path)) == 2
    shutil.rmtree(tmp_path / gone)
    shutil.rmtree(tmp_path / "elsewhere")
    rebuild(tmp_path)
    ((links,),) = links_of(tmp_path).values()
    assert [used.run for used in links.runs] == [name]
    shutil.rmtree(tmp_path / name)
    assert rebuild(tmp_path).days == {}
    assert not links_of(tmp_path)


def test_who_is_away_while_a_run_counts_does_not_count(exports, tmp_path):
    """Seen before the part that counts and after it, as somebody who left and came back."""
    run = RunFolder.open(exports["a"])
    laid = Timeline.of([Part.of(run)], 15.0).laid[0]
    who = int(np.argmax(np.bincount(laid.visit_of)))
    begin, end = laid.visits_s[laid.visit_of == who][0]
    visits_s = np.vstack([laid.visits_s, [[end + 20, end + 25]]])
    twice = replace(laid, visits_s=visits_s, visit_of=np.append(laid.visit_of, who))
    assert not replace(twice, used_from_s=end + 5, used_until_s=end + 15).counts[who]
    assert replace(twice, used_from_s=end + 5, used_until_s=end + 30).first_s[who] == end + 20
    assert replace(twice, used_from_s=begin - 1, used_until_s=end).first_s[who] == begin


def test_joined_tracks_hold_every_row_that_counts_whatever_visitors_are_called(exports, tmp_path):
    names = [arrive(exports[name], tmp_path) for name in "abc"]
    ((links,),) = links_of(tmp_path).values()
    runs = {name: RunFolder.open(tmp_path / name) for name in names}
    turned = replace(links, runs=tuple(replace(u, visitor=100 - u.visitor) for u in links.runs))
    tracks, other = joined_tracks(links, runs), joined_tracks(turned, runs)
    counted = 0
    for used in links.runs:
        t_s = runs[used.run].tracks().t_s
        counted += int(np.count_nonzero((t_s >= used.used_from_s) & (t_s < used.used_until_s)))
    assert len(tracks) >= counted
    assert np.count_nonzero(tracks.observed) <= counted

    def rows(found):
        table = found.to_frame().drop(columns="person").sort_values(["t_s", "x1_px"], ignore_index=True)
        # Scene visits are numbered in the order of the visitors.
        table["scene_visit"] = pd.factorize(table["scene_visit"])[0]
        return table.astype(np.float64)

    pd.testing.assert_frame_equal(rows(tracks), rows(other))
    assert len(set(tracks.scene_visit)) >= tracks.people


def test_who_is_hidden_at_a_cut_is_put_on_the_way_between(exports, tmp_path):
    """Of somebody who walks on from b to c, the last second in b and the first in c are taken away."""
    b = edited(exports["b"], tmp_path / "b")
    c = edited(exports["c"], tmp_path / "c")
    rebuild(tmp_path)
    ((links,),) = links_of(tmp_path).values()
    both = np.intersect1d(links.runs[0].visitor, links.runs[1].visitor)[0]
    for folder, used, kept in ((b, links.runs[0], lambda t: t < 43.5), (c, links.runs[1], lambda t: t >= 1)):
        table = pd.read_parquet(folder / "tracks.parquet")
        person = used.person[used.visitor == both][0]
        table = table[(table["person"] != person) | kept(table["t_s"])]
        table.to_parquet(folder / "tracks.parquet", index=False)
    tracks = joined_tracks(links, {run.name: RunFolder.open(run) for run in (b, c)})
    mine = tracks.only(tracks.person == both)
    assert np.diff(mine.t_s).max() < 0.3
    filled = mine.only((mine.t_s > 43.6) & (mine.t_s < 45.9))
    assert len(filled) > 15
    assert not filled.observed.any()
    assert np.isnan(filled.score).all()
    assert np.abs(np.diff(filled.xy_m, n=2, axis=0)).max() < 1e-9


def test_a_day_with_a_missing_run_cannot_be_joined(exports, tmp_path):
    arrive(exports["a"], tmp_path)
    ((links,),) = links_of(tmp_path).values()
    with pytest.raises(ValueError, match="rebuild the links with `dwellmap link`"):
        joined_day(links, {})

"""The numbers of a report over several runs: erased, undated, cut, linked, of several cameras and clocks."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dwellmap.days.links import links_file
from dwellmap.period.period import Period
from dwellmap.period.tables import Tables
from dwellmap.report.cells import Choice
from dwellmap.report.findings import findings
from dwellmap.report.flows import Flows, flows_of
from dwellmap.report.summary import Summary, summarise
from dwellmap.report.use import use_of, verdict
from dwellmap.run_folder import dump_json
from dwellmap.run_tables import PEOPLE, VISITS, VISITS_CSV, ZONE_QUARTERS

NOON = "2026-03-27T12:00:00+01:00"
PERSONAL = ("tracks", "trajectories", "stays", "visits", "people", "detections")


def erase(run: Path) -> None:
    for name in PERSONAL:
        (run / f"{name}.parquet").unlink(missing_ok=True)
    (run / VISITS_CSV).unlink()


def summed(runs: list[Path], choice: Choice | None = None, **words) -> Summary:
    return summarise(Tables.of(Period.of_runs(runs, **words)), choice or Choice())


def told(summary: Summary) -> dict[str, str]:
    floor = summary.floors[0]
    return {one.question: f"{one.answer} [{one.basis}]" for one in
            findings(summary, floor, use_of(floor), flows_of(floor))}  # fmt: skip


def test_days_without_a_site_are_days_of_the_recordings_clock(shops, dwellmap, tmp_path):
    # From 0:00 to 2:00 in Berlin it is still the day before in UTC.
    shops("night", "2026-07-02T00:00:00+02:00", 2, 3, 1)
    out = tmp_path / "out"
    for words, runs in (
        (("--from", "2026-07-02", "--to", "2026-07-02"), 1),
        (("--from", "2026-07-02"), 1),
        (("--to", "2026-07-01"), None),
    ):
        done = dwellmap("report", "--out", out, *words, "--json", "--to-folder", tmp_path / "-".join(words))
        assert (json.loads(done.out)["runs"] if done.code == 0 else None) == runs, done.err
    days = pd.read_csv(tmp_path / "--from-2026-07-02" / "days.csv", encoding="utf-8-sig")
    assert days["day"].tolist() == ["2026-07-02"]
    assert days.iloc[0, 1] == 2 * 4 * 4


def test_all_erased_recordings_keep_their_first_page(shops):
    run = shops("a", NOON, 5, 30, 10)
    whole = summed([run])
    erase(run)
    summary = summed([run])
    assert summary.people.total == whole.people.total == 5 * 4 * 40
    said = told(summary)
    assert "“stop”: 75%" in said["Where do people spend their time?"]
    assert "personal data are erased" in said["Where do people spend their time?"]
    assert "60 s a visit" in said["How long do they stay?"]
    assert "cannot be told" in said["How long do they stay?"]
    assert said["Which area is too small, which too big?"].startswith("Not enough footage to tell.")
    assert "Where do people pass without stopping?" not in said
    assert "40 people at once" not in said["When is it busy?"]
    assert "2.7 people at once" in said["When is it busy?"]


@pytest.mark.parametrize(("people", "staff", "shown"), [(9, 3, 6.0), (7, 3, None), (9, None, None)])
def test_staff_of_erased_recordings_is_not_among_the_people(shops, people, staff, shown):
    run = shops("a", NOON, 1, 2, 0)
    erase(run)
    recipe = json.loads((run / "run.json").read_text())
    recipe["results"] |= {"people": people, "probable_staff": staff}
    (run / "run.json").write_text(dump_json(recipe))
    found = summed([run], Choice(False, 5)).people
    assert np.isnan(found.total) if shown is None else found.total == shown
    assert found.missing == (staff is None)


def test_from_a_zone_to_one_that_shares_its_floor_is_no_way():
    counts = np.array([[0.0, 30.0, 5.0, 1.0], [2.0, 0.0, 1.0, 1.0], [9.0, 1.0, 0.0, 0.0], [0.0] * 4])
    shared = np.zeros((3, 3), dtype=bool)
    shared[0, 1] = shared[1, 0] = True
    flows = Flows(counts, np.zeros((4, 4), dtype=bool), shared)
    assert flows.largest(2) == [(2, 0, 9.0), (0, 2, 5.0)]


def test_half_erased_the_shares_hold_both_recordings(shops):
    runs = [shops("a", NOON, 2, 30, 10), shops("b", "2026-03-28T12:00:00+01:00", 2, 10, 30)]
    erase(runs[1])
    summary = summed(runs)
    # Taken from the visits that remain "stop" would have 75 %.
    assert use_of(summary.floors[0]).share[:, 0].tolist() == [0.5, 0.5]
    assert summary.people.days["people"].tolist() == [320, 320]


def test_of_an_erased_recording_that_is_cut_nobody_knows_how_many_came(shops):
    runs = [shops("a", NOON, 2, 3, 1), shops("b", "2026-03-28T12:00:00+01:00", 2, 3, 1)]
    erase(runs[1])
    cut = summed(runs, end=datetime.fromisoformat("2026-03-28T13:00:00+01:00"))
    assert cut.people.missing == 1
    assert cut.people.total == 32
    assert np.isnan(cut.people.days["people"].tolist()[1])
    # And one of another day adds nothing.
    other = summed(runs, end=datetime.fromisoformat("2026-03-28T00:00:00+01:00"))
    assert (other.people.missing, other.people.total) == (0, 32)


def test_undated_recordings_are_in_the_total_and_in_the_table(shops):
    runs = [shops("a", NOON, 1, 3, 1), shops("b", None, 1, 3, 1)]
    summary = summed(runs)
    assert summary.people.total == summary.people.table["people"].sum() == 32
    assert summary.people.undated == 16
    assert len(summary.people.days) == 1
    assert summed(runs, Choice(min_people=2)).people.total == 32


def test_a_zone_filmed_for_longer_is_not_used_more(shops, tmp_path):
    # One more day on which a camera was there for "stop" only; all the time equally many people.
    runs = [shops("a", NOON, 4, 20, 20), shops("b", "2026-03-28T12:00:00+01:00", 4, 20, 20)]
    recipe = json.loads((runs[1] / "run.json").read_text())
    recipe["view"]["zones"] = recipe["view"]["zones"][:1]
    (runs[1] / "run.json").write_text(dump_json(recipe))
    pd.read_csv(runs[1] / "zones.csv").iloc[:1].to_csv(runs[1] / "zones.csv", index=False)
    quarters = pd.read_parquet(runs[1] / ZONE_QUARTERS)
    quarters[quarters["place"] == 0].to_parquet(runs[1] / ZONE_QUARTERS, index=False)
    summary = summed(runs)
    use = use_of(summary.floors[0])
    assert use.uneven
    assert use.share[:, 0] == pytest.approx([0.5, 0.5])
    assert "per hour filmed" in told(summary)["Where do people spend their time?"]
    # All zones together, each by its own footage: 20 minutes in 15.
    assert "2.7 people at once" in told(summary)["When is it busy?"]


def test_alike_is_only_said_with_an_interval_within_the_bounds(shops):
    few, many = shops("few", NOON, 1, 3, 3), shops("many", "2026-03-28T12:00:00+01:00", 8, 40, 40)
    for run, word in ((few, "not enough to tell"), (many, "about as the others")):
        summary = summed([run])
        floor, use = summary.floors[0], use_of(summary.floors[0])
        assert [verdict(floor, use, k) for k in (0, 1)] == [word, word]
        space = told(summary)["Which area is too small, which too big?"]
        assert space.startswith("Not enough" if run == few else "None: all zones are used about alike")
    stopping = told(summed([many]))["Where do people pass without stopping?"]
    assert stopping.startswith("About equally in all")


def test_autumn_has_an_hour_twice_and_it_is_one_row_with_two_hours_of_footage(shops, dwellmap, tmp_path):
    run = shops("autumn", "2026-10-25T01:00:00+02:00", 4, 3, 1)
    done = dwellmap("report", run, "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    hours = pd.read_csv(tmp_path / "report" / "hours.csv", encoding="utf-8-sig")
    stop = hours[hours["zone"] == "stop"].set_index("hour")
    assert stop["observed_s"].to_dict() == {1: 3600, 2: 7200, 3: 3600}
    assert stop["new_visitors"].to_dict() == {1: 12, 2: 24, 3: 12}


def test_opening_hours_cut_by_quarters(shops, dwellmap, tmp_path):
    site = tmp_path / "site.toml"
    run = shops("a", NOON, 4, 3, 1)
    days = "".join(f'{day} = "13:00-14:30"\n' for day in ("friday", "saturday"))
    site.write_text(site.read_text() + f"[opening_hours]\n{days}")
    sums = {}
    for name, words in (("open", ()), ("all", ("--all-hours",))):
        done = dwellmap("report", run, "--site", site, "--to-folder", tmp_path / name, *words)
        assert done.code == 0, done.err
        zones = pd.read_csv(tmp_path / name / "zones.csv", encoding="utf-8-sig").set_index("zone")
        hours = pd.read_csv(tmp_path / name / "hours.csv", encoding="utf-8-sig")
        sums[name] = zones.loc["stop", ["visitors", "entries", "dwell_s", "observed_s"]].tolist()
        assert hours["dwell_s"].sum() == zones["dwell_s"].sum()
    assert sums == {"open": [18, 18, 1080, 5400], "all": [48, 48, 2880, 14400]}


def test_two_cameras_over_one_floor_are_not_added_and_two_floors_are_told_apart(shops):
    runs = [shops("a", NOON, 2, 3, 1), shops("b", NOON, 1, 3, 1, camera="other")]
    (floor,) = summed(runs).floors
    assert floor.figures["dwell_s"].tolist() == [1440, 480]
    recipe = json.loads((runs[1] / "run.json").read_text())
    recipe["view"]["plan_picture"] = "another floor of the house"
    (runs[1] / "run.json").write_text(dump_json(recipe))
    assert [f.figures["dwell_s"].tolist() for f in summed(runs).floors] == [[1440, 480], [720, 240]]


def linked(folder: Path, rows: list[tuple[str, str, float, float, int, int]]) -> None:
    """Links of a day: run, start, used from, until, person, visitor."""
    names = ("run", "start", "used_from_s", "used_until_s", "person", "visitor")
    table = pd.DataFrame(rows, columns=list(names))
    table["start"] = pd.to_datetime(table["start"], utc=True)
    table = table.assign(recipe="0" * 8, clock_s=0.0, since_day_before=False, phantom=False)
    file = links_file(folder, datetime.fromisoformat(NOON).date())
    file.parent.mkdir(parents=True, exist_ok=True)
    order = ["recipe", "run", "start", "clock_s", "used_from_s", "used_until_s", "person", "visitor",
             "since_day_before", "phantom"]  # fmt: skip
    table[order].to_parquet(file, index=False)


def one_visit(run: Path, enter: float, leave: float, begun: bool, ended: bool) -> None:
    for name in (VISITS, PEOPLE):
        table = pd.read_parquet(run / name).iloc[:1]
        if name == VISITS:
            entry, length = "crossed" if begun else "appeared", leave - enter
            table = table.assign(enter_s=enter, leave_s=leave, dwell_s=length, begun=begun, ended=ended,
                                 entry=entry, stopped_s=length)  # fmt: skip
        else:
            table = table.assign(first_s=enter, last_s=leave)
        table.to_parquet(run / name, index=False)


def test_a_visit_over_two_files_that_overlap_is_one_visit(shops):
    """The first file ends at 13:00:10, the second begins at 13:00:00; they change over at 13:00:05."""
    first, second = shops("a", NOON, 1, 1, 0), shops("b", "2026-03-27T13:00:00+01:00", 1, 1, 0)
    recipe = json.loads((first / "run.json").read_text())
    recipe["footage"]["observed_s"] = [[0.0, 3610.0]]
    (first / "run.json").write_text(dump_json(recipe))
    one_visit(first, 3580.0, 3610.0, True, False)
    one_visit(second, 0.0, 40.0, False, True)
    linked(
        first.parent,
        [
            (first.name, NOON, 0.0, 3605.0, 0, 1),
            (second.name, "2026-03-27T13:00:00+01:00", 5.0, 3600.0, 0, 1),
        ],
    )
    summary = summed([first, second])
    floor = summary.floors[0]
    visits = floor.visits
    assert len(visits.visits) == 1
    assert visits.visits.dwell_s.tolist() == pytest.approx([25.0 + 35.0])
    assert (visits.begun.tolist(), visits.ended.tolist()) == ([True], [True])
    assert floor.figures["mean_km_s"][0] == pytest.approx(60.0)
    assert summary.people.total == 1
    assert summary.people.noun == "people"


def test_entries_of_a_quarter_that_two_files_share_are_not_counted_twice(shops):
    # Both show the whole hour; the second takes over in the middle of a quarter.
    runs = [shops(name, NOON, 1, 20, 0) for name in "ab"]
    linked(runs[0].parent, [("a", NOON, 0.0, 450.0, 0, 1), ("b", NOON, 450.0, 3600.0, 0, 2)])
    period = Period.of_runs(runs)
    sums = Tables.of(period).frame(
        "SELECT sum(entries) AS e, sum(dwell_s) AS d FROM zone_quarters WHERE place = 0"
    )
    assert sums.iloc[0].tolist() == [80, 4800]


def test_damaged_links_are_told_and_no_folder_of_this_machine(shops, dwellmap, tmp_path):
    run = shops("a", NOON, 1, 3, 1)
    file = links_file(run.parent, datetime.fromisoformat(NOON).date())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"no table")
    broken = run.parent / "broken"
    broken.mkdir()
    (broken / "run.json").write_text("{")
    done = dwellmap("report", "--out", tmp_path / "out", "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "links of cam on 2026-03-27 cannot be read" in page
    assert "eft out: cam/broken" in page
    for file in (tmp_path / "report").iterdir():
        assert str(tmp_path) not in file.read_text(encoding="utf-8-sig")


def test_where_a_report_goes_and_that_it_is_new(shops, dwellmap, tmp_path, monkeypatch):
    run, out = shops("a", NOON, 1, 3, 1), tmp_path / "out"
    for words, folder in (
        ((run,), out / "reports" / "a"),
        ((run.parent,), out / "reports" / "cam"),
        (("--out", out), out / "reports" / "all"),
        (("--out", out, "--camera", "cam", "--from", "2026-03-27"), out / "reports" / "cam_2026-03-27"),
    ):
        done = dwellmap("report", *words)
        assert done.code == 0, done.err
        assert (folder / "report.html").is_file()
    monkeypatch.setattr("dwellmap.commands.report.summarise", lambda *_: pytest.fail("summed up for nothing"))
    again = dwellmap("report", run)
    assert again.code == 2
    assert "--to-folder" in again.err


def test_people_of_days_add_up_to_the_total_over_midnight(shops):
    start = datetime.fromisoformat("2026-03-27T23:00:00+01:00")
    runs = [
        shops("a", start.isoformat(), 1, 3, 1),
        shops("b", (start + timedelta(hours=1)).isoformat(), 1, 3, 1),
    ]
    summary = summed(runs)
    assert summary.people.days["people"].tolist() == [16, 16]
    assert summary.people.total == 32


def test_a_page_stays_small_with_many_cells_and_says_what_it_leaves_out(
    shops, dwellmap, tmp_path, monkeypatch
):
    run, to = shops("a", NOON, 2, 30, 10), tmp_path / "whole"
    assert dwellmap("report", run, "--to-folder", to).code == 0
    whole = (to / "report.html").stat().st_size
    assert whole < 8_000_000
    monkeypatch.setattr("dwellmap.report.page.LARGEST_PAGE_BYTES", int(0.95 * whole))
    assert dwellmap("report", run, "--to-folder", tmp_path / "less").code == 0
    page = (tmp_path / "less" / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 0.95 * whole
    assert "To keep this page small" in page
    monkeypatch.setattr("dwellmap.report.page.LARGEST_PAGE_BYTES", 1000)
    none = dwellmap("report", run, "--to-folder", tmp_path / "none")
    assert none.code == 2
    assert "fewer cameras" in none.err
    assert not (tmp_path / "none").exists()


def test_names_are_no_markup_in_any_page(shops, dwellmap, tmp_path):
    evil = "<script>alert(1)</script>"
    runs = [shops("a", NOON, 2, 3, 1), shops("b", "2026-03-28T12:00:00+01:00", 2, 3, 1)]
    for run in runs:
        recipe = json.loads((run / "run.json").read_text())
        recipe["view"]["camera"] = f"{evil} camera"
        recipe["view"]["zones"][0]["name"] = f"{evil} zone"
        recipe["source"]["name"] = recipe["source"]["detector"] = f"{evil} recording"
        recipe["warnings"] = [f"{evil} warning"]
        (run / "run.json").write_text(dump_json(recipe))
        visits = pd.read_parquet(run / VISITS)
        visits.replace({"zone": {"stop": f"{evil} zone"}}).to_parquet(run / VISITS, index=False)
    runs = [run.rename(run.parent / f"<img src=x onerror=alert({k})>") for k, run in enumerate(runs)]
    done = dwellmap("report", *runs, "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    done = dwellmap("compare", *runs, "--to", tmp_path / "compared")
    assert done.code == 0, done.err
    for file in (tmp_path / "report" / "report.html", tmp_path / "compared" / "comparison.html"):
        page = file.read_text(encoding="utf-8")
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        # Nor out of the table that the script reads.
        assert "</script> " not in page

"""A report on one person: all figures by hand."""

import json
from pathlib import Path

import pandas as pd
import pytest


def ran(replay, walker, out: Path, *words: str) -> Path:
    result = replay(walker, "--site", walker.parent / "site.toml", "--out", out, "--json", *words)
    assert result.code == 0, result.err
    return Path(json.loads(result.out)[0]["run"])


def test_one_person_by_hand(replay, walker, dwellmap, tmp_path):
    # Into the 1 m zone half a metre before its middle: half a second of walking, 8 s of standing, and out.
    run = ran(replay, walker, tmp_path / "out", "--start", "2026-03-28T23:59:55+01:00")
    zone = pd.read_csv(run / "zones.csv").iloc[0]
    assert (zone["visitors"], zone["entries"], zone["peak"]) == (1, 1, 1)
    assert abs(zone["dwell_s"] - 9.0) < 0.3
    assert abs(zone["person_s_per_m2"] - zone["dwell_s"]) < 0.02
    assert (zone["attracting_power"], zone["visits_km"], zone["censored"]) == (1, 1, 0)
    quarters = pd.read_parquet(run / "zone_quarters.parquet")
    # Midnight lies within the visit.
    assert len(quarters) == 2
    assert abs(quarters["dwell_s"].sum() - zone["dwell_s"]) < 1e-3
    done = dwellmap("report", run, "--site", walker.parent / "site.toml", "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "Not enough" in page
    hours = pd.read_csv(tmp_path / "report" / "hours.csv", encoding="utf-8-sig")
    assert hours["hour"].tolist() == [23, 0]
    assert abs(hours["dwell_s"].sum() - zone["dwell_s"]) < 2e-3
    assert (tmp_path / "report" / "zones.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_few_people_are_not_shown(replay, walker, dwellmap, tmp_path):
    run = ran(replay, walker, tmp_path / "out", "--start", "2026-03-28T12:00:00+01:00")
    done = dwellmap("report", run, "--min-people", "2", "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    for name in ("hours", "cells"):
        table = pd.read_csv(tmp_path / "report" / f"{name}.csv", encoding="utf-8-sig")
        assert len(table)
        assert table["dwell_s"].astype(str).isin(["hidden", "0.0", "0"]).all()
        assert (table["dwell_s"] == "hidden").any()


def test_a_folder_that_is_no_run(dwellmap, tmp_path):
    done = dwellmap("report", tmp_path)
    assert done.code == 2
    assert "expected a run" in done.err


def test_what_lies_beside_the_runs_in_a_pattern_is_passed_over(replay, walker, dwellmap, tmp_path):
    run = ran(replay, walker, tmp_path / "out", "--start", "2026-03-28T12:00:00+01:00")
    (run.parent / "links-2026-03-28.parquet").write_bytes(b"")
    (run.parent / "walker-activity-1a2b3c4d").mkdir()
    beside = sorted(run.parent.iterdir())
    assert len(beside) == 3
    done = dwellmap("report", *beside, "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    done = dwellmap("report", run, run.parent / "nothing", "--to-folder", tmp_path / "other")
    assert done.code == 2
    assert "nothing" in done.err


def test_the_hour_that_clocks_leave_out(replay, walker, dwellmap, tmp_path):
    # At two o'clock it is three: the visit goes on in the next hour of the day.
    run = ran(replay, walker, tmp_path / "out", "--start", "2026-03-29T01:59:55+01:00")
    done = dwellmap("report", run, "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    hours = pd.read_csv(tmp_path / "report" / "hours.csv", encoding="utf-8-sig")
    assert hours["hour"].tolist() == [1, 3]
    assert hours["observed_s"].sum() == pytest.approx(12.0, abs=0.2)


def test_a_period_is_found_by_its_days(replay, walker, dwellmap, tmp_path):
    out = tmp_path / "out"
    for day in ("2026-03-27", "2026-03-28"):
        ran(replay, walker, out, "--start", f"{day}T12:00:00+01:00")
    done = dwellmap(
        "report", "--out", out, "--from", "2026-03-28", "--json", "--to-folder", tmp_path / "report"
    )
    assert json.loads(done.out)["runs"] == 1
    assert dwellmap("report", "--out", out, "--from", "2026-04-01").code == 2
    wrong = dwellmap("report", "--out", out, "--from", "yesterday")
    assert wrong.code == 2
    assert "--from: expected a day" in wrong.err


def test_a_run_whose_personal_data_are_gone_keeps_maps_and_hours(replay, walker, dwellmap, tmp_path):
    run = ran(replay, walker, tmp_path / "out", "--start", "2026-03-28T12:00:00+01:00")
    whole = dwellmap("report", run, "--to-folder", tmp_path / "whole")
    for name in ("tracks", "trajectories", "stays", "visits", "people", "detections"):
        (run / f"{name}.parquet").unlink()
    (run / "visits.csv").unlink()
    done = dwellmap("report", run, "--to-folder", tmp_path / "erased")
    assert (whole.code, done.code) == (0, 0), done.err
    for name in ("hours", "cells"):
        same = [(tmp_path / kind / f"{name}.csv").read_bytes() for kind in ("whole", "erased")]
        assert same[0] == same[1]
    assert "have been erased" in (tmp_path / "erased" / "report.html").read_text(encoding="utf-8")


def test_nobody_at_all_and_a_name_that_is_markup(replay, walker, dwellmap, tmp_path):
    (walker / "det" / "det.txt").write_text("1,-1,0,0,1,1,0.01,-1,-1,-1\n")
    site = walker.parent / "site.toml"
    site.write_text(site.read_text().replace('name = "stop"', 'name = "<script>alert(1)</script>"'))
    run = ran(replay, walker, tmp_path / "out")
    done = dwellmap("report", run, "--site", site, "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "Nobody was counted" in page
    assert "<script>alert" not in page


@pytest.fixture
def page_in_browser(replay, walker, dwellmap, browser, tmp_path):
    """The report in Chromium, offline."""
    run = ran(replay, walker, tmp_path / "out")
    assert dwellmap("report", run, "--to-folder", tmp_path / "report").code == 0
    context = browser.new_context(offline=True)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((tmp_path / "report" / "report.html").as_uri())
    yield page, faults
    context.close()


def test_values_under_the_mouse_and_by_the_keys(page_in_browser):
    page, faults = page_in_browser
    figure = page.locator("figure", has=page.locator("[data-map=dwell]"))
    figure.locator("svg.map").scroll_into_view_if_needed()
    box = figure.locator("svg.map").bounding_box()
    # The person stands at (4, 4) of 10 x 8 m.
    page.mouse.move(box["x"] + 0.425 * box["width"], box["y"] + 0.53 * box["height"])
    assert figure.locator(".value").inner_text().startswith("x 4.25, y 4.25 m:")
    assert "person-seconds" in figure.locator(".value").inner_text()
    figure.locator("svg.map").focus()
    page.keyboard.press("ArrowRight")
    assert figure.locator(".value").inner_text().startswith("x 4.75, y 4.25 m:")
    assert faults == []

"""A report on one person: all figures by hand."""

import json
from pathlib import Path

import pandas as pd


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
        assert not (table["dwell_s"].fillna(0) > 0).any()


def test_a_folder_that_is_no_run(dwellmap, tmp_path):
    done = dwellmap("report", tmp_path)
    assert done.code == 2
    assert "expected a run" in done.err

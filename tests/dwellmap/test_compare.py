"""`dwellmap compare`: two sets of runs in, two maps, a table and a page out."""

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dwellmap.days.links import links_file
from dwellmap.run_folder import RunFolder, dump_json
from dwellmap.run_tables import CELL_QUARTERS, ZONE_QUARTERS

FIRST = datetime.fromisoformat("2026-11-02T10:00:00+01:00")


@pytest.fixture
def days(walker: Path, replay, tmp_path: Path):
    """Days of a shop of two hours each, with known sums: copies of one run with other tables.

    In each quarter of an hour about `stop` person-seconds fall into the zone "stop" (in its cells) and
    `elsewhere` into one cell beside it.
    """
    ran = replay(
        walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "made", "--start", FIRST, "--json"
    )
    made = Path(json.loads(ran.out)[0]["run"])
    recipe = RunFolder.open(made).recipe
    grid = recipe["grid"]
    inside = round((4.0 - 1e-6) / grid["cell"] - 0.5) * grid["columns"] + round(4.0 / grid["cell"] - 0.5)
    outside = inside + 4

    def make(out: Path, first: int, count: int, stop: float, elsewhere: float, people: int = 9) -> list[Path]:
        folders = []
        for n in range(first, first + count):
            rng = np.random.default_rng(n)
            start = FIRST + timedelta(days=n)
            folder = out / "cam" / f"day-{n:03d}"
            shutil.copytree(made, folder)
            changed = json.loads((folder / "run.json").read_text())
            changed["source"] |= {"start": start.isoformat(), "content_hash": f"day {n}", "name": f"day {n}"}
            changed["footage"]["observed_s"] = [[0.0, 7200.0]]
            (folder / "run.json").write_text(dump_json(changed))
            begin = int(start.timestamp()) + 900 * np.arange(8)
            busy = rng.lognormal(0, 0.15)
            tables = {}
            for place, mean in ((inside, stop), (outside, elsewhere)):
                dwell = mean * busy * rng.lognormal(0, 0.1, 8)
                visitors = np.full(8, people)
                tables[place] = pd.DataFrame(
                    {"begin_s": begin, "place": place, "staff": False, "dwell_s": dwell, "entries": visitors,
                     "visitors": visitors}
                )  # fmt: skip
            pd.concat(tables.values()).to_parquet(folder / CELL_QUARTERS, index=False)
            zone = tables[inside].assign(place=0, peak=1, peak_s=begin.astype(float))
            zone.to_parquet(folder / ZONE_QUARTERS, index=False)
            folders.append(folder)
        return folders

    make.cells = inside, outside
    return make


def test_a_moved_crowd_is_found_and_told(days, dwellmap, tmp_path):
    """Half of the time of the zone moves to a cell beside it, over six days of each."""
    out = tmp_path / "out"
    days(out, 0, 6, 400.0, 400.0)
    days(out, 7, 6, 200.0, 600.0)
    ran = dwellmap(
        "compare", "2026-11-02..2026-11-08", "2026-11-09..2026-11-15", "--out", out, "--to", tmp_path / "to"
    )
    assert ran.code == 0, ran.err
    assert "Less" in ran.out
    table = pd.read_csv(tmp_path / "to" / "comparison.csv", encoding="utf-8-sig").set_index(["kind", "place"])
    zone = table.loc[("zone", "stop")]
    assert zone["verdict_share_percent"] == "less"
    assert zone["a_share_percent"] == pytest.approx(50, abs=4)
    assert zone["b_share_percent"] == pytest.approx(25, abs=4)
    assert zone["low_share_percent"] < zone["change_share_percent"] < zone["high_share_percent"] < 0
    _, outside = days.cells
    assert table.loc[("cell", str(outside)), "verdict_share_percent"] == "more"
    # Person-seconds in a quarter of an hour, over the time in view, as minutes an hour.
    assert zone["a_min_per_h"] == pytest.approx(400 / 900 * 60, rel=0.2)
    page = (tmp_path / "to" / "comparison.html").read_text()
    assert "Within-day only" not in page
    assert "12 × 12" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    for name in ("how-much.png", "where.png"):
        assert (tmp_path / "to" / name).stat().st_size > 10_000


def test_alike_days_are_not_called_different_and_floor_nobody_saw_has_no_number(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    a, b = days(out, 0, 6, 300.0, 300.0), days(out, 7, 6, 300.0, 300.0)
    ran = dwellmap("compare", "2026-11-02..2026-11-08", "2026-11-09..2026-11-15", "--out", out, "--json")
    result = json.loads(ran.out)
    assert result["block"] == "day"
    assert result["blocks"] == [6, 6]
    assert result["cells_different"] == {"how much": 0, "where": 0}
    table = pd.read_csv(Path(result["comparison"]) / "comparison.csv", encoding="utf-8-sig")
    unseen = table[table["verdict_min_per_h"] == "not seen"]
    assert len(unseen)
    assert unseen[["a_min_per_h", "change_min_per_h", "p_min_per_h"]].isna().all().all()
    coverage = pd.read_parquet(a[0] / "maps.parquet")["coverage"]
    assert len(unseen) == (coverage < 0.5).sum()
    del b


def test_few_days_are_compared_within_the_day_and_the_page_says_so(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    (a,), (b,) = days(out, 0, 1, 300.0, 300.0), days(out, 1, 1, 300.0, 300.0)
    ran = dwellmap("compare", a, b, "--to", tmp_path / "to")
    assert ran.code == 0, ran.err
    assert "Within-day only" in (tmp_path / "to" / "comparison.html").read_text()


def test_other_hours_of_the_day_are_no_effect_of_the_arrangement(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    days(out, 0, 1, 300.0, 300.0)
    ran = dwellmap(
        "compare",
        "2026-11-02T10:00..2026-11-02T11:00",
        "2026-11-02T11:00..2026-11-02T12:00",
        "--out",
        out,
        "--json",
    )
    assert "different hours of the day" in " ".join(json.loads(ran.out)["cautions"])


def test_other_days_of_the_week_are_told(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    days(out, 0, 5, 300.0, 300.0)
    days(out, 8, 5, 300.0, 300.0)
    words = ("--out", out, "--json")
    ran = dwellmap("compare", "2026-11-02..2026-11-08", "2026-11-10..2026-11-15", *words)
    cautions = " ".join(json.loads(ran.out)["cautions"])
    assert "A shows 1 Monday, 1 Tuesday, 1 Wednesday, 1 Thursday, 1 Friday, B 1 Tuesday" in cautions
    ran = dwellmap("compare", "2026-11-03..2026-11-05", "2026-11-10..2026-11-12", *words)
    assert "Tuesday" not in " ".join(json.loads(ran.out)["cautions"])


def test_another_floor_is_not_compared_and_a_plan_drawn_anew_is(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    (a,), (b,) = days(out, 0, 1, 300.0, 300.0), days(out, 1, 1, 300.0, 300.0)
    recipe = json.loads((b / "run.json").read_text())
    recipe["view"]["plan_picture"] = "another drawing"
    (b / "run.json").write_text(dump_json(recipe))
    ran = dwellmap("compare", a, b, "--json", "--to", tmp_path / "to")
    assert ran.code == 0, ran.err
    assert "drawn anew" in " ".join(json.loads(ran.out)["cautions"])
    # Another camera, and the drawing differs: of the same size, another floor.
    recipe["view"]["camera"] = "upstairs"
    (b / "run.json").write_text(dump_json(recipe))
    ran = dwellmap("compare", a, b)
    assert ran.code == 2
    assert "expected one floor" in ran.err


def test_a_comparison_is_made_anew_when_its_links_have_changed(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    (a,), (b,) = days(out, 0, 1, 300.0, 300.0), days(out, 1, 1, 300.0, 300.0)
    made = [json.loads(dwellmap("compare", a, b, "--out", out, "--json").out)["comparison"] for _ in "ab"]
    assert made[0] == made[1]
    links = links_file(a.parent, FIRST.date())
    links.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(
        {"recipe": "0" * 8, "run": a.name, "start": pd.to_datetime([FIRST], utc=True), "clock_s": 0.0,
         "used_from_s": 0.0, "used_until_s": 3600.0, "person": 1, "visitor": 1, "since_day_before": False,
         "phantom": False}
    ).to_parquet(links, index=False)  # fmt: skip
    assert json.loads(dwellmap("compare", a, b, "--out", out, "--json").out)["comparison"] != made[0]


def test_small_counts_are_hidden_in_every_file(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    days(out, 0, 5, 300.0, 300.0, people=1)
    days(out, 7, 5, 300.0, 300.0, people=1)
    words = ("compare", "2026-11-02..2026-11-08", "2026-11-09..2026-11-15", "--out", out)
    ran = dwellmap(*words, "--min-people", "20", "--to", tmp_path / "to")
    assert ran.code == 0, ran.err
    table = pd.read_csv(tmp_path / "to" / "comparison.csv", encoding="utf-8-sig")
    zone = table[table["kind"] == "zone"].iloc[0]
    assert zone["verdict_min_per_h"] == "hidden"
    assert zone["a_min_per_h"] == "hidden"
    cells = table[table["place"].isin([str(place) for place in days.cells])]
    assert (cells["verdict_share_percent"] == "hidden").all()
    assert (cells["b_share_percent"] == "hidden").all()
    ran = dwellmap(
        "compare", "2026-11-02T10:00..2026-11-08", "2026-11-09..", "--out", out, "--min-people", "5"
    )
    assert ran.code == 2
    assert "whole days" in ran.err


def test_bad_input_is_told(days, dwellmap, tmp_path):
    out = tmp_path / "out"
    a, b = days(out, 0, 2, 300.0, 300.0)
    (other,) = days(tmp_path / "elsewhere", 5, 1, 300.0, 300.0)
    recipe = json.loads((other / "run.json").read_text())
    recipe["grid"]["cell"] = 1.0
    (other / "run.json").write_text(dump_json(recipe))
    for words, message in (
        ((a, a), "is on both sides"),
        (("2026-11-02..2026-11-03", "2026-11-03..2026-11-04"), "is on both sides"),
        ((a, other), "expected the same cells"),
        ((a, "2027-01-01..2027-01-02"), "expected a recording of that period"),
        ((a, "nothing-here"), "found nothing of that name"),
        ((a, "2026-11-09..2026-11-02"), "begins before it ends"),
        ((a, "2026-13-09.."), "expected a day such as"),
    ):
        ran = dwellmap("compare", *words, "--out", out)
        assert ran.code == 2, words
        assert message in ran.err, ran.err
        assert not list(out.glob("comparison-*"))
    assert dwellmap("compare", a, b, "--to", tmp_path / "to").code == 0
    ran = dwellmap("compare", a, b, "--to", tmp_path / "to")
    assert ran.code == 2
    assert "is there already" in ran.err

"""Names from outside are no formulas in a spreadsheet, and numbers stay numbers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dwellmap.spreadsheet import as_read, as_text, write_csv

WICKED = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1")


@given(st.text())
def test_what_is_escaped_is_read_back(text):
    line = text.replace("\r", " ").replace("\n", " ")
    assert as_read(as_text(text)) == line or text.startswith("'")
    assert as_text(text)[:1] not in tuple("=+-@\t\r\n＝＋－＠")


def test_names_are_text_and_numbers_stay_numbers(tmp_path):
    table = pd.DataFrame({"name": WICKED, "value": -1.5, "mixed": [-2.5, "-2", *[np.nan] * 6]})
    write_csv(tmp_path / "t.csv", table.assign(kind=pd.Categorical(["=x"] * 8)))
    back = pd.read_csv(tmp_path / "t.csv")
    assert [as_read(name) for name in back["name"].tolist()] == ["=1+1", *WICKED[1:5], " x", " x", "＝1"]
    assert back["name"].str[:1].isin(["'", " "]).all()
    assert back["kind"].str.startswith("'").all()
    assert (back["value"] == -1.5).all()
    assert back["mixed"].tolist()[:2] == ["-2.5", "'-2"]


def test_no_csv_of_a_run_a_report_or_a_comparison_has_a_formula(replay, walker, dwellmap, tmp_path):
    name = "=HYPERLINK(A1)"
    site = walker.parent / "site.toml"
    site.write_text(site.read_text().replace('name = "stop"', f'name = "{name}"'))
    runs = []
    for day in ("2026-03-27", "2026-03-28"):
        start = f"{day}T12:00:00+01:00"
        ran = replay(walker, "--site", site, "--out", tmp_path / "out", "--json", "--start", start)
        runs.append(Path(json.loads(ran.out)[0]["run"]))
    assert dwellmap("report", *runs, "--site", site, "--to-folder", tmp_path / "report").code == 0
    assert dwellmap("compare", *runs, "--to", tmp_path / "compared").code == 0
    files = [
        file
        for folder in (*runs, tmp_path / "report", tmp_path / "compared")
        for file in folder.glob("*.csv")
    ]
    assert {file.name for file in files} >= {"visits.csv", "zones.csv", "hours.csv", "comparison.csv"}
    named = 0
    for file in files:
        table = pd.read_csv(file, encoding="utf-8-sig", dtype=str, keep_default_na=False)
        for text in table.to_numpy().ravel():
            named += text == f"'{name}"
            if text.startswith(("=", "+", "@", "-")):
                assert float(text) < 0, (file, text)
    assert named >= 6

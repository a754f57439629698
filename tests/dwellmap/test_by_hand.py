"""One person walks 4 m in 2 s, stands for 10 s in a zone, and leaves: every figure by hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

# In over the border at x = 6 after 3.5 of 4 m at 2 m/s; out over x = 7, half a metre at 1 m/s after 12 s.
ENTER_S, LEAVE_S = 1.75, 12.5
DWELL_S = LEAVE_S - ENTER_S
# Smoothing rounds the corners of the way.
NEAR_S = 0.2


@pytest.fixture
def run(walk, replay, tmp_path):
    """The run of the recording, which began at noon."""
    square = [[6.0, 3.5], [7.0, 3.5], [7.0, 4.5], [6.0, 4.5]]
    recording = walk("hand", [0, 2, 12, 13.5], [2.5, 6.5, 6.5, 8.0], square)
    words = ("--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json")
    ran = replay(recording, *words, "--start", "2026-03-27T12:00:00+01:00")
    assert ran.code == 0, ran.err
    return Path(json.loads(ran.out)[0]["run"])


def check(zone: pd.Series) -> None:
    """The figures that `zones.csv` of a run and of a report share."""
    near = {"abs": NEAR_S}
    assert zone["zone"] == "stop"
    assert not zone["staff_only"]
    assert (
        zone[["visitors", "entries", "peak", "visits_km", "stopped", "attracting_power"]].tolist() == [1] * 6
    )
    assert zone[["censored", "under_way"]].tolist() == [0, 0]
    for name in ("dwell_s", "attention_s", "attention_naive_s", "mean_km_s", "person_s_per_m2"):
        assert zone[name] == pytest.approx(DWELL_S, **near), name
    assert zone[["attention_s", "attention_naive_s", "mean_km_s"]].tolist() == [zone["dwell_s"]] * 3
    # One visit: its length is median and quartiles, and nothing bounds the median from above.
    lengths = zone[["median_s", "median_low_s", "quartile_1_s", "quartile_3_s"]].astype(float)
    assert lengths.tolist() == pytest.approx([DWELL_S] * 4, **near)
    assert zone["median_high_s"] == "not reached"
    assert zone[["mean_km_low_s", "mean_km_high_s"]].isna().all()
    # Standing: 10 s and what is walked in the stretch of 0.6 m around it.
    assert 10.0 - NEAR_S <= zone["holding_power_s"] <= DWELL_S
    assert zone["area_m2"] == zone["seen_m2"] == zone["coverage"] == 1.0
    assert zone["observed_s"] == pytest.approx(13.6, abs=0.11)


def test_the_run(run):
    zone = pd.read_csv(run / "zones.csv").iloc[0]
    check(zone)
    assert zone["peak_s"] == pytest.approx(ENTER_S, abs=NEAR_S)
    assert zone["peak_at"].startswith("2026-03-27 12:00:01")
    (visit,) = pd.read_csv(run / "visits.csv").to_dict("records")
    assert (visit["zone"], visit["entry"], visit["exit"]) == ("stop", "crossed", "crossed")
    assert (visit["begun"], visit["ended"], visit["probable_staff"]) == (True, True, False)
    assert visit["enter_s"] == pytest.approx(ENTER_S, abs=NEAR_S)
    assert visit["leave_s"] == pytest.approx(LEAVE_S, abs=NEAR_S)
    assert visit["dwell_s"] == pytest.approx(visit["leave_s"] - visit["enter_s"], abs=2e-3)
    assert visit["observed_share"] == 1.0
    enter = pd.Timestamp(visit["enter"]) - pd.Timestamp("2026-03-27 12:00:00+01:00")
    assert enter.total_seconds() == pytest.approx(visit["enter_s"], abs=2e-3)


def test_a_zone_made_of_cells_has_the_dwell_of_its_cells(run):
    zone = pd.read_csv(run / "zones.csv").iloc[0]
    cells = pd.read_parquet(run / "maps.parquet")
    inside = cells["x_m"].between(6, 7) & cells["y_m"].between(3.5, 4.5)
    assert inside.sum() == 4
    assert cells["dwell_s"][inside].sum() == pytest.approx(zone["dwell_s"], abs=1e-3)


def test_the_report(run, dwellmap, tmp_path):
    done = dwellmap("report", run, "--to-folder", tmp_path / "report")
    assert done.code == 0, done.err

    def table(name: str) -> pd.DataFrame:
        return pd.read_csv(tmp_path / "report" / f"{name}.csv", encoding="utf-8-sig")

    zone = table("zones").iloc[0]
    check(zone)
    assert zone["peak_at"] == "2026-03-27 12:00"
    hour = table("hours").iloc[0]
    assert (hour["day"], hour["hour"], hour["zone"]) == ("2026-03-27", 12, "stop")
    assert (hour["new_visitors"], hour["entries"], hour["dwell_s"]) == (1, 1, zone["dwell_s"])
    assert table("days")[["people", "probable_staff"]].to_numpy().tolist() == [[1, 0]]
    # From outside of all zones to it, and from it to outside.
    assert sorted(table("flows").fillna("")[["from", "to"]].to_numpy().tolist()) == [
        ["", "stop"],
        ["stop", ""],
    ]
    assert table("flows")["times"].tolist() == [1, 1]
    cells = table("cells")
    inside = cells["x_m"].between(6, 7) & cells["y_m"].between(3.5, 4.5)
    assert cells["dwell_s"][inside].sum() == pytest.approx(zone["dwell_s"], abs=5e-3)
    assert cells["visits"].max() == 1
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "at most 1 visitors in a zone" in page
    assert "Friday, 27 March 2026" in page

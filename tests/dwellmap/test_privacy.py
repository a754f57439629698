"""What reports and comparisons of a shop with rare visitors write, read by somebody who subtracts."""

import itertools
import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import cv2
import numpy as np
import pandas as pd
import pytest

from calibration.calibration import Calibration
from dwellmap.backdrop import backdrop_of, blurred
from dwellmap.site import load_site
from dwellmap.view import site_view

K = 3
SIZE_PX = (640, 480)
ZONES = {"left": (1.0, 3.0, 4.0, 6.0), "right": (6.0, 3.0, 9.0, 6.0), "nook": (4.25, 1.5, 5.75, 2.75)}
SITE = """
[opening_hours]
monday = "09:00-18:00"
tuesday = "09:00-18:00"
wednesday = "09:00-18:00"
"""


def walk(begin_s, *stops):
    """Way of somebody who comes in at the right, stands at each (x, y, s) and leaves at the right."""
    return begin_s, ((9.7, 4.5, 0.0), *stops, (9.7, 4.5, 0.0))


def customers(rng, begin_s, people):
    """People who come within the hour, go to both zones in the usual order, and leave."""
    for start in np.sort(rng.uniform(0, 3000, people)):
        (x1, x2), (y1, y2) = rng.uniform((6.5, 1.5), (8.5, 3.5)), rng.uniform(3.5, 5.5, 2)
        yield walk(begin_s + start, (x1, y1, rng.uniform(5, 60)), (x2, y2, rng.uniform(5, 90)))


def day_of(seed):
    """Ways of a day from 8 to 18 in two halves: busy hours, and people whom nobody may know of."""
    rng = np.random.default_rng(seed)
    halves = [[], []]
    for hour in range(10):
        # Before opening one person, then many, but few at three o'clock.
        people = 0 if hour == 0 else 2 if hour == 7 else int(rng.integers(6, 12))
        halves[hour // 5] += customers(rng, hour % 5 * 3600.0, people)
    # The cleaner before opening, one who goes to the nook, one who goes from left to right and back.
    halves[0].append(walk(300.0, (2.3, 4.4, 211.7 + seed), (7.7, 3.9, 97.3)))
    halves[0].append(walk(7500.0 + seed, (5.0, 2.1, 137.3 + seed)))
    halves[1].append(walk(4000.0, (2.1, 5.1, 31.9), (7.2, 5.3, 41.3 + seed), (2.9, 3.4, 12.7)))
    # Two members of staff.
    for k in range(2):
        halves[0].append(walk(3700.0 + k, (1.6 + k, 4.0, 9000.0 + 11 * k)))
    return halves


@pytest.fixture
def shop(walker, write_run, tmp_path_factory):
    """Two days in two halves each, and two recordings without a date; made once."""
    folder = tmp_path_factory.getbasetemp() / "privacy"
    if folder.exists():
        return folder
    draft = folder.with_name("privacy being made")
    draft.mkdir()
    shutil.copy(walker.parent / "cam.calibration.json", draft)
    site = (walker.parent / "site.toml").read_text().split("[[zones]]")[0]
    for name, (x0, y0, x1, y1) in ZONES.items():
        corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
        site += f'[[zones]]\nname = "{name}"\npolygon_m = {corners}\n'
    site += '[[zones]]\nname = "office"\nstaff_only = true\npolygon_m = [[1, 1], [3, 1], [3, 2], [1, 2]]\n'
    (draft / "site.toml").write_text(site + SITE)
    (draft / "short.toml").write_text(site + SITE.replace("09:00-18:00", "11:30-16:15"))
    (draft / "plain.toml").write_text(site)
    for day, seed in (("2026-11-02", 1), ("2026-11-03", 2)):
        for half, ways in enumerate(day_of(seed)):
            start = datetime.fromisoformat(f"{day}T08:00:00+01:00") + timedelta(hours=5 * half)
            write_run(draft / "site.toml", ways, start, 18000.0, draft / "out" / "cam" / f"{day}-{half}",
                      f"{day} {half}")  # fmt: skip
    rng = np.random.default_rng(7)
    for name, extra in (("a", []), ("b", [walk(900.0, (2.0, 4.0, 77.7))])):
        ways = [*customers(rng, 0.0, 5), *extra]
        write_run(draft / "site.toml", ways, None, 3600.0, draft / "undated" / "cam" / name, name)
    draft.rename(folder)
    return folder


@dataclass
class Told:
    """All numbers of a report: those that count people or visits, and those in seconds, by what they say."""

    counts: dict = field(default_factory=dict)
    seconds: dict = field(default_factory=dict)
    text: str = ""


COUNTS = ("visitors", "entries", "visits_km", "censored", "under_way", "stopped", "times", "visits", "people")
SECONDS = ("dwell_s",)
KEYS = {"zones": ["zone"], "hours": ["day", "hour", "zone"], "days": ["day"], "flows": ["from", "to"]}


def read(folder):
    """All that is in a report's folder: each CSV, and the page with its JSON, drawings and sentences."""
    told = Told()
    page = (folder / "report.html").read_text(encoding="utf-8")
    told.text = page
    assert {file.name for file in folder.iterdir()} == {
        "report.html", "zones.csv", "hours.csv", "days.csv", "flows.csv", "cells.csv"
    }  # fmt: skip
    for file in folder.glob("*.csv"):
        table = pd.read_csv(file, encoding="utf-8-sig", keep_default_na=False)
        keys = KEYS.get(file.stem, [c for c in table if str(c)[:2] in ("x_", "y_")])
        for row in table.to_dict("records"):
            at = (file.stem, *(str(row[key]) for key in keys))
            for kinds, where in ((COUNTS, told.counts), (SECONDS, told.seconds)):
                for name in kinds:
                    if name in row and row[name] not in ("", "hidden"):
                        where[(*at, name)] = float(row[name])
    for number, text in re.findall(r'id="cells-(\d+)">(.*?)</script>', page, flags=re.DOTALL):
        cells = json.loads(text)
        columns = {"entries": cells["entries"], "visits": cells["maps"]["visits"]["values"]}
        for name, values in columns.items():
            told.counts |= {("page", number, name, k): v for k, v in enumerate(values) if v is not None}
    return told


def wrong_counts(told):
    """Numbers of people and visits that rest on somebody, but on too few."""
    found = {key: value for key, value in told.counts.items() if 0 < value < K}
    for key in told.counts:
        if key[-1] in ("stopped", "censored"):
            of = told.counts.get((*key[:-1], {"stopped": "entries", "censored": "visits_km"}[key[-1]]))
            rest = np.nan if of is None else of - told.counts[key]
            if 0 < rest < K:
                found[(*key, "the rest")] = rest
    words = (
        r"(?<![\d.,\u202f])([\d\u202f]+) (?:people|visitors|entries|entry|visits|different people|times)\b"
    )
    seen = re.sub(r"fewer than \d+ people|at least \d+ \w+|in steps of \d+ people", "", told.text)
    seen = re.sub(
        r"<script.*?</script>|<style.*?</style>|<pre>.*?</pre>|<dl>.*?</dl>", "", seen, flags=re.DOTALL
    )
    for number in re.findall(words, seen):
        if 0 < int(number.replace("\u202f", "")) < K:
            found["text", number] = number
    for zones, number in re.findall(r"<title>([^<>:]+ to [^<>:]+): (\d+)</title>", told.text):
        if int(number) < K:
            found[zones] = number
    return found


def secrets(runs):
    """Times in places that are one or two people's: in zones by hour and day, in cells by day.

    Short ones are left out, which others may have by chance.
    """
    stays = []
    for run in runs:
        start = json.loads((run / "run.json").read_text())["source"]["start"]
        people = pd.read_parquet(run / "people.parquet").set_index("person")
        table = pd.read_parquet(run / "stays.parquet")
        table["staff"] = people["probable_staff"].reindex(table["person"]).to_numpy()
        table["zero"] = 0.0 if start is None else datetime.fromisoformat(start).timestamp()
        table["person"] = [f"{run.name} {p}" for p in table["person"]]
        table["day"] = run.name if start is None else start[:10]
        stays.append(table)
    stays = pd.concat(stays)
    stays = stays[(stays["place"] != "outside") & ~stays["staff"].astype(bool)]
    pieces = []
    for row in stays.itertuples():
        low, end = row.enter_s + row.zero, row.leave_s + row.zero
        while low < end:
            high = min(end, (low // 3600 + 1) * 3600)
            pieces.append((row.kind, row.place, row.day, low // 3600, row.person, high - low))
            low = high
    table = pd.DataFrame(pieces, columns=["kind", "place", "day", "hour", "person", "s"])
    found = []
    for of, rows in (
        (["kind", "place", "day"], table),
        (["kind", "place", "day", "hour"], table[table["kind"] == "zone"]),
    ):
        sums = rows.groupby(of).agg(people=("person", "nunique"), s=("s", "sum"))
        found += sums["s"][(sums["people"] < K) & (sums["s"] > 8.0)].tolist()
    return np.sort(np.array(found))


def gives_away(seconds, secret):
    """Those of some times that are a secret one, as exactly as files say it."""
    names, values = list(seconds), np.array(list(seconds.values()))
    at = np.clip(np.searchsorted(secret, values), 1, len(secret) - 1)
    near = np.minimum(np.abs(values - secret[at]), np.abs(values - secret[at - 1]))
    return [name for name, off in zip(names, near, strict=True) if off < 2e-3]


@pytest.fixture
def reports(shop, dwellmap):
    """Reports that somebody might subtract from each other, by what they are of."""

    def make(min_people, names=()):
        out, undated = shop / "out", shop / "undated" / "cam"
        day = ("--out", out, "--from", "2026-11-02", "--to", "2026-11-02")
        site = ("--site", shop / "site.toml")
        words = {
            "both days": ("--out", out, *site),
            "one day": (*day, *site),
            "all hours": (*day, *site, "--all-hours"),
            "short hours": (*day, "--site", shop / "short.toml"),
            "no hours": (*day, "--site", shop / "plain.toml"),
            "its runs": (out / "cam" / "2026-11-02-0", out / "cam" / "2026-11-02-1", *site),
            "undated": (undated / "a", *site),
            "both undated": (undated / "a", undated / "b", *site),
        }
        made = {}
        for name in names or words:
            target = shop / "reports" / f"{name} {min_people}"
            if not target.exists():
                least = ("--min-people", min_people)
                ran = dwellmap("report", *words[name], *least, "--to-folder", target, "--quiet")
                assert ran.code == 0, ran.err
            made[name] = read(target)
        return made

    return make


@pytest.fixture
def secret(shop):
    return secrets([*(shop / "out" / "cam").iterdir(), *(shop / "undated" / "cam").iterdir()])


def test_no_file_and_no_word_tells_of_few_people(reports, secret):
    for name, told in reports(K).items():
        assert wrong_counts(told) == {}, name
        assert gives_away(told.seconds, secret) == [], name
        assert "hidden (fewer than 3 people)" in told.text
        assert "2 people stood" not in told.text
        assert "office" not in {key[1] for key in told.counts if key[0] == "zones"}
        # Busy places and hours are told all the same.
        assert told.counts["zones", "left", "visitors"] >= K
        # Nobody went to the nook in the recordings without a date: a true zero.
        assert told.counts.get(("zones", "nook", "visitors")) == (0 if "undated" in name else None)


def test_no_two_reports_subtracted_tell_of_few_people(reports, secret):
    for (a, one), (b, other) in itertools.combinations(reports(K).items(), 2):
        differences = Told()
        for kind in ("counts", "seconds"):
            mine, theirs = getattr(one, kind), getattr(other, kind)
            both = {key: abs(value - theirs[key]) for key, value in mine.items() if key in theirs}
            setattr(differences, kind, both)
        assert len(differences.counts) > 20
        assert {key: v for key, v in differences.counts.items() if 0 < v < K} == {}, (a, b)
        assert gives_away(differences.seconds, secret) == [], (a, b)


def test_what_is_told_of_zones_and_hours_and_cells_does_not_tell_of_others(reports, secret):
    """Within one report: zones less the hours that are told of them, zones less their cells."""
    for name, told in reports(K, ("one day", "all hours", "no hours")).items():
        rest = {}
        for zone in ZONES:
            total = told.seconds.get(("zones", zone, "dwell_s"))
            if total is None:
                continue
            x0, y0, x1, y1 = ZONES[zone]
            hours = [v for key, v in told.seconds.items() if key[0] == "hours" and key[3] == zone]
            rest[zone, "hours"] = total - sum(hours)
            cells = [
                v
                for key, v in told.seconds.items()
                if key[0] == "cells" and x0 < float(key[1]) < x1 and y0 < float(key[2]) < y1
            ]
            rest[zone, "cells"] = abs(total - sum(cells))
        assert gives_away(rest, secret) == [], name


def test_the_reader_of_these_tests_is_not_blind(reports, secret):
    """Without --min-people the same reading finds rare visitors in each report and in their differences."""
    told = reports(0, ("one day", "all hours"))
    for one in told.values():
        found = wrong_counts(one)
        assert ("zones", "nook", "visitors") in found
        assert {key[0] for key in found} >= {"zones", "hours", "flows", "cells", "page"}
        assert len(gives_away(one.seconds, secret)) > 5
    one, other = told.values()
    less = {key: abs(v - other.seconds[key]) for key, v in one.seconds.items() if key in other.seconds}
    assert ("zones", "left", "dwell_s") in gives_away(less, secret)


def test_comparisons_tell_no_more_than_reports(shop, dwellmap, reports, secret, tmp_path):
    told = reports(K, ("one day",))["one day"]
    for name, site in (("hours", "site.toml"), ("plain", "plain.toml")):
        words = ("2026-11-02..2026-11-02", "2026-11-03..2026-11-03", "--out", shop / "out")
        ran = dwellmap("compare", *words, "--site", shop / site, "--min-people", K, "--to", tmp_path / name)
        assert ran.code == 0, ran.err
        table = pd.read_csv(tmp_path / name / "comparison.csv", encoding="utf-8-sig").astype(str)
        table = table.set_index(["kind", "place"])
        assert table.loc[("zone", "nook"), "a_min_per_h"] == "hidden"
        assert "hidden" in (tmp_path / name / "comparison.html").read_text()
        shown = {
            key: float(row["a_min_per_h"]) * 60
            for key, row in table.iterrows()
            if row["a_min_per_h"] not in ("hidden", "nan")
        }
        # Nine hours of footage in opening hours, ten in all; less than a minute of anybody is no secret here.
        for hours in (9, 10):
            minutes = {key: value * hours for key, value in shown.items()}
            assert gives_away(minutes, secret[secret > 60]) == []
            less = {
                key: abs(value - told.seconds.get(("zones", key[1], "dwell_s"), 0))
                for key, value in minutes.items()
                if key[0] == "zone"
            }
            assert gives_away(less, secret) == []


def test_what_could_be_subtracted_is_refused(shop, dwellmap, tmp_path):
    half, to = shop / "out" / "cam" / "2026-11-02-0", ("--to-folder", tmp_path / "never")
    ran = dwellmap("report", half, "--min-people", K, *to)
    assert ran.code == 2
    assert "wants whole days" in ran.err
    assert "2026-11-02-1" in ran.err
    part = ("--out", shop / "out", "--from", "2026-11-02", "--to", "2026-11-02T12:30")
    ran = dwellmap("report", *part, "--min-people", K, *to)
    assert ran.code == 2
    assert "end within a day" in ran.err
    ran = dwellmap("report", half.parent, "--min-people", K, "--count-staff", *to)
    assert ran.code == 2
    assert "without --min-people" in ran.err
    other = shop / "out" / "cam" / "2026-11-03-0"
    for words, said in (
        ((half, other, "--min-people", K), "wants whole days"),
        ((half, other, "--min-people", K, "--count-staff"), "without --min-people"),
    ):
        ran = dwellmap("compare", *words, "--to", tmp_path / "never")
        assert ran.code == 2
        assert said in ran.err
    assert not (tmp_path / "never").exists()


def test_staff_only_areas_are_in_no_table_and_a_peak_of_two_counts_is_not_told(shop, dwellmap, tmp_path):
    """Staff and customers are counted apart in a run: how many there were at once nobody knows."""
    for word, known in (((), True), (("--count-staff",), False)):
        target = tmp_path / f"report {known}"
        day = ("--out", shop / "out", "--from", "2026-11-02", "--to", "2026-11-02")
        ran = dwellmap("report", *day, "--site", shop / "site.toml", *word, "--to-folder", target)
        assert ran.code == 0, ran.err
        zones = pd.read_csv(target / "zones.csv", encoding="utf-8-sig").set_index("zone")
        assert list(zones.index) == list(ZONES)
        assert (zones.loc["left", "peak"] > 0) == known
        assert zones.loc["nook", "peak"] == 1
        for name in ("hours", "flows"):
            assert "office" not in (target / f"{name}.csv").read_text(encoding="utf-8-sig")


def test_nobody_is_made_out_in_the_scene_under_any_map(shop, tmp_path):
    """Stripes as wide as the eyes of a large face, and a pale wall beside a dark one: only the walls stay."""
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, :320] = np.where(np.arange(320) // 8 % 2, 255, 0)[None, :, None]
    stripes[:, 480:] = 220
    soft = blurred(stripes)[:, :, 0].astype(int)
    assert np.ptp(soft[240, 60:260]) < 12
    assert soft[240, 620] - soft[240, 400] > 200
    cv2.imwrite(str(tmp_path / "scene.png"), stripes)
    site = load_site(shop / "site.toml")
    view = site_view(site, site.cameras[0], SIZE_PX, Calibration.load(shop / "cam.calibration.json"))
    from_above = backdrop_of(view, tmp_path / "scene.png")
    sharp = cv2.imread(str(tmp_path / "scene.png"))
    assert from_above is not None
    assert len(np.unique(from_above.rgb)) > len(np.unique(sharp))

"""A reader who knows how reports are made looks for small counts in what one says, and in what two say."""

import json
import re
import shutil
from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dwellmap.period.period import Period
from dwellmap.period.tables import Tables
from dwellmap.report.cells import Choice
from dwellmap.report.summary import summarise

K = 5
ZONES = {
    "door": (6.5, 3.0, 9.0, 6.0),
    "shelf": (3.0, 3.0, 6.0, 6.0),
    # Within the shelf: of zones that share floor only the first may be told.
    "corner": (3.0, 3.0, 4.5, 6.0),
    "nook": (4.25, 1.5, 5.75, 2.75),
}
DAYS = QUIET, BUSY, ONE_WAY, RETURNS, WAITING, CHANGED = tuple(f"2026-11-0{n}" for n in range(2, 8))
ENTRANCE = (9.7, 4.5)
LONG_S = 2000.0


def walk(begin_s, *stops, come=ENTRANCE, leave=ENTRANCE):
    """Way of somebody who comes, stands at each (x, y, s) and leaves."""
    return begin_s, ((*come, 0.0), *stops, (*leave, 0.0))


def customers(rng, begin_s, people):
    """People who come through the door, stand at the shelf and leave through the door."""
    for begin in begin_s + 3000.0 / people * np.arange(people):
        x, y = rng.uniform(3.2, 5.8), rng.uniform(3.2, 5.8)
        yield walk(begin, (rng.uniform(7, 8.5), rng.uniform(3.5, 5.5), rng.uniform(2, 9)),
                   (x, y, rng.uniform(5, 60)))  # fmt: skip


def quiet_day():
    """Three hours, of which the second is quiet, and people whom nobody may know of."""
    rng = np.random.default_rng(3)
    ways = [*customers(rng, 100.0, 12), *customers(rng, 3700.0, 2), *customers(rng, 7300.0, 9)]
    # Two are at the shelf when footage begins.
    ways += [walk(0.0, (4.0 + k / 2, 4.2, 40.0 + 9 * k), come=(4.2 + k / 2, 4.2)) for k in range(2)]
    # One passes by and is in no zone; one goes to the nook past the door, one stays long.
    ways.append(walk(1800.0, (8.0, 2.2, 12.0), come=(9.3, 2.2), leave=(9.3, 2.2)))
    ways.append(walk(2500.0, (8.0, 2.2, 1.0), (5.0, 2.1, 37.0), (8.0, 2.2, 1.0), come=(9.3, 2.2),
                     leave=(9.3, 2.2)))  # fmt: skip
    ways.append(walk(7250.0, (7.2, 4.4, 5.0), (5.3, 4.8, LONG_S)))
    return ways


def busy_day():
    rng = np.random.default_rng(4)
    return [way for hour in range(3) for way in customers(rng, 100.0 + 3600.0 * hour, 12)]


def one_way_day():
    """Nobody turns back, and two are on their way when footage begins."""
    way = {"come": (9.7, 4.3), "leave": (1.2, 4.3)}
    ways = [walk(300.0 * n, (4.2, 4.3, 6.0 + n), **way) for n in range(1, 9)]
    return ways + [walk(0.0, (4.2, 4.3, 5.0 + k), **way | {"come": (5.2 + k / 10, 4.3)}) for k in range(2)]


def at_shelf(begin_s, n, there=False, back=0.0):
    """Somebody who comes to the shelf from behind, or is there when first seen; some come back at once."""
    behind = (1.2, 3.1 + 2.7 * n / 23)
    stand, again = (3.3 + n % 8 / 8, behind[1], 20.0), (*behind, back)
    stops = (stand, again, stand) if back else (stand,)
    return walk(begin_s, *stops, come=stand[:2] if there else behind, leave=behind)


def at_door(begin_s, n):
    """Somebody who comes to the door alone."""
    return walk(begin_s, (7.5, 3.2 + 2.5 * n / 23, 20.0))


def returns_day():
    """Three come back at once in the first hour; in the second two are there whom nobody saw come."""
    ways = [at_shelf(100.0 + 250 * n, n % 3, back=30.0 if n < 3 else 0.0) for n in range(12)]
    ways += [at_shelf(3700.0 + 250 * n, n % 3) for n in range(8)]
    return ways + [at_shelf(3900.0 + 700 * n, n, there=True) for n in range(2)]


def waiting_day():
    """Nobody is at shelf and door both, and two are at the shelf when footage begins."""
    ways = [at_shelf(100.0 + 150 * n, n) for n in range(22)] + [at_door(50.0 + 150 * n, n) for n in range(24)]
    return ways + [at_shelf(0.0, n, there=True) for n in range(2)]


def changed_day(part):
    """As many come to shelf and door before the site file changes and after; one passes by before."""
    ways = [at_shelf(100.0 + 200 * n, n) for n in range(12)] + [at_door(50.0 + 200 * n, n) for n in range(12)]
    return [*ways, walk(2900.0, (8.0, 2.2, 12.0), come=(9.3, 2.2), leave=(9.3, 2.2))] if part == 0 else ways


@pytest.fixture
def shop(walker, write_run, tmp_path_factory):
    """A shop of six days; made once."""
    folder = tmp_path_factory.getbasetemp() / "attacked"
    if folder.exists():
        return folder
    draft = folder.with_name("attacked, being made")
    draft.mkdir()
    shutil.copy(walker.parent / "cam.calibration.json", draft)
    site = (walker.parent / "site.toml").read_text().split("[[zones]]")[0]
    drawn = []
    for name, (x0, y0, x1, y1) in ZONES.items():
        corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
        drawn.append(f'[[zones]]\nname = "{name}"\npolygon_m = {corners}\n')
    (draft / "site.toml").write_text(site + "".join(drawn))
    (draft / "two.toml").write_text(site + "".join(drawn[:2]))
    (draft / "changed.toml").write_text(site + "".join(drawn[1::-1]))

    def write(day, ways, hour=10, length_s=10800.0, name="site.toml"):
        start = datetime.fromisoformat(f"{day}T{hour}:00:00+01:00")
        write_run(
            draft / name, ways, start, length_s, draft / "out" / "cam" / f"{day} {hour}", f"{day} {hour}"
        )

    for day, ways in zip(DAYS[:3], (quiet_day(), busy_day(), one_way_day()), strict=True):
        write(day, ways)
    for day, ways in ((RETURNS, returns_day()), (WAITING, waiting_day())):
        write(day, ways, name="two.toml")
    write(CHANGED, changed_day(0), 10, 3600.0, "two.toml")
    write(CHANGED, changed_day(1), 11, 3600.0, "changed.toml")
    draft.rename(folder)
    return folder


@pytest.fixture
def told(shop, dwellmap):
    """What a report of some days says: its tables, cells under the mouse, curves and page."""

    def read(min_people, *days):
        target = shop / "reports" / f"{min_people} {len(days)} {days[0]}"
        if not target.exists():
            words = ("--out", shop / "out", "--site", shop / "site.toml", "--from", days[0], "--to", days[-1])
            ran = dwellmap("report", *words, "--min-people", min_people, "--to-folder", target, "--quiet")
            assert ran.code == 0, ran.err
        return Told(target)

    return read


class Told:
    """A report as its reader has it; what is hidden is not there."""

    def __init__(self, folder):
        def table(name, *keys):
            read = pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig", na_values=["hidden"])
            return read.fillna({"from": "", "to": ""} if name == "flows" else {}).set_index(list(keys))

        self.zones, self.hours = table("zones", "zone"), table("hours", "zone", "day", "hour")
        self.days, self.cells = table("days", "day"), table("cells", "x_m", "y_m")
        self.flows = table("flows", "from", "to")["times"]
        self.page = (folder / "report.html").read_text(encoding="utf-8")
        self.mouse = json.loads(re.search(r'id="cells-0">(.*?)</script>', self.page, re.DOTALL)[1])
        counted = "people" if "people" in self.days else "visits"
        self.people = float(self.days[counted].sum(skipna=False))
        # Where the number of people is that of somewhere's visitors, as many more as are few may have come.
        known = {*self.zones["visitors"].tolist(), *self.cells["visits"].tolist()}
        self.more = K - 1 if self.people in known else 0
        self.ways = self._completed()

    def _completed(self):
        """All ways, with those worked out that are missing alone in the number of people or of visits.

        What is missing of several days is only a part of them: of these nothing is worked out.
        """
        names = [*self.zones.index, ""]
        ways = (
            self.flows.astype(float)
            .unstack("to", fill_value=0.0)
            .reindex(index=names, columns=names, fill_value=0.0)
        )
        came = np.nan if self.more else self.people
        for name in names * len(names) if len(self.days) == 1 else ():
            sums = (ways.loc[name].sum(skipna=False), ways[name].sum(skipna=False))
            known = next((n for n in sums if not np.isnan(n)), np.nan) if name else came
            for line, at in ((ways.loc[name], (name, slice(None))), (ways[name], (slice(None), name))):
                if line.isna().sum() == 1 and known >= line.sum():
                    ways.loc[at] = line.fillna(known - line.sum())
        return ways

    def steps(self, zone):
        """How far a zone's curve of lengths falls at each step, as a share."""
        drawn = re.search(
            rf'how long visits to {zone} last".*?<polyline points="([^"]*)"', self.page, re.DOTALL
        )
        y = [float(point.split(",")[1]) for point in drawn[1].split()] if drawn else []
        return [(b - a) / 146.0 for a, b in pairwise(y) if b - a > 0.2]


def differences(told):
    """Numbers of people or visits that are in no table, by subtraction and division; NaN is not known."""
    found = of_places(told)
    for zone, row in told.zones.iterrows():
        found |= {(name, zone): n for name, n in of_zone(told, zone, row).items()}
        found |= {(name, zone): n for name, n in of_ways(told, zone, row).items()}
    return found | {("people in no zone",): told.people - told.ways.loc[""].sum(skipna=False)}


def of_zone(told, zone, row):
    hours = told.hours.loc[zone]
    others = told.people - row["visitors"]
    steps = [share * row["entries"] for share in told.steps(zone)]
    return {
        "visitors less entries": row["visitors"] - row["entries"],
        "visitors less those of the hours told": row["visitors"] - hours["new_visitors"].sum(),
        "entries less those of the hours told": row["entries"] - hours["entries"].sum(),
        "entries that are in no curve": row["entries"] - row["visits_km"],
        "entries that did not stop": row["entries"] - row["stopped"],
        "entries, from the share that stopped": over(row["stopped"], row["attracting_power"]),
        "entries, from their average": over(row["dwell_s"], row["attention_s"]),
        "visitors, from their average": over(row["dwell_s"], row["attention_naive_s"]),
        "visits that end": row["visits_km"] - row["censored"],
        "under way": row["under_way"],
        "people who did not come": others + told.more if others > 0 else 0,
    } | {f"visits that end in step {k} of the curve": n for k, n in enumerate(steps)}


def of_ways(told, zone, row):
    """Whoever comes leaves: the sum of a row, or of a column, is the number of visits."""
    return {
        "ways to it less entries": told.ways[zone].sum(skipna=False) - row["entries"],
        "ways from it less entries": told.ways.loc[zone].sum(skipna=False) - row["entries"],
        "visitors who did not come to it first": row["visitors"] - told.ways.loc["", zone],
        "visitors who did not go last from it": row["visitors"] - told.ways.loc[zone, ""],
        "people who came to some zone less its visitors": told.ways.loc[""].sum(skipna=False)
        - row["visitors"],
    }


def of_places(told):
    """In hours, in cells, and under the mouse."""
    found = {}
    for at, row in told.hours.iterrows():
        found["new visitors less entries", *at] = row["new_visitors"] - row["entries"]
    for at, row in told.cells.iterrows():
        found["visits less entries", *at] = row["visits"] - row["entries"]
        found["entries, from their average", *at] = over(row["dwell_s"], row["attention_s"])
    for zone, visitors in told.zones["visitors"].items():
        x0, y0, x1, y1 = ZONES[zone]
        x, y = (told.cells.index.get_level_values(name) for name in ("x_m", "y_m"))
        inside = told.cells["visits"][(x > x0) & (x < x1) & (y > y0) & (y < y1)]
        found["visits to one of its cells less visitors", zone] = max(0.0, inside.max() - visitors)
    mouse = zip(told.mouse["maps"]["visits"]["values"], told.mouse["entries"], strict=True)
    for k, (n, came) in enumerate(mouse):
        found["visits less entries, under the mouse", k] = np.nan if n is None else n - came
    return found


def over(a, b):
    return a / b if b else np.nan


# Who comes back may be counted: entries are more than visitors, and than ways where it is at once.
RETURNS_SHOW = {
    "visitors less entries", "new visitors less entries", "visits less entries",
    "visits less entries, under the mouse", "ways to it less entries", "ways from it less entries",
}  # fmt: skip


def small(numbers):
    return {
        key: round(float(n), 2)
        for key, n in numbers.items()
        if 0.05 < abs(n) < K - 0.05 and not (n < 0 and key[0] in RETURNS_SHOW)
    }


def counts(told):
    """Numbers of people and visits that stand in the tables."""
    columns = ["visitors", "entries", "visits_km", "stopped", "censored"]
    found = {(zone, name): row[name] for zone, row in told.zones[columns].iterrows() for name in columns}
    found |= {
        (*at, name): row[name] for at, row in told.hours.iterrows() for name in ("new_visitors", "entries")
    }
    found |= {(*at, name): row[name] for at, row in told.cells.iterrows() for name in ("visits", "entries")}
    return found | {("ways", *at): n for at, n in told.flows.items()} | {"people": told.people}


def test_no_difference_within_a_report_is_a_few_people(told):
    for days in ((QUIET,), (BUSY,), (ONE_WAY,), (RETURNS,), (WAITING,), (CHANGED,), (QUIET, BUSY)):
        report = told(K, *days)
        assert small(counts(report)) == {}, days
        assert small(differences(report)) == {}, days
        # It is no empty report that tells nothing.
        assert report.zones["visitors"]["shelf"] >= 8
        assert len(report.cells["visits"].dropna()) > 5
        assert np.isnan(report.zones["dwell_s"].get("corner", np.nan))


def test_no_difference_of_two_reports_is_a_few_people(told):
    both, rest = told(K, QUIET, BUSY), {}
    for day in (QUIET, BUSY):
        one = counts(told(K, day))
        rest |= {(day, *at): n - one[at] for at, n in counts(both).items() if at in one}
    assert len(rest) > 100
    assert small(rest) == {}


def test_a_few_people_elsewhere_count_in_no_report(shops):
    """Each camera's people are those of the zones in which they are, of one camera and of two."""
    runs = [shops(name, "2026-03-27T12:00:00+01:00", 1, 3, 2, camera=name) for name in ("north", "south")]
    for run, more in zip(runs, (K - 1, K), strict=True):
        people = pd.read_parquet(run / "people.parquet")
        others = people.iloc[:more].assign(person=range(900, 900 + more))
        pd.concat([people, others]).to_parquet(run / "people.parquet", index=False)
    for chosen, all_of_them, n in ((runs[:1], 24, 20), (runs[1:], 25, 25), (runs, 49, 45)):
        tables = Tables.of(Period.of_runs(chosen))
        assert summarise(tables, Choice()).people.total == all_of_them
        assert summarise(tables, Choice(min_people=K)).people.total == n


def test_no_interval_tells_how_long_one_stayed(told):
    """The average less its lower bound is the time of who is not in it."""

    def longest_s(report):
        row = report.zones.loc["shelf"]
        without = row["entries"] * row["attention_s"] - (row["entries"] - 1) * row["attention_low_s"]
        return without, row["entries"] * row["mean_km_high_s"]

    assert longest_s(told(0, QUIET))[0] == pytest.approx(LONG_S, rel=0.2)
    assert np.isnan(longest_s(told(K, QUIET))).all()
    assert told(K, BUSY).zones["attention_low_s"]["shelf"] > 0


def test_the_reader_finds_them_where_nothing_is_hidden(told):
    found = small(differences(told(0, QUIET)))
    assert found["visitors less entries", "shelf"] == 2
    assert found["people who did not come", "door"] == 2
    assert found["people in no zone",] == 1
    assert found["ways to it less entries", "shelf"] == 2
    assert found["visitors who did not come to it first", "door"] == 2
    assert found["under way", "shelf"] == 2
    assert found["new visitors less entries", "shelf", QUIET, 10] == 2
    assert ("visits that end in step 3 of the curve", "shelf") in found
    found = small(differences(told(0, ONE_WAY)))
    assert found["visits less entries", 5.25, 4.25] == 2
    assert "visits less entries, under the mouse" in {key[0] for key in found}
    assert small(differences(told(0, WAITING)))["ways to it less entries", "shelf"] == 2
    assert small(differences(told(0, CHANGED)))["people in no zone",] == 1


def test_quartiles_stay_where_the_number_of_visits_is_hidden(told):
    report = told(K, RETURNS)
    shelf = report.zones.loc["shelf"]
    assert np.isnan(shelf["visits_km"])
    first, third = shelf[["quartile_1_s", "quartile_3_s"]]
    assert 20 <= first <= third <= 25
    assert f"<td>{first:.0f} s – {third:.0f} s</td><td>hidden</td><td>0</td>" in report.page
    assert "visits: hidden, not seen to end: 0" in report.page

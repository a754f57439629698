"""Time and memory of a year's cells: 20 cameras for 365 days, one file of sums per camera and day, merged.

The file is of the busiest day there could be: 40 x 30 m at 0.5 m, twelve hours with 50 people always in
view, so that nearly every cell has a row in every quarter of an hour, as the application keeps them, or,
with --hourly, in every hour. Each run is a link to one of a few copies of it, so they come from the system's
cache, not from the disk. Merging is what a report does with cells, in a process of its own.

    python benchmarks/year.py [--hourly]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
from maps import FLOOR_M, Crowd, peak_gib

from analytics.grid import Grid
from analytics.quarters import Quarters
from analytics.settings import MapSettings
from analytics.stays import stays_in_cells
from analytics.visits import Visits
from dwellmap.period.member import Member
from dwellmap.period.period import Period
from dwellmap.period.tables import _MEMORY, _footage, _load, _quarters, _runs
from dwellmap.run_tables import CELL_QUARTERS

TARGET_S = 60.0
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def write_day(file: Path, hours: float, in_view: int, hourly: bool) -> int:
    """A day's sums per cell and quarter, or hour; returns how many rows they are."""
    grid, settings = Grid.over((0.0, 0.0), FLOOR_M, 0.5), MapSettings()
    zero_s, nobody = START.timestamp(), np.zeros(0, dtype=np.int64)
    total: Quarters | None = None
    for paths, ends in Crowd(hours, in_view, 5.0, 60, np.random.default_rng(1)).parts():
        stays = stays_in_cells(paths, grid, ends)
        visits = Visits.of_stays(stays, settings.revisit_s)
        part = Quarters.of(stays, visits, settings.min_visit_cell_s, zero_s, nobody, peaks=False)
        total = part if total is None else total + part
    assert total is not None
    table = total.to_frame(peaks=False)
    if hourly:
        table["begin_s"] -= table["begin_s"] % 3600
        table = table.groupby(["begin_s", "place", "staff"], as_index=False).sum()
    table.to_parquet(file, index=False)
    return len(table)


def merge(folder: Path, runs: int, cameras: int, hours: float) -> None:
    """Sum the cells of all runs and print what it took."""
    members = tuple(
        Member(
            folder / f"{n}", n % cameras, f"camera {n % cameras}", "day", str(n), START, "UTC",
            np.array([[0.0, hours * 3600]]), (0.0, hours * 3600), None, {}, (), "replay", False, 0.0,
        )
        for n in range(runs)
    )  # fmt: skip
    period = Period(members, (), None, None, None, UTC, ())
    before_gib = peak_gib()
    wall, cpu = time.perf_counter(), time.process_time()
    db = duckdb.connect(":memory:")
    db.execute(f"SET memory_limit = '{_MEMORY}'")
    db.execute("SET preserve_insertion_order = false")
    _load(db, "runs_", _runs(period))
    _load(db, "footage", _footage(period))
    _load(
        db,
        "cell_quarters_fix",
        db.execute(
            f"SELECT 0::BIGINT AS run, * FROM read_parquet('{folder}/0/{CELL_QUARTERS}') LIMIT 0"
        ).df(),
    )
    db.execute(f"CREATE VIEW cell_quarters AS {_quarters(period, CELL_QUARTERS, 'cell_quarters')}")
    cells = db.execute(
        "SELECT setup, place, sum(dwell_s) AS dwell_s, sum(entries) AS entries, sum(visitors) AS visitors "
        "FROM cell_quarters WHERE open AND NOT staff GROUP BY ALL"
    ).df()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{len(cells)} cells of {cameras} cameras, {cells['dwell_s'].sum() / 3600:.0f} person-hours")
    print(f"{runs} files merged: {wall:.1f} s (target {TARGET_S:g} s), {cpu:.1f} s of processor time")
    print(f"peak memory: {peak_gib():.2f} GiB, {before_gib:.2f} of it before")


def main() -> None:
    """Write a day, link it as a year, merge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--hours", type=float, default=12.0, help="of a day (default 12)")
    parser.add_argument("--in-view", type=int, default=50, help="people always in view (default 50)")
    parser.add_argument("--hourly", action="store_true", help="sums per hour instead of quarter of an hour")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dwellmap-year-") as kept:
        folder = Path(kept)
        first = folder / CELL_QUARTERS
        rows = write_day(first, options.hours, options.in_view, options.hourly)
        print(f"a camera's day: {rows} rows, {first.stat().st_size / 1e6:.1f} MB")
        copies = [first]
        for n in range(1, options.cameras):
            copies.append(folder / f"copy{n}.parquet")
            shutil.copyfile(first, copies[-1])
        runs = options.days * options.cameras
        for n in range(runs):
            (folder / f"{n}").mkdir()
            os.link(copies[n % options.cameras], folder / f"{n}" / CELL_QUARTERS)
        merging = multiprocessing.get_context("spawn").Process(
            target=merge, args=(folder, runs, options.cameras, options.hours)
        )
        merging.start()
        merging.join()


if __name__ == "__main__":
    main()

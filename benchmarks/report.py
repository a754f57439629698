"""Time and memory of a report on a year of many cameras, simulated, one run per camera and day.

Days of the demo shop are simulated (people's ways, no video) and written as runs; the other runs of the year
are copies of these at other dates, of which every table is a file of its own. Files are made first and count
neither in the time nor in the memory: the report is written by a process of its own.

    python benchmarks/report.py
    python benchmarks/report.py --keep FOLDER       # the made files stay, and are made once
    python benchmarks/report.py --only-day FOLDER   # one simulated day, to look at
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from calibration.calibration import Calibration
from dwellmap.demo.acting import act
from dwellmap.demo.errands import plan_errands
from dwellmap.demo.floorplan import draw_plan
from dwellmap.demo.footage import _calibrate, _site_file
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.production import camera_of
from dwellmap.demo.shop import CORNER_SHOP
from dwellmap.pipeline import Timing, measure
from dwellmap.progress import Silent
from dwellmap.recipe import recipe
from dwellmap.run_folder import dump_json
from dwellmap.run_tables import write_zones
from dwellmap.site import load_site
from dwellmap.source import Source
from dwellmap.view import site_view
from tracker.frames import Footage
from tracker.tracks import Tracks

ZONE = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 1, 1, 9, tzinfo=ZONE)
# How many come in each hour from 9 to 19.
BY_HOUR = (18, 26, 34, 44, 30, 24, 30, 42, 50, 26)
SAMPLE_HZ = 2.0
TARGET_S, TARGET_GIB = 30.0, 2.0
AUDIT = {
    "person_minutes": 1000.0,
    "estimated_switches_per_person_min": 0.02,
    "grade": "good",
    "in_words": "simulated",
}


def shop_day(site_path: Path, seed: int, busy: float = 1.0) -> Tracks:
    """A day in the demo shop from 9 to 19, with two people behind the counter: everybody's tracks."""
    rng = np.random.default_rng(seed)
    view = site_view(
        load_site(site_path),
        load_site(site_path).cameras[0],
        (960, 540),
        Calibration.load(site_path.parent / "corner.calibration.json"),
    )
    ways: list[tuple[np.ndarray, np.ndarray]] = []
    for hour, people in enumerate(BY_HOUR):
        length_s = 3600.0
        wanted = max(2, round(people * busy * rng.uniform(0.8, 1.2)))
        errands = plan_errands(
            CORNER_SHOP, people=wanted, length_s=length_s, seed=seed * 100 + hour, crowding=0.3
        )
        # Planned for films, in whose first half nearly all come: spread over the hour here.
        spread = [replace(e, enter_s=float(e.enter_s * 1.8)) for e in errands]
        cast = act(CORNER_SHOP, tuple(spread), length_s=length_s, seed=seed * 100 + hour, crowding=0.3)
        ways += [(p.t_s + hour * 3600.0, p.xy_m) for p in cast]
    for shift in range(2):
        t = np.arange(shift * 18000.0, (shift + 1) * 18000.0, 40.0)
        ways.append((t, np.column_stack([rng.uniform(7.0, 8.6, len(t)), np.full(len(t), 7.55)])))
    rows = []
    for number, (t_s, xy_m) in enumerate(ways, start=1):
        t = np.arange(np.ceil(t_s[0] * SAMPLE_HZ), t_s[-1] * SAMPLE_HZ) / SAMPLE_HZ
        xy = np.column_stack([np.interp(t, t_s, xy_m[:, k]) for k in (0, 1)])
        xy += rng.normal(0, 0.05, xy.shape)
        foot = view.calibration.image_from_floor(xy)
        head = view.calibration.pose.project(xy, 1.7)
        height = np.abs(foot[:, 1] - head[:, 1])
        seen = np.isfinite(foot).all(1) & (foot[:, 0] > 0) & (foot[:, 0] < 960) & (foot[:, 1] > 5)
        seen &= (xy[:, 0] < CORNER_SHOP.width_m) & (head[:, 1] < 535) & (t < 36000)
        box = np.column_stack([foot[:, 0] - height / 5, head[:, 1], foot[:, 0] + height / 5, foot[:, 1]])
        rows.append((np.full(seen.sum(), number), t[seen], box[seen], foot[seen], xy[seen]))
    person, t_s, box, foot, xy = (np.concatenate(column) for column in zip(*rows, strict=True))
    n = len(person)
    return Tracks(
        person,
        t_s,
        box,
        foot,
        xy,
        np.tile([0.01, 0.0, 0.01], (n, 1)),
        np.full(n, 0.9),
        np.ones(n, dtype=np.bool_),
        np.zeros(n, dtype=np.bool_),
    )


def make_site(folder: Path, cameras: int = 1) -> Path:
    """The demo shop's site file with opening hours and more zones."""
    folder.mkdir(parents=True, exist_ok=True)
    camera = camera_of(DemoOptions())
    scale = draw_plan(CORNER_SHOP, folder / "plan.png")
    _calibrate(CORNER_SHOP, camera, 1, folder / "corner.calibration.json")
    text = _site_file(CORNER_SHOP, scale).replace(
        'name = "Demo shop"\n', 'name = "Demo shop"\ntime_zone = "Europe/Berlin"\n'
    )
    more = "".join(
        f'\n[[cameras]]\nname = "camera {k:02d}"\ncalibration = "corner.calibration.json"\n'
        for k in range(1, cameras)
    )
    hours = "\n[opening_hours]\n" + "".join(
        f'{day} = "09:00-19:00"\n'
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
    zones = "".join(
        f'\n[[zones]]\nname = "{name}"\n'
        f"polygon_m = [[{x0}, {y0}], [{x1}, {y0}], [{x1}, {y1}], [{x0}, {y1}]]\n"
        for name, (x0, y0, x1, y1) in {
            "gondola A": (2.6, 1.6, 6.0, 3.5),
            "gondola B": (4.1, 3.9, 7.5, 5.4),
            "table": (0.6, 3.7, 2.6, 5.7),
            "entrance": (8.0, 0.5, 10.0, 3.0),
        }.items()
    )
    zones += (
        '\n[[zones]]\nname = "behind the counter"\nstaff_only = true\n'
        "polygon_m = [[6.4, 7.3], [9.2, 7.3], [9.2, 8.0], [6.4, 8.0]]\n"
    )
    path = folder / "site.toml"
    path.write_text(text + more + zones + hours, encoding="utf-8")
    return path


def write_day(site_path: Path, tracks: Tracks, start: datetime, folder: Path) -> None:
    """A run of these tracks, without footage and pictures."""
    folder.mkdir(parents=True)
    site = load_site(site_path)
    calibration = Calibration.load(site_path.parent / "corner.calibration.json")
    view, settings = site_view(site, site.cameras[0], (960, 540), calibration), site.settings
    observed = np.array([[0.0, 36000.0]])
    shown = (0.0, 0.0, 959.0, 539.0)
    analysis = measure(tracks, view, shown, observed, settings, Silent(), Timing())
    source = Source(
        "day",
        "day.mp4",
        f"day-{start.isoformat()}",
        (960, 540),
        start,
        "option",
        1.0,
        2.0,
        "replay",
        "simulated",
        "simulated paths",
        "none",
        str(start.tzinfo),
    )
    write_zones(folder, analysis, start)
    analysis.maps.to_parquet(folder / "maps.parquet")
    analysis.stays_frame().to_parquet(folder / "stays.parquet", index=False)
    calibration.save(folder / "calibration.json")
    shutil.copyfile(site_path.parent / "plan.png", folder / "plan.png")
    view = replace(view, plan_picture=folder / "plan.png")
    files = sorted(file.name for file in folder.iterdir())
    content = recipe(
        source,
        Footage(observed, 72000, 0, ()),
        shown,
        view,
        settings,
        tracks,
        0,
        AUDIT,
        [],
        analysis,
        (),
        files,
        ("simulated paths, no footage",),
        {},
    )
    (folder / "run.json").write_text(dump_json(content), encoding="utf-8")


def at_another_time(day: Path, folder: Path, start: datetime) -> None:
    """A copy of a run's tables as of another date."""
    folder.mkdir(parents=True)
    content = json.loads((day / "run.json").read_text(encoding="utf-8"))
    shift_s = int(start.timestamp() - datetime.fromisoformat(content["source"]["start"]).timestamp())
    content["source"]["start"] = start.isoformat()
    (folder / "run.json").write_text(dump_json(content), encoding="utf-8")
    for name in ("zone_quarters.parquet", "cell_quarters.parquet"):
        table = pq.read_table(day / name)
        column = table.schema.get_field_index("begin_s")
        kind = table.schema.field(column)
        moved = pc.add(table.column(column), pa.scalar(shift_s, type=kind.type))
        pq.write_table(table.set_column(column, kind, moved), folder / name)


def of_another_camera(day: Path, dated: Path, folder: Path, camera: str) -> None:
    """A copy of a dated run as of another camera; the tables of quarters are files of its own."""
    folder.mkdir(parents=True)
    content = json.loads((dated / "run.json").read_text(encoding="utf-8"))
    content["source"]["content_hash"] = f"{camera} {content['source']['start']}"
    content["view"]["camera"] = camera
    (folder / "run.json").write_text(dump_json(content), encoding="utf-8")
    for name in ("zone_quarters.parquet", "cell_quarters.parquet"):
        shutil.copyfile(dated / name, folder / name)
    for name in ("visits.parquet", "people.parquet", "maps.parquet", "zones.csv", "calibration.json"):
        os.link(day / name, folder / name)


def make_year(folder: Path, cameras: int, days: int, distinct: int) -> Path:
    """The output folder of a year."""
    site = make_site(folder / "site", cameras)
    models = []
    for seed in range(distinct):
        model = folder / "models" / str(seed)
        write_day(site, shop_day(site, seed + 1), FIRST, model)
        models.append(model)
    out, dated = folder / "out", folder / "dated"
    for day in range(days):
        date = (FIRST.date() + timedelta(days=day)).isoformat()
        start = datetime.fromisoformat(f"{date}T09:00:00").replace(tzinfo=ZONE)
        for number, model in enumerate(models):
            at_another_time(model, dated / str(number), start)
        for camera in range(cameras):
            number, name = (camera + day) % distinct, f"camera {camera:02d}"
            of_another_camera(models[number], dated / str(number), out / name / f"day-{date}", name)
        shutil.rmtree(dated)
    return out


def main() -> None:
    """Measure, and print a row for the table in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--distinct", type=int, default=2, help="days simulated")
    parser.add_argument("--only-day", type=Path)
    parser.add_argument("--keep", type=Path, help="where the files go, and stay")
    words = parser.parse_args()
    if words.only_day is not None:
        site = make_site(words.only_day / "site")
        write_day(site, shop_day(site, 1), datetime(2026, 3, 7, 9, tzinfo=ZONE), words.only_day / "day")
        return
    folder = words.keep or Path(tempfile.mkdtemp(prefix="dwellmap-year-"))
    try:
        out = folder / "out"
        if not out.exists():
            make_year(folder, words.cameras, words.days, words.distinct)
        size = sum(f.stat().st_size for f in out.rglob("*.parquet"))
        began = time.perf_counter()
        command = [
            sys.executable,
            "-c",
            "from dwellmap.cli import main; main()",
            "report",
            "--out",
            str(out),
            "--site",
            str(folder / "site" / "site.toml"),
            "--to-folder",
            str(folder / "report"),
            "--quiet",
        ]
        subprocess.run(command, check=True)
        took = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s, gib = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
        print(
            "| cameras x days | runs | tables | report | processor time | peak memory |\n"
            "|---|---|---|---|---|---|\n"
            f"| {words.cameras} x {words.days} | {words.cameras * words.days} | {size / 2**30:.2f} GiB | "
            f"{took:.1f} s | {cpu_s:.1f} s | {gib:.2f} GiB |"
        )
        print(f"to reach: {TARGET_S:g} s, {TARGET_GIB:g} GiB")
    finally:
        if words.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()

"""A tiny recording whose truth is known, and the command line to run on it."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, sync_playwright

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from dwellmap.cli import main
from dwellmap.pipeline import Timing, measure
from dwellmap.progress import Silent
from dwellmap.recipe import recipe
from dwellmap.run_folder import dump_json
from dwellmap.run_tables import CELL_QUARTERS, PEOPLE, VISITS, ZONE_QUARTERS, write_zones
from dwellmap.site import load_site
from dwellmap.source import Source
from dwellmap.view import CameraView, site_view
from tracker.frames import Footage
from tracker.tracks import Tracks

SIZE_PX = (640, 480)
FPS = 10
# Of ways that are made up, samples a second.
HZ = 2.0
Way = tuple[float, Sequence[tuple[float, float, float]]]
AUDIT = {"person_minutes": 50.0, "estimated_switches_per_person_min": 0.02, "grade": "good", "in_words": ""}


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def dwellmap(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process as the console script does."""

    def call(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["dwellmap", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], AbstractContextManager[None]]:
    """Be inside a folder that may be read and not written, even where tests run as root."""

    @contextmanager
    def inside(folder: Path) -> Iterator[None]:
        user = os.geteuid()
        # Inside it: the folders above may be closed to others.
        monkeypatch.chdir(folder)
        folder.chmod(0o555)
        try:
            if user == 0:
                os.seteuid(65534)
            yield
        finally:
            os.seteuid(user)
            folder.chmod(0o755)

    return inside


@pytest.fixture
def replay(dwellmap: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run the detections that lie in a recording's own folder."""

    def call(recording: Path, *words: object) -> Ran:
        return dwellmap("run", recording, "--detector", "replay", "--detections", "det/det.txt", *words)

    return call


def floor_to_picture() -> np.ndarray:
    """(3, 3) a camera 3 m up, 500 px focal length, looking 35 degrees down over a 10 x 8 m floor."""
    tilt = np.deg2rad(35)
    right = np.array([1.0, 0.0, 0.0])
    # World: x right, y down the plan, z into the floor. The camera looks up the plan (towards smaller y).
    forward = np.array([0.0, -np.cos(tilt), np.sin(tilt)])
    down = np.cross(forward, right)
    R = np.stack([right, down, forward])
    t = -R @ np.array([5.0, 9.0, -3.0])
    K = np.array([[500.0, 0, (SIZE_PX[0] - 1) / 2], [0, 500.0, (SIZE_PX[1] - 1) / 2], [0, 0, 1]])
    return K @ np.column_stack([R[:, 0], R[:, 1], t])


def project(H: np.ndarray, xy: np.ndarray) -> np.ndarray:
    q = np.column_stack([xy, np.ones(len(xy))]) @ H.T
    return q[:, :2] / q[:, 2:]


@pytest.fixture
def walk(tmp_path: Path) -> Callable[..., Path]:
    """Make a recording of one person at 10 fps on y = 4 m, and a site file beside it.

    `walk(name, t_s, x_m, zone)`: where the person is at which times, straight between them, and the polygon
    of the zone "stop". It is a MOTChallenge folder without pictures; boxes are 1.7 m people of the right size
    for the camera.
    """

    def make(name: str, t_s: list[float], x_m: list[float], zone: list[list[float]]) -> Path:
        folder = tmp_path / name
        (folder / "det").mkdir(parents=True)
        n = round(t_s[-1] * FPS) + 1
        (folder / "seqinfo.ini").write_text(
            f"[Sequence]\nname={name}\nimDir=img1\nframeRate={FPS}\nseqLength={n}\n"
            f"imWidth={SIZE_PX[0]}\nimHeight={SIZE_PX[1]}\nimExt=.jpg\n"
        )
        H = floor_to_picture()
        floor = np.array([[x, y] for x in (3.0, 5.0, 7.0) for y in (2.0, 3.5, 5.0)])
        fit = fit_calibration(Pairs.of(project(H, floor), floor), SIZE_PX)
        fit.calibration.save(tmp_path / "cam.calibration.json")
        x = np.interp(np.arange(n) / FPS, t_s, x_m)
        feet = np.column_stack([x, np.full_like(x, 4.0)])
        foot = project(H, feet)
        assert fit.calibration.pose is not None
        head = fit.calibration.pose.project(feet, 1.7)
        height = foot[:, 1] - head[:, 1]
        # The box's middle lies on the line from foot to head, so that the foot is found again exactly.
        left = (foot[:, 0] + head[:, 0]) / 2 - 0.2 * height
        rows = np.column_stack(
            [np.arange(1, n + 1), -np.ones(n), left, head[:, 1], 0.4 * height, height, np.full(n, 0.9)]
        )
        np.savetxt(folder / "det" / "det.txt", rows, fmt="%d,%d,%.4f,%.4f,%.4f,%.4f,%.3f,-1,-1,-1")
        (tmp_path / "site.toml").write_text(
            f"""
name = "walker's shop"
time_zone = "Europe/Berlin"
[plan]
width_m = 10.0
height_m = 8.0
[[cameras]]
name = "cam"
calibration = "cam.calibration.json"
[[zones]]
name = "stop"
polygon_m = {zone}
"""
        )
        return folder

    return make


@pytest.fixture
def walker(walk: Callable[..., Path]) -> Path:
    """12 s: from (2, 4) to (4, 4) in 2 s, standing for 8 s in a zone of 1 m2, on to (6, 4) in 2 s."""
    square = [[3.5, 3.5], [4.5, 3.5], [4.5, 4.5], [3.5, 4.5]]
    return walk("walker", [0, 2, 10, 12], [2, 4, 4, 6], square)


# The last four keep Chromium from speaking to anybody but the studio.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def shops(replay, walker, tmp_path, tmp_path_factory):
    """Runs with hand-made tables: copies of one run with two zones of 1 m2, "stop" and "rest".

    `make(name, start, hours, stop, rest)` writes a run of whole hours in which `stop` people come to one zone
    and `rest` to the other in every quarter of an hour and stay for a minute each.
    """
    site = tmp_path / "site.toml"
    site.write_text(
        site.read_text()
        + '[[zones]]\nname = "rest"\npolygon_m = [[5.0, 3.5], [6.0, 3.5], [6.0, 4.5], [5.0, 4.5]]\n'
    )
    # Run once, for all tests are on copies.
    models = tmp_path_factory.getbasetemp() / "two zones"
    if not models.exists():
        start = "2026-03-27T12:00:00+01:00"
        ran = replay(walker, "--site", site, "--out", models, "--start", start, "--json")
        assert ran.code == 0, ran.err
    (made,) = (models / "cam").glob("walker-*")

    def make(name: str, start: str | None, hours: float, stop: int, rest: int, camera: str = "cam") -> Path:
        folder = tmp_path / "out" / camera / name
        shutil.copytree(made, folder)
        changed = json.loads((folder / "run.json").read_text())
        changed["source"] |= {"start": start, "content_hash": name, "name": name}
        changed["view"]["camera"] = camera
        changed["footage"]["observed_s"] = [[0.0, hours * 3600.0]]
        quarters = 900.0 * np.arange(round(hours * 4))
        zero = 0 if start is None else int(datetime.fromisoformat(start).timestamp())
        rows, visits = [], []
        for place, (zone, people) in enumerate((("stop", stop), ("rest", rest))):
            for begin in quarters:
                rows.append((zero + int(begin), place, False, 60.0 * people, people, people))
                visits += [(zone, begin + 100.0 + k) for k in range(people)]
        columns = ["begin_s", "place", "staff", "dwell_s", "entries", "visitors"]
        table = pd.DataFrame(rows, columns=columns)
        table.assign(peak=1, peak_s=0.0).to_parquet(folder / ZONE_QUARTERS, index=False)
        grid = changed["grid"]
        cell = round(4.25 / grid["cell"] - 0.5) * grid["columns"] + round(4.25 / grid["cell"] - 0.5)
        table.assign(place=cell + 2 * table["place"]).to_parquet(folder / CELL_QUARTERS, index=False)
        n = len(visits)
        enter = np.array([at for _, at in visits])
        pd.DataFrame(
            {"visitor": np.arange(n), "zone": [zone for zone, _ in visits], "enter": pd.NaT, "leave": pd.NaT,
             "enter_s": enter, "leave_s": enter + 60, "dwell_s": 60.0, "entry": "crossed", "exit": "crossed",
             "begun": True, "ended": True, "stopped_s": 10.0, "observed_share": 1.0, "probable_staff": False}
        ).to_parquet(folder / VISITS, index=False)  # fmt: skip
        pd.DataFrame(
            {"person": np.arange(n), "first_s": enter, "last_s": enter + 60, "present_s": 60.0,
             "scene_visits": 1, "counted": True, "probable_staff": False}
        ).to_parquet(folder / PEOPLE, index=False)  # fmt: skip
        changed["results"] |= {"people": n, "probable_staff": 0}
        (folder / "run.json").write_text(dump_json(changed))
        return folder

    return make


@pytest.fixture
def write_run() -> Callable[..., None]:
    """Make up a run, as `dwellmap run` leaves it, without footage and pictures.

    `write_run(site_path, ways, start, length_s, folder, name)`: `ways` are (begin_s, stops) of everybody,
    stops (x_m, y_m, stand_s), the first where they come into sight; beside the site file lies
    `cam.calibration.json`.
    """

    def write(
        site_path: Path,
        ways: Sequence[Way],
        start: datetime | None,
        length_s: float,
        folder: Path,
        name: str,
    ) -> None:
        folder.mkdir(parents=True)
        site = load_site(site_path)
        calibration = Calibration.load(site_path.parent / "cam.calibration.json")
        view, settings = site_view(site, site.cameras[0], SIZE_PX, calibration), site.settings
        tracks, observed = tracks_of(ways, view), np.array([[0.0, length_s]])
        shown = (-0.5, -0.5, 639.5, 479.5)
        analysis = measure(tracks, view, shown, observed, settings, Silent(), Timing())
        told = "option" if start else None
        source = Source(name, f"{name}.mp4", f"hash of {name}", SIZE_PX, start, told, 1.0, HZ, "replay",
                        "made", "made up", "none", "Europe/Berlin")  # fmt: skip
        write_zones(folder, analysis, start)
        analysis.maps.to_parquet(folder / "maps.parquet")
        analysis.stays_frame().to_parquet(folder / "stays.parquet", index=False)
        calibration.save(folder / "calibration.json")
        files = sorted(file.name for file in folder.iterdir())
        content = recipe(source, Footage(observed, 100, 0, ()), shown, view, settings, tracks, 0, AUDIT, [],
                         analysis, ("2 people stood at (1, 2)",), files, (), {})  # fmt: skip
        (folder / "run.json").write_text(dump_json(content), encoding="utf-8")

    return write


def walked(begin_s: float, stops: Sequence[tuple[float, float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """(t_s, xy_m) of somebody who goes straight from stop to stop and stands at each for its time."""
    t, points = [], []
    at_s = begin_s
    for x, y, stand_s in stops:
        if points:
            at_s = at_s + float(np.hypot(x - points[-1][0], y - points[-1][1])) / 1.2 + 0.5
        t.append(at_s)
        points.append((x, y))
        if stand_s:
            at_s += stand_s
            t.append(at_s)
            points.append((x, y))
    return np.array(t), np.array(points)


def tracks_of(ways: Sequence[Way], view: CameraView) -> Tracks:
    """Tracks along these ways, each sample of them seen."""
    rows = []
    for person, (t_s, xy) in enumerate(starmap(walked, ways), start=1):
        t = np.arange(np.ceil(t_s[0] * HZ), np.floor(t_s[-1] * HZ) + 1) / HZ
        xy = np.column_stack([np.interp(t, t_s, xy[:, k]) for k in (0, 1)])
        foot, head = view.calibration.image_from_floor(xy), view.calibration.pose.project(xy, 1.7)
        half = np.abs(foot[:, 1] - head[:, 1]) / 5
        box = np.column_stack([foot[:, 0] - half, head[:, 1], foot[:, 0] + half, foot[:, 1]])
        rows.append((np.full(len(t), person), t, box, foot, xy))
    person, t_s, box, foot, xy = (np.concatenate(column) for column in zip(*rows, strict=True))
    n = len(person)
    return Tracks(person, t_s, box, foot, xy, np.tile([0.01, 0.0, 0.01], (n, 1)), np.full(n, 0.9),
                  np.ones(n, bool), np.zeros(n, bool))  # fmt: skip

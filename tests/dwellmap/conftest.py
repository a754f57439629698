"""A tiny recording whose truth is known, and the command line to run on it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, sync_playwright

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from dwellmap.cli import main

SIZE_PX = (640, 480)
FPS = 10


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

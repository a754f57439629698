"""A shop floor with people whose ways are known, filmed by one camera that exports in files."""

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from dwellmap.cli import main

FPS = 10
SIZE_PX = (640, 480)
SECONDS = 120.0


def camera() -> Calibration:
    """A camera 3 m up, 500 px focal length, looking 35 degrees down over a 10 x 8 m floor."""
    tilt = np.deg2rad(35)
    right, forward = np.array([1.0, 0.0, 0.0]), np.array([0.0, -np.cos(tilt), np.sin(tilt)])
    R = np.stack([right, np.cross(forward, right), forward])
    t = -R @ np.array([5.0, 9.0, -3.0])
    K = np.array([[500.0, 0, (SIZE_PX[0] - 1) / 2], [0, 500.0, (SIZE_PX[1] - 1) / 2], [0, 0, 1]])
    floor = np.array([[x, y] for x in (3.0, 5.0, 7.0) for y in (2.0, 3.5, 5.0)])
    q = np.column_stack([floor, np.ones(len(floor))]) @ (K @ np.column_stack([R[:, 0], R[:, 1], t])).T
    return fit_calibration(Pairs.of(q[:, :2] / q[:, 2:], floor), SIZE_PX).calibration


def ways(people: int = 14, seed: int = 3) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """People who come in at a side, stop twice and leave: (begin_s, times (k,), floor positions (k, 2))."""
    rng = np.random.default_rng(seed)
    found = []
    for nth in range(people):
        begin = -20 + nth * (SECONDS + 20) / people
        left, y = rng.random() < 0.5, rng.uniform(2.2, 5.5, 2)
        points = [(1.0 if left else 9.0, y[0]), (rng.uniform(3, 4.5), y[0]), (rng.uniform(5, 7), y[1])]
        points += [(9.0 if left else 1.0, y[1])]
        t, at = [0.0], [points[0]]
        for here, there in pairwise(points):
            t.append(t[-1] + float(np.hypot(*np.subtract(there, here))) / 1.1)
            at.append(there)
            if there is not points[-1]:
                t.append(t[-1] + rng.uniform(3, 14))
                at.append(there)
        found.append((begin, np.array(t), np.array(at)))
    return found


@dataclass(frozen=True)
class Shop:
    """Films the people and runs what it filmed."""

    folder: Path
    calibration: Calibration

    def film(self, name: str, begin_s: float, end_s: float) -> Path:
        """A MOTChallenge folder of one export; what it shows at a time is the same in every export."""
        everything = np.arange(-50 * FPS, round(SECONDS + 50) * FPS)
        within = (everything >= begin_s * FPS - 1e-6) & (everything < end_s * FPS - 1e-6)
        first = everything[within][0]
        rows = []
        for number, (begin, t, at) in enumerate(ways()):
            rng = np.random.default_rng(number)
            jitter, seen = rng.normal(0, 0.012, (len(everything), 4)), rng.random(len(everything)) < 0.97
            there = within & seen & (everything / FPS >= begin) & (everything / FPS <= begin + t[-1])
            t_s = everything[there] / FPS - begin
            xy = np.column_stack([np.interp(t_s, t, at[:, k]) for k in (0, 1)])
            foot, head = self.calibration.image_from_floor(xy), self.calibration.pose.project(xy, 1.7)
            height = foot[:, 1] - head[:, 1]
            left = (foot[:, 0] + head[:, 0]) / 2 - 0.2 * height
            box = np.column_stack([left, head[:, 1], 0.4 * height, height])
            box += jitter[there] * height[:, None]
            frame = everything[there] - first + 1
            rows.append(np.column_stack([frame, -np.ones(len(frame)), box, np.full(len(frame), 0.9)]))
        film = self.folder / "films" / name
        (film / "det").mkdir(parents=True)
        (film / "seqinfo.ini").write_text(
            f"[Sequence]\nname={name}\nimDir=img1\nframeRate={FPS}\nseqLength={within.sum()}\n"
            f"imWidth={SIZE_PX[0]}\nimHeight={SIZE_PX[1]}\nimExt=.jpg\n"
        )
        table = np.concatenate(rows)
        np.savetxt(film / "det" / "det.txt", table, fmt="%d,%d,%.4f,%.4f,%.4f,%.4f,%.3f,-1,-1,-1")
        return film

    def run(self, film: Path, start: str | None, out: Path, *words: str) -> Path:
        """Run an export with the start that its stamp states."""
        told = () if start is None else ("--start", start)
        command = ("dwellmap", "run", film, "--detector", "replay", "--detections", "det/det.txt", "--json")
        command += ("--site", self.folder / "site.toml", "--out", out, *told, *words)
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
            patch.setattr(sys, "argv", [str(word) for word in command])
            with pytest.raises(SystemExit):
                main()
        return Path(json.loads(printed.getvalue())[0]["run"])


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Shop:
    """The shop and its site file."""
    folder = tmp_path_factory.mktemp("shop")
    calibration = camera()
    calibration.save(folder / "cam.calibration.json")
    (folder / "site.toml").write_text(
        'name = "shop"\ntime_zone = "Europe/Berlin"\n[plan]\nwidth_m = 10.0\nheight_m = 8.0\n'
        '[[cameras]]\nname = "cam"\ncalibration = "cam.calibration.json"\n'
    )
    return Shop(folder, calibration)


@pytest.fixture(scope="session")
def whole(shop, tmp_path_factory) -> Path:
    """The run of two minutes in one file."""
    return shop.run(shop.film("whole", 0, 120), "2026-03-02T10:00:00", tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def exports(shop, tmp_path_factory) -> dict[str, Path]:
    """The same two minutes in files, each run alone: no other is in its output folder.

    `a` 0 to 40.4 s; `b` 35.4 to 80 s, stamped 35 s; `c` 80 to 120 s; `again` 50 to 60 s, which b shows too.
    """
    films = {"a": (0, 40.4, "10:00:00"), "b": (35.4, 80, "10:00:35"), "c": (80, 120, "10:01:20")}
    films["again"] = (50, 60, "10:00:50")
    return {
        name: shop.run(shop.film(name, begin, end), f"2026-03-02T{start}", tmp_path_factory.mktemp(name))
        for name, (begin, end, start) in films.items()
    }

"""The studio as people meet it: a process of its own, and a real browser that looks at it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from calibration.pairs import Pairs

expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Studio:
    """A studio that is running."""

    url: str
    folder: Path
    process: subprocess.Popen[str]


@pytest.fixture
def start_studio() -> Iterator[Callable[..., Studio]]:
    """Start studios in folders; they end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, *words: str, token: str | None = None) -> Studio:
        command = [
            str(Path(sys.executable).with_name("dwellmap")),
            "studio",
            "--port",
            "0",
            "--no-browser",
            *words,
        ]
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | ({"DWELLMAP_STUDIO_TOKEN": token} if token else {}),
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            found = re.search(r"http://[^/\s]+", line)
            if found:
                return Studio(found[0], folder, process)
        raise AssertionError("".join(said))

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.communicate(timeout=20)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1280x720 that fails on faults in its scripts, and on requests to any other machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    faults: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: elsewhere.append(asked.url) if _is_elsewhere(asked.url) else None)
    yield page
    context.close()
    assert faults == []
    assert elsewhere == []


def _is_elsewhere(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost")


class OnCanvas:
    """Clicks a canvas in its own coordinates, as long as it shows all of its extent."""

    def __init__(self, canvas: Locator, extent: tuple[float, float, float, float]) -> None:
        self.canvas, self.extent = canvas, extent

    def at(self, x: float, y: float) -> tuple[float, float]:
        box = self.canvas.bounding_box()
        assert box is not None
        x0, y0, x1, y1 = self.extent
        scale = min(box["width"] / (x1 - x0), box["height"] / (y1 - y0)) * 0.98
        return (
            box["x"] + box["width"] / 2 + scale * (x - (x0 + x1) / 2),
            box["y"] + box["height"] / 2 + scale * (y - (y0 + y1) / 2),
        )

    def click(self, x: float, y: float) -> None:
        self.canvas.page.mouse.click(*self.at(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.canvas.page.mouse
        mouse.move(*self.at(*start))
        mouse.down()
        mouse.move(*self.at(*end), steps=5)
        mouse.up()

    def hover(self, x: float, y: float) -> None:
        self.canvas.page.mouse.move(*self.at(x, y))


@pytest.fixture
def on_canvas() -> Callable[..., OnCanvas]:
    return OnCanvas


@pytest.fixture
def still(tmp_path: Path) -> Callable[..., Path]:
    """A picture file of a size, with something to see."""

    def write(width: int = 640, height: int = 480, name: str = "still.png") -> Path:
        y, x = np.mgrid[0:height, 0:width]
        grey = ((x // 40 + y // 40) % 2 * 90 + 80).astype(np.uint8)
        path = tmp_path / name
        Image.fromarray(np.dstack([grey, grey, grey])).save(path)
        return path

    return write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the site file of a 10 x 8 m shop whose camera "cam" is not calibrated."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "site.toml").write_text(
        '# Mind the step.\nname = "Shop"\n\n[plan]\nwidth_m = 10.0\nheight_m = 8.0\n\n[[cameras]]\n'
        'name = "cam"\n'
    )
    return folder


def seen_from_3_m(tilt_deg: float, floor: np.ndarray) -> Pairs:
    """Floor points as a camera 3 m above (5, 9) sees them that looks up the plan, pictures of 640x480."""
    tilt = np.deg2rad(tilt_deg)
    forward = np.array([0.0, -np.cos(tilt), np.sin(tilt)])
    R = np.stack([[1.0, 0, 0], np.cross(forward, [1.0, 0, 0]), forward])
    seen = (np.column_stack([floor, np.zeros(len(floor))]) - [5.0, 9.0, -3.0]) @ R.T
    return Pairs.of(seen[:, :2] / seen[:, 2:] * 500 + [319.5, 239.5], floor)


@pytest.fixture
def eight_pairs() -> Pairs:
    """Eight points of a 10 x 8 m floor under a camera that looks 35 degrees down: no horizon in view."""
    floor = [[3.0, 2.0], [5.0, 1.5], [7.0, 2.0], [2.6, 4.0], [5.2, 3.6], [7.5, 4.0], [4.0, 5.5], [6.2, 5.4]]
    return seen_from_3_m(35, np.array(floor))


@pytest.fixture
def flat_pairs() -> Pairs:
    """Six points under a camera that looks 12 degrees down: the horizon is in the picture."""
    return seen_from_3_m(
        12, np.array([[4.0, 0.5], [6.0, 0.5], [3.5, 2.0], [6.5, 2.0], [4.6, 1.2], [5.5, 2.6]])
    )


@pytest.fixture
def tsai_pairs(tsai) -> Pairs:
    """Fourteen places of PETS where the published camera shows them, in 480x360; a plan of 30 x 30 m."""
    x, y = np.meshgrid(np.linspace(-16, 6, 5), np.linspace(-14, 6, 4))
    survey_m = np.column_stack([x.ravel(), y.ravel()])
    px = (tsai.image_from_survey(survey_m) + 0.5) * 0.625 - 0.5
    inside = np.all((px > 0) & (px < np.array([479, 359])), axis=1)
    return Pairs.of(px[inside], np.column_stack([survey_m[:, 0] + 20, 10 - survey_m[:, 1]])[inside])

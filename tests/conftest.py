"""Fixtures shared by all tests."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
SERVERS = Path(__file__).parent / "servers"
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real footage, weights and truth; absent ones skip the test, saying why."""
    named = os.environ.get("DWELLMAP_TEST_DATA", "../shared/data")
    folder = (ROOT / named).resolve()
    if not (folder / "mot").is_dir():
        pytest.skip(
            f"no test data at {named}: set DWELLMAP_TEST_DATA to the folder with mot/, video/, models/"
        )
    return folder


@dataclass(frozen=True)
class Tsai:
    """The published calibration of PETS 2009 view 1: R. Tsai, "A versatile camera calibration technique for
    high-accuracy 3D machine vision metrology", IEEE J. Robotics and Automation 3(4), 1987."""

    g: dict[str, float]

    def image_from_survey(self, xy_m: np.ndarray, height_m: float = 0.0) -> np.ndarray:
        g = self.g
        world = np.column_stack([xy_m, np.full(len(xy_m), height_m)]) * 1000
        camera = world @ self.R.T + [g["tx"], g["ty"], g["tz"]]
        undistorted = g["focal"] * camera[:, :2] / camera[:, 2:]
        distorted = undistorted.copy()
        for _ in range(60):
            distorted = undistorted / (1 + g["kappa1"] * np.sum(distorted**2, axis=1, keepdims=True))
        return np.column_stack(
            [g["sx"] * distorted[:, 0] / g["dpx"] + g["cx"], distorted[:, 1] / g["dpy"] + g["cy"]]
        )

    @property
    def R(self) -> np.ndarray:  # noqa: N802
        (sa, sb, sg), (ca, cb, cg) = (f([self.g["rx"], self.g["ry"], self.g["rz"]]) for f in (np.sin, np.cos))
        return np.array(
            [
                [cb * cg, cg * sa * sb - ca * sg, sa * sg + ca * cg * sb],
                [cb * sg, sa * sb * sg + ca * cg, ca * sb * sg - cg * sa],
                [-sb, cb * sa, ca * cb],
            ]
        )

    @property
    def centre_m(self) -> np.ndarray:
        return -self.R.T @ [self.g["tx"], self.g["ty"], self.g["tz"]] / 1000


@pytest.fixture(scope="session")
def tsai(data) -> Tsai:
    root = ET.parse(data / "ground/pets09/View_001.xml").getroot()
    return Tsai({key: float(value) for part in root for key, value in part.attrib.items()})


@dataclass
class Camera:
    """A camera on loopback: a server process that only this test's own clients can find.

    Attributes:
        port: Where it listens.
        process: The server; end it by killing this.
        command: What started it, without the port.
        url: Its address, with user and password if it asks for them.

    """

    port: int
    process: subprocess.Popen[str]
    command: list[str]
    url: str

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def restart(self) -> None:
        """Begin again on the same port."""
        self.process, port = _serving([*self.command, "--port", str(self.port)])
        assert port == self.port


def _serving(command: list[str]) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.strip().isdigit(), f"the server did not start: {command}"
    return process, int(line)


def _camera(stack: ExitStack, scheme: str, command: list[str], user: str, password: str) -> Camera:
    if user:
        command += ["--user", user, "--password", password]
    process, port = _serving(command)
    credentials = f"{user}:{password}@" if user else ""
    camera = Camera(port, process, command, f"{scheme}://{credentials}127.0.0.1:{port}/live")
    stack.callback(lambda: camera.kill())
    return camera


def film_greys(
    path: Path, size_px: tuple[int, int] = (128, 96), key_every: int = 10, slices: int = 1
) -> Path:
    """Five seconds at 10 pictures a second, coded as cameras do; picture n is of the mean grey 40 + 3 n."""
    width, height = size_px
    noise = np.random.default_rng(9).integers(-30, 31, (height, width, 3))
    noise -= noise.mean().round().astype(int)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {
            "preset": "ultrafast", "tune": "zerolatency", "threads": "1",
            "g": str(key_every), "slices": str(slices),
        }  # fmt: skip
        for number in range(50):
            picture = np.clip(40 + 3 * number + noise, 0, 255).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                container.mux(packet)
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def camera_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `film_greys`; 128 x 96 pixels."""
    return film_greys(tmp_path_factory.mktemp("camera") / "greys.mp4")


@pytest.fixture(scope="session")
def camera_clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same film larger, in another shape, with a single key picture, and with each picture in parts."""
    folder = tmp_path_factory.mktemp("cameras")
    return {
        "larger": film_greys(folder / "larger.mp4", (256, 192)),
        "square": film_greys(folder / "square.mp4", (96, 96)),
        "one key": film_greys(folder / "key.mp4", key_every=50),
        "slices": film_greys(folder / "slices.mp4", slices=3),
    }


@pytest.fixture
def rtsp_camera(camera_clip: Path) -> Iterator[Callable[..., Camera]]:
    """Start GStreamer's RTSP server on a clip, or on something worse; see `servers/rtsp_camera.py`."""
    has_it = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    try:
        subprocess.run([SYSTEM_PYTHON, "-c", has_it], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(
            "no RTSP server: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi "
            "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
        )
    with ExitStack() as stack:

        def start(*words: object, clip: Path = camera_clip, user: str = "", password: str = "") -> Camera:
            command = [SYSTEM_PYTHON, str(SERVERS / "rtsp_camera.py"), "--clip", str(clip), *map(str, words)]
            return _camera(stack, "rtsp", command, user, password)

        yield start


@pytest.fixture
def web_camera(camera_clip: Path) -> Iterator[Callable[..., Camera]]:
    """Start a camera that sends over HTTP, or something worse; see `servers/web_camera.py`."""
    with ExitStack() as stack:

        def start(*words: object, clip: Path = camera_clip, user: str = "", password: str = "") -> Camera:
            command = [sys.executable, str(SERVERS / "web_camera.py"), "--clip", str(clip), *map(str, words)]
            return _camera(stack, "http", command, user, password)

        yield start

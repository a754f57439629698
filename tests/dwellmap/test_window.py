"""The window under a virtual display: it is seen, q closes it, the work goes on; or it says why it is not."""

import ctypes
import shutil
import subprocess
import sys
import time
from ctypes.util import find_library
from pathlib import Path

import cv2
import numpy as np
import pytest

from dwellmap import window
from dwellmap.h264 import write_h264

SIZE = (1280, 1024)


@pytest.fixture(scope="module")
def display(tmp_path_factory):
    """A virtual display: its name and the file that holds its picture."""
    if window._interface() == "NONE":
        pytest.skip("this OpenCV is headless: apt-get install libgl1, then make again")
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("no virtual display here: apt-get install xvfb")
    folder = tmp_path_factory.mktemp("display")
    server = subprocess.Popen(
        [xvfb, "-displayfd", "1", "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", folder,
         "-noreset", "-nolisten", "tcp"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield f":{server.stdout.readline().strip()}", folder / "Xvfb_screen0"
    finally:
        server.terminate()
        server.wait(20)


def on_screen(file: Path) -> np.ndarray:
    """(height, width, 3) what the display shows, from its XWD file."""
    content = file.read_bytes()
    header = np.frombuffer(content, ">u4", 25)
    begin = int(header[0] + 12 * header[19])
    pixels = np.frombuffer(content, np.uint8, SIZE[0] * SIZE[1] * 4, begin)
    return pixels.reshape(SIZE[1], SIZE[0], 4)[..., :3]


@pytest.fixture
def film(tmp_path):
    """20 s of a thing that crosses a plain, bright room."""
    times_s = np.arange(200) / 10

    def pictures():
        for t_s in times_s:
            image = np.full((240, 320, 3), 170, np.uint8)
            left = int(t_s * 12)
            image[80:180, left : left + 40] = (40, 60, 200)
            yield image

    write_h264(tmp_path / "film.mp4", pictures(), times_s, (320, 240))
    return tmp_path / "film.mp4"


@pytest.mark.parametrize("command", ["activity", "run"])
def test_it_is_seen_while_it_works_and_gone_after(display, film, tmp_path, command, monkeypatch):
    name, screen = display
    monkeypatch.setenv("DISPLAY", name)
    words = (
        ["--no-films", "--every", "0"]
        if command == "activity"
        else ["--detector", "motion", "--appearance", "none"]
    )
    program = Path(sys.executable).with_name("dwellmap")
    working = subprocess.Popen(
        [program, command, film, "--show", "--out", tmp_path / "out", "--quiet", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    bright = 0
    while working.poll() is None:
        bright = max(bright, int((on_screen(screen).max(axis=2) > 100).sum()))
        time.sleep(0.02)
    out, err = working.communicate()
    assert working.returncode == 0, err
    assert Path(out.strip()).is_dir()
    assert bright > 200 * 200, "a picture of the room was on the screen"
    assert (on_screen(screen).max(axis=2) > 100).sum() == 0


_LOOP = """
import numpy as np, sys, time
from dwellmap.window import window_if
with window_if(True, False) as window:
    print("open", flush=True)
    for i in range(3000):
        window.people(i / 10, np.full((240, 320, 3), 170, np.uint8), np.array([[50, 60, 90, 160]]))
        if not window.open:
            print("closed", flush=True)
            window.people(i / 10, np.full((240, 320, 3), 170, np.uint8), np.zeros((0, 4)))
            break
        time.sleep(0.02)
print("done", window.open, flush=True)
"""


def test_q_closes_it_and_the_work_goes_on(display, monkeypatch):
    name, screen = display
    monkeypatch.setenv("DISPLAY", name)
    working = subprocess.Popen([sys.executable, "-c", _LOOP], stdout=subprocess.PIPE, text=True)
    assert working.stdout.readline() == "open\n"
    deadline = time.monotonic() + 60
    while (on_screen(screen).max(axis=2) > 100).sum() == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    # A key that comes before the window has the focus is lost, as at a desk.
    while working.poll() is None and time.monotonic() < deadline:
        _press(name, "q")
        time.sleep(0.5)
    assert working.stdout.read() == "closed\ndone False\n"
    assert working.wait(60) == 0


def _press(display: str, key: str) -> None:
    """Press a key in the only window of a display."""
    found = find_library("X11"), find_library("Xtst")
    if None in found:
        working = "no libXtst here: apt-get install libxtst6"
        pytest.skip(working)
    x11, xtst = (ctypes.CDLL(library) for library in found)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    to = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    x11.XDefaultRootWindow.restype = ctypes.c_ulong
    root = ctypes.c_ulong(x11.XDefaultRootWindow(to))
    parent, count = ctypes.c_ulong(), ctypes.c_uint()
    children = ctypes.POINTER(ctypes.c_ulong)()
    x11.XQueryTree(to, root, *(ctypes.byref(v) for v in (ctypes.c_ulong(), parent, children, count)))
    for i in range(count.value):
        # Windows that are not shown refuse the focus; no manager gives it to anybody here.
        x11.XSetErrorHandler(_IGNORE)
        x11.XSetInputFocus(to, ctypes.c_ulong(children[i]), 1, 0)
        x11.XSync(to, 0)
    x11.XKeysymToKeycode.restype = ctypes.c_ubyte
    code = x11.XKeysymToKeycode(to, ctypes.c_ulong(ord(key)))
    for down in (1, 0):
        xtst.XTestFakeKeyEvent(to, code, down, 0)
    x11.XSync(to, 0)
    x11.XCloseDisplay(to)


_IGNORE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)


def test_no_display(monkeypatch, dwellmap, film, tmp_path):
    monkeypatch.setattr(window, "_interface", lambda: "QT5")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    ran = dwellmap("activity", film, "--show", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "--show: there is no display here" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_display_that_is_not_there(monkeypatch):
    """The window library would end the process: it is tried in another one."""
    if window._interface() == "NONE":
        pytest.skip("this OpenCV is headless")
    monkeypatch.setenv("DISPLAY", ":987")
    assert "display cannot be used" in window.why_no_window()


def test_a_headless_opencv(monkeypatch, dwellmap, film, tmp_path):
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:                           NONE\n")
    ran = dwellmap("run", film, "--show", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "headless" in ran.err
    assert "opencv-python instead of opencv-python-headless" in ran.err

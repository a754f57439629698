"""A window that shows the work while it is done: boxes and the growing heat."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.colours import colours_by_name
from dwellmap.blend import blend
from tracker.background import at_working_size, working_size
from tracker.changes import Change, moving_boxes
from tracker.scenepicture import softened

_TITLE = "Dwellmap (q closes this window)"
_BOX_BGR, _OPACITY = (255, 255, 255), 0.6
_WIDTH_PX, _SOON_S = 960, 1.0
_TRY_S = 20.0
_TRY = "import cv2; cv2.namedWindow('Dwellmap'); cv2.waitKey(1); cv2.destroyAllWindows()"


def why_no_window() -> str | None:
    """Why no window can be opened here, and what to do; None if one can."""
    if _interface() == "NONE":
        return (
            "this OpenCV is a headless one, made without windows; install opencv-python instead of "
            "opencv-python-headless, in the same version"
        )
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "there is no display here (DISPLAY is not set); run it on a desktop, or under xvfb-run"
    try:
        # Where a display cannot be reached, the window library ends the process: that must not be this one.
        tried = subprocess.run(
            [sys.executable, "-c", _TRY], capture_output=True, text=True, timeout=_TRY_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the display did not answer within {_TRY_S:.0f} s"
    if tried.returncode == 0:
        return None
    said = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"the display cannot be used: {said[:200]}"


def _interface() -> str:
    """What OpenCV draws windows with, "NONE" if with nothing."""
    for line in cv2.getBuildInformation().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "GUI":
            return value.strip().upper() or "NONE"
    return "NONE"


class Window:
    """The window. Closing it, by q or its button, does not end the work.

    Without `show_people` the picture is so soft that nobody is recognised.
    """

    def __init__(self, show_people: bool) -> None:
        self._show_people = show_people
        self._colours = colours_by_name("magma")
        self._heat: NDArray[np.float64] | None = None
        self._before_s = 0.0
        self.open = True
        cv2.namedWindow(_TITLE, cv2.WINDOW_AUTOSIZE)

    def changes(self, change: Change, moving_s: NDArray[np.float64]) -> None:
        """Show what moves in a picture, and the seconds of motion (h, w) so far."""
        if self.open:
            self._draw(change.picture, moving_boxes(change.moving), moving_s)

    def people(
        self, t_s: float, picture_bgr: NDArray[np.uint8] | None, xyxy_px: NDArray[np.floating]
    ) -> None:
        """Show the boxes (n, 4) of the people found in a picture, and for how long they were where."""
        if not self.open or picture_bgr is None:
            return
        height, width = picture_bgr.shape[:2]
        small = working_size((width, height))
        boxes = np.asarray(xyxy_px, dtype=np.float64).reshape(-1, 4) * (small[0] / width)
        picture = at_working_size(picture_bgr, small)
        if self._heat is None or self._heat.shape != picture.shape[:2]:
            self._heat, self._before_s = np.zeros(picture.shape[:2]), t_s
        # A new recording begins at 0 again.
        seconds = min(max(t_s - self._before_s, 0.0), _SOON_S)
        self._before_s = t_s
        for x0, y0, x1, y1 in boxes.round().astype(int):
            self._heat[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] += seconds
        self._draw(picture, boxes, self._heat)

    def close(self) -> None:
        """Close it; once closed it stays so."""
        if self.open:
            self.open = False
            cv2.destroyWindow(_TITLE)
            cv2.waitKey(1)

    def _draw(
        self, picture_bgr: NDArray[np.uint8], boxes: NDArray[np.float64], heat: NDArray[np.float64]
    ) -> None:
        shown = picture_bgr if self._show_people else softened(picture_bgr)
        top = float(np.percentile(heat[heat > 0], 99)) if (heat > 0).any() else 1.0
        page = blend(np.asarray(shown[..., ::-1]), heat / top, self._colours, _OPACITY)
        scale = min(2.0, _WIDTH_PX / page.shape[1])
        page = np.asarray(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))
        for x0, y0, x1, y1 in (boxes * scale).round().astype(int).tolist():
            cv2.rectangle(page, (x0, y0), (x1, y1), _BOX_BGR, 2)
        cv2.imshow(_TITLE, np.ascontiguousarray(page[..., ::-1]))
        # The window's own button ends it as well.
        if (
            cv2.waitKey(1) & 0xFF in (ord("q"), ord("Q"))
            or cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1
        ):
            self.close()


@contextmanager
def window_if(show: bool, show_people: bool) -> Iterator[Window | None]:
    """A window if one is wanted, closed at the end.

    Raises:
        ValueError: If it cannot be opened; says why.

    """
    if not show:
        yield None
        return
    reason = why_no_window()
    if reason is not None:
        raise ValueError(f"--show: {reason}")
    window = Window(show_people)
    try:
        yield window
    finally:
        window.close()

"""The empty shop through the film: what stands where when, in which light, and the screen that plays."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.lights import Lights
from dwellmap.demo.props import Screen
from dwellmap.demo.stage import Stage


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """A stage and the time from which it is seen.

    Attributes:
        from_s: Begin; it lasts until the next act.
        stage: The stage.
        screen: The screen on it, None if it has none.

    """

    from_s: float
    stage: Stage
    screen: Screen | None = None


class Scenery:
    """The acts of a film in their light."""

    def __init__(self, acts: tuple[Act, ...], lights: Lights) -> None:
        """Take the acts in the order of their time."""
        self._acts, self._lights = acts, lights
        # The light changes more slowly than pictures come: the last lit picture is used again.
        self._lit: tuple[object, NDArray[np.uint8]] | None = None

    def at(self, t_s: float) -> tuple[Stage, NDArray[np.uint8]]:
        """The stage at a time and a picture of it (height, width, 3) that may be drawn on."""
        act = [a for a in self._acts if a.from_s <= t_s or a is self._acts[0]][-1]
        image = self._in_light(act, self._lights.state(t_s))
        if act.screen is not None:
            act.screen.show(image, t_s)
        return act.stage, image

    def _in_light(self, act: Act, state: tuple[float, bool]) -> NDArray[np.uint8]:
        if state == (0.0, True):
            return act.stage.image_bgr.copy()
        key = (act.from_s, state)
        if self._lit is None or self._lit[0] != key:
            # What is seen through the door and above the walls is out of doors.
            seen = np.nan_to_num(act.stage.seen_m[::4, ::4, :2].astype(np.float64))
            gain = self._lights.gain(seen, state).astype(np.float32)
            height, width = act.stage.solid_m.shape
            large = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR)
            self._lit = key, cv2.multiply(act.stage.image_bgr, large, dtype=cv2.CV_8U)
        return self._lit[1].copy()

"""Things in the shop that are no people: a mannequin, a video screen, and a display stand that is moved."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera
from dwellmap.demo.cutout import paste, upright_depth_m
from dwellmap.demo.figure import draw, limbs
from dwellmap.demo.lights import brightness
from dwellmap.demo.looks import Looks
from dwellmap.demo.shadows import cast_shadows
from dwellmap.demo.shop import Box
from dwellmap.demo.stage import Stage

MANNEQUIN_M = (1.6, 2.5)
MANNEQUIN_ROOM = Box("mannequin", 1.35, 2.25, 1.85, 2.75, 1.8, "crate", ())
"""The floor that nobody walks on because the mannequin stands there."""
STAND_BEFORE = Box("display stand", 7.9, 4.0, 8.5, 4.6, 0.95, "crate", ())
STAND_AFTER = Box("display stand", 2.7, 6.1, 3.3, 6.7, 0.95, "crate", ())
"""The display stand before and after somebody has moved it."""

_MANNEQUIN = Looks(1.8, 1.0, (70, 30, 150), (60, 52, 50), (196, 200, 204), (196, 200, 204))
# The screen hangs on the back wall: left, right, lower and upper edge.
_SCREEN_M = (7.45, 9.5, 1.1, 2.25)
_FRAME_M = 0.06
_PATCHES, _CHANGES_PER_S = (4, 6), 5
_CUT_EVERY = 11


def with_mannequin(stage: Stage, camera: Camera) -> Stage:
    """The stage with a dressed figure that stands still and hides what is behind it."""
    xy = np.array(MANNEQUIN_M)
    image, solid = stage.image_bgr.copy(), stage.solid_m.copy()
    floor, seen = stage.floor.copy(), stage.seen_m.copy()
    cast_shadows(image, camera, floor, [(xy, _MANNEQUIN.height_m)])
    body = limbs(_MANNEQUIN, xy, np.radians(70), stride=0.6, swing=0.35, reach=0.3)
    cutout = draw(camera, body, np.full(3, float(brightness(xy))))
    overlap = None if cutout is None else cutout.overlap(image.shape)
    if cutout is None or overlap is None:
        return stage
    part, own = overlap
    depth = upright_depth_m(camera, xy, part)
    shown = paste(image, cutout, part, own, solid[part] < depth)
    solid[part][shown] = depth[shown]
    floor[part][shown] = False
    seen[part][shown] = (*xy, 1.0)
    return Stage(image, solid, floor, seen)


class Screen:
    """A screen on the back wall that plays a video of saturated colours, several pictures of it a second."""

    def __init__(self, stage: Stage, *, seed: int) -> None:
        """Find the pixels that show the screen; furniture may hide some of it."""
        self._seed = seed
        x, y, up = (stage.seen_m[..., k] for k in range(3))
        left, right, low, high = _SCREEN_M
        with np.errstate(invalid="ignore"):
            framed = (y < 1e-3) & (x > left - _FRAME_M) & (x < right + _FRAME_M)
            framed &= (up > low - _FRAME_M) & (up < high + _FRAME_M)
            shows = framed & (x > left) & (x < right) & (up > low) & (up < high)
        self._frame = np.nonzero(framed & ~shows)
        self._pixels = np.nonzero(shows)
        self._across = (x[self._pixels] - left) / (right - left)
        self._down = (high - up[self._pixels]) / (high - low)

    def show(self, image: NDArray[np.uint8], t_s: float) -> None:
        """Draw what the screen shows at a time into the film's picture."""
        number = int(t_s * _CHANGES_PER_S)
        # A scene of the video keeps its colours and moves; then comes another one.
        colours = _saturated(np.random.default_rng([self._seed, 8, number // _CUT_EVERY]))
        jolt = int(np.random.default_rng([self._seed, 9, number]).integers(_PATCHES[0]))
        rows, columns = _PATCHES
        row = (self._down * rows + jolt).astype(int) % rows
        column = (self._across * columns + number % columns).astype(int) % columns
        image[self._frame] = (28, 26, 26)
        image[self._pixels] = colours[row, column]


def _saturated(rng: np.random.Generator) -> NDArray[np.uint8]:
    hsv = np.empty((*_PATCHES, 3), np.uint8)
    hsv[..., 0] = rng.integers(0, 180, _PATCHES)
    hsv[..., 1] = rng.integers(170, 256, _PATCHES)
    hsv[..., 2] = rng.integers(60, 256, _PATCHES)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), dtype=np.uint8)

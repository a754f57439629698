"""What lies under a map: the floor plan, or the people-free scene warped to the floor."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.render import Backdrop
from dwellmap.view import CameraView

_WIDTH_PX = 1400
_ROWS = 32
# A share of the longer side of a picture of the scene: who stood still all through a short recording is part
# of its scene, and nobody shall be made out.
_BLUR = 0.018


def backdrop_of(view: CameraView, scene_picture: Path | None) -> Backdrop | None:
    """The plan's picture; without one the people-free scene, seen from above; None if there is neither.

    The scene is blurred so far that whoever may be left in it cannot be made out.
    """
    x0, y0, x1, y1 = view.extent
    if view.plan_picture is not None:
        image = cv2.imread(str(view.plan_picture), cv2.IMREAD_COLOR)
        if image is not None:
            return Backdrop(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), view.extent)
    if scene_picture is None:
        return None
    scene = cv2.imread(str(scene_picture), cv2.IMREAD_COLOR)
    if scene is None:
        return None
    scene = blurred(cv2.cvtColor(scene, cv2.COLOR_BGR2RGB))
    if view.calibration is None:
        return Backdrop(scene, view.extent, plan=False)
    scale = _WIDTH_PX / max(x1 - x0, y1 - y0)
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    centre_x = (np.arange(size[0]) + 0.5) / scale + x0
    centre_y = (np.arange(size[1]) + 0.5) / scale + y0
    x, y = (np.empty(size[::-1], dtype=np.float32) for _ in range(2))
    # Some rows at a time, which the processor's cache holds.
    for top in range(0, size[1], _ROWS):
        rows = slice(top, top + _ROWS)
        centres = np.stack(np.meshgrid(centre_x, centre_y[rows]), -1)
        px = view.calibration.image_from_floor(centres.reshape(-1, 2))
        # Floor behind the camera or past the horizon is NaN, which lies outside the picture.
        px = np.clip(np.where(np.isnan(px), -1e4, px), -1e4, 1e5).reshape(centres.shape)
        x[rows], y[rows] = px[..., 0], px[..., 1]
    warped = cv2.remap(scene, x, y, cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    return Backdrop(warped, view.extent, plan=False)


def blurred(scene: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (height, width, 3) in which shelves and floor are known again, and nobody is."""
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), _BLUR * max(scene.shape[:2])), dtype=np.uint8)

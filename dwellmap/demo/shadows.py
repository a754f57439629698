"""The shadows of people on the floor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera

# Size of the picture of the shade over that of the film: shadows have no fine edges.
_SCALE = 0.5
_SUBPIXEL_BITS = 4
_CIRCLE = np.column_stack([np.cos(a := np.linspace(0, 2 * np.pi, 14, endpoint=False)), np.sin(a)])
# For each shadow: where its tip lies for a person of 1.7 m, how dark it is (255: not), how wide.
_SHADOWS = (
    (np.array([-0.55, 0.25]), 215, 0.16),
    (np.array([0.1, -0.4]), 222, 0.16),
    (np.zeros(2), 150, 0.24),
)


def cast_shadows(
    image: NDArray[np.uint8],
    camera: Camera,
    floor: NDArray[np.bool_],
    standing: list[tuple[NDArray[np.float64], float]],
) -> None:
    """Darken the floor of a picture where people stand; changes it in place.

    Args:
        image: (height, width, 3) uint8.
        camera: The camera.
        floor: (height, width) where the picture shows floor.
        standing: Where each person stands, (2,), and their height.

    """
    if not standing:
        return
    height, width = image.shape[:2]
    shade = np.full((int(height * _SCALE), int(width * _SCALE)), 255, np.uint8)
    for xy_m, height_m in standing:
        _shade(camera, shade, xy_m, height_m)
    soft = np.asarray(cv2.GaussianBlur(shade, (0, 0), width / 320), dtype=np.uint8)
    dark = cv2.boundingRect(255 - soft)
    top, left = int(dark[1] / _SCALE), int(dark[0] / _SCALE)
    rows = slice(max(0, top - 2), min(height, top + int(dark[3] / _SCALE) + 2))
    columns = slice(max(0, left - 2), min(width, left + int(dark[2] / _SCALE) + 2))
    part = np.s_[rows, columns]
    full = np.where(floor[part], cv2.resize(soft, (width, height))[part], np.uint8(255))
    image[part] = cv2.multiply(np.ascontiguousarray(image[part]), cv2.merge([full] * 3), scale=1 / 255)


def _shade(camera: Camera, shade: NDArray[np.uint8], xy_m: NDArray[np.float64], height_m: float) -> None:
    """Darken a picture of the floor's brightness (255: full light) by one person's shadows."""
    for away, dark, radius in _SHADOWS:
        tip = xy_m + away * height_m / 1.7
        outline = np.concatenate([xy_m + _CIRCLE * radius, tip + _CIRCLE * radius * 1.25])
        px, depth = camera.project(np.column_stack([outline, np.zeros(len(outline))]))
        if depth.min() < 0.3 or np.abs(px).max() > 10 * max(camera.size_px):
            continue
        x, y, w, h = cv2.boundingRect(np.rint(px * _SCALE).astype(np.int32))
        left, top = max(0, x - 2), max(0, y - 2)
        part = shade[top : max(0, y + h + 2), left : max(0, x + w + 2)]
        if part.size:
            outline_px = np.rint((px * _SCALE - [left, top]) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            layer = np.full(part.shape, 255, np.uint8)
            cv2.fillConvexPoly(layer, cv2.convexHull(outline_px), float(dark), cv2.LINE_AA, _SUBPIXEL_BITS)
            cv2.multiply(part, layer, dst=part, scale=1 / 255)

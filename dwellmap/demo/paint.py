"""What the shop looks like from near: the colours of its floor, walls and furniture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.lights import brightness
from dwellmap.demo.shop import Box, Shop

_GOODS = np.array(
    [
        (60, 60, 190), (50, 150, 200), (180, 120, 60), (90, 160, 90), (210, 210, 215),
        (120, 70, 140), (60, 110, 160), (170, 170, 90), (40, 60, 110), (150, 190, 220),
    ],
    dtype=np.float64,
)  # fmt: skip


class Noise:
    """Smooth noise in 0..1, looked up by two coordinates; deterministic."""

    def __init__(self, seed: int) -> None:
        """Draw the table."""
        rng = np.random.default_rng([seed, 3])
        self._table = rng.random((256, 256)).astype(np.float32)

    def smooth(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Noise without edges, of period 256."""
        i, j = np.floor(a).astype(np.int64), np.floor(b).astype(np.int64)
        u, v = a - i, b - j
        u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)

        def at(di: int, dj: int) -> NDArray[np.float64]:
            return np.asarray(self._table[(i + di) & 255, (j + dj) & 255], dtype=np.float64)

        result: NDArray[np.float64] = (at(0, 0) * (1 - u) + at(1, 0) * u) * (1 - v)
        result += (at(0, 1) * (1 - u) + at(1, 1) * u) * v
        return result

    def cell(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """One value for each square of side 1."""
        i, j = np.floor(a).astype(np.int64) & 255, np.floor(b).astype(np.int64) & 255
        return np.asarray(self._table[i, j], dtype=np.float64)


def floor_colour(
    shop: Shop, boxes: tuple[Box, ...], xy: NDArray[np.float64], noise: Noise
) -> NDArray[np.float64]:
    """Planks of wood, darker beside walls and furniture; pavement before the door."""
    x, y = xy[:, 0], xy[:, 1]
    row = np.floor(y / 0.2)
    board = x / 1.4 + 0.37 * row
    tone = 0.88 + 0.2 * noise.cell(np.floor(board), row) + 0.1 * (noise.smooth(x * 6, y * 60) - 0.5)
    seam = (np.mod(y, 0.2) < 0.012) | (np.mod(board, 1.0) < 0.009)
    tone = np.where(seam, tone * 0.72, tone)
    near = np.minimum.reduce([x, y, shop.width_m - x, shop.depth_m - y])
    for box in boxes:
        dx = np.maximum(np.maximum(box.left_m - x, x - box.right_m), 0)
        dy = np.maximum(np.maximum(box.top_m - y, y - box.bottom_m), 0)
        near = np.minimum(near, np.hypot(dx, dy))
    tone *= brightness(xy) * (1 - 0.42 * np.exp(-np.maximum(near, 0) / 0.22))
    wood: NDArray[np.float64] = tone[:, None] * np.array([118.0, 148.0, 172.0])
    outside = x > shop.width_m
    slab = 0.9 + 0.12 * noise.smooth(x * 5, y * 5) - 0.15 * (np.mod(y, 0.4) < 0.02)
    wood[outside] = (slab[:, None] * np.array([188.0, 186.0, 182.0]))[outside]
    return wood


def wall_colour(
    shop: Shop, axis: int, at: float, xyz: NDArray[np.float64], noise: Noise
) -> NDArray[np.float64]:
    """Plaster with a skirting board, a frame round the door and a poster or two."""
    along, up = xyz[:, 1 - axis], xyz[:, 2]
    tone = 0.93 + 0.06 * noise.smooth(along * 3, up * 3) - 0.25 * np.exp(-up / 0.25)
    colour: NDArray[np.float64] = tone[:, None] * np.array([186.0, 196.0, 200.0])
    colour[up < 0.1] = (70, 80, 90)
    if axis == 0 and at > 0:
        low, high = shop.door_m
        frame = (along > low - 0.1) & (along < high + 0.1) & (up < shop.door_height_m + 0.1)
        colour[frame] = (80, 62, 52)
    elif axis == 1 and at == 0:
        for left in (7.6, 8.7):
            poster = (along > left) & (along < left + 0.7) & (up > 1.2) & (up < 2.2)
            bands = noise.cell(along * 4 + left, up * 6)
            colour[poster] = (np.array([90.0, 130, 190]) * (0.5 + 0.7 * bands[:, None]))[poster]
    return colour


def box_colour(
    box: Box, face: NDArray[np.int64], xyz: NDArray[np.float64], noise: Noise
) -> NDArray[np.float64]:
    """Colours of a box: goods on shelves, slats of crates, a stack of clothes on a table."""
    along = np.where(face == 0, xyz[:, 1], xyz[:, 0])
    up = xyz[:, 2]
    body = {
        "shelf": (150.0, 160.0, 165.0),
        "counter": (58.0, 74.0, 104.0),
        "table": (96.0, 124.0, 150.0),
        "crate": (70.0, 116.0, 158.0),
        "till": (52.0, 50.0, 48.0),
    }
    base = np.array(body[box.kind])
    tone = 0.9 + 0.12 * noise.smooth(along * 7, up * 2)
    tone *= np.where(face == 2, 1.12, np.where(face == 0, 0.8, 0.92)) * brightness(xyz[:, :2])
    colour: NDArray[np.float64] = tone[:, None] * base
    if box.kind == "shelf":
        pitch = 0.38
        level, width = np.floor(up / pitch), 0.13
        index = along / width + 3 * level
        goods = _GOODS[
            (noise.cell(np.floor(index / 3), level + 7 * box.left_m) * len(_GOODS)).astype(np.int64)
        ]
        tall = 0.55 + 0.35 * noise.cell(np.floor(index), level)
        inside = (face != 2) & (np.mod(up, pitch) < tall * pitch) & (np.mod(index, 1) > 0.1)
        inside &= (np.mod(up, pitch) > 0.05) & (up < box.height_m - 0.1)
        back = (face != 2) & (np.mod(up, pitch) > 0.05)
        colour[back] *= 0.45
        light = 0.65 + 0.35 * up / box.height_m
        colour[inside] = (goods * (light * tone)[:, None])[inside]
    if box.kind == "crate":
        slat = (face != 2) & ((np.mod(up, 0.16) < 0.02) | (np.mod(along, 0.3) < 0.02))
        colour[slat] *= 0.5
        fruit = (face == 2) & (noise.cell(xyz[:, 0] * 11, xyz[:, 1] * 11) > 0.25)
        pick = (noise.cell(xyz[:, 0] * 11 + 40, xyz[:, 1] * 11) * 3).astype(np.int64)
        colour[fruit] = (_GOODS[pick] * 0.95)[fruit]
    if box.kind == "table":
        legs = (face != 2) & (up < box.height_m - 0.08)
        colour[legs] *= 0.55
        stack = (face == 2) & (noise.cell(xyz[:, 0] * 5, xyz[:, 1] * 5) > 0.55)
        pick = (noise.cell(xyz[:, 0] * 5 + 40, xyz[:, 1] * 5) * len(_GOODS)).astype(np.int64)
        colour[stack] = (_GOODS[pick] * 0.9)[stack]
    return colour

"""The empty shop as the camera sees it: floor, walls, furniture, and how far away each piece is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera
from dwellmap.demo.paint import Noise, box_colour, floor_colour, wall_colour
from dwellmap.demo.shop import Box, Shop

_VOID_BGR = (150, 155, 160)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The people-free picture.

    Attributes:
        image_bgr: (height, width, 3) uint8.
        solid_m: (height, width) float32, depth along the optical axis of furniture and walls; infinite on the
            floor and in the open door. What stands farther away is hidden.
        floor: (height, width) bool, where the picture shows floor.
        seen_m: (height, width, 3) float32, the point in the shop (x, y, height) that each pixel shows; NaN
            where there is none.

    """

    image_bgr: NDArray[np.uint8]
    solid_m: NDArray[np.float32]
    floor: NDArray[np.bool_]
    seen_m: NDArray[np.float32]


def build_stage(
    shop: Shop, camera: Camera, *, seed: int, extra: tuple[Box, ...] = (), fine: int = 2
) -> Stage:
    """Cast a ray through every pixel and paint what it hits.

    Args:
        shop: The room.
        camera: Where it is seen from.
        seed: Of the grain of the wood and the goods on the shelves.
        extra: What stands on the floor beside the shop's furniture.
        fine: Rays along each side of a pixel for its colour.

    """
    rays = camera.rays(fine)
    eye = camera.position_m
    noise = Noise(seed)
    depth = np.full(rays.shape[:2], np.inf)
    colour = np.zeros((*rays.shape[:2], 3), np.float32)
    solid = np.full(rays.shape[:2], np.inf)
    is_floor = np.zeros(rays.shape[:2], bool)

    with np.errstate(divide="ignore", invalid="ignore"):
        t = -eye[2] / rays[..., 2]
        hit = (t > 0) & np.isfinite(t)
        depth[hit], is_floor[hit] = t[hit], True
        for axis, at, towards in ((0, 0.0, 1), (0, shop.width_m, -1), (1, 0.0, 1), (1, shop.depth_m, -1)):
            t = (at - eye[axis]) / rays[..., axis]
            near = (t > 0) & (t < depth) & (rays[..., axis] * towards < 0)
            where = np.nonzero(near)
            xyz = eye + rays[where] * t[where][:, None]
            ok = (xyz[:, 2] >= 0) & (xyz[:, 2] <= shop.wall_m)
            if axis == 0 and at > 0:
                ok &= ~(
                    (xyz[:, 1] > shop.door_m[0])
                    & (xyz[:, 1] < shop.door_m[1])
                    & (xyz[:, 2] < shop.door_height_m)
                )
            where = tuple(w[ok] for w in where)
            depth[where], solid[where], is_floor[where] = t[where], t[where], False
            colour[where] = wall_colour(shop, axis, at, xyz[ok], noise)
        for box in (*shop.furniture, *shop.fittings, *extra):
            part = _part_with(box, camera, fine)
            t, face = _box_hits(box, eye, rays[part])
            where = np.nonzero(t < depth[part])
            xyz = eye + rays[part][where] * t[where][:, None]
            for field, value in ((depth, t[where]), (solid, t[where]), (is_floor, False)):
                field[part][where] = value
            colour[part][where] = box_colour(box, face[where], xyz, noise)
        where = np.nonzero(is_floor)
        xyz = eye + rays[where] * depth[where][:, None]
        colour[where] = floor_colour(shop, (*shop.furniture, *extra), xyz[:, :2], noise)
    colour[~np.isfinite(depth)] = _VOID_BGR

    image = cv2.resize(np.clip(colour, 0, 255), camera.size_px, interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (0, 0), 0.5)
    middle = np.s_[fine // 2 :: fine, fine // 2 :: fine]
    with np.errstate(invalid="ignore"):
        seen = eye + rays[middle] * depth[middle][..., None]
    seen[~np.isfinite(seen).all(axis=-1)] = np.nan
    return Stage(
        np.clip(np.rint(image), 0, 255).astype(np.uint8),
        solid[middle].astype(np.float32),
        is_floor[middle],
        seen.astype(np.float32),
    )


def _part_with(box: Box, camera: Camera, fine: int) -> tuple[slice, slice]:
    """Rows and columns of the fine picture in which a box can be seen."""
    corners = np.array([(x, y, z) for x, y in box.corners_m for z in (0.0, box.height_m)])
    px, depth = camera.project(corners)
    if depth.min() < 0.1:
        return np.s_[:, :]
    low = np.maximum(np.floor(px.min(axis=0) - 2) * fine, 0).astype(int)
    high = np.maximum(np.ceil(px.max(axis=0) + 3) * fine, 0).astype(int)
    return np.s_[low[1] : high[1], low[0] : high[0]]


def _box_hits(
    box: Box, eye: NDArray[np.float64], rays: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Depth at which each ray enters a box (infinite: it misses) and through which face (slab method)."""
    low = np.array([box.left_m, box.top_m, 0.0])
    high = np.array([box.right_m, box.bottom_m, box.height_m])
    a, b = (low - eye) / rays, (high - eye) / rays
    enter, leave = np.minimum(a, b), np.maximum(a, b)
    t = enter.max(axis=-1)
    miss = (t > leave.min(axis=-1)) | (t <= 0)
    return np.where(miss, np.inf, t), enter.argmax(axis=-1)

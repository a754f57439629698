"""A person as a picture: an articulated figure of shaded capsules."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera
from dwellmap.demo.cutout import Cutout
from dwellmap.demo.looks import Colour, Looks

_CIRCLE = np.column_stack([np.cos(a := np.linspace(0, 2 * np.pi, 14, endpoint=False)), np.sin(a)])
_SUBPIXEL_BITS = 4
_MARGIN_PX = 200
# (growth, brightness): the rim of a limb is darker, its side towards the lamps lighter.
_SHADES = ((1.0, 0.72), (0.74, 0.92), (0.42, 1.1))


@dataclass(frozen=True, slots=True)
class Limb:
    """A capsule: two ends with their radius, and a colour."""

    from_m: tuple[float, float, float]
    to_m: tuple[float, float, float]
    from_radius_m: float
    to_radius_m: float
    colour: Colour
    shoe: bool = False


def limbs(
    looks: Looks,
    xy_m: NDArray[np.float64],
    heading_rad: float,
    stride: float,
    swing: float,
    reach: float,
) -> list[Limb]:
    """Pose the body: legs and arms swing with the stride, an arm reaches out; proportions as of an adult."""
    h, w = looks.height_m, looks.build * looks.height_m / 1.72
    x, y, along, across = float(xy_m[0]), float(xy_m[1]), math.cos(heading_rad), math.sin(heading_rad)

    def at(forward: float, sideways: float, up: float) -> tuple[float, float, float]:
        return x + forward * along - sideways * across, y + forward * across + sideways * along, up

    bob = 0.015 * swing * math.cos(2 * stride)
    hip_up, thigh, shin = 0.5 * h + bob, 0.245 * h, 0.22 * h
    shoulder_up = 0.815 * h + bob
    parts: list[Limb] = []
    for side in (1, -1):
        leg = 0.42 * swing * math.sin(stride + (0 if side > 0 else math.pi))
        bend = 0.55 * swing * max(0.0, math.cos(stride + (0 if side > 0 else math.pi)))
        hip = (0.0, 0.09 * w * side, hip_up)
        knee = (thigh * math.sin(leg), hip[1], hip_up - thigh * math.cos(leg))
        ankle_up = max(0.07, knee[2] - shin * math.cos(leg - bend))
        ankle = (knee[0] + shin * math.sin(leg - bend), hip[1] * 1.05, ankle_up)
        toe = (ankle[0] + 0.15, ankle[1] * 1.2, max(0.035, ankle_up - 0.04))
        shoe: Colour = (38, 36, 36)
        parts.append(Limb(at(*hip), at(*knee), 0.095 * w, 0.065 * w, looks.trousers))
        parts.append(Limb(at(*knee), at(*ankle), 0.065 * w, 0.048 * w, looks.trousers))
        parts.append(Limb(at(ankle[0] - 0.03, ankle[1], ankle_up - 0.02), at(*toe), 0.05, 0.04, shoe, True))
        arm = -0.5 * swing * math.sin(stride + (0 if side > 0 else math.pi))
        lift = reach if side > 0 else 0.25 * reach
        arm += 1.25 * lift
        elbow_bend = 0.25 + 0.35 * swing + 0.1 * lift
        shoulder = (0.0, 0.185 * w * side, shoulder_up - 0.02)
        upper, fore = 0.17 * h, 0.16 * h
        elbow = (upper * math.sin(arm), shoulder[1] * 1.12, shoulder[2] - upper * math.cos(arm))
        hand = (
            elbow[0] + fore * math.sin(arm + elbow_bend),
            shoulder[1] * (1.05 - 0.3 * lift),
            elbow[2] - fore * math.cos(arm + elbow_bend),
        )
        parts.append(Limb(at(*shoulder), at(*elbow), 0.062 * w, 0.05 * w, looks.jacket))
        parts.append(Limb(at(*elbow), at(*hand), 0.05 * w, 0.04 * w, looks.jacket))
        parts.append(Limb(at(*hand), at(hand[0] + 0.04, hand[1], hand[2] - 0.03), 0.042, 0.035, looks.skin))
        parts.append(
            Limb(
                at(0, 0.1 * w * side, shoulder_up),
                at(0, 0.075 * w * side, hip_up),
                0.11 * w,
                0.105 * w,
                looks.jacket,
            )
        )
    parts.append(Limb(at(0, 0, shoulder_up), at(0.01, 0, 0.88 * h + bob), 0.065, 0.055, looks.skin))
    if looks.bag is not None:
        parts.append(Limb(at(0.02, 0.27 * w, 0.37 * h), at(0.02, 0.27 * w, 0.27 * h), 0.09, 0.12, looks.bag))
    head_up = 0.93 * h + bob
    parts.append(Limb(at(0.03, 0, head_up - 0.015), at(0.025, 0, head_up - 0.03), 0.085, 0.07, looks.skin))
    parts.append(Limb(at(-0.02, 0, head_up + 0.02), at(-0.035, 0, head_up - 0.02), 0.1, 0.09, looks.hair))
    return parts


def draw(camera: Camera, body: list[Limb], light_bgr: NDArray[np.float64]) -> Cutout | None:
    """Draw a body as the camera sees it; None if it is wholly out of the picture or behind the camera.

    Args:
        camera: The camera.
        body: Its limbs.
        light_bgr: (3,) how bright it is where it stands, 1 being normal.

    """
    ends = np.array([[limb.from_m, limb.to_m] for limb in body])
    px, depth = camera.project(ends)
    if depth.min() < 0.3:
        return None
    radii = np.array([[limb.from_radius_m, limb.to_radius_m] for limb in body])
    radius_px = camera.focal_px * radii / depth
    low = np.floor((px - radius_px[..., None]).reshape(-1, 2).min(axis=0)).astype(int) - 2
    high = np.ceil((px + radius_px[..., None]).reshape(-1, 2).max(axis=0)).astype(int) + 3
    width, height = camera.size_px
    if low[0] >= width or low[1] >= height or high[0] <= 0 or high[1] <= 0:
        return None
    low = np.maximum(low, -_MARGIN_PX)
    high = np.minimum(high, [width + _MARGIN_PX, height + _MARGIN_PX])
    shape = (int(high[1] - low[1]), int(high[0] - low[0]))
    torso = np.array(body[6].colour) * light_bgr
    bgr = np.empty((*shape, 3), np.uint8)
    bgr[:] = np.clip(torso * 0.75, 0, 255)
    alpha, shoes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    order = np.argsort(-depth.mean(axis=1), kind="stable")
    outlines = _outlines(px - low, radius_px)
    colours = _colours(body, light_bgr)
    for k in order:
        for shade in range(len(_SHADES)):
            polygon = cv2.convexHull(outlines[k, shade])
            cv2.fillConvexPoly(bgr, polygon, colours[k][shade], cv2.LINE_AA, _SUBPIXEL_BITS)
            if shade == 0:
                cv2.fillConvexPoly(alpha, polygon, 255.0, cv2.LINE_AA, _SUBPIXEL_BITS)
                if body[k].shoe:
                    cv2.fillConvexPoly(shoes, polygon, 255.0, cv2.LINE_8, _SUBPIXEL_BITS)
    return Cutout(int(low[0]), int(low[1]), bgr, alpha, shoes)


def _outlines(px: NDArray[np.float64], radius_px: NDArray[np.float64]) -> NDArray[np.int32]:
    """Points (limbs, shades, points, 2) round each limb and its lighter inner parts, in parts of a pixel."""
    growth = np.array([growth for growth, _ in _SHADES])
    offset = -0.22 * (1 - growth) * radius_px.mean(axis=1)[:, None]
    size = radius_px[:, None] * growth[:, None]
    ends = px[:, None] + offset[..., None, None]
    points = ends[:, :, :, None] + size[..., None, None] * _CIRCLE
    flat = points.reshape(len(px), len(_SHADES), -1, 2)
    return np.asarray(np.rint(flat * (1 << _SUBPIXEL_BITS)), dtype=np.int32)


def _colours(body: list[Limb], light_bgr: NDArray[np.float64]) -> list[list[tuple[float, ...]]]:
    """Colour of each limb in each shade; lamps hang above, so what is nearer the floor is a little darker."""
    colour = np.array([limb.colour for limb in body], dtype=np.float64)
    height_m = np.array([(limb.from_m[2] + limb.to_m[2]) / 2 for limb in body])
    shade = np.array([brightness for _, brightness in _SHADES])
    lit = colour[:, None] * light_bgr * (0.85 + 0.1 * height_m)[:, None, None] * shade[:, None]
    return [[tuple(c) for c in shades] for shades in np.clip(lit, 0, 255).tolist()]

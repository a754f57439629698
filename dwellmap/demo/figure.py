"""A person as a picture: an articulated figure of shaded capsules, and its shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera
from dwellmap.demo.people import Colour, Looks

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


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A figure drawn on its own, before anything hides it.

    Attributes:
        left, top: Pixel of its first column and row; negative where the figure leaves the picture.
        bgr: (h, w, 3) uint8 colours.
        alpha: (h, w) uint8, 255 where the figure is.
        shoes: (h, w) uint8, 255 where its shoes would be, hidden by nothing but the figure.

    """

    left: int
    top: int
    bgr: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    shoes: NDArray[np.uint8]


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
    ahead = np.array([np.cos(heading_rad), np.sin(heading_rad)])
    aside = np.array([-ahead[1], ahead[0]])

    def at(forward: float, sideways: float, up: float) -> tuple[float, float, float]:
        x, y = xy_m + forward * ahead + sideways * aside
        return float(x), float(y), float(up)

    bob = 0.015 * swing * np.cos(2 * stride)
    hip_up, thigh, shin = 0.5 * h + bob, 0.245 * h, 0.22 * h
    shoulder_up = 0.815 * h + bob
    parts: list[Limb] = []
    for side in (1, -1):
        leg = 0.42 * swing * np.sin(stride + (0 if side > 0 else np.pi))
        bend = 0.55 * swing * max(0.0, np.cos(stride + (0 if side > 0 else np.pi)))
        hip = (0.0, 0.09 * w * side, hip_up)
        knee = (thigh * np.sin(leg), hip[1], hip_up - thigh * np.cos(leg))
        ankle_up = max(0.07, knee[2] - shin * np.cos(leg - bend))
        ankle = (knee[0] + shin * np.sin(leg - bend), hip[1] * 1.05, ankle_up)
        toe = (ankle[0] + 0.15, ankle[1] * 1.2, max(0.035, ankle_up - 0.04))
        shoe: Colour = (38, 36, 36)
        parts.append(Limb(at(*hip), at(*knee), 0.095 * w, 0.065 * w, looks.trousers))
        parts.append(Limb(at(*knee), at(*ankle), 0.065 * w, 0.048 * w, looks.trousers))
        parts.append(Limb(at(ankle[0] - 0.03, ankle[1], ankle_up - 0.02), at(*toe), 0.05, 0.04, shoe, True))
        arm = -0.5 * swing * np.sin(stride + (0 if side > 0 else np.pi))
        lift = reach if side > 0 else 0.25 * reach
        arm += 1.25 * lift
        elbow_bend = 0.25 + 0.35 * swing + 0.1 * lift
        shoulder = (0.0, 0.185 * w * side, shoulder_up - 0.02)
        upper, fore = 0.17 * h, 0.16 * h
        elbow = (upper * np.sin(arm), shoulder[1] * 1.12, shoulder[2] - upper * np.cos(arm))
        hand = (
            elbow[0] + fore * np.sin(arm + elbow_bend),
            shoulder[1] * (1.05 - 0.3 * lift),
            elbow[2] - fore * np.cos(arm + elbow_bend),
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
    head_up = 0.93 * h + bob
    parts.append(Limb(at(0.03, 0, head_up - 0.015), at(0.025, 0, head_up - 0.03), 0.085, 0.07, looks.skin))
    parts.append(Limb(at(-0.02, 0, head_up + 0.02), at(-0.035, 0, head_up - 0.02), 0.1, 0.09, looks.hair))
    return parts


def draw(camera: Camera, body: list[Limb], light: float) -> Cutout | None:
    """Draw a body as the camera sees it; None if it is wholly out of the picture or behind the camera.

    Args:
        camera: The camera.
        body: Its limbs.
        light: Brightness of the lamps where it stands, 1 being normal.

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
    torso = np.array(body[6].colour) * light
    bgr = np.empty((*shape, 3), np.uint8)
    bgr[:] = np.clip(torso * 0.75, 0, 255)
    alpha, shoes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    px = px - low
    for k in np.argsort(-depth.mean(axis=1), kind="stable"):
        limb = body[k]
        # Lamps hang above, so what is nearer the floor is a little darker.
        glow = light * (0.85 + 0.1 * (limb.from_m[2] + limb.to_m[2]) / 2)
        for growth, shade in _SHADES:
            offset = -0.22 * (1 - growth) * radius_px[k].mean()
            outline = np.concatenate([px[k, e] + offset + _CIRCLE * radius_px[k, e] * growth for e in (0, 1)])
            polygon = cv2.convexHull(np.rint(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32))
            colour = tuple(float(c) for c in np.clip(np.array(limb.colour) * glow * shade, 0, 255))
            cv2.fillConvexPoly(bgr, polygon, colour, cv2.LINE_AA, _SUBPIXEL_BITS)
            if growth == 1.0:
                cv2.fillConvexPoly(alpha, polygon, 255.0, cv2.LINE_AA, _SUBPIXEL_BITS)
                if limb.shoe:
                    cv2.fillConvexPoly(shoes, polygon, 255.0, cv2.LINE_8, _SUBPIXEL_BITS)
    return Cutout(int(low[0]), int(low[1]), bgr, alpha, shoes)


def shade_floor(
    camera: Camera, shade: NDArray[np.uint8], scale: float, xy_m: NDArray[np.float64], height_m: float
) -> None:
    """Darken a picture of the floor's brightness (255: full light) by a person's shadow.

    Args:
        camera: The camera.
        shade: (h, w) uint8, changed in place.
        scale: Size of `shade` over the size of the camera's picture.
        xy_m: (2,) where the person stands.
        height_m: How tall they are.

    """
    for away, dark, radius in (
        (np.array([-0.55, 0.25]), 215, 0.16),
        (np.array([0.1, -0.4]), 222, 0.16),
        (np.zeros(2), 150, 0.24),
    ):
        tip = xy_m + away * height_m / 1.7
        outline = np.concatenate([xy_m + _CIRCLE * radius, tip + _CIRCLE * radius * 1.25])
        px, depth = camera.project(np.column_stack([outline, np.zeros(len(outline))]))
        if depth.min() < 0.3 or np.abs(px).max() > 10 * max(camera.size_px):
            continue
        x, y, w, h = cv2.boundingRect(np.rint(px * scale).astype(np.int32))
        left, top = max(0, x - 2), max(0, y - 2)
        part = shade[top : max(0, y + h + 2), left : max(0, x + w + 2)]
        if part.size:
            polygon = cv2.convexHull(
                np.rint((px * scale - [left, top]) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            )
            layer = np.full(part.shape, 255, np.uint8)
            cv2.fillConvexPoly(layer, polygon, float(dark), cv2.LINE_AA, _SUBPIXEL_BITS)
            cv2.multiply(part, layer, dst=part, scale=1 / 255)

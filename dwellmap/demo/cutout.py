"""A figure drawn on its own, and how it is laid over a picture: what is nearer hides it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera

Part = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A figure before anything hides it.

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

    def overlap(self, shape: tuple[int, ...]) -> tuple[Part, Part] | None:
        """Return the part of a picture of that shape under it and its own part inside; None if none is."""
        height, width = shape[:2]
        h, w = self.alpha.shape
        top, left = max(0, self.top), max(0, self.left)
        bottom, right = min(height, self.top + h), min(width, self.left + w)
        if bottom <= top or right <= left:
            return None
        own = (slice(top - self.top, bottom - self.top), slice(left - self.left, right - self.left))
        return (slice(top, bottom), slice(left, right)), own


def upright_depth_m(camera: Camera, xy_m: NDArray[np.float64], part: Part) -> NDArray[np.float32]:
    """Depth along the optical axis of a sheet that stands upright at a point and faces the camera.

    Args:
        camera: The camera.
        xy_m: (2,) where the sheet stands.
        part: Rows and columns of the picture; the result has one value for each of its pixels.

    """
    towards = np.append(xy_m - camera.position_m[:2], 0.0)
    right, down, forward = camera.axes @ towards / camera.focal_px
    u = np.arange(part[1].start, part[1].stop) - camera.centre_px[0]
    v = np.arange(part[0].start, part[0].stop) - camera.centre_px[1]
    slope = (u * right + forward * camera.focal_px).astype(np.float32) + (
        (v * down).astype(np.float32)[:, None]
    )
    return np.asarray(towards @ towards / np.maximum(slope, 1e-6), dtype=np.float32)


def paste(
    image: NDArray[np.uint8], cutout: Cutout, part: Part, own: Part, hidden: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Lay a figure over a picture, which is changed in place.

    Args:
        image: (height, width, 3) uint8.
        cutout: The figure.
        part, own: What `Cutout.overlap` returned.
        hidden: Which pixels of the part show something nearer.

    Returns:
        Which pixels of the part show the figure now.

    """
    alpha = np.where(hidden, np.uint8(0), cutout.alpha[own])
    under = image[part]
    share = cv2.merge([alpha, alpha, alpha])
    over = cv2.multiply(cutout.bgr[own], share, scale=1 / 255)
    left = cv2.multiply(np.ascontiguousarray(under), cv2.bitwise_not(share), scale=1 / 255)
    under[:] = cv2.add(over, left)
    return np.asarray(alpha > 127)

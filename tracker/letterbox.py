"""A picture fitted into a network's input, and boxes on their way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_GREY = 114  # what ultralytics pads with in training


@dataclass(frozen=True, slots=True, eq=False)
class Letterbox:
    """How a picture lies in the network's input: scaled by one factor, centred, the rest grey.

    Attributes:
        image_bgr: (height, width, 3) uint8, the network's input.
        scale: Input pixels per picture pixel.
        left_px: Grey columns to the left, in input pixels.
        top_px: Grey rows above, in input pixels.

    """

    image_bgr: NDArray[np.uint8]
    scale: float
    left_px: int
    top_px: int

    @classmethod
    def fit(cls, image_bgr: NDArray[np.uint8], input_px: tuple[int, int]) -> Letterbox:
        """Fit a picture (height, width, 3) into an input of (width, height) pixels."""
        height, width = image_bgr.shape[:2]
        scale = min(input_px[0] / width, input_px[1] / height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        resized = image_bgr if inner == (width, height) else cv2.resize(image_bgr, inner)
        left, top = (input_px[0] - inner[0]) // 2, (input_px[1] - inner[1]) // 2
        right, bottom = input_px[0] - inner[0] - left, input_px[1] - inner[1] - top
        padded = cv2.copyMakeBorder(
            resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(_GREY, _GREY, _GREY)
        )
        return cls(padded.astype(np.uint8, copy=False), scale, left, top)

    def to_picture(self, xyxy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes (n, 4) in input pixels as boxes in picture pixels."""
        shift = np.array([self.left_px, self.top_px, self.left_px, self.top_px], dtype=np.float64)
        return (xyxy_px - shift) / self.scale


def as_blob(image_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture (height, width, 3) as networks of ultralytics want it: (1, 3, height, width), RGB in 0..1."""
    rgb = image_bgr[:, :, ::-1].transpose(2, 0, 1)[None]
    return np.ascontiguousarray(rgb, dtype=np.float32) / np.float32(255)


def input_size(picture_px: tuple[int, int], longest_px: int, stride: int) -> tuple[int, int]:
    """The smallest input (width, height) of whole strides that holds a picture scaled to `longest_px`."""
    scale = longest_px / max(picture_px)
    width, height = (max(1, -(-round(side * scale) // stride)) * stride for side in picture_px)
    return width, height

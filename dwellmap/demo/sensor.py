"""What the camera makes of the light: exposure, noise, and its grey infrared picture at night."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_NOISE_SIGMA = 3.0
_NOISE_FIELDS = 8
_SHIFT_PX = 32
# Cloth that is black by day is grey in infrared light, and the sensor sees red rather than blue.
_GREY_OF_BGR = np.array([[0.18, 0.27, 0.55]], np.float32)
_TONES = np.clip(
    255 * (0.17 + 0.8 * (np.arange(256) / 255) ** 0.8), 0, 255
).astype(np.uint8)  # fmt: skip
_CENTRE, _CORNER = 1.18, 0.42


class Sensor:
    """A sensor with its grain; the same seed gives the same grain."""

    def __init__(self, size_px: tuple[int, int], *, seed: int) -> None:
        """Draw the grain for pictures (width, height)."""
        width, height = size_px
        rng = np.random.default_rng([seed, 4])
        shape = (height + _SHIFT_PX, width + _SHIFT_PX, 3)
        self._grain = [rng.normal(0, _NOISE_SIGMA, shape).astype(np.int16) for _ in range(_NOISE_FIELDS)]
        u, v = (np.arange(width) / width - 0.5, np.arange(height) / height - 0.5)
        away = (u[None, :] ** 2 + v[:, None] ** 2) / 0.5
        # The lamp beside the lens is brightest where it points.
        self._beam = (_CORNER + (_CENTRE - _CORNER) * np.exp(-2.2 * away)).astype(np.float32)

    def night(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture (height, width, 3) in infrared light: grey, flat, bright in the middle."""
        grey = cv2.LUT(cv2.transform(image, _GREY_OF_BGR), _TONES)
        lit = cv2.multiply(grey, self._beam, dtype=cv2.CV_8U)
        return np.asarray(cv2.merge([lit, lit, lit]), dtype=np.uint8)

    def noisy(
        self, image: NDArray[np.uint8], rng: np.random.Generator, *, grey: bool = False
    ) -> NDArray[np.uint8]:
        """The picture with grain, of all channels alike where it is grey."""
        field = self._grain[rng.integers(_NOISE_FIELDS)]
        top, left = rng.integers(0, _SHIFT_PX, 2)
        height, width = image.shape[:2]
        grain = field[top : top + height, left : left + width]
        if grey:
            one = cv2.add(grain[..., 0], grain[..., 1])
            grain = cv2.merge([one, one, one])
        return np.asarray(cv2.add(image, grain, dtype=cv2.CV_8U), dtype=np.uint8)

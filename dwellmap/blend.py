"""Heat over a picture: values blended into it pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

# Share of the scale under which nothing is drawn, that from which opacity is full, and the least opacity.
_TRACE, _FULL, _FAINTEST = 0.01, 0.25, 0.2
# How much of what does not count is left of a picture's brightness.
_DIMMED = 0.45


def blend(
    picture_rgb: NDArray[np.uint8],
    share: NDArray[np.floating],
    colours: ListedColormap,
    opacity: float,
    counts: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """A picture with values over it.

    Args:
        picture_rgb: (H, W, 3) uint8.
        share: (h, w) values as a share of the top of the scale, scaled to the picture's size; NaN is clear.
        colours: From share to colour.
        opacity: Of the heat where there is much, 0 to 1.
        counts: (h, w) bool, what counts; the rest of the picture is dimmed. None: all of it.

    Returns:
        (H, W, 3) uint8.

    """
    size = picture_rgb.shape[1], picture_rgb.shape[0]
    values = np.clip(np.nan_to_num(share, nan=0.0), 0, 1).astype(np.float32)
    level = cv2.resize(np.minimum(values, 255 / 256), size, interpolation=cv2.INTER_LINEAR)
    level = (level * 256).astype(np.uint8)
    # Colour and opacity are looked up per level; level 0 is nothing.
    table = np.rint(colours(np.arange(256))[:, :3] * 255).astype(np.uint8)
    heat = cv2.LUT(cv2.merge([level, level, level]), table[None])
    steps = np.arange(256) / 256
    strength = np.where(steps < _TRACE, 0.0, np.clip(steps / _FULL, _FAINTEST, 1.0))
    alpha = (opacity * strength).astype(np.float32)[level]
    below = picture_rgb
    if counts is not None and not counts.all():
        inside = cv2.resize(counts.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        kept = (_DIMMED + (1 - _DIMMED) * inside)[..., None]
        below = np.rint(picture_rgb * kept).astype(np.uint8)
    return np.asarray(cv2.blendLinear(np.ascontiguousarray(below), heat, 1 - alpha, alpha), dtype=np.uint8)

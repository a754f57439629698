"""Heat over a picture: values blended into it pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

# Share of the scale under which nothing is drawn, and from which the full opacity is.
_TRACE, _FULL = 0.01, 0.25
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
    values = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))
    table = np.round(colours(np.arange(256))[:, :3] * 255).astype(np.float32)
    heat = table[np.minimum((values * 256).astype(np.int64), 255)]
    strength = np.where(values < _TRACE, 0, np.clip(values / _FULL, 0.2, 1)).astype(np.float32)
    alpha = (opacity * strength)[..., None]
    below = picture_rgb.astype(np.float32)
    if counts is not None:
        inside = cv2.resize(counts.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)[..., None]
        below = below * (_DIMMED + (1 - _DIMMED) * inside)
    return np.asarray(np.rint(below * (1 - alpha) + heat * alpha), dtype=np.uint8)

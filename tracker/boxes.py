"""Boxes as every detector hands them out: inside the picture, best score first, people only."""

from __future__ import annotations

import numpy as np
import supervision as sv
from numpy.typing import NDArray


def people(
    xyxy_px: NDArray[np.floating], score: NDArray[np.floating], size_px: tuple[int, int]
) -> sv.Detections:
    """Detections of people as the `Detector` protocol wants them.

    Args:
        xyxy_px: (n, 4) boxes, left, top, right, bottom.
        score: (n,) in 0..1.
        size_px: (width, height) of the picture. Boxes are clipped to it; what lies wholly outside is dropped.

    Returns:
        At most n detections, best score first; equal scores keep their order.

    """
    width, height = size_px
    clipped = np.clip(xyxy_px.reshape(-1, 4), 0, [width, height, width, height]).astype(np.float32)
    inside = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
    order = np.argsort(-score, kind="stable")
    order = order[inside[order]]
    return sv.Detections(
        xyxy=clipped[order],
        confidence=np.asarray(score, dtype=np.float32)[order],
        class_id=np.zeros(len(order), dtype=int),
    )

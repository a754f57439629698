"""Boxes that no person could fill where they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.upright import height_between

_TALLEST_M = 2.2
# A head with half of the shoulders: whoever shows less is no box worth following, wherever they stand.
_HEAD_TALL_M, _HEAD_WIDE_M = 0.2, 0.15
# Both ends of a box are off by a share of its height (`FootJitter`); so many times that much is still noise.
_NOISES = 3.0


def plausible(xyxy_px: NDArray[np.float64], calibration: Calibration) -> NDArray[np.bool_]:
    """(N,) whether a person could fill each box (N, 4); True without a camera pose.

    A box may show a part of somebody, and its lower edge may be furniture's. The person then stands nearer to
    the camera than the floor at the lower edge, is taller than the box seems from there, and the box is
    smaller than it seems. So what the box measures at its lower edge is the least that its person is tall:
    above the tallest, nobody fills it. And it is the most that the box can be large: below a head, it shows
    nobody. Errors of the box are allowed for. Where the lower edge lies on no floor, nothing is known.

    Args:
        xyxy_px: (N, 4) boxes.
        calibration: For pictures of this size.

    """
    pose = calibration.pose
    boxes = np.asarray(xyxy_px, dtype=np.float64)
    if pose is None:
        return np.ones(len(boxes), dtype=np.bool_)
    lower_m = calibration.floor_from_image(pose.foot_from_box(boxes))
    tall_m, m_per_px = height_between(pose, lower_m, pose.head_from_box(boxes))
    width_px, height_px = (boxes[:, 2:] - boxes[:, :2]).T
    noise_m = _NOISES * np.sqrt(2) * m_per_px * calibration.foot_jitter.sigma_px(height_px)[:, 1]
    with np.errstate(invalid="ignore"):
        too_tall = tall_m - noise_m > _TALLEST_M
        too_small = (tall_m + noise_m < _HEAD_TALL_M) & (m_per_px * width_px < _HEAD_WIDE_M)
    return np.asarray(~(too_tall | too_small), dtype=np.bool_)

"""Where people could be in the picture, and what of them would be seen there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import theilslopes

from calibration.calibration import Calibration
from calibration.scene import Scene
from calibration.segments import meetings

PERSON_M = 1.7
_WIDTH_SHARE = 0.3
# Candidates lie this far apart, as shares of a person's height and width there.
_STEP_Y, _STEP_X = 0.06, 0.2
_LEAST_HEIGHT_PX = 14.0
_LEAST_SEEN = 0.35
# Head, trunk, hips and legs: where each begins and ends and how far it reaches to either side, as shares of
# the height.
_BANDS = ((0.0, 0.17, 0.085), (0.17, 0.5, 0.14), (0.5, 0.75, 0.12), (0.75, 1.0, 0.11))
_LEVELS = 9  # heights at which a candidate is asked whether furniture hides it


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Places where people could be.

    Attributes:
        box: (n, 4) float64 boxes left, top, right, bottom, at the working size; they may leave the picture.
        axis: (n, 4) float64, the top of the head and the foot: x, y, x, y.
        part: (n, 4) int32 columns and rows (x0, y0, x1, y1; x1 and y1 not included) of the visible part.
        bands: (n, 4, 4) int32, likewise, of head, trunk, hips and legs: steps along the person's vertical,
            which leans across the box at the sides of a wide view.
        area: (n,) float64, pixels in the bands.

    """

    box: NDArray[np.float64]
    axis: NDArray[np.float64]
    part: NDArray[np.int32]
    bands: NDArray[np.int32]
    area: NDArray[np.float64]


def calibrated_candidates(
    size_px: tuple[int, int], calibration: Calibration, scene: Scene
) -> Candidates | None:
    """Candidates over the floor of a calibration for pictures of `size_px`; None without a camera pose."""
    calibration = calibration.for_image_size(size_px)
    pose = calibration.pose
    if pose is None:
        return None

    def upright(foot: NDArray[np.float64]) -> NDArray[np.float64]:
        xy_m = calibration.floor_from_image(foot)
        return np.asarray(pose.project(xy_m, PERSON_M))

    foot = _feet(size_px, lambda foot: foot[:, 1] - upright(foot)[:, 1])
    head = upright(foot)
    ok = np.isfinite(head).all(axis=1)
    foot, head = foot[ok], head[ok]
    camera = np.asarray(pose.camera_xy_m, dtype=np.float64)
    seen_from = _seen_from(calibration.floor_from_image(foot), camera, float(pose.camera_height_m), scene)
    return _candidates(size_px, foot, head, seen_from)


def learned_candidates(size_px: tuple[int, int], blobs: NDArray[np.float64]) -> Candidates:
    """Candidates without a calibration: how tall people are in each row is learned from the recording.

    Args:
        size_px: (width, height) of the working pictures.
        blobs: (n, 4) boxes of patches of change, from pictures spread over the recording.

    """
    width, height = size_px
    tall = blobs[:, 3] - blobs[:, 1]
    wide = blobs[:, 2] - blobs[:, 0]
    free = (blobs[:, 1] > 1) & (blobs[:, 3] < height - 2) & (blobs[:, 0] > 1) & (blobs[:, 2] < width - 2)
    people = free & (tall > 1.5 * wide) & (tall < 5 * wide) & (tall >= _LEAST_HEIGHT_PX)
    slope, level = 0.0, 0.3 * height
    if np.count_nonzero(people) >= 8:
        y, t = blobs[people, 3], tall[people]
        slope, level = 0.0, float(np.median(t))
        if np.ptp(y) > 0.1 * height:
            slope, level = (float(v) for v in theilslopes(t, y)[:2])
            if slope < 0:  # nobody is smaller the nearer they are
                slope, level = 0.0, float(np.median(t))

    def tallness(foot: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.clip(level + slope * foot[:, 1], _LEAST_HEIGHT_PX, 1.2 * height))

    foot = _feet(size_px, tallness)
    head = foot - np.column_stack([np.zeros(len(foot)), tallness(foot)])
    return _candidates(size_px, foot, head, np.zeros(len(foot)))


def _feet(
    size_px: tuple[int, int], tallness: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(n, 2) foot points, closer together where people are small; a little below the picture too."""
    width, height = size_px
    rows, y = [], float(height) * 1.15
    while y > 0:
        probe = np.column_stack([np.linspace(0, width - 1, 9), np.full(9, y)])
        tall = tallness(probe)
        tall = tall[np.isfinite(tall) & (tall > _LEAST_HEIGHT_PX)]
        if len(tall) == 0:
            break
        typical = float(np.median(tall))
        x = np.arange(0, width, max(2.0, _STEP_X * _WIDTH_SHARE * typical))
        rows.append(np.column_stack([x, np.full(len(x), y)]))
        y -= max(1.5, _STEP_Y * typical)
    return np.concatenate(rows) if rows else np.empty((0, 2))


def _candidates(
    size_px: tuple[int, int],
    foot: NDArray[np.float64],
    head: NDArray[np.float64],
    seen_from: NDArray[np.float64],
) -> Candidates:
    """Boxes between feet and heads; `seen_from` is the share of the height below which a person is hidden."""
    width, height = size_px
    tall = foot[:, 1] - head[:, 1]
    half = _WIDTH_SHARE * tall / 2
    left = np.minimum(foot[:, 0], head[:, 0]) - half
    right = np.maximum(foot[:, 0], head[:, 0]) + half
    box = np.column_stack([left, head[:, 1], right, foot[:, 1]])
    hidden = foot[:, 1] - seen_from * tall
    seen_box = np.column_stack([left, head[:, 1], right, hidden])
    part = np.rint(np.clip(seen_box, 0, [width, height, width, height])).astype(np.int32)
    seen = (part[:, 3] - part[:, 1]) / np.maximum(tall, 1)
    across = (part[:, 2] - part[:, 0]) / np.maximum(right - left, 1)
    ok = (tall >= _LEAST_HEIGHT_PX) & (seen >= _LEAST_SEEN) & (across >= 0.5)
    lean = foot[:, 0] - head[:, 0]
    bands = []
    for begin, end, reach_share in _BANDS:
        middle = head[:, 0] + (begin + end) / 2 * lean
        reach = reach_share * tall + np.abs(lean) * (end - begin) / 2
        low = np.minimum(head[:, 1] + end * tall, hidden)
        band = np.column_stack([middle - reach, head[:, 1] + begin * tall, middle + reach, low])
        bands.append(np.clip(band, 0, [width, height, width, height]))
    steps = np.rint(np.stack(bands, axis=1)).astype(np.int32)
    steps[..., 3] = np.maximum(steps[..., 3], steps[..., 1])
    area = ((steps[..., 2] - steps[..., 0]) * (steps[..., 3] - steps[..., 1])).sum(axis=1).astype(np.float64)
    ok &= area > 0
    return Candidates(box[ok], np.column_stack([head, foot])[ok], part[ok], steps[ok], area[ok])


def _seen_from(
    xy_m: NDArray[np.float64], camera_xy_m: NDArray[np.float64], camera_height_m: float, scene: Scene
) -> NDArray[np.float64]:
    """(n,) share of a person's height below which furniture hides them; 1 for somebody inside furniture."""
    share = np.zeros(len(xy_m))
    for level in np.linspace(0, 1, _LEVELS)[1:]:
        hidden = np.zeros(len(xy_m), dtype=np.bool_)
        for piece in scene.furniture:
            for a, b in zip(piece.xy_m, np.roll(piece.xy_m, -1, axis=0), strict=True):
                at = meetings(camera_xy_m, xy_m - camera_xy_m, a, b)
                ray_m = camera_height_m + at * (level * PERSON_M - camera_height_m)
                hidden |= np.isfinite(at) & (at > 0) & (at < 1) & (ray_m < piece.height_m)
        share[hidden] = level
    return share

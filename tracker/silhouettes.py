"""Changed pixels to people: as few person-sized boxes as explain them.

Every place where a person's feet could be in the picture is a candidate, with the box that a person there
would fill and the part of it that no furniture hides. The best candidate is taken, what it explains is
removed, and so on. That joins the fragments of one person, and splits people whose outlines run together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import theilslopes

from calibration.calibration import Calibration
from calibration.scene import Scene
from calibration.segments import meetings
from tracker.foreground import CHANGED, SHADED

PERSON_M = 1.7
_WIDTH_SHARE = 0.3
# Candidates lie this far apart, as shares of a person's height and width there.
_STEP_Y, _STEP_X = 0.06, 0.2
_LEAST_HEIGHT_PX = 14.0
# Share of a candidate's visible part that must be changed, and the price of a pixel that is not.
_LEAST_FILL, _LEAST_SURE, _EMPTY_PRICE = 0.3, 0.18, 0.4
_LEAST_SEEN = 0.35
_MOST_PEOPLE = 60
# An outline is believed that is so near to the expected one, as shares of the expected height and width.
_TRUST_HEIGHT, _TRUST_WIDTH, _TRUST_WIDER = 0.16, 0.45, 1.4
_LEVELS = 9  # heights at which a candidate is asked whether furniture hides it


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Places where people could be.

    Attributes:
        box: (n, 4) float64 boxes left, top, right, bottom, at the working size; they may leave the picture.
        part: (n, 4) int32 columns and rows (x0, y0, x1, y1; x1 and y1 not included) of the visible part.
        thirds: (n, 3, 4) int32, likewise, of the upper, middle and lower third of the person: steps along
            the person's vertical, which leans across the box at the sides of a wide view.

    """

    box: NDArray[np.float64]
    part: NDArray[np.int32]
    thirds: NDArray[np.int32]


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


def _feet(size_px: tuple[int, int], tallness: object) -> NDArray[np.float64]:
    """(n, 2) foot points, closer together where people are small; a little below the picture too."""
    width, height = size_px
    rows, y = [], float(height) * 1.15
    while y > 0:
        probe = np.column_stack([np.linspace(0, width - 1, 9), np.full(9, y)])
        tall = np.asarray(tallness(probe))  # type: ignore[operator]
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
    thirds = []
    for share in (0, 1 / 3, 2 / 3):
        middle = head[:, 0] + (share + 1 / 6) * lean
        reach = half + np.abs(lean) / 6
        low = np.minimum(head[:, 1] + (share + 1 / 3) * tall, hidden)
        third = np.column_stack([middle - reach, head[:, 1] + share * tall, middle + reach, low])
        thirds.append(np.clip(third, 0, [width, height, width, height]))
    steps = np.rint(np.stack(thirds, axis=1)).astype(np.int32)
    steps[..., 3] = np.maximum(steps[..., 3], steps[..., 1])
    return Candidates(box[ok], part[ok], steps[ok])


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


def explain(
    mask: NDArray[np.uint8], candidates: Candidates
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People that explain a mask of changed pixels.

    Args:
        mask: (h, w) uint8, CHANGED or SHADED where something changed, else 0.
        candidates: Where people could be.

    Returns:
        (n, 4) boxes at the mask's size and (n,) fill, the changed share of the visible part, best first.

    """
    left = mask.copy()
    box, part, thirds = candidates.box, candidates.part, candidates.thirds
    area = ((thirds[..., 2] - thirds[..., 0]) * (thirds[..., 3] - thirds[..., 1])).sum(axis=1)
    boxes, fills = [], []
    for _ in range(_MOST_PEOPLE):
        sure = _inside((left == CHANGED).astype(np.uint8), thirds)
        # A shaded pixel may be a shadow or dark clothes: half of a changed one.
        inside = sure + 0.5 * _inside((left == SHADED).astype(np.uint8), thirds)
        able = (sure >= _LEAST_SURE * area) & (inside >= _LEAST_FILL * area)
        # Nothing is ever added to the mask, so what cannot be now never will.
        box, part, thirds, area, inside = box[able], part[able], thirds[able], area[able], inside[able]
        gain = inside - _EMPTY_PRICE * (area - inside)
        if len(gain) == 0 or gain.max() <= 0:
            break
        best = int(np.argmax(gain))
        boxes.append(_fitted(left, box[best], part[best]))
        fills.append(inside[best] / area[best])
        x0, y0, x1, y1 = part[best]
        grow = max(2, (x1 - x0) // 8)
        left[max(y0 - grow, 0) : y1 + grow, max(x0 - grow, 0) : x1 + grow] = 0
    return np.array(boxes).reshape(-1, 4), np.array(fills)


def _inside(pixels: NDArray[np.uint8], thirds: NDArray[np.int32]) -> NDArray[np.float64]:
    """(n,) number of pixels set inside the thirds (n, 3, 4) of each candidate."""
    total = cv2.integral(pixels)
    x0, y0, x1, y1 = np.moveaxis(thirds, 2, 0)
    inside = total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]
    return np.asarray(inside.sum(axis=1), dtype=np.float64)


def _fitted(
    mask: NDArray[np.uint8], box: NDArray[np.float64], part: NDArray[np.int32]
) -> NDArray[np.float64]:
    """The box moved to the outline of what it holds, where that is about a person's size."""
    x0, y0, x1, y1 = part
    slack_x, slack_y = max(2, (x1 - x0) // 5), max(2, (y1 - y0) // 8)
    top, side = max(y0 - slack_y, 0), max(x0 - slack_x, 0)
    held = mask[top : y1 + slack_y, side : x1 + slack_x] == CHANGED
    rows, columns = held.sum(axis=1), held.sum(axis=0)
    thin = max(1, (x1 - x0) // 10)
    ys, xs = np.flatnonzero(rows >= thin), np.flatnonzero(columns >= max(1, (y1 - y0) // 20))
    fitted = box.copy()
    if len(ys) == 0 or len(xs) == 0:
        return fitted
    tall, wide = box[3] - box[1], box[2] - box[0]
    if _TRUST_WIDTH * wide < xs[-1] - xs[0] < _TRUST_WIDER * wide:
        fitted[0], fitted[2] = side + xs[0] - 0.5, side + xs[-1] + 0.5
    if abs(top + ys[0] - box[1]) < _TRUST_HEIGHT * tall:
        fitted[1] = top + ys[0] - 0.5
    # Where furniture hides the feet, or somebody in front, a person's size tells where they are.
    if box[3] - y1 < 1.5 and abs(top + ys[-1] - box[3]) < _TRUST_HEIGHT * tall:
        fitted[3] = top + ys[-1] + 0.5
    return fitted

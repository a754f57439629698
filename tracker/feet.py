"""Feet: the lower end of a person's vertical, rebuilt from head and height where nobody sees it.

A hidden foot is `floor_below` the head at the person's own height, which `statures` learns while the feet are
seen. Where both ends are seen, both say where somebody stands, and the two are weighed by their variances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.homography import inverse_2x2
from calibration.pose import CameraPose
from calibration.scene import Scene
from calibration.upright import FloorBelow, floor_below, height_between
from tracker.hidden import behind_furniture, behind_people, cut_by_edge, hidden_up_to_m
from tracker.stature import MEMORY_S, NOISE_M, statures

# A box is short where it shows less of somebody than their height by more than a box's error.
_SHORT_M = NOISE_M
# Furniture that hides no more than this hides no feet worth rebuilding.
_LEAST_HIDDEN_M = 0.25
# Head and foot that disagree by more than the foot's own error (68 % of it): bent, sitting, or a wrong box.
_AGREE = 2.30
# A rebuilt foot that is less certain than this is no position.
_WORTHLESS_M = 2.0
# Seen so steeply that the vertical is shorter than this share of the box, its border is not the head.
_LEAST_LENGTH = 0.5
# How often what is hidden and how tall people are is asked in turn.
_ROUNDS = 2

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Feet:
    """Where people stand.

    Attributes:
        foot_px: (N, 2) foot points; NaN where unknown. Rebuilt ones may lie outside the picture.
        xy_m: (N, 2) floor positions; NaN where unknown or without calibration.
        cov_m2: (N, 3), as xx, xy, yy, their covariance.
        rebuilt: (N,) bool, the foot was not seen.

    """

    foot_px: Array
    xy_m: Array
    cov_m2: Array
    rebuilt: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes of people, sorted by person and then by time.

    Attributes:
        person: (N,) int64.
        t_s: (N,) time of the picture.
        xyxy_px: (N, 4).
        observed: (N,) bool; False lies between two observed boxes.

    """

    person: NDArray[np.int64]
    t_s: Array
    xyxy_px: Array
    observed: NDArray[np.bool_]


def lower_edges(
    boxes: Boxes, shown_px: tuple[float, float, float, float], calibration: Calibration | None
) -> Feet:
    """Feet as the middle of the boxes' lower edges, for cameras without a pose; no foot where it is cut."""
    xyxy = boxes.xyxy_px
    foot = np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]])
    foot[cut_by_edge(xyxy, None, shown_px)] = np.nan
    xy_m, cov = np.full((len(foot), 2), np.nan), np.full((len(foot), 3), np.nan)
    if calibration is not None:
        xy_m = calibration.floor_from_image(foot)
        cov = calibration.floor_covariance(foot, xyxy[:, 3] - xyxy[:, 1])
    return _known(foot, xy_m, cov, np.zeros(len(foot), dtype=np.bool_))


def feet(
    boxes: Boxes,
    step_s: float,
    shown_px: tuple[float, float, float, float],
    calibration: Calibration,
    pose: CameraPose,
    scene: Scene,
    near_edge_m: float,
) -> Feet:
    """Find the feet of upright people.

    Args:
        boxes: All boxes; those of one person tell how tall they are, those of one picture who hides whom.
        step_s: Time between two pictures.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.
        calibration: The camera.
        pose: Its pose.
        scene: Furniture that hides feet.
        near_edge_m: How far before the middle of the body a box's lower edge meets the floor: the foot is
            moved away from the camera by so much.

    """
    xyxy = boxes.xyxy_px
    way = pose.sinking((xyxy[:, :2] + xyxy[:, 2:]) / 2)
    foot_cut, head_cut = cut_by_edge(xyxy, way, shown_px), cut_by_edge(xyxy, -way, shown_px)
    head = pose.head_from_box(xyxy)
    lower_m = _moved_away(calibration.floor_from_image(pose.foot_from_box(xyxy)), pose, near_edge_m)
    apparent_m, m_per_px = height_between(pose, lower_m, head)
    weight = _worth(calibration, xyxy, m_per_px, step_s) * (boxes.observed & ~head_cut)
    hidden = foot_cut | behind_furniture(lower_m, pose, scene)
    hidden |= behind_people(boxes.t_s, xyxy, calibration.image_from_floor(lower_m), _away_m(lower_m, pose))
    nobody = np.zeros(len(xyxy))
    tall_m, sigma_m = statures(boxes.person, apparent_m, nobody, nobody)
    for _ in range(_ROUNDS):
        below = floor_below(pose, head, tall_m)
        hidden |= _short_behind_something(boxes, hidden, below, lower_m, tall_m - apparent_m, pose, scene)
        tall_m, sigma_m = statures(
            boxes.person, apparent_m, np.where(hidden, 0.0, weight), np.where(foot_cut, weight, 0.0)
        )
    hidden |= _between_hidden(boxes, hidden)
    below = floor_below(pose, head, tall_m)
    length_px = np.linalg.norm(pose.project(below.xy_m) - head, axis=1)
    height_px = xyxy[:, 3] - xyxy[:, 1]
    sigma_px = calibration.foot_jitter.sigma_px(np.fmax(height_px, np.where(hidden, length_px, 0.0)))
    rebuilt_cov = below.covariance(sigma_px, sigma_m)
    with np.errstate(invalid="ignore"):
        worth = ~head_cut & (_sigma2(rebuilt_cov) <= _WORTHLESS_M**2)
        worth &= length_px >= _LEAST_LENGTH * np.max(xyxy[:, 2:] - xyxy[:, :2], axis=1)
    rebuilt = hidden & worth
    share = np.where(hidden | ~worth, 0.0, _share_of_head(calibration, lower_m, below, sigma_px, sigma_m))
    xy_m = np.where(share[:, None] > 0, lower_m + share[:, None] * (below.xy_m - lower_m), lower_m)
    cov = _both(calibration, lower_m, below, sigma_px, sigma_m, share)
    xy_m[rebuilt], cov[rebuilt] = below.xy_m[rebuilt], rebuilt_cov[rebuilt]
    xy_m[foot_cut & ~rebuilt] = np.nan
    foot = calibration.image_from_floor(xy_m)
    return _known(foot, xy_m, cov + calibration.calibration_covariance(foot), rebuilt)


def _moved_away(xy_m: Array, pose: CameraPose, by_m: float) -> Array:
    away = xy_m - np.asarray(pose.camera_xy_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        away /= np.hypot(away[:, :1], away[:, 1:])
    return np.asarray(xy_m + by_m * away if by_m > 0 else xy_m, dtype=np.float64)


def _away_m(xy_m: Array, pose: CameraPose) -> Array:
    return np.asarray(np.hypot(*(xy_m - np.asarray(pose.camera_xy_m)).T), dtype=np.float64)


def _worth(calibration: Calibration, xyxy_px: Array, m_per_px: Array, step_s: float) -> Array:
    """(N,) how many independent observations of somebody's height each box is worth."""
    sigma_m = m_per_px * calibration.foot_jitter.sigma_px(xyxy_px[:, 3] - xyxy_px[:, 1])[:, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        worth = np.fmin(1.0, (NOISE_M / sigma_m) ** 2)
    return np.where(np.isfinite(worth), worth * min(1.0, step_s / MEMORY_S), 0.0)


def _short_behind_something(
    boxes: Boxes,
    hidden: NDArray[np.bool_],
    below: FloorBelow,
    lower_m: Array,
    missing_m: Array,
    pose: CameraPose,
    scene: Scene,
) -> NDArray[np.bool_]:
    """Whether boxes are too short for their people, and something stands where the rest should be seen."""
    best_m = np.where(hidden[:, None], below.xy_m, lower_m)
    others = behind_people(boxes.t_s, boxes.xyxy_px, pose.project(below.xy_m), _away_m(best_m, pose))
    furniture = hidden_up_to_m(below.xy_m, pose, scene) > _LEAST_HIDDEN_M
    with np.errstate(invalid="ignore"):
        return (missing_m > _SHORT_M) & (furniture | others)


def _between_hidden(boxes: Boxes, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a box that was not observed lies between others of which one has hidden feet."""
    last = np.maximum.accumulate(np.where(boxes.observed, np.arange(len(hidden)), 0))
    following = np.where(boxes.observed, np.arange(len(hidden)), len(hidden) - 1)
    following = np.minimum.accumulate(following[::-1])[::-1]
    return np.asarray(~boxes.observed & (hidden[last] | hidden[following]), dtype=np.bool_)


def _lower_by_px(calibration: Calibration, lower_m: Array) -> Array:
    return calibration.floor_by_picture(calibration.image_from_floor(lower_m))


def _share_of_head(
    calibration: Calibration, lower_m: Array, below: FloorBelow, sigma_px: Array, sigma_m: Array
) -> Array:
    """(N,) weight of the head's position beside the foot's, 0 where they disagree.

    Weighed by their variances along the line between the two. To the side both have the error of the box's
    middle, so nothing is gained there.
    """
    by_foot = _lower_by_px(calibration, lower_m) * sigma_px[:, None, :]
    foot_cov = by_foot @ by_foot.transpose(0, 2, 1)
    apart = below.xy_m - lower_m
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        along = apart / np.hypot(apart[:, :1], apart[:, 1:])
        of_foot = np.einsum("ni,nij,nj->n", along, foot_cov, along)
        xx, xy, yy = below.covariance(sigma_px, sigma_m).T
        of_head = xx * along[:, 0] ** 2 + 2 * xy * along[:, 0] * along[:, 1] + yy * along[:, 1] ** 2
        share = of_foot / (of_foot + of_head)
        moved = share[:, None] * apart
        agree = np.einsum("ni,nij,nj->n", moved, inverse_2x2(foot_cov), moved) <= _AGREE
    return np.where(agree & np.isfinite(share), share, 0.0)


def _both(
    calibration: Calibration,
    lower_m: Array,
    below: FloorBelow,
    sigma_px: Array,
    sigma_m: Array,
    share: Array,
) -> Array:
    """(N, 3) covariance of (1 - share) foot + share head, whose boxes' middle they have in common."""
    of_head = np.where(share[:, None] > 0, np.nan_to_num(below.by_height), 0.0) * share[:, None]
    by_foot = _lower_by_px(calibration, lower_m) * (1 - share)[:, None, None]
    by_head = np.where(share[:, None, None] > 0, below.by_px, 0.0) * share[:, None, None]
    parts = np.stack(
        [
            (by_foot + by_head)[:, :, 0] * sigma_px[:, :1],
            by_foot[:, :, 1] * sigma_px[:, 1:],
            by_head[:, :, 1] * sigma_px[:, 1:],
            of_head * sigma_m[:, None],
        ],
        axis=-1,
    )
    full = parts @ parts.transpose(0, 2, 1)
    return np.asarray(full[:, (0, 0, 1), (0, 1, 1)], dtype=np.float64)


def _sigma2(cov: Array) -> Array:
    """(N,) larger eigenvalue."""
    xx, xy, yy = cov.T
    return np.asarray((xx + yy) / 2 + np.hypot((xx - yy) / 2, xy), dtype=np.float64)


def _known(foot_px: Array, xy_m: Array, cov: Array, rebuilt: NDArray[np.bool_]) -> Feet:
    known = np.isfinite(np.column_stack([xy_m, cov])).all(axis=1, keepdims=True)
    xy_m, cov = np.where(known, xy_m, np.nan), np.where(known, cov, np.nan)
    return Feet(foot_px, xy_m, cov, rebuilt & np.asarray(known)[:, 0])

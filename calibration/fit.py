"""Fit a camera's homography to pairs of points, with its covariance and checks.

The unknown is the map from floor to picture, for that is where the errors are alike. Each pair's residual in
pixels is weighed by the error its clicks may have there: `click_px` in the picture, and `click_m` on the
plan seen through the homography (5 cm are 20 px near the camera and less than 1 px far off). Covariance as
in Hartley and Zisserman, "Multiple View Geometry", 2nd ed., section 5.2 (backward propagation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration, normalised
from calibration.foot import FootJitter
from calibration.homography import Array, apply, floor_normal, picture_normal, third
from calibration.pairs import LEAST_PAIRS, Pairs, check_pairs, line_faults, turned_triples
from calibration.plan import SurveyFrame
from calibration.pose import MAX_CAMERA_HEIGHT_M, CameraPose, pose_from_homography
from calibration.problem import LEAST_CONSENSUS, FitProblem, FitSettings, consensus

_MAX_FOCAL_SIGMA = 0.25
_HEIGHT_AGREES = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A calibration and what can be said about it.

    Attributes:
        calibration: The result; its `pairs.used` says which pairs were left out.
        residual_px: (N,) distance in the picture between each pair's point and where the fit puts it.
        residual_m: (N,) the same on the floor, metres; NaN for a point past the horizon.
        leave_one_out_m: (N,) how far each used pair is missed when it is not fitted to; NaN for pairs that
            were left out or without which no fit is possible. None with fewer than five used pairs.
        error_factor: By how much the residuals exceed the stated click errors; 1 where they don't. Already
            in the covariance.
        pose_reason: Why the pose is missing or taken from the camera height; None where the pairs determine
            it.
        warnings: What the person who made the pairs should know.

    """

    calibration: Calibration
    residual_px: NDArray[np.float64]
    residual_m: NDArray[np.float64]
    leave_one_out_m: NDArray[np.float64] | None
    error_factor: float
    pose_reason: str | None
    warnings: tuple[str, ...]


def fit_calibration(
    pairs: Pairs,
    image_size_px: tuple[int, int],
    *,
    settings: FitSettings | None = None,
    camera_height_m: float | None = None,
    survey: SurveyFrame | None = None,
    foot_jitter: FootJitter | None = None,
) -> Fit:
    """Fit a calibration to pairs whose floor points are in plan metres (x right, y down).

    Args:
        pairs: At least four; see `Pairs.in_plan` for survey coordinates.
        image_size_px: (width, height) of the picture clicked in.
        settings: Click errors and threshold.
        camera_height_m: Measured height of the camera, used where the pairs leave the pose open.
        survey: Stored in the calibration; says that the floor points were declared with y up.
        foot_jitter: Stored in the calibration.

    Raises:
        ValueError: Naming the pairs at fault: too few, repeated, on a line, mirrored, or behind the camera.

    """
    settings = settings or FitSettings()
    check_pairs(pairs, image_size_px)
    problem = FitProblem.of(pairs, image_size_px, settings)
    used, agreed = consensus(problem)
    _check_after(pairs, used)
    h, weights = problem.solve(used)
    _check_orientation(pairs, problem, h, used, survey)
    cov_h, factor = problem.covariance(h, weights, used)
    calibration = Calibration(
        H_image_floor=problem.homography(h),
        image_size_px=image_size_px,
        cov_h=cov_h,
        floor_centre_m=problem.centre_m,
        floor_scale_m=problem.scale_m,
        pose=None,
        pairs=replace(pairs, used=used),
        foot_jitter=foot_jitter or FootJitter(),
        survey=survey,
    )
    pose, reason = _pose(calibration, camera_height_m)
    calibration = replace(calibration, pose=pose)
    left_out_m = _leave_one_out(pairs, problem, h, used)
    return Fit(
        calibration=calibration,
        residual_px=_distance(calibration.image_from_floor(pairs.floor_m), pairs.image_px),
        residual_m=_distance(calibration.floor_from_image(pairs.image_px), pairs.floor_m),
        leave_one_out_m=left_out_m,
        error_factor=factor,
        pose_reason=reason,
        warnings=_warnings(calibration, agreed, factor, camera_height_m, left_out_m),
    )


def _check_after(pairs: Pairs, used: NDArray[np.bool_]) -> None:
    faults = line_faults(pairs, used)
    if faults:
        left = f"\n  ({pairs.names(~used)} did not agree with the others and could not help)"
        raise ValueError("\n".join(["pairs:", *(f"  - {fault}" for fault in faults)]) + left)


def _check_orientation(
    pairs: Pairs, problem: FitProblem, h: Array, used: NDArray[np.bool_], survey: SurveyFrame | None
) -> None:
    """The camera is above the floor and in front of every used pair."""
    behind = used & (third(h, problem.v) <= 0)
    if np.any(behind):
        raise ValueError(
            "pairs: no camera sees them like this: the horizon would run between them. Some are mixed up; "
            f"compare {turned_triples(pairs) or pairs.names(behind)} (these go round one way in the picture "
            "and the other way on the floor)"
        )
    if np.linalg.det(h) <= 0:
        declared, other, y = ("plan", "survey", "down") if survey is None else ("survey", "plan", "up")
        raise ValueError(
            f"pairs: mirrored: with y {y} on the floor (--floor-axes {declared}) the camera would be below "
            f"the floor. Most likely the floor points are in the other axes: try --floor-axes {other}. Pairs "
            f"that go round one way in the picture and the other way on the floor: {turned_triples(pairs)}"
        )


def _leave_one_out(pairs: Pairs, problem: FitProblem, h: Array, used: NDArray[np.bool_]) -> Array | None:
    """How far each used pair is missed by the others; NaN where the others lie on a line."""
    rows = np.flatnonzero(used)
    if len(rows) < LEAST_CONSENSUS:
        return None
    errors = np.full(len(used), np.nan)
    for row in rows:
        others = used.copy()
        others[row] = False
        if line_faults(pairs, others):
            continue
        try:
            without, weights = problem.solve(others, h)
            problem.covariance(without, weights, others)
        except (ValueError, np.linalg.LinAlgError):
            continue
        back = np.asarray(np.linalg.inv(without), dtype=np.float64)
        errors[row] = (
            float(np.linalg.norm(apply(back, problem.u[row : row + 1]) - problem.v[row])) * problem.scale_m
        )
    return errors


def _pose(calibration: Calibration, camera_height_m: float | None) -> tuple[CameraPose | None, str | None]:
    """The pose from the homography; else from the camera height; else none. And why."""
    H, size = calibration.H_image_floor, calibration.image_size_px
    if camera_height_m is not None and not 0 < camera_height_m <= MAX_CAMERA_HEIGHT_M:
        raise ValueError(
            f"camera height: expected metres between 0 and {MAX_CAMERA_HEIGHT_M:g}, got {camera_height_m}"
        )
    try:
        pose = pose_from_homography(H, size)
        sigma = focal_sigma(calibration, pose)
        if sigma <= _MAX_FOCAL_SIGMA:
            return pose, None
        reason = f"click errors alone change the focal length by {sigma:.0%}: the pairs leave the pose open"
    except ValueError as error:
        reason = str(error)
    if camera_height_m is None:
        return None, reason
    try:
        return pose_from_homography(H, size, camera_height_m), reason
    except ValueError as error:
        return None, f"{reason}; {error}"


def focal_sigma(calibration: Calibration, pose: CameraPose) -> float:
    """Relative 1-sigma error of the focal length by the covariance of the fit; inf where it cannot be had."""
    size, centre, scale = calibration.image_size_px, calibration.floor_centre_m, calibration.floor_scale_m
    h = normalised(calibration.H_image_floor, size, centre, scale)
    values, vectors = np.linalg.eigh(calibration.cov_h)
    total = 0.0
    for value, vector in zip(values, vectors.T, strict=True):
        step = 0.1 * np.sqrt(max(value, 0.0)) * vector
        moved = h + np.append(step, 0.0).reshape(3, 3)
        H = np.linalg.solve(picture_normal(size), moved @ floor_normal(centre, scale))
        try:
            change = np.log(pose_from_homography(H, size).focal_px / pose.focal_px) / 0.1
        except ValueError:
            return float("inf")
        total += change**2
    return float(np.sqrt(total))


def _warnings(
    calibration: Calibration,
    agreed: bool,
    factor: float,
    camera_height_m: float | None,
    left_out_m: Array | None,
) -> tuple[str, ...]:
    pairs, found = calibration.pairs, []
    if len(pairs) == LEAST_PAIRS:
        found.append(
            "four pairs fit exactly, so nothing can be checked: the click errors are assumed, and one wrong "
            "pair would go unseen. Add at least two more."
        )
    elif not agreed:
        found.append(
            "the pairs disagree by more than their click errors and it cannot be told which are wrong, so "
            "all were used. Look at the residuals, correct the worst pair or add more."
        )
    left_out = int(np.count_nonzero(~pairs.used))
    if left_out:
        found.append(
            f"left out, because they disagree with the others: {pairs.names(~pairs.used)}. Check them."
        )
    if left_out > 0.25 * len(pairs):
        found.append(
            "so many pairs disagree that something else may be wrong: a wide-angle lens that bends straight "
            "lines, a floor on two levels, or a wrong scale of the plan."
        )
    if left_out_m is not None:
        unchecked = pairs.used & np.isnan(left_out_m)
        if np.any(unchecked):
            found.append(
                f"cannot be checked, because without them the other pairs lie on a line: "
                f"{pairs.names(unchecked)}. Add pairs to both sides of that line."
            )
    if factor > 1.5:
        found.append(
            f"the residuals are {factor:.1f} times what the click errors explain; the stated accuracy counts "
            "with the residuals. A lens that bends straight lines does this."
        )
    pose = calibration.pose
    if pose is not None and camera_height_m is not None and pose.source == "homography":
        ratio = pose.camera_height_m / camera_height_m
        if not 1 - _HEIGHT_AGREES <= ratio <= 1 + _HEIGHT_AGREES:
            found.append(
                f"the pairs put the camera {pose.camera_height_m:.1f} m above the floor, not "
                f"{camera_height_m:g} m: check the scale of the plan and the pairs."
            )
    return tuple(found)


def _distance(a: Array, b: Array) -> Array:
    return np.asarray(np.linalg.norm(a - b, axis=1), dtype=np.float64)

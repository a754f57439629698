"""Fit a camera's homography to pairs of points, with its covariance and checks.

The unknown is the map from floor to picture, for that is where the errors are alike. Each pair's residual in
pixels is weighed by the error its clicks may have there: `click_px` in the picture, and `click_m` on the
plan seen through the homography (5 cm are 20 px near the camera and less than 1 px far off). A lens that
bends straight lines is estimated with it where there is something to check it by. Covariance as in Hartley
and Zisserman, "Multiple View Geometry", 2nd ed., section 5.2 (backward propagation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration, normalised
from calibration.foot import FootJitter
from calibration.homography import Array, floor_normal, picture_normal, third
from calibration.lens import Lens
from calibration.lines import LineFit
from calibration.pairs import Pairs, check_pairs, line_faults, turned_triples
from calibration.plan import SurveyFrame
from calibration.pose import MAX_CAMERA_HEIGHT_M, CameraPose, pose_from_homography
from calibration.problem import (
    GATE,
    LEAST_CONSENSUS,
    FitProblem,
    FitSettings,
    KnownLens,
    Model,
    consensus,
)
from calibration.remarks import warnings

_MAX_FOCAL_SIGMA = 0.25
LEAST_FOR_LENS = 8
# An estimated lens is kept that differs from none by so many of its 1-sigma errors.
_CLEAR_SIGMAS = 1.0
_MOST_EXCHANGED = 20


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
        lens_sigma: 1-sigma error of the lens's `division`; None if it was given or found to bend nothing.
        swapped: Pairs of indices whose floor points look exchanged; they were left out.
        pose_reason: Why the pose is missing or taken from the camera height; None where the pairs determine
            it.
        warnings: What the person who made the pairs should know.

    """

    calibration: Calibration
    residual_px: NDArray[np.float64]
    residual_m: NDArray[np.float64]
    leave_one_out_m: NDArray[np.float64] | None
    error_factor: float
    lens_sigma: float | None
    swapped: tuple[tuple[int, int], ...]
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
    lens: Lens | None = None,
    lines: LineFit | None = None,
) -> Fit:
    """Fit a calibration to pairs whose floor points are in plan metres (x right, y down).

    Args:
        pairs: At least four; see `Pairs.in_plan` for survey coordinates.
        image_size_px: (width, height) of the picture clicked in.
        settings: Click errors and threshold.
        camera_height_m: Measured height of the camera, used where the pairs leave the pose open.
        survey: Stored in the calibration; says that the floor points were declared with y up.
        foot_jitter: Stored in the calibration.
        lens: The lens, if it is known; `Lens()` for one that bends nothing. None estimates it: from eight
            pairs on that agree, if that lowers the leave-one-out error, or from `lines`.
        lines: What straight lines in the picture say of the lens.

    Raises:
        ValueError: Naming the pairs at fault: too few, repeated, on a line, mirrored, or behind the camera.

    """
    settings = settings or FitSettings()
    check_pairs(pairs, image_size_px)
    found = _solved(pairs, image_size_px, settings, _known(lens, lines))
    if lens is None and lines is None:
        found = _with_lens(found, pairs, image_size_px, settings)
    problem, used, model = found.problem, found.used, found.model
    _check_orientation(pairs, problem, model, used, survey)
    cov_h, _ = problem.covariance(model, found.weights, used)
    calibration = Calibration(
        H_image_floor=problem.homography(model),
        image_size_px=image_size_px,
        cov_h=cov_h,
        floor_centre_m=problem.centre_m,
        floor_scale_m=problem.scale_m,
        pose=None,
        pairs=replace(pairs, used=used),
        foot_jitter=foot_jitter or FootJitter(),
        survey=survey,
        lens=model.lens,
    )
    pose, reason = _pose(calibration, camera_height_m)
    calibration = replace(calibration, pose=pose)
    return _judged(calibration, found, camera_height_m, reason)


def checked(calibration: Calibration, settings: FitSettings | None = None) -> Fit:
    """What can be said of a calibration that was fitted before.

    Args:
        calibration: Fitted to pairs.
        settings: The click errors; they are not stored.

    Raises:
        ValueError: If it was not made from pairs.

    """
    pairs, lens = calibration.pairs, calibration.lens
    if not len(pairs):
        raise ValueError("calibration: expected one that was fitted to pairs, this one has none")
    known = KnownLens(lens, np.inf if len(calibration.cov_h) == 9 else 0.0)
    problem = FitProblem.of(pairs, calibration.image_size_px, settings or FitSettings(), known)
    h = normalised(calibration.H_image_floor, calibration.image_size_px, problem.centre_m, problem.scale_m)
    model = Model(h, lens)
    found = _Solved(problem, pairs.used, True, model, problem.weights(model))
    return _judged(calibration, found, None, None)


def _judged(
    calibration: Calibration, found: _Solved, camera_height_m: float | None, pose_reason: str | None
) -> Fit:
    """All checks of a calibration."""
    pairs, problem = calibration.pairs, found.problem
    _, factor = problem.covariance(found.model, found.weights, found.used)
    left_out_m = _leave_one_out(pairs, found)
    swapped = _swapped(problem, found.model, found.used)
    residual_px = _distance(calibration.image_from_floor(pairs.floor_m), pairs.image_px)
    residual_m = _distance(calibration.floor_from_image(pairs.image_px), pairs.floor_m)
    said = warnings(
        calibration, found.agreed, factor, camera_height_m, left_out_m, residual_px, residual_m, swapped
    )
    sigma = float(np.sqrt(calibration.cov_h[8, 8])) if problem.known.fitted else None
    return Fit(
        calibration, residual_px, residual_m, left_out_m, factor, sigma, swapped, pose_reason, tuple(said)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """A fit of one kind, with or without a lens."""

    problem: FitProblem
    used: NDArray[np.bool_]
    agreed: bool
    model: Model
    weights: Array


def _known(lens: Lens | None, lines: LineFit | None) -> KnownLens:
    if lens is not None:
        return KnownLens(lens)
    if lines is not None and lines.bends:
        return KnownLens(lines.lens, lines.sigma)
    return KnownLens()


def _solved(pairs: Pairs, image_size_px: tuple[int, int], settings: FitSettings, known: KnownLens) -> _Solved:
    problem = FitProblem.of(pairs, image_size_px, settings, known)
    used, agreed = consensus(problem)
    if not agreed:
        _check_exchanged(pairs, problem)
    _check_after(pairs, used)
    model, weights = problem.solve(used)
    return _Solved(problem, used, agreed, model, weights)


def _with_lens(
    plain: _Solved, pairs: Pairs, image_size_px: tuple[int, int], settings: FitSettings
) -> _Solved:
    """The fit with an estimated lens, if that predicts pairs that it does not know better, else the other."""
    if len(pairs) < LEAST_FOR_LENS:
        return plain
    try:
        bent = _solved(pairs, image_size_px, settings, KnownLens(sigma=np.inf))
        cov, _ = bent.problem.covariance(bent.model, bent.weights, bent.used)
    except (ValueError, np.linalg.LinAlgError):
        return plain
    clear = abs(bent.model.lens.division) > _CLEAR_SIGMAS * np.sqrt(cov[8, 8])
    if not (bent.agreed and clear and np.count_nonzero(bent.used) >= LEAST_FOR_LENS):
        return plain
    return bent if _missed(bent) < _missed(plain) else plain


def _missed(found: _Solved) -> float:
    """Mean squared leave-one-out error of all pairs in units of the click errors; wrong pairs count no more
    than as just wrong."""
    squared = []
    for row in range(len(found.used)):
        others = found.used.copy()
        others[row] = False
        try:
            model = found.problem.solve(others, found.model)[0] if found.used[row] else found.model
        except (ValueError, np.linalg.LinAlgError):
            continue
        squared.append(min(float(found.problem.squared(model)[row]), GATE))
    return float(np.mean(squared))


def _check_exchanged(pairs: Pairs, problem: FitProblem) -> None:
    """Refuse pairs that disagree, all of which would agree if two floor points were exchanged."""
    if not LEAST_CONSENSUS <= len(pairs) <= _MOST_EXCHANGED:
        return
    right = []
    for i, j in combinations(range(len(pairs)), 2):
        used, agreed = consensus(_exchanged(problem, i, j))
        if agreed and used.all():
            right.append((i, j))
    if len(right) == 1:
        i, j = right[0]
        raise ValueError(
            f"pairs: {pairs.label[i]} and {pairs.label[j]} look swapped: with their floor points exchanged "
            "all pairs agree, as they are they do not. Exchange them."
        )


def _exchanged(problem: FitProblem, i: int, j: int) -> FitProblem:
    order = np.arange(len(problem.v))
    order[[i, j]] = j, i
    return replace(problem, v=problem.v[order])


def _swapped(problem: FitProblem, model: Model, used: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Pairs of left-out pairs that agree with the others when their floor points are exchanged."""
    return tuple(
        (i, j)
        for i, j in combinations(np.flatnonzero(~used).tolist(), 2)
        if _exchanged(problem, i, j).agrees(model)[[i, j]].all()
    )


def _check_after(pairs: Pairs, used: NDArray[np.bool_]) -> None:
    faults = line_faults(pairs, used)
    if faults:
        left = f"\n  ({pairs.names(~used)} did not agree with the others and could not help)"
        raise ValueError("\n".join(["pairs:", *(f"  - {fault}" for fault in faults)]) + left)


def _check_orientation(
    pairs: Pairs, problem: FitProblem, model: Model, used: NDArray[np.bool_], survey: SurveyFrame | None
) -> None:
    """The camera is above the floor and in front of every used pair."""
    behind = used & (third(model.h, problem.v) <= 0)
    if np.any(behind):
        raise ValueError(
            "pairs: no camera sees them like this: the horizon would run between them. Some are mixed up; "
            f"compare {turned_triples(pairs) or pairs.names(behind)} (these go round one way in the picture "
            "and the other way on the floor)"
        )
    if np.linalg.det(model.h) <= 0:
        declared, other, y = ("plan", "survey", "down") if survey is None else ("survey", "plan", "up")
        raise ValueError(
            f"pairs: mirrored: with y {y} on the floor (--floor-axes {declared}) the camera would be below "
            f"the floor. Most likely the floor points are in the other axes: try --floor-axes {other}. Pairs "
            f"that go round one way in the picture and the other way on the floor: {turned_triples(pairs)}"
        )


def _leave_one_out(pairs: Pairs, found: _Solved) -> Array | None:
    """How far each used pair is missed by the others; NaN where the others lie on a line."""
    problem, used = found.problem, found.used
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
            without, weights = problem.solve(others, found.model)
            problem.covariance(without, weights, others)
        except (ValueError, np.linalg.LinAlgError):
            continue
        missed = problem.floor_units(without, problem.px[row : row + 1]) - problem.v[row]
        errors[row] = float(np.linalg.norm(missed)) * problem.scale_m
    return errors


def _pose(calibration: Calibration, camera_height_m: float | None) -> tuple[CameraPose | None, str | None]:
    """The pose from the homography; else from the camera height; else none. And why."""
    H, size = calibration.H_image_floor, calibration.image_size_px
    if camera_height_m is not None and not 0 < camera_height_m <= MAX_CAMERA_HEIGHT_M:
        raise ValueError(
            f"camera height: expected metres between 0 and {MAX_CAMERA_HEIGHT_M:g}, got {camera_height_m}"
        )
    try:
        pose = pose_from_homography(H, size, lens=calibration.lens)
        sigma = focal_sigma(calibration, pose)
        if sigma <= _MAX_FOCAL_SIGMA:
            return pose, None
        reason = f"click errors alone change the focal length by {sigma:.0%}: the pairs leave the pose open"
    except ValueError as error:
        reason = str(error)
    if camera_height_m is None:
        return None, reason
    try:
        return pose_from_homography(H, size, camera_height_m, calibration.lens), reason
    except ValueError as error:
        return None, f"{reason}; {error}"


def focal_sigma(calibration: Calibration, pose: CameraPose) -> float:
    """Relative 1-sigma error of the focal length by the covariance of the fit; inf where it cannot be had."""
    size, centre, scale = calibration.image_size_px, calibration.floor_centre_m, calibration.floor_scale_m
    h = normalised(calibration.H_image_floor, size, centre, scale)
    values, vectors = np.linalg.eigh(calibration.cov_h[:8, :8])
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


def _distance(a: Array, b: Array) -> Array:
    return np.asarray(np.linalg.norm(a - b, axis=1), dtype=np.float64)

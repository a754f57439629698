"""Fit a camera's homography to pairs of points, with its covariance and checks.

The unknown is the map from floor to picture, for that is where the errors are alike. Each pair's residual in
pixels is weighed by the error its clicks may have there: `click_px` in the picture, and `click_m` on the
plan seen through the homography (5 cm are 20 px near the camera and less than 1 px far off). Covariance as
in Hartley and Zisserman, "Multiple View Geometry", 2nd ed., section 5.2 (backward propagation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import least_squares

from calibration.calibration import Calibration, derivative_by_h, normalised
from calibration.foot import FootJitter
from calibration.homography import Array, apply, floor_normal, jacobian, picture_normal, third
from calibration.pairs import LEAST_PAIRS, Pairs, check_pairs, line_faults, turned_triples
from calibration.plan import SurveyFrame
from calibration.pose import MAX_CAMERA_HEIGHT_M, CameraPose, pose_from_homography

LEAST_CONSENSUS = 5  # any four pairs fit some homography exactly, so four that agree prove nothing
_GATE = 9.21  # squared Mahalanobis distance that 99 % of good clicks stay below, two degrees of freedom
_ROUNDS = 20
_MOST_LEFT_OUT = 40  # starts without one pair; with more pairs USAC has enough to choose from
_STATED_COUNTS_AS = 8
_MAX_FOCAL_SIGMA = 0.25
_HEIGHT_AGREES = 0.25


class FitSettings(BaseModel):
    """How pairs are weighed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    click_px: float = Field(
        default=2.0, gt=0, le=100, description="1-sigma error of a click in the picture, pixels"
    )
    click_m: float = Field(
        default=0.05, gt=0, le=10, description="1-sigma error of a point on the plan, metres"
    )
    threshold_at_720p_px: float = Field(
        default=4.0,
        gt=0,
        le=100,
        description="pixels, in a picture of 1280x720, up to which a pair always counts as agreeing",
    )

    def threshold_px(self, image_size_px: tuple[int, int]) -> float:
        """The threshold scaled to a picture."""
        w, h = image_size_px
        return float(self.threshold_at_720p_px * np.sqrt(w * h / (1280 * 720)))


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
    problem = _Problem.of(pairs, image_size_px, settings)
    used, agreed = _consensus(problem)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Pairs in the units of `Calibration.cov_h`."""

    u: Array  # (N, 2) picture points
    v: Array  # (N, 2) floor points
    half_px: Array  # (2,) pixels in one unit of u
    centre_m: Array
    scale_m: float
    N_picture: Array
    N_floor: Array
    settings: FitSettings
    threshold_px: float

    @classmethod
    def of(cls, pairs: Pairs, image_size_px: tuple[int, int], settings: FitSettings) -> _Problem:
        # Medians: one mistyped kilometre must not move the origin past the horizon.
        centre = np.median(pairs.floor_m, axis=0)
        scale = float(np.median(np.linalg.norm(pairs.floor_m - centre, axis=1)))
        N_picture, N_floor = picture_normal(image_size_px), floor_normal(centre, scale)
        return cls(
            u=apply(N_picture, pairs.image_px),
            v=apply(N_floor, pairs.floor_m),
            half_px=np.array(image_size_px) / 2,
            centre_m=centre,
            scale_m=scale,
            N_picture=N_picture,
            N_floor=N_floor,
            settings=settings,
            threshold_px=settings.threshold_px(image_size_px),
        )

    def homography(self, h: Array) -> Array:
        """(3, 3) floor metres to pixels."""
        return np.asarray(np.linalg.solve(self.N_picture, h @ self.N_floor), dtype=np.float64)

    def click_covariance(self, h: Array) -> Array:
        """(N, 2, 2) what the clicks of each pair may be off in the picture, pixels squared."""
        J = np.nan_to_num(jacobian(h, self.v) * self.half_px[:, None] / self.scale_m)
        return np.asarray(
            self.settings.click_px**2 * np.eye(2) + self.settings.click_m**2 * J @ J.transpose(0, 2, 1),
            dtype=np.float64,
        )

    def weights(self, h: Array) -> Array:
        """(N, 2, 2) L^T, with L L^T the inverse click covariance: pixels to units of the click error."""
        return np.asarray(
            np.linalg.cholesky(np.linalg.inv(self.click_covariance(h))).transpose(0, 2, 1), dtype=np.float64
        )

    def residual_px(self, h: Array) -> Array:
        """(N, 2) pixels; inf where a point falls behind the camera."""
        return np.asarray(
            np.nan_to_num((apply(h, self.v) - self.u) * self.half_px, nan=np.inf), dtype=np.float64
        )

    def agrees(self, h: Array) -> NDArray[np.bool_]:
        """(N,) whether a pair is within the threshold, or within what its clicks may be off."""
        residual = self.residual_px(h)
        seen = np.all(np.isfinite(residual), axis=1)
        residual = np.where(seen[:, None], residual, 0.0)
        scaled = (self.weights(h) @ residual[:, :, None])[:, :, 0]
        near = np.linalg.norm(residual, axis=1) <= self.threshold_px
        return np.asarray(seen & (near | (np.sum(scaled**2, axis=1) <= _GATE)), dtype=np.bool_)

    def start(self, rows: NDArray[np.int64]) -> Array | None:
        """The linear (DLT) solution through some pairs; None where there is none."""
        H, _ = cv2.findHomography(self.v[rows], self.u[rows] * self.half_px, 0)
        return self._scaled(H)

    def robust_start(self, threshold_px: float) -> Array | None:
        """The solution that most pairs agree with (OpenCV's USAC, MAGSAC++)."""
        H, _ = cv2.findHomography(
            self.v, self.u * self.half_px, cv2.USAC_MAGSAC, threshold_px, maxIters=20000, confidence=0.9999
        )
        return self._scaled(H)

    def _scaled(self, H: Array | None) -> Array | None:
        if H is None or not np.all(np.isfinite(H)) or abs(H[2, 2]) < 1e-9:
            return None
        h = np.diag([1 / self.half_px[0], 1 / self.half_px[1], 1]) @ H
        return np.asarray(h / h[2, 2], dtype=np.float64)

    def solve(self, used: NDArray[np.bool_], start: Array | None = None) -> tuple[Array, Array]:
        """Least squares over the used pairs: h (3, 3) and the weights it was found with.

        The weights depend on h through the plan errors, so they are renewed a few times.
        """
        rows = np.flatnonzero(used)
        h = self.start(rows) if start is None else start
        if h is None:
            raise ValueError("pairs: no homography fits them at all; check that they are not mixed up")
        weights = self.weights(h)
        for _ in range(4):
            h = self._minimise(h, rows, weights)
            renewed = self.weights(h)
            settled = np.allclose(renewed, weights, rtol=1e-6)
            weights = renewed
            if settled:
                break
        return h, weights

    def _minimise(self, h: Array, rows: NDArray[np.int64], weights: Array) -> Array:
        u, v, W = self.u[rows], self.v[rows], weights[rows]

        def matrix(x: Array) -> Array:
            return np.append(x, 1.0).reshape(3, 3)

        def residual(x: Array) -> Array:
            m = matrix(x)
            off = ((v @ m[:2, :2].T + m[:2, 2]) / third(m, v)[:, None] - u) * self.half_px
            return np.asarray((W @ off[:, :, None]).ravel(), dtype=np.float64)

        def derivative(x: Array) -> Array:
            by_h = np.nan_to_num(derivative_by_h(matrix(x), v)) * self.half_px[:, None]
            return np.asarray((W @ by_h).reshape(-1, 8), dtype=np.float64)

        found = least_squares(residual, h.ravel()[:8], jac=derivative, method="lm", x_scale="jac")
        return matrix(np.asarray(found.x, dtype=np.float64))

    def covariance(self, h: Array, weights: Array, used: NDArray[np.bool_]) -> tuple[Array, float]:
        """(8, 8) covariance, and the factor by which residuals exceed the stated click errors."""
        rows = np.flatnonzero(used)
        by_h = (weights[rows] @ (derivative_by_h(h, self.v[rows]) * self.half_px[:, None])).reshape(-1, 8)
        freedom = 2 * len(rows) - 8
        off = (weights[rows] @ self.residual_px(h)[rows][:, :, None]).ravel()
        # A few residuals say little about their own size, so the stated errors count like eight more of them
        # (the mean of a scaled inverse chi-squared posterior, nearly).
        counted = (float(off @ off) + _STATED_COUNTS_AS) / (freedom + _STATED_COUNTS_AS)
        factor = max(1.0, counted) ** 0.5 if freedom > 0 else 1.0
        values, vectors = np.linalg.eigh(by_h.T @ by_h)
        if values[0] < 1e-12 * values[-1]:
            raise ValueError("pairs: they lie so nearly on a line that no map can be fitted; spread them out")
        cov = (vectors / values) @ vectors.T * factor**2
        return np.asarray((cov + cov.T) / 2, dtype=np.float64), factor


def _consensus(problem: _Problem) -> tuple[NDArray[np.bool_], bool]:
    """Which pairs to use, and whether enough of them agree to leave the others out.

    Candidates (all pairs; what USAC finds at several thresholds; all but one) are refined until the set of
    agreeing pairs no longer changes; the largest set wins. USAC alone would drop good pairs close to the
    camera, where a plan error of a few centimetres is more than the threshold.
    """
    n = len(problem.u)
    everyone = np.ones(n, dtype=np.bool_)
    if n == LEAST_PAIRS:
        return everyone, True
    best = np.zeros(n, dtype=np.bool_)
    for start in _starts(problem):
        used = _refined(problem, start)
        if np.count_nonzero(used) > np.count_nonzero(best):
            best = used
        if np.count_nonzero(best) >= n - 1:
            break
    count = int(np.count_nonzero(best))
    if count >= LEAST_CONSENSUS and 2 * count > n:
        return best, True
    return everyone, False


def _starts(problem: _Problem) -> Iterator[Array]:
    everyone = np.arange(len(problem.u))
    candidates: Iterator[Callable[[], Array | None]] = chain(
        [lambda: problem.start(everyone)],
        (partial(problem.robust_start, problem.threshold_px * factor) for factor in (1, 2, 4, 8)),
        (partial(problem.start, np.delete(everyone, row)) for row in everyone[:_MOST_LEFT_OUT]),
    )
    for candidate in candidates:
        start = candidate()
        if start is not None:
            yield start


def _refined(problem: _Problem, h: Array) -> NDArray[np.bool_]:
    used = problem.agrees(h)
    for _ in range(_ROUNDS):
        if np.count_nonzero(used) < LEAST_PAIRS:
            break
        h, _ = problem.solve(used, h)
        renewed = problem.agrees(h)
        if np.array_equal(renewed, used):
            break
        used = renewed
    return used


def _check_after(pairs: Pairs, used: NDArray[np.bool_]) -> None:
    faults = line_faults(pairs, used)
    if faults:
        left = f"\n  ({pairs.names(~used)} did not agree with the others and could not help)"
        raise ValueError("\n".join(["pairs:", *(f"  - {fault}" for fault in faults)]) + left)


def _check_orientation(
    pairs: Pairs, problem: _Problem, h: Array, used: NDArray[np.bool_], survey: SurveyFrame | None
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


def _leave_one_out(pairs: Pairs, problem: _Problem, h: Array, used: NDArray[np.bool_]) -> Array | None:
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

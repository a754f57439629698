"""The least-squares problem behind a fit: residuals weighed by click errors, and which pairs agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import least_squares

from calibration.calibration import derivative_by_h
from calibration.homography import Array, apply, floor_normal, jacobian, picture_normal, third
from calibration.pairs import LEAST_PAIRS, Pairs

LEAST_CONSENSUS = 5  # any four pairs fit some homography exactly, so four that agree prove nothing
_GATE = 9.21  # squared Mahalanobis distance that 99 % of good clicks stay below, two degrees of freedom
_ROUNDS = 20
_MOST_LEFT_OUT = 40  # starts without one pair; with more pairs USAC has enough to choose from
_STATED_COUNTS_AS = 8


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
class FitProblem:
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
    def of(cls, pairs: Pairs, image_size_px: tuple[int, int], settings: FitSettings) -> FitProblem:
        """Bring the pairs into well-conditioned units."""
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


def consensus(problem: FitProblem) -> tuple[NDArray[np.bool_], bool]:
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


def _starts(problem: FitProblem) -> Iterator[Array]:
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


def _refined(problem: FitProblem, h: Array) -> NDArray[np.bool_]:
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

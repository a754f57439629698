"""The least-squares problem behind a fit: residuals weighed by click errors, and which pairs agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import least_squares

from calibration.calibration import derivative_by_h
from calibration.homography import Array, apply, floor_normal, jacobian, picture_normal, third
from calibration.lens import Lens
from calibration.pairs import LEAST_PAIRS, Pairs

LEAST_CONSENSUS = 5  # any four pairs fit some homography exactly, so four that agree prove nothing
GATE = 9.21  # squared Mahalanobis distance that 99 % of good clicks stay below, two degrees of freedom
_ROUNDS = 20
_MOST_LEFT_OUT = 40  # starts without one pair; with more pairs USAC has enough to choose from
_STATED_COUNTS_AS = 8
MOST_DIVISION = 0.6  # a fisheye of 180 degrees has -0.6; more folds the picture over
_LOST_PX = 1e5
# Wide lenses that consensus starts from, for they bend more than pairs may disagree.
_WIDE = (-0.1, -0.25)


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
class Model:
    """A candidate: what is fitted.

    Attributes:
        h: (3, 3) floor to picture of a pinhole camera, in the units of `Calibration.cov_h`.
        lens: How the lens bends that picture.

    """

    h: Array
    lens: Lens


@dataclass(frozen=True, slots=True)
class KnownLens:
    """What is known of the lens before the fit.

    Attributes:
        lens: The lens, or the one to start from.
        sigma: 1-sigma error of its `division`: 0 for a lens that is given (or none at all), inf if nothing is
            known.

    """

    lens: Lens = field(default_factory=Lens)
    sigma: float = 0.0

    @property
    def fitted(self) -> bool:
        """Whether the fit may change it."""
        return self.sigma > 0


@dataclass(frozen=True, slots=True, eq=False)
class FitProblem:
    """Pairs in the units of `Calibration.cov_h`."""

    px: Array  # (N, 2) picture points
    v: Array  # (N, 2) floor points
    image_size_px: tuple[int, int]
    centre_m: Array
    scale_m: float
    N_picture: Array
    N_floor: Array
    settings: FitSettings
    threshold_px: float
    known: KnownLens

    @classmethod
    def of(
        cls,
        pairs: Pairs,
        image_size_px: tuple[int, int],
        settings: FitSettings,
        known: KnownLens | None = None,
    ) -> FitProblem:
        """Bring the pairs into well-conditioned units; without a lens, none is known or sought."""
        # Medians: one mistyped kilometre must not move the origin past the horizon.
        centre = np.median(pairs.floor_m, axis=0)
        scale = float(np.median(np.linalg.norm(pairs.floor_m - centre, axis=1)))
        N_picture, N_floor = picture_normal(image_size_px), floor_normal(centre, scale)
        return cls(
            px=pairs.image_px,
            v=apply(N_floor, pairs.floor_m),
            image_size_px=image_size_px,
            centre_m=centre,
            scale_m=scale,
            N_picture=N_picture,
            N_floor=N_floor,
            settings=settings,
            threshold_px=settings.threshold_px(image_size_px),
            known=known or KnownLens(),
        )

    @property
    def parameters(self) -> int:
        """Number of unknowns."""
        return 9 if self.known.fitted else 8

    @property
    def half_px(self) -> Array:
        """(2,) pixels in one unit of the picture."""
        return np.array(self.image_size_px) / 2

    def homography(self, model: Model) -> Array:
        """(3, 3) floor metres to pinhole pixels."""
        return np.asarray(np.linalg.solve(self.N_picture, model.h @ self.N_floor), dtype=np.float64)

    def floor_units(self, model: Model, px: Array) -> Array:
        """Floor points (N, 2), in the units of `v`, of picture points (N, 2)."""
        pinhole = apply(self.N_picture, model.lens.pinhole(px, self.image_size_px))
        return apply(np.asarray(np.linalg.inv(model.h), dtype=np.float64), pinhole)

    def predicted_px(self, model: Model) -> Array:
        """(N, 2) where the model sees the floor points; NaN behind the camera."""
        pinhole = apply(model.h, self.v) * self.half_px + (2 * self.half_px - 1) / 2
        return model.lens.picture(pinhole, self.image_size_px)

    def click_covariance(self, model: Model) -> Array:
        """(N, 2, 2) what the clicks of each pair may be off in the picture, pixels squared."""
        J = jacobian(model.h, self.v) * self.half_px[:, None] / self.scale_m
        if model.lens.bends:
            J = model.lens.picture_by_pinhole(self.predicted_px(model), self.image_size_px) @ J
        J = np.nan_to_num(J)
        return np.asarray(
            self.settings.click_px**2 * np.eye(2) + self.settings.click_m**2 * J @ J.transpose(0, 2, 1),
            dtype=np.float64,
        )

    def weights(self, model: Model) -> Array:
        """(N, 2, 2) L^T, with L L^T the inverse click covariance: pixels to units of the click error."""
        return np.asarray(
            np.linalg.cholesky(np.linalg.inv(self.click_covariance(model))).transpose(0, 2, 1),
            dtype=np.float64,
        )

    def residual_px(self, model: Model) -> Array:
        """(N, 2) pixels; inf where a point falls behind the camera."""
        return np.asarray(np.nan_to_num(self.predicted_px(model) - self.px, nan=np.inf), dtype=np.float64)

    def squared(self, model: Model) -> Array:
        """(N,) squared residuals in units of the click errors; inf behind the camera."""
        residual = self.residual_px(model)
        seen = np.all(np.isfinite(residual), axis=1)
        residual = np.where(seen[:, None], residual, 0.0)
        scaled = (self.weights(model) @ residual[:, :, None])[:, :, 0]
        return np.where(seen, np.sum(scaled**2, axis=1), np.inf)

    def agrees(self, model: Model) -> NDArray[np.bool_]:
        """(N,) whether a pair is within the threshold, or within what its clicks may be off."""
        near = np.linalg.norm(self.residual_px(model), axis=1) <= self.threshold_px
        return np.asarray(near | (self.squared(model) <= GATE), dtype=np.bool_)

    def start(self, rows: NDArray[np.int64], lens: Lens | None = None) -> Model | None:
        """The linear (DLT) solution through some pairs; None where there is none."""
        lens = lens or self.known.lens
        H, _ = cv2.findHomography(self.v[rows], self._centred_px(lens)[rows], 0)
        return self._scaled(H, lens)

    def robust_start(self, threshold_px: float, lens: Lens | None = None) -> Model | None:
        """The solution that most pairs agree with (OpenCV's USAC, MAGSAC++)."""
        lens = lens or self.known.lens
        H, _ = cv2.findHomography(
            self.v,
            self._centred_px(lens),
            cv2.USAC_MAGSAC,
            threshold_px,
            maxIters=20000,
            confidence=0.9999,
        )
        return self._scaled(H, lens)

    def _centred_px(self, lens: Lens) -> Array:
        """(N, 2) pinhole pixels from the picture's middle."""
        return lens.pinhole(self.px, self.image_size_px) - (2 * self.half_px - 1) / 2

    def _scaled(self, H: Array | None, lens: Lens) -> Model | None:
        if H is None or not np.all(np.isfinite(H)) or abs(H[2, 2]) < 1e-9:
            return None
        h = np.diag([1 / self.half_px[0], 1 / self.half_px[1], 1]) @ H
        return Model(np.asarray(h / h[2, 2], dtype=np.float64), lens)

    def solve(self, used: NDArray[np.bool_], start: Model | None = None) -> tuple[Model, Array]:
        """Least squares over the used pairs: the model and the weights it was found with.

        The weights depend on the model through the plan errors, so they are renewed a few times.
        """
        rows = np.flatnonzero(used)
        model = self.start(rows) if start is None else start
        if model is None:
            raise ValueError("pairs: no homography fits them at all; check that they are not mixed up")
        weights = self.weights(model)
        for _ in range(4):
            model = self._minimise(model, rows, weights)
            renewed = self.weights(model)
            settled = np.allclose(renewed, weights, rtol=1e-6)
            weights = renewed
            if settled:
                break
        return model, weights

    def _minimise(self, model: Model, rows: NDArray[np.int64], weights: Array) -> Model:
        some, W = replace(self, px=self.px[rows], v=self.v[rows]), weights[rows]

        def residual(x: Array) -> Array:
            off = some.unchecked_px(some.model(x)) - some.px
            return np.append((W @ off[:, :, None]).ravel(), some.beside_known(x))

        def derivative(x: Array) -> Array:
            by = (W @ some.derivative_px(some.model(x))).reshape(-1, self.parameters)
            return np.vstack([by, some.known_derivative])

        x = np.append(model.h.ravel()[:8], model.lens.division)[: self.parameters]
        if not self.known.fitted:
            found = least_squares(residual, x, jac=derivative, method="lm", x_scale="jac")
        else:
            most = np.append(np.full(8, np.inf), MOST_DIVISION)
            found = least_squares(residual, x, jac=derivative, bounds=(-most, most), x_scale="jac")
        return self.model(np.asarray(found.x, dtype=np.float64))

    def model(self, x: Array) -> Model:
        """The model of parameters (8 or 9,)."""
        lens = replace(self.known.lens, division=float(x[8])) if self.known.fitted else self.known.lens
        return Model(np.append(x[:8], 1.0).reshape(3, 3), lens)

    def unchecked_px(self, model: Model) -> Array:
        """(N, 2) `predicted_px`, behind the camera too, so that a bad start finds its way back."""
        pinhole = (self.v @ model.h[:2, :2].T + model.h[:2, 2]) / third(model.h, self.v)[:, None]
        pinhole = pinhole * self.half_px + (2 * self.half_px - 1) / 2
        return np.nan_to_num(model.lens.picture(pinhole, self.image_size_px), nan=_LOST_PX)

    def derivative_px(self, model: Model) -> Array:
        """(N, 2, 8 or 9) derivative of `predicted_px` by the parameters; 0 behind the camera."""
        by = derivative_by_h(model.h, self.v) * self.half_px[:, None]
        if not (model.lens.bends or self.known.fitted):
            return np.nan_to_num(by)
        predicted = self.predicted_px(model)
        by_pinhole = model.lens.picture_by_pinhole(predicted, self.image_size_px)
        if self.known.fitted:
            by_division = -model.lens.pinhole_by_division(predicted, self.image_size_px)
            by = np.concatenate([by, by_division[:, :, None]], axis=2)
        return np.nan_to_num(by_pinhole @ by)

    def beside_known(self, x: Array) -> Array:
        """(0 or 1,) how far the lens is from what was known of it, in its 1-sigma errors."""
        if not 0 < self.known.sigma < np.inf:
            return np.zeros(0)
        return np.array([(x[8] - self.known.lens.division) / self.known.sigma])

    @property
    def known_derivative(self) -> Array:
        """(0 or 1, 8 or 9) derivative of `beside_known`."""
        if not 0 < self.known.sigma < np.inf:
            return np.zeros((0, self.parameters))
        return np.append(np.zeros(8), 1 / self.known.sigma)[None]

    def covariance(self, model: Model, weights: Array, used: NDArray[np.bool_]) -> tuple[Array, float]:
        """(8, 8) or (9, 9) covariance, and the factor by which residuals exceed the stated click errors."""
        rows = np.flatnonzero(used)
        by = (weights[rows] @ self.derivative_px(model)[rows]).reshape(-1, self.parameters)
        freedom = 2 * len(rows) + len(self.known_derivative) - self.parameters
        off = (weights[rows] @ self.residual_px(model)[rows][:, :, None]).ravel()
        # A few residuals say little about their own size, so the stated errors count like eight more of them
        # (the mean of a scaled inverse chi-squared posterior, nearly).
        counted = (float(off @ off) + _STATED_COUNTS_AS) / (freedom + _STATED_COUNTS_AS)
        factor = max(1.0, counted) ** 0.5 if freedom > 0 else 1.0
        by = np.vstack([by, self.known_derivative])
        values, vectors = np.linalg.eigh(by.T @ by)
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
    n = len(problem.px)
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


def _starts(problem: FitProblem) -> Iterator[Model]:
    everyone = np.arange(len(problem.px))
    lenses = [problem.known.lens]
    if problem.known.sigma == np.inf:
        lenses += [replace(lenses[0], division=division) for division in _WIDE]
    candidates: Iterator[Callable[[], Model | None]] = chain(
        (partial(problem.start, everyone, lens) for lens in lenses),
        (
            partial(problem.robust_start, problem.threshold_px * factor, lens)
            for lens in lenses
            for factor in (1, 2, 4, 8)
        ),
        (partial(problem.start, np.delete(everyone, row)) for row in everyone[:_MOST_LEFT_OUT]),
    )
    for candidate in candidates:
        start = candidate()
        if start is not None:
            yield start


def _refined(problem: FitProblem, model: Model) -> NDArray[np.bool_]:
    used = problem.agrees(model)
    for _ in range(_ROUNDS):
        if np.count_nonzero(used) < LEAST_PAIRS + (problem.known.sigma == np.inf):
            break
        model, _ = problem.solve(used, model)
        renewed = problem.agrees(model)
        if np.array_equal(renewed, used):
            break
        used = renewed
    return used

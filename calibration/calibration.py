"""One calibrated camera: pixels to metres and back, and how far each position can be trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration import calibration_file
from calibration.foot import FootJitter
from calibration.homography import (
    Array,
    apply,
    floor_normal,
    inverse_2x2,
    jacobian,
    picture_normal,
    points,
    resize_matrix,
    third,
)
from calibration.lens import Lens
from calibration.pairs import Pairs
from calibration.people import MadeFromPeople
from calibration.plan import SurveyFrame
from calibration.pose import CameraPose

SAME_ASPECT = 0.01
_ROWS_AT_ONCE = 1 << 16  # keeps the derivatives of a day's positions out of memory


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The map between one camera's picture and the floor, with its uncertainty.

    `cov_h` belongs to the first eight entries (row by row, the ninth being 1) of

        h = N_picture H_image_floor N_floor^-1

    where N_picture takes the picture to -1..1 in both directions and N_floor takes `floor_centre_m` to the
    origin and `floor_scale_m` to 1. In these units the problem is well conditioned, the ninth entry is the
    depth at the middle of the pairs and so never 0, and the covariance does not change when the picture is
    resized. Where the lens was estimated, too, `lens.division` is the ninth parameter.

    Attributes:
        H_image_floor: (3, 3) float64 floor metres to pixels of a pinhole camera (the picture's, if the lens
            bends nothing); third coordinate 1 at `floor_centre_m`.
        image_size_px: (width, height) of the picture.
        cov_h: (8, 8) or (9, 9) float64 covariance of the fit, from the click errors in picture and plan.
        floor_centre_m: (2,) float64 median of the pairs' floor points.
        floor_scale_m: Median distance of the pairs' floor points from it.
        pose: The camera's pose; None where the pairs do not determine it.
        pairs: What it was fitted from, `used` False where a pair was left out; pixels at the size of the fit.
        foot_jitter: The detector's share of a position's error.
        survey: Where survey coordinates lie on the plan; None if the floor points were given in plan axes.
        lens: How the lens bends the pinhole camera's picture.
        people: What it rests on if it was made from people alone; then there are no pairs.
        H_floor_image: (3, 3) float64 pinhole pixels to floor metres, the inverse.
        id: Short hash of all of the above.

    """

    H_image_floor: NDArray[np.float64]
    image_size_px: tuple[int, int]
    cov_h: NDArray[np.float64]
    floor_centre_m: NDArray[np.float64]
    floor_scale_m: float
    pose: CameraPose | None
    pairs: Pairs
    foot_jitter: FootJitter = field(default_factory=FootJitter)
    survey: SurveyFrame | None = None
    lens: Lens = field(default_factory=Lens)
    people: MadeFromPeople | None = None
    H_floor_image: NDArray[np.float64] = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Check the numbers, scale the matrices and make them read-only."""
        w, h = (int(side) for side in self.image_size_px)
        if w < 1 or h < 1:
            raise ValueError(f"image size: expected two positive numbers of pixels, got {self.image_size_px}")
        object.__setattr__(self, "image_size_px", (w, h))
        parameters = 9 if np.shape(self.cov_h) == (9, 9) else 8
        for name, shape in (
            ("H_image_floor", (3, 3)),
            ("cov_h", (parameters, parameters)),
            ("floor_centre_m", (2,)),
        ):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.all(np.isfinite(array)):
                raise ValueError(f"{name}: expected {shape} finite numbers, got shape {array.shape}")
            object.__setattr__(self, name, array)
        if not (np.isfinite(self.floor_scale_m) and self.floor_scale_m > 0):
            raise ValueError(f"floor_scale_m: expected a positive number, got {self.floor_scale_m}")
        depth = float(third(self.H_image_floor, self.floor_centre_m[None])[0])
        if abs(depth) < 1e-12:
            raise ValueError("H_image_floor: the middle of the pairs lies on the horizon")
        # Already scaled to rounding error: kept to the bit, so that loading what was saved gives the same id.
        H = self.H_image_floor if abs(depth - 1) < 1e-9 else self.H_image_floor / depth
        if not np.linalg.det(H) > 0:
            raise ValueError("H_image_floor: expected a camera above the floor, got a mirrored or flat map")
        if self.pose is not None and not (
            np.allclose(self.pose.P_image_world[:, [0, 1, 3]], H, rtol=1e-6) and self.pose.lens == self.lens
        ):
            raise ValueError(
                "pose: expected the pose of this homography and lens, scaled like it, got another one"
            )
        if (
            not np.allclose(self.cov_h, self.cov_h.T)
            or np.linalg.eigvalsh(self.cov_h)[0] < -1e-9 * self._spread
        ):
            raise ValueError("cov_h: expected a covariance (symmetric, no negative eigenvalue)")
        object.__setattr__(self, "H_image_floor", H)
        object.__setattr__(self, "H_floor_image", np.linalg.inv(H))
        for name in ("H_image_floor", "cov_h", "floor_centre_m", "H_floor_image"):
            getattr(self, name).setflags(write=False)
        object.__setattr__(self, "id", hashlib.sha256(calibration_file.content(self)).hexdigest()[:12])

    @property
    def _spread(self) -> float:
        return float(np.max(np.abs(self.cov_h), initial=1e-300))

    def floor_from_image(self, xy_px: NDArray[np.float64]) -> Array:
        """Floor points (N, 2) in metres of picture points (N, 2); NaN past the horizon, never clamped."""
        return apply(self.H_floor_image, self.lens.pinhole(xy_px, self.image_size_px))

    def image_from_floor(self, xy_m: NDArray[np.float64]) -> Array:
        """Picture points (N, 2) of floor points (N, 2) in metres; NaN behind the camera."""
        return self.lens.picture(apply(self.H_image_floor, points(xy_m, "xy_m")), self.image_size_px)

    def floor_by_picture(self, xy_px: NDArray[np.float64]) -> Array:
        """(N, 2, 2) derivative of `floor_from_image`, metres per pixel; NaN past the horizon."""
        by_pinhole = inverse_2x2(jacobian(self.H_image_floor, self.floor_from_image(xy_px)))
        if not self.lens.bends:
            return by_pinhole
        return by_pinhole @ self.lens.pinhole_by_picture(xy_px, self.image_size_px)

    def calibration_covariance(self, xy_px: NDArray[np.float64]) -> Array:
        """Covariance (N, 3), as xx, xy, yy in m2, that the fit alone gives the floor points of (N, 2) pixels.

        First order: the floor point q of a picture point p solves pi(H q) = U(p), with U the lens, so
        dq = J^-1 (dU / dlens dlens - d pi / d h dh) with J = d pi / d q. NaN past the horizon.
        """
        return self._covariance(points(xy_px, "xy_px"), None)

    def floor_covariance(self, foot_px: NDArray[np.float64], box_height_px: NDArray[np.float64]) -> Array:
        """Covariance (N, 3), as xx, xy, yy in m2, of people's floor positions.

        The fit's part (`calibration_covariance`) plus J^-1 S J^-T for the foot jitter S of the detector.

        Args:
            foot_px: (N, 2) foot points in the picture.
            box_height_px: (N,) heights of the people's boxes.

        """
        foot = points(foot_px, "foot_px")
        height = np.asarray(box_height_px, dtype=np.float64)
        if height.shape != (len(foot),):
            raise ValueError(f"box_height_px: expected shape ({len(foot)},), got {height.shape}")
        return self._covariance(foot, height)

    def _covariance(self, xy_px: Array, box_height_px: Array | None) -> Array:
        covariance = np.empty((len(xy_px), 3))
        for rows in _slices(len(xy_px)):
            xy_m = self.floor_from_image(xy_px[rows])
            to_floor = inverse_2x2(jacobian(self.H_image_floor, xy_m))
            by_fit = to_floor @ self._derivative_px(xy_m, xy_px[rows])
            full = by_fit @ self.cov_h @ by_fit.transpose(0, 2, 1)
            if box_height_px is not None:
                by_foot = self.floor_by_picture(xy_px[rows])
                by_foot = by_foot * self.foot_jitter.sigma_px(box_height_px[rows])[:, None, :]
                full = full + by_foot @ by_foot.transpose(0, 2, 1)
            covariance[rows] = full[:, (0, 0, 1), (0, 1, 1)]
        return covariance

    def _derivative_px(self, xy_m: Array, xy_px: Array) -> Array:
        """(N, 2, 8 or 9) derivative of pi(H q) - U(p), in pixels, by the parameters."""
        h = normalised(self.H_image_floor, self.image_size_px, self.floor_centre_m, self.floor_scale_m)
        v = (xy_m - self.floor_centre_m) / self.floor_scale_m
        by_h = derivative_by_h(h, v) * (np.array(self.image_size_px) / 2)[None, :, None]
        if len(self.cov_h) == 8:
            return np.asarray(by_h, dtype=np.float64)
        by_lens = -self.lens.pinhole_by_division(xy_px, self.image_size_px)
        return np.concatenate([by_h, by_lens[:, :, None]], axis=2)

    def for_image_size(self, image_size_px: tuple[int, int]) -> Calibration:
        """The calibration for another size of the same picture; itself where the size is the same.

        Raises:
            ValueError: If the aspect differs by more than 1 %, saying both sizes.

        """
        w, h = (int(side) for side in image_size_px)
        old_w, old_h = self.image_size_px
        if (w, h) == (old_w, old_h):
            return self
        if w < 1 or h < 1 or abs((w / h) / (old_w / old_h) - 1) > SAME_ASPECT:
            raise ValueError(
                f"this calibration was made for a picture of {old_w}x{old_h}, the recording has {w}x{h}: "
                "another aspect, so another camera or crop. Use that camera's calibration or fit a new one."
            )
        S = resize_matrix(self.image_size_px, (w, h))
        pose = None if self.pose is None else self.pose.for_image_size((w, h))
        return replace(self, H_image_floor=S @ self.H_image_floor, image_size_px=(w, h), pose=pose)

    def save(self, path: Path) -> None:
        """Write the calibration file, whole or not at all."""
        calibration_file.write(self, path)

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read a calibration file.

        Raises:
            ValueError: If it is no calibration file, of another version, damaged or edited; all faults at
                once.

        """
        arguments, stated = calibration_file.read(path)
        try:
            calibration = cls(**arguments)
        except ValueError as error:
            raise calibration_file.damaged(path, error) from error
        if calibration.id != stated:
            raise calibration_file.damaged(path, f"the content is not that of the id {stated[:40]!r}")
        return calibration


def normalised(
    H_image_floor: Array, image_size_px: tuple[int, int], centre_m: Array, scale_m: float
) -> Array:
    """(3, 3) the homography in the units of `cov_h`, its last entry 1."""
    h = picture_normal(image_size_px) @ H_image_floor @ np.linalg.inv(floor_normal(centre_m, scale_m))
    return np.asarray(h / h[2, 2], dtype=np.float64)


def derivative_by_h(h: Array, v: Array) -> Array:
    """(N, 2, 8) derivative of pi(h v) by the first eight entries of h, for points v (N, 2)."""
    mapped = apply(h, v)
    one = np.column_stack([v, np.ones(len(v))]) / third(h, v)[:, None]
    zero = np.zeros_like(one)
    of_x = np.concatenate([one, zero, -mapped[:, :1] * one[:, :2]], axis=1)
    of_y = np.concatenate([zero, one, -mapped[:, 1:] * one[:, :2]], axis=1)
    return np.stack([of_x, of_y], axis=1)


def _slices(n: int) -> Iterator[slice]:
    for begin in range(0, n, _ROWS_AT_ONCE):
        yield slice(begin, begin + _ROWS_AT_ONCE)

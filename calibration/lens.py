"""A lens that bends straight lines: from the picture to the one that a pinhole camera would have made.

Radial, about a centre, with the distance r from it in units of half the picture's diagonal:

    r_pinhole = r (1 + polynomial r^2) / (1 + division r^2)

With `polynomial` 0 that is the division model (Fitzgibbon, "Simultaneous linear estimation of multiple view
geometry and lens distortion", CVPR 2001), whose one number describes wide lenses over the whole picture;
with `division` 0 it is Tsai's ("A versatile camera calibration technique", 1987). A barrel, the ordinary
wide-angle lens, has a negative `division` or a positive `polynomial`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from calibration.homography import Array, inverse_2x2, points

# The picture's corners lie at 1, or at 2 if the centre is in the opposite corner; boxes reach a little out.
_REACH = 1.25
_FARTHEST, _TABLE = 4.0, 4096
_NEWTON_STEPS = 3


@dataclass(frozen=True, slots=True)
class Lens:
    """Radial distortion; without arguments there is none.

    Attributes:
        division: Coefficient below the line.
        polynomial: Coefficient above it.
        centre: What it is radial about, as a share of the half width and height from the picture's middle.

    """

    division: float = 0.0
    polynomial: float = 0.0
    centre: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse what folds the picture over."""
        numbers = (self.division, self.polynomial, *self.centre)
        if not np.all(np.isfinite(numbers)) or np.max(np.abs(self.centre)) > 1:
            raise ValueError(
                "lens: expected finite coefficients and a centre inside the picture, got "
                f"division {self.division}, polynomial {self.polynomial}, centre {self.centre}"
            )
        reach = self._reach
        if self._limit < reach:
            raise ValueError(
                f"lens: division {self.division:g} and polynomial {self.polynomial:g} fold the picture over "
                f"{self._limit / reach:.0%} of the way to its corner; no lens does that"
            )

    @property
    def bends(self) -> bool:
        """Whether it does anything."""
        return self.division != 0 or self.polynomial != 0

    def pinhole(self, xy_px: NDArray[np.float64], image_size_px: tuple[int, int]) -> Array:
        """Where a pinhole camera would have put picture points (N, 2); NaN far out of the picture."""
        xy = points(xy_px, "xy_px")
        if not self.bends:
            return xy
        offset, r2 = self._offset(xy, image_size_px)
        gain = np.where(r2 < self._limit**2, self._gain(r2), np.nan)
        return np.asarray(xy + offset * (gain - 1)[:, None], dtype=np.float64)

    def picture(self, xy_px: NDArray[np.float64], image_size_px: tuple[int, int]) -> Array:
        """Where the lens puts pinhole points (N, 2), the inverse of `pinhole`; NaN where it reaches none."""
        xy = points(xy_px, "xy_px")
        if not self.bends:
            return xy
        offset, r2 = self._offset(xy, image_size_px)
        wanted = np.sqrt(r2)
        r = self._radius(wanted)
        share = np.where(wanted > 0, r / np.where(wanted > 0, wanted, 1.0), 1.0)
        return np.asarray(xy + offset * (share - 1)[:, None], dtype=np.float64)

    def pinhole_by_picture(self, xy_px: NDArray[np.float64], image_size_px: tuple[int, int]) -> Array:
        """(N, 2, 2) derivative of `pinhole` at picture points (N, 2)."""
        xy = points(xy_px, "xy_px")
        if not self.bends:
            return np.broadcast_to(np.eye(2), (len(xy), 2, 2))
        offset, r2 = self._offset(xy, image_size_px)
        x = offset / _unit_px(image_size_px)
        gain = np.where(r2 < self._limit**2, self._gain(r2), np.nan)
        slope = (self.polynomial - self.division) / (1 + self.division * r2) ** 2
        outer = x[:, :, None] * x[:, None, :]
        return np.asarray(gain[:, None, None] * np.eye(2) + 2 * slope[:, None, None] * outer)

    def picture_by_pinhole(self, xy_px: NDArray[np.float64], image_size_px: tuple[int, int]) -> Array:
        """(N, 2, 2) derivative of `picture`, at picture points (N, 2)."""
        return inverse_2x2(self.pinhole_by_picture(xy_px, image_size_px))

    def pinhole_by_division(self, xy_px: NDArray[np.float64], image_size_px: tuple[int, int]) -> Array:
        """(N, 2) derivative of `pinhole` by `division` at picture points (N, 2)."""
        offset, r2 = self._offset(points(xy_px, "xy_px"), image_size_px)
        by = -r2 * (1 + self.polynomial * r2) / (1 + self.division * r2) ** 2
        return np.asarray(offset * by[:, None])

    @property
    def _reach(self) -> float:
        return _REACH * (1 + float(np.hypot(*self.centre)))

    @property
    def _limit(self) -> float:
        """Distance up to which farther out in the picture is farther out for the pinhole, at most a few."""
        return float(_curve(self.division, self.polynomial)[0][-1])

    def _gain(self, r2: Array) -> Array:
        return (1 + self.polynomial * r2) / (1 + self.division * r2)

    def _radius(self, wanted: Array) -> Array:
        """Distance in the picture of points at a distance for the pinhole, NaN beyond its reach."""
        r, out = _curve(self.division, self.polynomial)
        found = np.interp(wanted, out, r, right=np.nan)
        for _ in range(_NEWTON_STEPS):
            r2 = found**2
            slope = (
                self._gain(r2) + 2 * r2 * (self.polynomial - self.division) / (1 + self.division * r2) ** 2
            )
            found = found - (found * self._gain(r2) - wanted) / slope
        return np.asarray(found, dtype=np.float64)

    def _offset(self, xy_px: Array, image_size_px: tuple[int, int]) -> tuple[Array, Array]:
        """Pixels from the centre (N, 2), and the square of the distance (N,)."""
        size = np.array(image_size_px, dtype=np.float64)
        centre = (size - 1) / 2 + np.array(self.centre) * size / 2
        offset = xy_px - centre
        return offset, np.asarray(np.sum(offset**2, axis=1) / _unit_px(image_size_px) ** 2)


def _unit_px(image_size_px: tuple[int, int]) -> float:
    """Half the picture's diagonal."""
    return float(np.hypot(*image_size_px)) / 2


@lru_cache(maxsize=64)
def _curve(division: float, polynomial: float) -> tuple[Array, Array]:
    """Distances in the picture and for the pinhole (n,), both ascending."""
    r = np.linspace(0, _FARTHEST, _TABLE)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = r * (1 + polynomial * r**2) / (1 + division * r**2)
    folds = np.flatnonzero((np.diff(out) <= 0) | (1 + division * r[1:] ** 2 <= 0))
    n = int(folds[0]) + 1 if len(folds) else _TABLE
    return r[:n], out[:n]

"""Cameras with known answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from calibration.fit import Fit, fit_calibration
from calibration.pairs import Pairs


@dataclass(frozen=True)
class Camera:
    """A pinhole camera built from rotation and position, not from the code under test.

    The world is x right, y down (the plan) and z into the floor, so it hangs at z = -height.
    """

    K: np.ndarray
    R: np.ndarray
    centre: np.ndarray
    size: tuple[int, int]

    @property
    def H(self) -> np.ndarray:  # noqa: N802
        return self.K @ np.column_stack([self.R[:, 0], self.R[:, 1], -self.R @ self.centre])

    def project(self, xy_m: np.ndarray, height_m: float = 0.0) -> np.ndarray:
        world = np.column_stack([xy_m, np.full(len(xy_m), -height_m)])
        seen = (self.K @ self.R @ (world - self.centre).T).T
        return seen[:, :2] / np.where(seen[:, 2:] > 0, seen[:, 2:], np.nan)

    def floor(self, xy_px: np.ndarray) -> np.ndarray:
        """Rays through the pixels, cut with the floor."""
        rays = np.column_stack([xy_px, np.ones(len(xy_px))]) @ np.linalg.inv(self.K).T @ self.R
        down = np.where(rays[:, 2] > 1e-9, rays[:, 2], np.nan)
        return self.centre[:2] + rays[:, :2] * (-self.centre[2] / down)[:, None]

    def floor_points(self, rng: np.random.Generator, n: int, farthest_m: float = 20.0) -> np.ndarray:
        """Pixels whose floor is at most this far away, or half as far again as the nearest in view."""
        xy = rng.uniform(0, np.array(self.size) - 1, (200 * n, 2))
        far = np.linalg.norm(self.floor(xy) - self.centre[:2], axis=1)
        return xy[far < max(farthest_m, 1.5 * np.nanmin(far))][:n]


def _camera(
    height: float = 3.2,
    tilt: float = 30.0,
    focal: float = 900.0,
    size: tuple[int, int] = (1280, 720),
    yaw: float = 40.0,
    xy: tuple[float, float] = (3.0, 4.0),
    roll: float = 0.0,
) -> Camera:
    t, y, r = np.radians([tilt, yaw, roll])
    forward = np.array([np.cos(y) * np.cos(t), np.sin(y) * np.cos(t), np.sin(t)])
    right = np.array([-np.sin(y), np.cos(y), 0.0])
    down = np.cross(forward, right)
    R = np.stack([np.cos(r) * right + np.sin(r) * down, np.cos(r) * down - np.sin(r) * right, forward])
    K = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1.0]])
    return Camera(K, R, np.array([*xy, -height]), size)


@pytest.fixture(scope="session")
def camera() -> Callable[..., Camera]:
    """Make a camera: height (m), tilt, yaw, roll (degrees), focal (px), size (px), xy (m)."""
    return _camera


@pytest.fixture(scope="session")
def fitted() -> Callable[..., Fit]:
    """Fit to n exact pairs of a camera."""

    def fit(camera: Camera, n: int = 12, seed: int = 0, **options: object) -> Fit:
        xy_px = camera.floor_points(np.random.default_rng(seed), n)
        return fit_calibration(Pairs.of(xy_px, camera.floor(xy_px)), camera.size, **options)

    return fit

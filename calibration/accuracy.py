"""How accurate positions are near and far: what a person who calibrates a camera wants to see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.calibration import Calibration
from calibration.covariance import sigma_of
from calibration.homography import Array

PERSON_M = 1.7
_FARTHEST_M = 200.0
_STEPS = 400


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One sigma at one distance.

    Attributes:
        distance_m: Along the floor, from below the camera; without a pose from the nearest floor in view.
        row_px: Where that floor is on the middle column of the picture.
        fit_m: One sigma of the calibration alone (root of the covariance's larger eigenvalue).
        person_m: One sigma of a detected person of 1.7 m; NaN without a pose, for then their box is unknown.

    """

    distance_m: float
    row_px: float
    fit_m: float
    person_m: float


def accuracies(calibration: Calibration, rows: int = 6) -> tuple[Accuracy, ...]:
    """One sigma at round distances up the middle column of the picture, from its lower edge to the farthest
    pair.

    Args:
        calibration: The camera.
        rows: Most distances to give.

    """
    w, h = calibration.image_size_px
    column = np.column_stack([np.full(_STEPS, (w - 1) / 2), np.linspace(h - 1, 0, _STEPS)])
    floor = calibration.floor_from_image(column)
    seen = np.isfinite(floor).all(axis=1)
    if not np.any(seen):
        return ()
    column, floor, pose = column[seen], floor[seen], calibration.pose
    start = floor[0] if pose is None else np.array(pose.camera_xy_m)
    distance = np.linalg.norm(floor - start, axis=1)
    farthest = float(np.max(np.linalg.norm(calibration.pairs.floor_m - start, axis=1)))
    farthest = min(1.2 * farthest, float(distance.max()), _FARTHEST_M)
    wanted = _round_distances(float(distance[0]), farthest, rows)
    found = []
    for metres in wanted:
        i = int(np.argmin(np.abs(distance - metres)))
        fit = calibration.calibration_covariance(column[i : i + 1])
        person = np.full((1, 3), np.nan)
        if pose is not None:
            head = pose.project(floor[i : i + 1], PERSON_M)
            height = np.linalg.norm(head - column[i : i + 1], axis=1)
            person = calibration.floor_covariance(column[i : i + 1], height)
        found.append(Accuracy(float(distance[i]), float(column[i, 1]), sigma_of(fit)[0], sigma_of(person)[0]))
    return tuple(found)


def _round_distances(nearest: float, farthest: float, rows: int) -> Array:
    """Evenly spaced multiples of a round step between two distances."""
    for step in (0.5, 1, 2, 3, 5, 10, 20, 50):
        first = np.ceil(nearest / step) * step
        wanted = np.arange(first, farthest + 1e-9, step)
        if len(wanted) <= rows:
            break
    return np.asarray(wanted if len(wanted) else np.array([nearest]), dtype=np.float64)

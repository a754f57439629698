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
    column, floor, distance = _ahead(calibration)
    if not len(column):
        return ()
    pairs_m = calibration.pairs.floor_m
    if not len(pairs_m):
        # Made from people, most of whom are within that of its middle.
        pairs_m = calibration.floor_centre_m + calibration.floor_scale_m * np.array(
            [[-2.0, -2.0], [2.0, 2.0]]
        )
    farthest = min(1.2 * float(np.max(_distance(calibration, pairs_m, floor[0]))), float(distance.max()))
    chosen = [
        int(np.argmin(np.abs(distance - metres)))
        for metres in _round_distances(float(distance[0]), min(farthest, _FARTHEST_M), rows)
    ]
    fit_m, person_m = floor_sigma_m(calibration, floor[chosen])
    return tuple(
        Accuracy(float(distance[i]), float(column[i, 1]), float(fit), float(person))
        for i, fit, person in zip(chosen, fit_m, person_m, strict=True)
    )


def honest_distance_m(calibration: Calibration, cell_m: float) -> float:
    """Up to which distance, in the middle of the picture, a cell is no finer than positions are accurate.

    That is, its side is two sigma of a detected person or more; NaN without a pose, 0 if it is so nowhere.
    """
    if calibration.pose is None:
        return float("nan")
    _, floor, distance = _ahead(calibration)
    if not len(floor):
        return 0.0
    _, person_m = floor_sigma_m(calibration, floor)
    fine = np.flatnonzero(~(cell_m >= 2 * person_m))
    last = fine[0] - 1 if len(fine) else len(floor) - 1
    return float(distance[last]) if last >= 0 else 0.0


def floor_sigma_m(calibration: Calibration, xy_m: Array) -> tuple[Array, Array]:
    """One sigma (N,) at floor points (N, 2), metres: of the calibration alone, and of a detected person.

    The second is NaN without a pose, for then the box of a person is unknown; both are behind the camera.
    """
    foot = calibration.image_from_floor(xy_m)
    fit = sigma_of(calibration.calibration_covariance(foot))
    if calibration.pose is None:
        return fit, np.full(len(fit), np.nan)
    height = np.linalg.norm(calibration.pose.project(xy_m, PERSON_M) - foot, axis=1)
    return fit, sigma_of(calibration.floor_covariance(foot, height))


def _ahead(calibration: Calibration) -> tuple[Array, Array, Array]:
    """The floor up the middle column of the picture: pixels (n, 2), metres (n, 2), distances (n,)."""
    w, h = calibration.image_size_px
    column = np.column_stack([np.full(_STEPS, (w - 1) / 2), np.linspace(h - 1, 0, _STEPS)])
    floor = calibration.floor_from_image(column)
    seen = np.isfinite(floor).all(axis=1)
    column, floor = column[seen], floor[seen]
    return column, floor, _distance(calibration, floor, floor[0] if len(floor) else np.zeros(2))


def _distance(calibration: Calibration, xy_m: Array, nearest_m: Array) -> Array:
    """(N,) distances of floor points from below the camera; without a pose from the nearest in view."""
    start = nearest_m if calibration.pose is None else np.array(calibration.pose.camera_xy_m)
    return np.asarray(np.linalg.norm(xy_m - start, axis=1), dtype=np.float64)


def _round_distances(nearest: float, farthest: float, rows: int) -> Array:
    """Evenly spaced multiples of a round step between two distances."""
    for step in (0.5, 1, 2, 3, 5, 10, 20, 50):
        first = np.ceil(nearest / step) * step
        wanted = np.arange(first, farthest + 1e-9, step)
        if len(wanted) <= rows:
            break
    return np.asarray(wanted if len(wanted) else np.array([nearest]), dtype=np.float64)

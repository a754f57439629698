"""The floor from people alone: a camera's height, tilt and focal length from boxes of people who walk about.

How tall people look in different places tells where the horizon is and how high the camera hangs, for people
are 1.70 +- 0.08 m tall (Lv, Zhao and Nevatia, "Camera calibration from video of a walking human", PAMI
2006). The focal length, which heights leave open when the camera looks nearly level, follows from people
walking as fast towards the camera as across.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from calibration.calibration import Calibration, normalised
from calibration.homography import Array, third
from calibration.pairs import Pairs
from calibration.people import MadeFromPeople
from calibration.pose import CameraPose
from calibration.standing import FOOT_SHARE, PERSON_M, projection, standing

# Relative: how people's heights differ, how far boxes are off, how far the average may be from 1.70 m.
_HEIGHT_SIGMA, _BOX_SIGMA, _AVERAGE_SIGMA = 0.08 / PERSON_M, 0.06, 0.03
# Speed of strolling people; logarithmic, how places differ, people, and one person from moment to moment.
_SPEED_MPS, _PACE_SIGMA, _SPEED_SIGMA, _MOMENT_SIGMA = 1.1, 0.4, 0.3, 0.25
# What is known before, logarithmic but for the roll: focal length in longer sides of the picture, height.
_FOCAL, _FOCAL_SIGMA, _CAMERA_M, _CAMERA_SIGMA = 0.85, 0.45, 4.0, 1.0
_ROLL_SIGMA = float(np.deg2rad(2.0))
_STARTS = [(focal, tilt) for focal in (0.5, 0.9, 1.5) for tilt in (10.0, 25.0, 45.0, 65.0)]
# Positions of a person are taken so far apart in time, and in heights of the person.
_APART_S, _APART_HEIGHTS, _MOST_EACH = 1.0, 0.25, 20
# A way that counts as walked is so long in time; and so long in heights of the person for each second.
_WAY_S, _WAY_HEIGHTS = 2.0, 0.25
_STEADY_S = 0.8
_WALKING_MPS, _ROUNDS = 0.4, 3
LEAST_POSITIONS = 20
_LEAST_SPREAD = 0.15
_MOST_LENGTH_SIGMA, _MOST_FOCAL_SIGMA, _MOST_SCATTER = 0.12, 0.3, 0.25
_EDGE_PX = 3.0
_MARGIN_M = 1.0
_LOST = 3.0
# Of a parameter, to see what it does: half of the digits.
_STEP = float(np.finfo(np.float64).eps ** 0.5)


def calibration_from_people(
    head_px: NDArray[np.float64],
    foot_px: NDArray[np.float64],
    person: NDArray[np.int64],
    t_s: NDArray[np.float64],
    image_size_px: tuple[int, int],
) -> Calibration:
    """A floor in metres from people, up to where the plan lies.

    The camera hangs below the plan's lower edge and looks up the plan; everybody is on the plan.

    Args:
        head_px: (N, 2) tops of heads; for a box, the middle of its upper edge.
        foot_px: (N, 2) feet; for a box, the middle of its lower edge. Near the picture's edge, where boxes
            are cut, both are left out.
        person: (N,) whose each is.
        t_s: (N,) times in seconds.
        image_size_px: (width, height).

    Raises:
        ValueError: Saying why they do not support it.

    """
    seen = _Seen.of(head_px, foot_px, person, t_s, image_size_px)
    x = np.asarray(_fitted(seen.walking(None, image_size_px), image_size_px).x, dtype=np.float64)
    for _ in range(_ROUNDS):
        # Who walks is judged on the floor: in the picture, walking away looks like standing.
        found = _fitted(seen.walking(x, image_size_px), image_size_px, x)
        x = np.asarray(found.x, dtype=np.float64)
    cov = np.linalg.pinv(np.asarray(found.jac).T @ np.asarray(found.jac))
    # People here may be taller or smaller than elsewhere: then all lengths are.
    cov[2, 2] += _AVERAGE_SIGMA**2
    scatter = float(np.median(np.abs(_errors(x, seen, image_size_px)[0]))) * 1.48
    if scatter > _MOST_SCATTER:
        raise ValueError(
            f"people: their heights differ by {scatter:.0%} wherever the camera is put; boxes are cut "
            "off, or the floor is not flat"
        )
    if cov[0, 0] ** 0.5 > _MOST_FOCAL_SIGMA:
        raise ValueError(
            f"people: they leave the focal length open by {cov[0, 0] ** 0.5:.0%}; that takes people who walk "
            "towards the camera and across, near and far"
        )
    return _calibration(x, cov, seen, image_size_px)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What people are seen to do: where they stand (n,), and ways (k,) that they walked.

    Somebody's place is told by an anchor: the middle of foot and head, and a row between them, chosen so that
    its error has nothing to do with that of the height (feet are found less exactly than heads). A foot that
    is placed too low makes a person too tall where tall people are expected.
    """

    anchor: Array
    tall_px: Array
    person: NDArray[np.int64]
    way_from: Array
    way_to: Array
    way_s: Array
    walker: NDArray[np.int64]
    way_tall_px: Array

    @classmethod
    def of(
        cls, head: Array, foot: Array, person: NDArray[np.int64], t_s: Array, image_size_px: tuple[int, int]
    ) -> _Seen:
        w, h = image_size_px
        whole = (
            (head[:, 1] > _EDGE_PX) & (foot[:, 1] < h - 1 - _EDGE_PX) & (foot[:, 1] > head[:, 1] + 1)
            & (foot[:, 0] > _EDGE_PX) & (foot[:, 0] < w - 1 - _EDGE_PX)
        )  # fmt: skip
        rows = np.flatnonzero(whole)
        rows = rows[np.lexsort([t_s[rows], person[rows]])]
        head, foot, person, t_s = head[rows], foot[rows], person[rows], t_s[rows]
        height = foot[:, 1] - head[:, 1]
        middle = (head[:, 0] + foot[:, 0]) / 2
        share = FOOT_SHARE * foot[:, 1] + (1 - FOOT_SHARE) * head[:, 1]
        anchor, height = _steadied(np.column_stack([middle, share, height]), person, t_s)
        places: list[int] = []
        ways: list[tuple[int, int]] = []
        for mine in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(person)) + 1):
            places.extend(_places(mine, anchor, height, t_s))
            ways.extend(_ways(mine, t_s))
        begin, end = np.array(ways, dtype=np.int64).reshape(-1, 2).T
        chosen = np.array(places, dtype=np.int64)
        _check_spread(anchor[chosen], image_size_px)
        return cls(
            anchor[chosen], height[chosen], np.unique(person[chosen], return_inverse=True)[1],
            anchor[begin], anchor[end], t_s[end] - t_s[begin], person[begin], height[begin],
        )  # fmt: skip

    def walking(self, x: Array | None, image_size_px: tuple[int, int]) -> _Seen:
        """The same with the ways that were walked: by a first estimate, or as far as the picture tells."""
        if x is None:
            moved = np.linalg.norm(self.way_to - self.way_from, axis=1) / self.way_tall_px
            walked = moved > _WAY_HEIGHTS * self.way_s
        else:
            walked = _SPEED_MPS * np.exp(_errors(x, self, image_size_px)[1]) > _WALKING_MPS
        return replace(
            self, way_from=self.way_from[walked], way_to=self.way_to[walked], way_s=self.way_s[walked],
            walker=np.unique(self.walker[walked], return_inverse=True)[1],
            way_tall_px=self.way_tall_px[walked],
        )  # fmt: skip


def _steadied(values: Array, person: NDArray[np.int64], t_s: Array) -> tuple[Array, Array]:
    """Places (n, 2) and heights (n,) in pixels, each the mean over a moment: boxes jitter."""
    sums = np.vstack([np.zeros(3), np.cumsum(values, axis=0)])
    # Later persons are put later than anybody before, so that one search does for all.
    number = np.unique(person, return_inverse=True)[1]
    axis = t_s - t_s.min(initial=0.0) + number * (np.ptp(t_s) + 10 * _STEADY_S if len(t_s) else 0.0)
    low = np.searchsorted(axis, axis - _STEADY_S / 2 - 1e-9)
    high = np.searchsorted(axis, axis + _STEADY_S / 2 + 1e-9)
    mean = (sums[high] - sums[low]) / (high - low)[:, None]
    return mean[:, :2], mean[:, 2]


def _places(mine: NDArray[np.int64], foot: Array, height: Array, t_s: Array) -> list[int]:
    """Rows of one person, far enough from each other, at most so many."""
    chosen: list[int] = []
    for row in mine.tolist():
        if not chosen or (
            t_s[row] >= t_s[chosen[-1]] + _APART_S
            and np.linalg.norm(foot[row] - foot[chosen[-1]]) > _APART_HEIGHTS * height[row]
        ):
            chosen.append(row)
    step = max(1.0, len(chosen) / _MOST_EACH)
    return [chosen[int(k)] for k in np.arange(0, len(chosen), step)]


def _ways(mine: NDArray[np.int64], t_s: Array) -> list[tuple[int, int]]:
    """Rows of one person at the begin and end of stretches of time."""
    found = []
    begin = 0
    while begin < len(mine):
        end = int(np.searchsorted(t_s[mine], t_s[mine[begin]] + _WAY_S - 1e-9))
        if end >= len(mine):
            break
        a, b = int(mine[begin]), int(mine[end])
        seconds = float(t_s[b] - t_s[a])
        if seconds > 1.3 * _WAY_S:
            begin = end
            continue
        found.append((a, b))
        begin = end
    return found


def _check_spread(foot: Array, image_size_px: tuple[int, int]) -> None:
    if len(foot) < LEAST_POSITIONS:
        raise ValueError(
            f"people: expected whole people in at least {LEAST_POSITIONS} places, got {len(foot)}"
        )
    low, high = np.quantile(foot, (0.1, 0.9), axis=0)
    spread = (high - low) / np.array(image_size_px)
    if spread[1] < _LEAST_SPREAD or spread[0] < _LEAST_SPREAD:
        raise ValueError(
            f"people: expected them spread over the picture, got feet within {spread[0]:.0%} of its width "
            f"and {spread[1]:.0%} of its height"
        )


def _errors(x: Array, seen: _Seen, image_size_px: tuple[int, int]) -> tuple[Array, Array]:
    """What speaks against cameras of parameters (..., 5).

    Returns:
        (..., n) logarithm of how tall people look over how tall 1.70 m looks there, and (..., k) of how fast
        people walk over how fast people walk.

    """
    places = (seen.anchor, seen.way_from, seen.way_to)
    floor, tall = standing(projection(x, image_size_px), np.concatenate(places))
    n, k = len(seen.anchor), len(seen.way_s)
    tall = tall[..., :n]
    lost = np.isnan(floor[..., :n, :]).any(axis=-1) | ~(tall > 1.0)
    tall = np.where(lost, 1.0, tall)
    heights = np.where(lost, _LOST, np.clip(np.log(seen.tall_px / tall), -_LOST, _LOST))
    walked = np.linalg.norm(floor[..., n + k :, :] - floor[..., n : n + k, :], axis=-1)
    speed = np.clip(np.nan_to_num(walked, nan=1e3) / seen.way_s, 0.02, 50.0)
    return heights, np.asarray(np.log(speed / _SPEED_MPS), dtype=np.float64)


def _fitted(seen: _Seen, image_size_px: tuple[int, int], near: Array | None = None) -> OptimizeResult:
    """The most likely camera, near an estimate if there is one.

    Its parameters: log focal length (px), tilt, log height (m), roll, log pace of the place.
    """
    longer = max(image_size_px)

    def residuals(x: Array) -> Array:
        """Of parameters (c, 5), all at once: (c, m)."""
        before = [
            (x[:, 0] - np.log(_FOCAL * longer)) / _FOCAL_SIGMA,
            (x[:, 2] - np.log(_CAMERA_M)) / _CAMERA_SIGMA,
            x[:, 3] / _ROLL_SIGMA,
            x[:, 4] / _PACE_SIGMA,
        ]
        heights, speeds = _errors(x, seen, image_size_px)
        heights = _whitened(heights, seen.person, _BOX_SIGMA, _HEIGHT_SIGMA)
        speeds = _whitened(speeds - x[:, 4:], seen.walker, _MOMENT_SIGMA, _SPEED_SIGMA)
        return np.concatenate([heights, speeds, np.column_stack(before)], axis=1)

    def residual(x: Array) -> Array:
        return np.asarray(residuals(x[None])[0], dtype=np.float64)

    def derivative(x: Array) -> Array:
        """(m, 5) by forward differences: SciPy would ask for one after the other."""
        steps = np.diag(_STEP * np.maximum(1.0, np.abs(x)))
        found = residuals(np.vstack([x, x + steps]))
        return np.asarray((found[1:] - found[0]).T / steps.diagonal(), dtype=np.float64)

    found = []
    starts = [
        (np.log(focal * longer), np.deg2rad(tilt), np.log(_CAMERA_M), 0.0, 0.0) for focal, tilt in _STARTS
    ]
    for start in starts if near is None else [near]:
        # Wrong boxes and hidden feet are far off: a robust loss.
        solved = least_squares(
            residual,
            start,
            jac=derivative,
            loss="soft_l1",
            x_scale=(0.3, 0.2, 0.3, 0.05, 0.3),
            max_nfev=60,
        )
        found.append(solved)
    return min(found, key=attrgetter("cost"))


def _whitened(errors: Array, person: NDArray[np.int64], each_sigma: float, person_sigma: float) -> Array:
    """Errors (c, n) of which those of one person share a part, as independent ones of unit variance.

    Args:
        errors: Each row for itself.
        person: (n,) ascending numbers 0..; every number occurs.
        each_sigma: Of a single error.
        person_sigma: Of the part that a person's errors share.

    """
    if not len(person):
        return errors
    count = np.bincount(person)
    mean = np.add.reduceat(errors, np.append(0, np.cumsum(count)[:-1]), axis=1) / count
    shared = (1 - np.sqrt(each_sigma**2 / (each_sigma**2 + count * person_sigma**2))) * mean
    return np.asarray((errors - shared[:, person]) / each_sigma, dtype=np.float64)


def _calibration(x: Array, cov: Array, seen: _Seen, image_size_px: tuple[int, int]) -> Calibration:
    """The camera on a plan that holds everybody, with its covariance."""
    floor = standing(projection(x, image_size_px), seen.anchor)[0]
    # A few boxes near the horizon are far off.
    low = np.floor(np.nanquantile(floor, 0.01, axis=0) - _MARGIN_M)
    floor = floor - low
    centre = np.nanmedian(floor, axis=0)
    scale = float(np.nanmedian(np.linalg.norm(floor - centre, axis=1)))

    def moved(at: Array) -> Array:
        P = projection(at, image_size_px)
        P[:, 3] += P[:, :2] @ low
        return P

    def parameters(at: Array) -> Array:
        # Where such a floor lies and how large it is has no meaning on a map of its own: what makes positions
        # uncertain there is that its shape is. How far lengths are off is stated by itself.
        P = moved(at)
        aligned = _similarity(standing(P, seen.anchor)[0], floor)
        H = P[:, [0, 1, 3]] @ np.linalg.inv(aligned)
        return normalised(np.asarray(H, dtype=np.float64), image_size_px, centre, scale).ravel()[:8]

    def size(at: Array) -> Array:
        """Logarithm of how far apart people are."""
        apart = standing(projection(at, image_size_px), seen.anchor)[0]
        apart = apart[np.isfinite(apart).all(axis=1)]
        # Nobody is left where a step of the derivative puts all of them beyond the horizon.
        if not len(apart):
            return np.array([np.nan])
        return np.array([0.5 * np.log(np.mean(np.sum((apart - apart.mean(axis=0)) ** 2, axis=1)))])

    J, by = _derivative(parameters, x), _derivative(size, x)
    length_sigma = float(np.sqrt((by @ cov @ by.T)[0, 0]))
    if not length_sigma <= _MOST_LENGTH_SIGMA:
        how = f"only to {length_sigma:.0%}" if length_sigma < 1 else "hardly at all"
        raise ValueError(f"people: they tell lengths on the floor {how}; more people help, near and far")
    P = moved(x)
    P = P / float(third(P[:, [0, 1, 3]], centre[None])[0])
    pose = CameraPose(P, image_size_px, float(np.exp(x[0])), "people")
    nobody = np.zeros((0, 2))
    return Calibration(
        H_image_floor=P[:, [0, 1, 3]],
        image_size_px=image_size_px,
        cov_h=J @ cov @ J.T,
        floor_centre_m=centre,
        floor_scale_m=scale,
        pose=pose,
        pairs=Pairs((), nobody, nobody, np.zeros(0, dtype=np.bool_)),
        people=MadeFromPeople(int(seen.person.max()) + 1, len(seen.person), length_sigma),
    )


def _similarity(a: Array, b: Array) -> Array:
    """(3, 3) shift, turn and scale that brings points (N, 2) nearest to others; NaN points do not count."""
    usable = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    za, zb = (points[usable, 0] + 1j * points[usable, 1] for points in (a, b))
    ca, cb = za.mean(), zb.mean()
    turn = np.vdot(za - ca, zb - cb) / np.vdot(za - ca, za - ca)
    shift = cb - turn * ca
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag], [0, 0, 1.0]])


def _derivative(function: Callable[[Array], Array], x: Array) -> Array:
    """(m, n) derivative by central differences."""
    steps = 1e-4 * np.eye(len(x))
    return np.column_stack([(function(x + step) - function(x - step)) / 2e-4 for step in steps])

"""Floor trajectories: the smoothed path of each person, from raw positions and their covariances.

The path is the fixed-interval smoother of `analytics.smoother`, made robust against boxes that are metres off
and told where somebody stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.grid import Unit
from analytics.settings import TrajectorySettings
from analytics.smoother import FixedIntervalSmoother
from analytics.standing import at_rest_rows, standing_rows

# Student-t weights of residuals: a box cut by a shelf is metres off, more often than a Gaussian has it.
_ROBUST_DEGREES = 4.0
_ROBUST_PASSES = 3
_PRIOR = 10
_LEAST_NOISE = 0.02
# A box misses the feet alike for a while: measured on five cameras at 25 and 30 fps, the correlation of the
# error is about 0.7 one picture later, 0.45 after 0.13 s and 0.2 after 0.5 s.
_FOOT_MEMORY_S = 0.15
# Few enough that a block's equations stay in the processor's cache.
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Smoothed paths, sorted by person and time; rows of one `path` are joined by straight lines.

    Attributes:
        person: (N,) int64.
        path: (N,) int64, number of the unbroken path, ascending; a person with a gap has several.
        t_s: (N,) float64 seconds since the start of the recording.
        xy: (N, 2) float64 on the floor, in `unit`.
        standing: (N,) bool, the person is taken to stand still.
        people: (P,) int64, all persons, also those without any position.
        first_s: (P,) float64, time of each person's first observation.
        last_s: (P,) float64, time of each person's last observation.
        unit: "m" on the plan, "px" in an uncalibrated picture.
        scene_visits: (P,) int64, how often each person was in the camera's view. Left out, once.
        away_s: (P,) float64, time between these. Left out, none.

    """

    person: NDArray[np.int64]
    path: NDArray[np.int64]
    t_s: NDArray[np.float64]
    xy: NDArray[np.float64]
    standing: NDArray[np.bool_]
    people: NDArray[np.int64]
    first_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    unit: Unit = "m"
    scene_visits: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    away_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Check shapes and order once and make the arrays read-only."""
        n, p = len(self.person), len(self.people)
        if p and not len(self.scene_visits):
            object.__setattr__(self, "scene_visits", np.ones(p, dtype=np.int64))
        if p and not len(self.away_s):
            object.__setattr__(self, "away_s", np.zeros(p))
        expected = {
            "person": (n,), "path": (n,), "t_s": (n,), "xy": (n, 2), "standing": (n,),
            "people": (p,), "first_s": (p,), "last_s": (p,), "scene_visits": (p,), "away_s": (p,),
        }  # fmt: skip
        for name, shape in expected.items():
            value = np.asarray(getattr(self, name)).view()
            if value.shape != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {value.shape}")
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        if np.any(self.person[1:] < self.person[:-1]):
            raise ValueError("rows must be sorted by person")
        joined = self.path[1:] == self.path[:-1]
        if np.any(self.path[1:] < self.path[:-1]) or np.any(self.t_s[1:][joined] <= self.t_s[:-1][joined]):
            raise ValueError("rows must be sorted by path, then by strictly increasing t_s")
        if np.any(self.person[1:][joined] != self.person[:-1][joined]):
            raise ValueError("a path belongs to one person")

    @property
    def present_s(self) -> NDArray[np.float64]:
        """(P,) time of each person in the camera's view, from first to last observation of each visit."""
        return self.last_s - self.first_s - self.away_s

    @property
    def tracked_s(self) -> float:
        """Summed length of all tracks: the time of everybody in the camera's view."""
        return float(np.sum(self.present_s))

    @property
    def placed_s(self) -> float:
        """Summed length of all paths."""
        joined = self.path[1:] == self.path[:-1]
        return float(np.sum((self.t_s[1:] - self.t_s[:-1])[joined]))

    @property
    def unplaced_s(self) -> float:
        """Time of the tracks that no path covers: gaps too long to bridge, and rows without a position."""
        difference = self.tracked_s - self.placed_s
        # Two sums of the same steps may differ by rounding.
        return 0.0 if abs(difference) < 1e-9 * max(self.tracked_s, 1.0) else difference

    def parts(self, rows: int = 1_000_000) -> Iterator[tuple[Trajectories, slice]]:
        """Cut between persons into parts of about so many rows, each with the slice of its paths."""
        bounds = _blocks(self.person, rows) or [(0, 0)]
        number = np.concatenate([[0], np.cumsum(self.path[1:] != self.path[:-1])])
        for nth, (begin, end) in enumerate(bounds):
            # People without any position go with the first part, so that each is counted once.
            named = np.unique(self.person[begin:end])
            if nth == 0:
                named = np.union1d(named, np.setdiff1d(self.people, self.person))
            column = np.searchsorted(self.people, named)
            paths = slice(int(number[begin]), int(number[end - 1]) + 1) if end > begin else slice(0, 0)
            yield (
                Trajectories(
                    self.person[begin:end], self.path[begin:end], self.t_s[begin:end], self.xy[begin:end],
                    self.standing[begin:end], named, self.first_s[column], self.last_s[column], self.unit,
                    self.scene_visits[column], self.away_s[column],
                ),
                paths,
            )  # fmt: skip

    def to_parquet(self, path: Path) -> None:
        """Write `trajectories.parquet`; a person without any position has one row with NaN and path -1."""
        suffix = self.unit
        table = pd.DataFrame(
            {
                "person": self.person, "path": self.path, "t_s": self.t_s,
                f"x_{suffix}": self.xy[:, 0], f"y_{suffix}": self.xy[:, 1], "standing": self.standing,
            }
        )  # fmt: skip
        spans = pd.DataFrame(
            {
                "person": self.people, "first_s": self.first_s, "last_s": self.last_s,
                "scene_visits": self.scene_visits, "away_s": self.away_s,
            }
        )  # fmt: skip
        table.merge(spans, on="person", how="outer").fillna({"path": -1, "standing": False}).astype(
            {"path": np.int64, "standing": bool}
        ).to_parquet(path, index=False)

    @classmethod
    def from_parquet(cls, path: Path) -> Trajectories:
        """Read what `to_parquet` wrote."""
        table = pd.read_parquet(path)
        unit: Unit = "m" if "x_m" in table.columns else "px"
        spans = table.drop_duplicates("person")
        rows = table[table["path"] >= 0].sort_values(["path", "t_s"], kind="stable")
        return cls(
            person=rows["person"].to_numpy(np.int64),
            path=rows["path"].to_numpy(np.int64),
            t_s=rows["t_s"].to_numpy(np.float64),
            xy=rows[[f"x_{unit}", f"y_{unit}"]].to_numpy(np.float64),
            standing=rows["standing"].to_numpy(bool),
            people=spans["person"].to_numpy(np.int64),
            first_s=spans["first_s"].to_numpy(np.float64),
            last_s=spans["last_s"].to_numpy(np.float64),
            unit=unit,
            scene_visits=spans["scene_visits"].to_numpy(np.int64),
            away_s=spans["away_s"].to_numpy(np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """What the smoother is given: raw positions of all persons, sorted by person and time.

    Attributes:
        person: (N,) int64.
        t_s: (N,) float64.
        xy: (N, 2) float64 in `unit`, NaN where there is none.
        cov: (N, 3) float64, xx, xy, yy.
        observed: (N,) bool; other rows carry no information and only ask for the path at their time.
        units_per_m: Size of a metre in `unit`, per row: 1 on the plan; in a picture a person's box tells it.
        unit: "m" or "px".
        scene_visit: (N,) int64, number of the presence in the camera's view. Left out, everybody has one.

    """

    person: NDArray[np.int64]
    t_s: NDArray[np.float64]
    xy: NDArray[np.float64]
    cov: NDArray[np.float64]
    observed: NDArray[np.bool_]
    units_per_m: NDArray[np.float64]
    unit: Unit = "m"
    scene_visit: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        """Check what a single bad row would spoil for everybody."""
        if not len(self.scene_visit):
            object.__setattr__(self, "scene_visit", self.person)
        placed = np.isfinite(self.xy).all(axis=1)
        xx, xy, yy = self.cov[placed].T
        with np.errstate(invalid="ignore"):
            bad = ~((xx > 0) & (xx * yy - xy * xy > 0) & np.isfinite(xx + yy))
        if np.any(bad):
            row = int(np.flatnonzero(placed)[np.flatnonzero(bad)[0]])
            raise ValueError(
                f"positions: expected a positive definite covariance (xx, xy, yy) with every position, got "
                f"{self.cov[row].tolist()} for person {int(self.person[row])} at {float(self.t_s[row])} s"
            )


def smooth(
    positions: Positions, settings: TrajectorySettings, gaps_s: NDArray[np.float64] | None = None
) -> Trajectories:
    """Smooth all paths.

    Paths are broken where two successive positions of a person lie more than `max_bridge_s` apart, unless
    interpolated rows fill all of the time between them, where somebody was away, and by every gap in the
    footage. A path runs from its
    first to its last position: smoothing changes neither time.

    Args:
        positions: Raw positions, sorted by person and time.
        settings: Noise of walking, what standing is, and the longest bridge.
        gaps_s: (n, 2) stretches without footage, ascending; nobody is kept alive through one.

    """
    people = np.unique(positions.person)
    path = _paths(positions, settings.max_bridge_s, np.zeros((0, 2)) if gaps_s is None else gaps_s)
    spans = _spans(positions, people)
    rows = np.flatnonzero(path >= 0)
    xy = np.empty((len(rows), 2))
    standing = np.zeros(len(rows), dtype=np.bool_)
    for begin, end in _blocks(path[rows], _ROWS_AT_ONCE):
        block = rows[begin:end]
        xy[begin:end], standing[begin:end] = _smooth_block(positions, block, path[block], settings)
    return Trajectories(
        positions.person[rows],
        path[rows],
        positions.t_s[rows],
        xy,
        standing,
        people,
        *spans[:2],
        positions.unit,
        *spans[2:],
    )


def _paths(positions: Positions, max_bridge_s: float, gaps_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the path each row belongs to; -1 for rows outside all paths."""
    placed = np.flatnonzero(positions.observed & np.isfinite(positions.xy).all(axis=1))
    path = np.full(len(positions.person), -1, dtype=np.int64)
    if len(placed) == 0:
        return path
    person, t_s = positions.person[placed], positions.t_s[placed]
    # A hair above the limit, so that a gap of exactly max_bridge_s is bridged whatever the rounding.
    wide = np.concatenate([[False], np.diff(positions.t_s) > max_bridge_s + 1e-6])
    seen_elsewhere = positions.observed & ~np.isfinite(positions.xy).all(axis=1)
    # Interpolated rows without a hole vouch for a longer gap: linking knows who was there.
    unfilled = np.cumsum(wide)[placed[1:]] > np.cumsum(wide)[placed[:-1]]
    unfilled |= np.cumsum(seen_elsewhere)[placed[1:]] > np.cumsum(seen_elsewhere)[placed[:-1]]
    broken = (person[1:] != person[:-1]) | (unfilled & (t_s[1:] - t_s[:-1] > max_bridge_s + 1e-6))
    broken |= np.diff(positions.scene_visit[placed]) != 0
    stretch = np.searchsorted(gaps_s[:, 1], t_s, side="right")
    broken |= stretch[1:] != stretch[:-1]
    number = np.concatenate([[0], np.cumsum(broken)])
    # Rows between two placed rows of one path belong to it too: the path is asked for at their time.
    before = np.searchsorted(placed, np.arange(len(path)), side="right") - 1
    after = np.searchsorted(placed, np.arange(len(path)), side="left")
    within = (before >= 0) & (after < len(placed))
    within[within] = number[before[within]] == number[after[within]]
    path[within] = number[before[within]]
    return path


def _spans(
    positions: Positions, people: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Time of the first and of the last observation of each person, their scene visits and time away."""
    seen = positions.observed
    if not seen.any():
        none = np.zeros(len(people))
        return none, none, np.ones(len(people), dtype=np.int64), none
    person, t_s, visit = positions.person[seen], positions.t_s[seen], positions.scene_visit[seen]
    new = np.concatenate([[True], (person[1:] != person[:-1]) | (visit[1:] != visit[:-1])])
    begin = np.flatnonzero(new)
    end = np.append(begin[1:], len(person)) - 1
    column = np.searchsorted(people, person[begin])
    first, last = np.full(len(people), np.inf), np.full(len(people), -np.inf)
    np.minimum.at(first, column, t_s[begin])
    np.maximum.at(last, column, t_s[end])
    present = np.bincount(column, t_s[end] - t_s[begin], minlength=len(people))
    nobody = ~np.isfinite(first)
    first[nobody] = last[nobody] = 0.0
    visits = np.maximum(np.bincount(column, minlength=len(people)), 1)
    away = np.where(visits > 1, last - first - present, 0.0)
    return first, last, visits.astype(np.int64), away


def _blocks(path: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """Row ranges of about `most` rows that do not cut a run of equal numbers."""
    if len(path) == 0:
        return []
    starts = np.flatnonzero(np.concatenate([[True], path[1:] != path[:-1]]))
    chosen = starts[
        np.unique(np.searchsorted(starts, np.arange(0, len(path), most)).clip(max=len(starts) - 1))
    ]
    bounds = np.unique(np.concatenate([[0], chosen, [len(path)]]))
    return [(int(a), int(b)) for a, b in pairwise(bounds)]


def _smooth_block(
    positions: Positions, rows: NDArray[np.int64], path: NDArray[np.int64], settings: TrajectorySettings
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Smooth twice: once to see where somebody stands, once more knowing it."""
    t_s, scale = positions.t_s[rows], positions.units_per_m[rows]
    measured = positions.observed[rows] & np.isfinite(positions.xy[rows]).all(axis=1)
    weight = _independence(path[measured], t_s[measured])
    certainty = np.zeros((len(rows), 3))
    certainty[measured] = _inverse(positions.cov[rows][measured])
    independent = np.zeros(len(rows))
    independent[measured] = weight
    information = certainty * independent[:, None]
    z = np.where(measured[:, None], positions.xy[rows], 0.0)
    smoother = FixedIntervalSmoother(t_s, path, scale, settings)
    still = np.zeros(len(rows), dtype=np.bool_)
    standing, xy = still, np.empty((len(rows), 2))
    for _ in range(2):
        weight = np.ones(len(rows))
        for _ in range(_ROBUST_PASSES):
            xy = smoother.mean(z, information * weight[:, None], still)
            d = z - xy
            d2 = certainty[:, 0] * d[:, 0] ** 2 + 2 * certainty[:, 1] * d[:, 0] * d[:, 1]
            d2 += certainty[:, 2] * d[:, 1] ** 2
            s = _noise(path, d2, measured)
            information = certainty * (independent / s)[:, None]
            weight = (_ROBUST_DEGREES + 2) / (_ROBUST_DEGREES + d2 / s)
        xy_m = xy / scale[:, None]
        standing = standing_rows(path, t_s, xy_m, settings)
        still = at_rest_rows(path, t_s, xy_m, standing, settings)
    return xy, standing


def _noise(
    path: NDArray[np.int64], d2: NDArray[np.float64], measured: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How noisy a path's positions are against what their covariances say, (n,), a factor of the variance.

    The covariances hold for detectors in general; one that finds feet better than that (or a person who is
    easy to see) leaves smaller residuals, and must not be smoothed as if it did not: somebody who stops would
    seem to slow down long before. A prior of `_PRIOR` rows at factor 1 speaks for short paths.
    """
    number = np.cumsum(np.concatenate([[0], path[1:] != path[:-1]]))
    # A residual beyond 3 sigma is the robust weight's business, not the noise's.
    sums = np.bincount(number[measured], np.minimum(d2[measured], 9.0), minlength=number[-1] + 1)
    rows = np.bincount(number[measured], minlength=number[-1] + 1)
    factor = (sums + 2 * _PRIOR) / (2 * rows + 2 * _PRIOR)
    return np.asarray(np.clip(factor, _LEAST_NOISE, None)[number])


def _independence(path: NDArray[np.int64], t_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of a measurement that its neighbours have not said already, (n,) in 0..1.

    Samples dt apart of an error with correlation exp(-dt / tau) say as much about a mean as a share
    tanh(dt / 2 tau) of independent ones, so that twice the sample rate is not taken for twice the knowledge.
    """
    gap = np.full(len(t_s) + 1, np.inf)
    gap[1:-1] = np.where(path[1:] == path[:-1], t_s[1:] - t_s[:-1], np.inf)
    nearest, other = np.minimum(gap[1:], gap[:-1]), np.maximum(gap[1:], gap[:-1])
    around = np.where(np.isfinite(other), (nearest + other) / 2, nearest)
    return np.asarray(np.tanh(around / (2 * _FOOT_MEMORY_S)))


def _inverse(cov: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of symmetric 2 x 2 matrices given as (xx, xy, yy)."""
    xx, xy, yy = cov.T
    determinant = xx * yy - xy * xy
    return np.asarray(np.column_stack([yy, -xy, xx]) / determinant[:, None])

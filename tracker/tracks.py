"""Tracks: who was where in the picture and on the floor, one row per person and sample."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = (
    "person", "t_s",
    "x1_px", "y1_px", "x2_px", "y2_px",
    "foot_x_px", "foot_y_px",
    "x_m", "y_m", "xx_m2", "xy_m2", "yy_m2",
    "score", "observed", "rebuilt", "scene_visit",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """All rows of a recording, sorted by person and, within a person, by strictly increasing time.

    Attributes:
        person: (N,) int64, person number.
        t_s: (N,) float64 seconds since the start of the recording.
        xyxy_px: (N, 4) float64 boxes.
        foot_px: (N, 2) float64 foot point; NaN where it is not known. A rebuilt one may lie outside the
            picture or behind furniture.
        xy_m: (N, 2) float64 raw floor position; NaN without calibration, past the horizon or without a foot.
        cov_m2: (N, 3) float64, xx, xy, yy of the position's covariance; NaN where the position is.
        score: (N,) float64; NaN on interpolated rows.
        observed: (N,) bool; False on rows interpolated between two observations.
        rebuilt: (N,) bool; True where the foot was not seen but follows from head and height.
        scene_visit: (N,) int64, number of the presence in the camera's view: somebody who left and came back
            is one person with several. Left out, everybody has one.

    """

    person: NDArray[np.int64]
    t_s: NDArray[np.float64]
    xyxy_px: NDArray[np.float64]
    foot_px: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    cov_m2: NDArray[np.float64]
    score: NDArray[np.float64]
    observed: NDArray[np.bool_]
    rebuilt: NDArray[np.bool_]
    scene_visit: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        """Check shapes and order once and make the arrays read-only."""
        n = len(self.person)
        shapes = {"xyxy_px": (n, 4), "foot_px": (n, 2), "xy_m": (n, 2), "cov_m2": (n, 3)}
        types: dict[str, type[np.generic]] = {
            "person": np.int64, "observed": np.bool_, "rebuilt": np.bool_, "scene_visit": np.int64,
        }  # fmt: skip
        if n and not len(self.scene_visit):
            object.__setattr__(self, "scene_visit", self.person)
        for column in fields(self):
            dtype = types.get(column.name, np.float64)
            value: NDArray[np.generic] = np.array(getattr(self, column.name), dtype=dtype)
            expected = shapes.get(column.name, (n,))
            if value.shape != expected:
                raise ValueError(f"{column.name}: expected shape {expected}, got {value.shape}")
            value.setflags(write=False)
            object.__setattr__(self, column.name, value)
        same = self.person[1:] == self.person[:-1]
        if np.any(self.person[1:] < self.person[:-1]) or np.any(self.t_s[1:][same] <= self.t_s[:-1][same]):
            raise ValueError("rows must be sorted by person, then by strictly increasing t_s")

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.person)

    @property
    def people(self) -> int:
        """Number of distinct persons."""
        return len(np.unique(self.person))

    def of_visitors(self, visitor: NDArray[np.int64]) -> Tracks:
        """The same rows with the presences of one visitor as one person, each a scene visit.

        Args:
            visitor: (P,) new number of each person here, by number.

        """
        presences, number = np.unique(self.person, return_inverse=True)
        if visitor.shape != presences.shape:
            raise ValueError(f"expected the visitors of {len(presences)} presences, got {visitor.shape}")
        person = visitor[number]
        order = np.lexsort([self.t_s, person])
        rows = {column.name: getattr(self, column.name)[order] for column in fields(self)}
        return Tracks(**(rows | {"person": person[order], "scene_visit": self.person[order]}))

    def by_scene_visit(self) -> Tracks:
        """The same rows with each scene visit as a person of its own."""
        order = np.lexsort([self.t_s, self.scene_visit])
        rows = {column.name: getattr(self, column.name)[order] for column in fields(self)}
        return Tracks(**(rows | {"person": self.scene_visit[order]}))

    def only(self, keep: NDArray[np.bool_]) -> Tracks:
        """Some of the rows (N,)."""
        return Tracks(*(getattr(self, column.name)[keep] for column in fields(self)))

    def to_frame(self) -> pd.DataFrame:
        """The rows as a table with the columns of `tracks.parquet`."""
        numbers = np.column_stack([self.t_s, self.xyxy_px, self.foot_px, self.xy_m, self.cov_m2, self.score])
        table = pd.DataFrame(numbers, columns=list(COLUMNS[1:-3]))
        table.insert(0, "person", self.person)
        table["observed"] = self.observed
        table["rebuilt"] = self.rebuilt
        table["scene_visit"] = self.scene_visit
        return table

    @classmethod
    def from_frame(cls, table: pd.DataFrame) -> Tracks:
        """Make tracks from a table with the columns of `tracks.parquet`, in any row order.

        Raises:
            ValueError: If columns are missing or a person has two rows at the same time.

        """
        missing = [c for c in COLUMNS if c not in table.columns]
        if missing:
            raise ValueError(f"tracks: expected columns {', '.join(COLUMNS)}; missing {', '.join(missing)}")
        table = table.sort_values(["person", "t_s"], kind="stable")

        def values(*columns: str) -> NDArray[np.float64]:
            return table[list(columns)].to_numpy(dtype=np.float64)

        return cls(
            person=table["person"].to_numpy(dtype=np.int64),
            t_s=values("t_s")[:, 0],
            xyxy_px=values("x1_px", "y1_px", "x2_px", "y2_px"),
            foot_px=values("foot_x_px", "foot_y_px"),
            xy_m=values("x_m", "y_m"),
            cov_m2=values("xx_m2", "xy_m2", "yy_m2"),
            score=values("score")[:, 0],
            observed=table["observed"].to_numpy(dtype=np.bool_),
            rebuilt=table["rebuilt"].to_numpy(dtype=np.bool_),
            scene_visit=table["scene_visit"].to_numpy(dtype=np.int64),
        )

    def to_parquet(self, path: Path) -> None:
        """Write `tracks.parquet`."""
        self.to_frame().to_parquet(path, index=False)

    @classmethod
    def from_parquet(cls, path: Path) -> Tracks:
        """Read `tracks.parquet`."""
        return cls.from_frame(pd.read_parquet(path))

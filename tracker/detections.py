"""Detections of a whole recording as one table: the first durable artefact of a run."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
import supervision as sv
from numpy.typing import NDArray

from tracker.frames import Frame
from tracker.habits import Habits

COLUMNS = ("picture", "t_s", "x1_px", "y1_px", "x2_px", "y2_px", "score")

# An area that is drawn down to the last row of pixels ends before a box that is cut by the picture's edge.
_LAST_ROW_PX = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class DetectionLog:
    """Boxes found in each sampled picture; pictures without anybody are kept, for they are observations too.

    Attributes:
        t_s: (F,) float64, times of the sampled pictures, strictly increasing.
        offsets: (F + 1,) int64; the boxes of picture i are rows offsets[i]:offsets[i + 1].
        xyxy_px: (N, 4) float64 boxes, left, top, right, bottom.
        score: (N,) float64 in 0..1.
        picture: (F,) int64, number of each picture in the recording, from 0: a label for exports, never a
            clock. Left out, the pictures are numbered as they come.
        habits: How the detector draws boxes, and how much they say.

    """

    t_s: NDArray[np.float64]
    offsets: NDArray[np.int64]
    xyxy_px: NDArray[np.float64]
    score: NDArray[np.float64]
    picture: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        """Check shapes once and make the arrays read-only."""
        t_s = np.array(self.t_s, dtype=np.float64)
        offsets = np.array(self.offsets, dtype=np.int64)
        xyxy = np.array(self.xyxy_px, dtype=np.float64).reshape(-1, 4)
        score = np.array(self.score, dtype=np.float64)
        if np.any(np.diff(t_s) <= 0):
            raise ValueError("t_s must be strictly increasing")
        if offsets.shape != (len(t_s) + 1,) or offsets[0] != 0 or offsets[-1] != len(score):
            raise ValueError(f"offsets must have {len(t_s) + 1} entries from 0 to {len(score)}")
        if not (np.isfinite(t_s).all() and np.isfinite(xyxy).all() and np.isfinite(score).all()):
            raise ValueError("detections: expected finite times, boxes and scores, got NaN or infinite ones")
        if len(xyxy) != len(score):
            raise ValueError(f"{len(xyxy)} boxes but {len(score)} scores")
        picture = np.array(self.picture if len(self.picture) else np.arange(len(t_s)), dtype=np.int64)
        if picture.shape != t_s.shape:
            raise ValueError(f"{len(t_s)} pictures but {len(picture)} picture numbers")
        checked = {"t_s": t_s, "offsets": offsets, "xyxy_px": xyxy, "score": score, "picture": picture}
        for name, values in checked.items():
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @classmethod
    def collect(
        cls, pictures: Iterable[tuple[Frame, sv.Detections]], habits: Habits | None = None
    ) -> DetectionLog:
        """Make the table from frames, in order of time, and what was found in each."""
        # A long recording has hundreds of thousands of pictures: numbers in a row, not an object for each.
        t_s, boxes, scores = array("d"), array("d"), array("d")
        numbers, counts = array("q"), array("q")
        for frame, found in pictures:
            t_s.append(frame.t_s)
            numbers.append(frame.index)
            counts.append(len(found))
            boxes.frombytes(np.asarray(found.xyxy, dtype=np.float64).tobytes())
            confidence = np.ones(len(found)) if found.confidence is None else found.confidence
            scores.frombytes(np.asarray(confidence, dtype=np.float64).tobytes())
        return cls(
            t_s=np.array(t_s),
            offsets=np.concatenate([[0], np.cumsum(np.array(counts, dtype=np.int64))]),
            xyxy_px=np.array(boxes).reshape(-1, 4),
            score=np.array(scores),
            picture=np.array(numbers, dtype=np.int64),
            habits=habits or Habits(),
        )

    @property
    def row_t_s(self) -> NDArray[np.float64]:
        """(N,) float64: the time of each box."""
        return np.repeat(self.t_s, np.diff(self.offsets))

    def at(self, picture: int) -> sv.Detections:
        """The boxes of one sampled picture in the field's common format (class 0 is a person)."""
        rows = slice(int(self.offsets[picture]), int(self.offsets[picture + 1]))
        n = rows.stop - rows.start
        return sv.Detections(
            xyxy=self.xyxy_px[rows].astype(np.float32),
            confidence=self.score[rows].astype(np.float32),
            class_id=np.zeros(n, dtype=int),
        )

    def outside(self, polygons_px: tuple[NDArray[np.float64], ...]) -> DetectionLog:
        """The log without the boxes whose lower middle stands in one of the polygons (n, 2)."""
        if not polygons_px:
            return self
        x, y = (self.xyxy_px[:, 0] + self.xyxy_px[:, 2]) / 2, self.xyxy_px[:, 3] - _LAST_ROW_PX
        keep = np.ones(len(x), dtype=np.bool_)
        for polygon in polygons_px:
            keep &= ~shapely.contains_xy(shapely.Polygon(polygon), x, y)
        return self.only(keep)

    def only(self, keep: NDArray[np.bool_]) -> DetectionLog:
        """The log with some of its boxes (N,); its pictures all stay."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return replace(
            self, offsets=kept_before[self.offsets], xyxy_px=self.xyxy_px[keep], score=self.score[keep]
        )

    def to_parquet(self, path: Path) -> None:
        """Write a row per box; a picture without boxes is one row whose box and score are NaN."""
        counts = np.diff(self.offsets)
        t_s = np.concatenate([self.row_t_s, self.t_s[counts == 0]])
        empty = int(np.sum(counts == 0))
        boxes = np.concatenate([self.xyxy_px, np.full((empty, 4), np.nan)])
        score = np.concatenate([self.score, np.full(empty, np.nan)])
        picture = np.concatenate([np.repeat(self.picture, counts), self.picture[counts == 0]])
        order = np.argsort(t_s, kind="stable")
        values = np.column_stack([t_s, boxes, score])[order]
        table = pd.DataFrame(values, columns=list(COLUMNS[1:]))
        table.insert(0, "picture", picture[order])
        table.attrs.update(asdict(self.habits))
        table.to_parquet(path, index=False)

    @classmethod
    def from_parquet(cls, path: Path) -> DetectionLog:
        """Read what `to_parquet` wrote.

        Raises:
            ValueError: If columns are missing, or the habits are none.

        """
        table = pd.read_parquet(path)
        missing = [c for c in COLUMNS if c not in table.columns]
        if missing:
            raise ValueError(f"{path}: expected columns {', '.join(COLUMNS)}; missing {', '.join(missing)}")
        try:
            habits = Habits(**{name: table.attrs[name] for name in asdict(Habits()) if name in table.attrs})
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        table = table.sort_values("t_s", kind="stable")
        t_all = table["t_s"].to_numpy(dtype=np.float64)
        t_s, first = np.unique(t_all, return_index=True)
        found = table["score"].notna().to_numpy()
        counts = np.add.reduceat(found.astype(np.int64), first) if len(t_s) else np.empty(0, np.int64)
        boxes = table.loc[found, list(COLUMNS[2:6])].to_numpy(dtype=np.float64)
        score = table.loc[found, "score"].to_numpy(dtype=np.float64)
        picture = table["picture"].to_numpy(dtype=np.int64)[first]
        return cls(t_s, np.concatenate([[0], np.cumsum(counts)]), boxes, score, picture, habits)

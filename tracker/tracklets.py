"""Tracklets: what the tracker says belongs together, still in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Tracklets:
    """Observed boxes with the tracklet each belongs to, sorted by tracklet and then by time.

    Attributes:
        tracklet: (N,) int64 number, from 1 in order of first appearance.
        t_s: (N,) float64.
        xyxy_px: (N, 4) float64 detected boxes (not the filter's estimate).
        score: (N,) float64.
        row: (N,) int64 number of each box in the `DetectionLog` that it comes from.

    """

    tracklet: NDArray[np.int64]
    t_s: NDArray[np.float64]
    xyxy_px: NDArray[np.float64]
    score: NDArray[np.float64]
    row: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check shapes and order once and make the arrays read-only."""
        n = len(self.tracklet)
        shapes = {"tracklet": (n,), "t_s": (n,), "xyxy_px": (n, 4), "score": (n,), "row": (n,)}
        for name, shape in shapes.items():
            dtype = np.int64 if name in ("tracklet", "row") else np.float64
            value = np.array(getattr(self, name), dtype=dtype)
            if value.shape != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {value.shape}")
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        same = self.tracklet[1:] == self.tracklet[:-1]
        if np.any(self.tracklet[1:] < self.tracklet[:-1]) or np.any(
            self.t_s[1:][same] <= self.t_s[:-1][same]
        ):
            raise ValueError("rows must be sorted by tracklet, then by strictly increasing t_s")

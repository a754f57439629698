"""How far a detector's box misses the feet: the part of a position's error that no calibration can remove."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field


class FootJitter(BaseModel):
    """One standard deviation of a detected foot point as a share of the box height.

    The defaults were measured on public detections of four cameras; see docs/decisions/0002-foot-jitter.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    vertical_share: float = Field(
        default=0.07,
        gt=0,
        le=1,
        description="1-sigma error of the box's lower edge, as a share of the box height",
    )
    horizontal_share: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="1-sigma error of the box's middle, as a share of the box height",
    )

    def sigma_px(self, box_height_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) standard deviations along picture x and y for boxes of these heights (N,)."""
        shares = np.array([self.horizontal_share, self.vertical_share])
        return np.asarray(np.asarray(box_height_px, dtype=np.float64)[:, None] * shares, dtype=np.float64)

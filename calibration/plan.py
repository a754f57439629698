"""The floor plan, and how survey coordinates become plan coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.homography import points
from calibration.pictures import picture_size, read_picture

MAX_SIDE_M = 10_000.0
DEFAULT_MARGIN_M = 2.0


@dataclass(frozen=True, slots=True)
class SurveyFrame:
    """Where a survey (x right, y up, any origin) lies on the plan (x right, y down, origin top left).

    Attributes:
        x_m: Survey x of the plan's top-left corner, metres.
        y_m: Survey y of the plan's top-left corner, metres.

    """

    x_m: float
    y_m: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (math.isfinite(self.x_m) and math.isfinite(self.y_m)):
            raise ValueError(
                f"survey origin: expected two finite numbers in metres, got {self.x_m}, {self.y_m}"
            )

    def plan_from_survey(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) survey metres to (N, 2) plan metres."""
        xy = points(xy_m, "survey points")
        return np.column_stack([xy[:, 0] - self.x_m, self.y_m - xy[:, 1]])

    def survey_from_plan(self, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) plan metres to (N, 2) survey metres."""
        xy = points(xy_m, "plan points")
        return np.column_stack([xy[:, 0] + self.x_m, self.y_m - xy[:, 1]])

    @classmethod
    def for_plan(cls, plan: FloorPlan) -> SurveyFrame:
        """The usual frame of a drawing: survey (0, 0) is the plan's bottom-left corner."""
        return cls(0.0, plan.size_m[1])

    @classmethod
    def around(cls, xy_m: NDArray[np.float64], margin_m: float = DEFAULT_MARGIN_M) -> SurveyFrame:
        """A frame for survey points (N, 2) without a plan: bounding box and margin, on whole metres."""
        xy = points(xy_m, "survey points")
        return cls(math.floor(xy[:, 0].min() - margin_m), math.ceil(xy[:, 1].max() + margin_m))


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """The floor as a rectangle in metres, with or without a drawing of it.

    Attributes:
        size_m: (width, height) in metres.
        metres_per_pixel: Scale of the drawing; None without one.
        picture: Path of the drawing; None without one.

    """

    size_m: tuple[float, float]
    metres_per_pixel: float | None = None
    picture: Path | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if len(self.size_m) != 2 or not all(0 < side <= MAX_SIDE_M for side in self.size_m):
            raise ValueError(
                f"plan size: expected two sides between 0 and {MAX_SIDE_M:g} m, got {self.size_m}"
            )
        if self.metres_per_pixel is not None:
            _check_scale(self.metres_per_pixel)
        if self.picture is not None and self.metres_per_pixel is None:
            raise ValueError(f"plan {self.picture}: expected metres per pixel beside the picture, got none")

    @classmethod
    def from_picture(cls, picture: Path, metres_per_pixel: float) -> FloorPlan:
        """A plan as large as its drawing; reads the picture's header only.

        Raises:
            ValueError: If the file is no picture, is too large, or the scale makes no sense.

        """
        _check_scale(metres_per_pixel)
        w, h = picture_size(picture, "plan")
        return cls((w * metres_per_pixel, h * metres_per_pixel), metres_per_pixel, picture)

    @classmethod
    def around(cls, xy_m: NDArray[np.float64], margin_m: float = DEFAULT_MARGIN_M) -> FloorPlan:
        """A plan without a drawing: from the plan's origin to a margin beyond the farthest point (N, 2)."""
        far = points(xy_m, "plan points").max(axis=0) + margin_m
        return cls((float(math.ceil(far[0])), float(math.ceil(far[1]))))

    def load_picture(self) -> NDArray[np.uint8]:
        """The drawing as (height, width, 3) uint8 RGB; transparent parts become white.

        Raises:
            ValueError: If there is no drawing, or it is unreadable or too large.

        """
        if self.picture is None:
            raise ValueError("this plan has no picture")
        return read_picture(self.picture, "plan")

    def contains(self, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(N,) whether points (N, 2) in metres lie on the plan; NaN does not."""
        xy = points(xy_m, "plan points")
        return np.asarray(np.all((xy >= 0) & (xy <= np.array(self.size_m)), axis=1), dtype=np.bool_)


def metres_from_pixels(xy_px: NDArray[np.float64], metres_per_pixel: float) -> NDArray[np.float64]:
    """Plan pixels (N, 2), with (0, 0) the centre of the top-left pixel, to plan metres."""
    _check_scale(metres_per_pixel)
    return np.asarray((points(xy_px, "plan pixels") + 0.5) * metres_per_pixel, dtype=np.float64)


def _check_scale(metres_per_pixel: float) -> None:
    if not 0 < metres_per_pixel <= 10:
        raise ValueError(
            f"metres per pixel: expected a number between 0 and 10 (0.02 is 2 cm), got {metres_per_pixel}"
        )

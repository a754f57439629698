"""The pictures of activity: alone, over the scene, and what their colours mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray
from PIL import Image

from analytics.maps import GridMap
from analytics.palette import Kind, Scale, scale_of
from dwellmap.blend import blend
from dwellmap.heat_sheet import HeatSheet
from tracker.scenepicture import soft_sigma_px

# A map alone lies on a paper as pale as that of the plans.
_PAPER = 246


@dataclass(frozen=True, slots=True, eq=False)
class HeatPicture:
    """Values of one map over pictures of one size, on one scale.

    Attributes:
        scale: From values to the top colour.
        counts: (h, w) bool, what counts.
        colours: The colour map.
        opacity: Of heat over a picture.
        sheet: Title and bar.

    """

    scale: Scale
    counts: NDArray[np.bool_]
    colours: ListedColormap
    opacity: float
    sheet: HeatSheet

    @classmethod
    def of(
        cls,
        grid_map: GridMap,
        counts: NDArray[np.bool_],
        picture_px: tuple[int, int],
        texts: tuple[str, tuple[str, ...], tuple[str, ...]],
        colours: ListedColormap,
        opacity: float,
        scale: Scale | None = None,
    ) -> HeatPicture:
        """Prepare the sheet.

        Args:
            grid_map: The values per pixel that the scale is made for.
            counts: (h, w) bool.
            picture_px: (width, height) of the pictures.
            texts: Title, lines below it, warnings.
            colours: The colour map.
            opacity: Of heat over a picture.
            scale: Another scale than that of the values.

        """
        if scale is None:
            kinds = np.full(grid_map.values.shape, Kind.NOBODY, dtype=np.uint8)
            kinds[grid_map.values > 0] = Kind.COUNTED
            scale = scale_of(grid_map, kinds)
        title, lines, warnings = texts
        sheet = HeatSheet(picture_px, f"{title}: {scale.unit}", lines, warnings, scale, colours)
        return cls(scale, counts, colours, opacity, sheet)

    def over(
        self, picture_rgb: NDArray[np.uint8], values: NDArray[np.float64], time: str
    ) -> NDArray[np.uint8]:
        """The sheet with values (h, w) blended over a picture (H, W, 3)."""
        counts = None if self.counts.all() else self.counts
        share = softened_values(values, self.counts) * (self.scale.factor / self.scale.top)
        return self.sheet.filled(blend(picture_rgb, share, self.colours, self.opacity, counts), time)

    def alone(self, values: NDArray[np.float64], time: str) -> NDArray[np.uint8]:
        """The sheet with values (h, w) on plain paper."""
        width, height = self.sheet.picture_px
        paper = np.full((height, width, 3), _PAPER, dtype=np.uint8)
        counts = None if self.counts.all() else self.counts
        share = softened_values(values, self.counts) * (self.scale.factor / self.scale.top)
        return self.sheet.filled(blend(paper, share, self.colours, 1.0, counts), time)


def softened_values(values: NDArray[np.float64], counts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values (h, w) so soft that nobody is recognised by an outline; nothing where nothing counts (h, w).

    Near the camera a single silhouette shows the profile of a face.
    """
    soft = cv2.GaussianBlur(values, (0, 0), soft_sigma_px(len(values)))
    return np.asarray(np.where(counts, soft, 0.0), dtype=np.float64)


def save(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write a picture (h, w, 3)."""
    Image.fromarray(np.ascontiguousarray(rgb)).save(path)

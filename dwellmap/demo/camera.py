"""The demo's camera: a pinhole with square pixels and a centred principal point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A camera that looks from one point of the shop towards another.

    Attributes:
        size_px: (width, height) of the picture.
        focal_px: Focal length.
        position_m: (3,) x, y on the plan and height.
        axes: (3, 3) rows right, down, forward in the plan's axes (x right, y down, height up).

    """

    size_px: tuple[int, int]
    focal_px: float
    position_m: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def looking(
        cls,
        size_px: tuple[int, int],
        position_m: tuple[float, float, float],
        target_m: tuple[float, float, float],
        view_deg: float,
    ) -> Camera:
        """Point a camera at a target, its horizon level.

        Args:
            size_px: (width, height).
            position_m: x, y and height of the lens.
            target_m: x, y and height of what is in the middle of the picture.
            view_deg: Horizontal angle of view.

        """
        # The plan's y points down, so (x, y, height) is left-handed: work with -y, then turn back.
        flip = np.array([1.0, -1.0, 1.0])
        position = np.array(position_m)
        forward = (np.array(target_m) - position) * flip
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        focal = size_px[0] / 2 / np.tan(np.radians(view_deg) / 2)
        return cls(size_px, float(focal), position, np.array([right, down, forward]) * flip)

    @property
    def centre_px(self) -> NDArray[np.float64]:
        """(2,) principal point; (0, 0) is the centre of the top-left pixel."""
        return (np.array(self.size_px) - 1) / 2

    def project(self, xyz_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Project points (..., 3) to pixels (..., 2) and their depth in metres along the optical axis.

        Points behind the camera have a depth of 0 or less and meaningless pixels.
        """
        seen = (xyz_m - self.position_m) @ self.axes.T
        depth = seen[..., 2]
        return self.centre_px + self.focal_px * seen[..., :2] / np.where(depth, depth, 1e-9)[..., None], depth

    def rays(self, scale: int = 1) -> NDArray[np.float64]:
        """Directions (height, width, 3) of the pixels' rays, of length 1 along the optical axis.

        With a scale of 2 or more, those of a picture with that many times the rows and columns.
        """
        width, height = self.size_px
        u = (np.arange(width * scale) + 0.5) / scale - 0.5 - self.centre_px[0]
        v = (np.arange(height * scale) + 0.5) / scale - 0.5 - self.centre_px[1]
        right, down, forward = self.axes
        across = u[None, :, None] / self.focal_px * right
        result: NDArray[np.float64] = across + v[:, None, None] / self.focal_px * down + forward
        return result

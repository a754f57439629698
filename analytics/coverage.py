"""Coverage: where a person standing on the floor would have been counted. Not seen is not zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.segments import meetings
from analytics.settings import MapSettings
from calibration.calibration import Calibration
from calibration.pose import CameraPose
from calibration.scene import Furniture, Scene

# Points per side of a cell at which visibility is asked.
_SAMPLES = 4
# A person seen from above is no line: the box is as high as the body is wide.
_BODY_RADIUS_M = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """What the camera could see of each cell.

    Attributes:
        share: (cells,) float64 in 0..1, share of the cell in which a person would have been counted.
        observable: (cells,) bool, the share reaches `min_coverage`.
        filled: (cells,) bool, furniture fills most of the cell: nobody comes out of there. None for nowhere.

    """

    share: NDArray[np.float64]
    observable: NDArray[np.bool_]
    filled: NDArray[np.bool_] | None = None

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """(cells,) bool: floor that cannot be observed and that people may come out of."""
        return ~self.observable if self.filled is None else ~self.observable & ~self.filled


def coverage_of(
    grid: Grid,
    calibration: Calibration | None,
    scene: Scene,
    ignored_px: tuple[NDArray[np.float64], ...],
    size_px: tuple[int, int],
    settings: MapSettings,
) -> Coverage:
    """Ask for every cell whether a person standing there would have been counted.

    Args:
        grid: The cells, in metres with a calibration, in pixels without.
        calibration: None means that the picture is the floor.
        scene: Furniture that hides people, floor where nobody counts.
        ignored_px: Polygons (n, 2) of the picture in which nobody counts.
        size_px: (width, height) of the picture.
        settings: Heights of head and hip, smallest box, least coverage.

    """
    offsets = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    dx, dy = np.meshgrid(offsets * grid.cell, offsets * grid.cell)
    points = (grid.centres[:, None, :] + np.column_stack([dx.ravel(), dy.ravel()])[None]).reshape(-1, 2)
    if calibration is None:
        seen = _inside_picture(points, size_px) & ~_in_any(points, ignored_px)
    else:
        seen = visible_points(points, calibration, scene, ignored_px, settings)
    share = seen.reshape(grid.cells, -1).mean(axis=1)
    furniture = _in_any(points, tuple(piece.xy_m for piece in scene.furniture))
    filled = furniture.reshape(grid.cells, -1).mean(axis=1) >= 0.5
    return Coverage(share, share >= settings.min_coverage, filled)


def visible_points(
    xy_m: NDArray[np.float64],
    calibration: Calibration,
    scene: Scene,
    ignored_px: tuple[NDArray[np.float64], ...],
    settings: MapSettings,
) -> NDArray[np.bool_]:
    """Whether a person standing at each (n, 2) floor point would have been counted, (n,) bool.

    Head to foot inside the picture, hip not hidden by furniture, box at least as high as the detector finds,
    below the horizon, outside ignored areas. Without a camera pose heights are unknown: then only the foot
    point has to be inside the picture, and furniture hides only what stands in it.
    """
    foot = calibration.image_from_floor(xy_m)
    size = calibration.image_size_px
    # A box that is cut by the picture's lower edge has no foot point, so its person is not placed.
    seen = _inside_picture(foot, size) & ~_in_any(foot, ignored_px)
    seen &= ~_in_any(xy_m, tuple(f.xy_m for f in scene.furniture) + scene.ignored_floor_m)
    pose = calibration.pose
    if pose is None:
        return seen
    head = pose.project(xy_m, settings.person_height_m)
    hip = pose.project(xy_m, settings.hip_height_m)
    seen &= _inside_picture(head, size) & _inside_picture(hip, size)
    with np.errstate(invalid="ignore"):
        seen &= _box_height_px(pose, xy_m, settings.person_height_m) >= settings.min_box_share * size[1]
    camera = np.asarray(pose.camera_xy_m, dtype=np.float64)
    for piece in scene.furniture:
        seen &= ~_behind(xy_m, camera, float(pose.camera_height_m), piece, settings.hip_height_m)
    return seen


def _box_height_px(
    pose: CameraPose, xy_m: NDArray[np.float64], person_height_m: float
) -> NDArray[np.float64]:
    """Height in the picture of the box around a person at each point, taken as an upright cylinder."""
    rows = [
        pose.project(xy_m + np.array(side) * _BODY_RADIUS_M, height)[:, 1]
        for side in ((1, 0), (-1, 0), (0, 1), (0, -1))
        for height in (0.0, person_height_m)
    ]
    return np.asarray(np.fmax.reduce(rows) - np.fmin.reduce(rows))


def _behind(
    xy_m: NDArray[np.float64],
    camera_xy_m: NDArray[np.float64],
    camera_height_m: float,
    piece: Furniture,
    hip_height_m: float,
) -> NDArray[np.bool_]:
    """Whether the ray from the camera to the hip of a person at each point runs into the furniture.

    The ray sinks (or rises) steadily, so over the polygon it is lowest at one end of its way across.
    """
    hidden = np.zeros(len(xy_m), dtype=np.bool_)
    d = xy_m - camera_xy_m
    for a, b in zip(piece.xy_m, np.roll(piece.xy_m, -1, axis=0), strict=True):
        share = meetings(camera_xy_m, d, a, b)
        height = camera_height_m + share * (hip_height_m - camera_height_m)
        hidden |= (share > 0) & (share < 1) & (height < piece.height_m)
    return hidden


def _inside_picture(xy_px: NDArray[np.float64], size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether pixels lie in a picture of (width, height); NaN does not."""
    with np.errstate(invalid="ignore"):
        inside = (xy_px >= -0.5) & (xy_px <= np.array(size_px) - 0.5)
    return np.asarray(inside.all(axis=1))


def _in_any(xy: NDArray[np.float64], polygons: tuple[NDArray[np.float64], ...]) -> NDArray[np.bool_]:
    """Whether points lie in one of the polygons."""
    inside = np.zeros(len(xy), dtype=np.bool_)
    for polygon in polygons:
        inside |= shapely.contains_xy(shapely.Polygon(polygon), xy[:, 0], xy[:, 1])
    return inside

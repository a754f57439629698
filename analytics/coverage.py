"""Coverage: where a person standing on the floor would have been counted. Not seen is not zero."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.settings import MapSettings
from calibration.calibration import Calibration
from calibration.pose import CameraPose
from calibration.scene import Scene
from calibration.segments import meetings

# Points per side of a cell at which visibility is asked.
_SAMPLES = 4
# A person seen from above is no line: the box is as high as the body is wide.
_BODY_RADIUS_M = 0.25
_WALL_FROM_CAMERA_M = 1.0
# An area that is drawn down to the last row of pixels ends before the picture's edge.
_LAST_ROW_PX = 1.5


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
    shown_px: tuple[float, float, float, float],
    settings: MapSettings,
) -> Coverage:
    """Ask for every cell whether a person standing there would have been counted.

    Args:
        grid: The cells, in metres with a calibration, in pixels without.
        calibration: None means that the picture is the floor.
        scene: Furniture that hides people, floor where nobody counts.
        ignored_px: Polygons (n, 2) of the picture in which nobody counts.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.
        settings: Heights of head and hip, smallest box, least coverage.

    """
    offsets = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    dx, dy = np.meshgrid(offsets * grid.cell, offsets * grid.cell)
    points = (grid.centres[:, None, :] + np.column_stack([dx.ravel(), dy.ravel()])[None]).reshape(-1, 2)
    if calibration is None:
        seen = _inside(points, shown_px) & ~_in_any(points, ignored_px)
    else:
        seen = visible_points(points, calibration, scene, ignored_px, shown_px, settings)
    share = seen.reshape(grid.cells, -1).mean(axis=1)
    furniture = _in_any(points, tuple(piece.xy_m for piece in scene.furniture))
    filled = furniture.reshape(grid.cells, -1).mean(axis=1) >= 0.5
    return Coverage(share, share >= settings.min_coverage, filled)


def visible_points(
    xy_m: NDArray[np.float64],
    calibration: Calibration,
    scene: Scene,
    ignored_px: tuple[NDArray[np.float64], ...],
    shown_px: tuple[float, float, float, float],
    settings: MapSettings,
) -> NDArray[np.bool_]:
    """Whether a person standing at each (n, 2) floor point would have been counted, (n,) bool.

    Head to hip inside the picture and not hidden by furniture or a wall, box at least as high as the detector
    finds, below the horizon, outside ignored areas: hidden feet are rebuilt. Without a camera pose heights
    are unknown: then the foot point has to be inside the picture, and furniture hides only what stands in it.
    """
    foot = calibration.image_from_floor(xy_m)
    # Ignored is a box whose lower end stands in an ignored area; cut boxes end at the picture's edge.
    x0, y0, x1, y1 = shown_px
    seen = ~_in_any(np.clip(foot, (x0, y0), (x1, y1 - _LAST_ROW_PX)), ignored_px)
    seen &= ~_in_any(xy_m, tuple(f.xy_m for f in scene.furniture) + scene.ignored_floor_m)
    pose = calibration.pose
    if pose is None:
        return seen & _inside(foot, shown_px)
    head = pose.project(xy_m, settings.person_height_m)
    hip = pose.project(xy_m, settings.hip_height_m)
    seen &= _inside(head, shown_px) & _inside(hip, shown_px)
    least_px = settings.min_box_share * calibration.image_size_px[1]
    with np.errstate(invalid="ignore"):
        seen &= _box_height_px(pose, xy_m, settings.person_height_m) >= least_px
    camera = np.asarray(pose.camera_xy_m, dtype=np.float64)
    for piece in scene.furniture:
        outline = np.concatenate([piece.xy_m, piece.xy_m[:1]])
        seen &= ~_behind(
            xy_m, camera, float(pose.camera_height_m), outline, piece.height_m, settings.hip_height_m
        )
    for wall in scene.walls:
        # A camera hangs on a wall: the one at its back, give or take its position's error, hides nothing.
        far = _WALL_FROM_CAMERA_M
        seen &= ~_behind(
            xy_m, camera, float(pose.camera_height_m), wall.xy_m, np.inf, settings.hip_height_m, far
        )
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
    line_m: NDArray[np.float64],
    height_m: float,
    hip_height_m: float,
    far_m: float = 0.0,
) -> NDArray[np.bool_]:
    """Whether the ray from the camera to the hip of a person at each point runs into something upright.

    The ray sinks (or rises) steadily, so over a piece of furniture it is lowest at one end of its way across,
    and looking at the outline is enough. What is nearer to the camera than `far_m` is left out.
    """
    hidden = np.zeros(len(xy_m), dtype=np.bool_)
    d = xy_m - camera_xy_m
    away = np.hypot(*d.T)
    for a, b in itertools.pairwise(line_m):
        share = meetings(camera_xy_m, d, a, b)
        ray_m = camera_height_m + share * (hip_height_m - camera_height_m)
        hidden |= (share > 0) & (share < 1) & (ray_m < height_m) & (share * away >= far_m)
    return hidden


def _inside(xy_px: NDArray[np.float64], part_px: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Whether pixels lie in a part (x0, y0, x1, y1) of the picture; NaN does not."""
    with np.errstate(invalid="ignore"):
        inside = (xy_px >= np.array(part_px[:2])) & (xy_px <= np.array(part_px[2:]))
    return np.asarray(inside.all(axis=1))


def _in_any(xy: NDArray[np.float64], polygons: tuple[NDArray[np.float64], ...]) -> NDArray[np.bool_]:
    """Whether points lie in one of the polygons."""
    inside = np.zeros(len(xy), dtype=np.bool_)
    for polygon in polygons:
        inside |= shapely.contains_xy(shapely.Polygon(polygon), xy[:, 0], xy[:, 1])
    return inside

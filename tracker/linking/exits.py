"""Where people can come and go: at the picture's edge and, on a known floor, at doors."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.linking.whereabouts import Whereabouts
from tracker.settings import LinkingSettings

Part = tuple[float, float, float, float]


def at_exit(
    xyxy_px: NDArray[np.float64],
    where: Whereabouts,
    shown_px: Part,
    doors_m: tuple[NDArray[np.float64], ...],
    settings: LinkingSettings,
) -> NDArray[np.float64]:
    """How much each box lies where people come and go (n,): 1 at an exit, falling to 0 beyond.

    Args:
        xyxy_px: (n, 4) boxes.
        where: Where they are: on the floor if there are doors.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene.
        doors_m: Lines (n, 2) on the floor.
        settings: How far from an exit people appear and vanish.

    """
    share = _at_edge(xyxy_px, shown_px, settings)
    points = shapely.points(where.xy)
    for door in doors_m:
        away = shapely.distance(points, shapely.LineString(door)) / where.unit
        share = np.maximum(share, np.clip(2 - away / settings.door_heights, 0, 1))
    return np.asarray(share)


def _at_edge(xyxy_px: NDArray[np.float64], shown_px: Part, settings: LinkingSettings) -> NDArray[np.float64]:
    """The same of the left, right and lower edge of the picture; people do not come from above."""
    x0, _, x1, y1 = shown_px
    away = np.minimum(np.minimum(xyxy_px[:, 0] - x0, x1 - xyxy_px[:, 2]), y1 - xyxy_px[:, 3])
    height = np.maximum(xyxy_px[:, 3] - xyxy_px[:, 1], 1.0)
    return np.asarray(np.clip(1 - np.maximum(away / height, 0) / settings.edge_heights, 0, 1))

"""Where people can come and go: at the picture's edge and, on a known floor, at doors."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.linking.pieces import Pieces
from tracker.settings import LinkingSettings

Part = tuple[float, float, float, float]


def at_exit(
    pieces: Pieces, rows: NDArray[np.int64], shown_px: Part, doors_m: tuple[NDArray[np.float64], ...],
    settings: LinkingSettings,
) -> NDArray[np.float64]:  # fmt: skip
    """How much each of some boxes lies where people come and go (k,): 1 at an exit, falling to 0 beyond.

    Args:
        pieces: The boxes, on the floor if there are doors.
        rows: (k,) rows of `pieces`.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene.
        doors_m: Lines (n, 2) on the floor.
        settings: How far from an exit people appear and vanish.

    """
    share = _at_edge(pieces.xyxy_px[rows], shown_px, settings)
    points = shapely.points(pieces.where.xy[rows])
    unit = pieces.where.unit[rows]
    for door in doors_m:
        away = shapely.distance(points, shapely.LineString(door)) / unit
        share = np.maximum(share, np.clip(2 - away / settings.door_heights, 0, 1))
    return np.asarray(share)


def _at_edge(xyxy_px: NDArray[np.float64], shown_px: Part, settings: LinkingSettings) -> NDArray[np.float64]:
    """The same of the left, right and lower edge of the picture; people do not come from above."""
    x0, _, x1, y1 = shown_px
    away = np.minimum(np.minimum(xyxy_px[:, 0] - x0, x1 - xyxy_px[:, 2]), y1 - xyxy_px[:, 3])
    height = np.maximum(xyxy_px[:, 3] - xyxy_px[:, 1], 1.0)
    return np.asarray(np.clip(1 - np.maximum(away / height, 0) / settings.edge_heights, 0, 1))

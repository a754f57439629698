"""What hides the ends of people: the picture's edge, furniture, and other people."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from calibration.pose import CameraPose
from calibration.scene import Scene
from calibration.segments import meetings

# A box that comes this near to the picture's edge, as a share of the picture's height, goes on beyond it.
_EDGE_SHARE = 0.005
# A side that touches the edge cuts the person where their vertical runs at most 60 degrees off towards it.
_CUT_COSINE = 0.5
# Feet are seen where a shoe is.
_SHOE_M = 0.1
# Somebody hides the feet of those behind them with this share of their box's width, and stands nearer to the
# camera by at least so much.
_BODY_SHARE = 0.8
_NEARER_M = 0.15


def cut_by_edge(
    xyxy_px: NDArray[np.float64],
    way: NDArray[np.float64] | None,
    shown_px: tuple[float, float, float, float],
) -> NDArray[np.bool_]:
    """(N,) whether people go on beyond the picture where their boxes (N, 4) end.

    Args:
        xyxy_px: (N, 4) boxes.
        way: (N, 2) unit direction in the picture towards the end of the person that is asked for; None for
            straight down.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.

    """
    left, top, right, bottom = shown_px
    slack = _EDGE_SHARE * (bottom - top)
    touches = np.column_stack(
        [
            xyxy_px[:, 0] <= left + slack,
            xyxy_px[:, 1] <= top + slack,
            xyxy_px[:, 2] >= right - slack,
            xyxy_px[:, 3] >= bottom - slack,
        ]
    )
    if way is None:
        return np.asarray(touches[:, 3])
    towards = np.column_stack([-way, way]) >= _CUT_COSINE
    return np.asarray((touches & towards).any(axis=1))


def hidden_up_to_m(xy_m: NDArray[np.float64], pose: CameraPose, scene: Scene) -> NDArray[np.float64]:
    """(N,) height up to which furniture hides what stands at floor points (N, 2); 0 where it hides nothing.

    The ray from the camera to somebody at height z passes a piece's outline, after a share s of its way, at
    C + s (z - C) for a camera at height C: it clears the piece from z = C - (C - height) / s on. Infinite
    behind furniture taller than the camera.
    """
    camera = np.asarray(pose.camera_xy_m, dtype=np.float64)
    camera_m = float(pose.camera_height_m)
    hidden = np.zeros(len(xy_m))
    for piece in scene.furniture:
        for a, b in zip(piece.xy_m, np.roll(piece.xy_m, -1, axis=0), strict=True):
            share = meetings(camera, xy_m - camera, a, b)
            with np.errstate(divide="ignore", invalid="ignore"):
                clears = (
                    np.inf if piece.height_m >= camera_m else camera_m - (camera_m - piece.height_m) / share
                )
                between = (share > 0) & (share < 1)
            hidden = np.maximum(hidden, np.where(between, clears, 0.0))
    return hidden


def behind_furniture(xy_m: NDArray[np.float64], pose: CameraPose, scene: Scene) -> NDArray[np.bool_]:
    """(N,) whether the feet of somebody at floor points (N, 2) cannot be seen: behind furniture, or in it."""
    behind = hidden_up_to_m(xy_m, pose, scene) > _SHOE_M
    for piece in scene.furniture:
        behind |= shapely.contains_xy(shapely.Polygon(piece.xy_m), xy_m[:, 0], xy_m[:, 1])
    return behind


def behind_people(
    t_s: NDArray[np.float64],
    xyxy_px: NDArray[np.float64],
    foot_px: NDArray[np.float64],
    away_m: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """(N,) whether somebody nearer to the camera stands before the feet.

    Args:
        t_s: (N,) time of the picture that each box is from.
        xyxy_px: (N, 4) boxes.
        foot_px: (N, 2) where the feet would be seen; NaN is behind nobody.
        away_m: (N,) how far from the floor point below the camera people stand.

    """
    order = np.argsort(t_s, kind="stable")
    t, boxes, foot, away = t_s[order], xyxy_px[order], foot_px[order], away_m[order]
    spare = (1 - _BODY_SHARE) / 2 * (boxes[:, 2] - boxes[:, 0])
    low = np.column_stack([boxes[:, 0] + spare, boxes[:, 1]])
    high = np.column_stack([boxes[:, 2] - spare, boxes[:, 3]])
    behind = np.zeros(len(t), dtype=np.bool_)

    def before(j: NDArray[np.intp], i: NDArray[np.intp]) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            inside = ((foot[i] >= low[j]) & (foot[i] <= high[j])).all(axis=1)
            return np.asarray(inside & (away[j] < away[i] - _NEARER_M))

    # Rows of one picture lie together: compare each with the next, the next but one and so on.
    rows = np.arange(len(t) - 1)
    for step in range(1, len(t)):
        rows = rows[rows + step < len(t)]
        rows = rows[t[rows + step] == t[rows]]
        if len(rows) == 0:
            break
        behind[rows] |= before(rows + step, rows)
        behind[rows + step] |= before(rows, rows + step)
    found = np.zeros(len(t), dtype=np.bool_)
    found[order] = behind
    return found

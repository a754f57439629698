"""What a calibration looks like, for the browser: pictures to lay over the plan, and lattices of answers.

A lattice holds, for points spread evenly over a canvas, what the camera model says there, so that the browser
can draw a figure under the mouse by reading between them and needs to know no camera.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from matplotlib.colors import to_rgba
from numpy.typing import NDArray

from calibration.accuracy import PERSON_M, floor_sigma_m
from calibration.calibration import Calibration
from dwellmap.calibration_picture import BAND_COLOURS, BANDS_CM, BEYOND
from dwellmap.studio.calibrating import Point

_COLUMNS = 61
_WARP_PX, _SIGMA_PX = 1000, 240


def camera_lattice(calibration: Calibration) -> dict[str, Any]:
    """For points of the picture: the floor point in metres, and the head in pixels of somebody there."""
    w, h = calibration.image_size_px
    px, columns, rows = _spread((-0.5, -0.5, w - 0.5, h - 0.5))
    floor = calibration.floor_from_image(px)
    return _lattice(columns, rows, np.column_stack([floor, _heads(calibration, floor)]))


def plan_lattice(calibration: Calibration, size_m: Point) -> dict[str, Any]:
    """For points of the plan: foot and head in pixels of somebody there; unknown out of the picture."""
    floor, columns, rows = _spread((0.0, 0.0, *size_m))
    foot = calibration.image_from_floor(floor)
    w, h = calibration.image_size_px
    with np.errstate(invalid="ignore"):
        near = np.all((foot > -0.2 * w) & (foot < np.array([1.2 * w, h + 0.2 * w])), axis=1)
    answers = np.column_stack([foot, _heads(calibration, floor)])
    answers[~near] = np.nan
    return _lattice(columns, rows, answers)


def warped_still(calibration: Calibration, still_rgb: NDArray[np.uint8], size_m: Point) -> NDArray[np.uint8]:
    """The camera's picture (height, width, 4) RGBA as it lies on the plan, transparent where it ends."""
    h, w = still_rgb.shape[:2]
    fitted = calibration.for_image_size((w, h))
    floor, columns, rows = _pixels(size_m, _WARP_PX)
    px = fitted.image_from_floor(floor)
    with np.errstate(invalid="ignore"):
        seen = np.all((px >= -0.5) & (px <= np.array([w, h]) - 0.5), axis=1)
    at = np.where(seen[:, None], px, -10.0).astype(np.float32).reshape(rows, columns, 2)
    rgb = cv2.remap(still_rgb, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = np.where(seen, 255, 0).astype(np.uint8).reshape(rows, columns)
    return np.asarray(np.dstack([rgb, alpha]), dtype=np.uint8)


def sigma_picture(calibration: Calibration, size_m: Point) -> NDArray[np.uint8]:
    """How far off positions on the plan are, 1-sigma, as colours (height, width, 4) RGBA.

    Of a detected person where the camera's pose is known, else of the calibration alone; transparent out of
    the picture.
    """
    w, h = calibration.image_size_px
    floor, columns, rows = _pixels(size_m, _SIGMA_PX)
    px = calibration.image_from_floor(floor)
    with np.errstate(invalid="ignore"):
        seen = np.all((px >= -0.5) & (px <= np.array([w, h]) - 0.5), axis=1)
    sigma_cm = np.full(len(floor), np.nan)
    sigma_cm[seen] = 100 * floor_sigma_m(calibration, floor[seen])[0 if calibration.pose is None else 1]
    colours = np.array([to_rgba(colour) for colour in (*BAND_COLOURS, BEYOND)])
    band = np.clip(np.searchsorted(BANDS_CM, np.nan_to_num(sigma_cm), side="right") - 1, 0, len(colours) - 1)
    rgba = np.round(255 * colours[band])
    rgba[~np.isfinite(sigma_cm), 3] = 0
    return np.asarray(rgba.reshape(rows, columns, 4), dtype=np.uint8)


def _heads(calibration: Calibration, floor: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) where the head of a person of 1.7 m is in the picture; NaN without a pose."""
    if calibration.pose is None:
        return np.full((len(floor), 2), np.nan)
    return np.asarray(calibration.pose.project(floor, PERSON_M), dtype=np.float64)


def _spread(extent: tuple[float, float, float, float]) -> tuple[NDArray[np.float64], int, int]:
    """Points (N, 2) from edge to edge of an extent, row by row, about as dense both ways."""
    x0, y0, x1, y1 = extent
    rows = _rows(_COLUMNS, x1 - x0, y1 - y0)
    x, y = np.meshgrid(np.linspace(x0, x1, _COLUMNS), np.linspace(y0, y1, rows))
    return np.column_stack([x.ravel(), y.ravel()]), _COLUMNS, rows


def _pixels(size_m: Point, longer: int) -> tuple[NDArray[np.float64], int, int]:
    """Centres (N, 2) on the plan of a picture's pixels, so many along its longer side."""
    w, h = size_m
    columns = longer if w >= h else _rows(longer, h, w)
    rows = longer if h > w else _rows(longer, w, h)
    x, y = np.meshgrid((np.arange(columns) + 0.5) * w / columns, (np.arange(rows) + 0.5) * h / rows)
    return np.column_stack([x.ravel(), y.ravel()]), columns, rows


def _rows(columns: int, width: float, height: float) -> int:
    return int(np.clip(round(columns * height / width), 2, 4 * columns))


def _lattice(columns: int, rows: int, answers: NDArray[np.float64]) -> dict[str, Any]:
    known = np.isfinite(answers)
    values = [round(float(v), 3) if k else None for v, k in zip(answers.ravel(), known.ravel(), strict=True)]
    return {"columns": columns, "rows": rows, "values": values}

"""The region of interest: which pixels of the picture count."""

from __future__ import annotations

import math

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from analytics.zones import Zone
from calibration.calibration import Calibration

# Straight lines on the floor are curves through a wide lens.
_OUTLINE_STEP_M = 0.1

Polygon = NDArray[np.float64]


def parse_roi(text: str, size_px: tuple[int, int]) -> Polygon:
    """A region as typed: "x,y x,y" are opposite corners of a rectangle, three points or more a polygon.

    Coordinates are pixels of the recording, or a share of its width and height with a % sign.

    Args:
        text: What was typed.
        size_px: (width, height) of the recording.

    Returns:
        (n, 2) corners in pixels.

    Raises:
        ValueError: If it is no region, or lies outside the picture.

    """
    points = [
        [_coordinate(part, text, size_px[i]) for i, part in enumerate(_pair(p, text))] for p in text.split()
    ]
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        points = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    corners = np.array(points, dtype=np.float64).reshape(-1, 2)
    outline = shapely.Polygon(corners) if len(corners) >= 3 else None
    if outline is None or not outline.is_valid or outline.area <= 0:
        raise ValueError(_expected(text, "its points enclose no area, or its outline crosses itself"))
    if not outline.intersects(shapely.box(-0.5, -0.5, size_px[0] - 0.5, size_px[1] - 0.5)):
        raise ValueError(f"--roi {text!r}: lies outside the picture of {size_px[0]}x{size_px[1]} pixels")
    return corners


def counting_pixels(
    size_px: tuple[int, int],
    working_px: tuple[int, int],
    regions: tuple[Polygon, ...],
    ignored: tuple[Polygon, ...] = (),
) -> NDArray[np.bool_]:
    """(h, w) bool at the working size: inside one of the regions (everywhere without any), and not ignored.

    Args:
        size_px: (width, height) of the recording, in whose pixels the polygons are.
        working_px: (width, height) of the result.
        regions: Polygons (n, 2).
        ignored: Polygons (n, 2).

    """
    counts = np.full(working_px[::-1], 0 if regions else 1, dtype=np.uint8)
    for polygons, value in ((regions, 1), (ignored, 0)):
        for polygon in polygons:
            at = (polygon + 0.5) * np.array(working_px) / size_px - 0.5
            # Sixteenths of a pixel; what reaches far out of the picture is cut by OpenCV.
            corners = np.rint(np.clip(at, -1e4, 1e5) * 16).astype(np.int32)
            cv2.fillPoly(counts, [corners], value, shift=4)
    return counts.astype(np.bool_)


def _pair(point: str, text: str) -> list[str]:
    parts = point.split(",")
    if len(parts) != 2:
        raise ValueError(_expected(text, f"{point!r} is no point"))
    return parts


def _coordinate(part: str, text: str, extent_px: int) -> float:
    try:
        value = float(part.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e6:
        raise ValueError(_expected(text, f"{part!r} is no number"))
    return value / 100 * extent_px - 0.5 if part.endswith("%") else value


def _expected(text: str, got: str) -> str:
    return (
        f"--roi {text!r}: expected points x,y apart by blanks, in pixels or per cent of the picture, two for "
        f"the corners of a rectangle ('10%,20% 60%,90%') or more for a polygon, or the name of a zone; {got}"
    )


def zone_in_picture(zone: Zone, calibration: Calibration) -> Polygon:
    """The outline (n, 2) of a zone of the plan as the camera sees it, pixels; nothing behind the camera.

    Raises:
        ValueError: If the camera sees none of it.

    """
    outline = shapely.segmentize(shapely.Polygon(zone.xy_m), _OUTLINE_STEP_M)
    px = calibration.image_from_floor(shapely.get_coordinates(outline)[:-1])
    px = px[np.isfinite(px).all(axis=1)]
    width, height = calibration.image_size_px
    seen = shapely.Polygon(px).buffer(0) if len(px) >= 3 else shapely.Polygon()
    if not seen.intersects(shapely.box(0, 0, width - 1, height - 1)):
        raise ValueError(f"--roi {zone.name!r}: the camera sees nothing of this zone")
    return px

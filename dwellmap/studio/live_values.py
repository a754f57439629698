"""The maps of a camera that is watched now, as the studio shows them."""

from __future__ import annotations

import base64
from typing import Literal

import cv2
import numpy as np

from analytics.maps import GridMap
from analytics.palette import kinds_of, scale_of
from analytics.rolling import LiveMaps
from dwellmap.live.snapshot import FloorNow
from dwellmap.run_maps import RunMap
from tracker.scenepicture import NEVER_FREE_GREY

Name = Literal["heat", "visits", "dwell", "attention", "stops"]
NAMES: dict[Name, str] = {
    "heat": "Heat", "visits": "Entries", "dwell": "Total dwell", "attention": "Attention span",
    "stops": "Stop heat",
}  # fmt: skip
MEANING: dict[Name, str] = {
    "heat": "How many people stand in a place at any moment, on average over the time watched.",
    "visits": "How often somebody was seen to come into each cell; people are counted in the hour's run.",
    "dwell": "The time that all people together spent in each cell.",
    "attention": "How long one visit to a cell lasts, dwell over entries: time spent, not gaze.",
    "stops": "Where people stood still for a while; it fades, so that the newest stops show most.",
}
_BOX_BGR, _WIDTH_PX = (184, 103, 0), 640


def shown_map(floor: FloorNow, name: Name, since_start: bool, min_entries: int) -> RunMap | None:
    """A map to show; None where there is none yet."""
    maps = floor.total if since_start else floor.window
    if maps is None:
        return None
    grid_map = _grid_map(floor, maps, name, min_entries)
    # What is not a number in dwell was not seen.
    seen = (~np.isnan(maps.dwell_s)).reshape(floor.grid.shape).astype(np.float64)
    kinds = kinds_of(grid_map, seen, 0.5)
    return RunMap(grid_map, kinds, scale_of(grid_map, kinds))


def _grid_map(floor: FloorNow, maps: LiveMaps, name: Name, min_entries: int) -> GridMap:
    grid = floor.grid
    area = "m²" if grid.unit == "m" else "10 000 px²"
    per_area = 1.0 if grid.unit == "m" else 1e4
    values, unit = {
        "heat": (maps.heat * per_area, f"people per {area}"),
        "visits": (maps.entries, "entries"),
        "dwell": (maps.dwell_s, "person-seconds"),
        "attention": (maps.attention_s, "seconds per visit"),
        "stops": (floor.stop_heat * per_area, f"person-seconds per {area}"),
    }[name]
    with np.errstate(invalid="ignore"):
        few = (maps.entries < min_entries) & (maps.dwell_s > 0)
    if name == "stops":
        few = np.zeros(grid.cells, dtype=np.bool_)
    nowhere = np.zeros(grid.shape, dtype=np.bool_)
    # "heat" has the rule for what fades out in all directions.
    kind = "heat" if name == "stops" else name
    return GridMap(kind, values.reshape(grid.shape), few.reshape(grid.shape), nowhere, unit, grid)


def camera_picture(floor: FloorNow) -> str:
    """Boxes over the people-free scene, or over the picture where it is wanted, as the address of an image.

    The image is in the address itself (RFC 2397): it changes each second, and none is kept.
    """
    width, height = floor.view.size_px
    scale = min(1.0, _WIDTH_PX / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = floor.scene_bgr
    if floor.picture_jpeg is not None:
        picture = np.asarray(cv2.imdecode(np.frombuffer(floor.picture_jpeg, np.uint8), cv2.IMREAD_COLOR))
    if picture is None:
        picture = np.full((size[1], size[0], 3), NEVER_FREE_GREY, dtype=np.uint8)
    shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    for x0, y0, x1, y1 in (floor.xyxy_px * scale).round().astype(int).tolist():
        cv2.rectangle(shown, (x0, y0), (x1, y1), (255, 255, 255), 4)
        cv2.rectangle(shown, (x0, y0), (x1, y1), _BOX_BGR, 2)
    done, content = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return "data:image/jpeg;base64," + base64.b64encode(content.tobytes() if done else b"").decode()

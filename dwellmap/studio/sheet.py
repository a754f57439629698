"""What a plan shows in the studio: its drawing or an empty sheet, what is on it, what the cameras see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.footprint import footprint_m
from calibration.overlay import grid_step_m
from calibration.pictures import read_picture
from dwellmap.site import Camera, Site
from dwellmap.studio.canvas import Canvas, Mark, Shape
from dwellmap.studio.outlines import Kind, Outline
from dwellmap.studio.overlays import warped_still
from dwellmap.studio.pictures import Pictures

_COLOURS: dict[Kind, str] = {
    "zone": "#0067b8", "door": "#2b8a3e", "wall": "#1f2933", "furniture": "#8d5a1a", "ignored": "#b42318",
}  # fmt: skip
_STAFF, _VIEW = "#6741d9", "#c05600"


def draw_plan(canvas: Canvas, site: Site, pictures: Pictures) -> None:
    """Show the plan's drawing, or an empty sheet with a grid."""
    if site.plan.picture is not None:
        canvas.show(picture=pictures.keep(site.plan.load_picture()))
    else:
        canvas.ruled(sheet_lines(site.plan.size_m))


def sheet_lines(size_m: tuple[float, float]) -> list[NDArray[np.float64]]:
    """Lines (2, 2) in metres, a round distance apart, over a sheet of a size."""
    w, h = size_m
    step = grid_step_m((0.0, 0.0, w, h))
    upright = [np.array([[x, 0.0], [x, h]]) for x in np.arange(0, w + 1e-9, step)]
    level = [np.array([[0.0, y], [w, y]]) for y in np.arange(0, h + 1e-9, step)]
    return [*upright, *level]


def shape_of(outline: Outline) -> Shape:
    """How an outline is drawn."""
    return Shape(
        "line" if outline.is_line else "polygon",
        [[x, y] for x, y in outline.points],
        outline.name,
        _STAFF if outline.staff_only else _COLOURS[outline.kind],
        outline.kind == "ignored",
    )


def draw_cameras(site: Site) -> tuple[list[Shape], list[Mark]]:
    """What each calibrated camera sees of the plan, and where it hangs if that is on the plan."""
    shapes, marks = [], []
    extent = (0.0, 0.0, *site.plan.size_m)
    for number, (camera, calibration) in enumerate(_calibrated(site)):
        seen = footprint_m(calibration, extent)
        if seen is not None and len(seen):
            points = [[float(x), float(y)] for x, y in seen]
            shapes.append(Shape("polygon", points, "", _VIEW, dashed=True))
        if calibration.pose is not None and site.plan.contains(np.array([calibration.pose.camera_xy_m]))[0]:
            marks.append(Mark(number, *calibration.pose.camera_xy_m, camera.name))
    return shapes, marks


def stills_on_plan(site: Site) -> list[NDArray[np.uint8]]:
    """The cameras' pictures as they lie on the plan (height, width, 4) RGBA."""
    found = []
    for camera, calibration in _calibrated(site):
        if camera.still is not None:
            try:
                still = read_picture(camera.still, "still")
                found.append(warped_still(calibration, still, site.plan.size_m))
            except ValueError:
                continue  # a damaged still is told of where the camera is calibrated
    return found


def _calibrated(site: Site) -> Iterator[tuple[Camera, Calibration]]:
    for camera in site.cameras:
        if camera.calibration is not None:
            try:
                yield camera, Calibration.load(camera.calibration)
            except ValueError:
                continue  # told of beside the camera's name

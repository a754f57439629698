"""The floor plan: an empty sheet in metres, or a picture whose scale is set by a known distance."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from nicegui import ui
from nicegui.events import GenericEventArguments, UploadEventArguments, ValueChangeEventArguments
from numpy.typing import NDArray

from calibration.pictures import read_picture
from calibration.plan import MAX_SIDE_M, FloorPlan
from dwellmap.site import STILL_END
from dwellmap.studio.calibrating import Point
from dwellmap.studio.canvas import Canvas, Mark
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.shell import note, tell
from dwellmap.studio.still_choice import PICTURES, REJECTED
from dwellmap.studio.uploads import LARGEST_UPLOAD_BYTES, uploaded_picture, write_beside

_MOST_LISTED = 100
_SHEET, _PICTURE = "An empty sheet", "A picture of the plan"


def metres_per_pixel(a_px: Point, b_px: Point, distance_m: float) -> float:
    """The scale of a plan picture, from two points and the distance between them on the floor.

    Raises:
        ValueError: If the points are the same, or the distance makes no sense.

    """
    apart = math.dist(a_px, b_px)
    if apart < 2:
        raise ValueError(
            "scale: expected two points that lie apart on the plan; click them far from each other"
        )
    if not 0 < distance_m <= MAX_SIDE_M:
        raise ValueError(f"scale: expected a distance between 0 and {MAX_SIDE_M:g} m, got {distance_m:g}")
    return distance_m / apart


class PlanForm:
    """Lets a person choose a plan; `finished` gives it."""

    def __init__(self, pictures: Pictures, folder: Path) -> None:
        self._pictures = pictures
        self._rgb: NDArray[np.uint8] | None = None
        self._name = "plan"
        self._lies_at: Path | None = None
        self._points: list[Point] = []
        self._kind = ui.radio([_SHEET, _PICTURE], value=_SHEET, on_change=self._shown).props("inline")
        with ui.element("div").classes("studio-row") as self._sheet:
            self._width = ui.number("Width, m", value=12.0, min=0.5, max=MAX_SIDE_M).props("dense outlined")
            self._height = ui.number("Depth, m", value=8.0, min=0.5, max=MAX_SIDE_M).props("dense outlined")
        with ui.element("div").style("display: flex; flex-direction: column; gap: 8px") as self._picture:
            lying = {str(path): path.name for path in _pictures_in(folder)}
            if lying:
                ui.select(lying, label="A picture beside the site file", on_change=self._picked).props(
                    "outlined dense"
                )
            ui.upload(
                label="Picture of the plan, seen from above", auto_upload=True, on_upload=self._uploaded,
                max_file_size=LARGEST_UPLOAD_BYTES,
                on_rejected=lambda: tell(REJECTED, good=False),
            ).props(f"accept={PICTURES} flat bordered")  # fmt: skip
            with ui.element("div").classes("studio-stage"):
                self._canvas = Canvas("The plan: click two points", "px", (0.0, 0.0, 100.0, 60.0), "points")
            self._canvas.on("place", self._placed)
            self._canvas.on("move", self._moved)
            self._canvas.on("undo", self._undo)
            with ui.element("div").classes("studio-row"):
                ui.label("Click two points whose distance you know, then type it:")
                self._distance = ui.number("Distance, m", min=0.01, on_change=self._scaled).props(
                    "dense outlined"
                )
                self._told = ui.label("").classes("studio-note")
        self._shown()

    def finished(self, folder: Path) -> FloorPlan:
        """The plan; a picture is written into the folder.

        Raises:
            ValueError: If something is missing, saying what.
            OSError: If the folder cannot be written to.

        """
        if self._kind.value == _SHEET:
            width, height = self._width.value, self._height.value
            if width is None or height is None:
                raise ValueError("plan: expected its width and depth in metres; type both")
            return FloorPlan((float(width), float(height)))
        if self._rgb is None:
            raise ValueError("plan: expected a picture of it; choose a file, or take an empty sheet")
        scale = self._scale()
        height, width = self._rgb.shape[:2]
        FloorPlan((width * scale, height * scale), scale)  # says what is wrong before anything is written
        file = self._lies_at or write_beside(folder, self._name, self._rgb)
        return FloorPlan.from_picture(file, scale)

    def forget(self, plan: FloorPlan) -> None:
        """Take away the picture that was written for a plan that is not used after all."""
        if plan.picture is not None and plan.picture != self._lies_at:
            plan.picture.unlink(missing_ok=True)

    def _scale(self) -> float:
        if len(self._points) < 2 or self._distance.value is None:
            raise ValueError(
                "plan: it has no scale yet; click two points whose distance you know, and type the distance"
            )
        return metres_per_pixel(self._points[0], self._points[1], float(self._distance.value))

    def _shown(self) -> None:
        self._sheet.set_visibility(self._kind.value == _SHEET)
        self._picture.set_visibility(self._kind.value == _PICTURE)

    async def _uploaded(self, event: UploadEventArguments) -> None:
        content = await event.file.read()
        try:
            self._rgb = uploaded_picture(content, event.file.name)
        except ValueError as error:
            tell(str(error), good=False)
            return
        self._name, self._lies_at = event.file.name, None
        self._show_picture(self._rgb)

    def _picked(self, event: ValueChangeEventArguments[str]) -> None:
        path = Path(str(event.value))
        try:
            self._rgb = read_picture(path, "plan")
        except ValueError as error:
            tell(str(error), good=False)
            return
        self._lies_at = path
        self._show_picture(self._rgb)

    def _show_picture(self, rgb: NDArray[np.uint8]) -> None:
        self._points = []
        h, w = rgb.shape[:2]
        self._canvas.show(picture=self._pictures.keep(rgb), extent=[-0.5, -0.5, w - 0.5, h - 0.5])
        self._scaled()

    def _placed(self, event: GenericEventArguments) -> None:
        if self._rgb is None:
            tell("Choose the picture of the plan first.", good=False)
            return
        self._points = [*self._points, (float(event.args["x"]), float(event.args["y"]))][-2:]
        self._scaled()

    def _moved(self, event: GenericEventArguments) -> None:
        self._points[int(event.args["index"])] = (float(event.args["x"]), float(event.args["y"]))
        self._scaled()

    def _undo(self) -> None:
        self._points = self._points[:-1]
        self._scaled()

    def _scaled(self) -> None:
        self._canvas.marks([Mark(i, *at, "AB"[i]) for i, at in enumerate(self._points)])
        self._canvas.grid([np.array(self._points)] if len(self._points) == 2 else [])
        self._told.set_text(self._scale_in_words())

    def _scale_in_words(self) -> str:
        try:
            scale = self._scale()
        except ValueError as error:
            return str(error).partition("; ")[2] or str(error)
        if self._rgb is None:
            return "Choose the picture of the plan first."
        h, w = self._rgb.shape[:2]
        return f"{100 * scale:.2f} cm in a pixel: the plan is {w * scale:.1f} x {h * scale:.1f} m"


def _pictures_in(folder: Path) -> list[Path]:
    endings = set(PICTURES.split(","))
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in endings and not path.name.endswith((STILL_END, ".check.png"))
    )[:_MOST_LISTED]


def plan_in_words(plan: FloorPlan) -> None:
    """Say what the plan is."""
    w, h = plan.size_m
    if plan.picture is None or plan.metres_per_pixel is None:
        note(f"An empty sheet of {w:g} x {h:g} m.")
    else:
        note(f"{plan.picture.name}, {100 * plan.metres_per_pixel:.2f} cm in a pixel: {w:.1f} x {h:.1f} m.")

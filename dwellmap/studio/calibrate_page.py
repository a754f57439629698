"""The page on which a camera is calibrated: its picture left, the plan right, the errors below."""

from __future__ import annotations

import asyncio
from copy import copy
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import run, ui
from nicegui.events import GenericEventArguments

from calibration.accuracy import PERSON_M
from calibration.fit import Fit
from calibration.overlay import floor_lines_px, grid_step_m
from calibration.pairs import LEAST_PAIRS
from dwellmap.calibration_saving import ChangedOnDiskError, id_on_disk
from dwellmap.site import Camera, Site
from dwellmap.studio.calibrating import CalibrationDraft, FitOptions, Side
from dwellmap.studio.canvas import Canvas, Mark, State
from dwellmap.studio.fit_options import options_form
from dwellmap.studio.fit_report import fit_report, sigma_legend
from dwellmap.studio.overlays import camera_lattice, plan_lattice, sigma_picture, warped_still
from dwellmap.studio.pair_table import Changes, Judged, PairTable, judgements, next_step
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.saving import ask_about_disk, save_calibration
from dwellmap.studio.sheet import draw_plan
from dwellmap.studio.shell import frame, note, opened, problem, tell
from dwellmap.studio.still_choice import Picture, still_choice
from dwellmap.studio.workspace import Workspace

_EMPTY_PX = (1280, 720)


def build(workspace: Workspace, pictures: Pictures, camera: str | None) -> None:
    """Build the page.

    Args:
        workspace: What is worked on.
        pictures: Where pictures are handed out.
        camera: Name of the camera; None takes the first.

    """
    with frame("Calibrate", "/calibrate", workspace):
        found = opened(workspace)
        if found is None:
            return
        try:
            chosen = workspace.camera(found.site, camera)
        except ValueError as error:
            problem(str(error))
            return
        _CalibratePage(workspace, pictures, found.site, chosen).build()


class _CalibratePage:
    """The page of one camera."""

    def __init__(self, workspace: Workspace, pictures: Pictures, site: Site, camera: Camera) -> None:
        self.workspace, self.pictures = workspace, pictures
        self.site, self.camera = site, camera
        self.draft: CalibrationDraft = workspace.draft(site, camera)
        self.chosen = -1
        self.fitted: Fit | None = None
        self.fault: str | None = None
        self.fit_number = self.fitted_number = 0
        self.seen_version = self.draft.version
        self.grid = True
        self.layers = {"still": 0.0, "sigma": 0.0}
        self.urls: dict[str, str] = {}

    # ---- what the page is made of ----
    def build(self) -> None:
        """Lay the page out."""
        with ui.element("div").classes("studio-row"):
            ui.html("<h1>Calibrate</h1>", sanitize=False)
            names = [camera.name for camera in self.site.cameras]
            ui.select(names, value=self.camera.name, label="Camera", on_change=self._other_camera).classes(
                "studio-field"
            ).props("dense outlined options-dense")
            still_choice(self.workspace, self.site, self.camera, self._show_still)
            ui.space()
            self.undo_button = ui.button("Undo", icon="undo", on_click=self._undo).props("flat dense")
            self.clear_button = ui.button("Remove all", icon="delete_sweep", on_click=self._clear).props(
                "flat dense"
            )
            self.save_button = ui.button("Save calibration", icon="save", on_click=self._save)
        for text in self.draft.problems:
            problem(text)
        with ui.element("div").classes("studio-two"):
            self._build_camera()
            self._build_plan()
        with ui.element("div").classes("studio-side"):
            with ui.element("section").classes("studio-card").props('aria-label="Pairs"'):
                with ui.element("div").classes("studio-row"):
                    ui.html("<h2>Pairs</h2>", sanitize=False)
                    self.hint = ui.label().classes("studio-note")
                self.table = PairTable(Changes(self._named, self._typed, self._remove))
            with ui.element("section").classes("studio-card").props('aria-label="How good it is"'):
                self._report()
                options_form(self.draft.options, self._options)
        self._refresh_still()
        ui.timer(0.05, self._changed, once=True)

    def _build_camera(self) -> None:
        with ui.element("section").classes("studio-card"):
            with ui.element("div").classes("studio-row"):
                ui.html("<h2>The camera's picture</h2>", sanitize=False)
                ui.space()
                ui.checkbox("Metre grid", value=True, on_change=self._redraw_grid).props("dense")
            with ui.element("div").classes("studio-stage"):
                w, h = self.draft.size_px or _EMPTY_PX
                self.image = Canvas("The camera's picture", "px", (-0.5, -0.5, w - 0.5, h - 0.5), "points")
                self.image.pair_with("calibrate", "camera")
            note(
                f"The figure under the mouse is {PERSON_M:g} m tall: does it fit the doors? The wheel zooms."
            )
        self._listen(self.image, "image")

    def _build_plan(self) -> None:
        with ui.element("section").classes("studio-card"):
            with ui.element("div").classes("studio-row"):
                ui.html("<h2>The floor plan</h2>", sanitize=False)
                ui.space()
                self._slider("Picture on the plan", "still")
                self._slider("Uncertainty", "sigma")
            with ui.element("div").classes("studio-stage"):
                w, h = self.site.plan.size_m
                self.floor = Canvas("The floor plan", "m", (0.0, 0.0, w, h), "points")
                self.floor.pair_with("calibrate", "plan")
                draw_plan(self.floor, self.site, self.pictures)
            sigma_legend()
        self._listen(self.floor, "floor")

    def _slider(self, text: str, layer: str) -> None:
        ui.label(text).classes("studio-note").props(f'id="label-{layer}"')
        ui.slider(min=0, max=1, step=0.05, value=0, on_change=partial(self._opacity, layer)).props(
            f'aria-labelledby="label-{layer}" dense'
        ).style("width: 84px").mark(f"slider-{layer}")

    def _listen(self, canvas: Canvas, side: Side) -> None:
        canvas.on("place", partial(self._place, side))
        canvas.on("move", partial(self._move, side))
        canvas.on("choose", lambda event: self._choose(int(event.args["index"])))
        canvas.on("remove", lambda event: self._remove(int(event.args["index"])))
        canvas.on("undo", self._undo)

    # ---- what a person does ----
    async def _place(self, side: Side, event: GenericEventArguments) -> None:
        if side == "image" and self.draft.still_rgb is None:
            tell("Choose a picture of the camera first (above).", good=False)
            return
        if not self._is_current():
            return
        try:
            # The pair in hand is completed before an older one that waits.
            held = self.chosen if 0 <= self.chosen < len(self.draft.pairs) else -1
            self.chosen = self.draft.place(side, _point(event), held)
        except ValueError as error:
            tell(str(error), good=False)
        if self.draft.pairs and self.draft.pairs[self.chosen].whole:
            self.chosen = -1
        await self._changed()

    async def _move(self, side: Side, event: GenericEventArguments) -> None:
        index, at = int(event.args["index"]), _point(event)
        if not self._is_current() or not 0 <= index < len(self.draft.pairs):
            return
        self.draft.move(index, side, at)
        await self._changed()

    def _choose(self, index: int) -> None:
        self.chosen = index
        self._show_points()
        self._show_table()

    async def _remove(self, index: int) -> None:
        if not self._is_current():
            return
        if 0 <= index < len(self.draft.pairs):
            self.draft.remove(index)
        self.chosen = -1
        await self._changed()

    async def _undo(self) -> None:
        if not self._is_current():
            return
        self.draft.undo()
        self.chosen = -1
        await self._changed()

    async def _clear(self) -> None:
        if not self._is_current():
            return
        self.draft.clear()
        self.chosen = -1
        await self._changed()

    async def _typed(self, index: int, side: Side, axis: int, text: str) -> None:
        if not self._is_current():
            return
        try:
            self.draft.set_number(index, side, axis, text)
        except ValueError as error:
            tell(str(error), good=False)
        await self._changed()

    async def _named(self, index: int, label: str) -> None:
        if not self._is_current():
            return
        try:
            self.draft.rename(index, label)
        except ValueError as error:
            tell(str(error), good=False)
        await self._changed()

    async def _swap(self, i: int, j: int) -> None:
        if not self._is_current():
            return
        labels = [pair.label for pair in self.draft.pairs]
        whole = self.draft.whole
        self.draft.swap(whole[i], whole[j])
        tell(f"Exchanged the floor points of {labels[whole[i]]} and {labels[whole[j]]}.")
        await self._changed()

    async def _options(self, lens: str, height: str) -> None:
        try:
            self.draft.choose(FitOptions.typed(lens, height))
        except ValueError as error:
            tell(str(error), good=False)
            return
        await self._changed()

    def _other_camera(self, event: Any) -> None:
        ui.navigate.to(f"/calibrate?camera={quote(event.value)}")

    async def _show_still(self, picture: Picture, keep: Picture, told: str) -> None:
        try:
            self.draft.show(picture, keep)
        except ValueError as error:
            tell(str(error), good=False)
            return
        self._refresh_still()
        tell(told)
        await self._changed()

    def _opacity(self, layer: str, event: Any) -> None:
        self.layers[layer] = float(event.value)
        self._show_layers()

    def _redraw_grid(self, event: Any) -> None:
        self.grid = bool(event.value)
        self._show_grid()

    async def _save(self) -> None:
        # What was changed a moment ago is still being fitted.
        while self.fitted_number != self.fit_number:
            await asyncio.sleep(0.05)
        if not self._is_current():
            return
        if self.fitted is None:
            tell(self.fault or f"Set at least {LEAST_PAIRS} pairs first.", good=False)
            return
        try:
            told = save_calibration(self.workspace, self.draft, self.fitted.calibration)
        except ChangedOnDiskError:
            self._ask_about_disk()
            return
        except (ValueError, OSError) as error:
            tell(str(error), good=False)
            return
        self.seen_version = self.draft.version
        tell(told)
        self._show_table()

    def _ask_about_disk(self) -> None:
        file = self.workspace.calibration_file(self.camera)

        async def over() -> None:
            self.draft.disk_id = id_on_disk(file)
            await self._save()

        def read_again() -> None:
            self.workspace.calibrations.pop(self.camera.name, None)
            ui.navigate.reload()

        ask_about_disk(file.name, over, read_again)

    # ---- what it shows ----
    async def _changed(self) -> None:
        """The pairs changed: show them at once, and the fit when it is there."""
        self.fit_number += 1
        number = self.fit_number
        self.seen_version = self.draft.version
        self._show_points()
        self._show_table()
        # A copy, for the draft may change under the fit; None if the studio is ending.
        answer = await run.io_bound(copy(self.draft).try_to_fit)
        if answer is None or number != self.fit_number:
            return  # there is a newer one under way
        self.fitted, self.fault = answer
        self.fitted_number = number
        self._draw_fit()

    def _draw_fit(self) -> None:
        self.urls.clear()
        calibration = None if self.fitted is None else self.fitted.calibration
        of_picture = None if calibration is None else camera_lattice(calibration)
        self.image.show(lattice=of_picture)
        of_plan = None if calibration is None else plan_lattice(calibration, self.site.plan.size_m)
        self.floor.show(lattice=of_plan)
        self._show_points()
        self._show_grid()
        self._show_layers()
        self._show_table()
        self._report.refresh()

    def _show_points(self) -> None:
        judged = self._judgement()
        for canvas, side in ((self.image, "image"), (self.floor, "floor")):
            marks = []
            for i, pair in enumerate(self.draft.pairs):
                at = pair.image_px if side == "image" else pair.floor_m
                if at is None:
                    continue
                said = judged.get(i)
                state: State = "open" if not pair.whole else "ok" if said is None or said.used else "out"
                told = said.off if said is not None and side == "image" else ""
                marks.append(Mark(i, at[0], at[1], pair.label.removeprefix("pair "), state, told))
            canvas.marks(marks)
            canvas.show(chosen=self.chosen)

    def _is_current(self) -> bool:
        """Whether the draft is what this page shows; else another tab changed it, and it is shown anew."""
        if self.seen_version == self.draft.version and self.workspace.draft_is(self.draft):
            return True
        tell("This camera was changed in another tab; this page shows it anew now.", good=False)
        ui.navigate.reload()
        return False

    def _judgement(self) -> dict[int, Judged]:
        """What the fit says of the pairs, by index of the draft; nothing while it belongs to other pairs."""
        whole = self.draft.whole
        current = self.fitted_number == self.fit_number and self.seen_version == self.draft.version
        if self.fitted is None or not current:
            return {}
        return judgements(self.fitted, whole)

    def _show_grid(self) -> None:
        lines = []
        if self.fitted is not None and self.grid:
            extent = (0.0, 0.0, *self.site.plan.size_m)
            lines = floor_lines_px(self.fitted.calibration, extent, grid_step_m(extent))
        self.image.grid(lines)

    def _show_layers(self) -> None:
        layers = []
        if self.fitted is not None:
            for name, opacity in self.layers.items():
                url = self._layer(name, self.fitted) if opacity > 0 else None
                if url is not None:
                    layers.append({"url": url, "opacity": opacity})
        self.floor.show(layers=layers)

    def _layer(self, name: str, fitted: Fit) -> str | None:
        still, size_m = self.draft.still_rgb, self.site.plan.size_m
        if name not in self.urls:
            if name == "sigma":
                picture = sigma_picture(fitted.calibration, size_m)
            elif still is not None:
                picture = warped_still(fitted.calibration, still, size_m)
            else:
                return None
            self.urls[name] = self.pictures.keep(picture)
        return self.urls[name]

    def _refresh_still(self) -> None:
        if self.draft.still_rgb is None:
            return
        h, w = self.draft.still_rgb.shape[:2]
        url = self.pictures.keep(self.draft.still_rgb)
        self.image.show(picture=url, extent=[-0.5, -0.5, w - 0.5, h - 0.5])

    def _show_table(self) -> None:
        draft = self.draft
        self.undo_button.set_enabled(draft.can_undo)
        self.clear_button.set_enabled(bool(draft.pairs))
        # Also while a fit is under way: the click that left a field would be lost, and saving waits.
        self.save_button.set_enabled(len(draft.whole) >= LEAST_PAIRS)
        self.hint.set_text(next_step(draft))
        self.table.show(draft, self._judgement(), self.chosen)

    @ui.refreshable_method
    def _report(self) -> None:
        fit_report(self.fitted, self.fault, self.site.settings.maps.cell_m, self._swap)


def _point(event: GenericEventArguments) -> tuple[float, float]:
    return float(event.args["x"]), float(event.args["y"])

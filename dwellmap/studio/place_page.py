"""The first page: the place with its plan and its cameras; where there is none yet, a form for it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote
from zoneinfo import available_timezones

import numpy as np
from nicegui import ui
from tomlkit import TOMLDocument

from calibration.accuracy import honest_distance_m
from calibration.calibration import Calibration
from dwellmap.site import Camera
from dwellmap.studio.canvas import Canvas
from dwellmap.studio.outlines import outlines_of
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.plan_form import PlanForm, plan_in_words
from dwellmap.studio.sheet import draw_cameras, draw_plan, shape_of
from dwellmap.studio.shell import frame, note, problem, tell
from dwellmap.studio.sitedocument import change_site, new_site, put_camera, put_plan, read_site
from dwellmap.studio.workspace import Opened, Workspace


def build(workspace: Workspace, pictures: Pictures) -> None:
    """Build the page."""
    with frame("Place", "/", workspace):
        try:
            found = workspace.open()
        except (ValueError, OSError) as error:
            problem(f"{error}\n\nCorrect the file by hand, then reload this page.")
            return
        if found is None:
            _new_place(workspace, pictures)
        else:
            _place(workspace, pictures, found)


def _new_place(workspace: Workspace, pictures: Pictures) -> None:
    ui.html("<h1>A new place</h1>", sanitize=False)
    note(f"There is no {workspace.site_file.name} in {workspace.site_file.absolute().parent} yet: make it.")
    with ui.element("section").classes("studio-card"):
        with ui.element("div").classes("studio-row"):
            name = ui.input("Name of the place", value="My shop").props("dense outlined")
            zone = ui.select(
                sorted(available_timezones()), value="UTC", label="Time zone of its clocks", with_input=True
            ).props("dense outlined")
            camera = ui.input("Name of the first camera", value="entrance").props("dense outlined")
        ui.html("<h2>The floor plan</h2>", sanitize=False)
        folder = workspace.site_file.absolute().parent
        form = PlanForm(pictures, folder)

        def make() -> None:
            plan = None
            try:
                plan = form.finished(folder)
                new_site(workspace.site_file, name.value.strip(), str(zone.value), plan, camera.value.strip())
            except (ValueError, OSError) as error:
                if plan is not None:
                    form.forget(plan)
                tell(str(error), good=False)
                return
            ui.navigate.to(f"/calibrate?camera={quote(camera.value.strip())}")

        with ui.element("div").classes("studio-row"):
            ui.button("Make it and calibrate the camera", on_click=make)


def _place(workspace: Workspace, pictures: Pictures, found: Opened) -> None:
    site = found.site

    def change(what: Callable[[TOMLDocument], None]) -> bool:
        try:
            change_site(workspace.site_file, found.revision, what)
        except (ValueError, OSError) as error:
            tell(str(error), good=False)
            return False
        ui.navigate.reload()
        return True

    with ui.element("h1"):
        ui.label(site.name)
    with ui.element("div").classes("studio-two"):
        with ui.element("section").classes("studio-card"):
            ui.html("<h2>Cameras</h2>", sanitize=False)
            for camera in site.cameras:
                _camera(camera, site.settings.maps.cell_m)
            if len(site.cameras) > 1 and not all(camera.files for camera in site.cameras):
                note(
                    "With several cameras, put the recordings of each into a folder called like it, or name "
                    "them with files = [...] in the site file: else nobody knows whose they are."
                )
            with ui.element("div").classes("studio-row"):
                name = ui.input("Name of another camera").props("dense outlined")
                ui.button(
                    "Add", on_click=lambda: change(lambda document: put_camera(document, name.value.strip()))
                ).props("outline dense")
        with ui.element("section").classes("studio-card"):
            ui.html("<h2>The floor plan</h2>", sanitize=False)
            plan_in_words(site.plan)
            with ui.element("div").classes("studio-stage"):
                canvas = Canvas("The floor plan", "m", (0.0, 0.0, *site.plan.size_m), "look")
            draw_plan(canvas, site, pictures)
            shapes, marks = draw_cameras(site)
            drawn = [shape_of(outline) for outline in outlines_of(read_site(workspace.site_file))]
            canvas.outlines([*shapes, *drawn])
            canvas.marks(marks)
            note("Dashed: what the calibrated cameras see. Zones and furniture are drawn on the page Zones.")
            with ui.expansion("Another plan").props("dense"):
                note(
                    "Zones and calibrations stay as they are, in metres: another scale or corner moves them."
                )
                form = PlanForm(pictures, workspace.site_file.absolute().parent)

                def replace_plan() -> None:
                    folder = workspace.site_file.absolute().parent
                    try:
                        plan = form.finished(folder)
                    except (ValueError, OSError) as error:
                        tell(str(error), good=False)
                        return
                    if not change(lambda document: put_plan(document, folder, plan)):
                        form.forget(plan)

                ui.button("Use this plan", on_click=replace_plan).props("outline dense")


def _camera(camera: Camera, cell_m: float) -> None:
    with ui.element("div").classes("studio-row"):
        ui.label(camera.name).style("font-weight: 600; min-width: 110px")
        if camera.calibration is None:
            note("not calibrated: its maps are in pixels")
        else:
            try:
                calibration = Calibration.load(camera.calibration)
            except ValueError as error:
                problem(str(error))
            else:
                far = honest_distance_m(calibration, cell_m)
                pairs = int(calibration.pairs.used.sum())
                told = f"{pairs} pairs" if pairs else "estimated from people"
                note(told + (f", cells of {cell_m:g} m honest to {far:.0f} m" if np.isfinite(far) else ""))
        ui.space()
        ui.link("Calibrate", f"/calibrate?camera={quote(camera.name)}")

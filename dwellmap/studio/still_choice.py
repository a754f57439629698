"""Where the picture to click in comes from: a recording, or a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np
from nicegui import run, ui
from nicegui.events import UploadEventArguments
from numpy.typing import NDArray

from dwellmap.site import Camera, Site
from dwellmap.studio.shell import note, tell
from dwellmap.studio.stills import still_from
from dwellmap.studio.uploads import LARGEST_UPLOAD_BYTES, uploaded_picture
from dwellmap.studio.workspace import Workspace
from tracker.scenepicture import softened

PICTURES = ".png,.jpg,.jpeg,.bmp,.webp,.tif,.tiff"
REJECTED = f"Expected one picture of at most {LARGEST_UPLOAD_BYTES // 1_000_000} MB (PNG, JPEG, ...)."
Picture = NDArray[np.uint8]
Chosen = Callable[[Picture, Picture, str], Awaitable[None]]


def still_choice(workspace: Workspace, site: Site, camera: Camera, chosen: Chosen) -> None:
    """A button that opens the choice.

    Args:
        workspace: What is worked on.
        site: The site.
        camera: The camera.
        chosen: Takes the picture (height, width, 3) RGB, what is to be kept of it, and what to tell of it.

    """
    with ui.dialog() as dialog, ui.card().classes("studio-dialog"):
        ui.html("<h2>A picture of the camera</h2>", sanitize=False)
        note("Best without people. It is kept beside the calibration, to notice when the camera has moved.")
        ui.label("From a recording: the people are taken out of it.")
        recordings = [str(path) for path in workspace.recordings(camera, site)]
        folder = f"{workspace.site_file.absolute().parent}/"
        names = {path: path.removeprefix(folder) for path in recordings}
        field = ui.select(
            names,
            label="Recording",
            with_input=True,
            new_value_mode="add-unique",
            value=next(iter(names), None),
        ).props("outlined dense use-input")
        field.style("width: 100%").tooltip("Choose one, or type the path of a file on this machine")

        async def from_recording() -> None:
            if not field.value:
                tell("Choose or type a recording first.", good=False)
                return
            spinner.set_visibility(True)
            button.disable()
            try:
                path = workspace.recording(str(field.value))
                picture = await run.io_bound(still_from, path, workspace.site_file)
            except (ValueError, OSError) as error:
                tell(str(error), good=False)
                return
            finally:
                spinner.set_visibility(False)
                button.enable()
            dialog.close()
            if picture is None:
                return  # the studio is ending
            told = f"The place without its people, from {path.name}. What is saved of it is softened."
            await chosen(picture, softened(picture), told)

        with ui.element("div").classes("studio-row"):
            button = ui.button("Take it from the recording", on_click=from_recording)
            spinner = ui.row().classes("studio-row")
            with spinner:
                ui.spinner(size="sm")
                ui.label("Looking at it, up to a few minutes ...")
            spinner.set_visibility(False)
        ui.separator()
        ui.label(f"Or a picture file, at most {LARGEST_UPLOAD_BYTES // 1_000_000} MB:")

        async def from_file(event: UploadEventArguments) -> None:
            content = await event.file.read()
            upload.reset()
            try:
                picture = uploaded_picture(content, event.file.name)
            except ValueError as error:
                tell(str(error), good=False)
                return
            dialog.close()
            await chosen(picture, softened(picture), f"Using {event.file.name}.")

        upload = ui.upload(
            label="Picture file", auto_upload=True, max_file_size=LARGEST_UPLOAD_BYTES, on_upload=from_file,
            on_rejected=lambda: tell(REJECTED, good=False),
        ).props(f"accept={PICTURES} flat bordered")  # fmt: skip
        upload.style("width: 100%")
        with ui.element("div").classes("studio-row"):
            ui.space()
            ui.button("Close", on_click=dialog.close).props("flat")
    ui.button("Camera picture ...", icon="photo_camera", on_click=dialog.open).props("outline dense")

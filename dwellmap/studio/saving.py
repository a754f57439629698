"""Save a calibration from the studio: the file, its still, and its name in the site file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from calibration.calibration import Calibration
from dwellmap.calibration_saving import save_keeping_previous
from dwellmap.studio.calibrating import CalibrationDraft
from dwellmap.studio.shell import note
from dwellmap.studio.sitedocument import change_site, put_calibration
from dwellmap.studio.workspace import Workspace


def save_calibration(workspace: Workspace, draft: CalibrationDraft, calibration: Calibration) -> str:
    """Save.

    Args:
        workspace: What is worked on; its site file is read anew, for it may name another file by now.
        draft: What the calibration was fitted to.
        calibration: The fit.

    Returns:
        What to tell.

    Raises:
        ChangedOnDiskError: If the calibration file is not the one that the draft began with.
        ValueError: If the site file has faults or knows the camera no more.
        OSError: If something cannot be written.

    """
    found = workspace.open()
    if found is None:
        raise ValueError(f"{workspace.site_file}: cannot be written to, the file is gone; put it back")
    camera = workspace.camera(found.site, draft.camera)
    file = workspace.calibration_file(camera)
    new_still = draft.keep_rgb is not None
    kept = save_keeping_previous(calibration, file, draft.keep_rgb, draft.disk_id)
    draft.saved(calibration)
    told = f"Saved {file.name} (calibration {calibration.id})."
    if kept is not None:
        told += f" The previous one is kept as {kept.name}."
    if camera.calibration is None or (new_still and camera.still is not None):
        folder = workspace.site_file.absolute().parent
        change_site(
            workspace.site_file,
            found.revision,
            lambda document: put_calibration(document, folder, camera.name, file, new_still),
        )
    return told


def ask_about_disk(name: str, over: Callable[[], Awaitable[None]], read_again: Callable[[], None]) -> None:
    """Ask what counts after somebody else wrote the calibration file.

    Args:
        name: The file's name.
        over: Saves over it, which keeps theirs with its date.
        read_again: Takes theirs.

    """
    with ui.dialog() as dialog, ui.card().classes("studio-dialog"):
        ui.html("<h2>The calibration was changed on disk</h2>", sanitize=False)
        note(f"{name} is not the file any more that this page began with, so nothing was written.")

        async def save_over() -> None:
            dialog.close()
            await over()

        with ui.element("div").classes("studio-row"):
            ui.button("Save over it, keep theirs with its date", on_click=save_over)
            ui.button("Take the file's, lose what is here", on_click=read_again).props("outline")
            ui.button("Cancel", on_click=dialog.close).props("flat")
    dialog.open()

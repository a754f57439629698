"""What the fit can be told beside the pairs, as a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from dwellmap.studio.calibrating import FitOptions


def options_form(options: FitOptions, changed: Callable[[str, str], Awaitable[None]]) -> None:
    """Show the form.

    Args:
        options: What the fit is told now.
        changed: Told the lens and the camera height as they were typed.

    """
    with ui.expansion("Lens and camera height").props("dense"):
        given = "" if options.lens is None else f"{options.lens:g}"
        lens = ui.input("Lens (empty: estimated; 0: none)", value=given).props("dense")
        measured = "" if options.camera_height_m is None else f"{options.camera_height_m:g}"
        height = ui.input("Measured camera height, m (empty: from the pairs)", value=measured).props("dense")
        for field in (lens, height):
            field.on("change", lambda: changed(str(lens.value or ""), str(height.value or "")))

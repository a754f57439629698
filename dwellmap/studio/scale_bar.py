"""The colours of a map and what they mean."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex
from nicegui import ui

from analytics.lettering import number
from analytics.palette import Scale, bar_colours
from dwellmap.studio.shell import note


def scale_bar(scale: Scale) -> None:
    """Show them."""
    if scale.empty:
        note("Nobody was seen in any cell.")
        return
    colours = bar_colours()
    stops = ", ".join(to_hex(colours(share)) for share in np.linspace(0, 1, 12))
    with ui.element("div").classes("studio-bar"):
        ui.label(scale.unit).classes("studio-bar-unit")
        ui.element("div").style(f"background: linear-gradient(to right, {stops})").props('aria-hidden="true"')
        with ui.element("div").classes("studio-bar-ends"):
            ui.label("0")
            ui.label(number(scale.top / 2))
            over = f"{number(scale.top, scale.whole)}"
            ui.label(over + (f" (up to {number(scale.highest, scale.whole)})" if scale.clipped else ""))

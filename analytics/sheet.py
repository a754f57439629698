"""The paper a map is drawn on: a figure addressed in pixels from its top-left corner."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from analytics.lettering import DPI, INK, Lettering, font

Weight = Literal["normal", "bold"]

WIDTH, EDGE = 1400, 36
"""Width of every map and its empty border, in pixels."""


class Sheet:
    """A white figure of a size in pixels, drawn by Agg; no window, no pyplot, no global state.

    Attributes:
        figure: The figure.
        paper: Axes over the whole sheet with pixels as coordinates, for texts, swatches and marks.
        lettering: Measures and cuts text.

    """

    def __init__(self, width_px: float, height_px: float, lettering: Lettering) -> None:
        self.width_px, self.height_px = round(width_px), round(height_px)
        self.lettering = lettering
        self.figure = Figure(
            figsize=(self.width_px / DPI, self.height_px / DPI), dpi=DPI, facecolor="white", edgecolor="white"
        )
        FigureCanvasAgg(self.figure)
        self.paper = self.axes(0, 0, self.width_px, self.height_px)
        self.paper.set(xlim=(0, self.width_px), ylim=(self.height_px, 0), zorder=20)
        self.paper.patch.set_visible(False)
        self.paper.set_axis_off()

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes in a rectangle of the sheet, pixels from the top-left corner."""
        W, H = self.width_px, self.height_px
        return self.figure.add_axes((left / W, 1 - (top + height) / H, width / W, height / H))

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str = INK,
        weight: Weight = "normal",
        align: Literal["left", "center", "right"] = "left",
    ) -> Text:
        """One line of text; `y` is the middle of its height."""
        return self.paper.text(
            x, y, text, color=colour, ha=align, va="center_baseline", parse_math=False,
            fontproperties=font(text, size, weight),
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write a PNG; the same figure gives the same bytes."""
        self.figure.savefig(
            path, format="png", dpi=DPI, metadata={"Software": None}, facecolor="white", edgecolor="white",
            bbox_inches=None,
        )  # fmt: skip

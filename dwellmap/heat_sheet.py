"""A sheet for heat over a camera's picture: title above, bar beside it, a line for the time below.

One sheet serves a still picture and every picture of a film, so that both look the same: what stays is drawn
once, the picture and the line of time are put in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from matplotlib import font_manager
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from analytics.colours import over_white
from analytics.legend import draw_bar
from analytics.lettering import INK, QUIET, WARN, Lettering, legible
from analytics.palette import Scale
from analytics.sheet import EDGE, WIDTH, Sheet

_SIDE, _BELOW, _TALLEST = 250, 64, 900
_TIME_PX = 24


class HeatSheet:
    """A sheet for pictures of one size."""

    def __init__(
        self,
        picture_px: tuple[int, int],
        title: str,
        lines: tuple[str, ...],
        warnings: tuple[str, ...],
        scale: Scale | None,
        colours: ListedColormap,
        half: bool = False,
    ) -> None:
        """Draw what stays.

        Args:
            picture_px: (width, height) of the pictures, for their shape.
            title: What is shown.
            lines: What it means and where it comes from.
            warnings: What the reader has to know.
            scale: The bar; None draws none.
            colours: Of the bar.
            half: Make the sheet half as wide and high, to stand beside another.

        """
        lettering, room = Lettering(), WIDTH - 2 * EDGE
        told = [row for line in lines for row in lettering.wrap(legible(line), 10.5, room, 2)]
        warned = [
            row for text in warnings for row in lettering.wrap("⚠ " + legible(text), 9.5, room, 2, "bold")
        ]
        head = EDGE + 46 + 30 * len(told) + 28 * len(warned) + 14
        width: float = WIDTH - 2 * EDGE - (0 if scale is None else _SIDE)
        height = width * picture_px[1] / picture_px[0]
        if height > _TALLEST:
            width, height = width * _TALLEST / height, _TALLEST
        self._left, self._top = EDGE, head
        self._size = max(2, round(width)), max(2, round(height))
        # H.264 wants even sides, at half the size as well.
        low = head + max(self._size[1], 0 if scale is None else 320) + _BELOW
        sheet = Sheet(WIDTH, low + -low % 4, lettering)
        sheet.write(EDGE, EDGE + 19, lettering.fit(legible(title), 17, room, "bold"), 17, INK, "bold")
        y = EDGE + 46.0
        for row in told:
            sheet.write(EDGE, y + 11, row, 10.5, QUIET)
            y += 30
        for row in warned:
            sheet.write(EDGE, y + 11, row, 9.5, WARN, "bold")
            y += 28
        if scale is not None and not scale.empty:
            side = self._left + self._size[0] + 36
            bar = min(420.0, max(200.0, self._size[1] - 80.0))
            draw_bar(sheet, scale, (side, head + 44, 30.0, bar), True, over_white(colours))
        sheet.figure.canvas.draw()
        drawn = np.asarray(sheet.figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
        page = np.array(drawn[..., :3], dtype=np.uint8)
        self._time_px = _TIME_PX
        if half:
            rows, columns = page.shape[0] // 2, page.shape[1] // 2
            page = np.rint(page.reshape(rows, 2, columns, 2, 3).mean(axis=(1, 3))).astype(np.uint8)
            self._left, self._top, self._time_px = self._left // 2, self._top // 2, _TIME_PX // 2
            self._size = max(2, self._size[0] // 2), max(2, self._size[1] // 2)
        self._base = page

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the sheet, both even."""
        return self._base.shape[1], self._base.shape[0]

    @property
    def picture_px(self) -> tuple[int, int]:
        """(width, height) of the picture on the sheet."""
        return self._size

    def filled(self, picture_rgb: NDArray[np.uint8], time: str) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB: the sheet with a picture (h, w, 3) and a line of text below it."""
        width, height = self._size
        smaller = picture_rgb.shape[1] > width
        shown = cv2.resize(
            picture_rgb, self._size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        )
        page = self._base.copy()
        page[self._top : self._top + height, self._left : self._left + width] = shown
        if time:
            image = Image.fromarray(page)
            at = self._left, self._top + height + self._time_px * 2 // 3
            ImageDraw.Draw(image).text(at, time, fill=INK, font=_time_font(self._time_px))
            page = np.array(image, dtype=np.uint8)
        return page

    def drawn_on(
        self, page: NDArray[np.uint8], draw: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
    ) -> NDArray[np.uint8]:
        """A filled page with something drawn on its picture."""
        width, height = self._size
        there = slice(self._top, self._top + height), slice(self._left, self._left + width)
        drawn = page.copy()
        drawn[there] = draw(page[there])
        return drawn


@cache
def _time_font(size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size_px)

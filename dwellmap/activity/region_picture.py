"""The regions drawn over a picture: their borders, ranks and shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from analytics.activity import extremes

_LINE, _LEAST_TEXT_PX = (255, 255, 255), 11
_HOTTEST, _COLDEST = (200, 30, 60), (20, 110, 190)


def with_regions(
    picture_rgb: NDArray[np.uint8], table: pd.DataFrame, size_px: tuple[int, int]
) -> NDArray[np.uint8]:
    """A picture (H, W, 3) with the regions of a recording of `size_px`, its hottest and coldest framed."""
    image = Image.fromarray(picture_rgb)
    pen = ImageDraw.Draw(image, "RGBA")
    scale = np.array([picture_rgb.shape[1] / size_px[0], picture_rgb.shape[0] / size_px[1]] * 2)
    box = (table[["left_px", "top_px", "right_px", "bottom_px"]].to_numpy(np.float64) + 0.5) * scale
    most = extremes(table)
    known = table["share"].notna().to_numpy()
    height = float(np.min(box[:, 3] - box[:, 1]))
    width = float(np.min(box[:, 2] - box[:, 0]))
    size = int(min(22.0, height / 3.2, width / 5.2))
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), max(size, _LEAST_TEXT_PX))
    for i in np.flatnonzero(known).tolist():
        pen.rectangle(tuple(box[i]), outline=(*_LINE, 200), width=1)
    for i in np.flatnonzero(known).tolist():
        if size < _LEAST_TEXT_PX:
            break
        left, top, right, bottom = box[i]
        text = f"{table['share'].iloc[i]:.1%}\nrank {table['rank'].iloc[i]}"
        pen.multiline_text(
            ((left + right) / 2, (top + bottom) / 2), text, anchor="mm", align="center", font=font,
            fill=(255, 255, 255, 255), stroke_width=2, stroke_fill=(20, 24, 30, 255),
        )  # fmt: skip
    if most is not None:
        for i, colour in zip(most[::-1], (_COLDEST, _HOTTEST), strict=True):
            left, top, right, bottom = box[i]
            pen.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=(*colour, 255), width=4)
    return np.array(image.convert("RGB"), dtype=np.uint8)

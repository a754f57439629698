"""Pictures that people hand in: looked at before they are decoded, never larger than is sensible."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

MAX_PICTURE_PX = 64_000_000
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF")


def picture_size(path: Path, what: str) -> tuple[int, int]:
    """Width and height from the header, refused before anything is decoded.

    Args:
        path: The file.
        what: What it is, for messages.

    Raises:
        ValueError: If it is no picture, or too large.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                w, h = image.size
    except FileNotFoundError as error:
        raise ValueError(f"{what} {path}: there is no such file") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValueError(_too_large(path, what)) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, ImportError) as error:
        # ImportError: once ultralytics is loaded, Pillow asks for another decoder where it knows no format.
        raise ValueError(
            f"{what} {path}: expected a picture ({', '.join(FORMATS)}), got something else"
        ) from error
    if w * h > MAX_PICTURE_PX:
        raise ValueError(_too_large(path, what))
    return w, h


def read_picture(path: Path, what: str) -> NDArray[np.uint8]:
    """A picture as (height, width, 3) uint8 RGB; transparent parts become white.

    Args:
        path: The file.
        what: What it is, for messages.

    Raises:
        ValueError: If it is no picture, damaged or too large.

    """
    picture_size(path, what)
    try:
        with Image.open(path, formats=FORMATS) as image:
            rgba = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{what} {path}: the picture is damaged ({error})") from error
    white = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"), dtype=np.uint8)


def _too_large(path: Path, what: str) -> str:
    advice = "save it smaller"
    if what == "plan":
        advice += " and raise the metres per pixel accordingly"
    return f"{what} {path}: the picture has more than {MAX_PICTURE_PX // 1_000_000} million pixels; {advice}"

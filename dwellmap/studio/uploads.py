"""Pictures that a browser sends: looked at before they are used, and written anew under a name of ours."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from calibration.pictures import read_picture
from dwellmap.run_folder import safe_name

LARGEST_UPLOAD_BYTES = 30_000_000
_MOST_NAMES = 1000


def uploaded_picture(content: bytes, what: str) -> NDArray[np.uint8]:
    """A picture (height, width, 3) RGB out of what a browser sent.

    Args:
        content: The file's bytes.
        what: What it is, for messages.

    Raises:
        ValueError: If it is too large or no picture.

    """
    if len(content) > LARGEST_UPLOAD_BYTES:
        raise ValueError(
            f"{what}: expected a picture of at most {LARGEST_UPLOAD_BYTES // 1_000_000} MB, got more"
        )
    with tempfile.TemporaryDirectory(prefix="dwellmap-studio-") as folder:
        file = Path(folder) / "picture"
        file.write_bytes(content)
        try:
            return read_picture(file, what)
        except ValueError as error:
            # The person knows the file by another name than ours.
            raise ValueError(str(error).replace(f" {file}", "")) from error


def write_beside(folder: Path, name: str, picture_rgb: NDArray[np.uint8]) -> Path:
    """Write a picture as PNG into a folder, named after what was sent, over nothing that is there.

    Written anew, it carries no metadata and nothing that hides behind a picture.

    Args:
        folder: The folder.
        name: Name of the file that was sent; its folders and ending do not count.
        picture_rgb: (height, width, 3) the picture.

    Raises:
        OSError: If the folder cannot be written to.

    """
    stem = safe_name(Path(name.replace("\\", "/")).stem)
    buffer = io.BytesIO()
    Image.fromarray(picture_rgb).save(buffer, "PNG")
    for number in range(1, _MOST_NAMES):
        file = folder / (f"{stem}.png" if number == 1 else f"{stem}-{number}.png")
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            continue
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(buffer.getvalue())
        except OSError:
            file.unlink(missing_ok=True)
            raise
        return file
    raise ValueError(f"{folder}: there are {_MOST_NAMES - 1} pictures called {stem}; rename the file")

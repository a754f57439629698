"""Saving a calibration over an earlier one: that is kept, and nobody else's work is overwritten."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from calibration.calibration import Calibration
from calibration.draft_file import draft_beside
from dwellmap.site import CALIBRATION_END, still_of


class ChangedOnDiskError(ValueError):
    """The calibration file is not the one that was read: somebody saved in between."""


def id_on_disk(path: Path) -> str | None:
    """What to tell `save_keeping_previous` later of the file as it is now; None where there is none.

    The calibration's id. A damaged file has one, too, and is kept like any other.

    Raises:
        OSError: If the file is there and cannot be read.

    """
    found = _bytes(path)
    return None if found is None else _id(path, found)


def save_keeping_previous(
    calibration: Calibration,
    path: Path,
    still_rgb: NDArray[np.uint8] | None,
    expected_id: str | None,
) -> Path | None:
    """Write a calibration and its still; what was there stays beside it, named after its own date.

    `entrance.calibration.json` is kept as `entrance.2026-11-24-203105.calibration.json` (local time of its
    last change), its still likewise. All of it happens, or nothing.

    Args:
        calibration: The new one.
        path: The file to write.
        still_rgb: (height, width, 3) picture of the camera; None leaves the one that is there.
        expected_id: `id_on_disk` when the file was read; None if there was none.

    Returns:
        The file in which the earlier calibration was kept; None if there was none, or it was the same.

    Raises:
        ChangedOnDiskError: If the file has changed since.
        OSError: If the folder cannot be written.

    """
    path = Path(path)
    still, written, kept_as = still_of(path), [], None
    try:
        before = _bytes(path)
        found = None if before is None else _id(path, before)
        _refuse_changed(path, found, expected_id)
        if still_rgb is not None:
            draft = draft_beside(still, _png(still_rgb))
            written.append(draft)
        if before is not None and found != calibration.id:
            kept_as = _name_for(path)
            for old, kept in ((path, kept_as), (still, still_of(kept_as))):
                if old.exists():
                    _copy(old, kept)
                    written.append(kept)
        if _bytes(path) != before:
            _refuse_changed(path, id_on_disk(path), expected_id)
        calibration.save(path)
        # The calibration first: beside the older still it is at worst believed to have moved.
        if still_rgb is not None:
            _put_still(draft, still, path, before)
    except BaseException as error:
        for file in written:
            file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise type(error)(
                f"{path}: cannot be written ({error.strerror or error}), so nothing was changed; make "
                f"{path.parent.absolute()} writable, or choose another folder"
            ) from error
        raise
    return kept_as


def _put_still(draft: Path, still: Path, path: Path, before: bytes | None) -> None:
    """The still to its place; if that fails, the calibration is again what it was."""
    try:
        os.replace(draft, still)
    except OSError:
        if before is None:
            path.unlink()
        else:
            os.replace(draft_beside(path, before), path)
        raise


def _refuse_changed(path: Path, found: str | None, expected: str | None) -> None:
    if found == expected:
        return
    if expected is None:
        what = "a calibration has been written there since"
    elif found is None:
        what = "it has been removed since it was read"
    else:
        what = "it has been changed since it was read"
    raise ChangedOnDiskError(
        f"{path}: {what}, so it is not overwritten. Read it again and repeat your changes, or save under "
        "another name."
    )


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _id(path: Path, content: bytes) -> str:
    try:
        return Calibration.load(path).id
    except ValueError:
        return f"damaged {hashlib.sha256(content).hexdigest()[:12]}"


def _name_for(path: Path) -> Path:
    """The name that a file is kept under, after the time of its last change."""
    stem = path.name.removesuffix(".json").removesuffix(".calibration")
    changed = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    name, number = f"{stem}.{changed:%Y-%m-%d-%H%M%S}", 1
    kept = path.with_name(name + CALIBRATION_END)
    while kept.exists():
        number += 1
        kept = path.with_name(f"{name}-{number}{CALIBRATION_END}")
    return kept


def _copy(old: Path, kept: Path) -> None:
    """A whole copy with the time of the original."""
    changed = old.stat()
    draft = draft_beside(kept, old.read_bytes())
    os.utime(draft, ns=(changed.st_atime_ns, changed.st_mtime_ns))
    os.replace(draft, kept)


def _png(picture_rgb: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture_rgb).save(file, format="PNG")
    return file.getvalue()

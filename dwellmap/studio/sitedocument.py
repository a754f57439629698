"""The site file as the studio changes it: comments stay, faults are found before anything is written, and a
file that somebody else changed meanwhile is left alone."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Table

from calibration.draft_file import draft_beside
from calibration.plan import FloorPlan
from dwellmap.site import LARGEST_FILE_BYTES, load_site
from dwellmap.site_faults import SiteError
from dwellmap.studio.outlines import KINDS, Outline

Change = Callable[[TOMLDocument], None]


class ChangedError(ValueError):
    """A file changed on disk since it was read."""


def revision_of(path: Path) -> str:
    """What tells one content of a file from another.

    Raises:
        OSError: If the file cannot be read.

    """
    return _revision(_content(path))


def read_site(path: Path) -> dict[str, Any]:
    """The content of a site file, as plain tables.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is no TOML.

    """
    return tomllib.loads(_content(path).decode("utf-8-sig"))


def change_site(path: Path, revision: str, change: Change) -> str:
    """Change a site file, whole or not at all.

    Args:
        path: The file.
        revision: What it was when the change was thought up.
        change: Changes the parsed file.

    Returns:
        The new revision.

    Raises:
        ChangedError: If somebody else changed the file since `revision`.
        SiteError: If it would be faulty; nothing is written.
        OSError: If it cannot be written.

    """
    content = _content(path)
    if _revision(content) != revision:
        raise ChangedError(
            f"{path.name} was changed on disk since this page read it, so nothing was written. Reload the "
            "page to get what is there now; what you drew here is lost then, so note it first"
        )
    try:
        document = tomlkit.parse(content.decode("utf-8-sig"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected TOML in UTF-8, got {error}; correct the file by hand") from error
    change(document)
    return _write(path, tomlkit.dumps(document))


def new_site(path: Path, name: str, time_zone: str, plan: FloorPlan, camera: str) -> str:
    """Write a new site file; never over an existing one.

    Returns:
        Its revision.

    Raises:
        SiteError: If something given makes no sense.
        FileExistsError: If there is a file already.
        OSError: If it cannot be written.

    """
    if path.exists():
        raise FileExistsError(f"{path} is there already; open it, or choose another name")
    document = tomlkit.document()
    document.add(
        tomlkit.comment(
            "A site: one place, its floor plan and its cameras. Metres on the plan: x right, y down."
        )
    )
    document.add("name", tomlkit.item(name))
    document.add("time_zone", tomlkit.item(time_zone))
    put_plan(document, path.parent, plan)
    put_camera(document, camera)
    return _write(path, tomlkit.dumps(document))


def put_plan(document: TOMLDocument, folder: Path, plan: FloorPlan) -> None:
    """Set the floor plan; a picture is named relative to the site file's folder."""
    table = tomlkit.table()
    if plan.picture is not None and plan.metres_per_pixel is not None:
        table["picture"] = _relative(plan.picture, folder)
        table["metres_per_pixel"] = float(f"{plan.metres_per_pixel:.6g}")
    else:
        table["width_m"], table["height_m"] = (float(round(side, 3)) for side in plan.size_m)
    table.add(tomlkit.nl())
    document["plan"] = table


def put_camera(document: TOMLDocument, name: str) -> None:
    """Add a camera."""
    _rows(document, "cameras").append(_table({"name": name}))


def put_calibration(
    document: TOMLDocument, folder: Path, camera: str, file: Path, new_still: bool = False
) -> None:
    """Say which calibration a camera has.

    With a new still beside the calibration, an older one that is named does not count any more.

    Raises:
        ValueError: If there is no such camera.

    """
    table = next((row for row in document.get("cameras", ()) if row.get("name", "").strip() == camera), None)
    if table is None:
        raise ValueError(f"expected a camera {camera!r} in the site file, there is none any more")
    table["calibration"] = _relative(file, folder)
    if new_still and "still" in table:
        del table["still"]


def put_outlines(document: TOMLDocument, outlines: Sequence[Outline]) -> None:
    """Set zones, doors, walls, furniture and ignored areas; what stays keeps its comments."""
    for kind, key in KINDS.items():
        chosen = [outline for outline in outlines if outline.kind == kind]
        if not chosen and key not in document:
            continue
        rows = _rows(document, key)
        kept = {outline.row for outline in chosen if outline.row is not None}
        for outline in chosen:
            if outline.row is not None:
                _update(rows[outline.row], outline.to_table())
        for row in reversed(range(len(rows))):
            if row not in kept:
                del rows[row]
        for outline in chosen:
            if outline.row is None:
                rows.append(_table(outline.to_table()))
        if not len(rows):
            del document[key]


def _update(row: Any, wanted: Mapping[str, Any]) -> None:
    for key, value in wanted.items():
        if row.get(key) != value:
            row[key] = tomlkit.item(value)
    for key in [key for key in row if key not in wanted]:
        del row[key]


def _rows(document: TOMLDocument, key: str) -> Any:
    """The tables of a list; inline ones are turned into tables of their own, and a missing list is made."""
    found = document.get(key)
    if isinstance(found, AoT):
        return found
    rows = tomlkit.aot()
    for entry in found if isinstance(found, Array) else ():
        rows.append(_table(dict(entry)))
    if key in document:
        del document[key]
    document[key] = rows
    return document[key]


def _table(content: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in content.items():
        table[key] = tomlkit.item(value)
    table.add(tomlkit.nl())
    return table


def _relative(file: Path, folder: Path) -> str:
    """As the site file names it: relative where it lies below its folder."""
    file, folder = file.resolve(), folder.resolve()
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise ValueError(f"{path}: expected at most {LARGEST_FILE_BYTES // 1000} kB, got more")
    return content


def _revision(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, text: str) -> str:
    """Write a file that loads; the old one stays if the new one has faults."""
    content = text.encode()
    draft = draft_beside(path, content)
    try:
        try:
            load_site(draft)
        except SiteError as error:
            raise SiteError(path, error.faults) from error
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return _revision(content)

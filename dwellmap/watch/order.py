"""What a process is told to do: one recording, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dwellmap.detector_kinds import Kind
from dwellmap.site import Camera, Site


@dataclass(frozen=True, slots=True)
class How:
    """How recordings are run; the same for all.

    Attributes:
        site: Site file, read anew for every recording.
        out: Output folder.
        detector: Who finds the people.
        weights: YOLO weights named by the user.
        appearance: How looks tell people apart.
        sample_fps: Pictures a second to look at; None for all.
        cell_m: Side of a grid cell; None for the site's.
        changes: Settings changed by the user.

    """

    site: Path
    out: Path
    detector: Kind
    weights: Path | None
    appearance: str
    sample_fps: float | None
    cell_m: float | None
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One recording for one process.

    Attributes:
        inbox: The inbox.
        path: The recording, relative to it.
        content: What its bytes must be.
        camera: The camera it is from, as far as is known before; the process looks again.
        how: How it is run.
        cores: Cores that the process may use.
        scratch: Folder for its temporary files.

    """

    inbox: Path
    path: Path
    content: str
    camera: str
    how: How
    cores: frozenset[int]
    scratch: Path


def camera_of(site: Site, path: Path) -> Camera:
    """The camera that a recording is from, by its name and the folders in the inbox.

    Folders above the inbox tell nothing: a shop's whole tree may be named after one of its cameras.

    Args:
        site: The site.
        path: Relative to the inbox.

    Raises:
        ValueError: If no camera or more than one fits.

    """
    return site.camera_for(Path("/") / path)

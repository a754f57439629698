"""The page of the cameras that are watched now."""

from __future__ import annotations

from collections.abc import Callable

from dwellmap.live.snapshot import Snapshot
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.shell import frame, note
from dwellmap.studio.workspace import Workspace


def build(
    workspace: Workspace,
    pictures: Pictures,
    live: Callable[[], tuple[Snapshot, ...]] | None,
    camera: str,
) -> None:
    """Build the page."""
    del pictures, camera
    with frame("Live", "/live", workspace):
        if live is None:
            note("No camera is watched by this program.")

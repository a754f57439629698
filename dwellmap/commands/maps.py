"""`dwellmap maps`: compute a run again without the footage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from calibration.calibration import Calibration
from dwellmap.commands.console import AsJson, Cell, Quiet, Set, reporter_for, show_results, with_changes
from dwellmap.run_folder import RunFolder
from dwellmap.running import remap
from dwellmap.site import load_site
from dwellmap.site_file import Settings
from dwellmap.view import CameraView, site_view


def maps(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    site: Annotated[
        Path | None, typer.Option(help="Site file with new zones, furniture, doors or plan.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="Another calibration: tracks the detections again.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Output folder; default: beside the run.")] = None,
    cell: Cell = None,
    changes: Set = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compute the maps of a run again with another cell size, zone, threshold or calibration.

    The earlier run stays as it is; the new one is written beside it.
    """
    earlier = RunFolder.open(run)
    settings = earlier.settings()
    view = earlier.view()
    chosen = None if calibration is None else Calibration.load(calibration).for_image_size(view.size_px)
    if site is not None:
        view, settings = _from_site(site, view, chosen)
    elif chosen is not None:
        view = replace(view, calibration=chosen)
        if earlier.view().calibration is None:
            raise ValueError(
                f"{run}: this run had no calibration and so no floor plan; name both with --site SITE.toml"
            )
    settings = with_changes(settings, changes, cell)
    done = remap(earlier, view, settings, out, reporter_for(quiet, as_json))
    show_results([done], quiet, as_json)


def _from_site(path: Path, old: CameraView, chosen: Calibration | None) -> tuple[CameraView, Settings]:
    """The view and settings that a site file gives for the camera of an earlier run."""
    place = load_site(path)
    camera = next((c for c in place.cameras if c.name == old.camera), None)
    if camera is None:
        known = ", ".join(c.name for c in place.cameras)
        raise ValueError(f"{path}: expected a camera named {old.camera!r}, as in the run; it has {known}")
    made_for = None
    if chosen is None and camera.calibration is not None:
        stored = Calibration.load(camera.calibration)
        chosen, made_for = stored.for_image_size(old.size_px), stored.image_size_px
    return site_view(place, camera, old.size_px, chosen, made_for), place.settings

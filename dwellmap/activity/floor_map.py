"""Motion on the floor plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.activity import activity_map
from analytics.colours import colours_by_name
from analytics.coverage import coverage_of
from analytics.grid import Grid
from analytics.render import MapTitle, render_map
from dwellmap.activity.counting import Floor
from dwellmap.activity.work import Work
from dwellmap.backdrop import backdrop_of
from dwellmap.film import clock_text
from tracker.scenepicture import shown_part


def draw_floor_map(draft: Path, work: Work, floor: Floor, scene_picture: Path) -> None:
    """Motion on the floor plan."""
    view, settings, counted = work.view, work.settings.maps, work.counted
    if view.calibration is None or counted.floor is None:
        return
    shown = shown_part(counted.scene_bgr, work.recording.size_px)
    cover = coverage_of(floor.grid, view.calibration, view.scene, view.ignored_px, shown, settings)
    share = np.where(_in_region(work, floor.grid), cover.share, 0.0)
    seen = share >= settings.min_coverage
    np.savez(draft / "motion-floor.npz", moving_s=counted.floor.dwell_s.reshape(floor.grid.shape),
             coverage=share.reshape(floor.grid.shape), x_edges_m=floor.grid.x_edges,
             y_edges_m=floor.grid.y_edges)  # fmt: skip
    values = np.where(seen, counted.floor.dwell_s, np.nan)
    render_map(
        activity_map("motion", values, "seconds of motion", floor.grid),
        draft / "motion-floor.png",
        coverage=share.reshape(floor.grid.shape),
        title=MapTitle(
            view.camera, f"0:00 to {clock_text(work.end_s)}", None, "motion, nobody is counted",
            (*view.notes, *work.warnings), work.recording.name,
        ),
        scene=view.scene,
        zones=view.zones,
        backdrop=backdrop_of(view, scene_picture),
        footprint=view.footprint(),
        min_coverage=settings.min_coverage,
        colours=colours_by_name(work.options.colours),
    )  # fmt: skip


def _in_region(work: Work, grid: Grid) -> NDArray[np.bool_]:
    """(cells,) bool: the cell's centre lies in the region of interest."""
    if work.view.calibration is None:
        return np.ones(grid.cells, dtype=np.bool_)
    px = work.view.calibration.for_image_size(work.changes.size_px).image_from_floor(grid.centres)
    height, width = work.counts.shape
    at = np.rint(np.nan_to_num(px, nan=-1.0)).clip(-1, 1e6).astype(np.int64)
    inside = (at >= 0).all(axis=1) & (at[:, 0] < width) & (at[:, 1] < height)
    counts = np.zeros(grid.cells, dtype=np.bool_)
    counts[inside] = work.counts[at[inside, 1], at[inside, 0]]
    return counts

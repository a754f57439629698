"""The recipe of a run, `run.json`: everything its numbers were made of and with."""

from __future__ import annotations

import hashlib
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from analytics.analysis import Analysis
from dwellmap.definitions import definitions
from dwellmap.run_folder import FORMAT, VERSION, dump_json
from dwellmap.site_file import Settings
from dwellmap.source import Source
from dwellmap.view import CameraView, given
from tracker.frames import Footage
from tracker.scenepicture import Part
from tracker.tracks import Tracks

PACKAGES = (
    "dwellmap", "av", "matplotlib", "numpy", "opencv-python", "opencv-python-headless", "openvino", "pandas",
    "scipy", "shapely", "supervision", "torch", "ultralytics",
)  # fmt: skip


def run_key(content_hash: str, clock_rate: float, start: datetime | None, sample_fps: float | None,
            detector_identity: str, appearance: str, view: CameraView,
            settings: Settings) -> str:  # fmt: skip
    """Eight hex digits over recording, calibration and settings: equal input, equal key."""
    content = {
        "recording": content_hash,
        "clock_rate": clock_rate,
        "start": None if start is None else start.isoformat(),
        "sample_fps": sample_fps,
        "detector": detector_identity,
        "appearance": appearance,
        "view": given(view.to_json()),
        "settings": settings.model_dump(mode="json"),
        "version": version("dwellmap"),
        "format": VERSION,
    }
    return hashlib.sha256(dump_json(content).encode()).hexdigest()[:8]


def recipe(
    source: Source,
    footage: Footage,
    shown_px: Part,
    view: CameraView,
    settings: Settings,
    tracks: Tracks,
    implausible_boxes: int,
    self_audit: dict[str, Any],
    phantoms: list[dict[str, Any]],
    analysis: Analysis,
    notes: tuple[str, ...],
    files: list[str],
    warnings: tuple[str, ...],
    timing: dict[str, float],
) -> dict[str, Any]:
    """The content of `run.json`."""
    maps, paths = analysis.maps, analysis.paths
    cells_s = float(np.nansum(maps.dwell_s))
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": source.to_json(),
        "footage": {
            "observed_s": footage.observed_s.tolist(),
            "observed_time_s": footage.observed_time_s,
            "gaps_s": footage.gaps_s.tolist(),
            "frames": footage.frames,
            "damaged": footage.damaged,
            "warnings": list(footage.warnings),
            "shown_px": list(shown_px),
        },
        "view": view.to_json(),
        "grid": {
            "origin": list(maps.grid.origin),
            "cell": maps.grid.cell,
            "columns": maps.grid.columns,
            "rows": maps.grid.rows,
            "unit": maps.grid.unit,
            "metre": analysis.metre,
        },
        "settings": settings.model_dump(mode="json"),
        "definitions": definitions(settings, view.unit),
        "results": {
            "people": analysis.people,
            "scene_visits": analysis.scene_visits,
            "probable_staff": len(analysis.staff),
            "tracks": len(paths.people),
            "tracked_s": paths.tracked_s,
            "on_the_map_s": cells_s,
            "outside_s": maps.outside_s,
            "unplaced_s": paths.unplaced_s,
            "entries_to_cells": int(np.sum(maps.sums.entries[maps.coverage.observable])),
            "fine_share": maps.fine_share,
            "finest_honest_cell": maps.honest_cell,
            "observable_share": float(np.mean(maps.coverage.observable)),
            "interpolated_share": float(np.mean(~tracks.observed)) if len(tracks) else 0.0,
            "implausible_boxes": implausible_boxes,
            "self_audit": self_audit,
            "phantoms": phantoms,
            "rebuilt_foot_share": float(np.mean(tracks.rebuilt)) if len(tracks) else 0.0,
            "without_foot_share": float(np.mean(np.isnan(tracks.foot_px[:, 0]))) if len(tracks) else 0.0,
        },
        "notes": list(notes),
        "files": files,
        "warnings": list(warnings),
        "versions": {"python": platform.python_version(), **_versions()},
        "timing": {stage: round(seconds, 3) for stage, seconds in timing.items()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

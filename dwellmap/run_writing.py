"""What a run folder holds, written: tables, maps, pictures and the recipe."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2

from analytics.analysis import Analysis
from analytics.render import MapTitle, render_map
from dwellmap.backdrop import backdrop_of
from dwellmap.pipeline import Seen, Timing, countable, measure
from dwellmap.progress import Reporter
from dwellmap.recipe import recipe
from dwellmap.remarks import NOT_CALIBRATED, Judged, remarks
from dwellmap.run_folder import (
    CALIBRATION,
    DETECTIONS,
    PLAN_STEM,
    RECIPE,
    SCENE_PICTURE,
    TRACKS,
    dump_json,
)
from dwellmap.run_tables import write_zones
from dwellmap.site_file import Settings
from dwellmap.source import Source
from dwellmap.view import CameraView
from tracker.frames import Footage


def write_run(
    draft: Path,
    source: Source,
    seen: Seen,
    view: CameraView,
    settings: Settings,
    notes: tuple[str, ...],
    reporter: Reporter,
    timing: Timing,
    judged: Judged,
) -> None:
    """Compute what is missing and write all files of a run."""
    footage, tracks = seen.footage, judged.tracks
    analysis = measure(tracks, view, seen.shown_px, footage.observed_s, settings, reporter, timing)
    warnings = (*notes, *view.notes, *remarks(analysis, judged, footage, view, settings))
    seen.log.to_parquet(draft / DETECTIONS)
    tracks.to_parquet(draft / TRACKS)
    analysis.paths.to_parquet(draft / "trajectories.parquet")
    analysis.stays_frame().to_parquet(draft / "stays.parquet", index=False)
    write_zones(draft, analysis, source.start)
    analysis.maps.to_parquet(draft / "maps.parquet")
    analysis.maps.to_npz(draft / "maps.npz")
    if view.calibration is not None:
        view.calibration.save(draft / CALIBRATION)
    if view.plan_picture is not None:
        copy = draft / f"{PLAN_STEM}{view.plan_picture.suffix.lower()}"
        shutil.copyfile(view.plan_picture, copy)
        view = replace(view, plan_picture=copy)
    if seen.scene_bgr is not None:
        done, png = cv2.imencode(".png", seen.scene_bgr)
        if not done:
            raise OSError(f"{draft / SCENE_PICTURE}: the picture of the scene could not be encoded")
        (draft / SCENE_PICTURE).write_bytes(png.tobytes())
    _draw(draft, source, footage, view, settings, analysis, warnings, reporter, timing)
    content = recipe(
        source,
        footage,
        seen.shown_px,
        view,
        settings,
        tracks,
        countable(seen.log, view)[1],
        judged.self_audit,
        [s.to_json() | {"verdict": s.verdict(settings.phantoms)} for s in judged.suspects],
        analysis,
        notes,
        sorted(file.name for file in draft.iterdir()),
        warnings,
        timing.seconds,
    )
    (draft / RECIPE).write_text(dump_json(content), encoding="utf-8")


def _draw(
    draft: Path,
    source: Source,
    footage: Footage,
    view: CameraView,
    settings: Settings,
    analysis: Analysis,
    warnings: tuple[str, ...],
    reporter: Reporter,
    timing: Timing,
) -> None:
    """Draw the four maps."""
    since = time.perf_counter()
    scene_picture = draft / SCENE_PICTURE
    title = MapTitle(
        camera=view.camera,
        period=period(source, footage),
        people=analysis.people,
        detector=source.detector_description,
        # The maps carry this one as a badge of their own.
        warnings=tuple(text for text in warnings if not text.startswith(NOT_CALIBRATED)),
        recording=source.name,
    )
    coverage = analysis.maps.coverage.share.reshape(analysis.maps.grid.shape)
    backdrop = backdrop_of(view, scene_picture if scene_picture.exists() else None)
    for grid_map in analysis.maps.pictures():
        render_map(
            grid_map,
            draft / f"{grid_map.name}.png",
            coverage=coverage,
            title=title,
            scene=view.scene,
            zones=view.zones,
            backdrop=backdrop,
            footprint=view.footprint(),
            min_entries=settings.maps.min_entries,
            min_coverage=settings.maps.min_coverage,
        )
    timing.add("draw", since)


def period(source: Source, footage: Footage) -> str:
    """The period of a recording for titles: wall clock where it is known."""
    end_s = float(footage.observed_s[-1, 1]) if len(footage.observed_s) else 0.0
    if source.start is None:
        minutes, seconds = divmod(round(end_s), 60)
        return f"{minutes}:{seconds:02d} min, start unknown"
    told = "" if source.start_source == "option" else f" (start from the {source.start_source})"
    return _clock_period(source.start, source.start + timedelta(seconds=end_s)) + told


def _clock_period(begin: datetime, end: datetime) -> str:
    same_day = begin.date() == end.date()
    return f"{begin:%Y-%m-%d %H:%M:%S} to {end:{'%H:%M:%S' if same_day else '%Y-%m-%d %H:%M:%S'}}"

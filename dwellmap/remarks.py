"""What a reader of a run's numbers has to know, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.analysis import Analysis
from analytics.maps import FloorMaps
from dwellmap.site_file import Settings
from dwellmap.view import CameraView
from tracker.frames import Footage
from tracker.phantoms import Suspect
from tracker.settings import PhantomSettings
from tracker.tracks import Tracks

NOT_CALIBRATED = "not calibrated: image plane"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Tracks, and what is said of their trustworthiness.

    Attributes:
        tracks: Everybody.
        self_audit: The block of that name.
        suspects: Still things that may have been taken for people.

    """

    tracks: Tracks
    self_audit: dict[str, Any]
    suspects: tuple[Suspect, ...]


def remarks(
    analysis: Analysis, judged: Judged, footage: Footage, view: CameraView, settings: Settings
) -> tuple[str, ...]:
    """The warnings of a run."""
    tracks, self_audit = judged.tracks, judged.self_audit
    texts = list(footage.warnings)
    paths = analysis.paths
    if view.calibration is None:
        texts.append(f"{NOT_CALIBRATED}; cells are pixels of the picture, no lengths or areas can be given")
    elif view.calibration.pose is None:
        texts.append(
            "the camera's pose is not known: furniture hides nothing in the coverage, and the foot is the "
            "middle of the box's lower edge"
        )
    rebuilt = float(np.mean(tracks.rebuilt)) if len(tracks) else 0.0
    if rebuilt > 0.1:
        texts.append(f"{rebuilt:.0%} of the feet were hidden and follow from head and height")
    if self_audit["grade"] == "poor":
        texts.append(f"people are often mixed up: {self_audit['in_words']} (self-audit, an estimate)")
    texts.extend(_on_phantoms(judged.suspects, settings.phantoms))
    texts.extend(_on_cells(analysis.maps))
    gaps = footage.gaps_s
    if len(gaps):
        texts.append(
            f"{len(gaps)} gaps in the footage, {float(np.sum(gaps[:, 1] - gaps[:, 0])):.1f} s in all"
        )
    if paths.tracked_s > 0:
        unplaced = paths.unplaced_s / paths.tracked_s
        outside = analysis.maps.outside_s / paths.tracked_s
        if unplaced > 0.1:
            texts.append(f"{unplaced:.0%} of the tracked time has no position (feet not in view, or lost)")
        if outside > 0.1:
            texts.append(f"{outside:.0%} of the tracked time lies off the plan or on floor that is not seen")
    return tuple(texts)


def _on_cells(maps: FloorMaps) -> Iterable[str]:
    honest, unit = maps.honest_cell, maps.grid.unit
    if honest is not None and honest > maps.grid.cell and maps.fine_share > 0.1:
        yield (
            f"cells of {maps.grid.cell:g} {unit} are finer than positions are accurate for "
            f"{maps.fine_share:.0%} of the time (paler on the maps); finest honest size here: "
            f"{honest:g} {unit} (setting maps.cell_{unit})"
        )


def _on_phantoms(suspects: tuple[Suspect, ...], settings: PhantomSettings) -> Iterable[str]:
    for suspect in suspects:
        # In footage that is shorter than that it says something only together with the files around.
        if suspect.still_s < settings.suspect_s:
            continue
        x1, _, x2, y2 = suspect.xyxy_px
        what = f"at pixel ({(x1 + x2) / 2:.0f}, {y2:.0f}), unchanged for {suspect.still_s / 60:.1f} min"
        if suspect.is_phantom(settings):
            yield f"suspected phantom left out (a mannequin, a poster?): {what}"
        elif suspect.still_s >= settings.still_s:
            yield f"suspected phantom counted, as asked: {what}"
        else:
            yield f"person or thing, cannot tell: {what}; counted"

"""How far the numbers of a run can be trusted, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calibration.accuracy import honest_distance_m
from calibration.calibration import Calibration
from dwellmap.run_folder import RunFolder
from dwellmap.studio.durations import spoken


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that there is to say.

    Attributes:
        about: What it is about.
        figure: The figure, short.
        meaning: What that means.

    """

    about: str
    figure: str
    meaning: str


def quality(run: RunFolder) -> list[Said]:
    """What there is to say of a run.

    Raises:
        ValueError: If its recipe is damaged.

    """
    try:
        return [*_on_footage(run), *_on_floor(run, run.calibration()), *_on_people(run)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{run.path}: its recipe is damaged ({error!r}); run the recording again") from error


def _on_footage(run: RunFolder) -> Iterator[Said]:
    footage = run.footage()
    gaps = footage.gaps_s
    lost = float(np.sum(gaps[:, 1] - gaps[:, 0])) if len(gaps) else 0.0
    if len(gaps):
        times = "gap" if len(gaps) == 1 else "gaps"
        meaning = f"{len(gaps)} {times}, {spoken(lost)} in all: what happened then is not in the numbers"
    else:
        meaning = "without a gap"
    if footage.damaged:
        meaning += f"; {footage.damaged} damaged pictures"
    yield Said("Footage looked at", spoken(footage.observed_time_s), meaning)


def _on_floor(run: RunFolder, calibration: Calibration | None) -> Iterator[Said]:
    results = run.recipe["results"]
    cell, unit = float(run.recipe["grid"]["cell"]), str(run.recipe["grid"]["unit"])
    yield Said(
        "Floor in view", f"{results['observable_share']:.0%}",
        "of the mapped floor; the rest is hatched: not seen does not mean empty",
    )  # fmt: skip
    if calibration is None:
        yield Said("Calibration", "none", "cells are pixels of the picture; no lengths or areas are known")
    elif calibration.people is not None:
        yield Said("Calibration", f"± {calibration.people.length_sigma:.0%}", calibration.people.in_words())
    else:
        honest = honest_distance_m(calibration, cell)
        if not np.isfinite(honest):
            said = "how exact people's positions are cannot be told, for the camera's pose is not known"
            yield Said("Calibration", calibration.id, said)
        elif honest > 0:
            said = f"is how far cells of {cell:g} m are honest: as wide as two sigma of a person's position"
            yield Said("Calibration", f"{honest:.0f} m", said)
        else:
            said = f"cells of {cell:g} m are finer than people's positions are exact everywhere in this view"
            yield Said("Calibration", calibration.id, said)
    finest = results["finest_honest_cell"]
    if finest is not None:
        fine = float(results["fine_share"])
        said = "the finest honest cell for nine tenths of the time"
        if fine > 0:
            said += f"; {fine:.0%} of it lies in cells that are finer than that allows, drawn paler"
        yield Said("Cells", f"{finest:g} {unit}", said)


def _on_people(run: RunFolder) -> Iterator[Said]:
    results, audit = run.recipe["results"], run.recipe["results"]["self_audit"]
    yield Said("Mixed-up people", str(audit["grade"]), f"{audit['in_words']} (self-audit, an estimate)")
    tracked = float(results["tracked_s"])
    if tracked > 0:
        for about, seconds, meaning in (
            ("Time without a place", float(results["unplaced_s"]), "feet not in view, or people lost"),
            ("Time off the map", float(results["outside_s"]), "off the plan, or on floor that is not seen"),
        ):
            yield Said(about, f"{seconds / tracked:.0%}", f"of the people's time: {meaning}")
    for about, key, meaning in (
        ("Bridged positions", "interpolated_share", "were not detected, but lie between detections"),
        ("Hidden feet", "rebuilt_foot_share", "of the positions follow from head and height"),
    ):
        yield Said(about, f"{float(results[key]):.0%}", meaning)
    phantoms = [s for s in results["phantoms"] if s["verdict"] != "cannot tell"]
    if phantoms:
        yield Said("Phantoms", str(len(phantoms)), "things that stay put and unchanged; see the notes")

"""A run as a part of its camera's day: when it was recorded, and what it may be joined with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dwellmap.run_folder import RECIPE, RunFolder, dump_json
from dwellmap.site_file import Settings
from dwellmap.view import given

_TOLD_BY = ("option", "file name", "container")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A run with a known wall-clock start.

    Attributes:
        run: The run.
        start: Wall clock at its time 0, timezone-aware.
        observed_s: (n, 2) stretches in which footage was decoded, in its own seconds; at least one.
        recipe: Eight hex digits over all that its numbers depend on but the recording: only equal ones can
            be joined or summed.
        settings: The settings of the run.

    """

    run: RunFolder
    start: datetime
    observed_s: NDArray[np.float64]
    recipe: str
    settings: Settings

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return self.run.path.name

    @property
    def day(self) -> date:
        """The day on which it began, by the clock that its start was told in."""
        return self.start.date()

    @property
    def begin(self) -> float:
        """When its footage begins, in seconds since 1970."""
        return self.start.timestamp() + float(self.observed_s[0, 0])

    @property
    def until(self) -> float:
        """When its footage ends, in seconds since 1970."""
        return self.start.timestamp() + float(self.observed_s[-1, 1])

    @classmethod
    def of(cls, run: RunFolder) -> Part | None:
        """The part that a run is; None if nobody knows when it was recorded, or if it shows nothing.

        Raises:
            ValueError: If its recipe is damaged.

        """
        start, observed_s = run.source().start, run.footage().observed_s
        if start is None or not len(observed_s):
            return None
        if start.tzinfo is None:
            raise ValueError(
                f"{run.path / RECIPE}: expected a start with a time zone, got {start.isoformat()}; run the "
                "recording again"
            )
        return cls(run, start, observed_s, _recipe(run), run.settings())


def _recipe(run: RunFolder) -> str:
    source = run.recipe["source"]
    kept = ("clock_rate", "sample_fps", "detector", "detector_identity", "appearance")
    content = {key: source[key] for key in kept}
    if content["detector"] == "replay":
        # Boxes of another recording are another file.
        content["detector_identity"] = "replay"
    content |= {
        "view": given(run.recipe["view"]),
        "settings": run.recipe["settings"],
        "version": run.recipe.get("versions", {}).get("dwellmap"),
    }
    return hashlib.sha256(dump_json(content).encode()).hexdigest()[:8]


def parts_in(folder: Path) -> tuple[list[Part], list[str], list[str]]:
    """All parts in a camera's folder, names of runs without a start, and what is wrong with the others.

    All are sorted by name. Runs whose personal data were erased have nobody left to link.

    Raises:
        OSError: If the folder cannot be read.

    """
    parts, undated, faults = [], [], []
    for name in runs_in(folder):
        try:
            run = RunFolder.open(folder / name)
            part = None if run.is_erased else Part.of(run)
        except (ValueError, OSError, KeyError, TypeError, AttributeError) as error:
            faults.append(f"not linked with the recordings around it: {error}")
            continue
        if part is not None:
            parts.append(part)
        elif not run.is_erased:
            undated.append(name)
    return parts, undated, faults


def runs_in(folder: Path) -> list[str]:
    """Names of the runs in a camera's folder; those being written begin with a dot and are left out."""
    return sorted(
        entry.name for entry in folder.iterdir() if entry.name[0] != "." and (entry / RECIPE).is_file()
    )


def once_each(parts: Iterable[Part]) -> tuple[list[Part], list[str]]:
    """Every recording once; warnings where one is there with two starts.

    A start that was told beats one from a file name, and that one from a container; then the earlier counts.
    """
    by_content: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        by_content.setdefault((part.recipe, part.run.recipe["source"]["content_hash"]), []).append(part)
    kept, warnings = [], []
    for same in by_content.values():
        same = sorted(same, key=_preference)
        kept.append(same[0])
        others = [part.name for part in same[1:] if part.begin != same[0].begin]
        if others:
            warnings.append(
                f"{same[0].name} and {', '.join(others)} are one recording with different starts; the first "
                "is used; delete the folders whose start is wrong"
            )
    return sorted(kept, key=lambda part: part.name), sorted(warnings)


def _preference(part: Part) -> tuple[int, float, str]:
    source = part.run.recipe["source"]["start_source"]
    rank = _TOLD_BY.index(source) if source in _TOLD_BY else len(_TOLD_BY)
    return rank, part.begin, part.name

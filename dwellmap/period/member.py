"""A run as a member of a period."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dwellmap.days.links import UsedRun
from dwellmap.run_folder import FORMAT, LARGEST_RECIPE_BYTES, RECIPE, VERSION
from dwellmap.run_tables import CELL_QUARTERS, VISITS, ZONE_QUARTERS

_NEEDED = ("maps.parquet", "zones.csv", ZONE_QUARTERS, CELL_QUARTERS)
_RESULTS = (
    "people", "scene_visits", "tracked_s", "on_the_map_s", "outside_s", "unplaced_s", "interpolated_share",
    "rebuilt_foot_share", "without_foot_share", "self_audit", "probable_staff",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A run of a period, without the bulk of its recipe, for a period may have thousands.

    Attributes:
        path: Its folder.
        setup: Number of its setup.
        camera: Name of the camera.
        recording: Name of the recording.
        content: Hash of the recording.
        start: Wall clock at its time 0; None if nobody knows.
        time_zone: IANA name of the zone of `start`; None where it is not known.
        observed_s: (n, 2) footage, in its own seconds.
        used_s: (2,) from when until when it counts, in its own seconds: where files overlap, one is used.
        linked: Who its people are on that day; None where it was not linked.
        results: What its recipe says of quality.
        warnings: Its warnings.
        detector: Kind of the detector.
        erased: Its personal data are gone: sums are left, visits are not.
        made: When it was written, seconds since 1970.

    """

    path: Path
    setup: int
    camera: str
    recording: str
    content: str
    start: datetime | None
    time_zone: str | None
    observed_s: NDArray[np.float64]
    used_s: tuple[float, float]
    linked: UsedRun | None
    results: dict[str, Any]
    warnings: tuple[str, ...]
    detector: str
    erased: bool
    made: float

    @property
    def zero_s(self) -> float:
        """Wall clock at its time 0, seconds since 1970; 0 if nobody knows."""
        return 0.0 if self.start is None else self.start.timestamp()

    @property
    def day(self) -> date | None:
        """The day on which it began, by the clock that its start was told in."""
        return None if self.start is None else self.start.date()

    @property
    def counted_s(self) -> NDArray[np.float64]:
        """(n, 2) footage that counts, in its own seconds."""
        spans = np.clip(self.observed_s, *self.used_s)
        return np.asarray(spans[spans[:, 1] > spans[:, 0]])


def read_recipe(folder: Path) -> dict[str, Any]:
    """The recipe of a run, checked only as far as a period needs it.

    Raises:
        ValueError: If it is no run, one of another version, or one that lacks tables.

    """
    file = folder / RECIPE
    try:
        text = file.read_bytes()[: LARGEST_RECIPE_BYTES + 1]
    except OSError as error:
        raise ValueError(
            f"{folder}: expected a run (a folder with {RECIPE}), such as outputs/<camera>/<recording>-<key>"
        ) from error
    if len(text) > LARGEST_RECIPE_BYTES:
        raise ValueError(f"{file}: expected at most {LARGEST_RECIPE_BYTES // 10**6} MB; it is no recipe")
    try:
        recipe = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{file}: expected JSON, got {error}; run the recording again") from error
    if not isinstance(recipe, dict) or (recipe.get("format"), recipe.get("version")) != (FORMAT, VERSION):
        raise ValueError(
            f"{file}: expected a run of version {VERSION}; this one was made by another version of Dwellmap. "
            "Run the recording again"
        )
    lost = [name for name in _NEEDED if not (folder / name).is_file()]
    if lost:
        raise ValueError(f"{folder}: this run is not whole, {', '.join(lost)} are missing; run it again")
    return recipe


def member_of(folder: Path, recipe: dict[str, Any], setup: int) -> Member:
    """The member that a run is, before links are looked at."""
    try:
        source, footage = recipe["source"], recipe["footage"]
        start = None if source["start"] is None else datetime.fromisoformat(source["start"])
        observed_s = np.array(footage["observed_s"], dtype=np.float64).reshape(-1, 2)
        return Member(
            path=folder,
            setup=setup,
            camera=str(recipe["view"]["camera"]),
            recording=str(source["name"]),
            content=str(source["content_hash"]),
            start=start if start is None or start.tzinfo is not None else start.replace(tzinfo=UTC),
            time_zone=source.get("time_zone"),
            observed_s=observed_s,
            used_s=(-np.inf, np.inf),
            linked=None,
            results={key: recipe["results"].get(key) for key in _RESULTS},
            warnings=tuple(recipe["warnings"]),
            detector=str(source["detector"]),
            erased=not (folder / VISITS).is_file(),
            made=(folder / RECIPE).stat().st_mtime,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{folder / RECIPE}: damaged ({error!r}); run the recording again") from error

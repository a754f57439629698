"""The site: one place with its plan, its zones and its cameras, read from `site.toml` and checked at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from analytics.zones import Zone
from calibration.plan import FloorPlan
from calibration.scene import Door, Furniture, Scene, Wall
from dwellmap.opening_hours import WEEKDAYS, OpeningHours
from dwellmap.site_faults import Fault, MismatchError, SiteError, dotted, duplicates, faults_of, shown
from dwellmap.site_file import CameraTable, PlanTable, Settings, SiteFile
from dwellmap.site_values import Surroundings

LARGEST_FILE_BYTES = 1_000_000
MOST_CELLS = 4_000_000


CALIBRATION_END, STILL_END = ".calibration.json", ".still.png"


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """One camera of a site.

    Attributes:
        name: Unique in the site; names the folder of its results.
        calibration: Its calibration file; None if it has none yet.
        still: Picture that shows where it looked when it was calibrated.
        clock_rate: Real seconds in a second of the recording's own clock.
        files: Patterns of its recordings.
        start: Pattern of the wall-clock start in its file names; None if it is not there.
        ignored_px: Polygons (n, 2) in pixels in which nobody counts.
        roi_px: Polygons (n, 2) in pixels in which activity counts; empty for all of the picture.
        time_zone: The site's.

    """

    name: str
    calibration: Path | None
    still: Path | None
    clock_rate: float
    files: tuple[str, ...]
    start: str | None
    ignored_px: tuple[NDArray[np.float64], ...]
    roi_px: tuple[NDArray[np.float64], ...]
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place.

    Attributes:
        path: The site file it was read from.
        name: Name of the place.
        plan: The floor.
        scene: What stands on it, what ends it and where nobody counts.
        zones: Named areas, staff-only ones among them.
        cameras: At least one.
        time_zone: Of the place, and of the clocks of its cameras.
        opening_hours: None if every hour counts.
        weights: Weights for the YOLO detector, if the file names some.
        settings: Thresholds of all packages.

    """

    path: Path
    name: str
    plan: FloorPlan
    scene: Scene
    zones: tuple[Zone, ...]
    cameras: tuple[Camera, ...]
    time_zone: ZoneInfo
    opening_hours: OpeningHours | None
    weights: Path | None
    settings: Settings

    def camera_for(self, recording: str | os.PathLike[str]) -> Camera:
        """The camera that a recording is from.

        The only camera of a site gets every recording. Otherwise the camera whose file pattern fits; if no
        pattern fits, the one that a folder above the recording is named after, the nearest such folder.

        Raises:
            ValueError: If no camera or more than one fits.

        """
        if len(self.cameras) == 1:
            return self.cameras[0]
        path = Path(recording).absolute()
        fitting = [camera for camera in self.cameras if any(path.match(pattern) for pattern in camera.files)]
        if not fitting:
            by_name = {camera.name.casefold(): camera for camera in self.cameras}
            folders = (parent.name.casefold() for parent in path.parents)
            fitting = [by_name[folder] for folder in folders if folder in by_name][:1]
        if len(fitting) == 1:
            return fitting[0]
        known = ", ".join(repr(camera.name) for camera in fitting or self.cameras)
        if fitting:
            raise ValueError(
                f"{recording}: expected the file patterns of one camera to fit, those of {known} do; "
                f"make them narrower in {self.path}"
            )
        raise ValueError(
            f"{recording}: no camera of {self.path} fits (cameras: {known}); add its file name to a camera's "
            "files = [...], or put it into a folder named after its camera"
        )


def load_site(path: str | os.PathLike[str]) -> Site:
    """Read and check a site file.

    Raises:
        SiteError: If something in it is wrong; names every fault.
        OSError: If the file cannot be read.

    """
    path = Path(path)
    raw = _read(path)
    folder = path.absolute().parent
    plan, faults = _plan(raw, folder)
    surroundings = Surroundings(folder, plan.size_m if plan else None)
    file = None
    try:
        file = SiteFile.model_validate(raw, context=surroundings)
    except ValidationError as error:
        faults = faults_of(error, SiteFile, raw) + faults
    faults += duplicates(raw, ("zones", "cameras"))
    if plan is not None:
        faults += _too_many_cells(raw, plan)
    if faults or file is None or plan is None:
        raise SiteError(path, faults)
    return _compose(path, plan, file)


def example_site() -> str:
    """The commented example that `dwellmap site new` writes; it loads as it stands."""
    return resources.files("dwellmap").joinpath("site_example.toml").read_text(encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise SiteError(path, [Fault("the file", f"at most {LARGEST_FILE_BYTES // 1000} kB", "a larger one")])
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        fault = Fault("the file", "text in UTF-8", f"a byte that is not, at position {error.start}")
    except tomllib.TOMLDecodeError as error:
        fault = Fault("the file", "TOML", str(error))
    except RecursionError:
        fault = Fault("the file", "TOML with arrays and tables a few levels deep", "far deeper ones")
    raise SiteError(path, [fault])


def _plan(raw: Mapping[str, Any], folder: Path) -> tuple[FloorPlan | None, list[Fault]]:
    """The plan ahead of the rest, which is checked against it; faults of its keys are found with the rest."""
    try:
        table = PlanTable.model_validate(raw.get("plan"), context=Surroundings(folder))
        return table.floor_plan(), []
    except ValidationError:
        return None, []
    except MismatchError as error:
        return None, [Fault("plan.picture", error.expected, error.got)]


def _too_many_cells(raw: Mapping[str, Any], plan: FloorPlan) -> list[Fault]:
    table = raw.get("settings", {})
    for key in ("maps", "cell_m"):
        table = table.get(key) if isinstance(table, Mapping) else None
    # A cell size that is no size is a fault that pydantic finds.
    cell_m = table if isinstance(table, int | float) and 0 < table < 1e6 else Settings().maps.cell_m
    width, height = plan.size_m
    cells = width / cell_m * (height / cell_m)
    if cells <= MOST_CELLS:
        return []
    got = f"{cells:,.0f} cells of {shown(cell_m)} m on {width:g} m x {height:g} m"
    return [Fault(dotted(("settings", "maps", "cell_m"), raw), f"at most {MOST_CELLS:,} cells", got)]


def _compose(path: Path, plan: FloorPlan, file: SiteFile) -> Site:
    hours = file.opening_hours
    return Site(
        path=path,
        name=file.name,
        plan=plan,
        scene=Scene(
            walls=tuple(Wall(wall.line_m) for wall in file.walls),
            doors=tuple(Door(door.line_m) for door in file.doors),
            furniture=tuple(Furniture(piece.polygon_m, piece.height_m) for piece in file.furniture),
            ignored_floor_m=tuple(area.polygon_m for area in file.ignored),
        ),
        zones=tuple(Zone(zone.name, zone.polygon_m, zone.staff_only) for zone in file.zones),
        cameras=tuple(_camera(table, file.time_zone) for table in file.cameras),
        time_zone=file.time_zone,
        opening_hours=(
            OpeningHours(tuple(getattr(hours, day) for day in WEEKDAYS), file.time_zone) if hours else None
        ),
        weights=file.weights,
        settings=file.settings,
    )


def _camera(table: CameraTable, time_zone: ZoneInfo) -> Camera:
    return Camera(
        name=table.name,
        calibration=table.calibration,
        still=table.still or _still_beside(table.calibration),
        clock_rate=table.clock_rate,
        files=table.files,
        start=table.start,
        ignored_px=table.ignored_px,
        roi_px=table.roi_px,
        time_zone=time_zone,
    )


def still_of(calibration: Path) -> Path:
    """Where the still of a calibration file lies: beside it."""
    return calibration.with_name(
        calibration.name.removesuffix(".json").removesuffix(".calibration") + STILL_END
    )


def _still_beside(calibration: Path | None) -> Path | None:
    still = None if calibration is None else still_of(calibration)
    return still if still is not None and still.is_file() else None

"""What may stand in a site file: its tables with their keys."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from analytics.settings import MapSettings, TrajectorySettings
from calibration.plan import FloorPlan
from calibration.scene import DEFAULT_FURNITURE_HEIGHT_M
from calibration.settings import CalibrationSettings
from dwellmap.site_faults import MismatchError
from dwellmap.site_values import (
    ExistingFile,
    ExistingPath,
    FloorLine,
    FloorPolygon,
    FolderName,
    Globs,
    Hours,
    Name,
    PicturePolygon,
    StartPattern,
    TimeZone,
)
from tracker.settings import (
    AppearanceSettings,
    ByteTrackSettings,
    LinkingSettings,
    PhantomSettings,
    YoloSettings,
)


class Table(BaseModel):
    """A table of the site file: unknown keys are faults, values cannot change."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class PlanTable(Table):
    """`[plan]`: a picture with its scale, or a size alone."""

    picture: ExistingFile | None = Field(None, description="picture of the floor plan, seen from above")
    metres_per_pixel: float | None = Field(
        None, gt=0, le=10, description="scale of the plan picture, m per pixel"
    )
    width_m: float | None = Field(
        None, gt=0, le=10_000, description="width of the floor, m (without a picture)"
    )
    height_m: float | None = Field(
        None, gt=0, le=10_000, description="height of the floor, m (without a picture)"
    )

    @model_validator(mode="after")
    def _one_way(self) -> PlanTable:
        """Exactly one of the two ways to say how large the floor is."""
        given = [
            key
            for key in ("picture", "metres_per_pixel", "width_m", "height_m")
            if getattr(self, key) is not None
        ]
        if given not in (["picture", "metres_per_pixel"], ["width_m", "height_m"]):
            raise MismatchError(
                "either picture and metres_per_pixel, or width_m and height_m", ", ".join(given) or "neither"
            )
        return self

    def floor_plan(self) -> FloorPlan:
        """The plan itself.

        Raises:
            MismatchError: If the plan's file is no picture.

        """
        if self.picture is None or self.metres_per_pixel is None:
            return FloorPlan((self.width_m or 0.0, self.height_m or 0.0))
        try:
            return FloorPlan.from_picture(self.picture, self.metres_per_pixel)
        except ValueError as error:
            raise MismatchError("a picture of the floor plan", str(error)) from error


class ZoneTable(Table):
    """`[[zones]]`."""

    name: Name = Field(description="name of the zone, as reports print it")
    polygon_m: FloorPolygon = Field(description="corners [x, y] on the plan, m")
    staff_only: bool = Field(False, description="marked in zones.csv; the maps count everybody")


class LineTable(Table):
    """`[[doors]]` and `[[walls]]`."""

    name: Name | None = Field(None, description="name, for people only")
    line_m: FloorLine = Field(description="points [x, y] on the plan, m")


class FurnitureTable(Table):
    """`[[furniture]]`."""

    name: Name | None = Field(None, description="name, for people only")
    polygon_m: FloorPolygon = Field(description="corners [x, y] on the plan, m")
    height_m: float = Field(DEFAULT_FURNITURE_HEIGHT_M, gt=0, lt=20, description="height of the piece, m")


class IgnoredTable(Table):
    """`[[ignored]]`."""

    name: Name | None = Field(None, description="name, for people only")
    polygon_m: FloorPolygon = Field(description="corners [x, y] on the plan, m; nobody counts inside")


class CameraTable(Table):
    """`[[cameras]]`."""

    name: FolderName = Field(description="name of the camera; its results go into a folder of this name")
    calibration: ExistingFile | None = Field(None, description="file written by `dwellmap calibrate fit`")
    still: ExistingFile | None = Field(
        None,
        description="picture without people that shows where it looked when it was calibrated; default the "
        ".still.png beside the calibration, if there is one",
    )
    clock_rate: float = Field(
        1.0, gt=0.001, lt=1000, description="real seconds in a second of the recording's own clock"
    )
    files: Globs = Field(
        (),
        max_length=100,
        description="patterns of its recordings: a file name, or folder/file name, with * and ?",
    )
    start: StartPattern | None = Field(
        None, description="where the start stands in its file names, such as 'ch03_%Y%m%d_%H%M%S*'"
    )
    ignored_px: tuple[PicturePolygon, ...] = Field(
        (),
        max_length=100,
        description="areas of the picture in which nobody counts: lists of corners [x, y], pixels",
    )
    roi_px: tuple[PicturePolygon, ...] = Field(
        (),
        max_length=100,
        description="areas of the picture in which `dwellmap activity` counts, likewise; default all of it",
    )


class OpeningHoursTable(Table):
    """`[opening_hours]`: a day that is not listed is closed."""

    monday: Hours = Field((), description='hours such as "09:00-18:30", or a list of them')
    tuesday: Hours = Field((), description="likewise")
    wednesday: Hours = Field((), description="likewise")
    thursday: Hours = Field((), description="likewise")
    friday: Hours = Field((), description="likewise")
    saturday: Hours = Field((), description="likewise")
    sunday: Hours = Field((), description="likewise")


class Settings(Table):
    """`[settings.*]`: the settings of the packages, as they are."""

    calibration: CalibrationSettings = Field(
        default_factory=CalibrationSettings, description="cameras that nobody calibrated"
    )
    yolo: YoloSettings = Field(default_factory=YoloSettings, description="what a YOLO keeps of what it sees")
    tracker: ByteTrackSettings = Field(
        default_factory=ByteTrackSettings, description="joining boxes to tracklets"
    )
    phantoms: PhantomSettings = Field(
        default_factory=PhantomSettings, description="still things that are taken for people"
    )
    appearance: AppearanceSettings = Field(
        default_factory=AppearanceSettings, description="what people look like, to tell them apart"
    )
    linking: LinkingSettings = Field(
        default_factory=LinkingSettings, description="joining tracklets to people"
    )
    trajectories: TrajectorySettings = Field(
        default_factory=TrajectorySettings, description="raw floor positions to a smoothed path"
    )
    maps: MapSettings = Field(default_factory=MapSettings, description="cells, visits and what is drawn")


def _some(tables: object) -> object:
    # Before and not after the entries are read: one camera at fault is not "no camera".
    if tables == []:
        raise MismatchError("at least one [[cameras]] table with a name", "none")
    return tables


class SiteFile(Table):
    """The whole file."""

    name: Name = Field("site", description="name of the shop or place")
    time_zone: TimeZone = Field(
        default_factory=lambda: ZoneInfo("UTC"), description='time zone of the place, such as "Europe/Berlin"'
    )
    weights: ExistingPath | None = Field(None, description="weights for the YOLO detector")
    plan: PlanTable = Field(
        description="[plan] table with picture and metres_per_pixel, or width_m and height_m"
    )
    opening_hours: OpeningHoursTable | None = Field(
        None, description="for reports; maps count all of a recording"
    )
    zones: tuple[ZoneTable, ...] = Field((), max_length=1000, description="named areas")
    doors: tuple[LineTable, ...] = Field((), max_length=1000, description="where people come and go")
    walls: tuple[LineTable, ...] = Field((), max_length=1000, description="what nobody walks through")
    furniture: tuple[FurnitureTable, ...] = Field((), max_length=1000, description="what hides the floor")
    ignored: tuple[IgnoredTable, ...] = Field((), max_length=1000, description="floor on which nobody counts")
    cameras: Annotated[tuple[CameraTable, ...], BeforeValidator(_some)] = Field(
        max_length=1000, description="at least one [[cameras]] table with a name"
    )
    settings: Settings = Field(default_factory=Settings, description="thresholds, see the settings page")

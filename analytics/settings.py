"""Settings of the analysis: one frozen table that feeds the site file, the command line and the docs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TrajectorySettings(BaseModel):
    """How raw floor positions become a smoothed path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bridge_s: float = Field(
        2.0,
        gt=0,
        le=60,
        description="longest stretch without a position that a path is drawn across, s",
    )
    acceleration_m2_s3: float = Field(
        0.1, gt=0, le=100, description="power of the random acceleration of a walking person, m2/s3"
    )
    standing_speed_m_s: float = Field(
        0.03, gt=0, le=1, description="speed that somebody who stands still may drift with, m/s"
    )
    stop_move_m: float = Field(
        0.6, gt=0, le=5, description="net movement under which somebody is taken to stand, m"
    )
    stop_window_s: float = Field(2.0, gt=0, le=30, description="time over which that movement is taken, s")
    stop_s: float = Field(3.0, gt=0, le=600, description="shortest standing that counts as a stop, s")


class MapSettings(BaseModel):
    """What counts as a visit, and what a cell needs before its number is drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell_m: float = Field(0.5, gt=0.01, le=20, description="side of a grid cell, m")
    cell_px: float | None = Field(
        None,
        gt=0,
        description="side of a cell without calibration, px (default: about picture height / 30)",
    )
    revisit_s: float = Field(
        10.0, ge=0, le=3600, description="absence from a place after which a return is a new visit, s"
    )
    min_visit_cell_s: float = Field(
        0.1, ge=0, le=600, description="shortest visit that makes a unique visitor of a cell, s"
    )
    min_visit_zone_s: float = Field(
        1.0, ge=0, le=600, description="shortest visit that makes a unique visitor of a zone, s"
    )
    min_presence_s: float = Field(
        1.0, ge=0, le=600, description="shortest time in sight that makes somebody counted as a person, s"
    )
    min_entries: int = Field(5, ge=1, le=1000, description="entries under which a cell is drawn faded as few")
    min_coverage: float = Field(
        0.5, gt=0, le=1, description="share of the observed time a cell must have been visible for a number"
    )
    heat_sigma_m: float = Field(0.25, ge=0, le=5, description="spread of a person's presence on the floor, m")
    edge_m: float = Field(
        1.0,
        gt=0,
        le=10,
        description="how near to a door or the visible floor's edge a path may begin, m",
    )
    person_height_m: float = Field(1.7, gt=0.5, le=2.5, description="height of a person for visibility, m")
    hip_height_m: float = Field(0.9, gt=0.2, le=2, description="height down to which a person must show, m")
    min_box_share: float = Field(
        0.04, ge=0, le=1, description="smallest box the detector finds, as a share of the picture's height"
    )
    staff_s: float = Field(
        7200.0, gt=0, description="time in sight on one day after which somebody is probably staff, s"
    )
    horizon_s: float = Field(
        600.0, gt=0, le=86400, description="time up to which the Kaplan-Meier mean of visits is taken, s"
    )
    bootstrap_draws: int = Field(
        400, ge=0, le=10000, description="draws of the bootstrap over people for the 95 % interval"
    )

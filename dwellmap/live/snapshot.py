"""What is known of a watched camera at a moment, for pages and consoles; provisional, and never stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.grid import Grid
from analytics.rolling import LiveMaps
from dwellmap.view import CameraView

State = Literal["connecting", "watching", "trouble", "ended"]


@dataclass(frozen=True, slots=True, eq=False)
class FloorNow:
    """The floor at a moment.

    Attributes:
        view: The camera's view of the floor.
        grid: The cells of the maps.
        window: Maps of the last minutes; None before the first seconds are over.
        total: Maps since the beginning.
        stop_heat: (cells,) person-seconds of standing per unit of area that have not faded yet.
        xy: (n, 2) where people are now, in the view's unit.
        in_zones: (zones,) how many are in each zone now.
        occupancy: Minute by minute of the last hour: wall clock of its end, and (zones,) people on average.
        xyxy_px: (m, 4) boxes of the people in the picture.
        scene_bgr: People-free picture, soft; None if there is none yet.
        picture_jpeg: The camera's picture, people and all; None unless somebody asked for it.

    """

    view: CameraView
    grid: Grid
    window: LiveMaps | None
    total: LiveMaps | None
    stop_heat: NDArray[np.float64]
    xy: NDArray[np.float64]
    in_zones: NDArray[np.int64]
    occupancy: tuple[tuple[datetime, NDArray[np.float64]], ...]
    xyxy_px: NDArray[np.float64]
    scene_bgr: NDArray[np.uint8] | None
    picture_jpeg: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A watched camera at a moment.

    Attributes:
        camera: Its name.
        shown: Its address, without credentials.
        state: What it does; "trouble" waits for another attempt, "ended" for nothing.
        message: What is wrong, in words; empty if nothing is.
        retry_at: When the next attempt is, by the wall clock.
        at: When this was taken.
        since: When the first picture came; None before.
        window_s: Length of the rolling window.
        half_life_s: Time in which the heat of stops halves.
        camera_fps: Pictures a second that are there to be looked at, over the last seconds.
        looked_fps: Pictures a second that were looked at.
        delay_s: How old what is shown is: from the picture's time to the end of the work on it; NaN before.
        dropped_share: Share of the pictures left out because the machine is slow.
        gaps: How often the stream broke.
        detector: One line on who finds the people.
        floor: The floor; None before the first picture.

    """

    camera: str
    shown: str
    state: State
    message: str
    retry_at: datetime | None
    at: datetime
    since: datetime | None
    window_s: float
    half_life_s: float
    camera_fps: float = 0.0
    looked_fps: float = 0.0
    delay_s: float = float("nan")
    dropped_share: float = 0.0
    gaps: int = 0
    detector: str = ""
    floor: FloorNow | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something to tell and to log."""

    text: str


@dataclass(frozen=True, slots=True)
class Saved:
    """An hour is a run now.

    Attributes:
        name: Of the hour.
        run: Folder of the run, relative to the output folder.
        people: People counted in it.
        remarks: What is worth knowing of it.

    """

    name: str
    run: str
    people: int
    remarks: tuple[str, ...] = field(default=())


News = Snapshot | Said | Saved

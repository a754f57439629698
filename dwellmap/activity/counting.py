"""One pass over a recording: for how long what moved where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analytics.accumulators import Accumulator
from analytics.activity import Regions, no_activity
from analytics.grid import Grid
from analytics.zones import Zone
from calibration.calibration import Calibration
from dwellmap.increments import Increments
from dwellmap.progress import Reporter
from tracker.changes import Change, Changes, moving_boxes, standing_edge
from tracker.frames import Footage, Recording
from tracker.scenepicture import ScenePicture

Watcher = Callable[[Change, NDArray[np.float64]], None]
"""Told each change and the seconds of motion (h, w) so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Where the pixels of the working size lie on the plan.

    Attributes:
        grid: The cells.
        cell: (h, w) int64 number of each pixel's cell, -1 off the plan.
        zones: Named areas.
        in_zone: (zones, h, w) bool.

    """

    grid: Grid
    cell: NDArray[np.int64]
    zones: tuple[Zone, ...]
    in_zone: NDArray[np.bool_]

    @classmethod
    def of(
        cls, calibration: Calibration, grid: Grid, zones: tuple[Zone, ...], working_px: tuple[int, int]
    ) -> Floor:
        """Project the pixels' centres; the calibration is for pictures of the recording's own size."""
        width, height = working_px
        small = calibration.for_image_size(working_px)
        x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
        xy_m = small.floor_from_image(np.column_stack([x.ravel(), y.ravel()]))
        inside = [shapely.contains_xy(shapely.Polygon(z.xy_m), xy_m[:, 0], xy_m[:, 1]) for z in zones]
        shape = (height, width)
        return cls(
            grid,
            grid.place_of(xy_m).reshape(shape),
            zones,
            np.array(inside, dtype=np.bool_).reshape(len(zones), *shape),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What a pass gave; every sum is an `Accumulator` whose `dwell_s` holds seconds of nobody in particular.

    Attributes:
        moving: Seconds of motion per pixel of the working size.
        difference: Grey levels of difference times seconds, per pixel.
        occupied: Seconds in which anything moved, per region; the last entry is anywhere in all of them.
        floor: Seconds in which something that moved stood there, per cell of the plan; None uncalibrated.
        zones: The same per zone; None uncalibrated.
        footage: What was decoded.
        scene_bgr: (height, width, 3) picture of the scene without what moved.
        pictures: How many were looked at.
        unknown_s: Seconds of pictures in which the place was not recognised.

    """

    moving: Accumulator
    difference: Accumulator
    occupied: Accumulator
    floor: Accumulator | None
    zones: Accumulator | None
    footage: Footage
    scene_bgr: NDArray[np.uint8]
    pictures: int
    unknown_s: float


def count(
    recording: Recording,
    changes: Changes,
    regions: Regions,
    floor: Floor | None,
    every_s: float,
    step_s: float,
    steps: Increments,
    reporter: Reporter,
    watcher: Watcher | None = None,
) -> Counted:
    """Add up the changes of a recording.

    Args:
        recording: The footage, decoded once.
        changes: The empty place, learned from it.
        regions: Of the table.
        floor: Where pixels lie on the plan; None without calibration.
        every_s: Seconds between pictures looked at; 0 for every picture.
        step_s: Length of a step of the film.
        steps: Receives the seconds of motion of each step; `moving` is their sum, added in their order.
        reporter: Told how far it is.
        watcher: Shows the work.

    """
    shape = regions.place.shape
    moving, difference = no_activity(regions.place.size), no_activity(regions.place.size)
    occupied = no_activity(regions.number + 1)
    on_floor = None if floor is None else no_activity(floor.grid.cells)
    in_zones = None if floor is None else no_activity(len(floor.zones))
    scene = ScenePicture(recording.duration_s)
    stream = recording.read(1 / every_s if every_s > 0 else None)
    step, until_s = np.zeros(shape), step_s
    pictures, unknown_s = 0, 0.0
    scale = np.array([recording.size_px[i % 2] / changes.size_px[i % 2] for i in range(4)])
    with reporter.step(f"{recording.name}: looking for motion", recording.duration_s) as bar:
        for change, frame in changes.read(stream):
            while change.t_s >= until_s:
                steps.add(step)
                moving = moving.plus_seconds(step.ravel())
                step, until_s = np.zeros(shape), step_s * (len(steps) + 1)
            step += np.where(change.moving, change.seconds, 0.0)
            difference = difference.plus_seconds((change.difference * change.seconds).ravel())
            touched = np.append(regions.touched(change.moving), change.moving.any())
            occupied = occupied.plus_seconds(touched * change.seconds)
            if floor is not None and on_floor is not None and in_zones is not None:
                edge = standing_edge(change.moving)
                on_floor = on_floor.plus_seconds(_cells(floor, edge) * change.seconds)
                in_zones = in_zones.plus_seconds(
                    np.any(floor.in_zone & edge, axis=(1, 2)) * np.float64(change.seconds)
                )
            scene.add(frame, moving_boxes(change.moving) * scale)
            pictures += 1
            unknown_s += 0.0 if change.known else change.seconds
            bar.to(change.t_s)
            if watcher is not None:
                watcher(change, moving.dwell_s.reshape(shape) + step)
    steps.add(step)
    moving = moving.plus_seconds(step.ravel())
    picture = scene.picture()
    if picture is None:
        raise ValueError(f"{recording.name}: expected pictures, got none that could be decoded")
    return Counted(
        moving, difference, occupied, on_floor, in_zones, stream.footage, picture, pictures, unknown_s
    )


def _cells(floor: Floor, edge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(cells,) bool: something stands there."""
    cells = floor.cell[edge]
    return np.bincount(cells[cells >= 0], minlength=floor.grid.cells) > 0

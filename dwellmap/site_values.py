"""The values of a site file: points, paths, names, hours, each read and checked on its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, PlainValidator, StringConstraints, ValidationInfo

from dwellmap.opening_hours import read_day
from dwellmap.site_faults import MismatchError, shown
from tracker.wallclock import check_pattern

# A border clicked on the plan's edge may lie this far outside it.
PLAN_SLACK_M = 0.01
MOST_POINTS = 10_000
LARGEST_COORDINATE = 1e6


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the values of a file are checked against.

    Attributes:
        folder: The folder of the site file, from which relative paths start.
        plan_size_m: (width, height) of the floor plan; None where the plan itself is at fault.

    """

    folder: Path
    plan_size_m: tuple[float, float] | None = None


def _points(value: object, least: int) -> NDArray[np.float64]:
    """(n, 2) float64 points out of a TOML array."""
    what = f"at least {least} points [x, y]"
    if not isinstance(value, list | tuple):
        raise MismatchError(what, shown(value))
    for number, point in enumerate(value, start=1):
        good = isinstance(point, list | tuple) and len(point) == 2
        if not good or not all(
            isinstance(v, int | float) and not isinstance(v, bool) and abs(v) <= LARGEST_COORDINATE
            for v in point
        ):
            raise MismatchError(f"{what}, two numbers each", f"{shown(point)} as point {number}")
    if not least <= len(value) <= MOST_POINTS:
        raise MismatchError(f"{what}, at most {MOST_POINTS}", f"{len(value)}")
    points = np.array(value, dtype=np.float64)
    points.setflags(write=False)
    return points


def _outline(value: object) -> NDArray[np.float64]:
    """(n, 2) corners of a simple polygon, not closed."""
    points = _points(value, 3)
    if len(points) > 3 and np.array_equal(points[0], points[-1]):
        points = points[:-1]
    polygon = shapely.Polygon(points)
    if not polygon.is_valid:
        reason, _, place = shapely.is_valid_reason(polygon).rstrip("]").partition("[")
        at = f" near ({', '.join(place.split())})" if place else ""
        raise MismatchError(
            "an outline that does not cross or touch itself, corners in order", f"{reason.lower()}{at}"
        )
    return points


def _path(value: object) -> NDArray[np.float64]:
    """(n, 2) points of a polyline, each apart from the one before."""
    points = _points(value, 2)
    same = np.flatnonzero(np.all(points[1:] == points[:-1], axis=1))
    if len(same):
        raise MismatchError(
            "points that differ from the one before", f"point {same[0] + 2} equal to the one before"
        )
    return points


def _on_plan(points: NDArray[np.float64], info: ValidationInfo) -> NDArray[np.float64]:
    size = _surroundings(info).plan_size_m
    if size is not None:
        outside = (points < -PLAN_SLACK_M) | (points > np.array(size) + PLAN_SLACK_M)
        rows = np.flatnonzero(outside.any(axis=1))
        if len(rows):
            listed = ", ".join(f"[{x:g}, {y:g}]" for x, y in points[rows[:3]])
            more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
            raise MismatchError(
                f"points on the plan, x from 0 to {size[0]:g} m and y from 0 to {size[1]:g} m",
                f"{listed}{more} outside it",
            )
    return points


def _file(value: object, info: ValidationInfo) -> Path:
    path = _file_or_folder(value, info)
    if not path.is_file():
        raise MismatchError("a file", f"{value!r}, which is none")
    return path


def _file_or_folder(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise MismatchError("a path", shown(value))
    path = (_surroundings(info).folder / Path(value).expanduser()).resolve()
    if not path.exists():
        raise MismatchError(
            "an existing file (relative paths start at the site file)", f"{value!r}, which is absent"
        )
    return path


def _surroundings(info: ValidationInfo) -> Surroundings:
    return info.context if isinstance(info.context, Surroundings) else Surroundings(Path())


def _file_name_safe(name: str) -> str:
    if name.startswith(".") or set(name) & set('/\\:*?"<>|'):
        raise MismatchError(
            'a name that can name a folder: no leading dot, none of / \\ : * ? " < > |', shown(name)
        )
    return name


def _zone(key: object) -> ZoneInfo:
    if not isinstance(key, str):
        raise MismatchError('a time zone such as "Europe/Berlin"', shown(key))
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: "Europe" names a folder of the time zone database.
        wanted = key.casefold().replace(" ", "_")
        near = sorted(z for z in available_timezones() if wanted and wanted in z.casefold())[:3]
        hint = f" (did you mean {', '.join(near)}?)" if near else ""
        raise MismatchError(f'a time zone such as "Europe/Berlin"{hint}', shown(key)) from None


def _pattern(value: object) -> str:
    if not isinstance(value, str):
        raise MismatchError("a file-name pattern such as 'ch03_%Y%m%d_%H%M%S*'", shown(value))
    check_pattern(value)
    return value


def _day(value: object) -> tuple[tuple[int, int], ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise MismatchError('hours such as "09:00-18:30"', shown(value))
    return read_day(texts)


def _globs(value: object) -> object:
    return [value] if isinstance(value, str) else value


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$"),
]
FolderName = Annotated[Name, AfterValidator(_file_name_safe)]
ExistingFile = Annotated[Path, PlainValidator(_file)]
ExistingPath = Annotated[Path, PlainValidator(_file_or_folder)]
FloorPolygon = Annotated[NDArray[np.float64], PlainValidator(_outline), AfterValidator(_on_plan)]
FloorLine = Annotated[NDArray[np.float64], PlainValidator(_path), AfterValidator(_on_plan)]
PicturePolygon = Annotated[NDArray[np.float64], PlainValidator(_outline)]
Hours = Annotated[tuple[tuple[int, int], ...], PlainValidator(_day)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Globs = Annotated[tuple[Glob, ...], BeforeValidator(_globs)]
TimeZone = Annotated[ZoneInfo, PlainValidator(_zone)]
StartPattern = Annotated[str, PlainValidator(_pattern)]

"""Matching points: places on the floor clicked in the camera's picture and known on the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.homography import points
from calibration.plan import SurveyFrame, metres_from_pixels
from calibration.table import numbers, read_rows, refuse

IMAGE_COLUMNS = ("image_x_px", "image_y_px")
FLOOR_COLUMNS = ("floor_x_m", "floor_y_m")
PLAN_COLUMNS = ("plan_x_px", "plan_y_px")
LEAST_PAIRS = 4
MOST_PAIRS = 500
MAX_FLOOR_M = 1e5
SAME_PX = 1.0
SAME_M = 0.01
_SHOWN_TRIPLES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Matching points.

    Attributes:
        label: N names for messages, all different.
        image_px: (N, 2) float64 points in the picture, pixels.
        floor_m: (N, 2) float64 the same points on the floor, metres.
        used: (N,) bool, False where the fit left a pair out.

    """

    label: tuple[str, ...]
    image_px: NDArray[np.float64]
    floor_m: NDArray[np.float64]
    used: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check the shapes and make the arrays read-only."""
        n = len(self.label)
        for name in ("image_px", "floor_m"):
            array = np.array(points(getattr(self, name), name))
            if len(array) != n or not np.all(np.isfinite(array)):
                raise ValueError(f"pairs: expected {n} finite points in {name}, one for each label")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        used = np.array(self.used, dtype=np.bool_)
        if used.shape != (n,):
            raise ValueError(f"pairs: expected {n} flags in used, got {used.shape}")
        used.setflags(write=False)
        object.__setattr__(self, "used", used)

    @classmethod
    def of(cls, image_px: object, floor_m: object, label: tuple[str, ...] | None = None) -> Pairs:
        """Pairs from two arrays (N, 2), named "pair 1", "pair 2", ... unless labels are given."""
        image = points(image_px, "image_px")
        names = tuple(f"pair {i + 1}" for i in range(len(image))) if label is None else label
        return cls(names, image, points(floor_m, "floor_m"), np.ones(len(image), dtype=np.bool_))

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.label)

    def names(self, which: NDArray[np.bool_] | NDArray[np.int64] | list[int]) -> str:
        """The names of some pairs, given by mask or index, for a message."""
        return ", ".join(self.label[int(i)] for i in np.arange(len(self))[which])

    def in_plan(self, survey: SurveyFrame) -> Pairs:
        """The same pairs with their floor points turned from survey to plan metres."""
        return replace(self, floor_m=survey.plan_from_survey(self.floor_m))


def read_pairs(path: Path, metres_per_pixel: float | None = None) -> Pairs:
    """Read pairs from a CSV file; floor points stay in the axes of the file.

    Columns: `image_x_px, image_y_px` and either `floor_x_m, floor_y_m` or, with `metres_per_pixel`,
    `plan_x_px, plan_y_px`; optionally `label`. Comma, semicolon (then with decimal commas too) or tab.

    Raises:
        ValueError: Naming every fault of the file at once.

    """
    rows = read_rows(path)
    header = [name.strip().lower() for name in rows[0][1]]
    floor = _floor_columns(path, header, metres_per_pixel)
    columns = [header.index(name) for name in (*IMAGE_COLUMNS, *floor)]
    label_column = header.index("label") if "label" in header else None
    faults: list[str] = []
    labels: list[str] = []
    values: list[list[float]] = []
    for line, cells in rows[1:]:
        values.append(numbers(line, cells, header, columns, faults))
        if len(cells) > len(header):
            faults.append(f"line {line}: {len(cells)} values for {len(header)} columns")
        name = cells[label_column].strip() if label_column is not None and label_column < len(cells) else ""
        name = name[:60] or f"pair {len(labels) + 1}"
        if name in labels:
            faults.append(f"line {line}: the label {name!r} is used twice")
        labels.append(name)
    if len(values) > MOST_PAIRS:
        faults.append(f"{len(values)} pairs; at most {MOST_PAIRS} are sensible")
    refuse(str(path), faults)
    table = np.array(values, dtype=np.float64).reshape(-1, 4)
    floor_m = table[:, 2:]
    if floor is PLAN_COLUMNS and metres_per_pixel is not None:
        floor_m = metres_from_pixels(floor_m, metres_per_pixel)
    return Pairs.of(table[:, :2], floor_m, tuple(labels))


def _floor_columns(path: Path, header: list[str], metres_per_pixel: float | None) -> tuple[str, str]:
    faults = [
        f"the column {name!r} is there twice" for name in sorted({n for n in header if header.count(n) > 1})
    ]
    missing = [name for name in IMAGE_COLUMNS if name not in header]
    if missing:
        faults.append(f"missing column {', '.join(missing)}")
    in_metres = [name for name in FLOOR_COLUMNS if name in header]
    in_pixels = [name for name in PLAN_COLUMNS if name in header]
    if in_metres and in_pixels:
        faults.append(
            f"floor points both in metres and in plan pixels ({', '.join(in_metres + in_pixels)}); keep one"
        )
    elif len(in_metres or in_pixels) != 2:
        faults.append(f"expected the columns {', '.join(FLOOR_COLUMNS)} or {', '.join(PLAN_COLUMNS)}")
    elif in_pixels and metres_per_pixel is None:
        faults.append("floor points in plan pixels need --metres-per-pixel")
    if faults:
        faults.append(f"got the columns {', '.join(header[:20])[:300]}")
    refuse(str(path), faults)
    return FLOOR_COLUMNS if in_metres else PLAN_COLUMNS


def check_pairs(pairs: Pairs, image_size_px: tuple[int, int]) -> None:
    """Refuse pairs from which no homography can be fitted.

    Raises:
        ValueError: Naming every fault and the pairs at fault: too few, outside the picture, repeated,
            all (but at most one) on one line.

    """
    w, h = image_size_px
    faults: list[str] = []
    if len(pairs) < LEAST_PAIRS:
        faults.append(
            f"expected at least {LEAST_PAIRS} pairs, got {len(pairs)}: click more points, well spread"
        )
    outside = np.any((pairs.image_px < -0.5) | (pairs.image_px > np.array([w, h]) - 0.5), axis=1)
    if np.any(outside):
        faults.append(
            f"{pairs.names(outside)}: outside the picture of {w}x{h} pixels; is --image-size right?"
        )
    far = np.any(np.abs(pairs.floor_m) > MAX_FLOOR_M, axis=1)
    if np.any(far):
        faults.append(
            f"{pairs.names(far)}: more than {MAX_FLOOR_M / 1000:g} km away; floor points are in metres"
        )
    faults += _repeated(pairs, pairs.image_px, SAME_PX, "picture")
    faults += _repeated(pairs, pairs.floor_m, SAME_M, "floor")
    if not faults:
        faults += line_faults(pairs, np.ones(len(pairs), dtype=np.bool_))
    refuse("pairs", faults)


def line_faults(pairs: Pairs, used: NDArray[np.bool_]) -> list[str]:
    """Say which of the used pairs lie on one line when at most one of them does not."""
    rows = np.flatnonzero(used)
    faults = []
    for xy, where in ((pairs.image_px, "picture"), (pairs.floor_m, "floor")):
        on_line = _on_one_line(xy[rows])
        if np.count_nonzero(on_line) >= len(rows) - 1:
            faults.append(
                f"{pairs.names(rows[on_line])}: on one line in the {where}; add pairs to both sides of it, "
                "at least two pairs must lie off any line"
            )
    return faults


def _repeated(pairs: Pairs, xy: NDArray[np.float64], same: float, where: str) -> list[str]:
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    return [
        f"{pairs.names([int(i), int(j)])}: the same point in the {where}; remove one or correct it"
        for i, j in np.argwhere(np.triu(apart < same, k=1))
    ]


def _on_one_line(xy: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) the points on a line that all, or all but one, lie on to 1 % of the spread; else none."""
    best = np.zeros(len(xy), dtype=np.bool_)
    # By medians: beside one point typed a kilometre off, all others would lie on "one line" with it.
    spread = 4 * float(np.median(np.linalg.norm(xy - np.median(xy, axis=0), axis=1)))
    for leave in (None, *range(len(xy))):
        keep = np.arange(len(xy)) != (-1 if leave is None else leave)
        centred = xy - xy[keep].mean(axis=0)
        normal = np.linalg.svd(centred[keep], full_matrices=True)[2][-1]
        close = np.abs(centred @ normal) < 0.01 * spread
        if np.all(close[keep]) and np.count_nonzero(close) > np.count_nonzero(best):
            best = close
    return best


def turned_triples(pairs: Pairs) -> str:
    """Pairs whose triangles go one way round in the picture and the other on the plan, for a message."""
    shown = []
    n = min(len(pairs), 40)
    for triple in combinations(range(n), 3):
        areas = [_area(xy[list(triple)]) for xy in (pairs.image_px, pairs.floor_m)]
        if areas[0] * areas[1] < 0:
            shown.append((-abs(areas[0] * areas[1]), triple))
    shown.sort()
    return "; ".join(pairs.names(list(triple)) for _, triple in shown[:_SHOWN_TRIPLES])


def _area(xy: NDArray[np.float64]) -> float:
    a, b = xy[1] - xy[0], xy[2] - xy[0]
    return float(a[0] * b[1] - a[1] * b[0])

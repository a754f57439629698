"""What lines that are straight in the world say of the lens: door frames, shelves, the edges of tiles.

The plumb-line method: Brown, "Close-range camera calibration", Photogrammetric Engineering 1971.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.homography import Array, points
from calibration.lens import Lens
from calibration.problem import MOST_DIVISION
from calibration.table import numbers, read_rows, refuse

LINE_COLUMNS = ("line", "image_x_px", "image_y_px")
LEAST_POINTS = 3
_CLEAR_SIGMAS = 2.0
_LEAST_LENGTH_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class LineFit:
    """A lens estimated from lines.

    Attributes:
        lens: The lens.
        sigma: 1-sigma error of its `division`.
        residual_px: Root mean square distance of the points from their lines in the picture, bent back.
        straight_px: The same for a lens that bends nothing.

    """

    lens: Lens
    sigma: float
    residual_px: float
    straight_px: float

    @property
    def bends(self) -> bool:
        """Whether the lines show that the lens bends them."""
        return abs(self.lens.division) > _CLEAR_SIGMAS * self.sigma


def lens_from_lines(
    lines: Sequence[NDArray[np.float64]], image_size_px: tuple[int, int], click_px: float
) -> LineFit:
    """Estimate the lens that makes lines straight.

    Args:
        lines: Points (n, 2) in the picture along each line, three or more.
        image_size_px: (width, height).
        click_px: 1-sigma error of a click.

    Raises:
        ValueError: If a line has too few points, is too short or leaves the picture, or if all run through
            the middle, where no lens bends them.

    """
    lines = [points(line, "line") for line in lines]
    _check(lines, image_size_px)

    def off_px(division: float) -> Array:
        lens = Lens(division)
        return np.concatenate([_off_line(line, lens, image_size_px) for line in lines])

    def residuals(x: Array) -> Array:
        return off_px(float(x[0]))

    found = least_squares(residuals, [0.0], bounds=(-MOST_DIVISION, MOST_DIVISION))
    slope = float(np.sum(np.asarray(found.jac) ** 2))
    residual = off_px(float(found.x[0]))
    # Each line takes two numbers of its own.
    freedom = max(len(residual) - 2 * len(lines) - 1, 1)
    noise = max(click_px, float(np.sqrt(np.sum(residual**2) / freedom)))
    if slope < 1e-9 or noise / np.sqrt(slope) > MOST_DIVISION:
        raise ValueError(
            "lines: they say nothing of the lens: all run through the middle of the picture, or they are too "
            "short. Take long lines near the edges of the picture"
        )
    return LineFit(
        Lens(float(found.x[0])),
        float(noise / np.sqrt(slope)),
        float(np.sqrt(np.mean(residual**2))),
        float(np.sqrt(np.mean(off_px(0.0) ** 2))),
    )


def read_lines(path: Path) -> tuple[NDArray[np.float64], ...]:
    """Read lines from a CSV file with the columns `line` (a name), `image_x_px` and `image_y_px`.

    Raises:
        ValueError: Naming every fault of the file at once.

    """
    rows = read_rows(path)
    header = [name.strip().lower() for name in rows[0][1]]
    missing = [name for name in LINE_COLUMNS if name not in header]
    refuse(str(path), [f"missing column {', '.join(missing)}"] if missing else [])
    columns = [header.index(name) for name in LINE_COLUMNS[1:]]
    faults: list[str] = []
    lines: dict[str, list[list[float]]] = {}
    for number, cells in rows[1:]:
        name = cells[header.index("line")].strip() if header.index("line") < len(cells) else ""
        lines.setdefault(name, []).append(numbers(number, cells, header, columns, faults))
    refuse(str(path), faults or ([] if lines else ["expected points of lines, got none"]))
    return tuple(np.array(line) for line in lines.values())


def _check(lines: Sequence[Array], image_size_px: tuple[int, int]) -> None:
    w, h = image_size_px
    faults = [] if lines else ["expected at least one line, got none"]
    for number, line in enumerate(lines, 1):
        if len(line) < LEAST_POINTS:
            faults.append(f"line {number}: expected at least {LEAST_POINTS} points, got {len(line)}")
        elif not np.all(np.isfinite(line)):
            faults.append(f"line {number}: expected finite numbers")
        elif np.any((line < -0.5) | (line > np.array([w, h]) - 0.5)):
            faults.append(f"line {number}: outside the picture of {w}x{h} pixels")
        elif np.linalg.norm(np.ptp(line, axis=0)) < _LEAST_LENGTH_SHARE * min(w, h):
            faults.append(f"line {number}: too short; take one of a tenth of the picture or longer")
    refuse("lines", faults)


def _off_line(line_px: Array, lens: Lens, image_size_px: tuple[int, int]) -> Array:
    """(n,) distances of points from the line that fits them best, in pixels of the picture."""
    pinhole = lens.pinhole(line_px, image_size_px)
    centred = pinhole - pinhole.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=True)[2][-1]
    # A pinhole pixel across the line is so many of the picture.
    across = np.einsum("nij,j->ni", lens.picture_by_pinhole(line_px, image_size_px), normal)
    return np.asarray(centred @ normal * np.linalg.norm(across, axis=1), dtype=np.float64)

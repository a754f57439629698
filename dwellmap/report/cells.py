"""Sums per cell over a period, each cell taken from one camera."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.attention import attention_s
from analytics.zones import Zone
from dwellmap.period.protection import STAFF_AND_FEW, Protection
from dwellmap.period.setup import Setup
from dwellmap.period.tables import Tables


@dataclass(frozen=True, slots=True)
class Choice:
    """What counts in a report.

    Attributes:
        count_staff: Count probable staff among the visitors.
        min_people: Fewer people than this are not shown; 0 shows all.

    """

    count_staff: bool = False
    min_people: int = 0

    def __post_init__(self) -> None:
        """Refuse what would show a few people by subtraction."""
        if self.count_staff and self.min_people:
            raise ValueError(STAFF_AND_FEW)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Sums per cell of a floor; NaN where nothing was seen or may be shown.

    Attributes:
        dwell_s, entries, visitors, heat, attention_s, exposure_s, sigma: (cells,) float64.
        coverage: (cells,) share of the observed time.
        hidden: (cells,) bool, not shown for privacy.
        staff: (cells,) bool, staff-only: left out.
        observed_s: (cells,) footage of the camera that each cell is taken from.

    """

    dwell_s: NDArray[np.float64]
    entries: NDArray[np.float64]
    visitors: NDArray[np.float64]
    heat: NDArray[np.float64]
    attention_s: NDArray[np.float64]
    exposure_s: NDArray[np.float64]
    sigma: NDArray[np.float64]
    coverage: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    staff: NDArray[np.bool_]
    observed_s: NDArray[np.float64]


def cells_of(
    tables: Tables,
    setups: tuple[Setup, ...],
    zones: tuple[Zone, ...],
    choice: Choice,
    length: dict[int, float],
    protection: Protection | None,
) -> Cells:
    """Each cell from the setups of the camera that saw it for longest; where small counts are hidden, its
    whole days, of which `protection` tells what may be shown.
    """
    n = setups[0].grid.cells
    of_camera: dict[str, list[Setup]] = {}
    for setup in sorted(setups, key=lambda setup: setup.camera):
        of_camera.setdefault(setup.camera, []).append(setup)
    # Which camera a cell is taken from is known before its tables are read; of the others nothing is.
    best = np.argmax([_exposure_s(those, length) for those in of_camera.values()], axis=0)
    taken, best = np.unique(best, return_inverse=True)
    used = [list(of_camera.values())[number] for number in taken.tolist()]
    if protection is None:
        staff = "" if choice.count_staff else "AND NOT staff"
        # All of them at once: opening thousands of files takes longer than reading them.
        numbers = {setup.number for those in used for setup in those}
        rows = tables.frame(
            f"""SELECT setup, place, sum(dwell_s) AS dwell_s, sum(entries) AS entries,
                       sum(visitors) AS visitors
                FROM {tables.of_setups("cell_quarters", numbers)} WHERE open {staff} GROUP BY ALL"""
        )
    else:
        rows = protection.cells
    by_setup = dict(iter(rows.groupby("setup")))
    gone = {} if protection is None else protection.gone_of_setups
    per_camera = [_camera_cells(by_setup, rows[:0], those, zones, gone, length) for those in used]
    picked = {}
    for field in fields(Cells):
        picked[field.name] = np.stack([getattr(c, field.name) for c in per_camera])[best, np.arange(n)]
    return Cells(**picked)


def _exposure_s(setups: list[Setup], length: dict[int, float]) -> NDArray[np.float64]:
    """(cells,) for how long a camera saw each cell."""
    exposure = np.zeros(setups[0].grid.cells)
    for setup in setups:
        exposure += setup.coverage.share * length.get(setup.number, 0.0)
    return exposure


def _camera_cells(
    by_setup: dict[Any, pd.DataFrame],
    nothing: pd.DataFrame,
    setups: list[Setup],
    zones: tuple[Zone, ...],
    gone: dict[int, NDArray[np.bool_]],
    length: dict[int, float],
) -> Cells:
    grid, maps = setups[0].grid, setups[0].maps
    n = grid.cells
    dwell, entries, visitors, spread = (np.zeros(n) for _ in range(4))
    exposure = _exposure_s(setups, length)
    hidden = np.zeros(n, dtype=np.bool_)
    observed = sum(length.get(setup.number, 0.0) for setup in setups)
    shares = [zone.share_of_cells(grid) for zone in zones]
    staff_only = np.zeros(n, dtype=np.bool_)
    for zone, inside in zip(zones, shares, strict=True):
        staff_only |= (inside > 0.5) & zone.staff
    for setup in setups:
        hidden |= gone.get(setup.number, hidden)
        rows = by_setup.get(setup.number, nothing)
        place = rows["place"].to_numpy(dtype=np.int64)
        d, e, v = (
            np.asarray(np.bincount(place, rows[c].to_numpy(dtype=float), n), dtype=np.float64)
            for c in ("dwell_s", "entries", "visitors")
        )
        d = np.maximum(d, 0.0)
        dwell, entries, visitors = dwell + d, entries + e, visitors + v
        # What is left out must not come back as what is spread around it.
        spread += setup.spread(np.where(staff_only, 0.0, d))
    share = exposure / observed if observed else np.zeros(n)
    seen = share >= maps.min_coverage
    only_hidden = hidden & (dwell == 0)
    known = seen & ~only_hidden & ~staff_only

    def cut(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(known, values, np.nan)

    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(exposure > 0, spread / (grid.cell_area * exposure), np.nan)
    sigma = np.min([setup.sigma for setup in setups], axis=0)
    # Halves of quarters in which one file takes over from another may leave a rest.
    entries, visitors = np.rint(entries), np.rint(visitors)
    span = attention_s(dwell, entries.astype(np.int64))
    return Cells(
        cut(dwell),
        cut(entries),
        cut(visitors),
        cut(density),
        cut(span),
        exposure,
        sigma,
        share,
        hidden & seen & ~staff_only,
        staff_only,
        np.full(n, observed),
    )

"""The true maps of the demo shop, by plain sampling: apart from `analytics`, so that it can judge it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from dwellmap.demo.people import Presence

_SAMPLES_PER_S = 100


@dataclass(frozen=True, slots=True, eq=False)
class TrueMaps:
    """What really happened, per cell of the measured grid (arrays (rows, columns)).

    Attributes:
        dwell_s: Person-seconds.
        visits: Different people with at least `min_visit_s` in one visit.
        entries: Visits.
        heat: People per square metre, spread by 0.25 m.

    """

    dwell_s: NDArray[np.float64]
    visits: NDArray[np.int64]
    entries: NDArray[np.int64]
    heat: NDArray[np.float64]


def true_maps(
    cast: tuple[Presence, ...],
    length_s: float,
    cell_m: float,
    shape: tuple[int, int],
    revisit_s: float = 10.0,
    min_visit_s: float = 0.1,
) -> TrueMaps:
    """Look where everybody is a hundred times a second.

    Args:
        cast: The people's ways.
        length_s: Length of the film.
        cell_m: Side of a cell; the grid begins at the plan's corner.
        shape: (rows, columns).
        revisit_s: Absence after which a return is a new visit.
        min_visit_s: Shortest visit that makes a unique visitor.

    """
    rows, columns = shape
    step_s = 1 / _SAMPLES_PER_S
    times: dict[tuple[int, int, int], list[float]] = {}
    for presence in cast:
        end_s = min(float(presence.t_s[-1]), length_s)
        for t in np.arange(float(presence.t_s[0]) + step_s / 2, end_s, step_s):
            x = np.interp(t, presence.t_s, presence.xy_m[:, 0])
            y = np.interp(t, presence.t_s, presence.xy_m[:, 1])
            cell = int(y // cell_m), int(x // cell_m)
            if 0 <= cell[0] < rows and 0 <= cell[1] < columns:
                times.setdefault((*cell, presence.person), []).append(float(t))
    dwell, visits, entries = np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for (row, column, _), seen in times.items():
        dwell[row, column] += len(seen) * step_s
        groups = np.split(np.array(seen), np.flatnonzero(np.diff(seen) >= revisit_s) + 1)
        entries[row, column] += len(groups)
        visits[row, column] += max(len(group) for group in groups) * step_s >= min_visit_s
    heat = gaussian_filter(dwell, 0.25 / cell_m, mode="reflect") / (cell_m**2 * length_s)
    return TrueMaps(dwell, visits, entries, heat)


def compare(true: TrueMaps, maps: pd.DataFrame, people_true: int, people_measured: int) -> pd.DataFrame:
    """What was measured beside what happened, on the floor that the camera sees.

    Args:
        true: The truth.
        maps: The rows of `maps.parquet`, cell by cell.
        people_true: Different people who came in.
        people_measured: People counted.

    Returns:
        A row per map: `map`, `what`, `truth`, `measured`, `error` (relative) and `same_place`, the share of
        the map's total that lies in the same cells in both.

    """
    seen = maps["dwell_s"].notna().to_numpy().reshape(true.dwell_s.shape)

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(np.nan_to_num(maps[name].to_numpy(np.float64)).reshape(seen.shape))

    def same_place(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        a, b = np.where(seen, a, 0.0), np.where(seen, b, 0.0)
        return float(np.minimum(a / max(a.sum(), 1e-12), b / max(b.sum(), 1e-12)).sum())

    area = maps["x_m"].diff().abs().replace(0, np.nan).min() ** 2
    attention_true = float(true.dwell_s[seen].sum() / max(int(true.entries[seen].sum()), 1))
    attention = float(column("dwell_s")[seen].sum() / max(column("entries")[seen].sum(), 1.0))
    span_true = true.dwell_s / np.maximum(true.entries, 1)
    rows = [
        ("heat", "people on the floor, mean", true.heat[seen].sum() * area, column("heat")[seen].sum() * area,
         same_place(true.heat, column("heat"))),
        ("visits", "different people", people_true, people_measured,
         same_place(true.visits.astype(float), column("visits"))),
        ("dwell", "person-seconds", true.dwell_s[seen].sum(), column("dwell_s")[seen].sum(),
         same_place(true.dwell_s, column("dwell_s"))),
        ("attention", "seconds a visit to a cell", attention_true, attention,
         same_place(span_true, column("attention_s"))),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["map", "what", "truth", "measured", "same_place"])
    table.insert(4, "error", table["measured"] / table["truth"].replace(0, np.nan) - 1)
    return table

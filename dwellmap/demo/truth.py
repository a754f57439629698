"""The true maps of the demo shop, by plain sampling: apart from `analytics`, so that it can judge it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from dwellmap.demo.presence import Presence

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
    filmed_s: NDArray[np.float64],
    cell_m: float,
    shape: tuple[int, int],
    revisit_s: float = 10.0,
    min_visit_s: float = 0.1,
) -> TrueMaps:
    """Look where everybody is a hundred times a second, as long as something is filmed.

    Args:
        cast: The people's ways.
        filmed_s: (n, 2) from when to when there are pictures.
        cell_m: Side of a cell; the grid begins at the plan's corner.
        shape: (rows, columns).
        revisit_s: Absence after which a return is a new visit.
        min_visit_s: Shortest visit that makes a unique visitor.

    """
    rows, columns = shape
    step_s = 1 / _SAMPLES_PER_S
    moments: list[NDArray[np.float64]] = [np.zeros((0, 3))]
    for presence in cast:
        t_s = np.arange(float(presence.t_s[0]) + step_s / 2, float(presence.t_s[-1]), step_s)
        t_s = t_s[((t_s[:, None] >= filmed_s[:, 0]) & (t_s[:, None] < filmed_s[:, 1])).any(axis=1)]
        x, y = (np.interp(t_s, presence.t_s, presence.xy_m[:, k]) for k in (0, 1))
        row, column = np.floor(y / cell_m), np.floor(x / cell_m)
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        person = np.full(len(t_s), float(presence.person))
        moments.append(np.column_stack([row * columns + column, person, t_s])[inside])
    seen = np.concatenate(moments)
    seen = seen[np.lexsort(seen.T[::-1])]
    dwell = np.zeros(rows * columns)
    visits, entries = np.zeros(rows * columns, np.int64), np.zeros(rows * columns, np.int64)
    for group in np.split(seen, np.flatnonzero(np.any(seen[1:, :2] != seen[:-1, :2], axis=1)) + 1):
        if len(group) == 0:
            continue
        cell = int(group[0, 0])
        stays = np.split(group, np.flatnonzero(np.diff(group[:, 2]) >= revisit_s) + 1)
        dwell[cell] += len(group) * step_s
        entries[cell] += len(stays)
        visits[cell] += max(len(stay) for stay in stays) * step_s >= min_visit_s
    length_s = float(np.sum(filmed_s[:, 1] - filmed_s[:, 0]))
    heat = gaussian_filter(dwell.reshape(shape), 0.25 / cell_m, mode="reflect") / (cell_m**2 * length_s)
    return TrueMaps(dwell.reshape(shape), visits.reshape(shape), entries.reshape(shape), heat)


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


def beside(table: pd.DataFrame, peer: pd.DataFrame) -> pd.DataFrame:
    """The table of `compare` and, as `peer` and `peer_error`, another measurement of the same truth."""
    return table.assign(peer=peer["measured"], peer_error=peer["error"])

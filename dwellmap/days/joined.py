"""The tracks of a whole day on one axis of time, as if it had been one recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.days.links import Links, UsedRun
from dwellmap.days.timeline import merged
from dwellmap.run_folder import RunFolder
from tracker.scenepicture import Part as PicturePart
from tracker.tracks import COLUMNS, Tracks


@dataclass(frozen=True, slots=True, eq=False)
class JoinedDay:
    """What `dwellmap.pipeline.measure` needs to measure a day.

    Attributes:
        start: Wall clock at time 0.
        tracks: Everybody by visitor number; every second of footage used once.
        observed_s: (n, 2) stretches with footage; breaks of at most 2 s are left out, as within a recording.
        shown_px: The part of the picture that shows the scene.

    """

    start: datetime
    tracks: Tracks
    observed_s: NDArray[np.float64]
    shown_px: PicturePart


def joined_day(links: Links, runs: Mapping[str, RunFolder]) -> JoinedDay:
    """Join the runs of a day.

    Args:
        links: One group of the day's links.
        runs: The runs by name of their folders.

    Raises:
        ValueError: If a run is missing, or cannot be read.

    """
    missing = [used.run for used in links.runs if used.run not in runs]
    if missing:
        raise ValueError(
            f"links: expected the runs that they name, {', '.join(missing)} are missing; rebuild the "
            "links with `dwellmap link`"
        )
    spans: list[list[float]] = []
    shown = []
    for used in _counting(links):
        shift_s = _shift_s(links, used)
        observed_s = np.clip(runs[used.run].footage().observed_s, used.used_from_s, used.used_until_s)
        spans.extend((observed_s[observed_s[:, 1] > observed_s[:, 0]] + shift_s).tolist())
        shown.append(runs[used.run].shown_px())
    x0, y0, x1, y1 = np.median(shown, axis=0).tolist()
    return JoinedDay(links.runs[0].start, joined_tracks(links, runs), merged(sorted(spans)), (x0, y0, x1, y1))


def joined_tracks(links: Links, runs: Mapping[str, RunFolder]) -> Tracks:
    """The tracks of all runs of a day, those of one visitor made one.

    Times are seconds since the wall-clock start of the day's first run. Who was linked over a cut is put
    straight between the last box before it and the first after it, as in a gap within a recording; such rows
    say `observed` False.

    Args:
        links: One group of the day's links.
        runs: The runs by name of their folders.

    """
    tables = []
    for number, used in enumerate(_counting(links)):
        tracks = runs[used.run].tracks()
        tracks = tracks.only((tracks.t_s >= used.used_from_s) & (tracks.t_s < used.used_until_s))
        if not np.isin(tracks.person, used.person).all():
            raise ValueError(
                f"{used.run}: its tracks have persons that the links do not name; rebuild the links with "
                "`dwellmap link`"
            )
        table = tracks.to_frame()
        order = np.argsort(used.person)
        table["person"] = used.visitor[order][np.searchsorted(used.person[order], tracks.person)]
        table["t_s"] += _shift_s(links, used)
        table["part"] = number
        tables.append(table)
    if not tables:
        return Tracks.from_frame(pd.DataFrame(columns=list(COLUMNS)))
    rows = pd.concat(tables, ignore_index=True).sort_values(["person", "t_s"], kind="stable")
    longest_s = max(run.settings().linking.max_gap_s for run in runs.values())
    return Tracks.from_frame(pd.concat([rows, _bridges(rows, longest_s)], ignore_index=True))


def _counting(links: Links) -> list[UsedRun]:
    return [used for used in links.runs if used.used_until_s > used.used_from_s]


def _shift_s(links: Links, used: UsedRun) -> float:
    """Time of the day at time 0 of a run."""
    return (used.start - links.runs[0].start).total_seconds() + used.clock_s


def _bridges(rows: pd.DataFrame, longest_s: float) -> pd.DataFrame:
    """Rows for the pauses over cuts, a usual step apart."""
    person, part, t_s = rows["person"].to_numpy(), rows["part"].to_numpy(), rows["t_s"].to_numpy()
    pause_s = np.diff(t_s)
    same = person[1:] == person[:-1]
    step_s = float(np.median(pause_s[same])) if same.any() else np.inf
    open_ = same & (part[1:] != part[:-1]) & (pause_s > 1.5 * step_s) & (pause_s <= longest_s)
    before = np.flatnonzero(open_)
    missing = np.maximum(np.rint(pause_s[before] / step_s).astype(np.int64) - 1, 0)
    left = np.repeat(before, missing)
    nth = np.arange(len(left)) - np.repeat(np.cumsum(missing) - missing, missing) + 1
    share = nth / np.repeat(missing + 1, missing)
    numbers = [c for c in COLUMNS if c not in ("person", "observed", "rebuilt")]
    a, b = rows[numbers].to_numpy()[left], rows[numbers].to_numpy()[left + 1]
    table = pd.DataFrame(a + share[:, None] * (b - a), columns=numbers)
    table["person"] = person[left]
    table["score"] = np.nan
    table["observed"] = False
    table["rebuilt"] = rows["rebuilt"].to_numpy()[left] | rows["rebuilt"].to_numpy()[left + 1]
    return table

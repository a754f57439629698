"""The tracks of a whole day on one axis of time, as if it had been one recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dwellmap.days.links import Links, UsedRun
from dwellmap.days.timeline import merged
from dwellmap.run_folder import RunFolder
from tracker.scenepicture import Part as PicturePart
from tracker.tracks import Tracks


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
        ValueError: If a run is missing, cannot be read, or nothing of any run counts.

    """
    missing = [used.run for used in links.runs if used.run not in runs]
    if missing:
        raise ValueError(
            f"links: expected the runs that they name, {', '.join(missing)} are missing; rebuild the "
            "links with `dwellmap link`"
        )
    if not _counting(links):
        raise ValueError("links: expected a run of which something counts, got none")
    if len({runs[used.run].recipe["view"]["calibration"] for used in _counting(links)}) > 1:
        raise ValueError(
            "links: expected runs on one floor; these have floors that were estimated from people, each "
            "another. Calibrate the camera, or run with --set calibration.from_people=false"
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
    say `observed` False. Suspected phantoms are left out.

    Args:
        links: One group of the day's links.
        runs: The runs by name of their folders.

    """
    columns: dict[str, list[NDArray[np.generic]]] = {field.name: [] for field in fields(Tracks)}
    parts = []
    for number, used in enumerate(_counting(links)):
        tracks = runs[used.run].tracks()
        tracks = tracks.only(
            (tracks.t_s >= used.used_from_s)
            & (tracks.t_s < used.used_until_s)
            & ~np.isin(tracks.person, used.person[used.phantom])
        )
        if not np.isin(tracks.person, used.person).all():
            raise ValueError(
                f"{used.run}: its tracks have persons that the links do not name; rebuild the links with "
                "`dwellmap link`"
            )
        order = np.argsort(used.person)
        visitor = used.visitor[order][np.searchsorted(used.person[order], tracks.person)]
        ours = {"person": visitor, "t_s": tracks.t_s + _shift_s(links, used)}
        for name, pieces in columns.items():
            pieces.append(ours.get(name, getattr(tracks, name)))
        parts.append(np.full(len(tracks), number))
    person, t_s, part = (np.concatenate(c) for c in (columns["person"], columns["t_s"], parts))
    order = np.lexsort([t_s, person])
    longest_s = max(run.settings().linking.max_gap_s for run in runs.values())
    person, t_s, part = person[order], t_s[order], part[order]
    left, share = _bridges(person, t_s, part, longest_s)
    visit = np.concatenate(columns.pop("scene_visit"))[order]
    visit = _scene_visits(person, t_s, part, visit, longest_s)
    whole: dict[str, Any] = {"scene_visit": np.insert(visit, left + 1, visit[left])}
    for name in list(columns):
        # A day is large: no column is held twice.
        value = np.concatenate(columns.pop(name))[order]
        whole[name] = np.insert(value, left + 1, _between(name, value, left, share), axis=0)
    return Tracks(**whole)


def _counting(links: Links) -> list[UsedRun]:
    return [used for used in links.runs if used.used_until_s > used.used_from_s]


def _shift_s(links: Links, used: UsedRun) -> float:
    """Time of the day at time 0 of a run."""
    return (used.start - links.runs[0].start).total_seconds() + used.clock_s


def _bridges(
    person: NDArray[np.int64], t_s: NDArray[np.float64], part: NDArray[np.int64], longest_s: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Rows missing in the pauses over cuts, a usual step apart: the row before each, and how far it is on."""
    pause_s = np.diff(t_s)
    same = person[1:] == person[:-1]
    step_s = float(np.median(pause_s[same])) if same.any() else np.inf
    over_cut = same & (part[1:] != part[:-1]) & (pause_s <= longest_s + 1e-6)
    before = np.flatnonzero(over_cut)
    missing = np.maximum(np.rint(pause_s[before] / step_s).astype(np.int64) - 1, 0)
    left = np.repeat(before, missing)
    nth = np.arange(len(left)) - np.repeat(np.cumsum(missing) - missing, missing)
    return left, (nth + 1) / np.repeat(missing + 1, missing)


def _scene_visits(
    person: NDArray[np.int64],
    t_s: NDArray[np.float64],
    part: NDArray[np.int64],
    visit: NDArray[np.int64],
    longest_s: float,
) -> NDArray[np.int64]:
    """Scene visits over the whole day; one that lasts over a cut is one."""
    away = np.where(np.diff(part) == 0, np.diff(visit) != 0, np.diff(t_s) > longest_s + 1e-6)
    return np.cumsum(np.concatenate([[True], (np.diff(person) != 0) | away])[: len(person)])


def _between(
    name: str, value: NDArray[Any], left: NDArray[np.intp], share: NDArray[np.float64]
) -> NDArray[np.generic]:
    """A column at the missing rows."""
    before, after = value[left], value[left + 1] if len(left) else value[left]
    if name == "person":
        return before
    if name == "observed":
        return np.zeros(len(left), dtype=np.bool_)
    if name == "rebuilt":
        return np.asarray(before | after)
    if name == "score":
        return np.full(len(left), np.nan)
    share = share.reshape(-1, *[1] * (value.ndim - 1))
    return np.asarray(before + share * (after - before))

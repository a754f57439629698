"""Simulated sets of paths for the comparison: a shop with shelves, a daily curve, busy and quiet days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.comparison import Blocks, paired
from analytics.grid import Grid
from analytics.quarters import QUARTER_S, Quarters
from analytics.stays import EDGE, PathEnds, Stays, stays_in_cells, stays_in_polygon
from analytics.trajectories import Trajectories
from analytics.visits import Visits

FLOOR_M = (12.0, 8.0)
DOOR_M = np.array([11.9, 1.0])
SHELVES_M = np.array(
    [[1.5, 1.2], [4.5, 1.2], [7.5, 1.2], [2.0, 4.0], [5.0, 4.0], [8.5, 4.0], [2.5, 7.0], [6.5, 7.0]]
)
MOVED, OLD_M, NEW_M = len(SHELVES_M), np.array([10.0, 6.8]), np.array([4.8, 2.7])
SEAT_M = np.array([9.5, 2.4])
ZONE_M = 0.75
GRID = Grid.over((0.0, 0.0), FLOOR_M, 0.5)


@dataclass(frozen=True, slots=True)
class Shop:
    """How people shop.

    Attributes:
        per_hour: Mean arrivals in an hour of a usual day.
        moved_share: Share of the stops that people make at the shelf that is moved.
        day_spread: Standard deviation of the logarithm of how busy a day is.
        sitting: Share of the people who sit down, for a quarter of an hour on average.

    """

    per_hour: float = 30.0
    moved_share: float = 0.08
    day_spread: float = 0.25
    sitting: float = 0.05


def zones() -> np.ndarray:
    """(10, 4, 2) corners: a square at each shelf, then at the old and new place of the one that moves."""
    places = np.vstack([SHELVES_M, OLD_M, NEW_M])
    corners = ZONE_M * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return places[:, None] + corners


def day_paths(
    shop: Shop, at_new_place: bool, hours: float, rng: np.random.Generator
) -> tuple[Trajectories, PathEnds]:
    """Everybody of one day; arrivals follow a curve with a peak after two thirds of it."""
    busy = np.exp(rng.normal(0, shop.day_spread))
    clock = rng.uniform(0, hours, rng.poisson(1.45 * shop.per_hour * hours * busy))
    curve = 0.35 + 0.65 * np.exp(-(((clock / hours - 0.65) / 0.28) ** 2))
    arrive_s = np.sort(clock[rng.random(len(clock)) < curve]) * 3600.0
    spots = np.vstack([SHELVES_M, NEW_M if at_new_place else OLD_M])
    usual = np.array([3, 2, 2, 2, 1.5, 1.5, 1, 1])
    chance = np.append(usual / usual.sum() * (1 - shop.moved_share), shop.moved_share)
    person, t_s, xy = [], [], []
    for number, start in enumerate(arrive_s):
        stops = spots[rng.choice(len(spots), 1 + rng.poisson(3), p=chance)] + rng.normal(0, 0.3, (1, 2))
        wait_s = rng.lognormal(np.log(25), 0.9, len(stops))
        if rng.random() < shop.sitting:
            stops, wait_s = np.vstack([stops, SEAT_M]), np.append(wait_s, rng.exponential(900.0))
        points = np.vstack([DOOR_M[None], np.repeat(stops, 2, axis=0), DOOR_M[None]])
        walk_s = np.hypot(*np.diff(points, axis=0).T) / rng.uniform(0.7, 1.2)
        walk_s[1::2] = wait_s
        times = start + np.concatenate([[0.0], np.cumsum(np.maximum(walk_s, 0.05))])
        kept = times < hours * 3600.0
        if kept.sum() >= 2:
            person.append(np.full(kept.sum(), number))
            t_s.append(times[kept])
            xy.append(np.clip(points[kept], 0.01, np.array(FLOOR_M) - 0.01))
    who = np.concatenate(person)
    people, first = np.unique(who, return_index=True)
    t = np.concatenate(t_s)
    last = np.append(first[1:], len(who)) - 1
    paths = Trajectories(
        person=who, path=who, t_s=t, xy=np.concatenate(xy), standing=np.zeros(len(who), dtype=np.bool_),
        people=people, first_s=t[first], last_s=t[last],
    )  # fmt: skip
    edge = np.full(len(people), EDGE, dtype=np.int8)
    return paths, PathEnds(edge, edge)


def sums_of(stays: Stays, places: int, quarters: int) -> np.ndarray:
    """(quarters, places) dwell."""
    table = Quarters.of(stays, Visits.of_stays(stays, 10.0), 1.0, 0.0, np.zeros(0, np.int64), peaks=False)
    found = np.zeros((quarters, places))
    np.add.at(found, (table.begin_s // QUARTER_S, table.place), table.dwell_s)
    return found


def side(
    shop: Shop,
    days: int,
    hours: float,
    at_new_place: bool,
    by_day: bool,
    rng: np.random.Generator,
    with_cells: bool = True,
) -> tuple[Blocks, Blocks, Blocks | None, Blocks | None]:
    """One period: zones how much, zones where, cells how much, cells where."""
    quarters = round(hours * 3600 / QUARTER_S)
    together = quarters if by_day else 2 if paired(days * quarters, days * quarters) else 1
    rows: list[list[np.ndarray]] = [[], [], []]
    for _ in range(days):
        paths, ends = day_paths(shop, at_new_place, hours, rng)
        zone = Stays.concatenate([stays_in_polygon(paths, xy, n, ends) for n, xy in enumerate(zones())])
        # Everybody is on the floor from first to last.
        nowhere = np.zeros(len(paths.people), dtype=np.int8)
        floor = Stays(paths.people, nowhere.astype(np.int64), paths.first_s, paths.last_s, nowhere, nowhere)
        parts = [(zone, len(zones())), (floor, 1)]
        if with_cells:
            parts.append((stays_in_cells(paths, GRID, ends), GRID.cells))
        for kept, (stays, places) in zip(rows, parts, strict=False):
            kept.append(sums_of(stays, places, quarters).reshape(-1, together, places).sum(axis=1))
    length_s, total = float(together * QUARTER_S), np.vstack(rows[1])
    found: list[Blocks | None] = []
    for dwell in (np.vstack(rows[0]), np.vstack(rows[2]) if with_cells else None):
        if dwell is None:
            found += [None, None]
        else:
            found += [
                Blocks(dwell, np.full_like(dwell, length_s)),
                Blocks(dwell, total + np.zeros_like(dwell)),
            ]
    return found[0], found[1], found[2], found[3]

"""Ways from zone to zone: who goes on to which one next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.guarded_ways import hide_in_ways
from dwellmap.report.floor import Floor
from dwellmap.report.use import overlaps


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Transitions between zones; the last row and column are outside of all zones.

    Attributes:
        counts: (Z + 1, Z + 1) float64, how often somebody went from a zone (row) to the next (column); the
            last row are those who came to a zone first, the last column those who went to no other. NaN is
            hidden.
        hidden: (Z + 1, Z + 1) bool, hidden on some day: what is shown is the other days'.
        overlapping: (Z, Z) bool, zones that share floor: people are in both at once, which is no way.

    """

    counts: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    overlapping: NDArray[np.bool_]

    def out_of(self, zone: int) -> float:
        """How often somebody left a zone; NaN where that is hidden in part."""
        return np.nan if self.hidden[zone].any() else float(self.counts[zone].sum())

    def largest(self, n: int) -> list[tuple[int, int, float]]:
        """The most frequent ways from zone to zone that share no floor: (from, to, how often)."""
        inner = np.where(self.overlapping, 0.0, np.nan_to_num(self.counts[:-1, :-1]))
        order = np.argsort(-inner, axis=None, kind="stable")[:n]
        rows, columns = np.unravel_index(order, inner.shape) if inner.size else (np.zeros(0, int),) * 2
        return [
            (int(a), int(b), float(inner[a, b])) for a, b in zip(rows, columns, strict=True) if inner[a, b]
        ]


def flows_of(floor: Floor) -> Flows:
    """Count who goes where next, from the visits in order of their beginnings.

    Visits to overlapping zones follow each other in the order in which they begin. Where small counts are
    hidden, each day of each camera is told or not by itself, so that longer reports tell no more.
    """
    visits, n = floor.all_visits.visits, len(floor.zones)
    counts, hidden = np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1), dtype=np.bool_)
    overlapping = np.zeros((n, n), dtype=np.bool_)
    for a, b in overlaps(floor):
        overlapping[a, b] = overlapping[b, a] = True
    if not len(visits):
        return Flows(counts, hidden, overlapping)
    order = np.lexsort([visits.place, visits.enter_s, visits.person])
    person, place, day = visits.person[order], visits.place[order], floor.all_visit_day[order]
    if not floor.min_people:
        return Flows(_counted(_ways(person, place, n), n), hidden, overlapping)
    camera = _camera_of_zones(floor)[place]
    order = np.lexsort([np.arange(len(day)), day, camera])
    borders = np.flatnonzero((np.diff(day[order]) != 0) | (np.diff(camera[order]) != 0)) + 1
    for mine in np.split(order, borders):
        # Zones where nobody was that day have no ways, as everybody can see.
        zones, where = np.unique(place[mine], return_inverse=True)
        at = np.ix_([*zones, n], [*zones, n])
        told = floor.told[floor.told["unit"] == day[mine[0]]].set_index("zone")[["visitors", "entries"]]
        gone, times = _told(person[mine], where, told.reindex(zones).to_numpy(np.float64), floor.min_people)
        counts[at] += np.where(gone, 0.0, times)
        hidden[at] |= gone
    return Flows(np.where((counts == 0) & hidden, np.nan, counts), hidden, overlapping)


def _camera_of_zones(floor: Floor) -> NDArray[np.int64]:
    """(Z,) a number of the camera that each zone is taken from."""
    camera = {setup.number: setup.camera for setup in floor.setups}
    names = [camera[source[0]] for source in floor.zone_setup]
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _told(
    person: NDArray[np.int64], place: NDArray[np.int64], told: NDArray[np.float64], min_people: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Of one camera's visits on a day, sorted by person and time: which ways are hidden, and all of them."""
    n = len(told)
    ways, who = _ways(person, place, n), np.unique(person, return_inverse=True)[1]
    people = _counted(np.unique(ways, axis=0), n).astype(np.int64)
    visitors = np.bincount(np.unique(place * len(who) + who) // len(who), minlength=n)
    times = _counted(ways, n)
    return hide_in_ways(times, people, visitors, told, min_people), times


def _counted(ways: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """(n + 1, n + 1) how many steps go from each place to each other one."""
    number = ways[:, 0] * (n + 1) + ways[:, 1]
    return np.bincount(number, minlength=(n + 1) ** 2).astype(np.float64).reshape(n + 1, n + 1)


def _ways(person: NDArray[np.int64], place: NDArray[np.int64], outside: int) -> NDArray[np.int64]:
    """(k, 3) from, to and person of each step, of visits sorted by person and time."""
    new = np.append(True, person[1:] != person[:-1])
    # Coming back to the place where one was is no way.
    moved = new | np.append(True, place[1:] != place[:-1])
    person, place, new = person[moved], place[moved], new[moved]
    last = np.append(new[1:], True)
    came = np.column_stack([np.where(new, outside, np.append(outside, place[:-1])), place, person])
    left = np.column_stack([place[last], np.full(int(last.sum()), outside), person[last]])
    return np.concatenate([came, left])

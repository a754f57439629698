"""What linking can tell of its own faults, without any truth: ends that cannot be, jumps, doubtful links."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from tracker.linking.chances import near
from tracker.linking.exits import at_exit
from tracker.linking.known import Known
from tracker.linking.linker import Linked, people
from tracker.linking.whereabouts import Whereabouts
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets

# 2.5 m/s: who is faster runs. With four standard deviations of the boxes' error on top, no walker is.
_FASTEST = 1.5
_SIGMAS = 4.0
# Whoever comes back later than this came back for another reason than being lost by the tracker.
_LOST_S = 60.0
_TOUCHING = 0.02
_CONTESTED_NATS = 3.0
# Minutes of a person's time that hold one switch: most visits to a shop are shorter than the first, and
# under the second hardly a visit stays whole. In less time than that a recording shows nothing.
_GOOD_MIN, _FAIR_MIN = 10.0, 2.0


@dataclass(frozen=True, slots=True)
class Audit:
    """What speaks for faults of identity in one recording. Counts, unless a unit is named.

    Attributes:
        person_minutes: Minutes from first to last box, summed over the people.
        people: People counted by linking.
        entries: People who begin near the picture's edge (`edge_heights`) or a door (twice `door_heights`).
        exits: People who end there.
        there_at_begin: People who begin with the footage or with a stretch of it, wherever they are.
        there_at_end: People who end with it.
        open_births: All other beginnings, in open floor, where nobody appears. Entries and those there at
            begin, less exits and those there at end, is `open_deaths` less `open_births`.
        open_deaths: All other ends.
        broken: Pairs of an open death and an open birth up to 60 s later at which a walker could have
            arrived (2.5 m/s, or 1.5 heights a second), as many as there can be at once: people who were lost
            and got a new number.
        teleports: Steps from box to box of one person that no walker makes (same speed).
        links: Joints between tracklets of the people counted.
        contested_links: Those that beat the nearest other explanation by less than 3 nats.
        wrong_links: Expected number of links that join two people: the sum of 1 / (1 + exp(margin)).

    """

    person_minutes: float
    people: int
    entries: int
    exits: int
    there_at_begin: int
    there_at_end: int
    open_births: int
    open_deaths: int
    broken: int
    teleports: int
    links: int
    contested_links: int
    wrong_links: float

    @property
    def switches(self) -> float:
        """Estimated number of identity switches: links that are wrong, jumps, people who were broken."""
        return self.wrong_links + self.teleports + self.broken

    @property
    def switches_per_person_min(self) -> float:
        """The same per minute of a person's time; 0 without people."""
        return self._per_minute(self.switches)

    @property
    def missed_entries(self) -> int:
        """Estimated number of people whose entry was not seen: open births that no death before explains."""
        return self.open_births - self.broken

    @property
    def missed_exits(self) -> int:
        """Estimated number of people whose leaving was not seen."""
        return self.open_deaths - self.broken

    @property
    def grade(self) -> str:
        """In a word: good up to one switch in 10 minutes of a person's time, fair up to one in 2 minutes."""
        if self.person_minutes < _FAIR_MIN:
            return "too short to tell"
        if self.switches * _GOOD_MIN <= self.person_minutes:
            return "good"
        return "fair" if self.switches * _FAIR_MIN <= self.person_minutes else "poor"

    @property
    def in_words(self) -> str:
        """The estimate as a sentence's part: how many minutes of a person's time hold one switch."""
        if self.switches == 0:
            return f"no identity switch in {self.person_minutes:.1f} minutes of people's time"
        apart_min = self.person_minutes / self.switches
        return f"about one identity switch in {apart_min:.1f} minutes of a person's time"

    def to_json(self) -> dict[str, Any]:
        """The block `self_audit` of a recipe."""
        content: dict[str, Any] = {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        rates = {
            "open_births_per_person_min": self.open_births, "open_deaths_per_person_min": self.open_deaths,
            "teleports_per_person_min": self.teleports, "estimated_switches_per_person_min": self.switches,
        }  # fmt: skip
        content |= {name: round(self._per_minute(count), 3) for name, count in rates.items()}
        content["missed_entries"], content["missed_exits"] = self.missed_entries, self.missed_exits
        return content | {"grade": self.grade, "in_words": self.in_words}

    def _per_minute(self, count: float) -> float:
        return count / self.person_minutes if self.person_minutes > 0 else 0.0


def audit(
    tracklets: Tracklets,
    linked: Linked,
    known: Known,
    settings: LinkingSettings,
) -> Audit:
    """Count what speaks for faults.

    Args:
        tracklets: What was linked.
        linked: Into whom.
        known: The recording.
        settings: The settings it was linked with.

    """
    shown = people(tracklets, linked.person)
    person, t_s, xyxy_px = shown.tracklet, shown.t_s, shown.xyxy_px
    where = known.whereabouts(xyxy_px, settings)
    same = person[1:] == person[:-1]
    first = np.flatnonzero(np.append(True, ~same)) if len(person) else np.zeros(0, np.intp)
    last = np.flatnonzero(np.append(~same, True)) if len(person) else first
    kinds = []
    for rows, cut_s in ((first, known.footage_s[:, 0]), (last, known.footage_s[:, 1])):
        cut = near(t_s[rows], cut_s)
        way = ~cut & _at_way(xyxy_px[rows], where.take(rows), known, settings)
        kinds.append((cut, way, rows[~cut & ~way]))
    (there, entering, births), (staying, leaving, deaths) = kinds
    step = np.flatnonzero(same)
    margin_nats = linked.margin_nats[_of_people(tracklets, linked)]
    return Audit(
        person_minutes=float(np.sum(t_s[last] - t_s[first])) / 60,
        people=len(first),
        entries=int(entering.sum()),
        exits=int(leaving.sum()),
        there_at_begin=int(there.sum()),
        there_at_end=int(staying.sum()),
        open_births=len(births),
        open_deaths=len(deaths),
        broken=_broken(where, t_s, deaths, births),
        teleports=int(np.count_nonzero(~_walkable(where, step, step + 1, np.diff(t_s)[step]))),
        links=len(margin_nats),
        contested_links=int(np.count_nonzero(margin_nats < _CONTESTED_NATS)),
        wrong_links=float(np.sum(np.exp(-np.logaddexp(0.0, margin_nats)))),
    )


def _at_way(
    xyxy_px: NDArray[np.float64], where: Whereabouts, known: Known, settings: LinkingSettings
) -> NDArray[np.bool_]:
    """Whether people come and go where boxes (n, 4) are: at an edge, cut by the upper one, at a door."""
    height = xyxy_px[:, 3] - xyxy_px[:, 1]
    way = at_exit(xyxy_px, where, known.shown_px, known.doors, settings) > 0
    return np.asarray(way | (xyxy_px[:, 1] - known.shown_px[1] <= _TOUCHING * height))


def _walkable(
    where: Whereabouts, a: NDArray[np.intp], b: NDArray[np.intp], dt_s: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether a walker gets from the boxes a (k,) to the boxes b within dt (k,)."""
    far = np.hypot(*(where.xy[b] - where.xy[a]).T) / np.sqrt(where.unit[a] * where.unit[b])
    sigma = np.sqrt((where.cov[a] + where.cov[b])[:, [0, 2]].sum(axis=1))
    return np.asarray(far <= _FASTEST * np.maximum(dt_s, 0.0) + _SIGMAS * sigma)


def _broken(
    where: Whereabouts, t_s: NDArray[np.float64], deaths: NDArray[np.intp], births: NDArray[np.intp]
) -> int:
    """The most pairs of a death and a birth after it that may be one person; rows of boxes."""
    births = births[np.argsort(t_s[births], kind="stable")]
    low = np.searchsorted(t_s[births], t_s[deaths], side="right")
    high = np.searchsorted(t_s[births], t_s[deaths] + _LOST_S, side="right")
    count = high - low
    death = np.repeat(np.arange(len(deaths)), count)
    birth = np.arange(len(death)) - np.repeat(np.cumsum(count) - count, count) + low[death]
    a, b = deaths[death], births[birth]
    reached = _walkable(where, a, b, t_s[b] - t_s[a])
    death, birth = death[reached], birth[reached]
    if not len(death):
        return 0
    graph = csr_array((np.ones(len(death), np.int8), (death, birth)), shape=(len(deaths), len(births)))
    return int(np.count_nonzero(maximum_bipartite_matching(graph, perm_type="column") >= 0))


def _of_people(tracklets: Tracklets, linked: Linked) -> NDArray[np.bool_]:
    """Which links (k,) belong to somebody who counts."""
    # Links are named by tracklets, and single boxes of a tracklet may count for nobody.
    person = np.zeros(int(tracklets.tracklet.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(person, tracklets.tracklet, linked.person)
    return np.asarray(person[linked.before] > 0)

"""The links of a day, from the runs that a camera's folder holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from dwellmap.days.links import Links, UsedRun
from dwellmap.days.part import Part
from dwellmap.days.stillness import DayPhantom, phantoms_of
from dwellmap.days.timeline import Cut, Timeline, reading
from dwellmap.days.visitors import visitors


@dataclass(frozen=True, slots=True, eq=False)
class Seam:
    """How two runs that follow each other were joined, for people to read.

    Attributes:
        before: Name of the first run.
        after: Name of the second.
        gap_s: Time without footage between them; negative where they overlap.
        clock_s: Correction of the second one's clock against the first one's, from people in the overlap.
        people: Number of people who are on both sides.

    """

    before: str
    after: str
    gap_s: float
    clock_s: float | None
    people: int


@dataclass(frozen=True, slots=True, eq=False)
class LinkedDay:
    """The links of one recipe on one day, and how they came about.

    Attributes:
        links: The links.
        seams: How its runs were joined.
        phantoms: Things that were left out, for it took several runs to tell that they are no people.
        warnings: What is wrong or was left out, in plain words.

    """

    links: Links
    seams: tuple[Seam, ...]
    phantoms: tuple[DayPhantom, ...]
    warnings: tuple[str, ...]


def link_day(day: date, parts: Sequence[Part], reach_s: float) -> LinkedDay:
    """Link the runs that began on a day, with those of the days around that they touch.

    Args:
        day: The day.
        parts: Parts of one recipe, each recording once; other days' parts are used where they matter.
        reach_s: Longest pause between recordings over which people are joined.

    Raises:
        UnreadableError: If a part cannot be read.

    """
    own = [part for part in parts if part.day == day]
    begin, until = min(part.begin for part in own), max(part.until for part in own)
    timeline = Timeline.of(
        [p for p in parts if p.day == day or (p.begin <= until + reach_s and p.until >= begin - reach_s)],
        reach_s,
    )
    first = timeline.laid[0].part
    with reading(first):
        view = first.run.view()
    numbers = visitors(timeline, first.settings.linking, view.calibration, view.scene.doors)
    phantoms = phantoms_of(timeline)
    links = Links(own[0].recipe, tuple(_used(timeline, numbers, phantoms, day)))
    ours = {used.run for used in links.runs}
    here = tuple(phantom for phantom in phantoms if ours & phantom.people.keys())
    return LinkedDay(
        links,
        tuple(_seam(timeline, cut, numbers) for cut in timeline.cuts),
        here,
        (*_contradictions(timeline), *(phantom.in_words() for phantom in here)),
    )


def _used(
    timeline: Timeline, numbers: Sequence[NDArray[np.int64]], phantoms: Sequence[DayPhantom], day: date
) -> Iterable[UsedRun]:
    """The runs of the day; visitors are numbered in the order in which they are first seen on it."""
    laid = timeline.laid
    who = [number[part.counts] for part, number in zip(laid, numbers, strict=True)]
    seen = [part.first_s[part.counts] for part in laid]
    ours = [k for k, part in enumerate(laid) if part.part.day == day]
    earlier = np.concatenate([[], *(who[k] for k, part in enumerate(laid) if part.part.day < day)])
    named: dict[int, int] = {}
    if ours:
        everybody, when = np.concatenate([who[k] for k in ours]), np.concatenate([seen[k] for k in ours])
        for number in everybody[np.argsort(when, kind="stable")].tolist():
            named.setdefault(number, len(named) + 1)
    unused = [
        UsedRun(part.name, part.start.astimezone(UTC), 0.0, 0.0, 0.0, *_NOBODY)
        for part in timeline.unused
        if part.day == day
    ]
    used = [
        UsedRun(
            laid[k].part.name,
            laid[k].part.start.astimezone(UTC),
            laid[k].clock_s,
            laid[k].used_from_s - laid[k].shift_s,
            laid[k].used_until_s - laid[k].shift_s,
            laid[k].people[laid[k].counts],
            np.array([named[n] for n in who[k].tolist()], dtype=np.int64),
            np.isin(who[k], earlier),
            np.isin(laid[k].people[laid[k].counts], _phantom_people(phantoms, laid[k].part.name)),
        )
        for k in ours
    ]
    return sorted([*used, *unused], key=attrgetter("start", "run"))


def _phantom_people(phantoms: Sequence[DayPhantom], run: str) -> NDArray[np.int64]:
    nobody = np.zeros(0, dtype=np.int64)
    return np.concatenate([nobody, *(phantom.people.get(run, nobody) for phantom in phantoms)])


_NOBODY = (
    np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64),
    np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.bool_),
)  # fmt: skip


def _seam(timeline: Timeline, cut: Cut, numbers: Sequence[NDArray[np.int64]]) -> Seam:
    first, second = timeline.laid[cut.before], timeline.laid[cut.before + 1]
    both = np.intersect1d(numbers[cut.before][first.counts], numbers[cut.before + 1][second.counts])
    clock_s = None if cut.overlap is None else cut.overlap.clock_s
    return Seam(first.part.name, second.part.name, cut.gap_s, clock_s, len(both))


def _contradictions(timeline: Timeline) -> Iterable[str]:
    for cut in timeline.cuts:
        if cut.overlap is not None and cut.overlap.contradicted:
            first, second = timeline.laid[cut.before].part.name, timeline.laid[cut.before + 1].part.name
            yield (
                f"{first} and {second} overlap by {-cut.gap_s:.1f} s by their clocks, but do not show the "
                "same people then; is one of their starts wrong?"
            )

"""Parts of one camera laid on one axis of time, every second of it used once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dwellmap.days.overlap import CLOCK_ERROR_S, Overlap, compare
from dwellmap.days.part import Part
from tracker.phantoms import Suspect
from tracker.scenepicture import Part as PicturePart
from tracker.timeline import MAX_FRAME_GAP_S
from tracker.tracks import Tracks

# Rows kept around each cut: what tells where people come from, how fast and how tall they are.
AROUND_CUT_S = 30.0


class UnreadableError(ValueError):
    """A part cannot be read.

    Attributes:
        part: The part.

    """

    def __init__(self, part: Part, error: Exception) -> None:
        super().__init__(str(error))
        self.part = part


@contextmanager
def reading(part: Part) -> Iterator[None]:
    """Say which part it is that cannot be read."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise UnreadableError(part, error) from error


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A part on the axis.

    Attributes:
        part: The part.
        shift_s: Time on the axis at its own time 0.
        clock_s: How much of that is a correction of its wall clock.
        used_from_s: Where on the axis it begins to count.
        used_until_s: Where it stops; the same as `used_from_s` if others show all of it.
        tracks: Its rows near cuts, on the axis.
        picture_t_s: (F,) times of its pictures near cuts, on the axis.
        people: (P,) int64 all its persons, ascending.
        visits_s: (V, 2) begin and end of their scene visits on the axis.
        visit_of: (V,) whose each is, as a place in `people`.
        suspects: Still things that may have been taken for people.
        shown_px: The part of the picture that shows the scene.

    """

    part: Part
    shift_s: float
    clock_s: float
    used_from_s: float
    used_until_s: float
    tracks: Tracks
    picture_t_s: NDArray[np.float64]
    people: NDArray[np.int64]
    visits_s: NDArray[np.float64]
    visit_of: NDArray[np.int64]
    suspects: tuple[Suspect, ...]
    shown_px: PicturePart

    @property
    def first_s(self) -> NDArray[np.float64]:
        """(P,) since when each is there in what counts of it; inf for who is not."""
        begin, end = self.visits_s.T
        there = (begin < self.used_until_s) & (end >= self.used_from_s)
        first = np.full(len(self.people), np.inf)
        np.minimum.at(first, self.visit_of[there], np.maximum(begin[there], self.used_from_s))
        return first

    @property
    def counts(self) -> NDArray[np.bool_]:
        """(P,) who is there in what counts of it."""
        return np.isfinite(self.first_s)

    @property
    def observed_s(self) -> NDArray[np.float64]:
        """(n, 2) stretches of footage on the axis, as far as they count."""
        spans = np.clip(self.part.observed_s + self.shift_s, self.used_from_s, self.used_until_s)
        return np.asarray(spans[spans[:, 1] > spans[:, 0]])


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The place where one part goes over into the next.

    Attributes:
        before: Number of the part before it.
        gap_s: Time between the two for which there is no footage; negative where they overlap.
        overlap: What the overlap told; None where there is none.

    """

    before: int
    gap_s: float
    overlap: Overlap | None


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Parts in order of time.

    Attributes:
        laid: The parts, with the footage that counts of each.
        cuts: One between each two successive parts.
        unused: Parts of which others show everything.

    """

    laid: tuple[Laid, ...]
    cuts: tuple[Cut, ...]
    unused: tuple[Part, ...]

    @classmethod
    def of(cls, parts: Sequence[Part], reach_s: float) -> Timeline:
        """Lay parts out; the same for every order in which they are given.

        Where two overlap, the first is used up to the middle of the overlap and the second from there, so
        that both have seen people before and after the change. How their clocks differ is found from the
        people in the overlap. Without one, stamps are believed, but for this: parts whose stamps overlap by
        no more than stamps can be wrong, and which do not show the same then, follow each other without a
        gap.

        Args:
            parts: Parts of one recipe, each recording once.
            reach_s: How far around a change people are compared.

        Raises:
            UnreadableError: If a part cannot be read.

        """
        order, unused = _chain(parts)
        if not order:
            return cls((), (), tuple(unused))
        zero = order[0].start.timestamp()
        # What is needed of each: around the cuts, which lie between the two stamps.
        near = [
            (
                min(a.until, (a.until + b.begin) / 2) - zero - AROUND_CUT_S - CLOCK_ERROR_S,
                max(b.begin, (a.until + b.begin) / 2) - zero + AROUND_CUT_S + CLOCK_ERROR_S,
            )
            for a, b in pairwise(order)
        ]
        laid: list[Laid] = []
        cuts: list[Cut] = []
        for k, part in enumerate(order):
            new = _loaded(part, part.start.timestamp() - zero, near[max(k - 1, 0) : k + 1])
            if laid:
                cut, laid[-1], new = _met(len(laid) - 1, laid[-1], new, reach_s)
                cuts.append(cut)
            laid.append(new)
        return cls(tuple(laid), tuple(cuts), tuple(unused))

    @property
    def footage_s(self) -> NDArray[np.float64]:
        """(n, 2) stretches of the axis with footage; breaks no longer than within a recording left out."""
        return merged([span for laid in self.laid for span in laid.observed_s.tolist()])


def merged(spans_s: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Ascending spans (n, 2), those made one that lie at most `MAX_FRAME_GAP_S` apart."""
    joined: list[list[float]] = []
    for begin, end in spans_s:
        if joined and begin - joined[-1][1] <= MAX_FRAME_GAP_S:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([begin, end])
    return np.array(joined, dtype=np.float64).reshape(-1, 2)


def _chain(parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """Parts in order of time, and those that lie within another one."""
    order: list[Part] = []
    unused: list[Part] = []
    for part in sorted(parts, key=lambda p: (p.begin, -p.until, p.name)):
        if order and part.until <= order[-1].until:
            unused.append(part)
        else:
            order.append(part)
    return order, unused


def _loaded(part: Part, shift_s: float, near_s: Sequence[tuple[float, float]]) -> Laid:
    with reading(part):
        tracks, picture_t_s = part.run.tracks(), part.run.picture_times_s() + shift_s
        suspects, shown_px = part.run.suspects(), part.run.shown_px()
    t_s = tracks.t_s + shift_s

    def near_cut(times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        kept = np.zeros(len(times_s), dtype=np.bool_)
        for low, high in near_s:
            kept |= (times_s >= low) & (times_s <= high)
        return kept

    begin, until = part.observed_s[0, 0] + shift_s, part.observed_s[-1, 1] + shift_s
    first = np.flatnonzero(np.diff(tracks.scene_visit, prepend=-1))
    last = np.append(first[1:], len(tracks))[: len(first)] - 1
    people, visit_of = np.unique(tracks.person[first], return_inverse=True)
    near = replace(tracks, t_s=t_s).only(near_cut(t_s))
    visits_s = np.column_stack([t_s[first], t_s[last]])
    picture_t_s = picture_t_s[near_cut(picture_t_s)]
    return Laid(part, shift_s, 0.0, float(begin), float(until), near, picture_t_s,
                people, visits_s, visit_of, suspects, shown_px)  # fmt: skip


def _met(before: int, first: Laid, second: Laid, reach_s: float) -> tuple[Cut, Laid, Laid]:
    """Where the second takes over from the first, and the second with its clock set by the first."""
    end = float(first.part.observed_s[-1, 1]) + first.shift_s
    stated, overlap = second, None
    # Stamps are compared with stamps: how wrong the first one is may be known from the one before.
    second = _moved(stated, first.clock_s)
    if end > second.used_from_s and len(first.picture_t_s) and len(second.picture_t_s):
        pictures_s = [(float(laid.picture_t_s[0]), float(laid.picture_t_s[-1])) for laid in (first, second)]
        middle_s = (end + second.used_from_s) / 2
        overlap = compare(first.tracks, second.tracks, pictures_s[0], pictures_s[1], middle_s, reach_s)
    if overlap is not None and overlap.clock_s is not None:
        second = _moved(second, overlap.clock_s)
    else:
        lap = end - stated.used_from_s
        wrong_stamp = 0 < lap <= CLOCK_ERROR_S and (overlap is None or overlap.contradicted)
        second = _moved(stated, lap) if wrong_stamp else stated
        overlap = None if wrong_stamp else overlap
    gap_s = second.used_from_s - end
    if gap_s < 0:
        change = max((end + second.used_from_s) / 2, first.used_from_s)
        first = replace(first, used_until_s=min(change, end))
        second = replace(second, used_from_s=min(change, second.used_until_s))
    return Cut(before, gap_s, overlap), first, second


def _moved(laid: Laid, by_s: float) -> Laid:
    if by_s == 0:
        return laid
    return replace(
        laid, shift_s=laid.shift_s + by_s, clock_s=laid.clock_s + by_s,
        used_from_s=laid.used_from_s + by_s, used_until_s=laid.used_until_s + by_s,
        tracks=replace(laid.tracks, t_s=laid.tracks.t_s + by_s),
        picture_t_s=laid.picture_t_s + by_s, visits_s=laid.visits_s + by_s,
    )  # fmt: skip

"""The empty place at any moment: in colour or infrared, before and after something was moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.background import Moment, Picture, learn_background
from tracker.foreground import Levels
from tracker.illumination import Light, fit_light
from tracker.locallight import lit, local_gains
from tracker.moved import Moved, find_moved

# Mean difference between the channels below which a picture has no colour.
_GREY = 2.5
# Share of the picture that a change of light may leave unexplained within one look of the place.
_SAME_LOOK = 0.4
# A pixel that changes so often from one quarter of a second to the next, and shows its background for less
# than this share of the recording, shows a video.
_RESTLESS, _RESTLESS_SHARE = 0.35, 0.6
# With fewer pictures the empty place cannot be told from its people.
_LEAST_PICTURES = 4
# A picture that differs from every look of the place in more than this share is no view of it.
_NOT_THE_PLACE = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """How the place is furnished for some time.

    Attributes:
        image_bgr: (h, w, 3) uint8.
        from_s, until_s: The first and the last moment at which it was seen so.
        changed: (h, w) bool, where it differs from the setting before; None for the first.

    """

    image_bgr: Picture
    from_s: float
    until_s: float
    changed: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The place in one kind of picture: by day, in infrared, in a light unlike any other.

    Attributes:
        grey: Whether it has no colour.
        levels: By how much a pixel must differ from it.
        settings: How it was furnished, in order of time; at least one.

    """

    grey: bool
    levels: Levels
    settings: tuple[Setting, ...]


class EmptyPlace:
    """What each picture of a recording would show if nobody were there.

    Attributes:
        moved: Things that were moved, brought or taken away, in order of time.
        looks: The kinds of picture that the recording has.
        unlearned_s: (from, until) stretches whose pictures are too few of their kind to learn from.

    """

    def __init__(self, moments: Sequence[Moment], restlessness: NDArray[np.float32] | None = None) -> None:
        """Learn from a recording.

        Args:
            moments: Pictures spread over it, in order of time.
            restlessness: (h, w) share of the time in which each pixel changes (`restless.restlessness`).

        """
        self._restlessness = restlessness
        pictures = [m.picture for m in moments]
        group = _looks_alike(pictures)
        self.moved: tuple[Moved, ...] = ()
        self.unlearned_s: tuple[tuple[float, float], ...] = ()
        self.looks: tuple[Look, ...] = ()
        self._t_s = np.array([m.t_s for m in moments])
        self._look = np.full(len(moments), -1)
        for g in range(max(group, default=-1) + 1):
            members = [m for m, k in zip(moments, group, strict=True) if k == g]
            if len(members) >= min(_LEAST_PICTURES, len(moments)):
                self._look[np.array(group) == g] = len(self.looks)
                self._learn(members)
            else:
                self.unlearned_s += tuple((m.t_s, m.t_s) for m in members)

    def _learn(self, members: Sequence[Moment]) -> None:
        background = learn_background([m.picture for m in members])
        levels = Levels.of_noise(background.noise)
        if self._restlessness is not None:
            levels = levels.without((self._restlessness > _RESTLESS) & (background.share < _RESTLESS_SHARE))
        moved = find_moved(background, levels, members)
        told = (*self.moved, *(m for m in moved if not m.mistaken))
        self.moved = tuple(sorted(told, key=lambda m: m.from_s))
        self.looks += (
            Look(
                _is_grey(members[0].picture),
                levels,
                _settings(background.image_bgr, moved, [m.t_s for m in members]),
            ),
        )

    def expected(self, t_s: float, picture: Picture) -> tuple[Picture, Levels] | None:
        """The empty place (h, w, 3) in the light of a picture (h, w, 3), and by how much a pixel must differ.

        None if the picture does not show the place as it was ever learned.
        """
        best = self._best(t_s, picture)
        if best is None:
            return None
        _, look, k, light = best
        expected = light.applied(look.settings[k].image_bgr)
        gains = local_gains(expected, picture)
        if gains is not None:
            expected = lit(expected, gains)
        if t_s > look.settings[k].until_s and k + 1 < len(look.settings):
            after = light.applied(look.settings[k + 1].image_bgr)
            expected = _nearer(expected, after if gains is None else lit(after, gains), picture,
                               look.settings[k + 1].changed)  # fmt: skip
        return expected, look.levels

    def as_found(self, t_s: float, picture: Picture) -> Picture | None:
        """The empty place (h, w, 3) as it was furnished first, in the light of a picture (h, w, 3).

        What was moved, brought or taken away later differs from it to the end. None as for `expected`.
        """
        best = self._best(t_s, picture)
        if best is None:
            return None
        _, look, _, light = best
        first = light.applied(look.settings[0].image_bgr)
        gains = local_gains(first, picture)
        return first if gains is None else lit(first, gains)

    def _best(self, t_s: float, picture: Picture) -> tuple[float, Look, int, Light] | None:
        """The look that a picture is nearest to: misfit, look, number of its setting, light."""
        best: tuple[float, Look, int, Light] | None = None
        for look in self._likely(t_s, picture):
            k = _setting_at(look.settings, t_s)
            light = fit_light(look.settings[k].image_bgr, picture)
            if best is None or light.misfit < best[0]:
                best = light.misfit, look, k, light
        return None if best is None or best[0] > _NOT_THE_PLACE else best

    def _likely(self, t_s: float, picture: Picture) -> list[Look]:
        """Looks near in time that are as coloured as the picture; from anywhere if none is near."""
        if len(self.looks) < 2:
            return list(self.looks)
        grey = _is_grey(picture)
        k = int(np.searchsorted(self._t_s, t_s))
        near = {int(i) for i in self._look[max(k - 2, 0) : k + 2] if i >= 0}
        of_kind = [look for look in self.looks if look.grey == grey]
        return [self.looks[i] for i in sorted(near) if self.looks[i].grey == grey] or of_kind


def _looks_alike(pictures: Sequence[Picture]) -> list[int]:
    """The number of the look of each picture, from 0."""
    leaders: list[Picture] = []
    group = []
    for picture in pictures:
        grey = _is_grey(picture)
        for number, leader in enumerate(leaders):
            if _is_grey(leader) == grey and fit_light(leader, picture).misfit < _SAME_LOOK:
                group.append(number)
                break
        else:
            group.append(len(leaders))
            leaders.append(picture)
    return group


def _is_grey(picture: Picture) -> bool:
    small = cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    b, g, r = cv2.split(small)
    return float(np.mean(cv2.max(cv2.absdiff(b, g), cv2.absdiff(r, g)))) < _GREY


def _settings(image: Picture, moved: Sequence[Moved], t_s: Sequence[float]) -> tuple[Setting, ...]:
    """The furnishings between the times at which something was moved."""
    # A change lies between two of the moments looked at: after the first and up to the second.
    starts = sorted({k for m in moved for k in (m.first, m.last + 1)} - {0, len(t_s)})
    settings: list[Setting] = []
    for begin, end in zip([0, *starts], [*starts, len(t_s)], strict=True):
        shown = image.copy()
        for m in moved:
            if m.first <= begin <= m.last:
                shown[m.region] = m.colours
        changed = None if not settings else np.any(shown != settings[-1].image_bgr, axis=2)
        settings.append(Setting(shown, t_s[begin], t_s[end - 1], changed))
    return tuple(settings)


def _setting_at(settings: Sequence[Setting], t_s: float) -> int:
    """The last setting that had begun."""
    return max(0, int(np.searchsorted([s.from_s for s in settings], t_s, side="right")) - 1)


def _nearer(before: Picture, after: Picture, picture: Picture, changed: NDArray[np.bool_] | None) -> Picture:
    """`before`, with those changed patches as they are in `after` that are nearer to the picture."""
    if changed is None:
        return before
    count, labels = cv2.connectedComponents(changed.astype(np.uint8))
    was, now = (cv2.absdiff(picture, p).sum(axis=2)[changed].astype(np.float64) for p in (before, after))
    patch = labels[changed]
    moved = np.bincount(patch, was, count) > np.bincount(patch, now, count)
    chosen = before.copy()
    there = moved[labels] & changed
    chosen[there] = after[there]
    return chosen

"""Changes that keep perfectly still: things that were moved, and people mistaken for the empty place.

A person who stands still sways, turns and reaches; the place does not. Where the picture differs from the
background for some time and keeps still meanwhile, down to the rim where swaying would show, one of the two
is not a person. If the background keeps still there, too, something was moved, brought or taken away: that is
believed if it lasts half a minute up to the end of the recording or from its beginning, or three minutes in
the middle. If it does not, the background is somebody who stood there for most of the recording, and the
change is the empty place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.background import Background, Moment, Picture, colour_planes, in_light_of, same_colour
from tracker.foreground import CHANGED, Levels, foreground

_LEAST_S, _LEAST_IN_THE_MIDDLE_S = 30.0, 180.0
_LEAST_S_OF_PLACE = 8.0
_LEAST_MOMENTS = 4
# Moments in a row at which somebody may hide the thing.
_HIDDEN = 2
_LEAST_SEEN_SHARE = 0.6
_LEAST_AREA_SHARE = 3e-4
# Moments of beginning and end that are looked at.
_MOST_GROUPS = 40
# Share of the rim that must look the same from one moment to the next.
_LEAST_STILL = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A place in the picture that looks different from the first to the last of some moments.

    Attributes:
        region: (h, w) bool.
        colours: (n, 3) uint8, what the region's pixels show then.
        first, last: Numbers of the moments; the first and the last of all if the background was wrong.
        from_s, until_s: Their times.
        stays: Whether it lasts to the end of the recording.
        mistaken: Whether the background was wrong there: nothing was moved.
        box: (4,) left, top, right, bottom of the region, at the working size.

    """

    region: NDArray[np.bool_]
    colours: NDArray[np.uint8]
    first: int
    last: int
    from_s: float
    until_s: float
    stays: bool
    mistaken: bool
    box: tuple[float, float, float, float]


@dataclass(slots=True, eq=False)
class _Runs:
    """Per pixel, the longest run of moments in which it shows one colour that is not the background's."""

    first: NDArray[np.int16]
    last: NDArray[np.int16]
    hits: NDArray[np.int16]


def find_moved(background: Background, levels: Levels, moments: Sequence[Moment]) -> tuple[Moved, ...]:
    """Find what moved, from moments in order of time; pictures, background and levels of one size."""
    t_s = np.array([m.t_s for m in moments])
    if len(moments) < _LEAST_MOMENTS or t_s[-1] - t_s[0] < _LEAST_S_OF_PLACE:
        return ()
    alike = [in_light_of(background.image_bgr, m.picture) for m in moments]
    masks = [foreground(background.image_bgr, picture, levels) == CHANGED for picture in alike]
    planes = [colour_planes(picture) for picture in alike]
    runs = _longest_runs(planes, masks)
    steady = (
        (runs.hits >= _LEAST_MOMENTS)
        & (t_s[runs.last] - t_s[runs.first] >= _LEAST_S_OF_PLACE)
        & (runs.hits >= _LEAST_SEEN_SHARE * (runs.last - runs.first + 1))
    )
    found = []
    for together in _begun_and_ended_together(runs, steady):
        patches = cv2.morphologyEx(together.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(patches, connectivity=8)
        for number in range(1, count):
            if stats[number, cv2.CC_STAT_AREA] >= _LEAST_AREA_SHARE * labels.size:
                moved = _thing((labels == number) & together, runs, masks, planes, alike, t_s)
                if moved is not None:
                    found.append(moved)
    return tuple(found)


def _begun_and_ended_together(runs: _Runs, steady: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Masks (h, w) of the steady pixels whose runs begin and end at about the same moments, largest first."""
    left = steady.copy()
    n = int(runs.last.max()) + 1
    for _ in range(_MOST_GROUPS):
        counts = np.zeros((n, n), np.float32)
        np.add.at(counts, (runs.first[left], runs.last[left]), 1)
        around = cv2.boxFilter(counts, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        first, last = np.unravel_index(int(np.argmax(around)), around.shape)
        if around[first, last] < _LEAST_AREA_SHARE * steady.size:
            return
        together = left & (np.abs(runs.first - first) <= 1) & (np.abs(runs.last - last) <= 1)
        left &= ~together
        yield together


def _longest_runs(planes: Sequence[Sequence[NDArray[np.uint8]]], masks: Sequence[NDArray[np.bool_]]) -> _Runs:
    shape = masks[0].shape
    best = _Runs(*(np.zeros(shape, np.int16) for _ in range(3)))
    run = _Runs(*(np.zeros(shape, np.int16) for _ in range(3)))
    anchor = [np.zeros(shape, np.uint8) for _ in range(3)]
    for i, (seen, changed) in enumerate(zip(planes, masks, strict=True)):
        same = changed & (same_colour(anchor, seen) > 0) & (run.hits > 0)
        run.hits[same] += 1
        run.last[same] = i
        lost = ~same & (i - run.last > _HIDDEN)
        run.hits[lost] = 0
        begin = changed & ~same & (run.hits == 0)
        run.first[begin], run.last[begin], run.hits[begin] = i, i, 1
        for plane, new in zip(anchor, seen, strict=True):
            plane[begin] = new[begin]
        better = run.hits > best.hits
        for kept, now in ((best.first, run.first), (best.last, run.last), (best.hits, run.hits)):
            kept[better] = now[better]
    return best


def _thing(
    core: NDArray[np.bool_],
    runs: _Runs,
    masks: Sequence[NDArray[np.bool_]],
    planes: Sequence[Sequence[NDArray[np.uint8]]],
    alike: Sequence[Picture],
    t_s: NDArray[np.float64],
) -> Moved | None:
    """What a patch of steady change is, or None if it is somebody who stands there."""
    first, last = int(np.median(runs.first[core])), int(np.median(runs.last[core]))
    during = range(first, last + 1)
    mostly = np.mean([masks[i] for i in during], axis=0) > 0.5
    near = cv2.dilate(core.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    whole = mostly & near
    wide = cv2.dilate(whole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rim = wide & ~(cv2.erode(whole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    inside = np.zeros(len(t_s), dtype=np.bool_)
    inside[first : last + 1] = True
    # Who walks past in between is not what stands there.
    if _stillness(planes, rim, inside) < _LEAST_STILL:
        return None
    # Others who stand here at other times say nothing about the background.
    shown = np.array([mask[core].mean() < 0.5 for mask in masks])
    mistaken = _stillness(planes, rim, ~inside & shown) < _LEAST_STILL
    at_an_end = first <= 1 or last >= len(t_s) - 2
    least_s = _LEAST_S if at_an_end else _LEAST_IN_THE_MIDDLE_S
    if not mistaken and t_s[last] - t_s[first] < least_s:
        return None
    colours = np.median([alike[i][wide] for i in during], axis=0).astype(np.uint8)
    ys, xs = np.nonzero(whole)
    box = float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)
    stays = last >= len(t_s) - 2
    if mistaken:
        first, last = 0, len(t_s) - 1
    return Moved(wide, colours, first, last, float(t_s[first]), float(t_s[last]), stays, mistaken, box)


def _stillness(
    planes: Sequence[Sequence[NDArray[np.uint8]]], rim: NDArray[np.bool_], during: NDArray[np.bool_]
) -> float:
    """Share of a rim that looks the same from one moment to the next, in the median; 1 if none follow."""
    pairs = [int(i) for i in np.flatnonzero(during[:-1] & during[1:])]
    same = [float(np.mean(same_colour(planes[i], planes[i + 1])[rim] > 0)) for i in pairs]
    return float(np.median(same)) if same else 1.0

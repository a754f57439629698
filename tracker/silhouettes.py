"""Changed pixels to people: as few people as explain them.

Every place where a person could be is a candidate. The one that explains most of what is not yet explained is
taken, its outline is removed from what is left to explain, and so on: that joins the fragments of one person
and splits people whose outlines run together. Whoever touches another is then moved to where they explain
most beside the others. The idea is that of a probabilistic occupancy map (Fleuret, Berclaz, Lengagne and Fua,
"Multicamera people tracking with a probabilistic occupancy map", 2008), for one camera and in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.candidates import Candidates
from tracker.foreground import CHANGED

# Share of a person's visible part that must be changed, surely changed, and explained by nobody else yet.
_LEAST_FILL, _LEAST_SURE, _LEAST_FRESH = 0.35, 0.15, 0.3
# The price of a pixel inside a person that is not changed, and of one that somebody else explains, too.
_EMPTY_PRICE, _AGAIN_PRICE = 0.5, 0.1
_MOST_PEOPLE = 60
# What a person explains, from head to foot: where along the vertical and how far to either side, as shares of
# the height.
_OUTLINE = np.array(
    [(-0.03, 0.05), (0.02, 0.09), (0.13, 0.09), (0.2, 0.16), (0.52, 0.16), (0.8, 0.14), (1.03, 0.12)]
)
_SUBPIXEL_BITS = 4
# How far somebody may be moved who touches another, as a share of the height.
_MOVE = 0.5
# An outline is believed that is so near to the expected one, as shares of the expected height and width.
_TRUST_HEIGHT, _TRUST_WIDTH, _TRUST_WIDER = 0.16, 0.45, 1.4

Mask = NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class _Options:
    """The candidates that could be people in one picture.

    Attributes:
        number: (n,) their numbers among all candidates.
        area: (n,) pixels of the visible part.
        inside: (n,) changed pixels in it, a shaded one counting half.
        sure: (n,) surely changed pixels in it that nobody explains yet.
        fresh: (n,) changed pixels in it that nobody explains yet.

    """

    number: NDArray[np.intp]
    area: NDArray[np.float64]
    inside: NDArray[np.float64]
    sure: NDArray[np.float64]
    fresh: NDArray[np.float64]

    def best(self) -> int | None:
        """The option that explains most, or None if nobody explains enough."""
        gain = (
            self.fresh - _EMPTY_PRICE * (self.area - self.inside) - _AGAIN_PRICE * (self.inside - self.fresh)
        )
        gain[(self.sure < _LEAST_SURE * self.area) | (self.fresh < _LEAST_FRESH * self.area)] = 0
        if len(gain) == 0:
            return None
        best = int(np.argmax(gain))
        return best if gain[best] > 0 else None


def explain(mask: Mask, candidates: Candidates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People that explain a mask of changed pixels.

    Args:
        mask: (h, w) uint8, CHANGED or SHADED where something changed, else 0.
        candidates: Where people could be.

    Returns:
        (n, 4) boxes at the mask's size and (n,) how much of each person's visible part is changed and
        explained by nobody else, 0 to 1: people beside or before others have less.

    """
    options = _options(mask, candidates)
    chosen = _one_after_another(mask, candidates, options)
    _moved_beside_each_other(mask, candidates, options, chosen)
    boxes = [
        _fitted(mask, candidates.box[options.number[c]], candidates.part[options.number[c]]) for c in chosen
    ]
    own = []
    for c in chosen:
        others = [o for o in chosen if o != c]
        _, fresh = _unexplained(mask, candidates, options.number[[c]], options.number[others])
        own.append(fresh[0] / options.area[c])
    return np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array(own, dtype=np.float64)


def _options(mask: Mask, candidates: Candidates) -> _Options:
    x0, y0, x1, y1 = candidates.part.T
    any_change = cv2.integral(cv2.min(mask, 1.0))
    changed = any_change[y1, x1] - any_change[y0, x1] - any_change[y1, x0] + any_change[y0, x0]
    number = np.flatnonzero(changed >= _LEAST_FILL * candidates.area)
    area = candidates.area[number]
    sure, inside = _changed(mask, candidates.bands[number])
    able = (sure >= _LEAST_SURE * area) & (inside >= _LEAST_FILL * area)
    return _Options(number[able], area[able], inside[able], sure[able], inside[able].copy())


def _one_after_another(mask: Mask, candidates: Candidates, options: _Options) -> list[int]:
    left = mask.copy()
    parts = candidates.part[options.number]
    chosen: list[int] = []
    for _ in range(_MOST_PEOPLE):
        best = options.best()
        if best is None:
            break
        chosen.append(best)
        x0, y0, x1, y1 = _removed(left, candidates.axis[options.number[best]])
        touched = np.flatnonzero(
            (parts[:, 0] < x1) & (parts[:, 2] > x0) & (parts[:, 1] < y1) & (parts[:, 3] > y0)
        )
        options.sure[touched], options.fresh[touched] = _changed(
            left, candidates.bands[options.number[touched]]
        )
    return chosen


def _moved_beside_each_other(
    mask: Mask, candidates: Candidates, options: _Options, chosen: list[int]
) -> None:
    """Move everybody who touches another to the best place beside the others; changes `chosen`."""
    foot = candidates.axis[options.number, 2:]
    for c in list(chosen):
        others = options.number[[o for o in chosen if o != c]]
        if not _touching(candidates.part[others], candidates.part[options.number[[c]]]).any():
            continue
        reach = _MOVE * (candidates.axis[options.number[c], 3] - candidates.axis[options.number[c], 1])
        near = np.flatnonzero(np.abs(foot - foot[c]).max(axis=1) < reach)
        sure, fresh = _unexplained(mask, candidates, options.number[near], others)
        best = _Options(near, options.area[near], options.inside[near], sure, fresh).best()
        at = chosen.index(c)
        chosen[at : at + 1] = [] if best is None else [int(near[best])]


def _unexplained(
    mask: Mask, candidates: Candidates, which: NDArray[np.intp], others: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Surely changed and changed pixels inside the candidates `which` that no one of `others` explains."""
    left = mask
    touching = others[_touching(candidates.part[others], candidates.part[which])]
    if len(touching):
        left = mask.copy()
        for other in touching:
            _removed(left, candidates.axis[other])
    return _changed(left, candidates.bands[which])


def _touching(parts: NDArray[np.int32], group: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(n,) whether each of some parts (n, 4) comes near the box around a group of parts (m, 4)."""
    low, high = group[:, :2].min(axis=0), group[:, 2:].max(axis=0)
    # Outlines reach a little beyond parts.
    more = np.maximum((parts[:, 3:] - parts[:, 1:2]) // 8, 2)
    return np.asarray(((parts[:, :2] - more < high) & (parts[:, 2:] + more > low)).all(axis=1))


def _removed(mask: Mask, axis: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Clear a person's outline in a mask, in place; returns its left, top, right and bottom."""
    head, foot = axis[:2], axis[2:]
    tall = foot[1] - head[1]
    middle = head + _OUTLINE[:, :1] * (foot - head)
    side = np.column_stack([_OUTLINE[:, 1] * tall, np.zeros(len(_OUTLINE))])
    outline = np.concatenate([middle - side, (middle + side)[::-1]])
    corners = np.rint(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 0.0, cv2.LINE_8, _SUBPIXEL_BITS)
    (left, top), (right, bottom) = np.floor(outline.min(axis=0)), np.ceil(outline.max(axis=0)) + 1
    return int(left), int(top), int(right), int(bottom)


def _changed(mask: Mask, bands: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) surely changed pixels inside the bands (n, b, 4) of each candidate, and (n,) all that may count.

    A shaded pixel may be a shadow or dark clothes: half of a changed one.
    """
    if len(bands) == 0:
        return np.zeros(0), np.zeros(0)
    x, y = int(bands[..., 0].min()), int(bands[..., 1].min())
    window = mask[y : bands[..., 3].max(), x : bands[..., 2].max()]
    x0, x1 = bands[..., 0] - x, bands[..., 2] - x
    width = window.shape[1] + 1
    top, low = (bands[..., 1] - y) * width, (bands[..., 3] - y) * width
    sums = []
    for pixels in (cv2.compare(window, float(CHANGED), cv2.CMP_EQ), window):
        total = cv2.integral(pixels).ravel()
        sums.append((total[low + x1] - total[top + x1] - total[low + x0] + total[top + x0]).sum(axis=1))
    return sums[0] / 255.0, sums[1] / float(CHANGED)


def _fitted(mask: Mask, box: NDArray[np.float64], part: NDArray[np.int32]) -> NDArray[np.float64]:
    """The box moved to the outline of what it holds, where that is about a person's size."""
    x0, y0, x1, y1 = part
    slack_x, slack_y = max(2, (x1 - x0) // 5), max(2, (y1 - y0) // 8)
    top, side = max(y0 - slack_y, 0), max(x0 - slack_x, 0)
    held = mask[top : y1 + slack_y, side : x1 + slack_x] == CHANGED
    rows, columns = held.sum(axis=1), held.sum(axis=0)
    thin = max(1, (x1 - x0) // 10)
    ys, xs = np.flatnonzero(rows >= thin), np.flatnonzero(columns >= max(1, (y1 - y0) // 20))
    fitted = box.copy()
    if len(ys) == 0 or len(xs) == 0:
        return fitted
    tall, wide = box[3] - box[1], box[2] - box[0]
    if _TRUST_WIDTH * wide < xs[-1] - xs[0] < _TRUST_WIDER * wide:
        fitted[0], fitted[2] = side + xs[0] - 0.5, side + xs[-1] + 0.5
    if abs(top + ys[0] - box[1]) < _TRUST_HEIGHT * tall:
        fitted[1] = top + ys[0] - 0.5
    # Where furniture hides the feet, or somebody in front, a person's size tells where they are.
    if box[3] - y1 < 1.5 and abs(top + ys[-1] - box[3]) < _TRUST_HEIGHT * tall:
        fitted[3] = top + ys[-1] + 0.5
    return fitted

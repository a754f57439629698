"""Which boxes of which tracklets are looked at: few, well seen, spread over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.settings import AppearanceSettings
from tracker.tracklets import Tracklets

# Boxes whose visible share differs by less are equally well seen; then the detector's score decides.
_VISIBLE_STEP = 0.05


def visible_shares(tracklets: Tracklets) -> NDArray[np.float64]:
    """How much of each box no other box of the same moment hides.

    Of two boxes the one whose lower edge is lower is nearer and hides the other; the farther one counts by
    half, for an arm or a wrong box. Several boxes do not add up: the worst one decides.

    Returns:
        (N,) shares in 0..1, in the order of the tracklets' rows.

    """
    order = np.argsort(tracklets.t_s, kind="stable")
    t_s, box = tracklets.t_s[order], tracklets.xyxy_px[order]
    area = np.maximum((box[:, 2:] - box[:, :2]).prod(axis=1), 1e-9)
    hidden = np.zeros(len(order))
    lag, first = 1, np.arange(len(order) - 1)
    # Boxes of one moment stand next to each other: compare each with the next, the one after that, ...
    while len(first := first[first + lag < len(order)]):
        first = first[t_s[first] == t_s[first + lag]]
        a, b = first, first + lag
        sides = np.minimum(box[a, 2:], box[b, 2:]) - np.maximum(box[a, :2], box[b, :2])
        shared = np.maximum(sides, 0).prod(axis=1)
        for one, other in ((a, b), (b, a)):
            weight = np.where(box[other, 3] >= box[one, 3], 1.0, 0.5)
            # Within one lag no box comes twice as `one`.
            hidden[one] = np.maximum(hidden[one], weight * shared / area[one])
        lag += 1
    visible = np.empty(len(order))
    visible[order] = 1 - np.clip(hidden, 0, 1)
    return visible


def choose_crops(
    tracklets: Tracklets, visible: NDArray[np.float64], settings: AppearanceSettings
) -> NDArray[np.int64]:
    """The boxes to look at.

    Each tracklet is cut into equal stretches of time, and the best seen box of each is taken: so its
    beginning and its end are both described. Where all tracklets together would need too many, all get fewer
    stretches; where one each is too many, the longest tracklets get it.

    Args:
        tracklets: n rows.
        visible: (n,) from `visible_shares`.
        settings: How many, how well seen.

    Returns:
        (k,) row numbers of `tracklets`, ascending.

    """
    height = tracklets.xyxy_px[:, 3] - tracklets.xyxy_px[:, 1]
    rows = np.flatnonzero((visible >= settings.min_visible) & (height >= settings.min_height_px))
    if not len(rows) or settings.most_crops == 0:
        return np.zeros(0, dtype=np.int64)
    _, first, piece, count = np.unique(
        tracklets.tracklet[rows], return_index=True, return_inverse=True, return_counts=True
    )
    t_s = tracklets.t_s[rows]
    begin_s, length_s = t_s[first], t_s[first + count - 1] - t_s[first]
    most = np.minimum(np.floor(length_s / settings.crop_spacing_s) + 1, count)
    stretches, pieces = settings.crops, np.arange(len(first))
    while stretches > 1 and np.minimum(most, stretches).sum() > settings.most_crops:
        stretches -= 1
    if len(pieces) > settings.most_crops and stretches == 1:
        longest = np.argsort(-length_s, kind="stable")[: settings.most_crops]
        kept = np.isin(piece, longest)
        rows, piece, t_s = rows[kept], piece[kept], t_s[kept]
    parts = np.minimum(most, stretches)[piece]
    into = (t_s - begin_s[piece]) / np.maximum(length_s[piece], 1e-9)
    part = np.minimum((into * parts).astype(np.int64), parts.astype(np.int64) - 1)
    seen = np.round(visible[rows] / _VISIBLE_STEP)
    best = np.lexsort([t_s, -tracklets.score[rows], -seen, part, piece])
    new = np.append(True, (np.diff(piece[best]) != 0) | (np.diff(part[best]) != 0))
    return np.sort(rows[best[new]]).astype(np.int64)

"""What was rearranged: places that look different for good, from the reference or from one time on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.changes import grey_difference, in_light_of_picture
from tracker.emptyplace import EmptyPlace

# Blurred grey levels by which a place must differ for good, and the share of the picture it must fill.
_LEAST_LEVELS, _LEAST_SHARE = 12.0, 4e-4
_COLOUR_RGB, _THICK = (200, 0, 160), 2


@dataclass(frozen=True, slots=True, eq=False)
class Rearranged:
    """One place that looks different.

    Attributes:
        region: (h, w) bool at the working size.
        from_s: Since when in the recording; None: it was so when the recording began.
        until_s: Until when; None: to its end.

    """

    region: NDArray[np.bool_]
    from_s: float | None
    until_s: float | None

    def to_json(self, scale: NDArray[np.float64]) -> dict[str, Any]:
        """As plain values; `scale` (4,) takes the working size to pixels of the recording."""
        y, x = np.flatnonzero(self.region.any(axis=1)), np.flatnonzero(self.region.any(axis=0))
        box = np.array([x[0], y[0], x[-1] + 1, y[-1] + 1]) * scale - 0.5
        return {
            **dict(
                zip(("left_px", "top_px", "right_px", "bottom_px"), np.round(box, 1).tolist(), strict=True)
            ),
            "from_s": self.from_s,
            "until_s": self.until_s,
        }


def rearranged(
    place: EmptyPlace,
    reference: NDArray[np.uint8] | None,
    empty: NDArray[np.uint8],
    counts: NDArray[np.bool_],
) -> tuple[Rearranged, ...]:
    """Places that look different for good.

    Args:
        place: The empty place as the recording tells it: what was moved meanwhile.
        reference: (h, w, 3) picture of the empty scene; None without one.
        empty: (h, w, 3) the place without what moves, at the end of the recording.
        counts: (h, w) bool, the region of interest.

    """
    found = []
    for moved in place.moved:
        region = moved.region & counts
        if region.any():
            began = None if moved.first == 0 else moved.from_s
            found.append(Rearranged(region, began, None if moved.stays else moved.until_s))
    if reference is not None:
        differs = grey_difference(in_light_of_picture(reference, empty), empty) > _LEAST_LEVELS
        # What was moved during the recording is told already, with its time.
        for one in found:
            differs &= ~cv2.dilate(one.region.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(np.bool_)
        number, labels, stats, _ = cv2.connectedComponentsWithStats((differs & counts).astype(np.uint8))
        large = stats[:, cv2.CC_STAT_AREA] >= _LEAST_SHARE * counts.size
        found += [Rearranged(labels == k, None, None) for k in range(1, number) if large[k]]
    return tuple(found)


def outlined(scene_rgb: NDArray[np.uint8], places: Sequence[Rearranged]) -> NDArray[np.uint8]:
    """The scene (h, w, 3) with the places tinted, outlined and numbered.

    Outlined without dents: a reference with somebody in it would show their figure otherwise.
    """
    picture = scene_rgb.copy()
    size = picture.shape[1], picture.shape[0]
    thick = max(_THICK, round(size[1] / 240))
    for number, one in enumerate(places, start=1):
        mask = cv2.resize(one.region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        hull = cv2.convexHull(cv2.findNonZero(mask))
        mask = cv2.fillConvexPoly(np.zeros_like(mask), hull, 1)
        tint = np.array(_COLOUR_RGB, dtype=np.float32)
        picture[mask > 0] = np.rint(0.65 * picture[mask > 0] + 0.35 * tint).astype(np.uint8)
        cv2.drawContours(picture, [hull], -1, _COLOUR_RGB, thick, cv2.LINE_AA)
        x, y = hull[:, 0][hull[:, 0, 1].argmin()].tolist()
        at = (x, max(y - 6, round(size[1] / 24)))
        for colour, width in (((255, 255, 255), 3 * thick), (_COLOUR_RGB, thick)):
            cv2.putText(
                picture, str(number), at, cv2.FONT_HERSHEY_SIMPLEX, size[1] / 480, colour, width, cv2.LINE_AA
            )
    return picture

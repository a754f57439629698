"""A picture of the scene without people: the median over what was free of them, grey where nothing was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.frames import Frame
from tracker.sorting import sort_layers

# Pictures kept, spread evenly in time: memory stays bounded however long the recording is.
_MOST = 24
# A pixel must have been free in so many of them, and in this share: what was free only for moments may show
# somebody whom the detector missed in them.
_LEAST_FREE, _LEAST_FREE_SHARE = 3, 0.25
# Nobody is recognised in a picture this soft (a share of its height): no detector finds everybody.
_SOFT_SHARE = 1 / 90
# Boxes are widened by these shares of their own size, for arms, feet and shadows.
_MARGIN_SIDE, _MARGIN_TOP, _MARGIN_BOTTOM = 0.25, 0.1, 0.15
# Grey levels by which a pixel must differ from the picture before to count as moving.
_MOTION = 18
NEVER_FREE_GREY = 128
# Pictures are sorted a part at a time that fits into a processor's cache.
_BLOCK_BYTES = 1_500_000
# A row of a black bar: no more than this share of its pixels brighter than this.
_BLACK, _LIT_SHARE = 32, 0.02

Part = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A picture that was kept.

    Attributes:
        t_s: Its time.
        image_bgr: (height, width, 3) uint8.
        free: (height, width) bool, where it shows nobody.

    """

    t_s: float
    image_bgr: NDArray[np.uint8]
    free: NDArray[np.bool_]


class Spread:
    """Which pictures are kept, by their times alone: few, spread evenly over the recording.

    Args:
        duration_s: Length of the recording if it is known, for an even spread from the start.

    """

    def __init__(self, duration_s: float | None) -> None:
        self._spacing_s = duration_s / _MOST if duration_s else 0.0
        self._next_s = 0.0
        self._kept_s: list[float] = []

    def due(self, t_s: float) -> bool:
        """Whether a picture at `t_s` (s) is to be kept."""
        return t_s >= self._next_s

    def keep(self, t_s: float) -> bool:
        """Note that it was; whether there are too many now, so that every other one has to go."""
        self._kept_s.append(t_s)
        too_many = len(self._kept_s) > _MOST
        if too_many:  # longer than was stated: the rest is spread twice as wide
            self._kept_s = self._kept_s[::2]
            self._spacing_s = max(2 * self._spacing_s, (t_s - self._kept_s[0]) / _MOST * 2)
        self._next_s = t_s + self._spacing_s
        return too_many


def needed(t_s: Sequence[float], duration_s: float | None) -> frozenset[int]:
    """Which pictures a `ScenePicture` looks at, by their place among the times (s) of all it is shown.

    Those that it keeps, be it for a while, and before each the one that it is compared with. Shown these
    alone it gives the same.
    """
    spread = Spread(duration_s)
    places: set[int] = set()
    for place, time_s in enumerate(t_s):
        if place and spread.due(time_s):
            spread.keep(time_s)
            places.update((place - 1, place))
    return frozenset(places or ({len(t_s) - 1} if len(t_s) else ()))


class ScenePicture:
    """Collects pictures of a recording and what in them was free of people.

    Args:
        duration_s: Length of the recording if it is known, for an even spread from the start.

    """

    def __init__(self, duration_s: float | None) -> None:
        self._spread = Spread(duration_s)
        self._kept: list[Moment] = []
        self._before: NDArray[np.uint8] | None = None

    def add(self, frame: Frame, xyxy_px: NDArray[np.floating]) -> None:
        """Look at the next picture.

        Args:
            frame: The picture; one without pixels is passed over.
            xyxy_px: (n, 4) boxes of all people in it, weak ones included.

        """
        image = frame.image_bgr
        if image is None:
            return
        if self._before is not None and self._spread.due(frame.t_s):
            self._keep(frame.t_s, image, _free(image, self._before, xyxy_px))
        self._before = image

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The pictures that were kept, in order of time."""
        return tuple(self._kept)

    def picture(self) -> NDArray[np.uint8] | None:
        """(height, width, 3) uint8 BGR picture without people; None if there were no pictures.

        It is softened, so that somebody who stood still and was never found is not recognised either.
        """
        if not self._kept:
            return None if self._before is None else np.full_like(self._before, NEVER_FREE_GREY)
        return softened(sharp_picture(self._kept))

    def _keep(self, t_s: float, image: NDArray[np.uint8], free: NDArray[np.bool_]) -> None:
        self._kept.append(Moment(t_s, image.copy(), free))
        if self._spread.keep(t_s):
            self._kept = self._kept[::2]


def sharp_picture(moments: Sequence[Moment]) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 BGR median of what was free of people in at least one moment.

    Somebody who stood still all the time and was never found may be in it: it is for the person who sets a
    camera up, not for reports.
    """
    height, width = moments[0].image_bgr.shape[:2]
    result = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _BLOCK_BYTES // (len(moments) * width * 3))
    for top in range(0, height, rows):
        block = slice(top, top + rows)
        result[block] = _median(
            np.stack([moment.image_bgr[block] for moment in moments]),
            np.stack([moment.free[block] for moment in moments]),
        )
    return result


def softened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (height, width, 3) so soft that nobody is recognised in it; never free stays grey."""
    grey = (picture == NEVER_FREE_GREY).all(axis=2)
    soft = cv2.GaussianBlur(picture, (0, 0), soft_sigma_px(len(picture)))
    soft[grey] = NEVER_FREE_GREY
    return np.asarray(soft, dtype=np.uint8)


def soft_sigma_px(height_px: int) -> float:
    """Width of the blur with which nobody is recognised in a picture of a height."""
    return max(1.0, _SOFT_SHARE * height_px)


def shown_part(scene_bgr: NDArray[np.uint8] | None, size_px: tuple[int, int]) -> Part:
    """The part (x0, y0, x1, y1) of the picture that shows the scene: all of it, but for black bars.

    Players and exporters pad pictures with black to another aspect; people's feet end at such a bar as they
    do at the picture's edge.

    Args:
        scene_bgr: People-free picture of the scene; None takes the whole picture.
        size_px: (width, height) of the picture.

    """
    width, height = size_px
    whole = (-0.5, -0.5, width - 0.5, height - 0.5)
    if scene_bgr is None:
        return whole
    lit = scene_bgr.max(axis=2) > _BLACK
    rows = np.flatnonzero(lit.mean(axis=1) > _LIT_SHARE)
    columns = np.flatnonzero(lit.mean(axis=0) > _LIT_SHARE)
    if len(rows) < height / 2 or len(columns) < width / 2:
        return whole  # a dark scene, not a padded one
    x0, y0, x1, y1 = columns[0] - 0.5, rows[0] - 0.5, columns[-1] + 0.5, rows[-1] + 0.5
    return float(x0), float(y0), float(x1), float(y1)


def _free(
    image: NDArray[np.uint8], before: NDArray[np.uint8], xyxy_px: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """(height, width) bool: neither in a widened box nor moving."""
    changed = cv2.absdiff(image, before)
    moving = cv2.max(cv2.max(changed[..., 0], changed[..., 1]), changed[..., 2]) > _MOTION
    size = max(5, len(image) // 60) | 1
    taken = cv2.dilate(moving.astype(np.uint8), np.ones((size, size), np.uint8))
    for x1, y1, x2, y2 in np.asarray(xyxy_px, dtype=np.float64).reshape(-1, 4):
        w, h = x2 - x1, y2 - y1
        left, right = int(x1 - _MARGIN_SIDE * w), int(np.ceil(x2 + _MARGIN_SIDE * w))
        top, bottom = int(y1 - _MARGIN_TOP * h), int(np.ceil(y2 + _MARGIN_BOTTOM * h))
        taken[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 1
    return np.asarray(taken == 0)


def _median(stack: NDArray[np.uint8], free: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Median over the first axis of (n, rows, width, 3) where free (n, rows, width) says so, else grey."""
    n, count = len(stack), free.sum(axis=0)
    # What is not free sorts to the end, so the median of the free ones lies at half their number.
    ordered = np.where(free[..., None], stack, np.uint8(255))
    sort_layers(ordered)
    middle = np.maximum((count - 1) // 2, 0)[None, :, :, None]
    median = np.take_along_axis(ordered, middle, axis=0)[0]
    enough = count >= max(min(_LEAST_FREE, n), _LEAST_FREE_SHARE * n)
    return np.where(enough[:, :, None], median, np.uint8(NEVER_FREE_GREY))

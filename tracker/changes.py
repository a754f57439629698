"""What changes in a recording, people or not: motion against the empty place, difference from a reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.background import Picture, at_working_size, in_light_of, sampled_moments, working_size
from tracker.emptyplace import EmptyPlace
from tracker.foreground import CHANGED, Levels, foreground
from tracker.frames import Frame, FrameStream, Recording
from tracker.scenepicture import soft_sigma_px
from tracker.timeline import MAX_FRAME_GAP_S, observed_overlap_s

# Blurred grey levels up to this are the camera's noise and what compression makes of it.
_LEAST_DIFFERENCE = 6.0
# The lower edge of a patch: so much of its height, in which somebody's feet are and not an outstretched arm.
_FOOT_SHARE = 0.15
# Next to something that was moved: so near, and changed in so much of the time until the next move.
_RIM_PX, _RIM_SHARE = 21, 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What one picture shows that the empty place does not.

    Attributes:
        t_s: Its time.
        seconds: For how long it stands: up to the next picture, as far as footage was decoded. All pictures
            of a recording sum to its observed time.
        moving: (h, w) bool, neither the place nor a shadow on it; nothing where the place is not recognised.
        difference: (h, w) float32, absolute difference from the reference in grey levels, blurred.
        known: Whether the place was recognised in the picture.
        picture: (h, w, 3) uint8 BGR, the picture itself.

    """

    t_s: float
    seconds: float
    moving: NDArray[np.bool_]
    difference: NDArray[np.float32]
    known: bool
    picture: Picture


class Changes:
    """The changes of a recording, picture by picture, at the working size.

    Attributes:
        size_px: (width, height) at which pictures are looked at.
        place: The place without what moves, learned from the recording.
        last_s: Time of the last picture that it was learned from.

    """

    def __init__(
        self,
        recording: Recording,
        reference: Picture | None = None,
        threshold: float | None = None,
        counts: NDArray[np.bool_] | None = None,
    ) -> None:
        """Learn the empty place; the recording is read once for it.

        Args:
            recording: The footage.
            reference: (h, w, 3) uint8 BGR picture of the empty scene at the working size; default: the place
                as it was furnished when the recording began.
            threshold: Grey levels by which a pixel must differ; default: above its own noise.
            counts: (h, w) bool, the region of interest at the working size; default: everywhere.

        Raises:
            ValueError: If the recording has no pictures.

        """
        self.size_px = working_size(recording.size_px)
        moments = sampled_moments(recording)
        # Unlike the detector's, without regard to what is restless: a screen and an escalator are activity.
        self.place = EmptyPlace(moments)
        self.last_s = moments[-1].t_s if moments else 0.0
        if not self.place.looks:
            raise ValueError(f"{recording.name}: expected pictures, got none that could be decoded")
        shape = self.size_px[::-1]
        self._recording, self._reference = recording, reference
        self._levels = None if threshold is None else Levels.even(shape, threshold)
        self._counts = np.ones(shape, np.bool_) if counts is None else counts
        self._rims: _Rims | None = None
        if self.place.moved:
            known = [(m.t_s, self._moving(m.t_s, m.picture)) for m in moments]
            self._rims = _Rims.of(self.place, [(t_s, moving) for t_s, moving in known if moving is not None])

    def empty_bgr(self) -> Picture:
        """(h, w, 3) the empty place at the end of the recording, in its commonest kind of picture."""
        longest = max(self.place.looks, key=lambda look: look.settings[-1].until_s - look.settings[0].from_s)
        return longest.settings[-1].image_bgr

    def read(self, stream: FrameStream) -> Iterator[tuple[Change, Frame]]:
        """The changes of pictures in order of time, from a stream of the same recording, and the pictures."""
        held: Frame | None = None
        for frame in stream:
            if frame.image_bgr is None:
                continue
            if held is not None:
                yield self._change(held, _seconds(stream, held.t_s, frame.t_s)), held
            held = frame
        if held is not None:
            spans = stream.footage.observed_s
            yield self._change(held, observed_overlap_s(spans, held.t_s, float(spans[-1, 1]))), held

    def _moving(self, t_s: float, picture: Picture) -> NDArray[np.bool_] | None:
        """(h, w) bool, what is not the place; None where the place is not recognised."""
        known = self.place.expected(t_s, picture)
        if known is None:
            return None
        levels = known[1] if self._levels is None else self._levels
        return np.asarray((foreground(known[0], picture, levels) == CHANGED) & self._counts)

    def _change(self, frame: Frame, seconds: float) -> Change:
        t_s, picture = frame.t_s, at_working_size(_pixels(frame), self.size_px)
        shape = picture.shape[:2]
        moving = self._moving(t_s, picture)
        known = moving is not None
        if moving is None:
            moving = np.zeros(shape, np.bool_)
        elif self._rims is not None:
            moving &= ~self._rims.at(t_s)
        reference = (
            self.place.as_found(t_s, picture)
            if self._reference is None
            else in_light_of_picture(self._reference, picture)
        )
        difference = np.zeros(shape, np.float32) if reference is None else grey_difference(reference, picture)
        return Change(t_s, seconds, moving, difference * self._counts, known, picture)


@dataclass(frozen=True, slots=True, eq=False)
class _Rims:
    """What is left at the rim of things that were moved, where the empty place is not known to the pixel.

    Attributes:
        starts_s: (n - 1,) when the next furnishing begins.
        rims: (n, h, w) bool.

    """

    starts_s: NDArray[np.float64]
    rims: NDArray[np.bool_]

    @classmethod
    def of(cls, place: EmptyPlace, moving: Sequence[tuple[float, NDArray[np.bool_]]]) -> _Rims:
        """Pixels next to a moved thing that hardly ever show the place while it stands there, or is gone."""
        starts_s = np.array(sorted({t for m in place.moved for t in (m.from_s, m.until_s)}))
        moved = np.any([m.region for m in place.moved], axis=0)
        near = cv2.dilate(moved.astype(np.uint8), np.ones((_RIM_PX, _RIM_PX), np.uint8)) > 0
        furnishing = np.searchsorted(starts_s, [t_s for t_s, _ in moving], side="right")
        rims = np.zeros((len(starts_s) + 1, *moved.shape), np.bool_)
        for k in range(len(rims)):
            masks = [mask for (_, mask), f in zip(moving, furnishing, strict=True) if f == k]
            if masks:
                often = (np.mean(masks, axis=0) > _RIM_SHARE) & near
                rims[k] = cv2.dilate(often.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        return cls(starts_s, rims)

    def at(self, t_s: float) -> NDArray[np.bool_]:
        """(h, w) bool at a time."""
        return np.asarray(self.rims[int(np.searchsorted(self.starts_s, t_s, side="right"))])


def in_light_of_picture(reference: Picture, picture: Picture) -> Picture:
    """A reference (h, w, 3) as it would look in the light of a picture (h, w, 3)."""
    return in_light_of(picture, reference)


def grey_difference(reference: Picture, picture: Picture) -> NDArray[np.float32]:
    """(h, w) float32 absolute difference of two BGR pictures (h, w, 3) in grey levels; noise is zero.

    Both are blurred so far that nobody is recognised in the result.
    """
    one, other = (cv2.cvtColor(p, cv2.COLOR_BGR2GRAY).astype(np.float32) for p in (reference, picture))
    blurred = cv2.absdiff(*(cv2.GaussianBlur(p, (0, 0), soft_sigma_px(len(picture))) for p in (one, other)))
    return np.where(blurred > _LEAST_DIFFERENCE, blurred, np.float32(0)).astype(np.float32)


def standing_edge(moving: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(h, w) bool: where what moves meets the floor.

    Of each patch, the lowest pixel of each column, as far as it lies in the lowest part of the patch.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(moving.astype(np.uint8), connectivity=8)
    edge = np.zeros_like(moving)
    if count < 2:
        return edge
    top, height = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    from_row = top + height - np.maximum(1, np.ceil(_FOOT_SHARE * height)).astype(np.int64)
    below = np.zeros_like(labels)
    below[:-1] = labels[1:]
    rows, columns = np.nonzero((labels > 0) & (labels != below))
    low = rows >= from_row[labels[rows, columns]]
    edge[rows[low], columns[low]] = True
    return edge


def moving_boxes(moving: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n, 4) boxes, left, top, right, bottom, round the patches that move."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(moving.astype(np.uint8), connectivity=8)
    x, y, w, h = stats[1:, :4].T.astype(np.float64)
    return np.column_stack([x, y, x + w, y + h])


def _pixels(frame: Frame) -> Picture:
    if frame.image_bgr is None:
        raise ValueError("expected a picture, got a frame without pixels")
    return frame.image_bgr


def _seconds(stream: FrameStream, t_s: float, next_s: float) -> float:
    """How long a picture stands: to the next, but not over a gap in the footage."""
    if next_s - t_s <= MAX_FRAME_GAP_S:
        return next_s - t_s
    return observed_overlap_s(stream.footage.observed_s, t_s, next_s)

"""The place without its people: for each pixel, what was seen there most and over the longest time.

A plain median takes for background whatever covers a pixel for half of the recording, so a person who stands
still becomes floor. Here each pixel's samples are grouped by colour. A group counts by its share of the
samples and by how far apart in time its first and its last sample lie, for floor is seen before somebody
comes and after they have gone, and a standing person once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.frames import Recording
from tracker.illumination import fit_light
from tracker.locallight import lit, local_gains

WORKING_WIDTH_PX = 640
_PICTURES = 64
_SAME_GREY = 14
_SAME_COLOUR = 7
_SPAN_WORTH = 3.0
_LEAST_NOISE = 1.2

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A picture (h, w, 3) at the working size, and its time."""

    t_s: float
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """The people-free place.

    Attributes:
        image_bgr: (h, w, 3) uint8 at the working size.
        noise: (h, w) float32, standard deviation of a pixel's grey levels about it, the largest of the three
            channels.
        share: (h, w) float32, share of the samples that showed it, 0 to 1.

    """

    image_bgr: NDArray[np.uint8]
    noise: NDArray[np.float32]
    share: NDArray[np.float32]


def working_size(size_px: tuple[int, int]) -> tuple[int, int]:
    """(width, height) in which pictures of a size are looked at: at most `WORKING_WIDTH_PX` wide."""
    width, height = size_px
    if width <= WORKING_WIDTH_PX:
        return width, height
    return WORKING_WIDTH_PX, max(1, round(height * WORKING_WIDTH_PX / width))


def at_working_size(image_bgr: Picture, size_px: tuple[int, int]) -> Picture:
    """A picture scaled to the working size."""
    if image_bgr.shape[1::-1] == size_px:
        return image_bgr
    return np.asarray(cv2.resize(image_bgr, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def sampled_moments(recording: Recording) -> list[Moment]:
    """Up to 64 pictures spread evenly over a recording, at the working size, in order of time.

    Raises:
        ValueError: If the recording has no pictures (a MOTChallenge folder of boxes only).

    """
    length_s = recording.duration_s
    if length_s is not None and length_s > 0:
        kept = _collect(recording, _PICTURES / length_s)
        if len(kept) >= _PICTURES // 4:
            return kept
    # No length is known, or a wrong one: every picture is looked at and ever fewer are kept.
    return _collect(recording, None)


def _collect(recording: Recording, sample_fps: float | None) -> list[Moment]:
    size = working_size(recording.size_px)
    kept: list[Moment] = []
    spacing = 1
    for number, frame in enumerate(recording.read(sample_fps)):
        if frame.image_bgr is None:
            raise ValueError(
                f"{recording.name}: the motion detector needs pictures, this recording has boxes only; "
                "use --detector replay"
            )
        if number % spacing == 0:
            kept.append(Moment(frame.t_s, at_working_size(frame.image_bgr, size)))
            if len(kept) > _PICTURES:
                kept = kept[::2]
                spacing *= 2
    return kept


def learn_background(pictures: Sequence[Picture]) -> Background:
    """Estimate the people-free place from at least one picture (h, w, 3), in order of time."""
    reference = _middle(pictures)
    alike = [in_light_of(reference, picture) for picture in pictures]
    mode = _steadiest(alike)
    return _settled(mode, alike)


def _middle(pictures: Sequence[Picture]) -> Picture:
    """The median picture: light and colour to compare the others with."""
    stack = np.stack(pictures)
    stack.partition(len(stack) // 2, axis=0)
    return np.asarray(stack[len(stack) // 2])


def in_light_of(reference: Picture, picture: Picture) -> Picture:
    """A picture (h, w, 3) as it would look in the light of the reference (h, w, 3)."""
    same = fit_light(picture, reference).applied(picture)
    gains = local_gains(same, reference)
    return same if gains is None else lit(same, gains)


def _steadiest(alike: Sequence[Picture]) -> NDArray[np.intp]:
    """For each pixel, the number of the sample that stands for what is seen there most and longest."""
    n = len(alike)
    planes = [colour_planes(p) for p in alike]
    shape = alike[0].shape[:2]
    count = np.ones((n, *shape), np.uint8)
    last = np.empty((n, *shape), np.uint8)
    first = np.empty((n, *shape), np.uint8)  # counted from the end, so that the largest is the earliest
    for i in range(n):
        last[i], first[i] = i, n - 1 - i
    for i in range(n):
        for j in range(i + 1, n):
            same = same_colour(planes[i], planes[j])
            one = cv2.min(same, 1.0)
            cv2.add(count[i], one, dst=count[i])
            cv2.add(count[j], one, dst=count[j])
            cv2.max(last[i], cv2.min(same, float(j)), dst=last[i])
            cv2.max(first[j], cv2.min(same, float(n - 1 - i)), dst=first[j])
    worth = np.empty((n, *shape), np.float32)
    for i in range(n):
        span = last[i].astype(np.float32) - (n - 1) + first[i]
        worth[i] = count[i] + _SPAN_WORTH * span
    return np.asarray(np.argmax(worth, axis=0))


def colour_planes(picture: Picture) -> Sequence[NDArray[np.uint8]]:
    """Grey and the two colour differences of a picture (h, w, 3), each (h, w), a little smoothed."""
    return cv2.split(cv2.cvtColor(cv2.GaussianBlur(picture, (3, 3), 0), cv2.COLOR_BGR2YCrCb))


def same_colour(one: Sequence[NDArray[np.uint8]], other: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(h, w) uint8, 255 where two pictures show the same colour."""
    grey = cv2.threshold(cv2.absdiff(one[0], other[0]), _SAME_GREY, 255, cv2.THRESH_BINARY_INV)[1]
    colour = cv2.max(cv2.absdiff(one[1], other[1]), cv2.absdiff(one[2], other[2]))
    alike = cv2.threshold(colour, _SAME_COLOUR, 255, cv2.THRESH_BINARY_INV)[1]
    return np.asarray(cv2.min(grey, alike), dtype=np.uint8)


def _settled(mode: NDArray[np.intp], alike: Sequence[Picture]) -> Background:
    """Mean and spread of the samples that agree with each pixel's mode."""
    rows, columns = np.ogrid[: mode.shape[0], : mode.shape[1]]
    centre = np.stack(alike)[mode, rows, columns]
    for _ in range(2):
        planes = colour_planes(centre)
        total = np.zeros(centre.shape, np.float32)
        square = np.zeros(centre.shape, np.float32)
        count = np.zeros(mode.shape, np.float32)
        for picture in alike:
            same = same_colour(planes, colour_planes(picture))
            cv2.accumulate(picture, total, mask=same)
            cv2.accumulateSquare(cv2.absdiff(picture, centre), square, mask=same)
            count += same > 0
        number = np.maximum(count, 1)[..., None]
        mean = np.where(count[..., None] > 0, total / number, centre)
        offset = mean - centre
        variance = np.maximum(square / number - offset**2, 0)
        centre = np.clip(np.rint(mean), 0, 255).astype(np.uint8)
    noise = np.maximum(np.sqrt(variance.max(axis=2)), _LEAST_NOISE)
    noise = cv2.blur(noise.astype(np.float32), (5, 5))
    return Background(centre, noise.astype(np.float32), (count / len(alike)).astype(np.float32))

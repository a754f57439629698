"""The detector that needs no weights: what differs from the empty place, cut into people."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.scene import Scene
from tracker.background import at_working_size, sampled_moments, working_size
from tracker.boxes import people
from tracker.candidates import Candidates, calibrated_candidates, learned_candidates
from tracker.emptyplace import EmptyPlace
from tracker.foreground import CHANGED, foreground
from tracker.frames import Frame, Recording
from tracker.habits import Habits
from tracker.moved import Moved
from tracker.restless import restlessness
from tracker.silhouettes import explain

HABITS = Habits(near_edge_m=0.18, evidence=0.4)
"""An outline ends at the tip or heel of the nearer shoe: about half a shoe from the middle of the body in
somebody who stands, half a step and half a shoe in somebody who walks towards the camera. What is wrongly
taken for somebody (a part of a person, a shadow, a thing that was put down) is so for seconds."""

# What a person explains alone, as a share of the visible part, and how often such a one is right: measured on
# PETS09-S2L1 and five films of the demo shop (IoU 0.5).
_SCORE = (0.3, 0.45, 0.6, 0.75, 0.95), (0.45, 0.65, 0.87, 0.95, 0.98)


class MotionDetector:
    """A `Detector` for recordings of one still camera.

    The empty place is learned from the whole recording before anybody is looked for, so that somebody who
    stands still for minutes does not become part of it.

    Attributes:
        description: One line for reports and maps.
        every_frame: False.
        habits: `HABITS`.
        remarks: What was moved and when, and how the camera's picture changes.

    """

    every_frame = False
    habits = HABITS

    def __init__(
        self,
        size_px: tuple[int, int],
        place: EmptyPlace,
        candidates: Candidates,
        remarks: tuple[str, ...] = (),
    ) -> None:
        """Use a place and candidates that have been learned; see `for_recording`."""
        self.description = "motion (no weights)"
        self.remarks = remarks
        self._size_px = size_px
        self._place = place
        self._candidates = candidates

    @classmethod
    def for_recording(
        cls, recording: Recording, calibration: Calibration | None, scene: Scene
    ) -> MotionDetector:
        """Learn the empty place and the size of people from a recording.

        Args:
            recording: The footage; it is read once from beginning to end.
            calibration: For the size of people at each place; without it the recording tells.
            scene: Furniture that hides people's legs.

        Raises:
            ValueError: If the recording has no pictures.

        """
        moments = sampled_moments(recording)
        place = EmptyPlace(moments, restlessness(recording))
        size = working_size(recording.size_px)
        candidates = None if calibration is None else calibrated_candidates(size, calibration, scene)
        if candidates is None:
            candidates = learned_candidates(
                size, boxes_of_patches([_mask(place, m.t_s, m.picture) for m in moments])
            )
        floor = None if calibration is None else calibration.for_image_size(size)
        return cls(recording.size_px, place, candidates, _remarks(place, size, floor))

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame.

        Raises:
            ValueError: If a frame has no picture.

        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        if frame.image_bgr is None:
            raise ValueError(
                "the motion detector needs pictures, this recording has none; use --detector replay"
            )
        size = working_size(self._size_px)
        mask = _mask(self._place, frame.t_s, at_working_size(frame.image_bgr, size))
        boxes, own = explain(mask, self._candidates)
        scale = np.array([self._size_px[0] / size[0], self._size_px[1] / size[1]] * 2)
        return people((boxes + 0.5) * scale - 0.5, score_of(own), self._size_px)


def score_of(own: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often a person is right that explains this share of their visible part alone; see `explain`."""
    return np.asarray(np.interp(own, *_SCORE), dtype=np.float64)


def _remarks(place: EmptyPlace, size_px: tuple[int, int], floor: Calibration | None) -> tuple[str, ...]:
    """What was noticed about the place, in plain words; `floor` is the calibration at the working size."""
    texts = []
    for together in _at_one_time(place.moved):
        places = ", ".join(dict.fromkeys(_where(moved, size_px, floor) for moved in together))
        earliest, latest = together[0], max(together, key=lambda m: m.until_s)
        since = f"from {_clock(earliest.from_s)}" if earliest.first > 0 else "from the beginning"
        until = "" if latest.stays else f" until {_clock(latest.until_s)}"
        texts.append(
            f"{since}{until} the scene is different {places}: something was moved, brought or taken away; "
            "it is not counted as a person"
        )
    kinds = {look.grey for look in place.looks}
    if len(kinds) == 2:
        texts.append("the camera changes between colour and infrared; the empty scene was learned for each")
    if place.unlearned_s:
        first, last = place.unlearned_s[0][0], place.unlearned_s[-1][1]
        texts.append(
            f"{len(place.unlearned_s)} of the pictures looked at ({_clock(first)} to {_clock(last)}) are "
            "unlike the rest of the recording; nobody is found in such pictures"
        )
    return tuple(texts)


def _at_one_time(moved: Sequence[Moved]) -> list[list[Moved]]:
    """Changes that begin, or end, at about the same moments: one thing leaves one place and takes another."""
    groups: list[list[Moved]] = []
    for one in moved:
        for group in groups:
            if abs(group[0].first - one.first) <= 2 and abs(group[0].last - one.last) <= 2:
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _where(moved: Moved, size_px: tuple[int, int], floor: Calibration | None) -> str:
    left, _, right, bottom = moved.box
    foot = np.array([[(left + right) / 2, bottom]])
    xy_m = np.full(2, np.nan) if floor is None else floor.floor_from_image(foot)[0]
    if np.isfinite(xy_m).all():
        return f"near ({xy_m[0]:.1f}, {xy_m[1]:.1f}) m on the plan"
    return f"at {foot[0, 0] / size_px[0]:.0%} across and {bottom / size_px[1]:.0%} down the picture"


def _clock(t_s: float) -> str:
    """Minutes and seconds since the start of the recording."""
    return f"{int(t_s // 60)}:{int(t_s % 60):02d}"


def _mask(place: EmptyPlace, t_s: float, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What in a picture (h, w, 3) is not the place; nothing where the place is not recognised."""
    known = place.expected(t_s, picture)
    return np.zeros(picture.shape[:2], np.uint8) if known is None else foreground(known[0], picture, known[1])


def boxes_of_patches(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """(n, 4) boxes of the changed patches in some masks (h, w)."""
    found = []
    for mask in masks:
        _, _, stats, _ = cv2.connectedComponentsWithStats((mask == CHANGED).astype(np.uint8), connectivity=8)
        x, y, w, h = stats[1:, :4].T.astype(np.float64)
        found.append(np.column_stack([x, y, x + w, y + h]))
    return np.concatenate([np.empty((0, 4)), *found])

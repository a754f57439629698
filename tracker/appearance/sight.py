"""The second pass over a recording: chosen crops are looked at, and nothing of them is kept but vectors."""

from __future__ import annotations

from collections.abc import Callable, Set

import numpy as np
from numpy.typing import NDArray

from tracker.again import look_again
from tracker.appearance.crops import choose_crops, visible_shares
from tracker.appearance.embedder import Embedder
from tracker.appearance.looks import Looks
from tracker.detections import DetectionLog
from tracker.frames import Frame, Recording
from tracker.settings import AppearanceSettings
from tracker.tracklets import Tracklets

# Crops described at once: memory holds no more of them, and none of the pictures that they are cut from.
_BATCH = 32
# A picture may come this much beside its time in the log (containers round) and still be the same.
_SAME_S = 1e-3


def look(
    recording: Recording,
    log: DetectionLog,
    tracklets: Tracklets,
    embedder: Embedder,
    settings: AppearanceSettings | None = None,
    progress: Callable[[float], None] = lambda t_s: None,
) -> Looks:
    """Look at the people of a recording once more, now that tracklets say which boxes are worth it.

    Only the pictures that hold a chosen box are converted. Memory holds a few crops at a time and the
    vectors, which are personal data: they are never written and go with the returned value.

    Args:
        recording: The footage that the log was made from.
        log: Its detections; `picture` holds the numbers of its pictures.
        tracklets: Boxes of the log that belong together; `row` points into the log.
        embedder: Describes the crops.
        settings: How many crops, how well seen; the defaults if None.
        progress: Told the time (s) of each picture that was looked at.

    Returns:
        What people look like, and what a similarity means; nothing where the recording has no pictures
        (a MOTChallenge folder of boxes).

    """
    sight = Sight(log, tracklets, embedder, settings)
    look_again(recording, (sight,), progress)
    return sight.looks()


class Sight:
    """An `Onlooker` that describes the boxes that are worth it.

    Memory holds a few crops at a time and the vectors, which are personal data: they are never written and go
    with this object and the looks.

    Args:
        log: Detections of a recording; `picture` holds the numbers of its pictures.
        tracklets: Boxes of the log that belong together; `row` points into the log.
        embedder: Describes the crops.
        settings: How many crops, how well seen; the defaults if None.

    Attributes:
        pictures: Numbers of those that hold a chosen box.

    """

    def __init__(
        self,
        log: DetectionLog,
        tracklets: Tracklets,
        embedder: Embedder,
        settings: AppearanceSettings | None = None,
    ) -> None:
        self._settings = settings or AppearanceSettings()
        self._tracklets = tracklets
        self._visible = visible_shares(tracklets)
        self._pending = _Pending(embedder)
        self._t_s: dict[int, float] = {}
        self._rows: dict[int, list[int]] = {}
        for row in choose_crops(tracklets, self._visible, self._settings).tolist():
            at = int(np.searchsorted(log.offsets, tracklets.row[row], side="right")) - 1
            number = int(log.picture[at])
            self._t_s[number] = float(log.t_s[at])
            self._rows.setdefault(number, []).append(row)

    @property
    def pictures(self) -> Set[int]:
        """See `Onlooker`."""
        return self._rows.keys()

    def see(self, frame: Frame) -> None:
        """Describe the chosen boxes of the picture."""
        # Read anew, a damaged file could number its pictures differently.
        if frame.image_bgr is not None and abs(frame.t_s - self._t_s[frame.index]) <= _SAME_S:
            for row in self._rows[frame.index]:
                self._pending.add(row, _crop(frame, self._tracklets.xyxy_px[row]))

    def looks(self) -> Looks:
        """What people look like, and what a similarity means, of the pictures seen so far."""
        rows, vectors = self._pending.finished()
        tracklets = self._tracklets
        by_row = np.argsort(tracklets.row[rows], kind="stable")
        rows = rows[by_row]
        looks = Looks(tracklets.row[rows], vectors[by_row], self._visible[rows], self._settings)
        _, number = np.unique(tracklets.tracklet, return_inverse=True)
        order = np.lexsort([tracklets.t_s, number])
        return looks.learned(number[order].astype(np.int64), tracklets.row[order], tracklets.t_s[order])


def _crop(frame: Frame, xyxy_px: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The box's part of the picture, as a copy: a view would keep the picture in memory."""
    image = frame.image_bgr
    if image is None:
        raise ValueError("expected a picture to cut from, got none")
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(xyxy_px[:2]), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(xyxy_px[2:]), 0, (width, height)).astype(int)
    return image[top:bottom, left:right].copy()


class _Pending:
    """Crops that wait to be described together, and the vectors of those before."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._rows: list[int] = []
        self._waiting: list[NDArray[np.uint8]] = []
        self._vectors: list[NDArray[np.float32]] = [embedder.describe([])]

    def add(self, row: int, crop: NDArray[np.uint8]) -> None:
        """Take a crop; an empty one (a box outside the picture) is left out."""
        if not crop.size:
            return
        self._rows.append(row)
        self._waiting.append(crop)
        if len(self._waiting) == _BATCH:
            self._describe()

    def finished(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(rows (k,), vectors (k, d)) of all crops."""
        self._describe()
        self._vectors = [np.concatenate(self._vectors)]
        return np.array(self._rows, dtype=np.int64), self._vectors[0]

    def _describe(self) -> None:
        self._vectors.append(self._embedder.describe(self._waiting))
        self._waiting = []

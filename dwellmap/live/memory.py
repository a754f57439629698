"""What is remembered of an hour in memory only: pictures now and then, and what people look like.

Both are gone with the process: an hour that is recovered after a crash is joined by motion alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dwellmap.site_file import Settings
from tracker.appearance.crops import visible_shares
from tracker.appearance.embedder import Embedder
from tracker.appearance.looks import Looks
from tracker.detections import DetectionLog
from tracker.scenepicture import Moment
from tracker.settings import AppearanceSettings
from tracker.tracklets import Tracklets

# A person is looked at again after this share of the time that they have been there: the eighth time comes
# after some seconds, the twentieth after minutes.
_AGAIN_SHARE = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Sights:
    """Vectors of boxes, found again by time and box. Personal data: in memory only.

    Attributes:
        identity: What determines the vectors.
        t_s: (k,) times since the hour's beginning, ascending.
        xyxy_px: (k, 4) boxes.
        visible: (k,) share of each that nobody hid.
        vector: (k, d) unit vectors.

    """

    identity: str
    t_s: NDArray[np.float64]
    xyxy_px: NDArray[np.float64]
    visible: NDArray[np.float64]
    vector: NDArray[np.float32]

    def at(self, log: DetectionLog, tracklets: Tracklets, settings: Settings) -> Looks:
        """What the people of these tracklets look like; see `pipeline.Remembering`."""
        picture = np.minimum(np.searchsorted(log.t_s, self.t_s), max(len(log.t_s) - 1, 0))
        row, known = np.zeros(len(self.t_s), dtype=np.int64), np.zeros(len(self.t_s), dtype=np.bool_)
        for k, at in enumerate(picture.tolist()):
            if len(log.t_s) and log.t_s[at] == self.t_s[k]:
                begin = int(log.offsets[at])
                same = (log.xyxy_px[begin : int(log.offsets[at + 1])] == self.xyxy_px[k]).all(axis=1)
                known[k] = same.any()
                row[k] = begin + int(same.argmax()) if known[k] else 0
        row, first = np.unique(row[known], return_index=True)
        looks = Looks(row, self.vector[known][first], self.visible[known][first], settings.appearance)
        _, number = np.unique(tracklets.tracklet, return_inverse=True)
        return looks.learned(number.reshape(-1).astype(np.int64), tracklets.row, tracklets.t_s)


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What an hour's run gets besides what lies on disk.

    Attributes:
        moments: Pictures spread over the hour, with where they show nobody.
        sights: What people look like; None if nobody looked.

    """

    moments: tuple[Moment, ...]
    sights: Sights | None


@dataclass(slots=True, eq=False)
class Onlooker:
    """Looks at people while they are there, now and then each.

    Attributes:
        embedder: Describes the crops.
        settings: How well somebody must be seen.

    """

    embedder: Embedder
    settings: AppearanceSettings
    _first_s: dict[int, float] = field(default_factory=dict)
    _due_s: dict[int, float] = field(default_factory=dict)
    _found: list[tuple[float, NDArray[np.float64], float, NDArray[np.float32]]] = field(default_factory=list)

    def look(
        self,
        t_s: float,
        picture_bgr: NDArray[np.uint8],
        xyxy_px: NDArray[np.floating],
        track: NDArray[np.int64],
    ) -> None:
        """Look at whoever has not been looked at for a while.

        Args:
            t_s: Time since the hour's beginning (s).
            picture_bgr: The picture.
            xyxy_px: (n, 4) boxes of all people in it.
            track: (n,) whom each belongs to, 0 for nobody yet.

        """
        boxes = np.asarray(xyxy_px, dtype=np.float64).reshape(-1, 4)
        gone = [number for number, due_s in self._due_s.items() if t_s - due_s > 60 + _AGAIN_SHARE * due_s]
        for number in gone:
            del self._due_s[number], self._first_s[number]
        for number in track[track > 0].tolist():
            self._first_s.setdefault(number, t_s)
        due = [k for k, number in enumerate(track.tolist()) if number and self._due_s.get(number, t_s) <= t_s]
        if not due or len(self._found) >= self.settings.most_crops:
            return
        visible = _visible(boxes)
        height = boxes[:, 3] - boxes[:, 1]
        due = [
            k
            for k in due
            if visible[k] >= self.settings.min_visible and height[k] >= self.settings.min_height_px
        ]
        crops, rows = [], []
        for k in due:
            x0, y0 = np.maximum(np.floor(boxes[k, :2]), 0).astype(int)
            x1, y1 = np.maximum(np.ceil(boxes[k, 2:]), 0).astype(int)
            crop = picture_bgr[y0:y1, x0:x1]
            if crop.size:
                crops.append(crop)
                rows.append(k)
        for k, vector in zip(rows, self.embedder.describe(crops) if crops else (), strict=True):
            number = int(track[k])
            there_s = t_s - self._first_s[number]
            self._due_s[number] = t_s + max(self.settings.crop_spacing_s, _AGAIN_SHARE * there_s)
            self._found.append((t_s, boxes[k], float(visible[k]), vector))

    def taken(self, new_zero_s: float) -> Sights | None:
        """What was seen of the hour that ends; the next one begins at `new_zero_s` (s) of it."""
        found, self._found = self._found, []
        self._first_s = {number: t_s - new_zero_s for number, t_s in self._first_s.items()}
        # In the new hour everybody is looked at again.
        self._due_s = dict.fromkeys(self._due_s, 0.0)
        if not found:
            return None
        t_s, boxes, visible, vectors = zip(*found, strict=True)
        return Sights(
            self.embedder.identity, np.array(t_s), np.array(boxes), np.array(visible), np.stack(vectors)
        )


def _visible(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    n = len(boxes)
    return visible_shares(Tracklets(np.arange(n) + 1, np.zeros(n), boxes, np.ones(n), np.arange(n)))

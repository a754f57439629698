"""Still things that are taken for people: a mannequin, a poster, a coat on a stand.

Whoever lives moves a little. What stays put for long and shows the same pixels all the time, but for noise,
is suspected to be nobody. Nothing is kept of the pixels but how many of them changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracker.again import look_again
from tracker.association import iou
from tracker.detections import DetectionLog
from tracker.frames import Frame, Recording
from tracker.settings import PhantomSettings
from tracker.tracklets import Tracklets
from tracker.unchanged import Box, Crop, changed_share, crop

# A box that overlaps the middle one of its tracklet so much has not moved; of a still tracklet most do.
_SAME_IOU, _STILL_SHARE = 0.7, 0.7
# Pictures that are compared, spread over the time.
_PICTURES = 16
# In footage that is too short to be suspicious: what is there for this share of it, and for so long (s), may
# add up with the recordings around it.
_THROUGHOUT, _LEAST_S = 0.9, 10.0
# A picture shows somebody who was found so shortly (s) before or after it.
_NEAR_S = 0.5


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something still that was taken for a person.

    Attributes:
        xyxy_px: Its box.
        from_s: First time that it was found there.
        to_s: Last time.
        changed_share: Share of its pixels that changed between the pictures that were compared.
        since_begin: Whether it was there when the footage began.
        until_end: Whether it was still there when it ended.

    """

    xyxy_px: Box
    from_s: float
    to_s: float
    changed_share: float
    since_begin: bool
    until_end: bool

    @property
    def still_s(self) -> float:
        """For how long it stood there."""
        return self.to_s - self.from_s

    def is_phantom(self, settings: PhantomSettings) -> bool:
        """Whether it stood there unchanged for so long that it is left out."""
        return settings.leave_out and self.still_s >= settings.still_s

    def verdict(self, settings: PhantomSettings) -> str:
        """In words: a shorter time does not tell a phantom from somebody who stands very still."""
        return "suspected phantom" if self.still_s >= settings.still_s else "cannot tell"

    def to_json(self) -> dict[str, Any]:
        """An entry of `phantoms` in a recipe, without the verdict."""
        return {
            "xyxy_px": [round(v, 1) for v in self.xyxy_px],
            "from_s": round(self.from_s, 3),
            "to_s": round(self.to_s, 3),
            "changed_share": round(self.changed_share, 4),
            "since_begin": self.since_begin,
            "until_end": self.until_end,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Suspect:
        """Read `to_json`; the verdict is left to the settings in force."""
        x1, y1, x2, y2 = stored["xyxy_px"]
        return cls(
            (x1, y1, x2, y2), stored["from_s"], stored["to_s"], stored["changed_share"],
            stored["since_begin"], stored["until_end"],
        )  # fmt: skip


def suspects_in(
    recording: Recording,
    log: DetectionLog,
    tracklets: Tracklets,
    footage_s: NDArray[np.float64],
    settings: PhantomSettings,
    progress: Callable[[float], None] = lambda t_s: None,
) -> tuple[Suspect, ...]:
    """What stood still and showed the same pixels for at least `suspect_s`, or throughout shorter footage.

    Footage in which nobody stands still for so long is not looked at again.

    Args:
        recording: The footage.
        log: Its detections; `picture` holds the numbers of its pictures.
        tracklets: Boxes of the log that belong together.
        footage_s: (m, 2) stretches in which footage was decoded.
        settings: How long is long, how much change is none.
        progress: Told the time (s) of each picture that was looked at.

    """
    search = StillThings(log, tracklets, footage_s, settings)
    look_again(recording, (search,), progress)
    return search.suspects()


class StillThings:
    """An `Onlooker` that sees whether what stands still shows the same pixels all the time.

    Args:
        log: Detections of a recording; `picture` holds the numbers of its pictures.
        tracklets: Boxes of the log that belong together.
        footage_s: (m, 2) stretches in which footage was decoded.
        settings: How long is long, how much change is none.

    Attributes:
        pictures: Numbers of those to compare; none where nobody stands still for so long.

    """

    def __init__(
        self,
        log: DetectionLog,
        tracklets: Tracklets,
        footage_s: NDArray[np.float64],
        settings: PhantomSettings,
    ) -> None:
        self._settings = settings
        self._begin_s = float(footage_s[0, 0]) if len(footage_s) else 0.0
        self._end_s = float(footage_s[-1, 1]) if len(footage_s) else 0.0
        short_s = max(_THROUGHOUT * (self._end_s - self._begin_s), _LEAST_S)
        self._places = still_places(tracklets, min(settings.suspect_s, short_s)) if len(footage_s) else []
        self._crops: list[list[Crop]] = [[] for _ in self._places]
        self._wanted: dict[int, list[int]] = {}
        for k, place in enumerate(self._places):
            chosen = place.t_s[np.unique(np.linspace(0, len(place.t_s) - 1, _PICTURES).round().astype(int))]
            for row in np.searchsorted(log.t_s, chosen - 1e-6):
                self._wanted.setdefault(int(log.picture[row]), []).append(k)

    @property
    def pictures(self) -> Set[int]:
        """See `Onlooker`."""
        return self._wanted.keys()

    def see(self, frame: Frame) -> None:
        """Keep the grey levels of what stands still in the picture."""
        if frame.image_bgr is not None:
            for k in self._wanted[frame.index]:
                self._crops[k].append(crop(frame.image_bgr, self._places[k].box))

    def suspects(self) -> tuple[Suspect, ...]:
        """What stood still and showed the same, of the pictures seen so far."""
        changed = [changed_share(crops) for crops in self._crops]
        return _suspects(self._places, changed, self._begin_s, self._end_s, self._settings)


def suspects_among(
    pictures: Sequence[tuple[float, NDArray[np.uint8]]],
    tracklets: Tracklets,
    footage_s: NDArray[np.float64],
    settings: PhantomSettings,
) -> tuple[Suspect, ...]:
    """The same where all that is left of the footage are some pictures, spread over its time.

    Args:
        pictures: Times (s), ascending, and pictures (height, width, 3).
        tracklets: Boxes that belong together.
        footage_s: (m, 2) stretches that were watched.
        settings: How long is long, how much change is none.

    """
    if not len(footage_s):
        return ()
    begin_s, end_s = float(footage_s[0, 0]), float(footage_s[-1, 1])
    places = still_places(tracklets, min(settings.suspect_s, max(_THROUGHOUT * (end_s - begin_s), _LEAST_S)))
    changed = [
        changed_share(
            [
                crop(image, place.box)
                for t_s, image in pictures
                if np.min(np.abs(place.t_s - t_s)) <= _NEAR_S  # between, somebody else may stand there
            ]
        )
        for place in places
    ]
    return _suspects(places, changed, begin_s, end_s, settings)


def _suspects(
    places: Sequence[Place], changed: Sequence[float], begin_s: float, end_s: float, settings: PhantomSettings
) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(place.box, float(place.t_s[0]), float(place.t_s[-1]), share,
                bool(place.t_s[0] - begin_s < settings.suspect_s),
                bool(end_s - place.t_s[-1] < settings.suspect_s))
        for place, share in zip(places, changed, strict=True)
        if share <= settings.most_changed
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where somebody or something stood still.

    Attributes:
        box: Its box, the median.
        t_s: (k,) times at which it was found there, ascending.

    """

    box: Box
    t_s: NDArray[np.float64]


def still_places(tracklets: Tracklets, least_s: float) -> list[Place]:
    """Places at which boxes stayed put for at least `least_s`, with pauses shorter than that.

    A figure that is found now and then leaves several tracklets; those in one place are taken together.
    """
    if not len(tracklets.tracklet):
        return []
    boxes = pd.DataFrame(tracklets.xyxy_px)
    middle = boxes.groupby(tracklets.tracklet).transform("median").to_numpy()
    near = _overlap(tracklets.xyxy_px, middle) >= _SAME_IOU
    share = pd.Series(near).groupby(tracklets.tracklet).transform("mean").to_numpy()
    still = near & (share >= _STILL_SHARE)
    number, first = np.unique(tracklets.tracklet[still], return_index=True)
    middles = middle[still][first]
    group = _alike(middles)
    place_of = group[np.searchsorted(number, tracklets.tracklet[still])] if len(number) else group
    t_s, xyxy = tracklets.t_s[still], tracklets.xyxy_px[still]
    found = []
    for place in range(int(group.max(initial=-1)) + 1):
        rows = np.flatnonzero(place_of == place)
        rows = rows[np.argsort(t_s[rows], kind="stable")]
        for part in np.split(rows, np.flatnonzero(np.diff(t_s[rows]) > least_s) + 1):
            if len(part) > 1 and t_s[part[-1]] - t_s[part[0]] >= least_s:
                x1, y1, x2, y2 = np.median(xyxy[part], axis=0).tolist()
                found.append(Place((x1, y1, x2, y2), t_s[part]))
    return found


def at_place(xyxy_px: NDArray[np.float64], t_s: NDArray[np.float64], suspect: Suspect) -> NDArray[np.bool_]:
    """(N,) which boxes (N, 4), found at times (N,), are the suspect, or cover its place as exactly."""
    there = np.zeros(len(t_s), dtype=np.bool_)
    rows = np.flatnonzero((t_s >= suspect.from_s) & (t_s <= suspect.to_s))
    there[rows] = iou(np.array([suspect.xyxy_px]), xyxy_px[rows])[0] >= _SAME_IOU
    return there


def without(log: DetectionLog, phantoms: Sequence[Suspect]) -> DetectionLog:
    """The log without what was found where a phantom stands, while it stands there."""
    keep = np.ones(len(log.score), dtype=np.bool_)
    for phantom in phantoms:
        keep &= ~at_place(log.xyxy_px, log.row_t_s, phantom)
    return log if keep.all() else log.only(keep)


def chained(
    runs: Sequence[tuple[float, Sequence[Suspect]]], settings: PhantomSettings
) -> list[list[tuple[int, Suspect]]]:
    """Suspects of recordings that follow each other, with the time over all of them.

    Args:
        runs: Of each recording, in order of time, the time (s) of its beginning and its suspects.
        settings: How long something may go unseen.

    Returns:
        Of each thing the recordings (numbered from 0) in which it stood in the same place, until the end of
        one and from the beginning of the next; with each the suspect, whose `from_s` and `to_s` (in seconds
        of that recording) reach back to its first and ahead to its last sight.

    """
    chains: list[list[tuple[int, Suspect]]] = []
    for run, (start_s, found) in enumerate(runs):
        earlier = [chain for chain in chains if chain[-1][0] == run - 1]
        for suspect in found:
            before = next((c for c in earlier if _follows(runs, c[-1], start_s, suspect, settings)), None)
            if before is None:
                chains.append([(run, suspect)])
            else:
                before.append((run, suspect))
                earlier.remove(before)
    return [_reaching(runs, chain) for chain in chains]


def _follows(
    runs: Sequence[tuple[float, Sequence[Suspect]]],
    last: tuple[int, Suspect],
    start_s: float,
    suspect: Suspect,
    settings: PhantomSettings,
) -> bool:
    """Whether a suspect of the next recording is the one that was there when the last one ended."""
    run, earlier = last
    unseen_s = start_s + suspect.from_s - runs[run][0] - earlier.to_s
    return (
        earlier.until_end
        and suspect.since_begin
        and unseen_s <= 2 * settings.suspect_s
        and bool(iou(np.array([earlier.xyxy_px]), np.array([suspect.xyxy_px]))[0, 0] >= _SAME_IOU)
    )


def _reaching(
    runs: Sequence[tuple[float, Sequence[Suspect]]], chain: list[tuple[int, Suspect]]
) -> list[tuple[int, Suspect]]:
    first_s = runs[chain[0][0]][0] + chain[0][1].from_s
    last_s = runs[chain[-1][0]][0] + chain[-1][1].to_s
    return [
        (run, replace(suspect, from_s=first_s - runs[run][0], to_s=last_s - runs[run][0]))
        for run, suspect in chain
    ]


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) intersection over union of each box with its partner."""
    side = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    common = side.prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - common
    return np.asarray(common / np.maximum(union, 1e-9))


def _alike(boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the place of each box (n,): the first of the places so far that it overlaps enough."""
    group = np.zeros(len(boxes), dtype=np.int64)
    places = np.zeros((0, 4))
    for k, box in enumerate(boxes):
        overlap = iou(box[None], places)[0] if len(places) else np.zeros(0)
        if len(overlap) and overlap.max() >= _SAME_IOU:
            group[k] = int(overlap.argmax())
        else:
            group[k] = len(places)
            places = np.vstack([places, box])
    return group

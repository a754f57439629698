"""Who is the same person in several parts of a day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.scene import Door
from dwellmap.days.timeline import AROUND_CUT_S, Timeline, merged
from tracker.linking.known import Known
from tracker.linking.linker import join
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets


def visitors(
    timeline: Timeline,
    settings: LinkingSettings,
    calibration: Calibration | None,
    doors: tuple[Door, ...] = (),
) -> tuple[NDArray[np.int64], ...]:
    """Number of each person over all parts; equal numbers are one visitor.

    People who are in both of two overlapping parts are recognised by their boxes. All others who are there
    around a cut are joined by one optimum over all cuts, as the pieces of people are within a recording, but
    without looks, which are never stored.

    Args:
        timeline: The parts.
        settings: How people walk, come, go and hide.
        calibration: Of all parts; None keeps to the picture.
        doors: Where people come and go.

    Returns:
        Of each part (P,) int64 numbers of its people, in no particular order.

    """
    persons = tuple(laid.people for laid in timeline.laid)
    first = np.cumsum([0, *(len(names) for names in persons)])
    numbers = [np.arange(first[k], first[k + 1]) + 1 for k in range(len(persons))]
    apart = [np.zeros((0, 2), dtype=np.int64)]
    for cut in timeline.cuts:
        if cut.overlap is None:
            continue
        a, b = cut.before, cut.before + 1
        same, other = cut.overlap.same, cut.overlap.apart
        at = np.searchsorted(persons[b], same[:, 1])
        numbers[b][at] = numbers[a][np.searchsorted(persons[a], same[:, 0])]
        one = numbers[a][np.searchsorted(persons[a], other[:, 0])]
        apart.append(np.column_stack([one, numbers[b][np.searchsorted(persons[b], other[:, 1])]]))
    boxes, part = _near_cuts(timeline, numbers)
    if not len(part):
        return tuple(numbers)
    joined = join(boxes, part, _known(timeline, calibration, doors), settings, np.concatenate(apart))
    renamed = np.arange(first[-1] + 1)
    renamed[boxes.tracklet] = joined
    return tuple(renamed[n] for n in numbers)


def _near_cuts(timeline: Timeline, numbers: list[NDArray[np.int64]]) -> tuple[Tracklets, NDArray[np.int64]]:
    """Observed boxes near cuts as far as they count, numbered over all parts, and the part of each."""
    columns = []
    for k, (laid, number) in enumerate(zip(timeline.laid, numbers, strict=True)):
        rows = laid.tracks
        kept = rows.observed & (rows.t_s >= laid.used_from_s) & (rows.t_s < laid.used_until_s)
        who = number[np.searchsorted(laid.people, rows.person[kept])]
        columns.append((who, rows.t_s[kept], rows.xyxy_px[kept], rows.score[kept], np.full(len(who), k)))
    who, t_s, xyxy_px, score, part = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort([t_s, who])
    boxes = Tracklets(who[order], t_s[order], xyxy_px[order], score[order], np.arange(len(order)))
    return boxes, part[order].astype(np.int64)


def _known(timeline: Timeline, calibration: Calibration | None, doors: tuple[Door, ...]) -> Known:
    """The stretches around cuts, as one recording."""
    bounds = [
        (laid.used_until_s - AROUND_CUT_S, later.used_from_s + AROUND_CUT_S)
        for laid, later in zip(timeline.laid, timeline.laid[1:], strict=False)
    ]
    footage_s = []
    for begin, end in timeline.footage_s.tolist():
        inside = [(max(begin, low), min(end, high)) for low, high in bounds]
        footage_s.extend([span for span in inside if span[1] > span[0]])
    times = []
    for laid in timeline.laid:
        t_s = laid.picture_t_s
        times.append(t_s[(t_s >= laid.used_from_s) & (t_s < laid.used_until_s)])
    shown = np.median([laid.shown_px for laid in timeline.laid], axis=0)
    x0, y0, x1, y1 = shown.tolist()
    lines = tuple(door.xy_m for door in doors)
    return Known(np.unique(np.concatenate(times)), merged(footage_s), (x0, y0, x1, y1), calibration, lines)

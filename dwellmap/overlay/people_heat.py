"""People's heat in the picture: for how long each pixel lay inside somebody's box."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.accumulators import Accumulator
from analytics.activity import no_activity
from dwellmap.increments import Increments
from tracker.timeline import observed_overlap_s
from tracker.tracks import Tracks


def people_heat(
    tracks: Tracks,
    picture_t_s: NDArray[np.float64],
    observed_s: NDArray[np.float64],
    until_s: NDArray[np.float64],
    size_px: tuple[int, int],
    small_px: tuple[int, int],
    steps: Increments,
) -> Accumulator:
    """Person-seconds per pixel of a smaller picture, those between two observations among them.

    Args:
        tracks: Who was where.
        picture_t_s: (F,) times of the pictures that were looked at; each stands until the next, but not over
            a gap in the footage.
        observed_s: (m, 2) stretches in which footage was decoded.
        until_s: Ends of the film's steps; the last is the end of the footage.
        size_px: (width, height) of the recording.
        small_px: (width, height) of the result.
        steps: Receives what each step adds.

    Returns:
        The sum of all steps, added in their order; place is the pixel.

    """
    width, height = small_px
    total = no_activity(width * height)
    seconds = [
        observed_overlap_s(observed_s, begin_s, end_s)
        for begin_s, end_s in pairwise([*picture_t_s.tolist(), float(observed_s.max(initial=0.0))])
    ]
    scale = np.array([width / size_px[0], height / size_px[1]] * 2)
    boxes = np.rint((tracks.xyxy_px + 0.5) * scale).clip(0, [width, height] * 2).astype(np.int64)
    picture = np.searchsorted(picture_t_s, tracks.t_s)
    order = np.argsort(tracks.t_s, kind="stable")
    ends = np.searchsorted(tracks.t_s[order], until_s[:-1], side="left").tolist()
    for rows in np.split(order, ends):
        step = np.zeros((height, width))
        for row in rows.tolist():
            k = int(picture[row])
            # Rows of a track lie on pictures that were looked at.
            stands_s = seconds[k] if k < len(seconds) and picture_t_s[k] == tracks.t_s[row] else 0.0
            x0, y0, x1, y1 = boxes[row].tolist()
            step[y0:y1, x0:x1] += stands_s
        steps.add(step)
        total = total.plus_seconds(step.ravel())
    return total

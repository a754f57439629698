"""Tracks drawn into the camera's picture: trails of feet, boxes and numbers."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.overlay.person_colour import colour_of
from tracker.tracks import Tracks

# In a film a trail shows so much of the past; a person is drawn up to so long after the last row.
_TRAIL_S, _LINGER_S = 10.0, 0.5
_WHITE = (255, 255, 255)


def all_trails(picture_rgb: NDArray[np.uint8], tracks: Tracks, max_gap_s: float) -> NDArray[np.uint8]:
    """A picture (h, w, 3) with everybody's whole trail, the last box and the number at its end."""
    page = picture_rgb.copy()
    for rows in _people(tracks):
        _draw(page, tracks, rows, max_gap_s)
    return page


def trails_at(
    below: Iterator[NDArray[np.uint8]], tracks: Tracks, times_s: NDArray[np.float64], max_gap_s: float
) -> Iterator[NDArray[np.uint8]]:
    """For each time, its picture (h, w, 3) with who is there: box, number, and the way of the last 10 s."""
    people = _people(tracks)
    first = np.array([tracks.t_s[rows.start] for rows in people])
    last = np.array([tracks.t_s[rows.stop - 1] for rows in people])
    for t_s, picture in zip(times_s.tolist(), below, strict=False):
        page = picture.copy()
        for k in np.flatnonzero((first <= t_s) & (last >= t_s - _LINGER_S)).tolist():
            rows = people[k]
            own = tracks.t_s[rows]
            begin = rows.start + int(np.searchsorted(own, t_s - _TRAIL_S))
            end = rows.start + int(np.searchsorted(own, t_s, side="right"))
            if end > begin and t_s - tracks.t_s[end - 1] <= max(_LINGER_S, max_gap_s):
                _draw(page, tracks, slice(begin, end), max_gap_s)
        yield page


def _people(tracks: Tracks) -> list[slice]:
    """Rows of each person."""
    starts = np.flatnonzero(np.diff(tracks.person, prepend=-1))
    ends = np.append(starts, len(tracks))[1:]
    return [slice(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _draw(page: NDArray[np.uint8], tracks: Tracks, rows: slice, max_gap_s: float) -> None:
    person = int(tracks.person[rows.start])
    colour, thick = colour_of(person), max(1, round(page.shape[0] / 300))
    foot, t_s = tracks.foot_px[rows], tracks.t_s[rows]
    known = np.flatnonzero(np.isfinite(foot).all(axis=1))
    # A line is not drawn over a time in which nobody knows where the feet were.
    cuts = np.flatnonzero(np.diff(t_s[known]) > max_gap_s) + 1
    for part in np.split(known, cuts):
        if len(part) > 1:
            points = np.clip(foot[part], -1e4, 1e5).round().astype(np.int32)
            cv2.polylines(page, [points], False, colour, thick, cv2.LINE_AA)
    x0, y0, x1, y1 = np.clip(tracks.xyxy_px[rows.stop - 1], -1e4, 1e5).round().astype(int).tolist()
    cv2.rectangle(page, (x0, y0), (x1, y1), colour, thick, cv2.LINE_AA)
    size = page.shape[0] / 900
    (width, height), _ = cv2.getTextSize(str(person), cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    left, top = min(max(x0, 0), page.shape[1] - width - 6), max(y0 - height - 6, 0)
    cv2.rectangle(page, (left, top), (left + width + 6, top + height + 6), colour, cv2.FILLED)
    at = (left + 3, top + height + 3)
    cv2.putText(page, str(person), at, cv2.FONT_HERSHEY_SIMPLEX, size, _WHITE, thick, cv2.LINE_AA)

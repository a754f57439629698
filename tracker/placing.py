"""From tracklets in pixels to tracks on the floor: foot points, raw floor positions and their covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.scene import Scene
from tracker.feet import Boxes, feet, lower_edges
from tracker.tracklets import Tracklets
from tracker.tracks import Tracks


def place(
    tracklets: Tracklets,
    picture_t_s: NDArray[np.float64],
    shown_px: tuple[float, float, float, float],
    calibration: Calibration | None,
    max_bridge_s: float,
    near_edge_m: float = 0.0,
    scene: Scene | None = None,
) -> Tracks:
    """Give every box its foot point and, with a calibration, its raw position on the floor.

    Pictures in which a person was missed for at most `max_bridge_s` get a row whose box lies straight
    between its neighbours (`observed` False); nothing is added past the last observation.

    Args:
        tracklets: Observed boxes by tracklet; each tracklet becomes a person, with one height.
        picture_t_s: (F,) times of all sampled pictures.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.
        calibration: None leaves floor positions unknown (NaN).
        max_bridge_s: Longest gap to fill with rows.
        near_edge_m: How far before the middle of the body the lower edge of the boxes meets the floor: the
            foot is moved away from the camera by so much. Nothing is moved without a camera pose.
        scene: Furniture that hides feet. With a camera pose, hidden feet are rebuilt; without, boxes cut by
            the picture's lower edge have none.

    """
    person, t_s, xyxy, score, observed = _with_bridges(tracklets, picture_t_s, max_bridge_s)
    boxes = Boxes(person, t_s, xyxy, observed)
    if calibration is None or calibration.pose is None:
        found = lower_edges(boxes, shown_px, calibration)
    else:
        step_s = float(np.median(np.diff(picture_t_s))) if len(picture_t_s) > 1 else np.inf
        found = feet(boxes, step_s, shown_px, calibration, calibration.pose, scene or Scene(), near_edge_m)
    return Tracks(person, t_s, xyxy, found.foot_px, found.xy_m, found.cov_m2, score, observed, found.rebuilt)


def _with_bridges(
    tracklets: Tracklets, picture_t_s: NDArray[np.float64], max_bridge_s: float
) -> tuple[
    NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]
]:
    """Columns person, t_s, boxes, score, observed with the missed pictures of short gaps filled in."""
    person, t_s, boxes = tracklets.tracklet, tracklets.t_s, tracklets.xyxy_px
    n = len(person)
    if n == 0:
        return person, t_s, boxes, tracklets.score, np.zeros(0, dtype=np.bool_)
    picture = np.searchsorted(picture_t_s, t_s - 1e-9)
    gap_s = np.diff(t_s)
    joined = (person[1:] == person[:-1]) & (gap_s <= max_bridge_s + 1e-6)
    missed = np.where(joined, np.diff(picture) - 1, 0).clip(min=0)
    left = np.repeat(np.arange(n - 1), missed)
    nth = np.arange(len(left)) - np.repeat(np.cumsum(missed) - missed, missed)
    t_new = picture_t_s[picture[left] + 1 + nth]
    share = ((t_new - t_s[left]) / gap_s[left])[:, None]
    box_new = boxes[left] + share * (boxes[left + 1] - boxes[left])
    at = left + 1
    return (
        np.insert(person, at, person[left]),
        np.insert(t_s, at, t_new),
        np.insert(boxes, at, box_new, axis=0),
        np.insert(tracklets.score, at, np.nan),
        np.insert(np.ones(n, dtype=np.bool_), at, False),
    )

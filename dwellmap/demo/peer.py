"""The same detections through somebody else's tracker: what is left is the difference that identity makes."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd
import supervision as sv

from analytics.analysis import Analysis
from dwellmap.pipeline import Timing, measure
from dwellmap.progress import Silent
from dwellmap.run_folder import RunFolder
from tracker.detections import DetectionLog
from tracker.placing import place
from tracker.tracklets import Tracklets

PEER = "ByteTrackTracker"
MISSING = f"to see trackers.{PEER} on the same detections, install: pip install 'dwellmap[evaluate]'"


def peer_installed() -> bool:
    """Whether the package `trackers` is there (the extra `evaluate`)."""
    return find_spec("trackers") is not None


def measure_by_peer(run: RunFolder) -> Analysis:
    """Measure a run's detections with the peer's tracklets, everything else as it was.

    Args:
        run: A finished run.

    Raises:
        ModuleNotFoundError: Without the package `trackers`.

    """
    view, settings, footage, shown_px = run.view(), run.settings(), run.footage(), run.shown_px()
    log = run.detections()
    tracklets = peer_tracklets(log.outside(view.ignored_px))
    tracks = place(tracklets, log.t_s, shown_px, view.calibration, settings.trajectories.max_bridge_s)
    return measure(tracks, view, shown_px, footage.observed_s, settings, Silent(), Timing())


def peer_tracklets(log: DetectionLog, frame_rate: float = 30.0) -> Tracklets:
    """Run `trackers.ByteTrackTracker` with its own defaults over all pictures in order.

    Args:
        log: The detections.
        frame_rate: Pictures a second, as the peer wants to be told; 30 is its default.

    """
    from trackers import ByteTrackTracker

    tracker = ByteTrackTracker(frame_rate=frame_rate)
    parts = []
    for k in range(len(log.t_s)):
        rows = slice(log.offsets[k], log.offsets[k + 1])
        boxes, score = log.xyxy_px[rows], log.score[rows]
        found = sv.Detections(
            xyxy=boxes.astype(np.float32),
            confidence=score.astype(np.float32),
            class_id=np.zeros(len(boxes), dtype=np.int64),
            data={"row": np.arange(rows.start, rows.stop)},
        )
        tracked = tracker.update(found)
        ids = np.asarray(tracked.tracker_id, dtype=np.int64).reshape(-1)
        row = np.asarray(tracked.data["row"], dtype=np.int64) if len(ids) else np.zeros(0, np.int64)
        # Boxes of tracks that are not confirmed yet have no number.
        parts.append(np.column_stack([ids, row, np.full(len(ids), k)])[ids >= 0])
    joined = pd.DataFrame(
        np.concatenate([np.zeros((0, 3), np.int64), *parts]), columns=["id", "row", "picture"]
    )
    joined["number"] = pd.factorize(joined["id"])[0] + 1
    joined = joined.sort_values(["number", "picture"])
    row = joined["row"].to_numpy(np.int64)
    return Tracklets(
        joined["number"].to_numpy(np.int64),
        log.t_s[joined["picture"].to_numpy(np.int64)],
        log.xyxy_px[row],
        log.score[row],
        row,
    )

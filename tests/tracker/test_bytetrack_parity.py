"""Somebody else's answer: `trackers.ByteTrackTracker` at constant rate gives the same partition."""

import math

import numpy as np
import pytest

from tracker.bytetrack import ByteTrack
from tracker.settings import ByteTrackSettings

trackers = pytest.importorskip("trackers", reason="the extra `evaluate` is not installed")


def ours_for(peer: dict, fps: float, timestamps: bool) -> ByteTrackSettings:
    """The mapping of docs/decisions/0003-bytetrack-parity.md."""
    buffer = peer["lost_track_buffer"]
    # With a frame count the peer lets a track be found one frame later than its buffer says.
    frames = max(1, math.ceil(fps / 30 * buffer)) + 1 if buffer else 1
    return ByteTrackSettings(
        high_score=peer["high_conf_det_threshold"],
        low_score=0.0,
        start_score=peer["track_activation_threshold"],
        match_iou=peer["minimum_iou_threshold"],
        second_match_iou=peer["minimum_iou_threshold"],
        lost_s=buffer / 30 if timestamps else (frames + 0.5) / fps,
        confirm_hits=peer["minimum_consecutive_frames"],
        motion_step_s=1 / fps,
        rival_margin=0.0,
        size_start_noise_px=1.0,
        size_drift_noise_px=0.1,
        size_speed_share=1.0,
    )


def partition_of_ours(crowd, settings, clock_s):
    tracker = ByteTrack(settings)
    rows = {}
    for picture, (t_s, found) in enumerate(zip(clock_s, crowd.pictures, strict=True)):
        answer = tracker.update(float(t_s), found)
        for row in np.flatnonzero(answer.confirmed):
            rows[picture, int(row)] = int(answer.track[row])
    return rows


def partition_of_peer(crowd, options, fps, timestamps):
    tracker = trackers.ByteTrackTracker(frame_rate=fps, **options)
    rows = {}
    for picture, found in enumerate(crowd.pictures):
        found.data = {"row": np.arange(len(found))}
        answer = tracker.update(found, timestamp=picture / fps if timestamps else None)
        for row, number in zip(answer.data.get("row", []), answer.tracker_id, strict=True):
            if number >= 0:
                rows[picture, int(row)] = int(number)
    return rows


def same_partition(a, b):
    """Whether two labellings of the same rows join the same rows."""
    if a.keys() != b.keys():
        return False
    pairs = {(a[row], b[row]) for row in a}
    return len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})


@pytest.mark.parametrize("block", range(10))
def test_equal_partitions_on_random_crowds(crowd, block):
    """20 scenes a block: crossings, misses, weak scores, false boxes, any rate, any settings."""
    found_again = 0
    for seed in range(20 * block, 20 * block + 20):
        random = np.random.default_rng(seed)
        timestamps = bool(seed % 4 == 3)
        # With timestamps, 30 a second would make a pause of exactly the buffer possible: a tie of rounding.
        fps = float(random.choice([7, 10, 25] if timestamps else [7, 10, 25, 30]))
        options = {
            "lost_track_buffer": int(random.choice([11, 23, 31])),
            "track_activation_threshold": float(random.choice([0.6, 0.7])),
            "high_conf_det_threshold": float(random.choice([0.5, 0.6])),
            "minimum_iou_threshold": float(random.choice([0.1, 0.2, 0.3])),
            "minimum_consecutive_frames": int(random.choice([2, 3])),
        }
        scene = crowd(seed, np.arange(60) / fps, people=int(random.integers(6, 18)), speed_px_s=4 * fps)
        theirs = partition_of_peer(scene, options, fps, timestamps)
        ours = partition_of_ours(scene, ours_for(options, fps, timestamps), scene.t_s)
        assert same_partition(ours, theirs), f"scene {seed}: {options} at {fps} pictures a second"
        assert len(theirs) > 100
        pictures = {}
        for (picture, _), number in theirs.items():
            pictures.setdefault(number, []).append(picture)
        found_again += sum(bool(np.any(np.diff(p) > 1)) for p in pictures.values())
    assert found_again > 20, "the scenes must make the trackers find lost people again"

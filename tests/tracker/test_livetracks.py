"""Tracks of a stream: the tracklets of a whole recording, while it goes; nothing across a break."""

import numpy as np
import supervision as sv

from tracker.bytetrack import track
from tracker.detections import DetectionLog
from tracker.frames import Frame
from tracker.livetracks import LiveTracks
from tracker.settings import ByteTrackSettings


def people(*left_px):
    boxes = np.array([[x, 100.0, x + 40.0, 200.0] for x in left_px]).reshape(-1, 4)
    return sv.Detections(xyxy=boxes.astype(np.float32), confidence=np.full(len(boxes), 0.9, np.float32))


def two_walkers(pictures=40):
    return [
        (k / 8, people(10 + 4 * k, 500 - 4 * k) if k >= 5 else people(10 + 4 * k)) for k in range(pictures)
    ]


def test_the_same_tracklets_as_of_a_recording():
    live = LiveTracks(ByteTrackSettings())
    for t_s, found in two_walkers():
        live.add(t_s, found)
    log = DetectionLog.collect((Frame(t_s, k, None), found) for k, (t_s, found) in enumerate(two_walkers()))
    whole, own = track(log), live.tracklets()
    for name in ("tracklet", "t_s", "xyxy_px", "row"):
        np.testing.assert_array_equal(getattr(own, name), getattr(whole, name), name)
    assert len(live.xyxy_px) == 2


def test_nobody_is_kept_alive_through_a_break():
    live = LiveTracks(ByteTrackSettings())
    for t_s, found in two_walkers():
        live.add(t_s, found)
    live.restart()
    assert len(live.xyxy_px) == 0
    for k in range(3):
        live.add(5.0 + k / 8, people(170 + 4 * k))  # where the first one would be
    numbers, begins_s = np.unique(live.tracklets().tracklet, return_index=True)
    assert len(numbers) == 3
    assert live.tracklets().t_s[begins_s[-1]] == 5.0


def test_what_is_forgotten_takes_no_memory():
    live = LiveTracks(ByteTrackSettings())
    for t_s, found in two_walkers(400):
        live.add(t_s, found)
        live.forget(t_s - 2.0)
    assert len(live.picture_t_s) <= 17
    assert set(live.tracklets().tracklet) <= live._confirmed
    assert len(live._confirmed) <= 3

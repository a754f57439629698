"""When an hour ends: at the full hour, whether pictures come, are late, or come no more."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import supervision as sv

from dwellmap.live.hour import Watched, read_hour
from dwellmap.live.saving import Saving
from dwellmap.site_file import Settings
from dwellmap.view import uncalibrated_view
from tracker.habits import Habits
from tracker.live.events import Picture

SIZE = (64, 48)
WATCHED = Watched("till", "rtsp://10.0.0.9/one", "UTC", SIZE, 8.0, "yolo", "yolo x", "YOLO", Habits(), ())
HOUR = datetime(2026, 11, 25, 10, tzinfo=UTC)


class Closers:
    """Keeps what is to be closed."""

    def __init__(self):
        self.folders = []

    def close(self, folder, memory):
        del memory
        self.folders.append(folder)


@pytest.fixture
def closers():
    return Closers()


@pytest.fixture
def saving(tmp_path, closers):
    """Saves a camera that has been watched for the last ten seconds of an hour, eight pictures a second."""
    made = Saving(
        tmp_path, WATCHED, uncalibrated_view("till", SIZE), Settings(), UTC, 3600.0, None, closers, print
    )
    for k in range(80):
        see(made, -10.0 + k / 8)
    return made


def see(saving, after_s):
    """A picture of nobody, so many seconds after the full hour."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture = Picture(100.0 + after_s, HOUR + timedelta(seconds=after_s), image, 0.0, 0)
    saving.add(picture, sv.Detections.empty(), np.zeros(0, np.int64))


def closed(closers):
    """How long (s) the one hour that was closed had been watched."""
    (folder,) = closers.folders
    hour = read_hour(folder)
    assert hour.start == HOUR - timedelta(seconds=10)
    ((begin_s, end_s),) = hour.footage.observed_s
    assert begin_s == 0.0
    return end_s


def test_a_late_picture_goes_on_where_the_hour_ends(saving, closers):
    saving.tick(HOUR + timedelta(seconds=2.0))
    assert not closers.folders
    see(saving, 2.3)
    assert closed(closers) == pytest.approx(12.3)


def test_a_stream_that_broke_has_a_gap_whether_it_is_back_before_or_after_the_look_at_the_clock(
    saving, closers
):
    saving.gap("it broke")
    see(saving, 2.3)
    assert closed(closers) == pytest.approx(10.0)


def test_a_stream_that_broke_ends_with_the_hour(saving, closers):
    saving.gap("it broke")
    saving.tick(HOUR - timedelta(seconds=0.1))
    assert not closers.folders
    saving.tick(HOUR + timedelta(seconds=0.1))
    assert closed(closers) == pytest.approx(10.0)
    see(saving, 30.0)
    see(saving, 30.125)
    saving.close()
    after = read_hour(closers.folders[1])
    assert after.start == HOUR + timedelta(seconds=30)


def test_an_hour_of_which_nothing_is_heard_any_more_is_closed(saving, closers):
    saving.tick(HOUR + timedelta(seconds=10.0))
    assert not closers.folders
    saving.tick(HOUR + timedelta(seconds=20.0))
    assert closed(closers) == pytest.approx(10.0)

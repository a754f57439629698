"""An hour on disk: what was seen comes back, whole or not; a break is a gap; it becomes a run like others."""

import json
import os
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from dwellmap.days.rebuild import rebuild
from dwellmap.erasure import erase_before
from dwellmap.live.closing import HeldError, close_hour
from dwellmap.live.hour import PICTURES, HourWriter, Watched, hours_of, read_hour
from dwellmap.progress import Silent
from dwellmap.site_file import Settings
from dwellmap.unclosed_hours import left_behind
from dwellmap.view import uncalibrated_view
from tracker.habits import Habits

START = datetime(2026, 11, 25, 9, tzinfo=UTC)
WATCHED = Watched(
    "till", "rtsp://10.0.0.9/one", "UTC", (640, 480), 8.0, "yolo", "yolo x", "YOLO", Habits(0.1, 0.7), ()
)


@pytest.fixture
def write(tmp_path):
    """Write an hour in which one person walks across the picture, 60 pictures at 8 a second."""

    def make(start=START, name="till-2026-11-25T09", gap_after=None, from_px=20.0):
        writer = HourWriter(
            hours_of(tmp_path, "till"),
            name,
            start,
            WATCHED,
            uncalibrated_view("till", (640, 480)),
            Settings(),
        )
        for k in range(60):
            t_s = k / 8 + (30.0 if gap_after is not None and k > gap_after else 0.0)
            x = from_px + 4.0 * k
            writer.add(t_s, np.array([[x, 100.0, x + 60.0, 260.0]]), np.array([0.9]))
            if k == gap_after:
                writer.gap("rtsp://10.0.0.9/one: the stream ended")
        return writer

    return make


def test_what_was_written_is_read(write):
    writer = write()
    writer.close(7.5)
    hour = read_hour(writer.folder)
    assert (hour.name, hour.start, hour.whole) == ("till-2026-11-25T09", START, True)
    assert hour.watched == WATCHED
    assert hour.log.habits == WATCHED.habits
    np.testing.assert_array_equal(hour.log.t_s, np.arange(60) / 8)
    np.testing.assert_array_equal(hour.log.xyxy_px[:, 0], 20.0 + 4.0 * np.arange(60))
    np.testing.assert_allclose(hour.footage.observed_s, [[0.0, 7.5]])


def test_a_break_is_a_gap_in_exposure_and_nobody_lives_through_it(write, tmp_path):
    writer = write(gap_after=29)
    writer.close(None)
    done = close_hour(writer.folder, tmp_path, None, Silent())
    footage = done.folder.footage()
    np.testing.assert_allclose(footage.observed_s, [[0.0, 3.75], [33.75, 37.5]])
    assert footage.observed_time_s == pytest.approx(7.5)
    assert "broke 1 time" in footage.warnings[0]
    tracks = done.folder.tracks()
    assert not np.any((tracks.t_s > 3.75) & (tracks.t_s < 33.7))
    # Twice 29 steps of 1/8 s, and none of the 30 s between.
    assert done.folder.recipe["results"]["tracked_s"] == pytest.approx(2 * 29 / 8, abs=0.01)


def test_one_that_was_cut_off_is_recovered_up_to_its_last_whole_line(write, tmp_path):
    writer = write()
    writer._file.flush()
    with pytest.raises(HeldError):
        close_hour(writer.folder, tmp_path, None, Silent())
    assert left_behind(hours_of(tmp_path, "till")) == ()
    writer.let_go()
    lines = writer.folder / PICTURES
    lines.write_bytes(lines.read_bytes()[:-20])
    assert left_behind(hours_of(tmp_path, "till")) == (writer.folder,)
    done = close_hour(writer.folder, tmp_path, None, Silent())
    assert len(done.folder.picture_times_s()) == 59
    assert "recovered" in " ".join(done.folder.recipe["notes"])
    assert not writer.folder.exists()


def test_hours_that_touch_are_linked_like_consecutive_recordings(write, tmp_path):
    first = write()
    first.close(7.5)
    second = write(START + timedelta(seconds=7.5), "till-2026-11-25T10", from_px=260.0)
    second.close(None)
    for writer in (first, second):
        close_hour(writer.folder, tmp_path, None, Silent())
    rebuilt = rebuild(tmp_path / "till")
    assert not rebuilt.warnings
    assert len(list((tmp_path / "till").glob("links-*.parquet"))) == 1


def test_a_folder_of_another_version_stays_and_says_so(write, tmp_path):
    writer = write()
    writer.close(None)
    head = writer.folder / "hour.json"
    head.write_text(json.dumps(json.loads(head.read_text()) | {"version": 99}))
    with pytest.raises(ValueError, match="expected an hour of this version"):
        close_hour(writer.folder, tmp_path, None, Silent())
    assert writer.folder.exists()


def test_an_hour_in_which_nothing_came_leaves_nothing(tmp_path):
    writer = HourWriter(
        hours_of(tmp_path, "till"), "till", START, WATCHED, uncalibrated_view("till", (640, 480)), Settings()
    )
    writer.close(None)
    assert close_hour(writer.folder, tmp_path, None, Silent()) is None
    assert not writer.folder.exists()
    assert not (tmp_path / "till").exists()


def test_erasing_takes_hours_that_nobody_closes_and_tells_of_those_under_way(write, tmp_path):
    old, under_way, new = write(), write(START + timedelta(hours=1)), write(START + timedelta(days=1))
    old.let_go()
    new.let_go()
    size = sum(file.stat().st_size for file in old.folder.iterdir())
    found = erase_before(tmp_path, date(2026, 11, 26))
    assert (found.hours, found.bytes) == ([old.folder], size)
    assert [str(under_way.folder) in fault for fault in found.faults] == [True]
    assert [folder.exists() for folder in (old.folder, under_way.folder, new.folder)] == [False, True, True]
    under_way.let_go()
    again = erase_before(tmp_path, date(2026, 11, 26))
    assert (again.hours, again.faults) == ([under_way.folder], [])


def test_erasing_leaves_an_hour_alone_that_is_just_being_begun(tmp_path):
    """Its head comes last."""
    begun = tmp_path / ".live" / "till" / "2026-11-25T090000.000000"
    begun.mkdir(parents=True)
    found = erase_before(tmp_path, date(2026, 11, 26))
    assert [str(begun) in fault for fault in found.faults] == [True]
    long_ago = time.time() - 3600
    os.utime(begun, (long_ago, long_ago))
    assert erase_before(tmp_path, date(2026, 11, 26)).hours == [begun]

"""Detection while the next pictures are decoded: as one after the other, and it ends when it must."""

import threading

import numpy as np
import pytest
import supervision as sv

from dwellmap.pipeline import Timing, detect
from dwellmap.progress import Silent
from tracker.frames import Footage, Frame
from tracker.habits import Habits


class Film:
    """60 pictures whose brightness is their number; broken at one of them."""

    name, size_px, duration_s = "film", (8, 6), 6.0

    def __init__(self, broken_at=None):
        self.broken_at = broken_at
        self.given = 0

    def read(self, sample_fps, wanted=None):
        assert sample_fps == 8.0
        return self

    def __iter__(self):
        for k in range(60):
            if k == self.broken_at:
                raise OSError("the disk is gone")
            self.given = k + 1
            yield Frame(k / 10, k, np.full((6, 8, 3), k, dtype=np.uint8))

    @property
    def footage(self):
        return Footage(np.array([[0.0, self.given / 10]]), self.given)


class ByBrightness:
    """Finds one person, as wide as the picture is bright, by whole batches."""

    description, every_frame, habits, remarks = "test", False, Habits(), ()

    def __init__(self, faulty_at=None):
        self.faulty_at = faulty_at

    def detect(self, frames):
        if any(frame.index == self.faulty_at for frame in frames):
            raise ValueError("a faulty network")
        return [self.found(frame) for frame in frames]

    @staticmethod
    def found(frame):
        box = np.array([[0, 0, 1 + frame.image_bgr[0, 0, 0], 5]], dtype=np.float32)
        return sv.Detections(xyxy=box, confidence=np.ones(1, np.float32), class_id=np.zeros(1, dtype=int))


class Streaming(ByBrightness):
    """The same, several pictures at a time."""

    def detected(self, frames):
        for frame in frames:
            yield frame, self.detect([frame])[0]


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "dwellmap-ahead"]


@pytest.mark.parametrize("detector", [ByBrightness(), Streaming()])
def test_every_picture_once_in_order_with_its_boxes(detector):
    timing = Timing()
    seen = detect(Film(), detector, 8.0, Silent(), timing)
    assert seen.log.picture.tolist() == list(range(60))
    np.testing.assert_allclose(seen.log.t_s, np.arange(60) / 10)
    assert seen.log.xyxy_px[:, 2].tolist() == [1 + k for k in range(60)]
    assert seen.footage.frames == 60
    assert set(timing.seconds) == {"decode", "detect"}
    assert min(timing.seconds.values()) >= 0
    assert not readers()


@pytest.mark.parametrize("detector", [ByBrightness(faulty_at=30), Streaming(faulty_at=30)])
def test_a_fault_of_the_detector_ends_the_reading(detector):
    film = Film()
    with pytest.raises(ValueError, match="a faulty network"):
        detect(film, detector, 8.0, Silent(), Timing())
    assert film.given < 60, "what nobody wants is not decoded"
    assert not readers()


@pytest.mark.parametrize("detector", [ByBrightness(), Streaming()])
def test_a_fault_of_the_recording_comes_through(detector):
    with pytest.raises(OSError, match="the disk is gone"):
        detect(Film(broken_at=40), detector, 8.0, Silent(), Timing())
    assert not readers()

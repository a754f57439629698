"""What changes: tiny pictures with known answers, and laws of time."""

import numpy as np
import pytest

from tracker.changes import Changes, grey_difference, moving_boxes, standing_edge
from tracker.frames import Footage, Frame


class Stream:
    """Frames that are at hand."""

    def __init__(self, frames, observed_s):
        self._frames, self.footage = frames, Footage(np.array(observed_s), len(frames))

    def __iter__(self):
        return iter(self._frames)


class Pictures:
    """A recording of pictures in memory, at 2 pictures a second."""

    name, start, start_source, content_hash = "pictures", None, "unknown", "0"

    def __init__(self, images, t_s):
        self._frames = [Frame(t, i, image) for i, (t, image) in enumerate(zip(t_s, images, strict=True))]
        self.size_px, self.duration_s = images[0].shape[1::-1], None
        steps = np.diff(t_s)
        ends = [*(np.flatnonzero(steps > 2.0) + 1).tolist(), len(t_s)]
        begins = [0, *ends[:-1]]
        self._observed = [(t_s[a], t_s[b - 1] + 0.5) for a, b in zip(begins, ends, strict=True)]

    def read(self, sample_fps, wanted=None):
        del sample_fps, wanted
        return Stream(self._frames, self._observed)


@pytest.fixture
def place():
    """An even, textured picture (90, 120, 3)."""
    random = np.random.default_rng(3)
    return np.repeat(np.repeat(random.integers(60, 200, (9, 12, 3)), 10, 0), 10, 1).astype(np.uint8)


def with_thing(place, left):
    image = place.copy()
    image[30:60, left : left + 20] = (10, 250, 10)
    return image


def test_seconds_of_all_pictures_are_the_observed_time(place):
    """20 pictures, half a second apart, with a gap of 30 s in the middle that nobody watched."""
    t_s = np.concatenate([np.arange(10) / 2, 35 + np.arange(10) / 2])
    recording = Pictures([place] * 20, t_s)
    stream = recording.read(None)
    seconds = [change.seconds for change, _ in Changes(recording).read(stream)]
    assert sum(seconds) == pytest.approx(stream.footage.observed_time_s) == pytest.approx(10.0)
    assert max(seconds) == pytest.approx(0.5), "a picture does not stand over a gap"


def test_only_what_moves_and_only_where_it_counts(place):
    images = [with_thing(place, 10 + 5 * (i % 16)) if 4 <= i < 20 else place for i in range(40)]
    counts = np.ones((90, 120), dtype=bool)
    counts[:45] = False
    found = list(Changes(Pictures(images, np.arange(40) / 2), counts=counts).read(
        Pictures(images, np.arange(40) / 2).read(None)
    ))  # fmt: skip
    for i, (change, frame) in enumerate(found):
        assert frame.index == i
        assert not change.moving[:45].any()
        assert not change.difference[:45].any()
        assert change.moving[48:58, 10 + 5 * (i % 16) + 8].all() == (4 <= i < 20)


def test_a_threshold_in_grey_levels(place):
    faint = place.copy()
    faint[30:60, 40:70] += 25
    images = [faint if 4 <= i < 14 else place for i in range(40)]
    recording = Pictures(images, np.arange(40) / 2)
    seen = [
        max(change.moving.sum() for change, _ in Changes(recording, threshold=t).read(recording.read(None)))
        for t in (15, 40)
    ]
    assert seen[0] > 700
    assert seen[1] == 0


def test_difference_is_zero_for_noise_and_what_it_is_for_a_change(place):
    random = np.random.default_rng(0)
    noisy = np.clip(place + random.normal(0, 3, place.shape), 0, 255).astype(np.uint8)
    assert grey_difference(place, noisy).max() == 0
    brighter = place.copy()
    brighter[20:70, 30:90] += 30
    found = grey_difference(place, brighter)
    assert found[40:50, 50:70] == pytest.approx(30, abs=1)
    assert found[:, :15].max() == 0


def test_a_person_is_not_recognised_in_the_difference():
    """A chessboard of single pixels, as fine as a face, is gone."""
    fine = np.indices((400, 400)).sum(axis=0) % 2 * 200
    board = np.repeat(fine[..., None], 3, axis=2).astype(np.uint8)
    found = grey_difference(np.zeros_like(board), board)
    assert np.ptp(found[100:300, 100:300]) < 2


def test_the_standing_edge_is_the_lower_end():
    """A person with an outstretched arm: feet count, the arm does not."""
    moving = np.zeros((60, 60), dtype=bool)
    moving[10:50, 20:26] = True
    moving[22:25, 26:40] = True
    edge = standing_edge(moving)
    rows, columns = np.nonzero(edge)
    assert set(rows.tolist()) == {49}
    assert columns.tolist() == list(range(20, 26))
    assert not standing_edge(np.zeros((5, 5), dtype=bool)).any()


def test_boxes_round_what_moves():
    moving = np.zeros((30, 40), dtype=bool)
    moving[2:6, 3:9] = moving[20:30, 30:40] = True
    assert moving_boxes(moving).tolist() == [[3, 2, 9, 6], [30, 20, 40, 30]]

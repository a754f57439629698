"""Replay: the right boxes at the right pictures."""

import numpy as np
import pandas as pd
import pytest
import supervision as sv

from tracker.detections import DetectionLog
from tracker.frames import Frame
from tracker.habits import Habits
from tracker.replay import ReplayDetector

HABITS = Habits(near_edge_m=0.1, evidence=0.7)


def frame(index, t_s=0.0):
    return Frame(t_s=t_s, index=index, image_bgr=None)


@pytest.fixture
def mot(tmp_path):
    path = tmp_path / "det.txt"
    path.write_text(
        "3,-1,10,20,30,40,0.5\n1,-1,-5,-5,20,20,0.4\n3,-1,90,70,50,50,0.9\n3,-1,200,10,5,5,0.99\n"
    )
    return ReplayDetector(path, (100, 80))


@pytest.fixture
def parquet(tmp_path):
    box = sv.Detections(xyxy=np.array([[1.0, 2, 3, 4]]), confidence=np.array([0.5]), class_id=np.array([0]))
    found = (box, sv.Detections.empty(), box)
    log = DetectionLog.collect(((frame(i, i / 8), boxes) for i, boxes in enumerate(found)), HABITS)
    log.to_parquet(tmp_path / "detections.parquet")
    return ReplayDetector(tmp_path / "detections.parquet", (100, 80))


def test_frame_n_of_the_file_is_picture_n_minus_1(mot):
    first, second, third = mot.detect([frame(0), frame(1), frame(2)])
    assert first.xyxy.tolist() == [[0, 0, 15, 15]]
    assert len(second) == 0
    assert len(third) == 2


def test_best_first_clipped_and_nothing_from_outside(mot):
    (found,) = mot.detect([frame(2)])
    assert found.xyxy.tolist() == [[90, 70, 100, 80], [10, 20, 40, 60]]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.5])
    assert found.class_id.tolist() == [0, 0]


def test_pictures_after_the_end_are_empty(mot):
    assert len(mot.detect([frame(1000)])[0]) == 0


def test_our_detections_are_matched_by_time_not_by_index(parquet):
    found = parquet.detect([frame(30, 0.25), frame(4, 0.125), frame(9, 0.00004)])
    assert [len(f) for f in found] == [1, 0, 1]


def test_what_is_known_of_the_detector_comes_with_its_detections(parquet, mot, tmp_path):
    assert parquet.habits == HABITS
    assert mot.habits == Habits()
    table = pd.read_parquet(tmp_path / "detections.parquet")
    table.attrs["evidence"] = "a lot"
    table.to_parquet(tmp_path / "wrong.parquet", index=False)
    with pytest.raises(ValueError, match=r"wrong\.parquet: .*expected evidence in 0\.\.1, got 'a lot'"):
        ReplayDetector(tmp_path / "wrong.parquet", (100, 80))


def test_a_time_that_was_never_sampled_is_told_apart_from_an_empty_picture(parquet):
    assert parquet.covers(frame(0, 0.125))
    assert not parquet.covers(frame(0, 0.05))
    with pytest.raises(
        ValueError, match=r"expected a picture at 0\.0500 s.*3 pictures from 0\.000 to 0\.250"
    ):
        parquet.detect([frame(0, 0.05)])


def test_another_kind_of_file(tmp_path):
    with pytest.raises(ValueError, match="expected detections as MOTChallenge text"):
        ReplayDetector(tmp_path / "detections.xml", (100, 80))

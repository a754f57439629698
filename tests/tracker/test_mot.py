"""MOTChallenge text: what is read, what is written, and what bad files are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracker.mot import read_detections, read_truth, unit_scores, write_tracks
from tracker.tracks import Tracks


def written(folder, text):
    path = folder / "det.txt"
    path.write_text(text)
    return path


def test_rows_come_back_in_order_of_frame(tmp_path):
    found = read_detections(
        written(tmp_path, "2,-1,10,20,30,40,0.5\n1,-1,1.5,2,3,4,0.25\n2,-1,0,0,5,5,0.75,-1,-1,-1\n")
    )
    assert found.frame.tolist() == [1, 2, 2]
    assert found.xyxy_px.tolist() == [[1.5, 2, 4.5, 6], [10, 20, 40, 60], [0, 0, 5, 5]]
    assert found.score.tolist() == [0.25, 0.5, 0.75]


def test_an_empty_file_is_a_recording_without_people(tmp_path):
    found = read_detections(written(tmp_path, "\n"))
    assert found.frame.shape == (0,)
    assert found.xyxy_px.shape == (0, 4)


def test_every_bad_line_is_named(tmp_path):
    lines = [
        "1,-1,1,2,3,4,0.5",
        "1,-1,1,2,3,4",
        "one,-1,1,2,3,4,0.5",
        "0,-1,1,2,3,4,0.5",
        "1,-1,1,2,-3,4,0.5",
        "1,-1,nan,2,3,4,1",
    ]
    with pytest.raises(ValueError, match="frame,id,left,top,width,height,score") as error:
        read_detections(written(tmp_path, "\n".join(lines)))
    message = str(error.value)
    for fault in (
        "line 2: expected 7 to 10 numbers",
        "line 3: expected numbers",
        "line 4: expected a whole frame number from 1",
        "line 5: expected a width",
        "line 6: expected finite",
    ):
        assert fault in message
    assert "line 1" not in message


def test_many_bad_lines_are_counted(tmp_path):
    with pytest.raises(ValueError, match="and 35 more"):
        read_detections(written(tmp_path, "hello\n" * 40))


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "det.txt"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match="expected MOTChallenge text"):
        read_detections(path)


def test_truth_keeps_what_is_left_out_and_the_extra_columns(tmp_path):
    found = read_truth(written(tmp_path, "2,7,0,0,1,1,1,1,0.5\n1,7,0,0,1,1,0,12,1\n"))
    assert found.frame.tolist() == [1, 2]
    assert found.considered.tolist() == [False, True]
    np.testing.assert_array_equal(found.extra, [[12, 1, np.nan], [1, 0.5, np.nan]])


def test_truth_with_two_boxes_of_a_person(tmp_path):
    with pytest.raises(ValueError, match="two of person 7 in frame 3"):
        read_truth(written(tmp_path, "3,7,0,0,1,1,1\n3,7,5,5,1,1,1\n"))


# Scores


@given(hnp.arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1)))
def test_scores_within_0_and_1_are_left_alone(raw):
    np.testing.assert_array_equal(unit_scores(raw), raw)


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)))
def test_raw_scores_keep_their_order_and_end_within_0_and_1(raw):
    unit = unit_scores(raw)
    assert unit.min() >= 0
    assert unit.max() <= 1
    assert np.all(np.diff(unit[np.argsort(raw, kind="stable")]) >= 0)


def test_quartiles_of_raw_scores_are_where_the_docstring_says():
    raw = np.array([-0.5, 20, 40, 60, 140])
    np.testing.assert_allclose(unit_scores(raw)[[1, 3]], [0.5, 0.9])


def test_scores_that_say_nothing_are_certain():
    assert unit_scores(np.full(3, -1.0)).tolist() == [1, 1, 1]


# Writing


def two_people():
    nothing = np.full((3, 2), np.nan)
    return Tracks(
        person=[1, 1, 2],
        t_s=[0.0, 1 / 7, 1 / 7],
        xyxy_px=[[1, 2, 4, 6], [2, 2, 5, 6], [100.25, 50, 110, 80]],
        foot_px=nothing,
        xy_m=nothing,
        cov_m2=np.full((3, 3), np.nan),
        score=[0.5, np.nan, 0.875],
        observed=[True, False, True],
        rebuilt=[False] * 3,
    )


def frame_at_7(t_s):
    return np.rint(t_s * 7).astype(np.int64) + 1


def test_tracks_are_written_by_frame(tmp_path):
    write_tracks(tmp_path / "out.txt", two_people(), frame_at_7)
    assert (tmp_path / "out.txt").read_text().splitlines() == [
        "1,1,1.000,2.000,3.000,4.000,0.5,-1,-1,-1",
        "2,1,2.000,2.000,3.000,4.000,-1,-1,-1,-1",
        "2,2,100.250,50.000,9.750,30.000,0.875,-1,-1,-1",
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_what_is_written_can_be_read_by_us_and_by_a_peer(tmp_path):
    path = tmp_path / "out.txt"
    write_tracks(path, two_people(), frame_at_7)
    ours = read_truth(path)
    assert list(zip(ours.frame.tolist(), ours.person.tolist(), strict=True)) == [(1, 1), (2, 1), (2, 2)]
    np.testing.assert_allclose(ours.xyxy_px, two_people().xyxy_px)
    peer = pytest.importorskip("trackers", reason="the extra `evaluate` is not installed")
    assert peer.load_mot_file(path)[2].ids.tolist() == [1, 2]


def test_two_samples_in_one_frame_are_refused(tmp_path):
    with pytest.raises(ValueError, match="person 1 has two boxes in frame 1"):
        write_tracks(tmp_path / "out.txt", two_people(), lambda t: np.ones(len(t), np.int64))
    with pytest.raises(ValueError, match="frame numbers from 1"):
        write_tracks(tmp_path / "out.txt", two_people(), lambda t: np.arange(len(t)))
    assert list(tmp_path.iterdir()) == []


# Real files


def test_real_detections(data):
    found = read_detections(data / "mot/PETS09-S2L1/det/det_frrcnn_sort.txt")
    assert len(found.frame) == 4359
    assert found.frame.min() == 1
    assert found.frame.max() == 795
    assert found.score[0] == pytest.approx(0.995474)


def test_real_raw_scores(data):
    """The 2D MOT 2015 detector has its own scale; three quarters of its boxes count as strong."""
    for name in ("PETS09-S2L1", "Venice-2", "TUD-Campus"):
        found = read_detections(data / f"mot/{name}/det/det.txt")
        assert np.mean(found.score >= 0.5) == pytest.approx(0.75, abs=0.01)


def test_real_truth(data):
    pets = read_truth(data / "mot/PETS09-S2L1/gt/gt.txt")
    assert len(np.unique(pets.person)) == 19
    assert np.isfinite(pets.extra[:, :2]).all()
    mot17 = read_truth(data / "mot/MOT17-02/gt/gt.txt")
    assert 0 < mot17.considered.mean() < 1

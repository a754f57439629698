"""Tiny scenes with known answers; boxes are 20 x 60 px, frames 0.5 s apart unless said otherwise."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dwellmap.evaluation.attention import attention_error, sampled_paths
from dwellmap.evaluation.evaluation import evaluate, floor_by_truth
from dwellmap.evaluation.identity import matched_rows, without_distractors
from dwellmap.evaluation.returns import return_scores
from dwellmap.evaluation.sightings import Sightings, read_at
from dwellmap.evaluation.truth import load_truth, mot_truth
from tracker.mot import MotTruth

pytest.importorskip("trackers", reason="the extra `evaluate` is not installed")
FPS = 2.0


def scene(walks):
    """Rows (frame, person, box) of {person: (first frame, frames, x at first, step)}."""
    rows = [
        (first + k, person, x + k * step)
        for person, (first, frames, x, step) in walks.items()
        for k in range(frames)
    ]
    frame, person, x = np.array(rows).T
    boxes = np.column_stack([x, np.full(len(x), 100.0), x + 20, np.full(len(x), 160.0)])
    return frame.astype(np.int64), person.astype(np.int64), boxes


def truth_of(walks, extra=None, considered=None):
    frame, person, boxes = scene(walks)
    order = np.lexsort([person, frame])
    nothing = np.full((len(frame), 3), -1.0)
    counted = np.ones(len(frame), bool)
    rows = MotTruth(
        frame[order], person[order], boxes[order],
        (counted if considered is None else considered)[order], (nothing if extra is None else extra)[order],
    )  # fmt: skip
    return mot_truth(rows, FPS, 0, (640, 480))


def tracks_of(walks):
    frame, person, boxes = scene(walks)
    return Sightings(frame - 1, person, boxes, np.full((len(frame), 2), np.nan))


TWO = {1: (1, 20, 0, 5), 2: (1, 20, 400, -5)}


def test_perfect_tracks_score_one():
    found = evaluate(truth_of(TWO), tracks_of({7: TWO[1], 3: TWO[2]}))
    assert found.identity.idf1 == found.identity.hota == found.identity.mota == 1
    people = found.people
    assert (people.people, people.true_people, people.missed, people.surplus) == (2, 2, 0, 0)
    assert people.time_ratio == people.dwell_overlap == 1
    assert people.true_time_s == pytest.approx(10)
    assert found.identity_only == found.both == ()


def test_a_track_broken_in_two_is_a_surplus_person_with_half_the_time():
    found = evaluate(truth_of(TWO), tracks_of({1: (1, 10, 0, 5), 2: TWO[2], 3: (11, 10, 50, 5)}))
    assert found.identity.idf1 == pytest.approx(2 * 30 / (40 + 40))
    assert found.identity.switches == 1
    people = found.people
    assert people.people_ratio == 1.5
    assert people.time_ratio == pytest.approx((5 + 10 + 5) / 3 / 10)
    assert (people.missed, people.surplus, people.wrong_share) == (0, 1, 0.5)
    assert (people.half_missed, people.half_surplus) == (0, 1)
    assert people.dwell_overlap == pytest.approx(2 * 15 / (20 + 20))


def test_a_person_nobody_saw_is_missed_and_a_shadow_is_surplus():
    found = evaluate(truth_of(TWO), tracks_of({1: TWO[1], 9: (1, 20, 200, 0)}))
    people = found.people
    assert people.people_ratio == people.time_ratio == 1
    assert (people.missed, people.surplus, people.wrong_share) == (1, 1, 1.0)
    assert (found.identity.missed_boxes, found.identity.false_boxes) == (20, 20)


def test_people_in_sight_for_under_a_second_do_not_count():
    found = evaluate(truth_of(TWO | {5: (3, 1, 250, 0)}), tracks_of(TWO | {6: (8, 1, 300, 0)}))
    assert (found.people.people, found.people.true_people) == (2, 2)
    assert evaluate(truth_of(TWO | {5: (3, 2, 250, 0)}), tracks_of(TWO)).people.true_people == 3


def test_a_box_on_a_distractor_is_no_fault_and_no_person():
    walks = TWO | {8: (1, 20, 200, 0)}
    person = scene(walks)[1]
    extra = np.column_stack(
        [np.where(person == 8, 8.0, 1.0), np.ones(len(person)), np.full(len(person), np.nan)]
    )
    truth = truth_of(walks, extra, person != 8)
    assert len(truth.distractor) == 20
    found = evaluate(truth, tracks_of(TWO | {4: (1, 20, 202, 0)}))
    assert found.identity.idf1 == 1
    assert found.people.people == 2
    assert len(without_distractors(truth, tracks_of(TWO))) == 40


def test_matched_rows_pair_each_box_once():
    truth = truth_of({1: (1, 1, 0, 0), 2: (1, 1, 8, 0)})
    a, b = matched_rows(truth, tracks_of({5: (1, 1, 3, 0), 6: (1, 1, 300, 0)}))
    assert (a.tolist(), b.tolist()) == ([0], [0])


def test_tracks_are_read_straight_between_samples_but_not_across_long_gaps_or_beyond_the_ends():
    times = np.arange(0, 5.01, 0.5)
    frame, person, values = read_at(
        times,
        np.array([1, 1, 1, 2]),
        np.array([1.0, 2.0, 4.0, 3.0]),
        np.array([[0.0], [10.0], [30.0], [5.0]]),
        1.5,
    )
    assert frame[person == 1].tolist() == [2, 3, 4, 8]
    assert values[person == 1].ravel().tolist() == [0, 5, 10, 30]
    assert (frame[person == 2].tolist(), values[person == 2].tolist()) == ([6], [[5.0]])
    assert len(read_at(times, np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2)), 1.0)[0]) == 0


def crowd(people, halves=False):
    """So many people walk one after the other 1 m/s along x for 10 s."""
    t_s = np.arange(0, 10.001, 0.25)
    person = np.repeat(np.arange(people), len(t_s))
    time = np.concatenate([t_s + 20 * k for k in range(people)])
    xy = np.column_stack([np.tile(t_s, people), np.full(len(person), 0.3)])
    if halves:
        person = person * 2 + (xy[:, 0] > 5)
    return sampled_paths(person, time, xy)


def test_attention_of_the_same_paths_has_no_error_and_all_visits():
    same = attention_error(crowd(6), crowd(6), 0.5)
    assert (same.median, same.high, same.visits_ratio) == (0, 0, 1)
    assert same.cells >= 19


def test_people_who_walk_at_half_the_speed_have_twice_the_span():
    true, slow = crowd(6), crowd(6)
    slow = sampled_paths(slow.person, slow.t_s * 2, slow.xy)
    assert attention_error(true, slow, 0.5).median == pytest.approx(1)


def test_identities_broken_once_cost_visits_only_where_they_break():
    broken = attention_error(crowd(6), crowd(6, halves=True), 1.0)
    assert broken.median < 0.01
    assert 1 < broken.visits_ratio <= 1.1


def test_four_visitors_are_too_few():
    assert np.isnan(attention_error(crowd(4), crowd(4), 0.5).median)
    with pytest.raises(ValueError, match="got none"):
        attention_error(sampled_paths(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2))), crowd(5), 0.5)


def test_floor_positions_of_the_truth_put_our_feet_on_the_floor():
    frame, person, boxes = scene({k: (1, 8, 40 * k, 5) for k in range(1, 7)})
    boxes[:, 1::2] += 13.0 * person[:, None]
    feet = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]])
    extra = np.column_stack([feet / 50, np.zeros(len(feet))])
    order = np.lexsort([person, frame])
    rows = MotTruth(frame[order], person[order], boxes[order], np.ones(len(frame), bool), extra[order])
    truth = mot_truth(rows, FPS, 0, None)
    assert truth.on_floor
    found = floor_by_truth(truth, truth.seen)
    np.testing.assert_allclose(found.xy_m, truth.seen.xy_m, atol=1e-6)
    result = evaluate(truth, found)
    assert len(result.identity_only) == len(result.both) == 2


# What a peer reaches, as measured by others with their own code: data/README.md.
PEER = {"PETS09-S2L1": (45.4, 2.53, 0.38), "TUD-Campus": (60.3, 1.17, 0.66)}


@pytest.mark.parametrize("name", PEER)
def test_a_peers_published_figures_come_out(name, data: Path, dwellmap, tmp_path: Path):
    import supervision as sv
    from trackers import ByteTrackTracker

    from tracker.mot import read_detections

    folder = data / "mot" / name
    truth = load_truth(folder)
    found = read_detections(folder / "det" / "det_frrcnn_sort.txt")
    peer = ByteTrackTracker(frame_rate=round(1 / truth.frame_s))
    lines = []
    for number in truth.frame_number:
        here = found.frame == number
        answer = peer.update(sv.Detections(found.xyxy_px[here], confidence=found.score[here]))
        for box, who in zip(answer.xyxy, answer.tracker_id, strict=True):
            if who < 0:
                continue
            left, top, right, bottom = box.tolist()
            lines.append(
                f"{number},{who},{left:.3f},{top:.3f},{right - left:.3f},{bottom - top:.3f},1,-1,-1,-1"
            )
    (tmp_path / "peer.txt").write_text("\n".join(lines))
    ran = dwellmap("evaluate", tmp_path / "peer.txt", folder, "--json")
    assert ran.code == 0, ran.err
    scores = json.loads(ran.out)
    idf1, people, time = PEER[name]
    assert 100 * scores["identity"]["idf1"] == pytest.approx(idf1, abs=0.05)
    assert scores["people"]["people_ratio"] == pytest.approx(people, abs=0.005)
    assert scores["people"]["time_ratio"] == pytest.approx(time, abs=0.01)
    if name == "PETS09-S2L1":
        # 39 %, 8 % and 31 % for one origin of the grid.
        assert scores["both"][0]["median"] == pytest.approx(0.39, abs=0.02)
        assert scores["identity_only"][0]["median"] == pytest.approx(0.08, abs=0.02)
        assert scores["position_only"][0]["low"] <= 0.31 <= scores["position_only"][0]["high"]


def test_faults_of_the_input_are_explained(dwellmap, tmp_path: Path):
    (tmp_path / "gt.txt").write_text("1,1,0,0,10,20,1,-1,-1,-1\n2,1,0,0,10,20,1,-1,-1,-1\n")
    (tmp_path / "tracks.txt").write_text("1,1,0,0,10,20,1,-1,-1,-1\n")
    assert "--fps" in dwellmap("evaluate", tmp_path / "tracks.txt", tmp_path / "gt.txt").err
    assert "gt/gt.txt" in dwellmap("evaluate", tmp_path / "tracks.txt", tmp_path).err
    assert "dwellmap run" in dwellmap("evaluate", tmp_path, tmp_path / "gt.txt", "--fps", 2).err
    ran = dwellmap("evaluate", tmp_path / "tracks.txt", tmp_path / "gt.txt", "--fps", 2)
    assert ran.code == 0
    assert "IDF1" in ran.out


@pytest.mark.parametrize("wander", [0.0, 0.3])
def test_the_demo_s_truth_keeps_its_pictures_apart_at_any_rate(tmp_path, wander):
    """Times in whole milliseconds and a rate that wanders; three seconds of it show nobody."""
    rng = np.random.default_rng(2)
    step_s = (1 + rng.uniform(-wander, wander, 4000)) / 15
    t_s = np.round(np.cumsum(step_s), 3)
    seen = (t_s < 100) | (t_s > 103)
    columns = {"person": 1, "t_s": t_s[seen], "x_m": 1.0, "y_m": 1.0, "visible": 1.0, "feet": True}
    box = {"x1_px": 10.0, "y1_px": 10.0, "x2_px": 30.0, "y2_px": 60.0}
    pd.DataFrame(columns | box).to_parquet(tmp_path / "truth.parquet", index=False)
    truth = load_truth(tmp_path / "truth.parquet")
    assert len(truth.seen) == seen.sum()
    assert len(truth.t_s) == pytest.approx(4000, abs=15)
    assert np.all(np.diff(truth.t_s) > 0)


# Person 1 is there, gone for 12 s, and there again; person 2 comes when 1 comes back.
BACK = {1: (1, 20, 0, 5), 11: (45, 20, 0, 5), 2: (45, 20, 400, -5)}


def returned(visitor):
    frame, person, boxes = scene(BACK)
    truth = truth_of(BACK)
    seen = truth.seen
    same = Sightings(seen.frame, np.where(seen.person == 11, 1, seen.person), seen.xyxy_px, seen.xy_m)
    visits = Sightings(frame - 1, person, boxes, np.full((len(frame), 2), np.nan))
    return return_scores(replace(truth, seen=same), visits, visitor)


def test_returns_known_again_missed_and_mistaken():
    known = returned({1: 1, 11: 1, 2: 2})
    assert (known.right, known.wrong, known.returns, known.arrivals) == (1, 0, 1, 3)
    missed = returned({1: 1, 11: 11, 2: 2})
    assert (missed.right, missed.wrong, missed.missed_merge) == (0, 0, 1.0)
    mistaken = returned({1: 1, 11: 11, 2: 1})
    assert (mistaken.right, mistaken.wrong) == (0, 1)
    assert mistaken.false_merge == pytest.approx(1 / 3)


def test_a_presence_that_is_cut_is_no_return():
    frame, person, boxes = scene(BACK)
    # The first stay of person 1 is in two parts: that they are one visitor was never in doubt.
    person[(person == 1) & (frame > 10)] = 7
    truth = truth_of(BACK)
    same = np.where(truth.seen.person == 11, 1, truth.seen.person)
    visits = Sightings(frame - 1, person, boxes, np.full((len(frame), 2), np.nan))
    truth = replace(truth, seen=replace(truth.seen, person=same))
    for visitor, missed in ({1: 1, 7: 1, 11: 11, 2: 2}, 1.0), ({1: 1, 7: 1, 11: 1, 2: 2}, 0.0):
        scores = return_scores(truth, visits, visitor)
        assert (scores.returns, scores.missed_merge, scores.false_merge) == (1, missed, 0.0)

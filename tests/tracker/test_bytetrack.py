"""ByteTrack on tiny scenes with known answers, and its laws in real time."""

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tracker.association import assign, iou
from tracker.bytetrack import ByteTrack, track
from tracker.detections import DetectionLog
from tracker.frames import Frame
from tracker.kalman import begin, correct, predict, process_noise
from tracker.settings import ByteTrackSettings

# ByteTrack as it was published: tracks wait for a second and never end for a rival's sake.
PUBLISHED = ByteTrackSettings(
    high_score=0.4, start_score=0.5, match_iou=0.1, second_match_iou=0.3, lost_s=1.0, confirm_hits=2,
    rival_margin=0.0, size_start_noise_px=1.0, size_drift_noise_px=0.1, size_speed_share=1.0,
)  # fmt: skip
PEER = PUBLISHED.model_copy(update={"motion_step_s": 1 / 30})


def boxes(*rows, score=0.9):
    """Detections from (left, top, right, bottom[, score])."""
    return sv.Detections(
        xyxy=np.array([row[:4] for row in rows], dtype=np.float32).reshape(-1, 4),
        confidence=np.array([row[4] if len(row) > 4 else score for row in rows], dtype=np.float32),
        class_id=np.zeros(len(rows), dtype=int),
    )


def log_of(pictures):
    """The log of (t_s, detections) pairs."""
    return DetectionLog.collect(
        (Frame(t_s=t, index=i, image_bgr=None), found) for i, (t, found) in enumerate(pictures)
    )


def person_at(x, score=0.9):
    return (x, 100, x + 40, 200, score)


def tracklets_of(scene, settings=PUBLISHED):
    """Tracklets of [(t_s, rows), ...] and, per tracklet, its times."""
    found = track(log_of((t, boxes(*rows)) for t, rows in scene), settings)
    return found, {n: found.t_s[found.tracklet == n].tolist() for n in np.unique(found.tracklet)}


# Tiny scenes


def test_one_person_who_walks_is_one_tracklet_from_the_first_box_on():
    times = np.arange(20) / 8
    found, by_number = tracklets_of([(t, [person_at(100 + 30 * t)]) for t in times])
    assert by_number == {1: times.tolist()}
    np.testing.assert_allclose(found.xyxy_px[:, 0], 100 + 30 * times, rtol=1e-6)


def test_the_published_boxes_are_the_detected_ones():
    random = np.random.default_rng(3)
    rows = [(t / 8, [person_at(100 + random.normal(0, 3))]) for t in range(10)]
    log = log_of((t, boxes(*r)) for t, r in rows)
    np.testing.assert_array_equal(track(log).xyxy_px, log.xyxy_px)


def test_a_box_seen_once_is_nobody():
    found, _ = tracklets_of([(0.0, [person_at(100)]), (0.1, []), (0.2, [])])
    assert len(found.tracklet) == 0


def test_a_tentative_track_must_not_miss():
    scene = [(0.0, [person_at(100)]), (0.1, []), (0.2, [person_at(100)]), (0.3, [person_at(100)])]
    _, by_number = tracklets_of(scene)
    assert by_number == {1: [0.2, 0.3]}


def test_online_numbers_come_at_once_and_confirmation_with_the_second_box():
    tracker = ByteTrack(PUBLISHED)
    first = tracker.update(5.0, boxes(person_at(100)))
    second = tracker.update(5.1, boxes(person_at(101)))
    assert (first.track.tolist(), first.confirmed.tolist()) == ([1], [False])
    assert (second.track.tolist(), second.confirmed.tolist()) == ([1], [True])


def test_a_weak_box_continues_a_track_but_never_starts_one():
    scene = [
        (0.0, [person_at(100)]),
        (0.1, [person_at(101)]),
        (0.2, [person_at(102, 0.3), person_at(500, 0.3)]),
    ]
    scene += [(0.3, [person_at(103, 0.3), person_at(500, 0.3)])]
    found, by_number = tracklets_of(scene)
    assert by_number == {1: [0.0, 0.1, 0.2, 0.3]}
    assert found.xyxy_px[:, 0].max() == 103


def test_a_box_below_low_score_is_not_looked_at():
    scene = [(0.0, [person_at(100)]), (0.1, [person_at(100)]), (0.2, [person_at(100, 0.05)])]
    _, by_number = tracklets_of(scene)
    assert by_number == {1: [0.0, 0.1]}


def test_a_strong_box_is_served_before_a_weak_one():
    """The weak box overlaps the track better, but the strong one is asked first (two stages)."""
    tracker = ByteTrack(PUBLISHED)
    for t in (0.0, 0.1):
        tracker.update(t, boxes(person_at(100)))
    answer = tracker.update(0.2, boxes(person_at(100, 0.3), person_at(112, 0.9)))
    assert answer.track.tolist() == [0, 1]


def test_between_high_and_start_score_a_box_continues_but_does_not_start():
    tracker = ByteTrack(ByteTrackSettings(high_score=0.5, start_score=0.6))
    assert tracker.update(0.0, boxes(person_at(100, 0.55))).track.tolist() == [0]


def test_two_people_who_cross_keep_their_numbers():
    times = np.arange(40) / 10
    scene = [(t, [(60 * t, 100, 60 * t + 40, 200), (240 - 60 * t, 120, 280 - 60 * t, 220)]) for t in times]
    found, by_number = tracklets_of(scene)
    assert len(by_number) == 2
    for number, sign in ((1, 1), (2, -1)):
        steps = np.diff(found.xyxy_px[found.tracklet == number, 0])
        assert np.all(np.sign(steps) == sign)


@pytest.mark.parametrize(("pause_s", "tracklets"), [(0.9, 1), (1.0, 1), (1.1, 2), (100.0, 2)])
def test_a_pause_longer_than_lost_s_ends_the_tracklet(pause_s, tracklets):
    times = [0.0, 0.1, 0.2, 0.2 + pause_s, 0.3 + pause_s]
    scene = [(t, [person_at(100)]) for t in times]
    _, by_number = tracklets_of([*scene[:3], (0.25, []), *scene[3:]])
    assert len(by_number) == tracklets


def test_the_pause_counts_seconds_not_pictures():
    """A person hidden for 0.6 s is found again at 30 pictures a second as at 5."""
    for fps in (30, 5):
        times = np.arange(2 * fps) / fps
        scene = [(t, [] if 0.75 < t < 1.35 else [person_at(100 + 20 * t)]) for t in times]
        _, by_number = tracklets_of(scene)
        assert len(by_number) == 1, fps


def test_numbers_follow_first_appearance_and_belong_to_the_instance():
    for _ in range(2):
        scene = [(t / 10, [person_at(100), person_at(300)] if t > 2 else [person_at(300)]) for t in range(6)]
        found, by_number = tracklets_of(scene)
        assert list(by_number) == [1, 2]
        assert found.xyxy_px[0, 0] == 300


def test_without_scores_every_box_is_certain():
    tracker = ByteTrack(PUBLISHED)
    assert tracker.update(0.0, sv.Detections(xyxy=np.array([[0.0, 0, 10, 20]]))).track.tolist() == [1]


def test_nobody_ever():
    found = track(log_of((t / 8, boxes()) for t in range(5)))
    assert len(found.tracklet) == 0
    assert len(track(log_of([])).tracklet) == 0


# Rivals: a tracklet ends where somebody else could be meant


def crossing():
    """Two people of the same size who walk through each other along one line, 2 m/s apart."""
    times = np.arange(40) / 10
    return [(t, [(60 * t, 100, 60 * t + 40, 200), (240 - 60 * t, 100, 280 - 60 * t, 200)]) for t in times]


def test_a_tracklet_ends_where_a_rival_fits_nearly_as_well():
    found, by_number = tracklets_of(crossing(), ByteTrackSettings())
    assert len(by_number) >= 4
    for number in by_number:
        steps = np.diff(found.xyxy_px[found.tracklet == number, 0])
        assert len(set(np.sign(steps))) <= 1, "a tracklet that went over to the other person"


def test_every_box_of_a_contested_stretch_still_belongs_to_a_tracklet():
    scene = crossing()
    found, _ = tracklets_of(scene, ByteTrackSettings())
    assert len(found.tracklet) == sum(len(rows) for _, rows in scene)


def test_people_apart_are_not_contested():
    times = np.arange(40) / 10
    scene = [(t, [person_at(100 + 30 * t), person_at(160 + 30 * t)]) for t in times]
    _, by_number = tracklets_of(scene, ByteTrackSettings())
    assert len(by_number) == 2


def test_pictures_further_apart_than_lost_s_follow_each_other_but_not_across_a_gap():
    scene = [(t, [person_at(100)]) for t in (0.0, 0.5, 1.0, 1.5, 60.0, 60.5)]
    _, by_number = tracklets_of(scene, ByteTrackSettings())
    assert list(by_number.values()) == [[0.0, 0.5, 1.0, 1.5], [60.0, 60.5]]


def test_who_was_lost_for_a_moment_is_still_a_rival():
    """Both could be in the only box at the end: the one who has it, and the one who just vanished there."""
    times = np.arange(10) / 10
    scene = [(t, [person_at(100), person_at(104)]) for t in times]
    scene += [(t, [person_at(102)]) for t in (1.0, 1.1)]
    found, by_number = tracklets_of(scene, ByteTrackSettings(rival_age_s=0.0, rival_margin=0.2))
    last = found.tracklet[found.t_s == 1.0][0]
    assert by_number[last][0] >= 0.1, "an old tracklet took a box that could be either's"


# Bad input


@pytest.mark.parametrize("t_s", [1.0, 0.5, float("nan"), float("inf")])
def test_time_must_increase(t_s):
    tracker = ByteTrack(PUBLISHED)
    tracker.update(1.0, boxes())
    with pytest.raises(ValueError, match="expected a time later"):
        tracker.update(t_s, boxes())


def test_boxes_must_be_finite():
    with pytest.raises(ValueError, match="finite"):
        ByteTrack(PUBLISHED).update(0.0, boxes((0, 0, float("nan"), 1)))


def test_settings_must_be_in_order():
    with pytest.raises(ValidationError, match="low_score <= high_score <= start_score"):
        ByteTrackSettings(high_score=0.7, start_score=0.6)
    with pytest.raises(ValidationError, match="turn_noise_px"):
        ByteTrackSettings(turn_noise_px=1.0, drift_noise_px=0.1)


def test_every_setting_has_help():
    assert all(field.description for field in ByteTrackSettings.model_fields.values())


# Laws in time


def jittered_times(seed, fps, seconds):
    """Irregular times: single pictures dropped, the others up to 40 % of a frame off."""
    random = np.random.default_rng(seed)
    times = np.arange(int(fps * seconds)) / fps + random.uniform(0, 0.4, int(fps * seconds)) / fps
    return times[(random.random(len(times)) > 0.25) | (np.arange(len(times)) < 2)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), fps=st.sampled_from([8.0, 12.5, 30.0]))
def test_irregular_sampling_keeps_identities(seed, fps):
    """Four people side by side, each with his own speed: four tracklets, however the pictures fall."""
    speed = np.random.default_rng(seed).uniform(-60, 60, 4)
    scene = [
        (t, [(x := 150 + s * t, 150 * i, x + 50, 150 * i + 130) for i, s in enumerate(speed)])
        for t in jittered_times(seed, fps, 4)
    ]
    found, by_number = tracklets_of(scene)
    assert len(by_number) == 4
    for number in by_number:
        assert len(np.unique(found.xyxy_px[found.tracklet == number, 1])) == 1


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.sampled_from([-3600.0, 1e5, 12.34]))
def test_the_clock_may_start_anywhere(crowd, seed, shift):
    scene = crowd(seed, jittered_times(seed, 10, 4), people=8)
    answers = []
    for moved in (0.0, shift):
        tracker = ByteTrack(PUBLISHED)
        answers.append([tracker.update(t + moved, p) for t, p in zip(scene.t_s, scene.pictures, strict=True)])
    for here, there in zip(*answers, strict=True):
        np.testing.assert_array_equal(here.track, there.track)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([60.0, 0.001, 10 / 7]))
def test_time_in_another_unit_with_settings_to_match_is_the_same(crowd, seed, factor):
    scene = crowd(seed, jittered_times(seed, 10, 4), people=8)
    plain = PUBLISHED.model_copy(update={"lost_s": 0.987})
    scaled = plain.model_copy(
        update={"lost_s": 0.987 * factor, "motion_step_s": plain.motion_step_s * factor}
    )
    here, there = ByteTrack(plain), ByteTrack(scaled)
    for t, picture in zip(scene.t_s, scene.pictures, strict=True):
        a, b = here.update(t, picture), there.update(t * factor, picture)
        np.testing.assert_array_equal(a.track, b.track)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_detections_does_not_matter(crowd, seed):
    scene = crowd(seed, np.arange(30) / 10, people=8)
    here, there = ByteTrack(PUBLISHED), ByteTrack(PUBLISHED)
    names = {}
    for t, picture in zip(scene.t_s, scene.pictures, strict=True):
        order = np.random.default_rng(seed).permutation(len(picture))
        a, b = here.update(t, picture), there.update(t, picture[order])
        for x, y in zip(a.track[order], b.track, strict=True):
            assert names.setdefault(int(x), int(y)) == y


# The filter


@settings(max_examples=50, deadline=None)
@given(a=st.floats(0, 50), b=st.floats(0, 50))
def test_a_prediction_in_two_parts_is_the_whole(a, b):
    start = correct(
        begin(np.array([[0.0, 0, 40, 100]]), PEER), np.array([0]), np.array([[3.0, 1, 44, 99]]), PEER
    )
    start = predict(start, 2.0, PEER)
    parts, whole = predict(predict(start, a, PEER), b, PEER), predict(start, a + b, PEER)
    np.testing.assert_allclose(parts.xyxy_px, whole.xyxy_px, atol=1e-9)
    np.testing.assert_allclose(parts.cov_px2, whole.cov_px2, rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(steps=st.floats(0, 100), drift=st.floats(0.05, 3), share=st.floats(0, 12**0.5))
def test_the_noise_of_any_step_is_a_covariance(steps, drift, share):
    noisy = ByteTrackSettings(drift_noise_px=drift, turn_noise_px=drift * share * 0.9999)
    for place, mixed, velocity in np.transpose(process_noise(steps, noisy)):
        assert place >= 0
        assert velocity >= 0
        assert place * velocity - mixed**2 >= -1e-9 * place * velocity


def test_one_step_of_the_filter_has_the_matrices_of_the_peer():
    for noise, expected in zip(process_noise(1.0, PEER), (0.01, 0.0, 0.01), strict=True):
        assert noise == pytest.approx([expected, expected])
    assert PEER.box_noise_px**2 == pytest.approx(0.1)
    estimator = pytest.importorskip("trackers.utils.state_representations")
    tracklet = pytest.importorskip("trackers.core.bytetrack.tracklet")
    random = np.random.default_rng(1)
    box = np.array([10.0, 20, 50, 120])
    theirs = tracklet.ByteTrackTracklet(box, estimator.XYXYStateEstimator)
    ours = begin(box[None], PEER)
    for _ in range(20):
        theirs.predict()
        ours = predict(ours, 1.0, PEER)
        if random.random() < 0.7:
            box = box + random.normal(1, 2, 4)
            theirs.update(box)
            ours = correct(ours, np.array([0]), box[None], PEER)
        state = theirs.state_estimator.kf
        np.testing.assert_allclose(ours.xyxy_px[0], state.state[:4, 0], rtol=1e-9)
        centre_v, size_v = ours.velocity_px[0]
        sides_v = np.concatenate([centre_v - size_v / 2, centre_v + size_v / 2])
        np.testing.assert_allclose(sides_v, state.state[4:, 0], rtol=1e-9, atol=1e-12)
        place, mixed, velocity = ours.cov_px2[0, 0]
        covariance = np.kron([[place, mixed], [mixed, velocity]], np.eye(4))
        np.testing.assert_allclose(covariance, state.state_covariance, rtol=1e-9, atol=1e-12)


# Overlap and assignment


def test_iou_of_known_boxes():
    a = np.array([[0.0, 0, 10, 10], [10, 10, 0, 0]])
    b = np.array([[5.0, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10]])
    np.testing.assert_allclose(iou(a, b), [[1 / 3, 0, 1], [0, 0, 0]])


def test_the_assignment_is_the_greatest_in_sum_not_greedy():
    rows, columns = assign(np.array([[0.9, 0.8], [0.8, 0.1]]), 0.2)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_pairs_below_the_least_are_dropped():
    rows, columns = assign(np.array([[0.9, 0.0], [0.0, 0.1]]), 0.2)
    assert (rows.tolist(), columns.tolist()) == ([0], [0])
    assert all(len(x) == 0 for x in assign(np.zeros((2, 3)), 0.0))
    assert all(len(x) == 0 for x in assign(np.zeros((0, 3)), 0.0))

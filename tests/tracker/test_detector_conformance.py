"""What every `Detector` promises, run over all of them."""

from dataclasses import replace

import numpy as np
import pytest
import supervision as sv

from calibration.scene import Scene
from tracker import classical, motion
from tracker.detections import DetectionLog
from tracker.detector import Detector
from tracker.frames import Frame
from tracker.motionregions import MotionRegions
from tracker.replay import ReplayDetector
from tracker.yolo import YoloDetector

SIZE_PX = (480, 360)


@pytest.fixture(scope="module")
def clip(data):
    """40 pictures of PETS, where several people walk."""
    av = pytest.importorskip("av")
    frames = []
    with av.open(str(data / "video/pets09_s2l1_view001_480x360.mp4")) as container:
        for index, decoded in enumerate(container.decode(video=0)):
            frames.append(Frame(t_s=index / 7, index=index, image_bgr=decoded.to_ndarray(format="bgr24")))
            if len(frames) == 40:
                return frames
    raise AssertionError("the clip is shorter than 40 pictures")


@pytest.fixture(scope="module")
def make_detector(request, data, tmp_path_factory):
    """A maker of fresh detectors of one kind, for the clip."""
    folder = tmp_path_factory.mktemp("detector")
    if request.param == "yolo":
        return lambda: YoloDetector(data / "models/yolo11n_int8_openvino_model")
    if request.param == "replay of MOTChallenge text":
        truth = np.loadtxt(data / "mot/PETS09-S2L1/det/det_frrcnn_sort.txt", delimiter=",")
        truth[:, 2:6] *= 0.625
        np.savetxt(folder / "det.txt", truth[truth[:, 0] <= 40], delimiter=",", fmt="%.6g")
        return lambda: ReplayDetector(folder / "det.txt", SIZE_PX)
    if request.param == "replay of our detections":
        random = np.random.default_rng(0)

        def found():
            corner, n = random.uniform(-20, 300, (4, 2)), random.integers(0, 5)
            xyxy = np.hstack([corner, corner + random.uniform(5, 200, (4, 2))])[:n]
            return sv.Detections(xyxy=xyxy, confidence=random.random(n), class_id=np.zeros(n, dtype=int))

        log = DetectionLog.collect((Frame(i / 7, i, None), found()) for i in range(40))
        log.to_parquet(folder / "detections.parquet")
        return lambda: ReplayDetector(folder / "detections.parquet", SIZE_PX)
    if not hasattr(motion, "MotionDetector"):
        pytest.skip("the motion detector is not there yet")
    from tracker.sources import open_recording

    recording = open_recording(data / "video/pets09_s2l1_view001_480x360.mp4", clock_rate=10 / 7)
    if request.param in ("hog", "haar"):
        if (missing := classical.why_missing(request.param)) is not None:
            pytest.skip(missing)
        kind = classical.HogDetector if request.param == "hog" else classical.HaarDetector
        regions = MotionRegions(recording)
        return lambda: kind(regions, recording.size_px)
    return lambda: motion.MotionDetector.for_recording(recording, None, Scene())


KINDS = ["replay of MOTChallenge text", "replay of our detections", "yolo", "motion", "hog", "haar"]
pytestmark = pytest.mark.parametrize("make_detector", KINDS, indirect=True)


def assert_same(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        np.testing.assert_array_equal(a.confidence, b.confidence)


def test_it_is_a_detector(make_detector):
    detector = make_detector()
    assert isinstance(detector, Detector)
    assert 0 < len(detector.description) <= 80
    assert "\n" not in detector.description
    assert isinstance(detector.every_frame, bool)
    assert 0 <= detector.habits.near_edge_m < 0.5
    assert 0 < detector.habits.evidence <= 1
    assert all(isinstance(text, str) and text for text in detector.remarks)


def test_what_comes_out_is_as_promised(make_detector, clip):
    answers = make_detector().detect(clip)
    assert len(answers) == len(clip)
    assert sum(len(found) for found in answers) > 20, "a clip without people shows nothing"
    for found in answers:
        assert found.xyxy.dtype == np.float32
        assert found.xyxy.shape == (len(found), 4)
        assert np.all(found.xyxy >= 0)
        assert np.all(found.xyxy <= [*SIZE_PX, *SIZE_PX])
        assert np.all(found.xyxy[:, 2:] > found.xyxy[:, :2])
        assert np.all((found.confidence >= 0) & (found.confidence <= 1))
        assert np.all(np.diff(found.confidence) <= 0), "best first"
        assert np.all(found.class_id == 0)


def test_a_batch_gives_what_its_frames_give_one_by_one(make_detector, clip):
    batch, single = make_detector(), make_detector()
    assert_same(batch.detect(clip[:8]), [single.detect([frame])[0] for frame in clip[:8]])


def test_answers_come_in_the_order_of_the_frames(make_detector, clip):
    forwards = make_detector().detect(clip[:8])
    backwards = make_detector().detect(clip[:8][::-1])
    assert_same(forwards, backwards[::-1])


def test_the_same_frames_give_the_same_answer(make_detector, clip):
    detector = make_detector()
    first = detector.detect(clip[:8])
    assert_same(first, detector.detect(clip[:8]))
    assert_same(first, make_detector().detect(clip[:8]))


def test_no_frames(make_detector):
    assert make_detector().detect([]) == []


def test_an_even_picture_with_nobody(make_detector, clip):
    grey = replace(clip[0], image_bgr=np.full_like(clip[0].image_bgr, 114))
    (found,) = make_detector().detect([grey])
    assert isinstance(found, sv.Detections)
    assert found.confidence is not None

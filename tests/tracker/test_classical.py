"""The classical detectors: what they say where they are missing, and how weak they are on real people."""

import cv2
import numpy as np
import pytest

from tracker.classical import HaarDetector, HogDetector, why_missing
from tracker.motionregions import crop


def test_they_are_here_or_say_why_not():
    for kind, name in (("hog", "HOGDescriptor"), ("haar", "CascadeClassifier")):
        assert (why_missing(kind) is None) == hasattr(cv2, name)


@pytest.mark.parametrize(("kind", "name"), [("hog", "HOGDescriptor"), ("haar", "CascadeClassifier")])
def test_an_opencv_without_them(monkeypatch, kind, name):
    monkeypatch.delattr(cv2, name)
    assert f"has no {name}" in why_missing(kind)
    assert "opencv-python<5" in why_missing(kind)


def test_an_opencv_without_cascades(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    assert "without its cascades" in why_missing("haar")


def test_a_low_part_is_enlarged():
    picture = np.zeros((50, 80, 3), dtype=np.uint8)
    part, scale = crop(picture, np.array([10, 10, 40, 40]), 90)
    assert scale == 3.0
    assert part.shape == (90, 90, 3)
    assert crop(picture, np.array([0, 0, 80, 50]), 40)[1] == 1.0
    assert crop(picture, np.array([0, 0, 80, 2]), 240)[1] == 4.0


# Measured on 80 pictures of PETS: precision 0.91 and recall 0.69 (HOG), 0.92 and 0.40 (Haar).
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "precision", "recall"), [(HogDetector, 0.8, 0.55), (HaarDetector, 0.8, 0.3)]
)
def test_people_of_pets(data, kind, precision, recall):
    from tracker.sources import open_recording

    recording = open_recording(data / "video/pets09_s2l1_view001_480x360.mp4", clock_rate=10 / 7)
    truth = np.loadtxt(data / "mot/PETS09-S2L1/gt/gt.txt", delimiter=",")
    frames = list(recording.read(0.35))
    right = found = there = 0
    for frame, people in zip(frames, kind.for_recording(recording).detect(frames), strict=True):
        box = truth[truth[:, 0] == frame.index + 1][:, 2:6] * 0.625
        box[:, 2:] += box[:, :2]
        left = box.tolist()
        for own in people.xyxy.tolist():
            overlap = [_iou(own, other) for other in left]
            if overlap and max(overlap) >= 0.5:
                right += 1
                left.pop(int(np.argmax(overlap)))
        found, there = found + len(people), there + len(box)
    assert right / found >= precision
    assert right / there >= recall


def _iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)

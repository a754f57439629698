"""The motion detector in the demo shop: who stands still stays, and nobody is found where nobody is."""

import numpy as np
import pandas as pd
import pytest

from calibration.calibration import Calibration
from dwellmap.demo import footage
from dwellmap.demo.footage import make_footage
from dwellmap.demo.looks import Looks
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.presence import Presence
from dwellmap.site import load_site
from tracker.motion import MotionDetector
from tracker.sources import open_recording

FPS, SCORE = 4.0, 0.4


def found(files):
    """The detector for a film, and (t_s, boxes) of each of its pictures."""
    recording = open_recording(files.film)
    calibration = Calibration.load(files.film.parent / "corner.calibration.json")
    detector = MotionDetector.for_recording(recording, calibration, load_site(files.site).scene)
    return detector, [
        (frame.t_s, boxes.xyxy[boxes.confidence >= SCORE])
        for frame in recording.read(None)
        for boxes in detector.detect([frame])
    ]


def iou(box, boxes):
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    inside = np.prod(np.clip(high - low, 0, None), axis=1)
    return inside / (np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - inside)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("length_s", "options"),
    [
        (600.0, {"lights": "changing"}),
        (240.0, {"lights": "infrared"}),
        (240.0, {"lights": "changing", "mannequin": True, "screen": True, "moved": True}),
    ],
)
def test_an_empty_shop_has_nobody_in_it(tmp_path, length_s, options):
    size_px = (640, 360)
    files = make_footage(
        tmp_path,
        DemoOptions(length_s=length_s, people=0, seed=31, fps=FPS, size_px=size_px, **options),
        lambda _: None,
    )
    detector, pictures = found(files)
    assert sum(len(boxes) for _, boxes in pictures) == 0
    assert bool(options.get("moved")) == any("moved" in text for text in detector.remarks)


@pytest.mark.slow
@pytest.mark.parametrize("leaves", [True, False])
def test_somebody_who_stands_two_minutes_is_found_all_the_time(tmp_path, monkeypatch, leaves):
    """From the door to the middle of the shop, 120 s there; then out again, or the film ends."""
    here, door = np.array([7.9, 4.0]), np.array([10.9, 1.6])
    looks = Looks(1.74, 1.0, (60, 60, 150), (60, 50, 45), (25, 28, 35), (140, 170, 215), None)
    t_s = np.concatenate([[20.0, 24.0], np.arange(24.5, 144.5, 0.5)])
    sway = np.random.default_rng(4).normal(0, 0.02, (len(t_s) - 2, 2))
    xy_m = np.concatenate([[door, here], here + sway])
    if leaves:
        t_s, xy_m = np.append(t_s, 148.5), np.concatenate([xy_m, [door]])
    facing = np.where((t_s > 24) & (t_s < 145), np.pi / 2, np.nan)
    presence = Presence.of_steps(1, looks, t_s, xy_m, facing, np.zeros(len(t_s)))
    monkeypatch.setattr(footage, "cast_of", lambda shop, options: (presence,))
    options = DemoOptions(length_s=200.0 if leaves else 144.0, people=1, seed=32, fps=FPS, size_px=(640, 360))
    files = make_footage(tmp_path, options, lambda _: None)
    _, pictures = found(files)
    truth = pd.read_parquet(files.truth)
    standing = truth[(truth["t_s"] > 25) & (truth["t_s"] < 144)]
    hits = total = 0
    by_time = {round(t, 3): boxes for t, boxes in pictures}
    for row in standing.itertuples():
        boxes = by_time[round(row.t_s, 3)]
        total += 1
        box = np.array([row.x1_px, row.y1_px, row.x2_px, row.y2_px])
        hits += bool(len(boxes)) and bool(iou(box, boxes).max() >= 0.5)
    assert total > 400
    assert hits / total >= 0.95


@pytest.mark.parametrize("detector", ["motion", "mog2"])
def test_a_film_of_nobody_from_a_camera_without_calibration_gives_empty_maps(tmp_path, dwellmap, detector):
    files = make_footage(
        tmp_path, DemoOptions(length_s=5, people=0, fps=4, size_px=(160, 90)), lambda _: None
    )
    ran = dwellmap("run", files.film, "--detector", detector, "--out", tmp_path / "out", "--quiet")
    assert ran.code == 0, ran.err
    maps = pd.read_parquet(next((tmp_path / "out").rglob("maps.parquet")))
    assert maps["dwell_s"].fillna(0).sum() == 0

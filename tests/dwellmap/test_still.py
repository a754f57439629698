"""A camera that is knocked, through the whole program: no maps from a calibration that does not hold."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from dwellmap.still import movement, shifts

SIZE, FPS, SECONDS = (480, 360), 5, 30


def room():
    rng = np.random.default_rng(0)
    image = np.full((SIZE[1] + 100, SIZE[0] + 100, 3), 150, dtype=np.uint8)
    for _ in range(120):
        x, y, w, h = rng.integers((0, 0, 10, 10), (SIZE[0] + 80, SIZE[1] + 80, 90, 90)).tolist()
        cv2.rectangle(image, (x, y), (x + w, y + h), rng.integers(20, 240, 3).tolist(), -1)
    return cv2.GaussianBlur(image, (0, 0), 1.0)


def view(right, down=0):
    return room()[50 - down : 50 - down + SIZE[1], 50 - right : 50 - right + SIZE[0]]


def calibration():
    """Floor of a 10 x 8 m room, seen from 3 m."""
    tilt = np.deg2rad(35)
    right, forward = np.array([1.0, 0.0, 0.0]), np.array([0.0, -np.cos(tilt), np.sin(tilt)])
    R = np.stack([right, np.cross(forward, right), forward])
    K = np.array([[400.0, 0, (SIZE[0] - 1) / 2], [0, 400.0, (SIZE[1] - 1) / 2], [0, 0, 1]])
    floor = np.array([[x, y] for x in (3.5, 5.0, 6.5) for y in (2.0, 3.5, 5.0)])
    H = K @ np.column_stack([R[:, 0], R[:, 1], -R @ np.array([5.0, 9.0, -3.0])])
    q = np.column_stack([floor, np.ones(len(floor))]) @ H.T
    return fit_calibration(Pairs.of(q[:, :2] / q[:, 2:], floor), SIZE).calibration


@pytest.fixture
def run(tmp_path, dwellmap):
    """Run a film in which the camera is knocked at a time, with or without a still."""
    calibration().save(tmp_path / "cam.calibration.json")
    (tmp_path / "site.toml").write_text(
        'name = "shop"\n[plan]\nwidth_m = 10.0\nheight_m = 8.0\n'
        '[[cameras]]\nname = "cam"\ncalibration = "cam.calibration.json"\n'
    )

    def call(knocked_s, *words, right=14, still=True):
        if still:
            cv2.imwrite(str(tmp_path / "cam.still.png"), view(0))
        writer = cv2.VideoWriter(str(tmp_path / "film.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE)
        rng, rows = np.random.default_rng(1), []
        for k in range(FPS * SECONDS):
            image = view(right if k / FPS >= knocked_s else 0).astype(float)
            image = np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
            x = 100 + 2 * k % 250
            image[120:250, x : x + 45] = (40, 60, 90)
            rows.append(f"{k + 1},-1,{x},120,45,130,0.9,-1,-1,-1")
            writer.write(image)
        writer.release()
        (tmp_path / "boxes.txt").write_text("\n".join(rows))
        return dwellmap(
            "run", tmp_path / "film.mp4", "--site", tmp_path / "site.toml", "--detector", "replay",
            "--detections", tmp_path / "boxes.txt", "--appearance", "none", "--out", tmp_path / "out", *words,
        )  # fmt: skip

    return call


def test_a_camera_where_it_was_is_left_alone(run, tmp_path):
    ran = run(1e9, "--json")
    assert ran.code == 0, ran.err
    (found,) = json.loads(ran.out)
    assert found["results"]["people"] >= 1
    assert not any("has moved" in text for text in found["warnings"])


def test_knocked_before_the_recording_it_stops_and_proposes_a_correction(run, tmp_path):
    ran = run(0)
    assert ran.code == 2
    said = " ".join(ran.err.split())
    assert "camera 'cam' moved 14 px right before the recording began" in said
    assert "recalibrate" in said
    file = tmp_path / "out" / "cam" / "film.corrected.calibration.json"
    assert str(file) in said
    assert sorted(p.name for p in (tmp_path / "out" / "cam").iterdir()) == [
        "film.corrected.calibration.json",
        "film.corrected.still.png",
    ]
    px = np.array([[200.0, 250], [300, 300]])
    better = Calibration.load(file).floor_from_image(px + np.array([14, 0]))
    assert better == pytest.approx(calibration().floor_from_image(px), abs=0.03)
    site = tmp_path / "site.toml"
    site.write_text(site.read_text().replace("cam.calibration.json", str(file)))
    ran = run(0)
    assert ran.code == 0, ran.err


def test_knocked_in_between_it_says_when(run):
    ran = run(16, "--start", "2026-03-02T10:42:00+00:00")
    assert ran.code == 2
    assert "camera 'cam' moved 14 px right at 10:42" in " ".join(ran.err.split())
    ran = run(16)
    assert "moved 14 px right between 1" in " ".join(ran.err.split())


def test_it_can_be_allowed_and_without_a_still_nothing_is_compared(run):
    assert run(0, "--set", "calibration.most_moved_px=50").code == 0
    assert run(0, right=2).code == 0


def test_without_a_still_nothing_is_compared(run):
    assert run(0, still=False).code == 0


def test_without_pictures_there_is_nothing_to_compare():
    assert shifts(np.zeros((360, 480, 3), np.uint8), []) == []
    assert movement([], 0, 3.0) is None


def test_a_scene_with_nothing_to_hold_on_to_is_told(run, tmp_path):
    cv2.imwrite(str(tmp_path / "cam.still.png"), np.full((SIZE[1], SIZE[0], 3), 128, np.uint8))
    ran = run(0, "--json", still=False)
    assert ran.code == 0, ran.err
    recipe = json.loads((Path(json.loads(ran.out)[0]["run"]) / "run.json").read_text())
    assert any("has moved since it was calibrated is not known" in text for text in recipe["warnings"])


def test_a_still_of_another_shape_is_refused(run, tmp_path):
    cv2.imwrite(str(tmp_path / "cam.still.png"), np.zeros((100, 100, 3), np.uint8))
    ran = run(0, still=False)
    assert ran.code == 2
    assert "expected the shape of the camera's pictures, 480x360, got 100x100" in " ".join(ran.err.split())

"""A floor from people alone, against cameras and a survey that are known."""

import numpy as np
import pytest

from calibration.accuracy import accuracies
from calibration.calibration import Calibration
from calibration.fit import checked
from calibration.from_people import calibration_from_people

SIZE = (1280, 720)


def walkers(cam, n, rng, noise=0.05, seconds=20.0, fps=4):
    """Boxes of people who walk from place to place: heads, feet, persons, times."""
    places = cam.floor(cam.floor_points(rng, 400, 15))
    head, foot, person, t_s = [], [], [], []
    for k in range(n):
        tall, pace = rng.normal(1.70, 0.08), np.exp(rng.normal(np.log(1.1), 0.25))
        at, goal, t, begin = *places[rng.integers(len(places), size=2)], 0.0, rng.uniform(0, 100)
        while t < seconds:
            way, step = goal - at, pace / fps * np.exp(rng.normal(0, 0.1))
            if np.linalg.norm(way) < step:
                goal, t = places[rng.integers(len(places))], t + rng.choice([0.0, rng.exponential(2.0)])
                continue
            at, t = at + way / np.linalg.norm(way) * step, t + 1 / fps
            (low,), (high,) = cam.project(at[None]), cam.project(at[None], tall)
            box = low[1] - high[1]
            if np.isfinite(box) and (low > 0).all() and (low < SIZE).all():
                middle = (low[0] + high[0]) / 2 + rng.normal(0, 0.05) * box
                foot.append([middle, low[1] + rng.normal(0, noise) * box])
                head.append([middle, high[1] + rng.normal(0, noise) * box])
                person.append(k)
                t_s.append(begin + t)
    return np.array(head), np.array(foot), np.array(person), np.array(t_s)


def length_ratio(found, true):
    """Median of how long distances between points came out."""
    usable = np.isfinite(found).all(axis=1) & np.isfinite(true).all(axis=1)
    i, j = np.triu_indices(int(usable.sum()), 3)
    long = np.linalg.norm(true[usable][i] - true[usable][j], axis=1)
    ours = np.linalg.norm(found[usable][i] - found[usable][j], axis=1)
    return float(np.median(ours[long > 1] / long[long > 1]))


def shop(camera, seed):
    rng = np.random.default_rng(seed)
    tilt, focal = rng.uniform(12, 50), rng.uniform(0.5, 1.3) * SIZE[0]
    return rng, camera(rng.uniform(3, 6), tilt, focal, SIZE, 0.0, roll=rng.normal(0, 1))


@pytest.mark.slow
def test_lengths_are_right_to_a_few_percent_and_the_stated_error_holds(camera):
    errors, sigmas = [], []
    for seed in range(16):
        rng, cam = shop(camera, seed)
        try:
            found = calibration_from_people(*walkers(cam, 20, rng), SIZE)
        except ValueError:
            continue
        px = cam.floor_points(rng, 150, 15)
        errors.append(np.log(length_ratio(found.floor_from_image(px), cam.floor(px))))
        sigmas.append(found.people.length_sigma)
    assert len(errors) >= 11
    assert np.median(np.abs(errors)) < 0.05
    assert np.sqrt(np.mean((np.array(errors) / sigmas) ** 2)) < 1.7


def test_without_noise_the_camera_is_found(camera):
    cam = camera(4.0, 30.0, 1000.0, SIZE, 0.0)
    found = calibration_from_people(*walkers(cam, 40, np.random.default_rng(1), noise=0.01), SIZE)
    assert found.pose.camera_height_m == pytest.approx(4.0, rel=0.08)
    assert found.pose.tilt_deg == pytest.approx(30, abs=3)
    assert found.pose.focal_px == pytest.approx(1000, rel=0.12)
    assert found.pose.source == "people"


def test_everybody_is_on_the_plan_and_the_camera_looks_up_it(camera):
    rng, cam = shop(camera, 3)
    head, foot, person, t_s = walkers(cam, 20, rng)
    found = calibration_from_people(head, foot, person, t_s, SIZE)
    floor = found.floor_from_image(foot)
    assert np.mean(floor > 0) > 0.97
    assert found.pose.camera_xy_m[1] > np.nanmax(floor[:, 1])


def test_it_is_kept_in_a_file_and_can_be_read_as_any_other(camera, tmp_path):
    rng, cam = shop(camera, 3)
    found = calibration_from_people(*walkers(cam, 20, rng), SIZE)
    found.save(tmp_path / "c.json")
    again = Calibration.load(tmp_path / "c.json")
    assert again.id == found.id
    assert again.people == found.people
    assert len(again.pairs) == 0
    assert accuracies(again)
    with pytest.raises(ValueError, match="fitted to pairs"):
        checked(again)


def few(camera, seed=3):
    rng, cam = shop(camera, seed)
    return walkers(cam, 20, rng)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda h, f, p, t: (h[:8], f[:8], p[:8], t[:8]), "at least 20 places"),
        (lambda h, f, p, t: (h[:0], f[:0], p[:0], t[:0]), "at least 20 places, got 0"),
        (lambda h, f, p, t: (h * (1, 0.02) + (0, 300), f * (1, 0.02) + (0, 330), p, t), "spread over the"),
        (
            lambda h, f, p, t: (f - (0, 5) - 300 * (p % 2)[:, None] * (0, 1), f, p, t),
            "heights differ|tell|leave",
        ),
    ],
)
def test_people_who_do_not_support_it_are_refused_with_a_reason(camera, spoil, message):
    with pytest.raises(ValueError, match=f"people: .*({message})"):
        calibration_from_people(*spoil(*few(camera)), SIZE)


def test_pets_within_a_tenth(data):
    """Scale from the boxes alone, against the surveyed positions."""
    rows = np.loadtxt(data / "mot/PETS09-S2L1/gt/gt.txt", delimiter=",")
    box = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]) - 1.5
    middle = (box[:, 0] + box[:, 2]) / 2
    head, foot = np.column_stack([middle, box[:, 1]]), np.column_stack([middle, box[:, 3]])
    found = calibration_from_people(head, foot, rows[:, 1].astype(int), rows[:, 0] / 7, (768, 576))
    few = slice(None, None, 15)
    assert length_ratio(found.floor_from_image(foot[few]), rows[few, 7:9]) == pytest.approx(1, abs=0.1)
    assert found.people.length_sigma < 0.1

"""A camera with a wide lens: what the fit finds, and that everything above the floor agrees with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.lens import Lens
from calibration.lines import lens_from_lines
from calibration.pairs import Pairs
from calibration.plan import SurveyFrame
from calibration.problem import FitSettings
from calibration.upright import floor_below, height_between

SIZE = (1280, 720)


def clicked(cam, lens, n, seed=0, click_px=0.0, click_m=0.0):
    """n pairs of a camera behind a lens, and 200 more picture points with their floor points."""
    rng = np.random.default_rng(seed)
    px = rng.uniform(0, np.array(SIZE) - 1, (5000, 2))
    floor = cam.floor(lens.pinhole(px, SIZE))
    near = np.linalg.norm(floor - cam.centre[:2], axis=1) < 20
    px, floor = px[near], floor[near]
    shown = np.clip(px[:n] + rng.normal(0, click_px, (n, 2)), 0, np.array(SIZE) - 1)
    return Pairs.of(shown, floor[:n] + rng.normal(0, click_m, (n, 2))), px[n : n + 200], floor[n : n + 200]


def miss_m(calibration, px, floor):
    return np.linalg.norm(calibration.floor_from_image(px) - floor, axis=1)


@pytest.mark.parametrize("division", [-0.3, -0.15, 0.08])
def test_the_lens_is_found_with_the_homography(camera, division):
    pairs, px, floor = clicked(camera(), Lens(division), 14)
    fit = fit_calibration(pairs, SIZE)
    assert fit.calibration.lens.division == pytest.approx(division, abs=1e-5)
    assert fit.calibration.cov_h.shape == (9, 9)
    assert miss_m(fit.calibration, px, floor).max() < 1e-3
    assert fit.calibration.pose.camera_height_m == pytest.approx(3.2, rel=1e-4)
    without = fit_calibration(pairs, SIZE, lens=Lens())
    assert without.lens_sigma is None
    assert np.median(miss_m(without.calibration, px, floor)) > 0.05


def test_a_lens_that_bends_nothing_is_seldom_kept_and_costs_little(camera):
    kept, errors, plain = [], [], []
    for seed in range(30):
        cam = camera(yaw=12.0 * seed)
        pairs, px, floor = clicked(cam, Lens(), 12, seed, 2.0, 0.05)
        fit = fit_calibration(pairs, SIZE)
        kept.append(fit.calibration.lens.bends)
        errors.append(np.median(miss_m(fit.calibration, px, floor)))
        plain.append(np.median(miss_m(fit_calibration(pairs, SIZE, lens=Lens()).calibration, px, floor)))
    assert np.mean(kept) < 0.4
    assert np.median(errors) < 1.15 * np.median(plain)


@pytest.mark.slow
def test_the_stated_error_counts_with_the_lens(camera):
    near, far = [], []
    for seed in range(40):
        cam = camera(yaw=9.0 * seed, tilt=25.0 + seed)
        pairs, px, floor = clicked(cam, Lens(-0.25), 12, seed, 2.0, 0.05)
        calibration = fit_calibration(pairs, SIZE).calibration
        xx, xy, yy = calibration.calibration_covariance(px).T
        x, y = (calibration.floor_from_image(px) - floor).T
        squared = (yy * x**2 - 2 * xy * x * y + xx * y**2) / (xx * yy - xy**2)
        near.append(np.mean(squared <= 2.30))
        far.append(np.mean(squared <= 5.99))
    assert 0.55 <= np.mean(near) <= 0.8
    assert 0.85 <= np.mean(far) <= 0.99


def test_seven_pairs_are_too_few_to_tell(camera):
    pairs, _, _ = clicked(camera(), Lens(-0.3), 7)
    fit = fit_calibration(pairs, SIZE)
    assert not fit.calibration.lens.bends


def test_lines_tell_what_few_pairs_cannot(camera):
    lens = Lens(-0.3)
    ends = [
        ((60, 40), (1230, 90)),
        ((50, 660), (1220, 690)),
        ((80, 60), (60, 650)),
        ((1180, 90), (1220, 640)),
    ]
    lines = lens_from_lines([lens.picture(np.linspace(a, b, 9), SIZE) for a, b in ends], SIZE, 1.0)
    pairs, px, floor = clicked(camera(), lens, 6)
    fit = fit_calibration(pairs, SIZE, lines=lines)
    assert fit.calibration.lens.division == pytest.approx(-0.3, abs=0.01)
    assert np.median(miss_m(fit.calibration, px, floor)) < 0.02
    straight = lens_from_lines([np.linspace(a, b, 9) for a, b in ends], SIZE, 1.0)
    pairs, _, _ = clicked(camera(), Lens(), 6)
    assert fit_calibration(pairs, SIZE, lines=straight).calibration.lens == Lens()


def test_the_whole_published_camera_of_pets(tsai):
    """With the published lens the fit is the published camera; without, the lens is found nearly as well."""
    size = (768, 576)
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(-16, 6, 400), rng.uniform(-14, 6, 400)])
    px = tsai.image_from_survey(places)
    inside = np.all((px > 0) & (px < np.array(size) - 1), axis=1)
    places, px = places[inside], px[inside]
    survey = SurveyFrame.around(places)
    plan = survey.plan_from_survey(places)
    # Tsai's radial coefficient is in square millimetres on the sensor.
    g = tsai.g
    unit_mm = np.hypot(*size) / 2 * g["dpy"]
    centre = ((g["cx"] - (size[0] - 1) / 2) * 2 / size[0], (g["cy"] - (size[1] - 1) / 2) * 2 / size[1])
    lens = Lens(polynomial=g["kappa1"] * unit_mm**2, centre=centre)
    fit = fit_calibration(Pairs.of(px[:14], plan[:14]), size, survey=survey, lens=lens)
    assert np.median(miss_m(fit.calibration, px, plan)) < 0.01
    assert miss_m(fit.calibration, px, plan).max() < 0.05
    estimated = fit_calibration(Pairs.of(px[:14], plan[:14]), size, survey=survey)
    without = fit_calibration(Pairs.of(px[:14], plan[:14]), size, survey=survey, lens=Lens())
    found, missed = (np.median(miss_m(f.calibration, px, plan)) for f in (estimated, without))
    assert found <= missed


def wide(camera, division, height=3.2, tilt=40.0):
    cam = camera(height, tilt)
    lens = Lens(division)
    pairs, _, _ = clicked(cam, lens, 14)
    return cam, fit_calibration(pairs, SIZE, lens=lens).calibration


LENSES = st.floats(-0.3, 0.1)
# From 2.5 m and 69 degrees on, a camera sees so little floor that pairs leave its focal length open.
TILTS = st.floats(20, 66)


@settings(max_examples=30, deadline=None)
@given(LENSES, st.floats(2.5, 6), TILTS, st.floats(1.2, 2.0))
def test_a_persons_height_is_found_through_the_lens(camera, division, height, tilt, tall):
    cam, calibration = wide(camera, division, height, tilt)
    pose = calibration.pose
    xy = cam.floor(cam.floor_points(np.random.default_rng(3), 30, 12))
    xy = xy[np.linalg.norm(xy - cam.centre[:2], axis=1) > 0.5]
    head = pose.project(xy, tall)
    # A pincushion lens does not reach everything that a pinhole camera would see.
    reached = np.isfinite(head).all(axis=1)
    xy, head = xy[reached], head[reached]
    np.testing.assert_allclose(pose.project(xy), calibration.image_from_floor(xy), atol=1e-6)
    below = floor_below(pose, head, tall)
    np.testing.assert_allclose(below.xy_m, xy, atol=1e-4)
    found, per_px = height_between(pose, xy, head)
    np.testing.assert_allclose(found, tall, atol=1e-4)
    up = (pose.project(xy, tall + 1e-4) - pose.project(xy, tall)) / 1e-4
    np.testing.assert_allclose(per_px, 1 / np.linalg.norm(up, axis=1), rtol=0.02)
    step = np.array([0.01, 0.0])
    change = (floor_below(pose, head + step, tall).xy_m - floor_below(pose, head - step, tall).xy_m) / 0.02
    np.testing.assert_allclose(below.by_px[:, :, 0], change, rtol=1e-3, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(LENSES)
def test_a_point_moves_on_the_floor_as_stated(camera, division):
    _, calibration = wide(camera, division)
    px = np.random.default_rng(0).uniform((100, 300), (1200, 700), (20, 2))
    for axis in (0, 1):
        step = np.zeros(2)
        step[axis] = 0.01
        change = (calibration.floor_from_image(px + step) - calibration.floor_from_image(px - step)) / 0.02
        np.testing.assert_allclose(calibration.floor_by_picture(px)[:, :, axis], change, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(calibration.image_from_floor(calibration.floor_from_image(px)), px, atol=1e-6)


def test_the_way_down_is_the_way_the_picture_of_a_sinking_point_moves(camera):
    _, calibration = wide(camera, -0.25)
    pose = calibration.pose
    xy = calibration.floor_from_image(np.array([[100.0, 400], [640, 500], [1200, 600], [300, 690]]))
    down = pose.project(xy, 0.85) - pose.project(xy, 0.86)
    expected = down / np.linalg.norm(down, axis=1, keepdims=True)
    np.testing.assert_allclose(pose.sinking(pose.project(xy, 0.855)), expected, atol=1e-3)


def test_feet_at_the_edge_of_a_wide_picture_are_where_people_stand(camera):
    """A slim person at the edge leans outwards; the lower edge's middle would be beside them."""
    _, calibration = wide(camera, -0.25, 3.5, 45.0)
    pose = calibration.pose
    xy = calibration.floor_from_image(np.array([[90.0, 560], [1190, 560], [640, 600]]))
    foot, head = pose.project(xy), pose.project(xy, 1.7)
    low, high = np.minimum(foot, head), np.maximum(foot, head)
    found = calibration.floor_from_image(pose.foot_from_box(np.column_stack([low - 3, high + 3])))
    assert np.linalg.norm(found - xy, axis=1).max() < 0.15
    nadir = pose.project(np.array([pose.camera_xy_m]))
    assert np.isfinite(nadir).all()


def test_the_lens_is_kept_in_the_file_and_through_a_resize(camera, tmp_path):
    pairs, px, _ = clicked(camera(), Lens(-0.2), 12, 1, 1.0, 0.02)
    calibration = fit_calibration(pairs, SIZE).calibration
    calibration.save(tmp_path / "c.json")
    again = Calibration.load(tmp_path / "c.json")
    assert again.id == calibration.id
    assert again.lens == calibration.lens
    assert '"version": 2' in (tmp_path / "c.json").read_text()
    half = again.for_image_size((640, 360))
    np.testing.assert_allclose(half.floor_from_image((px - 0.5) / 2), again.floor_from_image(px), atol=1e-6)
    np.testing.assert_allclose(
        half.calibration_covariance((px - 0.5) / 2), again.calibration_covariance(px), rtol=1e-6
    )


def test_bad_pairs_are_found_behind_a_wide_lens_too(camera):
    pairs, px, floor = clicked(camera(), Lens(-0.25), 12, 2, 1.0, 0.01)
    floor_m = pairs.floor_m.copy()
    floor_m[3] += (1.5, -1.0)
    fit = fit_calibration(
        Pairs.of(pairs.image_px, floor_m), SIZE, settings=FitSettings(click_px=1, click_m=0.01)
    )
    assert np.flatnonzero(~fit.calibration.pairs.used).tolist() == [3]
    assert np.median(miss_m(fit.calibration, px, floor)) < 0.05

"""Fitting: what is found, what is left out, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from calibration.plan import SurveyFrame
from calibration.problem import FitSettings

SIZE = (1280, 720)


def spread(cam, n=8, seed=0):
    """n well spread pairs: a jittered grid over the picture's lower part."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(100, 1180, 4), np.linspace(250, 680, (n + 3) // 4))
    xy_px = np.column_stack([x.ravel(), y.ravel()])[:n] + rng.uniform(-40, 40, (n, 2))
    return xy_px, cam.floor(xy_px)


def test_exact_pairs_are_met_exactly(camera, fitted):
    cam = camera()
    fit = fitted(cam, n=9)
    assert fit.residual_px.max() < 1e-6
    assert fit.residual_m.max() < 1e-6
    assert fit.leave_one_out_m.max() < 1e-5
    assert fit.error_factor == 1
    assert fit.warnings == ()
    assert fit.pose_reason is None
    assert fit.calibration.pose.camera_height_m == pytest.approx(3.2, rel=1e-6)


def test_four_pairs_fit_and_say_that_nothing_is_checked(camera):
    cam = camera()
    xy_px = np.array([[200, 650], [1100, 600], [900, 300], [300, 280]], dtype=float)
    fit = fit_calibration(Pairs.of(xy_px, cam.floor(xy_px)), SIZE)
    assert fit.leave_one_out_m is None
    assert any("nothing can be checked" in warning for warning in fit.warnings)
    assert fit.calibration.image_from_floor(cam.floor(xy_px)) == pytest.approx(xy_px)
    assert np.all(np.isfinite(fit.calibration.calibration_covariance(xy_px)))


@pytest.mark.parametrize("off", [(1.0, 0.0), (0.0, -0.6), (1000.0, 1000.0)])
@pytest.mark.parametrize("wrong", range(8))
def test_one_wrong_pair_among_eight_is_left_out_and_named(camera, wrong, off):
    cam = camera()
    xy_px, xy_m = spread(cam)
    rng = np.random.default_rng(wrong)
    told_px, told_m = xy_px + rng.normal(0, 1, (8, 2)), xy_m + rng.normal(0, 0.01, (8, 2))
    told_m[wrong] += off
    fit = fit_calibration(Pairs.of(told_px, told_m), SIZE, settings=FitSettings(click_px=1, click_m=0.01))
    assert np.flatnonzero(~fit.calibration.pairs.used).tolist() == [wrong]
    assert any(f"pair {wrong + 1}" in warning for warning in fit.warnings)
    assert np.isnan(fit.leave_one_out_m[wrong])
    assert np.median(np.linalg.norm(fit.calibration.floor_from_image(xy_px) - xy_m, axis=1)) < 0.05


def test_two_swapped_pairs_among_ten_are_left_out(camera):
    cam = camera()
    xy_px, xy_m = spread(cam, n=10)
    xy_m[[2, 7]] = xy_m[[7, 2]]
    fit = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    assert np.flatnonzero(~fit.calibration.pairs.used).tolist() == [2, 7]
    assert fit.swapped == ((2, 7),)
    assert any("pair 3 and pair 8 look swapped" in warning for warning in fit.warnings)


@pytest.mark.parametrize("n", [6, 8, 12])
@pytest.mark.parametrize("seed", range(4))
def test_two_swapped_labels_are_recognised(camera, n, seed):
    """Of six the other four fit anything: that all would agree is told instead of a calibration."""
    rng = np.random.default_rng(seed)
    xy_px, xy_m = spread(camera(yaw=90.0 * seed), n, seed)
    i, j = sorted(rng.permutation(n)[:2].tolist())
    xy_px = np.clip(xy_px + rng.normal(0, 1, (n, 2)), 0, np.array(SIZE) - 1)
    xy_m = xy_m + rng.normal(0, 0.02, (n, 2))
    xy_m[[i, j]] = xy_m[[j, i]]
    said = f"pair {i + 1} and pair {j + 1} look swapped"
    if n == 6:
        with pytest.raises(ValueError, match=said):
            fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
        return
    fit = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    assert fit.swapped == ((i, j),)
    assert any(said in warning for warning in fit.warnings)


def test_a_wrong_pair_is_named_with_how_far_it_is_off(camera):
    xy_px, xy_m = spread(camera(), 9)
    xy_m[4] += (1.2, 0.0)
    fit = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    (warning,) = (text for text in fit.warnings if "left out" in text)
    assert f"pair 5 ({fit.residual_px[4]:.0f} px, 1.2 m off)" in warning
    assert fit.swapped == ()


def test_five_pairs_that_disagree_are_all_used_and_it_is_said(camera):
    cam = camera()
    xy_px, xy_m = spread(cam, n=5)
    xy_m[0] += [0.0, 1.0]
    fit = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    assert fit.calibration.pairs.used.all()
    assert any("cannot be told which" in warning for warning in fit.warnings)
    assert fit.error_factor > 2


def test_good_pairs_close_to_the_camera_are_kept(camera):
    """5 cm are 25 px there, far above the 4 px threshold: still no reason to drop a pair."""
    cam = camera(height=2.5, tilt=45)
    kept = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        xy_px, xy_m = spread(cam, n=12, seed=seed)
        fit = fit_calibration(
            Pairs.of(
                np.clip(xy_px + rng.normal(0, 2, (12, 2)), 0, [1279, 719]),
                xy_m + rng.normal(0, 0.05, (12, 2)),
            ),
            SIZE,
        )
        kept.append(fit.calibration.pairs.used.mean())
    assert np.mean(kept) > 0.96


@settings(max_examples=25, deadline=None)
@given(st.floats(2.5, 6), st.floats(15, 60), st.floats(0, 360))
def test_a_mirrored_set_is_refused_with_the_other_axes(camera, height, tilt, yaw):
    cam = camera(height, tilt, yaw=yaw)
    xy_px = cam.floor_points(np.random.default_rng(1), 8)
    pairs = Pairs.of(xy_px, cam.floor(xy_px) * [1, -1])
    with pytest.raises(ValueError, match=r"mirrored.*try --floor-axes survey.*pair \d, pair \d, pair \d"):
        fit_calibration(pairs, SIZE)
    with pytest.raises(ValueError, match="try --floor-axes plan"):
        fit_calibration(pairs, SIZE, survey=SurveyFrame(0, 0))


def test_pairs_mixed_up_so_that_no_camera_fits_are_named(camera):
    cam = camera()
    xy_px = np.array([[200, 650], [1100, 600], [900, 300], [300, 280]], dtype=float)
    xy_m = cam.floor(xy_px)
    with pytest.raises(ValueError, match=r"mixed up.*pair 1"):
        fit_calibration(Pairs.of(xy_px, xy_m[[1, 0, 2, 3]]), SIZE)


def test_the_only_two_pairs_off_a_line_cannot_be_checked_and_it_is_said(camera):
    cam = camera()
    line = np.column_stack([np.linspace(200, 1000, 6), np.linspace(300, 680, 6)])
    xy_px = np.concatenate([line, [[900, 350], [300, 600]]])
    xy_m = cam.floor(xy_px)
    fit = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    assert np.flatnonzero(np.isnan(fit.leave_one_out_m)).tolist() == [6, 7]
    assert any("cannot be checked" in warning and "pair 7, pair 8" in warning for warning in fit.warnings)


def test_larger_click_errors_give_larger_covariance_and_residuals_count(camera):
    cam = camera()
    xy_px, xy_m = spread(cam, n=12)
    at = xy_px[:3]
    small = fit_calibration(Pairs.of(xy_px, xy_m), SIZE, settings=FitSettings(click_px=1, click_m=0.02))
    large = fit_calibration(Pairs.of(xy_px, xy_m), SIZE, settings=FitSettings(click_px=2, click_m=0.04))
    assert large.calibration.calibration_covariance(at) == pytest.approx(
        4 * small.calibration.calibration_covariance(at), rel=1e-3
    )
    shaken = xy_px + np.random.default_rng(0).normal(0, 2.5, (12, 2))
    # A threshold that keeps every pair, and clicks stated far too good: the residuals must speak.
    boast = FitSettings(click_px=0.25, click_m=0.001, threshold_at_720p_px=50)
    honest = FitSettings(click_px=2.5, click_m=0.001, threshold_at_720p_px=50)
    boasted = fit_calibration(Pairs.of(shaken, xy_m), SIZE, settings=boast)
    told = fit_calibration(Pairs.of(shaken, xy_m), SIZE, settings=honest)
    assert boasted.error_factor > 5
    assert any("times what the click errors explain" in warning for warning in boasted.warnings)
    ratio = np.trace(boasted.calibration.cov_h) / np.trace(told.calibration.cov_h)
    assert 0.3 < ratio < 3


def test_the_order_of_the_pairs_does_not_matter(camera):
    cam = camera()
    rng = np.random.default_rng(3)
    xy_px, xy_m = spread(cam, n=12)
    xy_px, xy_m = xy_px + rng.normal(0, 2, (12, 2)), xy_m + rng.normal(0, 0.03, (12, 2))
    order = rng.permutation(12)
    a = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    b = fit_calibration(Pairs.of(xy_px[order], xy_m[order]), SIZE)
    assert b.calibration.floor_from_image(xy_px) == pytest.approx(
        a.calibration.floor_from_image(xy_px), abs=1e-4
    )
    assert np.array_equal(a.calibration.pairs.used[order], b.calibration.pairs.used)


def test_the_same_pairs_give_the_same_bytes(camera, fitted):
    assert fitted(camera()).calibration.id == fitted(camera()).calibration.id


def test_looking_down_takes_the_camera_height_or_does_without(camera):
    cam = camera(tilt=90)
    xy_px, xy_m = spread(cam, n=9)
    without = fit_calibration(Pairs.of(xy_px, xy_m), SIZE)
    assert without.calibration.pose is None
    assert "straight down" in without.pose_reason
    given_height = fit_calibration(Pairs.of(xy_px, xy_m), SIZE, camera_height_m=3.2)
    assert given_height.calibration.pose.source == "camera height"
    assert given_height.calibration.pose.focal_px == pytest.approx(900, rel=1e-3)
    assert "straight down" in given_height.pose_reason


def test_nearly_down_with_sloppy_clicks_is_ill_conditioned(camera):
    cam = camera(tilt=84)
    rng = np.random.default_rng(0)
    xy_px, xy_m = spread(cam, n=8)
    fit = fit_calibration(
        Pairs.of(xy_px + rng.normal(0, 2, (8, 2)), xy_m + rng.normal(0, 0.05, (8, 2))), SIZE
    )
    assert fit.calibration.pose is None
    assert fit.pose_reason is not None


def test_a_measured_height_that_contradicts_the_pairs_is_told(camera):
    cam = camera()
    xy_px, xy_m = spread(cam, n=9)
    fit = fit_calibration(Pairs.of(xy_px, xy_m), SIZE, camera_height_m=2.0)
    assert any("3.2 m above the floor, not 2 m" in warning for warning in fit.warnings)


@pytest.mark.slow
def test_simulated_cameras_state_the_error_that_is_found(camera):
    """DESIGN section 7, the calibration's part alone: 200 cameras, 8 to 14 pairs with click errors."""
    rng = np.random.default_rng(11)
    near, far, heights = [], [], []
    for k in range(200):
        size = ((1280, 720), (1920, 1080), (640, 480))[k % 3]
        cam = camera(
            rng.uniform(2.5, 6),
            rng.uniform(15, 60),
            rng.uniform(0.6, 1.2) * size[0],
            size,
            rng.uniform(0, 360),
        )
        n = int(rng.integers(8, 15))
        true_px, test_px = np.split(cam.floor_points(rng, n + 30), [n])
        clicked = np.clip(true_px + rng.normal(0, 2, (n, 2)), 0, np.array(size) - 1)
        measured = cam.floor(true_px) + rng.normal(0, 0.05, (n, 2))
        fit = fit_calibration(Pairs.of(clicked, measured), size)
        error = fit.calibration.floor_from_image(test_px) - cam.floor(test_px)
        squared = mahalanobis(error, fit.calibration.calibration_covariance(test_px))
        near.append(np.mean(squared <= 2.30))
        far.append(np.mean(squared <= 5.99))
        if fit.calibration.pose is not None:
            heights.append(fit.calibration.pose.camera_height_m / -cam.centre[2])
    assert 0.60 <= np.mean(near) <= 0.75
    assert 0.90 <= np.mean(far) <= 0.98
    assert len(heights) >= 180
    assert np.median(np.abs(np.log(heights))) < 0.08


def mahalanobis(error, covariance):
    xx, xy, yy = covariance.T
    x, y = error.T
    return (yy * x**2 - 2 * xy * x * y + xx * y**2) / (xx * yy - xy**2)

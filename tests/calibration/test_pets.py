"""Against somebody else's answer: the published calibration and floor positions of PETS 2009, view 1."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from calibration.plan import SurveyFrame

SIZE = (768, 576)
# MOTChallenge counts pixels from 1 and names a box by its outer edges; ours has (0, 0) in a pixel's centre.
MOT_OFFSET_PX = 1.5


@pytest.fixture(scope="module")
def pets(tsai):
    """Fourteen places of a 5 m grid, where the published camera shows them, fitted as a survey."""
    x, y = np.meshgrid(np.linspace(-16, 6, 5), np.linspace(-14, 6, 4))
    survey_m = np.column_stack([x.ravel(), y.ravel()])
    xy_px = tsai.image_from_survey(survey_m)
    inside = np.all((xy_px > 0) & (xy_px < np.array(SIZE) - 1), axis=1)
    survey = SurveyFrame.around(survey_m[inside])
    fit = fit_calibration(Pairs.of(xy_px[inside], survey_m[inside]).in_plan(survey), SIZE, survey=survey)
    assert 12 <= len(fit.calibration.pairs) <= 20
    assert fit.calibration.pairs.used.all()
    return fit


@pytest.fixture(scope="module")
def truth(data):
    """frame, box (4, in our pixels), survey position (2)."""
    rows = np.loadtxt(data / "mot/PETS09-S2L1/gt/gt.txt", delimiter=",")
    return np.column_stack([rows[:, 0], boxes(rows), rows[:, 7:9]])


@pytest.fixture(scope="module")
def matched(data, truth):
    """Detector boxes (N, 4) and true survey positions (N, 2), matched at IoU 0.5; feet hidden below the
    picture's edge are left out."""
    rows = np.loadtxt(data / "mot/PETS09-S2L1/det/det_frrcnn_sort.txt", delimiter=",")
    found, position = [], []
    for frame in np.unique(truth[:, 0]):
        true = truth[truth[:, 0] == frame]
        detected = boxes(rows[rows[:, 0] == frame])
        iou = overlap(true[:, 1:5], detected)
        for i, j in zip(*linear_sum_assignment(-iou), strict=True):
            if iou[i, j] >= 0.5 and max(true[i, 4], detected[j, 3]) < SIZE[1] - 2:
                found.append(detected[j])
                position.append(true[i, 5:])
    assert len(found) > 3000
    return np.array(found), np.array(position)


def boxes(rows):
    return np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]) - MOT_OFFSET_PX


def overlap(a, b):
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    area_a, area_b = (np.prod(x[:, 2:] - x[:, :2], axis=1) for x in (a, b))
    return both / (area_a[:, None] + area_b[None] - both)


def bottom_centre(xyxy):
    return np.column_stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]])


def test_the_published_camera_is_found(pets, tsai):
    pose, survey = pets.calibration.pose, pets.calibration.survey
    assert pose.camera_height_m == pytest.approx(tsai.centre_m[2], rel=0.03)
    assert survey.survey_from_plan(np.array([pose.camera_xy_m]))[0] == pytest.approx(
        tsai.centre_m[:2], abs=0.3
    )
    assert np.nanmax(pets.leave_one_out_m) < 0.2


def test_a_person_s_head_is_where_the_published_camera_sees_it(pets, tsai):
    survey_m = np.array([[-10.0, -8.0], [0.0, 0.0], [3.0, -10.0]])
    ours = pets.calibration.pose.project(pets.calibration.survey.plan_from_survey(survey_m), 1.75)
    assert ours == pytest.approx(tsai.image_from_survey(survey_m, 1.75), abs=4)


def test_true_boxes_stand_where_the_truth_says(pets, truth):
    found = pets.calibration.floor_from_image(bottom_centre(truth[:, 1:5]))
    error = np.linalg.norm(found - pets.calibration.survey.plan_from_survey(truth[:, 5:]), axis=1)
    assert np.median(error) < 0.05
    as_in_the_file = pets.calibration.floor_from_image(bottom_centre(truth[:, 1:5] + MOT_OFFSET_PX))
    error = np.linalg.norm(as_in_the_file - pets.calibration.survey.plan_from_survey(truth[:, 5:]), axis=1)
    assert np.median(error) <= 0.15


def test_detected_feet_are_as_far_off_as_they_can_be(pets, matched):
    """0.30 m is the detector's own error: the truth's own homography leaves 0.303 m."""
    found, position = matched
    error = pets.calibration.floor_from_image(
        bottom_centre(found)
    ) - pets.calibration.survey.plan_from_survey(position)
    assert round(float(np.median(np.linalg.norm(error, axis=1))), 2) <= 0.30


@pytest.mark.parametrize("foot", ["bottom centre", "person's vertical"])
def test_the_stated_covariance_holds(pets, matched, foot):
    found, position = matched
    calibration = pets.calibration
    feet = bottom_centre(found) if foot == "bottom centre" else calibration.pose.foot_from_box(found)
    error = calibration.floor_from_image(feet) - calibration.survey.plan_from_survey(position)
    xx, xy, yy = calibration.floor_covariance(feet, found[:, 3] - found[:, 1]).T
    x, y = error.T
    squared = (yy * x**2 - 2 * xy * x * y + xx * y**2) / (xx * yy - xy**2)
    assert 0.60 <= np.mean(squared <= 2.30) <= 0.75
    assert 0.90 <= np.mean(squared <= 5.99) <= 0.98


def test_clicked_pairs_do_as_well(tsai, truth):
    """Thirty people click places with 2 px and 5 cm of error: the stated error is the error found."""
    squared = []
    survey = SurveyFrame(-22.0, 10.0)
    plan_m = survey.plan_from_survey(truth[::20, 5:])
    true_px = tsai.image_from_survey(truth[::20, 5:])
    for seed in range(30):
        rng = np.random.default_rng(seed)
        places = rng.permutation(len(plan_m))[:14]
        pairs = Pairs.of(
            np.clip(true_px[places] + rng.normal(0, 2, (14, 2)), 0, np.array(SIZE) - 1),
            plan_m[places] + rng.normal(0, 0.05, (14, 2)),
        )
        calibration = fit_calibration(pairs, SIZE, survey=survey).calibration
        error = calibration.floor_from_image(true_px) - plan_m
        xx, xy, yy = calibration.calibration_covariance(true_px).T
        x, y = error.T
        squared.append((yy * x**2 - 2 * xy * x * y + xx * y**2) / (xx * yy - xy**2))
    assert 0.60 <= np.mean(np.concatenate(squared) <= 2.30) <= 0.75
    assert 0.90 <= np.mean(np.concatenate(squared) <= 5.99) <= 0.98

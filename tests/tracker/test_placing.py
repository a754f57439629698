"""Foot points and floor positions of tracklets."""

import numpy as np
import pytest

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from tracker.placing import place
from tracker.tracklets import Tracklets

SIZE_PX = (640, 480)
SHOWN_PX = (0.0, 0.0, 640.0, 480.0)
PICTURES = np.arange(0, 10) / 4


def tracklets(*rows: tuple[int, float, float, float, float, float]) -> Tracklets:
    """Rows of tracklet, t_s, left, top, right, bottom."""
    table = np.array(rows, dtype=float)
    return Tracklets(
        table[:, 0].astype(np.int64),
        table[:, 1],
        table[:, 2:],
        np.full(len(table), 0.8),
        np.arange(len(table)),
    )


def test_the_foot_is_the_middle_of_the_lower_edge_without_calibration():
    tracks = place(tracklets((1, 0.0, 100, 50, 140, 200)), PICTURES, SHOWN_PX, None, 2.0)
    assert tracks.foot_px.tolist() == [[120.0, 200.0]]
    assert np.isnan(tracks.xy_m).all()
    assert np.isnan(tracks.cov_m2).all()


@pytest.mark.parametrize(("bottom", "visible"), [(470.0, True), (479.6, False), (480.0, False)])
def test_a_box_that_touches_the_lower_edge_has_no_foot(bottom, visible):
    tracks = place(tracklets((1, 0.0, 100, 300, 140, bottom)), PICTURES, SHOWN_PX, None, 2.0)
    assert np.isfinite(tracks.foot_px).all() == visible


def test_missed_pictures_of_a_short_gap_are_filled_straight_and_marked():
    tracks = place(
        tracklets((1, 0.0, 0, 0, 10, 20), (1, 1.0, 40, 40, 50, 60)),
        PICTURES,
        SHOWN_PX,
        None,
        max_bridge_s=2.0,
    )
    assert tracks.t_s.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert tracks.observed.tolist() == [True, False, False, False, True]
    assert tracks.xyxy_px[2].tolist() == [20.0, 20.0, 30.0, 40.0]
    assert np.isnan(tracks.score[1:4]).all()


def test_longer_gaps_and_other_tracklets_are_not_filled():
    tracks = place(
        tracklets(
            (1, 0.0, 0, 0, 10, 20), (1, 2.25, 40, 40, 50, 60), (2, 0.5, 0, 0, 5, 5), (3, 1.5, 0, 0, 5, 5)
        ),
        PICTURES, SHOWN_PX, None, max_bridge_s=2.0,
    )  # fmt: skip
    assert tracks.observed.all()
    assert len(tracks) == 4


def test_a_gap_with_a_cut_box_at_one_end_has_no_foot_at_that_end():
    tracks = place(
        tracklets((1, 0.0, 0, 300, 10, 400), (1, 0.5, 0, 300, 10, 480)),
        PICTURES,
        SHOWN_PX,
        None,
        max_bridge_s=2.0,
    )
    assert np.isfinite(tracks.foot_px[:, 0]).tolist() == [True, True, False]


def test_positions_are_on_the_floor_with_a_covariance():
    # A camera that looks straight at a floor of 1 cm a pixel has no pose: the foot is the lower middle.
    floor = np.array([[0.0, 0.0], [6.0, 0.0], [6.0, 4.0], [0.0, 4.0], [3.0, 2.0]])
    calibration = fit_calibration(Pairs.of(floor * 100, floor), SIZE_PX).calibration
    assert calibration.pose is None
    tracks = place(tracklets((1, 0.0, 290, 100, 310, 200)), PICTURES, SHOWN_PX, calibration, 2.0)
    assert tracks.xy_m[0] == pytest.approx([3.0, 2.0], abs=1e-6)
    jitter_m = calibration.foot_jitter.sigma_px(np.array([100.0]))[0] / 100
    assert np.all(tracks.cov_m2[0, [0, 2]] >= jitter_m**2)


def test_nobody_gives_no_rows():
    nobody = Tracklets(
        np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64)
    )
    assert len(place(nobody, PICTURES, SHOWN_PX, None, 2.0)) == 0


def test_the_near_edge_of_the_shoes_is_moved_back_to_the_middle_of_the_body():
    """A camera 4 m up at (0, 0) of the floor looks along y; 0.2 m away from it along the line of sight."""
    focal, down = 400.0, np.radians(30)
    floor = np.array([(x, y) for x in (-3.0, -1, 1, 3) for y in (4.0, 6, 9)])
    forward = floor[:, 1] * np.cos(down) + 4 * np.sin(down)
    below = 4 * np.cos(down) - floor[:, 1] * np.sin(down)
    px = np.column_stack([319.5 + focal * floor[:, 0] / forward, 239.5 + focal * below / forward])
    # On a plan with y down the camera stands at the lower edge and looks up.
    calibration = fit_calibration(Pairs.of(px, floor * [1, -1] + [5, 12]), SIZE_PX).calibration
    assert calibration.pose is not None
    row = tracklets((1, 0.0, 300, 150, 340, 300))
    near = place(row, PICTURES, SHOWN_PX, calibration, 2.0)
    moved = place(row, PICTURES, SHOWN_PX, calibration, 2.0, near_edge_m=0.2)
    away = near.xy_m[0] - np.asarray(calibration.pose.camera_xy_m)
    # The head has its say too: its own point on the floor knows nothing of shoes.
    assert moved.xy_m[0] - near.xy_m[0] == pytest.approx(0.2 * away / np.hypot(*away), abs=0.01)
    assert calibration.floor_from_image(moved.foot_px)[0] == pytest.approx(moved.xy_m[0], abs=1e-6)

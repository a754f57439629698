"""The axis of time of a live camera: even though its clock drifts, jumps, stands still or is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.live.clock import CameraClock

STEP_S = 0.1


def times(clock: CameraClock, stamps: list[float | None], arrivals: list[float]) -> list[float | None]:
    return [clock.time_s(stamp, arrival) for stamp, arrival in zip(stamps, arrivals, strict=True)]


def given_out(found: list[float | None]) -> np.ndarray:
    return np.array([t_s for t_s in found if t_s is not None])


@given(
    st.lists(st.floats(0.0, 0.3), min_size=100, max_size=100),
    st.floats(-1e5, 1e5),
    st.floats(0.0, 50.0),
)
def test_the_steps_of_a_good_clock_are_kept_whatever_the_network_does(
    delays: list[float], origin: float, began: float
) -> None:
    taken = np.arange(100) * STEP_S
    # TCP keeps the order.
    arrivals = np.maximum.accumulate(began + taken + delays)
    found = times(CameraClock(), list(origin + taken), list(arrivals))
    steps = np.diff([t_s for t_s in found if t_s is not None])
    assert np.all(steps > 0)
    # After the first seconds, in which the store of the camera is told from its present.
    late = given_out(found[60:])
    assert np.diff(late) == pytest.approx(STEP_S, rel=0.26)
    assert np.all(late <= arrivals[-len(late) :] + 0.31)
    assert np.all(late >= arrivals[-len(late) :] - 0.31)


@given(st.data())
def test_times_never_go_back_and_are_never_far_in_the_future(data: st.DataObject) -> None:
    """Whatever a camera says, and however it arrives."""
    clock, arrival, last = CameraClock(3.0), 3.0, 3.0
    for _ in range(data.draw(st.integers(1, 60))):
        arrival += data.draw(st.floats(0, 4))
        stamp = data.draw(st.none() | st.floats(-1e6, 1e6) | st.floats(0, 3))
        t_s = clock.time_s(stamp, arrival)
        if t_s is not None:
            assert last < t_s <= arrival + 2.0
            last = t_s


def test_pictures_from_the_camera_s_store_are_left_out() -> None:
    """Two seconds of the past arrive at once; the present goes on from there."""
    taken = np.arange(60) * STEP_S
    arrivals = np.maximum(taken, 2.0)
    found = times(CameraClock(), list(taken + 500), list(arrivals))
    assert all(t_s is None for t_s in found[:20])
    assert given_out(found) == pytest.approx(taken[-len(given_out(found)) :], abs=1e-9)
    assert len(given_out(found)) >= 38


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 5.0, -5.0])
def test_a_clock_that_is_set_anew_is_noticed_and_time_goes_on(jump_s: float) -> None:
    taken = np.arange(200) * STEP_S
    stamps = taken + np.where(taken >= 10, jump_s, 0.0)
    clock = CameraClock()
    found = times(clock, list(stamps), list(taken + 0.05))
    t_s = given_out(found)
    assert len(t_s) >= 197
    assert np.all(np.diff(t_s) < 3 * STEP_S)
    assert t_s[-1] == pytest.approx(taken[-1] + 0.05, abs=0.2)
    told = clock.notices()
    assert len(told) == 1
    assert f"jumped by {jump_s:+.1f} s" in told[0]
    assert clock.notices() == []


def test_a_single_bad_stamp_moves_nothing() -> None:
    taken = np.arange(100) * STEP_S
    stamps = taken + np.where(np.arange(100) == 50, 3600.0, 0.0)
    clock = CameraClock()
    found = times(clock, list(stamps), list(taken))
    assert found[50] is None
    assert given_out(found[51:]) == pytest.approx(taken[51:], abs=1e-9)
    assert clock.notices() == []


@pytest.mark.parametrize("rate", [0.9, 0.999, 1.001, 1.1])
def test_a_clock_that_runs_wrong_is_followed(rate: float) -> None:
    """Ten minutes: time goes by this machine's clock and does not drift away, without a jump."""
    taken = np.arange(6000) * STEP_S
    clock = CameraClock()
    t_s = given_out(times(clock, list(taken * rate), list(taken)))
    assert np.all(np.abs(t_s - taken[-len(t_s) :]) < 1.6)
    assert np.diff(t_s[-100:]) == pytest.approx(STEP_S, rel=0.02)
    assert clock.notices() == []


def test_a_hold_up_in_the_network_is_no_jump() -> None:
    """Five seconds of silence, then all of it at once: pictures keep the times at which they were taken."""
    taken = np.arange(200) * STEP_S
    arrivals = np.where((taken > 10) & (taken < 15), 15.0, taken)
    clock = CameraClock()
    t_s = given_out(times(clock, list(taken), list(arrivals)))
    assert np.diff(t_s) == pytest.approx(STEP_S, abs=1e-6)
    assert clock.notices() == []


def test_lost_pictures_leave_a_hole() -> None:
    taken = np.concatenate([np.arange(100), np.arange(150, 250)]) * STEP_S
    t_s = given_out(times(CameraClock(), list(taken), list(taken)))
    assert np.max(np.diff(t_s)) == pytest.approx(50 * STEP_S + STEP_S, abs=1e-6)


@pytest.mark.parametrize("stamp", [None, 7.0], ids=["none", "always the same"])
def test_a_camera_without_useful_stamps_is_timed_by_arrival(stamp: float | None) -> None:
    taken = np.arange(100) * STEP_S
    clock = CameraClock()
    t_s = given_out(times(clock, [stamp] * 100, list(taken)))
    assert t_s[-60:] == pytest.approx(taken[-60:])
    assert "timed by their arrival" in clock.notices()[0]


def test_stamps_that_jump_again_and_again_are_given_up() -> None:
    taken = np.arange(300) * STEP_S
    stamps = taken + 1000 * (np.arange(300) // 7 % 2)
    clock = CameraClock()
    t_s = given_out(times(clock, list(stamps), list(taken)))
    assert t_s[-200:] == pytest.approx(taken[-200:])
    told = clock.notices()
    assert "again and again" in told[-1]
    assert len(told) <= 6


def test_without_stamps_a_bunch_is_one_picture() -> None:
    """MJPEG that was held up: nobody knows when its pictures were taken."""
    clock = CameraClock(stamped=False)
    arrivals = [*(np.arange(40) * STEP_S), *(6.0 + np.arange(20) * 0.001), *(6.1 + np.arange(20) * STEP_S)]
    t_s = given_out(times(clock, [None] * len(arrivals), arrivals))
    assert np.sum((t_s >= 6.0) & (t_s < 6.05)) == 1
    assert np.min(np.diff(t_s)) > STEP_S / 5


def test_after_a_reconnect_time_goes_on_behind_the_last_picture() -> None:
    found = times(CameraClock(20.0), [0.0, 0.1, 0.2, 0.3], [19.8, 19.9, 20.05, 20.15])
    assert given_out(found)[0] > 20.0

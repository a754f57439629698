"""Faulty timestamps are repaired and counted; observed time is the union of what was decoded."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.timeline import MAX_FRAME_GAP_S, FootageLog, Timestamps


def repaired(raw: list[float | None], interval_s: float = 0.1) -> tuple[list[float], Timestamps]:
    stamps = Timestamps(interval_s)
    given_back = list(stamps.repaired([(t, i) for i, t in enumerate(raw)]))
    assert [i for _, i in given_back] == list(range(len(raw)))
    return [t for t, _ in given_back], stamps


def test_good_times_pass_untouched() -> None:
    raw = [0.0, 0.1, 0.35, 7.0, 7.01, 900.0]
    times, stamps = repaired(list(raw))
    assert times == raw
    assert stamps.warnings() == ()


def test_missing_times_are_filled_between_their_neighbours() -> None:
    times, stamps = repaired([0.0, 0.1, None, 0.3, None, None])
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], abs=0.06)
    assert np.all(np.diff(times) > 0)
    assert stamps.missing == 3
    assert "3 pictures had no timestamp" in stamps.warnings()[0]


def test_one_timestamp_far_ahead_is_put_back() -> None:
    times, stamps = repaired([0.0, 0.1, 5000.0, 0.3, 0.4])
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert stamps.misplaced == 1


def test_one_timestamp_far_back_is_put_forward() -> None:
    times, stamps = repaired([10.0, 10.1, 0.0, 10.3, 10.4])
    assert times == pytest.approx([10.0, 10.1, 10.2, 10.3, 10.4])
    assert (stamps.misplaced, stamps.restarts) == (1, 0)


def test_a_clock_that_begins_again_is_carried_on() -> None:
    first = [i / 10 for i in range(50)]
    times, stamps = repaired([*first, *first])
    assert times == pytest.approx([i / 10 for i in range(100)])
    assert stamps.restarts == 1
    assert "jumped back 1 times" in stamps.warnings()[0]


def test_whole_second_timestamps_do_not_outrun_the_clock() -> None:
    raw = [float(i // 25) for i in range(25 * 60)]
    times, stamps = repaired(list(raw), interval_s=0.04)
    assert times[-1] == pytest.approx(60, abs=1.5)
    assert stamps.restarts == 0


@given(
    st.lists(
        st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(0, 5).map(float)), min_size=1, max_size=60
    )
)
def test_times_always_increase(raw: list[float | None]) -> None:
    times, stamps = repaired(raw)
    assert all(math.isfinite(t) for t in times)
    assert all(b > a for a, b in pairwise(times))
    ordinary = all(t is not None for t in raw) and all(
        b > a
        for a, b in pairwise(raw)  # type: ignore[operator]
    )
    if ordinary:
        assert times == raw
        assert not stamps.warnings()


def log_of(times: list[float], interval_s: float = 0.04) -> np.ndarray:
    log = FootageLog(interval_s)
    for t in times:
        log.add(t)
    return log.footage().observed_s


def test_observed_time_ends_one_median_interval_after_each_last_picture() -> None:
    spans = log_of([0.0, 0.1, 0.2, 0.3, 10.0, 10.1, 10.2])
    assert spans == pytest.approx(np.array([[0.0, 0.4], [10.0, 10.3]]))


def test_a_gap_of_two_seconds_is_watched_a_longer_one_is_not() -> None:
    assert len(log_of([0.0, 0.1, 0.1 + MAX_FRAME_GAP_S])) == 1
    assert len(log_of([0.0, 0.1, 0.11 + MAX_FRAME_GAP_S])) == 2


def test_one_picture_lasts_the_stated_interval_and_none_lasts_nothing() -> None:
    assert log_of([3.0]) == pytest.approx(np.array([[3.0, 3.04]]))
    assert log_of([]).shape == (0, 2)


def test_time_lapse_is_not_watched_between_its_pictures() -> None:
    spans = log_of([0.0, 60.0, 120.0], interval_s=60.0)
    assert spans == pytest.approx(np.array([[0, 2], [60, 62], [120, 122]]))


@given(st.lists(st.floats(0.001, 6), min_size=1, max_size=80))
def test_observed_and_gaps_make_up_the_whole(steps: list[float]) -> None:
    times = list(np.cumsum([0.0, *steps]))
    log = FootageLog(0.04)
    for t in times:
        log.add(t)
    footage = log.footage()
    gaps = footage.gaps_s
    whole = footage.observed_s[-1, 1] - times[0]
    assert footage.observed_time_s + float(np.sum(gaps[:, 1] - gaps[:, 0])) == pytest.approx(whole, rel=1e-9)
    assert footage.frames == len(times)
    for t in random.Random(0).sample(times, min(5, len(times))):
        assert np.any((footage.observed_s[:, 0] <= t) & (t < footage.observed_s[:, 1]))

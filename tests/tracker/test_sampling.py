"""Pictures are chosen by time: exact cases, and the laws that any timing must obey."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.sampling import EARLY_S, Sampler


def picked(times: list[float], fps: float | None) -> list[float]:
    sampler = Sampler(fps)
    chosen = []
    for t_s in times:
        if sampler.due(t_s):
            sampler.take(t_s)
            chosen.append(t_s)
    return chosen


def test_ten_a_second_sampled_at_eight_gives_eight_a_second() -> None:
    times = [i / 10 for i in range(101)]
    chosen = picked(times, 8)
    assert chosen[:9] == [0.0, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9, 1.0]
    assert len(chosen) == 81  # 10 s, both ends


def test_no_rate_takes_all() -> None:
    assert picked([0.0, 0.001, 0.002], None) == [0.0, 0.001, 0.002]


@pytest.mark.parametrize("source", [1, 5, 7, 8, 10, 29.97, 30])
@pytest.mark.parametrize("digits", [3, 9])
def test_footage_at_the_sampling_rate_is_used_whole(source: float, digits: int) -> None:
    """Also where the container rounds times to 1 ms (mkv)."""
    times = [round(i / source, digits) for i in range(300)]
    assert picked(times, source) == times


@pytest.mark.parametrize("source", [1, 5, 7, 8])
def test_slower_footage_is_used_whole_even_in_steps_of_ten_milliseconds(source: float) -> None:
    times = [round(i / source, 2) for i in range(300)]
    assert picked(times, 8) == times


@pytest.mark.parametrize(("source", "wanted"), [(25, 8), (29.97, 8), (10, 8), (16.67, 8), (30, 7), (9, 8)])
def test_average_rate_is_the_one_asked_for(source: float, wanted: float) -> None:
    times = [i / source for i in range(int(source * 100))]
    assert len(picked(times, wanted)) == pytest.approx(wanted * 100, abs=1)


def test_a_picture_that_failed_leaves_its_tick_to_the_next() -> None:
    sampler = Sampler(1)
    assert sampler.due(0.0)
    assert sampler.due(0.1)
    sampler.take(0.1)
    assert not sampler.due(0.2)
    assert sampler.due(1.0)


@given(
    steps=st.lists(st.floats(1e-3, 5), min_size=1, max_size=200),
    fps=st.floats(0.2, 60),
)
def test_laws_at_any_timing(steps: list[float], fps: float) -> None:
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step)
    chosen = picked(times, fps)

    def tick_of(t: float) -> int:
        return math.floor(t * fps + min(EARLY_S * fps, 0.1))

    ticks = [tick_of(t) for t in chosen]
    assert len(set(ticks)) == len(ticks)  # never two in one tick
    assert set(ticks) == {tick_of(t) for t in times}  # a picture for each tick that has one
    assert chosen[0] == 0.0
    for tick, t in zip(ticks, chosen, strict=True):  # and it is the first
        assert t == min(u for u in times if tick_of(u) == tick)
    # Cutting a recording in two at a picked tick changes nothing after it.
    middle = chosen[len(chosen) // 2]
    assert picked([t for t in times if t >= middle], fps) == [t for t in chosen if t >= middle]


@pytest.mark.parametrize("fps", [0, -1, math.nan, math.inf])
def test_impossible_rates_are_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="expected a number above 0"):
        Sampler(fps)

"""The start in a file name, as recorders of several makes write it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dwellmap.time_pattern import TimePattern

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("ch03_%Y%m%d_%H%M%S", "ch03_20261121_081500.mp4"),
        ("CH??_%Y%m%d%H%M%S*", "ch03_20261121081500_20261121083000.mp4"),
        ("*_%Y-%m-%d_%H-%M-%S.mkv", "Front.Door_2026-11-21_08-15-00.mkv"),
        ("%Y%j%H%M%S", "2026325081500.avi"),
        ("100%%_%y%m%d%H%M%S", "100%_261121081500.avi"),
    ],
)
def test_names_give_their_time(pattern: str, name: str) -> None:
    assert TimePattern(pattern).read(name, BERLIN) == datetime(2026, 11, 21, 8, 15, tzinfo=BERLIN)


def test_a_stated_offset_is_stronger_than_the_sites_zone() -> None:
    found = TimePattern("%Y%m%dT%H%M%S%z").read("20261121T081500-0500.mp4", BERLIN)
    assert found is not None
    assert found.utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize("name", ["holiday.mp4", "ch03_20261321_081500.mp4", "xch03_20261121_081500.mp4"])
def test_other_names_give_nothing(name: str) -> None:
    assert TimePattern("ch03_%Y%m%d_%H%M%S").read(name, BERLIN) is None


@pytest.mark.parametrize(
    "pattern", ["ch03", "%Y%m%d", "%H%M%S", "%Y%Y%m%d%H", "%Y%m%d%H%Q", "%Y%m%d%H%", "*a*b*c*d*e%Y%m%d%H"]
)
def test_patterns_that_cannot_work_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        TimePattern(pattern)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9998, 1, 1)), st.text(max_size=10))
def test_what_strftime_writes_is_read_back(moment: datetime, around: str) -> None:
    name = f"{around}_{moment:%Y%m%d_%H%M%S.%f}_x"
    found = TimePattern("*_%Y%m%d_%H%M%S.%f_?").read(name, UTC)
    assert found == moment.replace(tzinfo=UTC)

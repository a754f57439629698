"""Start times: told, in the name, in the container, in that order, always with a zone."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tracker.wallclock import DEFAULT_PATTERNS, find_start, time_in_name

BERLIN = ZoneInfo("Europe/Berlin")
NAMED = Path("cam3_20260314_101500.mp4")
STATED = {"creation_time": "2026-01-02T03:04:05.000000Z"}


def test_option_beats_name_beats_container() -> None:
    told = find_start(NAMED, option="2026-05-01T08:00", time_zone=BERLIN, metadata=STATED)
    assert (told.when, told.source) == (datetime(2026, 5, 1, 8, tzinfo=BERLIN), "option")
    named = find_start(NAMED, time_zone=BERLIN, metadata=STATED)
    assert (named.when, named.source) == (datetime(2026, 3, 14, 10, 15, tzinfo=BERLIN), "file name")
    stated = find_start(Path("clip.mp4"), time_zone=BERLIN, metadata=STATED)
    assert (stated.when, stated.source) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "container")
    assert stated.when is not None
    assert stated.when.utcoffset() == timedelta(hours=1)  # told in the site's zone
    unknown = find_start(Path("clip.mp4"), time_zone=BERLIN)
    assert (unknown.when, unknown.source) == (None, "unknown")


def test_a_zone_in_the_option_is_kept_as_an_instant() -> None:
    start = find_start(NAMED, option="2026-05-01T08:00:00-05:00", time_zone="Europe/Berlin")
    assert start.when == datetime(2026, 5, 1, 13, tzinfo=UTC)
    assert find_start(NAMED, option=datetime(2026, 5, 1, 8), time_zone=BERLIN).when == datetime(
        2026, 5, 1, 8, tzinfo=BERLIN
    )


def test_summer_and_winter_time_differ() -> None:
    summer = find_start(Path("2026-07-01_12-00-00.mkv"), time_zone="Europe/Berlin").when
    winter = find_start(Path("2026-01-01_12-00-00.mkv"), time_zone="Europe/Berlin").when
    assert summer is not None
    assert winter is not None
    assert (summer.utcoffset(), winter.utcoffset()) == (timedelta(hours=2), timedelta(hours=1))


def test_without_a_zone_the_local_one_is_taken_and_named() -> None:
    start = find_start(NAMED)
    assert start.when is not None
    assert start.when.tzinfo is not None
    assert start.when.replace(tzinfo=None) == datetime(2026, 3, 14, 10, 15)
    assert start.note is not None
    assert str(start.when.tzname()) in start.note
    assert find_start(NAMED, time_zone="UTC").note is None


@pytest.mark.parametrize("pattern", DEFAULT_PATTERNS)
def test_every_default_pattern_is_found_inside_a_name(pattern: str) -> None:
    moment = datetime(2026, 3, 14, 15, 9, 26)
    path = Path(f"NVR-07_ch2 {moment.strftime(pattern)}_main.mp4")
    assert find_start(path, time_zone=UTC).when == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NVR_ch1_main_20210830093000_20210830100000.dav", "2021-08-30T09:30:00"),  # start and end
        ("RLC-410-5MP-01-20210101120000.mp4", "2021-01-01T12:00:00"),
        ("2026-03-14 10-15-00.mkv", "2026-03-14T10:15:00"),
        ("cam_20261399_101500_20260314_101500.mp4", "2026-03-14T10:15:00"),  # the first is no date
        ("20260314101500123456.mp4", None),  # a longer number
        ("clip_0012.mp4", None),
        ("cam_19700101_000003.mp4", None),  # a clock that was never set
    ],
)
def test_names_as_recorders_write_them(name: str, expected: str | None) -> None:
    found = time_in_name(Path(name), DEFAULT_PATTERNS)
    assert found == (datetime.fromisoformat(expected) if expected else None)


def test_own_patterns_come_first() -> None:
    path = Path("03042026-080910 20260101_000000.avi")
    start = find_start(path, name_patterns=("%d%m%Y-%H%M%S",), time_zone=UTC)
    assert start.when == datetime(2026, 4, 3, 8, 9, 10, tzinfo=UTC)


def test_a_pattern_may_use_folders_milliseconds_zone_and_anything() -> None:
    path = Path("/rec/2026-03-14/ch1/07.00.05-07.30.00[M].dav")
    assert time_in_name(path, ("%Y-%m-%d/*/%H.%M.%S",)) == datetime(2026, 3, 14, 7, 0, 5)
    assert time_in_name(Path("a20260314T101500.250Z.mp4"), ("%Y%m%dT%H%M%S.%f%z",)) == datetime(
        2026,
        3,
        14,
        10,
        15,
        0,
        250_000,
        tzinfo=timezone.utc,  # noqa: UP017 what strptime gives
    )


def test_a_pattern_may_hold_wildcards_and_the_ending_in_any_case() -> None:
    path = Path("/20200101_000000/CH03_20261121_081500-x2.MP4")
    for pattern in ("ch03_%Y%m%d_%H%M%S*", "ch??_%Y%m%d_%H%M%S*.mp4", "*_%Y%m%d_%H%M%S-x2"):
        assert time_in_name(path, (pattern,)) == datetime(2026, 11, 21, 8, 15)
    assert time_in_name(path, ("ch04_%Y%m%d_%H%M%S*",)) is None
    assert time_in_name(Path("20261121_081500/clip.mp4"), ("%Y%m%d_%H%M%S",)) is None  # folders only if asked


@pytest.mark.parametrize(
    ("pattern", "match"),
    [
        ("%Y%m%d", "year, month, day and hour"),
        ("%Q", "%Q"),
        ("%H%M%S", "year"),
        ("%Y%Y%m%d%H", "twice"),
        ("*" * 5 + "%Y%m%d%H", "at most 4"),
    ],
)
def test_unusable_patterns_are_refused(pattern: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        find_start(Path("a.mp4"), name_patterns=(pattern,))


@pytest.mark.parametrize("option", ["yesterday", "14.03.2026", ""])
def test_unreadable_options_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=r"expected an ISO date and time such as .* got"):
        find_start(NAMED, option=option)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc", "Europe"])
def test_unknown_zones_are_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="expected an IANA name"):
        find_start(NAMED, time_zone=zone)


@pytest.mark.parametrize("text", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026", "soon", ""])
def test_container_times_that_mean_nothing_are_ignored(text: str) -> None:
    assert find_start(Path("a.mp4"), metadata={"creation_time": text}).source == "unknown"

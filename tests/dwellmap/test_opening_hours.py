"""Opening hours on the shop's clock, over midnight and over the change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dwellmap.opening_hours import OpeningHours, read_day

BERLIN = ZoneInfo("Europe/Berlin")


def hours(**days: str | list[str]) -> OpeningHours:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return OpeningHours(tuple(read_day(days.get(name, "")) for name in names), BERLIN)


def test_a_week_has_its_hours_in_order() -> None:
    shop = hours(monday=["14:00-18:00", "09:00-12:00"], wednesday="10:00-11:00")
    monday = datetime(2026, 11, 23, tzinfo=BERLIN)
    spans = list(shop.between(monday, monday + timedelta(days=7)))
    assert [(a.astimezone(BERLIN).hour, b.astimezone(BERLIN).hour) for a, b in spans] == [
        (9, 12),
        (14, 18),
        (10, 11),
    ]


def test_spans_are_clipped_to_the_recording() -> None:
    shop = hours(monday="09:00-18:00")
    begin, end = datetime(2026, 11, 23, 10, 30, tzinfo=BERLIN), datetime(2026, 11, 23, 11, tzinfo=BERLIN)
    assert list(shop.between(begin, end)) == [(begin, end)]


def test_hours_past_midnight_belong_to_the_day_they_began() -> None:
    bar = hours(saturday="20:00-02:00")
    assert bar.is_open(datetime(2026, 11, 22, 1, 59, tzinfo=BERLIN))
    assert not bar.is_open(datetime(2026, 11, 22, 2, 0, tzinfo=BERLIN))
    assert not bar.is_open(datetime(2026, 11, 22, 20, 0, tzinfo=BERLIN))


@pytest.mark.parametrize(("day", "open_h"), [(25, 10), (24, 9)])
def test_a_span_over_the_change_of_the_clocks_has_its_true_length(day: int, open_h: int) -> None:
    """In 2026 the clocks went back at 03:00 on 25 October: 00:00 to 09:00 lasted ten hours."""
    shop = hours(saturday="00:00-09:00", sunday="00:00-09:00")
    begin = datetime(2026, 10, day, tzinfo=BERLIN)
    ((opens, closes),) = shop.between(begin, begin + timedelta(hours=20))
    assert closes - opens == timedelta(hours=open_h)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    assert hours(monday="09:00-10:00").is_open(datetime(2026, 11, 23, 8, 30, tzinfo=UTC))


def test_hours_into_the_next_days_hours_do_not_count_twice() -> None:
    shop = hours(monday="20:00-06:00", tuesday="05:00-07:00")
    begin = datetime(2026, 11, 23, tzinfo=BERLIN)
    spans = list(shop.between(begin, begin + timedelta(days=2)))
    assert sum((b - a for a, b in spans), timedelta()) == timedelta(hours=11)


@pytest.mark.parametrize(
    "text", ["9-17", "09:00", "25:00-26:00", "09:60-10:00", "24:00-02:00", ["09:00-12:00", "11:59-13:00"]]
)
def test_what_is_no_hours_is_refused(text: str | list[str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_day(text)


def test_midnight_is_an_end() -> None:
    assert read_day("00:00-24:00") == ((0, 1440),)

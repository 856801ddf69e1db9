"""Instants inside, the office's zone only where a person reads or writes a date."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from kiosk.base.clock import Zone, iso, now, parse

OFFICE = Zone()


def test_now_knows_its_zone():
    assert now().tzinfo is UTC


def test_the_offices_day_begins_at_its_own_midnight():
    assert OFFICE.day(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert OFFICE.day(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_half_past_eight_in_the_office_is_half_past_midnight_in_utc():
    assert OFFICE.instant(date(2026, 11, 23), time(8, 30)) == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def test_the_next_midnight_is_always_ahead():
    at = OFFICE.instant(date(2026, 12, 31), time(23, 59))
    assert OFFICE.next_midnight(at) == OFFICE.instant(date(2027, 1, 1))
    assert OFFICE.next_midnight(OFFICE.instant(date(2027, 1, 1))) == OFFICE.instant(date(2027, 1, 2))


def test_a_zone_with_summer_time_keeps_its_wall_clock():
    berlin = Zone("Europe/Berlin")
    assert berlin.instant(date(2026, 7, 1), time(8)).hour == 6
    assert berlin.instant(date(2026, 12, 1), time(8)).hour == 7
    assert berlin.instant(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # the hour that is not there


def test_an_instant_is_written_to_the_second_and_read_back():
    at = datetime(2026, 11, 23, 12, 0, 5, 999_999, tzinfo=UTC)
    assert iso(at) == "2026-11-23T12:00:05Z"
    assert parse("2026-11-23T12:00:05Z") == at.replace(microsecond=0)
    assert parse("2026-11-23T20:00:05+08:00") == at.replace(microsecond=0)
    assert iso(parse("2026-11-23T20:00:05+08:00")) == "2026-11-23T12:00:05Z"
    assert iso(None) is None


@pytest.mark.parametrize("text", ["2026-11-23T12:00:05", "2026-11-23", "", "昨天"])
def test_a_text_without_an_offset_is_no_instant(text):
    with pytest.raises(ValueError):
        parse(text)


def test_now_moves_on():
    first = now()
    assert timedelta() <= now() - first < timedelta(seconds=5)

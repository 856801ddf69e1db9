"""When rules play: against an oracle that reads them minute by minute, and in the cases that people get wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.clock import Zone
from kiosk.base.errors import Invalid
from kiosk.base.workdays import Calendar
from kiosk.signage import rules
from kiosk.signage.rules import Days, Hours, Rule, Span
from tests.support import oracle

SHANGHAI, BERLIN = Zone(), Zone("Europe/Berlin")
TABLE = Calendar()


def at(day: date, clock: str, zone: Zone = SHANGHAI) -> datetime:
    return zone.instant(day, time.fromisoformat(clock))


def plays(rule: Rule, moment: datetime, zone: Zone = SHANGHAI) -> bool:
    day = zone.day(moment)
    found = rules.spans(rule, day - timedelta(days=3), day + timedelta(days=3), zone, TABLE)
    return any((each.start is None or each.start <= moment) and (each.end is None or moment < each.end) for each in found)


def office_hours(days=Days.WORKING, **more):
    return Rule(days, hours=(Hours(510, 720), Hours(810, 1050)), **more)


def test_a_make_up_saturday_is_a_working_day_and_a_holiday_is_none():
    assert plays(office_hours(), at(date(2026, 2, 14), "09:00")), "a Saturday on which offices are open before the Spring Festival"
    assert not plays(office_hours(), at(date(2026, 2, 17), "09:00")), "a Tuesday in the Spring Festival"
    assert plays(office_hours(Days.OFF), at(date(2026, 2, 17), "09:00"))


def test_between_the_hours_nothing_plays_and_the_end_is_outside():
    day = date(2026, 11, 25)
    told = {"08:29": False, "08:30": True, "11:59": True, "12:00": False, "13:30": True, "17:29": True, "17:30": False}
    assert {clock: plays(office_hours(), at(day, clock)) for clock in told} == told


def test_friday_night_goes_on_into_saturday_also_past_the_last_day():
    friday = date(2026, 11, 27)
    night = Rule(Days.WEEKDAYS, frozenset({4}), (Hours(22 * 60, 2 * 60),), first=friday, last=friday)
    assert plays(night, at(friday, "23:00")) and plays(night, at(friday + timedelta(days=1), "01:59"))
    assert not plays(night, at(friday + timedelta(days=1), "02:00")) and not plays(night, at(friday, "01:00"))


def test_whole_days_that_touch_are_one_span():
    found = rules.spans(Rule(first=date(2026, 11, 23), last=date(2026, 11, 25)), date(2026, 11, 1), date(2026, 12, 31), SHANGHAI, TABLE)
    assert found == (Span(at(date(2026, 11, 23), "00:00"), at(date(2026, 11, 26), "00:00")),)


def test_the_last_day_of_each_month_and_of_february_in_a_leap_year():
    monthly = Rule(Days.RECURRING, first=date(2028, 1, 31), rrule="FREQ=MONTHLY;BYMONTHDAY=-1")
    found = list(rules.days(monthly, date(2028, 1, 1), date(2028, 4, 30), TABLE))
    assert found == [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]


def test_a_month_without_a_31st_is_left_out():
    monthly = Rule(Days.RECURRING, first=date(2026, 1, 31), rrule="FREQ=MONTHLY", without=frozenset({date(2026, 5, 31)}))
    found = list(rules.days(monthly, date(2026, 1, 1), date(2026, 8, 30), TABLE))
    assert found == [date(2026, 1, 31), date(2026, 3, 31), date(2026, 7, 31)]


def test_count_and_until_are_kept():
    start = date(2026, 11, 2)
    thrice = Rule(Days.RECURRING, first=start, rrule="FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3")
    assert list(rules.days(thrice, start, date(2027, 1, 1), TABLE)) == [start, date(2026, 11, 5), date(2026, 11, 9)]
    until = Rule(Days.RECURRING, first=start, rrule="FREQ=DAILY;INTERVAL=2;UNTIL=20261106")
    assert list(rules.days(until, start, date(2027, 1, 1), TABLE)) == [start, date(2026, 11, 4), date(2026, 11, 6)]


def test_a_rule_that_never_comes_is_told_soon():
    never = Rule(Days.RECURRING, first=date(2026, 1, 1), rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3")
    with pytest.raises(Invalid, match="一天也轮不到"):
        rules.check(never)
    rules.check(Rule(Days.RECURRING, first=date(2025, 3, 1), rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"))


def test_summer_time_neither_loses_nor_doubles_an_hour():
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    night = Rule(hours=(Hours(60, 4 * 60),))
    lasts = {day: next(iter(rules.spans(night, day, day, BERLIN, TABLE))) for day in (spring, autumn)}
    assert lasts[spring].end - lasts[spring].start == timedelta(hours=2)
    assert lasts[autumn].end - lasts[autumn].start == timedelta(hours=4)
    skipped = Rule(hours=(Hours(2 * 60, 2 * 60 + 30),))
    assert plays(skipped, datetime(2026, 3, 29, 1, 15, tzinfo=UTC), BERLIN), "what begins in the hour that is skipped plays after it"


@pytest.mark.parametrize(("rule", "field"), [
    (Rule(first=date(2026, 2, 2), last=date(2026, 2, 1)), "last"),
    (Rule(Days.WEEKDAYS), "weekdays"),
    (Rule(Days.WEEKDAYS, frozenset({7})), "weekdays"),
    (Rule(hours=(Hours(1440, 10),)), "hours"),
    (Rule(hours=tuple(Hours(0, 10) for _ in range(9))), "hours"),
    (Rule(Days.RECURRING, rrule="FREQ=DAILY"), "first"),
    *((Rule(Days.RECURRING, first=date(2026, 1, 1), rrule=text), "rrule") for text in (
        "", "每天", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY\nDTSTART:20200101", "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;UNTIL=20261301", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=x", "FREQ=MONTHLY;BYMONTHDAY=99", "A" * 300)),
])
def test_a_rule_that_nobody_could_mean_is_named(rule, field):
    with pytest.raises(Invalid) as told:
        rules.check(rule)
    assert told.value.field == field


some_days = st.dates(date(2026, 1, 20), date(2026, 3, 20))
some_hours = st.lists(st.builds(Hours, st.integers(0, 1439), st.integers(0, 1440)), max_size=3).map(tuple)
some_rules = st.builds(
    Rule, days=st.sampled_from([Days.ALL, Days.WORKING, Days.OFF, Days.WEEKDAYS]), weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    hours=some_hours, first=st.one_of(st.none(), some_days), last=st.one_of(st.none(), some_days),
    without=st.frozensets(some_days, max_size=3)) | st.builds(
    Rule, days=st.just(Days.RECURRING), hours=some_hours, first=some_days,
    rrule=st.sampled_from(list(oracle.RECURRENCES)))


@settings(max_examples=400, deadline=None)
@given(some_rules, st.datetimes(datetime(2026, 1, 25), datetime(2026, 3, 30)), st.sampled_from([SHANGHAI, BERLIN]))
def test_the_spans_say_what_the_rule_says(rule, moment, zone):
    moment = moment.replace(tzinfo=UTC)
    found = rules.spans(rule, date(2026, 1, 20), date(2026, 4, 2), zone, TABLE)
    inside = any((each.start is None or each.start <= moment) and (each.end is None or moment < each.end) for each in found)
    assert inside == oracle.plays(rule, moment, zone)


@given(some_rules)
def test_a_rule_is_stored_and_read_again(rule):
    assert rules.from_json(rules.to_json(rule)) == rule

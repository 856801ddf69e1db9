"""When a panel is on: both kinds of days, a weekend that is worked, past midnight, and as far ahead as windows reach."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from kiosk.base.clock import parse
from kiosk.disclosure import days
from kiosk.signage import manifest
from kiosk.signage.push import MOVES
from tests.conftest import NOON

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)


@pytest.fixture
def lit(session, make, cast, parts):
    """Whether the panel of a community's board that sleeps is on at a moment of local time."""
    board = make.board(unit=cast.east)
    board.sleeps = True
    session.flush()

    def at(day: date, clock: str) -> bool:
        session.flush()
        session.expire_all()
        manifest.refresh(session, parts.press, at=NOON)
        told = manifest.read(parts.store.read(board.edition))["power"]
        moment = parts.zone.instant(day, time.fromisoformat(clock))
        return any(parse(each["from"]) <= moment < parse(each["to"]) for each in told)
    return at


def test_a_saturday_that_is_worked_has_the_hours_of_a_working_day(session, cast, lit):
    cast.east.opening = {"working": [[510, 1050]], "off": [[540, 660]]}
    assert not lit(SATURDAY, "08:45") and lit(SATURDAY, "09:30") and not lit(SATURDAY, "15:00")
    days.set_year(session, 2026, {SATURDAY: True, FRIDAY: False}, by=cast.administrator, at=NOON)
    assert lit(SATURDAY, "08:45") and lit(SATURDAY, "15:00")
    assert not lit(FRIDAY, "08:45") and lit(FRIDAY, "09:30")


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin(cast, lit):
    cast.east.opening = {"working": [[1080, 120]], "off": []}
    assert lit(FRIDAY, "23:59") and lit(SATURDAY, "01:59")
    assert not lit(SATURDAY, "02:00") and not lit(SATURDAY, "18:30") and not lit(SUNDAY, "01:00")


def test_hours_that_began_yesterday_still_last(cast, lit):
    """Made at noon on Monday; those of Sunday, a day off, reached into Monday."""
    cast.east.opening = {"working": [], "off": [[1200, 360]]}
    assert lit(date(2026, 11, 23), "05:59") and not lit(date(2026, 11, 23), "06:00")


def test_minutes_count(cast, lit):
    cast.east.opening = {"working": [[513, 1051]], "off": []}
    assert not lit(FRIDAY, "08:32") and lit(FRIDAY, "08:33") and lit(FRIDAY, "17:30") and not lit(FRIDAY, "17:31")


def test_windows_reach_to_the_horizon(cast, lit, parts):
    cast.east.opening = {"working": [[510, 1050]], "off": [[510, 1050]]}
    last = parts.zone.day(NOON + parts.press.horizon)
    assert lit(last, "12:00") and not lit(last + timedelta(days=1), "12:00"), "after the last window boards leave the panel on"


def test_other_hours_and_other_days_off_move_refs():
    assert {"unit.changed", "days.set", "board.changed"} <= MOVES

"""Working days: the table of the State Council, day 0 not counted, and a year without a table is said."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.base.workdays import Calendar, months_after

TABLE = Calendar()
days = st.dates(date(2005, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(("start", "count", "end"), [
    ("2017-12-29", 20, "2018-01-29"), ("2018-02-05", 20, "2018-03-08"), ("2018-02-11", 20, "2018-03-15"),
    ("2025-09-22", 20, "2025-10-24"), ("2025-09-22", 7, "2025-09-30"), ("2026-02-06", 20, "2026-03-12")])
def test_deadlines_of_the_domains_table(start, count, end):
    assert TABLE.after(date.fromisoformat(start), count) == date.fromisoformat(end)


def test_a_sunday_that_was_made_a_working_day_is_one():
    assert TABLE.works(date(2018, 2, 11))
    assert not TABLE.works(date(2018, 2, 15))


@given(days, st.integers(0, 40))
def test_counting_forth_and_back_meets(start, count):
    end = TABLE.after(start, count)
    assert TABLE.between(start, end) == count
    assert TABLE.between(end, start) == -count
    if TABLE.works(start):
        assert TABLE.before(end, count) == start


def test_a_year_without_a_table_is_reckoned_monday_to_friday_and_said():
    assert not TABLE.known(2044)
    assert TABLE.works(date(2044, 10, 3))
    assert not TABLE.sure(date(2026, 12, 20), date(2044, 1, 10))
    assert TABLE.sure(date(2025, 12, 20), date(2026, 1, 10))


def test_an_office_knows_its_own_days_better():
    own = Calendar({date(2044, 10, 3): False, date(2026, 11, 24): False})
    assert own.known(2044) and not own.works(date(2044, 10, 3))
    assert not own.works(date(2026, 11, 24))
    assert own.on_or_after(date(2026, 11, 24)) == date(2026, 11, 25)


def test_months_end_where_the_month_ends():
    assert months_after(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_after(date(2025, 11, 30), 3) == date(2026, 2, 28)
    assert months_after(date(2025, 12, 31), 12) == date(2026, 12, 31)


@given(days, st.integers(0, 30))
def test_months_never_skip_one(day, count):
    later = months_after(day, count)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == count
    assert later.day <= day.day and (later.day == day.day or (later + timedelta(days=1)).day == 1)

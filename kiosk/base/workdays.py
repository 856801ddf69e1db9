"""Working days: the State Council's 调休 table, and deadlines in working or calendar days, which are never mixed. Pure.

Day 0 is not counted. A year whose table is not known yet is reckoned Monday to Friday, and `known` says so: never silently.
Source of the table: chinesecalendar; an office may add days of its own, or a year that the library does not have yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import constants

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """`own`: days that the office knows better, True for a working day; a year with own days counts as known."""

    own: Mapping[date, bool] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        """Whether the offices are open."""
        if day in self.own:
            return self.own[day]
        if day in constants.holidays:
            return False
        return day in constants.workdays or day.weekday() < 5

    def known(self, year: int) -> bool:
        """Whether the table of that year is there."""
        return year in _years() or any(day.year == year for day in self.own)

    def sure(self, start: date, end: date) -> bool:
        """Whether every year between the two days is known."""
        return all(self.known(year) for year in range(min(start, end).year, max(start, end).year + 1))

    def after(self, start: date, count: int) -> date:
        """The count-th working day after the start; the start itself for 0."""
        day = start
        while count > 0:
            day += DAY
            count -= self.works(day)
        return day

    def before(self, end: date, count: int) -> date:
        """The count-th working day before the end; the end itself for 0."""
        day = end
        while count > 0:
            day -= DAY
            count -= self.works(day)
        return day

    def between(self, start: date, end: date) -> int:
        """Working days after the start up to and including the end; negative when the end lies before the start."""
        if end < start:
            return -self.between(end, start)
        return sum(self.works(start + at * DAY) for at in range(1, (end - start).days + 1))

    def on_or_after(self, day: date) -> date:
        """The day itself if offices are open, else the next one on which they are."""
        while not self.works(day):
            day += DAY
        return day


def months_after(day: date, count: int) -> date:
    """The same day so many months later, the month's last where it has no such day."""
    months = day.year * 12 + day.month - 1 + count
    return date(months // 12, months % 12 + 1, min(day.day, month_length(months // 12, months % 12 + 1)))


def month_length(year: int, month: int) -> int:
    return (date(year + month // 12, month % 12 + 1, 1) - DAY).day


@lru_cache(1)
def _years() -> frozenset[int]:
    return frozenset(day.year for day in constants.holidays)

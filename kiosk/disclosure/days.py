"""Days: the office's own calendar over the State Council's table — a year that is not in it yet, or a day of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Date, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base import journal
from kiosk.base.db import Base
from kiosk.base.errors import Invalid
from kiosk.base.workdays import Calendar
from kiosk.people import Actor


class OwnDay(Base):
    """A day that the office knows better: a working day, or none."""

    __tablename__ = "own_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    works: Mapped[bool]


def calendar(session: Session) -> Calendar:
    """The table with the office's own days."""
    return Calendar({row.day: row.works for row in session.scalars(select(OwnDay))})


def set_year(session: Session, year: int, days: Mapping[date, bool], *, by: Actor, at: datetime) -> None:
    """The year's days that differ from Monday-to-Friday, all at once; none takes them back."""
    if any(day.year != year for day in days):
        raise Invalid("days", "这里只写 %(year)s 年的日子。", year=year)
    for row in session.scalars(select(OwnDay).where(OwnDay.day.between(date(year, 1, 1), date(year, 12, 31)))):
        session.delete(row)
    session.flush()
    session.add_all(OwnDay(day=day, works=works) for day, works in days.items())
    journal.record(session, "days.set", "calendar", by=by, at=at, year=year, days=len(days))

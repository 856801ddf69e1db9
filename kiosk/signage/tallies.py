"""Tallies: a day's sum of plays for each version on each board, so that two years of twenty boards are one short question.

A job adds what came in; nothing is added twice, for each play remembers that it was counted, in the same transaction. A day is the
office's. `opens` is written once with a day's first sum: when the hours change next year, the proof of this year does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, delete, distinct, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base.clock import Zone
from kiosk.base.db import Base, locked
from kiosk.base.spans import Pair, both, joined
from kiosk.base.workdays import DAY, Calendar
from kiosk.signage.boards import Board
from kiosk.signage.compose import Opening
from kiosk.signage.plays import JOIN, Play

PIECE = 2000  # plays of one transaction
PAUSE = JOIN.total_seconds()
USUAL = ((9, 17),)  # where nobody said when doors are open: these hours of working days
Opens = Callable[[int, date], Sequence[Pair]]  # a unit and a day → when it is open


class Tally(Base):
    """One version of a slide on one board on one day. `ms`: how long its pages stood; `open_ms`: of that within opening hours; `spans`:
    from when to when it hung, pauses of its round left in; `opens`: the unit's hours that day; both in seconds since 1970."""

    __tablename__ = "tally"
    __table_args__ = (UniqueConstraint("board_id", "day", "revision_id"), Index("ix_tally_slide_day", "slide_id", "day"))

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    day: Mapped[date] = mapped_column(Date)
    slide_id: Mapped[int]
    revision_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    bound: Mapped[str | None] = mapped_column(String(64))
    ms: Mapped[int] = mapped_column(default=0)
    open_ms: Mapped[int] = mapped_column(default=0)
    times: Mapped[int] = mapped_column(default=0)
    pages: Mapped[list[Any]] = mapped_column(default=list)
    spans: Mapped[list[Any]] = mapped_column(default=list)
    opens: Mapped[list[Any]] = mapped_column(default=list)


class Doors:
    """When units are open on a day, clipped to it."""

    def __init__(self, session: Session, zone: Zone, calendar: Calendar) -> None:
        self._opening, self._zone, self._calendar = Opening(session, zone, calendar), zone, calendar
        self._known: dict[tuple[int, date], list[Pair]] = {}

    def __call__(self, unit_id: int, day: date) -> list[Pair]:
        if (unit_id, day) not in self._known:
            self._known[unit_id, day] = self._of(unit_id, day)
        return self._known[unit_id, day]

    def _of(self, unit_id: int, day: date) -> list[Pair]:
        whole = (_second(self._zone.instant(day)), _second(self._zone.instant(day + DAY)))
        spans = self._opening.spans(unit_id, day - DAY, day)
        if spans is None:
            works = self._calendar.works(day)
            return [(whole[0] + start * 3600, whole[0] + end * 3600) for start, end in USUAL] if works else []
        return both([whole], [(_second(each.start), _second(each.end)) for each in spans if each.start and each.end])


@dataclass
class Sum:
    """What a piece of plays adds to one day of one version on one board."""

    title: str
    bound: str | None
    slide: int
    ms: float
    open_ms: float
    times: int
    pages: set[int]
    spans: list[Pair]
    opens: list[Pair]


Key = tuple[int, date, int]  # board, day, version


def summed(plays: Iterable[Play], unit_of: Callable[[int], int], zone: Zone, opens: Opens) -> dict[Key, Sum]:
    """Plays by board, day and version; a play over midnight counts to both days, each its share."""
    found: dict[Key, Sum] = {}
    for play in plays:
        whole = max(1e-3, (play.end - play.start).total_seconds())
        for day, start, end in _days(play.start, play.end, zone):
            key = (play.board_id, day, play.revision_id)
            if key not in found:
                found[key] = Sum(play.title, play.bound, play.slide_id, 0, 0, 0, set(), [], list(opens(unit_of(play.board_id), day)))
            mine, share = found[key], play.ms * (end - start) / whole
            mine.ms += share
            within = sum(max(0.0, min(end, b) - max(start, a)) for a, b in mine.opens)
            mine.open_ms += share * within / max(1e-3, end - start)
            mine.times += play.times if start == play.start.timestamp() else 0
            mine.pages.add(play.page)
            mine.spans.append((int(start), max(int(start) + 1, round(end))))
    for each in found.values():
        each.spans = joined(each.spans, PAUSE)
    return found


def add(session: Session, zone: Zone, opens: Opens, limit: int = PIECE) -> int:
    """Count the plays that are not counted yet, a piece of them; how many there were."""
    locked(session, "tally")
    rows = session.scalars(select(Play).where(Play.tallied.is_(False)).order_by(Play.id).limit(limit)).all()
    for (board, day, revision), more in summed(rows, _units(session), zone, opens).items():
        row = session.scalars(select(Tally).where(Tally.board_id == board, Tally.day == day, Tally.revision_id == revision)).first()
        if row is None:
            row = _fresh((board, day, revision), more)
            session.add(row)
        _grow(row, more)
        session.flush()
    ids = [row.id for row in rows]
    for at in range(0, len(ids), 400):
        session.execute(update(Play).where(Play.id.in_(ids[at:at + 400])).values(tallied=True).execution_options(synchronize_session=False))
    return len(rows)


def waits(session: Session) -> bool:
    """Whether any play is not counted yet."""
    return session.scalar(select(Play.id).where(Play.tallied.is_(False)).limit(1)) is not None


def of_slide(session: Session, slide_id: int, first: date, last: date, zone: Zone, opens: Opens, *, board_ids: Collection[int] | None = None
             ) -> list[Tally]:
    """The sums of a slide's versions on these days, also of what came in a moment ago; nothing is written."""
    query = select(Tally).where(Tally.slide_id == slide_id, Tally.day.between(first, last))
    fresh = select(Play).where(Play.tallied.is_(False), Play.slide_id == slide_id)
    if board_ids is not None:
        query, fresh = query.where(Tally.board_id.in_(board_ids)), fresh.where(Play.board_id.in_(board_ids))
    rows = {(row.board_id, row.day, row.revision_id): _copy(row) for row in session.scalars(query)}
    for key, more in summed(session.scalars(fresh), _units(session), zone, opens).items():
        if first <= key[1] <= last:
            if key not in rows:
                rows[key] = _fresh(key, more)
            _grow(rows[key], more)
    return [rows[key] for key in sorted(rows)]


def known_days(session: Session, slide_id: int) -> tuple[date, date] | None:
    """The first and the last day on which anything of the slide was shown."""
    query = select(Tally.day).where(Tally.slide_id == slide_id)
    first = session.scalar(query.order_by(Tally.day).limit(1))
    last = session.scalar(query.order_by(Tally.day.desc()).limit(1))
    return (first, last) if first is not None and last is not None else None


@dataclass(frozen=True)
class Life:
    """All that was shown of a slide on one board, in short."""

    board_id: int
    first: date
    last: date
    days: int
    open_ms: int


def lives(session: Session, slide_id: int) -> dict[int, Life]:
    """By board, from the first day to the last; one question, however long it hung."""
    rows = session.execute(select(Tally.board_id, func.min(Tally.day), func.max(Tally.day), func.count(distinct(Tally.day)),
                                  func.sum(Tally.open_ms)).where(Tally.slide_id == slide_id).group_by(Tally.board_id))
    return {board: Life(board, first, last, days, int(ms or 0)) for board, first, last, days, ms in rows}


def forget(session: Session, before: date) -> None:
    """Sums that nobody keeps any longer."""
    session.execute(delete(Tally).where(Tally.day < before))


def _fresh(key: Key, more: Sum) -> Tally:
    board, day, revision = key
    return Tally(board_id=board, day=day, slide_id=more.slide, revision_id=revision, title=more.title, bound=more.bound, ms=0, open_ms=0,
                 times=0, pages=[], spans=[], opens=[list(each) for each in more.opens])


def _grow(row: Tally, more: Sum) -> None:
    row.ms += round(more.ms)
    row.open_ms += round(more.open_ms)
    row.times += more.times
    row.pages = sorted({*row.pages, *more.pages})
    row.spans = [list(each) for each in joined([*((start, end) for start, end in row.spans), *more.spans], PAUSE)]


def _copy(row: Tally) -> Tally:
    """The row's values in one that no session writes."""
    return Tally(**{column.name: getattr(row, column.name) for column in Tally.__table__.columns})


def _days(start: datetime, end: datetime, zone: Zone) -> list[tuple[date, float, float]]:
    """A span cut at the office's midnights."""
    found, day, at = list[tuple[date, float, float]](), zone.day(start), start
    while at < end or not found:
        midnight = zone.instant(day + DAY)
        found.append((day, at.timestamp(), min(end, midnight).timestamp()))
        day, at = day + DAY, midnight
        if at >= end + timedelta(days=3):
            break
    return found


def _units(session: Session) -> Callable[[int], int]:
    known: dict[int, int] = defaultdict(int, {id: unit for id, unit in session.execute(select(Board.id, Board.unit_id))})
    return known.__getitem__


def _second(at: datetime) -> int:
    return int(at.timestamp())

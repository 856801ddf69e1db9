"""Reminders: the owner before, on and after the day, then their head, then the leader; once each, and never on a day off.

What falls on a day off is told on the working day before it where it is the last day in time, on the next one otherwise. Each reminder
is a row that only one process can make: its key is unique. What was missed is not told late: only what is still true is told, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.db import Base, Instant, locked
from kiosk.base.errors import NotFound
from kiosk.base.workdays import Calendar
from kiosk.disclosure import records
from kiosk.disclosure.deadlines import Standing
from kiosk.disclosure.records import Owed
from kiosk.disclosure.topics import Topic
from kiosk.people import Actor, Deputy, Person, Role, Unit, may
from kiosk.settings import Settings


class Stage(StrEnum):
    """When, and how far up; in this order."""

    AHEAD = "ahead"  # it has just become due
    EVE = "eve"  # one working day is left
    TODAY = "today"  # the last working day in time
    OVERDUE = "overdue"
    HEAD = "head"
    LEADER = "leader"


class Reminder(Base):
    """One person is reminded of one duty at one stage, once.

    `vacant`: the role that nobody holds there, so that this person is told instead; `for_post`: whose deputy this person is.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("topic_id", "unit_id", "due_on", "stage", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    due_on: Mapped[date] = mapped_column(Date)
    stage: Mapped[Stage] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    vacant: Mapped[str] = mapped_column(String(20), default="", server_default="")
    for_post: Mapped[str] = mapped_column(String(60), default="", server_default="")
    made_at: Mapped[datetime] = mapped_column(Instant())
    seen_at: Mapped[datetime | None] = mapped_column(Instant())
    settled_at: Mapped[datetime | None] = mapped_column(Instant())

    topic: Mapped[Topic] = relationship(lazy="joined")
    unit: Mapped[Unit] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")


@dataclass(frozen=True)
class Rhythm:
    """From which hour on reminders are made, and after how many working days overdue the head and the leader are told."""

    start: time = time(8, 30)
    head: int = 2
    leader: int = 4


def rhythm_of(settings: Settings) -> Rhythm:
    return Rhythm(settings.remind_clock, settings.remind_head_days, settings.remind_leader_days)


@dataclass(frozen=True)
class Told:
    """Who is told: the person, the role that nobody holds there, and the post that the person stands in for."""

    person_id: int
    vacant: str = ""
    for_post: str = ""


# --- the plan (pure) ----------------------------------------------------------------------------------------------------

def moments(due: date, of: date, ahead: int, calendar: Calendar, rhythm: Rhythm) -> dict[Stage, date]:
    """The working day of each stage. AHEAD and EVE are left out where they would not come before what follows them."""
    last = due if calendar.works(due) else calendar.before(due, 1)
    found = {Stage.TODAY: last, Stage.OVERDUE: calendar.after(due, 1),
             Stage.HEAD: calendar.after(due, max(1, rhythm.head)), Stage.LEADER: calendar.after(due, max(1, rhythm.leader))}
    begins = calendar.on_or_after(max(calendar.before(due, ahead), of))
    if begins < last:
        found[Stage.AHEAD] = begins
        eve = calendar.before(last, 1)
        if begins < eve:
            found[Stage.EVE] = eve
    return found


def plan(standing: Standing, ahead: int, today: date, calendar: Calendar, rhythm: Rhythm) -> tuple[Stage, ...]:
    """The stages that are true today and should have been told by now; none on a day off.

    In time it is the latest one for the owner; overdue it is each that has come, because each is told to somebody else.
    """
    if standing.due is None or standing.of is None or not calendar.works(today):
        return ()
    days = moments(standing.due, standing.of, ahead, calendar, rhythm)
    if today > standing.due:
        return tuple(stage for stage in (Stage.OVERDUE, Stage.HEAD, Stage.LEADER) if days[stage] <= today)
    return tuple(stage for stage in (Stage.TODAY, Stage.EVE, Stage.AHEAD) if stage in days and days[stage] <= today)[:1]


# --- who is told --------------------------------------------------------------------------------------------------------

class Posts:
    """Who holds which post where, and who stands in for whom at that moment: read once for all duties."""

    def __init__(self, session: Session, at: datetime) -> None:
        self._own = [people.actor(session, each) for each in people.people(session) if each.active]
        self._now = {each.id: each for each in self._own}
        self._deputies: dict[int, list[Deputy]] = defaultdict(list)
        for row in people.deputies(session, at):
            if row.stands(at) and row.person.active and row.absent.active:
                self._deputies[row.absent_id].append(row)
                self._now[row.person_id] = people.actor(session, row.person, at)

    def told(self, stage: Stage, unit_id: int) -> list[Told]:
        """Everybody who is told of a duty of this unit at this stage: who holds the post, else the next one up; and their deputies."""
        ladder = {Stage.HEAD: (Role.SECTION_HEAD, Role.LEADER, Role.ADMINISTRATOR), Stage.LEADER: (Role.LEADER, Role.ADMINISTRATOR)}
        wanted = ladder.get(stage, (Role.EDITOR, Role.LEADER, Role.ADMINISTRATOR))
        for role in wanted:
            if found := self._holders(role, unit_id):
                return self._with_deputies(found, role, unit_id, wanted[0] if role is not wanted[0] else "")
            if role is Role.EDITOR and (found := self._noting(unit_id)):
                return self._with_deputies(found, role, unit_id, role)
        return []

    def _holders(self, role: Role, unit_id: int) -> list[Actor]:
        """Who holds the role there: an editor of the unit's own; a head, the unit's own before those above; every leader."""
        there = [each for each in self._own if unit_id in each.scope.get(role, ())]
        own = [each for each in there if each.unit_id == unit_id]
        return own if role is Role.EDITOR else there if role is Role.LEADER else own or there

    def _noting(self, unit_id: int) -> list[Actor]:
        """Who else may do what an editor of the unit would: its own people before those above."""
        there = [each for each in self._own if may(each, "duty.note", unit_id)]
        return [each for each in there if each.unit_id == unit_id] or there

    def _with_deputies(self, found: Iterable[Actor], role: Role, unit_id: int, vacant: str) -> list[Told]:
        told = {each.id: Told(each.id, vacant) for each in found}
        for id in list(told):
            for row in self._deputies[id]:
                now = self._now[row.person_id]
                if unit_id in now.scope.get(role, ()) or (role is Role.EDITOR and may(now, "duty.note", unit_id)):
                    told.setdefault(now.id, Told(now.id, vacant, row.absent.post))
        return list(told.values())


# --- the turn -----------------------------------------------------------------------------------------------------------

def stirs(session: Session, at: datetime, *, zone: Zone, calendar: Calendar, rhythm: Rhythm) -> bool:
    """Whether there is anything to make or settle: looked at without keeping a writer waiting."""
    found = _look(session, at, zone, calendar, rhythm)
    return bool(found.settled or found.reopened or found.missing)


def remind(session: Session, at: datetime, *, zone: Zone, calendar: Calendar, rhythm: Rhythm) -> list[Reminder]:
    """Settle what is done, and make every reminder that is due by now and is not there yet; those that this process made.

    Any number of processes may do it at once, and again: they take turns, and the key of a row is unique. What is owed again (its
    record was withdrawn) is open again, without being told twice.
    """
    locked(session, "reminder")
    found = _look(session, at, zone, calendar, rhythm)
    for row in found.settled:
        row.settled_at = at
    for row in found.reopened:
        row.settled_at = None
    made = [row for owed, stage, told in found.missing for row in _make(session, owed, stage, told, at)]
    if made:
        journal.record(session, "reminders.made", "reminders", by=None, at=at, day=zone.day(at).isoformat(), count=len(made))
    return made


@dataclass(frozen=True)
class _Found:
    """What one look finds to be done."""

    settled: list[Reminder]
    reopened: list[Reminder]
    missing: list[tuple[Owed, Stage, Told]]


def _look(session: Session, at: datetime, zone: Zone, calendar: Calendar, rhythm: Rhythm) -> _Found:
    today = zone.day(at)
    owed = records.owed(session, today, calendar)
    open_now = {(each.topic.id, each.unit.id, each.standing.due) for each in owed}
    known = {_key(row): row for row in session.scalars(select(Reminder).where(Reminder.due_on.in_(_dues(owed))))}
    unsettled = session.scalars(select(Reminder).where(Reminder.settled_at.is_(None)))
    return _Found(
        settled=[row for row in unsettled if (row.topic_id, row.unit_id, row.due_on) not in open_now],
        reopened=[row for row in known.values() if row.settled_at is not None and (row.topic_id, row.unit_id, row.due_on) in open_now],
        missing=list(_missing(session, owed, known, at, zone, calendar, rhythm)))


def _missing(session: Session, owed: Sequence[Owed], known: Collection[tuple[int, int, date, str, int]], at: datetime, zone: Zone,
             calendar: Calendar, rhythm: Rhythm) -> Iterator[tuple[Owed, Stage, Told]]:
    """What should have been told by now, and to whom it was not; nothing before the hour and on days off."""
    if zone.local(at).time() < rhythm.start:
        return
    due = [(each, stage) for each in owed for stage in plan(each.standing, each.topic.ahead, zone.day(at), calendar, rhythm)]
    posts = Posts(session, at) if due else None
    for each, stage in due:
        for told in posts.told(stage, each.unit.id) if posts else ():
            assert each.standing.due is not None
            if (each.topic.id, each.unit.id, each.standing.due, stage, told.person_id) not in known:
                yield each, stage, told


def _make(session: Session, owed: Owed, stage: Stage, told: Told, at: datetime) -> list[Reminder]:
    assert owed.standing.due is not None
    row = Reminder(topic_id=owed.topic.id, unit_id=owed.unit.id, due_on=owed.standing.due, stage=stage, person_id=told.person_id,
                   vacant=told.vacant, for_post=told.for_post[:60], made_at=at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody else has just told it
        return []
    return [row]


def _dues(owed: Iterable[Owed]) -> set[date]:
    return {each.standing.due for each in owed if each.standing.due is not None}


def _key(row: Reminder) -> tuple[int, int, date, str, int]:
    return row.topic_id, row.unit_id, row.due_on, row.stage, row.person_id


# --- in the page --------------------------------------------------------------------------------------------------------

def open_for(session: Session, person_id: int) -> list[Reminder]:
    """A person's open reminders, one for each duty: the one that has gone furthest; the earliest day first."""
    rows = session.scalars(select(Reminder).where(Reminder.person_id == person_id, Reminder.settled_at.is_(None)))
    return furthest(rows)


def furthest(rows: Iterable[Reminder]) -> list[Reminder]:
    """One row for each duty, that of the latest stage; by day, then by topic."""
    order = list(Stage)
    best: dict[tuple[int, int], Reminder] = {}
    for row in rows:
        known = best.get((row.topic_id, row.unit_id))
        if known is None or order.index(Stage(row.stage)) > order.index(Stage(known.stage)):
            best[row.topic_id, row.unit_id] = row
    return sorted(best.values(), key=lambda row: (row.due_on, row.topic.code, row.unit_id))


def see(session: Session, person_id: int, ids: Collection[int], *, at: datetime) -> int:
    """The person has seen these of their own, and with them what was told earlier of the same duties; how many rows."""
    chosen = session.scalars(select(Reminder).where(Reminder.id.in_(ids), Reminder.person_id == person_id)).all()
    if len(chosen) != len(set(ids)):
        raise NotFound("没有这条提醒，可能已经办好了。")
    count = 0
    for row in chosen:
        done = session.execute(update(Reminder).where(
            Reminder.person_id == person_id, Reminder.topic_id == row.topic_id, Reminder.unit_id == row.unit_id,
            Reminder.seen_at.is_(None)).values(seen_at=at))
        count += done.rowcount  # type: ignore[attr-defined]
    return count


def still_open(session: Session, ids: Collection[int]) -> list[Reminder]:
    """Those of these reminders whose duty is not done, one for each duty."""
    return furthest(session.scalars(select(Reminder).where(Reminder.id.in_(ids), Reminder.settled_at.is_(None))))

"""Records: what was disclosed, when, by whom and whether in time — made by themselves out of the publishing, never typed a second time.

A slide is filed under a topic with what the catalogue asks of an item. Each approval makes one record, whatever number of boards
and channels carry it; a corrected version changes the record it corrects. Index numbers are unique and never used again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, String, Text, UniqueConstraint, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.db import Base, Database, Instant, locked
from kiosk.base.errors import Conflict, Invalid, NotFound
from kiosk.base.journal import Entry
from kiosk.base.workdays import Calendar
from kiosk.content.fields import clean
from kiosk.content.slides import Revision, Slide
from kiosk.disclosure import deadlines, topics
from kiosk.disclosure.deadlines import Cadence, Facts, Freshness, Standing, Trigger
from kiosk.disclosure.hanging import hanging
from kiosk.disclosure.topics import Topic
from kiosk.people import Actor, Unit, UnitKind, line, must


class Filing(Base):
    """Under which topic a slide stands, and what the catalogue asks of it; becomes a record with the approval."""

    __tablename__ = "filing"

    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    formed_on: Mapped[date | None] = mapped_column(Date)
    period_end: Mapped[date | None] = mapped_column(Date)
    document: Mapped[str] = mapped_column(String(60), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(80), default="")
    explains_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"))

    topic: Mapped[Topic] = relationship(lazy="joined")
    slide: Mapped[Slide] = relationship(lazy="joined")


class Disclosure(Base):
    """One item of the catalogue: counted once. `explains_id`: the policy that it interprets (then it is counted apart); `hung_on`: the
    first day on which it was seen to hang on a board.
    """

    __tablename__ = "disclosure"
    __table_args__ = (
        # What counts all records reads nothing but one of the first two: 100,000 rows in less than a tenth of a second.
        Index("ix_disclosure_standing", "topic_id", "unit_id", "withdrawn_on", "period_end", "changed_on", "disclosed_on"),
        Index("ix_disclosure_counted", "class_id", "explains_id", "disclosed_on", "withdrawn_on", "topic_id", "hung_on"),
        Index("ix_disclosure_unit", "unit_id", "disclosed_on"),
        UniqueConstraint("revision_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    class_id: Mapped[int] = mapped_column(ForeignKey("topic_class.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    title: Mapped[str] = mapped_column(String(120), index=True)
    document: Mapped[str] = mapped_column(String(60), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(80), default="")
    formed_on: Mapped[date | None] = mapped_column(Date)
    period_end: Mapped[date | None] = mapped_column(Date)
    disclosed_on: Mapped[date] = mapped_column(Date, index=True)
    changed_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    late: Mapped[int] = mapped_column(default=0)
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slide.id"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id"))
    explains_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"), index=True)
    withdrawn_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(400))
    imported: Mapped[bool] = mapped_column(default=False)
    hung_on: Mapped[date | None] = mapped_column(Date)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant())

    topic: Mapped[Topic] = relationship(lazy="joined")
    unit: Mapped[Unit] = relationship(lazy="joined")


class Happening(Base):
    """Something was formed, changed, approved or received, and has to be disclosed; answered by the record that does."""

    __tablename__ = "happening"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    trigger: Mapped[Trigger] = mapped_column(String(20))
    on: Mapped[date] = mapped_column("happened_on", Date)
    note: Mapped[str] = mapped_column(String(120), default="")
    noted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime] = mapped_column(Instant())
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"))
    dropped_at: Mapped[datetime | None] = mapped_column(Instant())


class Confirmation(Base):
    """Nothing has changed: one click by the owner, dated, shown on the board."""

    __tablename__ = "confirmation"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    on: Mapped[date] = mapped_column("confirmed_on", Date)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Instant())


class Counter(Base):
    """The last serial number given under a prefix; it only grows."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    last: Mapped[int]


@dataclass(frozen=True)
class Owed:
    """One topic as one unit owes it, and how it stands."""

    topic: Topic
    unit: Unit
    standing: Standing
    facts: Facts


@dataclass(frozen=True)
class Found:
    """One page of a search: its rows, how many there are in all, the page's number from 1 and how many pages there are."""

    rows: Sequence[Disclosure]
    total: int
    page: int
    pages: int


# --- records ------------------------------------------------------------------------------------------------------------

def recorder(database: Database, zone: Zone, calendar: Callable[[Session], Calendar]) -> Callable[[Sequence[Entry]], None]:
    """Durable listener of the journal: approvals become records, recalls and returns withdraw them. Hearing twice does no harm."""
    def hear(entries: Sequence[Entry]) -> None:
        heard = [entry for entry in entries if entry.verb in ("slide.approved", "slide.recalled", "slide.returned", "refs.moved")]
        if not heard:
            return
        with database.write() as session:
            record_all(session, heard, zone, calendar(session))
            note_hung(session, zone.day(heard[-1].at), at=heard[-1].at)
    return hear


def record_all(session: Session, entries: Iterable[Entry], zone: Zone, calendar: Calendar) -> None:
    """What these acts disclosed and took back, each on its day; other entries pass."""
    for entry in entries:
        if entry.verb == "slide.approved":
            disclose(session, entry.data["revision"], day=zone.day(entry.at), by=entry.by_id, at=entry.at, calendar=calendar)
        elif entry.verb in ("slide.recalled", "slide.returned"):
            withdraw(session, entry.data.get("revision"), zone.day(entry.at), entry.data.get("reason", ""))


def disclose(session: Session, revision_id: int, *, day: date, by: int | None, at: datetime, calendar: Calendar) -> Disclosure | None:
    """The record of an approval; None for a slide that is filed nowhere. A correction within the period changes the record there is."""
    revision = session.get(Revision, revision_id)
    filed = session.get(Filing, revision.slide_id) if revision else None
    if revision is None or filed is None:
        return None
    if (known := session.scalars(select(Disclosure).where(Disclosure.revision_id == revision_id)).first()) is not None:
        return known
    locked(session, "disclosure")
    topic = filed.topic
    unit_id = _owner(topic, revision.slide)
    before = session.scalars(select(Disclosure).where(Disclosure.slide_id == revision.slide_id, Disclosure.withdrawn_on.is_(None))
                             .order_by(Disclosure.id.desc())).first()
    if before is not None and (before.period_end, before.topic_id) == (filed.period_end, filed.topic_id):
        _correct(before, revision, filed, day)
        _answer(session, before, day)
        return before
    stood = stand(session, topic, unit_id, day, calendar)
    demanded = stood.due if stood.of is None or stood.of <= day else None
    made = Disclosure(
        number=number(session, topic, day), topic_id=topic.id, class_id=topic.class_id, unit_id=unit_id, title=revision.title,
        document=filed.document, summary=filed.summary, source=filed.source, formed_on=filed.formed_on, period_end=filed.period_end,
        disclosed_on=day, due_on=demanded, late=max(0, calendar.between(demanded, day)) if demanded else 0, slide_id=revision.slide_id,
        revision_id=revision.id, explains_id=filed.explains_id, made_by=by, made_at=at)
    session.add(made)
    session.flush()
    _answer(session, made, day)
    return made


def _owner(topic: Topic, slide: Slide) -> int:
    """Whose record it is: what the office writes under a section's topic is the section's."""
    return topic.unit_id if topic.unit_id is not None and slide.unit.kind == UnitKind.OFFICE else slide.unit_id


def withdraw(session: Session, revision_id: int | None, day: date, reason: str) -> None:
    """What was recalled or returned no longer counts as disclosed; the record stays, with the reason."""
    row = session.scalars(select(Disclosure).where(Disclosure.revision_id == revision_id)).first() if revision_id else None
    if row is not None and row.withdrawn_on is None:
        row.withdrawn_on, row.reason = day, reason[:400] or None
        for each in session.scalars(select(Happening).where(Happening.answered_by == row.id)):
            each.answered_by = None


def note_hung(session: Session, day: date, *, at: datetime) -> int:
    """Note the day on the records whose slide hangs on a board and did not before; how many."""
    ids, new = list(hanging(session, at)), 0
    for part in (ids[start:start + 500] for start in range(0, len(ids), 500)):
        live = select(Slide.live_id).where(Slide.id.in_(part))
        moved = session.execute(update(Disclosure).where(Disclosure.slide_id.in_(part), Disclosure.hung_on.is_(None),
                                                         Disclosure.withdrawn_on.is_(None), Disclosure.revision_id.in_(live))
                                .values(hung_on=day))
        new += moved.rowcount  # type: ignore[attr-defined]
    return new


def find(session: Session, *, words: str = "", topic: int | None = None, kind: int | None = None, units: Collection[int] | None = None,
         year: int | None = None, withdrawn: bool = True, also: Sequence[ColumnElement[bool]] = (), page: int = 1, size: int = 50
         ) -> Found:
    """Records, the latest first: with every word in title, 文号, summary or number; of this topic, class, year and these units; `also`:
    what else is true of them (statistics.behind).
    """
    tests = [_has(word) for word in clean(words).split()[:8]]
    searched = bool(tests)
    tests += also
    if topic is not None:
        tests.append(Disclosure.topic_id == topic)
    if kind is not None:
        tests.append(Disclosure.class_id == kind)
    if units is not None:
        tests.append(Disclosure.unit_id.in_(units))
    if year is not None:
        tests.append(Disclosure.disclosed_on.between(date(year, 1, 1), date(year, 12, 31)))
    if not withdrawn:
        tests.append(Disclosure.withdrawn_on.is_(None))
    chosen: Sequence[int]
    if searched:  # the texts are read once and in the order in which they lie, for the count and the page together
        found = session.execute(select(Disclosure.disclosed_on, Disclosure.id).where(*tests))
        every = sorted(((row.disclosed_on, row.id) for row in found), reverse=True)
        total, page, pages = _paged(len(every), page, size)
        chosen = [id for _, id in every[(page - 1) * size:page * size]]
    else:
        ids = select(Disclosure.id).where(*tests).order_by(Disclosure.disclosed_on.desc(), Disclosure.id.desc())
        total, page, pages = _paged(session.scalar(select(func.count()).select_from(Disclosure).where(*tests)) or 0, page, size)
        chosen = session.scalars(ids.limit(size).offset((page - 1) * size)).all()
    rows = {row.id: row for row in session.scalars(select(Disclosure).where(Disclosure.id.in_(chosen)))}
    return Found([rows[id] for id in chosen], total, page, pages)


def policies(session: Session, words: str = "", *, limit: int = 20) -> Sequence[Disclosure]:
    """What a policy interpretation may be linked to: records that hang and interpret nothing themselves, those with a 文号 first."""
    explains = func.coalesce(Disclosure.explains_id, 0) == 0  # most explain nothing: an index of what they explain would only mislead
    query = select(Disclosure).where(explains, Disclosure.withdrawn_on.is_(None), *(_has(word) for word in clean(words).split()[:8]))
    query = query.order_by(Disclosure.disclosed_on.desc(), Disclosure.id.desc())  # read off the index of days, as far as needed
    found = list(session.scalars(query.where(Disclosure.document != "").limit(limit)))
    if len(found) < limit:
        found += session.scalars(query.where(Disclosure.document == "").limit(limit - len(found)))
    return found


def record(session: Session, id: int) -> Disclosure:
    found = session.get(Disclosure, id)
    if found is None:
        raise NotFound("没有这条公开记录。")
    return found


def number(session: Session, topic: Topic, day: date) -> str:
    """The next index number of the topic's year; given once, whatever becomes of its record."""
    prefix = f"{topic.code}-{day.year}"
    while True:  # a number that came with an import is taken too
        made = f"{prefix}-{serial(session, prefix):04d}"
        if session.scalar(select(Disclosure.id).where(Disclosure.number == made)) is None:
            return made


def serial(session: Session, name: str) -> int:
    """The next whole number under this name, from 1; two that ask at once get two."""
    locked(session, "counter")
    row = session.get(Counter, name, with_for_update=True, populate_existing=True)
    if row is None:
        row = Counter(name=name, last=0)
        session.add(row)
    row.last += 1
    session.flush()
    return row.last


# --- how topics stand ---------------------------------------------------------------------------------------------------

def note(session: Session, topic: Topic, unit: Unit, trigger: Trigger, on: date, words: str, *, by: Actor, at: datetime,
         today: date) -> Happening:
    """Something has happened that has to be disclosed: the clock starts."""
    must(by, "duty.note", unit.id)
    if unit.id not in {each.id for each in topics.owners(session, topic)}:
        raise Invalid("topic", "“%(name)s”不归%(unit)s公开。", name=topic.name, unit=unit.name)
    if on > today:
        raise Invalid("on", "日期还没有到。形成或变更的那天是哪一天？")
    made = Happening(topic_id=topic.id, unit_id=unit.id, trigger=trigger, on=on, note=line(words, "note", most=60, least=0),
                     noted_by=by.id, noted_at=at)
    session.add(made)
    session.flush()
    journal.record(session, "happening.noted", made, by=by, at=at, topic=topic.id, unit=unit.id, on=on.isoformat())
    return made


def confirm(session: Session, topic: Topic, unit: Unit, *, by: Actor, at: datetime, today: date) -> Confirmation:
    """One click: nothing has changed."""
    must(by, "duty.note", unit.id)
    if topic.cadence in (Cadence.MONTH, Cadence.QUARTER, Cadence.HALF, Cadence.YEAR):
        raise Conflict("“%(name)s”是按期公开的，每期都要有新内容，不能只点无变更。", name=topic.name)
    if _facts(session, [topic], {unit.id})[topic.id, unit.id].published is None:
        raise Conflict("“%(name)s”还没有公开过，不能点无变更。请先写一页报审。", name=topic.name)
    if (same := session.scalars(select(Confirmation).where(
            Confirmation.topic_id == topic.id, Confirmation.unit_id == unit.id, Confirmation.on == today,
            Confirmation.undone_at.is_(None))).first()) is not None:  # pressed twice
        return same
    made = Confirmation(topic_id=topic.id, unit_id=unit.id, on=today, by_id=by.id)
    session.add(made)
    session.flush()
    journal.record(session, "topic.confirmed", topic, by=by, at=at, unit=unit.id)
    return made


def undo(session: Session, confirmed: Confirmation, *, by: Actor, at: datetime) -> None:
    """Take the click back: the topic stands as it stood before; the click and its undoing stay in the record."""
    must(by, "duty.note", confirmed.unit_id)
    if confirmed.undone_at is None:
        confirmed.undone_at = at
        journal.record(session, "topic.unconfirmed", topics.topic(session, confirmed.topic_id), by=by, at=at, unit=confirmed.unit_id)


def drop(session: Session, happened: Happening, reason: str, *, by: Actor, at: datetime) -> None:
    """There is nothing to disclose about it after all; the reason stays in the journal."""
    must(by, "duty.note", happened.unit_id)
    if happened.answered_by is not None:
        raise Conflict("这一笔已经公开了，不用再去掉。")
    if happened.dropped_at is None:
        reason = line(reason, "reason", most=100, least=2)
        happened.dropped_at = at
        journal.record(session, "happening.dropped", happened, by=by, at=at, topic=happened.topic_id, unit=happened.unit_id, reason=reason)


def confirmation(session: Session, id: int) -> Confirmation:
    found = session.get(Confirmation, id)
    if found is None:
        raise NotFound("没有这一次确认。")
    return found


def happening(session: Session, id: int) -> Happening:
    found = session.get(Happening, id)
    if found is None:
        raise NotFound("没有记过这一笔。")
    return found


def confirmations(session: Session, units: Collection[int], since: date) -> Sequence[Confirmation]:
    """What these units have confirmed from that day on and not taken back, the latest first."""
    return session.scalars(select(Confirmation).where(
        Confirmation.unit_id.in_(units), Confirmation.on >= since, Confirmation.undone_at.is_(None)).order_by(Confirmation.id.desc())).all()


def open_happenings(session: Session, units: Collection[int]) -> Mapping[tuple[int, int], list[Happening]]:
    """What has happened in these units and is not disclosed yet, by topic and unit, the earliest first."""
    found: dict[tuple[int, int], list[Happening]] = defaultdict(list)
    for each in session.scalars(select(Happening).where(Happening.unit_id.in_(units), Happening.answered_by.is_(None),
                                                        Happening.dropped_at.is_(None)).order_by(Happening.on, Happening.id)):
        found[each.topic_id, each.unit_id].append(each)
    return found


def by_document(session: Session, words: str) -> set[tuple[int, int]]:
    """The topics and units that have disclosed something whose 文号 or title has these words."""
    sought = clean(words)
    rows = session.execute(select(Disclosure.topic_id, Disclosure.unit_id).distinct().where(or_(
        Disclosure.document.contains(sought, autoescape=True), Disclosure.title.contains(sought, autoescape=True))))
    return {(row.topic_id, row.unit_id) for row in rows}


def stand(session: Session, topic: Topic, unit_id: int, today: date, calendar: Calendar) -> Standing:
    """How one topic of one unit stands."""
    return _standing(topic, _facts(session, [topic], {unit_id})[topic.id, unit_id], today, calendar)


def owed(session: Session, today: date, calendar: Calendar, *, units: Collection[int] | None = None) -> list[Owed]:
    """Every living topic as each of its owners owes it; overdue first, then due, each by its day."""
    living, everybody = topics.topics(session), people.units(session)
    few = units if units is not None and 2 * len(units) < len(everybody) else None  # of most units all are asked for at once
    facts, communities = _facts(session, living, few), [unit for unit in everybody if unit.kind == UnitKind.COMMUNITY]
    found = [Owed(topic, unit, _standing(topic, known := facts[topic.id, unit.id], today, calendar), known)
             for topic in living for unit in ([topic.unit] if topic.unit is not None else communities)
             if units is None or unit.id in units]
    order = {Freshness.OVERDUE: 0, Freshness.DUE: 1, Freshness.FRESH: 2}
    return sorted(found, key=lambda each: (order[each.standing.freshness], each.standing.due or date.max, each.topic.code, each.unit.id))


def _standing(topic: Topic, facts: Facts, today: date, calendar: Calendar) -> Standing:
    """The engine's answer; what the office asks of nobody is not owed before something has happened."""
    if not topic.required and facts.published is None and not facts.events:
        return Standing(Freshness.FRESH, None, None, None, 0, True)
    return deadlines.standing(topic.rule, facts, today, calendar)


def _facts(session: Session, wanted: Sequence[Topic], units: Collection[int] | None) -> Mapping[tuple[int, int], Facts]:
    """What is known of each topic in each unit (or in these): three questions, whatever the number of records."""
    ids = [topic.id for topic in wanted]

    def of(table: type[Disclosure | Confirmation | Happening]) -> list[ColumnElement[bool]]:
        return [table.topic_id.in_(ids), *([] if units is None else [table.unit_id.in_(units)])]

    told = {(row.topic_id, row.unit_id): row for row in session.execute(
        select(Disclosure.topic_id, Disclosure.unit_id, func.max(Disclosure.period_end).label("covers"),
               func.max(func.coalesce(Disclosure.changed_on, Disclosure.disclosed_on)).label("last"))
        .where(*of(Disclosure), Disclosure.withdrawn_on.is_(None)).group_by(Disclosure.topic_id, Disclosure.unit_id))}
    confirmed = {(row.topic_id, row.unit_id): row.last for row in session.execute(
        select(Confirmation.topic_id, Confirmation.unit_id, func.max(Confirmation.on).label("last"))
        .where(*of(Confirmation), Confirmation.undone_at.is_(None)).group_by(Confirmation.topic_id, Confirmation.unit_id))}
    events: dict[tuple[int, int], list[date]] = defaultdict(list)
    for row in session.execute(select(Happening.topic_id, Happening.unit_id, Happening.on).where(
            *of(Happening), Happening.answered_by.is_(None), Happening.dropped_at.is_(None))):
        events[row.topic_id, row.unit_id].append(row.on)
    since = {topic.id: topic.since for topic in wanted}
    return _Known(since, told, confirmed, events)


class _Known(dict[tuple[int, int], Facts]):
    """Facts by topic and unit, made when asked for."""

    def __init__(self, since: Mapping[int, date], told: Mapping[tuple[int, int], Any], confirmed: Mapping[tuple[int, int], date],
                 events: Mapping[tuple[int, int], Iterable[date]]) -> None:
        super().__init__()
        self._since, self._told, self._confirmed, self._events = since, told, confirmed, events

    def __missing__(self, key: tuple[int, int]) -> Facts:
        row = self._told.get(key)
        return Facts(self._since[key[0]], row.last if row else None, row.covers if row else None, self._confirmed.get(key),
                     tuple(self._events.get(key, ())))


def _paged(total: int, page: int, size: int) -> tuple[int, int, int]:
    """How many, the page's number within the pages there are, and their number."""
    pages = max(1, -(-total // size))
    return total, min(max(1, page), pages), pages


def _has(word: str) -> ColumnElement[bool]:
    return or_(*(column.contains(word, autoescape=True)
                 for column in (Disclosure.title, Disclosure.document, Disclosure.number, Disclosure.summary)))


def _correct(row: Disclosure, revision: Revision, filed: Filing, day: date) -> None:
    row.title, row.revision_id, row.changed_on = revision.title, revision.id, day
    row.document, row.summary, row.source, row.explains_id = filed.document, filed.summary, filed.source, filed.explains_id


def _answer(session: Session, made: Disclosure, day: date) -> None:
    """What had happened by then is disclosed with it."""
    waiting = session.scalars(select(Happening).where(
        Happening.topic_id == made.topic_id, Happening.unit_id == made.unit_id, Happening.answered_by.is_(None),
        Happening.dropped_at.is_(None), Happening.on <= day))
    for each in waiting:
        each.answered_by = made.id

"""Deliveries: reminders on their way to mailboxes and robots; each leased, tried again with growing pauses, and seen to fail.

Reminders that are made together go to an address in one message; while it waits, later ones of the day join it. What is said is
put together when it is sent, so that nothing is told that has been done since. A process that is killed loses its lease and another
takes the row up: only a crash between the sending and the noting of it can send a message twice (a mail then bears the same id).

Pauses after a failure: 1 minute, 5 minutes, 30 minutes, 2 hours, then the hour of reminders on each next working day; the seventh
failure is the last. Nothing is sent on days off and before that hour.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Date, ForeignKey, String, case, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import egress, journal
from kiosk.base.clock import Zone
from kiosk.base.db import Base, Database, Instant, claim
from kiosk.base.errors import N_, Conflict, Invalid, NotFound, Problem, filled
from kiosk.base.workdays import Calendar
from kiosk.content.fields import clean
from kiosk.disclosure import couriers, days, outages, reminders
from kiosk.disclosure.couriers import Channel, Message, Ways
from kiosk.disclosure.outages import News, Outage
from kiosk.disclosure.reminders import Reminder
from kiosk.people import Actor, Person, Role, Unit, must
from kiosk.settings import Settings

log = logging.getLogger("kiosk")
LEASE = timedelta(minutes=5)  # longer than any sending may take
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
TRIES = 7
OUTAGE = "kiosk-outage-"  # how the keys of messages about boards begin
TARGET_MOST, SECRET_MOST = 400, 200
Send = Callable[[Channel, str, str, Message, Ways, datetime], None]


class State(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # given up
    NEEDLESS = "needless"  # all of it was done before it was sent, or its address has ended


class Address(Base):
    """Where reminders go besides the page: a person's mail, or a unit's robot or mailbox. Keys are secrets and never shown whole."""

    __tablename__ = "reminder_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(400))
    secret: Mapped[str] = mapped_column(String(200), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    person: Mapped[Person | None] = relationship(lazy="joined")
    unit: Mapped[Unit | None] = relationship(lazy="joined")

    @property
    def home(self) -> int:
        """The unit it belongs to: its own, or its person's."""
        return self.unit_id if self.unit_id is not None else self.person.unit_id if self.person else 0


class Delivery(Base):
    """One message on its way. `body`: {"reminders": [id…]} or {"outages": [id…], "back": bool}, and "why": {…}, the parameters of the
    problem."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("reminder_address.id"), index=True)
    day: Mapped[date] = mapped_column("made_on", Date)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default=State.WAITING, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant(), index=True)
    leased_until: Mapped[datetime | None] = mapped_column(Instant())
    sent_at: Mapped[datetime | None] = mapped_column(Instant())
    problem: Mapped[str | None] = mapped_column(String(300))

    address: Mapped[Address] = relationship(lazy="joined")


def _by_courier(channel: Channel, target: str, secret: str, message: Message, ways: Ways, at: datetime) -> None:
    couriers.send(channel, target, secret, message, ways, at=at)


@dataclass(frozen=True)
class Post:
    """What sending needs: the ways out, the office's zone, hour and page, and the sender (tests put their own in its place)."""

    ways: Ways
    zone: Zone
    rhythm: reminders.Rhythm
    link: str = ""
    send: Send = _by_courier


def post_of(settings: Settings) -> Post:
    return Post(couriers.ways_of(settings), Zone(settings.zone), reminders.rhythm_of(settings), settings.site_url.rstrip("/"))


# --- addresses ----------------------------------------------------------------------------------------------------------

def addresses(session: Session, units: Collection[int] | None = None) -> list[Address]:
    """The living addresses, of these units if given; robots and mailboxes of units first."""
    rows = session.scalars(select(Address).where(Address.ended_at.is_(None)).order_by(Address.unit_id.is_(None), Address.id))
    return [row for row in rows if units is None or row.home in units]


def address(session: Session, id: int) -> Address:
    found = session.get(Address, id)
    if found is None or found.ended_at is not None:
        raise NotFound("没有这个提醒去处，可能已经停了。")
    return found


def add(session: Session, channel: Channel, target: str, secret: str, *, person: Person | None, unit: Unit | None, hosts: Collection[str],
        by: Actor, at: datetime) -> Address:
    """A new address of a person or of a unit; a host that is not allowed is told at once, with the setting's name."""
    if (person is None) == (unit is None):
        raise Invalid("owner", "请选这个去处归谁：一个人，或者一个单位。")
    must(by, "office.edit", unit.id if unit else person.unit_id if person else 0)
    target, secret = _target(channel, target, hosts), clean(secret)
    if len(secret) > SECRET_MOST:
        raise Invalid("secret", "最多 %(most)s 个字，现在 %(count)s 个。", most=SECRET_MOST, count=len(secret))
    if secret and channel not in (Channel.DINGTALK, Channel.FEISHU):
        raise Invalid("secret", "只有钉钉和飞书的机器人有加签密钥，这里请空着。")
    whose = (person.id if person else None, unit.id if unit else None)
    if any((row.channel, row.target, row.person_id, row.unit_id) == (channel, target, *whose) for row in addresses(session)):
        raise Conflict("这个去处已经有了。")
    made = Address(channel=channel, target=target, secret=secret, person_id=whose[0], unit_id=whose[1], added_at=at)
    session.add(made)
    session.flush()
    journal.record(session, "address.added", made, by=by, at=at, channel=channel, target=masked(made), person=whose[0], unit=whose[1])
    return made


def end(session: Session, row: Address, *, by: Actor, at: datetime) -> None:
    """Nothing is sent there any more; what waits is not sent either."""
    must(by, "office.edit", row.home)
    row.ended_at, row.secret = at, ""
    session.execute(update(Delivery).where(Delivery.address_id == row.id, Delivery.state == State.WAITING)
                    .values(state=State.NEEDLESS, leased_until=None))
    journal.record(session, "address.ended", row, by=by, at=at, target=masked(row))


def masked(row: Address) -> str:
    """The address as it may be shown: a mailbox whole, of a robot's only the host and the key's last four characters."""
    if row.channel == Channel.MAIL:
        return row.target
    parts = urlsplit(row.target)
    key = parts.query or parts.path
    return f"{parts.hostname or ''} …{key[-4:]}"


def trial(row: Address, at: datetime) -> Message:
    """What “发一条试试” says."""
    return Message(_TRIAL, (_TRIAL_LINE,), key=f"kiosk-trial-{row.id}-{int(at.timestamp())}")


def _target(channel: Channel, target: str, hosts: Collection[str]) -> str:
    target = clean(target).strip()
    if len(target) > TARGET_MOST:
        raise Invalid("target", "最多 %(most)s 个字，现在 %(count)s 个。", most=TARGET_MOST, count=len(target))
    if channel is Channel.MAIL:
        if not re.fullmatch(r"[^\s@<>\",;:()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", target) or not target.isascii():
            raise Invalid("target", "邮箱写得不对，像 name@example.cn 这样。")
        return target
    try:
        egress.check(target, hosts)
    except egress.Barred as problem:
        raise Invalid("target", problem.message, **problem.params) from problem
    return target


# --- what waits ---------------------------------------------------------------------------------------------------------

def gather(session: Session, made: Sequence[Reminder], at: datetime, *, zone: Zone) -> list[Delivery]:
    """One message for each address that these reminders concern: a person's own, and those of the unit that owes and of the units above."""
    if not made:
        return []
    tree, day, found = people.below(session), zone.day(at), list[Delivery]()
    for row in addresses(session):
        reach = tree.get(row.unit_id, frozenset()) if row.unit_id is not None else frozenset()
        ids = [each.id for each in made if each.person_id == row.person_id or each.unit_id in reach]
        if ids and (row.person is None or row.person.active):
            found.append(_joined(session, row, ids, day, at))
    return found


def gather_outages(session: Session, news: News, at: datetime, *, zone: Zone) -> list[Delivery]:
    """One message for each address about the boards that fell silent, and one about those that are back: to whoever heads or administers
    their units, and to the units' own addresses and those above.
    """
    if not news:
        return []
    tree, found = people.below(session), list[Delivery]()
    for row in addresses(session):
        for rows, back in ((news.down, False), (news.back, True)):
            if ids := [each.id for each in rows if _concerns(session, row, each, tree, at)]:
                found.append(_urgent(session, row, ids, back, zone.day(at), at))
    return found


def _concerns(session: Session, row: Address, outage: Outage, tree: Mapping[int, Collection[int]], at: datetime) -> bool:
    if row.person is None:
        return row.unit_id is not None and outage.board.unit_id in tree.get(row.unit_id, ())
    return row.person.active and outages.concerns(people.actor(session, row.person, at), outage.board.unit_id)


def _urgent(session: Session, row: Address, ids: list[int], back: bool, day: date, at: datetime) -> Delivery:
    made = Delivery(address_id=row.id, day=day, key=f"{OUTAGE}{row.id}-{min(ids)}-{'back' if back else 'down'}",
                    body={"outages": ids, "back": back}, state=State.WAITING, attempts=0, next_at=at)
    session.add(made)
    session.flush()
    return made


def waiting(session: Session, at: datetime, *, urgent: bool = False) -> Sequence[int]:
    """Deliveries whose time has come and that nobody holds; only `urgent` ones, of boards, while reminders rest."""
    query = select(Delivery.id).where(Delivery.state == State.WAITING, Delivery.next_at <= at,
                                      or_(Delivery.leased_until.is_(None), Delivery.leased_until <= at))
    query = query.where(Delivery.key.startswith(OUTAGE)) if urgent else query
    return session.scalars(query.order_by(Delivery.next_at, Delivery.id).limit(200)).all()


def recent(session: Session, units: Collection[int], since: date, limit: int = 200) -> list[Delivery]:
    """Of these units since that day: what was given up first, then what waits, then the latest of the others."""
    order = case((Delivery.state == State.FAILED, 0), (Delivery.state == State.WAITING, 1), else_=2)
    query = select(Delivery).where(Delivery.day >= since).order_by(order, (Delivery.attempts == 0), Delivery.id.desc())
    rows = session.scalars(query.limit(limit * 5))
    return [row for row in rows if row.address.home in units][:limit]


def delivery(session: Session, id: int) -> Delivery:
    found = session.get(Delivery, id)
    if found is None:
        raise NotFound("没有这条发送记录。")
    return found


def renew(session: Session, row: Delivery, *, by: Actor, at: datetime) -> None:
    """Try once more, now; what was sent is not sent again."""
    must(by, "office.edit", row.address.home)
    if row.address.ended_at is not None:
        raise Conflict("这个去处已经停了，请先加一个新的。")
    if row.state == State.SENT:
        raise Conflict("这条已经发出去了，不用再发。")
    if row.leased_until is not None and row.leased_until > at:
        raise Conflict("正在发，请过一会儿再看。")
    row.state, row.attempts, row.next_at, row.leased_until = State.WAITING, 0, at, None
    journal.record(session, "delivery.renewed", row, by=by, at=at)


def _joined(session: Session, row: Address, ids: list[int], day: date, at: datetime) -> Delivery:
    """The delivery of this day that still waits and that nobody is sending, with these added; else a further one."""
    today = session.scalars(select(Delivery).where(Delivery.address_id == row.id, Delivery.day == day).order_by(Delivery.id)
                            .with_for_update(of=Delivery)).all()
    for each in today:
        if "reminders" in each.body and each.state == State.WAITING and (each.leased_until is None or each.leased_until <= at):
            each.body = {**each.body, "reminders": [*each.body["reminders"], *ids]}
            return each
    made = Delivery(address_id=row.id, day=day, key=f"kiosk-{row.id}-{day.isoformat()}-{len(today) + 1}", body={"reminders": ids},
                    state=State.WAITING, attempts=0, next_at=at)
    session.add(made)
    session.flush()
    return made


# --- sending ------------------------------------------------------------------------------------------------------------

def deliver(database: Database, id: int, post: Post, *, clock: Callable[[], datetime]) -> State | None:
    """Take the row, send its message outside of any transaction, and note what came of it; None when another process has it."""
    at = clock()
    held = _claimed(database, id, post, at)
    if held is None or isinstance(held, State):
        return held
    problem: Problem | None = None
    try:
        couriers.check(held.channel, held.target, post.ways)
        post.send(held.channel, held.target, held.secret, held.message, post.ways, at)
    except Problem as found:
        problem = found
    except Exception as error:  # counted as a failure like any other, or it would be tried for ever; its text may hold a key
        log.error("delivery %s failed: %s", id, type(error).__name__)
        problem = Problem("程序出了错（%(code)s），没有发成。", code=type(error).__name__)
    with database.write() as session:
        return _noted(session, id, held.until, problem, post, clock())


@dataclass(frozen=True)
class _Held:
    until: datetime
    channel: Channel
    target: str
    secret: str
    message: Message


def _claimed(database: Database, id: int, post: Post, at: datetime) -> _Held | State | None:
    with database.write() as session:
        calendar = days.calendar(session)
        before = session.get(Delivery, id)
        if before is None or (_rests(before) and quiet_until(at, post, calendar) > at):
            return None
        if not claim(session, Delivery, id, at=at, lease=LEASE):
            return None
        row = session.get(Delivery, id, populate_existing=True)
        if row is None or row.state != State.WAITING:
            return None  # another process was quicker, and is done with it
        told = _message_of(session, row, post, calendar, at)
        if told is None or row.address.ended_at is not None:
            row.state, row.leased_until = State.NEEDLESS, None
            return State.NEEDLESS
        return _Held(at + LEASE, Channel(row.address.channel), row.address.target, row.address.secret, told)


def _rests(row: Delivery) -> bool:
    """Whether it waits for the hour of reminders: a board that is dark while its doors are open does not."""
    return "outages" not in row.body


def _message_of(session: Session, row: Delivery, post: Post, calendar: Calendar, at: datetime) -> Message | None:
    """What there is to say now; None where it has been settled."""
    if "outages" in row.body:
        back = bool(row.body.get("back"))
        found = outages.rows(session, row.body["outages"])
        found = found if back else outages.still_down(found)
        return outages.message(found, post.zone, back=back, link=post.link, key=row.key) if found else None
    rows = reminders.still_open(session, row.body["reminders"])
    return message(rows, post.zone.day(at), calendar, link=post.link, key=row.key, shared=row.address.unit_id is not None) if rows else None


def _noted(session: Session, id: int, until: datetime, problem: Problem | None, post: Post, at: datetime) -> State | None:
    row = session.get(Delivery, id, with_for_update={"of": Delivery})  # PostgreSQL locks no row that an outer join may leave out
    if row is None or row.state != State.WAITING or row.leased_until != until:
        return None  # it took so long that the lease ran out: who has it now says what became of it
    row.attempts, row.leased_until = row.attempts + 1, None
    if problem is None:
        row.state, row.sent_at, row.problem = State.SENT, at, None
        journal.record(session, "delivery.sent", row, by=None, at=at, address=row.address_id, attempts=row.attempts)
        return State.SENT
    row.problem, params = problem.kept()
    row.body = {**row.body, "why": params}
    if row.attempts >= TRIES:
        row.state = State.FAILED
        journal.record(session, "delivery.stopped", row, by=None, at=at, address=row.address_id, attempts=row.attempts)
        return State.FAILED
    soon = at + PAUSES[min(row.attempts, len(PAUSES)) - 1]
    row.next_at = next_try(row.attempts, at, post, days.calendar(session)) if _rests(row) else soon
    return State.WAITING


def next_try(attempts: int, at: datetime, post: Post, calendar: Calendar) -> datetime:
    """When to try again after so many failures."""
    if attempts <= len(PAUSES):
        return quiet_until(at + PAUSES[attempts - 1], post, calendar)
    tomorrow = calendar.on_or_after(post.zone.day(at) + timedelta(days=1))
    return post.zone.instant(tomorrow, post.rhythm.start)


def quiet_until(at: datetime, post: Post, calendar: Calendar) -> datetime:
    """The moment itself, or the first one after it at which something may be sent."""
    today = post.zone.day(at)
    start = post.zone.instant(today, post.rhythm.start)
    if calendar.works(today):
        return max(at, start)
    return post.zone.instant(calendar.on_or_after(today), post.rhythm.start)


# --- what is said -------------------------------------------------------------------------------------------------------

_TRIAL, _TRIAL_LINE = N_("公示屏：试一试"), N_("收到这条，说明以后的提醒能发到这里。不用回复。")
_LATE, _LEFT = N_("%(count)s 项逾期"), N_("%(count)s 项快到期")
_LINE = N_("%(unit)s《%(topic)s》：%(when)s")
WHEN_LATE = N_("应在 %(month)s月%(day)s日前公开，已逾期 %(late)s 个工作日")
WHEN_JUST = N_("应在 %(month)s月%(day)s日前公开，已逾期，还没到下一个工作日")
WHEN_TODAY, WHEN_LAST = N_("今天到期"), N_("%(month)s月%(day)s日到期，那天休息，今天是最后一个工作日")
WHEN_LEFT = N_("%(month)s月%(day)s日到期，还有 %(left)s 个工作日")
VACANT = {Role.EDITOR: N_("这个单位没有自己的经办人，所以告诉您"), Role.SECTION_HEAD: N_("这个单位没有科室负责人，所以告诉您"),
          Role.LEADER: N_("这个单位没有分管领导，所以告诉您")}
FOR_POST = N_("您在代%(post)s")


def message(rows: Sequence[Reminder], today: date, calendar: Calendar, *, link: str = "", key: str = "", shared: bool = False) -> Message:
    """The message about these duties as they stand today; to many (`shared`) without what concerns one person."""
    late = sum(row.due_on < today for row in rows)
    counts = [filled(text, {"count": count}) for text, count in ((_LATE, late), (_LEFT, len(rows) - late)) if count]
    lines = tuple(filled(_LINE, {"unit": row.unit.short, "topic": row.topic.name,
                                 "when": "；".join(_row_words(row, today, calendar, shared))}) for row in rows)
    return Message("公示提醒：" + "，".join(counts), lines, link, key)


def when(row: Reminder, today: date, calendar: Calendar) -> tuple[str, dict[str, Any]]:
    """How long there is, or how late it is, as a sentence's id and its parameters."""
    told: dict[str, Any] = {"month": row.due_on.month, "day": row.due_on.day}
    between = calendar.between(today, row.due_on)
    if row.due_on < today:
        return (WHEN_LATE, {**told, "late": -between}) if between else (WHEN_JUST, told)
    if row.due_on == today:
        return WHEN_TODAY, {}
    return (WHEN_LEFT, {**told, "left": between}) if between else (WHEN_LAST, told)


def _row_words(row: Reminder, today: date, calendar: Calendar, shared: bool) -> Iterable[str]:
    yield filled(*when(row, today, calendar))
    if not shared and row.vacant:
        yield VACANT[Role(row.vacant)]
    if not shared and row.for_post:
        yield filled(FOR_POST, {"post": row.for_post})


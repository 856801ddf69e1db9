"""Running: a 公示 hangs for n full days from its real beginning, and does not come down before they are over.

The days are bound, the end is not: the approval reckons it from the moment of the approval (or from the start, if that is later), and
what it reckoned is kept as the revision's `run`. Ending it early is asked for by one and agreed to by a leader who did not ask. A recall
for cause acts at once and is signed off afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.db import Base, Instant
from kiosk.base.errors import Conflict, Forbidden, Invalid
from kiosk.base.workdays import DAY, Calendar
from kiosk.content import masks, slides
from kiosk.content.fields import Faults
from kiosk.content.kinds.objection import RELIEF, WORKING, Objection, counted
from kiosk.content.slides import Revision, Slide
from kiosk.people import Actor, UnitKind, line, may, must


class EarlyEnd(Base):
    """Somebody asks that a 公示 comes down before its last day; a leader says yes or no."""

    __tablename__ = "early_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant())
    agreed: Mapped[bool | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant())

    revision: Mapped[Revision] = relationship(lazy="joined")


class SignedOff(Base):
    """A leader has seen why a 公示 was recalled before its last day."""

    __tablename__ = "recall_signed"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant())


@dataclass(frozen=True)
class Almanac:
    """By what days are counted: the office's zone, and its working days."""

    zone: Zone
    calendar: Calendar


def counts(slide: Slide) -> bool:
    """Whether the slide's days are counted."""
    return slide.kind == Objection.name


def check(session: Session, revision: Revision, at: datetime) -> None:
    """What a 公示 has to be before it goes to its readers; Faults with all that is wrong. Other slides pass."""
    if counts(revision.slide) and (faults := [*_told(revision), *_place(session, revision), *_instead(revision, at)]):
        raise Faults(faults)


def begin(session: Session, revision: Revision, *, at: datetime, almanac: Almanac | None) -> None:
    """With the approval: reckon the days and the end. Other slides begin without."""
    if not counts(revision.slide):
        return
    check(session, revision, at)
    if almanac is None:
        raise RuntimeError("a public notice is approved with an almanac: its days are counted")
    told = Objection.parse(revision.data)
    first = almanac.zone.day(max(at, revision.start or at))
    days = counted(first, told.days or 0, told.measure, almanac.calendar)
    before = revision.slide.live
    if before is not None and slides.runs(revision.slide, at) and days[-1] < last_day(before):
        raise Conflict("这一版到 %(day)s 就满期，比现在挂的 %(until)s 早。请把天数改长；要提前结束，请先写明原因，由分管领导同意。",
                       day=days[-1].isoformat(), until=last_day(before).isoformat())
    sure = told.measure != WORKING or almanac.calendar.sure(first, days[-1])
    revision.run = {"first": first.isoformat(), "days": [day.isoformat() for day in days], "sure": sure}
    revision.end = almanac.zone.instant(days[-1] + DAY)


def names_persons(revision: Revision) -> bool:
    """Whether private persons stand on it by name, masked or not: a 公示 of households."""
    return bool(revision.data.get("households"))


def last_day(revision: Revision) -> date:
    """The last day of a 公示 that was approved."""
    assert revision.run is not None
    return date.fromisoformat(revision.run["days"][-1])


def first_day(revision: Revision) -> date:
    """The day on which it was posted: day 0."""
    assert revision.run is not None
    return date.fromisoformat(revision.run["first"])


def running(session: Session, at: datetime, units: Collection[int] | None = None) -> list[Slide]:
    """Every 公示 whose days are not over, the first to end first."""
    query = (select(Slide).join(Revision, Revision.id == Slide.live_id).where(Slide.kind == Objection.name, Revision.end > at)
             .order_by(Revision.end, Slide.id))
    return [slide for slide in session.scalars(query) if units is None or slide.unit_id in units]


# --- ending it early --------------------------------------------------------------------------------------------------

def ask_end(session: Session, slide: Slide, reason: str, *, by: Actor, at: datetime) -> EarlyEnd:
    """Ask that it comes down before its last day. It hangs on until a leader agrees."""
    slides.held(session, slide)
    must(by, "slide.edit", slide.unit_id)
    if not slides.runs(slide, at) or slide.live is None:
        raise Conflict("这件公示现在没有在计天数，不用提前结束。")
    if open_ask(session, slide) is not None:
        raise Conflict("已经有人提出提前结束了，在等分管领导。")
    made = EarlyEnd(revision=slide.live, reason=line(reason, "reason", most=200), asked_by=by.id, asked_at=at)
    session.add(made)
    session.flush()
    journal.record(session, "objection.end_asked", slide, by=by, at=at, revision=made.revision_id, reason=made.reason)
    return made


def agree_end(session: Session, ask: EarlyEnd, *, by: Actor, at: datetime) -> None:
    """The leader's yes: it leaves the boards and goes into the archive."""
    slide = _decide(session, ask, by, at)
    ask.agreed, ask.decided_by, ask.decided_at = True, by.id, at
    ask.revision.end = at
    journal.record(session, "objection.ended_early", slide, by=by, at=at, revision=ask.revision_id, reason=ask.reason,
                   until=last_day(ask.revision).isoformat())
    slides.retire(session, slide, by=by, at=at)


def refuse_end(session: Session, ask: EarlyEnd, *, by: Actor, at: datetime) -> None:
    """The leader's no: it hangs until its last day."""
    slide = _decide(session, ask, by, at)
    ask.agreed, ask.decided_by, ask.decided_at = False, by.id, at
    journal.record(session, "objection.end_refused", slide, by=by, at=at, revision=ask.revision_id)


def open_ask(session: Session, slide: Slide) -> EarlyEnd | None:
    """What waits for a leader about the version that hangs."""
    return session.scalars(select(EarlyEnd).where(EarlyEnd.revision_id == slide.live_id, EarlyEnd.agreed.is_(None))).first()


# --- recalled for cause -------------------------------------------------------------------------------------------------

def recalled(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    """A leader's own recall needs no second leader; any other waits to be signed off."""
    if counts(revision.slide) and may(by, "slide.approve", revision.slide.unit_id):
        session.add(SignedOff(revision_id=revision.id, by_id=by.id, at=at))


def to_sign(session: Session, actor: Actor) -> list[Revision]:
    """公示 that were recalled before their last day and wait for this leader, oldest first."""
    rows = session.scalars(select(Revision).join(Slide, Slide.id == Revision.slide_id)
                           .outerjoin(SignedOff, SignedOff.revision_id == Revision.id)
                           .where(Slide.kind == Objection.name, Revision.recalled_at < Revision.end, SignedOff.revision_id.is_(None))
                           .order_by(Revision.recalled_at))
    return [row for row in rows if may(actor, "slide.approve", row.slide.unit_id)]


def sign_off(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    must(by, "slide.approve", revision.slide.unit_id)
    if revision not in to_sign(session, by):
        raise Conflict("这件撤回不用补签，或者已经签过了。")
    session.add(SignedOff(revision_id=revision.id, by_id=by.id, at=at))
    journal.record(session, "recall.signed", revision.slide, by=by, at=at, revision=revision.id, reason=revision.reason)


def _decide(session: Session, ask: EarlyEnd, by: Actor, at: datetime) -> Slide:
    slide = ask.revision.slide
    slides.held(session, slide)
    must(by, "slide.approve", slide.unit_id)
    if by.id == ask.asked_by:
        raise Forbidden("这是您自己提的，要请另一位分管领导来定。")
    if ask.agreed is not None or slide.live_id != ask.revision_id or not slides.runs(slide, at):
        raise Conflict("这件申请已经办过了，或者公示已经不在屏上。")
    return slide


def _told(revision: Revision) -> Iterator[Invalid]:
    if revision.data.get("days") is None:
        yield Invalid("days", "公示几天还没有填。事项里没有规定的，请自己填上。")
    if what := masks.private(revision.title):
        yield Invalid("title", "标题里有一串像%(what)s的数字，不能上屏，请删掉。", what=[what])


def _place(session: Session, revision: Revision) -> Iterator[Invalid]:
    """Social assistance hangs in the applicants' community and nowhere else (社会救助暂行办法 Art. 11)."""
    if revision.data.get("subject") != RELIEF:
        return
    if len(revision.audience) != 1:
        yield Invalid("audience", "救助公示一个社区一件，只挂在那个社区的屏上。现在选了 %(count)s 个，请只选一个。",
                      count=len(revision.audience))
        return
    unit = people.unit(session, revision.audience[0])
    if unit.kind != UnitKind.COMMUNITY:
        yield Invalid("audience", "“%(unit)s”不是社区。救助公示只在申请人所在的社区挂，别处的人不该看到。请选那个社区。", unit=unit.name)
        return
    named = Objection.parse(revision.data).community
    if named and named not in (unit.name, unit.short) and f"{named}社区" != unit.name:
        yield Invalid("audience", "名单写的是“%(named)s”，选的是“%(unit)s”的屏。请选名单所在的社区。", named=named, unit=unit.name)


def _instead(revision: Revision, at: datetime) -> Iterator[Invalid]:
    """A new version takes the place of one whose days are not over: it leaves none of its boards, and no day between."""
    live = revision.slide.live
    if live is None or live is revision or not slides.runs(revision.slide, at):
        return
    if set(live.audience) - set(revision.audience):
        yield Invalid("audience", "现在挂的一版到 %(day)s 才满期，原来的屏不能少。要撤，请先写明原因，由分管领导同意提前结束。",
                      day=last_day(live).isoformat())
    if revision.start is not None and revision.start > at:
        yield Invalid("start", "现在挂的一版到 %(day)s 才满期，新的一版要批准就换上，开始时间请空着。", day=last_day(live).isoformat())

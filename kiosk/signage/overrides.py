"""Overrides (紧急插播): a few words, or a slide that hangs anyway, on top of everything, for a while.

Always two people: one asks, another confirms, both entitled for every board it reaches. It ends by itself, by one tap of anybody
entitled, and off line by the board's own clock. A drill never speaks as the real thing does. The form is signed afterwards, by the next
working day, by a third person; where only the two are there, by the one who confirmed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, String, Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import iso
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid, NotFound
from kiosk.content.slides import Slide, hangs
from kiosk.people import Actor, Person, Unit, line, may, must, reach, who_can
from kiosk.signage.boards import Board, Group, board_group, boards
from kiosk.signage.cap import LEAST_MINUTES, MOST_MINUTES, USUAL_MINUTES, Alert

HEADLINE_MOST, TEXT_MOST, SENTENCES_MOST = 12, 40, 2
WAITS = timedelta(minutes=30)  # an ask that nobody confirms is worth nothing after that
SLOW_CLOCKS = timedelta(minutes=10)
DRILL = N_("演练")
PREFIX = "override."  # what a board says it shows while one stands on it
_MOBILE, _CARD = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_PHONE = re.compile(r"[0-9×xX()（）转+\-—－ ]{3,20}")



class State(StrEnum):
    DRAFT = "draft"
    ASKED = "asked"
    STANDING = "standing"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Override(Base):
    """One insert from its draft to the signed form. `units`: whose boards it means when it goes to all; `outcome`: how it was closed."""

    __tablename__ = "override"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    drill: Mapped[bool] = mapped_column(default=False)
    headline: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    sender: Mapped[str] = mapped_column(String(60), default="")
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slide.id"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id"))
    minutes: Mapped[int] = mapped_column(default=USUAL_MINUTES)
    everywhere: Mapped[bool] = mapped_column(default=True)
    units: Mapped[list[Any]] = mapped_column(default=list)
    groups: Mapped[list[Any]] = mapped_column(default=list)
    boards: Mapped[list[Any]] = mapped_column(default=list)
    source: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cap_key: Mapped[str | None] = mapped_column(String(300), index=True)
    remark: Mapped[str] = mapped_column(String(20), default="")
    made_at: Mapped[datetime] = mapped_column(Instant())
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime | None] = mapped_column(Instant())
    wanted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant())
    starts: Mapped[datetime | None] = mapped_column(Instant())
    ends: Mapped[datetime | None] = mapped_column(Instant(), index=True)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant())
    reason: Mapped[str] = mapped_column(String(200), default="")
    led: Mapped[bool] = mapped_column(default=False)  # one of the two was a leader
    due_on: Mapped[date | None] = mapped_column(Date)
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime | None] = mapped_column(Instant())

    unit: Mapped[Unit] = relationship(lazy="joined")
    slide: Mapped[Slide | None] = relationship()

    def state(self, at: datetime) -> State:
        if self.outcome:
            return State(self.outcome)
        if self.confirmed_at is not None:
            return State.STANDING if self.ends is not None and at < self.ends else State.ENDED
        if self.asked_at is None:
            return State.DRAFT
        return State.ASKED if at < self.asked_at + WAITS else State.LAPSED

    @property
    def over(self) -> datetime | None:
        """When it left the boards, or will."""
        return self.closed_at if self.outcome == State.ENDED and self.closed_at is not None else self.ends

    @property
    def owing(self) -> bool:
        """Whether its form is still to be signed."""
        return self.confirmed_at is not None and self.due_on is not None and self.signed_at is None


class Receipt(Base):
    """A board said that the insert stands on it: the first time it did."""

    __tablename__ = "override_receipt"

    override_id: Mapped[int] = mapped_column(ForeignKey("override.id"), primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant())


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be shown, as they typed it. Without groups and boards: on every board that they may reach."""

    drill: bool
    headline: str = ""
    text: str = ""
    phone: str = ""
    minutes: int = USUAL_MINUTES
    slide: Slide | None = None
    everywhere: bool = True
    groups: Sequence[Group] = ()
    boards: Sequence[Board] = ()
    wanted: Person | None = None


# --- the first of two ---------------------------------------------------------------------------------------------------

def ask(session: Session, wish: Wish, *, unit: Unit, by: Actor, at: datetime, draft: Override | None = None) -> Override:
    """Write it down and wait for the second person; nothing shows before that. `draft`: what it was made from."""
    must(by, "override.ask", unit.id)
    made = draft if draft is not None else Override(unit=unit, made_at=at, source={}, units=[], groups=[], boards=[])
    if draft is not None and draft.state(at) is not State.DRAFT:
        raise Conflict("这份草稿已经用过了，或者删了。请从紧急插播页重新开始。")
    _say(made, wish, unit, at)
    _aim(session, made, wish, by)
    made.unit, made.asked_by, made.asked_at = unit, by.id, at
    if wish.wanted is not None:
        made.wanted_by = _named(session, made, wish.wanted, by, at)
    session.add(made)
    session.flush()
    journal.record(session, "override.asked", made, by=by, at=at, drill=made.drill, headline=made.headline, text=made.text,
                   minutes=made.minutes, slide=made.slide_id, everywhere=made.everywhere, groups=made.groups, boards=made.boards,
                   **_for(by))
    return made


def checked_words(drill: bool, headline: str, text: str) -> tuple[str, str]:
    """Headline and text as the wall takes them; Invalid names what is too long. A drill's headline says that it is one."""
    head = line(headline, "headline", most=200)
    if drill and DRILL not in head:
        if len(head) + len(DRILL) > HEADLINE_MOST:
            raise Invalid("headline", "演练的标题要带“演练”两个字，请把别的字缩到 %(most)s 个以内。", most=HEADLINE_MOST - len(DRILL))
        head += DRILL
    if len(head) > HEADLINE_MOST:
        raise Invalid("headline", "“出了什么事”最多 %(most)s 个字，现在 %(count)s 个。", most=HEADLINE_MOST, count=len(head))
    return head, _text(text, needed=not drill)


def _text(text: str, *, needed: bool) -> str:
    lines = [line(each, "text", most=2000, least=0) for each in unicodedata.normalize("NFC", text).splitlines()]
    kept = [each for each in lines if each]
    if needed and not kept:
        raise Invalid("text", "请写居民要怎么做，一两句话。")
    count = sum(len(each) for each in kept)
    if count > TEXT_MOST:
        raise Invalid("text", "“请居民怎么做”最多 %(most)s 个字，现在 %(count)s 个。", most=TEXT_MOST, count=count)
    said = sum(len([part for part in re.split(r"[。！？!?]", each) if re.sub(r"[\s”’）)]", "", part)]) for each in kept)
    if said > SENTENCES_MOST:
        raise Invalid("text", "最多两句话，现在 %(count)s 句。看屏的人只来得及记住一两件事。", count=said)
    return "\n".join(kept)


def _say(made: Override, wish: Wish, unit: Unit, at: datetime) -> None:
    """The words, or the slide in their place."""
    if not LEAST_MINUTES <= wish.minutes <= MOST_MINUTES:
        raise Invalid("minutes", "播多久要在 %(least)s 分钟到 %(most)s 小时之间。", least=LEAST_MINUTES, most=MOST_MINUTES // 60)
    made.drill, made.minutes, made.sender = wish.drill, wish.minutes, unit.short
    made.slide, made.revision_id = wish.slide, None
    if wish.slide is not None:
        _check_slide(wish, at)
        assert wish.slide.live is not None
        made.slide_id, made.revision_id = wish.slide.id, wish.slide.live_id
        made.headline, made.text, made.phone = wish.slide.live.title[:200], "", wish.phone.strip()[:40]
        return
    made.slide_id = None
    made.headline, made.text = checked_words(wish.drill, wish.headline, wish.text)
    made.phone = _office_phone(wish.phone)
    if _MOBILE.search(made.headline + made.text) or _CARD.search(made.headline + made.text):
        raise Invalid("text", "里面像是个人手机号或身份证号，不能挂上墙。请换成办公电话。")


def _check_slide(wish: Wish, at: datetime) -> None:
    assert wish.slide is not None
    if wish.drill:
        raise Invalid("slide", "演练不能播已批准的内容，居民会当真。演练请写字。")
    if wish.slide.live is None or not hangs(wish.slide, at):
        raise Invalid("slide", "这件内容现在没有批准上屏，不能插播。请选一件正在挂的。")


def _office_phone(text: str) -> str:
    phone = line(text, "phone", most=20)
    if _MOBILE.search(re.sub(r"\D", "", phone)) and not phone.startswith("0"):
        raise Invalid("phone", "这是个人手机号，请换成办公电话。")
    if not _PHONE.fullmatch(phone):
        raise Invalid("phone", "电话只写数字和横线，例如 0825-×××××××。")
    return phone


def _aim(session: Session, made: Override, wish: Wish, by: Actor) -> None:
    """Where it shows. Each group and board named has to lie in units of the one who asks; so has every board of a group."""
    if not wish.everywhere and not wish.groups and not wish.boards:
        raise Invalid("where", "请选挂在哪里：全部屏，或者勾几个分组、几块屏。")
    made.everywhere = wish.everywhere
    made.units = sorted(reach(by, "override.ask")) if wish.everywhere else []
    made.groups = [] if wish.everywhere else sorted({each.id for each in wish.groups})
    made.boards = [] if wish.everywhere else sorted({each.id for each in wish.boards})
    living = covered(session, made)
    for unit_id in {*(each.unit_id for each in wish.groups), *(each.unit_id for each in wish.boards), *(each.unit_id for each in living)}:
        if not may(by, "override.ask", unit_id):
            raise Forbidden("里面有不归您管的屏。挂到那里，要请%(who)s来发。", who=who_can("override.confirm"))
    if not living:
        if made.slide_id is None:
            raise Invalid("where", "选的地方现在一块屏也没有，发了谁也看不到。")
        raise Invalid("where", "这件内容批准的范围里没有这些屏，请换一个地方或换一件内容。")


def _named(session: Session, made: Override, wanted: Person, by: Actor, at: datetime) -> int:
    if wanted.id == by.id:
        raise Invalid("wanted", "确认的人不能是自己，要请另一个人。")
    if not _may_confirm(people.actor(session, wanted, at), made.asked_by or by.id, needed_units(session, made)):
        raise Invalid("wanted", "“%(post)s”不能确认这一件，请换一个人。", post=wanted.post)
    return wanted.id


# --- the second ---------------------------------------------------------------------------------------------------------

def confirm(session: Session, found: Override, *, by: Actor, at: datetime, due: date | None) -> None:
    """The other person says yes: from now on it stands. Refs are moved by manifest.confirm_override, in the same transaction."""
    _check_waiting(found, at)
    if found.asked_by == by.id:
        raise Forbidden("这是您写的，要请另一个人确认。")
    units = needed_units(session, found)
    if not _may_confirm(by, found.asked_by, units):
        raise Forbidden("这一步要请%(who)s来做。", who=who_can("override.confirm"))
    first = people.actor(session, people.person(session, found.asked_by or 0), at)
    if not all(may(first, "override.ask", unit) for unit in units):
        raise Conflict("%(post)s现在不能发这样的插播了。请您自己重新写一条，再请另一个人确认。", post=first.post)
    if found.slide is not None and (found.slide.live_id != found.revision_id or not hangs(found.slide, at)):
        raise Conflict("这件内容在等您的时候改过或撤下了，不能按原样插播。请重新发一次。")
    found.confirmed_by, found.confirmed_at = by.id, at
    found.starts = at.replace(microsecond=0)
    found.ends = found.starts + timedelta(minutes=found.minutes)
    found.led = any(may(each, "slide.approve", found.unit_id) for each in (by, first))
    found.due_on = None if found.slide_id is not None else due
    journal.record(session, "override.confirmed", found, by=by, at=at, drill=found.drill, headline=found.headline, ends=iso(found.ends),
                   **_for(by))


def refuse(session: Session, found: Override, reason: str, *, by: Actor, at: datetime) -> None:
    """The other person says no, and why."""
    _check_waiting(found, at)
    if found.asked_by == by.id:
        raise Forbidden("这是您自己写的。不发了，请按“不发了”。")
    if not _may_confirm(by, found.asked_by, needed_units(session, found)):
        raise Forbidden("这一步要请%(who)s来做。", who=who_can("override.confirm"))
    found.reason = line(reason, "reason", most=200)
    _close(found, State.REFUSED, by, at)
    journal.record(session, "override.refused", found, by=by, at=at, reason=found.reason, **_for(by))


def end(session: Session, found: Override, *, by: Actor, at: datetime) -> None:
    """By one tap of anybody entitled: what stands ends at once, what waits is taken back, a draft is dropped."""
    must(by, "override.ask", found.unit_id)
    state = found.state(at)
    if state not in (State.STANDING, State.ASKED, State.DRAFT):
        raise Conflict("这条已经结束了，屏上没有它。")
    _end(session, found, state, by, at, headline=found.headline, **_for(by))


def sign(session: Session, found: Override, *, by: Actor, at: datetime) -> None:
    """The form that follows."""
    if not found.owing:
        raise Conflict("这条的审核表不用补签，或者已经补签了。")
    if not may_sign(session, found, by, at):
        if by.id in (found.asked_by, found.confirmed_by):
            raise Forbidden("审核表要请第三个人补签：写的人和确认的人都不签。")
        leader = [people.ROLE_NAMES[people.Role.LEADER]]
        raise Forbidden("补签要请%(who)s来做。", who=who_can("override.confirm") if found.led else leader)
    found.signed_by, found.signed_at = by.id, at
    journal.record(session, "override.signed", found, by=by, at=at, late=bool(found.due_on and at.date() > found.due_on), **_for(by))


def note_call(session: Session, found: Override, board: Board, *, by: Actor, at: datetime) -> None:
    """Somebody rang up the place of a board that has not changed."""
    if found.confirmed_at is None:
        raise Conflict("这条还没有上屏，不用打电话。")
    journal.record(session, "override.called", found, by=by, at=at, board=board.id, name=board.name)


def settle(session: Session, at: datetime) -> bool:
    """Close what time has closed, with its trace; True when something left the boards. For the job that turns."""
    open_ = session.scalars(select(Override).where(Override.outcome == "", Override.asked_at.is_not(None))).all()
    gone = [each for each in open_ if each.state(at) is State.ENDED]
    for each in gone:
        _close(each, State.ENDED, None, each.ends or at)
        journal.record(session, "override.ended", each, by=None, at=at, headline=each.headline)
    for each in open_:
        if not each.outcome and each.state(at) is State.LAPSED:
            _close(each, State.LAPSED, None, at)
            journal.record(session, "override.lapsed", each, by=None, at=at, headline=each.headline)
    return bool(gone)


def settles(session: Session, at: datetime) -> bool:
    """Whether `settle` would find anything; a look that locks nothing."""
    open_ = session.scalars(select(Override).where(Override.outcome == "", Override.asked_at.is_not(None))).all()
    return any(each.state(at) in (State.ENDED, State.LAPSED) for each in open_)


def drop_slide(session: Session, slide: Slide, *, by: Actor, at: datetime) -> None:
    """The slide is recalled: no insert shows it any more."""
    for each in session.scalars(select(Override).where(Override.slide_id == slide.id, Override.outcome == "")):
        if (state := each.state(at)) in (State.STANDING, State.ASKED):
            _end(session, each, state, by, at, headline=each.headline, recalled=slide.id)


# --- drafts from warning services ---------------------------------------------------------------------------------------

def take_in(session: Session, alert: Alert, *, unit: Unit, by: Actor, at: datetime) -> Override | None:
    """A message becomes a draft. An update takes the place of drafts it follows; a cancellation drops them (None).

    What waits is taken back too, for it would go up with yesterday's news; what stands is only marked: people end it.
    """
    must(by, "override.ask", unit.id)
    before = session.scalars(select(Override).where(Override.cap_key == alert.key).order_by(Override.id.desc())).first()
    if before is not None and alert.kind != "Cancel":
        return before
    follow = _followed(session, alert, by)
    if alert.kind == "Cancel" and not follow:
        raise Conflict("这条撤销说的预警，这里没有收过，不用办。")
    for each in follow:
        _overtake(session, each, alert, by, at)
    if alert.kind == "Cancel":
        return None
    made = Override(unit=unit, made_at=at, drill=alert.drill, headline=alert.headline, text=alert.text, minutes=alert.minutes,
                    phone=unit.phone, sender=unit.short, everywhere=True, units=[], groups=[], boards=[], cap_key=alert.key,
                    source={"sender": alert.sender, "areas": alert.areas, "severity": alert.severity})
    session.add(made)
    session.flush()
    journal.record(session, "override.drafted", made, by=by, at=at, cap=alert.key, headline=alert.headline)
    return made


def _followed(session: Session, alert: Alert, by: Actor) -> list[Override]:
    rows = session.scalars(select(Override).where(Override.cap_key.in_(alert.about), Override.outcome == "").order_by(Override.id)).all()
    return [each for each in rows if may(by, "override.ask", each.unit_id)]


def _overtake(session: Session, found: Override, alert: Alert, by: Actor, at: datetime) -> None:
    state = found.state(at)
    if state in (State.DRAFT, State.ASKED):
        _end(session, found, state, by, at, cap=alert.key)
    elif state is State.STANDING:
        found.remark = "cancelled" if alert.kind == "Cancel" else "updated"


# --- what stands, and on which boards -----------------------------------------------------------------------------------

def override(session: Session, id: int, *, held: bool = False) -> Override:
    """`held`: nobody else decides about it until this transaction ends."""
    query = select(Override).where(Override.id == id)
    if held:
        query = query.with_for_update(of=Override).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("没有这条紧急插播。")
    return found


def standing(session: Session, at: datetime) -> Sequence[Override]:
    """Those that stand now, the newest last."""
    return session.scalars(select(Override).where(Override.confirmed_at.is_not(None), Override.outcome == "", Override.ends > at)
                           .order_by(Override.starts, Override.id)).all()


def asked(session: Session, at: datetime) -> Sequence[Override]:
    """Those that wait for their second person, the oldest first."""
    rows = session.scalars(select(Override).where(Override.asked_at > at - WAITS, Override.confirmed_at.is_(None), Override.outcome == "")
                           .order_by(Override.asked_at)).all()
    return rows


def drafts(session: Session) -> Sequence[Override]:
    return session.scalars(select(Override).where(Override.asked_at.is_(None), Override.outcome == "").order_by(Override.id.desc())).all()


def owed(session: Session) -> Sequence[Override]:
    """Those whose form is still to be signed, the first due first."""
    return session.scalars(select(Override).where(Override.confirmed_at.is_not(None), Override.due_on.is_not(None),
                                                  Override.signed_at.is_(None)).order_by(Override.due_on, Override.id)).all()


def latest(session: Session, units: Collection[int], limit: int, before: int | None = None) -> Sequence[Override]:
    """Everything of these units, the newest first."""
    query = select(Override).where(Override.unit_id.in_(units)).order_by(Override.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(Override.id < before)).all()


def told(found: Override) -> dict[str, Any]:
    """What a board's ref says of it. It begins a little before it was said: a board whose clock is slow must not wait for it."""
    assert found.starts is not None
    return {"id": found.id, "drill": found.drill, "headline": found.headline, "text": found.text, "phone": found.phone,
            "sender": found.sender, "said": iso(found.starts), "from": iso(found.starts - SLOW_CLOCKS), "to": iso(found.ends)}


def reached(session: Session, found: Sequence[Override], living: Iterable[Board], tree: Mapping[int, frozenset[int]]
            ) -> dict[int, set[int]]:
    """For each of them the boards it covers; one question for all groups."""
    groups = {id for each in found for id in each.groups}
    rows = session.execute(select(board_group).where(board_group.c.group_id.in_(groups))).all() if groups else ()
    members: dict[int, set[int]] = {}
    for row in rows:
        members.setdefault(row.group_id, set()).add(row.board_id)
    there = list(living)
    return {each.id or 0: {board.id for board in there if _covers(each, board, members, tree)} for each in found}


def covered(session: Session, found: Override) -> list[Board]:
    """The living boards on which it stands, or would."""
    with session.no_autoflush:  # it may be half written
        living = boards(session)
        ids = reached(session, [found], living, people.below(session))[found.id or 0]
    return [board for board in living if board.id in ids]


def _covers(found: Override, board: Board, members: Mapping[int, set[int]], tree: Mapping[int, frozenset[int]]) -> bool:
    wanted = (board.unit_id in found.units if found.everywhere
              else board.id in found.boards or any(board.id in members.get(id, ()) for id in found.groups))
    if not wanted or found.slide is None:
        return wanted
    live = found.slide.live  # a slide hangs nowhere outside the audience that was approved
    return live is not None and any(board.unit_id in tree.get(id, ()) for id in live.audience)


def needed_units(session: Session, found: Override) -> frozenset[int]:
    """The units for which both people have to be entitled."""
    return frozenset({found.unit_id or found.unit.id, *(board.unit_id for board in covered(session, found))})


def may_confirm(session: Session, found: Override, actor: Actor, at: datetime) -> bool:
    return found.state(at) is State.ASKED and _may_confirm(actor, found.asked_by, needed_units(session, found))


def to_confirm(session: Session, actor: Actor, at: datetime) -> list[Override]:
    """What waits for this very person; those asked for by name first."""
    if not may(actor, "override.confirm"):
        return []
    mine = [each for each in asked(session, at) if each.asked_by != actor.id and may(actor, "override.confirm", each.unit_id)]
    return sorted((each for each in mine if may_confirm(session, each, actor, at)), key=lambda each: each.wanted_by != actor.id)


def confirmers(session: Session, unit_id: int, units: Collection[int], by: int, at: datetime) -> list[Actor]:
    """Everybody who could be the second person."""
    return [each for each in people.holders(session, "override.confirm", unit_id, at) if _may_confirm(each, by, units)]


def may_sign(session: Session, found: Override, actor: Actor, at: datetime) -> bool:
    """A third person, and a leader where neither of the two was one; nobody else there: who confirmed."""
    if not found.owing or actor.id == found.asked_by or not may(actor, "override.confirm", found.unit_id):
        return False
    if not found.led and not may(actor, "slide.approve", found.unit_id):
        return False
    if actor.id != found.confirmed_by:
        return True
    return not any(_signs(each, found) for each in people.holders(session, "override.confirm", found.unit_id, at))


def to_sign(session: Session, actor: Actor, at: datetime) -> list[Override]:
    """What this person can sign, the first due first."""
    if not may(actor, "override.confirm"):
        return []
    return [each for each in owed(session) if may_sign(session, each, actor, at)]


def _signs(actor: Actor, found: Override) -> bool:
    return actor.id not in (found.asked_by, found.confirmed_by) and (found.led or may(actor, "slide.approve", found.unit_id))


def _may_confirm(actor: Actor, asked_by: int | None, units: Collection[int]) -> bool:
    return actor.id != asked_by and all(may(actor, "override.confirm", unit) for unit in units)


def _check_waiting(found: Override, at: datetime) -> None:
    state = found.state(at)
    if state is State.LAPSED:
        raise Conflict("这条过了 %(minutes)s 分钟没有人确认，已经作废。要发，请重新写一条。", minutes=int(WAITS.total_seconds() // 60))
    if state is State.STANDING:
        raise Conflict("这条已经确认上屏了，不用再确认。")
    if state is not State.ASKED:
        raise Conflict("这条现在不在等确认：提出的人收回了，或者已经结束。")


def _end(session: Session, found: Override, state: State, by: Actor, at: datetime, **told: Any) -> None:
    """Close what stands, waits or is a draft, with the trace that fits."""
    _close(found, State.ENDED if state is State.STANDING else State.WITHDRAWN, by, at)
    if state is State.STANDING:
        journal.record(session, "override.ended", found, by=by, at=at, **told)
    elif state is State.ASKED:
        journal.record(session, "override.withdrawn", found, by=by, at=at, **told)
    else:
        journal.record(session, "override.dropped", found, by=by, at=at, **told)


def _close(found: Override, outcome: State, by: Actor | None, at: datetime) -> None:
    found.outcome, found.closed_by, found.closed_at = outcome, by.id if by else None, at


def _for(by: Actor) -> dict[str, Any]:
    """Whom a deputy stands for, as the journal keeps it."""
    return {"for": list(by.stands_for)} if by.stands_for else {}


# --- receipts -----------------------------------------------------------------------------------------------------------

def heard(session: Session, board: Board, at: datetime) -> None:
    """A heartbeat said what the board shows: the first one that names an insert is its receipt."""
    id = shown_on(board.shows)
    if id is None or session.get(Receipt, (id, board.id)) is not None or session.get(Override, id) is None:
        return
    try:
        with session.begin_nested():
            session.add(Receipt(override_id=id, board_id=board.id, at=at))
    except IntegrityError:  # the board said it twice at once
        pass


def shown_on(shows: str | None) -> int | None:
    """The insert that stands on a board which says it shows this item."""
    if shows is None or not shows.startswith(PREFIX):
        return None
    number = shows.removeprefix(PREFIX).partition(".")[0]
    return int(number) if number.isdecimal() and len(number) < 10 else None


def receipts(session: Session, found: Override) -> dict[int, datetime]:
    """When each board first said that it stands there."""
    return {row.board_id: row.at for row in session.scalars(select(Receipt).where(Receipt.override_id == found.id))}


def calls(history: Iterable[journal.Entry]) -> dict[int, journal.Entry]:
    """Which boards' places were rung up."""
    return {entry.data["board"]: entry for entry in history if entry.verb == "override.called"}

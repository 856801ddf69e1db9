"""Review: who may put a slide on the boards, and the trace it leaves.

A revision is a draft, then submitted, then approved or returned. Only approved revisions enter a manifest. The second
person wrote and submitted nothing of the slide since its last approved revision; an approval binds what was shown.
Where a topic demands it, the section and the secrecy check stand before the leader's approval; each is bound to the same content, and
any edit voids them all. In an emergency two people at once put it up, and the checks follow on the next working day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk import people
from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid
from kiosk.content.geometry import Wall
from kiosk.content.kind import Doubt
from kiosk.content.kinds import KINDS
from kiosk.content.slides import Revision, Slide, State, binding
from kiosk.people import Actor, line, may, must


class Step(StrEnum):
    """A check before the leader's approval."""

    SECTION = "section"  # 文字、数字
    PRIVACY = "privacy"  # 保密、隐私


STEP_NAMES: Mapping[str, str] = {Step.SECTION: N_("科室核对"), Step.PRIVACY: N_("保密和隐私审查")}
STEP_ACTIONS: Mapping[str, str] = {Step.SECTION: "slide.check", Step.PRIVACY: "slide.clear"}
# What each check says yes to, one tick each (条例 Art. 14–16, 17; 个人信息保护法 Art. 55).
TICKS: Mapping[str, Mapping[str, str]] = {
    Step.SECTION: {"words": N_("文字没有错"), "figures": N_("数字核对过"), "source": N_("是本单位制作，或者写明了来源机关")},
    Step.PRIVACY: {"secret": N_("不涉及国家秘密，法律、行政法规没有禁止公开"), "safety": N_("不危及国家安全、公共安全、经济安全和社会稳定"),
                   "others": N_("不涉及别人的商业秘密和个人隐私，或者本人同意"), "inner": N_("不是内部事务信息和过程性信息"),
                   "personal": N_("个人信息只留办事必需的，影响评估过了")},
}


class Check(Base):
    """Somebody has checked a step; counts for the content that `bound` is the hash of."""

    __tablename__ = "review_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), index=True)
    step: Mapped[Step] = mapped_column(String(20))
    bound: Mapped[str] = mapped_column(String(64))
    ticks: Mapped[list[Any]]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant())


class Urgent(Base):
    """Put up by two people at once; the form with the missing checks is owed by the next working day."""

    __tablename__ = "urgent_approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), index=True)
    bound: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    first_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    first_at: Mapped[datetime] = mapped_column(Instant())
    second_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    second_at: Mapped[datetime | None] = mapped_column(Instant())
    due_on: Mapped[date] = mapped_column(Date)
    completed_at: Mapped[datetime | None] = mapped_column(Instant())


def submit(session: Session, revision: Revision, *, by: Actor, at: datetime, walls: Sequence[Wall] = (),
           chain: Sequence[Step] = ()) -> None:
    """Put the revision before its readers; from here on any edit makes it a draft again.

    `walls`: the boards it may hang on; `chain`: the checks that its topic demands before the leader's approval.
    """
    must(by, "slide.submit", revision.slide.unit_id)
    if revision.state not in (State.DRAFT, State.RETURNED):
        raise Conflict("这件已经报审了，不用再报。")
    if revision.approved_at is not None:
        raise Conflict("这一版挂过又撤下了。请先改好，再报审。")
    _check_ready(revision, at)
    _check_doubts(revision, walls)
    revision.state, revision.bound = State.SUBMITTED, binding(revision)
    revision.submitted_by, revision.submitted_at, revision.reason = by.id, at, None
    revision.chain = [str(step) for step in Step if step in chain]
    revision.writers = sorted({*revision.writers, by.id})  # stays when the submission is taken back, voided or made again by another
    journal.record(session, "slide.submitted", revision.slide, by=by, at=at, revision=revision.id, bound=revision.bound)


def withdraw(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    """Take a submission back, to write on."""
    must(by, "slide.submit", revision.slide.unit_id)
    if revision.state != State.SUBMITTED:
        raise Conflict("这件不在待审核里，不用撤回报审。")
    revision.state, revision.bound = State.DRAFT, None
    journal.record(session, "slide.withdrawn", revision.slide, by=by, at=at, revision=revision.id)


def check(session: Session, revision: Revision, step: Step, ticks: Sequence[str], *, by: Actor, at: datetime,
          seen: str | None = None) -> Check:
    """Say yes to a step of the chain, every tick of it; by somebody who wrote nothing of it."""
    must(by, STEP_ACTIONS[step], revision.slide.unit_id)
    urgent = urgent_of(session, revision)
    if revision.state != State.SUBMITTED and (urgent is None or urgent.completed_at is not None):
        raise Conflict("这件不在待审核里，不用核对。")
    if step not in revision.chain:
        raise Conflict("这件不用%(step)s。", step=[STEP_NAMES[step]])
    if not is_second_person(revision, by):
        raise Forbidden("这件您写过或报过审，要请另一位来核对。")
    if revision.bound != binding(revision) or (seen is not None and seen != revision.bound):
        raise Conflict("您打开以后内容改过，请重新看一遍再核对。")
    if missing := [words for tick, words in TICKS[step].items() if tick not in ticks]:
        raise Invalid("ticks", "还有没打勾的：%(words)s。做不到的，请退回并写明原因。", words=missing)
    made = Check(revision_id=revision.id, step=step, bound=revision.bound, ticks=sorted(TICKS[step]), by_id=by.id, at=at)
    session.add(made)
    session.flush()
    journal.record(session, "slide.checked", revision.slide, by=by, at=at, revision=revision.id, step=step, bound=revision.bound)
    if urgent is not None and urgent.second_at is not None and not missing_steps(session, revision):
        urgent.completed_at = at
        journal.record(session, "urgent.completed", revision.slide, by=by, at=at, revision=revision.id)
    return made


def checks(session: Session, revision: Revision) -> dict[Step, Check]:
    """The checks that count for the content as it stands."""
    rows = session.scalars(select(Check).where(Check.revision_id == revision.id, Check.bound == (revision.bound or "")).order_by(Check.id))
    return {Step(row.step): row for row in rows}


def missing_steps(session: Session, revision: Revision) -> list[Step]:
    """What still has to be checked before the leader may approve, in order."""
    done = checks(session, revision)
    return [Step(step) for step in revision.chain if Step(step) not in done]


def approve(session: Session, revision: Revision, *, by: Actor, at: datetime, seen: str | None = None) -> None:
    """Put the revision on the boards in place of the one before it. `seen` is the hash of what the leader looked at."""
    _check_approvable(revision, by, seen)
    if missing := missing_steps(session, revision):
        raise Conflict("还差%(steps)s，做完才能批。", steps=[STEP_NAMES[step] for step in missing])
    _hang(session, revision, by=by, at=at)


def approve_urgently(session: Session, revision: Revision, reason: str, *, by: Actor, at: datetime, due: date,
                     seen: str | None = None) -> Urgent:
    """In an emergency: the first of two who say yes; with the second it hangs at once, and the missing checks are owed by `due`.

    One of the two is a leader, neither wrote it, and they are two people.
    """
    urgent = urgent_of(session, revision)
    if urgent is None or urgent.bound != revision.bound:
        _check_urgent(revision, by, seen)
        urgent = Urgent(revision_id=revision.id, bound=revision.bound or "", reason=line(reason, "reason", most=200), first_by=by.id,
                        first_at=at, due_on=due)
        session.add(urgent)
        session.flush()
        journal.record(session, "urgent.asked", revision.slide, by=by, at=at, revision=revision.id, reason=urgent.reason)
        return urgent
    _check_urgent(revision, by, seen)
    if urgent.first_by == by.id:
        raise Forbidden("要另一个人来确认，您已经确认过了。")
    if not any(may(each, "slide.approve", revision.slide.unit_id) for each in (by, _actor(session, urgent.first_by))):
        raise Forbidden("两个人里要有一位分管领导。")
    urgent.second_by, urgent.second_at, urgent.due_on = by.id, at, due
    if not missing_steps(session, revision):
        urgent.completed_at = at
    _hang(session, revision, by=by, at=at)
    return urgent


def urgent_of(session: Session, revision: Revision) -> Urgent | None:
    return session.scalars(select(Urgent).where(Urgent.revision_id == revision.id).order_by(Urgent.id.desc())).first()


def _actor(session: Session, id: int) -> Actor:
    return people.actor(session, people.person(session, id))


def _check_approvable(revision: Revision, by: Actor, seen: str | None) -> None:
    must(by, "slide.approve", revision.slide.unit_id)
    _check_open(revision, by, seen)


def _check_urgent(revision: Revision, by: Actor, seen: str | None) -> None:
    if not may(by, "slide.approve", revision.slide.unit_id):
        must(by, "slide.check", revision.slide.unit_id)
    _check_open(revision, by, seen)


def _check_open(revision: Revision, by: Actor, seen: str | None) -> None:
    if revision.state != State.SUBMITTED:
        raise Conflict("只有待审核的内容可以批准，这件现在不是。")
    if not is_second_person(revision, by):
        raise Forbidden("这件您写过或报过审，要请另一位领导批。")
    if revision.bound != binding(revision) or (seen is not None and seen != revision.bound):
        raise Conflict("您打开以后内容改过，请重新看一遍再批。")


def _hang(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    _check_ready(revision, at)
    revision.state, revision.decided_by, revision.decided_at, revision.approved_at = State.APPROVED, by.id, at, at
    revision.slide.live = revision
    journal.record(session, "slide.approved", revision.slide, by=by, at=at, revision=revision.id, bound=revision.bound)


def send_back(session: Session, revision: Revision, reason: str, *, by: Actor, at: datetime) -> None:
    """Return it to its author with a reason; if it hangs, it leaves the boards."""
    must(by, "slide.approve", revision.slide.unit_id)
    if revision.state != State.SUBMITTED and not hanging(revision):
        raise Conflict("这件不在待审核里，也没有挂在屏上，不用退回。")
    revision.reason = line(reason, "reason", most=200)
    if hanging(revision):
        revision.slide.live = None
    revision.state, revision.bound, revision.decided_by, revision.decided_at = State.RETURNED, None, by.id, at
    journal.record(session, "slide.returned", revision.slide, by=by, at=at, revision=revision.id, reason=revision.reason)


def recall(session: Session, slide: Slide, reason: str, *, by: Actor, at: datetime) -> Revision:
    """Take what hangs off every board at once and for good; works for the owner, their head and the leader."""
    must(by, "slide.recall", slide.unit_id)
    live = slide.live
    if live is None:
        raise Conflict("这件现在没有挂在屏上，不用撤回。")
    live.reason, live.recalled_at, slide.live = line(reason, "reason", most=200), at, None
    live.state, live.decided_by, live.decided_at = State.RETURNED, by.id, at
    journal.record(session, "slide.recalled", slide, by=by, at=at, revision=live.id, reason=live.reason)
    return live


def hanging(revision: Revision) -> bool:
    return revision.slide.live_id == revision.id


def is_second_person(revision: Revision, actor: Actor) -> bool:
    """Whether the actor wrote and submitted nothing of the slide since its last approved revision."""
    hands: set[int | None] = set()
    for each in reversed(revision.slide.revisions):
        if each.approved_at is not None and each.id != revision.id:
            break
        hands |= {each.author_id, each.submitted_by, *each.writers}
    return actor.id not in hands


def may_approve(revision: Revision, actor: Actor) -> bool:
    return may(actor, "slide.approve", revision.slide.unit_id) and is_second_person(revision, actor)


def waiting(session: Session, actor: Actor) -> Sequence[Revision]:
    """What waits for this leader, oldest first; their own work is not among it."""
    rows = session.scalars(select(Revision).join(Slide, Slide.id == Revision.slide_id)
                           .where(Revision.state == State.SUBMITTED, Slide.retired_at.is_(None)).order_by(Revision.submitted_at)).all()
    return [row for row in rows if may_approve(row, actor)]


def doubts(revision: Revision, walls: Sequence[Wall]) -> list[tuple[Doubt, str]]:
    """What does not add up or cannot be read on these boards, each with the reason that somebody gave ("" for none)."""
    kind = KINDS[revision.slide.kind].parse(revision.data)
    return [(doubt, kind.reasons.get(doubt.key, "")) for doubt in kind.doubts(walls)]


def _check_doubts(revision: Revision, walls: Sequence[Wall]) -> None:
    if left := [doubt for doubt, reason in doubts(revision, walls) if doubt.firm and not reason]:
        raise Doubtful(left)


class Doubtful(Invalid):
    """Something has to be put right, or be given a written reason, before it goes to the leader."""

    def __init__(self, left: Sequence[Doubt]) -> None:
        super().__init__(left[0].field or "reasons", N_("有 %(count)s 处要改好，或者写明理由，才能报审。"), count=len(left))


def _check_ready(revision: Revision, at: datetime) -> None:
    if revision.slide.retired_at is not None:
        raise Conflict("这件内容已经撤下存档，不能再报。")
    if revision.slide.kind == "media" and not any(page["type"] != "failed" for page in revision.pages):
        raise Invalid("data", "这件还没有画面：文件没有传好，或者转换不了。请先把文件传好。")
    if revision.end is not None and revision.end <= at:
        raise Invalid("end", "结束时间已经过了，挂不上去。请把结束时间往后改。")

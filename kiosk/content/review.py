"""Review: who may put a slide on the boards, and the trace it leaves.

A revision is a draft, then submitted, then approved or returned. Only approved revisions enter a manifest. The second
person wrote and submitted nothing of the slide since its last approved revision; an approval binds what was shown.
Where a topic demands it, the section and the secrecy check stand before the leader's approval; each is bound to the same content, and
any edit voids them all. In an emergency two people at once put it up, and the checks follow on the next working day.
Every deed holds the revision's row until its transaction ends: two people who act at once act one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, String, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk import people
from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid
from kiosk.content import running, slides
from kiosk.content.geometry import Wall
from kiosk.content.kind import Doubt
from kiosk.content.kinds import KINDS
from kiosk.content.running import Almanac
from kiosk.content.slides import Revision, Slide, State, binding
from kiosk.people import ACTIONS, Actor, Deputy, Grant, Person, line, may, must


class Step(StrEnum):
    """A check before the leader's approval."""

    SECTION = "section"  # 文字、数字
    PRIVACY = "privacy"  # 保密、隐私


STEP_NAMES: Mapping[str, str] = {Step.SECTION: N_("科室核对"), Step.PRIVACY: N_("保密和隐私审查")}
STEP_ACTIONS: Mapping[str, str] = {Step.SECTION: "slide.check", Step.PRIVACY: "slide.clear"}
# What each check says yes to, one tick each (条例 Art. 14–16, 17; the last four: 个人信息保护法 Art. 55, 56).
TICKS: Mapping[str, Mapping[str, str]] = {
    Step.SECTION: {"words": N_("文字没有错"), "figures": N_("数字核对过"), "source": N_("是本单位制作，或者写明了来源机关")},
    Step.PRIVACY: {"secret": N_("不涉及国家秘密，法律、行政法规没有禁止公开"), "safety": N_("不危及国家安全、公共安全、经济安全和社会稳定"),
                   "others": N_("不涉及别人的商业秘密和个人隐私，或者本人同意"), "inner": N_("不是内部事务信息和过程性信息"),
                   "lawful": N_("公开有法定依据，目的正当"), "least": N_("只留办事必需的，证件号、账号、手机号、住址都去掉或遮住了"),
                   "impact": N_("对本人的影响和泄露的风险想过了，可以承受"), "guard": N_("到期撤下，出了错马上能撤回")},
}
ASSESSMENT = ("lawful", "least", "impact", "guard")  # the four questions of the impact assessment


class Check(Base):
    """Somebody has checked a step; counts for the content that `bound` is the hash of, until the next submission ends it."""

    __tablename__ = "review_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), index=True)
    step: Mapped[Step] = mapped_column(String(20))
    bound: Mapped[str] = mapped_column(String(64))
    ticks: Mapped[list[Any]]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())


class Urgent(Base):
    """Asked for by one and put up by the second of two people; the form with the missing checks is owed by the next working day.

    An ask that nobody has confirmed ends when it is taken back, when the revision is approved in order, and with the next submission.
    """

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
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    @property
    def asked(self) -> bool:
        """Whether it still waits for its second person."""
        return self.second_at is None and self.ended_at is None

    @property
    def owing(self) -> bool:
        """Whether it was put up and its checks are still owed."""
        return self.second_at is not None and self.completed_at is None


# --- the author -------------------------------------------------------------------------------------------------------

def submit(session: Session, revision: Revision, *, by: Actor, at: datetime, walls: Sequence[Wall] = (),
           chain: Sequence[Step] = ()) -> None:
    """Put the revision before its readers; from here on any edit makes it a draft again. What was checked before counts no more.

    `walls`: the boards it may hang on; `chain`: the checks that its topic demands before the leader's approval.
    """
    slides.revision(session, revision.id)
    must(by, "slide.submit", revision.slide.unit_id)
    if revision.state not in (State.DRAFT, State.RETURNED):
        raise Conflict("这件已经报审了，不用再报。")
    if revision.approved_at is not None:
        raise Conflict("这一版挂过又撤下了。请先改好，再报审。")
    _check_ready(revision, at)
    running.check(session, revision, at)
    _check_doubts(revision, walls)
    _begin_anew(session, revision, at)
    revision.state, revision.bound = State.SUBMITTED, binding(revision)
    revision.submitted_by, revision.submitted_at, revision.reason = by.id, at, None
    revision.chain = [str(step) for step in Step if step in chain]
    revision.writers = sorted({*revision.writers, by.id})  # stays when the submission is taken back, voided or made again by another
    journal.record(session, "slide.submitted", revision.slide, by=by, at=at, revision=revision.id, bound=revision.bound)


def withdraw(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    """Take a submission back, to write on."""
    slides.revision(session, revision.id)
    must(by, "slide.submit", revision.slide.unit_id)
    if revision.state != State.SUBMITTED:
        raise Conflict("这件不在待审核里，不用撤回报审。")
    revision.state, revision.bound = State.DRAFT, None
    journal.record(session, "slide.withdrawn", revision.slide, by=by, at=at, revision=revision.id)


# --- the checks before the leader ----------------------------------------------------------------------------------------

def check(session: Session, revision: Revision, step: Step, ticks: Collection[str], *, by: Actor, at: datetime,
          seen: str | None = None) -> Check:
    """Say yes to a step of the chain, every tick of it; by somebody who wrote nothing of it."""
    slides.revision(session, revision.id)
    _must_check(session, revision, step, by, at)
    urgent = urgent_of(session, revision)
    after = urgent is not None and urgent.owing and revision.state == State.APPROVED
    if revision.state != State.SUBMITTED and not after:
        raise Conflict("这件不在待审核里，不用核对。")
    if step not in revision.chain:
        raise Conflict("这件不用%(step)s。", step=[STEP_NAMES[step]])
    if revision.bound != binding(revision) or (seen is not None and seen != revision.bound):
        raise Conflict("您打开以后内容改过，请重新看一遍再核对。")
    if step not in missing_steps(session, revision):
        raise Conflict("%(step)s已经有人做过了，不用再做。", step=[STEP_NAMES[step]])
    if missing := [words for tick, words in TICKS[step].items() if tick not in ticks]:
        raise Invalid("ticks", "还有没打勾的：%(words)s。做不到的，请退回并写明原因。", words=missing)
    made = Check(revision_id=revision.id, step=step, bound=revision.bound, ticks=sorted(TICKS[step]), by_id=by.id, at=at)
    session.add(made)
    session.flush()
    journal.record(session, "slide.checked", revision.slide, by=by, at=at, revision=revision.id, step=step, bound=revision.bound,
                   **_for(by))
    if after and urgent is not None and not missing_steps(session, revision):
        urgent.completed_at = at
        journal.record(session, "urgent.completed", revision.slide, by=by, at=at, revision=revision.id, **_for(by))
    return made


def checks(session: Session, revision: Revision) -> dict[Step, Check]:
    """The checks that count for the content as it stands."""
    return _checks(session, [revision])[revision.id]


def missing_steps(session: Session, revision: Revision) -> list[Step]:
    """What still has to be checked before the leader may approve, in order."""
    done = checks(session, revision)
    return [Step(step) for step in revision.chain if Step(step) not in done]


def may_check(session: Session, revision: Revision, step: Step, actor: Actor, at: datetime | None = None) -> bool:
    """Whether this person may say yes to the step: a second person who has the right, or the leader where no head of the unit can."""
    if not is_second_person(revision, actor):
        return False
    unit = revision.slide.unit_id
    return may(actor, STEP_ACTIONS[step], unit) or (may(actor, "slide.approve", unit) and falls_to_leader(session, revision, at))


def falls_to_leader(session: Session, revision: Revision, at: datetime | None = None) -> bool:
    """Whether no section head can check this: nobody holds that post in the unit, or all of them wrote it. Then the leader may."""
    return not _by_a_head(revision, _heads(session, at))


def may_return(session: Session, revision: Revision, actor: Actor, at: datetime | None = None) -> bool:
    """Whether this person may send back what waits: the leader, who may do a check that is missing, who may confirm an urgent ask."""
    if may(actor, "slide.approve", revision.slide.unit_id):
        return True
    urgent = urgent_of(session, revision)
    return (any(may_check(session, revision, step, actor, at) for step in missing_steps(session, revision))
            or (urgent is not None and urgent.asked and may_urge(revision, actor)))


# --- the leader -------------------------------------------------------------------------------------------------------

def approve(session: Session, revision: Revision, *, by: Actor, at: datetime, seen: str | None = None,
            almanac: Almanac | None = None) -> None:
    """Put the revision on the boards in place of the one before it. `seen` is the hash of what the leader looked at; `almanac`: by what
    the days of a 公示 are counted.
    """
    slides.revision(session, revision.id)
    must(by, "slide.approve", revision.slide.unit_id)
    _check_open(revision, by, seen)
    if missing := missing_steps(session, revision):
        raise Conflict("还差%(steps)s，做完才能批。", steps=[STEP_NAMES[step] for step in missing])
    if (urgent := urgent_of(session, revision)) is not None:
        urgent.ended_at = at
    _hang(session, revision, by=by, at=at, almanac=almanac)


def approve_by_rule(session: Session, revision: Revision, *, leader: Actor, rule: int, words: str, at: datetime) -> None:
    """Put up what a leader's standing consent covers (consent.py). Nobody acted at this moment: the journal says so, and names the rule.

    All that an approval asks for holds here too: the leader may, wrote nothing of it, and no check of its topic is missing.
    """
    slides.revision(session, revision.id)
    must(leader, "slide.approve", revision.slide.unit_id)
    _check_open(revision, leader, None)
    if missing := missing_steps(session, revision):
        raise Conflict("还差%(steps)s，做完才能批。", steps=[STEP_NAMES[step] for step in missing])
    _hang(session, revision, by=leader, at=at, almanac=None, rule={"rule": rule, "rule_words": words})


def send_back(session: Session, revision: Revision, reason: str, *, by: Actor, at: datetime) -> None:
    """Return it to its author with a reason; if it hangs, it leaves the boards (the leader alone decides that)."""
    slides.revision(session, revision.id)
    if revision.state != State.SUBMITTED or not may_return(session, revision, by, at):
        must(by, "slide.approve", revision.slide.unit_id)
    if revision.state != State.SUBMITTED and not hanging(revision):
        raise Conflict("这件不在待审核里，也没有挂在屏上，不用退回。")
    if hanging(revision) and slides.runs(revision.slide, at):
        raise Conflict("这件公示还没有满期，退回就等于提前结束。要提前结束，请经办人写明原因再由您同意；有错或泄露隐私的，请撤回。")
    revision.reason = line(reason, "reason", most=200)
    if hanging(revision):
        revision.slide.live = None
    revision.state, revision.bound, revision.decided_by, revision.decided_at = State.RETURNED, None, by.id, at
    journal.record(session, "slide.returned", revision.slide, by=by, at=at, revision=revision.id, reason=revision.reason, **_for(by))


def recall(session: Session, slide: Slide, reason: str, *, by: Actor, at: datetime) -> Revision:
    """Take what hangs off every board at once and for good; works for the owner, their head and the leader."""
    slides.held(session, slide)
    must(by, "slide.recall", slide.unit_id)
    live = slide.live
    if live is None:
        raise Conflict("这件现在没有挂在屏上，不用撤回。")
    if slides.runs(slide, at):
        running.recalled(session, live, by=by, at=at)
    live.reason, live.recalled_at, slide.live = line(reason, "reason", most=200), at, None
    live.state, live.decided_by, live.decided_at = State.RETURNED, by.id, at
    journal.record(session, "slide.recalled", slide, by=by, at=at, revision=live.id, reason=live.reason, **_for(by))
    return live


def recall_again(session: Session, revision: Revision, reason: str, *, by: Actor | None, at: datetime) -> None:
    """A recall that boards still know and an older copy of the database does not: somebody was entitled to it then."""
    slides.held(session, revision.slide)
    if revision.slide.live_id == revision.id:
        revision.slide.live = None
    revision.reason, revision.recalled_at = reason, at
    revision.state, revision.decided_by, revision.decided_at = State.RETURNED, by.id if by else None, at
    journal.record(session, "slide.recalled", revision.slide, by=by, at=at, revision=revision.id, reason=reason)


# --- two people at once ---------------------------------------------------------------------------------------------------

def ask_urgently(session: Session, revision: Revision, reason: str, *, by: Actor, at: datetime, due: date,
                 seen: str | None = None) -> Urgent:
    """The first of two who put it up before its checks are done; nothing hangs until the second confirms."""
    slides.revision(session, revision.id)
    _check_urgent(revision, by, seen)
    if not missing_steps(session, revision):
        raise Conflict("要核对的都齐了，不用走紧急上屏，请分管领导直接批准。")
    before = urgent_of(session, revision)
    if before is not None and before.first_by == by.id:
        raise Conflict("您已经提出紧急上屏了，在等另一个人确认。")
    if before is not None and may_urge(revision, _actor(session, before.first_by, at)):
        raise Conflict("%(post)s已经提出紧急上屏了。请您看过画面，直接确认。", post=people.person(session, before.first_by).post)
    if before is not None:  # who asked may no longer: this ask takes its place
        before.ended_at = at
    made = Urgent(revision_id=revision.id, bound=revision.bound or "", reason=line(reason, "reason", most=200), first_by=by.id, first_at=at,
                  due_on=due)
    session.add(made)
    session.flush()
    journal.record(session, "urgent.asked", revision.slide, by=by, at=at, revision=revision.id, reason=made.reason, **_for(by))
    return made


def confirm_urgently(session: Session, revision: Revision, *, by: Actor, at: datetime, due: date, seen: str | None = None,
                     almanac: Almanac | None = None) -> Urgent:
    """The second of the two: it hangs at once, and the missing checks are owed by `due`.

    One of the two is a leader, neither wrote it, they are two people, and both may do it at this moment.
    """
    slides.revision(session, revision.id)
    _check_urgent(revision, by, seen)
    urgent = urgent_of(session, revision)
    if urgent is None:
        raise Conflict("现在没有要确认的紧急上屏：内容改过，或者提出的人收回了。请看过现在这一版再办。")
    if urgent.first_by == by.id:
        raise Forbidden("要另一个人来确认，您已经确认过了。")
    first = _actor(session, urgent.first_by, at)
    if not may_urge(revision, first):
        raise Conflict("%(post)s现在不管这件了。请您自己提出紧急上屏，再请另一个人确认。", post=first.post)
    if not any(may(each, "slide.approve", revision.slide.unit_id) for each in (by, first)):
        raise Forbidden("两个人里要有一位分管领导。")
    urgent.second_by, urgent.second_at, urgent.due_on = by.id, at, due
    if not missing_steps(session, revision):
        urgent.completed_at = at
    _hang(session, revision, by=by, at=at, almanac=almanac)
    return urgent


def take_back_urgent(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    """Who asked changes their mind before anybody has confirmed; the usual way goes on."""
    slides.revision(session, revision.id)
    urgent = urgent_of(session, revision)
    if urgent is None or not urgent.asked:
        raise Conflict("现在没有可以收回的紧急上屏。已经上屏的，请撤回。")
    if urgent.first_by != by.id:
        raise Forbidden("谁提出的谁收回。您不同意的，可以退回并写明原因。")
    urgent.ended_at = at
    journal.record(session, "urgent.ended", revision.slide, by=by, at=at, revision=revision.id)


def urgent_of(session: Session, revision: Revision) -> Urgent | None:
    """The ask or the urgent approval of the content as it stands."""
    return session.scalars(select(Urgent).where(Urgent.revision_id == revision.id, Urgent.ended_at.is_(None),
                                                Urgent.bound == (revision.bound or "")).order_by(Urgent.id.desc())).first()


def may_urge(revision: Revision, actor: Actor) -> bool:
    """Whether this person may be one of the two."""
    unit = revision.slide.unit_id
    return is_second_person(revision, actor) and (may(actor, "slide.approve", unit) or may(actor, "slide.check", unit))


def to_confirm(session: Session, actor: Actor, at: datetime | None = None) -> list[tuple[Urgent, Revision]]:
    """Urgent asks that this very person can confirm, oldest first."""
    rows = session.execute(select(Urgent, Revision).join(Revision, (Revision.id == Urgent.revision_id) & (Revision.bound == Urgent.bound))
                           .join(Slide, Slide.id == Revision.slide_id)
                           .where(Urgent.second_at.is_(None), Urgent.ended_at.is_(None), Revision.state == State.SUBMITTED,
                                  Slide.retired_at.is_(None)).order_by(Urgent.first_at)).all()
    return [(urgent, revision) for urgent, revision in rows if urgent.first_by != actor.id and may_urge(revision, actor)
            and any(may(each, "slide.approve", revision.slide.unit_id) for each in (actor, _actor(session, urgent.first_by, at)))]


def owed(session: Session) -> list[tuple[Urgent, Revision]]:
    """What was put up in an emergency and still owes checks, the first due first. A recall ends the debt: nobody could vouch for it."""
    rows = session.execute(select(Urgent, Revision).join(Revision, (Revision.id == Urgent.revision_id) & (Revision.bound == Urgent.bound))
                           .where(Urgent.second_at.is_not(None), Urgent.completed_at.is_(None), Revision.state == State.APPROVED)
                           .order_by(Urgent.due_on, Urgent.id)).all()
    return [(urgent, revision) for urgent, revision in rows]


# --- who and what waits -----------------------------------------------------------------------------------------------------

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


def waiting(session: Session, actor: Actor, at: datetime | None = None) -> Sequence[Revision]:
    """What waits for this very person, oldest first: a head's checks, a leader's approvals and the checks that no head can do."""
    rows = session.scalars(select(Revision).join(Slide, Slide.id == Revision.slide_id)
                           .where(Revision.state == State.SUBMITTED, Slide.retired_at.is_(None)).order_by(Revision.submitted_at)).all()
    mine = [row for row in rows if any(may(actor, action, row.slide.unit_id) for action in ("slide.approve", "slide.check"))
            and is_second_person(row, actor)]
    done = _checks(session, mine)
    unfinished = [row for row in mine if set(row.chain) - set(done[row.id])]
    heads = _heads(session, at) if any(may(actor, "slide.approve", row.slide.unit_id) for row in unfinished) else []
    return [row for row in mine if _waits_for(row, actor, row in unfinished, heads)]


def _waits_for(revision: Revision, actor: Actor, unfinished: bool, heads: Sequence[Actor]) -> bool:
    unit = revision.slide.unit_id
    if unfinished and may(actor, "slide.check", unit):
        return True
    return may(actor, "slide.approve", unit) and not (unfinished and _by_a_head(revision, heads))


def _by_a_head(revision: Revision, heads: Iterable[Actor]) -> bool:
    return any(may(head, "slide.check", revision.slide.unit_id) and is_second_person(revision, head) for head in heads)


def _heads(session: Session, at: datetime | None) -> list[Actor]:
    """Everybody who checks for a section anywhere, deputies of the moment among them."""
    holding = select(Grant.person_id).where(Grant.role.in_(ACTIONS["slide.check"]), Grant.ended_at.is_(None), Grant.pending.is_(False))
    standing = select(Deputy.person_id).where(Deputy.ended_at.is_(None), Deputy.absent_id.in_(holding))
    rows = session.scalars(select(Person).where(Person.active, or_(Person.id.in_(holding), Person.id.in_(standing))))
    return [people.actor(session, each, at) for each in rows]


def _actor(session: Session, id: int, at: datetime | None) -> Actor:
    return people.actor(session, people.person(session, id), at)


def _for(by: Actor) -> dict[str, Any]:
    """Whom a deputy stands for, as the journal keeps it."""
    return {"for": list(by.stands_for)} if by.stands_for else {}


def _checks(session: Session, revisions: Sequence[Revision]) -> dict[int, dict[Step, Check]]:
    found: dict[int, dict[Step, Check]] = {each.id: {} for each in revisions}
    bound = {each.id: each.bound for each in revisions}
    rows = session.scalars(select(Check).where(Check.revision_id.in_(bound), Check.ended_at.is_(None)).order_by(Check.id))
    for row in rows:
        if row.bound == bound[row.revision_id]:
            found[row.revision_id][Step(row.step)] = row
    return found


def _begin_anew(session: Session, revision: Revision, at: datetime) -> None:
    """A new submission: what was checked and asked for before it counts no more, though the words may be the same again."""
    for row in (Check, Urgent):
        session.execute(update(row).where(row.revision_id == revision.id, row.ended_at.is_(None)).values(ended_at=at))


def _must_check(session: Session, revision: Revision, step: Step, by: Actor, at: datetime) -> None:
    if not may(by, STEP_ACTIONS[step], revision.slide.unit_id) and not may(by, "slide.approve", revision.slide.unit_id):
        must(by, STEP_ACTIONS[step], revision.slide.unit_id)
    if not is_second_person(revision, by):
        raise Forbidden("这件您写过或报过审，要请另一位来核对。")
    if not may_check(session, revision, step, by, at):
        must(by, STEP_ACTIONS[step], revision.slide.unit_id)


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


def _hang(session: Session, revision: Revision, *, by: Actor, at: datetime, almanac: Almanac | None,
          rule: Mapping[str, Any] | None = None) -> None:
    _check_ready(revision, at)
    running.begin(session, revision, at=at, almanac=almanac)
    revision.state, revision.decided_by, revision.decided_at, revision.approved_at = State.APPROVED, by.id, at, at
    revision.slide.live = revision
    told = dict(rule) if rule is not None else _for(by)
    journal.record(session, "slide.approved", revision.slide, by=None if rule is not None else by, at=at, revision=revision.id,
                   bound=revision.bound, **told)


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

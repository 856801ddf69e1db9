"""Review: who may put a slide on the boards, and the trace it leaves.

A revision is a draft, then submitted, then approved or returned. Only approved revisions enter a manifest. The second
person wrote and submitted nothing of the slide since its last approved revision; an approval binds what was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Invalid
from kiosk.content.geometry import Wall
from kiosk.content.kind import Doubt
from kiosk.content.kinds import KINDS
from kiosk.content.slides import Revision, Slide, State, binding
from kiosk.people import Actor, line, may, must


def submit(session: Session, revision: Revision, *, by: Actor, at: datetime, walls: Sequence[Wall] = ()) -> None:
    """Put the revision before the leader; from here on any edit makes it a draft again. `walls`: the boards it may hang on."""
    must(by, "slide.submit", revision.slide.unit_id)
    if revision.state not in (State.DRAFT, State.RETURNED):
        raise Conflict("这件已经报审了，不用再报。")
    if revision.approved_at is not None:
        raise Conflict("这一版挂过又撤下了。请先改好，再报审。")
    _check_ready(revision, at)
    _check_doubts(revision, walls)
    revision.state, revision.bound = State.SUBMITTED, binding(revision)
    revision.submitted_by, revision.submitted_at, revision.reason = by.id, at, None
    revision.writers = sorted({*revision.writers, by.id})  # stays when the submission is taken back, voided or made again by another
    journal.record(session, "slide.submitted", revision.slide, by=by, at=at, revision=revision.id, bound=revision.bound)


def withdraw(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    """Take a submission back, to write on."""
    must(by, "slide.submit", revision.slide.unit_id)
    if revision.state != State.SUBMITTED:
        raise Conflict("这件不在待审核里，不用撤回报审。")
    revision.state, revision.bound = State.DRAFT, None
    journal.record(session, "slide.withdrawn", revision.slide, by=by, at=at, revision=revision.id)


def approve(session: Session, revision: Revision, *, by: Actor, at: datetime, seen: str | None = None) -> None:
    """Put the revision on the boards in place of the one before it. `seen` is the hash of what the leader looked at."""
    must(by, "slide.approve", revision.slide.unit_id)
    if revision.state != State.SUBMITTED:
        raise Conflict("只有待审核的内容可以批准，这件现在不是。")
    if not is_second_person(revision, by):
        raise Forbidden("这件您写过或报过审，要请另一位领导批。")
    if revision.bound != binding(revision) or (seen is not None and seen != revision.bound):
        raise Conflict("您打开以后内容改过，请重新看一遍再批。")
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
    if left := [doubt for doubt, reason in doubts(revision, walls) if not reason]:
        raise Doubtful(left)


class Doubtful(Invalid):
    """Something has to be put right, or be given a written reason, before it goes to the leader."""

    def __init__(self, left: Sequence[Doubt]) -> None:
        super().__init__(left[0].field or "reasons", "有 %(count)s 处要改好，或者写明理由，才能报审。", count=len(left))


def _check_ready(revision: Revision, at: datetime) -> None:
    if revision.slide.retired_at is not None:
        raise Conflict("这件内容已经撤下存档，不能再报。")
    if revision.slide.kind == "media" and not any(page["type"] != "failed" for page in revision.pages):
        raise Invalid("data", "这件还没有画面：文件没有传好，或者转换不了。请先把文件传好。")
    if revision.end is not None and revision.end <= at:
        raise Invalid("end", "结束时间已经过了，挂不上去。请把结束时间往后改。")

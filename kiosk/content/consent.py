"""Standing consent: a leader says yes once to what a feed may put up by itself, within bounds and for some days.

Two people as for everything: who makes the rule is not who agrees to it, and neither agrees who answers for the feed. The rule binds the
feed as it was read then; whatever is outside of it, or said of it by a remark, waits for a person. It ends by itself and is not renewed
in silence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk import people
from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import Conflict, Forbidden, Invalid, Problem
from kiosk.content.feeds import Read
from kiosk.people import Actor, may, must

LINES, CHARS, DAYS = (1, 30), (4, 200), (1, 180)


class FeedRule(Base):
    """One rule of one feed; `bound`: the hash of the feed as it was when the rule was made; `until`: reckoned when it was agreed to."""

    __tablename__ = "feed_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    bound: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int]
    chars: Mapped[int]
    days: Mapped[int]
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant())
    agreed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    agreed_at: Mapped[datetime | None] = mapped_column(Instant())
    until: Mapped[datetime | None] = mapped_column(Instant())
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    def holds(self, at: datetime) -> bool:
        return self.ended_at is None and self.until is not None and at < self.until


@dataclass(frozen=True)
class Feed:
    """What a rule has to know of the source: its id, whose it is, who answers for it, and the hash of how it is read."""

    id: int
    unit_id: int
    person_id: int
    bound: str


class Outside(Problem):
    """The rule does not cover this: a person has to look."""

    status = 409
    slug = "outside-the-rule"


def of(session: Session, source_id: int) -> FeedRule | None:
    """The rule of this feed that was not ended: asked for, agreed to, or run out."""
    return session.scalars(select(FeedRule).where(FeedRule.source_id == source_id, FeedRule.ended_at.is_(None))
                           .order_by(FeedRule.id.desc())).first()


def rules(session: Session, sources: Collection[int]) -> dict[int, FeedRule]:
    """The same for many feeds, by their ids."""
    rows = session.scalars(select(FeedRule).where(FeedRule.source_id.in_(sources), FeedRule.ended_at.is_(None)).order_by(FeedRule.id))
    return {row.source_id: row for row in rows}


def propose(session: Session, feed: Feed, *, lines: int, chars: int, days: int, by: Actor, at: datetime) -> FeedRule:
    """Ask a leader for it; a rule before it ends here, agreed to or not."""
    must(by, "source.edit", feed.unit_id)
    for name, value, (least, most) in (("lines", lines, LINES), ("chars", chars, CHARS), ("days", days, DAYS)):
        if not least <= value <= most:
            raise Invalid(name, "要写 %(least)s 到 %(most)s 的数字。", least=least, most=most)
    void(session, feed.id, by=by, at=at)
    made = FeedRule(source_id=feed.id, bound=feed.bound, lines=lines, chars=chars, days=days, made_by=by.id, made_at=at)
    session.add(made)
    session.flush()
    journal.record(session, "rule.made", made, by=by, at=at, source=feed.id, lines=lines, chars=chars, days=days)
    return made


def agree(session: Session, rule: FeedRule, feed: Feed, *, by: Actor, at: datetime) -> None:
    """A leader's yes, for as many days as the rule says."""
    must(by, "slide.approve", feed.unit_id)
    if rule.ended_at is not None or rule.bound != feed.bound:
        raise Conflict("来源改过了，这条规则不算数了。请管理员重新提。")
    if rule.agreed_at is not None:
        raise Conflict("这条规则已经同意过了。")
    if by.id in (rule.made_by, feed.person_id):
        raise Forbidden("这条规则是您提的，或者内容由您报审，要请另一位领导来同意。")
    rule.agreed_by, rule.agreed_at, rule.until = by.id, at, at + timedelta(days=rule.days)
    journal.record(session, "rule.agreed", rule, by=by, at=at, source=feed.id, days=rule.days)


def end(session: Session, feed: Feed, *, by: Actor, at: datetime) -> None:
    """No more; what hangs stays. A leader or who keeps the sources may, at any time."""
    if not may(by, "slide.approve", feed.unit_id):
        must(by, "source.edit", feed.unit_id)
    void(session, feed.id, by=by, at=at)


def void(session: Session, source_id: int, *, by: Actor | None, at: datetime) -> None:
    """The rule does not count any more: the feed was changed, or somebody ended it."""
    rule = of(session, source_id)
    if rule is not None:
        rule.ended_by, rule.ended_at = by.id if by else None, at
        journal.record(session, "rule.ended", rule, by=by, at=at, source=source_id)


def covering(session: Session, rule: FeedRule, feed: Feed, read: Read, at: datetime) -> Actor:
    """The leader whose consent covers this; Outside says why a person has to look."""
    if rule.agreed_by is None or rule.until is None:
        raise Outside("自动更新的规则还在等领导同意，这次先等分管领导批。")
    if at >= rule.until:
        raise Outside("自动更新的规则到期了，这次等分管领导批。要继续，请重新提一条。")
    if rule.bound != feed.bound:
        raise Outside("来源改过了，规则不算数了，这次等分管领导批。")
    leader = people.actor(session, people.person(session, rule.agreed_by), at)
    if not people.person(session, rule.agreed_by).active or not may(leader, "slide.approve", feed.unit_id):
        raise Outside("同意规则的“%(post)s”不管这里了，这次等分管领导批。", post=leader.post)
    if leader.id in (rule.made_by, feed.person_id):
        raise Outside("规则是同意它的人提的，不算数，这次等分管领导批。")
    if read.remarks:
        message, params = read.remarks[0]
        raise Outside(message, **params)
    if len(read.lines) > rule.lines:
        raise Outside("这次有 %(count)s 行，规则只许 %(most)s 行，等分管领导看过再挂。", count=len(read.lines), most=rule.lines)
    if (longest := max(map(len, read.lines), default=0)) > rule.chars:
        raise Outside("这次有一行 %(count)s 个字，规则只许 %(most)s 个字，等分管领导看过再挂。", count=longest, most=rule.chars)
    return leader

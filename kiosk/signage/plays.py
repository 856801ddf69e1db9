"""Plays: proof that something hung. Taken in batches, doubles dropped, each line with its own copy of title and hash.

A board tells when each page stood, by its own clock, and sends it once it can. A line may stand for many plays of one page (`times`, `ms`
together) where the board was long without a server. What it had to throw away it tells as a count; what cannot be true (a play in the
future, before the board was there, longer than a day) is counted too, and never kept as proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base.clock import parse
from kiosk.base.db import Base, Instant
from kiosk.base.errors import Invalid
from kiosk.content.slides import Revision
from kiosk.signage import presence
from kiosk.signage.boards import Board
from kiosk.signage.presence import AHEAD

BATCH_MOST = 500
LONGEST = timedelta(hours=25)  # a line may stand for all plays of a page in a day
BACK = timedelta(days=400)  # a board that was off line for longer has nothing to prove
TOUCH = timedelta(seconds=1)
JOIN = timedelta(minutes=15)  # the same page again within so long: it hung meanwhile, in its round
WHOLE = timedelta(days=7)  # each single play is kept so long, afterwards those of an hour become one line
HOUR = timedelta(hours=1)
BATCHES_KEPT = timedelta(days=60)


class Play(Base):
    """One page on one board from a moment to a moment, as the board saw it. `ms`: how long of it the page stood; `times`: how often;
    `tallied`: whether the day's sums know of it."""

    __tablename__ = "play"
    __table_args__ = (Index("ix_play_page", "board_id", "revision_id", "page", "start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    slide_id: Mapped[int] = mapped_column(index=True)
    revision_id: Mapped[int]
    page: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    bound: Mapped[str | None] = mapped_column(String(64))
    start: Mapped[datetime] = mapped_column(Instant(), index=True)
    end: Mapped[datetime] = mapped_column(Instant())
    ms: Mapped[int] = mapped_column(default=0, server_default="0")
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    tallied: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)


class Batch(Base):
    """A batch that has been taken: sent again, it is answered and dropped."""

    __tablename__ = "play_batch"
    __table_args__ = (UniqueConstraint("board_id", "batch"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    batch: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant())


class Why(StrEnum):
    FULL = "full"  # the board's own memory was full
    WILD = "wild"  # its clock told what cannot be
    FOREIGN = "foreign"  # no such page was ever approved


class Loss(Base):
    """Plays that are no proof: how many, why, and of what time as far as that is known."""

    __tablename__ = "play_loss"

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    why: Mapped[str] = mapped_column(String(10))
    count: Mapped[int]
    start: Mapped[datetime | None] = mapped_column(Instant())
    end: Mapped[datetime | None] = mapped_column(Instant())
    at: Mapped[datetime] = mapped_column(Instant())


@dataclass(frozen=True)
class Told:
    """A line as the board sent it."""

    slide: int
    revision: int
    page: int
    start: datetime
    end: datetime
    ms: int
    times: int


def take(session: Session, board: Board, report: Mapping[str, Any], *, at: datetime) -> int:
    """Keep a batch of plays, and what the board says of being off and of plays it lost; how many lines were new."""
    name, lines = report.get("batch"), report.get("plays")
    if not (isinstance(name, str) and 1 <= len(name) <= 64 and isinstance(lines, list) and len(lines) <= BATCH_MOST):
        raise Invalid("batch", "一批播放记录要有编号，最多 %(most)s 条。", most=BATCH_MOST)
    told = [_told(each) for each in lines]
    if session.scalars(select(Batch).where(Batch.board_id == board.id, Batch.batch == name)).first():
        return 0
    session.add(Batch(board_id=board.id, batch=name, at=at))
    floor = max(board.registered_at - timedelta(days=1), at - BACK)
    sane = [each for each in told if _sane(each, floor, at)]
    _lose(session, board, Why.WILD, len(told) - len(sane), None, None, at)
    kept = _kept(session, board, sane, at)
    off, lost = report.get("off"), report.get("lost")
    if isinstance(off, list):
        presence.was_off(session, board.id, (each for each in off if isinstance(each, Mapping)), floor=floor, at=at)
    if isinstance(lost, Mapping):
        _lost(session, board, lost, at)
    return kept


def losses(session: Session, board_id: int, start: datetime, end: datetime) -> Sequence[Loss]:
    """What the board could not keep of this time."""
    return session.scalars(select(Loss).where(Loss.board_id == board_id, Loss.start < end, Loss.end > start)).all()


def latest_losses(session: Session, board_id: int, since: datetime) -> Sequence[Loss]:
    """What was told to be lost since then, whatever time it was of."""
    return session.scalars(select(Loss).where(Loss.board_id == board_id, Loss.at >= since).order_by(Loss.at.desc())).all()


def merged(lines: Iterable[Play]) -> list[list[Play]]:
    """Lines of one board in groups that may become one line each: the same page, the same hour, never longer apart than its round."""
    groups: dict[tuple[Any, ...], list[list[Play]]] = {}
    for line in sorted(lines, key=lambda each: each.start):
        key = (line.revision_id, line.page, int(line.start.timestamp()) // 3600)
        mine = groups.setdefault(key, [])
        if mine and line.start - mine[-1][-1].end <= JOIN:
            mine[-1].append(line)
        else:
            mine.append([line])
    return [group for mine in groups.values() for group in mine]


def condense(session: Session, board_id: int, start: datetime, end: datetime) -> int:
    """Make one line an hour out of the single plays of a time that is long past; how many lines went."""
    rows = session.scalars(select(Play).where(Play.board_id == board_id, Play.start >= start, Play.start < end, Play.tallied)).all()
    gone: list[int] = []
    for group in merged(rows):
        first = group[0]
        if len(group) > 1:
            first.ms, first.times = sum(each.ms for each in group), sum(each.times for each in group)
            first.end = max(each.end for each in group)
            gone += [each.id for each in group[1:]]
    for at in range(0, len(gone), 400):
        session.execute(delete(Play).where(Play.id.in_(gone[at:at + 400])))
    return len(gone)


def forget(session: Session, before: datetime, at: datetime) -> None:
    """Plays that nobody keeps any longer, and the names of batches that will not come again."""
    session.execute(delete(Play).where(Play.end < before))
    session.execute(delete(Loss).where(Loss.at < before))
    session.execute(delete(Batch).where(Batch.at < at - BATCHES_KEPT))


def _told(told: Any) -> Told:
    try:
        start, end = parse(told["from"]), parse(told["to"])
        slide, number, page = (_number(told[name]) for name in ("slide", "revision", "page"))
        length = max(0, int((end - start).total_seconds() * 1000))
        ms, times = int(told.get("ms", length)), _number(told.get("times", 1))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise Invalid("plays", "播放记录要有 slide、revision、page、from、to。") from None
    return Told(slide, number, page, start, end, min(max(ms, 0), length), times)


def _sane(told: Told, floor: datetime, at: datetime) -> bool:
    return floor <= told.start <= told.end <= at + AHEAD and told.end - told.start <= LONGEST


def _kept(session: Session, board: Board, told: Sequence[Told], at: datetime) -> int:
    revisions = {id: session.get(Revision, id) for id in {each.revision for each in told}}
    kept, foreign = 0, 0
    for each in sorted(told, key=lambda line: (line.start, line.page)):
        revision = revisions[each.revision]
        if revision is not None and (revision.slide_id != each.slide or revision.bound is None or each.end < revision.created_at - AHEAD):
            foreign += 1  # before it was written: the number was another's, whom a restored database does not know any more
            continue
        fresh = _without_double(session, board.id, each)
        if fresh is not None:
            session.add(Play(board_id=board.id, slide_id=fresh.slide, revision_id=fresh.revision, page=fresh.page, ms=fresh.ms,
                             title=revision.title if revision else "", bound=revision.bound if revision else None, start=fresh.start,
                             end=fresh.end, times=fresh.times))
            session.flush()
            kept += 1
    _lose(session, board, Why.FOREIGN, foreign, None, None, at)
    return kept


def _without_double(session: Session, board_id: int, told: Told) -> Told | None:
    """What of a line is not known yet: a board sends in order, so what overlaps was sent before under another batch's name."""
    known = session.scalars(select(Play).where(Play.board_id == board_id, Play.revision_id == told.revision, Play.page == told.page,
                                               Play.start > told.start - LONGEST, Play.start < told.end, Play.end > told.start)
                            .order_by(Play.start)).all()
    if not known:
        return told
    start = max(told.start, max(each.end for each in known))
    if told.end - start <= TOUCH:
        return None
    length = (told.end - told.start).total_seconds()
    ms = int(told.ms * (told.end - start).total_seconds() / length)
    return Told(told.slide, told.revision, told.page, start, told.end, ms, told.times)


def _lost(session: Session, board: Board, told: Mapping[str, Any], at: datetime) -> None:
    try:
        count, start, end = _number(told["count"]), parse(told["from"]), parse(told["to"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    if start <= end:
        _lose(session, board, Why.FULL, count, start, min(end, at), at)


def _lose(session: Session, board: Board, why: Why, count: int, start: datetime | None, end: datetime | None, at: datetime) -> None:
    if count:
        session.add(Loss(board_id=board.id, why=why, count=count, start=start, end=end, at=at))


def _number(value: Any) -> int:
    """An id or a page number, within what a database's integer holds."""
    number = int(value)
    if not 0 < number < 2**31:
        raise ValueError
    return number

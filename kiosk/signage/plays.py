"""Plays: proof that something hung. Taken in batches, doubles dropped, each line with its own copy of title and hash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base.clock import parse
from kiosk.base.db import Base, Instant
from kiosk.base.errors import Invalid
from kiosk.content.slides import Revision
from kiosk.signage.boards import Board

BATCH_MOST = 500


class Play(Base):
    """One page on one board from a moment to a moment, as the board saw it."""

    __tablename__ = "play"

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    slide_id: Mapped[int] = mapped_column(index=True)
    revision_id: Mapped[int]
    page: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    bound: Mapped[str | None] = mapped_column(String(64))
    start: Mapped[datetime] = mapped_column(Instant())
    end: Mapped[datetime] = mapped_column(Instant())


class Batch(Base):
    """A batch that has been taken: sent again, it is answered and dropped."""

    __tablename__ = "play_batch"
    __table_args__ = (UniqueConstraint("board_id", "batch"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    batch: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant())


def take(session: Session, board: Board, report: Mapping[str, Any], *, at: datetime) -> int:
    """Keep a batch of plays; how many were new."""
    name, lines = report.get("batch"), report.get("plays")
    if not (isinstance(name, str) and 1 <= len(name) <= 64 and isinstance(lines, list) and len(lines) <= BATCH_MOST):
        raise Invalid("batch", "一批播放记录要有编号，最多 %(most)s 条。", most=BATCH_MOST)
    if session.scalars(select(Batch).where(Batch.board_id == board.id, Batch.batch == name)).first():
        return 0
    session.add(Batch(board_id=board.id, batch=name, at=at))
    plays = [_play(session, board, each) for each in lines]
    session.add_all(plays)
    return len(plays)


def _play(session: Session, board: Board, told: Any) -> Play:
    try:
        start, end = parse(told["from"]), parse(told["to"])
        slide, number, page = (_number(told[name]) for name in ("slide", "revision", "page"))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Invalid("plays", "播放记录要有 slide、revision、page、from、to。") from None
    revision = session.get(Revision, number)
    return Play(board_id=board.id, slide_id=slide, revision_id=number, page=page, title=revision.title if revision else "",
                bound=revision.bound if revision else None, start=start, end=end)


def _number(value: Any) -> int:
    """An id or a page number, within what a database's integer holds."""
    number = int(value)
    if not 0 < number < 2**31:
        raise ValueError
    return number

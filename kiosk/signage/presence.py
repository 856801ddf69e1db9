"""Presence: when a board was heard, when it was not, and when it itself says that it was off; and which edition it held since when.

Written only when something changes, never at each heartbeat, so that two years of it are a few rows a day. It is the memory behind every
reason on a certificate, and the lasting receipt of every recall: a board that held version n held whatever n recalled no longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base.clock import parse
from kiosk.base.db import Base, Instant

AHEAD = timedelta(minutes=10)  # a board's clock may be so fast
OFF_MOST = 50  # spans of a batch: a board that was switched off more often than that in one day says so in several


class Presence(StrEnum):
    ONLINE = "online"  # heard
    SILENT = "silent"  # not heard: it may have played all the same
    OFF = "off"  # the board itself says, afterwards, that it did not run


class Span(Base):
    """A board was in this state from a moment to a moment; without an end: it still is."""

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_board_start", "board_id", "start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    state: Mapped[str] = mapped_column(String(10))
    start: Mapped[datetime] = mapped_column(Instant())
    end: Mapped[datetime | None] = mapped_column(Instant())


class Held(Base):
    """From this moment on the board said that it holds this edition by this version of its ref."""

    __tablename__ = "held"
    __table_args__ = (Index("ix_held_board_at", "board_id", "at"), Index("ix_held_board_version", "board_id", "version"))

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    version: Mapped[int]
    edition: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant())


@dataclass(frozen=True)
class State:
    """One span of a board's past, cut to what was asked for."""

    state: Presence
    start: datetime
    end: datetime


def heard(session: Session, board_id: int, before: datetime | None, at: datetime, silent: timedelta) -> None:
    """A heartbeat came; the one before it at `before`. A row is written only where a silence lay between them."""
    if before is not None and at - before <= silent:
        return
    last = session.scalars(select(Span).where(Span.board_id == board_id, Span.state != Presence.OFF)
                           .order_by(Span.start.desc(), Span.id.desc()).limit(1)).first()
    if before is not None:
        if last is None:
            session.add(Span(board_id=board_id, state=Presence.ONLINE, start=before, end=before))
        elif last.end is None:
            last.end = before
        session.add(Span(board_id=board_id, state=Presence.SILENT, start=before, end=at))
    session.add(Span(board_id=board_id, state=Presence.ONLINE, start=at, end=None))


def left(session: Session, board_id: int, seen_at: datetime | None) -> None:
    """Another PC takes the board's place: what was open ends when the old one was heard last."""
    for row in session.scalars(select(Span).where(Span.board_id == board_id, Span.end.is_(None))):
        row.end = max(row.start, seen_at) if seen_at is not None else row.start


def holds(session: Session, board_id: int, version: int | None, edition: str | None, at: datetime) -> None:
    """What the board holds has changed."""
    if version is not None and edition is not None:
        session.add(Held(board_id=board_id, version=version, edition=edition, at=at))


def was_off(session: Session, board_id: int, told: Iterable[Mapping[str, Any]], *, floor: datetime, at: datetime) -> None:
    """When the board says that it did not run; what cannot be is left out, what is known already is not written twice."""
    for each in list(told)[:OFF_MOST]:
        try:
            start, end = parse(each["from"]), parse(each["to"])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if not (floor <= start < end <= at + AHEAD and start < at):
            continue
        end = min(end, at)
        known = session.scalars(select(Span.id).where(Span.board_id == board_id, Span.state == Presence.OFF, Span.start < end,
                                                      Span.end > start).limit(1)).first()
        if known is None:
            session.add(Span(board_id=board_id, state=Presence.OFF, start=start, end=end))
            session.flush()


def states(session: Session, board_id: int, start: datetime, end: datetime, *, seen_at: datetime | None, silent: timedelta) -> list[State]:
    """The board's spans that touch this time, the last one by when it was heard last."""
    rows = session.scalars(select(Span).where(Span.board_id == board_id, Span.start < end, (Span.end.is_(None)) | (Span.end > start))
                           .order_by(Span.start, Span.id))
    found = []
    for row in rows:
        over = row.end
        if over is None:
            over = end if seen_at is None or end - seen_at <= silent else max(seen_at, row.start)
            if over < end and seen_at is not None:
                found.append(State(Presence.SILENT, max(seen_at, start), end))
        if max(row.start, start) < min(over, end):
            found.append(State(Presence(row.state), max(row.start, start), min(over, end)))
    return found


def held_between(session: Session, board_id: int, start: datetime, end: datetime) -> Sequence[Held]:
    """What the board said it held, from what it held at the start on."""
    before = session.scalar(select(func.max(Held.at)).where(Held.board_id == board_id, Held.at <= start))
    query = select(Held).where(Held.board_id == board_id, Held.at < end).order_by(Held.at, Held.id)
    return session.scalars(query if before is None else query.where(Held.at >= before)).all()


def receipts(session: Session, board_ids: Collection[int], version: int) -> dict[int, datetime]:
    """The first moment at which each board said that it holds this version, or a later one. Kept as long as the refs."""
    rows = session.execute(select(Held.board_id, func.min(Held.at)).where(Held.board_id.in_(board_ids), Held.version >= version)
                           .group_by(Held.board_id))
    return {board: at for board, at in rows}


def forget(session: Session, before: datetime) -> None:
    """What nobody keeps any longer; of each board the last edition it held stays."""
    session.execute(delete(Span).where(Span.end < before))
    last = select(func.max(Held.id)).group_by(Held.board_id)
    session.execute(delete(Held).where(Held.at < before, Held.id.not_in(last)))

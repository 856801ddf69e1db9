"""Commands: what staff ask a board to do now — reload, show its name, take a picture of its screen.

Each is a row with its number, said to the board by whichever process holds its socket, again and again until its heartbeat names it as
done, or until it is ten minutes old: then nobody answered. The board does each number once, however often it hears it.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import Conflict, Invalid

LIVES = timedelta(minutes=10)
AGAIN = timedelta(seconds=10)
KEPT = timedelta(days=90)
UNAVAILABLE = "screenshot: unavailable"
PICTURES_KEPT = 3  # of one board


class Deed(StrEnum):
    RELOAD = "reload"
    IDENTIFY = "identify"
    SCREENSHOT = "screenshot"


class State(StrEnum):
    SAID = "said"
    DONE = "done"
    UNABLE = "unable"  # the board answered that it cannot
    UNHEARD = "unheard"  # ten minutes without an answer


class Command(Base):
    """One wish at one board. `key`: its number in the protocol; `error`: what the board said instead of doing it; `picture`: object of the
    screenshot that it sent."""

    __tablename__ = "command"
    __table_args__ = (Index("ix_command_board_at", "board_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    key: Mapped[str] = mapped_column(String(20), unique=True)
    do: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_post: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(Instant(), index=True)
    done_at: Mapped[datetime | None] = mapped_column(Instant(), index=True)
    error: Mapped[str] = mapped_column(String(200), default="")
    picture: Mapped[str | None] = mapped_column(String(64))
    picture_type: Mapped[str | None] = mapped_column(String(20))
    picture_at: Mapped[datetime | None] = mapped_column(Instant())

    def state(self, at: datetime) -> State:
        if self.done_at is not None:
            return State.UNABLE if self.error and self.picture is None else State.DONE
        return State.SAID if at - self.at < LIVES else State.UNHEARD


def ask(session: Session, board: journal.Subject, do: str, *, by: journal.Actor | None, at: datetime) -> Command:
    """Ask a board; the journal's entry carries it to the process that holds its socket."""
    if do not in set(Deed):
        raise Invalid("do", "没有这个操作。")
    if any(each.do == do for each in waiting(session, at, [board.id])):
        raise Conflict("刚才已经叫过这块屏，还在等它回应。它十分钟没有回应再叫。")
    made = Command(board_id=board.id, key=secrets.token_hex(6), do=do, by_id=by.id if by else None, by_post=by.post if by else "", at=at)
    session.add(made)
    session.flush()
    journal.record(session, "board.told", board, by=by, at=at, do=do, command=made.key)
    return made


def say(do: str, key: str) -> str:
    """What is said on the socket."""
    return json.dumps({"do": do, "id": key, "after": 0})


def waiting(session: Session, at: datetime, board_ids: Collection[int] | None = None) -> Sequence[Command]:
    """What no board has answered yet and is not too old to be said again, oldest first."""
    query = select(Command).where(Command.done_at.is_(None), Command.at > at - LIVES).order_by(Command.id)
    return session.scalars(query if board_ids is None else query.where(Command.board_id.in_(board_ids))).all()


def to_say(session: Session, at: datetime, board_ids: Collection[int]) -> dict[int, list[str]]:
    """The frames to be said again to these boards."""
    frames: dict[int, list[str]] = defaultdict(list)
    for command in waiting(session, at, board_ids):
        frames[command.board_id].append(say(command.do, command.key))
    return frames


def heard(session: Session, board_id: int, report: Mapping[str, Any], at: datetime) -> None:
    """A heartbeat names what the board has done; what it could not do it tells among its errors."""
    done = report.get("done")
    keys = [each for each in done[:50] if isinstance(each, str)] if isinstance(done, list) else []
    if not keys:
        return
    errors = report.get("errors")
    told = next((each[:200] for each in errors if isinstance(each, str) and each.startswith("screenshot:")),
                "") if isinstance(errors, list) else ""
    for command in session.scalars(select(Command).where(Command.board_id == board_id, Command.key.in_(keys), Command.done_at.is_(None))):
        command.done_at = at
        if command.do == Deed.SCREENSHOT and command.picture is None:
            command.error = told or UNAVAILABLE


def pictured(session: Session, board_id: int, key: str, sha: str, kind: str, at: datetime) -> Command | None:
    """The board's screen came in for this command; None when nobody asked for it."""
    command = session.scalars(select(Command).where(Command.board_id == board_id, Command.key == key, Command.do == Deed.SCREENSHOT,
                                                    Command.at > at - 6 * LIVES)).first()
    if command is None:
        return None
    command.picture, command.picture_type, command.picture_at, command.error = sha, kind, at, ""
    command.done_at = command.done_at or at
    session.flush()
    with_picture = session.scalars(select(Command).where(Command.board_id == board_id, Command.picture.is_not(None))
                                   .order_by(Command.picture_at.desc(), Command.id.desc())).all()
    for old in with_picture[PICTURES_KEPT:]:
        old.picture = None
    return command


def latest(session: Session, board_id: int, limit: int = 5) -> Sequence[Command]:
    """The last wishes at this board, newest first."""
    return session.scalars(select(Command).where(Command.board_id == board_id).order_by(Command.id.desc()).limit(limit)).all()


def command(session: Session, board_id: int, id: int) -> Command | None:
    return session.scalars(select(Command).where(Command.id == id, Command.board_id == board_id)).first()


def named_objects(session: Session) -> set[str]:
    """The pictures that are kept."""
    return {sha for sha in session.scalars(select(Command.picture).where(Command.picture.is_not(None))) if sha}


def forget(session: Session, at: datetime) -> None:
    """Wishes of long ago."""
    session.execute(delete(Command).where(Command.at < at - KEPT))

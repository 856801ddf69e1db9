"""Relays: mirrors in community centres. Staff pair one like a screen, and boards stand under it.

A relay is known by a random token of which only the hash is kept. It mirrors the refs of the boards under it, and answers them in
the server's place; what it says of itself (its release, why it could not reach us) is its heartbeat.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import Conflict, Forbidden, NotFound
from kiosk.people import Actor, Unit, hashed, line, may, who_can
from kiosk.signage.boards import Board, Pairing, bounded, token_of

TOKEN = "kr_"  # how a relay's token begins
VITALS = ("release", "uptime", "storage", "disk", "memory", "cause", "outage", "refused", "missing", "objects", "boards", "spool", "bytes")


class Relay(Base):
    """A centre's mirror."""

    __tablename__ = "relay"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    registered_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())
    seen_at: Mapped[datetime | None] = mapped_column(Instant())
    vitals: Mapped[dict[str, Any]] = mapped_column(default=dict)

    unit: Mapped[Unit] = relationship(lazy="joined")


def pair(session: Session, pairing: Pairing, name: str, *, unit: Unit, key: bytes, by: Actor, at: datetime) -> Relay:
    """Make the waiting relay one of the office's. Its token follows from the secret that only it has."""
    _must(by, unit.id)
    _must_wait(pairing)
    made = Relay(name=line(name, "name", most=40), unit=unit, token_hash=hashed(token_of(pairing, key)), registered_at=at, vitals={})
    session.add(made)
    journal.record(session, "relay.added", made, by=by, at=at, name=made.name)
    pairing.relay_id = made.id
    return made


def pair_again(session: Session, relay: Relay, pairing: Pairing, *, key: bytes, by: Actor, at: datetime) -> None:
    """Another PC takes the relay's place: its boards stay under it, the old token dies."""
    _must(by, relay.unit_id)
    _must_wait(pairing)
    relay.token_hash, pairing.relay_id, relay.seen_at, relay.vitals = hashed(token_of(pairing, key)), relay.id, None, {}
    journal.record(session, "relay.keyed", relay, by=by, at=at)


def change(session: Session, relay: Relay, name: str, *, by: Actor, at: datetime) -> None:
    _must(by, relay.unit_id)
    relay.name = line(name, "name", most=40)
    journal.record(session, "relay.changed", relay, by=by, at=at, name=relay.name)


def set_boards(session: Session, relay: Relay, members: Sequence[Board], *, by: Actor, at: datetime) -> None:
    """Which boards stand under it, the whole answer at once; boards of other hands neither come nor go."""
    _must(by, relay.unit_id)
    before = boards_under(session, relay)
    for board in {*before} ^ {*members}:
        _must(by, board.unit_id)
        board.relay_id = relay.id if board in members else None
    if {*before} != {*members}:
        journal.record(session, "relay.changed", relay, by=by, at=at, boards=[each.id for each in members])


def end(session: Session, relay: Relay, *, by: Actor, at: datetime) -> None:
    """The relay is taken down: its token is worth nothing, its boards belong to none."""
    _must(by, relay.unit_id)
    relay.ended_at, relay.token_hash = at, hashed(secrets.token_urlsafe(32))
    for board in boards_under(session, relay):
        board.relay_id = None
    journal.record(session, "relay.ended", relay, by=by, at=at)


def relay(session: Session, id: int) -> Relay:
    found = session.get(Relay, id)
    if found is None or found.ended_at is not None:
        raise NotFound("没有这个中继，可能已经拆了。")
    return found


def relays(session: Session, units: Collection[int]) -> Sequence[Relay]:
    """The relays of these units."""
    return session.scalars(select(Relay).where(Relay.ended_at.is_(None), Relay.unit_id.in_(units)).order_by(Relay.unit_id, Relay.id)).all()


def relay_of(session: Session, board: Board) -> Relay | None:
    """The relay that the board stands under."""
    return session.get(Relay, board.relay_id) if board.relay_id is not None else None


def by_token(session: Session, token: str) -> Relay | None:
    return session.scalars(select(Relay).where(Relay.token_hash == hashed(token), Relay.ended_at.is_(None))).first()


def boards_under(session: Session, relay: Relay) -> Sequence[Board]:
    """The living boards under it."""
    return session.scalars(select(Board).where(Board.relay_id == relay.id, Board.ended_at.is_(None)).order_by(Board.id)).all()


def left(session: Session, relay: Relay, held: Collection[int]) -> list[int]:
    """Of the boards that the relay holds those that stand elsewhere now, or were taken down. One that we know nothing of is not among
    them: an old database that was restored must not make a relay forget its boards.
    """
    rows = session.scalars(select(Board).where(Board.id.in_(held))).all()
    return sorted(board.id for board in rows if board.relay_id != relay.id or board.ended_at is not None)


def routes(session: Session) -> dict[int, int]:
    """Board to relay, for all boards that stand under one."""
    rows = session.execute(select(Board.id, Board.relay_id).where(Board.relay_id.is_not(None), Board.ended_at.is_(None)))
    return {row.id: row.relay_id for row in rows}


def heartbeat(relay: Relay, report: Mapping[str, Any], *, at: datetime) -> None:
    """Keep what the relay says of itself, in sane bounds."""
    relay.seen_at = at
    relay.vitals = {name: bounded(report[name]) for name in VITALS if name in report}


def _must_wait(pairing: Pairing) -> None:
    if not pairing.relay:
        raise Conflict("这个代码是屏的，不是中继的。")


def _must(by: Actor, unit_id: int) -> None:
    if not may(by, "board.edit", unit_id):
        raise Forbidden("中继要请%(who)s来办。", who=who_can("board.edit"))

"""Parcels, the server's side: what a relay without a line is handed on a USB stick, and what it hands back (base/parcel.py).

What comes back is taken as if it had come by the line: batches of plays by their names, so that a parcel taken twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base import journal, parcel
from kiosk.base.archive import Reader
from kiosk.base.clock import parse
from kiosk.base.errors import Conflict, Problem
from kiosk.base.objects import Store
from kiosk.base.signing import Signer
from kiosk.people import Actor
from kiosk.signage import boards, manifest, plays, relays
from kiosk.signage.manifest import Edition
from kiosk.signage.plays import Batch
from kiosk.signage.relays import Relay

TAKEN_MOST = 20_000


@dataclass(frozen=True)
class Contents:
    """What goes into a parcel, read in one short transaction. `objects`: names."""

    relay: int
    number: int
    boards: Sequence[Mapping[str, Any]]
    taken: Sequence[tuple[int, str]]
    objects: frozenset[str]


@dataclass(frozen=True)
class Arrived:
    """What a parcel brought: lines of plays that were new, boards that were heard, what was refused."""

    relay: int
    made_at: datetime
    plays: int
    boards: int
    refused: int


def contents(session: Session, relay: Relay, signer: Signer, *, at: datetime, stopped: Mapping[str, Any] | None) -> Contents:
    """The sealed refs of the boards under the relay, and every object that they need. Problem where boards may be told nothing now."""
    under = relays.boards_under(session, relay)
    told: list[dict[str, Any]] = [{"board": board.id, "token": board.token_hash, "ref": ref} for board in under
                                  if (ref := manifest.ref(session, board, signer, at=at, stopped=stopped)) is not None]
    if not told:
        raise Conflict("这个中继下面还没有屏，或者屏上还没有内容，没有东西可以导出。")
    named = set[str]()
    for edition in {each["ref"]["edition"] for each in told}:
        row = session.get(Edition, edition)
        named |= {edition, *(row.objects if row is not None else ())}
    for each in told:
        for insert in each["ref"].get("overrides", ()):
            named |= {one["sha"] for one in insert.get("objects", ())}
    batches = session.execute(select(Batch.board_id, Batch.batch).where(Batch.board_id.in_([each.id for each in under]))
                              .order_by(Batch.id.desc()).limit(TAKEN_MOST)).all()
    return Contents(relay.id, journal.tail(session), told, [(row.board_id, row.batch) for row in batches], frozenset(named))


def write(path: Path, found: Contents, store: Store, signer: Signer, *, outside: Sequence[str], at: datetime) -> int:
    """Write the parcel; what was recalled is not in it. How many objects are."""
    objects = [(sha, place) for sha in sorted(found.objects) if (place := store.public_path(sha)) is not None]
    return parcel.write(path, relay=found.relay, number=found.number, at=at, outside=outside, boards=found.boards,
                        taken=found.taken, objects=objects, seal=signer.seal)


def noted(session: Session, relay: Relay, found: Contents, *, by: Actor | None, at: datetime) -> None:
    journal.record(session, "parcel.made", relay, by=by, at=at, number=found.number, boards=[each["board"] for each in found.boards],
                   objects=len(found.objects))


def take_back(session: Session, path: Path, *, by: Actor | None, at: datetime, only: Relay | None = None) -> Arrived:
    """Take what a relay handed back; of `only` this one, where staff stand on its page."""
    with Reader(path) as reader:
        told = parcel.opened_back(reader, token_hash=lambda id: _token_hash(session, id))
    if only is not None and told.relay != only.id:
        raise parcel.Refused("这个包是别的中继写的，没有收。请到那个中继的页面上收。")
    relay = relays.relay(session, told.relay)
    under = {board.id: board for board in relays.boards_under(session, relay)}
    kept, refused, heard = 0, 0, set[int]()
    for line in told.plays:
        board = under.get(line["board"])
        try:
            with session.begin_nested():
                kept += plays.take(session, board, line["report"], at=at) if board is not None else 0
            refused += board is None
        except Problem:  # one batch that is no good must not keep the others out
            refused += 1
    for line in told.beats:
        if (board := under.get(line["board"])) is not None:
            boards.heartbeat(board, line["report"], at=min(parse(str(line["heard"])), at))
            heard.add(board.id)
    journal.record(session, "parcel.taken", relay, by=by, at=at, plays=kept, boards=len(heard), refused=refused)
    return Arrived(relay.id, told.made_at, kept, len(heard), refused)


def _token_hash(session: Session, id: int) -> str | None:
    found = session.get(Relay, id)
    return found.token_hash if found is not None and found.ended_at is None else None

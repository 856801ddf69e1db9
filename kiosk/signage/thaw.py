"""Thaw: the look at what boards hold after a restore, and the confirmation that lets them follow this database again.

What was recalled after the backup was made stays off: boards tell in their heartbeats which revisions they keep off their walls, and those
that the backup still has up are recalled again. Boards themselves obey the list of their ref and nothing else: after a restore new
revisions may bear numbers that boards remember from the time that was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base import journal
from kiosk.base.db import locked
from kiosk.base.errors import N_, Conflict
from kiosk.content import review
from kiosk.content.slides import Revision
from kiosk.people import Actor
from kiosk.signage import frozen, manifest
from kiosk.signage.boards import Board, boards, recalls_obeyed
from kiosk.signage.compose import Press
from kiosk.signage.frozen import Ice
from kiosk.signage.manifest import Edition

REASON = N_("备份以后撤回过：屏上还记着，恢复数据时照样撤回。")
BELIEVED = 50 * journal.LEAP  # a board that says it holds more is broken


@dataclass(frozen=True)
class Holding:
    """What one board says. `newer`: it holds content that the backup does not know."""

    board: Board
    heard: bool
    newer: bool


@dataclass(frozen=True)
class Look:
    """What is known before somebody confirms. `again`: recalls that boards remember and the backup does not."""

    ice: Ice
    boards: Sequence[Holding]
    again: Sequence[Revision]

    @property
    def silent(self) -> int:
        return sum(not each.heard for each in self.boards)

    @property
    def newer(self) -> int:
        return sum(each.newer for each in self.boards)


def look(session: Session) -> Look | None:
    """None when nothing is frozen."""
    ice = frozen.state(session)
    if ice is None:
        return None
    living = [board for board in boards(session) if board.edition is not None]
    known = set(session.scalars(select(Edition.sha)))
    held = [Holding(board, there, there and board.held_edition is not None and board.held_edition not in known)
            for board in living for there in [frozen.heard(board, ice)]]
    told = set[int]().union(*(recalls_obeyed(each.board) for each in held if each.heard))
    again = session.scalars(select(Revision).where(Revision.id.in_({id for id in told if id <= ice.revisions}),
                                                   Revision.recalled_at.is_(None), Revision.approved_at.is_not(None))
                            .order_by(Revision.id)).all()
    return Look(ice, held, [each for each in again if each.created_at < ice.since])


def confirm(session: Session, press: Press, *, by: Actor | None, at: datetime) -> Look:
    """From now on boards follow this database: under numbers above all that any of them was ever given."""
    locked(session, "refs")
    found = look(session)
    if found is None:
        raise Conflict("现在没有等着确认的恢复，屏都在照常播放。")
    for revision in found.again:
        review.recall_again(session, revision, REASON, by=by, at=at)
    last = journal.tail(session)
    versions = [each.board.held_version or 0 for each in found.boards if each.heard]
    beyond = max((version for version in versions if version < last + BELIEVED), default=0)
    told = {"boards": len(found.boards), "silent": found.silent, "newer": found.newer, "recalled": [each.id for each in found.again]}
    journal.record(session, "office.thawed", "office", by=by, at=at, leap=beyond if beyond > last else None, **told)
    manifest.refresh(session, press, at=at)
    manifest.move_all(session, press, at=at)
    return found

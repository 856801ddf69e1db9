"""Frozen: what boards are told after an older copy of the database was restored.

The law: "the database is older" is never "show older things". Until somebody has looked and confirmed, no board is given a programme of
the backup: it keeps the edition it holds. A recall, an insert and a stop reach it all the same, in a ref that names that very edition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.base import journal
from kiosk.base.clock import iso, parse
from kiosk.base.errors import Problem
from kiosk.base.journal import Entry
from kiosk.content.slides import Revision
from kiosk.signage.boards import Board, recalls_obeyed

BEGUN, ENDED = "office.restored", "office.thawed"


class NotYet(Problem):
    """Nothing for this board now; it keeps what it holds and asks again."""

    status = 503
    slug = "frozen"


@dataclass(frozen=True)
class Ice:
    """Since when boards keep what they hold. `seq`: above every version ever given out; `revisions`: the last one in the backup;
    `stopped`: everything was stopped when it was made.
    """

    seq: int
    since: datetime
    made_at: datetime
    revisions: int
    stopped: bool


def begin(session: Session, *, made_at: datetime, at: datetime, stopped: bool) -> int:
    """Note in the restored database that it is an older one; the number from which everything new is counted."""
    last = session.scalar(select(func.max(Revision.id))) or 0
    entry = journal.record(session, "office.restored", "office", by=None, at=at, leap=0, made_at=iso(made_at), revisions=last,
                           stopped=stopped)
    return entry.seq


def state(session: Session) -> Ice | None:
    """The freeze, until somebody has confirmed."""
    entry = session.scalars(select(Entry).where(Entry.verb.in_((BEGUN, ENDED))).order_by(Entry.seq.desc()).limit(1)).first()
    if entry is None or entry.verb == ENDED:
        return None
    told = entry.data
    return Ice(entry.seq, entry.at, parse(told["made_at"]), told["revisions"], told["stopped"])


def heard(board: Board, ice: Ice) -> bool:
    """Whether the board has spoken since the restore, so that what it says it holds is true."""
    return board.seen_at is not None and board.seen_at >= ice.since


def held(session: Session, board: Board, body: Mapping[str, Any], version: int, *, stopped: bool) -> tuple[Mapping[str, Any], int]:
    """Body and version of the board's ref. While frozen: the edition that the board says it holds, and only if there is something to
    tell it; else NotYet.
    """
    ice = state(session)
    if ice is None:
        return body, version
    if not heard(board, ice) or board.held_edition is None or (version <= ice.seq and not stopped):
        raise NotYet("数据刚从备份恢复，屏先照现在的内容播放，等管理员确认。")
    recalled = sorted({*body.get("recalled", ()), *recalls_obeyed(board)})
    return {**body, "edition": board.held_edition, "recalled": recalled}, max(version, ice.seq)

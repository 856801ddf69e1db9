"""A shift of a board: what it would tell of some hours, by heartbeats and batches of plays, without a browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from kiosk.base.clock import iso
from kiosk.content.slides import Revision
from kiosk.signage import boards, plays
from kiosk.signage.boards import Board

MINUTE = timedelta(minutes=1)


class Shift:
    """One board's days, told in order."""

    def __init__(self, session: Session, board: Board) -> None:
        self.session, self.board, self._batch = session, board, 0

    def beats(self, start: datetime, end: datetime, **told: Any) -> None:
        """A heartbeat a minute; what it holds is what it should, unless told otherwise."""
        at = start
        while at <= end:
            held = {"edition": self.board.edition, "ref_version": self.board.version, **told}
            boards.heartbeat(self.board, held, at=at)
            at += MINUTE
        self.session.flush()

    def plays(self, revision: Revision, start: datetime, end: datetime, *, every: timedelta = 2 * MINUTE, lasts: float = 12,
              told_at: datetime | None = None, **more: Any) -> None:
        """The slide came round so often; sent when it was over, or later."""
        lines, at = [], start
        while at < end:
            lines.append({"slide": revision.slide_id, "revision": revision.id, "page": 1, "from": iso(at),
                          "to": iso(at + timedelta(seconds=lasts))})
            at += every
        for first in range(0, max(1, len(lines)), plays.BATCH_MOST):
            self.tell(lines[first:first + plays.BATCH_MOST], told_at or end, **more)

    def tell(self, lines: list[dict[str, Any]], at: datetime, **more: Any) -> int:
        self._batch += 1
        return plays.take(self.session, self.board, {"batch": f"b{self.board.id}-{self._batch}", "plays": lines, **more}, at=at)

    def off(self, start: datetime, end: datetime, *, told_at: datetime | None = None) -> None:
        """What the page says when it runs again."""
        self.tell([], told_at or end, off=[{"from": iso(start), "to": iso(end)}])

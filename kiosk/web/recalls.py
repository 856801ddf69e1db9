"""Recalls: the objects go with the answer, not after it; and who has taken it off, board by board, as long as the refs are kept.

The receipt is the board's word that it holds the version with which the recall was told, or a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from kiosk.base.journal import Entry
from kiosk.content.slides import Revision, Slide
from kiosk.disclosure import proof
from kiosk.signage import boards, manifest, presence
from kiosk.signage.boards import Board, Status
from kiosk.signage.manifest import Ref
from kiosk.web.request import db, end_transaction, now, parts


@dataclass(frozen=True)
class Receipt:
    """One board that was told of the recall. `at`: when it said that it has obeyed, None: not yet; `status`: whether it is heard."""

    board: Board
    at: datetime | None
    status: Status


def withdraw(gone: Revision) -> None:
    """The recall is written: who asks for its objects from now on hears 410, also where a web server hands out the folder."""
    objects = manifest.recalled_objects(db(), gone.id, at=now())
    end_transaction(keep=True)
    parts().store.withdraw(objects)


def asked(slide: Slide, wanted: str) -> Revision | None:
    """The recalled version that the page is about: the one that is named, else the last while nothing of the slide hangs again."""
    gone = [each for each in slide.revisions if each.recalled_at is not None]
    named = next((each for each in gone if str(each.id) == wanted), None)
    return named or (gone[-1] if gone and slide.live_id is None else None)


def receipts(gone: Revision) -> list[Receipt]:
    """The boards that showed it when it was recalled, those that have not obeyed first; of years ago as of today."""
    version = _version(gone)
    if version is None:
        return []
    told = [board for board in _told(gone, version) if board is not None]
    done = presence.receipts(db(), [board.id for board in told], version)
    silent = timedelta(seconds=parts().settings.silent_seconds)
    found = [Receipt(board, done.get(board.id), boards.status(board, now(), silent)) for board in told]
    return sorted(found, key=lambda each: (each.at is not None, each.board.unit_id, each.board.id))


def _version(gone: Revision) -> int | None:
    """The version that told the boards of it: that of the entry which moved their refs in the same transaction."""
    act = next((entry for entry in db().scalars(select(Entry).where(Entry.verb == "slide.recalled", Entry.subject_id == gone.slide_id)
                                                .order_by(Entry.seq.desc())) if entry.data.get("revision") == gone.id), None)
    if act is None:
        return None
    return db().scalar(select(Entry.seq).where(Entry.seq > act.seq, Entry.verb == "refs.moved").order_by(Entry.seq).limit(1))


def _told(gone: Revision, version: int) -> Sequence[Board | None]:
    """The recall moved every ref, but left the edition that each had then: those that showed it are concerned."""
    rows = db().execute(select(Ref.board_id, Ref.edition).where(Ref.version == version)).all()
    return [db().get(Board, row.board_id) for row in rows if proof.lists(parts().store, row.edition, gone.slide_id)]

"""Recalls: the objects go with the answer, not after it; and who has taken it off, board by board, as long as refs are kept."""

from __future__ import annotations

from kiosk.content.slides import Revision
from kiosk.signage import manifest
from kiosk.web.request import db, end_transaction, now, parts


def withdraw(gone: Revision) -> None:
    """The recall is written: who asks for its objects from now on hears 410, also where a web server hands out the folder."""
    objects = manifest.recalled_objects(db(), gone.id, at=now())
    end_transaction(keep=True)
    parts().store.withdraw(objects)

"""Staff pages of parcels: hand a relay without a line its contents on a USB stick, and take back what its boards have told."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flask import Blueprint, Response, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk.base.errors import Invalid
from kiosk.content import outside
from kiosk.signage import parcels, relays
from kiosk.web import own
from kiosk.web.relays import one
from kiosk.web.request import actor, back_in, db, end_transaction, now, parts, to

bp = Blueprint("parcels", __name__)
BACK_MOST = 200 << 20


@bp.post("/staff/relays/<int:id>/parcel")
@back_in(one)
def export(id: int) -> ResponseReturnValue:
    """Everything that the boards under this relay need. Nobody else waits while the file is written."""
    here, at, who = parts(), now(), actor()
    found = parcels.contents(db(), own.relay(id), here.signer, at=at, stopped=here.press.stopped())
    end_transaction(keep=False)
    with tempfile.TemporaryDirectory(dir=here.settings.data, prefix=".parcel-") as folder:
        path = Path(folder) / "parcel"
        parcels.write(path, found, here.store, here.signer, outside=list(outside.origins(here.settings.allowed_hosts)), at=at)
        made, size = path.open("rb"), path.stat().st_size  # the name goes, the bytes stay until they are sent
    parcels.noted(db(), relays.relay(db(), id), found, by=who, at=at)
    answer = Response(_sent(made), mimetype="application/octet-stream")
    answer.content_length = size
    answer.headers["Content-Disposition"] = f"attachment; filename=kiosk-out-{id}-{here.zone.local(at):%Y%m%d-%H%M}.kiosk"
    return answer


@bp.post("/staff/relays/<int:id>/return")
@back_in(one)
def take_back(id: int) -> ResponseReturnValue:
    """What the relay wrote onto the stick; twice the same does no harm."""
    if (request.content_length or BACK_MOST + 1) > BACK_MOST:
        raise Invalid("file", "文件太大，最多 %(most)s MB。", most=BACK_MOST >> 20)
    sent, here = request.files.get("file"), parts()
    if sent is None or not sent.filename:
        raise Invalid("file", "请选中继写出的文件。")
    with tempfile.TemporaryDirectory(dir=here.settings.data, prefix=".parcel-") as folder:
        path = Path(folder) / "return"
        sent.save(path)
        done = parcels.take_back(db(), path, by=actor(), at=now(), only=own.relay(id))
    flash(gettext("收好了：%(plays)s 条新的播放记录，%(boards)s 块屏的情况。", plays=done.plays, boards=done.boards)
          + (gettext("%(count)s 批没有收：屏已经不归这个中继，或者内容不对。", count=done.refused) if done.refused else ""), "ok")
    return to("relays.one", id=id)


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(1 << 16):
            yield chunk

"""What boards ask about addresses outside, and what is told to whoever chose one: only what slides that hang show, only allowed hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from kiosk.base.errors import Invalid, NotFound
from kiosk.content import outside
from kiosk.content.outside import Lookout, Sight
from kiosk.content.slides import Revision, Slide
from kiosk.web.board import asking
from kiosk.web.request import db, end_transaction, parts

bp = Blueprint("outside", __name__)


@bp.get("/board/outside")
def sight() -> ResponseReturnValue:
    """Whether a page that hangs lets itself be framed; looked up by the server, who alone sees the answer's headers."""
    asking()
    address = request.args.get("address", "")
    rows = db().scalars(select(Revision.data).join(Slide, Slide.live_id == Revision.id).where(Slide.kind.in_(outside.KINDS))).all()
    if address not in outside.addresses(rows):
        raise NotFound("没有这个网址的内容。")
    end_transaction(keep=False)  # looking takes a while: nobody waits for us meanwhile
    return jsonify(sight=_lookout().verdict(address, parts().settings.allowed_hosts, request.host_url.rstrip("/")).sight)


def allowed(kind: str, data: Mapping[str, Any]) -> None:
    """Invalid unless what a slide shows from outside comes from an allowed host."""
    outside.check(kind, data, parts().settings.allowed_hosts)


def look_before(id: int = 0, *, stored: bool = False) -> None:
    """Before a slide goes to its readers: Invalid when the page's own server says that it cannot be shown. One that is not reached just
    now is no fault. Goes over the line, so it comes before the request's transaction. `stored`: what is written down, not what was sent.
    """
    if not stored and (request.form.get("then") != "submit" or "f.address" not in request.form):
        return
    with parts().database.read() as session:
        found = session.get(Slide, id) if id else None
        kind = found.kind if found else request.args.get("kind", "")
        address = str(found.latest.data.get("address", "")) if stored and found else request.form.get("f.address", "").strip()
    if kind != "webpage":
        return
    told = _lookout().verdict(address, parts().settings.allowed_hosts, request.host_url.rstrip("/"))
    if told.sight == Sight.BAD:
        raise Invalid("f.address", told.message, **(told.params or {}))


def _lookout() -> Lookout:
    found: Lookout = current_app.extensions["lookout"]
    return found

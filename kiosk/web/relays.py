"""Relays, as the server sees them: what a relay asks for, and the staff pages about relays and the boards under them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, flash, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError

from kiosk.base import journal
from kiosk.base.clock import parse
from kiosk.content import outside
from kiosk.people import hashed, may, reach
from kiosk.signage import boards, health, manifest, relays
from kiosk.signage.boards import Board
from kiosk.signage.frozen import NotYet
from kiosk.signage.relays import Relay
from kiosk.web import own, words
from kiosk.web.board import asking_relay
from kiosk.web.request import actor, back_in, db, end_transaction, integer, now, parts, to, told_json
from kiosk.web.shell import token

protocol = Blueprint("relay", __name__)
bp = Blueprint("relays", __name__)
HOLDS_MOST = 500


# --- what a relay asks for --------------------------------------------------------------------------------------------

@protocol.get("/relay/boards")
def mirror() -> ResponseReturnValue:
    """The boards under the relay that asks: id, hash of the token, sealed ref. `holds`: the boards that it has, of which `left` names
    those that stand elsewhere. While the database cannot be read a stop is told all the same, with what was told last.
    """
    kept, key = current_app.extensions["mirrored"], hashed(token() or "")
    try:
        told = _mirrored(asking_relay())
        kept[key] = told
    except DBAPIError:
        end_transaction(keep=False)
        if key not in kept:
            raise
        told = {**kept[key], "boards": [{**each, "ref": _again(each["ref"])} for each in kept[key]["boards"]]}
    return jsonify(told)


@protocol.post("/relay/heartbeat")
def heartbeat() -> ResponseReturnValue:
    report = told_json()
    relays.heartbeat(asking_relay(), report if isinstance(report, Mapping) else {}, at=now())
    return "", 204


def relay_of_socket() -> tuple[int, int] | None:
    """The number of the line of the relay that asks, below zero, and no version: it asks for all its boards as soon as it is connected."""
    with parts().database.read() as short:
        found = relays.by_token(short, token() or "")
        return (-found.id, 0) if found else None


def _mirrored(found: Relay) -> dict[str, Any]:
    holds = [integer(each) for each in request.args.get("holds", "").split(",")[:HOLDS_MOST] if each.isdecimal() and len(each) < 10]
    return {"relay": found.id, "name": found.name, "key": parts().signer.public_at(now()), "left": relays.left(db(), found, holds),
            "outside": list(outside.origins(parts().settings.allowed_hosts)),
            "boards": [{"board": each.id, "token": each.token_hash, "ref": _sealed(each)} for each in relays.boards_under(db(), found)]}


def _sealed(board: Board) -> dict[str, Any] | None:
    """None: nothing to tell; the relay goes on with what it holds."""
    try:
        return manifest.ref(db(), board, parts().signer, at=now(), stopped=parts().press.stopped())
    except NotYet:  # one board that has not spoken since a restore must not keep an order from the others
        return None


def _again(ref: dict[str, Any] | None) -> dict[str, Any] | None:
    if ref is None:
        return None
    return manifest.sealed(ref, ref["board"], ref["version"], parts().signer, at=now(), stopped=parts().press.stopped())


# --- staff pages ------------------------------------------------------------------------------------------------------

@bp.get("/staff/relays")
def listing() -> ResponseReturnValue:
    found = relays.relays(db(), reach(actor(), "board.read"))
    return render_template("relays/relays.html", relays=found, under=_under(found), online=_is_online, went=words.went, cause=cause)


@bp.get("/staff/relays/<int:id>")
def one(id: int) -> ResponseReturnValue:
    found = own.relay(id)
    mine = [each for each in boards.boards(db(), reach(actor(), "board.read")) if each.relay_id in (None, id)]
    return render_template("relays/relay.html", relay=found, under=relays.boards_under(db(), found), boards=mine, online=_is_online,
                           went=words.went, cause=cause, writable=may(actor(), "board.edit", found.unit_id),
                           history=journal.about(db(), found, 12), instant=_instant, names={each.id: each.name for each in mine})


@bp.post("/staff/relays/<int:id>")
@back_in(one)
def change(id: int) -> ResponseReturnValue:
    """Its name, and which boards stand under it; those that this person does not see stay as they are."""
    found = own.relay(id)
    if request.form.get("name", found.name) != found.name:
        relays.change(db(), found, request.form["name"], by=actor(), at=now())
    seen = reach(actor(), "board.read")
    unseen = [each for each in relays.boards_under(db(), found) if each.unit_id not in seen]
    members = [*unseen, *(own.board(each) for each in request.form.getlist("board", type=integer))]
    relays.set_boards(db(), found, members, by=actor(), at=now())
    flash(gettext("存好了，“%(name)s”下面有 %(count)s 块屏。", name=found.name, count=len(members)), "ok")
    return to("relays.one", id=id)


@bp.post("/staff/relays/<int:id>/pair")
@back_in(one)
def pair_again(id: int) -> ResponseReturnValue:
    found = own.relay(id)
    waiting = boards.find_pairing(db(), request.form.get("code", ""), at=now())
    relays.pair_again(db(), found, waiting, key=parts().secret, by=actor(), at=now())
    flash(gettext("换好了，新的中继几秒内接着供内容，旧的那台不再收到。"), "ok")
    return to("relays.one", id=id)


@bp.post("/staff/relays/<int:id>/end")
def end(id: int) -> ResponseReturnValue:
    found = own.relay(id)
    relays.end(db(), found, by=actor(), at=now())
    flash(gettext("“%(name)s”拆除了，凭证已作废。", name=found.name), "ok")
    return to("relays.listing")


def cause(told: Any) -> str:
    """Why a relay could not do its work, or took no ref, in words."""
    message, params = health.cause_words(told)
    return words.phrased(message, params) if message else ""


def _under(found: Any) -> dict[int, Any]:
    return {each.id: relays.boards_under(db(), each) for each in found}


def _is_online(found: Relay) -> bool:
    return found.seen_at is not None and now() - found.seen_at <= timedelta(seconds=parts().settings.silent_seconds)


def _instant(text: Any) -> datetime | None:
    """A moment as the relay tells it."""
    try:
        return parse(str(text))
    except ValueError:
        return None

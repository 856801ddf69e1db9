"""The board protocol (design §4): the page, its worker, pairing, refs, objects, heartbeats and plays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from kiosk.base.canonical import canonical
from kiosk.base.clock import iso
from kiosk.base.errors import Gone, Invalid, NotFound, Problem, TooLarge
from kiosk.base.objects import is_name
from kiosk.signage import boards, commands, manifest, overrides, plays, relays, screenshots
from kiosk.signage.boards import Board, Pairing
from kiosk.signage.relays import Relay
from kiosk.web import shell
from kiosk.web.request import db, integer, now, parts, told_json
from kiosk.web.shell import bearer, token

bp = Blueprint("board", __name__)
AGE_MOST = 90 * 86_400  # what a relay says that a heartbeat has waited, in seconds
NONCE = re.compile(r"[\w-]{16,64}", re.ASCII)
SCREENSHOT_MOST = screenshots.MOST


@bp.get("/board")
def page() -> ResponseReturnValue:
    """The board page: the same bytes for every board, so that its worker can keep it."""
    return render_template("board/board.html")


@bp.get("/board-worker.js")
def worker() -> ResponseReturnValue:
    return shell.worker()


@bp.post("/board/pairings")
def ask_pairing() -> ResponseReturnValue:
    told, mirror = _json(), _relay()
    screen = told.get("screen")
    code, secret = boards.ask_pairing(db(), screen if isinstance(screen, Mapping) else {}, relay=told.get("relay") is True, at=now(),
                                      life=timedelta(seconds=parts().settings.pairing_seconds), via=mirror.id if mirror else None)
    return jsonify(code=code, secret=secret, seconds=parts().settings.pairing_seconds), 201


@bp.get("/board/pairing")
def pairing() -> ResponseReturnValue:
    waiting = boards.pairing_of(db(), bearer() or "", at=now())
    if waiting.relay_id is not None:
        return _paired_relay(relays.relay(db(), waiting.relay_id), waiting)
    if waiting.board_id is None:
        return jsonify(state="waiting", seconds=max(0, int((waiting.expires_at - now()).total_seconds()))), 202
    board = boards.board(db(), waiting.board_id)
    if board.seen_at is not None:
        raise Gone("这块屏已经登记好，在用了。")
    return jsonify(board=board.id, token=boards.token_of(waiting, parts().secret), key=parts().signer.public_at(now()))


@bp.post("/board/identity")
def identity() -> ResponseReturnValue:
    """Trade the token for the cookie that the page's own requests carry."""
    held = token() or ""  # by its cookie too: a board that has pinned no key yet has nothing else
    board = _known(held)
    response = jsonify(board=board.id, key=parts().signer.public_at(now()))
    return shell.with_cookie(response, board.id, held, secure=parts().settings.secure_cookies)


@bp.get("/board/ref")
def ref() -> ResponseReturnValue:
    """The sealed ref; kept in memory until it moves or its seal is an hour old."""
    read_at = refs().drops
    found = asking()
    stopped = parts().press.stopped()
    sealed = manifest.ref(db(), found, parts().signer, at=now(), stopped=stopped)
    if sealed is None:
        raise NotFound("这块屏还没有内容。")
    body = canonical(sealed)
    if not is_relay_token(token()):  # a relay's token answers for several boards
        refs().put(token() or "", found.id, sealed["version"], body, read_at=read_at, stopped=stopped)
    response = Response(body, mimetype="application/json")
    response.headers.update({"ETag": f'"{sealed["version"]}"', "Cache-Control": "no-cache"})
    return response if stopped else response.make_conditional(request)  # a stop may have moved no version: never 304 while it lasts


@bp.get("/board/time")
def time() -> ResponseReturnValue:
    """The time, sealed together with the word that the board made up for this one question: no earlier answer can stand for it."""
    asking()
    nonce = request.args.get("nonce", "")
    if not NONCE.fullmatch(nonce):
        raise Invalid("nonce", "要一个新的随机词。")
    at = now()
    response = jsonify(parts().signer.seal({"sealed_at": iso(at), "ms": round(at.timestamp() * 1000), "nonce": nonce}))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/objects/<sha>")
def object(sha: str) -> ResponseReturnValue:
    if not is_name(sha):
        raise NotFound("没有这个对象。")
    path = parts().store.public_path(sha)
    if path is None:
        if manifest.is_recalled(db(), sha):
            raise Gone("这份内容已经撤回。")
        raise NotFound("没有这个对象。")
    return shell.object_file(path, sha)


@bp.post("/board/heartbeat")
def heartbeat() -> ResponseReturnValue:
    report, board, at = _json(), asking(), heard_at()
    boards.heartbeat(board, report, at=max(at, board.seen_at or at), silent=timedelta(seconds=parts().settings.silent_seconds))
    overrides.heard(db(), board, at)
    return "", 204


@bp.post("/board/plays")
def take_plays() -> ResponseReturnValue:
    report = _json()
    plays.take(db(), asking(), report, at=now())
    return "", 204


@bp.post("/board/screenshot")
def take_screenshot() -> ResponseReturnValue:
    """The picture that staff asked for, taken by a program on the board's PC; kept for those who may see the board."""
    if (request.content_length or 0) > SCREENSHOT_MOST:
        raise TooLarge("截图最多 %(most)s MB。", most=SCREENSHOT_MOST >> 20)
    data = request.get_data(cache=False)  # the whole body, before anybody's transaction
    kind = screenshots.kind_of(data)
    board = asking()
    if commands.pictured(db(), board.id, request.args.get("id", ""), parts().store.put(data), kind, now()) is None:
        raise NotFound("没有人要过这张截图。")
    return "", 204


def refs() -> Any:
    """The refs this process answers from memory."""
    return current_app.extensions["refs"]


def asking() -> Board:
    """The board that asks, by token or by cookie; 401 without a word that would blank a board. A relay asks for a board under it."""
    mirror = _relay()
    if mirror is None:
        return _known(token())
    wanted = request.args.get("b", type=integer)
    found = next((board for board in relays.boards_under(db(), mirror) if board.id == wanted), None)
    if found is None:
        raise NotFound("这块屏不在这个中继下面。")
    return found


def asking_relay() -> Relay:
    found = relays.by_token(db(), token() or "")
    if found is None:
        raise NotKnown("这个中继的凭证不对，请管理员重新登记。")
    return found


def is_relay_token(held: str | None) -> bool:
    return held is not None and held.startswith(relays.TOKEN)


def heard_at() -> datetime:
    """When the board said it: now, or as long ago as the relay says that it has kept it."""
    try:
        kept = float(request.headers.get("Kiosk-Age", "0")) if is_relay_token(token()) else 0.0
    except ValueError:
        kept = 0.0
    return now() - timedelta(seconds=kept if 0 <= kept < AGE_MOST else 0.0)


def _relay() -> Relay | None:
    """The relay that asks; None where it is none. 401 where its token is worth nothing."""
    return asking_relay() if is_relay_token(token()) else None


def _paired_relay(found: Relay, waiting: Pairing) -> ResponseReturnValue:
    if found.seen_at is not None:
        raise Gone("这个中继已经登记好，在用了。")
    return jsonify(relay=found.id, token=boards.token_of(waiting, parts().secret), key=parts().signer.public_at(now()))


def board_of_socket() -> tuple[int, int] | None:
    """Board and version for a new socket, or None; from memory, else looked up in a short transaction, since the request never ends."""
    held = refs().get(token() or "")
    if held is not None:
        return held.board, held.version
    with parts().database.read() as short:
        board = boards.by_token(short, token() or "")
        return (board.id, board.version) if board else None


class NotKnown(Problem):
    status = 401
    slug = "not-known"


def _known(held: str | None) -> Board:
    board = boards.by_token(db(), held) if held else None
    if board is None:
        raise NotKnown("这块屏的凭证不对，请管理员重新登记。")
    return board


def _json() -> dict[str, Any]:
    told = told_json()
    if not isinstance(told, dict):
        raise Invalid("body", "要一个 JSON 对象。")
    return told

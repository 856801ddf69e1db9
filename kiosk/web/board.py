"""The board protocol (design §4): the page, its worker, pairing, refs, objects, heartbeats and plays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from kiosk.base.canonical import canonical
from kiosk.base.errors import Gone, Invalid, NotFound, Problem, TooLarge
from kiosk.base.objects import is_name
from kiosk.signage import boards, commands, manifest, overrides, plays, screenshots
from kiosk.signage.boards import Board
from kiosk.web.request import bearer, db, now, parts, told_json

bp = Blueprint("board", __name__)
SCREENSHOT_MOST = screenshots.MOST
COOKIE_AGE = timedelta(days=3650)
# What the page needs to start with the server dead: its own modules; content comes from the board's own store.
SHELL = ("board/board.css", "board/alarm.js", "board/board.js", "board/builtin.js", "board/foot.js", "board/kinds/mounting.js",
         "board/kinds/reach.js",
         "board/kinds/stream.js", "board/kinds/webpage.js", "board/live.js", "board/overlay.js",
         "board/pairing.js", "board/player.js", "board/rotation.js", "board/scene.js", "board/sleep.js", "board/spool.js", "board/stage.js",
         "board/store.js",
         "board/ticker.js", "board/urgent.js", "board/vitals.js", "board/wall.js", "board/wardrobe.js", "board/zones.js", "shared/dom.js",
         "shared/time.js", "shared/icon.svg", "vendor/noble-hashes/sha2.js", "vendor/noble-hashes/_md.js", "vendor/noble-hashes/_u64.js",
         "vendor/noble-hashes/utils.js", "vendor/hls/hls.light.min.js")


@bp.get("/board")
def page() -> ResponseReturnValue:
    """The board page: the same bytes for every board, so that its worker can keep it."""
    return render_template("board/board.html")


@bp.get("/board-worker.js")
def worker() -> ResponseReturnValue:
    response = make_response(render_template("board/worker.js", files=["/board", *map(_address, SHELL)]))
    response.headers.update({"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache",
                             "Service-Worker-Allowed": "/board"})
    return response


@bp.post("/board/pairings")
def ask_pairing() -> ResponseReturnValue:
    told = _json()
    if told.get("relay"):
        raise Invalid("relay", "中继还没有做好，请直接登记屏。")
    screen = told.get("screen")
    code, secret = boards.ask_pairing(db(), screen if isinstance(screen, Mapping) else {}, relay=False, at=now(),
                                      life=timedelta(seconds=parts().settings.pairing_seconds))
    return jsonify(code=code, secret=secret, seconds=parts().settings.pairing_seconds), 201


@bp.get("/board/pairing")
def pairing() -> ResponseReturnValue:
    waiting = boards.pairing_of(db(), bearer() or "", at=now())
    if waiting.board_id is None:
        return jsonify(state="waiting", seconds=max(0, int((waiting.expires_at - now()).total_seconds()))), 202
    board = boards.board(db(), waiting.board_id)
    if board.seen_at is not None:
        raise Gone("这块屏已经登记好，在用了。")
    return jsonify(board=board.id, token=boards.token_of(waiting, parts().secret), key=parts().signer.public)


@bp.post("/board/identity")
def identity() -> ResponseReturnValue:
    """Trade the token for the cookie that the page's own requests carry."""
    board = _known(bearer())
    response = jsonify(board=board.id, key=parts().signer.public)
    response.set_cookie(cookie_name(board.id), bearer() or "", max_age=COOKIE_AGE, httponly=True, samesite="Strict",
                        secure=parts().settings.secure_cookies, path="/")
    return response


@bp.get("/board/ref")
def ref() -> ResponseReturnValue:
    """The sealed ref; kept in memory until it moves or its seal is an hour old."""
    read_at = refs().drops
    found = asking()
    stopped = parts().press.stopped()
    sealed = manifest.ref(db(), found, parts().signer, at=now(), stopped=stopped)
    if sealed is None:
        raise NotFound("这块屏还没有内容。")
    entry = refs().put(token() or "", found.id, sealed["version"], canonical(sealed), read_at=read_at, stopped=stopped)
    response = Response(entry.body, mimetype="application/json")
    response.headers.update({"ETag": entry.etag.decode(), "Cache-Control": "no-cache"})
    return response if stopped else response.make_conditional(request)  # a stop may have moved no version: never 304 while it lasts


@bp.get("/objects/<sha>")
def object(sha: str) -> ResponseReturnValue:
    if not is_name(sha):
        raise NotFound("没有这个对象。")
    path = parts().store.public_path(sha)
    if path is None:
        if manifest.is_recalled(db(), sha):
            raise Gone("这份内容已经撤回。")
        raise NotFound("没有这个对象。")
    response = send_file(path, mimetype="application/octet-stream", conditional=True, etag=sha, max_age=None)
    response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
                             "Content-Security-Policy": "sandbox; default-src 'none'"})
    return response


@bp.post("/board/heartbeat")
def heartbeat() -> ResponseReturnValue:
    report, board = _json(), asking()
    boards.heartbeat(board, report, at=now(), silent=timedelta(seconds=parts().settings.silent_seconds))
    overrides.heard(db(), board, now())
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


def _address(name: str) -> str:
    return url_for("static", release=current_app.config["RELEASE"], name=name)


def refs() -> Any:
    """The refs this process answers from memory."""
    return current_app.extensions["refs"]


def cookie_name(board_id: int) -> str:
    return f"kiosk_board_{board_id}"


def asking() -> Board:
    """The board that asks, by token or by cookie; 401 without a word that would blank a board."""
    return _known(token())


def token() -> str | None:
    """The board's token: from the header, or from the cookie of the board that the query names."""
    if bearer():
        return bearer()
    wanted = request.args.get("b", "")
    if wanted.isdecimal() and len(wanted) < 10:
        return request.cookies.get(cookie_name(int(wanted)))
    mine = [value for name, value in request.cookies.items() if name.startswith("kiosk_board_")]
    return mine[0] if len(mine) == 1 else None


def board_of_socket() -> tuple[int, int] | None:
    """Board and version for a new socket, or None; looked up in a short transaction, since the request never ends."""
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

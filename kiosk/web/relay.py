"""A relay's own server: the board protocol once more, out of the relay's store. The page cannot tell it from the server.

What a board asks is answered from the disk, whatever the server does; what a board says is kept and carried on. Loads no database.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kiosk import console
from kiosk.base.canonical import canonical
from kiosk.base.clock import now
from kiosk.base.errors import Full, Gone, Invalid, NotFound, Problem, Unavailable
from kiosk.base.objects import is_name
from kiosk.relay.courier import Courier
from kiosk.relay.line import Line
from kiosk.relay.mirror import Mirror, token_hash
from kiosk.relay.options import Options
from kiosk.relay.sticks import Inbox
from kiosk.relay.store import Held, Store
from kiosk.relay.upstream import Answer, NoAnswer, Upstream
from kiosk.signage.reactor import Reactor
from kiosk.web import live, shell

bp = Blueprint("relayed", __name__)
log = logging.getLogger("kiosk")
BODY_MOST = 1 << 20
PICTURE_MOST = 8 << 20
PASSED = frozenset({"content-type", "etag", "cache-control"})
OWN_SECRET = "relay"  # what a screen asks with while the relay itself waits for its code to be typed


@dataclass(frozen=True)
class Parts:
    """What a relay is made of."""

    options: Options
    store: Store
    upstream: Upstream
    reactor: Reactor
    mirror: Mirror
    courier: Courier
    line: Line
    inbox: Inbox

    def start(self) -> None:
        self.inbox.start()
        self.reactor.start()
        self.mirror.start()
        self.courier.start()
        self.line.start()

    def stop(self, spread: float = 0.0) -> None:
        self.inbox.stop()
        self.line.stop()
        self.mirror.stop()
        self.courier.stop()
        self.reactor.stop(spread)


class NotKnown(Problem):
    status = 401
    slug = "not-known"


def served(options: Options) -> Flask:
    """The application of a serving relay."""
    return create_relay(options)


def create_relay(options: Options, reactor: Reactor | None = None) -> Flask:
    """The relay's web application over its folder; `app.extensions['running']` starts and stops its threads."""
    app = Flask("kiosk-relay", static_folder=None, template_folder=str(shell.ROOT / "kiosk" / "web" / "templates"))
    app.config.update(MAX_CONTENT_LENGTH=PICTURE_MOST, TEMPLATES_AUTO_RELOAD=False)
    parts = _opened(app, options, reactor or Reactor())
    app.extensions.update(relay=parts, running=parts)
    app.register_blueprint(bp)
    live.init_app(app, parts.reactor, {"/board/live": board_of_socket})
    app.add_url_rule("/static/<release>/<path:name>", "static", shell.static_file)
    app.after_request(_finish)
    app.register_error_handler(Problem, _problem)
    app.context_processor(lambda: {"static_url": shell.address, "release": current_app.config["RELEASE"]})
    _dress(app, parts.store)
    return app


def _opened(app: Flask, options: Options, reactor: Reactor) -> Parts:
    store = Store(options.data)
    upstream = Upstream(options.server, ca=options.ca)
    mirror = Mirror(options, store, upstream, reactor, now=now, say=console.tell_code, changed=lambda: _dress(app, store))
    started = time.monotonic()
    courier = Courier(store, upstream, lambda: _vitals(app, started), now=now, cause=lambda: mirror.state.cause)
    line = Line(upstream, lambda: store.identity.token if store.identity else None, turned=mirror.wake, hear=mirror.hear)
    return Parts(options, store, upstream, reactor, mirror, courier, line, Inbox(store, courier, mirror.take, now=now))


def _dress(app: Flask, store: Store) -> None:
    """The page's policy names what the office allows from outside; another policy is another release."""
    policy = shell.board_policy(store.outside)
    app.config.update(BOARD_POLICY=policy, RELEASE=shell.release(policy))


# --- the protocol -----------------------------------------------------------------------------------------------------

@bp.get("/")
def front() -> ResponseReturnValue:
    return redirect("/board", 303)


@bp.get("/board")
def page() -> ResponseReturnValue:
    return render_template("board/board.html")


@bp.get("/board-worker.js")
def worker() -> ResponseReturnValue:
    return shell.worker()


@bp.post("/board/pairings")
def ask_pairing() -> ResponseReturnValue:
    """A screen without a token: it becomes a board under this relay. Before that the relay's own code is shown on it."""
    state, identity = _parts().mirror.state, _parts().store.identity
    if identity is None:
        if not state.code:
            raise Unavailable("中继还没有连上服务器。")
        return jsonify(code=state.code, secret=OWN_SECRET, seconds=max(5, int(state.code_until - time.monotonic()))), 201
    return _passed("POST", "/board/pairings", identity.token, _body())


@bp.get("/board/pairing")
def pairing() -> ResponseReturnValue:
    secret = shell.bearer() or ""
    if secret == OWN_SECRET:
        if _parts().store.identity is None:
            return jsonify(state="waiting", seconds=60), 202
        raise NotFound("这个代码过期了。")
    answer = _ask("GET", "/board/pairing", secret)
    if answer.status == 200:
        told = answer.json()
        _parts().store.know({int(told["board"]): token_hash(str(told["token"]))})
        _parts().mirror.wake()
    return _again(answer)


@bp.post("/board/identity")
def identity() -> ResponseReturnValue:
    held = shell.token() or ""
    board = _parts().store.board_of(held)
    if board is None:
        raise NotKnown("这块屏的凭证不对，请管理员重新登记。")
    known = _parts().store.identity
    return shell.with_cookie(jsonify(board=board, key=known.keys[-1] if known else ""), board, held, secure=False)


@bp.get("/board/ref")
def ref() -> ResponseReturnValue:
    told = _asking()[1].served
    if told is None:
        raise NotFound("这块屏还没有内容。")
    response = Response(canonical(told), mimetype="application/json")
    response.headers.update({"ETag": f'"{told["version"]}"', "Cache-Control": "no-cache"})
    return response if told.get("stopped") else response.make_conditional(request)


@bp.get("/objects/<sha>")
def object(sha: str) -> ResponseReturnValue:
    """From the disk, once its bytes were looked at. What is on its way is 503: the board keeps what it has, and hears when all is here."""
    store = _parts().store
    if store.is_gone(sha):
        raise Gone("这份内容已经撤回。")
    if not is_name(sha):
        raise NotFound("没有这个对象。")
    had = store.has(sha)
    path = store.sound(sha)
    if path is not None:
        return shell.object_file(path.resolve(), sha)
    if had or _parts().mirror.state.missing or any(held.ahead is not None for held in store.boards.values()):
        _parts().mirror.missed()
        raise Unavailable("这份内容还在取。")
    raise NotFound("没有这个对象。")


@bp.post("/board/heartbeat")
def heartbeat() -> ResponseReturnValue:
    board, _ = _asking()
    _parts().courier.beat(board, _json())
    return "", 204


@bp.post("/board/plays")
def take_plays() -> ResponseReturnValue:
    board, _ = _asking()
    report = _json()
    if not (isinstance(report.get("batch"), str) and isinstance(report.get("plays"), list)):
        raise Invalid("batch", "一批播放记录要有编号。")
    _parts().courier.plays(board, report)
    return "", 204


@bp.post("/board/screenshot")
def take_screenshot() -> ResponseReturnValue:
    board, _ = _asking()
    query = request.query_string.decode()
    return _passed("POST", f"/board/screenshot?{query if 'b=' in query else f'{query}&b={board}'}", _token(), request.get_data(),
                   request.content_type or "")


@bp.get("/board/time")
def sealed_time() -> ResponseReturnValue:
    """Only the office can seal the time: without it the board goes on by its own clocks."""
    board, _ = _asking()
    return _passed("GET", f"/board/time?b={board}&nonce={quote(request.args.get('nonce', ''))}", _token())


@bp.get("/board/outside")
def outside() -> ResponseReturnValue:
    _asking()
    return _passed("GET", f"/board/outside?{request.query_string.decode()}", _token())


@bp.get("/relay/status")
def status() -> ResponseReturnValue:
    """How the relay is, for whoever watches over this machine."""
    parts = _parts()
    known = parts.store.identity
    boards = [{"board": board, "version": held.served["version"] if held.served else None, "whole": held.ahead is None}
              for board, held in parts.store.boards.items()]
    return jsonify(relay=known.relay if known else None, code=parts.mirror.state.code, line=parts.line.open, boards=boards,
                   **_vitals(current_app, 0.0, brief=True))


# --- what they share --------------------------------------------------------------------------------------------------

def board_of_socket() -> tuple[int, int] | None:
    """Board and version for a new socket, or None."""
    board = _parts().store.board_of(shell.token() or "")
    if board is None:
        return None
    told = _parts().store.boards[board].served
    return board, told["version"] if told else 0


def _parts() -> Parts:
    found: Parts = current_app.extensions["relay"]
    return found


def _asking() -> tuple[int, Held]:
    """The board that asks, and what is held for it."""
    board = _parts().store.board_of(shell.token() or "")
    if board is None:
        raise NotKnown("这块屏的凭证不对，请管理员重新登记。")
    return board, _parts().store.boards[board]


def _token() -> str:
    known = _parts().store.identity
    if known is None:
        raise Unavailable("中继还没有登记。")
    return known.token


def _body() -> bytes:
    if (request.content_length or 0) > BODY_MOST:
        raise Invalid("body", "传来的内容太大。")
    return request.get_data()


def _json() -> dict[str, Any]:
    try:
        told = json.loads(_body())
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Invalid("body", "要一个 JSON 对象。")
    return told


def _ask(verb: str, path: str, token: str, body: bytes | None = None, kind: str = "application/json") -> Answer:
    try:
        return _parts().upstream.ask(verb, path, token=token, body=body, kind=kind)
    except NoAnswer as error:
        g.uplink = error.kind
        raise Unavailable("中继现在连不上服务器。") from error


def _passed(verb: str, path: str, token: str, body: bytes | None = None, kind: str = "application/json") -> ResponseReturnValue:
    return _again(_ask(verb, path, token, body, kind))


def _again(answer: Answer) -> Response:
    """The server's answer, as it came."""
    response = make_response(answer.body, answer.status)
    for name, value in answer.headers.items():
        if name in PASSED:
            response.headers[name] = value
    return response


def _finish(response: Response) -> Response:
    policy = str(current_app.config["BOARD_POLICY"]) if request.path.startswith("/board") else "default-src 'none'; frame-ancestors 'none'"
    for name, value in shell.security_headers(policy):
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    state = _parts().mirror.state
    response.headers["Kiosk-Uplink"] = g.get("uplink") or state.cause or state.trouble or "ok"
    return response


def _problem(problem: Problem) -> ResponseReturnValue:
    told: dict[str, Any] = {"type": f"about:blank#{problem.slug}", "title": str(problem), "status": problem.status, "detail": str(problem)}
    if isinstance(problem, Invalid):
        told["field"] = problem.field
    headers = {"Content-Type": "application/problem+json", **({"Retry-After": "5"} if isinstance(problem, Unavailable | Full) else {})}
    return jsonify(told), problem.status, headers


def _vitals(app: Flask, started: float, *, brief: bool = False) -> Mapping[str, Any]:
    """What the relay says of itself."""
    parts: Parts = app.extensions["relay"]
    state = parts.mirror.state
    told = {"release": app.config["RELEASE"], "cause": state.cause or state.trouble, "outage": state.outage, "missing": state.missing,
            "refused": [{"board": board, "why": why} for board, why in sorted(state.refused.items())], "spool": parts.courier.waiting}
    if brief:
        return told
    disk = shutil.disk_usage(parts.store.root)
    return {**told, "uptime": round(time.monotonic() - started), "disk": {"free": disk.free, "total": disk.total}, "memory": _memory(),
            "boards": len(parts.store.boards), "objects": sum(1 for _ in parts.store.objects()), "bytes": parts.upstream.received}


def _memory() -> int | None:
    """Bytes that this process has in memory, where the system tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

"""WS /board/live and /relay/live: flask-sock does the handshake, then the socket is taken from the server and handed to the reactor.

Under gunicorn the request thread ends at once. The socket object is detached, because the server closes the one it knows;
nothing may raise after that. Under Werkzeug (Windows, development) the thread stays, to keep the server from closing the socket.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_sock import Sock
from simple_websocket import Server

from kiosk.base.clock import now
from kiosk.base.errors import Forbidden, Problem
from kiosk.signage.reactor import Reactor, nudge

Known = Callable[[], tuple[int, int] | None]


class _NoThread:
    """Stands for the reader thread that simple_websocket would start: the reactor reads."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None: ...

    def start(self) -> None: ...


class NotKnown(Problem):
    status = 401
    slug = "not-known"


def init_app(app: Flask, reactor: Reactor, doors: Mapping[str, Known]) -> None:
    """Register the routes; each path's `known` tells who asks (a board's number, a relay's below zero) and the version it should hold."""
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": _NoThread, "max_message_size": 65_536}
    sock = Sock()
    app.before_request(lambda: _admit(doors[request.path]) if request.path in doors else None)

    def live(ws: Server) -> None:
        board, version = g.board
        hand_over(ws, reactor, board, version)

    for path in doors:
        sock.route(path, endpoint=f"live{path.replace('/', '-')}")(live)
    sock.init_app(app)


def hand_over(ws: Any, reactor: Reactor, board: int, version: int) -> None:
    """Give the socket to the reactor."""
    mode, held = ws.mode, ws.sock
    ws.connected = False
    first = nudge(version) if version else None
    if mode == "gunicorn":
        reactor.adopt(socket.socket(fileno=held.detach()), board, first, since=now())
        return
    gone = threading.Event()
    reactor.adopt(held.dup(), board, first, since=now(), gone=gone.set)
    gone.wait()


def _admit(known: Known) -> None:
    """Before the handshake: the Origin is ours or absent, and the board is known."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("只接受本站页面的连接。")
    found = known()
    if found is None:
        raise NotKnown("这块屏的凭证不对，请管理员重新登记。")
    g.board = found

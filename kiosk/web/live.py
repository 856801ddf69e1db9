"""WS /board/live: flask-sock does the handshake, then the socket is taken from the server and handed to the reactor.

Under gunicorn the request thread ends at once. The socket object is detached, because the server closes the one it knows;
nothing may raise after that. Under Werkzeug (development) the thread stays, to keep the server from closing the socket.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, request
from flask_sock import Sock
from simple_websocket import Server

from kiosk.base.clock import now
from kiosk.base.errors import Forbidden, Problem
from kiosk.signage.push import nudge
from kiosk.signage.reactor import Reactor

Known = Callable[[], tuple[int, int] | None]


class _NoThread:
    """Stands for the reader thread that simple_websocket would start: the reactor reads."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None: ...

    def start(self) -> None: ...


class NotKnown(Problem):
    status = 401
    slug = "not-known"


def init_app(app: Flask, reactor: Reactor, known: Known) -> None:
    """Register the route; `known` tells the asking board and the version it should hold."""
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": _NoThread, "max_message_size": 65_536}
    sock = Sock()
    app.before_request(lambda: _admit(known) if request.path == "/board/live" else None)

    @sock.route("/board/live")  # type: ignore[untyped-decorator]
    def live(ws: Server) -> None:
        board, version = g.board
        hand_over(ws, reactor, board, version)

    sock.init_app(app)


def hand_over(ws: Any, reactor: Reactor, board: int, version: int) -> None:
    """Give the socket to the reactor."""
    mode, held = ws.mode, ws.sock
    ws.connected = False
    taken = socket.socket(fileno=held.detach()) if mode == "gunicorn" else held.dup()
    reactor.adopt(taken, board, nudge(version) if version else None, since=now())
    if mode != "gunicorn":
        _wait(held)


def _admit(known: Known) -> None:
    """Before the handshake: the Origin is ours or absent, and the board is known."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("只接受本站页面的连接。")
    found = known()
    if found is None:
        raise NotKnown("这块屏的凭证不对，请管理员重新登记。")
    g.board = found


def _wait(held: socket.socket) -> None:
    """Keep Werkzeug's thread until the other end goes, without reading what belongs to the reactor."""
    idle = threading.Event()
    while not idle.wait(1.0):
        try:
            if held.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                return
        except BlockingIOError:
            continue
        except OSError:
            return

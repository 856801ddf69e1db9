"""The centre as a relay sees it, by hand: answers the relay's questions out of a dictionary, counts what it gives, and fails on demand."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Front:
    """`cut`: objects' answers break off after so many bytes more; `status`: everybody gets this number; `gone`: objects that are 410."""

    url: str = ""
    boards: list[dict[str, Any]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    posted: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)
    cut: int | None = None
    status: int = 0
    gone: set[str] = field(default_factory=set)
    spoilt: set[str] = field(default_factory=set)

    def tell(self, *refs: dict[str, Any], token: str = "") -> None:
        """What `/relay/boards` answers from now on."""
        self.boards = [{"board": ref["board"], "token": token, "ref": ref} for ref in refs]

    def answer(self, ask: _Ask) -> None:
        path = urlsplit(ask.path).path
        self.asked.append((ask.command, ask.path, dict(ask.headers)))
        body = ask.rfile.read(int(ask.headers.get("Content-Length", 0)))
        if self.status:
            ask.say(self.status, b"{}")
        elif ask.command == "POST":
            self.posted.append((ask.path, json.loads(body), dict(ask.headers)))
            ask.say(204, b"")
        elif path == "/relay/boards":
            ask.say(200, json.dumps({"relay": 1, "boards": self.boards, "left": self.left, "outside": []}).encode())
        elif path.startswith("/objects/"):
            self._object(ask, path.removeprefix("/objects/"))
        else:
            ask.say(404, b"{}")

    def _object(self, ask: _Ask, sha: str) -> None:
        data = self.objects.get(sha)
        if sha in self.gone or data is None:
            return ask.say(410 if sha in self.gone else 404, b"{}")
        if sha in self.spoilt:
            data = bytes([data[0] ^ 1]) + data[1:]
        start = int(ask.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if start >= len(data):
            return ask.say(416, b"")
        more = [("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")] if start else []
        piece = data[start:]
        if self.cut is not None:
            keep, self.cut = piece[:self.cut], self.cut - min(self.cut, len(piece))
            if len(keep) < len(piece):
                self.given[sha] += len(keep)
                return ask.say(206 if start else 200, keep, more, length=len(piece))
        self.given[sha] += len(piece)
        ask.say(206 if start else 200, piece, more)


class _Ask(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front

    def do_GET(self) -> None:
        self.front.answer(self)

    do_POST = do_GET

    def say(self, status: int, body: bytes, more: list[tuple[str, str]] = [], length: int | None = None) -> None:  # noqa: B006
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def fronting(front: Front, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Front]:
    """The front at an address of its own."""
    server = ThreadingHTTPServer((host, 0), type("Ask", (_Ask,), {"front": front}))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    front.url = f"http{'s' if tls else ''}://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

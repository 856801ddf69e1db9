"""Line: the one socket to the server. Only a hint, as a board's: what it says is "ask", or what a board is to do."""

from __future__ import annotations

import json
import logging
import random
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simple_websocket import Client, ConnectionClosed
from simple_websocket.ws import Base
from wsproto import ConnectionType

from kiosk.relay.upstream import Upstream

log = logging.getLogger("kiosk")
LEAST, MOST = 1.0, 30.0
PING = 25.0


class Line:
    """Keeps the socket open; `turned` is called whenever it opens or ends, `hear` gets each message."""

    def __init__(self, upstream: Upstream, token: Callable[[], str | None], *, turned: Callable[[], object],
                 hear: Callable[[Mapping[str, Any]], object]) -> None:
        self._upstream, self._token, self._turned, self._hear = upstream, token, turned, hear
        self._stopping = threading.Event()
        self._client: Client | None = None
        self._after = 0.0
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)
        self.open = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._hang_up()

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            token = self._token()
            if token is not None and self._listen(token):
                attempt = 0
            pause, self._after = self._after or min(MOST, LEAST * 2 ** min(attempt, 5)) * random.uniform(0.5, 1), 0.0
            attempt += 1
            self._stopping.wait(pause if token is not None else 1.0)

    def _listen(self, token: str) -> bool:
        """Until the line ends; whether it was ever open."""
        try:
            self._client = client = _Socket(self._upstream, "/relay/live", token)
        except Exception as error:  # whatever the other end said instead of a handshake
            log.info("no line to the server: %s", error)
            return False
        self.open = True
        try:
            self._turned()
            while not self._stopping.is_set():
                self._take(client.receive(5.0))
        except (ConnectionClosed, OSError):
            pass
        finally:
            self.open = False
            self._hang_up()
            self._turned()
        return True

    def _take(self, text: str | bytes | None) -> None:
        if text is None:
            return
        try:
            told = json.loads(text)
        except ValueError:
            return
        if not isinstance(told, dict):
            return
        if told.get("do") == "reconnect" and "boards" not in told:
            self._after = min(600.0, max(0.1, float(told.get("after") or 1.0)))
            raise ConnectionClosed()
        try:
            self._hear(told)
        except Exception:  # what one message causes must not end the line
            log.exception("a message of the server was not understood")

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except (ConnectionClosed, OSError):
                pass


class _Socket(Client):  # type: ignore[misc]  # simple_websocket has no types
    """simple_websocket's client over a line that is connected already, with a limit to waiting for the handshake."""

    def __init__(self, upstream: Upstream, path: str, token: str) -> None:
        self.host, self.port, self.path = upstream.name, upstream.port, path
        self.subprotocols: list[str] = []
        self.extra_headeers = [("Authorization", f"Bearer {token}")]
        line: socket.socket = upstream.connect()
        try:
            Base.__init__(self, line, ConnectionType.CLIENT, ping_interval=PING, max_message_size=65_536,
                          thread_class=partial(threading.Thread, daemon=True))
        except BaseException:
            line.close()
            raise
        line.settimeout(None)

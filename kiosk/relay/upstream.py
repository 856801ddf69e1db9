"""Upstream: the one server that a relay goes to, and why it could not be reached.

Nothing else is ever connected to: no redirects, no proxies, no cookies; certificates must bear the name; an end to size and time. A
connection is kept for the next question of the same thread. What goes wrong is `NoAnswer`, whose kind is one word of KINDS or the
number of an answer: staff read it in words (web/relays.py).
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

KINDS = ("dns", "refused", "unreachable", "timeout", "tls-expired", "tls-early", "tls-name", "tls", "cut", "answer")
CHUNK = 1 << 16
TOLD_MOST = 8 << 20
SECONDS = 20.0
_VERIFY = {9: "tls-early", 10: "tls-expired", 62: "tls-name", 64: "tls-name"}  # X509_V_ERR_…


class NoAnswer(Exception):
    """The server gave no answer that helps. `kind`: see above."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError:
            raise NoAnswer("answer") from None
        if not isinstance(found, dict):
            raise NoAnswer("answer")
        return found


class Pace:
    """At most so many bytes a second, over all who ask; 0 for no limit."""

    def __init__(self, rate: int, sleep: Callable[[float], object] = time.sleep) -> None:
        self._rate, self._sleep = rate, sleep
        self._free_at = 0.0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Wait until these bytes have had their time."""
        if not self._rate:
            return
        with self._lock:
            start = max(self._free_at, time.monotonic())
            self._free_at = start + count / self._rate
        self._sleep(max(0.0, self._free_at - time.monotonic()))


class Upstream:
    """The configured server, for many threads."""

    def __init__(self, server: str, *, ca: str = "", seconds: float = SECONDS) -> None:
        parts = urlsplit(server)
        self.secure, self.host = parts.scheme == "https", parts.hostname or ""
        self.port = parts.port or (443 if self.secure else 80)
        self.seconds = seconds
        self.received = 0  # bytes of answers' bodies, for the vitals and the bench
        self._ca = ca
        self._mine = threading.local()

    @property
    def name(self) -> str:
        """The server as the Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    def ask(self, verb: str, path: str, *, token: str | None = None, body: bytes | None = None, headers: Mapping[str, str] | None = None,
            kind: str = "application/json") -> Answer:
        """A question and its answer, whatever its number."""
        more = {**({"Content-Type": kind} if body is not None else {}), **(headers or {})}
        with self._asked(verb, path, token, body, more) as answer:
            told = answer.read(TOLD_MOST + 1)
            if answer.length:  # http.client is silent about a body that ends before its time
                raise NoAnswer("cut" if len(told) <= TOLD_MOST else "answer")
            self.received += len(told)
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, told)

    def told(self, verb: str, path: str, *, token: str | None = None, body: Any = None) -> dict[str, Any]:
        """The JSON object of an answer that is a yes; NoAnswer with its number for any other."""
        answer = self.ask(verb, path, token=token, body=None if body is None else json.dumps(body).encode())
        if answer.status not in (200, 201):
            raise NoAnswer(str(answer.status) if answer.status >= 400 else "answer")
        return answer.json()

    @contextmanager
    def object(self, sha: str, *, at: int = 0) -> Iterator[tuple[int, Iterator[bytes]]]:
        """An object's bytes from `at` on, where the server gives them so, else from the start: where they begin, and they."""
        with self._asked("GET", f"/objects/{sha}", None, None, {"Range": f"bytes={at}-"} if at else {}) as answer:
            if answer.status == 416 and at:
                raise NoAnswer("damaged")
            if answer.status not in (200, 206):
                raise NoAnswer(str(answer.status) if answer.status >= 400 else "answer")
            begins = at if answer.status == 206 and answer.getheader("Content-Range", "").startswith(f"bytes {at}-") else 0
            if answer.status == 206 and not begins:
                raise NoAnswer("answer")
            yield begins, self._chunks(answer)

    def connect(self) -> socket.socket:
        """A line to the server, TLS shaken hands; NoAnswer says why not."""
        try:
            line = socket.create_connection((self.host, self.port), self.seconds)
        except socket.gaierror:
            raise NoAnswer("dns") from None
        except OSError as error:
            raise _worded(error) from error
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.secure:
            return line
        try:
            context = ssl.create_default_context(cafile=self._ca or None)
            return context.wrap_socket(line, server_hostname=self.host)
        except OSError as error:
            line.close()
            raise _worded(error) from error

    @contextmanager
    def _asked(self, verb: str, path: str, token: str | None, body: bytes | None, headers: Mapping[str, str]
               ) -> Iterator[http.client.HTTPResponse]:
        sent = {"User-Agent": "kiosk-relay", "Host": self.name, **headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = self._answer(verb, path, body, sent)
            yield answer
            if not answer.isclosed():
                self.hang_up()
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            raise _worded(error) from error
        except BaseException:
            self.hang_up()
            raise

    def _answer(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """The answer, over the line of before if that still holds: every question may be asked twice."""
        known: http.client.HTTPConnection | None = getattr(self._mine, "line", None)
        if known is not None:
            try:
                known.request(verb, path, body=body, headers=dict(headers))
                return known.getresponse()
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                self.hang_up()
        fresh = http.client.HTTPConnection(self.host, self.port)
        fresh.sock = self.connect()
        self._mine.line = fresh
        fresh.request(verb, path, body=body, headers=dict(headers))
        return fresh.getresponse()

    def _chunks(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        while chunk := _piece(answer):
            self.received += len(chunk)
            yield chunk
        if answer.length:
            raise NoAnswer("cut")

    def hang_up(self) -> None:
        """Close what this thread has kept open."""
        known, self._mine.line = getattr(self._mine, "line", None), None
        if known is not None:
            with suppress(OSError):
                known.close()


def _piece(answer: http.client.HTTPResponse) -> bytes:
    """The next bytes; trouble of the line is told as such, for whoever writes them has trouble of its own."""
    try:
        return answer.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _worded(error) from error


def _worded(error: Exception) -> NoAnswer:
    """Which kind of trouble that is."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswer(_VERIFY.get(error.verify_code, "tls"))
    if isinstance(error, TimeoutError):
        return NoAnswer("timeout")
    if isinstance(error, ssl.SSLError):
        return NoAnswer("tls")
    if isinstance(error, ConnectionRefusedError):
        return NoAnswer("refused")
    if isinstance(error, socket.gaierror):
        return NoAnswer("dns")
    if isinstance(error, ConnectionError | http.client.HTTPException):
        return NoAnswer("cut")
    return NoAnswer("unreachable")

"""Refs answered from memory: most boards ask most of the time for what they hold already, and that must cost next to nothing.

RefFront stands before Flask and knows only GET /board/ref; whatever it does not know falls through to the view, which
fills the cache. An entry lives until its ref moves, its token dies, or its seal is an hour old.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any

from kiosk.signage.push import Warm

SEAL_SECONDS = 3600.0
Start = Callable[..., Any]


# What is stopped now, as refs tell of it, or None; and a ref once more under its seal, with this told instead.
Stopped = Callable[[], Mapping[str, Any] | None]
Reseal = Callable[[bytes, Mapping[str, Any] | None], bytes]


@dataclass(frozen=True)
class Entry:
    """One board's ref as bytes. `stopped`: what it tells of a stop; `sealing`: the state of the keys when it was sealed."""

    board: int
    etag: bytes
    body: bytes
    until: float
    stopped: Mapping[str, Any] | None = None
    sealing: str = ""

    @property
    def version(self) -> int:
        return int(self.etag.strip(b'"'))


class RefCache:
    """Entries by the hash of the token; safe for many threads."""

    def __init__(self, stopped: Stopped = lambda: None, reseal: Reseal | None = None, sealing: Callable[[], str] = lambda: "") -> None:
        self._stopped, self._reseal, self._sealing = stopped, reseal, sealing
        self._entries: dict[bytes, Entry] = {}
        self._tokens: dict[int, set[bytes]] = {}
        self._lock = threading.Lock()
        self._drops = 0

    @property
    def drops(self) -> int:
        """How often anything was dropped: what was read before a drop must not be put after it."""
        return self._drops

    def put(self, token: str, board: int, version: int, body: bytes, *, read_at: int | None = None,
            stopped: Mapping[str, Any] | None = None) -> Entry:
        entry = _entry(board, version, body, stopped, self._sealing())
        self._keep(_key(token), entry, read_at)
        return entry

    def warm(self, refs: Iterable[Warm], *, read_at: int) -> None:
        """Refs before anybody asks."""
        for each in refs:
            self._keep(bytes.fromhex(each.token), _entry(each.board, each.version, each.body, each.stopped, self._sealing()), read_at)

    def get(self, token: str) -> Entry | None:
        """What is known; told anew when all boards were stopped, or go on, or the keys changed since it was sealed, without a database."""
        key = _key(token)
        entry = self._entries.get(key)
        if entry is None or entry.until <= time.monotonic():
            return None
        stopped, sealing = self._stopped(), self._sealing()
        if stopped == entry.stopped and sealing == entry.sealing:
            return entry
        if self._reseal is None:
            return None
        fresh = replace(entry, body=self._reseal(entry.body, stopped), stopped=stopped, sealing=sealing)
        with self._lock:
            if self._entries.get(key) is entry:
                self._entries[key] = fresh
        return fresh

    def _keep(self, key: bytes, entry: Entry, read_at: int | None) -> None:
        with self._lock:
            if read_at is None or read_at == self._drops:
                self._entries[key] = entry
                self._tokens.setdefault(entry.board, set()).add(key)

    def drop(self, boards: Collection[int] | None) -> None:
        """Forget these boards' refs (None: all)."""
        with self._lock:
            self._drops += 1
            for board in list(self._tokens) if boards is None else boards:
                for key in self._tokens.pop(board, ()):
                    self._entries.pop(key, None)


class RefFront:
    """WSGI in front of the application."""

    def __init__(self, application: Callable[..., Iterable[bytes]], cache: RefCache, headers: list[tuple[str, str]]) -> None:
        self._application, self._cache = application, cache
        self._headers = [*headers, ("Cache-Control", "no-cache")]

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/board/ref" or environ["REQUEST_METHOD"] != "GET":
            return self._application(environ, start)
        token = _token(environ)
        entry = self._cache.get(token) if token else None
        if entry is None:
            return self._application(environ, start)
        etag = ("ETag", entry.etag.decode())
        if not entry.stopped and environ.get("HTTP_IF_NONE_MATCH", "").encode() == entry.etag:
            start("304 Not Modified", [etag, *self._headers])
            return ()
        start("200 OK", [etag, ("Content-Type", "application/json"), ("Content-Length", str(len(entry.body))), *self._headers])
        return (entry.body,)


def _entry(board: int, version: int, body: bytes, stopped: Mapping[str, Any] | None, sealing: str) -> Entry:
    return Entry(board, f'"{version}"'.encode(), body, time.monotonic() + SEAL_SECONDS, stopped, sealing)


def _key(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _token(environ: dict[str, Any]) -> str | None:
    kind, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if token and kind.lower() == "bearer":
        return str(token.strip())
    wanted = environ.get("QUERY_STRING", "")
    if not wanted.startswith("b=") or not wanted[2:].isdecimal() or len(wanted) > 11:
        return None
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(f"kiosk_board_{int(wanted[2:])}")
    except CookieError:
        return None
    return morsel.value if morsel else None

"""Refs answered from memory: most boards ask most of the time for what they hold already, and that must cost next to nothing.

RefFront stands before Flask and knows only GET /board/ref; whatever it does not know falls through to the view, which
fills the cache. An entry lives until its ref moves, its token dies, or its seal is an hour old.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any

SEAL_SECONDS = 3600.0
Start = Callable[..., Any]


@dataclass(frozen=True)
class Entry:
    """One board's ref as bytes."""

    board: int
    etag: bytes
    body: bytes
    until: float


class RefCache:
    """Entries by the hash of the token; safe for many threads."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._tokens: dict[int, set[bytes]] = {}
        self._lock = threading.Lock()
        self._drops = 0

    @property
    def drops(self) -> int:
        """How often anything was dropped: what was read before a drop must not be put after it."""
        return self._drops

    def put(self, token: str, board: int, version: int, body: bytes, *, read_at: int | None = None) -> Entry:
        key, entry = _key(token), Entry(board, f'"{version}"'.encode(), body, time.monotonic() + SEAL_SECONDS)
        with self._lock:
            if read_at is None or read_at == self._drops:
                self._entries[key] = entry
                self._tokens.setdefault(board, set()).add(key)
        return entry

    def get(self, token: str) -> Entry | None:
        entry = self._entries.get(_key(token))
        return entry if entry is not None and entry.until > time.monotonic() else None

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
        if environ.get("HTTP_IF_NONE_MATCH", "").encode() == entry.etag:
            start("304 Not Modified", [etag, *self._headers])
            return ()
        start("200 OK", [etag, ("Content-Type", "application/json"), ("Content-Length", str(len(entry.body))), *self._headers])
        return (entry.body,)


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

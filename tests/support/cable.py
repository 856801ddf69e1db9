"""The cable between a relay and its server: counts what comes down, and can be pulled, or answer in the server's place."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cable:
    """`mode`: "" carries; "out": nobody is there; "silent": takes everything and says nothing; a number: that answer for everybody."""

    def __init__(self, port: int) -> None:
        self.to, self.down, self.mode = port, 0, ""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def turn(self, mode: str) -> None:
        """Another mode; what is connected is cut."""
        self.mode = mode
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()
        self.turn("out")

    def _run(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, self._kept(near):
            if self.mode == "out":
                return
            if self.mode == "silent":
                near.recv(1 << 16)
                threading.Event().wait(60)
                return
            if self.mode:
                near.recv(1 << 16)
                near.sendall(f"HTTP/1.1 {self.mode} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to), 10)
            except OSError:
                return
            far.settimeout(None)
            with far, self._kept(far):
                threading.Thread(target=_carry, args=(near, far), daemon=True).start()
                while data := _heard(far):
                    self.down += len(data)
                    near.sendall(data)

    @contextlib.contextmanager
    def _kept(self, line: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(line)
        try:
            yield
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(line)


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := _heard(one):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


def _heard(line: socket.socket) -> bytes:
    try:
        return line.recv(1 << 16)
    except OSError:
        return b""

"""The other end of a board's socket: speaks and reads WebSocket frames byte by byte, as a board's browser does."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any


def masked(opcode: int, body: bytes = b"", *, mask: bytes = b"abcd") -> bytes:
    """A frame as a browser sends it."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else struct.pack("!BH", 0x80 | 126, len(body))
    return bytes([0x80 | opcode]) + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))


class Wire:
    """A connected pair: `far` goes to the reactor, which closes it; this end is the board."""

    def __init__(self, *, small: bool = False) -> None:
        self.near, self.far = socket.socketpair()
        if small:
            for end in (self.near, self.far):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.near.settimeout(5)
        self._buffer = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.near.close()

    def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and body; EOFError when the other end has closed."""
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        assert first & 0x80 and not second & 0x80
        return first & 0x0F, self._take(size)

    def told(self) -> Any:
        """The next message, pings answered on the way."""
        opcode, body = self.frame()
        while opcode == 9:
            self.near.sendall(masked(10, body))
            opcode, body = self.frame()
        assert opcode == 1, (opcode, body)
        return json.loads(body)

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        self.near.settimeout(seconds)
        try:
            self._buffer += self.near.recv(1)
            return False
        except TimeoutError:
            return True
        finally:
            self.near.settimeout(5)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            data = self.near.recv(65_536)
            if not data:
                raise EOFError
            self._buffer += data
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

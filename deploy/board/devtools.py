"""One page of a Chromium, by its debugging line (Chrome DevTools Protocol) on 127.0.0.1. Python's own library only.

`ask` waits for an answer; events are handed to `heard` by the reading thread, which must not wait for anything.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

LARGEST = 64 * 1024 * 1024  # bytes of a message: a picture of a large screen


class Lost(OSError):
    """The browser does not answer on this line any more, or answers with an error."""


def page_of(port: int, patience: float = 3.0) -> str:
    """The address of the line of the browser's one page."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=patience) as answer:
            pages = [each for each in json.loads(answer.read()) if each.get("type") == "page"]
        return str(pages[0]["webSocketDebuggerUrl"])
    except (OSError, ValueError, LookupError) as error:
        raise Lost(f"浏览器没有应答：{error}") from error


class Line:
    """A WebSocket to a page."""

    def __init__(self, address: str, heard: Callable[[Line, str, Mapping[str, Any]], None]) -> None:
        host, _, path = address.removeprefix("ws://").partition("/")
        name, _, port = host.partition(":")
        self._heard, self._number = heard, 0
        self._lock, self._told = threading.Lock(), threading.Condition()
        self._answers: dict[int, Mapping[str, Any]] = {}
        self.open = True
        try:
            self._socket = socket.create_connection((name, int(port)), timeout=5)
            key = base64.b64encode(os.urandom(16)).decode()
            self._socket.sendall((f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
            self._stream = self._socket.makefile("rb")
            if b" 101 " not in self._stream.readline():
                raise Lost("浏览器不让连接")
            while self._stream.readline().strip():
                pass
            self._socket.settimeout(None)
        except OSError as error:
            raise Lost(str(error)) from error
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, method: str, patience: float = 5.0, **params: Any) -> Mapping[str, Any]:
        """The result of a command; Lost where none comes in so many seconds."""
        number = self.tell(method, **params)
        with self._told:
            if not self._told.wait_for(lambda: number in self._answers or not self.open, patience) or number not in self._answers:
                raise Lost(f"{method} 没有应答")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise Lost(f"{method}：{answer['error'].get('message')}")
        result: Mapping[str, Any] = answer.get("result", {})
        return result

    def tell(self, method: str, **params: Any) -> int:
        """Send a command and wait for nothing."""
        with self._lock:
            self._number += 1
            number = self._number
            self._send(1, json.dumps({"id": number, "method": method, "params": params}).encode())
        return number

    def value(self, expression: str, patience: float = 5.0) -> Any:
        """What an expression is in the page."""
        answer = self.ask("Runtime.evaluate", patience, expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Lost(str(answer["exceptionDetails"].get("text")))
        return answer["result"].get("value")

    def close(self) -> None:
        self.open = False
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the reading thread ends, and closes it

    def _send(self, opcode: int, body: bytes) -> None:
        size, mask = len(body), os.urandom(4)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0xFE, size) if size < 65_536
                                         else struct.pack("!BQ", 0xFF, size))
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        try:
            self._socket.sendall(head + mask + (int.from_bytes(body, "big") ^ key).to_bytes(size, "big"))
        except OSError as error:
            self.open = False
            raise Lost(str(error)) from error

    def _read(self) -> None:
        parts: list[bytes] = []
        try:
            while True:
                last, opcode, body = self._frame()
                if opcode == 8:
                    break
                if opcode == 9:
                    with self._lock:
                        self._send(10, body)
                if opcode < 3:
                    parts.append(body)
                    if last:
                        self._take(json.loads(b"".join(parts)))
                        parts = []
        except (OSError, ValueError, struct.error):
            pass
        with self._told:
            self.open = False
            self._told.notify_all()
        self._stream.close()
        self._socket.close()

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._exactly(2)
        size = second & 0x7F
        if size > 125:
            size = struct.unpack("!H" if size == 126 else "!Q", self._exactly(2 if size == 126 else 8))[0]
        if size > LARGEST:
            raise ValueError("太长")
        return bool(first & 0x80), first & 0x0F, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        body = self._stream.read(size)
        if len(body) < size:
            raise OSError("浏览器断开了")
        return body

    def _take(self, message: Mapping[str, Any]) -> None:
        if "id" not in message:
            return self._heard(self, str(message.get("method")), message.get("params", {}))
        with self._told:
            self._answers[message["id"]] = message
            for old in [number for number in self._answers if number < message["id"] - 200]:
                del self._answers[old]  # what nobody waited for
            self._told.notify_all()

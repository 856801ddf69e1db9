"""Reactor: the one epoll thread that holds every board's socket.

A relay's socket stands for all boards under it (`route`): what is said to one of them goes to the relay too, with their numbers beside
it. Its line bears the relay's number below zero. Where there is no epoll (Windows) select does, for a few hundred boards.

Laws. One writer a socket: all sends happen in this thread. A frame is encoded once for all. A send never blocks; what the
kernel does not take is kept, and beside it at most one pending frame, the latest: a slow board never delays another.
Pings come from one timer, spread over the interval; who does not answer is closed.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

log = logging.getLogger("kiosk")

PING_SECONDS: Final = 25.0
PONG_SECONDS: Final = 20.0
STUCK_SECONDS: Final = 60.0
SLICE: Final = 500
FRAME_MOST: Final = 65_536
PING: Final = b"\x89\x00"
NO_SIGNAL: Final = getattr(socket, "MSG_NOSIGNAL", 0)
EPOLL: Final[Callable[[], Any] | None] = getattr(select, "epoll", None)
READ, WRITE, BROKEN = 0x1, 0x4, 0x18  # as epoll has them: EPOLLIN, EPOLLOUT, EPOLLERR | EPOLLHUP
REVOKED: Final = 4401

Closed = Callable[[int], None]


def text_frame(text: str) -> bytes:
    """An unmasked, uncompressed text frame: legal whatever extension was agreed."""
    data = text.encode()
    if len(data) < 126:
        return struct.pack("!BB", 0x81, len(data)) + data
    if len(data) < 65_536:
        return struct.pack("!BBH", 0x81, 126, len(data)) + data
    return struct.pack("!BBQ", 0x81, 127, len(data)) + data


def nudge(version: int) -> str:
    """The frame that says: there is a newer ref. The same bytes for every board that moved."""
    return json.dumps({"version": version}, separators=(",", ":"))


def stop_frame() -> str:
    """The frame that says: everything is stopped, ask for your ref though it may bear the version you hold."""
    return json.dumps({"version": 0, "stop": True}, separators=(",", ":"))


def ask_frame() -> str:
    """The frame that says: ask again. For relays, when other boards stand under them."""
    return json.dumps({"version": 0, "ask": True}, separators=(",", ":"))


def close_frame(code: int) -> bytes:
    return struct.pack("!BBH", 0x88, 2, code)


class Line:
    """One board's socket, or a relay's (`board` below zero). `gone`: told when it ends. `rest`: what the kernel has not taken of the
    frame in flight; `latest`: the one frame that waits.
    """

    __slots__ = ("board", "buffer", "dying", "gone", "heard_at", "latest", "pinged_at", "rest", "since", "sock", "stuck_at")

    def __init__(self, board: int, sock: socket.socket, now: float, since: datetime, gone: Callable[[], object]) -> None:
        self.board, self.sock, self.since, self.gone = board, sock, since, gone
        self.rest: memoryview | None = None
        self.latest: bytes | None = None
        self.stuck_at = 0.0
        self.pinged_at = 0.0
        self.heard_at = now
        self.buffer = b""
        self.dying = False


class Reactor:
    """Holds sockets, sends frames, pings. Every method may be called from any thread and never raises for a board's fault."""

    def __init__(self, *, ping: float = PING_SECONDS, pong: float = PONG_SECONDS, poller: Callable[[], Any] | None = None) -> None:
        self._ping, self._pong = ping, pong
        self._poller = poller or EPOLL or Select
        self._routes: Mapping[int, int] = {}
        self._lines: dict[int, Line] = {}  # by fd
        self._boards: dict[int, set[int]] = {}  # fds by board
        self._tasks: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._round: deque[Line] = deque()  # in the order of their next ping; who has gone falls out at its turn
        self._owed = 0.0  # pings due by now, in parts of one
        self._ticked = 0.0
        self.dropped = 0

    def start(self) -> None:
        """Start the thread, once; a socket adopted before is served from now on."""
        with self._lock:
            if self._thread is not None:
                return
            self._epoll = self._poller()
            self._wake_in, self._wake_out = socket.socketpair()
            for end in (self._wake_in, self._wake_out):
                end.setblocking(False)
            self._epoll.register(self._wake_in.fileno(), READ)
            self._thread = threading.Thread(target=self._run, name="reactor", daemon=True)
            self._thread.start()

    def adopt(self, sock: socket.socket, board: int, first: str | None, *, since: datetime, gone: Callable[[], object] = lambda: None
              ) -> None:
        """Take over a socket after its handshake; `first` is said at once, and `gone` called when the socket is closed."""
        self.start()
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass
        self._do(lambda: self._add(sock, board, text_frame(first) if first else None, since, gone))

    def route(self, routes: Mapping[int, int]) -> None:
        """Which boards stand under which relay, from now on."""
        self._routes = dict(routes)

    def send(self, boards: Collection[int] | None, text: str) -> None:
        """Say the same to these boards (None: to all), each on all its sockets, and to the relays that they stand under."""
        frame = text_frame(text)
        wanted = None if boards is None else tuple(boards)
        self._do(lambda: self._send(wanted, frame))
        for relay, under in self._relayed(wanted or ()).items():
            told, line = text_frame(json.dumps({**json.loads(text), "boards": under}, separators=(",", ":"))), (-relay,)
            self._do(lambda told=told, line=line: self._send(line, told))  # type: ignore[misc]

    def close(self, boards: Collection[int], code: int = REVOKED) -> None:
        """Close the sockets of boards whose token is worth nothing any more."""
        wanted = tuple(boards)
        self._do(lambda: self._close(wanted, code))

    def connected(self) -> Mapping[int, datetime]:
        """Boards on line here, since when."""
        with self._lock:
            return {line.board: line.since for line in self._lines.values() if line.board >= 0}

    def reached(self) -> Mapping[int, datetime]:
        """Boards that hear what is said here: by a socket of their own, or by their relay's."""
        with self._lock:
            since = {line.board: line.since for line in self._lines.values()}
        return {**{board: since[-relay] for board, relay in self._routes.items() if -relay in since},
                **{board: at for board, at in since.items() if board >= 0}}

    def _relayed(self, boards: Collection[int]) -> Mapping[int, list[int]]:
        under: dict[int, list[int]] = defaultdict(list)
        for board in boards if self._routes else ():
            if (relay := self._routes.get(board)) is not None:
                under[relay].append(board)
        return under

    def stop(self, spread: float = 0.0) -> None:
        """Tell every board when to come back, spread over `spread` seconds, and end."""
        if self._thread is None or self._stopping:
            return
        self._stopping = True
        self._do(lambda: self._farewell(spread))
        self._thread.join(5)

    # --- in the reactor's thread ---------------------------------------------------------------------------------------

    def _do(self, task: Callable[[], None]) -> None:
        self._tasks.append(task)
        if self._thread is not None:
            try:
                self._wake_out.send(b"x")
            except OSError:
                pass  # it is full of wake-ups: awake anyway

    def _run(self) -> None:
        self._ticked, tick = time.monotonic(), min(1.0, self._ping / 4)
        while True:
            timeout = 0.0 if self._tasks else min(tick, max(0.0, self._ticked + tick - time.monotonic()))
            try:
                ready = self._epoll.poll(timeout, 1024)
                for fd, events in ready:
                    self._serve(fd, events)
                self._work()
                if time.monotonic() >= self._ticked + tick:
                    self._tick(time.monotonic())
            except Exception:  # whatever one board causes, the others go on
                log.exception("the reactor stumbled")
            if self._stopping and not self._tasks:
                break
        self._end()

    def _work(self) -> None:
        for _ in range(len(self._tasks)):
            self._tasks.popleft()()

    def _serve(self, fd: int, events: int) -> None:
        if fd == self._wake_in.fileno():
            try:
                self._wake_in.recv(65_536)
            except BlockingIOError:
                pass
            return
        line = self._lines.get(fd)
        if line is None:
            return
        if events & BROKEN:
            self._drop(line)
            return
        if events & READ:
            self._read(line)
        if events & WRITE and fd in self._lines:
            self._flush(line)

    def _add(self, sock: socket.socket, board: int, first: bytes | None, since: datetime, gone: Callable[[], object]) -> None:
        fd = sock.fileno()
        if fd < 0:
            gone()
            return
        line = Line(board, sock, time.monotonic(), since, gone)
        try:
            self._epoll.register(fd, READ)
        except (OSError, ValueError):
            sock.close()
            gone()
            return
        with self._lock:
            self._lines[fd] = line
            self._boards.setdefault(board, set()).add(fd)
        self._round.append(line)
        if first:
            self._put(line, first)

    def _send(self, wanted: tuple[int, ...] | None, frame: bytes) -> None:
        if wanted is None:
            fds = list(self._lines)
        else:
            fds = [fd for board in wanted for fd in self._boards.get(board, ())]
        self._send_slice(fds, frame)

    def _send_slice(self, fds: list[int], frame: bytes) -> None:
        """A slice now, the rest after a look at the sockets, so that pongs and newcomers are not kept waiting."""
        for fd in fds[:SLICE]:
            line = self._lines.get(fd)
            if line is not None:
                self._put(line, frame)
        if rest := fds[SLICE:]:
            self._tasks.append(lambda: self._send_slice(rest, frame))

    def _put(self, line: Line, frame: bytes) -> None:
        if line.rest is not None:
            line.latest = frame  # messages say the newest state: only the latest is worth keeping
            return
        try:
            sent = line.sock.send(frame, NO_SIGNAL)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(line)
            return
        if sent < len(frame):
            line.rest, line.stuck_at = memoryview(frame)[sent:], time.monotonic()
            self._epoll.modify(line.sock.fileno(), READ | WRITE)

    def _flush(self, line: Line) -> None:
        while line.rest is not None:
            try:
                sent = line.sock.send(line.rest, NO_SIGNAL)
            except BlockingIOError:
                return
            except OSError:
                self._drop(line)
                return
            rest = line.rest[sent:]
            if len(rest):
                line.rest, line.stuck_at = rest, time.monotonic()
                return
            line.rest, latest, line.latest = None, line.latest, None
            if latest is not None:
                line.rest, line.stuck_at = memoryview(latest), time.monotonic()
        if line.dying:
            self._drop(line)
        else:
            self._epoll.modify(line.sock.fileno(), READ)

    def _read(self, line: Line) -> None:
        try:
            data = line.sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(line)
            return
        line.heard_at, line.pinged_at = time.monotonic(), 0.0
        line.buffer += data
        while line.sock.fileno() in self._lines and self._frame(line):
            pass

    def _frame(self, line: Line) -> bool:
        """Take one frame off the buffer; what a board says here is only pong, ping and close."""
        buffer = line.buffer
        if len(buffer) < 2:
            return False
        first, second = buffer[0], buffer[1]
        opcode, size, at = first & 0x0F, second & 0x7F, 2
        if not second & 0x80 or opcode not in (0, 1, 2, 8, 9, 10) or (opcode >= 8 and (size > 125 or not first & 0x80)):
            self._say_close(line, 1002)
            return False
        if size == 126:
            if len(buffer) < 4:
                return False
            size, at = struct.unpack_from("!H", buffer, 2)[0], 4
        elif size == 127:
            if len(buffer) < 10:
                return False
            size, at = struct.unpack_from("!Q", buffer, 2)[0], 10
        if size > FRAME_MOST:
            self._say_close(line, 1009)
            return False
        if len(buffer) < at + 4 + size:
            return False
        mask, body = buffer[at:at + 4], buffer[at + 4:at + 4 + size]
        line.buffer = buffer[at + 4 + size:]
        if opcode == 9 and line.rest is None:  # never in the place of a nudge that waits
            self._put(line, bytes((0x8A, size)) + bytes(byte ^ mask[i & 3] for i, byte in enumerate(body)))
        elif opcode == 8:
            self._say_close(line, 1000)
        return True

    def _say_close(self, line: Line, code: int) -> None:
        line.dying = True
        self._put(line, close_frame(code))
        if line.rest is None and line.sock.fileno() in self._lines:
            self._drop(line)

    def _close(self, wanted: tuple[int, ...], code: int) -> None:
        for fd in [fd for board in wanted for fd in self._boards.get(board, ())]:
            self._say_close(self._lines[fd], code)

    def _tick(self, now: float) -> None:
        """Ping whose turn it is, everybody once in an interval; close who missed a pong or takes nothing."""
        self._owed = min(self._owed + len(self._round) * (now - self._ticked) / self._ping, len(self._round))
        self._ticked, due = now, int(self._owed)
        self._owed -= due
        for _ in range(due):
            line = self._round.popleft()
            if line.sock.fileno() < 0:
                continue
            self._round.append(line)
            if (line.pinged_at and now - line.pinged_at > self._pong) or (line.rest is not None and now - line.stuck_at > STUCK_SECONDS):
                self.dropped += 1
                self._drop(line)
            elif line.rest is None and not line.pinged_at:
                line.pinged_at = now
                self._put(line, PING)

    def _drop(self, line: Line) -> None:
        fd = line.sock.fileno()
        with self._lock:
            if self._lines.get(fd) is not line:
                return
            del self._lines[fd]
            fds = self._boards.get(line.board, set())
            fds.discard(fd)
            if not fds:
                self._boards.pop(line.board, None)
        try:
            self._epoll.unregister(fd)
        except (OSError, ValueError):
            pass
        line.sock.close()
        line.gone()

    def _farewell(self, spread: float) -> None:
        count = max(1, len(self._lines))
        for number, line in enumerate(list(self._lines.values())):
            self._put(line, text_frame(f'{{"after":{spread * number / count:.1f},"do":"reconnect","id":"stop"}}'))

    def _end(self) -> None:
        for line in list(self._lines.values()):
            self._drop(line)
        self._epoll.close()
        self._wake_in.close()
        self._wake_out.close()


class Select:
    """epoll's manners over select(), for systems that have no epoll."""

    def __init__(self) -> None:
        self._wanted: dict[int, int] = {}

    def register(self, fd: int, events: int) -> None:
        self._wanted[fd] = events

    modify = register

    def unregister(self, fd: int) -> None:
        self._wanted.pop(fd, None)

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        writing = [fd for fd, events in self._wanted.items() if events & WRITE]
        ready, free, broken = select.select(list(self._wanted), writing, list(self._wanted), timeout)
        found: dict[int, int] = defaultdict(int)
        for fds, event in ((ready, READ), (free, WRITE), (broken, BROKEN)):
            for fd in fds:
                found[fd] |= event
        return list(found.items())[:most]

    def close(self) -> None:
        self._wanted.clear()

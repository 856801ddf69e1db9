"""An urgent insert to 200 boards: seconds from the confirmation to the ref in each board's hands, and its end likewise.

`python -m tests.bench.override`. The clock starts when the confirming request is sent; a protocol board is its socket and
one kept connection, as a browser has them, and holds the insert when its ref names it (or names it no more).
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from tests.support.office import Office, running

BOARDS, RUNS = 200, 5
P95, MOST = 0.3, 1.0


class Board:
    """A board that speaks the protocol and keeps nothing but its ref."""

    def __init__(self, office: Office, token: str) -> None:
        self.office, self.token, self.version = office, token, 0
        self.moments: dict[str, float] = {}  # by what its ref named first: when it was held

    async def open(self, stack: AsyncExitStack) -> None:
        await self.call()
        stack.callback(lambda: self.writer.close())
        self.line = await stack.enter_async_context(connect(
            self.office.url.replace("http", "ws") + "/board/live", additional_headers={"Authorization": f"Bearer {self.token}"},
            origin=self.office.url, compression=None, proxy=None, open_timeout=None, ping_timeout=None))  # type: ignore[arg-type]

    async def call(self) -> None:
        parts = urlsplit(self.office.url)
        self.reader, self.writer = await asyncio.open_connection(parts.hostname, parts.port)

    async def live(self) -> None:
        async for said in self.line:
            if json.loads(said).get("version", 0) > self.version:
                await self.ask()

    async def ask(self) -> None:
        try:
            head = await self._head()
        except (asyncio.IncompleteReadError, ConnectionError):  # the server ends what was idle for long
            await self.call()
            head = await self._head()
        size = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        ref = json.loads(await self.reader.readexactly(size))
        self.version = ref["version"]
        self.moments.setdefault(str([each["id"] for each in ref.get("overrides", ())]), time.time())

    async def _head(self) -> bytes:
        self.writer.write(f"GET /board/ref HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
        return await self.reader.readuntil(b"\r\n\r\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as office:
        measured(office)


def measured(office: Office) -> None:
    for name, seconds in asyncio.run(_runs(office)).items():
        seconds.sort()
        p95 = seconds[int(len(seconds) * 0.95)]
        print(f"{name:<42}p95 {p95:5.3f} s of {P95}   max {seconds[-1]:5.3f} s of {MOST}   median {statistics.median(seconds):5.3f} s, "
              f"{RUNS} runs of {BOARDS} boards", flush=True)


async def _runs(office: Office) -> dict[str, list[float]]:
    boards = [Board(office, token) for token in _tokens(office)]
    figures: dict[str, list[float]] = {"confirmed → ref held": [], "ended → ref held": []}
    async with AsyncExitStack() as stack:
        for board in boards:
            await board.open(stack)
        lives = [asyncio.create_task(board.live()) for board in boards]
        await _all(boards, "[]")
        for _ in range(RUNS):
            id = (await _ask(office, "editor", "POST", "overrides", {
                "drill": True, "headline": "暴雨避险演练", "phone": "0825-2221234", "all": True, "minutes": 5}))["override"]
            figures["confirmed → ref held"] += await _timed(office, boards, "leader", "POST", f"overrides/{id}/confirm", f"[{id}]")
            figures["ended → ref held"] += await _timed(office, boards, "editor", "DELETE", f"overrides/{id}", "[]")
        for task in lives:
            task.cancel()
    return figures


async def _timed(office: Office, boards: list[Board], role: str, method: str, path: str, wanted: str) -> list[float]:
    await asyncio.sleep(1.0)
    for board in boards:
        board.moments.clear()
    start = time.time()
    await _ask(office, role, method, path)
    await _all(boards, wanted)
    return [board.moments[wanted] - start for board in boards]


async def _all(boards: list[Board], wanted: str) -> None:
    end = time.monotonic() + 60
    while any(wanted not in board.moments for board in boards):
        if time.monotonic() > end:
            missing = sum(wanted not in board.moments for board in boards)
            raise SystemExit(f"{missing} boards never held {wanted}")
        await asyncio.sleep(0.02)


async def _ask(office: Office, role: str, method: str, path: str, body: Any = None) -> Any:
    return await asyncio.to_thread(asked, office, role, method, path, body)


def asked(office: Office, role: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {office.person(role)['token']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{office.url}/api/v1/{path}", method=method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def _tokens(office: Office) -> list[str]:
    """Boards paired from the console beside the running server."""
    out = office.data.parent / "override-boards.txt"
    words = ["admin", "boards", "--data", str(office.data), "--add", str(BOARDS), "--group", "大厅", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "kiosk", *words], check=True, capture_output=True)
    return [line.split()[1] for line in out.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()

"""What serving costs: boards that ask for the ref they hold, and the memory of an idle server with fifty boards on it.

`python -m tests.bench.serving` prints both beside what the issue allows. The memory is the PSS of the server's processes, a minute
after the last picture was drawn (Chromium draws pictures only while there are some to draw, and has gone by then).
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from tests.support.office import Office, running

BOARDS, MB_MOST = 50, 120
ASKS_LEAST, CLIENTS, SECONDS = 2000, 32, 10
QUIET, PATIENCE = 60, 300  # seconds without Chromium; and how long to wait for that
BEAT = 20  # seconds between a board's heartbeats: three times as often as boards do


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as office:
        print(_line("GET /board/ref answered 304, wrk -c32", refs_asked(office)), flush=True)
        for name, command in (("demo", None), ("serve", "serve")):
            if command:
                assert office.stop() == 0
                office.start(command)
            print(_line(f"idle `kiosk {name}` with {BOARDS} boards", asyncio.run(idle(office))), flush=True)


def refs_asked(office: Office) -> str:
    """Requests a second for the ref that a board holds already."""
    if (wrk := shutil.which("wrk")) is None:
        return "skipped: wrk is not installed"
    token = office.board()["token"]
    with urllib.request.urlopen(_request(office, "/board/ref", token), timeout=10) as answer:
        etag = answer.headers["ETag"]
    assert _again(office, token, etag) == 304
    words = [wrk, "-t2", f"-c{CLIENTS}", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {token}",
             "-H", f"If-None-Match: {etag}", f"{office.url}/board/ref"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert found is not None and "Non-2xx" not in told, told
    return f"{float(found[1]):8.0f} requests/s   of {ASKS_LEAST} wanted"


def _again(office: Office, token: str, etag: str) -> int:
    """The status of asking for what is held."""
    request = _request(office, "/board/ref", token)
    request.add_header("If-None-Match", etag)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as told:
        return told.code


async def idle(office: Office) -> str:
    """Boards on their sockets and with their heartbeats, and nobody at work."""
    boards = _boards(office)
    async with AsyncExitStack() as lines:
        open_ = [await lines.enter_async_context(_line_of(office, token)) for token in boards.values()]
        beating = [asyncio.create_task(_beat(office, token, at)) for at, token in enumerate(boards.values())]
        drained = [asyncio.create_task(_listen(line)) for line in open_]
        waited = await _settled(office)
        sizes = [(_pss(process), _name(process)) for process in _tree(office.process)]
        for task in (*beating, *drained):
            task.cancel()
    total = sum(size for size, _ in sizes)
    parts = " + ".join(f"{size:.0f} {name}" for size, name in sizes)
    return f"{total:8.1f} MB PSS   of {MB_MOST} allowed   ({parts}; after {waited:.0f} s)"


def _line(name: str, figure: str) -> str:
    return f"{name:<58}{figure}"


def _request(office: Office, path: str, token: str, body: object = None) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return urllib.request.Request(office.url + path, data=None if body is None else json.dumps(body).encode(), headers=headers)


def _boards(office: Office) -> dict[int, str]:
    """Boards paired from the console beside the running server, as for images made in advance."""
    out = office.data.parent / "boards.txt"
    words = ["admin", "boards", "--data", str(office.data), "--add", str(BOARDS), "--group", "大厅", "--out", str(out)]
    if not out.exists():
        subprocess.run([sys.executable, "-m", "kiosk", *words], check=True, capture_output=True)
    return {int(id): token for id, token in (line.split() for line in out.read_text(encoding="utf-8").splitlines())}


def _line_of(office: Office, token: str) -> connect:
    return connect(office.url.replace("http", "ws") + "/board/live", additional_headers={"Authorization": f"Bearer {token}"},
                   origin=office.url, compression=None, proxy=None)  # type: ignore[arg-type]


async def _listen(line: ClientConnection) -> None:
    async for _ in line:
        pass


async def _beat(office: Office, token: str, at: int) -> None:
    """A board's own round: its ref, then a heartbeat; the boards one after another."""
    await asyncio.sleep(at * BEAT / BOARDS)
    while True:
        await asyncio.to_thread(_report, office, token)
        await asyncio.sleep(BEAT)


def _report(office: Office, token: str) -> None:
    with urllib.request.urlopen(_request(office, "/board/ref", token), timeout=20) as answer:
        ref = json.load(answer)
    body = {"edition": ref["edition"], "ref_version": ref["version"], "item": None, "at": ref["sealed_at"], "skew_ms": 0, "storage": 1,
            "memory": 1, "errors": [], "release": "bench", "cause": "start", "done": []}
    with urllib.request.urlopen(_request(office, "/board/heartbeat", token, body), timeout=20) as answer:
        assert answer.status == 204


async def _settled(office: Office) -> float:
    """Until Chromium has been gone for so long; the seconds it took."""
    start = quiet = time.monotonic()
    while time.monotonic() - quiet < QUIET and time.monotonic() - start < PATIENCE:
        if any("chrom" in _name(process) for process in _tree(office.process)):
            quiet = time.monotonic()
        await asyncio.sleep(1)
    return time.monotonic() - start


def _tree(process: int) -> Iterator[int]:
    """The process and all below it."""
    yield process
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield from _tree(int(child))


def _name(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def _pss(process: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()

"""Pictures: pages as one warm headless Chromium draws them, the same fragment, style and fonts that a board gets; and printed papers.

The child runs without network in its sandbox, speaks the DevTools protocol over a pipe (no port is opened), and ends after a
quiet while. Without Chromium or the sandbox nothing is lost: pages are then drawn live in the reader's browser.
"""

from __future__ import annotations

import base64
import fcntl
import io
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from kiosk.base import programs
from kiosk.base.errors import Problem
from kiosk.content import render, typeset
from kiosk.content.geometry import Geometry

WIDTHS = (640, 256)
PAGE_SECONDS = 20.0
START_SECONDS = 30.0
WEBP = "image/webp"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--mute-audio",
         "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-zygote",
         "--single-process", "--allow-file-access-from-files", "--font-render-hinting=none",
         "--force-color-profile=srgb", "--remote-debugging-pipe")


class Broken(Problem):
    """The child died or hung; the next page starts another."""


class Painter:
    """One warm child. Not for several threads at once."""

    def __init__(self, chromium: Path, locate: Callable[[str], Path | None], room: Path) -> None:
        self._chromium, self._locate, self._room = chromium, locate, room
        self._child: _Child | None = None
        self.used_at = 0.0

    def paint(self, html: str, geometry: Geometry, fills: Mapping[str, str]) -> dict[str, bytes]:
        """The page as WebP by width in px."""
        self.used_at = time.monotonic()
        child = self._child or self._start()
        document = render.standalone(html, geometry, fills, lambda name: self._address(child, name))
        width, height = geometry.px
        try:
            data = child.shoot(document, width, height, WIDTHS[0] / width)
        except (OSError, Broken):
            self.close()
            raise
        return _sizes(data)

    def print(self, document: str) -> bytes:
        """A whole document as the PDF that its own print style makes of it (A4 unless it says otherwise)."""
        self.used_at = time.monotonic()
        child = self._child or self._start()
        try:
            return child.print(document)
        except (OSError, Broken):
            self.close()
            raise

    def close(self) -> None:
        """End the child; the next page starts another."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def _start(self) -> _Child:
        self._room.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="pictures-", dir=self._room))
        argv = [str(self._chromium), *FLAGS, f"--user-data-dir={work / 'profile'}", "about:blank"]
        line = programs.command(argv, work=work, readable=[typeset.FONTS], env={"TMPDIR": "/tmp"})
        self._child = _Child(line, work)  # Chromium's socket lies in TMPDIR, and a socket's path has at most 107 characters
        return self._child

    def _address(self, child: _Child, name: str) -> str:
        """Where the child finds a font (by file name) or an object (by hash), which is put into its room."""
        if len(name) != 64:
            return (typeset.FONTS / name).as_uri()
        path = self._locate(name)
        return child.given(path, name).as_uri() if path else ""


def painter(locate: Callable[[str], Path | None], room: Path) -> Painter | None:
    """A painter, or None where Chromium or the sandbox is missing."""
    chromium = programs.find("chromium")
    return Painter(chromium, locate, room) if chromium and programs.sandboxed() else None


class _Child:
    """The process and its pipe: JSON messages, each ended by a zero byte."""

    def __init__(self, command: list[str], work: Path) -> None:
        self._work, self._buffer, self._number = work, b"", 0
        hear, self._say = os.pipe()
        self._hear, say = os.pipe()
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (hear, say)]  # clear of 3 and 4, where the child wants them
        nothing = os.open(os.devnull, os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, ends[0], 3), (os.POSIX_SPAWN_DUP2, ends[1], 4),
                   *((os.POSIX_SPAWN_DUP2, nothing, fd) for fd in (0, 1, 2))]
        try:
            self._pid = os.posix_spawnp(command[0], command, dict(os.environ), file_actions=actions, setsid=True)
        finally:
            for fd in (hear, say, nothing, *ends):
                os.close(fd)
        self._session = self._attach()

    def shoot(self, document: str, width: int, height: int, scale: float) -> bytes:
        self._ask("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False})
        self._show(document)
        shot = self._ask("Page.captureScreenshot", {"format": "webp", "quality": 85})
        return base64.b64decode(shot["data"])

    def print(self, document: str) -> bytes:
        self._show(document)
        told = self._ask("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True, "generateTaggedPDF": True})
        return base64.b64decode(told["data"])

    def _show(self, document: str) -> None:
        """Load the document, and wait for its fonts and pictures."""
        page = self._work / "page.html"
        page.write_text(document, encoding="utf-8")
        page.chmod(0o644)
        self._ask("Page.navigate", {"url": page.as_uri()})
        ready = ("document.fonts.ready.then(() => Promise.all([...document.images].map((each) => each.decode().catch(() => 0))))"
                 ".then(() => document.readyState)")
        for _ in range(100):
            told = self._ask("Runtime.evaluate", {"expression": f"location.href == {page.as_uri()!r} ? {ready} : ''", "awaitPromise": True,
                                                  "returnByValue": True})
            if told.get("result", {}).get("value") == "complete":
                break
            time.sleep(0.02)

    def given(self, path: Path, name: str) -> Path:
        """A copy of the file that the child can read."""
        copy = self._work / name
        if not copy.exists():
            shutil.copyfile(path, copy)
            copy.chmod(0o644)
        return copy

    def end(self) -> None:
        for fd in (self._say, self._hear):
            os.close(fd)
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self._pid, 0)
        shutil.rmtree(self._work, ignore_errors=True)

    def _attach(self) -> str:
        try:
            target = self._ask("Target.createTarget", {"url": "about:blank"}, seconds=START_SECONDS)["targetId"]
            session: str = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        except (Broken, OSError):
            self._session = ""
            self.end()
            raise
        return session

    def _ask(self, method: str, params: dict[str, Any], *, seconds: float = PAGE_SECONDS) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._say, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + seconds
        while True:
            heard = self._next(until)
            if heard.get("id") == self._number:
                if "error" in heard:
                    raise Broken("画面没有画成：%(why)s。", why=heard["error"].get("message", ""))
                result: dict[str, Any] = heard["result"]
                return result

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._hear], [], [], max(0.0, until - time.monotonic()))
            data = os.read(self._hear, 1 << 20) if ready else b""
            if not data:
                raise Broken("画画面的程序没有回话。")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


def _sizes(data: bytes) -> dict[str, bytes]:
    """The widest as it came, the others reduced from it."""
    found = {str(WIDTHS[0]): data}
    with Image.open(io.BytesIO(data)) as picture:
        for width in WIDTHS[1:]:
            out = io.BytesIO()
            small = picture.convert("RGB").resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)
            small.save(out, "WEBP", quality=80)
            found[str(width)] = out.getvalue()
    return found

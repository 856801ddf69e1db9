"""A board's PC: a screen without a monitor, the launcher in front of a real Chromium, faults for each of its parts.

The picture is what hangs on the wall, byte by byte from the screen's memory: also while there is no browser.
"""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

BOARD = Path(__file__).resolve().parents[2] / "deploy" / "board"
sys.path.append(str(BOARD))

import devtools  # noqa: E402 — the launcher's own modules lie beside it, in no package
import profiles  # noqa: E402
import watch  # noqa: E402

__all__ = ["BOARD", "PC", "Screen", "devtools", "fault", "kill", "pc", "profiles", "screen", "watch"]
SIZE = (1280, 720)
FLAGS = f"--no-sandbox --window-position=0,0 --window-size={SIZE[0]},{SIZE[1]}"


class Screen:
    """An X server whose memory is a file."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("Xvfb")
        if program is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)("xvfb is not installed (deploy/packages-test.txt)")
        self._memory = folder / "Xvfb_screen0"
        folder.mkdir()
        read, write = os.pipe()
        words = ["-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", folder, "-nolisten", "tcp", "-noreset"]
        self._server = subprocess.Popen([program, *words], pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as told:
            self.name = f":{told.readline().strip()}"

    def picture(self) -> Image.Image:
        data = self._memory.read_bytes()
        head, width, height, line, colours = (struct.unpack_from(">I", data, 4 * at)[0] for at in (0, 4, 5, 12, 19))
        start = head + colours * 12
        return Image.frombuffer("RGB", (width, height), data[start:start + line * height], "raw", "BGRX", line, 1)

    def close(self) -> None:
        self._server.kill()
        self._server.wait(10)


class PC:
    """The launcher on a screen, with a profile on this PC's disk."""

    def __init__(self, screen: Screen, data: Path, server: str, token: str = "", *, flags: str = "", words: tuple[str, ...] = (),
                 home: Path | None = None) -> None:
        self.home = home
        self.screen, self.data, self.server, self.flags, self._more = screen, data, server, flags, words
        self._process: subprocess.Popen[bytes] | None = None
        data.mkdir(exist_ok=True)
        if token:
            profiles.write(data / "token", token.encode())

    def start(self) -> None:
        words = [sys.executable, str(BOARD / "watch.py"), self.server, "--data", str(self.data), *self._more]
        surroundings = {**os.environ, "DISPLAY": self.screen.name, "BOARD_FLAGS": f"{FLAGS} {self.flags}", "WAYLAND_DISPLAY": "",
                        **({"HOME": str(self.home)} if self.home else {})}
        with (self.data / "watch.log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, env=surroundings, start_new_session=True)

    def cut(self) -> None:
        """The power goes: launcher and browser at once, no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
        for each in self.processes():
            kill(each)
        until(lambda: not self.processes(), 20, "the browser outlives its PC")

    def log(self) -> str:
        return (self.data / "watch.log").read_text(encoding="utf-8")

    def processes(self, kind: str = "") -> list[int]:
        """Of this PC's browser: all, or its renderers, its gpu-process."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                mine = str(self.data / "profile") in words or str(self.data / "profile").encode() in (folder / "environ").read_bytes()
                if (mine or self._group(int(folder.name))) and (f"--type={kind}" in words if kind else True) and "watch.py" not in words:
                    found.append(int(folder.name))
            except OSError:
                pass
        return found

    def _group(self, process: int) -> bool:
        """Whether it is of the browser's own group."""
        lock = self.data / "profile" / "SingletonLock"
        try:
            return os.getpgid(process) == os.getpgid(int(os.readlink(lock).rpartition("-")[2]))
        except (OSError, ValueError):
            return False

    @property
    def age(self) -> float:
        """Seconds since the browser was started; 0 while there is none."""
        try:
            return time.time() - os.stat(f"/proc/{int(os.readlink(self.data / 'profile' / 'SingletonLock').rpartition('-')[2])}").st_ctime
        except (OSError, ValueError):
            return 0.0

    def line(self, patience: float = 60) -> Any:
        """A second line to the page, for the test; a busy browser may drop the first words."""
        ends = time.monotonic() + patience
        while True:
            try:
                return self._line()
            except (OSError, ValueError, LookupError):
                if time.monotonic() > ends:
                    raise
                time.sleep(1)

    def _line(self) -> Any:
        owner = os.readlink(self.data / "profile" / "SingletonLock").rpartition("-")[2]
        words = Path(f"/proc/{owner}/cmdline").read_bytes().decode().replace("\0", " ")
        return devtools.Line(devtools.page_of(int(words.split("--remote-debugging-port=")[1].split()[0])), lambda *_: None)

    def value(self, expression: str, patience: float = 60) -> Any:
        line = self.line(patience)
        try:
            return line.value(expression)
        finally:
            line.close()

    def look(self) -> Mapping[str, Any]:
        """What the page tells the launcher; empty while nothing answers."""
        try:
            told = self.value(watch.SEEN, patience=0)
            return told if isinstance(told, dict) else {}
        except (OSError, ValueError, LookupError):
            return {}

    @property
    def plays(self) -> bool:
        """A page hangs, frames are drawn, it is not overdue, and the wall shows it."""
        told = self.look()
        shown = told.get("state") == "playing" and bool(told.get("item")) and told["drawn"] < 3000 and told["late"] < 3000
        return shown and not fault(self.screen.picture())

    def until_plays(self, seconds: float = 90) -> float:
        """Wait until it plays; after how many seconds."""
        begun = time.monotonic()
        until(lambda: self.plays, seconds, lambda: f"it does not play: {fault(self.screen.picture())} {self.look()}\n{self.log()[-2000:]}")
        return time.monotonic() - begun


def fault(picture: Image.Image) -> str:
    """Why this picture must never hang on a wall; an empty word when it may."""
    small = picture.resize((640, 360), Image.Resampling.NEAREST)
    colours = sorted(small.getcolors(640 * 360) or [], reverse=True)
    most, colour = colours[0][0] / (640 * 360), colours[0][1]
    if most > 0.9985:
        return f"blank {colour}"
    if most > 0.5 and max(colour) - min(colour) < 5 and (min(colour) > 236 or max(colour) < 50):  # our own pages are warm
        return f"the browser's own page, or none {colour}"
    return ""


@contextmanager
def screen(folder: Path) -> Iterator[Screen]:
    made = Screen(folder)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def pc(folder: Path, server: str, token: str = "", *, flags: str = "", words: tuple[str, ...] = (), home: Path | None = None
       ) -> Iterator[PC]:
    """A PC that was switched on; off afterwards."""
    with screen(folder / "screen") as shown:
        made = PC(shown, folder / "pc", server, token, flags=flags, words=words, home=home)
        made.start()
        try:
            yield made
        finally:
            made.cut()


def until(true: Any, seconds: float, otherwise: Any) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(otherwise() if callable(otherwise) else otherwise)
        time.sleep(0.2)


def kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass

#!/usr/bin/env python3
"""屏的开关：在接屏的电脑上跑，到点关掉真的屏，到点再打开。只用 Python 自带的库（3.9 以上）。

    panel.py pair https://gongshi.example    要一个 6 位代码，在管理页面登记，凭证存进 --data 的文件夹
    panel.py run  https://gongshi.example    一直跑；断网照存好的时间开关；退出时把屏打开

The panel is on in the windows of its board's manifest (`power`), while an urgent insert stands, and whenever nothing is known: it is never
dark by accident. What was told last is kept on disk, so it works off line. The switch is KIOSK_PANEL_HOOK, called with `on` or `off`;
without it the first of cec-client, xset, vcgencmd and wlr-randr that works.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

ASTRAY = 14 * 86_400.0  # a clock that is so much before the first window is not believed
ASK_LIT, ASK_DARK = 60.0, 10.0  # seconds between questions; an urgent insert wakes a dark panel after the second at most
PATIENCE, HOOK_PATIENCE = 10.0, 30.0
LARGEST = 32 * 1024 * 1024  # bytes of an answer
HOOK = "KIOSK_PANEL_HOOK"


# --- what is told -------------------------------------------------------------------------------------------------------

def lit(power: Any, at: float) -> bool:
    """Whether the panel is on by its windows; after the last one that is known it is. The board's page decides the same."""
    spans = [(_instant(each["from"]), _instant(each["to"])) for each in power or ()]
    if not spans:
        return True
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return at >= last or at < first - ASTRAY or any(start <= at < end for start, end in spans)


def inserted(overrides: Any, at: float) -> bool:
    """Whether an urgent insert, or a drill, stands at this moment."""
    return any(_instant(each["from"]) <= at < _instant(each["to"]) for each in overrides or ())


def next_edge(told: Told, at: float) -> float:
    """Seconds until windows or inserts say something else; a day where none is known."""
    spans = [*((told.manifest or {}).get("power") or ()), *((told.ref or {}).get("overrides") or ())]
    edges = [edge for each in spans for edge in (_instant(each["from"]), _instant(each["to"])) if edge > at]
    return min(edges, default=at + 86_400) - at


def _instant(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# --- who tells it -------------------------------------------------------------------------------------------------------

class Told:
    """The board's ref and manifest as they were told last; kept on disk, and only replaced by what is whole."""

    def __init__(self, server: str, token: str, folder: Path) -> None:
        self._server, self._token, self._folder = server.rstrip("/"), token, folder
        self._etag = ""
        self.ref: Mapping[str, Any] | None = _read(folder / "ref.json")
        self.manifest: Mapping[str, Any] | None = _read(folder / "manifest.json")
        self._held = (_read(folder / "held.json") or {}).get("edition", "")

    def ask(self) -> None:
        """Ask once. No answer of the server darkens the panel or forgets what is known: a failure changes nothing."""
        try:
            answer = _get(f"{self._server}/board/ref", {"Authorization": f"Bearer {self._token}", "If-None-Match": self._etag})
            if answer is not None:
                body, self._etag = answer
                self.ref = _object(body)
                _write(self._folder / "ref.json", body)
            if self.ref is not None and self.ref["edition"] != self._held:
                self._fetch(str(self.ref["edition"]))
        except (OSError, ValueError, KeyError) as error:
            _say(f"服务器没有答复，照存好的来：{error}")

    def at(self, local: float) -> float:
        """The moment it is: no earlier than the last ref that was sealed, for a PC whose battery is empty wakes up years ago."""
        sealed = str((self.ref or {}).get("sealed_at") or "")
        return max(local, _instant(sealed)) if sealed else local

    def wants(self, at: float) -> bool:
        """Whether the panel should be on."""
        try:
            return inserted((self.ref or {}).get("overrides"), at) or lit((self.manifest or {}).get("power"), at)
        except (KeyError, TypeError, ValueError, AttributeError):
            return True

    def _fetch(self, edition: str) -> None:
        answer = _get(f"{self._server}/objects/{edition}", {})
        if answer is None or hashlib.sha256(answer[0]).hexdigest() != edition:
            raise ValueError("内容对不上它的名字")
        self.manifest, self._held = _object(answer[0]), edition
        _write(self._folder / "manifest.json", answer[0])
        _write(self._folder / "held.json", json.dumps({"edition": edition}).encode())


def _get(address: str, headers: Mapping[str, str], body: bytes | None = None) -> tuple[bytes, str] | None:
    """The answer and its ETag; None when nothing changed."""
    asked = urllib.request.Request(address, data=body, headers={name: value for name, value in headers.items() if value})
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            told = answer.read(LARGEST + 1)
            if len(told) > LARGEST:
                raise ValueError("答复太长")
            return told, answer.headers.get("ETag", "")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 304:
            return None
        raise


def _object(body: bytes) -> Mapping[str, Any]:
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("答复不是一个对象")
    return told


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        return _object(path.read_bytes())
    except (OSError, ValueError):
        return None


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all, also through a power cut."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


# --- the switch -----------------------------------------------------------------------------------------------------------

# Each way to switch: the program that must be there, and what is run, with what it is told.
WAYS: Mapping[str, Callable[[bool], tuple[list[str], str]]] = {
    "cec-client": lambda on: (["cec-client", "-s", "-d", "1"], "on 0\nas\n" if on else "standby 0\n"),
    "xset": lambda on: (["xset", "dpms", "force", "on" if on else "off"], ""),
    "vcgencmd": lambda on: (["vcgencmd", "display_power", "1" if on else "0"], ""),
    "wlr-randr": lambda on: (["sh", "-c", _outputs("--on" if on else "--off")], ""),
}


def _outputs(how: str) -> str:
    """Every output that wlr-randr names, on or off; fails where it names none."""
    each = f'for name in $names; do wlr-randr --output "$name" {how} || exit 1; done'
    return f"""names=$(wlr-randr | awk '/^[^ ]/ {{print $1}}') && [ -n "$names" ] && {each}"""


class Switch:
    """The panel's switch. It is asked only when the state changes, and again after a failure."""

    def __init__(self, hook: str = "") -> None:
        self._hook, self._way = shlex.split(hook), ""
        self.on: bool | None = None  # not known

    def turn(self, on: bool) -> None:
        if on is self.on:
            return
        self.on = on if self._turned(on) else None

    def _turned(self, on: bool) -> bool:
        if self._hook:
            return _run([*self._hook, "on" if on else "off"], "")
        for name in [self._way] if self._way else WAYS:
            if shutil.which(name) and _run(*WAYS[name](on)):
                self._way = name
                if name == "xset" and on:
                    _run(["xset", "-dpms"], "")  # else the screen saver's clock starts again
                return True
        self._way = ""
        _say("没有能开关屏的办法（cec-client、xset、vcgencmd、wlr-randr），只有网页变黑。")
        return False


def _run(words: list[str], told: str) -> bool:
    try:
        done = subprocess.run(words, input=told.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=HOOK_PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        _say(f"{words[0]} 没有成功：{error}")
        return False
    if done.returncode:
        _say(f"{words[0]} 没有成功：{done.stderr.decode(errors='replace').strip()[:200]}")
    return done.returncode == 0


# --- the round ------------------------------------------------------------------------------------------------------------

def step(told: Told, switch: Switch, local: float) -> float:
    """Ask, switch, and say after how many seconds to come again."""
    told.ask()
    at = told.at(local)
    switch.turn(told.wants(at))
    return max(0.2, min(ASK_DARK if switch.on is not True else ASK_LIT, next_edge(told, at)))


def run(server: str, folder: Path, stop: threading.Event, now: Callable[[], float] = time.time) -> None:
    """Until stopped; then the panel is on, for nobody would wake it any more."""
    told, switch = Told(server, _token(folder), folder), Switch(os.environ.get(HOOK, ""))
    try:
        while not stop.is_set():
            stop.wait(step(told, switch, now()))
    finally:
        switch.turn(True)


def pair(server: str, folder: Path, width: int, height: int) -> None:
    """Ask for a code, say it, and wait until somebody has typed it; the token is for this account's eyes only."""
    screen = json.dumps({"screen": {"w": width, "h": height, "dpr": 1}}).encode()
    asked = _object((_get(f"{server}/board/pairings", {"Content-Type": "application/json"}, screen) or (b"{}", ""))[0])
    _say(f"代码 {asked['code']}。请在管理页面点“公示屏”“登记新屏”，{int(asked['seconds']) // 60} 分钟内填进去。")
    ends = time.monotonic() + float(asked["seconds"])
    while time.monotonic() < ends:
        time.sleep(2)
        answer = _object((_get(f"{server}/board/pairing", {"Authorization": f"Bearer {asked['secret']}"}) or (b"{}", ""))[0])
        if "token" in answer:
            _write(folder / "token", str(answer["token"]).encode())
            _say("登记好了。")
            return
    raise SystemExit("代码过期了，请再来一次。")


def _token(folder: Path) -> str:
    given = os.environ.get("KIOSK_BOARD_TOKEN", "")
    try:
        return given or (folder / "token").read_text(encoding="ascii").strip()
    except OSError:
        raise SystemExit(f"没有凭证：先运行 panel.py pair，或者把凭证写进 {folder / 'token'}。") from None


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="按时开关公示屏", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=__doc__)
    parser.add_argument("deed", choices=("run", "pair"))
    parser.add_argument("server", help="https://服务器地址")
    parser.add_argument("--data", type=Path, default=Path.home() / ".config" / "kiosk-panel", help="放凭证和最后一次收到的内容")
    parser.add_argument("--screen", default="1920x1080", help="登记时报的像素，例：1920x1080")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    try:
        if given.deed == "pair":
            pair(given.server.rstrip("/"), given.data, *(int(each) for each in given.screen.split("x")))
        else:
            run(given.server, given.data, stop)
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(f"没有办成：{error}") from error


if __name__ == "__main__":
    main()

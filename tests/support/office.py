"""A demo office as its users meet it: the real command in a process of its own, a real Chromium in front."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from kiosk import demo, schema
from kiosk.base.clock import now
from kiosk.content import pictures
from kiosk.parts import open_parts
from kiosk.settings import Settings
from kiosk.signage.easel import Easel

CHROMIUM = "/usr/bin/chromium"
STAFF = {"width": 1366, "height": 768}
LANDSCAPE = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
READY_SECONDS = 180  # a demo office takes 15 on a quiet machine
FRONT = "[...document.querySelectorAll('.layer.front.shown')]"
PLAYING = "() => [...document.querySelectorAll('.layer.shown')].some((layer) => layer.shadowRoot.querySelector('.page'))"


BY_PORT: dict[int, Office] = {}  # who has an address has the office's data folder


class Office:
    """One running demo office; `kill` and `start` stand for power cuts."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data, self.port = data, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.told: dict[str, Any] = {}
        BY_PORT[self.port] = self
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: str = "demo") -> None:
        """Start the server (again); `serve` keeps the log-ins and tokens of before."""
        ready = self.data.with_suffix(".json")
        words = [sys.executable, "-m", "kiosk", command, "--port", str(self.port), "--data", str(self.data)]
        if command == "demo":
            ready.unlink(missing_ok=True)
            words += ["--ready-file", str(ready)]
        with (self.data.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True)
        _until(lambda: (command != "demo" or ready.exists()) and self.answers(), READY_SECONDS, "the office does not answer")
        if command == "demo":
            self.told = json.loads(ready.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """As a power cut: no goodbye."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait(10)
            _until(lambda: not self.answers(), 10, "something of the dead server still answers")

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def person(self, role: str, post: str = "") -> dict[str, str]:
        found: dict[str, str] = next(each for each in self.told["people"] if each["role"] == role and post in each["post"])
        return found

    def board(self, at: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.told["boards"][at]
        return found

    @property
    def process(self) -> int:
        assert self._process is not None
        return self._process.pid


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def built(data: Path) -> Path:
    """The data folder of a demo office, made here with all its pictures: one that starts on a copy of it only renews its keys."""
    parts = open_parts(Settings(data=data))
    schema.ensure(parts.database)
    demo.build(parts, url="http://127.0.0.1", at=now())
    if painter := pictures.painter(parts.store.path, data / "work"):
        easel = Easel(parts.database, parts.store, parts.zone, painter, now)
        while easel.paint_one():
            pass
        painter.close()
    parts.close()
    return data


@contextmanager
def running(folder: Path, template: Path | None = None) -> Iterator[Office]:
    """An office from nothing, as a newcomer's, or on a copy of one that was built."""
    office = Office(folder / "office")
    if template is not None:
        shutil.copytree(template, office.data)
    try:
        office.start()
        yield office
    finally:
        office.kill()


_started: list[Playwright] = []


@contextmanager
def playwright() -> Iterator[Playwright]:
    """The one Playwright of this process, which bears no second beside it; whoever asked first ends it."""
    if _started:
        yield _started[0]
        return
    with sync_playwright() as first:
        _started.append(first)
        try:
            yield first
        finally:
            _started.clear()


@contextmanager
def chromium() -> Iterator[Browser]:
    with playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        yield browser
        browser.close()


def staff(browser: Browser, office: Office, role: str, post: str = "", *, size: dict[str, int] | None = None) -> Page:
    """A person's own browser, signed in."""
    page = _context(browser, size or STAFF).new_page()
    person = office.person(role, post)
    page.goto(f"{office.url}/staff/sign-in")
    page.get_by_label("账号").fill(person["login"])
    page.locator("#password").fill(person["password"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def wall(browser: Browser, url: str, size: dict[str, int] | None = None) -> Page:
    """A screen with its board page, playing."""
    page = _context(browser, size or LANDSCAPE).new_page()
    page.goto(url)
    page.wait_for_function(PLAYING, timeout=30_000)
    return page


def shown(page: Page) -> str:
    """The words on the wall right now."""
    text: str = page.evaluate(f"() => {FRONT}.map((layer) => layer.shadowRoot.textContent).join(' ')")
    return text


def title_on(page: Page) -> str:
    """The heading on the wall right now; empty on a page without one."""
    title: str = page.evaluate(f"() => {FRONT}.map((layer) => layer.shadowRoot.querySelector('h1')?.textContent ?? '').join('')")
    return title


def edition_of(page: Page, board: int) -> dict[str, Any]:
    """The manifest that the board holds, from its own store."""
    edition: dict[str, Any] = page.evaluate(f"""async () => {{
        const held = JSON.parse(localStorage.getItem('kiosk-held-{board}'));
        const cache = await caches.open('kiosk-objects');
        return await (await cache.match('/objects/' + held.ref.edition)).json();
    }}""")
    return edition


def held(page: Page, board: int) -> int:
    """The version of the ref that the board holds."""
    version: int = page.evaluate(f"() => JSON.parse(localStorage.getItem('kiosk-held-{board}') ?? '{{}}').ref?.version ?? 0")
    return version


def _context(browser: Browser, size: dict[str, int]) -> BrowserContext:
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(20_000)
    return context


def _until(true: Any, seconds: float, otherwise: str) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


until = _until

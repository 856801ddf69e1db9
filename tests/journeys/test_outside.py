"""Pages and streams of other people over our own words: seen while they can be had, never a browser's error page."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support import office as support
from tests.support.office import Office, shown, until, wall

pytestmark = pytest.mark.journey
UP = "() => document.querySelectorAll('.layer.front.shown').length && [...document.querySelectorAll('.layer.front.shown')].some(" \
     "(layer) => layer.shadowRoot.querySelector('.outside.up'))"
PAGE = "<!doctype html><meta name=viewport content='width=device-width'><title>大厅</title><h1>办事大厅叫号</h1>" \
       "<p>三号窗口：正在办理社保卡申领，请 A017 号到窗口。</p><script>document.body.append('脚本能运行；'); try {localStorage.x = 1}" \
       " catch {document.body.append('没有存储；')} try {top.location = 'about:blank'} catch {document.body.append('动不了外面')}</script>"


class Site:
    """A site on this machine that can go away, come back, or forbid being framed."""

    def __init__(self, port: int = 0) -> None:
        self.headers: dict[str, str] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **site.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def log_message(self, *_: object) -> None: ...

        self._handler = Handler
        self._start(port)

    def _start(self, port: int) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/dating"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def up(self) -> None:
        self._start(self.port)


@pytest.fixture(scope="module")
def open_office(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[Office]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIOSK_HOSTS", "127.0.0.1")
        with support.running(tmp_path_factory.mktemp("outside"), demo) as running:
            yield running


def call(office: Office, role: str, path: str, body: dict[str, Any], verb: str = "POST") -> dict[str, Any]:
    asked = urllib.request.Request(f"{office.url}/api/v1{path}", json.dumps(body).encode(), method=verb, headers={
        "Authorization": f"Bearer {office.person(role)['token']}", "Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def hung(office: Office, kind: str, data: dict[str, Any], rotation: int = 0) -> str:
    """A board that shows this slide alone; its address."""
    told = call(office, "editor", "/slides", {"kind": kind, "title": "办事大厅叫号", "topic": "工作动态", "data": {
        "about": "大厅各窗口现在叫到几号。断网时请看窗口上方的屏。", "ask": "政务服务大厅", "phone": "0825-×××××××", **data}})
    doubt = "seen:" + hashlib.sha256(data["address"].encode()).hexdigest()[:12]
    told = call(office, "editor", f"/slides/{told['slide']}", {"title": "办事大厅叫号", "data": {
        **told["data"], "reasons": {doubt: "在大厅的屏前打开看过，字够大。"}}}, "PUT")
    revision = call(office, "editor", f"/revisions/{told['revision']}/submit", {})
    call(office, "leader", f"/revisions/{revision['revision']}/approve", {"seen": revision["bound"]})
    board = call(office, "administrator", "/boards", {"name": f"大厅屏{told['slide']}", "panel": {
        "width_mm": 952, "height_mm": 535, "width_px": 1920, "height_px": 1080, "rotation": rotation, "distance_mm": 3000}})
    call(office, "editor", "/playlists", {"name": f"叫号{told['slide']}", "items": [{"slide": told["slide"]}], "boards": [board["id"]]})
    return f"{office.url}/board#{board['token']}"


def frames(page: Page) -> list[str]:
    return [frame.url for frame in page.frames if frame is not page.main_frame]


def gone(page: Page) -> bool:
    """Whether no frame is left; the page's own events go on meanwhile."""
    page.wait_for_timeout(200)
    return frames(page) == []


def test_a_page_is_seen_while_its_site_answers_and_our_words_when_not(open_office: Office, browser: Browser, tmp_path: Path) -> None:
    site = Site()
    url = hung(open_office, "webpage", {"address": site.url, "size": "大字", "seconds": 60})
    board = wall(browser, url)
    board.wait_for_timeout(5000)  # the zones of a new board are laid out once more
    board.wait_for_function(UP, timeout=30_000)
    assert frames(board) == [site.url]
    inside = board.frames[-1].inner_text("body")
    assert "A017" in inside and "没有存储" in inside and "脚本能运行" in inside
    board.screenshot(path=tmp_path / "up.png")
    site.down()
    board.wait_for_function(f"() => !({UP})()", timeout=40_000)
    until(lambda: gone(board), 40, "the frame stays though its site is away")
    assert "请看窗口上方的屏" in shown(board)
    board.screenshot(path=tmp_path / "down.png")
    site.up()
    board.wait_for_function(UP, timeout=40_000)
    board.context.set_offline(True)
    board.wait_for_function(f"() => !({UP})()", timeout=5_000)
    until(lambda: gone(board), 20, "the frame stays though the line is cut")
    site.down()
    board.context.close()


def test_a_page_that_forbids_framing_is_never_tried(open_office: Office, browser: Browser) -> None:
    site = Site()
    site.headers = {"X-Frame-Options": "DENY"}
    board = wall(browser, hung(open_office, "webpage", {"address": site.url}))
    board.wait_for_timeout(4000)
    assert frames(board) == []
    assert "请看窗口上方的屏" in shown(board)
    site.down()
    board.context.close()


def test_a_tall_board_draws_it_in_one_column(open_office: Office, browser: Browser, tmp_path: Path) -> None:
    site = Site()
    board = wall(browser, hung(open_office, "webpage", {"address": site.url}, rotation=90), {"width": 1920, "height": 1080})
    board.wait_for_function(UP, timeout=30_000)
    board.screenshot(path=tmp_path / "tall.png")
    site.down()
    board.context.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream that never ends is a list without its end mark."""
    folder = tmp_path_factory.mktemp("stream")
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=15", "-t", "30", "-c:v", "libx264",
                    "-pix_fmt", "yuv420p", "-g", "30", "-hls_time", "2", "-hls_list_size", "0", "-f", "hls", str(folder / "live.m3u8")],
                   check=True)
    text = (folder / "live.m3u8").read_text()
    (folder / "live.m3u8").write_text(text.replace("#EXT-X-ENDLIST\n", ""))
    return folder


class Open(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_stream_moves_without_sound_and_gives_way_when_it_stops(open_office: Office, browser: Browser, clip: Path,
                                                                  tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Open, directory=str(clip)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    board = wall(browser, hung(open_office, "stream", {"address": f"http://127.0.0.1:{server.server_port}/live.m3u8", "seconds": 300}))
    board.wait_for_function(UP, timeout=60_000)
    muted = board.evaluate("() => [...document.querySelectorAll('.layer.front.shown')].map((layer) => "
                           "layer.shadowRoot.querySelector('.view').shadowRoot.querySelector('video').muted)")
    assert muted == [True]
    board.screenshot(path=tmp_path / "stream.png")
    server.shutdown()
    server.server_close()
    board.wait_for_function(f"() => !({UP})()", timeout=60_000)
    assert "请看窗口上方的屏" in shown(board)
    board.context.close()

"""Approve → held by a board in Chromium, recall → gone from its screen: medians of 20 runs on a demo office.

The clock starts when the staff API's request is sent, and stops when the board's page has the new edition (or lost the recalled page),
as a watcher inside the page sees it with the same wall clock.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.office import Office, chromium, running, wall

RUNS = 20
HELD = """(item) => new Promise((done) => { const look = () => {
  const ref = JSON.parse(localStorage.getItem('kiosk-held-BOARD') ?? '{}').ref;
  if (ref && ref.version > item) done(Date.now()); else setTimeout(look, 2); }; look(); })"""
SHOWN = "() => [...document.querySelectorAll('.layer.front.shown')].map((layer) => layer.shadowRoot.textContent).join('')"
GONE = """(title) => new Promise((done) => { const look = () => {
  const shown = [...document.querySelectorAll('.layer.shown')].map((layer) => layer.shadowRoot.textContent).join('');
  if (!shown.includes(title)) done(Date.now()); else requestAnimationFrame(look); }; look(); })"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as office, chromium() as browser:
        board = office.board(1)
        page = wall(browser, board["url"])
        held, gone = [], []
        for number in range(RUNS):
            title = f"临时停水第{number}号"
            slide, revision = _submitted(office, title)
            before = page.evaluate(f"() => JSON.parse(localStorage.getItem('kiosk-held-{board['id']}')).ref.version")
            page.evaluate(f"(window.watched = ({HELD.replace('BOARD', str(board['id']))})({before}), 0)")
            start = time.time() * 1000
            _ask(office, "leader", f"revisions/{revision}/approve")
            held.append(page.evaluate("() => window.watched") - start)
            _until_shown(page, title)
            page.evaluate(f"(window.watched = ({GONE})({json.dumps(title)}), 0)")
            start = time.time() * 1000
            _ask(office, "editor", f"slides/{slide}/recall", {"reason": "量一量撤回要多久"})
            gone.append(page.evaluate("() => window.watched") - start)
        for name, times, most in (("approve → held", held, 300), ("recall → gone from the screen", gone, 150)):
            times.sort()
            print(f"{name:<34}median {statistics.median(times):6.0f} ms   worst {times[-1]:6.0f} ms   of {most} ms allowed, {RUNS} runs")


def _submitted(office: Office, title: str) -> tuple[int, int]:
    """A notice at the head of the moving list, before the leader."""
    data = {"lead": "今天下午停水。", "blocks": [], "strip": None, "side": None}
    made = _ask(office, "editor", "slides", {"kind": "notice", "title": title, "data": data})
    moving = next(each for each in _ask(office, "editor", "playlists", method="GET")["items"] if each["name"] == "动态公示")
    items = [{"slide": made["slide"]}, *({"slide": each["slide"]} for each in moving["items"])]
    _ask(office, "editor", f"playlists/{moving['id']}/items", {"items": items[:12]}, method="PUT")
    _ask(office, "editor", f"revisions/{made['revision']}/submit")
    time.sleep(1.5)  # drawn at submit: no leader reads that fast
    return made["slide"], made["revision"]


def _until_shown(page: Page, title: str) -> None:
    """Bring the page onto the wall: a board that starts begins with the first of the round."""
    page.reload()
    page.wait_for_function(f"() => ({SHOWN})().includes({json.dumps(title)})", timeout=30_000)
    page.wait_for_timeout(1200)  # let the cross-fade end


def _ask(office: Office, role: str, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
    headers = {"Authorization": f"Bearer {office.person(role)['token']}", "Content-Type": "application/json"}
    data = json.dumps(body or {}).encode() if method != "GET" else None
    request = urllib.request.Request(f"{office.url}/api/v1/{path}", method=method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


if __name__ == "__main__":
    main()

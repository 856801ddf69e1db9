"""What a board believes: with a wild clock nothing that has ended, after a damaged profile the right picture again, from a tampered line
nothing at all.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.support.office import CHROMIUM, LANDSCAPE, PLAYING, Office, playwright, shown, until

pytestmark = pytest.mark.journey
HEALS = 60_000  # ms
# The PC's clock is off by so many ms; its steady clock runs as ever.
OFF = """(() => { const real = Date, off = %s;
  globalThis.Date = class extends real {
    constructor(...given) { super(...given.length ? given : [real.now() + off]); }
    static now() { return real.now() + off; }
  };
})()"""
CLOCKS = {"1970": -1_796_000_000_000, "2099": 2_300_000_000_000, "a day fast": 86_400_000, "a day slow": -86_400_000}


@pytest.mark.parametrize("say", ["a day slow", "2099", *(pytest.param(say, marks=pytest.mark.trial) for say in ("1970", "a day fast"))])
def test_a_board_with_a_wild_clock_goes_by_the_servers_time_and_tells_how_wrong_it_is(office: Office, browser: Browser, say: str) -> None:
    told: list[Any] = []
    page = browser.new_context(viewport=LANDSCAPE, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()  # type: ignore[arg-type]
    page.add_init_script(OFF % CLOCKS[say])
    page.on("request", lambda asked: told.append(asked.post_data_json) if "/board/heartbeat" in asked.url else None)
    page.goto(office.board()["url"])
    page.wait_for_function(PLAYING, timeout=HEALS)
    until(lambda: any(each["skew_ms"] for each in told), 60, "the board does not tell how wrong its clock is")
    skew = next(each["skew_ms"] for each in reversed(told) if each["skew_ms"])
    assert abs(skew - CLOCKS[say]) < 30_000
    kept = page.evaluate("() => JSON.parse(localStorage.getItem('kiosk-clock-1'))")
    assert kept["good"] and abs(kept["at"] - page.evaluate("() => Date.now()") + CLOCKS[say]) < 90_000


def test_from_a_tampered_line_nothing_is_shown_and_the_board_says_why(office: Office, browser: Browser) -> None:
    page = browser.new_context(viewport=LANDSCAPE, locale="zh-CN", timezone_id="Asia/Shanghai", service_workers="block").new_page()  # type: ignore[arg-type]
    page.goto(office.board()["url"])
    page.wait_for_function(PLAYING, timeout=HEALS)
    version = page.evaluate("() => JSON.parse(localStorage.getItem('kiosk-held-1')).ref.version")
    alarm = {"id": 1, "drill": False, "headline": "假警报", "text": "请离开。", "phone": "", "sender": "",
             "from": "2020-01-01T00:00:00Z", "to": "2090-01-01T00:00:00Z"}
    changes: dict[str, tuple[dict[str, Any], str]] = {
        "an insert": ({"overrides": [alarm]}, "seal"), "a stop": ({"stopped": {"since": "2026-12-01T00:00:00Z"}}, "seal"),
        "unsigned": ({"seal": None, "version": version + 1}, "seal"), "another board's": ({"board": 2}, "seal"),
        "no algorithm": ({"alg": "none"}, "alg"), "no version": ({"version": None}, "answer")}
    for say, (change, cause) in changes.items():
        with tampered(page, change):
            page.evaluate("() => dispatchEvent(new Event('online'))")
            until(lambda cause=cause: page.evaluate("() => kiosk.look().cause") == cause, 60, f"{say} is not told")
            assert "假警报" not in page.locator("body").inner_text() and page.evaluate("() => kiosk.look().over") is None, say
            assert page.evaluate("() => JSON.parse(localStorage.getItem('kiosk-held-1')).ref.version") == version, say


@contextmanager
def tampered(page: Page, change: dict[str, Any]) -> Iterator[None]:
    """Somebody on the line changes what the server says."""
    def tell(route: Route) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name.lower() != "if-none-match"}
        answer = route.fetch(headers=headers)
        route.fulfill(json={name: value for name, value in {**answer.json(), **change}.items() if value is not None})

    page.route(lambda url: "/board/ref" in url, tell)
    yield
    page.unroute_all(behavior="wait")


# What a power cut leaves: which folders of the profile, and what became of their files.
PARTS = {"the cache of contents": "Service Worker/CacheStorage", "the worker's database": "Service Worker/Database",
         "the worker's scripts": "Service Worker/ScriptCache", "Local Storage": "Local Storage/leveldb"}
WAYS = {"zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
        "truncated": lambda path: path.write_bytes(path.read_bytes()[:path.stat().st_size // 2]), "deleted": lambda path: path.unlink()}
QUICK = {("the cache of contents", "truncated"), ("Local Storage", "deleted")}
CASES = [pytest.param(part, way, marks=() if (part, way) in QUICK else pytest.mark.trial) for part in PARTS for way in WAYS]


@pytest.fixture(scope="module")
def profile(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A browser's folder in which a board has played."""
    folder = tmp_path_factory.mktemp("profile") / "board"
    with opened(folder, office.board()["url"]) as page:
        page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_timeout(3000)  # what is written late is on the disk
    return folder


@pytest.mark.parametrize(("part", "way"), CASES)
def test_a_board_whose_profile_was_damaged_heals_itself_within_a_minute(office: Office, profile: Path, tmp_path: Path, part: str,
                                                                        way: str) -> None:
    folder = tmp_path / "board"
    shutil.copytree(profile, folder, symlinks=True, ignore=shutil.ignore_patterns("Singleton*"))
    files = [path for path in (folder / "Default" / PARTS[part]).rglob("*") if path.is_file()]
    assert files, f"nothing is kept in {part}"
    for path in files:
        WAYS[way](path)
    with opened(folder, f"{office.url}/board?b={office.board()['id']}") as page:
        assert "白鹭街道办事处" in shown(page)
        until(lambda: page.evaluate("() => kiosk.look().cause") == "", 60, "the board does not come by its contents again")
        kept = json.loads(page.evaluate("() => localStorage.getItem('kiosk-key-1') ?? '{}'"))
        assert kept["keys"], "the board lost whom it believes"


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Page]:
    """A browser with a folder of its own, at the board's page, playing."""
    with playwright() as started:
        context = started.chromium.launch_persistent_context(
            str(folder), executable_path=CHROMIUM, args=["--no-sandbox"], viewport=LANDSCAPE, locale="zh-CN",  # type: ignore[arg-type]
            timezone_id="Asia/Shanghai")
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(PLAYING, timeout=HEALS)
        yield page
        context.close()

"""Boards behind a relay: the errand through it, and the wall goes on whatever dies: the server, the line, the relay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.bench.override import asked
from tests.support.mirror import Mirror, mirrored
from tests.support.office import LANDSCAPE, PLAYING, Office, held, shown, staff, until, wall

pytestmark = pytest.mark.journey
HEARD = 60  # seconds on a machine that does much else; a quiet one takes one
OVERLAY = "() => document.querySelector('#wall > .overlay')?.innerText ?? ''"


@pytest.fixture(scope="module")
def mirror(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    with mirrored(office, tmp_path_factory.mktemp("relay"), [each["id"] for each in office.told["boards"]]) as running:
        yield running


def at_relay(browser: Browser, mirror: Mirror, at: int = 0) -> Page:
    page = wall(browser, mirror.board(at))
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    return page


def published(office: Office, title: str) -> dict[str, Any]:
    """A notice into the moving list, approved."""
    made = asked(office, "editor", "POST", "slides", {"kind": "notice", "title": title, "data": {
        "lead": "今天下午停水。", "blocks": [], "strip": None, "side": None}})
    moving = next(each for each in asked(office, "editor", "GET", "playlists")["items"] if each["name"] == "动态公示")
    items = [{"slide": made["slide"]}, *({"slide": each["slide"]} for each in moving["items"])]
    asked(office, "editor", "PUT", f"playlists/{moving['id']}/items", {"items": items[:12]})
    asked(office, "editor", "POST", f"revisions/{made['revision']}/submit", {})
    asked(office, "leader", "POST", f"revisions/{made['revision']}/approve", {})
    found: dict[str, Any] = made
    return found


def test_what_is_approved_is_held_by_a_board_behind_the_relay(office: Office, mirror: Mirror, browser: Browser) -> None:
    page, board = at_relay(browser, mirror), office.board()["id"]
    before, start = held(page, board), time.monotonic()
    published(office, "今天下午停水")
    until(lambda: held(page, board) > before, HEARD, "the board does not hold the new edition")
    print(f"approved → held behind a relay {time.monotonic() - start:.2f} s")


def test_an_insert_and_the_stop_reach_it_and_its_receipt_comes_back(office: Office, mirror: Mirror, browser: Browser) -> None:
    page = at_relay(browser, mirror)
    made = asked(office, "editor", "POST", "overrides", {"drill": True, "headline": "暴雨避险演练", "phone": "0825-2221234", "all": True,
                                                         "minutes": 5})["override"]
    asked(office, "leader", "POST", f"overrides/{made}/confirm")
    until(lambda: "暴雨避险演练" in page.evaluate("() => document.body.innerText + [...document.querySelectorAll('*')].map((each) => "
                                                  "each.shadowRoot?.textContent ?? '').join('')"), HEARD, "the insert does not come")
    until(lambda: office.board()["id"] in _receipts(office, made), HEARD * 2, "no receipt comes back")
    asked(office, "editor", "DELETE", f"overrides/{made}")
    leader = staff(browser, office, "leader")
    leader.goto(f"{office.url}/staff/stop")
    leader.locator("[data-dialog=stop]").click()
    start = time.monotonic()
    leader.locator("dialog button.danger").click()
    until(lambda: "公示屏暂停播放" in page.evaluate(OVERLAY), HEARD, "the board plays on")
    print(f"stopped → the safe page behind a relay {time.monotonic() - start:.2f} s")
    leader.goto(f"{office.url}/staff/stop")
    leader.locator("[data-dialog=lift]").click()
    leader.locator("dialog[open] button.filled").click()
    until(lambda: page.evaluate(OVERLAY) == "", HEARD, "the stop does not end")


def _receipts(office: Office, id: int) -> set[int]:
    """The boards that said that they show the insert."""
    return {each["board"] for each in asked(office, "editor", "GET", f"overrides/{id}")["changed"]}


def test_the_wall_goes_on_without_the_server_and_starts_again_from_the_relay(office: Office, mirror: Mirror, browser: Browser) -> None:
    page = at_relay(browser, mirror)
    office.kill()
    try:
        until(lambda: mirror.status()["cause"] == "cut", HEARD, "the relay does not say that its server is gone")
        page.reload()
        page.wait_for_function(PLAYING, timeout=HEARD * 1000)
        fresh = wall(browser, mirror.board(1))  # a browser that has nothing of its own
        until(lambda: "白鹭街道办事处" in shown(fresh), HEARD, "a new browser does not start from the relay")
        page.evaluate(f"fetch('/board/plays?b={office.board()['id']}', {{method: 'POST', headers: {{'Content-Type': 'application/json'}},"
                      "body: JSON.stringify({batch: 'while-away', plays: []})})")
        until(lambda: mirror.status()["spool"] >= 1, HEARD, "plays are not kept")
        mirror.kill()
        mirror.start()
        assert mirror.status()["spool"] >= 1, "plays are lost with the relay"
    finally:
        office.start("serve")
    until(lambda: mirror.status()["spool"] == 0 and not mirror.status()["cause"], HEARD * 2, "plays are not sent when the server is back")
    outage = mirror.status()["outage"]
    assert outage["cause"] in ("cut", "refused") and outage["until"] >= outage["since"]


def test_the_wall_goes_on_without_the_relay_and_hears_of_it_again(office: Office, mirror: Mirror, browser: Browser) -> None:
    page, board = at_relay(browser, mirror), office.board()["id"]
    mirror.kill()
    page.reload()
    page.wait_for_function(PLAYING, timeout=HEARD * 1000)
    before = held(page, board)
    published(office, "明天上午停电")
    assert shown(page).strip()
    mirror.start()
    until(lambda: held(page, board) > before, HEARD, "the board does not come back to its relay")


@pytest.mark.parametrize(("mode", "word"), [("401", "401"), ("out", "cut")])
def test_no_answer_of_the_server_takes_anything_from_the_wall(office: Office, mirror: Mirror, browser: Browser, mode: str, word: str
                                                               ) -> None:
    page = at_relay(browser, mirror)
    mirror.cable.turn(mode)
    try:
        until(lambda: mirror.status()["cause"] == word, HEARD * 2, f"the relay does not say {word}")
        page.reload()
        page.wait_for_function(PLAYING, timeout=HEARD * 1000)
        assert page.evaluate("async () => (await fetch('/board/ref?b=' + new URLSearchParams(location.search).get('b'))).headers"
                             ".get('kiosk-uplink')") == word
    finally:
        mirror.cable.turn("")
    until(lambda: not mirror.status()["cause"], HEARD * 2, "the relay does not come back")


def test_what_staff_ask_of_a_board_reaches_it_through_the_relay(office: Office, mirror: Mirror, browser: Browser) -> None:
    page = at_relay(browser, mirror)
    administrator = staff(browser, office, "administrator")
    administrator.goto(f"{office.url}/staff/boards/{office.board()['id']}")
    administrator.get_by_role("button", name="让屏幕亮出名字").click()
    expect(page.locator("#wall > .over").filter(has_text=office.board()["name"]).first).to_be_visible(timeout=HEARD * 1000)


def test_a_screen_at_the_relays_address_becomes_a_board_under_it(office: Office, mirror: Mirror, browser: Browser) -> None:
    screen = browser.new_context(viewport=LANDSCAPE).new_page()
    screen.goto(f"{mirror.url}/board")
    screen.wait_for_selector(".pairing .code b")
    code = "".join(screen.locator(".pairing .code b").all_inner_texts()).strip()
    administrator = staff(browser, office, "administrator")
    administrator.goto(f"{office.url}/staff/boards/new")
    administrator.locator("input[name=code]").fill(code)
    administrator.locator("input[name=name]").fill("东街二楼屏")
    administrator.get_by_role("button", name="登记").first.click()
    screen.wait_for_url(lambda url: "?b=" in url, timeout=HEARD * 1000)
    screen.wait_for_function(PLAYING, timeout=HEARD * 1000)
    administrator.goto(f"{office.url}/staff/relays/{mirror.id}")
    expect(administrator.get_by_label("东街二楼屏")).to_be_checked()


def test_a_relay_with_all_boards_is_light(mirror: Mirror) -> None:
    assert mirror.memory < 60 << 20, f"{mirror.memory >> 20} MB"

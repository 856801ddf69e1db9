"""A new screen is paired from its code; a board outlives its server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.office import LANDSCAPE, PLAYING, Office, shown, staff, until, wall

pytestmark = pytest.mark.journey


def test_a_new_screen_shows_a_code_and_plays_once_staff_have_typed_it(office: Office, browser: Browser) -> None:
    screen = browser.new_context(viewport=LANDSCAPE).new_page()
    screen.goto(f"{office.url}/board")
    screen.wait_for_selector(".pairing .code b")
    code = "".join(screen.locator(".pairing .code b").all_inner_texts()).strip()
    assert len(code) == 6
    administrator = staff(browser, office, "administrator")
    administrator.goto(f"{office.url}/staff/boards")
    administrator.get_by_role("link", name="登记新屏").first.click()
    administrator.locator("input[name=code]").fill(code.lower())
    administrator.locator("input[name=name]").fill("二楼候事区屏")
    administrator.get_by_role("button", name="登记").first.click()
    screen.wait_for_url(lambda url: "?b=" in url, timeout=20_000)
    board = int(screen.url.rsplit("=", 1)[1])
    expect(administrator.get_by_text("二楼候事区屏").first).to_be_visible()

    def online() -> bool:
        administrator.goto(f"{office.url}/staff/boards/{board}")
        return administrator.get_by_text("在线", exact=False).count() > 0

    until(online, 10, "staff do not see the new board on line")


def test_a_code_that_no_screen_shows_says_what_to_look_at(office: Office, browser: Browser) -> None:
    administrator = staff(browser, office, "administrator")
    administrator.goto(f"{office.url}/staff/boards")
    administrator.get_by_role("link", name="登记新屏").first.click()
    administrator.locator("input[name=code]").fill("ZZZZZZ")
    administrator.locator("input[name=name]").fill("没有的屏")
    administrator.get_by_role("button", name="登记").first.click()
    expect(administrator.get_by_text("没有找到这个代码。").first).to_be_visible()


def test_a_board_goes_on_through_a_dead_server_and_starts_again_without_it(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    board.wait_for_function("() => navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready.then(() => true)")
    office.kill()
    try:
        board.wait_for_timeout(1500)
        assert shown(board).strip(), "the wall went dark with the server"
        board.reload()
        board.wait_for_function(PLAYING, timeout=15_000)
        until(lambda: "白鹭街道办事处" in shown(board), 10, "the board does not start without its server")
    finally:
        office.start("serve")
    version = board.evaluate("() => JSON.parse(localStorage.getItem('kiosk-held-1')).ref.version")
    assert version > 0


def test_a_board_with_nothing_to_show_is_a_large_clock_and_not_a_line_of_text(office: Office, browser: Browser) -> None:
    page = browser.new_page(viewport=LANDSCAPE)
    page.goto(f"{office.url}/board?b=99")
    page.wait_for_selector(".layer.front .builtin .clock")
    clock = page.locator(".builtin .clock")
    until(lambda: clock.count() == 1, 5, "two clocks stand on the wall")
    assert clock.bounding_box()["height"] > LANDSCAPE["height"] / 4
    middle = clock.bounding_box()["x"] + clock.bounding_box()["width"] / 2
    assert abs(middle - LANDSCAPE["width"] / 2) < 5, "the clock does not stand in the middle"


def test_on_the_wall_every_line_stands_where_it_was_reckoned(office: Office, browser: Browser) -> None:
    """The wall's own style must not reach into a page: a title once slid under the head although the page by itself was right."""
    strayed = """() => [...document.querySelectorAll('.layer.front.shown')].flatMap((layer) => {
        const content = layer.shadowRoot.querySelector('.content').getBoundingClientRect();
        return [...layer.shadowRoot.querySelectorAll('.content .line')].filter((line) => {
            const box = line.getBoundingClientRect();
            return box.top < content.top || box.bottom > content.bottom || box.left < content.left || box.right > content.right;
        }).map((line) => line.textContent); })"""
    for board, size in ((office.board(0), LANDSCAPE), (office.board(2), {"width": 1080, "height": 1920})):
        page = wall(browser, board["url"], size)
        assert page.evaluate("() => document.querySelectorAll('.layer.front.shown').length") == 1
        assert page.locator(".layer.front.shown .content .line").count() > 3
        assert page.evaluate(strayed) == []

"""An urgent insert as people meet it: written beside its picture, confirmed by a second person, on every board, over when they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_accessible import violations
from tests.support import office as support
from tests.support.office import PHONE, Office

pytestmark = pytest.mark.journey
HEADLINE, WORDS = "停水到下午六点", "请先接好水备用。急用可到社区服务中心取水。"
SLOW = 60_000


@pytest.fixture
def walls(browser: Browser, office: Office) -> Iterator[list[Page]]:
    yield [support.wall(browser, board["url"]) for board in office.told["boards"][:2]]


def alert(wall: Page) -> str:
    """The words of an insert on the wall, if one stands there."""
    told: str = wall.evaluate("""() => [...document.querySelectorAll('.overlay:not(.coming)')]
        .map((each) => (each.shadowRoot ?? each).querySelector('.alert')?.textContent ?? '').join('')""")
    return told


def drawn(page: Page) -> str:
    """What the picture of the wall beside the form says."""
    told: str = page.evaluate("() => document.querySelector('[data-live]').shadowRoot.textContent")
    return told


def until(page: Page, true: str, argument: object = None) -> None:
    page.wait_for_function(true, arg=argument, timeout=SLOW)


def written(page: Page, office: Office, kind: str) -> None:
    page.goto(f"{office.url}/staff/overrides")
    page.get_by_text(kind, exact=True).first.click()
    page.get_by_label("出了什么事").fill(HEADLINE)
    page.get_by_label("请居民怎么做").fill(WORDS)


def test_what_is_typed_is_seen_as_the_board_draws_it_and_two_people_bring_it_up_and_down(
        browser: Browser, office: Office, walls: list[Page]) -> None:
    clerk = support.staff(browser, office, "administrator")
    written(clerk, office, "真实情况")
    until(clerk, "(words) => document.querySelector('[data-live]').shadowRoot.textContent.includes(words)", HEADLINE)
    assert "紧急通知" in drawn(clerk) and "演练" not in drawn(clerk)
    assert violations(clerk) == []
    clerk.get_by_role("button", name="请另一个人确认").click()
    clerk.wait_for_url("**/staff/overrides/*")
    assert [alert(wall) for wall in walls] == ["", ""], "one person alone brings nothing up"

    leader = support.staff(browser, office, "leader", size=PHONE)
    leader.get_by_role("link", name="去确认").first.click()
    expect(leader.get_by_text("这是真实情况，不是演练。")).to_be_visible()
    assert leader.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "the confirming page is wider than a phone"
    leader.get_by_role("button", name="确认上屏").click()
    for wall in walls:
        until(wall, """(words) => [...document.querySelectorAll('.overlay:not(.coming)')].some((each) =>
            (each.shadowRoot ?? each).textContent.replaceAll(/\\s/g, '').includes(words))""", HEADLINE)
    expect(clerk.locator("main h1").first).to_contain_text("已换上", timeout=SLOW)  # by itself: nobody touched this page

    clerk.locator(".alarms").get_by_role("button", name="现在就结束").first.click()
    for wall in walls:
        until(wall, "() => !document.querySelector('.overlay:not(.coming)')")
        until(wall, support.PLAYING)


def test_a_drill_says_on_the_wall_that_it_is_none(browser: Browser, office: Office, walls: list[Page]) -> None:
    clerk = support.staff(browser, office, "administrator")
    written(clerk, office, "演练")
    until(clerk, "() => document.querySelector('[data-live]').shadowRoot.textContent.includes('不是真的')")
    assert WORDS[:5] not in drawn(clerk), "what people should do in earnest does not stand on a drill"
    clerk.get_by_role("button", name="请另一个人确认").click()
    leader = support.staff(browser, office, "leader")
    leader.get_by_role("link", name="去确认").first.click()
    leader.get_by_role("button", name="确认上屏").click()
    for wall in walls:
        until(wall, "() => document.querySelector('.overlay:not(.coming)')?.textContent.includes('不是真的')")


def test_a_sentence_that_is_too_long_says_by_how_much_while_it_is_typed(browser: Browser, office: Office) -> None:
    clerk = support.staff(browser, office, "administrator", size=PHONE)
    written(clerk, office, "真实情况")
    field = clerk.locator(".field", has=clerk.get_by_label("出了什么事"))
    expect(field.locator("[data-count]")).to_have_text("还能写 5 个")
    clerk.get_by_label("出了什么事").fill(HEADLINE * 2)
    expect(field.locator("[data-count]")).to_have_text("多了 2 个")
    assert clerk.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a phone"

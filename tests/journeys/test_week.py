"""The week of what plays when, in a real browser: by keyboard alone, by mouse, and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_accessible import violations
from tests.support import office as support
from tests.support.office import Office

pytestmark = pytest.mark.journey


@pytest.fixture
def clerk(browser: Browser, office: Office) -> Page:
    return support.staff(browser, office, "editor")


def block(page: Page, name: str, day: str = "") -> str:
    """The selector of a list's block, on one day."""
    return f'[data-block][data-name="{name}"]' + (f'[data-day="{day}"]' if day else "")


def test_a_block_is_added_moved_resized_and_removed_by_keyboard_alone(clerk: Page, office: Office) -> None:
    clerk.goto(f"{office.url}/staff/schedule?week=2026-12-28&at=2026-12-30T15:00")
    clerk.locator("#cursor").focus()
    clerk.keyboard.press("ArrowDown")
    expect(clerk.locator("#live")).to_contain_text("15:30")
    expect(clerk.locator("#moment [name=time]")).to_have_value("15:30")
    clerk.keyboard.press("Shift+Enter")
    clerk.wait_for_url("**/schedule/new?**")
    clerk.locator("#playlist").focus()
    for _ in range(7):
        clerk.keyboard.press("ArrowDown")
    expect(clerk.locator("#meaning")).to_contain_text("12月30日 15:30—16:30，办事大厅主屏只播“计生服务”")
    clerk.locator("button[form=plan]").focus()
    clerk.keyboard.press("Enter")
    mine = block(clerk, "计生服务", "2026-12-30")
    clerk.wait_for_selector(mine)
    expect(clerk.locator(mine)).to_be_focused()
    clerk.keyboard.press("Shift+ArrowUp")
    clerk.keyboard.press("Alt+ArrowDown")
    expect(clerk.locator("#live")).to_contain_text("15:15—16:30")
    clerk.keyboard.press("Escape")
    expect(clerk.locator("#live")).to_contain_text("回到原处")
    assert clerk.get_attribute(mine, "data-start") == "930"
    clerk.keyboard.press("Shift+ArrowUp")
    clerk.keyboard.press("Alt+ArrowDown")
    clerk.keyboard.press("Enter")
    clerk.wait_for_selector(f'{mine}[data-start="915"][data-end="990"]')
    expect(clerk.locator(mine)).to_be_focused()
    clerk.keyboard.press("Enter")
    clerk.wait_for_url(re.compile(r"/schedule/\d+\?"))
    clerk.locator("[data-dialog=remove]").focus()
    clerk.keyboard.press("Enter")
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Enter")
    clerk.wait_for_url(re.compile(r"/staff/schedule\?"))
    clerk.goto(f"{office.url}/staff/schedule?at=2026-12-30T15:00")
    assert clerk.locator(mine).count() == 0


def test_a_drag_asks_whether_all_days_are_meant_and_changes_the_one(clerk: Page, office: Office) -> None:
    clerk.goto(f"{office.url}/staff/schedule?at=2026-12-30T10:00")
    mine = clerk.locator(f'{block(clerk, "窗口服务", "2026-12-30")}[data-part="0"]')
    mine.scroll_into_view_if_needed()
    box = mine.bounding_box()
    assert box is not None
    clerk.mouse.move(box["x"] + 40, box["y"] + 70)
    clerk.mouse.down()
    clerk.mouse.move(box["x"] + 40, box["y"] + 90, steps=4)
    clerk.mouse.move(box["x"] + 40, box["y"] + 70 + 24, steps=4)
    clerk.mouse.up()
    dialog = clerk.locator("#moving")
    expect(dialog).to_contain_text("“窗口服务”从 09:00—12:00 改到 09:30—12:30")
    expect(dialog.get_by_role("button", name="每个工作日都改")).to_be_visible()
    assert violations(clerk) == []
    dialog.get_by_role("button", name="只改这一天").click()
    moved = clerk.locator(f'{block(clerk, "窗口服务", "2026-12-30")}[data-start="570"][data-end="750"]')
    expect(moved).to_be_visible()
    expect(clerk.locator(f'{block(clerk, "窗口服务", "2026-12-31")}[data-start="540"]')).to_be_visible()
    box = moved.bounding_box()
    assert box is not None
    clerk.mouse.move(box["x"] + 40, box["y"] + box["height"] - 3)
    clerk.mouse.down()
    clerk.mouse.move(box["x"] + 40, box["y"] + box["height"] - 3 - 24, steps=4)
    clerk.mouse.up()
    expect(clerk.locator(f'{block(clerk, "窗口服务", "2026-12-30")}[data-start="570"][data-end="720"]')).to_be_visible()


def test_on_a_phone_a_day_is_a_list_whose_buttons_move(browser: Browser, office: Office) -> None:
    page = support.staff(browser, office, "editor", size=support.PHONE)
    page.goto(f"{office.url}/staff/schedule?at=2026-12-29T10:00")
    assert page.evaluate("document.documentElement.scrollWidth") == support.PHONE["width"]
    assert not page.locator("#week").is_visible()
    assert violations(page) == []
    row = page.locator(".day-list li", has_text="午间政策解读")
    row.get_by_role("button", name="晚 15 分").click()
    expect(page.get_by_role("heading", name="都改，还是只改这一天？")).to_be_visible()
    page.get_by_role("button", name="只改这一天").click()
    expect(page.locator(".day-list li", has_text="午间政策解读")).to_contain_text("12:15—13:45")
    page.get_by_role("link", name="后一天").click()
    expect(page.locator(".day-list li", has_text="午间政策解读")).to_contain_text("12:00—13:30")


@pytest.mark.parametrize("path", ["/staff/schedule", "/staff/schedule/new", "/staff/schedule/dayparts", "/staff/playlists/1"])
def test_the_pages_are_accessible(clerk: Page, office: Office, path: str) -> None:
    clerk.goto(office.url + path)
    assert violations(clerk) == []

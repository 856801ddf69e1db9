"""A finance topic that nobody has renewed: as its owner finds it after the log-in, and as the leader finds it among all units."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.base.workdays import Calendar, months_after
from tests.support.office import PHONE, STAFF, Office, staff

pytestmark = pytest.mark.journey
TOPIC = "财政收支（每季）"


@pytest.fixture(scope="module")
def behind(office: Office) -> str:
    """The quarter before the last one that ended was never disclosed, and nobody has looked over who does what for a year; the badge."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    this_quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    owed, covered = (months_after(this_quarter, -3) - timedelta(days=1), months_after(this_quarter, -6) - timedelta(days=1))
    office.kill()
    with sqlite3.connect(office.data / "kiosk.db") as rows:  # no deed of anybody's makes a year pass
        rows.execute("UPDATE disclosure SET disclosed_on = ?, period_end = ?, changed_on = NULL "
                     "WHERE topic_id = (SELECT id FROM topic WHERE code = 'S014')", (covered + timedelta(days=12), covered))
        rows.execute("UPDATE disclosure SET disclosed_on = ?, changed_on = NULL "
                     "WHERE topic_id = (SELECT id FROM topic WHERE code = 'S003')", (today - timedelta(days=400),))
    rows.close()
    office.start("serve")
    due = months_after(owed.replace(day=1), 1).replace(day=15)
    return f"逾期 {Calendar().between(due, today)} 个工作日"


def test_its_owner_finds_it_first_thing_after_the_log_in(office: Office, browser: Browser, behind: str) -> None:
    for size in (STAFF, PHONE):
        clerk = staff(browser, office, "editor", "综合办", size=size)
        expect(clerk).to_have_url(f"{office.url}/staff/today")
        row = clerk.locator(".rows > li", has_text=TOPIC)
        expect(row.get_by_text(behind)).to_be_visible()
        stays_in_its_width(clerk)
        row.get_by_role("link", name="照上季度再发").click()
        expect(clerk.get_by_text("从 Excel 读入", exact=True)).to_be_visible()
        assert "kind=finance" in clerk.url and "again=" in clerk.url


@pytest.mark.parametrize("size", [PHONE, STAFF], ids=["phone", "desk"])
def test_the_leader_finds_it_among_all_units_and_opens_the_unit(office: Office, browser: Browser, behind: str,
                                                                size: dict[str, int]) -> None:
    leader = staff(browser, office, "leader", size=size)
    expect(leader).to_have_url(f"{office.url}/staff/review")
    leader.get_by_role("link", name="公开目录").click()
    leader.get_by_role("link", name="各单位一页看").click()
    row = leader.locator(".units tr.behind", has_text="财政所")
    expect(row.get_by_text(behind)).to_be_visible()
    expect(row.get_by_text(TOPIC)).to_be_visible()
    expect(leader.locator(".lead")).to_contain_text("财政所")
    stays_in_its_width(leader)
    row.get_by_role("link", name="看欠账").click()
    card = leader.locator(".arrear", has_text=TOPIC)
    expect(card.get_by_text(behind)).to_be_visible()
    expect(card.get_by_text("依据：")).to_be_visible()
    expect(card.locator(".button.filled")).to_have_count(0)
    stays_in_its_width(leader)


def test_a_units_arrears_are_two_presses_away(office: Office, browser: Browser, behind: str) -> None:
    inspector = staff(browser, office, "inspector")
    inspector.get_by_role("link", name="公开目录").click()
    inspector.locator(".duties tr", has_text=TOPIC).get_by_role("link", name="财政所").click()
    expect(inspector.get_by_role("heading", level=1)).to_contain_text("财政所")
    expect(inspector.locator(".arrear", has_text=TOPIC).get_by_text(behind)).to_be_visible()


def test_nothing_has_changed_is_one_press_and_the_toast_takes_it_back(office: Office, browser: Browser, behind: str) -> None:
    clerk = staff(browser, office, "editor", "综合办")
    row = clerk.locator(".rows > li", has_text="部门工作人员分管工作")
    row.get_by_role("button", name="无变更").click()
    toast = clerk.locator(".toast", has_text="没有变更。屏上会写“")
    expect(toast).to_be_visible()
    expect(row).to_have_count(0)
    toast.get_by_role("button", name="撤销").click()
    expect(clerk.locator(".toast", has_text="撤销了")).to_be_visible()
    clerk.goto(f"{office.url}/staff/today")
    expect(row).to_have_count(1)


def test_a_units_page_prints_on_paper_with_its_foot(office: Office, browser: Browser, behind: str) -> None:
    clerk = staff(browser, office, "editor", "综合办")
    clerk.goto(f"{office.url}/staff/duty/units")
    clerk.get_by_role("link", name="财政所").first.click()
    expect(clerk.get_by_role("button", name="打印本页")).to_be_visible()
    clerk.emulate_media(media="print")
    expect(clerk.locator(".printed")).to_be_visible()
    expect(clerk.locator(".printed")).to_contain_text("白鹭街道办事处")
    for gone in (".nav", ".ways-out", ".actions"):
        expect(clerk.locator(gone).first).to_be_hidden()
    assert len(clerk.pdf(prefer_css_page_size=True)) > 10_000


def stays_in_its_width(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

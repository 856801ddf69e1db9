"""公示: written in the browser, agreed to by the leader, on its community's board and on no other, gone at its end without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.signage.schedule import programme_of
from tests.support.office import Office, edition_of, held, staff, until, wall

pytestmark = pytest.mark.journey
TITLE = "东街社区低保初审公示"
BEIJING = timedelta(hours=8)
FIELDS = {"f.matter": "下列家庭拟纳入最低生活保障，现予公示。", "f.days": "7", "f.phone": "0825-2300001", "f.place": "社会事务办3号窗口",
          "f.hours": "工作日8:30-17:30", "f.answers": "社会事务办", "f.households.0.name": "张秀兰", "f.households.0.people": "2",
          "f.households.0.amount": "1080", "f.households.0.community": "东街社区"}


def items(board: Page, number: int) -> list[dict]:
    return [item for item in edition_of(board, number)["items"] if item["title"] == TITLE]


def test_from_the_form_to_the_communitys_board_and_down_by_itself(office: Office, browser: Browser) -> None:
    clerk, leader = staff(browser, office, "editor", "综合办"), staff(browser, office, "leader")
    hall, east = (wall(browser, office.board(at)["url"]) for at in (0, 1))
    clerk.goto(f"{office.url}/staff/content/new?kind=objection")
    clerk.get_by_label("标题").fill(TITLE)
    for name, text in FIELDS.items():
        clerk.locator(f'[name="{name}"]').fill(text)
    clerk.get_by_label("低保政策").check()
    clerk.get_by_role("button", name="报审").click()
    expect(clerk.get_by_text("不是社区。救助公示只在申请人所在的社区挂").first).to_be_visible()  # the office itself: refused, nothing lost
    expect(clerk.locator('[name="f.households.0.name"]')).to_have_value("张秀兰")
    clerk.get_by_label("全街道").uncheck()
    clerk.get_by_label("东街社区", exact=True).check()
    clerk.get_by_role("button", name="报审").click()
    expect(clerk.get_by_text("已报审。")).to_be_visible()

    before, hall_before = held(east, 2), held(hall, 1)
    leader.goto(f"{office.url}/staff/review")
    leader.get_by_role("link", name=TITLE, exact=True).click()
    leader.get_by_role("button", name="批准上屏").click()
    expect(leader.get_by_text("已批准上屏")).to_be_visible()
    until(lambda: held(east, 2) > before and items(east, 2), 20, "the community's board does not hold the notice")
    assert held(hall, 1) == hall_before or not items(hall, 1)

    hung = {item["item"] for item in items(east, 2)}
    windows = [window for window in edition_of(east, 2)["windows"] if hung & set(window["items"])]
    today = (datetime.now(UTC) + BEIJING).date()
    end = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=8) - BEIJING
    assert len(windows) == 8
    assert max(window["to"] for window in windows) == f"{end:%Y-%m-%dT%H:%M:%SZ}"

    clerk.goto(f"{office.url}/staff/objections")
    expect(clerk.get_by_text("次日起算，共 7 天")).to_be_visible()

    east.context.set_offline(True)  # from here on the board is alone with what it holds and its clock
    for moment, words in ((end - timedelta(days=4, seconds=1), "公示第3天"), (end - timedelta(days=4), "公示第4天"),
                          (end - timedelta(seconds=1), "公示第7天")):
        assert words in said(east, moment)
    assert said(east, end) == ""


def said(board: Page, at: datetime) -> str:
    """The words of the notice's pages that play at that moment, out of the board's own store; "" if none of it plays."""
    manifest = edition_of(board, 2)
    playing = programme_of(manifest, at).items
    names = [item["html"] for item in items(board, 2) if item["item"] in playing]
    text: str = board.evaluate("""async (names) => {
        const cache = await caches.open('kiosk-objects');
        const pages = await Promise.all(names.map(async (name) => (await cache.match('/objects/' + name)).text()));
        return pages.map((page) => page.replace(/<[^>]*>|\\s/g, '')).join('');
    }""", names)
    return text

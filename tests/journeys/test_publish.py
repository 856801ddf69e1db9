"""The errand: a clerk writes, a leader approves, the hall's board shows it; what is returned, edited or recalled does not hang."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.office import PHONE, STAFF, Office, edition_of, held, shown, staff, title_on, until, wall

pytestmark = pytest.mark.journey


def write(clerk: Page, office: Office, title: str, body: str) -> None:
    """A notice into the moving list, submitted."""
    clerk.goto(f"{office.url}/staff/content/new")
    clerk.get_by_label("标题").fill(title)
    clerk.get_by_label("正文").fill(body)
    clerk.get_by_label("动态公示").check()
    clerk.get_by_role("button", name="报审").click()
    expect(clerk.get_by_text("已报审。分管领导马上能看到。")).to_be_visible()


def approve(leader: Page, office: Office, title: str) -> None:
    leader.goto(f"{office.url}/staff/review")
    leader.get_by_role("link", name=title, exact=True).click()
    leader.get_by_role("button", name="批准上屏").click()
    expect(leader.get_by_text(f"“{title}”已批准上屏。")).to_be_visible()


def test_a_notice_that_two_people_stood_behind_is_held_by_the_board_a_second_later(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    clerk, leader = staff(browser, office, "editor", "综合办"), staff(browser, office, "leader")
    write(clerk, office, "周六上午清洗水箱", "1. 12月5日9:00到11:00停水。\n2. 请提前接水。")
    before = held(board, 1)
    approve(leader, office, "周六上午清洗水箱")
    until(lambda: held(board, 1) > before, 3, "the board does not hold the new edition")
    assert "周六上午清洗水箱" in {item["title"] for item in edition_of(board, 1)["items"]}


def test_the_round_goes_on_and_the_wall_is_never_empty(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    first = title_on(board)
    texts = board.evaluate("""async () => {
        const seen = [];
        const until = performance.now() + 45_000;
        while (performance.now() < until) {
            await new Promise(requestAnimationFrame);
            const layers = [...document.querySelectorAll('.layer.shown')];
            const heads = layers.map((layer) => layer.shadowRoot.querySelector('h1, .picture, video'));
            seen.push(heads.some(Boolean));
            if (heads.length === 1 && heads[0]?.textContent !== FIRST) break;
        }
        return seen;
    }""".replace("FIRST", json.dumps(first)))
    assert all(texts), "there was a frame without a page"
    assert title_on(board) != first, "the round does not go on"


def test_a_returned_notice_never_hangs_and_its_author_reads_why(office: Office, browser: Browser) -> None:
    clerk, leader = staff(browser, office, "editor", "综合办"), staff(browser, office, "leader")
    write(clerk, office, "广场舞比赛报名", "报名到年底。")
    leader.goto(f"{office.url}/staff/review")
    leader.get_by_role("link", name="广场舞比赛报名", exact=True).click()
    leader.get_by_text("退回，写原因").click()
    leader.get_by_label("退回原因").fill("请写明报名的地点和电话。")
    leader.get_by_role("button", name="退回修改").click()
    expect(leader.get_by_text("“广场舞比赛报名”已退回")).to_be_visible()
    clerk.goto(f"{office.url}/staff/today")
    expect(clerk.get_by_text("请写明报名的地点和电话。")).to_be_visible()
    clerk.locator("li", has_text="广场舞比赛报名").get_by_role("link", name="改好再报").click()
    clerk.get_by_label("正文").fill("到社区一楼报名，电话 0825-×××××××。")
    clerk.get_by_role("button", name="报审").click()
    expect(clerk.get_by_text("已报审。")).to_be_visible()


def test_an_author_is_not_offered_their_own_work_and_a_leader_on_the_phone_approves_in_a_batch(office: Office, browser: Browser) -> None:
    clerk = staff(browser, office, "editor", "民政办")
    assert clerk.goto(f"{office.url}/staff/review").status == 403
    leader = staff(browser, office, "leader", size=PHONE)
    leader.goto(f"{office.url}/staff/review")
    leader.get_by_role("link", name=re.compile("看这 .* 件")).click()
    agreed = 0
    while leader.get_by_role("button", name="同意", exact=True).count():
        leader.get_by_role("button", name="同意", exact=True).click()
        agreed += 1
    leader.get_by_role("button", name=f"批准 {agreed} 件").click()
    expect(leader.get_by_text(f"{agreed} 件已批准上屏。")).to_be_visible()
    expect(leader.get_by_text("都审完了").first).to_be_visible()


def test_a_recalled_notice_leaves_the_screen_at_once_and_cannot_be_fetched_any_more(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    title = title_on(board)
    item = next(each for each in edition_of(board, 1)["items"] if each["title"] == title)
    clerk = staff(browser, office, "editor", "综合办")
    clerk.goto(f"{office.url}/staff/content/{item['slide']}")
    clerk.get_by_role("link", name="撤回", exact=True).click()
    clerk.get_by_label("为什么撤回").fill("时间写错了。")
    clerk.get_by_role("button", name=re.compile("撤回 .* 块屏")).click()
    until(lambda: title not in shown(board), 3, "the recalled page is still on the wall")
    until(lambda: clerk.request.get(f"{office.url}/objects/{item['html']}").status == 410, 3, "its object can still be fetched")
    expect(clerk.get_by_text("已撤回").first).to_be_visible()


def test_without_a_script_a_notice_can_still_be_recalled(office: Office, browser: Browser) -> None:
    clerk = staff(browser, office, "editor", "综合办")
    clerk.goto(f"{office.url}/staff/content?state=approved")
    address = clerk.get_by_role("link", name="看每块屏").first.get_attribute("href")
    assert address is not None
    plain = browser.new_context(viewport=STAFF, storage_state=clerk.context.storage_state(), java_script_enabled=False).new_page()
    plain.goto(office.url + address.removesuffix("/receipts"))
    plain.get_by_role("link", name="撤回", exact=True).click()
    plain.get_by_label("为什么撤回").fill("内容过时了。")
    plain.get_by_role("button", name=re.compile("撤回 .* 块屏")).click()
    expect(plain.get_by_text("已撤回").first).to_be_visible()


def test_at_twice_the_size_no_list_runs_off_the_page_and_its_last_column_stays(office: Office, browser: Browser) -> None:
    clerk = staff(browser, office, "editor", "综合办", size={"width": 683, "height": 384})
    for path, link in (("content", "打开"), ("boards", "看详情|怎么办"), ("playlists/1", None)):
        clerk.goto(f"{office.url}/staff/{path}")
        assert clerk.evaluate("document.documentElement.scrollWidth") <= 683
        if link:
            deed = clerk.locator("td.last a", has_text=re.compile(link)).first.bounding_box()
            card = clerk.locator(".scrolling").bounding_box()
            assert deed and card and deed["x"] + deed["width"] <= card["x"] + card["width"], "the last column is out of sight"

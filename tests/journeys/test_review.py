"""The chain as three people walk it: who writes, who checks, who decides on the phone; ten at once, a return, an emergency."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.office import PHONE, Office, edition_of, held, staff, until, wall

pytestmark = pytest.mark.journey
CAREFUL = "低保和救助政策、标准、投诉电话"


def write(clerk: Page, office: Office, title: str, *, topic: str = "") -> None:
    """A notice into the moving list, under a topic whose checks come first."""
    clerk.goto(f"{office.url}/staff/content/new")
    clerk.get_by_label("标题").fill(title)
    clerk.get_by_label("正文").fill("本月起每人每月 745 元。\n请带身份证到一楼办理。")
    clerk.get_by_label("动态公示").check()
    if topic:  # the office writes for its section: whose head checks it
        clerk.get_by_label("责任单位").select_option(label="社会事务办公室")
        clerk.get_by_label("公开目录里的哪一项").select_option(label=next(
            each for each in clerk.get_by_label("公开目录里的哪一项").locator("option").all_inner_texts() if topic in each))
    clerk.get_by_role("button", name="报审").click()
    expect(clerk.get_by_text("已报审。")).to_be_visible()


def opened(person: Page, office: Office, title: str) -> None:
    person.goto(f"{office.url}/staff/review")
    person.get_by_role("link", name=title, exact=True).click()
    expect(person.get_by_role("heading", name=title, exact=True)).to_be_visible()


def tick(head: Page) -> None:
    for box in head.locator("input[name=tick]").all():
        box.check()


def hangs(board: Page, title: str) -> bool:
    return title in {item["title"] for item in edition_of(board, 1)["items"]}


def test_a_clerk_writes_the_head_checks_the_leader_approves_on_the_phone_and_the_board_shows_it(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    clerk, head = staff(browser, office, "editor", "综合办"), staff(browser, office, "section head")
    leader = staff(browser, office, "leader", size=PHONE)
    write(clerk, office, "低保标准提高了", topic=CAREFUL)
    leader.goto(f"{office.url}/staff/review")
    expect(leader.get_by_role("link", name="低保标准提高了", exact=True)).to_have_count(0)
    opened(head, office, "低保标准提高了")
    tick(head)
    before = held(board, 1)
    head.get_by_role("button", name="核对完，送下一步").click()
    expect(head.get_by_text("已送分管领导").first).to_be_visible()
    opened(leader, office, "低保标准提高了")
    expect(leader.get_by_text("科室核对做过了")).to_be_visible()
    assert leader.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not hangs(board, "低保标准提高了")
    leader.get_by_role("button", name="批准上屏").click()
    expect(leader.get_by_text("“低保标准提高了”已批准上屏。")).to_be_visible()
    until(lambda: held(board, 1) > before and hangs(board, "低保标准提高了"), 5, "the board does not hold what was approved")


def test_what_the_head_returns_reaches_its_author_with_the_reason(office: Office, browser: Browser) -> None:
    clerk, head = staff(browser, office, "editor", "综合办"), staff(browser, office, "section head", size=PHONE)
    write(clerk, office, "临时救助怎么申请", topic=CAREFUL)
    opened(head, office, "临时救助怎么申请")
    head.get_by_text("退回，写原因").click()
    head.get_by_label("退回原因").fill("请写明投诉电话。")
    head.get_by_role("button", name="退回修改").click()
    expect(head.get_by_text("已退回，原因告诉经办人了").first).to_be_visible()
    clerk.goto(f"{office.url}/staff/content?state=returned")
    clerk.get_by_role("link", name="临时救助怎么申请").first.click()
    expect(clerk.get_by_text("请写明投诉电话。").first).to_be_visible()


def test_in_an_emergency_two_people_put_it_up_and_the_check_follows(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    clerk, head = staff(browser, office, "editor", "综合办"), staff(browser, office, "section head")
    leader = staff(browser, office, "leader", size=PHONE)
    write(clerk, office, "今晚避险安置点", topic=CAREFUL)
    opened(head, office, "今晚避险安置点")
    head.get_by_text("紧急上屏，要两个人").click()
    head.get_by_label("为什么来不及").fill("暴雨红色预警，今晚要转移。")
    head.get_by_role("button", name="请另一个人确认").click()
    expect(head.get_by_text("在等另一个人确认").first).to_be_visible()
    leader.goto(f"{office.url}/staff/review")
    expect(leader.get_by_text("等您确认的紧急件")).to_be_visible()
    leader.get_by_role("link", name="今晚避险安置点", exact=True).click()
    leader.get_by_role("button", name="确认上屏").click()
    expect(leader.get_by_text("“今晚避险安置点”已批准上屏。")).to_be_visible()
    until(lambda: hangs(board, "今晚避险安置点"), 5, "the board does not hold what two people put up")
    clerk.goto(f"{office.url}/staff/content?state=approved")
    clerk.get_by_role("link", name="今晚避险安置点").first.click()
    expect(clerk.get_by_text(re.compile("紧急上屏的，.*补齐")).first).to_be_visible()
    opened(head, office, "今晚避险安置点")
    tick(head)
    head.get_by_role("button", name="核对完，补上").click()
    expect(head.get_by_text("的核对补齐了").first).to_be_visible()


def test_ten_safe_ones_take_at_most_twelve_taps_on_the_phone(office: Office, browser: Browser) -> None:
    clerk, leader = staff(browser, office, "editor", "综合办"), staff(browser, office, "leader", size=PHONE)
    for at in range(10):
        write(clerk, office, f"便民提示第 {at + 1} 件")
    leader.goto(f"{office.url}/staff/review")
    taps = 1
    leader.get_by_role("link", name=re.compile("看这 .* 件")).click()
    mine, either = 0, leader.get_by_role("button", name=re.compile("^(同意|批准 .* 件)$")).first
    while either.inner_text() == "同意":  # waits for the page that comes
        own = "便民提示第" in leader.locator(".lead").inner_text()
        leader.get_by_role("button", name="同意" if own else "先不批", exact=True).click()
        taps, mine = taps + own, mine + own
    leader.get_by_role("button", name="批准 10 件").click()
    expect(leader.get_by_text("10 件已批准上屏。")).to_be_visible()
    assert (mine, taps + 1) == (10, 12)

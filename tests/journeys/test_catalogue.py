"""The catalogue goes out as a workbook, is edited there, and comes in again: what would change is seen before it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.office import PHONE, Office, staff

pytestmark = pytest.mark.journey
SEED = {"计划总结": 2, "规范性文件": 17, "工作动态": 83, "人事": 1, "财政": 6, "其他": 195}
TWO = {"概况": "0.00", "计划总结": "0.66", "规范性文件": "5.59", "工作动态": "27.30", "人事": "0.33", "财政": "1.97", "其他": "64.14"}


def test_a_leader_edits_the_catalogue_in_excel(office: Office, browser: Browser, tmp_path: Path) -> None:
    leader = staff(browser, office, "leader")
    leader.goto(f"{office.url}/staff/catalogue/import")
    with leader.expect_download() as coming:
        leader.get_by_role("link", name="下载现有的目录，在上面改").click()
    path = tmp_path / "目录.xlsx"
    coming.value.save_as(path)
    code = edit(path)
    leader.locator("#file").set_input_files(path)
    leader.get_by_role("button", name="读进来看看").click()
    expect(leader.locator(".lead")).to_contain_text("新增 1 项，改 1 项")
    changed = leader.locator("table.changes")
    expect(changed).to_contain_text(code)
    expect(changed).to_contain_text("自信息形成之日起10个工作日内")
    expect(leader.get_by_text("夏季纳凉点开放安排")).to_be_visible()
    leader.get_by_role("button", name="导入 2 项").click()
    expect(leader.get_by_text("导入好了：新增 1 项，改了 1 项")).to_be_visible()
    expect(leader.get_by_text("夏季纳凉点开放安排").first).to_be_attached()
    leader.goto(f"{office.url}/staff/catalogue/import")
    with leader.expect_download() as again:
        leader.get_by_role("link", name="下载现有的目录，在上面改").click()
    again.value.save_as(path)
    assert terms(path)[code] == "不定期公开，自信息形成之日起10个工作日内"


def edit(path: Path) -> str:
    """Another deadline for the first topic, and a topic more; the first one's code."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    at = columns(sheet)
    code = sheet.cell(4, at["编号"]).value
    sheet.cell(4, at["公开时限"]).value = "不定期公开，自信息形成之日起10个工作日内"
    last = sheet.max_row + 1
    for words, value in (("名称", "夏季纳凉点开放安排"), ("类别", "其他"), ("责任科室", "各社区"), ("公开时限", "每年5月31日前")):
        sheet.cell(last, at[words]).value = value
    book.save(path)
    return str(code)


def columns(sheet: Any) -> dict[str, int]:
    return {cell.value: cell.column for row in (2, 3) for cell in sheet[row] if cell.value}


def terms(path: Path) -> dict[str, str]:
    sheet = openpyxl.load_workbook(path).active
    at = columns(sheet)
    return {sheet.cell(row, at["编号"]).value: sheet.cell(row, at["公开时限"]).value for row in range(4, sheet.max_row + 1)}


def test_the_seeds_304_items_are_counted_in_the_browser(office: Office, browser: Browser, tmp_path: Path) -> None:
    leader = staff(browser, office, "leader")
    leader.goto(f"{office.url}/staff/catalogue/import?what=items")
    leader.locator("#file").set_input_files(items(tmp_path / "2017年信息目录.xlsx"))
    leader.get_by_role("button", name="读进来看看").click()
    leader.get_by_role("button", name="导入 304 条").click()
    expect(leader.get_by_text("导入好了：304 条")).to_be_visible()
    leader.goto(f"{office.url}/staff/catalogue/figures?year=2017")
    leader.get_by_role("link", name="两位小数").click()
    rows = leader.locator("#classes tbody tr")
    assert {row.locator("th").inner_text(): row.locator("td").nth(1).inner_text() for row in rows.all()} == TWO
    expect(leader.get_by_text("因四舍五入，合计可能不等于100%")).to_be_visible()
    leader.locator("#classes tbody tr", has_text="规范性文件").get_by_role("link", name="17").first.click()
    expect(leader.locator(".lead")).to_have_text("17 条，新的在前。")


def items(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["索引号", "名称", "分类", "公开日期"])
    for kind, count in SEED.items():
        for number in range(1, count + 1):
            sheet.append([f"{kind}-{number:03d}", f"{kind}第{number}条", kind, f"2017-{number % 12 + 1}-9"])
    book.save(path)
    return path


def test_the_rule_is_said_while_it_is_chosen(office: Office, browser: Browser) -> None:
    leader = staff(browser, office, "leader")
    leader.goto(f"{office.url}/staff/catalogue/new")
    said = leader.locator("#rule-said")
    leader.get_by_label("每季度一次").check()
    leader.get_by_label("怎么算").first.select_option("day of month")
    leader.get_by_label("多少天内").fill("15")
    expect(said).to_contain_text("每季度公开一次，期满后的下个月 15日 前公开。")
    expect(leader.get_by_label("从哪天算起")).to_be_hidden()
    leader.get_by_label("有了当天就公开").check()
    expect(said).to_contain_text("的当天就公开。")
    expect(leader.get_by_label("多少天内")).to_be_hidden()
    leader.get_by_label("不定期，有了再公开").check()
    leader.get_by_label("多少天内").fill("很多")
    expect(said).to_contain_text("这里写 0 到 400 的数字。")


@pytest.mark.parametrize("path", ["new", "1", "1/change", "records", "gaps", "figures", "classes", "import", "import?what=items"])
def test_nothing_scrolls_sideways(office: Office, browser: Browser, path: str) -> None:
    leader = staff(browser, office, "leader")
    for size in ({"width": 683, "height": 768}, PHONE):
        leader.set_viewport_size(size)
        leader.goto(f"{office.url}/staff/catalogue/{path}")
        assert wide(leader) <= size["width"], (path, size)


def wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))

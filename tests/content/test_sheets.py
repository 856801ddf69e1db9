"""Sheets as offices keep them, read as slides: taken as they stand, or named by cell, or said to be left out."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from kiosk.base.errors import Invalid, Problem, filled
from kiosk.content import sheets
from kiosk.content.grid import EMPTY, Cell, Grid, Merge, Sheet, place, ref
from kiosk.content.importers import grid as reader
from kiosk.content.kinds import KINDS
from kiosk.content.sheets import Filled
from tests.support import papers

Read = Callable[[Workbook], Grid]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_here(book: Workbook) -> Grid:
        path = tmp_path / f"{time.monotonic_ns()}.xlsx"
        book.save(path)
        return reader.read(path, tmp_path)
    return read_here


def book(*rows: list[Any], name: str = "三季度", merged: str = "") -> tuple[Workbook, Worksheet]:
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = name
    for row in rows:
        sheet.append(row)
    for area in merged.split():
        sheet.merge_cells(area)
    return made, sheet


def problems(found: Filled) -> list[str]:
    return [str(problem) for problem in found.problems]


def said(found: Filled) -> str:
    return "\n".join(filled(message, params) for message, params in found.said)


def lines(found: Filled, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(line[name] for name in names) for line in found.data["lines"]]


HEADS = ("项目", "年初预算", "本季", "本年累计")


def quarter(*rows: list[Any], unit: str = "单位：万元", heads: tuple[Any, ...] = HEADS) -> tuple[Workbook, Worksheet]:
    return book(["2026年第三季度财政收支公开表"], [unit], list(heads), *rows)


# A quarter's finances as offices keep them


def office_sheet() -> tuple[Workbook, Worksheet]:
    """Merged heads of two rows, groups in merged first cells, sums, balances, a note, who made it, a hidden row and sheet."""
    made, sheet = book(
        ["白鹭街道办事处2026年第三季度财政收支公开表"],
        ["编制单位：白鹭街道办事处", None, None, None, None, None, None, "单位：万元"],
        ["类别", "项目", "年初预算", "本季", None, "上季", None, "执行率", "备注"],
        [None, None, None, "金额", "累计", "金额", "累计"],
        ["收入", "财政拨款", 26500, 6501.6, 19483.2, 6489, 12981.6, 0.735],
        [None, "补助（未定）", 1, 1, 1, 1, 1],
        [None, "其他收入", 2100, 522, 1562.6, 521, 1040.6, 0.744],
        ["收入合计", None, 28600, "7,023.6", 21045.8, "７０１０", 14022.2, "73.6%"],
        [],
        ["支出", "人员经费", 11800, 2974, 8841, 2958, 5867, None, "新聘社区工作者2人"],
        [None, "公用经费", 3200, 712.6, 2184.7, "(761.2)", 1472.1],
        [None, "项目支出", 13600, "—", 9345.8, "−2986.5", "/"],
        ["支出合计", None, 28600, 6889.4, 20371.5, 6705.7, 13482.1],
        ["期初余额", None, None, 1382.1], ["期末余额", None, None, 1516.3],
        ["注：公用经费含水电费。"], ["制表人：财政所经办人　审核人：财政所负责人"],
        merged="A1:I1 A2:C2 A3:A4 B3:B4 C3:C4 D3:E3 F3:G3 H3:H4 I3:I4 A5:A7 A8:B8 A10:A12 A13:B13 A16:I16")
    sheet.row_dimensions[6].hidden = True
    secret = made.create_sheet("名单")
    secret["A1"] = "不公开"
    secret.sheet_state = "hidden"
    return made, sheet


def test_an_office_sheet_becomes_a_quarters_finances(read: Read) -> None:
    found = sheets.fill("finance", read(office_sheet()[0]))
    assert problems(found) == []
    assert lines(found, "name", "group", "level", "quarter", "last", "last_total") == [
        ("财政拨款", "收入", "分项", 6_501_600_000, 6_489_000_000, 12_981_600_000),
        ("其他收入", "收入", "分项", 522_000_000, 521_000_000, 1_040_600_000),
        ("收入合计", "收入", "合计", 7_023_600_000, 7_010_000_000, 14_022_200_000),
        ("人员经费", "支出", "分项", 2_974_000_000, 2_958_000_000, 5_867_000_000),
        ("公用经费", "支出", "分项", 712_600_000, -761_200_000, 1_472_100_000),
        ("项目支出", "支出", "分项", None, -2_986_500_000, None),
        ("支出合计", "支出", "合计", 6_889_400_000, 6_705_700_000, 13_482_100_000)]
    data = found.data
    assert (data["year"], data["quarter"], data["unit"], data["opening"], data["closing"], data["note"]) == (
        2026, "三季度", "万元", 1_382_100_000, 1_516_300_000, "公用经费含水电费。")
    assert data["lines"][3]["why"] == "新聘社区工作者2人"
    assert (found.unit, found.title) == ("万元", "白鹭街道办事处2026年第三季度财政收支公开表")
    KINDS["finance"].parse(data)


def test_what_is_hidden_or_left_out_is_said(read: Read) -> None:
    words = said(sheets.fill("finance", read(office_sheet()[0])))
    assert "工作表“名单”是隐藏的，没有取。" in words
    assert "工作表“三季度”的第 6 行是隐藏的，没有取。" in words
    assert "H 列“执行率”" in words and "A17“制表人" in words
    assert "不公开" not in words and "补助" not in words


def test_every_cell_that_is_wrong_is_named_by_sheet_and_cell_all_at_once(read: Read, tmp_path: Path) -> None:
    made, sheet = quarter(["财政拨款", 100, "约三万", 5], ["人员经费", "85%", 2, date(2026, 9, 30)], ["很长" * 13, 1, 2, "=B4+C4"],
                          ["公用经费", "#REF!", 0.00000012, 7], ["项目支出", 1, 70236000, 3])
    sheet["B7"].value = None
    sheet["B7"] = "=A1/0"
    sheet["C8"].number_format = "0!.0,"
    made.save(tmp_path / "a.xlsx")
    papers.computed(tmp_path / "a.xlsx", {"B7": "#DIV/0!"})
    grid = reader.read(tmp_path / "a.xlsx", tmp_path)
    found, shown = sheets.fill("finance", grid), grid.sheets[0].cell(7, 2).text
    assert problems(found) == [
        "工作表“三季度”单元格 C4：“约三万”不是金额。单位是万元，只写数字。",
        "工作表“三季度”单元格 B5：“85%”不是金额。单位是万元，只写数字。",
        "工作表“三季度”单元格 D5：“2026-09-30”不是金额。单位是万元，只写数字。",
        "工作表“三季度”单元格 A6：“项目”最多 24 个字，现在 26 个。",
        "工作表“三季度”单元格 D6：这里是公式，文件里没有存它的结果。请在 Excel 里打开这个文件，存一次再传。",
        "工作表“三季度”单元格 B7：“#DIV/0!”是公式出了错。请在 Excel 里改好再传。",
        f"工作表“三季度”单元格 C8：这格显示的是“{shown}”，存的却是 70236000，差在格式上。请把格式改成常规，写上要公示的数。"]
    assert "比分还细的数，四舍五入到了分：C7" in said(found)
    assert len(found.data["lines"]) == 5 and found.data["lines"][1]["quarter"] == 20_000_00


@pytest.mark.parametrize(("unit", "head", "amount", "shown"), [
    ("单位：元", "本季", 123450, "元"), ("单位:万元", "本季", 1_234_500_000, "万元"), ("（单位：人民币元）", "本季", 123450, "元"),
    ("金额单位：千元", "本季", 123_450_000, "千元"), ("编制单位：白鹭街道办事处", "本季（元）", 123450, "元"),
    ("", "本季(万元)", 1_234_500_000, "万元"),
    ("单位：亿元", "本季", 12_345_000_000_000, "亿元")])
def test_the_unit_is_read_wherever_it_is_written(unit: str, head: str, amount: int, shown: str, read: Read) -> None:
    found = sheets.fill("finance", read(quarter(["财政拨款", 1, 1234.5, 2], unit=unit, heads=("项目", "年初预算", head, "累计"))[0]))
    assert (found.data["lines"][0]["quarter"], found.unit, problems(found)) == (amount, shown, [])
    assert found.data["unit"] == (shown if shown in ("元", "万元") else "万元")


def test_two_units_in_one_sheet_are_a_problem(read: Read) -> None:
    found = sheets.fill("finance", read(quarter(["财政拨款", 1, 2, 3], heads=("项目", "年初预算", "本季（元）", "累计"))[0]))
    assert problems(found) == ["工作表“三季度”单元格 C3：这里的单位是元，A2 写的是万元。一张表只能有一个单位，请统一了再传。"]
    assert found.data["lines"][0]["budget"] == 1_000_000 and found.data["lines"][0]["quarter"] == 200


def test_a_sheet_without_a_unit_is_read_in_yuan_and_that_is_said(read: Read) -> None:
    found = sheets.fill("finance", read(quarter(["财政拨款", 1, 2, 3], unit="")[0]))
    assert found.data["lines"][0]["budget"] == 100 and "没有写单位" in said(found)


@pytest.mark.parametrize("title", ["2026年第三季度收支情况", "2026年度3季度收支", "二〇二六 2026年7—9月收支情况", "2026年7-9月财务公开"])
def test_year_and_quarter_come_from_the_title(title: str, read: Read) -> None:
    found = sheets.fill("finance", read(book([title], ["项目", "本季", "累计"], ["财政拨款", 1, 2])[0]))
    assert (found.data["year"], found.data["quarter"]) == (2026, "三季度")


def test_groups_in_rows_of_their_own_and_sums_of_every_kind(read: Read) -> None:
    found = sheets.fill("finance", read(quarter(
        ["一、收入"], ["1.财政拨款", 1, 2, 3], ["小　　计", 1, 2, 3], ["二、支出部分"], ["人员经费", 4, 5, 6], ["小计", 4, 5, 6],
        ["三、“三公”经费"], ["公务接待费", 0, 0, 0], ["总计", 5, 7, 9])[0]))
    assert lines(found, "name", "group", "level") == [
        ("1.财政拨款", "收入", "分项"), ("小计", "收入", "合计"), ("人员经费", "支出", "分项"), ("小计", "支出", "合计"),
        ("公务接待费", "三公", "分项"), ("总计", "三公", "合计")]
    assert problems(found) == []


def test_a_group_row_with_amounts_is_the_groups_sum(read: Read) -> None:
    found = sheets.fill("finance", read(quarter(
        ["一、收入", 10, 2, 3], ["财政拨款", 10, 2, 3], ["二、支出", 4, 5, 6], ["人员经费", 4, 5, 6])[0]))
    assert lines(found, "name", "group", "level") == [
        ("一、收入", "收入", "合计"), ("财政拨款", "收入", "分项"), ("二、支出", "支出", "合计"), ("人员经费", "支出", "分项")]


def test_income_and_spending_side_by_side_become_lines_of_their_groups(read: Read) -> None:
    found = sheets.fill("finance", read(book(
        ["2026年三季度各社区收支"], ["单位：元"], ["社区", "收入", None, "支出", None], [None, "本季", "上季", "本季", "上季"],
        ["东街社区", 1000, 900, 800, 700], ["桂花社区", 2000, 1900, None, 1700], merged="A3:A4 B3:C3 D3:E3")[0]))
    assert problems(found) == []
    assert sorted(lines(found, "name", "group", "quarter", "last")) == sorted([
        ("东街社区", "收入", 100_000, 90_000), ("东街社区", "支出", 80_000, 70_000),
        ("桂花社区", "收入", 200_000, 190_000), ("桂花社区", "支出", None, 170_000)])


def test_columns_named_by_their_quarters_are_this_one_and_the_last(read: Read) -> None:
    found = sheets.fill("finance", read(book(
        ["2026年第三季度财政收支（单位：元）"], ["科目", "二季度支出", "三季度支出"], ["人员经费", 7, 8])[0]))
    assert lines(found, "quarter", "last") == [(800, 700)]


def test_numbered_columns_blank_columns_and_repeated_heads_do_not_disturb(read: Read) -> None:
    heads = ["序号", None, "项目", "本季", None, "备注"]
    found = sheets.fill("finance", read(book(
        ["2026年三季度"], ["单位：元"], heads, [1, None, "财政拨款", 5, None, "补助"], [], [], heads, [2, None, "其他", 6, None, ""],
        [None, None, "合计", 11, None, None])[0]))
    assert lines(found, "name", "quarter", "why", "level") == [
        ("财政拨款", 500, "补助", "分项"), ("其他", 600, "", "分项"), ("合计", 1100, "", "合计")]
    assert "没有用到" not in said(found) and problems(found) == []


def test_a_sheet_without_known_headings_says_what_is_looked_for(read: Read) -> None:
    found = sheets.fill("finance", read(book(["甲", "乙"], ["丙", "丁"])[0]))
    assert problems(found) == ["工作表“三季度”：没有认出“收支项目”的表头。要有一行写着：项目、类别、级别、年初预算、本季。"
                               "也可以下载模板，把内容填进去再传。"]
    assert "4 格没有用到：A1:B2" in said(found)


def test_the_visible_sheet_that_fits_best_is_taken_and_the_others_are_named(read: Read) -> None:
    made, _ = book(["目录"], ["三季度"], name="封面")
    other = made.create_sheet("收支表")
    for row in (["2026年第三季度"], ["项目", "本季（元）", "累计"], ["财政拨款", 1, 2]):
        other.append(row)
    made.create_sheet("通讯录").append(["岗位", "电话"])
    found = sheets.fill("finance", read(made))
    assert lines(found, "name") == [("财政拨款",)]
    assert "取的是工作表“收支表”，没有取“封面、通讯录”。" in said(found)


def test_a_thousand_rows_are_read_in_time(read: Read) -> None:
    grid = read(quarter(*[[f"项目{number}", number, number / 7, number * 3] for number in range(1000)])[0])
    start = time.monotonic()
    found = sheets.fill("finance", grid)
    assert len(found.data["lines"]) == 1000 and time.monotonic() - start < 10


# Who does what, goals, errands


def test_duties_in_several_rows_beside_one_post_belong_together(read: Read) -> None:
    found = sheets.fill("staff", read(book(
        ["社会事务办科室职责"], ["序号", "职务", "分管工作", "联系电话", "休假开始", "休假结束", "代班岗位"],
        [1, "社会救助经办人", "低保", "0825-×××××××", "2026.11.20", "11月27日", "养老服务经办人"], [None, None, "临时救助"],
        [2, "养老服务经办人", "高龄津贴\n居家养老", "0825-×××××××", date(2026, 12, 1)],
        merged="A3:A4 B3:B4 D3:D4 E3:E4 F3:F4 G3:G4")[0]))
    assert problems(found) == []
    first, second = found.data["persons"]
    assert (first["post"], first["duties"], first["leave_from"], first["leave_to"], first["substitute"]) == (
        "社会救助经办人", "低保\n临时救助", "2026-11-20", "2026-11-27", "养老服务经办人")
    assert (second["duties"], second["leave_from"], found.data["style"]) == ("高龄津贴\n居家养老", "2026-12-01", "科室职责")
    assert "日期没有写年份，按表上的年份读了：F3" in said(found)


def test_goals_with_units_percents_and_a_day_in_the_title(read: Read) -> None:
    made, sheet = book(["2026年为民实事进度"], ["截至2026年10月31日"],
                       ["序号", "目标名称", "计量单位", "全年目标", "已完成", "计划进度", "备注"],
                       ["1", "老旧小区改造", "个", 12, 10, 0.83, None],
                       ["2", "独居老人探访", "人次", "4,200人次", "3150", "83%", "防汛顺延"],
                       ["3", "口袋公园", "个", 3, 2.5, None, None], ["4", "加装电梯", "部", "-24", "很多", None, None])
    sheet["F4"].number_format = "0%"
    found = sheets.fill("goals", read(made))
    assert found.data["as_of"] == "2026-10-31"
    assert [(goal["name"], goal["target"], goal["done"], goal["plan"], goal["unit"]) for goal in found.data["goals"]] == [
        ("老旧小区改造", 12, 10, 83, "个"), ("独居老人探访", 4200, 3150, 83, "人次"), ("口袋公园", 3, 3, None, "个"),
        ("加装电梯", None, None, None, "部")]
    assert problems(found) == ["工作表“三季度”单元格 D7：“-24”不是数字。这里只写不小于 0 的整数。",
                               "工作表“三季度”单元格 E7：“很多”不是数字。这里只写不小于 0 的整数。"]
    assert "四舍五入到了整数：E6" in said(found) and "只取了数字：D5" in said(found)


def test_an_errand_as_offices_write_it_down(read: Read) -> None:
    """Labels left, values right, two pairs in a row, lists beside merged labels, with and without headings of their own."""
    found = sheets.fill("workflow", read(book(
        ["高龄津贴申领办事指南"], ["服务对象", "80岁以上老人", None, "收费标准", "不收费"],
        ["受理条件", "年满80周岁"], [None, "户籍在本街道"], ["法定办结时限", "20个工作日", None, "承诺时限", 10],
        ["申请材料", "材料名称", "材料形式", "来源渠道", "适用情形"],
        [None, "身份证", "原件＋复印件1份", "本人", None], [None, "委托书", "1份", None, "家属代办"],
        ["办理流程", "1.申请→2.受理→3.审核→4.发放"], ["办理地点：便民服务大厅 一楼", None, None, "窗口：3号窗口"],
        ["咨询电话", "0825-×××××××", None, "监督电话", "0825-×××××××"], ["常见问题", "能不能代办"],
        merged="A1:E1 A3:A4 A6:A8 B9:E9")[0]))
    data = found.data
    assert problems(found) == []
    assert (data["applies"], data["fee"], data["conditions"], data["legal_days"], data["promised_days"]) == (
        "80岁以上老人", "不收费", "年满80周岁\n户籍在本街道", 20, 10)
    assert [(each["name"], each["copies"], each["source"], each["case"]) for each in data["materials"]] == [
        ("身份证", "原件＋复印件1份", "本人", ""), ("委托书", "1份", "", "家属代办")]
    assert [step["name"] for step in data["steps"]] == ["申请", "受理", "审核", "发放"]
    assert (data["place"], data["window"], data["phone"], data["complaint"]) == (
        "便民服务大厅 一楼", "3号窗口", "0825-×××××××", "0825-×××××××")
    assert "A12:B12" in said(found) or "能不能代办" in said(found)
    KINDS["workflow"].parse(data)


# Any sheet as a table


def test_any_sheet_becomes_a_table(read: Read) -> None:
    made, sheet = book(["东街社区2026年三季度收支明细"], ["单位：元"],
                       ["日期", "摘要", "金额", None, "经办"], [None, None, "收入", "支出", None],
                       [date(2026, 7, 3), "办公用品", None, -1234.5, "文书"], [], [date(2026, 8, 9), "补助", 5000, None, "文书"],
                       ["合计", None, 5000, 1234.5, None], ["注：余额结转下季。"], merged="A1:E1 A3:A4 B3:B4 C3:D3 E3:E4 A8:B8")
    sheet["D5"].number_format = "#,##0.00"
    sheet["A5"].comment = Comment("批注", "经办人")
    found = sheets.fill("table", read(made))
    assert found.data == {
        "unit": "元", "lead": "", "note": "余额结转下季。", "head": ["日期", "摘要", "金额 收入", "金额 支出", "经办"],
        "rows": [["2026-07-03", "办公用品", "", "-1,234.50", "文书"], ["2026-08-09", "补助", "5000", "", "文书"],
                 ["合计", "", "5000", "1234.5", ""]],
        "align": ["left", "left", "right", "right", "left"]}
    assert found.title == "东街社区2026年三季度收支明细" and problems(found) == [] and said(found) == ""
    KINDS["table"].parse(found.data)
    assert sheets.table(read(made)) == {name: found.data[name] for name in ("head", "rows", "align", "unit")}


def test_html_and_script_stay_words(read: Read) -> None:
    evil = "<script>alert(1)</script>"
    assert sheets.table(read(book(["项目", evil], [evil, "<img onerror=x>"])[0]))["rows"] == [[evil, "<img onerror=x>"]]


@pytest.mark.parametrize("kind", ["finance", "workflow", "staff", "goals", "table"])
def test_monsters_get_a_result_or_a_sentence(kind: str, read: Read) -> None:
    merged, sheet = book(["项目", "本季"], ["x" * 10_000, "y" * 10_000])
    sheet.merge_cells("A3:BZ12")
    for made in (merged, book(*[[f"项目{number}", number] for number in range(2000)])[0]):
        found = sheets.fill(kind, read(made))
        assert found.problems and all(len(problem) < 400 for problem in problems(found))
    with pytest.raises(Invalid, match="没有填了字的工作表"):
        sheets.fill(kind, read(book()[0]))


def test_a_book_of_which_nothing_can_be_seen_is_refused_by_name(read: Read) -> None:
    made, sheet = book(["秘密"], name="甲")
    made.create_sheet("空")
    sheet.sheet_state = "hidden"
    with pytest.raises(Invalid, match="“甲”是隐藏的"):
        sheets.fill("table", read(made))


# Nothing is lost in silence

HEADINGS = [
    "项目", "类别", "年初预算", "本季", "上季", "金额", "累计", "执行率", "材料名称",
    "步骤", "岗位", "职责", "目标名称", "全年目标", "已完成", "截至", "咨询电话", "窗口",
    "服务对象", "申请材料", "办理流程", "说明", "期初余额", "备注", "标题", "单位：万元", "2026年第三季度",
    "一、收入", "合计", "注：", "年度", "季度",
]
STRANGE = [Cell(unsaved=True), Cell(hidden=True), Cell("#REF!", error=True), Cell("2026-09-30", day="2026-09-30"), Cell("—"),
           Cell("(1.5)"),
           Cell("1.2", "12000", scaled=True), Cell("83%", "0.83", percent=True), Cell("长" * 500), Cell("\u202e倒"), Cell("9月30日")]


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Sheets of headings, strange cells, and words and numbers that stand nowhere else."""
    count = iter(range(10_000))
    wide, high = draw(st.integers(1, 7)), draw(st.integers(1, 8))

    def cell() -> Cell:
        kind = draw(st.integers(0, 9))
        if kind < 3:
            return EMPTY
        if kind < 5:
            return Cell(draw(st.sampled_from(HEADINGS)))
        if kind == 5:
            return draw(st.sampled_from(STRANGE))
        token = 7_000_001 + 2 * next(count)
        return Cell(f"词{token}") if kind < 7 else Cell(str(token), str(token))

    rows = [[cell() for _ in range(wide)] for _ in range(high)]
    corners = st.tuples(st.integers(0, high - 1), st.integers(0, wide - 1), st.integers(0, 2), st.integers(0, 3))
    merges = [Merge(top, left, top + down, left + right) for top, left, down, right in draw(st.lists(corners, max_size=2)) if down or right]
    for merge in merges:
        for row in range(merge.top, min(merge.bottom + 1, high)):
            for column in range(merge.left, min(merge.right + 1, wide)):
                if (row, column) != (merge.top, merge.left):
                    rows[row][column] = EMPTY  # as the reader leaves what lies under a merged cell
    return Grid([Sheet("表", False, rows, merges)])


def test_what_lies_under_a_merged_cell_is_not_taken_and_named(tmp_path: Path) -> None:
    made, _ = quarter(["财政拨款", 1, 2, 3])
    made.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    name = "xl/worksheets/sheet1.xml"
    entries[name] = entries[name].replace(b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="B4:D4"/></mergeCells>')
    found = sheets.fill("finance", reader.read(papers.zipped(tmp_path / "b.xlsx", entries), tmp_path))
    assert lines(found, "budget", "quarter", "total") == [(10_000_00, None, None)]
    assert "单元格 C4、D4 被格式或合并的格子遮住了" in said(found)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif value is not None:
        yield str(value)


def named(found: Filled) -> set[tuple[int, int]]:
    """The cells that problems and remarks name."""
    spots: set[tuple[int, int]] = {spot for problem in found.problems if (spot := place(problem.cell))}
    for first, last in re.findall(r"(?<![A-Z])([A-Z]{1,2}\d{1,4})(?::([A-Z]{1,2}\d{1,4}))?", said(found)):
        one = place(first)
        two = place(last) if last else one
        assert one and two
        spots |= {(row, column) for row in range(one[0], two[0] + 1) for column in range(one[1], two[1] + 1)}
    for column in re.findall(r"([A-Z]) 列", said(found)):
        spots |= {(row, ord(column) - 65) for row in range(50)}
    return spots


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(kind=st.sampled_from(["workflow", "staff", "finance", "goals", "table"]), grid=grids())
def test_no_value_gets_lost_in_silence(kind: str, grid: Grid) -> None:
    try:
        found = sheets.fill(kind, grid)
    except Problem:
        return
    words = " ".join([*leaves(found.data), found.title])
    spots = named(found)
    for row, column, cell in grid.sheets[0].filled():
        token = cell.text.removeprefix("词")
        if token.startswith("700") and len(token) == 7:
            amounts = [token, str(int(token) * 100), str(int(token) * 1_000_000)]
            assert any(amount in words for amount in amounts) or (row, column) in spots, (ref(row, column), cell, found)


def test_a_text_files_cells_are_read_like_a_workbooks(tmp_path: Path) -> None:
    (tmp_path / "original.csv").write_bytes("2026年三季度,,\n项目,本季（元）,备注\n财政拨款,\"1,234.50\",\n支出,－5,约\n".encode("gb18030"))
    grid = reader.read(tmp_path / "original.csv", tmp_path)
    found = sheets.fill("finance", Grid([replace(grid.sheets[0], name="收支")]))
    assert lines(found, "name", "quarter") == [("财政拨款", 123_450), ("支出", -500)]
    assert problems(found) == []

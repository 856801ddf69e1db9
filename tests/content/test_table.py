"""table: any sheet a clerk brings, told right to left and top to bottom; what is wrong is named by row and heading, all at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content import plain, typeset
from kiosk.content.fields import Faults
from kiosk.content.geometry import geometry_of, greatest_distance, panel_of
from kiosk.content.kinds.table import Table
from tests.support.doubts import unanswered

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90))
HEAD = ["社区", "户数", "备注"]


def sheet(*rows, head=("社区", "户数", "备注"), **more):
    return {"head": list(head), "rows": [list(row) for row in rows], **more}


def refused(data):
    with pytest.raises(Faults) as caught:
        Table.parse(data)
    return [(fault.field, str(fault)) for fault in caught.value.all]


def pieces(made, geometry=LANDSCAPE):
    return [[atom for atom in page.values["atoms"]] for page in made.sheets("各社区户数", geometry)]


def test_figures_stand_right_without_being_told():
    assert Table.parse(sheet(["东街", "1,312", "—"], ["石桥", "287", "已查"])).align == ("left", "right", "left")


def test_numbers_in_json_are_cells_too():
    assert Table.parse(sheet(["东街", 312, None])).rows == (("东街", "312", ""),)


def test_the_unit_stands_beside_the_title():
    assert Table.parse(sheet(["东街", "1", ""], unit="户")).sheets("各社区户数", LANDSCAPE)[0].values["side"] == ["单位：户"]


def test_lead_comes_first_and_the_note_last():
    made = Table.parse(sheet(*[[f"{at}号社区", str(at), ""] for at in range(30)], lead="情况如下。", note="截至10月底。"))
    pages = pieces(made)
    assert pages[0][0].name == "lead" and pages[-1][-1].name == "note"
    assert all(page[-1].name == "table" for page in pages[:-1])
    assert pages[-1][0].name == "table"  # the note never stands alone


def test_what_no_reader_sees_is_gone():
    made = Table.parse(sheet(["东\u200b街\u202e", "3\u00a012", "第一行\n第二行\t"]))
    assert made.rows == (("东街", "3 12", "第一行 第二行"),)


def test_empty_rows_fall_away():
    assert len(Table.parse(sheet(["东街", "1", ""], ["", "", ""], ["石桥", "2", ""])).rows) == 2


def test_everything_that_is_wrong_is_told_at_once_by_row_and_heading():
    data = sheet(["东街", "1", "字" * 10_000], ["石桥", "2"], ["桂花", "3", "\U00013000"], head=["社区", "户数", "备注"], unit="字" * 13)
    assert refused(data) == [
        ("unit", "最多 12 个字，现在 13 个。"),
        ("rows.0.2", "第 1 行“备注”有 10000 个字，最多 200 个字。"),
        ("rows.1", "第 2 行有 2 格，表头有 3 格，要一样多。"),
        ("rows.2.2", "第 3 行“备注”里有字显示不出来：\U00013000。请换一个写法。")]


def test_a_heading_that_is_too_long_or_strange_is_named_by_its_column():
    assert [field for field, _ in refused(sheet(["1", "2"], head=["社区", "字" * 21]))] == ["head.1"]
    assert [field for field, _ in refused(sheet(["1", "2"], head=["社区", "\U00013000"]))] == ["head.1"]


def test_a_sheet_of_five_thousand_rows_is_refused_with_a_way_out():
    assert refused(sheet(*[["东街", "1", ""]] * 5000)) == [("rows", "表格最多 1500 行，现在 5000 行。请分成几张表，或者只公示汇总。")]


def test_thirteen_columns_are_refused():
    assert refused(sheet(["1"] * 13, head=["甲"] * 13)) == [("head", "表格最多 12 列，现在 13 列。请分成几张表。")]


def test_a_thousand_faults_are_not_listed_one_by_one():
    told = refused(sheet(*[["东街", "1"]] * 1000))
    assert len(told) == 31
    assert told[-1] == ("rows", "还有 970 处也不对，请一起检查。")


@pytest.mark.parametrize(("data", "field"), [
    ({}, "head"), ({"head": [], "rows": []}, "head"), ({"head": ["甲"]}, "rows"), ({"head": ["甲"], "rows": ["乙"]}, "rows"),
    ({"head": ["甲"], "rows": [[""]]}, "rows"), ({"head": "甲", "rows": [["1"]]}, "head"), ({"head": [""], "rows": [["1"]]}, "head"),
    ({"head": ["甲"], "rows": [["1"]], "align": ["up"]}, "align"), ({"head": ["甲"], "rows": [["1"]], "align": "left"}, "align"),
    ({"head": ["甲"], "rows": [["1"]], "colour": 1}, "colour"), ({"head": ["甲"], "rows": [["1"]], "reasons": 1}, "reasons"),
    ({"head": ["甲"], "rows": [["1"]], "lead": 1}, "lead")])
def test_each_mistake_is_refused_by_the_name_of_its_field(data, field):
    with pytest.raises(Invalid) as caught:
        Table.parse(data)
    assert caught.value.field == field


def test_totals_that_do_not_add_up_are_a_doubt_beside_the_cell():
    made = Table.parse(sheet(["东街", "312", ""], ["石桥", "287", ""], ["合计", "600", ""]))
    doubts = made.doubts([])
    assert [(doubt.key, doubt.field, doubt.fix) for doubt in doubts] == [("total.0.1", "rows.2.1", "599")]
    assert doubts[0].message % doubts[0].params == "“合计”的“户数”写的是 600，各行加起来是 599。"


def test_totals_that_add_up_are_no_doubt():
    rows = [["东街", "1,312.50", "5%"], ["小计", "1,312.50", "5%"], ["石桥", "—", "7%"], ["小计", "0.00", "7%"], ["合计", "1,312.50", "6%"]]
    assert Table.parse(sheet(*rows)).doubts([]) == []


def test_totals_that_lead_their_parts_add_up_too():
    rows = [["收入合计", "30", ""], ["拨款", "20", ""], ["其他", "10", ""], ["支出合计", "12", ""], ["人员", "7", ""], ["项目", "4", ""]]
    assert [doubt.field for doubt in Table.parse(sheet(*rows)).doubts([])] == ["rows.3.1"]


def test_where_parts_are_named_among_themselves_nothing_is_reckoned():
    rows = [["低保户", "30", ""], ["其中：重病", "20", ""], ["合计", "30", ""]]
    assert Table.parse(sheet(*rows)).doubts([]) == []


def test_a_reason_answers_a_doubt():
    rows = [["东街", "312", ""], ["合计", "600", ""]]
    made = Table.parse(sheet(*rows, reasons={"total.0.1": "石桥社区另表公示。"}))
    assert made.doubts([]) and not unanswered(made)


def test_changes_are_told_cell_by_cell():
    old = sheet(["东街", "312", ""], ["石桥", "287", ""], unit="户")
    new = sheet(["东街", "315", ""], ["石桥", "287", "已查"], ["桂花", "100", ""], unit="家")
    told = [(change.row, change.where, change.old, change.new) for change in Table.changes(old, new)]
    assert told == [("", "单位", "户", "家"), ("东街", "户数", "312", "315"), ("石桥", "备注", "", "已查"), ("", "行", "", "桂花　100")]


def test_rows_with_numbers_are_matched_by_what_they_name():
    old = sheet(["1", "东街", "312"], ["2", "石桥", "287"], head=["序号", "社区", "户数"])
    new = sheet(["1", "桂花", "100"], ["2", "东街", "312"], ["3", "石桥", "290"], head=["序号", "社区", "户数"])
    told = [(change.row, change.where, change.old, change.new) for change in Table.changes(old, new)]
    assert ("", "行", "", "桂花　100　1") in told and ("石桥", "户数", "287", "290") in told


def test_a_new_head_is_told_with_the_rows():
    told = [change.where for change in Table.changes(sheet(["东街", "1", ""]), sheet(["东街", "1"], head=["社区", "户数"]))]
    assert told[0] == "表头"


def test_rows_are_airy_where_the_page_has_room():
    low = pieces(Table.parse(sheet(*[["东街", "1", ""]] * 3)))[0][0].content["rows"][0]["high"]
    full = pieces(Table.parse(sheet(*[["东街", "1", ""]] * 6)))[0][0].content["rows"][0]["high"]
    assert (low, full) == (17, 11)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.text(st.sampled_from("东街社区0123,.，。合计|\t\" "), max_size=30), min_size=3, max_size=3),
                min_size=1, max_size=20))
def test_what_is_typed_again_is_the_same_sheet(rows):
    try:
        made = Table.parse(sheet(*rows))
    except Invalid:
        return
    again = Table.parse(plain.cells_of(plain.text_of_cells(made.stored())))
    assert (again.head, again.rows) == (made.head, made.rows)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 12), st.integers(1, 30), st.randoms())
def test_no_page_is_fuller_than_the_board(columns, count, chance):
    rows = [[chance.choice(["东街社区", "1,234.50", "这一项说得很长，" * 20, "合计", ""]) for _ in range(columns)] for _ in range(count)]
    try:
        made = Table.parse(sheet(*rows, head=[f"第{at}列的表头" for at in range(columns)], lead="情况说明。" * 16, note="注" * 120))
    except Invalid:
        return
    for geometry in (LANDSCAPE, PORTRAIT):
        for page in pieces(made, geometry):
            room = 75 if geometry is LANDSCAPE else 161
            assert sum(atom.height for atom in page) + sum(atom.gap for atom in page[1:]) <= room
            for atom in page:
                assert all(typeset.width(line, 5.5 if atom.name == "note" else 8) <= 216 for line in atom.content.get("lines", ()))


def test_under_a_long_title_on_a_small_page_the_unit_is_told_as_words():
    panel = panel_of(21.5, 1024, 768)
    small = geometry_of(panel_of(21.5, 1024, 768, distance_mm=greatest_distance(panel)))
    title = "关于做好今冬明春火灾防控和燃气用电安全检查工作的情况通报和下一步安排的说明公示表"[:40]
    pages = Table.parse(sheet(["东街", "1", ""], unit="户")).sheets(title, small)
    words = [line for page in pages for atom in page.values["atoms"] for line in atom.content.get("lines", ())]
    assert "单位：户" in [*words, *pages[0].values["side"], *pages[0].values["under"]]

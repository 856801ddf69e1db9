"""A notice as a clerk types it: plain lines, and back again without loss."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content.kinds.notice import Notice
from kiosk.content.plain import align_of, blocks_of, cells_of, text_of

TYPED = """# 在家里
1. 用燃气时开窗通风。
2. 电热毯睡前关闭。
闻到燃气味，先关阀、开窗。
- 不开灯
- 不点火
社区\t户数
东街社区\t312
石桥社区\t287"""


def test_each_line_becomes_what_it_looks_like():
    assert [block["type"] for block in blocks_of(TYPED)] == ["heading", "points", "paragraph", "points", "table"]


def test_what_was_read_is_typed_the_same_again():
    assert text_of(blocks_of(TYPED)) == TYPED


def test_numbers_are_known_however_they_are_written():
    for typed in ("1. 甲\n2. 乙", "1、甲\n2、乙", "①甲\n②乙", "1．甲\n2．乙", "1)甲\n2)乙"):
        assert blocks_of(typed) == [{"type": "points", "numbered": True, "items": ["甲", "乙"]}]


def test_a_line_that_begins_with_a_figure_is_no_point():
    for typed in ("2026年11月25日停水。", "3.5万元已到账。", "12345热线全天开通。"):
        assert [block["type"] for block in blocks_of(typed)] == ["paragraph"]


def test_a_column_of_figures_stands_right():
    assert blocks_of("项目|金额\n扫雪|1,200.50\n照明|300")[0]["align"] == ["left", "right"]


def test_a_short_row_is_filled_up():
    assert blocks_of("甲|乙|丙\n1|2")[0]["rows"] == [["1", "2", ""]]


def test_empty_lines_and_windows_line_ends_change_nothing():
    assert blocks_of("甲\r\n\r\n\r\n乙\r\n") == blocks_of("甲\n乙")


def test_nothing_typed_is_nothing():
    assert blocks_of("") == blocks_of(" \n\n") == []


@given(st.text(st.sampled_from("甲乙丙 #-•1２.、①|\t\n，。:"), max_size=60))
def test_whatever_is_typed_reading_it_twice_changes_nothing(typed):
    once = blocks_of(typed)
    assert blocks_of(text_of(once)) == blocks_of(text_of(blocks_of(text_of(once))))


@settings(deadline=None)
@given(st.text(st.sampled_from("甲乙丙丁，。123|\n- #"), min_size=1, max_size=80))
def test_whatever_is_typed_is_a_notice_or_is_refused_in_words(typed):
    try:
        Notice.parse({"lead": "", "blocks": blocks_of(typed)})
    except Invalid as problem:
        assert str(problem)


def test_a_row_whose_first_or_last_cells_are_empty_stays_in_line():
    typed = "社区\t日期\t户数\n东街\t11月25日\t312\n\t11月26日\t98\n\t\t7\n小计\t\t"
    assert blocks_of(typed)[0]["rows"] == [["东街", "11月25日", "312"], ["", "11月26日", "98"], ["", "", "7"], ["小计", "", ""]]
    assert text_of(blocks_of(typed)) == typed


def test_a_line_that_is_only_indented_is_no_table():
    assert [block["type"] for block in blocks_of("\t各社区：\n\t请配合检查。")] == ["paragraph", "paragraph"]


def test_a_sheet_is_its_head_and_its_rows():
    made = cells_of("社区\t户数\t备注\t\r\n东街\t1,312\t\t\r\n\t\t\t\r\n石桥\t287\r\n")
    assert made["head"] == ["社区", "户数", "备注"]
    assert made["rows"] == [["东街", "1,312", ""], ["石桥", "287", ""]]
    assert made["align"] == ["left", "right", "left"]


def test_a_sheet_may_be_typed_with_bars():
    assert cells_of("社区|户数\n东街|2\n石桥|")["rows"] == [["东街", "2"], ["石桥", ""]]


def test_excels_cell_of_several_lines_is_one_cell():
    assert cells_of('社区\t备注\n东街\t"第一行\n第二行说""好"""\n石桥\t无')["rows"] == [["东街", '第一行 第二行说"好"'], ["石桥", "无"]]


def test_a_row_longer_than_the_head_is_left_for_the_table_to_refuse():
    assert cells_of("社区\t户数\n东街\t1\t多出来的")["rows"] == [["东街", "1", "多出来的"]]


def test_codes_and_phones_are_no_figures():
    assert align_of([["08251234567", "110105199003071234", "1,234.50", "12%", "—"], ["08251234568", "", "-3", "", "5"]], 5) == [
        "left", "left", "right", "right", "right"]


def test_nothing_typed_is_an_empty_sheet():
    assert cells_of("") == cells_of(" \n\t\t\n") == {"head": [], "rows": [], "align": []}

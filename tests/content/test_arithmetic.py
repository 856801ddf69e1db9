"""Arithmetic: what adds up raises nothing; what does not is named by its line, with both amounts, the gap and what would be right."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import filled
from kiosk.content import arithmetic, fields
from kiosk.content.arithmetic import COLUMNS

WAN = 1_000_000  # 分 in 万元


def line(name, group="支出", level="分项", **amounts):
    return {"name": name, "group": group, "level": level, "why": "", **{column: amounts.get(column) for column in COLUMNS}}


def total(name, group="支出", **amounts):
    return line(name, group, "合计", **amounts)


def sheet(*lines, unit="元", quarter="三季度", opening=None, closing=None, last_closing=None):
    return {"unit": unit, "quarter": quarter, "opening": opening, "closing": closing, "last_closing": last_closing, "lines": list(lines)}


def only(data):
    found = arithmetic.doubts(data)
    assert len(found) == 1, [told(each) for each in found]
    return found[0]


def told(doubt):
    return filled(doubt.message, doubt.params)


def passed(data):
    return [filled(check.label, check.params) for check in arithmetic.checks(data) if check.passed]


def office(unit="元", quarter="一季度"):
    """The sheet of the picture: first quarter, in 元."""
    def amounts(budget, now):
        return {"budget": budget * 100, "quarter": now * 100, "total": now * 100}
    return sheet(line("拨款收入", "收入", **amounts(2_755_440, 675_000)), line("人员经费", **amounts(1_649_440, 412_360)),
                 line("公用经费", **amounts(386_000, 91_250)), line("社区项目", **amounts(720_000, 158_400)),
                 total("支出合计", **amounts(2_755_440, 662_010)), unit=unit, quarter=quarter,
                 opening=18_630_000, closing=19_929_000, last_closing=18_630_000)


# --- what is right ---

def test_a_sheet_that_adds_up_raises_nothing_and_says_what_was_checked():
    assert arithmetic.doubts(office()) == []
    assert passed(office()) == ["支出合计＝各分项之和", "期初＋收入－支出＝期末", "本季期初＝上季期末", "一季度的本年累计＝本季",
                                "全表都是元，没有混用万元"]


def test_what_is_not_filled_in_is_not_checked():
    assert passed(sheet(line("人员经费", quarter=100))) == ["全表都是元，没有混用万元"]


# --- totals ---

def test_a_wrong_total_is_told_with_both_amounts_and_the_gap():
    data = office()
    data["lines"][4]["quarter"] = 66_210_050
    data["lines"][4]["total"] = None
    doubt = only(data)
    assert told(doubt) == "“支出合计”的本季：各分项加起来是 662,010.00，表里写 662,100.50，多写 90.50 元。"
    assert (doubt.key, doubt.field, doubt.fix) == ("sum:支出:支出合计:quarter", "lines.4.quarter", "662,010.00")
    assert fields.fen(doubt.fix) == 66_201_000


def test_two_digits_that_changed_places_are_recognized():
    data = office()
    data["lines"][2]["total"] = 9_152_000
    doubts = arithmetic.doubts(data)
    by_field = {doubt.field: doubt for doubt in doubts}
    assert told(by_field["lines.2.total"]) == ("“公用经费”的本年累计：一季度的累计应等于本季，本季是 91,250.00，表里写 91,520.00，"
                                               "差 270.00 元，像是数字写反了。")
    assert by_field["lines.2.total"].fix == "91,250.00"
    assert by_field["lines.4.total"].fix is None  # the total is off because of its part, so it is not the one to change


@pytest.mark.parametrize("place", range(4), ids=["first", "second", "third", "last"])
def test_the_only_total_sums_its_group_wherever_it_stands(place):
    rows = [line("甲", quarter=100), line("乙", quarter=250), line("丙", quarter=-50)]
    rows.insert(place, total("合计", quarter=300))
    assert arithmetic.doubts(sheet(*rows)) == []
    rows[place] = total("合计", quarter=301)
    assert only(sheet(*rows)).field == f"lines.{place}.quarter"


BELOW = (line("甲", quarter=1), line("乙", quarter=2), total("小计一", quarter=3), line("丙", quarter=30), total("小计二", quarter=30))
ABOVE = (total("小计一", quarter=3), line("甲", quarter=1), line("乙", quarter=2), total("小计二", quarter=30), line("丙", quarter=30))


@pytest.mark.parametrize("rows", [
    BELOW, ABOVE, (*BELOW, total("合计", quarter=33)), (total("合计", quarter=33), *ABOVE), (total("合计", quarter=33), *BELOW),
    (*ABOVE, total("合计", quarter=33)), (*BELOW[:4], total("合计", quarter=33))],
    ids=["below", "above", "below, grand last", "above, grand first", "below, grand first", "above, grand last", "a lone part at the end"])
def test_subtotals_stand_above_or_below_their_parts_and_the_grand_total_at_either_end(rows):
    assert arithmetic.doubts(sheet(*rows)) == []
    for at, row in enumerate(rows):
        wrong = [*rows[:at], row | {"quarter": row["quarter"] + 500}, *rows[at + 1:]]
        assert arithmetic.doubts(sheet(*wrong)), row["name"]


def test_on_a_page_every_total_stands_above_its_parts():
    group, = arithmetic.groups([*BELOW, total("合计", quarter=33)])
    assert group.shown == (5, 2, 0, 1, 4, 3)
    assert group.grand == 5


def test_an_empty_part_is_named_only_when_its_total_needs_it():
    rows = [total("合计", quarter=300), line("甲", quarter=300), line("乙")]
    assert arithmetic.doubts(sheet(*rows)) == []
    rows[0] = total("合计", quarter=420)
    doubt = only(sheet(*rows))
    assert told(doubt) == "“乙”的本季还空着。“合计”写的是 4.20，其余各项加起来是 3.00，差 1.20 元。"
    assert (doubt.field, doubt.fix) == ("lines.2.quarter", "1.20")
    doubt = only(sheet(*rows, line("丙")))
    assert told(doubt).endswith("其中 2 格还空着：乙、丙。")
    assert doubt.fix is None


def test_groups_of_one_word_belong_together_wherever_they_stand():
    rows = [line("甲", quarter=1), line("拨款", "收入", quarter=9), line("乙", quarter=2), total("支出合计", quarter=3)]
    assert arithmetic.doubts(sheet(*rows)) == []


# --- opening, closing, running ---

def test_closing_is_opening_plus_income_less_spending():
    data = office() | {"closing": 19_900_000}
    doubt = only(data)
    assert told(doubt) == "期末结余：期初加收入减支出是 199,290.00，表里写 199,000.00，少写 290.00 元。"
    assert (doubt.field, doubt.fix) == ("closing", "199,290.00")


def test_opening_is_last_quarters_closing():
    data = office() | {"last_closing": 18_650_000}
    doubt = only(data)
    assert told(doubt) == "一季度期初 186,300.00 与上季期末 186,500.00 不一样，差 200.00 元。"
    assert (doubt.field, doubt.fix) == ("opening", "186,500.00")


def test_an_opening_that_is_wrong_in_two_rules_is_corrected_in_one_place():
    data = office() | {"opening": 18_000_000}
    found = {doubt.field: doubt.fix for doubt in arithmetic.doubts(data)}
    assert found == {"closing": None, "opening": "186,300.00"}


def test_a_running_total_is_last_quarters_plus_this_one():
    doubt = only(sheet(line("人员经费", quarter=300, total=1000, last_total=600)))
    assert told(doubt) == "“人员经费”的本年累计：上季累计加本季是 9.00，表里写 10.00，多写 1.00 元。"
    assert (doubt.key, doubt.field, doubt.fix) == ("running:支出:人员经费", "lines.0.total", "9.00")


def test_a_part_that_two_rules_find_wrong_is_the_one_to_change():
    data = sheet(total("支出合计", quarter=300, total=900, last_total=600), line("甲", quarter=120, total=300, last_total=200),
                 line("乙", quarter=200, total=600, last_total=400))
    fixes = {doubt.field: doubt.fix for doubt in arithmetic.doubts(data)}
    assert fixes == {"lines.0.quarter": None, "lines.1.quarter": "1.00"}


def test_the_first_quarter_starts_from_nothing():
    assert arithmetic.doubts(sheet(line("甲", quarter=5, total=5, last_total=700), quarter="一季度")) == []
    assert only(sheet(line("甲", quarter=5, total=705, last_total=700), quarter="一季度")).fix == "0.05"


# --- one unit ---

def test_yuan_in_a_sheet_of_wan_yuan_is_recognized_and_scaled_back():
    data = sheet(line("人员经费", budget=1180 * WAN, quarter=2_974_000 * WAN, total=88_410 * WAN // 100), unit="万元")
    doubt = only(data)
    assert told(doubt) == ("“人员经费”的本季写的是 2,974,000.00，大约是旁边数字的一万倍，像是元和万元混用了。"
                           "这张表的单位是万元，应为 297.40。")
    assert (doubt.key, doubt.field, doubt.fix) == ("unit:支出:人员经费:quarter", "lines.0.quarter", "297.40")


def test_wan_yuan_in_a_sheet_of_yuan_is_recognized_by_its_total():
    data = sheet(total("支出合计", quarter=403_560_00), line("人员经费", quarter=312_360_00), line("公用经费", quarter=9_12))
    found = {doubt.field: doubt.fix for doubt in arithmetic.doubts(data)}
    assert found == {"lines.2.quarter": "91,200.00", "lines.0.quarter": None}


def test_a_whole_row_in_the_other_unit_is_recognized_beside_the_other_rows():
    rows = [line(name, quarter=amount * WAN) for name, amount in (("甲", 300), ("乙", 250), ("丙", 71), ("丁", 3_202_800))]
    assert only(sheet(*rows, unit="万元")).field == "lines.3.quarter"


def test_a_whole_column_in_the_other_unit_is_told_once():
    rows = [line(f"项目{at}", quarter=(100 + at) * WAN, total=(2_000_000 + at) * WAN) for at in range(40)]
    doubt = only(sheet(*rows, unit="万元"))
    assert doubt.key == "unit:total"
    assert "40 行" in told(doubt)


def test_one_large_item_among_small_ones_is_no_slip():
    rows = [total("合计", quarter=50_003 * WAN), line("财政拨款", quarter=50_000 * WAN), line("利息", quarter=3 * WAN)]
    assert arithmetic.doubts(sheet(*rows, unit="万元")) == []


def test_an_opening_in_the_other_unit_is_recognized():
    data = office() | {"opening": 18_630_000 * 10_000}
    assert ("opening", "186,300.00") in {(doubt.field, doubt.fix) for doubt in arithmetic.doubts(data)}


# --- keys ---

def test_a_reason_stays_with_its_line_when_others_are_put_in_before_it():
    rows = [total("合计", quarter=5), line("甲", quarter=4)]
    assert only(sheet(*rows)).key == only(sheet(line("拨款", "收入", quarter=1), *rows)).key


def test_lines_of_the_same_name_have_keys_of_their_own():
    same = line("项目", quarter=1, total=9, last_total=1)
    assert [doubt.key for doubt in arithmetic.doubts(sheet(same, same))] == ["running:支出:项目", "running:支出:项目#2"]


# --- properties ---

amounts = st.integers(-10**9, 10**9)
ORDERS = ("first", "last")


@st.composite
def consistent(draw):
    """A sheet of two groups in which everything adds up, totals at the top or the bottom."""
    quarter = draw(st.sampled_from(["一季度", "二季度", "四季度"]))
    rows, sums = [], {}
    for group in ("收入", "支出"):
        parts = []
        for at in range(draw(st.integers(1, 5))):
            now, before, budget, last = (draw(amounts.filter(bool)) for _ in range(4))
            before = 0 if quarter == "一季度" else before
            parts.append(line(f"{group}{at}", group, quarter=now, last_total=before, total=now + before, budget=budget, last=last))
        whole = total(f"{group}合计", group, **{column: sum(part[column] for part in parts) for column in COLUMNS})
        rows += [whole, *parts] if draw(st.booleans()) else [*parts, whole]
        sums[group] = whole["quarter"]
    opening = draw(amounts)
    return sheet(*rows, unit=draw(st.sampled_from(["元", "万元"])), quarter=quarter, opening=opening, last_closing=opening,
                 closing=opening + sums["收入"] - sums["支出"])


def rules(data):
    """Doubts of sums; amounts drawn at random may well be ten thousand times each other."""
    return [doubt for check in arithmetic.checks(data) if check.name != "unit" for doubt in check.doubts]


@settings(max_examples=40, deadline=None)
@given(consistent())
def test_whatever_adds_up_raises_no_doubt(data):
    assert rules(data) == []


@settings(max_examples=100, deadline=None)
@given(consistent(), st.data())
def test_any_single_changed_amount_is_found_at_its_line_or_its_total(data, draw):
    place = draw.draw(st.integers(0, len(data["lines"]) - 1))
    column = draw.draw(st.sampled_from([column for column in COLUMNS if not (column == "last_total" and data["quarter"] == "一季度")]))
    changed = data["lines"][place]
    changed[column] += draw.draw(st.integers(1, 10**8)) * draw.draw(st.sampled_from([1, -1]))
    whole = next(at for at, row in enumerate(data["lines"]) if row["group"] == changed["group"] and row["level"] == "合计")
    found = arithmetic.doubts(data)
    assert {doubt.field.rpartition(".")[0] for doubt in found} & {f"lines.{place}", f"lines.{whole}"}
    assert any(changed["name"] in told(doubt) or data["lines"][whole]["name"] in told(doubt) for doubt in found)


@settings(max_examples=40, deadline=None)
@given(consistent(), st.sampled_from(["opening", "closing", "last_closing"]), st.integers(1, 10**8))
def test_any_single_changed_balance_is_found(data, name, by):
    data[name] += by
    assert {doubt.field for doubt in arithmetic.doubts(data)} & {"opening", "closing"}


@settings(max_examples=40, deadline=None)
@given(consistent(), st.data())
def test_every_correction_is_an_amount_that_the_form_reads(data, draw):
    place = draw.draw(st.integers(0, len(data["lines"]) - 1))
    data["lines"][place]["total"] += draw.draw(st.integers(1, 10**8))
    for doubt in arithmetic.doubts(data):
        assert re.search(r"[\u4e00-\u9fff].*。$", told(doubt))
        assert doubt.fix is None or isinstance(fields.fen(doubt.fix, data["unit"]), int)


# --- sheets that name the group at the total only -------------------------------------------------------------------------

def _sheet(*rows: tuple[str, str, str, int]) -> list[dict]:
    return [{"name": name, "group": group, "level": level, "budget": None, "quarter": amount, "total": None, "last": None,
             "last_total": None, "why": ""} for name, group, level, amount in rows]


def test_lines_without_a_group_go_with_the_total_below_them():
    lines = _sheet(("拨款", "", "分项", 600), ("收入合计", "收入", "合计", 600), ("人员", "", "分项", 300), ("项目", "", "分项", 200),
                   ("支出合计", "支出", "合计", 510))
    assert [(group.name, group.places) for group in arithmetic.groups(lines)] == [("收入", (0, 1)), ("支出", (2, 3, 4))]
    data = {"year": 2026, "quarter": "三季度", "unit": "元", "opening": None, "closing": None, "last_closing": None, "lines": lines}
    assert [doubt.field for doubt in arithmetic.doubts(data)] == ["lines.4.quarter"]


def test_or_with_the_total_above_them_where_a_total_leads():
    lines = _sheet(("收入合计", "收入", "合计", 600), ("拨款", "", "分项", 600), ("支出合计", "支出", "合计", 500),
                   ("人员", "", "分项", 300), ("项目", "", "分项", 200))
    assert [(group.name, group.places) for group in arithmetic.groups(lines)] == [("收入", (0, 1)), ("支出", (2, 3, 4))]

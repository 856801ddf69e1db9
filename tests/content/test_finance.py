"""finance: figures that check each other on the page, a chart whose title is the finding, reasons that add up to it."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content import fields, layout, typeset
from kiosk.content.fields import Faults
from kiosk.content.geometry import geometry_of, greatest_distance, panel_of
from kiosk.content.kinds.finance import Finance
from kiosk.content.kinds.finance_chart import finding
from kiosk.content.kinds.finance_table import rate
from kiosk.content.render import SLIDES, SlideView, render
from tests.support.doubts import unanswered

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90))
ELDER = geometry_of(panel_of(43, 1920, 1080), "gaoduibi", elder=True)
NARROWEST = geometry_of(panel_of(43, 1920, 1080, 90, greatest_distance(panel_of(43, 1920, 1080, 90), "zhengwu", True)), "zhengwu", True)
LOWEST = geometry_of(panel_of(32, 1920, 1080, 0, greatest_distance(panel_of(32, 1920, 1080))))
TITLE = "2026年第三季度收支"
WAN = 1_000_000  # 分 in 万元


def sample():
    return json.loads((SLIDES / "samples" / "finance.json").read_text(encoding="utf-8"))["data"]


def line(name, group="支出", level="分项", **more):
    return {"name": name, "group": group, "level": level, **more}


def finance(*lines, **more):
    return Finance.parse({"year": 2026, "quarter": "三季度", "lines": list(lines), **more})


def atoms(made, geometry=LANDSCAPE, title=TITLE):
    return [atom for sheet in made.sheets(title, geometry) for atom in sheet.values["atoms"]]


def named(made, name, geometry=LANDSCAPE):
    return [atom.content for atom in atoms(made, geometry) if atom.name == name]


def rows(made, geometry=LANDSCAPE):
    """The table's rows, page by page, as (name, figures)."""
    return [[("".join(row["name"]), row["figures"]) for row in piece["rows"]] for piece in named(made, "ledger", geometry)]


def titles(made, geometry=LANDSCAPE):
    return ["".join(sheet.values["title"]) for sheet in made.sheets(TITLE, geometry)]


# --- the form ---

@pytest.mark.parametrize("data, field", [
    ({}, "year"), ({"year": 2026}, "lines"), ({"year": 26, "lines": [line("甲")]}, "year"),
    ({"year": 2026, "lines": [line("甲", level="小计")]}, "lines.0.level"),
    ({"year": 2026, "quarter": "五季度", "lines": [line("甲")]}, "quarter"),
    ({"year": 2026, "lines": [line("甲", budget=1.5)]}, "lines.0.budget"), ({"year": 2026, "lines": [line("")]}, "lines.0.name"),
    ({"year": 2026, "lines": [line("甲")] * 1501}, "lines"), ({"year": 2026, "lines": [line("甲")], "fee": 1}, "fee")])
def test_what_cannot_be_taken_is_told_by_its_field(data, field):
    with pytest.raises(Invalid) as caught:
        Finance.parse(data)
    assert field in [fault.field for fault in getattr(caught.value, "all", [caught.value])]


def test_every_fault_is_told_at_once():
    with pytest.raises(Faults) as caught:
        finance(line("", budget="x"), line("乙", total=True))
    assert [fault.field for fault in caught.value.all] == ["lines.0.name", "lines.0.budget", "lines.1.total"]


def test_what_is_typed_in_wan_yuan_is_kept_in_whole_fen():
    typed = fields.typed(Finance.FORM, {"year": "2026", "quarter": "三季度", "unit": "万元", "lines.0.name": "人员经费",
                                        "lines.0.quarter": "297.400001"}, "万元")
    assert Finance.parse(typed).data["lines"][0]["quarter"] == 297_400_001


def test_the_leader_reads_which_figure_changed_in_the_sheets_unit():
    new = sample()
    new["lines"][4]["quarter"] += WAN
    change, = Finance.changes(sample(), new)
    assert (change.row, change.where, change.old, change.new) == ("人员经费", "本季", "297.40", "298.40")


def test_a_mismatch_passes_only_with_a_written_reason():
    data = sample()
    data["closing"] += 100
    assert [doubt.key for doubt in unanswered(Finance.parse(data))] == ["balance"]
    data["reasons"] = {"balance": "含上年结转调整"}
    assert unanswered(Finance.parse(data)) == []


def test_the_sample_adds_up():
    assert Finance.parse(sample()).doubts([]) == []


# --- the table ---

def test_totals_stand_first_in_their_group_wherever_the_sheet_has_them():
    made = finance(line("人员经费", quarter=100), line("公用经费", quarter=50), line("支出合计", level="合计", quarter=150))
    assert [name for page in rows(made) for name, _ in page] == ["支出合计", "人员经费", "公用经费"]


def test_landscape_has_budget_and_rate_and_portrait_has_not():
    made = Finance.parse(sample())
    assert named(made, "ledger")[0]["head"] == ["项目", "年初预算", "本季", "本年累计", "执行率"]
    assert rows(made)[0][0] == ("收入合计", ["2,860.00", "702.36", "2,104.58", "73.6%"])
    assert named(made, "ledger", PORTRAIT)[0]["head"] == ["项目", "本季", "本年累计"]


def test_a_column_without_a_figure_is_left_out():
    made = finance(line("人员经费", quarter=100), line("公用经费", quarter=50))
    assert named(made, "ledger")[0]["head"] == ["项目", "本季"]


def test_a_column_has_as_many_decimals_as_its_finest_amount_needs():
    made = finance(line("甲", quarter=WAN), line("乙", quarter=1), line("丙", quarter=-25 * WAN // 10), line("丁"))
    assert [figures for _, figures in rows(made)[0][1:]] == [["1.000000"], ["0.000001"], ["−2.500000"], ["—"]]


@pytest.mark.parametrize("budget, total, share", [
    (2000, 1, "0.1%"), (2000, 3, "0.2%"), (10_000, 5, "0.1%"), (10_000, 4, "0.0%"), (1000, 12345, "1,234.5%"), (1000, -5, "−0.5%"),
    (0, 5, "—"), (None, 5, "—"), (5, None, "—"), (3, 2, "66.7%"), (8, 1, "12.5%"), (1600, 1, "0.1%")])
def test_the_rate_is_rounded_half_up_to_one_decimal(budget, total, share):
    assert rate(budget, total) == share


def test_a_group_of_four_is_never_divided_and_heads_are_repeated():
    made = Finance.parse(sample())
    assert [[name for name, _ in page] for page in rows(made)] == [["收入合计", "财政拨款", "其他收入"],
                                                                   ["支出合计", "人员经费", "公用经费", "项目支出"]]
    assert [piece["again"] for piece in named(made, "ledger")] == [False, True]


def test_a_long_group_runs_on_under_a_head_that_names_it():
    made = finance(line("支出合计", level="合计", quarter=780), *(line(f"项目{at}", quarter=at) for at in range(40)))
    pieces = named(made, "ledger")
    assert len(pieces) == 7
    assert [piece["head"][0] for piece in pieces] == ["项目", *["支出（续）"] * 6]
    assert min(len(piece["rows"]) for piece in pieces) >= 5  # filled alike


def test_a_group_without_a_total_is_headed_by_its_name():
    made = finance(line("公务接待", "三公", quarter=5), line("公务用车", "三公", quarter=7))
    assert [name for name, _ in rows(made)[0]] == ["三公", "公务接待", "公务用车"]


def test_a_table_without_any_amount_is_shown_with_a_note():
    made = finance(line("拨款收入", "收入"), line("人员经费", quarter=0))
    assert any("本季没有收支。" in atom.content.get("lines", []) for atom in atoms(made))
    assert {name for page in rows(made) for name, _ in page} >= {"拨款收入", "人员经费"}
    assert titles(made) == [TITLE]


def test_the_sum_stands_below_the_table_or_on_a_page_of_its_own():
    made = Finance.parse(sample())
    assert [atom.name for atom in made.sheets(TITLE, LANDSCAPE)[1].values["atoms"]] == ["ledger", "equation"]
    assert [atom.name for atom in made.sheets(TITLE, PORTRAIT)[0].values["atoms"]] == ["ledger", "card"]
    assert [atom.name for atom in made.sheets(TITLE, ELDER)[2].values["atoms"]] == ["card"]
    card, = named(made, "card", PORTRAIT)
    assert card["terms"] == [("", "季初结余", "138.21"), ("＋", "本季收入", "702.36"),
                             ("－", "本季支出", "688.94"), ("＝", "季末结余", "151.63")]


def test_a_note_that_finds_no_room_takes_the_sum_along():
    made = Finance.parse({**sample(), "note": "含上级专项资金。"})
    assert [[atom.name for atom in page.values["atoms"]] for page in made.sheets(TITLE, LANDSCAPE)[:3]] == [
        ["ledger"], ["ledger"], ["card", "paragraph"]]


def test_names_stand_above_figures_where_they_find_no_room_beside_them():
    upright = geometry_of(panel_of(43, 1920, 1080, rotation=90), "gaoduibi", elder=True)
    made = Finance.parse(sample())
    assert all(piece["over"] for piece in named(made, "ledger", upright))
    assert not any(piece["over"] for piece in named(made, "ledger", PORTRAIT))
    assert rows(made, upright) == [[(name, figures[1:3]) for name, figures in page] for page in rows(made)]


def test_a_sum_that_does_not_add_up_is_not_drawn_as_one():
    made = Finance.parse({**sample(), "closing": 0})
    assert [sign for sign, *_ in named(made, "card", PORTRAIT)[0]["terms"]] == ["", "", "", ""]


# --- the chart ---

@pytest.mark.parametrize("more, words", [(18_370_000, "三季度支出比上季多18.37万元"), (-5_000_000, "三季度支出比上季少5.00万元"),
                                         (0, "三季度支出和上季一样多"), (1, "三季度支出比上季多0.000001万元")])
def test_the_finding_is_the_title(more, words):
    assert finding("三季度", more, "万元") == words
    made = finance(line("人员经费", quarter=295_800_000 + more, last=295_800_000))
    assert titles(made)[1] == words


def test_the_chart_shows_parts_by_size_with_bars_in_exact_proportion():
    pairs = named(Finance.parse(sample()), "pair")
    assert [pair["name"] for pair in pairs] == [["项目支出"], ["人员经费"], ["公用经费"]]
    drawn = [(Decimal(figure), Decimal(bar["width"])) for pair in pairs for _, figure, bar in pair["bars"]]
    largest, widest = drawn[0]
    assert all(abs(width / widest - amount / largest) < Decimal("0.001") for amount, width in drawn)
    assert all(bar["x"] == pairs[0]["bars"][0][2]["x"] for pair in pairs for *_, bar in pair["bars"])


def test_bars_below_zero_go_to_the_other_side_and_nothing_has_no_bar():
    made = finance(line("项目", quarter=300, last=-100), line("零", quarter=0, last=50))
    first, second = named(made, "pair")
    (_, _, now), (_, shown, last) = first["bars"]
    assert shown == "−0.00010"
    assert float(last["x"]) + float(last["width"]) == pytest.approx(float(now["x"]), abs=0.02)  # both begin at zero
    assert float(now["width"]) / float(last["width"]) == pytest.approx(3, abs=0.01)
    assert not second["bars"][0][2]["any"]


def test_many_parts_are_drawn_as_the_largest_and_the_sum_of_the_rest():
    made = finance(*(line(f"项目{at}", quarter=at * WAN, last=WAN) for at in range(1, 101)))
    pairs = named(made, "pair")
    assert [pair["name"] for pair in pairs] == [["项目100"], ["项目99"], ["其余98项"]]
    assert sum(fields.fen(pair["bars"][0][1], "万元") for pair in pairs) == 5050 * WAN


def test_without_last_quarter_there_is_no_chart():
    assert titles(finance(line("人员经费", quarter=100))) == [TITLE]


# --- why ---

def causes(made, geometry=LANDSCAPE):
    return [("".join(each["name"]), each["word"], each["figure"]) for each in named(made, "cause", geometry)]


def test_reasons_stand_largest_first_and_add_up_to_the_title():
    made = Finance.parse(sample())
    assert titles(made)[-1] == "为什么多了18.37万元"
    assert causes(made) == [("项目支出", "增加", "21.63"), ("公用经费", "减少", "4.86"), ("人员经费", "增加", "1.60")]
    assert named(made, "sum")[0] == {"label": "＝ 合计增加", "figure": "18.37"}


def test_what_has_no_reason_is_summed_up():
    data = sample()
    data["lines"][4]["why"] = data["lines"][5]["why"] = ""
    assert causes(Finance.parse(data)) == [("项目支出", "增加", "21.63"), ("其他项目", "减少", "3.26")]


def test_where_lines_and_total_disagree_the_rest_is_not_said_to_be_lines():
    data = sample()
    data["lines"][4]["why"] = ""
    assert [each["why"] for each in named(Finance.parse(data), "cause")][-1] == ["共1项"]
    data["lines"][5]["quarter"] -= WAN
    assert [each["why"] for each in named(Finance.parse(data), "cause")][-1] == []


def test_without_any_reason_there_is_no_such_page():
    data = sample()
    for each in data["lines"]:
        each["why"] = ""
    assert len(titles(Finance.parse(data))) == 3


# --- any sheet, any panel ---

amounts = st.one_of(st.none(), st.just(0), st.integers(-10**15, 10**15), st.integers(-10**4, 10**4).map(lambda n: n * WAN))
names = st.text("财政拨款人员经费公用项目支出（），A1", min_size=1, max_size=24).filter(str.strip)


@st.composite
def sheets(draw):
    columns = ("budget", "quarter", "total", "last", "last_total")
    groups, levels = st.sampled_from(["收入", "支出", "三公", ""]), st.sampled_from(["分项", "分项", "合计"])
    whys = st.sampled_from(["", "新聘社区工作者2人", "老旧小区雨棚改造，" * 4])
    made = [line(f"{at}{draw(names)}"[:24], draw(groups), draw(levels), why=draw(whys), **{column: draw(amounts) for column in columns})
            for at in range(draw(st.integers(1, 14)))]
    return finance(*made, unit=draw(st.sampled_from(["元", "万元"])), opening=draw(amounts), closing=draw(amounts),
                   note=draw(st.sampled_from(["", "含上级专项资金。" * 20])))


@pytest.mark.parametrize("geometry", [LANDSCAPE, PORTRAIT, ELDER, NARROWEST, LOWEST], ids=lambda geometry: geometry.key)
@settings(max_examples=20, deadline=None)
@given(made=sheets(), title=st.sampled_from([TITLE, "街道办事处二〇二六年第三季度财政收入与支出以及三公经费情况公开表"]))
def test_every_page_holds_its_pieces_and_every_line_stands_on_one(geometry, made, title):
    pages = made.sheets(title, geometry)
    for page in pages:
        free = layout.height_of(geometry) - page.values["high"] - layout.TITLE_SPACE
        assert sum(atom.height + (atom.gap if at else 0) for at, atom in enumerate(page.values["atoms"])) <= free + 1e-6
    shown = Counter("".join(row["name"]).replace(" ", "") for page in pages for atom in page.values["atoms"] if atom.name == "ledger"
                    for row in atom.content["rows"] if row["total"] or not row["lead"])
    if shown:
        assert shown == Counter(row["name"].replace(" ", "") for row in made.data["lines"])
    else:  # plain lines
        said = "".join(text for page in pages for atom in page.values["atoms"] for text in atom.content.get("lines", ()))
        assert all(row["name"].replace(" ", "") in said.replace(" ", "") for row in made.data["lines"])


@settings(max_examples=30, deadline=None)
@given(sheets())
def test_reasons_always_add_up_to_the_difference_in_the_title(made):
    up = {True: 1, False: -1}
    found = sum(Decimal(each["figure"].replace(",", "")) * up[each["up"]] for each in named(made, "cause"))
    said = next((title for title in titles(made) if title.startswith(("为什么", "各项有增有减"))), "为什么多了0元")
    amount = re.search(r"[\d,.]+", said)
    assert found == (Decimal(amount[0].replace(",", "")) * up["多" in said] if amount else 0)


def test_a_thousand_lines_are_pages_within_two_seconds():
    data = {"year": 2026, "quarter": "三季度", "lines": [
        line(f"{name}{at}", group, why="按进度拨付" if at % 50 == 0 else "", budget=(at + 9) * 12_340_000, quarter=at * 3_080_000,
             total=at * 9_250_000, last=at * 3_000_000, last_total=at * 6_170_000)
        for group, name in (("收入", "专项资金"), ("支出", "老旧小区改造项目")) for at in range(500)]}
    typeset.lines("先量一遍字", 100, 8)
    begun = time.process_time()  # other tests may run beside this one
    pages = Finance.parse(data).sheets(TITLE, LANDSCAPE)
    taken = time.process_time() - begun
    assert sum(len(atom.content["rows"]) for page in pages for atom in page.values["atoms"] if atom.name == "ledger") == 1002
    assert taken < 2.0


def test_pages_are_drawn_with_the_repeated_head_told_once():
    pages = render(SlideView(TITLE, "finance", sample(), "财政公开", "财政所", None, "0825-×××××××"), LANDSCAPE)
    assert [page.of for page in pages] == [4] * 4
    assert "执行率" in pages[0].text
    assert "执行率" not in pages[1].text
    assert pages[1].dwell == typeset.dwell(pages[1].text)

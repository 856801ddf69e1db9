"""Tables: whatever stands in the cells, every column fits the page, every row fits its height, and nothing is lost."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kiosk.content import layout, tables, typeset
from kiosk.content.geometry import geometry_of, greatest_distance, panel_of
from kiosk.content.layout import Room
from kiosk.content.tables import EDGE, GAP, Table

WIDE, TALL, SMALL = Room(216, 75, True, "zhengwu"), Room(120, 161, False, "shequ"), Room(96, 24, True, "zhengwu")
PANELS = [(inches, rotation, elder) for inches in (21.5, 43, 98) for rotation in (0, 90) for elder in (False, True)]


def grids(inches, rotation, elder):
    """The board at three metres, or as far as it can be read."""
    most = greatest_distance(panel_of(inches, 1920, 1080, rotation), elder=elder)
    return [geometry_of(panel_of(inches, 1920, 1080, rotation, distance), elder=elder) for distance in (min(1500, most), most)]


GEOMETRIES = [geometry for panel in PANELS for geometry in grids(*panel)]
ROOMS = [SMALL, WIDE, TALL, *(layout.room(title, "单位：万元", geometry) for geometry in GEOMETRIES for title in ("收支情况", "关于" * 20))]

figure = st.one_of(st.integers(-10**6, 10**12).map(lambda value: f"{value:,}.00"), st.just("9" * 30), st.just("12.5%"), st.just(""))
word = st.text(st.sampled_from("东街社区合计，。（）《》A9×-—· "), max_size=24).map(lambda text: " ".join(text.split()))
long = st.integers(60, 200).map(lambda count: ("这一项说得很长，" * 30)[:count])


@st.composite
def sheets(draw):
    """A table of one to twelve columns of words and figures, now and then with a long cell, a long head, an indent."""
    kinds = draw(st.lists(st.sampled_from(["left", "right", "center"]), min_size=1, max_size=12))
    cell = {"left": st.one_of(word, word, word, long), "right": figure, "center": word}
    count = draw(st.integers(1, 14))
    rows = [[draw(cell[kind]) for kind in kinds] for _ in range(count)]
    head = [draw(st.one_of(word.map(lambda text: text[:20]), st.just("二十个字的表头" * 3).map(lambda text: text[:20]))) for _ in kinds]
    indent = draw(st.one_of(st.just([]), st.lists(st.sampled_from([0.0, 3.0, 6.0]), min_size=count, max_size=count)))
    return Table(head, rows, kinds, indent=indent, pair=draw(st.booleans()))


def cells(atom):
    return [row for row in (*atom.content["rows"], *atom.content["beside"])]


def flat(text):
    return "".join(text.split())


def set_in(table, room, left=None, **more):
    left = room.h if left is None else left
    return tables.placed(tables.broken(table, room), room, left, **more)


@settings(deadline=None, max_examples=150)
@given(sheets(), st.sampled_from(ROOMS), st.floats(0, 1), st.integers(0, 6))
@example(Table(["二" * 20], [["9" * 30]], ["right"]), SMALL, 1.0, 0)
@example(Table(["二" * 20] * 12, [["9" * 30] * 12], ["right"] * 12), SMALL, 1.0, 0)
@example(Table(["社区", "户数"], [[f"{at}号", "1"] for at in range(40)], ["left", "right"], pair=True), WIDE, 1.0, 6)
def test_every_piece_fits_its_page_and_every_line_its_column(table, room, share, air):
    for atom in set_in(table, room, room.h * share, air=air):
        assert atom.height <= room.h + 1e-6
        if atom.name != "table":
            size = layout.SUB if atom.name == "heading" else layout.BODY
            assert all(typeset.width(line, size, 700 if atom.name == "heading" else 500) <= room.w + 1e-6 for line in atom.content["lines"])
            continue
        widths = atom.content["widths"]
        assert atom.content["wide"] == sum(widths) + GAP * (len(widths) - 1) + 2 * EDGE
        assert atom.content["wide"] * atom.content["halves"] + 8 * (atom.content["halves"] - 1) <= room.w
        for head, wide in zip(atom.content["head"], widths, strict=True):
            assert all(typeset.width(line, layout.LABEL) <= wide + 1e-6 for line in head)
            assert len(head) * tables.HEAD_LINE + 2 <= atom.content["top"]
        for row in cells(atom):
            for at, (cell, wide) in enumerate(zip(row["cells"], widths, strict=True)):
                free = wide - (row["indent"] if at == 0 else 0)
                assert all(typeset.width(line, layout.BODY, 700 if row["total"] else 500) <= free + 1e-6 for line in cell)
                assert len(cell) * tables.ROW_LINE <= row["high"]
        halves = [sum(row["high"] for row in atom.content[name]) for name in ("rows", "beside")]
        assert atom.height == atom.content["top"] + max(halves)


@settings(deadline=None, max_examples=100)
@given(sheets(), st.sampled_from(ROOMS))
def test_every_cell_is_on_some_page(table, room):
    found = set_in(table, room)
    told = flat("".join(line for atom in found for line in atom.content.get("lines", ())))
    streams: dict[tuple[str, int], str] = {}
    for atom in (atom for atom in found if atom.name == "table"):
        for at in range(len(atom.content["head"])):
            name = (str(atom.content["head"]), at)
            streams[name] = streams.get(name, "") + flat("".join("".join(row["cells"][at]) for row in cells(atom)))
    for at in range(len(table.head)):
        for row in table.rows:
            assert flat(row[at]) in told or any(flat(row[at]) in stream for stream in streams.values())


def test_a_figure_wider_than_the_page_is_broken_not_cut():
    found = set_in(Table(["项目", "编码"], [["一", "1" * 30]], ["left", "right"]), Room(96, 60, False, "shequ"))
    rows = [row for atom in found for row in cells(atom)]
    assert "".join(rows[0]["cells"][1]) == "1" * 30
    assert len(rows[0]["cells"][1]) > 1


def test_where_no_head_fits_each_row_is_told_in_plain_lines():
    told = set_in(Table(["项目", "二十个字的表头二十个字的表头二十个字的"], [["扫雪", "12"]], ["left", "right"]), SMALL)
    assert {atom.name for atom in told} == {"heading", "paragraph"}
    assert "".join(line for atom in told for line in atom.content["lines"]) == "扫雪二十个字的表头二十个字的表头二十个字的：12"


def test_a_narrow_table_stays_narrow_so_that_the_eye_crosses_to_the_figure():
    part = set_in(Table(["社区", "户数"], [["东街社区", "312"]], ["left", "right"]), WIDE)[0]
    assert part.content["wide"] < WIDE.w * 0.6


def test_a_table_that_nearly_fills_the_page_fills_it():
    rows = [["收入合计", "2,860.00", "702.36", "2,104.58", "73.6%"]]
    part = set_in(Table(["项目", "年初预算", "本季", "本年累计", "执行率"], rows, ["left", *["right"] * 4]), WIDE)[0]
    assert part.content["wide"] == WIDE.w


def test_six_rows_fit_the_page_of_the_reference_board():
    rows = [[f"第{at}项", "2,860.00"] for at in range(6)]
    assert len(set_in(Table(["项目", "金额"], rows, ["left", "right"]), WIDE)) == 1


def test_words_grow_before_rows_do():
    part = set_in(Table(["序号", "事项", "金额"], [["1", "老旧小区消防通道划线和充电棚建设", "12.50"]], ["left", "left", "right"]), TALL)[0]
    assert len(part.content["rows"][0]["cells"][1]) <= 3
    assert part.content["wide"] == TALL.w


def test_the_name_goes_along_where_the_first_column_only_counts():
    head = ["序号", "社区", *(f"{month}月金额" for month in range(1, 9))]
    found = set_in(Table(head, [["1", "东街社区", *["1,234,567.89"] * 8]], ["left", "left", *["right"] * 8]), TALL)
    assert len(found) > 1
    assert all(atom.content["head"][:2] == [["序号"], ["社区"]] for atom in found)


def test_further_columns_are_shared_out_evenly():
    head = ["项目", *(f"第{at}项" for at in range(7))]
    found = set_in(Table(head, [["环境整治", *["1,234.50"] * 7]], ["left", *["right"] * 7]), TALL)
    assert [len(atom.content["head"]) for atom in found] == [3, 3, 3, 2]


def test_a_heading_in_brackets_breaks_before_the_bracket():
    head = ["社区", "面积（平方公里）", *["总户数"] * 5]
    part = set_in(Table(head, [["东街社区", "1.26", *["3,208"] * 5]], ["left", *["right"] * 6]), Room(190, 75, True, "zhengwu"))[0]
    assert part.content["head"][1] in (["面积", "（平方公里）"], ["面积（平方公里）"])


@pytest.mark.parametrize("count", range(7, 60))
def test_pages_are_filled_alike_and_a_total_is_never_alone(count):
    rows = [[f"第{at}项", "1.00", "2.00", "3.00", "4.00"] for at in range(count - 1)] + [["合计", "1", "2", "3", "4"]]
    pages = [len(atom.content["rows"]) for atom in set_in(Table(["项目", "甲", "乙", "丙", "丁"], rows, ["left", *["right"] * 4]), WIDE)]
    assert sum(pages) == count
    assert pages[-1] >= 2
    assert max(pages) - min(pages) <= 2
    assert len(pages) == -(-count // 6)


def test_totals_that_lead_stay_with_their_first_part():
    rows = [[name, "1.00"] for group in range(4) for name in ("支出合计", *(f"第{at}项" for at in range(4)))]
    found = set_in(Table(["项目", "金额"], rows, ["left", "right"]), WIDE)
    assert len(found) > 1
    assert not any(atom.content["rows"][-1]["total"] for atom in found)


def test_rows_that_belong_together_are_not_parted():
    rows = [[f"第{at}项", "1.00"] for at in range(12)]
    keep = [at % 3 != 2 for at in range(12)]
    found = set_in(Table(["项目", "金额"], rows, ["left", "right"], keep=keep), WIDE)
    assert [len(atom.content["rows"]) % 3 for atom in found] == [0] * len(found)


def test_a_long_narrow_table_stands_in_two_halves():
    rows = [[f"{at}号网格", str(at)] for at in range(1, 24)]
    found = set_in(Table(["网格", "户数"], rows, ["left", "right"], pair=True), WIDE)
    assert [row["cells"][0][0] for atom in found for row in cells(atom)] == [row[0] for row in rows]
    assert all(len(atom.content["rows"]) - len(atom.content["beside"]) in (0, 1) for atom in found)
    assert len(found) == 2


def test_a_row_is_not_parted_where_the_page_holds_it_whole():
    rows = [["短", "1"]] * 4 + [["这一项要说得长一些，" * 4, "2"]]
    found = set_in(Table(["项目", "数"], rows, ["left", "right"]), Room(100, 75, True, "zhengwu"))
    for one, two in pairwise(found):
        assert not one.content["rows"][-1]["open"], two


def test_a_row_higher_than_the_page_runs_on():
    found = set_in(Table(["项目", "说明"], [["一", "这一项说得很长，" * 25]], ["left", "left"]), Room(100, 60, True, "zhengwu"))
    assert len(found) > 1
    assert "".join("".join(row["cells"][1]) for atom in found for row in cells(atom)) == "这一项说得很长，" * 25


def test_what_runs_on_reads_as_one_row_and_has_its_name_again_on_the_next_page():
    rows = [["东街", "短"], ["石桥", "这一项说得很长，" * 25]]
    found = set_in(Table(["社区", "说明"], rows, ["left", "left"]), Room(100, 80, True, "zhengwu"))
    assert len(found) > 2
    assert all(len({"".join(row["cells"][0]) for row in cells(atom)}) == len(cells(atom)) for atom in found)
    assert all("".join(cells(atom)[-1]["cells"][0]) == "石桥" for atom in found[1:])
    assert [atom.content["rows"][-1]["open"] for atom in found[1:]] == [True] * (len(found) - 2) + [False]


def test_a_total_that_says_nothing_in_further_columns_is_not_repeated_there():
    head = ["社区", *["金额"] * 6, "地址"]
    rows = [["东街社区", *["1,234,567.89"] * 6, "东街18号"], ["合计", *["1,234,567.89"] * 6, ""]]
    found = set_in(Table(head, rows, ["left", *["right"] * 6, "left"]), TALL)
    alone = [atom for atom in found if [cell for cell in atom.content["head"]][1:] == [["地址"]]]
    for atom in alone:
        assert not any(row["total"] for row in cells(atom))


@pytest.mark.parametrize(("words", "total"), [("合计", True), ("合 计", True), ("收入合计", True), ("小计：", True), ("合计（万元）", True),
                                              ("总计", True), ("合计以上各项后再分摊到各社区", False), ("东街社区", False), ("", False)])
def test_totals_are_known_by_their_word(words, total):
    assert tables.is_total([words, "1"]) is total


def test_a_heading_keeps_its_place_above_a_table_that_fills_a_page():
    rows = [[f"第{at}项", "1.00"] for at in range(30)]
    head = layout.heading_atoms("检查安排", WIDE)
    left, fresh = tables.left_of(head, WIDE)
    pages = typeset.paged([*head, *set_in(Table(["项目", "金额"], rows, ["left", "right"]), WIDE, left, fresh=fresh)], WIDE.h)
    assert [atom.name for atom in pages[0]] == ["heading", "table"]


def test_a_thousand_rows_are_set_in_a_second():
    rows = [[f"第{at}项老旧小区改造工程", "东街社区", f"{at * 977:,}.50", f"{at * 13:,}.00", "12.5%"] for at in range(1000)]
    start = process_time()
    set_in(Table(["项目", "地点", "预算", "支出", "执行率"], rows, ["left", "left", *["right"] * 3]), WIDE)
    assert process_time() - start < 1

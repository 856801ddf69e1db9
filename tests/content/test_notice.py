"""notice: pages at the reader's size, numbered on, tables cut between rows, every change told line by line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content import layout, typeset
from kiosk.content.fields import Faults
from kiosk.content.geometry import geometry_of, greatest_distance, panel_of, places
from kiosk.content.kinds.notice import Notice

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90))
TITLE = "冬季用气用电安全提示"


def notice(*blocks, **more):
    return Notice.parse({"blocks": list(blocks), **more})


def points(*items, numbered=True):
    return {"type": "points", "numbered": numbered, "items": list(items)}


def table(head, rows, align=None):
    return {"type": "table", "head": head, "rows": rows, **({"align": align} if align else {})}


def atoms(made, geometry=LANDSCAPE):
    return [atom for sheet in made.sheets(TITLE, geometry) for atom in sheet.values["atoms"]]


def said(made, geometry=LANDSCAPE):
    """Every character of lines on every page, in order, titles left out."""
    return "".join(line for atom in atoms(made, geometry) for line in atom.content["lines"])


def room(geometry, title_lines=1):
    return layout.height_of(geometry) - 15 * title_lines - layout.TITLE_SPACE


def test_a_short_notice_is_one_page():
    assert len(notice(points("用燃气时开窗通风。", "电热毯睡前关闭。"), lead="请各位居民做到：").sheets(TITLE, LANDSCAPE)) == 1


def test_a_long_one_is_split_and_nothing_of_it_is_lost():
    items = [f"第{at}项：请各位居民在家中注意用火用电安全，发现隐患马上报告社区。" for at in range(20)]
    made = notice(points(*items))
    assert len(made.sheets(TITLE, LANDSCAPE)) > 3
    assert said(made).replace(" ", "") == "".join(items)


def test_numbers_run_on_over_blocks_and_pages():
    made = notice(points("甲", "乙"), {"type": "heading", "text": "还有"}, points("丙"), points("不数", numbered=False), points("丁"))
    assert [atom.content["mark"] for atom in atoms(made) if atom.name == "point"] == ["1", "2", "3", "", "4"]


@pytest.mark.parametrize("geometry", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_no_page_is_fuller_than_the_board(geometry):
    made = notice({"type": "paragraph", "text": "请注意安全。" * 120}, {"type": "heading", "text": "检查安排"},
                  table(["社区", "日期", "户数"], [[f"{at}号社区", "11月25日", "312"] for at in range(40)], ["left", "left", "right"]),
                  points(*["检查人员佩戴工作证，不收任何费用。"] * 10), lead="请各位居民做到：", strip={"text": "咨询", "phone": "12345"})
    high = room(geometry)
    for sheet in made.sheets(TITLE, geometry):
        page = sheet.values["atoms"]
        assert page
        assert sum(atom.height for atom in page) + sum(atom.gap for atom in page[1:]) <= high


def test_a_long_table_repeats_its_head_and_loses_no_row():
    rows = [[f"{at}号社区", str(at * 1000)] for at in range(30)]
    pieces = [atom for atom in atoms(notice(table(["社区", "金额"], rows, ["left", "right"]))) if atom.name == "table"]
    assert len(pieces) > 1
    assert all(piece.content["head"] == [["社区"], ["金额"]] for piece in pieces)
    assert [["".join(cell) for cell in row] for piece in pieces for row in [each["cells"] for each in piece.content["rows"]]] == rows


def test_a_wide_table_goes_on_beside_its_first_column():
    head = ["项目", *(f"{month}月支出金额" for month in range(1, 8))]
    rows = [["环境卫生整治", *["1,234,567.89"] * 7]]
    pieces = [atom for atom in atoms(notice(table(head, rows, ["left", *["right"] * 7])), PORTRAIT) if atom.name == "table"]
    assert len(pieces) > 1
    assert all(piece.content["head"][0] == ["项目"] for piece in pieces)
    assert ["".join(label) for piece in pieces for label in piece.content["head"][1:]] == head[1:]


def test_a_figure_in_a_table_is_never_cut():
    rows = [["一笔名字很长很长很长很长很长很长很长很长的支出项目", "1,234,567.89"]]
    for atom in atoms(notice(table(["项目", "金额（元）"], rows, ["left", "right"])), PORTRAIT):
        assert atom.content["rows"][0]["cells"][1] == ["1,234,567.89"]


def test_totals_are_marked():
    made = notice(table(["社区", "户数"], [["东街", "1"], ["合计", "1"]], ["left", "right"]))
    assert [row["total"] for row in atoms(made)[0].content["rows"]] == [False, True]


def test_the_phone_stands_beside_its_words_where_it_fits():
    assert atoms(notice(strip={"text": "燃气抢修", "phone": "12345"}))[-1].content["beside"] == 10
    long = {"text": "有问题请拨打便民服务中心值班电话咨询", "phone": "0825-1234567"}
    assert atoms(notice(strip=long), PORTRAIT)[-1].content["beside"] == 0


def test_a_page_stays_as_long_as_its_own_words_need():
    for sheet in notice({"type": "paragraph", "text": "请注意安全。" * 100}).sheets(TITLE, LANDSCAPE):
        assert sheet.dwell is None and sheet.text is None  # render counts the words it has drawn


def test_the_phone_to_call_is_larger_than_the_words():
    made = notice(strip={"text": "有问题请拨打便民服务中心值班电话咨询", "phone": "0825-1234567"})
    assert atoms(made, PORTRAIT)[-1].content["size"] == 10


def test_a_point_is_not_parted_where_a_page_holds_it_whole():
    made = notice(points(*["请各位居民在家中注意用火用电安全，发现隐患马上报告社区，" * 3] * 6))
    for sheet in made.sheets(TITLE, LANDSCAPE):
        assert all(atom.content["first"] and atom.content["last"] for atom in sheet.values["atoms"])


def test_a_heading_stays_with_the_table_below_it_however_long():
    made = notice({"type": "paragraph", "text": "请注意安全。" * 30}, {"type": "heading", "text": "检查安排"},
                  table(["社区", "日期"], [[f"{at}号社区", "11月25日"] for at in range(60)]))
    for geometry in (LANDSCAPE, PORTRAIT):
        pages = [[atom.name for atom in sheet.values["atoms"]] for sheet in made.sheets(TITLE, geometry)]
        assert all(page[-1] != "heading" for page in pages)


def test_a_table_begins_on_what_is_left_of_the_page():
    made = notice({"type": "paragraph", "text": "请注意安全。"}, table(["社区", "日期"], [[f"{at}号社区", "11月25日"] for at in range(20)]))
    assert [atom.name for atom in made.sheets(TITLE, LANDSCAPE)[0].values["atoms"]] == ["paragraph", "table"]


def test_what_no_reader_sees_is_gone():
    made = notice(points("开窗\u200b\u202e通风。"), table(["社\u200b区"], [["东\x00街\n社区"]]), lead="请\u2066做到：")
    assert made.text() == "请做到：\n开窗通风。\n社区\n东街 社区"


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(Faults) as caught:
        notice(points("字" * 300, "好", ""), table(["社区", "备注"], [["东街", "好"], ["石桥", "字" * 10_000]]), lead="长" * 201)
    assert [str(fault) for fault in caught.value.all] == [
        "最多 200 个字，现在 201 个。", "第 1 条有 300 个字，最多 200 个字。", "第 3 条还是空的。",
        "表格第 2 行“备注”有 10000 个字，最多 60 个字。"]


@pytest.mark.parametrize(("data", "field"), [
    ({}, "body"), ({"lead": " "}, "body"), ({"lead": "长" * 201}, "lead"), ({"lead": "字", "extra": 1}, "extra"),
    ({"blocks": [{"type": "paragraph", "text": ""}]}, "text"), ({"blocks": [{"type": "paragraph", "text": "字", "bold": 1}]}, "bold"),
    ({"blocks": [points()]}, "items"), ({"blocks": [points("字" * 201)]}, "items"), ({"blocks": [{"type": "picture"}]}, "blocks"),
    ({"blocks": [table(["甲"], [])]}, "rows"), ({"blocks": [table(["甲", "乙"], [["1"]])]}, "rows"),
    ({"blocks": [table([str(at) for at in range(9)], [["1"] * 9])]}, "head"), ({"blocks": [table(["甲"], [["1"]], ["up"])]}, "align"),
    ({"blocks": [{"type": "paragraph", "text": "字"}] * 61}, "blocks"), ({"lead": "\U00013000"}, "body"),
    ({"strip": "电话"}, "strip"), ({"strip": {"text": "字" * 81, "phone": ""}}, "text")])
def test_each_mistake_is_refused_by_the_name_of_its_field(data, field):
    with pytest.raises(Invalid) as caught:
        Notice.parse(data)
    assert caught.value.field == field


def test_changes_are_told_line_by_line():
    old = notice(points("用燃气时开窗。", "电热毯睡前关闭。"), lead="请做到：").stored()
    new = notice(points("用燃气时开窗通风。", "电热毯睡前关闭。"), lead="请务必做到：", strip={"text": "抢修", "phone": "12345"}).stored()
    told = [(change.where, change.old, change.new, change.n) for change in Notice.changes(old, new)]
    assert told == [("说明", "请做到：", "请务必做到：", None), ("第 %(n)s 行", "用燃气时开窗。", "用燃气时开窗通风。", 1),
                    ("底条", "", "抢修 12345", None)]


def test_a_new_order_is_a_change():
    old, new = notice(points("甲", "乙")).stored(), notice(points("乙", "甲")).stored()
    assert [(change.where, change.old, change.new) for change in Notice.changes(old, new)] == [("正文，只是换了顺序", "甲", "乙")]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(st.sampled_from("甲乙丙丁戊，。0123"), min_size=1, max_size=120).filter(str.strip), min_size=1, max_size=12))
def test_whatever_is_written_all_of_it_is_on_the_pages(texts):
    made = notice(*({"type": "paragraph", "text": text} for text in texts))
    for geometry in (LANDSCAPE, PORTRAIT):
        assert said(made, geometry).replace(" ", "") == "".join(texts)


def test_no_line_is_wider_than_the_page():
    made = notice({"type": "paragraph", "text": "请拨打12345或0825-1234567咨询，" * 20}, lead="说明" * 50)
    for geometry in (LANDSCAPE, PORTRAIT):
        widest = layout.width_of(geometry)
        for atom in atoms(made, geometry):
            assert all(typeset.width(line, 8) <= widest + 1e-6 for line in atom.content["lines"])


def test_a_long_note_under_a_long_title_leaves_room_for_words():
    panel = panel_of(21.5, 1024, 768)
    small = geometry_of(panel_of(21.5, 1024, 768, distance_mm=greatest_distance(panel)))
    side = "单位：户，数据截至十月底，由各社区网格员入户核对后填报，街道汇总"
    title = "关于做好今冬明春火灾防控和燃气用电安全检查工作的情况通报和下一步安排的说明"
    pages = notice(points("开窗通风。"), side=side).sheets(title, small)
    told = "".join(line for page in pages for atom in page.values["atoms"] for line in atom.content["lines"])
    assert side in told + "".join(pages[0].values["under"] or pages[0].values["side"])
    for page in pages:
        high = layout.height_of(small) - page.values["high"] - layout.TITLE_SPACE
        assert sum(atom.height for atom in page.values["atoms"]) + sum(atom.gap for atom in page.values["atoms"][1:]) <= high


# --- the code to scan --------------------------------------------------------------------------------------------------------

LINK = "https://www.example.gov.cn/notices/2026/118"


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_notice_that_stands_elsewhere_too_ends_with_a_code_to_scan(rotation):
    notice = Notice.parse({"lead": "今天下午停水。", "link": LINK})
    *told, scanned = notice.sheets("停水通知", geometry_of(panel_of(43, 1920, 1080, rotation)))
    assert len(told) == 1
    (code,) = scanned.values["atoms"]
    assert (code.name, code.content["host"]) == ("code", "www.example.gov.cn")
    assert code.content["box"] >= 38


def test_without_an_address_there_is_no_code():
    assert len(Notice.parse({"lead": "今天下午停水。"}).sheets("停水通知", geometry_of(panel_of(43, 1920, 1080)))) == 1


@pytest.mark.parametrize("link", ["www.example.gov.cn", "扫一扫", "javascript:alert(1)", "https://"])
def test_a_code_holds_an_address_that_leads_somewhere(link):
    with pytest.raises(Invalid) as refused:
        Notice.parse({"lead": "今天下午停水。", "link": link})
    assert "http" in str(refused.value.message)


def test_where_no_code_could_be_scanned_the_address_is_told_in_words():
    zone = places(geometry_of(panel_of(43, 1920, 1080, 90)), "side")[1].geometry
    sheets = Notice.parse({"lead": "今天下午停水。", "link": LINK}).sheets("停水通知", zone)
    drawn = [atom for sheet in sheets for atom in sheet.values["atoms"]]
    assert {atom.name for atom in drawn} == {"lead", "paragraph"}
    assert "".join("".join(atom.content["lines"]) for atom in drawn).endswith(f"网址：{LINK}")


def test_another_address_is_a_change_that_is_told():
    (change,) = Notice.changes({"lead": "停水。"}, {"lead": "停水。", "link": LINK})
    assert (change.old, change.new) == ("", LINK)

"""objection: a closed set of columns, masked names, a counter that says the day, and where to object on every page."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.base.workdays import Calendar
from kiosk.content import layout, masks, render, sheets
from kiosk.content.fields import Faults
from kiosk.content.geometry import Geometry, geometry_of, panel_of
from kiosk.content.grid import Cell, Grid, Sheet
from kiosk.content.kinds.objection import Objection, counted

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90), "shequ")
ELDER = geometry_of(panel_of(43, 1920, 1080), "gaoduibi", True)
SMALLEST = [Geometry(185, 104, 9, "landscape", "gaoduibi", True), Geometry(139, 104, 9, "landscape", "shequ"),
            Geometry(111, 148, 9, "portrait", "zhengwu"), Geometry(120, 80, 9, "landscape", "zhengwu")]
TITLE = "低保初审公示"


def household(name="张秀兰", people=2, amount=108000, community="东街社区", **more):
    return {"name": name, "people": people, "amount": amount, "community": community, **more}


def relief(**more):
    return {"matter": "下列家庭拟纳入最低生活保障，现予公示。", "days": 7, "phone": "0825-2300001", "place": "社会事务办3号窗口",
            "hours": "工作日8:30-17:30", "answers": "社会事务办", "basis": "《社会救助暂行办法》第十一条",
            "households": [household(), household("李平", 1, 62000), household("王建国", 3, 146000)], **more}


def general(**more):
    return {**relief(households=[]), "subject": "一般公示", "columns": "姓名、科室、推荐项目",
            "lines": [{"one": "张三", "two": "党政办", "three": "优秀"}], **more}


def run(first="2026-04-09", days=7, measure="日"):
    start = date.fromisoformat(first)
    return {"first": first, "days": [day.isoformat() for day in counted(start, days, measure, Calendar())]}


def hung(data, geometry=LANDSCAPE, title=TITLE, **at):
    return Objection.parse({**data, "run": run(**at)}).sheets(title, geometry)


def faults(data):
    with pytest.raises(Invalid) as caught:
        Objection.parse(data)
    return {fault.field: str(fault) for fault in (caught.value.all if isinstance(caught.value, Faults) else (caught.value,))}


# --- names ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("name", "policy", "shown"), [
    ("张秀兰", "张*丰", "张*兰"), ("李平", "张*丰", "李*"), ("欧阳明", "张*丰", "欧阳*"), ("欧阳明华", "张*丰", "欧阳*华"),
    ("欧阳", "张*丰", "欧*"),
    ("张秀兰", "张**", "张**"), ("李平", "张**", "李**"), ("欧阳明", "张**", "欧阳**"), ("张秀兰", "全名", "张秀兰"),
    ("张某某", "张*丰", "张**"), ("张*兰", "张*丰", "张*兰"), ("张*兰", "张**", "张**"), ("张**", "张*丰", "张**"),
    ("阿依古丽·买买提", "张*丰", "阿*提"), ("阿依古丽·买买提", "张**", "阿**")])
def test_a_name_stands_as_the_office_decides(name, policy, shown):
    assert masks.masked(name, policy) == shown


def test_names_are_masked_unless_the_office_says_otherwise():
    told = Objection.parse(relief())
    assert [row[1] for row in told.table()[1]] == ["张*兰", "李*", "王*国"]
    assert "秀" not in told.text()


def test_one_household_of_minors_and_every_name_is_its_surname_alone():
    rows = [household(minor=True), household("李平"), household("王建国")]
    for policy in masks.POLICIES:
        assert [row[1] for row in Objection.parse(relief(names=policy, households=rows)).table()[1]] == ["张**", "李**", "王**"]


def test_the_last_two_digits_stand_only_where_two_would_look_the_same():
    told = Objection.parse(relief(households=[household("李平", mark="07"), household("李红", mark="5x"), household("王建国", mark="34")]))
    head, rows = told.table()
    assert head == ["序号", "户主", "尾号", "人数", "元/月"]
    assert [row[2] for row in rows] == ["07", "5X", ""]
    assert told.stored()["households"][2]["mark"] == ""  # what is not needed is not even kept


def test_without_equal_names_there_is_no_such_column():
    told = Objection.parse(relief(households=[household(mark="34"), household("李平", mark="07")]))
    assert told.table()[0] == ["序号", "户主", "人数", "元/月"]


@pytest.mark.parametrize("mark", ["123", "4", "X4", "51090219800101123X", "XX"])
def test_no_more_than_the_last_two_digits_can_be_typed(mark):
    assert "households.0.mark" in faults(relief(households=[household("李平", mark=mark), household("李红")]))


def test_names_that_look_the_same_are_asked_about():
    doubts = Objection.parse(relief(households=[household("李平"), household("李红"), household("李兰", mark="07")])).doubts([])
    assert [(doubt.field, doubt.firm) for doubt in doubts] == [("households.1.mark", True)]
    assert Objection.parse(relief(households=[household("李平", mark="12"), household("李红", mark="13")])).doubts([]) == []


# --- the closed set --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("column", ["id", "phone", "account", "address", "illness", "school", "reason", "income"])
def test_no_other_column_can_be_written(column):
    assert faults(relief(households=[{**household(), column: "x"}])) == {"households.0": f"没有“{column}”这一项。"}


PRIVATE = {"510902198001011234": "身份证号", "５１０９０２１９８００１０１１２３４": "身份证号", "510902 1980 0101 1234": "身份证号",
           "11010519491231002X": "身份证号", "510902800101123": "身份证号", "6222021234567890123": "银行账号",
           "6222 0212 3456 7890": "银行账号", "88010123456789012": "银行账号",
           "13800138000": "个人手机号", "138-0013-8000": "个人手机号", "+86 13800138000": "个人手机号"}


@pytest.mark.parametrize(("text", "what"), PRIVATE.items())
@pytest.mark.parametrize("field", ["matter", "place", "basis", "hours"])
def test_numbers_of_persons_are_refused_beside_their_field(field, text, what):
    assert what in faults(relief(**{field: f"见{text}号"}))[field]


@pytest.mark.parametrize("text", [
    "0825-2300001", "0825—23000012", "2026-04-09至2026-04-16", "民发〔2021〕57号", "1,234,567.89元", "8:30-12:00", "12345",
    "0825-2300001、0825-2300002", "索引号 S009-2026-0001"])
def test_what_offices_write_every_day_is_no_alarm(text):
    assert masks.private(text) == ""


def test_a_mobile_is_no_objection_phone():
    assert faults(relief(phone="13800138000")) == {"phone": "“异议电话”里是个人手机号，不能上屏。请写办公电话。"}


def test_a_name_is_a_name():
    found = faults(relief(households=[household("510902198001011234"), household("张秀兰（残疾）"), household("李")]))
    assert set(found) == {"households.0.name", "households.1.name", "households.2.name"}


def test_two_communities_and_two_batches_are_two_notices():
    assert "households.1.community" in faults(relief(households=[household(), household("李平", community="石桥社区")]))
    assert "households.1.stage" in faults(relief(households=[household(stage="拟"), household("李平", stage="已")]))


def test_telling_words_need_a_reason():
    assert [doubt.field for doubt in Objection.parse(relief(matter="困难残疾人家庭拟纳入保障。")).doubts([])] == ["matter"]


@pytest.mark.parametrize("name", ["phone", "place", "hours", "answers", "matter"])
def test_where_and_to_whom_to_object_is_needed(name):
    assert name in faults(relief(**{name: ""}))


def test_a_general_notice_has_few_columns_of_its_own_and_none_for_numbers_of_persons():
    assert Objection.parse(general()).table() == (["姓名", "科室", "推荐项目"], [["张三", "党政办", "优秀"]])
    assert "columns" in faults(general(columns="姓名、身份证号"))
    assert "columns" in faults(general(columns="一、二、三、四、五"))
    assert "lines.0.two" in faults(general(lines=[{"one": "张三", "two": "13800138000"}]))
    assert "lines.0.four" in faults(general(lines=[{"one": "张三", "four": "多出来的"}]))


def test_what_belongs_to_the_other_template_is_laid_aside():
    both = {**general(), "households": [household()]}
    assert Objection.parse(both).stored()["households"] == []
    assert Objection.parse({**both, "subject": "社会救助"}).stored()["lines"] == []


# --- a sheet ------------------------------------------------------------------------------------------------------------

def workbook(*rows):
    cells = [[Cell(str(cell), number=cell if isinstance(cell, int) else None) for cell in row] for row in rows]
    return Grid([Sheet("名单", False, cells)])


HEAD = ["序号", "户主身份证号", "户主姓名", "保障人数", "保障金额", "社区", "拟/已",
        "户主电话", "一卡通账号", "家庭住址", "致贫原因", "残疾等级", "子女学校"]
FIRST = [1, "510902198001011234", "张秀兰", 2, 1080, "东街社区", "拟", "13800138000", "6222021234567890", "东街3栋", "患病", "二级", "一小"]
SECOND = [2, "510902198001011235", "李平", 1, 620, "东街社区", "拟", "13800138001", "6222021234567891", "东街4栋", "残疾", "三级", "二小"]


def test_a_sheet_with_forbidden_columns_is_read_and_every_column_that_is_left_out_is_named():
    filled = sheets.fill("objection", workbook(HEAD, FIRST, SECOND))
    said = " ".join(str(message % {key: value if not isinstance(value, list) else "、".join(value) for key, value in params.items()})
                    for message, params in filled.said)
    for name in ("户主身份证号", "户主电话", "一卡通账号", "家庭住址", "致贫原因", "残疾等级", "子女学校"):
        assert name in said
    kept = repr(filled.data)
    for secret in ("510902", "138001", "6222", "3栋", "患病", "二级", "一小"):
        assert secret not in kept
    assert [(row["name"], row["people"], row["amount"]) for row in filled.data["households"]] == [("张秀兰", 2, 108000), ("李平", 1, 62000)]


# --- the wall ---------------------------------------------------------------------------------------------------------------

def test_the_counter_says_which_day_it_is():
    sheets_ = hung(relief())
    by_day = {sheet.start: sheet.values["counter"] for sheet in sheets_}
    assert list(by_day) == [date(2026, 4, 9) + timedelta(at) for at in range(8)]
    assert by_day[date(2026, 4, 9)]["words"] == "今天挂出"
    assert [by_day[date(2026, 4, 9) + timedelta(at)]["n"] for at in range(1, 8)] == list("1234567")
    assert [state for _, state in by_day[date(2026, 4, 11)]["boxes"]] == ["done", "now", *["coming"] * 5]
    assert [label for label, _ in by_day[date(2026, 4, 11)]["boxes"]] == ["10", "11", "12", "13", "14", "15", "16"]


def test_a_day_off_is_not_counted_and_says_so():
    by_day = {sheet.start: sheet.values["counter"] for sheet in hung(relief(measure="工作日"), first="2025-09-22", measure="工作日")}
    assert max(by_day) == date(2025, 9, 30)
    assert by_day[date(2025, 9, 27)]["words"] == "今天不计"
    assert by_day[date(2025, 9, 28)]["n"] == "5"  # a Sunday on which offices work


@pytest.mark.parametrize("geometry", [LANDSCAPE, PORTRAIT, ELDER], ids=lambda each: each.key)
def test_the_phone_stands_big_on_every_page_and_the_place_is_told(geometry):
    found = hung(relief(households=[household(name) for name in ("张秀兰", "李平", "王建国", "赵英", "陈芳", "周明") * 4]), geometry)
    for sheet in found:
        assert "".join(piece for piece, _ in sheet.values["frame"]["phone"]) == "0825-2300001"
        assert sheet.values["frame"]["size"] >= layout.BODY
        assert sheet.values["counter"]
    words = [line for sheet in found for atom in sheet.values["atoms"] for line in atom.content.get("lines", ())]
    drawn = "".join([*words, *found[0].values["frame"]["place"]])
    assert "社会事务办3号窗口" in drawn


def test_it_says_gongshi_in_its_head():
    view = render.SlideView(TITLE, "objection", relief(), "社会救助", "社会事务办", None, "", office="白鹭街道办事处", short="街道办")
    assert "社会救助 · 公示" in render.render(view, LANDSCAPE)[0].html
    assert '<span class="column">公示</span>' in render.render(view, PORTRAIT)[0].html  # the shorter word, where both find no room


WORDS = st.text(alphabet="公示低保社区办事处窗口一二三四五六七八九十，、A1", min_size=1, max_size=30)


@settings(max_examples=25, deadline=None)
@given(place=WORDS, hours=WORDS, matter=WORDS, count=st.integers(1, 30), days=st.integers(1, 30), working=st.booleans(),
       title=st.text(alphabet="公示低保社区", min_size=1, max_size=40), at=st.integers(0, 6))
def test_whatever_is_written_every_piece_fits_its_page(place, hours, matter, count, days, working, title, at):
    geometry = [LANDSCAPE, PORTRAIT, ELDER, *SMALLEST][at]
    measure = "工作日" if working else "日"
    data = relief(place=place, hours=hours, matter=matter, days=days, measure=measure, households=[household()] * count)
    for sheet in hung(data, geometry, title, first="2026-12-30", days=days, measure=measure):
        values = sheet.values
        counter, frame = (values[name]["high"] if values[name] else 0 for name in ("counter", "frame"))
        rows = sum(atom.height for atom in values["atoms"]) + sum(atom.gap for atom in values["atoms"][1:])
        free = layout.height_of(geometry)
        over = values["high"] + layout.TITLE_SPACE
        if values["plan"] == "beside":
            assert counter + 3 + frame <= free
            assert over + rows <= free
        else:
            assert over + rows + (counter + frame + 6 if counter else 0) <= free
        assert re.search(r"\S", sheet.values["title"][0])

"""The catalogue as Excel: out and in again without a loss, and the sheets of other offices as they really look."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from kiosk import people
from kiosk.base.errors import Forbidden, Invalid, filled
from kiosk.content.grid import Grid
from kiosk.content.importers import grid as reader
from kiosk.content.review import Step
from kiosk.disclosure import books, catalogue, phrases, starter, topics
from kiosk.disclosure.catalogue import Reading
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Cadence, Measure, Rule, Trigger
from kiosk.disclosure.topics import BOARD_CHANNEL, CHANNELS, LEVELS, Topic, Wanted, WhenOverdue
from kiosk.people import Role, UnitKind
from tests.conftest import NOON

SINCE = date(2026, 11, 24)
Read = Callable[[Workbook | bytes], Grid]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_here(book: Workbook | bytes) -> Grid:
        path = tmp_path / f"{time.monotonic_ns()}.xlsx"
        path.write_bytes(book) if isinstance(book, bytes) else book.save(path)
        return reader.read(path, tmp_path)
    return read_here


@pytest.fixture
def laid(session, cast):
    return starter.lay(session, by=None, at=NOON, since=SINCE)


def all_wanted(session) -> list[Wanted]:
    return [topics.wanted(topic) for topic in topics.topics(session)]


def said(reading: Reading) -> str:
    return "\n".join(filled(message, params) for message, params in reading.said)


def proposed(reading: Reading) -> list[str]:
    return [str(each) for each in reading.proposed]


# --- phrases --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("phrase", "cadence", "trigger", "n", "measure"), [
    ("自信息形成或者变更之日起20个工作日内", "standing", "changed", 20, "working days"),
    ("自该信息形成或者变更之日起二十个工作日内予以公开", "standing", "changed", 20, "working days"),
    ("自信息形\n成或者变\n更之日起\n20个工作\n日内予以\n公开", "standing", "changed", 20, "working days"),
    ("20工作日", "standing", "changed", 20, "working days"),
    ("10个工作日内", "standing", "changed", 10, "working days"),
    ("信息形成20个工 作日内公开", "standing", "formed", 20, "working days"),
    ("制定或获取信息之日起１０个工作日内", "standing", "formed", 10, "working days"),
    ("收到申请之日起 3个工作日内", "irregular", "received", 3, "working days"),
    ("批复后20日内", "irregular", "approved", 20, "days"),
    ("财政部门批复后 20 天内", "irregular", "approved", 20, "days"),
    ("自行政处罚决定作出之日起7个工作日内", "irregular", "approved", 7, "working days"),
    ("每季度", "quarter", "period end", 20, "working days"),
    ("每季度15日前", "quarter", "period end", 15, "day of month"),
    ("每季度第一个月15日前", "quarter", "period end", 15, "day of month"),
    ("按季度公开", "quarter", "period end", 20, "working days"),
    ("每季度终了后15日内", "quarter", "period end", 15, "days"),
    ("每月10日前", "month", "period end", 10, "day of month"),
    ("每月", "month", "period end", 20, "working days"),
    ("每半年", "half", "period end", 20, "working days"),
    ("每年", "year", "period end", 20, "working days"),
    ("每年1月31日前", "year", "period end", 31, "day of month"),
    ("每年3月底前", "year", "period end", 3, "months"),
    ("长期公开", "standing", "changed", 20, "working days"),
    ("长期公开（动态调整）", "standing", "changed", 20, "working days"),
    ("及时公开", "standing", "changed", 20, "working days"),
    ("实时公开", "at once", "changed", 0, "working days"),
    ("1个月内", "standing", "changed", 1, "months"),
])
def test_deadlines_as_catalogues_write_them(phrase, cadence, trigger, n, measure):
    found = phrases.read(phrase)
    assert found is not None
    assert (found.rule.cadence, found.rule.trigger, found.rule.n, found.rule.measure) == (cadence, trigger, n, measure)


def test_working_days_and_calendar_days_of_a_notice_are_told_apart():
    assert phrases.read("制定或获取信息之日起10个工作日内，公示7个工作日").display == (7, Measure.WORKING)
    assert phrases.read("公示7日").display == (7, Measure.CALENDAR)
    assert phrases.read("10个工作日内，公示7个工作日").rule == Rule(Cadence.IRREGULAR, Trigger.CHANGED, 10)


@pytest.mark.parametrize("phrase", ["按相关规定", "同上", "详见附件", "/", "——", "每季度99日前"])
def test_what_says_no_deadline_is_not_guessed(phrase):
    assert phrases.read(phrase) is None


def test_what_was_left_open_or_chosen_is_said():
    assert phrases.read("及时公开").remark[0] == phrases.NO_LENGTH
    assert phrases.read("1.政策文件：20个工作日内；2.审批结果：3个工作日内").remark[0] == phrases.SHORTEST
    assert phrases.read("1.政策文件：20个工作日内；2.审批结果：3个工作日内").rule.n == 3


@st.composite
def rules(draw) -> Rule:
    cadence = draw(st.sampled_from(list(Cadence)))
    if cadence in PERIOD_MONTHS:
        measure = draw(st.sampled_from(list(Measure)))
        return Rule(cadence, Trigger.PERIOD, draw(st.integers(1, 31) if measure is Measure.DAY_OF_MONTH else st.integers(0, 400)), measure)
    trigger = draw(st.sampled_from([each for each in Trigger if each is not Trigger.PERIOD]))
    return Rule(cadence, trigger, draw(st.integers(0, 400)), draw(st.sampled_from([Measure.WORKING, Measure.CALENDAR, Measure.MONTHS])))


@settings(max_examples=300, deadline=None)
@given(rules())
def test_every_rule_is_written_as_a_phrase_that_reads_back_as_the_rule(rule):
    found = phrases.read(phrases.said(rule))
    assert found is not None and found.remark is None and found.display is None
    assert phrases.core(found.rule) == phrases.core(rule)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="自信息形成或者变更之日起批复收到每季度月半年前后内个工作日天长期公开示及时0123456789十二百，、；（） \n",
    max_size=40))
def test_no_phrase_breaks_the_reading(text):
    found = phrases.read(text)
    assert found is None or 0 <= found.rule.n <= phrases.N_MOST


# --- out and in -------------------------------------------------------------------------------------------------------------

def test_the_default_catalogue_comes_back_as_it_went_out(session, cast, laid, read):
    before = all_wanted(session)
    reading = catalogue.read(read(books.of_topics(session)), catalogue.known(session))
    assert (reading.problems, reading.proposed, reading.classes) == ([], [], [])
    taken = catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE)
    assert (taken.added, taken.changed, taken.same) == ([], [], len(laid))
    assert all_wanted(session) == before


def test_an_edited_sheet_changes_the_known_adds_the_new_and_deletes_nothing(session, cast, laid, read):
    book = openpyxl.load_workbook(io.BytesIO(books.of_topics(session)))
    sheet = book.active
    columns = {sheet.cell(2, at).value: at for at in range(1, sheet.max_column + 1)}
    rows = {sheet.cell(row, columns["编号"]).value: row for row in range(4, sheet.max_row + 1)}
    sheet.cell(rows["S014"], columns["公开时限"]).value = "每季度10日前"
    sheet.cell(rows["S001"], columns["责任科室"]).value = cast.civil.name
    channels = sheet.cell(rows["S002"], columns["公开渠道和载体"])
    channels.value = channels.value.replace("□政府公报", "■政府公报")
    sheet.delete_rows(rows["S005"])
    new = sheet.max_row + 1
    for name, value in {"名称": "高龄津贴发放", "类别": "其他", "责任科室": cast.civil.name, "公开时限": "每月",
    "栏目": "社会救助"}.items():
        sheet.cell(new, columns[name]).value = value
    reading = catalogue.read(read(book), catalogue.known(session))
    assert reading.problems == []
    taken = catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE)
    assert [topic.name for topic in taken.added] == ["高龄津贴发放"]
    assert sorted(topic.code for topic in taken.changed) == ["S001", "S002", "S014"]
    assert topics.by_word(session, "S014").rule == replace(starter._quarter(10), ahead=5)
    assert topics.by_word(session, "S001").unit_id == cast.civil.id
    assert "政府公报" in topics.by_word(session, "S002").channels
    assert topics.by_word(session, "S005") is not None
    assert topics.by_word(session, "高龄津贴发放").rule.cadence == Cadence.MONTH


WORDS = st.text(alphabet="低保政策公开财务收支办事指南abc123（）、：=+-", min_size=1, max_size=12).map(str.strip).filter(bool)


@st.composite
def wanteds(draw, kinds=("概况", "其他"), units=(1, 2, 3, None)) -> Wanted:
    rule = draw(rules())
    display = draw(st.integers(0, 60))
    return Wanted(
        f"事{draw(WORDS)}"[:40], draw(st.sampled_from(kinds)), draw(st.sampled_from(units)), f"栏{draw(WORDS)}"[:12],
        level1=draw(st.just("") | WORDS.map("级".__add__)), level2=draw(st.just("") | WORDS.map("项".__add__)),
        elements=draw(st.just("") | WORDS.map(lambda words: f"内容{words}\n1.标准")), basis=draw(st.just("") | WORDS.map("《".__add__)),
        subject=draw(st.sampled_from(["", "街道办事处", "县级民政部门、乡镇人民政府（街道办事处）"])),
        channels=tuple(each for each in CHANNELS if draw(st.booleans())),
        public=draw(st.sampled_from(["全社会", "特定群体", "低保对象", "全社会；低保对象", ""])), on_request=draw(st.booleans()),
        levels=tuple(each for each in LEVELS if draw(st.booleans())), audience=draw(st.sampled_from([(), (1,), (3, 4)])),
        rule=replace(rule, confirm=draw(st.integers(0, 60)), stale=draw(st.integers(0, 1000)), ahead=draw(st.integers(0, 60))),
        display_days=display, display_measure=draw(st.sampled_from([Measure.WORKING, Measure.CALENDAR])) if display else Measure.CALENDAR,
        required=draw(st.booleans()), chain=tuple(each for each in Step if draw(st.booleans())),
        when_overdue=draw(st.sampled_from(list(WhenOverdue))), contact=draw(st.sampled_from(["", "0825-×××××××"])))


def test_whatever_an_office_makes_of_its_topics_comes_back_from_excel(session, cast, laid, read):
    @settings(max_examples=8, deadline=None)
    @given(st.lists(wanteds(units=(cast.office.id, cast.civil.id, cast.east.id, None)), min_size=1, max_size=8))
    def there_and_back(wanted):
        with session.begin_nested() as trial:
            for each in wanted:
                topics.add(session, each, by=None, at=NOON, since=SINCE)
            before = all_wanted(session)
            reading = catalogue.read(read(books.of_topics(session)), catalogue.known(session))
            assert reading.problems == []
            changed = catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE).changed
            assert [topic.code for topic in changed] == [] and all_wanted(session) == before
            for topic, entry in zip(topics.topics(session), reading.rows, strict=True):
                stored = topics.wanted(topic)
                same = {"rule": phrases.core(stored.rule), "subject": stored.subject}
                assert replace(entry.wanted, **(same | {"rule": phrases.core(entry.wanted.rule)})) == replace(stored, **same)
            trial.rollback()
    there_and_back()


def test_the_catalogues_own_words_for_a_deadline_stay_as_long_as_the_rule_does(session, cast, laid, read):
    topic = topics.by_word(session, "S011")
    words = "制定或获取信息之日起10个工作日内"
    rule = replace(phrases.read(words).rule, confirm=12)
    topics.change(session, topic, replace(topics.wanted(topic), term=words, rule=rule), by=cast.leader, at=NOON)
    assert words in words_of(books.of_topics(session))
    topics.change(session, topic, replace(topics.wanted(topic), rule=Rule(n=3)), by=cast.leader, at=NOON)
    assert words not in words_of(books.of_topics(session))


def words_of(data: bytes) -> str:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return "\n".join(str(value) for row in sheet.iter_rows(values_only=True) for value in row if value is not None)


def test_the_sheet_looks_like_the_standard_catalogue(session, cast, laid):
    sheet = openpyxl.load_workbook(io.BytesIO(books.of_topics(session))).active
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {"B2:C2", "I2:J2", "K2:L2", "M2:O2", "A2:A3", "H2:H3"} <= merged
    assert [sheet.cell(3, at).value for at in (2, 3, 9, 10, 11, 12, 13, 14, 15)] == [
        "一级事项", "二级事项", "全社会", "特定群体", "主动", "依申请", "县级", "乡级", "村级"]
    assert sheet.freeze_panes == "D4"
    channels = sheet["H4"].value.split()
    assert len(channels) == 13 and [each[1:] for each in channels] == list(CHANNELS)
    assert sheet["H4"].value.startswith("■政府网站  □政府公报\n□两微一端  ") and sheet["G4"].value == "白鹭街道办事处"
    assert sheet.print_area.endswith("$A$1:$O$31") and sheet.print_title_rows == "$1:$3"
    assert [each[0] for each in channels].count("■") == 2 and f"■{BOARD_CHANNEL}" in channels


# --- sheets of other offices -------------------------------------------------------------------------------------------------

CHANNELS_OF_A_COUNTY = ("■政府网站  □政府公报 \n□两微一端 □发布会/听证会 \n□广播电视 □纸质媒体 \n"
                        "■公开查阅点 ■政务服务中心\n□便民服务站 □入户/现场 \n"
                        "■社区/企事业单位/村公示栏(电子屏)\n□精准推送 □其他____")


def county_sheet() -> Workbook:
    """Social assistance as counties publish it: two-row heads, everything merged that says the same."""
    book = Workbook()
    sheet = book.active
    sheet.title = "社会救助"
    rows: list[list[Any]] = [
        ["（二十三）社会救助领域基层政务公开标准目录"],
        ["序\n号", "公开事项", None, "公开内容\n（要素）", "公开依据", "公开时限", "公开主体", "公开渠道和载体", "公开对象", None,
        "公开方式", None,
         "公开层级", None],
        [None, "一级事 项", "二级事 项", None, None, None, None, None, "全社\n会", "特定\n群众", "主\n动", "依申请\n公开", "县级",
        "乡、村级"],
        [1, "综合业务", "政策\n法规\n文件", "●《社会救助暂行办法》\n●各地配套政策法规文件", "《中华人民共和国政府信息公开条例》",
         "制定或获取信息之日起10个工作日内", "县民政局、各乡（镇）人民政府（街道办事处）", CHANNELS_OF_A_COUNTY, "√", None, "√", None, "√",
         "√"],
        [2, None, "监督\n检查", "社会救助投诉举报电话", None, None, None, None, "√", None, "√", None, "√", "√"],
        [3, "最低生活保障", "政策法规文件", "《最低生活保障审核确认办法》", "民发〔2021〕57号", "同上", "同上", "同上", "√", None, "√",
        None, "√", "√"],
        [4, None, "审核信息", "初审对象名单及相关信息", None, "制定或获取信息之日起10个工作日内，公示7个工作日", None,
         "■社区/企事业单位/村公示栏（电子屏）", None, "低保申请人", "√", None, None, "√"],
        [5, None, "审批信息", "低保对象名单", None, "按规定", None, "口政府网站 口政府公报 ☑社区公示栏 √微信群", "√", None, None, "√", "√",
        None],
        ["注：本目录由县民政局编制。"],
    ]
    for row in rows:
        sheet.append(row)
    for area in ("A1:N1", "A2:A3", "B2:C2", "D2:D3", "E2:E3", "F2:F3", "G2:G3", "H2:H3", "I2:J2", "K2:L2", "M2:N2",
                 "B4:B5", "E4:E5", "F4:F5", "G4:G5", "H4:H5", "B6:B8", "E6:E8", "G6:G8", "A9:N9"):
        sheet.merge_cells(area)
    return book


def test_a_countys_catalogue_is_taken_as_it_stands(session, cast, laid, read):
    reading = catalogue.read(read(county_sheet()), catalogue.known(session))
    assert reading.problems == []
    rows = [entry.wanted for entry in reading.rows]
    assert [(row.level1, row.level2, row.name) for row in rows] == [
        ("综合业务", "政策法规文件", "综合业务：政策法规文件"), ("综合业务", "监督检查", "监督检查"),
        ("最低生活保障", "政策法规文件", "最低生活保障：政策法规文件"), ("最低生活保障", "审核信息", "审核信息"), ("最低生活保障",
        "审批信息", "审批信息")]
    assert {row.rule for row in rows[:3]} == {Rule(Cadence.STANDING, Trigger.FORMED, 10)}
    assert rows[1].term == rows[2].term == "制定或获取信息之日起10个工作日内"
    assert rows[1].basis == rows[0].basis == "《中华人民共和国政府信息公开条例》"
    assert rows[0].channels == rows[2].channels == (CHANNELS[0], CHANNELS[6], CHANNELS[7], BOARD_CHANNEL)
    assert rows[0].elements == "●《社会救助暂行办法》\n●各地配套政策法规文件"
    assert (rows[3].rule.cadence, rows[3].display_days, rows[3].display_measure) == (Cadence.IRREGULAR, 7, Measure.WORKING)
    assert rows[3].public == "低保申请人" and rows[3].levels == (LEVELS[1], LEVELS[2])
    assert rows[4].channels == (CHANNELS[2], BOARD_CHANNEL)
    assert rows[4].on_request and not rows[0].on_request
    assert not rows[4].required and rows[0].required  # only the county owes it
    assert {row.column for row in rows[2:]} == {"社会救助"}


def test_a_deadline_that_is_not_understood_is_named_by_cell_and_the_laws_own_proposed(session, cast, laid, read):
    reading = catalogue.read(read(county_sheet()), catalogue.known(session))
    assert "工作表“社会救助”单元格 F8：“按规定”看不懂是几天，先按信息形成或者变更后 20 个工作日算。" in proposed(reading)
    assert reading.rows[4].wanted.rule == Rule()
    assert "A9“注：本目录由县民政局编制。”" in said(reading)
    assert "没有写责任科室" in said(reading) and "没有写类别" in said(reading)


def test_importing_the_same_county_sheet_twice_adds_nothing_the_second_time(session, cast, laid, read):
    reading = catalogue.read(read(county_sheet()), catalogue.known(session))
    assert len(catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE).added) == 5
    again = catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE)
    assert (again.added, again.changed, again.same) == ([], [], 5)


def test_a_street_files_several_fields_on_one_sheet_with_their_heads_repeated(session, cast, laid, read):
    book = Workbook()
    sheet = book.active
    head = [["序 号", "公开事项", None, "公开内容(要素)", "公开依据", "公开时限", "公开主 体", "公开渠道和载体", "公开对象", None,
    "公开方式", None, "公开层级"],
            [None, "一级事 项", "二级事 项", None, None, None, None, None, "全 社 会", "特定 群众", "主 动", "依申请公开", "乡级"]]
    line = ["征收土 地信息", "征收土 地信息", "征地告知书", "《政府信息公开条例》", "信息形成20个工 作日内公开", "白鹭街道办事处",
    "■政府网站", "√", None, "√", None, "√"]
    for field, level1 in (("（一）重大建设项目领域基层政务公开标准目录", "征收土 地信息"), ("（二）义务教育领域基层政务公开标准目录",
    "控辍保学")):
        top = sheet.max_row + 1 if sheet.max_row > 1 else 1
        for row in ([field], *head, [1, level1, *line[1:]]):
            sheet.append(row)
        for area in (f"A{top}:M{top}", f"B{top + 1}:C{top + 1}", f"I{top + 1}:J{top + 1}", f"K{top + 1}:L{top + 1}"):
            sheet.merge_cells(area)
    reading = catalogue.read(read(book), catalogue.known(session))
    assert [(entry.wanted.level1, entry.wanted.rule.n, entry.wanted.levels) for entry in reading.rows] == [
        ("征收土地信息", 20, (LEVELS[1],)), ("控辍保学", 20, (LEVELS[1],))]
    assert reading.problems == []


def test_hidden_rows_columns_and_sheets_are_said_and_never_taken(session, cast, laid, read):
    book = county_sheet()
    book.active.row_dimensions[5].hidden = True
    book.active.column_dimensions["E"].hidden = True
    book.create_sheet("内部").append(["编号", "名称", "公开时限", "公开主体", "类别"])
    book["内部"].sheet_state = "hidden"
    reading = catalogue.read(read(book), catalogue.known(session))
    assert "监督检查" not in [entry.wanted.level2 for entry in reading.rows]
    assert all(entry.wanted.basis == "" for entry in reading.rows)
    for words in ("第 5 行是隐藏的", "E 列是隐藏的", "“内部”是隐藏的"):
        assert words in said(reading)


def test_units_and_words_that_do_not_exist_are_named_by_cell_and_nothing_is_stored(session, cast, laid, read):
    book = openpyxl.load_workbook(io.BytesIO(books.of_topics(session)))
    sheet = book.active
    columns = {sheet.cell(2, at).value: at for at in range(1, sheet.max_column + 1)}
    sheet.cell(4, columns["审核环节"]).value = "书记签字"
    sheet.cell(5, columns["公开范围"]).value = "西街社区"
    sheet.cell(6, columns["编号"]).value = sheet.cell(4, columns["编号"]).value
    sheet.cell(7, columns["公示期"]).value = "一阵子"
    reading = catalogue.read(read(book), catalogue.known(session))
    told = "\n".join(map(str, reading.problems))
    for words in ("书记签字", "西街社区", "写了 2 次", "一阵子"):
        assert words in told
    assert {problem.cell for problem in reading.problems} >= {"AA4", "U5", "V7"}


def test_all_or_nothing(session, cast, laid, read):
    reading = catalogue.read(read(county_sheet()), catalogue.known(session))
    bad = [*reading.rows, replace(reading.rows[0], wanted=replace(reading.rows[0].wanted, name="停用过的", code="S001"))]
    topics.end(session, topics.by_word(session, "S001"), by=cast.leader, at=NOON)
    before = all_wanted(session)
    with pytest.raises(catalogue.NotTaken) as told:
        catalogue.take(session, bad, by=cast.leader, at=NOON, since=SINCE)
    assert len(told.value.problems) == 1 and "S001" in str(told.value.problems[0])
    assert all_wanted(session) == before


def test_a_new_class_is_proposed_and_made_only_when_told_so(session, cast, laid, read):
    book = openpyxl.load_workbook(io.BytesIO(books.of_topics(session)))
    sheet = book.active
    columns = {sheet.cell(2, at).value: at for at in range(1, sheet.max_column + 1)}
    sheet.cell(4, columns["类别"]).value = "社会救助"
    reading = catalogue.read(read(book), catalogue.known(session))
    assert reading.classes == ["社会救助"]
    with pytest.raises(catalogue.NotTaken):
        catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE)
    catalogue.take(session, reading.rows, by=cast.leader, at=NOON, since=SINCE, new_classes=True)
    assert [each.name for each in topics.classes(session)][-1] == "社会救助"


def test_who_may_not_edit_the_catalogue_cannot_import_it(session, cast, laid, read):
    reading = catalogue.read(read(county_sheet()), catalogue.known(session))
    with pytest.raises((Forbidden, catalogue.NotTaken)):
        catalogue.take(session, reading.rows, by=cast.editor, at=NOON, since=SINCE)
    assert len(all_wanted(session)) == len(laid)


def test_a_sheet_that_is_no_catalogue_is_said_to_be_none(session, cast, laid, read):
    book = Workbook()
    book.active.append(["日期", "摘要", "金额"])
    book.active.append(["2026-1-1", "办公用品", 20])
    with pytest.raises(Invalid, match="没有找到目录的表头"):
        catalogue.read(read(book), catalogue.known(session))


# --- what an office begins with ----------------------------------------------------------------------------------------------

def test_a_fresh_office_begins_with_seven_classes_and_the_topics_of_the_domain(session, cast, laid):
    assert [each.name for each in topics.classes(session)] == list(topics.DEFAULT_CLASSES)
    found = {topic.name: topic for topic in laid}
    assert found["财政收支（每季）"].rule == starter._quarter(15)
    assert (found["部门预算"].n, found["部门预算"].measure, found["部门预算"].trigger) == (20, Measure.CALENDAR, Trigger.APPROVED)
    assert (found["低保初审公示"].display_days, found["低保初审公示"].n) == (7, 10)
    assert found["低保初审公示"].unit_id == cast.civil.id  # 社会事务办 looks after it
    assert found["财政收支（每季）"].unit_id == cast.office.id  # no finance section here
    assert [unit.name for unit in topics.owners(session, found["居务：财务收支"])] == ["东街社区", "石桥社区"]


def test_laying_it_again_changes_nothing_and_what_was_ended_stays_ended(session, cast, laid):
    topics.end(session, topics.by_word(session, "S013"), by=cast.leader, at=NOON)
    topics.change(session, topics.by_word(session, "S001"), replace(topics.wanted(topics.by_word(session, "S001")), name="我们的概况"),
                  by=cast.leader, at=NOON)
    before = all_wanted(session)
    assert starter.lay(session, by=None, at=NOON, since=SINCE) == []
    assert all_wanted(session) == before and len(session.query(Topic).all()) == len(laid)


def test_a_sections_check_is_asked_only_where_somebody_can_make_it(session, cast, laid):
    found = {topic.name: topic for topic in laid}
    assert found["低保初审公示"].chain == ["section", "privacy"]  # 社会事务办 has a head
    assert found["低保和救助政策、标准、投诉电话"].chain == ["section"]
    assert found["财政收支（每季）"].chain == ["privacy"]  # the office's own section has none
    assert found["机构职能、地址和办公时间"].chain == []
    assert found["应急预警"].chain == []


def test_owners_are_the_sections_that_the_office_has(session, cast):
    finance = people.add_unit(session, kind=UnitKind.DEPARTMENT, name="财政所", parent=cast.office, by=None, at=NOON)
    session.flush()
    head = people.add_person(session, login="caizheng", post="财政所负责人", unit=finance, by=None, at=NOON)
    people.grant(session, head, Role.SECTION_HEAD, finance, by=None, at=NOON, founding=True)
    session.flush()
    found = {topic.name: topic for topic in starter.lay(session, by=None, at=NOON, since=SINCE)}
    assert found["部门预算"].unit_id == finance.id and found["部门预算"].chain == ["section", "privacy"]

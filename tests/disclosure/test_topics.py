"""Topics: who owes what, codes that are never used again, and sheets that nobody could have thought of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Conflict, Forbidden, Invalid, Problem
from kiosk.content.grid import EMPTY, Cell, Grid, Merge, Sheet
from kiosk.content.review import Step
from kiosk.disclosure import catalogue, history, topics
from kiosk.disclosure.catalogue import Known
from kiosk.disclosure.deadlines import Cadence, Measure, Rule, Trigger
from kiosk.disclosure.topics import CHANNELS, LEVELS, Wanted, WhenOverdue
from tests.conftest import NOON

SINCE = date(2026, 1, 1)


@pytest.fixture
def wanted(session, cast):
    topics.set_classes(session, ["概况", "其他"], by=None, at=NOON)
    return Wanted("办事指南", "概况", cast.civil.id, "办事指南", elements="条件、材料", basis="条例第二十条", term="20个工作日内",
    subject="街道办事处",
                  channels=(CHANNELS[10], CHANNELS[0]), levels=(LEVELS[1],), audience=(cast.office.id,), rule=Rule(confirm=6),
                  display_days=7,
                  display_measure=Measure.WORKING, chain=(Step.PRIVACY, Step.SECTION), when_overdue=WhenOverdue.CONTACT,
                  contact="0825-×××××××")


def test_a_topic_says_again_what_was_said_of_it(session, cast, wanted):
    made = topics.add(session, wanted, by=cast.head, at=NOON, since=SINCE)
    told = topics.wanted(made)
    assert told == replace(wanted, code="S001", channels=(CHANNELS[0], CHANNELS[10]), chain=(Step.SECTION, Step.PRIVACY))
    topics.change(session, made, told, by=cast.head, at=NOON)
    assert topics.wanted(made) == told


def test_codes_are_given_in_order_and_never_again(session, cast, wanted):
    first, second = (topics.add(session, replace(wanted, name=name), by=None, at=NOON, since=SINCE) for name in ("一", "二"))
    topics.end(session, second, by=cast.leader, at=NOON)
    third = topics.add(session, replace(wanted, name="三"), by=None, at=NOON, since=SINCE)
    assert [each.code for each in (first, second, third)] == ["S001", "S002", "S003"]
    with pytest.raises(Conflict):
        topics.add(session, replace(wanted, name="四", code="S002"), by=None, at=NOON, since=SINCE)
    assert topics.by_word(session, "S002") is None and topics.by_word(session, "三") is third
    assert [topic.code for topic in topics.topics(session)] == ["S001", "S003"]


def test_a_section_edits_its_own_topics_and_the_leader_those_of_all(session, cast, wanted):
    topics.add(session, wanted, by=cast.head, at=NOON, since=SINCE)
    for unit in (cast.office.id, None):
        with pytest.raises(Forbidden):
            topics.add(session, replace(wanted, unit=unit), by=cast.head, at=NOON, since=SINCE)
    every = topics.add(session, replace(wanted, name="居务", unit=None), by=cast.leader, at=NOON, since=SINCE)
    assert topics.owners(session, every) == [cast.east, cast.west]
    assert every in topics.topics(session, units=[cast.east.id]) and every not in topics.topics(session, units=[cast.civil.id])


def test_a_class_with_topics_cannot_be_left_out(session, cast, wanted):
    made = topics.add(session, wanted, by=None, at=NOON, since=SINCE)
    with pytest.raises(Conflict, match="概况"):
        topics.set_classes(session, ["其他"], by=cast.leader, at=NOON)
    topics.change(session, made, replace(topics.wanted(made), kind="其他"), by=cast.leader, at=NOON)
    assert [each.name for each in topics.set_classes(session, ["其他", "人事"], by=cast.leader, at=NOON)] == ["其他", "人事"]


@pytest.mark.parametrize(("change", "field"), [
    ({"elements": "字" * 2001}, "elements"), ({"name": "字" * 41}, "name"), ({"kind": "没有的类"}, "kind"), ({"display_days": 4000},
    "display_days"),
    ({"rule": Rule(Cadence.QUARTER, Trigger.CHANGED)}, "trigger"), ({"rule": Rule(measure=Measure.DAY_OF_MONTH, n=5)}, "n"),
    ({"rule": Rule(n=401)}, "n")])
def test_what_a_topic_cannot_be_is_said_at_its_field(session, wanted, change, field):
    with pytest.raises(Invalid) as told:
        topics.add(session, replace(wanted, **change), by=None, at=NOON, since=SINCE)
    assert told.value.field == field


HEADS = ["编号", "名称", "类别", "一级事项", "二级事项", "公开内容（要素）", "公开依据", "公开时限", "公开主体", "公开渠道和载体",
    "公开对象",
         "全社会", "特定群体", "公开方式", "主动", "依申请", "公开层级", "县级", "乡、村级", "责任科室", "索引号", "标题", "公开日期",
         "生成日期",
         "分类", "公示期", "公开范围", "无变更确认", "审核环节", "逾期后屏上", "必须公开"]
WORDS = st.sampled_from([*HEADS, "同上", "√", "■政府网站 □其他", "每季度15日前", "20个工作日", "各社区", "东街社区", "合计", "2018-2-11",
    "注：",
                         "（一）社会救助领域", "每99999天", "=1/0", "科室核对"]) | st.text(max_size=12)
CELLS = st.builds(Cell, WORDS) | st.just(EMPTY) | st.builds(Cell, WORDS, error=st.booleans(), unsaved=st.booleans(),
    hidden=st.booleans()) | (
    st.integers(0, 99999).map(lambda number: Cell(str(number), str(number))))
ROWS = st.lists(st.lists(CELLS, max_size=12).map(tuple), max_size=9)
HEAD_ROW = st.lists(st.sampled_from(HEADS), min_size=5, max_size=14, unique=True).map(lambda words: tuple(map(Cell, words)))
SHEETS = st.builds(Sheet, st.just("表"), rows=st.tuples(ROWS.map(lambda rows: rows[:1]), HEAD_ROW, ROWS).map(
                       lambda parts: (*parts[0], parts[1], *parts[2])),
                   merges=st.lists(st.tuples(*(st.integers(0, 8) for _ in range(4))).map(
                       lambda at: Merge(min(at[0], at[2]), min(at[1], at[3]), max(at[0], at[2]), max(at[1], at[3]))),
                       max_size=5).map(tuple))
OFFICE = Known([(1, "白鹭街道办事处", "街道办", False), (2, "社会事务办公室", "社会事务办", False), (3, "东街社区", "东街社区", True)], 1,
    ["概况", "其他"])


@settings(max_examples=250, deadline=None)
@given(st.lists(SHEETS, min_size=1, max_size=2))
def test_no_sheet_breaks_the_reading_and_every_problem_names_a_cell(sheets):
    """Whatever stands in a workbook: it is read, or refused with a sentence."""
    for read in (lambda grid: catalogue.read(grid, OFFICE), lambda grid: history.read(grid, OFFICE, today=SINCE)):
        try:
            found = read(Grid(tuple(sheets)))
        except Problem as problem:
            assert str(problem)
        else:
            for problem in [*found.problems, *found.proposed]:
                assert problem.cell and str(problem)
            assert all(message % params if params else message for message, params in found.said)

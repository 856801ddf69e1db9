"""The pages of the duty: what each unit owes, in the list, on its own page, on the leader's page and on the clerk's today."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from kiosk.base import journal
from kiosk.base.workdays import Calendar
from kiosk.content import review, slides
from kiosk.content.slides import Draft
from kiosk.disclosure import filing, records, topics
from kiosk.disclosure.deadlines import Cadence, Measure, Rule, Trigger
from kiosk.disclosure.filing import Told
from kiosk.disclosure.records import Confirmation, Happening
from kiosk.disclosure.topics import Wanted
from kiosk.web import request as asking
from tests.conftest import NOON

SAMPLES = Path(__file__).parents[2] / "slides" / "samples"
TODAY = date(2026, 11, 24)
SINCE = date(2026, 1, 1)
QUARTERLY = Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH)
YEARLY_LOOK = Rule(confirm=12)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tuesday, 24 November 2026, a quarter past noon."""
    at = NOON.replace(day=24)
    monkeypatch.setattr(asking, "clock_now", lambda: at)


@pytest.fixture
def topic(session, cast):
    """A topic of the civil department, unless told otherwise; for every community with unit=None."""
    topics.set_classes(session, ["财政", "其他"], by=None, at=NOON)

    def add(name: str, rule: Rule = YEARLY_LOOK, unit: Any = "civil", **more: Any):
        owner = getattr(cast, unit).id if isinstance(unit, str) else None
        return topics.add(session, Wanted(name, "其他", owner, "通知公告", rule=rule, audience=(cast.office.id,), **more), by=None, at=NOON,
                          since=SINCE)
    return add


@pytest.fixture
def hang(session, cast, make):
    """An approved slide under the topic, disclosed that day, on a board of the office."""
    def here(topic, day: date, title: str = "怎么申请低保", *, told: dict[str, Any] | None = None, unit: Any = None, author: Any = None,
             board: bool = True):
        unit, author = unit or cast.civil, author or cast.second_editor
        slide = make.slide(title=title, unit=unit, author=author)
        filing.file(session, slide, Told(topic.id, **(told or {})), by=author, at=NOON)
        review.submit(session, slide.latest, by=author, at=NOON)
        review.approve(session, slide.latest, by=cast.leader, at=NOON)
        records.disclose(session, slide.latest.id, day=day, by=cast.leader.id, at=NOON, calendar=Calendar())
        if board:
            make.playlist([slide], boards=[make.board()], name=f"列表 {slide.id}")
        return slide
    return here


def rows(page: str) -> list[str]:
    """The rows of a page's table, as words."""
    return [words(row) for row in re.findall(r"<tr[ >].*?</tr>", page.partition("<tbody>")[2], re.S)]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def tabs(page: str) -> dict[str, int]:
    return {word: int(n) for word, n in re.findall(r">(全部|已逾期|将到期|按时|空白) <span>(\d+)</span>", page)}


# --- the list ---------------------------------------------------------------------------------------------------------------

def test_what_is_overdue_stands_first_and_says_by_how_many_working_days(browser, cast, topic, hang):
    hang(topic("低保政策"), date(2026, 11, 2))
    hang(topic("办公时间"), date(2025, 11, 27))
    hang(topic("科室分工"), date(2025, 11, 10))
    page = browser(cast.second_editor).get("/staff/duty").text
    assert [row.partition(" ")[0] for row in rows(page)] == ["科室分工", "办公时间", "低保政策"]
    first, second, third = rows(page)
    assert "逾期 10 个工作日" in first and "11月10日" in first and "1 块" in first and "无变更" in first
    assert "还有 3 个工作日" in second and "11月27日" in second
    assert "按时" in third and "看内容" in third
    assert tabs(page) == {"全部": 3, "已逾期": 1, "将到期": 1, "按时": 1, "空白": 0}
    assert "3 项，1 项已逾期，1 项将到期。先办“科室分工”，已经逾期 10 个工作日。" in page
    assert page.count("button filled") == 0 and page.count(" filled") == 1, "one filled button, and it is the next step"


def test_every_count_has_the_list_behind_it(browser, cast, topic, hang):
    hang(topic("低保政策"), date(2026, 11, 2))
    hang(topic("科室分工"), date(2025, 11, 10))
    hang(topic("机构职能", required=True), date(2026, 11, 2), board=False)
    topic("救助动态", Rule(Cadence.IRREGULAR, Trigger.FORMED), required=False)
    clerk = browser(cast.second_editor)
    counts = tabs(clerk.get("/staff/duty").text)
    for word, state in (("全部", ""), ("已逾期", "overdue"), ("将到期", "due"), ("按时", "fresh"), ("空白", "blank")):
        assert len(rows(clerk.get(f"/staff/duty?state={state}").text)) == counts[word], word
    blank = rows(clerk.get("/staff/duty?state=blank").text)
    assert [row.partition(" ")[0] for row in blank] == ["还没有"] and "机构职能" in blank[0] and "去排上屏" in blank[0]


def test_a_community_sees_its_own_and_the_street_sees_all(browser, cast, topic):
    topic("居务：财务收支", QUARTERLY, unit=None)
    topic("低保政策")
    own = browser(cast.community).get("/staff/duty").text
    assert "东街社区" in own and "石桥社区" not in own and "低保政策" not in own
    assert "石桥社区" in browser(cast.inspector).get("/staff/duty").text
    assert browser(cast.community).get(f"/staff/duty?unit={cast.west.id}").status_code == 404
    assert browser(cast.community).get(f"/staff/duty/unit/{cast.west.id}").status_code == 404
    one_page = browser(cast.community).get("/staff/duty/units").text
    assert "东街社区" in one_page and "石桥社区" not in one_page


def test_a_topic_is_found_by_its_words_its_unit_and_a_document(browser, cast, session, topic, hang):
    hang(topic("低保政策"), date(2026, 11, 2), told={"document": "白街办〔2026〕7号"})
    topic("居务：财务收支", QUARTERLY, unit=None)
    office = browser(cast.editor)
    for sought, found in (("低保", 1), ("社会事务", 1), ("白街办〔2026〕7号", 1), ("东街", 1), ("财务", 2), ("没有这样的", 0)):
        assert len(rows(office.get("/staff/duty").text)) == 3
        assert len(rows(office.client.get("/staff/duty", query_string={"q": sought}).text)) == found, sought
    assert "没有找到“没有这样的”" in office.client.get("/staff/duty", query_string={"q": "没有这样的"}).text


def test_a_year_without_its_table_is_said_in_plain_sight(browser, cast, topic, hang):
    hang(topic("办公时间"), date(2026, 11, 2))
    page = browser(cast.second_editor).get("/staff/duty").text
    assert "2027 年的放假和调休安排还没有" in page and "按周一至周五暂算" in page and "暂算" in rows(page)[0]
    assert "2027 年的放假和调休安排还没有" in browser(cast.leader).get("/staff/duty/units").text
    assert "2027 年的放假和调休安排还没有" in browser(cast.second_editor).get(f"/staff/duty/unit/{cast.civil.id}").text


def test_only_who_may_edit_the_catalogue_is_offered_to(browser, cast, topic):
    topic("低保政策")
    assert "新建事项" not in browser(cast.second_editor).get("/staff/duty").text
    for who in (cast.leader, cast.head):
        page = browser(who).get("/staff/duty").text
        assert "新建事项" in page and "导入目录表" in page and "改设置" in page
    topic("居务：财务收支", QUARTERLY, unit=None)
    page = browser(cast.leader).get("/staff/duty?unit=" + str(cast.east.id)).text
    assert "改设置" in page and "记一笔" not in page, "a leader notes nothing"


def test_the_list_asks_no_more_of_the_database_when_topics_grow(browser, cast, session, parts, topic, hang):
    hang(topic("事项零"), date(2025, 11, 10))
    topic("居务零", QUARTERLY, unit=None)
    clerk = browser(cast.editor)
    few = {path: statements(parts, lambda path=path: clerk.get(path))
           for path in ("/staff/duty", "/staff/duty/units", f"/staff/duty/unit/{cast.civil.id}", "/staff/today")}
    for number in range(12):
        hang(topic(f"事项{number}"), date(2025, 11, 10), title=f"第 {number} 件")
        topic(f"居务{number}", QUARTERLY, unit=None)
    session.commit()
    for path, before in few.items():
        assert statements(parts, lambda path=path: clerk.get(path)) <= before + 3, path


def statements(parts, ask) -> int:
    seen: list[str] = []

    def hear(conn, cursor, statement, *rest):
        seen.append(statement)
    event.listen(parts.database.engine, "before_cursor_execute", hear)
    try:
        assert ask().status_code == 200
    finally:
        event.remove(parts.database.engine, "before_cursor_execute", hear)
    return len(seen)


# --- one unit, all units ------------------------------------------------------------------------------------------------------

def test_a_units_page_says_the_basis_who_looks_after_it_and_both_ways_out(browser, cast, topic, hang):
    hang(topic("科室分工", basis="《政府信息公开条例》第二十条"), date(2025, 11, 10))
    page = browser(cast.second_editor).get(f"/staff/duty/unit/{cast.civil.id}").text
    said = words(page)
    assert "社会事务办公室 1 件已逾期" in said and "先补“科室分工”，已经逾期 10 个工作日。" in said
    assert "依据：《政府信息公开条例》第二十条" in said and "责任：民政办经办人、民政办负责人" in said
    assert "无变更" in said and "有变化，去改" in said and page.count(" filled") == 1
    seen = words(browser(cast.inspector).get(f"/staff/duty/unit/{cast.civil.id}").text)
    assert "科室分工" in seen and "无变更”" in seen and "有变化，去改" not in seen


def test_last_quarters_sheet_is_offered_again_for_a_finance_topic(browser, cast, session, make, topic):
    money = topic("财政收支", QUARTERLY)
    data = json.loads((SAMPLES / "finance.json").read_text(encoding="utf-8"))["data"]
    slide = slides.make(session, "finance", Draft("2026年二季度财政收支", "财政公开", data, audience=(cast.office.id,)), unit=cast.civil,
                        by=cast.second_editor, at=NOON)
    filing.file(session, slide, Told(money.id, period_end=date(2026, 6, 30)), by=cast.second_editor, at=NOON)
    review.submit(session, slide.latest, by=cast.second_editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    records.disclose(session, slide.latest.id, day=date(2026, 7, 12), by=cast.leader.id, at=NOON, calendar=Calendar())
    make.playlist([slide], boards=[make.board()])
    clerk = browser(cast.second_editor)
    link = f"/staff/content/new?kind=finance&amp;again={slide.id}"
    today = clerk.get("/staff/today").text
    assert "财政收支（2026年三季度）" in today and "屏上还挂着2026年二季度，" in today and link in today
    assert today.count("照上季度再发") == 1, "what the list offers is not offered beside it once more"
    unit = clerk.get(f"/staff/duty/unit/{cast.civil.id}").text
    assert "照上季度的表再填" in unit and "传新表格" in unit and f"{link}#sheet-form" in unit


def test_a_new_page_begins_with_its_topic_its_unit_and_the_period_that_is_owed(browser, cast, topic):
    meeting = topic("居务：会议决定", Rule(Cadence.QUARTER, Trigger.PERIOD), unit=None)
    page = browser(cast.community).get(f"/staff/duty/unit/{cast.east.id}").text
    link = re.search(r'href="(/staff/content/new[^"]*)">写一页', page)
    assert link is not None
    form = browser(cast.community).get(link[1].replace("&amp;", "&")).text
    assert re.search(rf'<option value="{meeting.id}" selected>', form) and re.search(r'<option value="2026-03-31" selected>', form)
    assert "unit=" + str(cast.east.id) in link[1]
    other = browser(cast.community).get(f"/staff/content/new?kind=notice&topic={meeting.id}&unit={cast.west.id}").text
    assert f'name="unit" value="{cast.west.id}"' not in other, "nobody writes for a unit that is not theirs"


def test_all_units_stand_in_the_offices_order_and_those_behind_are_marked(browser, cast, topic, hang):
    hang(topic("科室分工"), date(2025, 11, 10))
    topic("居务：财务收支", QUARTERLY, unit=None)
    topic("机构职能", unit="office")
    page = browser(cast.leader).get("/staff/duty/units").text
    assert [row.partition(" ")[0] for row in rows(page)] == ["白鹭街道办事处", "社会事务办公室", "东街社区", "石桥社区"]
    assert page.count('class="behind"') == 4 and f"/staff/duty/unit/{cast.civil.id}" in page
    assert "4 个单位，4 个有逾期。" in page
    for who in (cast.inspector, cast.administrator, cast.auditor):
        assert browser(who).get("/staff/duty/units").status_code == 200


# --- deeds --------------------------------------------------------------------------------------------------------------------

def test_nothing_has_changed_is_one_press_and_is_taken_back_by_one(browser, cast, session, topic, hang):
    standing = topic("科室分工")
    hang(standing, date(2025, 11, 10))
    clerk = browser(cast.second_editor)
    answer = clerk.post(f"/staff/duty/unit/{cast.civil.id}/confirm", {"topic": standing.id, "back": "today"})
    assert answer.headers["Location"] == "/staff/today"
    made = session.scalars(select(Confirmation)).one().id
    session.commit()  # the reading of a test must not keep the clerk waiting
    said = clerk.get("/staff/today").text
    assert "没有变更。屏上会写“11月24日确认”。" in said and f"/staff/duty/confirmation/{made}/undo" in said
    assert "逾期" not in words(clerk.get("/staff/duty").text.partition("<tbody>")[2].partition("</tbody>")[0])
    assert "撤销" in clerk.get(f"/staff/duty/unit/{cast.civil.id}").text, "it can be taken back later too"
    clerk.post(f"/staff/duty/confirmation/{made}/undo")
    assert session.get(Confirmation, made).undone_at is not None
    assert "逾期 10 个工作日" in clerk.get("/staff/duty").text
    verbs = session.scalars(select(journal.Entry.verb)).all()
    assert "topic.confirmed" in verbs and "topic.unconfirmed" in verbs


def test_what_comes_every_quarter_is_not_settled_by_a_press(browser, cast, session, topic):
    money = topic("财政收支", QUARTERLY)
    clerk = browser(cast.second_editor)
    page = clerk.get(f"/staff/duty/unit/{cast.civil.id}").text
    assert "/confirm" not in page
    answer = clerk.post(f"/staff/duty/unit/{cast.civil.id}/confirm", {"topic": money.id})
    assert answer.status_code == 409 and "每期都要有新内容" in answer.text
    assert session.scalars(select(Confirmation)).all() == []


def test_what_was_never_disclosed_has_not_stayed_the_same(browser, cast, session, topic):
    never = topic("机构职能")
    answer = browser(cast.second_editor).post(f"/staff/duty/unit/{cast.civil.id}/confirm", {"topic": never.id})
    assert answer.status_code == 409 and "还没有公开过" in answer.text


def test_foreign_units_topics_and_ids_do_not_exist(browser, cast, session, topic, hang):
    standing = topic("科室分工")
    hang(standing, date(2025, 11, 10))
    made = records.confirm(session, standing, cast.civil, by=cast.second_editor, at=NOON, today=TODAY)
    noted = records.note(session, standing, cast.civil, Trigger.CHANGED, TODAY, "", by=cast.second_editor, at=NOON, today=TODAY)
    made_id, noted_id = made.id, noted.id
    community = browser(cast.community)
    for path, form in ((f"/staff/duty/unit/{cast.civil.id}/confirm", {"topic": standing.id}),
                       (f"/staff/duty/unit/{cast.east.id}/confirm", {"topic": standing.id}),
                       (f"/staff/duty/unit/{cast.west.id}/note", {"topic": standing.id, "trigger": "changed", "on": "11-20"}),
                       (f"/staff/duty/unit/{cast.east.id}/note", {"topic": standing.id, "trigger": "changed", "on": "11-20"}),
                       (f"/staff/duty/confirmation/{made_id}/undo", {}),
                       (f"/staff/duty/happening/{noted_id}/drop", {"reason": "没有开会"})):
        assert community.post(path, form).status_code == 404, path
    assert browser(cast.leader).post(f"/staff/duty/confirmation/{made_id}/undo").status_code == 403
    session.expire_all()
    assert session.get(Confirmation, made_id).undone_at is None and session.get(Happening, noted_id).dropped_at is None


def test_noting_a_change_starts_the_clock_on_that_day(browser, cast, session, topic, hang):
    standing = topic("科室分工", Rule(n=5))
    hang(standing, date(2026, 11, 2))
    clerk = browser(cast.second_editor)
    assert "记一笔" in clerk.get("/staff/duty").text
    form = {"topic": standing.id, "trigger": "changed", "on": "11月16日", "note": "换了负责人", "back": "list"}
    assert clerk.post(f"/staff/duty/unit/{cast.civil.id}/note", form).headers["Location"] == "/staff/duty"
    noted = session.scalars(select(Happening)).one()
    assert (noted.on, noted.note, noted.trigger) == (date(2026, 11, 16), "换了负责人", "changed")
    page = clerk.get("/staff/duty").text
    assert "最晚 11月23日公开" in page and "逾期 1 个工作日" in page
    assert "科室分工（换了负责人）" in clerk.get("/staff/today").text


@pytest.mark.parametrize(("typed", "day"), [("3.1", date(2026, 3, 1)), ("3月1日", date(2026, 3, 1)), ("2025-12-30", date(2025, 12, 30)),
                                            ("11-24", TODAY)])
def test_a_day_that_is_past_may_lie_far_back(browser, cast, session, topic, typed, day):
    standing = topic("科室分工")
    form = {"topic": standing.id, "trigger": "formed", "on": typed}
    assert browser(cast.second_editor).post(f"/staff/duty/unit/{cast.civil.id}/note", form).status_code == 303
    assert session.scalars(select(Happening.on)).one() == day


@pytest.mark.parametrize(("form", "said"), [({"on": "11-25"}, "日期还没有到"), ({"on": "昨天"}, "日期看不懂"), ({"on": ""}, "是哪一天"),
                                            ({"trigger": "period end"}, "请选是形成"), ({"trigger": ""}, "请选是形成"),
                                            ({"note": "长" * 61}, "最多 60 个字")])
def test_a_note_that_cannot_be_told_keeps_what_was_typed(browser, cast, session, topic, form, said):
    standing = topic("科室分工")
    sent = {"topic": standing.id, "trigger": "changed", "on": "11-20", "note": "换了负责人"} | form
    answer = browser(cast.second_editor).post(f"/staff/duty/unit/{cast.civil.id}/note", sent)
    assert answer.status_code == 422 and said in answer.text
    assert sent["note"][:20] in answer.text and session.scalars(select(Happening)).all() == []


def test_nothing_this_time_asks_for_a_reason_and_keeps_it(browser, cast, session, topic):
    meeting = topic("议事会结果", Rule(Cadence.IRREGULAR, Trigger.FORMED, 8))
    noted = records.note(session, meeting, cast.civil, Trigger.FORMED, date(2026, 11, 4), "", by=cast.second_editor, at=NOON, today=TODAY)
    id = noted.id
    clerk = browser(cast.second_editor)
    page = clerk.get(f"/staff/duty/unit/{cast.civil.id}").text
    assert "议事会结果（11月4日）" in page and "这次没有" in page and "写一页" in page
    assert clerk.post(f"/staff/duty/happening/{id}/drop", {"reason": ""}).status_code == 422
    assert clerk.post(f"/staff/duty/happening/{id}/drop", {"reason": "这次没有开会"}).status_code == 303
    session.expire_all()
    assert session.get(Happening, id).dropped_at is not None
    entry = session.scalars(select(journal.Entry).where(journal.Entry.verb == "happening.dropped")).one()
    assert entry.data["reason"] == "这次没有开会"
    assert "没有欠账" in clerk.get(f"/staff/duty/unit/{cast.civil.id}").text


# --- today --------------------------------------------------------------------------------------------------------------------

def test_today_begins_with_what_was_returned_then_what_is_overdue_due_and_unsent(browser, cast, make, topic, hang):
    make.slide(title="冬季防火提示", unit=cast.civil, author=cast.second_editor)
    hang(topic("办公时间"), date(2025, 11, 27))
    hang(topic("科室分工"), date(2025, 11, 10))
    make.slide(title="低保名单公示", unit=cast.civil, author=cast.second_editor, state="returned")
    page = browser(cast.second_editor).get("/staff/today").text
    listed = re.findall(r"<h3><a[^>]*>([^<]+)</a>", page)
    assert listed == ["低保名单公示", "科室分工", "办公时间", "冬季防火提示"]
    assert "有 4 件事要办。先改好退回的 1 件，再报一次。" in page and "分管领导：“请写明时间。”" in page
    assert re.findall(r'class="button[^"]*filled"[^>]*>([^<]+)<', page) == ["改好再报"]
    assert '<b class="count">4</b>' in page, "the navigation counts the rows of the list"


def test_today_is_each_units_own_and_a_section_heads_is_the_departments(browser, cast, topic, hang):
    hang(topic("科室分工"), date(2025, 11, 10))
    topic("居务：财务收支", QUARTERLY, unit=None)
    assert "科室分工" in browser(cast.head).get("/staff/today").text
    community = browser(cast.community).get("/staff/today").text
    assert "居务：财务收支（2026年一季度）" in community and "科室分工" not in community
    office = words(browser(cast.editor).get("/staff/today").text)
    assert "科室分工" not in office, "the department has a clerk of its own"
    assert "居务：财务收支（2026年一季度）" in office, "nobody looks after 石桥社区, so the street does"
    assert "别的科室社区还有 2 件逾期" in office
    assert browser(cast.leader).get("/staff/").headers["Location"] == "/staff/review"


def test_with_nothing_to_do_the_next_deadline_is_named(browser, cast, topic, hang):
    hang(topic("办公时间"), date(2026, 1, 20))
    page = browser(cast.second_editor).get("/staff/today").text
    assert "今天没有要办的。下一个期限是 2027年1月20日，办公时间。" in page and 'class="count"' not in page


def test_what_comes_within_a_month_is_named_at_the_foot(browser, cast, topic, hang):
    hang(topic("办公时间"), date(2025, 12, 15))
    hang(topic("科室分工"), date(2025, 12, 20))
    page = browser(cast.second_editor).get("/staff/today").text
    assert "再往后，12月20日前还有 2 件：办公时间、科室分工。" in page


def test_a_slide_on_its_way_stands_for_its_topic(browser, cast, session, make, topic, hang):
    standing = topic("科室分工", Rule(n=5))
    hang(standing, date(2026, 11, 2))
    records.note(session, standing, cast.civil, Trigger.CHANGED, date(2026, 11, 10), "", by=cast.second_editor, at=NOON, today=TODAY)
    slide = make.slide(title="科室新分工", unit=cast.civil, author=cast.second_editor)
    filing.file(session, slide, Told(standing.id), by=cast.second_editor, at=NOON)
    clerk = browser(cast.second_editor)
    assert re.findall(r"<h3><a[^>]*>([^<]+)</a>", clerk.get("/staff/today").text) == ["科室分工（11月10日）"]
    assert "接着写" in clerk.get("/staff/today").text
    review.submit(session, slide.latest, by=cast.second_editor, at=NOON)
    session.commit()
    assert "今天没有要办的" in clerk.get("/staff/today").text
    assert "已报审" in rows(clerk.get("/staff/duty").text)[0], "it is overdue all the same"


def test_the_count_of_the_navigation_is_that_of_the_list(browser, cast, make, topic, hang):
    hang(topic("科室分工"), date(2025, 11, 10))
    topic("居务：财务收支", QUARTERLY, unit=None)
    make.slide(title="冬季防火提示", unit=cast.office, author=cast.editor)
    make.slide(title="东街通知", unit=cast.east, author=cast.community, state="returned")
    for who in (cast.editor, cast.second_editor, cast.community, cast.head):
        page = browser(who).get("/staff/today").text
        count = re.search(r'<b class="count">(\d+)</b>', page)
        assert (int(count[1]) if count else 0) == len(re.findall(r"<h3><a", page)), who.post

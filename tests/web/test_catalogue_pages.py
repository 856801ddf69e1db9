"""The catalogue's own pages: topics and classes, Excel in and out, what was disclosed, the year's figures."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import openpyxl
import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from kiosk.content import review
from kiosk.disclosure import days, filing, records, topics
from kiosk.disclosure.deadlines import Cadence, Measure, Rule, Trigger
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.topics import BOARD_CHANNEL, CHANNELS, Topic, Wanted
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.doors import Browser
from tests.support.make import Make
from tests.web.conftest import Signed

DAY = date(2026, 11, 23)
SEED = {"概况": 0, "计划总结": 2, "规范性文件": 17, "工作动态": 83, "人事": 1, "财政": 6, "其他": 195}
ONE = ("0.0", "0.7", "5.6", "27.3", "0.3", "2.0", "64.1")
TWO = ("0.00", "0.66", "5.59", "27.30", "0.33", "1.97", "64.14")
ROUNDED = "因四舍五入，合计可能不等于100%"
FORM = {"name": "居家养老服务名单", "kind": "其他", "column": "民政低保", "cadence": "standing", "trigger": "changed", "n": "20",
        "measure": "working days", "ahead": "5", "when_overdue": "mark", "required": "yes", "manner": "active", "public": "全社会"}


@pytest.fixture(autouse=True)
def classes(session: Session, cast: Cast) -> None:
    topics.set_classes(session, list(SEED), by=None, at=NOON)


def _topic(session: Session, unit: int | None, name: str = "财政收支", **more: Any) -> Topic:
    wanted = Wanted(name, more.pop("kind", "财政"), unit, "财政公开", **more)
    return topics.add(session, wanted, by=None, at=NOON, since=DAY)


def _record(session: Session, topic: Topic, unit: int, title: str, day: date = DAY, **more: Any) -> Disclosure:
    made = Disclosure(number=records.number(session, topic, day), topic_id=topic.id, class_id=topic.class_id, unit_id=unit, title=title,
                      disclosed_on=day, imported=True, made_at=NOON, **more)
    session.add(made)
    session.flush()
    return made


def _count(session: Session, what: type[Any]) -> int:
    """How many rows there are now; holds no lock that a request would wait for."""
    found = session.scalar(select(func.count()).select_from(what)) or 0
    session.rollback()
    return found


def _items(rows: Sequence[tuple[str, int]], year: int = 2017) -> bytes:
    """An office's list of what it disclosed: so many items of each class."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["索引号", "名称", "分类", "公开日期"])
    for kind, count in rows:
        for number in range(1, count + 1):
            sheet.append([f"{kind}-{year}-{number:03d}", f"{kind}第{number}条", kind, f"{year}-{number % 12 + 1}-9"])
    return _bytes(book)


def _bytes(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _send(person: Browser, body: bytes, name: str = "目录.xlsx", what: str = "topics") -> TestResponse:
    path = f"/staff/catalogue/import?what={what}&csrf_token={person.csrf()}"
    return person.client.post(path, data={"file": (io.BytesIO(body), name)}, content_type="multipart/form-data")


def _press(person: Browser, shown: TestResponse, **more: str) -> TestResponse:
    """The second press of the page that was shown."""
    action = re.search(r'id="store" action="([^"]+)"', shown.text)
    seen = re.search(r'name="seen" value="([^"]+)"', shown.text)
    assert action and seen, shown.text
    return person.post(action[1].replace("&amp;", "&"), {"seen": seen[1], **more})


def _table(page: str, id: str) -> list[list[str]]:
    body = re.search(rf'<table class="figures" id="{id}">(.*?)</table>', page, re.S)
    assert body
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
            for row in re.findall(r"<tr>(.*?)</tr>", body[1], re.S)]


# --- topics -----------------------------------------------------------------------------------------------------------------

def test_a_topic_is_written_with_everything_that_the_catalogue_asks(session: Session, cast: Cast, browser: Signed) -> None:
    head = browser(cast.leader)
    told = {**FORM, "code": "MZ-01", "unit": str(cast.civil.id), "level1": "养老服务", "level2": "居家养老", "elements": "名单\n标准",
            "basis": "《条例》", "term": "每季度15日前", "subject": "白鹭街道办事处", "cadence": "quarter", "n": "15",
            "measure": "day of month", "stale": "90", "channels": [CHANNELS[0], BOARD_CHANNEL], "levels": ["乡级"],
            "audience": [str(cast.east.id)],
            "chain": ["section", "privacy"], "when_overdue": "contact", "contact": "0825-×××××××", "display_days": "7",
            "display_measure": "working days", "manner": "request", "public": "全社会；老年人"}
    answer = head.post("/staff/catalogue/new", told)
    assert answer.status_code == 303, answer.text
    made = session.scalars(select(Topic)).one()
    id = made.id
    assert topics.wanted(made) == Wanted(
        "居家养老服务名单", "其他", cast.civil.id, "民政低保", "MZ-01", "养老服务", "居家养老", "名单\n标准", "《条例》", "每季度15日前",
        "白鹭街道办事处", (CHANNELS[0], BOARD_CHANNEL), "全社会；老年人", True, ("乡级",), (cast.east.id,),
        Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH, 0, 90, 5), 7, Measure.WORKING, True,
        (topics.Step.SECTION, topics.Step.PRIVACY), topics.WhenOverdue.CONTACT, "0825-×××××××")
    session.rollback()
    page = head.get(f"/staff/catalogue/{id}").text
    assert "每季度公开一次，期满后的下个月 15日 前公开。" in page and "民政办经办人" in page and "分管领导" in page


def test_the_form_gives_back_a_topic_as_it_is(session: Session, cast: Cast, browser: Signed) -> None:
    found = _topic(session, None, rule=Rule(Cadence.IRREGULAR, Trigger.APPROVED, 10, Measure.CALENDAR, 0, 90, 3), elements="一\n二",
                   audience=(cast.east.id,), chain=(topics.Step.PRIVACY,), display_days=7, levels=("村级",), required=False)
    before = topics.wanted(found)
    id, leader = found.id, browser(cast.leader)
    form = _form_of(leader.get(f"/staff/catalogue/{id}/change").text)
    assert leader.post(f"/staff/catalogue/{id}/change", form).status_code == 303
    session.expire_all()
    assert topics.wanted(topics.topic(session, id)) == before


def _form_of(page: str) -> dict[str, Any]:
    """What a browser would send of the topic's form, untouched."""
    body = page[page.index('id="topic-form"'):]
    made: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        ticked = 'type="checkbox"' in tag or 'type="radio"' in tag
        if name and value and (not ticked or " checked" in tag):
            made.setdefault(name[1], []).append(value[1])
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', body, re.S):
        made[name] = text
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        made[name] = chosen[1] if chosen else ""
    return made


def test_the_rule_is_said_in_plain_words_with_the_day_it_means_today(session: Session, cast: Cast, browser: Signed,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.web.request.clock_now", lambda: NOON.replace(day=24))
    head = browser(cast.leader)
    told = head.get("/staff/catalogue/rule?cadence=irregular&trigger=formed&n=20&measure=working+days&ahead=5").get_json()
    assert told == {"rule": "不定期。信息形成以后 20 个工作日内公开。", "example": "今天形成的，最晚 12月22日 公开。",
                    "more": ["到期前 5 个工作日开始提醒。"], "unsure": ""}
    told = head.get("/staff/catalogue/rule?cadence=quarter&n=15&measure=day+of+month").get_json()
    assert told["example"] == "这个季度的（到 12月31日），最晚 2027年1月15日 公开。"
    told = head.get("/staff/catalogue/rule?cadence=year&n=20&measure=working+days").get_json()
    assert told["unsure"] == "2027 年的放假安排还没有，先按周一至周五算。"
    told = head.get("/staff/catalogue/rule?cadence=year&n=0&measure=days").get_json()
    assert (told["rule"], told["example"]) == ("每年公开一次，最晚期满那天公开。", "今年的（到 12月31日），最晚 12月31日 公开。")
    told = head.get("/staff/catalogue/rule?cadence=standing&n=x").get_json()
    assert told["unsure"] == "这里写 0 到 400 的数字。"
    page = head.post("/staff/catalogue/new", {**FORM, "unit": str(cast.civil.id), "n": "7", "measure": "days", "look": "1"}).text
    assert "一直挂着。信息形成或者变更以后 7 日内公开。" in page and "今天形成或者变更的，最晚 12月1日 公开。" in page
    assert _count(session, Topic) == 0


@pytest.mark.parametrize(("wrong", "sentence"), [
    ({"name": ""}, "这一项要填。"), ({"n": "二十"}, "这里写 0 到 400 的数字。"), ({"n": "500"}, "这里写 0 到 400 的数字。"),
    ({"measure": "day of month"}, "“下个月几日前”只用在按月、季、半年、年公开的事项上，写 1 到 31。"),
    ({"kind": "没有的"}, "目录里没有“没有的”这一类。"), ({"unit": ""}, "请选由谁公开。"), ({"unit": "x"}, "请选由谁公开。"),
    ({"when_overdue": "contact"}, "逾期后屏上要写问哪里，请填一个办公电话。"), ({"ahead": "-1"}, "这里写 0 到 60 的数字。"),
    ({"elements": "字" * 2001}, "最多 2000 个字，现在 2001 个。"), ({"display_days": "²"}, "这里写 0 到 3650 的数字。")])
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(wrong: Mapping[str, str], sentence: str, session: Session, cast: Cast,
                                                                     browser: Signed) -> None:
    told = {**FORM, "unit": str(cast.civil.id), "basis": "写了很久的依据", "channels": [CHANNELS[3]], **wrong}
    answer = browser(cast.leader).post("/staff/catalogue/new", told)
    assert answer.status_code == 422 and sentence in answer.text and "写了很久的依据" in answer.text
    assert re.search(rf'value="{CHANNELS[3]}" checked', answer.text)
    assert _count(session, Topic) == 0


def test_a_code_stays_and_is_never_given_twice(session: Session, cast: Cast, browser: Signed) -> None:
    found = _topic(session, cast.civil.id, code="MZ-01")
    leader = browser(cast.leader)
    assert 'name="code"' not in leader.get(f"/staff/catalogue/{found.id}/change").text
    assert leader.post(f"/staff/catalogue/{found.id}/end").status_code == 303
    answer = leader.post("/staff/catalogue/new", {**FORM, "unit": str(cast.civil.id), "code": "MZ-01"})
    assert answer.status_code == 409 and "编号“MZ-01”已经用过了，用过的编号不能再用。" in answer.text


def test_an_ended_topic_keeps_its_records_and_cannot_be_changed(session: Session, cast: Cast, browser: Signed) -> None:
    found = _topic(session, cast.civil.id)
    _record(session, found, cast.civil.id, "一季度财政收支")
    leader = browser(cast.leader)
    assert "公开过的 1 条记录和统计都留着" in leader.get(f"/staff/catalogue/{found.id}").text
    leader.post(f"/staff/catalogue/{found.id}/end")
    page = leader.get(f"/staff/catalogue/{found.id}").text
    assert "停用，不再要求公开" in page and "一季度财政收支" in page and f"/staff/catalogue/{found.id}/change" not in page
    assert leader.get(f"/staff/catalogue/{found.id}/change").status_code == 400
    assert leader.post(f"/staff/catalogue/{found.id}/end").status_code == 400


def test_a_section_edits_its_own_topics_and_no_others(session: Session, cast: Cast, browser: Signed) -> None:
    own, foreign, every = _topic(session, cast.civil.id), _topic(session, cast.office.id, "机构职能"), _topic(session, None, "居务财务")
    head = browser(cast.head)
    assert head.get(f"/staff/catalogue/{own.id}/change").status_code == 200
    assert 'value="every"' not in head.get("/staff/catalogue/new").text
    assert head.get(f"/staff/catalogue/{every.id}/change").status_code == 403
    assert head.get(f"/staff/catalogue/{foreign.id}/change").status_code in (403, 404)
    assert head.post(f"/staff/catalogue/{foreign.id}/end").status_code in (403, 404)
    answer = head.post(f"/staff/catalogue/{own.id}/change", {**FORM, "unit": str(cast.office.id)})
    assert answer.status_code == 403
    assert head.post("/staff/catalogue/new", {**FORM, "unit": "every"}).status_code == 403
    page = head.get("/staff/catalogue/classes").text
    assert "类别是全街道共用的，请分管领导来改。" in page and 'name="classes"' not in page
    assert head.post("/staff/catalogue/classes", {"id": "", "classes": "新的"}).status_code == 422


def test_a_community_sees_its_own_and_what_every_community_owes(session: Session, cast: Cast, browser: Signed) -> None:
    own, every = _topic(session, cast.east.id, "东街的"), _topic(session, None, "居务财务")
    foreign, office = _topic(session, cast.west.id, "石桥的"), _topic(session, cast.office.id, "机构职能")
    mine, theirs = _record(session, every, cast.east.id, "东街收支"), _record(session, every, cast.west.id, "石桥收支")
    person = browser(cast.community)
    assert person.get(f"/staff/catalogue/{own.id}").status_code == 200
    page = person.get(f"/staff/catalogue/{every.id}").text
    assert "东街社区" in page and "东街收支" in page and "石桥" not in page
    assert {person.get(f"/staff/catalogue/{each.id}").status_code for each in (foreign, office)} == {404}
    assert person.get(f"/staff/catalogue/records/{mine.id}").status_code == 200
    assert person.get(f"/staff/catalogue/records/{theirs.id}").status_code == 404
    assert "石桥" not in person.get("/staff/catalogue/records").text
    assert "石桥收支" not in person.get(f"/staff/catalogue/records?unit={cast.west.id}").text
    assert person.get(f"/staff/catalogue/records?topic={foreign.id}").status_code == 404
    assert "新增 1 条" in person.get("/staff/catalogue/figures?year=2026").text
    assert [row[16].value for row in _rows(person.get("/staff/catalogue/topics.xlsx"))[3:]] == ["东街的", "居务财务"]
    assert [row[1].value for row in _rows(person.get("/staff/catalogue/records.xlsx"))[1:]] == ["东街收支"]
    for path in ("new", f"{own.id}/change", "import", "classes"):
        assert person.get(f"/staff/catalogue/{path}").status_code == 403


def _rows(answer: TestResponse) -> list[Any]:
    assert answer.status_code == 200
    return list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows())


# --- classes ----------------------------------------------------------------------------------------------------------------

def test_classes_are_moved_renamed_added_and_left_out_in_one_press(session: Session, cast: Cast, browser: Signed) -> None:
    kept = _topic(session, cast.civil.id)
    ids = [each.id for each in topics.classes(session)]
    rows = [(ids[1], "计划总结"), (ids[0], "机构概况"), *zip(ids[2:6], list(SEED)[2:6], strict=True), ("", "应急")]
    form = {"id": [str(id) for id, _ in rows], "classes": [name for _, name in rows]}
    answer = browser(cast.leader).post("/staff/catalogue/classes", form)
    assert answer.status_code == 303, answer.text
    session.expire_all()
    assert [each.name for each in topics.classes(session)] == ["计划总结", "机构概况", "规范性文件", "工作动态", "人事", "财政", "应急"]
    assert topics.topic(session, kept.id).kind.name == "财政"


def test_two_classes_change_their_names_and_keep_their_topics(session: Session, cast: Cast, browser: Signed) -> None:
    kept = _topic(session, cast.civil.id)
    ids = {each.name: each.id for each in topics.classes(session)}
    swapped = {"财政": "人事", "人事": "财政"}
    form = {"id": [str(id) for id in ids.values()], "classes": [swapped.get(name, name) for name in ids]}
    assert browser(cast.leader).post("/staff/catalogue/classes", form).status_code == 303
    session.expire_all()
    assert topics.topic(session, kept.id).kind.name == "人事"


@pytest.mark.parametrize(("names", "sentence"), [
    (["概况", "概况"], "“概况”写了 2 次，一类只写一次。"), (["概况", ""], "这一项要填。"), (["概况", "字" * 21], "最多 20 个字")])
def test_classes_that_cannot_be_are_told_and_nothing_changes(names: list[str], sentence: str, session: Session, cast: Cast,
                                                             browser: Signed) -> None:
    ids = [str(each.id) for each in topics.classes(session)][:2]
    answer = browser(cast.leader).post("/staff/catalogue/classes", {"id": ids, "classes": names})
    assert answer.status_code == 422 and sentence in answer.text
    assert [each.name for each in topics.classes(session)] == list(SEED)


def test_a_class_with_living_topics_cannot_be_left_out(session: Session, cast: Cast, browser: Signed) -> None:
    _topic(session, cast.civil.id)
    rows = [each for each in topics.classes(session) if each.name != "财政"]
    form = {"id": [str(each.id) for each in rows], "classes": [each.name for each in rows]}
    answer = browser(cast.leader).post("/staff/catalogue/classes", form)
    assert answer.status_code == 409 and "“财政”下面还有公开事项" in answer.text


def test_the_arrows_move_a_class_before_anything_is_stored(session: Session, cast: Cast, browser: Signed) -> None:
    ids = [str(each.id) for each in topics.classes(session)]
    page = browser(cast.leader).post("/staff/catalogue/classes", {"id": ids, "classes": ["概况二", *list(SEED)[1:]], "move": "0:down"}).text
    assert re.findall(r'name="classes" value="([^"]*)"', page)[:3] == ["计划总结", "概况二", "规范性文件"]
    assert [each.name for each in topics.classes(session)] == list(SEED)


# --- the seed ---------------------------------------------------------------------------------------------------------------

def test_the_seeds_304_items_come_out_as_counted(session: Session, cast: Cast, browser: Signed) -> None:
    leader = browser(cast.leader)
    shown = _send(leader, _items(list(SEED.items())), "2017年信息目录.xlsx", "items")
    assert shown.status_code == 200 and "304 条要导入" in shown.text and "其他第195条" in shown.text
    assert _count(session, Disclosure) == 0
    assert _press(leader, shown).status_code == 303
    assert _count(session, Disclosure) == 304
    for places, percent in ((1, ONE), (2, TWO)):
        page = leader.get(f"/staff/catalogue/figures?year=2017&places={places}").text
        rows = _table(page, "classes")
        told = [[name, str(count), share] for (name, count), share in zip(SEED.items(), percent, strict=True)]
        assert [row[:3] for row in rows[1:8]] == told
        assert rows[8] == ["合计", "304", "100.0" if places == 1 else "99.99", "304", "100.0" if places == 1 else "99.99"]
        assert (ROUNDED in page) is (places == 2)
    again = _send(leader, _items(list(SEED.items())), "2017年信息目录.xlsx", "items").text
    assert "没有要导入的" in again and 'id="store"' not in again


def test_another_offices_classes_and_figures_come_out_too(session: Session, cast: Cast, browser: Signed) -> None:
    leader = browser(cast.leader)
    shown = _send(leader, _items([("机构职能", 1), ("重大决策", 1), ("应急管理", 1)], 2025), what="items")
    assert "会一起新建 3 个类别" in shown.text and _press(leader, shown).status_code == 303
    page = leader.get("/staff/catalogue/figures?year=2025").text
    assert {row[0]: row[1:3] for row in _table(page, "classes")[-4:]} == {
        "机构职能": ["1", "33.3"], "重大决策": ["1", "33.3"], "应急管理": ["1", "33.3"], "合计": ["3", "99.9"]}
    assert ROUNDED in page


def test_every_figure_leads_to_just_its_records(session: Session, cast: Cast, browser: Signed) -> None:
    found = _topic(session, cast.civil.id)
    policy = _record(session, found, cast.civil.id, "甲", date(2025, 3, 1))
    _record(session, found, cast.civil.id, "乙", date(2025, 3, 1), withdrawn_on=date(2026, 5, 1), reason="写错")
    _record(session, found, cast.civil.id, "丙", date(2026, 3, 1))
    _record(session, found, cast.civil.id, "丁", date(2026, 3, 1), withdrawn_on=date(2026, 5, 1))
    _record(session, found, cast.civil.id, "解读", date(2026, 4, 1), explains_id=policy.id)
    leader = browser(cast.leader)
    page = leader.get("/staff/catalogue/figures?year=2026").text
    assert "对得上" in page
    sums = re.findall(r"<dd[^>]*>(?:<a[^>]*>)?(\d+)", page[page.index('class="facts sum"'):])[:4]
    assert sums == ["2", "1", "1", "2"]
    listed = {}
    for path, count in re.findall(r'<a href="(/staff/catalogue/records\?[^"]*figure[^"]*)">(\d+)</a>', page):
        told = leader.get(path.replace("&amp;", "&")).text
        titles = sorted(re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', told))
        assert len(titles) == int(count)
        listed[path.partition("figure=")[2].replace("&amp;", "&")] = titles
    assert listed == {f"new&kind={found.class_id}": ["丙"], f"all&kind={found.class_id}": ["丙", "甲"], "new": ["丙"], "all": ["丙", "甲"],
                      "gone": ["乙"], "new&apart=1": ["解读"], "all&apart=1": ["解读"]}


# --- the catalogue's Excel, out and in --------------------------------------------------------------------------------------

def _book_of(person: Browser) -> Any:
    return openpyxl.load_workbook(io.BytesIO(person.get("/staff/catalogue/topics.xlsx").data))


def _column(sheet: Any, words: str) -> int:
    return next(cell.column for cell in sheet[2] if cell.value == words)


def test_what_the_sheet_changes_is_shown_and_then_stored_in_one_press(session: Session, cast: Cast, browser: Signed) -> None:
    _topic(session, cast.civil.id, "低保名单", kind="其他", code="MZ-01"), _topic(session, None, "居务财务", code="SQ-01")
    leader = browser(cast.leader)
    book = _book_of(leader)
    sheet = book.active
    assert "没有要导入的" in _send(leader, _bytes(book)).text
    rows = {sheet.cell(row, _column(sheet, "编号")).value: row for row in range(4, sheet.max_row + 1)}
    sheet.cell(rows["MZ-01"], _column(sheet, "公开时限")).value = "自信息形成之日起10个工作日内"
    last = sheet.max_row + 1
    for words, value in (("名称", "临时救助名单"), ("类别", "应急"), ("责任科室", "社会事务办"), ("公开时限", "每季度，次月15日前")):
        sheet.cell(last, _column(sheet, words)).value = value
    shown = _send(leader, _bytes(book))
    assert "新增 1 项，改 1 项，1 项没有变" in shown.text and "会一起新建 1 个类别" in shown.text
    assert "长期公开，自信息形成或者变更之日起20个工作日内" in shown.text and "长期公开，自信息形成之日起10个工作日内" in shown.text
    assert _count(session, Topic) == 2
    assert _press(leader, shown).status_code == 303
    stored = {each.name: topics.wanted(each).rule for each in topics.topics(session)}
    assert (stored["低保名单"].n, stored["低保名单"].trigger) == (10, Trigger.FORMED)
    assert stored["临时救助名单"] == Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH)
    assert [each.name for each in topics.classes(session)][-1] == "应急"


def test_what_is_wrong_in_the_sheet_is_named_by_cell_and_nothing_is_stored(session: Session, cast: Cast, browser: Signed) -> None:
    _topic(session, cast.civil.id, "低保名单", kind="其他", code="MZ-01")
    leader = browser(cast.leader)
    book = _book_of(leader)
    sheet = book.active
    sheet.cell(4, _column(sheet, "名称")).value = "字" * 41
    sheet.cell(4, _column(sheet, "公开范围")).value = "不知道的科室"
    shown = _send(leader, _bytes(book))
    assert "有 2 处要改，还没有存" in shown.text and "标准目录" in shown.text and 'id="store"' not in shown.text
    assert "名称最多 40 个字，现在 41 个。" in shown.text and "没有叫“不知道的科室”的科室或社区。" in shown.text


def test_a_section_is_told_before_it_stores_what_is_not_its_own(session: Session, cast: Cast, browser: Signed) -> None:
    _topic(session, None, "居务财务", code="SQ-01")
    book = _book_of(browser(cast.leader))
    sheet = book.active
    sheet.cell(4, _column(sheet, "公开时限")).value = "每月，次月5日前"
    shown = _send(browser(cast.head), _bytes(book))
    assert "有 1 处要改，还没有存" in shown.text and 'id="store"' not in shown.text


def test_what_somebody_changed_meanwhile_is_shown_again(session: Session, cast: Cast, browser: Signed) -> None:
    found = _topic(session, cast.civil.id, "低保名单", kind="其他", code="MZ-01")
    leader = browser(cast.leader)
    book = _book_of(leader)
    book.active.cell(4, _column(book.active, "名称")).value = "低保对象名单"
    shown = _send(leader, _bytes(book))
    topics.change(session, topics.topic(session, found.id), Wanted("特困名单", "其他", cast.civil.id, "民政低保"), by=cast.leader, at=NOON)
    session.commit()
    again = _press(leader, shown)
    assert again.status_code == 200 and "您看完以后，目录又有人改过" in again.text and "特困名单" in again.text
    assert _press(leader, again).status_code == 303
    session.expire_all()
    assert topics.topic(session, found.id).name == "低保对象名单"


def test_a_sheet_waits_for_nobody_but_its_own_person_and_only_once(session: Session, cast: Cast, browser: Signed) -> None:
    leader, other = browser(cast.leader), browser(cast.deputy)
    shown = _send(leader, _items([("其他", 2)]), what="items")
    assert _press(other, shown).status_code == 404
    assert _press(leader, shown).status_code == 303
    assert _press(leader, shown).status_code == 404
    for key in ("x", "sheet-1-" + "a" * 32, "..%2Fkiosk.db", f"sheet-{cast.leader.id}-" + "a" * 32):
        assert leader.post(f"/staff/catalogue/import/{key}", {"seen": ""}).status_code == 404
    assert _count(session, Disclosure) == 2


def test_the_files_of_a_sheet_that_was_taken_or_refused_are_gone(session: Session, cast: Cast, browser: Signed, settings: Any) -> None:
    leader = browser(cast.leader)
    _press(leader, _send(leader, _items([("其他", 2)]), what="items"))
    _send(leader, b"", "空.xlsx")
    assert list((settings.data / "uploads").glob("*")) == []


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    return file.getvalue()


def _csv() -> bytes:
    return "索引号,名称,分类,公开日期\nA-1,防汛值班安排,工作动态,2017-6-1\n".encode("gb18030")


@pytest.mark.parametrize(("body", "name", "sentence"), [
    (b"", "空.xlsx", "这个文件是空的"), (_picture(), "照片.png", ""), (b"PK\x03\x04rubbish", "坏.xlsx", ""),
    (b"\x00\x01\x02" * 400, "乱.xlsx", ""), (_bytes(openpyxl.Workbook()), "空表.xlsx", "文件里没有找到目录的表头")])
@pytest.mark.parametrize("what", ["topics", "items"])
def test_a_file_that_is_no_list_gets_a_clear_sentence(what: str, body: bytes, name: str, sentence: str, session: Session, cast: Cast,
                                                      browser: Signed) -> None:
    answer = _send(browser(cast.leader), body, name, what)
    assert answer.status_code == 422 and 'role="alert"' in answer.text and sentence in answer.text
    assert "读进来看看" in answer.text and _count(session, Disclosure) == _count(session, Topic) == 0


def test_a_list_of_an_old_program_is_read_in_its_own_letters(session: Session, cast: Cast, browser: Signed) -> None:
    leader = browser(cast.leader)
    shown = _send(leader, _csv(), "信息.csv", "items")
    assert "防汛值班安排" in shown.text and _press(leader, shown).status_code == 303
    assert session.scalars(select(Disclosure.title)).all() == ["防汛值班安排"]


def test_no_file_and_two_files_are_said(session: Session, cast: Cast, browser: Signed) -> None:
    leader = browser(cast.leader)
    path = f"/staff/catalogue/import?what=items&csrf_token={leader.csrf()}"
    answer = leader.client.post(path, data={"file": (io.BytesIO(b""), "")}, content_type="multipart/form-data")
    assert answer.status_code == 422 and "还没有选文件。" in answer.text


# --- records, gaps, files out -----------------------------------------------------------------------------------------------

def test_records_are_found_by_words_topic_class_unit_and_year(session: Session, cast: Cast, browser: Signed) -> None:
    money, news = _topic(session, cast.civil.id), _topic(session, None, "居务", kind="其他")
    _record(session, money, cast.civil.id, "一季度财政收支", date(2025, 4, 1), document="白街办〔2025〕3号")
    _record(session, news, cast.east.id, "东街换届", date(2026, 4, 1))
    leader = browser(cast.leader)

    def titles(query: str) -> list[str]:
        page = leader.get(f"/staff/catalogue/records?{query}").text
        return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)
    assert titles("") == ["东街换届", "一季度财政收支"]
    assert titles("q=财政") == titles("q=白街办〔2025〕3号") == titles(f"topic={money.id}") == titles("year=2025") == ["一季度财政收支"]
    assert titles(f"unit={cast.east.id}") == titles(f"kind={news.class_id}") == ["东街换届"]
    assert titles("q=没有的") == [] and "没有找到" in leader.get("/staff/catalogue/records?q=没有的").text


def test_many_records_come_page_by_page_with_what_was_asked(session: Session, cast: Cast, browser: Signed) -> None:
    topic = _topic(session, cast.civil.id)
    for number in range(60):
        _record(session, topic, cast.civil.id, f"第{number:02d}条收支")
    leader = browser(cast.leader)
    first, second = leader.get("/staff/catalogue/records?q=收支").text, leader.get("/staff/catalogue/records?q=收支&page=2").text
    assert "第 1 页，共 2 页" in first and "第59条收支" in first and "第09条收支" in second and "第59条收支" not in second
    assert 'rel="next" href="/staff/catalogue/records?page=2&amp;q=' in first


def test_a_record_shows_all_that_is_known_of_it(session: Session, cast: Cast, browser: Signed) -> None:
    topic = _topic(session, cast.civil.id, "高龄津贴", kind="其他", term="自信息形成之日起20个工作日内")
    policy = _record(session, topic, cast.civil.id, "高龄津贴办法", date(2026, 3, 2), document="白街办〔2026〕3号", source="市民政局",
                     summary="谁能领、领多少", formed_on=date(2026, 1, 5), due_on=date(2026, 2, 2), late=18)
    reading = _record(session, topic, cast.civil.id, "高龄津贴怎么领", date(2026, 3, 5), explains_id=policy.id, reason="电话写错",
                      withdrawn_on=date(2026, 4, 1))
    (one, number), other = (policy.id, policy.number), reading.id
    leader = browser(cast.leader)
    page = leader.get(f"/staff/catalogue/records/{one}").text
    for word in (number, "白街办〔2026〕3号", "谁能领、领多少", "市民政局", "1月5日", "2月2日", "18 个工作日", "主动公开", "高龄津贴怎么领",
                 "自信息形成之日起20个工作日内", "社会事务办公室"):
        assert word in page, word
    page = leader.get(f"/staff/catalogue/records/{other}").text
    assert "这一条解读：" in page and "高龄津贴办法" in page and "4月1日 撤回，不再算公开：电话写错" in page


def test_a_record_of_the_boards_names_posts_and_leads_to_its_slide(session: Session, cast: Cast, browser: Signed, make: Make) -> None:
    topic = _topic(session, cast.office.id, "停水通知", kind="工作动态")
    slide = make.slide(state="draft", title="周三停水")
    filing.file(session, slide, filing.Told(topic.id), by=cast.editor, at=NOON)
    filing.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    made = records.disclose(session, slide.latest.id, day=DAY, by=cast.leader.id, at=NOON, calendar=days.calendar(session))
    assert made is not None
    page = browser(cast.leader).get(f"/staff/catalogue/records/{made.id}").text
    assert "综合办经办人" in page and "分管领导" in page and f"/staff/content/{slide.id}" in page and "没有上过屏" in page


def test_what_must_hang_and_does_not_is_listed_and_exported(session: Session, cast: Cast, browser: Signed) -> None:
    _topic(session, None, "居务财务"), _topic(session, cast.civil.id, "不强求的", required=False)
    leader, community = browser(cast.leader), browser(cast.community)
    page = leader.get("/staff/catalogue/gaps").text
    assert "2 项必须公开，现在哪块屏上都没有。" in page and "东街社区" in page and "石桥社区" in page and "不强求的" not in page
    assert "石桥社区" not in community.get("/staff/catalogue/gaps").text
    assert [(row[1].value, row[3].value) for row in _rows(leader.get("/staff/catalogue/gaps.xlsx"))[1:]] == [
        ("居务财务", "东街社区"), ("居务财务", "石桥社区")]


def test_the_years_figures_as_a_file_are_the_pages(session: Session, cast: Cast, browser: Signed) -> None:
    topic = _topic(session, cast.civil.id, channels=(CHANNELS[0], CHANNELS[2]))
    for title in ("甲", "乙", "丙"):
        _record(session, topic, cast.civil.id, title)
    leader = browser(cast.leader)
    rows = [[cell.value for cell in row] for row in _rows(leader.get("/staff/catalogue/figures.xlsx?year=2026&places=2"))]
    assert rows[0] == ["类别", "本年新增（条）", "占本年新增（%）", "累计（条）", "占累计（%）"]
    assert ["财政", 3, 100, 3, 100] in rows and ["合计", 3, 100, 3, 100] in rows
    page = leader.get("/staff/catalogue/figures?year=2026").text
    assert page.count('<td class="number">3</td>') == 2 and "加起来可能比条数多" in page


def test_a_file_holds_only_so_many_records_and_says_what_to_do(session: Session, cast: Cast, browser: Signed,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.web.catalogue.ITEMS_MOST", 1)
    topic = _topic(session, cast.civil.id)
    _record(session, topic, cast.civil.id, "甲", date(2025, 4, 1)), _record(session, topic, cast.civil.id, "乙")
    leader = browser(cast.leader)
    answer = leader.get("/staff/catalogue/records.xlsx")
    assert answer.status_code == 400 and "一共 2 条，一个文件最多放 1 条。请选一年或一个单位再导出。" in answer.text
    assert [row[1].value for row in _rows(leader.get("/staff/catalogue/records.xlsx?year=2025"))[1:]] == ["甲"]


@pytest.mark.parametrize("query", [
    "year=x", "year=999999999999", "year=0", "page=-1", "page=99999", "kind=²", "unit=0", "figure=other", "figure=new", "figure=new&year=1",
    "places=9", "apart=1&figure=gone&year=2026", "q=" + "%25" * 50])
def test_odd_addresses_are_answered(query: str, session: Session, cast: Cast, browser: Signed) -> None:
    leader = browser(cast.leader)
    for path in ("records", "figures", "records.xlsx", "figures.xlsx", "rule"):
        assert leader.get(f"/staff/catalogue/{path}?{query}").status_code == 200

"""Records: what may be filed where, what a search finds, what hangs nowhere, and the items of the years before."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import delete, select, update

from kiosk.base.clock import Zone
from kiosk.base.errors import Forbidden, Invalid, filled
from kiosk.base.workdays import Calendar
from kiosk.content import review, slides
from kiosk.content.grid import Cell
from kiosk.content.importers import grid as reader
from kiosk.content.slides import Draft
from kiosk.disclosure import books, catalogue, filing, gaps, history, records, starter, topics
from kiosk.disclosure.filing import Told
from kiosk.disclosure.hanging import hanging
from kiosk.disclosure.records import Disclosure, Filing
from kiosk.signage import manifest, playlists
from tests.conftest import NOON

DAY = date(2026, 11, 23)
SINCE = date(2026, 1, 1)


@pytest.fixture
def laid(session, cast):
    return {topic.code: topic for topic in starter.lay(session, by=None, at=NOON, since=SINCE)}


@pytest.fixture
def disclosed(session, make, cast, laid):
    """An approved slide under a topic, and its record."""
    def here(code="S006", title="关于做好冬季防火的通知", told: dict[str, Any] | None = None, author=None, unit=None, **more):
        slide = make.slide(title=title, author=author, unit=unit, **more)
        filing.file(session, slide, Told(laid[code].id, **(told or {})), by=author or cast.editor, at=NOON)
        review.submit(session, slide.latest, by=author or cast.editor, at=NOON)
        review.approve(session, slide.latest, by=cast.leader, at=NOON)
        row = records.disclose(session, slide.latest.id, day=DAY, by=cast.leader.id, at=NOON, calendar=Calendar())
        assert row is not None
        return slide, row
    return here


# --- filing ------------------------------------------------------------------------------------------------------------------

def test_a_slide_under_a_periodic_topic_says_for_which_period(session, make, cast, laid):
    slide = make.slide()
    for end in (None, date(2026, 9, 29)):
        with pytest.raises(Invalid) as told:
            filing.file(session, slide, Told(laid["S014"].id, period_end=end), by=cast.editor, at=NOON)
        assert told.value.field == "period_end"
    filed = filing.file(session, slide, Told(laid["S014"].id, period_end=date(2026, 9, 30)), by=cast.editor, at=NOON)
    assert filed.period_end == date(2026, 9, 30)
    assert filing.file(session, slide, Told(laid["S006"].id, period_end=date(2026, 9, 30)), by=cast.editor, at=NOON).period_end is None


def test_an_interpretation_is_linked_to_a_policy_and_to_nothing_else(session, make, cast, disclosed, laid):
    policy_slide, policy = disclosed(title="关于提高低保标准的通知")
    _, explaining = disclosed("S007", "一图读懂低保新标准", {"explains": policy.id})
    assert explaining.explains_id == policy.id
    for explains, words in ((explaining.id, "自己就是政策解读"),):
        with pytest.raises(Invalid, match=words) as told:
            filing.file(session, make.slide(), Told(laid["S007"].id, explains=explains), by=cast.editor, at=NOON)
        assert told.value.field == "explains"
    with pytest.raises(Invalid, match="不能解读自己"):
        filing.file(session, policy_slide, Told(laid["S006"].id, explains=policy.id), by=cast.editor, at=NOON)
    _, other = disclosed(title="关于高龄津贴的通知")
    with pytest.raises(Invalid, match="不能又当解读"):
        filing.file(session, policy_slide, Told(laid["S006"].id, explains=other.id), by=cast.editor, at=NOON)
    records.withdraw(session, policy.revision_id, DAY, "写错了")
    with pytest.raises(Invalid, match="已经撤下"):
        filing.file(session, make.slide(), Told(laid["S007"].id, explains=policy.id), by=cast.editor, at=NOON)


def test_policies_offered_for_an_interpretation_are_none_themselves_and_hang(session, disclosed):
    _, policy = disclosed(title="关于提高低保标准的通知", told={"document": "白街办〔2026〕3号"})
    disclosed("S007", "一图读懂低保新标准", {"explains": policy.id})
    _, gone = disclosed(title="关于旧标准的通知")
    records.withdraw(session, gone.revision_id, DAY, "")
    assert [row.title for row in records.policies(session)] == ["关于提高低保标准的通知"]
    assert list(records.policies(session, "高龄")) == []


@pytest.mark.parametrize(("title", "document", "asks"), [
    ("转发市民政局关于高龄津贴的通知", "", True), ("国务院关于加强困境儿童保障工作的意见", "", True),
    ("船山区民政局关于提高低保标准的公告", "", True), ("四川省人民政府关于就业工作的通知", "", True), ("民政部关于低保审核的办法", "",
    True),
    ("冬季用气用电安全提示", "国办发〔2026〕11号", True), ("白鹭街道办事处关于防火的通告", "", False), ("市场开放时间", "", False),
    ("区域内停水通知", "", False), ("社会事务办公室关于高龄津贴的说明", "", False), ("冬季用气用电安全提示", "白街办〔2026〕3号", False)])
def test_another_organs_item_without_a_source_is_asked_about(session, make, laid, title, document, asks):
    slide = make.slide(title=title)
    told = Told(laid["S006"].id, document=document)
    found = filing.remarks(session, slide, told)
    assert bool(found) == asks and all(each.field == "source" and filled(each.message, each.params) for each in found)
    assert filing.remarks(session, slide, replace(told, source="市民政局")) == []


def test_letters_of_a_document_that_the_office_never_used_are_asked_about(session, make, disclosed, laid):
    disclosed(told={"document": "白街办〔2026〕1号"})
    slide = make.slide()
    assert filing.remarks(session, slide, Told(laid["S006"].id, document="白街办〔2026〕2号")) == []
    assert filing.remarks(session, slide, Told(laid["S006"].id, document="船民发〔2026〕2号")) != []


# --- searching ---------------------------------------------------------------------------------------------------------------

def test_records_are_found_by_words_topic_class_unit_and_year(session, cast, disclosed, laid):
    _, fire = disclosed(title="关于做好冬季防火的通知", told={"document": "白街办〔2026〕7号", "summary": "燃气、电器"})
    _, guide = disclosed("S008", "高龄津贴怎么办")
    _, account = disclosed("S014", "三季度财政收支", {"period_end": date(2026, 9, 30)})

    def titles(**asked):
        return [row.title for row in records.find(session, **asked).rows]

    assert titles() == [account.title, guide.title, fire.title]
    assert titles(words="防火 燃气") == titles(words="〔2026〕7号") == titles(words=fire.number) == [fire.title]
    assert titles(words="防火 津贴") == titles(words="100%") == titles(words="_") == []
    assert titles(topic=laid["S014"].id) == titles(kind=laid["S014"].class_id) == [account.title]
    assert titles(units=[cast.east.id]) == titles(year=2025) == []
    assert len(titles(units=[cast.office.id], year=2026)) == 3
    records.withdraw(session, guide.revision_id, DAY, "")
    assert len(titles()) == 3 and titles(withdrawn=False) == [account.title, fire.title]


def test_pages_of_a_search_hold_every_record_once(session, disclosed):
    for number in range(7):
        disclosed(title=f"第{number}号通知")
    for words in ("", "通知"):
        pages = [records.find(session, words=words, page=page, size=3) for page in (1, 2, 3)]
        assert [each.total for each in pages] == [7, 7, 7] and {each.pages for each in pages} == {3}
        assert [row.title for each in pages for row in each.rows] == [f"第{number}号通知" for number in range(6, -1, -1)]
        assert records.find(session, words=words, page=99, size=3).page == 3
        assert records.find(session, words=words, page=-1, size=3).page == 1


# --- gaps --------------------------------------------------------------------------------------------------------------------

def gap_codes(session, at=NOON, units=None):
    return {(each.topic.code, each.unit.name) for each in gaps.gaps(session, at, units=units)}


def test_what_is_required_and_hangs_on_no_board_is_a_gap_of_each_owner(session, cast, make, laid, disclosed):
    slide, _ = disclosed("S006")
    assert ("S006", cast.office.name) in gap_codes(session)  # approved, but in no list
    playlist = make.playlist([slide], boards=[make.board(), make.board()])
    assert ("S006", cast.office.name) not in gap_codes(session)
    found = next(each for each in gaps.coverage(session, NOON) if each.topic.code == "S006")
    assert (found.slides, len(found.boards)) == ((slide.id,), 2)
    assert {unit for code, unit in gap_codes(session) if code == "S024"} == {"东街社区", "石桥社区"}
    assert not {code for code, _ in gap_codes(session)} & {"S009", "S017"}  # not demanded
    assert gap_codes(session, units=[cast.east.id]) == {("S024", "东街社区"), ("S025", "东街社区"), ("S027", "东街社区")}
    playlists.set_items(session, playlist, [], by=cast.editor, at=NOON)
    session.flush()
    assert ("S006", cast.office.name) in gap_codes(session)


def test_a_communitys_board_answers_for_that_community_alone(session, cast, make, laid):
    board = make.board(unit=cast.east)
    slide = make.slide(author=cast.community, unit=cast.east, audience=(cast.east.id,), state="submitted")
    filing.file(session, slide, Told(laid["S027"].id), by=cast.community, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    make.playlist([slide], boards=[board])
    assert {unit for code, unit in gap_codes(session) if code == "S027"} == {"石桥社区"}


def test_what_has_ended_or_not_begun_or_hangs_outside_its_audience_leaves_a_gap(session, cast, make, laid, disclosed):
    board = make.board(unit=cast.west)
    later, _ = disclosed("S006", start=NOON + timedelta(days=2), end=NOON + timedelta(days=5))
    elsewhere, _ = disclosed("S008", audience=(cast.east.id,))
    make.playlist([later, elsewhere], boards=[board])
    assert {"S006", "S008"} <= {code for code, _ in gap_codes(session)}
    assert "S006" not in {code for code, _ in gap_codes(session, NOON + timedelta(days=3))}
    assert "S006" in {code for code, _ in gap_codes(session, NOON + timedelta(days=6))}


def test_hanging_agrees_with_the_manifests_own_targets(session, cast, make, disclosed):
    boards = [make.board(), make.board(unit=cast.east), make.board(unit=cast.west)]
    made = [disclosed(audience=audience)[0] for audience in ((cast.office.id,), (cast.east.id,), (cast.east.id, cast.west.id),
    (cast.civil.id,))]
    make.playlist(made[:3], boards=boards[:2])
    make.playlist(made[1:], boards=boards[1:])
    found = hanging(session, NOON)
    for slide in made:
        wanted = {board.id for board in manifest.targets(session, slide.live)}
        assert found.get(slide.id, frozenset()) == wanted
    assert hanging(session, NOON, slides=[made[0].id]) == {made[0].id: found[made[0].id]}
    assert hanging(session, NOON, slides=[]) == {}


def test_the_day_on_which_a_record_first_hung_is_noted_once(session, parts, cast, make, disclosed):
    slide, row = disclosed()
    assert records.note_hung(session, DAY, at=NOON) == 0 and row.hung_on is None
    make.playlist([slide], boards=[make.board()])
    assert records.note_hung(session, DAY, at=NOON) == 1
    assert records.note_hung(session, DAY + timedelta(days=1), at=NOON) == 0
    session.refresh(row)
    assert row.hung_on == DAY


def test_the_journals_ear_makes_the_record_and_sees_it_hang(session, parts, cast, make, laid):
    slide = make.slide(state="submitted")
    filing.file(session, slide, Told(laid["S006"].id), by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    make.playlist([slide], boards=[make.board()])
    manifest.refresh(session, parts.press, at=NOON)
    entries = records.journal.after(session, 0, 5000)
    session.commit()
    hear = records.recorder(parts.database, Zone(), lambda _: Calendar())
    for _ in range(2):
        hear(entries)
    rows = session.scalars(select(Disclosure)).all()
    assert [(row.slide_id, row.hung_on, row.disclosed_on) for row in rows] == [(slide.id, DAY, DAY)]


# --- the years before ----------------------------------------------------------------------------------------------------------

HEAD = ["索引号", "名称", "文号", "分类", "内容概述", "生成日期", "公开日期", "公开主体"]


@pytest.fixture
def read(session, tmp_path):
    def read_here(*rows, head=HEAD, data=None):
        path = tmp_path / f"{time.monotonic_ns()}.xlsx"
        if data is not None:
            path.write_bytes(data)
        else:
            book = openpyxl.Workbook()
            book.active.append(head)
            for row in rows:
                book.active.append(row)
            book.save(path)
        return history.read(reader.read(path, tmp_path), catalogue.known(session), today=date(2026, 11, 24))
    return read_here


def item(number="BL-001", title="关于防火的通知", document="", kind="其他", summary="", formed: Any = date(2020, 1, 2),
    day: Any = date(2020, 1, 9),
         unit="白鹭街道办事处"):
    return [number, title, document, kind, summary, formed, day, unit]


@pytest.mark.parametrize("written", [
    date(2018, 2, 11), datetime(2018, 2, 11, 9, 30), "2018-2-11", "2018-02-11", "2018.2.11", "2018/02/11", "2018年2月11日",
    "2018年02月11日 ",
    "20180211", 20180211, 43142, "2018-02-11 10:20:00", "2018-02-11T10:20:00Z", "２０１８年２月１１日", "二〇一八年二月十一日",
    "2018年2月11日（星期日）",
    "2018、2、11"])
def test_days_in_all_forms_that_lists_have(read, laid, written):
    reading = read(item(day=written))
    assert (reading.problems, [row.day for row in reading.rows]) == ([], [date(2018, 2, 11)])


@pytest.mark.parametrize("written", ["去年", "2月11日", "2018年2月", "18-2-11", "2018-13-1", "2018-2-30", date(2027, 1, 1), date(1970, 1,
    1), "1"])
def test_a_day_that_is_none_is_named_by_cell(read, laid, written):
    reading = read(item(), item("BL-002", day=written))
    assert [problem.cell for problem in reading.problems] == ["G3"] and len(reading.rows) == 1


def test_imported_items_keep_their_numbers_and_count_from_their_own_days(session, cast, read, laid):
    reading = read(item(), item("BL-002", kind="财政信息", unit="社会事务办"), item("", "没有索引号的一条"), ["合计", 3])
    assert reading.problems == []
    taken = history.take(session, reading.rows, by=cast.leader, at=NOON)
    assert (taken.stored, taken.skipped) == (3, [])
    rows = {row.title if not row.number.startswith("BL") else row.number: row for row in session.scalars(select(Disclosure))}
    assert rows["BL-001"].imported and rows["BL-001"].disclosed_on == date(2020, 1, 9) and rows["BL-001"].unit_id == cast.office.id
    assert rows["BL-002"].class_id == laid["S014"].class_id and rows["BL-002"].unit_id == cast.civil.id
    assert rows["没有索引号的一条"].number == f"H{laid['S009'].class_id:03d}-2020-0001"
    assert not {topic.code for topic in topics.topics(session)} & {row.topic.code for row in rows.values()}  # demanded of nobody


def test_known_numbers_are_skipped_and_said_and_those_written_twice_too(session, cast, read, laid):
    first = read(item(), item("BL-002"), item("BL-002", "又写一次"))
    assert len(first.rows) == 2 and any("A4“BL-002”" in filled(message, params) for message, params in first.said)
    history.take(session, first.rows, by=cast.leader, at=NOON)
    again = history.take(session, read(item(), item("BL-003"), item("", "无号")).rows, by=cast.leader, at=NOON)
    assert (again.stored, again.skipped) == (2, ["BL-001"])
    third = history.take(session, read(item("", "无号")).rows, by=cast.leader, at=NOON)
    assert (third.stored, third.skipped) == (0, ["无号"])


def test_a_number_that_came_with_an_import_is_never_given_again(session, cast, read, laid, disclosed):
    history.take(session, read(item("S006-2026-0001"), item("S006-2026-0002")).rows, by=cast.leader, at=NOON)
    assert disclosed("S006")[1].number == "S006-2026-0003"


def test_new_classes_are_proposed_and_made_only_when_told_so(session, cast, read, laid):
    reading = read(item(kind="行政执法"), item("BL-002", kind="概况信息"))
    assert reading.classes == ["行政执法"]
    with pytest.raises(catalogue.NotTaken):
        history.take(session, reading.rows, by=cast.leader, at=NOON)
    assert session.scalars(select(Disclosure)).all() == []
    assert history.take(session, reading.rows, by=cast.leader, at=NOON, new_classes=True).stored == 2


def test_interpretations_of_the_years_before_name_their_policy(session, cast, read, laid):
    head = [*HEAD, "解读的政策", "事项编号"]
    rows = [[*item("BL-001"), None, "S006"], [*item("BL-002", "一图读懂"), "BL-001", None]]
    reading = read(*rows, head=head)
    history.take(session, reading.rows, by=cast.leader, at=NOON)
    found = {row.number: row for row in session.scalars(select(Disclosure))}
    assert found["BL-002"].explains_id == found["BL-001"].id and found["BL-001"].topic_id == laid["S006"].id
    with pytest.raises(catalogue.NotTaken, match="没有索引号是“BL-999”的政策"):
        history.take(session, read([*item("BL-003"), "BL-999", None], head=head).rows, by=cast.leader, at=NOON)
    assert session.scalar(select(Disclosure.id).where(Disclosure.number == "BL-003")) is None


def test_the_list_goes_out_and_comes_back_into_an_empty_office(session, cast, read, laid, disclosed):
    _, policy = disclosed("S006", told={"document": "白街办〔2026〕7号", "summary": "第一行\n第二行", "source": "市民政局"})
    disclosed("S007", "一图读懂", {"explains": policy.id})
    out = books.of_items(session, records.find(session).rows)
    before = kept(session)
    for table in (Disclosure, Filing):
        session.execute(update(table).values(explains_id=None))
    session.execute(delete(Disclosure))
    session.expire_all()
    reading = read(data=out)
    assert reading.problems == []
    history.take(session, reading.rows, by=cast.leader, at=NOON)
    assert kept(session) == before


def kept(session) -> list[tuple[Any, ...]]:
    rows = session.scalars(select(Disclosure).order_by(Disclosure.number)).all()
    numbers = {row.id: row.number for row in rows}
    return [(row.number, row.title, row.document, row.summary, row.source, row.topic_id, row.class_id, row.unit_id, row.disclosed_on,
             numbers.get(row.explains_id)) for row in rows]


def test_an_editor_of_a_section_cannot_import_the_offices_history(session, cast, read, laid):
    with pytest.raises(Forbidden):
        history.take(session, read(item()).rows, by=cast.second_editor, at=NOON)


def test_a_cell_with_a_formula_error_is_named(read, laid):
    assert history.day(Cell("")) is None
    reading = read(item(title="=1/0"))
    assert [problem.cell for problem in reading.problems][:1] == ["B2"]


def test_a_slide_may_be_filed_under_what_its_own_unit_owes(session, cast, make, laid):
    slide = slides.make(session, "notice", Draft("通知", data=make.slide().latest.data), unit=cast.east, by=cast.community, at=NOON)
    with pytest.raises(Invalid) as told:
        filing.file(session, slide, Told(laid["S014"].id, period_end=date(2026, 9, 30)), by=cast.community, at=NOON)
    assert told.value.field == "topic"


def test_what_the_office_writes_for_a_section_settles_the_sections_duty(session, cast, make, laid):
    slide = make.slide()  # the office's own
    filing.file(session, slide, Told(laid["S011"].id), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    row = records.disclose(session, slide.latest.id, day=DAY, by=cast.leader.id, at=NOON, calendar=Calendar())
    assert laid["S011"].unit_id == cast.civil.id and row.unit_id == cast.civil.id

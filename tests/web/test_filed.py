"""A slide's place in the catalogue, by the form and by programs."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.content import review
from kiosk.content.review import Step
from kiosk.disclosure import filing, starter, topics
from kiosk.disclosure.filing import Told
from tests.conftest import NOON
from tests.support.make import NOTICE

FORM = {"title": "街道办公时间", "body": "周一至周五 9:00—17:00", "column": "部门职责", "then": "keep"}


@pytest.fixture
def laid(session, cast):
    return {topic.code: topic.id for topic in starter.lay(session, by=None, at=NOON, since=date(2026, 1, 1))}


def stored(session, slide_id):
    session.expire_all()
    row = session.get(filing.Filing, slide_id)
    return None if row is None else (row.topic.code, row.period_end, row.document, row.source)


def test_the_form_files_the_slide_with_what_the_catalogue_asks(browser, cast, session, laid):
    page = browser(cast.editor)
    answer = page.post("/staff/content/new?kind=notice", {
        **FORM, "unit": cast.office.id, "topic": laid["S014"], "period_end": "2026-09-30", "document": "白街办〔2026〕3号",
        "source": "区财政局", "formed": "2026-10-08"})
    assert answer.status_code == 303
    made = int(answer.headers["Location"].rsplit("/", 1)[1])
    assert stored(session, made) == ("S014", date(2026, 9, 30), "白街办〔2026〕3号", "区财政局")


def test_a_periodic_topic_without_its_period_comes_back_to_the_form_with_the_sentence_at_the_field(browser, cast, laid):
    answer = browser(cast.editor).post("/staff/content/new?kind=notice", {**FORM, "unit": cast.office.id, "topic": laid["S014"]})
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert "请选是哪一期的" in text and 'value="街道办公时间"' in text


def test_what_nobody_filed_stands_among_the_other_information_once_it_is_submitted(browser, cast, session, laid):
    answer = browser(cast.editor).post("/staff/content/new?kind=notice", {**FORM, "unit": cast.office.id, "then": "submit"})
    assert answer.status_code == 303
    row = session.query(filing.Filing).one()
    assert (row.topic.code, row.topic.required) == ("S000", False)


def test_another_units_topic_is_refused_by_form_and_by_program(browser, as_program, cast, laid):
    answer = browser(cast.community).post("/staff/content/new?kind=notice", {**FORM, "unit": cast.east.id, "topic": laid["S002"]})
    assert answer.status_code == 422 and "不归东街社区公开" in answer.get_data(as_text=True)
    made = as_program(cast.community).post("/slides", {"kind": "notice", "title": "分工", "data": NOTICE, "topic": "S002"})
    assert made.status_code == 422 and made.get_json()["field"] == "topic"


def test_a_program_names_a_topic_by_code_or_name_or_only_a_column(as_program, cast, laid):
    program = as_program(cast.editor)
    made = [program.post("/slides", {"kind": "notice", "title": "机构", "data": NOTICE, "topic": word}).get_json()
            for word in ("S001", "机构职能、地址和办公时间", "政策文件")]
    assert [(each["topic"], each["filed"]) for each in made] == [("部门职责", "S001"), ("部门职责", "S001"), ("政策文件", None)]


def test_the_topic_decides_which_checks_stand_before_the_leader(as_program, cast, session, laid):
    slide = as_program(cast.editor).post("/slides", {"kind": "notice", "title": "三季度收支", "data": NOTICE, "topic": "S014"}).get_json()
    program = as_program(cast.editor)
    assert program.post(f"/revisions/{slide['revision']}/submit").status_code == 200
    answer = as_program(cast.leader).post(f"/revisions/{slide['revision']}/approve")
    assert answer.status_code == 409 and "保密和隐私审查" in answer.get_json()["detail"]


def test_a_submitted_slide_is_not_moved_to_a_topic_with_more_checks(session, cast, make, laid):
    slide = make.slide()
    filing.submit(session, slide.latest, by=cast.editor, at=NOON)
    assert review.missing_steps(session, slide.latest) == []
    with pytest.raises(Exception, match="先撤回报审"):
        filing.file(session, slide, Told(laid["S014"], period_end=date(2026, 9, 30)), by=cast.editor, at=NOON)
    topic = topics.topic(session, laid["S014"])
    assert Step.PRIVACY in topic.chain


def test_an_item_of_another_organ_is_asked_for_its_source(browser, cast, make, session, laid):
    slide = make.slide(title="省民政厅关于提高低保标准的通知")
    filing.file(session, slide, Told(laid["S006"]), by=cast.editor, at=NOON)
    text = browser(cast.editor).get(f"/staff/content/{slide.id}").get_data(as_text=True)
    assert "请写明来源机关" in text

"""The pages of review: each person sees what is theirs to do, nothing hangs before its checks, and the form can be printed."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base import programs
from kiosk.content import review, slides
from kiosk.content.review import TICKS, Step, Urgent
from kiosk.content.slides import Draft, Revision, Slide, State
from kiosk.disclosure import filing, starter, topics
from kiosk.disclosure.filing import Told
from kiosk.parts import Parts
from kiosk.people import Role
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.doors import Browser
from tests.support.make import NOTICE, Make
from tests.web.conftest import As, Signed

sandboxed = pytest.mark.skipif(bool(programs.missing(("bubblewrap", "chromium"))), reason="no sandbox here")
BOTH = (Step.SECTION, Step.PRIVACY)


def chained(make: Make, cast: Cast, *steps: Step, title: str = "高龄津贴发放名单", unit: Any = None, author: Any = None) -> Slide:
    slide = make.slide(unit=unit or cast.civil, author=author or cast.second_editor, title=title, audience=(cast.office.id,))
    review.submit(make.session, slide.latest, by=author or cast.second_editor, at=NOON, chain=steps)
    return slide


def ticked(step: Step, seen: str | None, *without: str) -> dict[str, Any]:
    return {"step": step, "tick": [f"{step}.{tick}" for tick in TICKS[step] if tick not in without], "seen": seen or ""}


def now_of(parts: Parts, slide: Slide) -> Revision:
    with parts.database.read() as look:
        found = look.get(Slide, slide.id)
        assert found is not None
        return found.latest


def titles(page: str) -> list[str]:
    return re.findall(r'class="whole-row"[^>]*>([^<]+)</a>', page)


# --- the section's check ------------------------------------------------------------------------------------------------------

def test_a_head_finds_what_waits_for_their_check_and_the_leader_does_not_yet(browser: Signed, cast: Cast, make: Make) -> None:
    chained(make, cast, *BOTH)
    head, leader = browser(cast.head), browser(cast.leader)
    page = head.get("/staff/review").text
    assert titles(page) == ["高龄津贴发放名单"] and "科室核对、保密和隐私审查" in page
    assert '<b class="count">1</b>' in head.get("/staff/today").text
    assert "都审完了" in leader.get("/staff/review").text


def test_a_head_ticks_every_line_and_it_goes_to_the_leader_who_sees_who_checked(browser: Signed, cast: Cast, make: Make,
                                                                                parts: Parts) -> None:
    slide = chained(make, cast, Step.SECTION)
    id, bound = slide.latest.id, slide.latest.bound
    head = browser(cast.head)
    page = head.get(f"/staff/review/{id}").text
    assert all(words in page for words in TICKS[Step.SECTION].values()) and "核对完，送下一步" in page and "批准上屏" not in page
    assert head.post(f"/staff/review/{id}/check", ticked(Step.SECTION, bound)).status_code == 303
    page = browser(cast.leader).get(f"/staff/review/{id}").text
    assert "科室核对做过了" in page and "民政办负责人" in page and "批准上屏" in page


def test_a_tick_that_is_missing_is_named_and_the_others_stay(browser: Signed, cast: Cast, make: Make) -> None:
    slide = chained(make, cast, Step.PRIVACY)
    answer = browser(cast.head).post(f"/staff/review/{slide.latest.id}/check", ticked(Step.PRIVACY, slide.latest.bound, "impact"))
    assert answer.status_code == 422 and TICKS[Step.PRIVACY]["impact"] in answer.text
    assert answer.text.count(" checked") == len(TICKS[Step.PRIVACY]) - 1
    assert "影响评估四问" in answer.text


def test_both_checks_of_one_head_are_one_sitting(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    slide = chained(make, cast, *BOTH)
    form = {"step": list(BOTH), "tick": [f"{step}.{tick}" for step in BOTH for tick in TICKS[step]], "seen": slide.latest.bound}
    assert browser(cast.head).post(f"/staff/review/{slide.latest.id}/check", form).status_code == 303
    with parts.database.read() as look:
        assert review.missing_steps(look, now_of(parts, slide)) == []


def test_a_check_of_what_was_edited_meanwhile_is_refused(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = chained(make, cast, Step.SECTION)
    seen = slide.latest.bound
    slides.revise(session, slide, Draft("改了", data=NOTICE), by=cast.second_editor, at=NOON)
    review.submit(session, slide.latest, by=cast.second_editor, at=NOON, chain=[Step.SECTION])
    answer = browser(cast.head).post(f"/staff/review/{slide.latest.id}/check", ticked(Step.SECTION, seen))
    assert answer.status_code == 409 and "重新看一遍" in answer.text


def test_a_head_returns_it_and_the_author_reads_why(browser: Signed, cast: Cast, make: Make) -> None:
    slide = chained(make, cast, Step.SECTION)
    assert browser(cast.head).post(f"/staff/review/{slide.latest.id}/return", {"reason": "第 3 行金额少一位。"}).status_code == 303
    assert "第 3 行金额少一位。" in browser(cast.second_editor).get(f"/staff/content/{slide.id}").text


def test_a_head_sees_nothing_of_another_section(browser: Signed, cast: Cast, make: Make) -> None:
    slide = chained(make, cast, *BOTH, unit=cast.east, author=cast.community)
    head, id = browser(cast.head), slide.latest.id
    assert titles(head.get("/staff/review").text) == []
    assert head.get(f"/staff/review/{id}").status_code == 404
    assert head.get(f"/staff/review/{id}/form").status_code == 404
    assert head.post(f"/staff/review/{id}/check", ticked(Step.SECTION, slide.latest.bound)).status_code == 404


def test_a_head_sees_the_picture_of_every_board_it_hangs_on_and_of_no_other(browser: Signed, cast: Cast, make: Make) -> None:
    slide, board = chained(make, cast, Step.SECTION), make.board()
    make.playlist([slide], boards=[board])
    own = make.slide(unit=cast.civil, author=cast.second_editor, audience=(cast.civil.id,), title="只挂本科室")
    head = browser(cast.head)
    assert head.get(f"/staff/look/{slide.latest.id}/1?board={board.id}").status_code == 200
    assert head.get(f"/staff/look/{own.latest.id}/1?board={board.id}").status_code == 404


def test_the_page_says_what_is_still_missing_and_whom_to_ask(browser: Signed, cast: Cast, make: Make) -> None:
    slide = chained(make, cast, Step.SECTION)
    page = browser(cast.leader).get(f"/staff/review/{slide.latest.id}").text
    assert "还差科室核对" in page and "请民政办负责人来做" in page and "批准上屏" not in page


def test_where_no_head_can_check_the_leader_is_asked_and_told_why(browser: Signed, cast: Cast, make: Make) -> None:
    slide = chained(make, cast, Step.SECTION, unit=cast.east, author=cast.community)
    leader = browser(cast.leader)
    assert titles(leader.get("/staff/review").text) == ["高龄津贴发放名单"]
    assert "没有别的负责人能核对，请您代核" in leader.get(f"/staff/review/{slide.latest.id}").text
    answer = leader.post(f"/staff/review/{slide.latest.id}/check", ticked(Step.SECTION, slide.latest.bound))
    assert answer.headers["Location"].endswith(f"/staff/review/{slide.latest.id}"), "the approval is the next step, on the same page"


def test_a_deputy_is_told_for_whom_they_act(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide, today = chained(make, cast, Step.SECTION), datetime.now(UTC)
    row = people.name_deputy(session, cast.person(cast.head), cast.person(cast.editor), today - timedelta(hours=1),
                             today + timedelta(days=1), by=cast.administrator, at=today)
    people.consent_deputy(session, row, by=cast.leader, at=today)
    deputy = browser(cast.editor)
    assert "您今天也代民政办负责人审核" in deputy.get(f"/staff/review/{slide.latest.id}").text
    deputy.post(f"/staff/review/{slide.latest.id}/check", ticked(Step.SECTION, slide.latest.bound))
    assert "综合办经办人（代民政办负责人）" in browser(cast.leader).get(f"/staff/review/{slide.latest.id}").text


# --- ten in one sitting -----------------------------------------------------------------------------------------------------

def test_what_lacks_a_check_or_has_a_remark_is_not_approved_in_a_row(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    safe = [make.slide(state="submitted", title=f"安全提示{at}") for at in range(2)]
    unchecked = chained(make, cast, Step.SECTION)
    leader = browser(cast.leader)
    page = leader.get("/staff/review/batch").text
    assert "共 2 件" in page
    form = {"agree": [f"{each.latest.id}:{each.latest.bound}" for each in (*safe, unchecked)]}
    assert leader.post("/staff/review/batch", form).status_code == 303
    assert [now_of(parts, each).state for each in (*safe, unchecked)] == [State.APPROVED, State.APPROVED, State.SUBMITTED]
    assert "还差科室核对" in leader.get("/staff/review").text


# --- two people at once -----------------------------------------------------------------------------------------------------

def test_two_people_put_it_up_at_once_and_owe_the_checks_in_red_until_they_are_made_up(browser: Signed, cast: Cast, make: Make,
                                                                                      parts: Parts) -> None:
    slide = chained(make, cast, Step.SECTION)
    id, bound = slide.latest.id, slide.latest.bound
    head, leader, author = browser(cast.head), browser(cast.leader), browser(cast.second_editor)
    assert head.post(f"/staff/review/{id}/urgent", {"urgent_reason": "暴雨红色预警", "seen": bound}).status_code == 303
    assert "在等另一个人确认" in author.get(f"/staff/content/{slide.id}").text
    inbox = leader.get("/staff/review").text
    assert inbox.index("等您确认的紧急件") < inbox.index("高龄津贴发放名单") and "暴雨红色预警" in inbox
    assert "确认上屏" in leader.get(f"/staff/review/{id}").text
    assert now_of(parts, slide).state == State.SUBMITTED
    assert leader.post(f"/staff/review/{id}/urgent/confirm", {"seen": bound}).status_code == 303
    assert now_of(parts, slide).state == State.APPROVED
    for page in (head.get("/staff/review").text, leader.get("/staff/review").text):
        assert "紧急上屏后还欠核对" in page and "status over" in page
    assert "紧急上屏的，" in author.get(f"/staff/content/{slide.id}").text
    assert head.post(f"/staff/review/{id}/check", ticked(Step.SECTION, bound)).status_code == 303
    assert "还欠核对" not in leader.get("/staff/review").text
    assert "紧急上屏的，" not in author.get(f"/staff/content/{slide.id}").text


def test_an_overdue_form_is_marked_everywhere(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = chained(make, cast, Step.SECTION)
    review.ask_urgently(session, slide.latest, "暴雨", by=cast.leader, at=NOON, due=NOON.date())
    review.confirm_urgently(session, slide.latest, by=cast.head, at=NOON, due=NOON.date() - timedelta(days=30))
    head = browser(cast.head)
    assert "逾期" in head.get("/staff/review").text and "逾期" in head.get(f"/staff/review/{slide.latest.id}").text
    assert "逾期了" in browser(cast.second_editor).get(f"/staff/content/{slide.id}").text
    assert "■ 逾期未补" in head.get(f"/staff/review/{slide.latest.id}/form").text


def test_the_checks_are_owed_by_the_next_working_day(browser: Signed, cast: Cast, make: Make, parts: Parts,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    slide = chained(make, cast, Step.SECTION)
    leader = browser(cast.leader)
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    monkeypatch.setattr("kiosk.web.review.now", lambda: friday)
    leader.post(f"/staff/review/{slide.latest.id}/urgent", {"urgent_reason": "暴雨", "seen": slide.latest.bound})
    with parts.database.read() as look:
        assert look.scalars(select(Urgent)).one().due_on.isoformat() == "2026-11-30"


def test_without_a_reason_nothing_is_asked_for_and_the_asker_may_take_it_back(browser: Signed, cast: Cast, make: Make,
                                                                              parts: Parts) -> None:
    slide = chained(make, cast, Step.SECTION)
    head, id = browser(cast.head), slide.latest.id
    answer = head.post(f"/staff/review/{id}/urgent", {"urgent_reason": "  ", "seen": slide.latest.bound})
    assert answer.status_code == 422 and 'id="urgent_reason-wrong"' in answer.text
    head.post(f"/staff/review/{id}/urgent", {"urgent_reason": "停水", "seen": slide.latest.bound})
    assert "收回紧急上屏" in head.get(f"/staff/review/{id}").text
    assert head.post(f"/staff/review/{id}/urgent", {"urgent_reason": "停水", "seen": slide.latest.bound}).status_code == 409
    assert head.post(f"/staff/review/{id}/urgent/back").status_code == 303
    assert browser(cast.leader).post(f"/staff/review/{id}/urgent/confirm", {"seen": slide.latest.bound}).status_code == 409


def test_a_program_that_approves_too_early_is_told_what_is_missing(as_program: As, cast: Cast, make: Make) -> None:
    slide = chained(make, cast, *BOTH)
    answer = as_program(cast.leader).post(f"/revisions/{slide.latest.id}/approve", {})
    assert answer.status_code == 409
    assert answer.get_json()["title"] == "还差科室核对、保密和隐私审查，做完才能批。"


# --- the printed form ---------------------------------------------------------------------------------------------------------

def filed_and_approved(make: Make, cast: Cast, session: Session) -> Slide:
    starter.lay(session, by=None, at=NOON, since=NOON.date())
    slide = make.slide(unit=cast.civil, author=cast.second_editor, title="高龄津贴发放名单", audience=(cast.office.id,))
    make.playlist([slide], boards=[make.board()])
    topic = topics.by_word(session, filing.OTHERS)
    assert topic is not None
    filing.file(session, slide, Told(topic.id, document="白街办〔2026〕3号", source="市民政局"), by=cast.second_editor, at=NOON)
    review.submit(session, slide.latest, by=cast.second_editor, at=NOON, chain=BOTH)
    for step in BOTH:
        review.check(session, slide.latest, step, list(TICKS[step]), by=cast.head, at=NOON + timedelta(minutes=5))
    review.approve(session, slide.latest, by=cast.leader, at=NOON + timedelta(minutes=9))
    return slide


FILLED = ("白鹭街道办事处信息发布审核表", "高龄津贴发放名单", "社会事务办公室", "民政办经办人", "其他主动公开信息", "白街办〔2026〕3号",
          "市民政局", "通知公告", "大厅1号屏", "长期", "数字核对过", "影响评估", "民政办负责人", "2026年11月23日 12:05", "同意发布",
          "分管领导", "2026年11月23日 12:09", "签字")


def test_the_form_is_filled_in_for_the_browsers_own_print(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = filed_and_approved(make, cast, session)
    bound = slide.latest.bound
    page = browser(cast.second_editor).get(f"/staff/review/{slide.latest.id}/form").text
    assert bound is not None
    assert [words for words in (*FILLED, bound) if words not in page] == []
    assert page.count("√") == len(TICKS[Step.SECTION]) + len(TICKS[Step.PRIVACY])
    assert "style=" not in page


@sandboxed
def test_the_pdf_is_one_a4_page_with_its_words_and_its_picture(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = filed_and_approved(make, cast, session)
    answer = browser(cast.leader).get(f"/staff/review/{slide.latest.id}/form.pdf")
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    paper = pypdfium2.PdfDocument(io.BytesIO(answer.data))
    assert len(paper) == 1 and [round(each) for each in paper[0].get_size()] == [595, 842]
    said = "".join(paper[0].get_textpage().get_text_range().split())
    assert [words for words in (*FILLED, slide.latest.bound or "", "1/1") if "".join(words.split()) not in said] == []
    assert any(thing.type == 3 for thing in paper[0].get_objects()), "the picture of the first page"


@sandboxed
def test_a_long_list_of_changes_runs_on_over_numbered_pages(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = make.slide(state="approved")
    data = {**NOTICE, "blocks": [{"type": "points", "numbered": True, "items": [f"第{at}项要求，请逐条照办。" for at in range(60)]}]}
    slides.revise(session, slide, Draft("冬季用气用电安全提示", data=data), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    answer = browser(cast.leader).get(f"/staff/review/{slide.latest.id}/form.pdf")
    paper = pypdfium2.PdfDocument(io.BytesIO(answer.data))
    texts = ["".join(page.get_textpage().get_text_range().split()) for page in paper]
    assert len(paper) > 1 and f"2/{len(paper)}" in texts[1] and "第59项要求" in "".join(texts)


def test_without_the_sandbox_the_page_says_so_and_prints_by_itself(browser: Signed, cast: Cast, make: Make, app: Flask,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    slide = make.slide(state="submitted")
    monkeypatch.setattr("kiosk.content.pictures.painter", lambda *_: None)
    leader = browser(cast.leader)
    answer = leader.get(f"/staff/review/{slide.latest.id}/form.pdf")
    assert answer.status_code == 303
    page = leader.get(answer.headers["Location"]).text
    assert "沙箱没有开" in page and "发布审核表" in page


def test_what_was_returned_or_recalled_says_so_on_paper(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    back, gone = make.slide(state="returned"), make.slide(state="approved")
    review.recall(session, gone, "电话写错了。", by=cast.leader, at=NOON)
    leader: Browser = browser(cast.leader)
    assert "退回修改：请写明时间。" in leader.get(f"/staff/review/{back.latest.id}/form").text
    page = leader.get(f"/staff/review/{gone.latest.id}/form").text
    assert "撤回下屏：电话写错了。" in page and "由分管领导批准" in page


def test_a_role_without_review_has_no_inbox_and_still_prints(browser: Signed, cast: Cast, make: Make) -> None:
    slide = make.slide(state="approved")
    inspector = browser(cast.inspector)
    assert inspector.get("/staff/review").status_code == 403
    assert inspector.get(f"/staff/review/{slide.latest.id}/form").status_code == 200
    assert Role.INSPECTOR in cast.inspector.roles

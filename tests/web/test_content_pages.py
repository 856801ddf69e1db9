"""The pages on which slides of every kind are written: what is offered, what is told, what is kept, with plain forms alone."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base import programs
from kiosk.content import review, slides
from kiosk.content.kinds import KINDS
from kiosk.content.slides import Draft, Slide, State
from kiosk.parts import Parts
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.doors import Browser
from tests.support.make import Make
from tests.web.conftest import As, Signed

sandboxed = pytest.mark.skipif(bool(programs.missing(("bubblewrap",))), reason="no sandbox here")
SAMPLES = Path(__file__).parents[2] / "slides" / "samples"
TYPED = [kind.name for kind in KINDS.values() if not kind.FILES]
GUIDE = {"title": "高龄津贴怎么办", "column": "办事指南", "f.applies": "80岁以上本街道户籍老人", "f.promised_days": "8",
         "f.steps.0.name": "递交申请", "f.steps.1.name": "社区核对", "f.steps.1.days": "3",
         "f.steps.2.name": "街道审核", "f.steps.2.days": "7",
         "f.place": "一楼大厅", "f.window": "3号窗口", "f.phone": "0825-×××××××"}
QUARTER = {"title": "2026年三季度财政收支", "column": "财政公开", "f.year": "2026", "f.quarter": "三季度", "f.unit": "元",
           "f.lines.0.name": "支出合计", "f.lines.0.group": "支出", "f.lines.0.level": "合计", "f.lines.0.quarter": "300.00",
           "f.lines.1.name": "人员经费", "f.lines.1.group": "支出", "f.lines.1.level": "分项", "f.lines.1.quarter": "100.00",
           "f.lines.2.name": "公用经费", "f.lines.2.group": "支出", "f.lines.2.level": "分项", "f.lines.2.quarter": "150.00"}


def finance(make: Make, **over: Any) -> Slide:
    """Last quarter's slide, approved."""
    data = json.loads((SAMPLES / "finance.json").read_text(encoding="utf-8"))["data"] | over
    draft = Draft("2026年第三季度财政收支", "财政公开", data, None, None, (make.cast.office.id,))
    slide = slides.make(make.session, "finance", draft, unit=make.cast.office, by=make.cast.editor, at=NOON)
    make.session.flush()
    review.submit(make.session, slide.latest, by=make.cast.editor, at=NOON)
    review.approve(make.session, slide.latest, by=make.cast.leader, at=NOON)
    return slide


def value(page: str, name: str) -> str:
    """What stands in a field of the page."""
    tag = re.search(rf'<input[^>]* name="{re.escape(name)}"[^>]*>', page)
    assert tag is not None, name
    found = re.search(r' value="([^"]*)"', tag[0])
    return html.unescape(found[1]) if found else ""


@dataclass(frozen=True)
class Stored:
    """A slide as it lies in the database."""

    id: int
    kind: str
    revision: int
    title: str
    data: dict[str, Any]
    state: State


def stored(parts: Parts) -> list[Stored]:
    """All slides, oldest first. The test's own session would hold the lock that the next form needs."""
    with parts.database.read() as short:
        return [Stored(each.id, each.kind, each.latest.id, each.latest.title, dict(each.latest.data), each.latest.state)
                for each in short.scalars(select(Slide).order_by(Slide.id))]


# --- what is offered ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", TYPED)
def test_each_kind_has_a_form_with_its_column_and_every_input_has_a_label(kind: str, browser: Signed, cast: Cast) -> None:
    page = browser(cast.editor).get(f"/staff/content/new?kind={kind}").text
    assert "上传文件" in page and page.count('aria-current="page"') >= 1
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", page.split('<form id="write"')[1].split("<template>")[0]):
        if 'type="hidden"' in tag or 'type="checkbox"' in tag or ' name="r.' in tag:
            continue
        name = re.search(r' id="([^"]+)"', tag)
        assert name and name[1] in labelled, tag


def test_there_is_no_form_for_what_is_no_kind_and_files_are_uploaded(browser: Signed, cast: Cast) -> None:
    editor = browser(cast.editor)
    assert editor.get("/staff/content/new?kind=poem").status_code == 404
    assert editor.get("/staff/content/new?kind=media").status_code == 404
    assert "写一件通知" in editor.get("/staff/content/new").text


@pytest.mark.parametrize("kind", ["workflow", "staff", "finance", "table"])
def test_an_excel_template_can_be_taken_home(kind: str, browser: Signed, cast: Cast) -> None:
    answer = browser(cast.editor).get(f"/staff/content/template/{kind}.xlsx")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert openpyxl.load_workbook(BytesIO(answer.data)).sheetnames
    assert browser(cast.editor).get("/staff/content/template/notice.xlsx").status_code == 404


# --- written and kept -----------------------------------------------------------------------------------------------------

def test_a_guide_that_was_typed_is_stored_as_data_and_shown_again_as_typed(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    answer = editor.post("/staff/content/new?kind=workflow", {**GUIDE, "f.promised_days": "10 个工作日", "f.fee": "<b>免费</b>"})
    assert answer.status_code == 303, answer.text
    (slide,) = stored(parts)
    assert (slide.kind, slide.title, slide.data["promised_days"]) == ("workflow", "高龄津贴怎么办", 10)
    page = editor.get(f"/staff/content/{slide.id}").text
    assert value(page, "f.steps.2.name") == "街道审核" and value(page, "f.fee") == "<b>免费</b>"


def test_all_that_is_wrong_is_told_at_once_and_nothing_typed_is_lost(browser: Signed, cast: Cast, parts: Parts) -> None:
    form = {**GUIDE, "title": "", "f.window": "", "f.steps.1.days": "三天", "f.applies": "只写一半", "end": "昨天以前",
            "audience": str(cast.east.id)}
    answer = browser(cast.editor).post("/staff/content/new?kind=workflow", form)
    page = answer.text
    assert answer.status_code == 422
    assert "有 4 处要改" in page
    for field in ("title", "f.window", "f.steps.1.days", "end"):
        assert f'id="{field}-wrong"' in page, field
    assert value(page, "f.applies") == "只写一半" and value(page, "f.steps.1.days") == "三天" and value(page, "end") == "昨天以前"
    assert re.search(rf'name="audience" value="{cast.east.id}" checked', page)
    assert not re.search(rf'name="audience" value="{cast.office.id}" checked', page)
    assert stored(parts) == []


def test_a_row_comes_goes_and_moves_by_plain_buttons_and_nothing_is_stored(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    more = editor.post("/staff/content/new?kind=workflow", {**GUIDE, "then": "add:steps"})
    assert more.status_code == 200 and 'name="f.steps.3.name"' in more.text.split("<template>")[0]
    up = editor.post("/staff/content/new?kind=workflow", {**GUIDE, "then": "up:steps:2"}).text
    assert [value(up, f"f.steps.{at}.name") for at in range(3)] == ["递交申请", "街道审核", "社区核对"]
    gone = editor.post("/staff/content/new?kind=workflow", {**GUIDE, "then": "drop:steps:1"}).text
    assert [value(gone, f"f.steps.{at}.name") for at in range(2)] == ["递交申请", "街道审核"]
    assert stored(parts) == []


def test_a_sheet_of_cells_is_typed_as_lines(browser: Signed, cast: Cast, parts: Parts) -> None:
    form = {"title": "高龄津贴发放", "column": "社会救助", "f.unit": "元", "f.cells": "姓氏\t金额\n张*\t1,120\n李*\t640"}
    assert browser(cast.editor).post("/staff/content/new?kind=table", form).status_code == 303
    assert stored(parts)[-1].data["rows"] == [["张*", "1,120"], ["李*", "640"]]


def test_somebody_elses_edit_in_between_is_told_and_what_was_typed_stays(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = make.slide()
    editor = browser(cast.editor)
    form = {"title": "新标题", "column": "通知公告", "body": "改过的正文", "edits": "7"}
    answer = editor.post(f"/staff/content/{slide.id}", form)
    assert answer.status_code == 409 and "别人改过" in answer.text and "改过的正文" in answer.text


# --- what does not add up -------------------------------------------------------------------------------------------------

def test_a_sum_that_is_off_stands_beside_its_figure_and_keeps_the_slide_from_the_leader(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    refused = editor.post("/staff/content/new?kind=finance", {**QUARTER, "then": "submit"})
    assert refused.status_code == 422 and "有 1 处要改好，或者写明理由，才能报审。" in refused.text
    assert "各分项加起来是 250.00，表里写 300.00，多写 50.00" in refused.text
    assert stored(parts) == []
    put = editor.post("/staff/content/new?kind=finance", {**QUARTER, "then": "fix:lines.0.quarter:250.00"}).text
    assert value(put, "f.lines.0.quarter") == "250.00" and "data-doubt=" not in put
    assert editor.post("/staff/content/new?kind=finance", {**QUARTER, "f.lines.0.quarter": "250.00", "then": "submit"}).status_code == 303
    assert stored(parts)[-1].state == State.SUBMITTED


def test_a_draft_may_be_kept_with_what_does_not_add_up_and_says_so_when_opened(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    assert editor.post("/staff/content/new?kind=finance", QUARTER).status_code == 303
    page = editor.get(f"/staff/content/{stored(parts)[-1].id}").text
    assert "有 1 处要您核对" in page and "改成 250.00" in page
    refused = editor.post(f"/staff/content/{stored(parts)[-1].id}/submit")
    assert refused.status_code == 422 and "改成 250.00" in refused.text, "from 今天 too, one lands where it can be put right"


def reasoned(editor: Browser, parts: Parts) -> Stored:
    """A quarter that does not add up, before the leader with a written reason."""
    page = editor.post("/staff/content/new?kind=finance", {**QUARTER, "then": "look"}).text
    key = html.unescape(re.findall(r'name="r\.([^"]+)"', page)[0])
    kept = editor.post("/staff/content/new?kind=finance", {**QUARTER, f"r.{key}": "50 元为上年结转。", "then": "submit"})
    assert kept.status_code == 303, kept.text
    return stored(parts)[-1]


def test_with_a_written_reason_it_passes_and_the_leader_reads_doubt_and_reason_before_deciding(browser: Signed, cast: Cast, parts: Parts
                                                                                                 ) -> None:
    slide = reasoned(browser(cast.editor), parts)
    page = browser(cast.leader).get(f"/staff/review/{slide.revision}").text
    assert page.index("各分项加起来是 250.00") < page.index("50 元为上年结转。") < page.index("批准上屏")
    assert "全表都是元" in page, "what is right is told too"


def test_what_was_doubted_never_enters_a_batch(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    plain = [make.slide(state="submitted", title=title) for title in ("停水通知", "停电通知")]
    slide = reasoned(browser(cast.editor), parts)
    leader = browser(cast.leader)
    inbox = leader.get("/staff/review").text
    assert "看这 2 件" in inbox and "有 1 处附了理由" in inbox
    batch = leader.get("/staff/review/batch?" + "&".join(f"pass={each.latest.id}" for each in plain)).text
    assert slide.title not in batch


def test_a_reason_goes_with_its_doubt(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    slide = reasoned(editor, parts)
    form = {**QUARTER, "f.lines.0.quarter": "250.00"}
    assert editor.post(f"/staff/content/{slide.id}", form).status_code == 303
    assert stored(parts)[-1].data["reasons"] == {}


# --- the picture ------------------------------------------------------------------------------------------------------------

def ask(editor: Browser, kind: str, form: dict[str, str], **more: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={word}" for name, word in more.items())
    answer = editor.post(f"/staff/content/preview?kind={kind}&{query}", form)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def test_the_picture_is_there_from_the_first_words_on_and_says_what_is_missing(browser: Signed, cast: Cast) -> None:
    told = ask(browser(cast.editor), "workflow", {"title": "高龄津贴", "f.applies": "老人"})
    assert told["count"] >= 1 and "高龄津贴" in told["pages"][0]["html"]
    assert {"f.place", "f.window", "f.phone"} <= {fault["name"] for fault in told["faults"]} and not told["judged"]


def test_a_whole_form_is_drawn_judged_and_named_by_its_fields_on_the_page(browser: Signed, cast: Cast) -> None:
    told = ask(browser(cast.editor), "finance", {**QUARTER, "f.lines.0.name": "", "f.lines.0.group": "", "f.lines.0.quarter": "",
                                                 **{f"f.lines.5.{name}": QUARTER[f"f.lines.0.{name}"]
                                                    for name in ("name", "group", "level", "quarter")}})
    (doubt,) = told["doubts"]
    assert (doubt["slot"], doubt["name"]) == ("lines.5", "f.lines.5.quarter"), "an empty row above does not shift what is told"
    assert "改成 250.00" in doubt["html"] and told["judged"]


def test_of_a_long_sheet_only_the_pages_that_are_looked_at_are_drawn(browser: Signed, cast: Cast) -> None:
    cells = "\n".join(["序号\t事项", *(f"{at}\t事项{at}" for at in range(1, 200))])
    told = ask(browser(cast.editor), "table", {"title": "目录", "f.cells": cells, "first": "4"})
    assert told["count"] > 10 and told["first"] == 4 and len(told["pages"]) == 3


def test_the_picture_has_the_proportions_of_the_board_that_is_chosen(browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board()
    make.session.commit()
    page = browser(cast.editor).get(f"/staff/content/new?kind=workflow&board={board.id}").text
    assert "看得清" in page and "60 岁以上的人会看不清" in page
    sight = json.loads(html.unescape(re.search(r"data-sight='([^']+)'", page)[1]))  # type: ignore[index]
    assert (sight["w"], sight["h"]) == (board.geometry.w, board.geometry.h) and sight["far"] >= sight["at"] == 3


def test_a_preview_takes_no_lock_and_keeps_nothing(browser: Signed, cast: Cast, parts: Parts, session: Session) -> None:
    editor = browser(cast.editor)
    csrf = editor.csrf()
    with parts.database.write() as writing:
        writing.execute(slides.Slide.__table__.update().values(kind=slides.Slide.kind))
        answer = editor.client.post("/staff/content/preview?kind=workflow", data={**GUIDE, "csrf_token": csrf})
        assert answer.status_code == 200
    assert stored(parts) == []


# --- from Excel, and once more every quarter ---------------------------------------------------------------------------------

def book(rows: list[list[Any]], hidden: int = 0) -> BytesIO:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "四季度"
    for row in rows:
        sheet.append(row)
    if hidden:
        sheet.row_dimensions[hidden].hidden = True
    told = BytesIO()
    made.save(told)
    told.seek(0)
    return told


FOURTH = [["2026年第四季度财政收支"], ["单位：万元"], ["项目", "类别", "级别", "年初预算", "本季", "本年累计"],
          ["支出合计", "支出", "合计", 2860, 820.85, 2858], ["人员经费", "支出", "分项", 1180, 295.9, 1180],
          ["公用经费", "支出", "分项", 320, "约一百", 318], ["项目支出", "支出", "分项", 1360, 425.42, 1360],
          ["不给人看的", "支出", "分项", 1, 2, 3]]


def sent(editor: Browser, path: str, file: BytesIO, **words: str) -> Any:
    csrf = editor.csrf()
    return editor.client.post(f"{path}&csrf_token={csrf}", data={"file": (file, "四季度.xlsx"), **words},
                              content_type="multipart/form-data")


@sandboxed
def test_a_sheet_fills_the_form_and_every_cell_in_doubt_is_named_at_once(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    answer = sent(editor, "/staff/content/sheet?kind=finance", book(FOURTH, hidden=8), typed="end=12.31&title=")
    page = answer.text
    assert answer.status_code == 200, page
    assert "工作表“四季度”单元格 E6" in page and "约一百" in page and "第 8 行是隐藏的" in page
    assert "不给人看的" not in page
    assert value(page, "f.lines.1.quarter") == "295.90" and value(page, "end") == "12.31"
    assert value(page, "title") == "2026年第四季度财政收支"
    assert stored(parts) == [], "nothing is stored before it is looked over"


@sandboxed
def test_what_is_no_sheet_is_refused_with_a_sentence_and_what_was_typed_stays(browser: Signed, cast: Cast, parts: Parts) -> None:
    editor = browser(cast.editor)
    answer = sent(editor, "/staff/content/sheet?kind=finance", BytesIO(b"%PDF-1.4 nothing"), typed="title=%E6%94%B6%E6%94%AF")
    assert answer.status_code == 422 and "这不是表格文件" in answer.text
    assert value(answer.text, "title") == "收支"
    assert not list((parts.settings.data / "uploads").glob("*")), "the file does not stay"


def test_last_quarter_moves_over_and_the_new_one_is_open(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = finance(make)
    listed = make.playlist([slide], boards=[make.board()])
    session.commit()
    editor = browser(cast.editor)
    assert f"again={slide.id}" in editor.get("/staff/today").text and f"again={slide.id}" in editor.get(f"/staff/content/{slide.id}").text
    page = editor.get(f"/staff/content/new?kind=finance&again={slide.id}").text
    assert value(page, "title") == "2026年第四季度财政收支"
    assert value(page, "f.lines.0.last") == "702.36" and value(page, "f.lines.0.last_total") == "2,104.58"
    assert value(page, "f.lines.0.quarter") == "" and value(page, "f.last_closing") == "151.63" == value(page, "f.opening")
    assert re.search(rf'name="playlist" value="{listed.id}" checked', page)


@sandboxed
def test_the_sheet_of_the_new_quarter_goes_over_what_last_quarter_left(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = finance(make)
    session.commit()
    page = sent(browser(cast.editor), f"/staff/content/sheet?kind=finance&again={slide.id}", book(FOURTH[:5])).text
    assert value(page, "title") == "2026年第四季度财政收支" and value(page, "f.last_closing") == "151.63"
    assert value(page, "f.lines.0.quarter") == "820.85" and value(page, "f.lines.0.last") == "688.94"


def test_nobody_moves_on_a_quarter_of_a_unit_that_is_not_theirs(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    slide = finance(make)
    session.commit()
    page = browser(cast.community).get(f"/staff/content/new?kind=finance&again={slide.id}")
    assert page.status_code == 200 and "702.36" not in page.text


# --- programs ---------------------------------------------------------------------------------------------------------------

def test_a_program_hears_every_field_that_is_wrong(as_program: As, cast: Cast) -> None:
    data = {"applies": "", "steps": [{"name": ""}], "place": "大厅", "window": "3号", "phone": "0825-×××××××"}
    answer = as_program(cast.editor).post("/slides", {"kind": "workflow", "title": "高龄津贴", "data": data})
    told = answer.get_json()
    assert answer.status_code == 422 and told["field"] == "applies"
    assert [fault["field"] for fault in told["faults"]] == ["applies", "steps.0.name"]
    assert all(fault["title"] for fault in told["faults"])


"""公示 on staff pages: written by a form that knows its two templates, kept to its community, ended early with the leader's word."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import Session

from kiosk.base.clock import now
from kiosk.content import running, slides
from kiosk.content.slides import Slide, State
from kiosk.parts import Parts
from kiosk.signage import boards
from tests.content.test_objection import relief
from tests.support.cast import Cast
from tests.support.make import Make
from tests.web.conftest import As, Signed

ROW = {"name": "张秀兰", "people": "2", "amount": "1080", "community": "东街社区"}


def typed(cast: Cast, *rows: dict[str, str], **more: Any) -> dict[str, Any]:
    """What a clerk types for 低保."""
    told = {f"f.{name}": str(value) for name, value in relief().items() if isinstance(value, str | int)}
    lines = {f"f.households.{at}.{name}": text for at, row in enumerate(rows or (ROW,)) for name, text in row.items()}
    about = {"title": "低保初审公示", "column": "社会救助", "unit": cast.office.id, "audience": cast.east.id, "f.subject": "社会救助"}
    return {**about, **told, **lines, **more}


def stored(parts: Parts) -> Slide | None:
    with parts.database.read() as session:
        found = slides.find(session, units=range(1, 9), limit=1)
        return found[0] if found else None


@pytest.fixture
def hung(browser: Signed, cast: Cast, parts: Parts) -> int:
    """Written and approved on these pages; its id."""
    answer = browser(cast.editor).post("/staff/content/new?kind=objection", {**typed(cast), "then": "submit"})
    assert answer.status_code == 303, answer.text
    found = stored(parts)
    assert found is not None
    with parts.database.read() as session:
        revision = slides.slide(session, found.id).latest
        assert revision.state == State.SUBMITTED
        id = revision.id
    answer = browser(cast.leader).post(f"/staff/review/{id}/approve")
    assert answer.status_code == 303, answer.text
    return found.id


def test_the_form_shows_one_template_at_a_time_and_keeps_what_was_typed_in_the_other(browser: Signed, cast: Cast) -> None:
    clerk = browser(cast.editor)
    page = clerk.get("/staff/content/new?kind=objection").text
    assert "户主姓名" in page
    assert 'name="f.columns"' not in page
    page = clerk.post("/staff/content/new?kind=objection", typed(cast, **{"f.subject": "一般公示", "then": "look"})).text
    assert 'id="f.columns"' in page
    assert 'id="f.households.0.name"' not in page
    assert '<input type="hidden" name="f.households.0.name" value="张秀兰">' in page
    page = clerk.post("/staff/content/new?kind=objection", typed(cast, then="look")).text
    assert 'id="f.households.0.name"' in page


def test_what_no_wall_may_show_is_refused_beside_its_field(browser: Signed, cast: Cast, parts: Parts) -> None:
    page = browser(cast.editor).post("/staff/content/new?kind=objection", typed(cast, **{"f.phone": "13800138000", "then": "keep"}))
    assert page.status_code == 422
    assert "“异议电话”里是个人手机号，不能上屏。请写办公电话。" in page.text
    assert stored(parts) is None


@pytest.mark.parametrize("audience", ["office", "both"])
def test_the_form_does_not_get_it_to_the_office_or_to_two_communities(browser: Signed, cast: Cast, parts: Parts, audience: str) -> None:
    wanted = cast.office.id if audience == "office" else [cast.east.id, cast.west.id]
    page = browser(cast.editor).post("/staff/content/new?kind=objection", typed(cast, audience=wanted, then="submit"))
    assert page.status_code == 422
    assert "救助公示" in page.text
    assert stored(parts) is None  # nothing was kept, and what was typed is on the page
    assert "张秀兰" in page.text


def test_a_program_does_not_get_it_there_either(as_program: As, cast: Cast) -> None:
    program = as_program(cast.editor)
    told = {"kind": "objection", "title": "低保初审公示", "unit": cast.office.id, "audience": [cast.office.id], "data": relief()}
    made = program.ask("POST", "/slides", told)
    assert made.status_code == 201, made.text
    answer = program.ask("POST", f"/revisions/{made.json['revision']}/submit")
    assert answer.status_code == 422
    assert "不是社区" in answer.json["title"]
    assert answer.json["field"] == "audience"
    more = {**relief()["households"][0], "id": "510902198001011234"}
    refused = program.ask("POST", "/slides", {**told, "data": relief(households=[more])})
    assert refused.status_code == 422


def test_a_workbook_with_forbidden_columns_comes_in_without_them_and_names_them(browser: Signed, cast: Cast) -> None:
    book = Workbook()
    sheet = book.active
    for row in (["序号", "户主姓名", "身份证号", "保障人数", "保障金额", "社区", "银行账号", "住址", "致困原因"],
                [1, "张秀兰", "510902198001011234", 2, 1080, "东街社区", "6222021234567890123", "东街3栋2单元", "患病"]):
        sheet.append(row)
    file = BytesIO()
    book.save(file)
    file.seek(0)
    clerk = browser(cast.editor)
    page = clerk.client.post(f"/staff/content/sheet?kind=objection&csrf_token={clerk.csrf()}",
                             data={"typed": "", "file": (file, "名单.xlsx")}, content_type="multipart/form-data")
    assert page.status_code == 200, page.text
    for name in ("身份证号", "银行账号", "住址", "致困原因"):
        assert name in page.text
    for secret in ("510902198001011234", "6222021234567890123", "3栋", "患病"):
        assert secret not in page.text
    assert 'value="张秀兰"' in page.text


def test_the_template_workbook_has_the_closed_columns(browser: Signed, cast: Cast) -> None:
    answer = browser(cast.editor).get("/staff/content/template/objection.xlsx")
    book = load_workbook(BytesIO(answer.data))
    words = {str(cell.value) for row in book[book.sheetnames[0]].iter_rows() for cell in row if cell.value}
    assert any(word.startswith("户主姓名") for word in words)
    assert not [word for word in words if re.fullmatch("身份证号.*|银行.*|住址.*", word)]


def test_the_page_says_which_day_it_has_come_to(browser: Signed, cast: Cast, hung: int) -> None:
    page = browser(cast.editor).get("/staff/objections").text
    assert "低保初审公示" in page
    assert "次日起算，共 7 天" in page


def test_an_early_end_goes_from_editor_to_leader(browser: Signed, cast: Cast, parts: Parts, hung: int) -> None:
    clerk, leader = browser(cast.editor), browser(cast.leader)
    assert clerk.post(f"/staff/content/{hung}/retire").status_code == 409
    assert clerk.post(f"/staff/objections/{hung}/ask", {"reason": ""}).status_code == 422
    assert clerk.post(f"/staff/objections/{hung}/ask", {"reason": "有一户搬走了"}).status_code == 303
    assert clerk.post(f"/staff/objections/{hung}/agree").status_code == 403
    assert "有一户搬走了" in leader.get("/staff/objections").text
    assert "1 件公示的提前结束或撤回在等您" in leader.get("/staff/review").text
    assert leader.post(f"/staff/objections/{hung}/agree").status_code == 303
    with parts.database.read() as session:
        assert slides.slide(session, hung).live is None
    assert leader.post(f"/staff/objections/{hung}/agree").status_code == 404
    assert "提前结束或撤回在等您" not in leader.get("/staff/review").text


def test_a_leaders_no_keeps_it_up(browser: Signed, cast: Cast, parts: Parts, hung: int) -> None:
    browser(cast.editor).post(f"/staff/objections/{hung}/ask", {"reason": "想早点撤"})
    assert browser(cast.leader).post(f"/staff/objections/{hung}/refuse").status_code == 303
    with parts.database.read() as session:
        live = slides.slide(session, hung).live
        assert live is not None
        assert live.end is not None
        assert live.end - live.approved_at >= timedelta(days=7)


def test_a_recall_is_signed_off_by_the_leader_afterwards(browser: Signed, cast: Cast, parts: Parts, hung: int) -> None:
    assert browser(cast.editor).post(f"/staff/content/{hung}/recall", {"reason": "露了住址"}).status_code == 303
    leader = browser(cast.leader)
    page = leader.get("/staff/objections").text
    assert "等您补签" in page
    assert "露了住址" in page
    with parts.database.read() as session:
        id = running.to_sign(session, cast.leader)[0].id
    assert browser(cast.editor).post(f"/staff/objections/recalls/{id}/sign").status_code == 403
    assert leader.post(f"/staff/objections/recalls/{id}/sign").status_code == 303
    assert "等您补签" not in leader.get("/staff/objections").text


def test_another_units_notice_does_not_exist_for_a_community(browser: Signed, cast: Cast, hung: int) -> None:
    assert browser(cast.community).post(f"/staff/objections/{hung}/ask", {"reason": "想撤"}).status_code == 404
    assert "低保初审公示" not in browser(cast.community).get("/staff/objections").text


def test_no_board_leaves_the_group_through_which_it_hangs_before_its_last_day(
        browser: Signed, hung: int, cast: Cast, make: Make, session: Session, parts: Parts) -> None:
    board, other = make.board(unit=cast.east), make.board(unit=cast.east)
    group = boards.add_group(session, "东街社区", unit=cast.office, by=None, at=now())
    boards.set_members(session, group, [board, other], by=None, at=now())
    make.playlist([slides.slide(session, hung)], groups=[group])
    session.commit()
    administrator = browser(cast.administrator)
    answer = administrator.post(f"/staff/boards/groups/{group.id}", {"name": "东街社区", "board": [other.id]})
    assert answer.status_code == 409
    assert "还没有满期" in answer.text and board.name in answer.text
    assert administrator.post(f"/staff/boards/{board.id}/change", {"name": "另一块", "unit": cast.east.id}).status_code == 409
    with parts.database.read() as after:
        assert {each.id for each in boards.group(after, group.id).boards} == {board.id, other.id}
    assert administrator.post(f"/staff/boards/groups/{group.id}", {"name": "东街", "board": [other.id, board.id]}).status_code == 303

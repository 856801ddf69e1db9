"""Staff pages and calls of the urgent insert: two people on two devices, what comes back when something is wrong, what strangers see."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest

from kiosk.base import journal
from kiosk.base.clock import iso, now
from kiosk.signage import boards as signboards
from kiosk.signage import manifest, overrides
from kiosk.signage.manifest import Ref
from tests.signage.test_cap import message

FORM = {"drill": "0", "headline": "暴雨红色预警", "text": "今天 14 时前，请不要外出。", "phone": "0825-2221234", "minutes": "30",
        "where": "all"}


def fresh():
    """A CAP message that is true for two hours more."""
    return message().replace(b"2026-11-23T13:30:00+08:00", iso(now() + timedelta(hours=2)).encode())


@pytest.fixture
def boards(session, cast, make, parts):
    made = [make.board(), make.board(unit=cast.east)]
    make.playlist([make.slide(state="approved")], boards=made)
    manifest.refresh(session, parts.press, at=now())
    session.commit()
    return [each.id for each in made]


def ask(browser, **changed):
    answer = browser.post("/staff/overrides", {**FORM, **changed}, page="/staff/overrides")
    found = re.search(r"/staff/overrides/(\d+)$", answer.headers.get("Location", ""))
    return int(found[1]) if found else answer


def said(parts, board):
    with parts.database.read() as session:
        row = session.query(Ref).filter_by(board_id=board).order_by(Ref.version.desc()).first()
        return [each["headline"] for each in row.body.get("overrides", ())]


# --- pages -----------------------------------------------------------------------------------------------------------------

def test_a_clerk_writes_it_and_a_leader_confirms_on_another_device(parts, cast, boards, browser):
    editor, leader = browser(cast.editor), browser(cast.leader)
    id = ask(editor)
    waiting = editor.get(f"/staff/overrides/{id}").text
    assert "在等另一个人确认" in waiting and "去确认" not in waiting
    assert f"/staff/overrides/{id}/confirm" in leader.get("/staff/review").text, "the bar leads there from every page"
    page = leader.get(f"/staff/overrides/{id}/confirm").text
    assert "这是真实情况，不是演练。2 块屏马上换成“暴雨红色预警”" in page
    assert leader.post(f"/staff/overrides/{id}/confirm").status_code == 303
    assert [said(parts, each) for each in boards] == [["暴雨红色预警"]] * 2
    receipts = editor.get(f"/staff/overrides/{id}").text
    assert "0 块屏已换上，还差 2 块" in receipts and "现在就结束" in receipts and "正在紧急插播（真实）" in receipts
    editor.post(f"/staff/overrides/{id}/end")
    assert [said(parts, each) for each in boards] == [[], []]


def test_the_writer_is_told_that_another_has_to_confirm(cast, boards, browser):
    leader = browser(cast.leader)
    id = ask(leader)
    assert "这是您写的，要请另一个人确认" in leader.get(f"/staff/overrides/{id}/confirm").text
    assert leader.post(f"/staff/overrides/{id}/confirm").status_code == 403


def test_a_heartbeat_moves_a_board_to_those_that_changed(app, parts, cast, session, make, boards, browser):
    token = make.board(token="kb_seen")
    manifest.refresh(session, parts.press, at=now())
    session.commit()
    editor = browser(cast.editor)
    id = ask(editor)
    browser(cast.leader).post(f"/staff/overrides/{id}/confirm")
    app.test_client().post("/board/heartbeat", json={"item": f"override.{id}"}, headers={"Authorization": "Bearer kb_seen"})
    page = editor.get(f"/staff/overrides/{id}").text
    assert "1 块屏已换上，还差 2 块" in page and "最快" in page and "第一块屏换上" in page
    assert token.name in page


def test_a_call_is_noted_and_stands_beside_the_board(cast, boards, browser, parts):
    editor = browser(cast.editor)
    id = ask(editor)
    browser(cast.leader).post(f"/staff/overrides/{id}/confirm")
    editor.post(f"/staff/overrides/{id}/called", {"board": boards[1]})
    assert "已电话通知" in editor.get(f"/staff/overrides/{id}").text
    with parts.database.read() as session:
        entry = session.query(journal.Entry).filter_by(verb="override.called").one()
        assert entry.data["board"] == boards[1]


def test_the_form_is_signed_by_a_third_and_is_shown_to_who_can(cast, boards, browser):
    editor, leader, deputy = browser(cast.editor), browser(cast.leader), browser(cast.deputy)
    id = ask(editor)
    leader.post(f"/staff/overrides/{id}/confirm")
    assert "等您补签" in deputy.get("/staff/review").text and "等您补签" not in leader.get("/staff/review").text
    assert leader.post(f"/staff/overrides/{id}/sign").status_code == 403
    assert deputy.post(f"/staff/overrides/{id}/sign").status_code == 303
    assert "补签了审核表" in editor.get(f"/staff/overrides/{id}").text and "等您补签" not in deputy.get("/staff/review").text


def test_an_overdue_form_says_so(parts, cast, boards, browser):
    id = ask(browser(cast.editor))
    browser(cast.leader).post(f"/staff/overrides/{id}/confirm")
    with parts.database.write() as session:
        session.get(overrides.Override, id).due_on = now().date() - timedelta(days=5)
    assert "审核表逾期了" in browser(cast.deputy).get("/staff/review").text


def test_a_drill_is_drawn_as_one_on_every_page(cast, boards, browser):
    editor, leader = browser(cast.editor), browser(cast.leader)
    id = ask(editor, drill="1", headline="暴雨避险", text="")
    assert "暴雨避险演练" in editor.get(f"/staff/overrides/{id}").text
    assert "这是演练，不是真实情况" in leader.get(f"/staff/overrides/{id}/confirm").text
    leader.post(f"/staff/overrides/{id}/confirm")
    page = editor.get("/staff/me").text
    assert "正在演练，不是真的" in page and "正在紧急插播（真实）" not in page


@pytest.mark.parametrize("changed, words", [
    ({"drill": ""}, "真实情况还是演练"), ({"headline": ""}, "要填"), ({"headline": "字" * 13}, "最多 12 个字"),
    ({"text": "字" * 41}, "最多 40 个字"),
    ({"text": ""}, "居民要怎么做"), ({"phone": "abc"}, "电话只写数字"), ({"minutes": "0"}, "播多久"), ({"minutes": "x"}, "数字"),
    ({"minutes": "99999999999"}, "数字"), ({"where": "some"}, "挂在哪里"), ({"where": "gx"}, "数字"), ({"where": "nowhere"}, "挂在哪里"),
    ({"where": "some", "board": "x"}, "数字"), ({"slide": "x"}, "数字"), ({"wanted": "x"}, "数字"), ({"headline": "\u200b"}, "要填"),
])
def test_what_is_wrong_comes_back_with_everything_typed(changed, words, cast, boards, browser):
    answer = ask(browser(cast.editor), **changed)
    assert answer.status_code == 422 and words in answer.text
    assert changed.get("phone", FORM["phone"]) in answer.text


@pytest.mark.parametrize("changed", [{"where": "g999"}, {"where": "some", "board": "999"}, {"slide": "999"}, {"wanted": "999"},
                                     {"draft": "999"}])
def test_what_does_not_exist_is_not_found(changed, cast, boards, browser):
    assert ask(browser(cast.editor), **changed).status_code == 404


def test_without_a_script_the_look_is_shown_in_words_and_nothing_is_sent(parts, cast, boards, browser):
    answer = browser(cast.editor).post("/staff/overrides", {**FORM, "do": "look", "headline": "小区停气"})
    assert answer.status_code == 200 and "<strong>小区停气</strong>" in answer.text
    with parts.database.read() as session:
        assert session.query(overrides.Override).count() == 0


def test_a_community_sees_neither_the_offices_inserts_nor_boards_of_others(cast, boards, browser):
    id = ask(browser(cast.editor))
    community = browser(cast.community)
    assert community.get(f"/staff/overrides/{id}").status_code == 404
    assert community.post(f"/staff/overrides/{id}/end").status_code == 404
    page = community.get("/staff/overrides").text
    assert "全部 1 块屏" in page
    assert ask(community, where="some", board=str(boards[0])).status_code == 404


def test_a_refusal_returns_with_its_reason(cast, boards, browser):
    editor, leader = browser(cast.editor), browser(cast.leader)
    id = ask(editor)
    assert leader.post(f"/staff/overrides/{id}/refuse", {"reason": " "}).status_code == 422
    assert leader.post(f"/staff/overrides/{id}/refuse", {"reason": "气象台已经降级"}).status_code == 303
    assert "气象台已经降级" in editor.get(f"/staff/overrides/{id}").text


# --- warnings ----------------------------------------------------------------------------------------------------------------

def test_a_warning_file_becomes_a_draft_that_opens_in_the_form(cast, boards, browser):
    editor = browser(cast.editor)
    token = editor.csrf()
    answer = editor.client.post(f"/staff/overrides/cap?csrf_token={token}", data={"file": (io.BytesIO(fresh()), "a.xml")})
    assert answer.status_code == 303 and "draft=" in answer.headers["Location"]
    page = editor.get(answer.headers["Location"]).text
    assert 'value="暴雨红色预警"' in page and "请不要外出，低洼处居民立即转移。" in page and "市气象台" in page and ">2 小时<" in page
    id = ask(editor, draft=answer.headers["Location"].rpartition("=")[2])
    assert isinstance(id, int)


@pytest.mark.parametrize("data, status", [(b"", 422), (b"<a/>", 422), (message(status="System"), 409)])
def test_a_file_that_is_no_warning_is_refused_in_words(data, status, cast, boards, browser):
    editor = browser(cast.editor)
    answer = editor.client.post(f"/staff/overrides/cap?csrf_token={editor.csrf()}", data={"file": (io.BytesIO(data), "a.xml")})
    assert answer.status_code == status


def test_a_file_that_is_too_large_is_refused_before_it_is_read(cast, boards, browser):
    editor = browser(cast.editor)
    answer = editor.client.post(f"/staff/overrides/cap?csrf_token={editor.csrf()}", data=b"x" * 3_000_000,
                                content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413 and "最多 1 MB" in answer.text


# --- programs ----------------------------------------------------------------------------------------------------------------

def test_a_program_asks_another_confirms_and_a_third_ends(parts, cast, boards, as_program):
    editor, leader = as_program(cast.editor), as_program(cast.leader)
    answer = editor.post("/overrides", {"drill": False, "headline": "小区停气", "text": "请关好阀门。", "all": True, "minutes": 20})
    assert answer.status_code == 202 and answer.get_json()["state"] == "asked"
    id = answer.get_json()["override"]
    assert editor.post(f"/overrides/{id}/confirm").status_code == 403
    told = leader.post(f"/overrides/{id}/confirm").get_json()
    assert told["state"] == "standing" and said(parts, boards[0]) == ["小区停气"]
    one = editor.get(f"/overrides/{id}").get_json()
    assert one["missing"] == boards and one["changed"] == []
    assert editor.get("/overrides").get_json()["items"][0]["override"] == id
    assert as_program(cast.administrator).ask("DELETE", f"/overrides/{id}").get_json()["state"] == "ended"
    assert said(parts, boards[0]) == []


@pytest.mark.parametrize("body, status", [
    ({}, 422), ({"drill": "no"}, 422), ({"drill": False}, 422), ({"drill": False, "headline": "x", "text": "y"}, 422),
    ({"drill": False, "headline": "x", "text": "y", "all": True, "boards": [1]}, 422), ({"drill": False, "headline": 7}, 422),
    ({"drill": False, "headline": "x", "text": "y", "boards": [999]}, 404),
    ({"drill": False, "headline": "x", "text": "y", "groups": [999]}, 404),
    ({"drill": False, "slide": 999, "all": True}, 404), ({"drill": False, "headline": "x", "text": "y", "all": True, "minutes": 2**40},
     422),
    ({"drill": False, "headline": "x", "text": "y", "all": True, "wanted": 999}, 404), ([], 422), ("x", 422),
])
def test_a_wrong_body_is_refused_in_words(body, status, cast, boards, as_program):
    answer = as_program(cast.editor).post("/overrides", body)
    assert answer.status_code == status and answer.get_json()["title"]


def test_a_warning_service_posts_cap_and_nothing_is_sent_by_it(parts, cast, boards, as_program):
    editor = as_program(cast.editor)
    answer = editor.ask("POST", "/overrides", data=fresh(), headers={"Content-Type": "application/cap+xml"})
    assert answer.status_code == 201 and answer.get_json()["state"] == "draft"
    assert said(parts, boards[0]) == []
    again = editor.ask("POST", "/overrides", data=fresh(), headers={"Content-Type": "application/cap+xml"})
    assert again.get_json()["override"] == answer.get_json()["override"], "the same message is taken once"
    large = editor.ask("POST", "/overrides", data=b"<" * 1_500_000, headers={"Content-Type": "application/cap+xml"})
    assert large.status_code == 413


def test_a_community_program_reaches_no_foreign_boards(cast, boards, session, as_program):
    group = signboards.add_group(session, "全街道", unit=cast.east, by=None, at=now())
    signboards.set_members(session, group, [signboards.board(session, each) for each in boards], by=None, at=now())
    session.commit()
    community = as_program(cast.community)
    body = {"drill": False, "headline": "停气", "text": "请关阀门。", "phone": "0825-2221234"}
    assert community.post("/overrides", {**body, "boards": [boards[0]]}).status_code == 404
    assert community.post("/overrides", {**body, "groups": [group.id]}).status_code == 403
    made = community.post("/overrides", {**body, "all": True}).get_json()
    assert made["unit"] == cast.east.id and json.dumps(made)

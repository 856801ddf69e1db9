"""The staff API, line by line of its table: what it does, and whom it refuses."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from kiosk.content.slides import Slide
from kiosk.parts import Parts
from kiosk.signage import boards, manifest
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import NOTICE, Make
from tests.web.conftest import As, Signed

PANEL = {"width_mm": 941, "height_mm": 529, "width_px": 1920, "height_px": 1080, "rotation": 0, "distance_mm": 3000}
FILE = b"%PDF-1.4 one page of a notice"


def _sent(content: bytes = FILE, name: str = "停水通知.pdf", **words: str) -> dict[str, Any]:
    return {"data": {"file": (io.BytesIO(content), name), **words}, "content_type": "multipart/form-data"}


# --- who comes in -----------------------------------------------------------------------------------------------------

def test_nobody_is_answered_without_a_token_and_in_a_programs_words(app: Flask, cast: Cast, session: Session) -> None:
    session.commit()
    answer = app.test_client().get("/api/v1/slides")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["status"] == 401


def test_a_token_that_was_ended_opens_nothing(app: Flask, as_program: As, cast: Cast) -> None:
    program = as_program(cast.editor)
    program.headers = {"Authorization": "Bearer kp_somebody-elses-guess"}
    assert program.get("/slides").status_code == 401


def test_a_browser_may_read_by_its_session_but_changes_need_the_csrf_header(browser: Signed, cast: Cast) -> None:
    mine = browser(cast.editor)
    body = {"kind": "notice", "title": "停水通知", "data": NOTICE}
    assert mine.client.get("/api/v1/slides").status_code == 200
    assert mine.client.post("/api/v1/slides", json=body).status_code in (400, 403)
    assert mine.client.post("/api/v1/slides", json=body, headers={"X-CSRFToken": mine.csrf()}).status_code == 201


def test_a_problem_is_told_in_the_language_that_is_asked_for_and_as_problem_json(as_program: As, cast: Cast) -> None:
    answer = as_program(cast.editor).get("/slides/4711")
    assert answer.status_code == 404
    assert set(answer.get_json()) >= {"type", "title", "status", "detail"}


# --- uploads ----------------------------------------------------------------------------------------------------------

def test_a_file_becomes_a_draft_that_converts_in_the_background(as_program: As, cast: Cast, make: Make, parts: Parts) -> None:
    playlist = make.playlist([])
    program = as_program(cast.editor)
    answer = program.post("/uploads", **_sent(title="停水通知", topic="通知公告", end="2026-12-01T09:00:00Z", playlist=str(playlist.id)))
    assert answer.status_code == 202, answer.text
    told = answer.get_json()
    assert told["state"] == "received"
    slide = program.get(f"/slides/{told['slide']}").get_json()
    assert (slide["title"], slide["topic"], slide["end"], slide["state"]) == ("停水通知", "通知公告", "2026-12-01T09:00:00Z", "draft")
    assert program.get(f"/playlists/{playlist.id}").get_json()["items"][0]["slide"] == told["slide"]
    assert program.get(f"/uploads/{told['upload']}").get_json()["state"] in ("received", "converting", "done", "failed")
    assert not list((parts.settings.data / "uploads").glob("*"))


@pytest.mark.parametrize(("sent", "status", "field"), [
    ({"data": {"title": "没有文件"}, "content_type": "multipart/form-data"}, 422, "file"),
    (_sent(b"", "空.pdf"), 422, "file"),
    ({"json": {"file": "x"}}, 422, "file"),
    (_sent(unit="不是数字"), 422, "unit"),
    (_sent(end="后天"), 422, "end"),
    (_sent(unit="4711"), 404, None),
    (_sent(playlist="4711"), 404, None),
])
def test_an_upload_that_cannot_be_is_refused_and_leaves_nothing(sent: dict[str, Any], status: int, field: str | None, as_program: As,
                                                                cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    sent = {name: dict(value) if isinstance(value, dict) else value for name, value in sent.items()}
    if isinstance(sent.get("data"), dict) and "file" in sent["data"]:
        stream, name = sent["data"]["file"]
        sent["data"]["file"] = (io.BytesIO(stream.getvalue()), name)
    answer = program.post("/uploads", **sent)
    assert answer.status_code == status, answer.text
    assert answer.get_json().get("field") == field
    assert program.get("/slides").get_json()["items"] == []
    assert not list((parts.settings.data / "uploads").glob("*"))


def test_while_all_slots_are_taken_an_upload_is_told_when_to_come_back(app: Flask, as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    slots = app.extensions["upload_slots"]
    for _ in range(parts.settings.upload_slots):
        assert slots.acquire(blocking=False)
    answer = program.post("/uploads", **_sent())
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    for _ in range(parts.settings.upload_slots):
        slots.release()
    assert program.post("/uploads", **_sent()).status_code == 202


def test_a_strangers_upload_does_not_exist(as_program: As, cast: Cast) -> None:
    upload = as_program(cast.editor).post("/uploads", **_sent()).get_json()["upload"]
    assert as_program(cast.community).get(f"/uploads/{upload}").status_code == 404


# --- slides and review ------------------------------------------------------------------------------------------------

def _write(program: Any, **more: Any) -> dict[str, Any]:
    answer = program.post("/slides", {"kind": "notice", "title": "冬季用气安全", "data": NOTICE, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def test_a_slide_goes_from_the_editor_by_the_leader_onto_the_boards(as_program: As, cast: Cast) -> None:
    editor, leader = as_program(cast.editor), as_program(cast.leader)
    revision = _write(editor)["revision"]
    assert editor.post(f"/revisions/{revision}/submit").get_json()["state"] == "submitted"
    bound = leader.get(f"/slides/{_latest(leader)}").get_json()["bound"]
    assert leader.post(f"/revisions/{revision}/approve", {"seen": bound}).get_json()["state"] == "approved"
    slide = leader.get(f"/slides/{_latest(leader)}").get_json()
    assert slide["live"] == revision
    assert slide["hangs"]


def _latest(program: Any) -> int:
    found: int = program.get("/slides").get_json()["items"][0]["slide"]
    return found


def test_nobody_approves_what_they_wrote_or_what_changed_since_they_looked(as_program: As, cast: Cast, make: Make) -> None:
    slide = make.slide(state="submitted")
    editor, leader = as_program(cast.editor), as_program(cast.leader)
    assert editor.post(f"/revisions/{slide.latest.id}/approve").status_code == 403
    answer = leader.post(f"/revisions/{slide.latest.id}/approve", {"seen": "0" * 64})
    assert answer.status_code == 409


def test_a_slide_comes_back_with_a_reason(as_program: As, cast: Cast, make: Make) -> None:
    id = make.slide(state="submitted").latest.id
    leader = as_program(cast.leader)
    assert leader.post(f"/revisions/{id}/return", {}).get_json()["field"] == "reason"
    assert leader.post(f"/revisions/{id}/return", {"reason": "请写明时间。"}).get_json()["reason"] == "请写明时间。"


def test_writing_on_after_an_approval_opens_a_new_revision_and_what_hangs_stays(as_program: As, cast: Cast, make: Make) -> None:
    slide = make.slide(state="approved")
    editor = as_program(cast.editor)
    told = editor.ask("PUT", f"/slides/{slide.id}", {"title": "用气安全（新）"}).get_json()
    assert told["state"] == "draft"
    assert told["revision"] != told["live"]
    assert told["data"] == NOTICE
    clash = editor.ask("PUT", f"/slides/{slide.id}", {"title": "又改", "edits": 7})
    assert clash.status_code == 409


def test_a_slide_keeps_its_kind_and_unit(as_program: As, cast: Cast, make: Make) -> None:
    slide = make.slide()
    editor = as_program(cast.editor)
    assert editor.ask("PUT", f"/slides/{slide.id}", {"kind": "media"}).status_code == 409
    assert editor.ask("PUT", f"/slides/{slide.id}", {"unit": cast.civil.id}).status_code == 409


def test_a_recall_takes_it_off_and_needs_a_reason(as_program: As, cast: Cast, make: Make) -> None:
    slide = make.slide(state="approved")
    editor = as_program(cast.editor)
    assert editor.post(f"/slides/{slide.id}/recall", {}).status_code == 422
    assert editor.post(f"/slides/{slide.id}/recall", {"reason": "时间写错了"}).get_json()["live"] is None
    assert editor.post(f"/slides/{slide.id}/recall", {"reason": "再来"}).status_code == 409


@pytest.mark.parametrize(("body", "field"), [
    ({"kind": "notice", "title": "少了内容"}, "data"),
    ({"kind": "poster", "title": "没有这种", "data": {}}, "kind"),
    ({"kind": "notice", "title": 7, "data": {}}, "title"),
    ({"kind": "notice", "title": "多了一项", "data": NOTICE, "colour": "red"}, "colour"),
    ({"kind": "notice", "title": "", "data": NOTICE}, "title"),
    ({"kind": "notice", "title": "倒着", "data": NOTICE, "start": "2026-12-02T00:00:00Z", "end": "2026-12-01T00:00:00Z"}, "end"),
    (["不是对象"], "body"),
])
def test_a_body_that_is_wrong_is_refused_by_the_name_of_the_field(body: Any, field: str, as_program: As, cast: Cast) -> None:
    answer = as_program(cast.editor).post("/slides", body)
    assert answer.status_code == 422
    assert answer.get_json()["field"] == field


def test_a_body_of_megabytes_is_not_read(as_program: As, cast: Cast) -> None:
    answer = as_program(cast.editor).post("/slides", {"kind": "notice", "title": "长", "data": {"lead": "长" * 3_000_000}})
    assert answer.status_code == 413


def test_a_list_tells_where_its_rest_is(as_program: As, cast: Cast, make: Make) -> None:
    for _ in range(3):
        make.slide()
    editor = as_program(cast.editor)
    first = editor.get("/slides?limit=2").get_json()
    assert len(first["items"]) == 2
    rest = editor.client.get(first["next"], headers=editor.headers).get_json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None
    assert editor.get("/slides?state=approved").get_json()["items"] == []
    assert editor.get("/slides?state=lost").status_code == 422


# --- playlists --------------------------------------------------------------------------------------------------------

def test_a_playlist_is_made_ordered_and_hung(as_program: As, cast: Cast, make: Make) -> None:
    one, two, board = make.slide(state="approved"), make.slide(state="approved"), make.board()
    editor = as_program(cast.editor)
    made = editor.post("/playlists", {"name": "大厅主列表", "items": [{"slide": one.id}], "boards": [board.id]})
    assert made.status_code == 201, made.text
    id, item = made.get_json()["id"], made.get_json()["items"][0]["item"]
    order = {"items": [{"slide": two.id, "dwell": 20}, {"slide": one.id}], "edits": 1}
    told = editor.ask("PUT", f"/playlists/{id}/items", order).get_json()
    assert [(each["slide"], each["dwell"]) for each in told["items"]] == [(two.id, 20), (one.id, None)]
    assert told["items"][1]["item"] == item, "what stays keeps its place in the round"
    assert told["boards"] == [board.id]
    assert editor.ask("PUT", f"/playlists/{id}/items", {"items": [], "edits": 1}).status_code == 409
    assert editor.ask("PUT", f"/playlists/{id}/items", {"items": [{"slide": one.id, "dwell": 2}]}).get_json()["field"] == "dwell"
    assert editor.get("/playlists").get_json()["items"][0]["id"] == id
    assert editor.ask("PUT", f"/playlists/{id}/items", editor.get(f"/playlists/{id}").get_json()["items"]).status_code == 422


# --- boards and groups ------------------------------------------------------------------------------------------------

def test_a_screen_is_paired_by_its_code_and_gets_its_token(app: Flask, as_program: As, cast: Cast) -> None:
    administrator = as_program(cast.administrator)
    screen = app.test_client()
    asked = screen.post("/board/pairings", json={"screen": {"w": 1920, "h": 1080, "dpr": 1}}).get_json()
    body = {"code": asked["code"].lower(), "name": "东街社区大厅屏", "unit": cast.east.id, "panel": PANEL}
    answer = administrator.post("/boards/pair", body)
    assert answer.status_code == 201, answer.text
    told = screen.get("/board/pairing", headers={"Authorization": f"Bearer {asked['secret']}"}).get_json()
    assert told["board"] == answer.get_json()["id"]
    again = administrator.post("/boards/pair", {"code": asked["code"], "name": "又一块"})
    assert again.status_code == 409


def test_a_panel_on_which_too_little_is_readable_is_refused_with_the_distance_that_works(app: Flask, as_program: As, cast: Cast) -> None:
    administrator = as_program(cast.administrator)
    asked = app.test_client().post("/board/pairings", json={"screen": {"w": 1920, "h": 1080, "dpr": 1}}).get_json()
    body = {"code": asked["code"], "name": "门口小屏", "panel": {**PANEL, "width_mm": 220, "height_mm": 124, "distance_mm": 5000}}
    answer = administrator.post("/boards/pair", body)
    assert answer.status_code == 422
    assert answer.get_json()["field"] == "distance_mm"
    assert "最远可到" in answer.get_json()["title"]


def test_a_board_tells_what_it_should_hold_holds_and_shows(as_program: As, cast: Cast, make: Make, parts: Parts, session: Session) -> None:
    board = make.board()
    make.playlist([make.slide(state="approved")], boards=[board])
    manifest.refresh(session, parts.press, at=NOON)
    item = manifest.read(parts.store.read(board.edition or ""))["items"][0]["item"]
    boards.heartbeat(board, {"edition": board.edition, "ref_version": board.version, "item": item, "skew_ms": 40}, at=NOON)
    told = as_program(cast.editor).get(f"/boards/{board.id}").get_json()
    assert told["wanted"] == {"edition": board.edition, "version": board.version}
    assert told["held"]["edition"] == board.edition
    assert told["current"] is True
    assert told["shows"]["title"] == "冬季用气用电安全提示"
    assert told["heartbeat"] == {"skew_ms": 40}
    assert told["last_heartbeat"] == "2026-11-23T04:00:00Z"


def test_a_board_is_made_ahead_and_its_token_told_once(app: Flask, as_program: As, cast: Cast, make: Make) -> None:
    administrator = as_program(cast.administrator)
    made = administrator.post("/boards", {"name": "镜像 1", "panel": PANEL, "unit": cast.east.id}).get_json()
    assert "token" not in administrator.get(f"/boards/{made['id']}").get_json()
    heard = app.test_client().post("/board/heartbeat", json={}, headers={"Authorization": f"Bearer {made['token']}"})
    assert heard.status_code == 204
    changed = administrator.ask("PATCH", f"/boards/{made['id']}", {"name": "东街社区门口屏", "theme": "shequ"}).get_json()
    assert (changed["name"], changed["theme"], changed["panel"]) == ("东街社区门口屏", "shequ", PANEL)
    assert administrator.ask("PATCH", f"/boards/{made['id']}", {"panel": {"distance_mm": 30_000}}).status_code == 422


def test_groups_are_made_filled_and_renamed(as_program: As, cast: Cast, make: Make) -> None:
    board = make.board()
    administrator = as_program(cast.administrator)
    made = administrator.post("/groups", {"name": "大厅", "boards": [board.id]}).get_json()
    assert made["boards"] == [board.id]
    changed = administrator.ask("PATCH", f"/groups/{made['id']}", {"name": "一楼大厅", "boards": []}).get_json()
    assert (changed["name"], changed["boards"]) == ("一楼大厅", [])
    assert administrator.get("/groups").get_json()["items"][0]["name"] == "一楼大厅"
    assert administrator.ask("PATCH", f"/boards/{board.id}", {"groups": [made["id"]]}).get_json()["groups"] == [made["id"]]


def test_what_does_not_exist_is_a_404_in_problem_json(as_program: As, cast: Cast) -> None:
    administrator = as_program(cast.administrator)
    for path in ("/boards/4711", "/playlists/4711", "/uploads/4711", "/slides/4711", "/overrides/4711", "/nowhere"):
        answer = administrator.get(path)
        assert answer.status_code == 404, path
        assert answer.mimetype == "application/problem+json"
    assert administrator.ask("DELETE", "/slides").status_code == 405


def test_the_language_of_a_title_is_kept(as_program: As, cast: Cast, make: Make, session: Session) -> None:
    slide = make.slide(title="冬季用气用电安全提示")
    id = slide.id
    assert as_program(cast.editor).get(f"/slides/{id}").get_json()["title"] == "冬季用气用电安全提示"
    assert session.get(Slide, id) is not None

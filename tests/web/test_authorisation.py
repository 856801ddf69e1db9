"""Who may do what: a matrix over all routes and roles, and ids of foreign units in bodies."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from kiosk.people import ACTIONS, Actor
from kiosk.web.rights import OPEN, RIGHTS, SIGNED_IN
from tests.support.cast import Cast
from tests.support.make import NOTICE, Make
from tests.web.conftest import As, Signed

SETUP = "/setup"
ROLES = ("editor", "community", "head", "leader", "administrator", "inspector", "auditor")
PANEL = {"width_mm": 941, "height_mm": 529, "width_px": 1920, "height_px": 1080, "rotation": 0, "distance_mm": 3000}


def _rules(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule in app.url_map.iter_rules() for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            if rule.rule.startswith(("/staff", "/api"))]


def _needs(rule: Rule) -> str | None:
    return RIGHTS[rule.endpoint].action if rule.endpoint in RIGHTS else None


def _path(rule: Rule) -> str:
    values: dict[str, Any] = {name: 4711 if "Integer" in type(converter).__name__ else "a" * 40
                              for name, converter in rule._converters.items()}
    built = rule.build(values, append_unknown=False)
    assert built is not None
    return built[1]


def test_every_route_stands_in_the_table_and_the_table_names_no_other(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith(("/staff", "/api"))}
    assert there - set(RIGHTS) - set(OPEN) == set(), "an unknown route"
    assert {*RIGHTS, *OPEN} - there <= {"content.front"}


def test_what_a_route_needs_is_an_action_that_roles_can_have() -> None:
    assert {right.action for right in RIGHTS.values()} - {SIGNED_IN} <= set(ACTIONS)


def test_a_route_that_is_not_in_the_table_is_closed(app: Flask, browser: Signed, cast: Cast) -> None:
    app.add_url_rule("/staff/forgotten", "forgotten", lambda: "open")
    assert browser(cast.leader).get("/staff/forgotten").status_code == 403


def test_without_signing_in_no_route_answers(app: Flask, cast: Cast, session: Session) -> None:
    session.commit()
    client = app.test_client()
    client.get("/staff/sign-in")
    for rule, method in _rules(app):
        if _needs(rule) is None:
            continue
        answer = client.open(_path(rule), method=method)
        wanted = {401, 400, 403} if rule.rule.startswith("/api") else {303, 400, 403}
        assert answer.status_code in wanted, (method, rule.rule, answer.status_code)
        assert answer.status_code != 303 or "/staff/sign-in" in answer.headers["Location"]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_the_routes_of_its_actions_and_no_others(role: str, app: Flask, browser: Signed, as_program: As,
                                                                 cast: Cast) -> None:
    who: Actor = getattr(cast, role)
    page, program = browser(who), as_program(who)
    csrf = page.csrf()
    for rule, method in _rules(app):
        needs = _needs(rule)
        if needs in (None, "signed in"):
            continue
        if rule.rule.startswith("/api"):
            status = program.ask(method, _path(rule).removeprefix("/api/v1"), headers={"Tus-Resumable": "1.0.0"}).status_code
        else:
            data = None if method == "GET" else {"csrf_token": csrf}
            status = page.client.open(_path(rule), method=method, data=data, headers={"X-CSRFToken": csrf}).status_code
        if who.roles & ACTIONS[needs]:
            assert status not in (401, 403), (role, method, rule.rule, status)
        else:
            assert status == 403, (role, method, rule.rule, status)


# --- ids of foreign units in bodies -------------------------------------------------------------------------------------

def test_a_community_writes_only_for_itself(as_program: As, cast: Cast, make: Make) -> None:
    community = as_program(cast.community)
    slide = {"kind": "notice", "title": "居民活动", "data": NOTICE}
    assert community.post("/slides", {**slide, "unit": cast.west.id}).status_code == 403
    assert community.post("/slides", {**slide, "audience": [cast.west.id]}).status_code == 403
    assert community.post("/slides", {**slide, "audience": [cast.east.id, cast.office.id]}).status_code == 403
    assert community.post("/slides", slide).status_code == 201
    words = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    for name, id in (("unit", cast.west.id), ("audience", cast.office.id)):
        told = f"filename YS5wZGY=,{name} {_word(str(id))}"
        assert community.post("/tus", headers={**words, "Upload-Metadata": told}).status_code == 403


def test_a_strangers_slide_does_not_exist_by_any_door(as_program: As, browser: Signed, cast: Cast, make: Make) -> None:
    slide = make.slide(author=cast.second_editor, unit=cast.civil, state="submitted", audience=(cast.civil.id,))
    id, revision = slide.id, slide.latest.id
    community, page = as_program(cast.community), browser(cast.community)
    assert community.get(f"/slides/{id}").status_code == 404
    assert community.ask("PUT", f"/slides/{id}", {"title": "换个标题"}).status_code == 404
    assert community.post(f"/slides/{id}/recall", {"reason": "不该挂"}).status_code == 404
    assert community.post(f"/revisions/{revision}/submit").status_code == 404
    assert community.get("/slides").get_json()["items"] == []
    for path in (f"/staff/content/{id}", f"/staff/look/{revision}/1"):
        assert page.get(path).status_code == 404, path
    assert page.post(f"/staff/content/{id}/submit").status_code == 404


def test_a_community_neither_sees_nor_touches_another_units_playlist_boards_and_groups(as_program: As, browser: Signed, cast: Cast,
                                                                                       make: Make) -> None:
    office, west = make.slide(state="approved"), make.board(unit=cast.west)
    playlist = make.playlist([office], boards=[west])
    community, page = as_program(cast.community), browser(cast.community)
    assert community.get(f"/playlists/{playlist.id}").status_code == 404
    assert community.ask("PUT", f"/playlists/{playlist.id}/items", {"items": []}).status_code == 404
    assert community.get(f"/boards/{west.id}").status_code == 404
    assert community.get("/boards").get_json()["items"] == []
    assert community.post("/playlists", {"name": "东街", "items": [{"slide": office.id}]}).status_code == 404
    assert community.post("/playlists", {"name": "东街", "boards": [west.id]}).status_code == 404
    assert community.post("/playlists", {"name": "东街", "unit": cast.west.id}).status_code == 403
    for path in (f"/staff/playlists/{playlist.id}", f"/staff/boards/{west.id}"):
        assert page.get(path).status_code == 404, path
    assert page.post(f"/staff/playlists/{playlist.id}", {"edits": "1"}).status_code == 404
    assert page.post(f"/staff/playlists/{playlist.id}/remove").status_code == 404
    assert page.post(f"/staff/boards/{west.id}/called").status_code == 404


def test_an_upload_joins_only_playlists_of_its_senders_unit(as_program: As, cast: Cast, make: Make) -> None:
    playlist = make.playlist([])
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": f"filename YS5wZGY=,playlist {_word(str(playlist.id))}"}
    community = as_program(cast.community)
    assert community.post("/tus", headers=headers).status_code == 404
    assert community.get("/slides").get_json()["items"] == [], "a refused upload leaves no draft behind"


def test_an_editor_hangs_playlists_but_does_not_move_boards(as_program: As, browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board()
    editor, page = as_program(cast.editor), browser(cast.editor)
    assert editor.ask("PATCH", f"/boards/{board.id}", {"name": "我的屏"}).status_code == 403
    assert editor.post("/boards", {"name": "新屏", "panel": PANEL}).status_code == 403
    assert editor.post("/groups", {"name": "大厅"}).status_code == 403
    for path in ("change", "tell", "end", "pair"):
        assert page.post(f"/staff/boards/{board.id}/{path}").status_code == 403, path


def test_an_administrator_runs_boards_but_writes_and_approves_nothing(as_program: As, cast: Cast, make: Make) -> None:
    revision = make.slide(state="submitted").latest.id
    administrator = as_program(cast.administrator)
    assert administrator.post(f"/revisions/{revision}/approve").status_code == 403
    assert administrator.post("/slides", {"kind": "notice", "title": "通知", "data": NOTICE}).status_code == 403


def _word(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_community_clerk_sees_no_page_as_a_foreign_board_would_draw_it(browser, cast, make, session):
    foreign = make.board(unit=cast.west)
    session.commit()
    answer = browser(cast.community).get(f"/staff/content/blank?board={foreign.id}")
    assert answer.status_code == 404

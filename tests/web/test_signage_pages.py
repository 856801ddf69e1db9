"""The pages of playlists, boards, groups and pairing, as a person uses them without a script."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from kiosk.base.clock import now
from kiosk.base.db import Database
from kiosk.parts import Parts
from kiosk.signage import boards, manifest, playlists
from kiosk.signage.boards import Board
from kiosk.signage.playlists import Playlist
from tests.support.cast import Cast
from tests.support.doors import Browser
from tests.support.make import Make
from tests.web.conftest import Signed


def _order(database: Database, id: int) -> list[tuple[int, float | None]]:
    with database.read() as session:
        return [(item.slide_id, item.dwell) for item in playlists.playlist(session, id).items]


def _two(make: Make, board: Board | None = None) -> tuple[Playlist, int, int]:
    one, two = make.slide(state="approved", title="停水通知"), make.slide(state="approved", title="医保参保")
    return make.playlist([one, two], boards=[board] if board else []), one.id, two.id


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within two seconds")


def _pairing(app: Flask, width: int = 1920, height: int = 1080) -> tuple[str, str]:
    asked = app.test_client().post("/board/pairings", json={"screen": {"w": width, "h": height, "dpr": 1}}).get_json()
    return asked["code"], asked["secret"]


# --- playlists --------------------------------------------------------------------------------------------------------

def test_the_button_down_moves_an_item_without_a_script(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    playlist, one, two = _two(make)
    mine = browser(cast.editor)
    rows = {"slide": [one, two], "dwell": ["", "20"], "edits": playlist.edits, "move": "0:down"}
    assert mine.post(f"/staff/playlists/{playlist.id}", rows).status_code == 303
    assert _order(parts.database, playlist.id) == [(two, 20.0), (one, None)]


def test_the_order_in_which_rows_stand_is_saved_with_their_seconds(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    playlist, one, two = _two(make)
    mine = browser(cast.editor)
    mine.post(f"/staff/playlists/{playlist.id}", {"slide": [two, one], "dwell": ["30", ""], "edits": playlist.edits})
    assert _order(parts.database, playlist.id) == [(two, 30.0), (one, None)]
    removed = {"slide": [two, one], "dwell": ["30", ""], "edits": playlist.edits + 1, "move": "0:remove"}
    mine.post(f"/staff/playlists/{playlist.id}", removed)
    assert _order(parts.database, playlist.id) == [(one, None)]


def test_who_saves_after_somebody_else_is_told_and_overwrites_nothing(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    playlist, one, two = _two(make)
    mine = browser(cast.editor)
    mine.post(f"/staff/playlists/{playlist.id}", {"slide": [two, one], "dwell": ["", ""], "edits": playlist.edits})
    late = mine.post(f"/staff/playlists/{playlist.id}", {"slide": [one], "dwell": [""], "edits": playlist.edits})
    assert late.status_code == 409
    assert "别人改过这个列表" in late.text
    assert [slide for slide, _ in _order(parts.database, playlist.id)] == [two, one]


@pytest.mark.parametrize("dwell", ["2", "9999", "许久"])
def test_a_dwell_that_cannot_be_is_refused_in_a_sentence(dwell: str, browser: Signed, cast: Cast, make: Make) -> None:
    playlist, one, _ = _two(make)
    answer = browser(cast.editor).post(f"/staff/playlists/{playlist.id}", {"slide": [one], "dwell": [dwell], "edits": playlist.edits})
    assert answer.status_code == 422
    assert "停留时间" in answer.text


def test_a_round_that_takes_too_long_is_said_on_the_page(browser: Signed, cast: Cast, make: Make, parts: Parts, session: Session) -> None:
    playlist, one, _ = _two(make)
    playlists.set_items(session, playlist, [playlists.Entry(one, 600)], by=cast.editor, at=now())
    text = browser(cast.editor).get(f"/staff/playlists/{playlist.id}").text
    assert "10 分 00 秒" in text
    assert "太长" in text


def test_slides_are_added_at_the_end_and_a_playlist_is_hung(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    board, extra = make.board(), make.slide(state="approved", title="招聘网格员")
    playlist, one, two = _two(make)
    mine = browser(cast.editor)
    assert "招聘网格员" in mine.get(f"/staff/playlists/{playlist.id}/add").text
    mine.post(f"/staff/playlists/{playlist.id}/add", {"slide": [extra.id]})
    assert [slide for slide, _ in _order(parts.database, playlist.id)] == [one, two, extra.id]
    assert mine.post(f"/staff/playlists/{playlist.id}/add", {}).status_code == 422
    mine.post(f"/staff/playlists/{playlist.id}/places", {"board": [board.id]})
    with parts.database.read() as session:
        assert [each.id for each in playlists.boards_of(playlists.playlist(session, playlist.id))] == [board.id]


def test_placing_leaves_what_other_hands_hung(browser: Signed, cast: Cast, make: Make, parts: Parts, session: Session) -> None:
    west, east = make.board(unit=cast.west), make.board(unit=cast.east)
    playlist = playlists.make(session, "东街居务", unit=cast.east, by=cast.community, at=now())
    session.flush()
    playlists.place(session, playlist, groups=[], boards=[west], by=None, at=now())
    browser(cast.community).post(f"/staff/playlists/{playlist.id}/places", {"board": [east.id]})
    with parts.database.read() as short:
        assert {each.id for each in playlists.boards_of(playlists.playlist(short, playlist.id))} == {west.id, east.id}


def test_a_list_is_made_renamed_and_removed_and_its_slides_stay(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    mine = browser(cast.editor)
    made = mine.post("/staff/playlists", {"name": "大厅主列表", "unit": cast.office.id})
    page = made.headers["Location"]
    assert "列表还是空的" in mine.get(page).text
    assert mine.post("/staff/playlists", {"name": ""}).status_code == 422
    mine.post(f"{page}/name", {"name": "一楼主列表"})
    assert "一楼主列表" in mine.get("/staff/playlists").text
    mine.post(f"{page}/remove")
    assert "一楼主列表" not in mine.client.get("/staff/playlists").text.replace("“一楼主列表”删了", "")


# --- boards -----------------------------------------------------------------------------------------------------------

def test_what_needs_doing_stands_first(browser: Signed, cast: Cast, make: Make, parts: Parts, session: Session) -> None:
    quiet, fine = make.board(), make.board(unit=cast.east)
    make.playlist([make.slide(state="approved")], boards=[quiet, fine])
    manifest.refresh(session, parts.press, at=now())
    for board, ago in ((quiet, timedelta(hours=1, minutes=40)), (fine, timedelta(seconds=5))):
        boards.heartbeat(board, {"edition": board.edition, "ref_version": board.version, "item": "1.1"}, at=now() - ago)
    text = browser(cast.administrator).get("/staff/boards").text
    assert "2 块屏，1 块在线。先处理大厅1号屏：1 小时 40 分没有消息。" in text
    assert text.index("要处理") < text.index("大厅1号屏", text.index("要处理")) < text.index("东街社区")
    assert text.count("怎么办") == 1


def test_a_silent_board_is_called_about_and_it_is_written_down(browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board()
    boards.heartbeat(board, {}, at=now() - timedelta(hours=3))
    mine = browser(cast.administrator)
    assert "照这个顺序看" in mine.get(f"/staff/boards/{board.id}").text
    mine.post(f"/staff/boards/{board.id}/called")
    assert "打过电话" in mine.get(f"/staff/boards/{board.id}").text


def test_a_board_says_what_it_shows_and_which_edition_it_holds(browser: Signed, cast: Cast, make: Make, parts: Parts,
                                                               session: Session) -> None:
    board = make.board()
    make.playlist([make.slide(state="approved", title="停水通知")], boards=[board])
    manifest.refresh(session, parts.press, at=now())
    boards.heartbeat(board, {"edition": board.edition, "ref_version": board.version, "item": "1.1"}, at=now())
    text = browser(cast.inspector).get(f"/staff/boards/{board.id}").text
    assert "现在：停水通知，第 1 页" in text
    assert text.count((board.edition or "")[:8]) == 2
    assert "拆除" not in text, "an inspector looks and changes nothing"


def test_a_command_reaches_the_socket_of_the_board_and_no_other(app: Flask, browser: Signed, cast: Cast, make: Make,
                                                                parts: Parts) -> None:
    board = make.board()
    mine = browser(cast.administrator)
    near, far = socket.socketpair()
    with near:
        parts.reactor.adopt(far, board.id, None, since=now())
        wait_until(lambda: board.id in parts.reactor.connected())
        assert mine.post(f"/staff/boards/{board.id}/tell", {"do": "shout"}).status_code == 422
        assert mine.post(f"/staff/boards/{board.id}/tell", {"do": "identify"}).status_code == 303
        app.extensions["running"].follower.run_once()
        near.settimeout(5)
        assert b'"do": "identify"' in near.recv(500)
        parts.reactor.stop()


def test_changing_the_distance_beyond_what_is_readable_keeps_what_was_typed(browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board()
    form = {"name": "一楼大厅东侧屏", "unit": cast.office.id, "inches": "43", "distance_mm": "19", "width_px": "1920", "height_px": "1080",
            "rotation": "0", "theme": "zhengwu", "overscan": "0"}
    mine = browser(cast.administrator)
    refused = mine.post(f"/staff/boards/{board.id}/change", form)
    assert refused.status_code == 422
    assert "最远可到" in refused.text
    assert 'value="一楼大厅东侧屏"' in refused.text
    assert 'value="19"' in refused.text
    assert mine.post(f"/staff/boards/{board.id}/change", {**form, "distance_mm": "2.5"}).status_code == 303
    assert "看距 2.5 米" in mine.get(f"/staff/boards/{board.id}").text


def test_a_board_that_is_taken_down_is_gone_and_its_token_dead(app: Flask, browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board(token="kb_alt")
    mine = browser(cast.administrator)
    mine.post(f"/staff/boards/{board.id}/end")
    assert mine.get(f"/staff/boards/{board.id}").status_code == 404
    assert app.test_client().get("/board/ref", headers={"Authorization": "Bearer kb_alt"}).status_code == 401


# --- pairing ----------------------------------------------------------------------------------------------------------

def _pair(mine: Browser, code: str, unit: int, **more: str) -> tuple[int, str, str]:
    form = {"code": code, "name": "东街社区　服务窗口屏", "unit": unit, "inches": "43", "distance_mm": "3", "width_px": "", "height_px": "",
            "rotation": "0", **more}
    answer = mine.post("/staff/boards/new", form)
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def test_three_fields_and_the_board_plays_what_its_unit_plays(app: Flask, browser: Signed, cast: Cast, make: Make, parts: Parts,
                                                              session: Session) -> None:
    old = make.board(unit=cast.east)
    group = boards.add_group(session, "社区", unit=cast.office, by=None, at=now())
    boards.set_members(session, group, [old], by=None, at=now())
    make.playlist([make.slide(state="approved")], groups=[group])
    mine = browser(cast.administrator)
    code, secret = _pairing(app, 1080, 1920)
    status, page, _ = _pair(mine, code.lower(), cast.east.id)
    assert status == 303
    assert "43 寸竖放" in mine.get(page).text, "the screen's own pixels say how it hangs"
    told = app.test_client().get("/board/pairing", headers={"Authorization": f"Bearer {secret}"}).get_json()
    with parts.database.write() as short:
        manifest.refresh(short, parts.press, at=now())
        assert boards.board(short, told["board"]).edition is not None


def test_a_wrong_code_and_a_distance_too_great_are_told_on_the_form(app: Flask, browser: Signed, cast: Cast) -> None:
    mine = browser(cast.administrator)
    status, _, text = _pair(mine, "ZZZZZZ", cast.east.id)
    assert status == 404
    assert "没有找到这个代码" in text
    assert "东街社区　服务窗口屏" in text
    code, _ = _pairing(app)
    status, _, text = _pair(mine, code, cast.east.id, inches="12", distance_mm="8")
    assert status == 422
    assert re.search(r"最远可到 [\d.]+ 米", text)
    assert f'value="{code}"' in text


def test_the_form_can_ask_which_screen_a_code_is(app: Flask, browser: Signed, cast: Cast) -> None:
    mine = browser(cast.administrator)
    code, _ = _pairing(app, 3840, 2160)
    told = mine.get(f"/staff/boards/waiting.json?code={code}").get_json()
    assert (told["w"], told["h"]) == (3840, 2160)
    assert "分钟后失效" in told["told"]
    unknown = mine.get("/staff/boards/waiting.json?code=ZZZZZZ")
    assert (unknown.status_code, "没有找到这个代码" in unknown.get_json()["told"]) == (404, True)


def test_another_pc_takes_the_boards_place_and_the_old_one_is_cut_off(app: Flask, browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board(token="kb_alt")
    boards.heartbeat(board, {}, at=now())
    mine = browser(cast.administrator)
    code, secret = _pairing(app)
    assert mine.post(f"/staff/boards/{board.id}/pair", {"code": code}).status_code == 303
    client = app.test_client()
    told = client.get("/board/pairing", headers={"Authorization": f"Bearer {secret}"}).get_json()
    assert told["board"] == board.id
    assert client.post("/board/heartbeat", json={}, headers={"Authorization": f"Bearer {told['token']}"}).status_code == 204
    assert client.post("/board/heartbeat", json={}, headers={"Authorization": "Bearer kb_alt"}).status_code == 401


# --- groups -----------------------------------------------------------------------------------------------------------

def test_groups_are_made_filled_and_renamed(browser: Signed, cast: Cast, make: Make) -> None:
    board = make.board()
    mine = browser(cast.administrator)
    page = mine.post("/staff/boards/groups", {"name": "大厅", "unit": cast.office.id}).headers["Location"]
    mine.post(page, {"name": "一楼大厅", "board": [board.id]})
    text = mine.get("/staff/boards/groups").text
    assert "一楼大厅" in text
    assert "大厅1号屏" in text


# --- how long people wait ---------------------------------------------------------------------------------------------

def _lasting(make: Make, session: Session, cast: Cast, *lasts: tuple[str, float], boards: list[Board] | None = None,
             name: str = "大厅主列表") -> Playlist:
    """A list whose items stay so many seconds, each one page."""
    made = [make.slide(state="approved", title=title) for title, _ in lasts]
    playlist = make.playlist(made, boards=boards, name=name)
    entries = [playlists.Entry(slide.id, seconds) for slide, (_, seconds) in zip(made, lasts, strict=True)]
    playlists.set_items(session, playlist, entries, by=cast.editor, at=now())
    session.flush()
    return playlist


def _aside(text: str, id: str) -> str:
    found = re.search(rf'<p[^>]* id="{id}"[^>]*>(.*?)</p>|<p id="{id}"[^>]*>(.*?)</p>', text, re.S)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1] or found[2] or "").strip()


def test_the_fewest_items_to_move_are_named_and_what_is_left(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    items = (("停水通知", 40.0), ("低保政策", 200.0), ("办事流程", 150.0), ("招聘网格员", 60.0))
    playlist = _lasting(make, session, cast, *items, boards=[make.board()])
    text = browser(cast.editor).get(f"/staff/playlists/{playlist.id}").text
    assert _aside(text, "move") == "把“低保政策”移到挂在别的屏上的列表，一轮就是 4 分 10 秒。"
    assert "居民最多等这么久" in _aside(text, "wait")


def test_a_short_round_asks_for_nothing(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    playlist = _lasting(make, session, cast, ("停水通知", 40.0), ("低保政策", 200.0), boards=[make.board()])
    text = browser(cast.editor).get(f"/staff/playlists/{playlist.id}").text
    assert _aside(text, "move") == ""
    assert "太长" not in _aside(text, "advice")


def test_where_three_do_not_help_several_lists_are_asked_for(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    playlist = _lasting(make, session, cast, *((f"政策{at}", 180.0) for at in range(5)), boards=[make.board()])
    told = _aside(browser(cast.editor).get(f"/staff/playlists/{playlist.id}").text, "move")
    assert told == "把“政策0”“政策1”“政策2”移走，一轮还要 6 分 00 秒。请分成几个列表，挂在不同的屏上。"


def test_an_item_that_is_too_long_by_itself_is_to_be_divided(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    playlist = _lasting(make, session, cast, ("低保政策", 400.0), boards=[make.board()])
    told = _aside(browser(cast.editor).get(f"/staff/playlists/{playlist.id}").text, "move")
    assert told == "“低保政策”自己就要 6 分 40 秒，请分成几件。"


def test_people_wait_for_every_list_of_the_board(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    quiet, busy = make.board(), make.board()
    mine = _lasting(make, session, cast, ("停水通知", 40.0), ("低保政策", 100.0), boards=[quiet, busy])
    _lasting(make, session, cast, ("办事流程", 200.0), boards=[busy], name="办事指南")
    editor = browser(cast.editor)
    text = editor.get(f"/staff/playlists/{mine.id}").text
    assert _aside(text, "wait") == f"“{busy.name}”上还轮着播“办事指南”，居民最多等 5 分 40 秒，才能看全一轮。"
    assert _aside(text, "move") == "把“低保政策”移到挂在别的屏上的列表，一轮就是 4 分 00 秒。"
    assert "连同屏的列表共 5 分 40 秒" in editor.get("/staff/playlists").text
    assert "5 分 40 秒" in browser(cast.administrator).get(f"/staff/boards/{busy.id}").text
    assert "建议不超过" not in browser(cast.administrator).get(f"/staff/boards/{quiet.id}").text


def test_where_the_other_lists_alone_take_too_long_that_is_said(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    board = make.board()
    mine = _lasting(make, session, cast, ("停水通知", 40.0), boards=[board])
    _lasting(make, session, cast, ("办事流程", 320.0), boards=[board], name="办事指南")
    told = _aside(browser(cast.editor).get(f"/staff/playlists/{mine.id}").text, "move")
    assert told == "光是同屏别的列表就要 5 分 20 秒，请让它们少挂这块屏。"


def test_what_a_board_may_not_show_takes_no_time_there(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    board = make.board(unit=cast.east)
    slide = make.slide(state="approved", title="西街的事", audience=(cast.west.id,))
    playlist = make.playlist([slide], boards=[board])
    text = browser(cast.editor).get(f"/staff/playlists/{playlist.id}").text
    assert "不给这块屏看，这里不播" in text
    assert ">0 秒<" in text

"""The pages of what plays when, without a script: the week, the form of a campaign, moving, the names of hours, and their answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kiosk.base.clock import Zone, now
from kiosk.base.db import Database
from kiosk.parts import Parts
from kiosk.signage import campaigns, manifest, playlists
from kiosk.signage.boards import Board
from kiosk.signage.campaigns import Plan, rule_of
from kiosk.signage.playlists import Campaign, Level, Playlist
from kiosk.signage.rules import Days, Hours, Rule
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import Make
from tests.web.conftest import As, Signed

TOMORROW = Zone().day(now()) + timedelta(days=1)


def _form(playlist: Playlist, board: Board, **more: Any) -> dict[str, Any]:
    told = {"playlist": playlist.id, "days": "working", "hours": "own", "from": ["8:30", "13:30"], "to": ["12:00", "17:30"], "level": "1"}
    return {**told, "board": board.id, **more}


def _list(make: Make, name: str = "主列表", board: Board | None = None) -> Playlist:
    return make.playlist([make.slide(state="approved", title=name)], name=name, boards=[board] if board else [])


def _campaign(session: Session, cast: Cast, make: Make, board: Board, rule: Rule | None = None, name: str = "主列表") -> Campaign:
    plan = Plan(rule or Rule(Days.ALL, hours=(Hours(510, 720),)), Level.PREFERRED, boards=[board])
    made = campaigns.add(session, _list(make, name), plan, by=cast.editor, at=NOON)
    session.flush()
    return made


def _rules(database: Database) -> list[Rule]:
    with database.read() as short:
        return [rule_of(each) for each in campaigns.campaigns(short)]


# --- the form -----------------------------------------------------------------------------------------------------------

def test_a_campaign_is_added_and_the_week_shows_it(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    board = make.board()
    playlist = _list(make)
    mine = browser(cast.editor)
    assert mine.post("/staff/schedule/new", _form(playlist, board)).status_code == 303
    assert _rules(parts.database) == [Rule(Days.WORKING, hours=(Hours(510, 720), Hours(810, 1050)))]
    page = mine.get(f"/staff/schedule?on=b{board.id}").text
    assert "主列表" in page and "优先播" in page


def test_the_sentence_says_what_it_means_before_it_is_saved(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    board, playlist = make.board(), _list(make)
    mine = browser(cast.editor)
    told = mine.post("/staff/schedule/new", _form(playlist, board, first="2031-11-25", then="look")).text
    assert f"2031年11月25日起，每个工作日 08:30—12:00、13:30—17:30，{board.name}只播“主列表”。" in told
    assert "先按周一至周五上班算" in told and _rules(parts.database) == []
    monthly = _form(playlist, board, days="recurring", first="2026-11-25", rrule="FREQ=MONTHLY;BYMONTHDAY=1,15")
    said = mine.post("/staff/schedule/sentence", monthly)
    assert "每月 1 日、15 日" in said.text and "接下来在这些天播" in said.text
    wrong = mine.post("/staff/schedule/sentence", _form(playlist, board, days="recurring", first="2026-11-25", rrule="每月"))
    assert wrong.status_code == 200 and "重复规则看不懂" in wrong.text


@pytest.mark.parametrize(("wrong", "words"), [
    ({"from": ["早上"], "to": ["12:00"]}, "时间看不懂"), ({"from": ["25:00"], "to": ["26:00"]}, "时间要在 00:00 到 24:00 之间"),
    ({"from": ["8:30"], "to": ["8:30"]}, "同一个时刻"), ({"days": "weekdays"}, "至少勾选一个星期几"), ({"days": "x"}, "请选在哪些日子播"),
    ({"weekday": "9", "days": "weekdays"}, "没有这样的星期几"),
    ({"days": "recurring", "rrule": "FREQ=HOURLY", "first": "1-1"}, "重复规则看不懂"),
    ({"days": "recurring", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "first": "1-1"}, "一天也轮不到"),
    ({"first": "12月2日", "last": "12月1日"}, "结束那天在开始之前"), ({"first": "后天"}, "日期看不懂"),
    ({"without": "2月31日"}, "没有这一天"),
    ({"level": "7"}, "没有这种先后"), ({"level": "很先"}, "这里要填一个数字"), ({"board": []}, "请选它在哪些屏上播"),
    ({"hours": "d99"}, "没有这个时段名"), ({"hours": "dx"}, "这里要填一个数字"), ({"playlist": "x"}, "这里要填一个数字"),
])
def test_what_cannot_be_meant_is_told_and_nothing_is_kept(browser: Signed, cast: Cast, make: Make, parts: Parts, wrong: dict[str, Any],
                                                          words: str) -> None:
    board, playlist = make.board(), _list(make)
    answer = browser(cast.editor).post("/staff/schedule/new", {**_form(playlist, board), **wrong})
    assert answer.status_code in (404, 422) and words in answer.text
    assert _rules(parts.database) == []


def test_strangers_boards_and_lists_are_not_taken(browser: Signed, cast: Cast, make: Make, session: Session, parts: Parts) -> None:
    own_list = playlists.make(session, "东街的", unit=cast.east, by=cast.community, at=NOON)
    here, there, offices = make.board(unit=cast.east), make.board(unit=cast.west), _list(make)
    session.flush()
    mine = browser(cast.community)
    assert mine.post("/staff/schedule/new", _form(own_list, there)).status_code == 404
    assert mine.post("/staff/schedule/new", _form(offices, here)).status_code == 404
    assert mine.post("/staff/schedule/new", _form(own_list, here, group="77")).status_code == 404
    assert mine.post("/staff/schedule/new", _form(own_list, here)).status_code == 303
    assert mine.get(f"/staff/schedule?on=b{there.id}").status_code == 404


def test_a_campaign_is_changed_once_and_the_late_one_is_told(browser: Signed, cast: Cast, make: Make, session: Session,
                                                             parts: Parts) -> None:
    board = make.board()
    made = _campaign(session, cast, make, board)
    mine, path = browser(cast.editor), f"/staff/schedule/{made.id}"
    assert "08:30" in mine.get(path).text
    changed = _form(made.playlist, board, days="off", edits="0")
    assert mine.post(path, changed).status_code == 303
    late = mine.post(path, changed)
    assert late.status_code == 409 and "别人改过这个时段" in late.text
    assert _rules(parts.database)[0].days is Days.OFF
    assert mine.post(f"{path}/remove").status_code == 303 and _rules(parts.database) == []


# --- moving -------------------------------------------------------------------------------------------------------------

def test_a_shift_asks_in_words_which_days_are_meant(browser: Signed, cast: Cast, make: Make, session: Session, parts: Parts) -> None:
    board = make.board()
    made = _campaign(session, cast, make, board)
    mine, day = browser(cast.editor), TOMORROW.isoformat()
    path, told = f"/staff/schedule/{made.id}/move", {"day": day, "part": "0", "edits": "0", "on": f"b{board.id}", "shift": "15"}
    asked = mine.post(path, told)
    assert asked.status_code == 200 and "只改这一天" in asked.text and "每天都改" in asked.text
    assert _rules(parts.database)[0].hours == (Hours(510, 720),)
    assert mine.post(path, {**told, "shift": "", "start": "525", "end": "735", "to": day, "how": "once"}).status_code == 303
    assert {(rule.hours, rule.first) for rule in _rules(parts.database)} == {((Hours(510, 720),), None), ((Hours(525, 735),), TOMORROW)}
    assert TOMORROW in _rules(parts.database)[0].without


def test_a_campaign_of_one_day_is_moved_without_a_question(browser: Signed, cast: Cast, make: Make, session: Session, parts: Parts) -> None:
    made = _campaign(session, cast, make, make.board(), Rule(hours=(Hours(510, 720),), first=TOMORROW, last=TOMORROW))
    mine = browser(cast.editor)
    answer = mine.post(f"/staff/schedule/{made.id}/move", {"day": TOMORROW.isoformat(), "part": "0", "shift": "-15"})
    assert answer.status_code == 303 and f"#c{made.id}-{TOMORROW}" in answer.location
    assert _rules(parts.database)[0].hours == (Hours(495, 705),)


@pytest.mark.parametrize(("wrong", "words"), [({"day": "x"}, "日期看不懂"), ({"part": "3"}, "别人改过这个时段"),
                                              ({"shift": "-600"}, "出了这一天"), ({"start": "1", "end": "0"}, "出了这一天")])
def test_what_cannot_be_moved_is_told(browser: Signed, cast: Cast, make: Make, session: Session, wrong: dict[str, str], words: str) -> None:
    made = _campaign(session, cast, make, make.board())
    answer = browser(cast.editor).post(f"/staff/schedule/{made.id}/move", {"day": TOMORROW.isoformat(), "part": "0", "how": "all", **wrong})
    assert answer.status_code == 422 and words in answer.text


# --- the moment, and why a slide does not play --------------------------------------------------------------------------

def test_the_panel_tells_what_hangs_at_a_moment_to_come_and_why(browser: Signed, cast: Cast, make: Make, session: Session,
                                                                 parts: Parts) -> None:
    board = make.board()
    _list(make, "平时的", board)
    _campaign(session, cast, make, board)
    mine = browser(cast.editor)
    during = mine.get(f"/staff/schedule/moment?on=b{board.id}&at={TOMORROW}T10:00").text
    assert "优先播“主列表”" in during and "没有紧急插播" in during
    assert "平时一直挂的“平时的”" in mine.get(f"/staff/schedule/moment?on=b{board.id}&day={TOMORROW}&time=12:00").text
    told = mine.get(f"/staff/schedule/moment?on=b{board.id}&day=后天")
    assert told.status_code == 200 and "日期看不懂" in told.text


def test_the_past_is_told_from_what_was_kept(browser: Signed, cast: Cast, make: Make, session: Session, parts: Parts) -> None:
    board = make.board()
    _list(make, "昨天挂的", board)
    session.flush()
    manifest.refresh(session, parts.press, at=now() - timedelta(days=1))
    at = parts.zone.local(now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    page = browser(cast.inspector).get(f"/staff/schedule?on=b{board.id}&at={at}").text
    assert "那一刻挂的是" in page and "昨天挂的" in page and "屏没有留下这一分钟的播放记录" in page


def test_the_slides_page_says_why_it_is_not_playing(browser: Signed, cast: Cast, make: Make, session: Session) -> None:
    board, slide = make.board(), make.slide(state="approved")
    make.playlist([slide], boards=[board])
    page = browser(cast.editor).get(f"/staff/content/{slide.id}").text
    assert "现在为什么没在播" in page and "还没有连过" in page


# --- the names of hours -------------------------------------------------------------------------------------------------

def test_hours_get_a_name_and_whoever_uses_it_follows(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    board, playlist = make.board(), _list(make)
    mine = browser(cast.editor)
    assert mine.post("/staff/schedule/dayparts", {"name": "午休", "from": ["12:00", ""], "to": ["13:30", ""]}).status_code == 303
    assert mine.post("/staff/schedule/new", _form(playlist, board, hours="d1")).status_code == 303
    assert mine.post("/staff/schedule/dayparts/1", {"name": "午休", "from": "11:30", "to": "13:30"}).status_code == 303
    assert _rules(parts.database)[0].hours == (Hours(690, 810),)
    used = mine.post("/staff/schedule/dayparts/1/remove")
    assert used.status_code == 409 and "还有 1 个时段在用" in used.text
    empty = mine.post("/staff/schedule/dayparts", {"name": "空的", "from": "", "to": ""})
    assert empty.status_code == 422 and "请写从几点到几点" in empty.text


# --- lists: turns, limits, transitions, gaps, step ----------------------------------------------------------------------

def test_an_items_turns_and_limit_are_kept_and_bad_ones_refused(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    playlist = make.playlist([make.slide(state="approved"), make.slide(state="approved")])
    one, two = (item.slide_id for item in playlist.items)
    mine, path = browser(cast.editor), f"/staff/playlists/{playlist.id}"
    rows = {"slide": [one, two], "dwell": ["", ""], "weight": ["3", "1"], "hourly": ["", "4"]}
    assert mine.post(path, rows).status_code == 303
    with parts.database.read() as short:
        assert [(item.weight, item.hourly) for item in playlists.playlist(short, playlist.id).items] == [(3, None), (1, 4)]
    assert mine.post(path, {**rows, "weight": ["99", "1"]}).status_code == 422
    assert mine.post(path, {**rows, "hourly": ["一次", ""]}).status_code == 422
    assert mine.post(f"{path}/transition", {"transition": "slide"}).status_code == 303
    assert mine.post(f"{path}/transition", {"transition": "旋转"}).status_code == 422


def test_a_list_fills_gaps_without_leaving_where_it_hangs(browser: Signed, cast: Cast, make: Make, parts: Parts) -> None:
    one, two = make.board(), make.board()
    playlist = _list(make, "垫片", one)
    mine = browser(cast.editor)
    assert mine.post(f"/staff/playlists/{playlist.id}/places", {"how": "gap", "board": two.id}).status_code == 303
    with parts.database.read() as short:
        there = playlists.playlist(short, playlist.id).placements
        assert {(each.board_id, each.gap) for each in there} == {(one.id, False), (two.id, True)}
    assert mine.post(f"/staff/playlists/{playlist.id}/places", {"how": "墙外", "board": two.id}).status_code == 422


def test_a_group_is_put_in_step_by_an_administrator(browser: Signed, cast: Cast, make: Make, parts: Parts, session: Session) -> None:
    board = make.board()
    mine = browser(cast.administrator)
    made = mine.post("/staff/boards/groups", {"name": "大厅", "unit": cast.office.id})
    assert mine.post(made.location, {"name": "大厅", "board": board.id, "in_step": "1"}).status_code == 303
    assert "checked" in mine.get(made.location).text.split('name="in_step"')[1][:60]


# --- programs -----------------------------------------------------------------------------------------------------------

def test_a_program_makes_changes_and_removes_campaigns(as_program: As, cast: Cast, make: Make) -> None:
    board, playlist = make.board(), _list(make)
    mine = as_program(cast.editor)
    rule = {"days": "weekdays", "weekdays": [0, 2], "hours": [[540, 720]]}
    made = mine.post("/campaigns", {"playlist": playlist.id, "rule": rule, "level": "alone", "boards": [board.id]})
    assert made.status_code == 201 and made.get_json()["level"] == "alone" and made.get_json()["rule"]["weekdays"] == [0, 2]
    path = f"/campaigns/{made.get_json()['id']}"
    assert mine.ask("PATCH", path, {"level": "usual", "edits": 0}).get_json()["edits"] == 1
    assert mine.ask("PATCH", path, {"level": "usual", "edits": 0}).status_code == 409
    for bad in ({"hours": [[1]]}, {"first": "morgen"}, {"days": "weekdays"}, {"hours": [[-5, 20]]}):
        assert mine.ask("PATCH", path, {"rule": bad}).status_code == 422
    assert [each["boards"] for each in mine.get("/campaigns").get_json()["items"]] == [[board.id]]
    assert mine.ask("DELETE", path).status_code == 200 and mine.get(path).status_code == 404
    assert mine.get(f"/playlists/{playlist.id}").get_json()["boards"] == []

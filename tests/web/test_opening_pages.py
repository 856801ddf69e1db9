"""A unit's opening hours and a board's layout, as administrators write them."""

from __future__ import annotations

import pytest

from kiosk import people
from kiosk.signage import manifest
from tests.conftest import NOON

WORDS = {"name": "东街社区", "short": "东街", "phone": "", "hours": "", "place": ""}
OWN = {**WORDS, "opening": "own", "working_from": ["8:30", "13点半"], "working_to": ["12：00", "1730"], "off_from": ["9:00", ""],
       "off_to": ["11:00", ""]}


def board_form(board, **more):
    return {"name": board.name, "unit": str(board.unit_id), "inches": "43", "distance_mm": "3", "width_px": "1920", "height_px": "1080",
            "rotation": "0", "overscan": "0", "theme": "zhengwu", **more}


# --- opening hours --------------------------------------------------------------------------------------------------------------

def test_hours_are_written_as_people_write_them(session, browser, cast):
    mine = browser(cast.administrator)
    assert mine.post(f"/staff/units/{cast.east.id}", OWN).status_code == 303
    session.refresh(cast.east)
    assert cast.east.opening == {"working": [[510, 720], [810, 1050]], "off": [[540, 660]]}
    assert 'value="13:30"' in mine.get(f"/staff/units/{cast.east.id}").text


def test_a_unit_that_says_nothing_follows_the_one_above_and_the_page_says_so(session, browser, cast):
    cast.office.opening = {"working": [[510, 1050]], "off": []}
    mine = browser(cast.administrator)
    assert "工作日 08:30—17:30，休息日不开门" in mine.get(f"/staff/units/{cast.east.id}").text
    mine.post(f"/staff/units/{cast.east.id}", {**OWN, "opening": "above"})
    session.refresh(cast.east)
    assert cast.east.opening is None
    assert people.opening_of(session, cast.east) == (cast.office, cast.office.opening)


@pytest.mark.parametrize(("wrong", "said"), [
    ({"working_from": ["早上", ""]}, "时间看不懂"), ({"working_to": ["25:00", ""]}, "时间要在 00:00 到 24:00 之间"),
    ({"working_from": ["9:00", ""], "working_to": ["9:00", ""]}, "同一个时刻"),
    ({"working_from": ["", ""], "working_to": ["", ""], "off_from": ["", ""], "off_to": ["", ""]}, "一段也没有写")])
def test_what_is_no_time_is_told_beside_its_row_and_what_was_typed_stays(session, browser, cast, wrong, said):
    answer = browser(cast.administrator).post(f"/staff/units/{cast.east.id}", {**OWN, **wrong})
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{text}"' in answer.text for texts in wrong.values() for text in texts if text)
    session.refresh(cast.east)
    assert cast.east.opening is None


def test_past_midnight_ends_on_the_next_day(session, browser, cast):
    browser(cast.administrator).post(f"/staff/units/{cast.east.id}", {**OWN, "working_from": ["18:00", ""], "working_to": ["2:00", ""]})
    session.refresh(cast.east)
    assert cast.east.opening["working"] == [[1080, 120]]


def test_other_hours_move_the_refs_of_boards_that_follow_them(session, browser, make, cast, parts):
    board = make.board(unit=cast.east)
    board.sleeps = True
    session.flush()
    manifest.refresh(session, parts.press, at=NOON)
    before = board.edition
    browser(cast.administrator).post(f"/staff/units/{cast.east.id}", OWN)
    session.expire_all()
    manifest.refresh(session, parts.press, at=NOON)
    assert board.edition != before
    assert "power" in manifest.read(parts.store.read(board.edition))


def test_only_who_looks_after_the_unit_writes_its_hours(session, browser, cast):
    assert browser(cast.editor).post(f"/staff/units/{cast.east.id}", OWN).status_code in (403, 404)


# --- layout and sleep on the board's form -----------------------------------------------------------------------------------

def test_a_board_takes_a_layout_and_goes_dark_outside_the_opening_hours(session, browser, make, cast):
    board = make.board()
    mine = browser(cast.administrator)
    assert mine.post(f"/staff/boards/{board.id}/change", board_form(board, layout="side", sleeps="1")).status_code == 303
    session.refresh(board)
    assert (board.layout, board.sleeps) == ("side", True)
    page = mine.get(f"/staff/boards/{board.id}").text
    assert "正文加侧栏" in page
    assert "还没有写开门时间，所以不会关屏" in page


def test_the_form_says_when_the_board_will_be_dark(browser, make, cast):
    cast.office.opening = {"working": [[510, 720], [810, 1050]], "off": []}
    board = make.board(unit=cast.east)
    page = browser(cast.administrator).get(f"/staff/boards/{board.id}/change").text
    assert "照白鹭街道办事处的开门时间：工作日 08:30—12:00、13:30—17:30，休息日不开门。其余时间屏是黑的；调休上班的周末算工作日。" in page


def test_a_layout_that_could_not_be_read_comes_back_with_those_that_can(session, browser, make, cast):
    board = make.board()
    answer = browser(cast.administrator).post(f"/staff/boards/{board.id}/change", board_form(board, layout="columns", distance_mm="3.6"))
    assert answer.status_code == 422
    assert "“两栏”有一栏不到 12 个字或不到 4 行，看不清" in answer.text
    assert "现在可以用：标准、满屏。" in answer.text
    session.refresh(board)
    assert board.layout == "page"


def test_a_program_reads_and_sets_both(as_program, make, cast):
    board = make.board()
    mine = as_program(cast.administrator)
    told = mine.ask("PATCH", f"/boards/{board.id}", {"layout": "columns", "sleeps": True})
    assert (told.status_code, told.json["layout"], told.json["sleeps"]) == (200, "columns", True)
    assert mine.ask("PATCH", f"/boards/{board.id}", {"layout": "circle"}).status_code == 422
    assert mine.ask("PATCH", f"/boards/{board.id}", {"name": "大厅"}).json["layout"] == "columns"

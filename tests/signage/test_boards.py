"""Boards: from the code on the wall to a token that only the screen knows; and what a board says of itself is kept in bounds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Invalid, NotFound
from kiosk.content.geometry import panel_of
from kiosk.signage import boards
from kiosk.signage.boards import CODE_LETTERS, Placing, Status
from tests.conftest import NOON

KEY = b"k" * 32
LIFE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
SCREEN = {"w": 1920, "h": 1080, "dpr": 1}
HALL = Placing("大厅1号屏", panel_of(43, 1920, 1080))


def ask(session, at=NOON, relay=False):
    code, secret = boards.ask_pairing(session, SCREEN, relay=relay, at=at, life=LIFE)
    session.flush()
    return code, secret


def pair(session, cast, code):
    waiting = boards.find_pairing(session, code, at=NOON)
    return boards.pair(session, waiting, HALL, unit=cast.office, key=KEY, by=cast.administrator, at=NOON)


# --- pairing ----------------------------------------------------------------------------------------------------------


def test_a_screen_becomes_a_board_when_somebody_types_its_code(session, cast):
    code, secret = ask(session)
    assert boards.pairing_of(session, secret, at=NOON).board_id is None
    board = pair(session, cast, code)
    session.flush()
    token = boards.token_of(boards.pairing_of(session, secret, at=NOON), KEY)
    assert boards.by_token(session, token) is board


def test_the_token_is_the_same_at_each_asking_and_stored_nowhere(session, cast):
    code, secret = ask(session)
    board = pair(session, cast, code)
    pairing = boards.pairing_of(session, secret, at=NOON)
    assert boards.token_of(pairing, KEY) == boards.token_of(pairing, KEY)
    assert boards.token_of(pairing, KEY) not in (board.token_hash, pairing.secret_hash)
    assert boards.token_of(pairing, b"x" * 32) != boards.token_of(pairing, KEY)


def test_a_code_has_no_letters_that_are_mistaken_for_each_other(session):
    code, _ = ask(session)
    assert len(code) == 6
    assert set(code) <= set(CODE_LETTERS)
    assert not set("01OIL") & set(CODE_LETTERS)


def test_a_code_is_found_as_people_type_it(session):
    code, _ = ask(session)
    for typed in (code.lower(), f" {code[:3]} {code[3:]} ", f"{code[:3]}-{code[3:]}"):
        assert boards.find_pairing(session, typed, at=NOON).code == code


def test_a_code_lapses_and_says_so(session):
    code, _ = ask(session)
    assert boards.find_pairing(session, code, at=NOON + LIFE - MINUTE)
    with pytest.raises(NotFound, match="过期"):
        boards.find_pairing(session, code, at=NOON + LIFE)


@pytest.mark.parametrize("typed", ["", "AAAAAA", "公示屏", "x" * 500])
def test_a_code_that_nobody_shows_is_not_found(session, typed):
    with pytest.raises(NotFound, match="6 位代码"):
        boards.find_pairing(session, typed, at=NOON)


def test_a_code_pairs_once(session, cast):
    code, _ = ask(session)
    pair(session, cast, code)
    with pytest.raises(Conflict, match="登记过"):
        boards.find_pairing(session, code, at=NOON)


def test_a_screen_that_pairs_late_still_gets_its_token_for_a_day(session, cast):
    code, secret = ask(session)
    pair(session, cast, code)
    assert boards.pairing_of(session, secret, at=NOON + timedelta(hours=20))
    with pytest.raises(NotFound):
        boards.pairing_of(session, secret, at=NOON + timedelta(days=2))


def test_somebody_elses_secret_opens_nothing(session):
    ask(session)
    with pytest.raises(NotFound):
        boards.pairing_of(session, "geraten", at=NOON)


def test_a_relays_code_makes_no_board(session, cast):
    code, _ = ask(session, relay=True)
    with pytest.raises(Conflict, match="中继"):
        pair(session, cast, code)


def test_many_screens_that_wait_have_different_codes(session):
    assert len({ask(session)[0] for _ in range(50)}) == 50


@pytest.mark.parametrize("screen", [{}, {"w": 0, "h": 1}, {"w": "1920", "h": 1080}, {"w": 10**9, "h": 1080}, {"w": 1920.5, "h": 1080}])
def test_a_screen_of_impossible_size_gets_no_code(session, screen):
    with pytest.raises(Invalid):
        boards.ask_pairing(session, screen, relay=False, at=NOON, life=LIFE)


# --- boards -----------------------------------------------------------------------------------------------------------


def test_a_board_on_which_nothing_could_be_read_is_refused(session, cast):
    with pytest.raises(Invalid, match="最远可到"):
        boards.add(session, Placing("小屏", panel_of(10, 1024, 600, distance_mm=6000)), unit=cast.office, token_hash="",
                   by=cast.administrator, at=NOON)


@pytest.mark.parametrize(("placing", "field"), [
    (Placing("屏", HALL.panel, theme="neon"), "theme"), (Placing("屏", HALL.panel, overscan=101), "overscan"),
    (Placing(" ", HALL.panel), "name")])
def test_a_mistake_in_its_placing_is_named(session, cast, placing, field):
    with pytest.raises(Invalid) as caught:
        boards.add(session, placing, unit=cast.office, token_hash="", by=cast.administrator, at=NOON)
    assert caught.value.field == field


def test_only_an_administrator_places_boards(session, cast):
    with pytest.raises(Forbidden, match="管理员"):
        boards.add(session, HALL, unit=cast.office, token_hash="", by=cast.editor, at=NOON)


def test_a_board_that_was_taken_down_is_gone_for_everybody(session, cast, make):
    board = make.board(token="kb_a")
    boards.end(session, board, by=cast.administrator, at=NOON)
    session.flush()
    assert boards.by_token(session, "kb_a") is None
    assert boards.boards(session) == []
    with pytest.raises(NotFound, match="可能已经拆了"):
        boards.board(session, board.id)


def test_a_new_token_kills_the_old_one(session, cast, make):
    board = make.board(token="kb_a")
    session.flush()
    token = boards.renew_token(session, board, by=cast.administrator, at=NOON)
    session.flush()
    assert boards.by_token(session, "kb_a") is None
    assert boards.by_token(session, token) is board


def test_boards_are_listed_by_unit(session, cast, make):
    hall, east = make.board(), make.board(unit=cast.east)
    assert list(boards.boards(session)) == [hall, east]
    assert list(boards.boards(session, [cast.east.id])) == [east]
    assert list(boards.boards(session, [])) == []


def test_what_was_done_to_a_board_is_in_the_journal(session, cast, make):
    board = make.board()
    boards.change(session, board, Placing("改名", HALL.panel), unit=cast.east, by=cast.administrator, at=NOON)
    assert [entry.verb for entry in journal.about(session, board)] == ["board.changed", "board.added"]


# --- heartbeat --------------------------------------------------------------------------------------------------------


def beat(board, at=NOON, **report):
    boards.heartbeat(board, {"edition": "e" * 64, "ref_version": 7, "item": "1.1", **report}, at=at)


def test_a_heartbeat_says_what_is_held_and_shown(make):
    board = make.board()
    beat(board)
    assert (board.held_edition, board.held_version, board.shows, board.seen_at) == ("e" * 64, 7, "1.1", NOON)


def test_a_board_is_on_line_then_silent(make):
    board = make.board()
    assert boards.status(board, NOON) is Status.NEVER
    beat(board)
    assert boards.status(board, NOON + 3 * MINUTE) is Status.ONLINE
    assert boards.status(board, NOON + 4 * MINUTE) is Status.SILENT


def test_on_line_since_counts_from_the_end_of_the_last_silence(make):
    board = make.board()
    for minutes in (0, 1, 2, 60, 61):
        beat(board, NOON + minutes * MINUTE)
    assert board.online_since == NOON + 60 * MINUTE


def test_held_at_is_when_it_began_to_hold_this(make):
    board = make.board()
    beat(board)
    beat(board, NOON + MINUTE)
    assert board.held_at == NOON
    beat(board, NOON + 2 * MINUTE, ref_version=8)
    assert board.held_at == NOON + 2 * MINUTE


def test_a_board_is_current_when_it_holds_what_it_should(make):
    board = make.board()
    beat(board)
    assert not boards.is_current(board)
    board.edition = "e" * 64
    assert boards.is_current(board)


@pytest.mark.parametrize("report", [
    {}, {"edition": 7, "ref_version": "x", "item": ["1"]}, {"ref_version": -1}, {"ref_version": 2**31},
    {"item": "x" * 5000, "edition": "y" * 5000},
    {"errors": ["e" * 5000] * 500, "storage": {"a" * 500: {"b": {"c": {"d": 1}}}}, "memory": 1e300, "skew_ms": 10**30}])
def test_a_broken_boards_report_is_cut_to_bounds(session, make, report):
    board = make.board()
    boards.heartbeat(board, report, at=NOON)
    session.flush()
    assert len(repr(board.vitals)) < 10_000
    assert len(board.held_edition or "") <= 64
    assert len(board.shows or "") <= 60
    assert (board.held_version or 0) < 2**31


# --- groups -----------------------------------------------------------------------------------------------------------


def test_a_group_holds_its_boards_until_they_are_taken_down(session, cast, make):
    hall, east = make.board(), make.board(unit=cast.east)
    group = boards.add_group(session, "全街道", unit=cast.office, by=cast.administrator, at=NOON)
    boards.set_members(session, group, [hall, east], by=cast.administrator, at=NOON)
    boards.end(session, east, by=cast.administrator, at=NOON)
    session.flush()
    session.refresh(group)
    assert group.boards == [hall]


def test_an_editor_changes_no_group(session, cast, make):
    group = boards.add_group(session, "全街道", unit=cast.office, by=cast.administrator, at=NOON)
    with pytest.raises(Forbidden):
        boards.set_members(session, group, [], by=cast.editor, at=NOON)

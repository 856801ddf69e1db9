"""Presence: a few rows tell when a board was heard, was silent, was off, and what it held; a heartbeat that changes nothing writes none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.base.clock import iso
from kiosk.signage import boards, presence
from kiosk.signage.presence import Held, Span
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def board(make, session):
    made = make.board()
    session.flush()
    return made


def beat(board, minutes, **told):
    boards.heartbeat(board, {"edition": "e" * 64, "ref_version": 3, **told}, at=NOON + minutes * MINUTE)
    boards.object_session(board).flush()


def states(session, board, to=600):
    found = presence.states(session, board.id, NOON, NOON + to * MINUTE, seen_at=board.seen_at, silent=boards.SILENT)
    return [(each.state.value, (each.start - NOON) // MINUTE, (each.end - NOON) // MINUTE) for each in found]


def test_a_day_of_heartbeats_is_one_row_of_presence_and_one_of_what_it_held(session, board):
    for minutes in range(0, 300):
        beat(board, minutes)
    assert session.query(Span).count() == 1
    assert session.query(Held).count() == 1


def test_a_silence_is_written_when_it_is_over(session, board):
    for minutes in (0, 1, 2, 60, 61):
        beat(board, minutes)
    assert states(session, board, 61) == [("online", 0, 2), ("silent", 2, 60), ("online", 60, 61)]


def test_a_silence_that_goes_on_is_known_too(session, board):
    beat(board, 0)
    assert states(session, board, 30) == [("silent", 0, 30), ("online", 0, 0)][:1]


def test_another_pc_in_the_same_place_begins_anew(session, make, cast, board):
    beat(board, 0)
    code, _ = boards.ask_pairing(session, {"w": 1920, "h": 1080}, relay=False, at=NOON, life=timedelta(hours=2))
    session.flush()
    boards.pair_again(session, board, boards.find_pairing(session, code, at=NOON), key=b"k", by=cast.administrator, at=NOON + 60 * MINUTE)
    beat(board, 61)
    assert [(row.state, row.end is None) for row in session.query(Span).order_by(Span.start)] == [("online", False), ("online", True)]


def test_a_late_heartbeat_by_a_relay_tells_nothing_of_now(session, board):
    beat(board, 10)
    beat(board, 5, edition="f" * 64)
    assert board.held_edition == "e" * 64
    assert session.query(Held).count() == 1


def test_the_receipt_of_a_version_is_the_first_moment_and_stays(session, board):
    beat(board, 0, ref_version=3)
    beat(board, 1, ref_version=7, edition="f" * 64)
    beat(board, 2, ref_version=9)
    assert presence.receipts(session, [board.id], 7) == {board.id: NOON + MINUTE}
    assert presence.receipts(session, [board.id], 10) == {}


def test_a_board_whose_clock_is_fast_was_off_all_the_same(session, board):
    told = [{"from": iso(NOON - 30 * MINUTE), "to": iso(NOON + 2 * MINUTE)}, {"from": iso(NOON + MINUTE), "to": iso(NOON + 2 * MINUTE)},
            {"from": iso(NOON - 60 * MINUTE), "to": iso(NOON + 60 * MINUTE)}]
    presence.was_off(session, board.id, told, floor=NOON - timedelta(days=1), at=NOON)
    session.flush()
    assert [(row.start, row.end) for row in session.query(Span)] == [(NOON - 30 * MINUTE, NOON)]

"""Commands: each is said until the board answers, done once, and honest where nobody answers or the board cannot."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from kiosk.base import journal
from kiosk.base.errors import Conflict, Invalid
from kiosk.signage import boards, commands
from kiosk.signage.commands import State
from kiosk.signage.push import Nudger
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)


class FakeHub:
    def __init__(self, *boards):
        self.boards, self.said = boards, []

    def send(self, board_ids, text):
        self.said.append((list(board_ids), json.loads(text)))

    def connected(self):
        return dict.fromkeys(self.boards)

    reached = connected


@pytest.fixture
def board(make, session):
    made = make.board()
    session.flush()
    return made


def test_whatever_process_holds_the_socket_says_it(session, parts, cast, board):
    asked = commands.ask(session, board, "identify", by=cast.administrator, at=NOON)
    entries = journal.after(session, 0)
    mine, other = FakeHub(board.id), FakeHub(board.id + 1)
    for hub in (mine, other):
        Nudger(parts.database, hub, refs=None).hear([entry for entry in entries if entry.verb == "board.told"])
    assert mine.said == [([board.id], {"do": "identify", "id": asked.key, "after": 0})]
    assert other.said == []


def test_it_is_said_again_until_the_heartbeat_names_it(session, cast, board):
    asked = commands.ask(session, board, "reload", by=cast.administrator, at=NOON)
    assert list(commands.to_say(session, NOON + MINUTE, [board.id])) == [board.id]
    assert asked.state(NOON + MINUTE) is State.SAID
    boards.heartbeat(board, {"done": [asked.key]}, at=NOON + 2 * MINUTE)
    session.flush()
    assert commands.to_say(session, NOON + 3 * MINUTE, [board.id]) == {}
    assert asked.state(NOON + 3 * MINUTE) is State.DONE


def test_after_ten_minutes_nobody_answered(session, cast, board):
    asked = commands.ask(session, board, "reload", by=cast.administrator, at=NOON)
    assert commands.to_say(session, NOON + 10 * MINUTE, [board.id]) == {}
    assert asked.state(NOON + 10 * MINUTE) is State.UNHEARD


def test_the_same_is_not_asked_twice_while_it_waits(session, cast, board):
    commands.ask(session, board, "reload", by=cast.administrator, at=NOON)
    with pytest.raises(Conflict, match="等它回应"):
        commands.ask(session, board, "reload", by=cast.administrator, at=NOON + MINUTE)
    assert commands.ask(session, board, "reload", by=cast.administrator, at=NOON + 11 * MINUTE)


def test_another_boards_number_answers_nothing(session, make, cast, board):
    asked = commands.ask(session, board, "reload", by=cast.administrator, at=NOON)
    other = make.board()
    session.flush()
    boards.heartbeat(other, {"done": [asked.key]}, at=NOON)
    session.flush()
    assert asked.state(NOON + MINUTE) is State.SAID


def test_a_board_that_cannot_see_itself_says_so(session, cast, board):
    asked = commands.ask(session, board, "screenshot", by=cast.administrator, at=NOON)
    boards.heartbeat(board, {"done": [asked.key], "errors": ["page 1.1: bad", "screenshot: unavailable"]}, at=NOON)
    session.flush()
    assert asked.state(NOON) is State.UNABLE


def test_a_picture_may_come_before_or_after_the_answer_and_only_the_latest_are_kept(session, cast, board):
    for n in range(5):
        at = NOON + n * 11 * MINUTE
        asked = commands.ask(session, board, "screenshot", by=cast.administrator, at=at)
        assert commands.pictured(session, board.id, asked.key, f"{n}" * 64, "image/png", at)
        boards.heartbeat(board, {"done": [asked.key]}, at=at)
        session.flush()
        assert asked.state(at) is State.DONE
    assert commands.named_objects(session) == {f"{n}" * 64 for n in (2, 3, 4)}


def test_a_picture_that_nobody_asked_for_is_not_kept(session, cast, board):
    assert commands.pictured(session, board.id, "abc", "1" * 64, "image/png", NOON) is None
    asked = commands.ask(session, board, "reload", by=cast.administrator, at=NOON)
    assert commands.pictured(session, board.id, asked.key, "1" * 64, "image/png", NOON) is None


def test_what_is_no_command_is_refused(session, cast, board):
    with pytest.raises(Invalid):
        commands.ask(session, board, "format", by=cast.administrator, at=NOON)

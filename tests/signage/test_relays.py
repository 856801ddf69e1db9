"""Relays: paired by code like a screen, boards under them, rights by unit; what is said to a board reaches its relay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, NotFound
from kiosk.content.geometry import panel_of
from kiosk.signage import boards, relays
from kiosk.signage.boards import Placing
from kiosk.signage.push import Router
from kiosk.signage.reactor import Reactor, Select, nudge
from tests.conftest import NOON
from tests.support.wire import Wire

KEY = b"k" * 32
LIFE = timedelta(minutes=10)
SCREEN = {"w": 1920, "h": 1080, "dpr": 1}


@pytest.fixture
def east(session, cast, make):
    """A relay of the eastern community with one board under it."""
    made = paired(session, cast)
    board = make.board(unit=cast.east)
    session.flush()
    relays.set_boards(session, made, [board], by=cast.administrator, at=NOON)
    session.flush()
    return made


def paired(session, cast, unit=None):
    code, secret = boards.ask_pairing(session, {}, relay=True, at=NOON, life=LIFE)
    session.flush()
    waiting = boards.find_pairing(session, code, at=NOON)
    made = relays.pair(session, waiting, "东街社区中继", unit=unit or cast.east, key=KEY, by=cast.administrator, at=NOON)
    session.flush()
    assert relays.by_token(session, boards.token_of(boards.pairing_of(session, secret, at=NOON), KEY)) is made
    return made


def test_a_relays_code_makes_a_relay_and_no_board(session, cast):
    code, _ = boards.ask_pairing(session, {}, relay=True, at=NOON, life=LIFE)
    session.flush()
    waiting = boards.find_pairing(session, code, at=NOON)
    with pytest.raises(Conflict):
        boards.pair(session, waiting, Placing("屏", panel_of(43, 1920, 1080)), unit=cast.east, key=KEY, by=cast.administrator, at=NOON)
    relays.pair(session, waiting, "中继", unit=cast.east, key=KEY, by=cast.administrator, at=NOON)
    with pytest.raises(Conflict):
        boards.find_pairing(session, code, at=NOON)


def test_a_screens_code_makes_no_relay(session, cast):
    code, _ = boards.ask_pairing(session, SCREEN, relay=False, at=NOON, life=LIFE)
    session.flush()
    with pytest.raises(Conflict):
        relays.pair(session, boards.find_pairing(session, code, at=NOON), "中继", unit=cast.east, key=KEY, by=cast.administrator, at=NOON)


def test_a_screen_that_asks_through_a_relay_becomes_a_board_under_it(session, cast, east):
    code, _ = boards.ask_pairing(session, SCREEN, relay=False, at=NOON, life=LIFE, via=east.id)
    session.flush()
    board = boards.pair(session, boards.find_pairing(session, code, at=NOON), Placing("新屏", panel_of(43, 1920, 1080)), unit=cast.east,
                        key=KEY, by=cast.administrator, at=NOON)
    assert board in relays.boards_under(session, east)


def test_only_who_may_change_boards_there_may_change_a_relay(session, cast, east):
    with pytest.raises(Forbidden):
        relays.change(session, east, "别的名字", by=cast.editor, at=NOON)
    with pytest.raises(Forbidden):
        relays.set_boards(session, east, [], by=cast.community, at=NOON)
    with pytest.raises(Forbidden):
        relays.end(session, east, by=cast.inspector, at=NOON)


def test_one_that_was_taken_down_is_known_no_more_and_its_boards_belong_to_none(session, cast, east):
    board = relays.boards_under(session, east)[0]
    relays.end(session, east, by=cast.administrator, at=NOON)
    assert board.relay_id is None
    with pytest.raises(NotFound):
        relays.relay(session, east.id)


def test_a_relay_is_told_which_boards_went_elsewhere_but_not_of_those_that_nobody_knows(session, cast, make, east):
    other = make.board(unit=cast.west)
    session.flush()
    mine = relays.boards_under(session, east)[0]
    assert relays.left(session, east, [mine.id, other.id, 4711]) == [other.id]
    boards.end(session, mine, by=cast.administrator, at=NOON)
    assert relays.left(session, east, [mine.id]) == [mine.id]


def test_a_new_computer_takes_its_place_and_the_old_token_dies(session, cast, east):
    before = east.token_hash
    code, _ = boards.ask_pairing(session, {}, relay=True, at=NOON, life=LIFE)
    session.flush()
    relays.pair_again(session, east, boards.find_pairing(session, code, at=NOON), key=KEY, by=cast.administrator, at=NOON)
    assert east.token_hash != before
    assert len(relays.boards_under(session, east)) == 1


@pytest.fixture(params=[None, Select], ids=["epoll", "select"])
def reactor(request):
    made = Reactor(poller=request.param)
    made.start()
    yield made
    made.stop()


def test_what_is_said_to_a_board_reaches_its_relay_once_with_the_boards_names(reactor):
    with Wire() as relay, Wire() as board:
        reactor.route({1: 5, 2: 5, 3: 6})
        reactor.adopt(relay.far, -5, None, since=NOON)
        reactor.adopt(board.far, 2, None, since=NOON)
        reactor.send([1, 2, 3, 4], nudge(8))
        assert relay.told() == {"version": 8, "boards": [1, 2]}
        assert board.told() == {"version": 8}
        reactor.send([4], nudge(9))
        assert relay.silent(0.2)
        assert set(reactor.connected()) == {2}
        assert set(reactor.reached()) == {1, 2}


def test_a_relay_asks_anew_when_other_boards_stand_under_it(session, cast, make, parts, east, reactor):
    session.commit()
    router = Router(parts.database, reactor)
    router.load()
    with Wire() as wire:
        reactor.adopt(wire.far, -east.id, None, since=NOON)
        with parts.database.write() as other:
            found = relays.relay(other, east.id)
            relays.set_boards(other, found, [], by=cast.administrator, at=NOON)
        router.hear([_entry(parts, "relay.changed")])
        assert wire.told() == {"version": 0, "ask": True}


def _entry(parts, verb):
    with parts.database.read() as session:
        from_journal = [each for each in journal.after(session, 0, 5000) if each.verb == verb]
        session.expunge_all()
    return from_journal[-1]

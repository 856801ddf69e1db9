"""The reactor: everybody hears at once, a slow board delays nobody, who is gone is noticed, and nobody's bad frame harms another."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack

import pytest

from kiosk.signage.reactor import REVOKED, Reactor, close_frame, nudge, text_frame
from tests.conftest import NOON
from tests.support.wire import Wire, masked


@pytest.fixture
def reactor():
    made = Reactor()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def wires():
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(Wire(**more))


def join(reactor, wire, board=1, first=None):
    reactor.adopt(wire.far, board, first, since=NOON)
    return wire


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_a_board_is_told_its_version_at_once(reactor, wires):
    assert join(reactor, wires(), first=nudge(7)).told() == {"version": 7}


def test_a_nudge_reaches_the_boards_it_names_and_no_other(reactor, wires):
    one, two, three = (join(reactor, wires(), board) for board in (1, 2, 3))
    reactor.send([1, 3, 99], nudge(8))
    assert one.told() == three.told() == {"version": 8}
    assert two.silent(0.1)


def test_a_word_to_all_reaches_all(reactor, wires):
    boards = [join(reactor, wires(), board) for board in range(40)]
    reactor.send(None, nudge(9))
    assert all(wire.told() == {"version": 9} for wire in boards)


def test_both_sockets_of_one_board_are_served(reactor, wires):
    one, two = join(reactor, wires(), 5), join(reactor, wires(), 5)
    reactor.send([5], nudge(3))
    assert one.told() == two.told() == {"version": 3}
    assert set(reactor.connected()) == {5}


def test_who_is_connected_and_since_when(reactor, wires):
    wire = join(reactor, wires(), 5)
    assert until(lambda: reactor.connected() == {5: NOON})
    wire.near.close()
    assert until(lambda: reactor.connected() == {})


def test_a_board_that_reads_nothing_delays_nobody(reactor, wires):
    stuck, quick = join(reactor, wires(small=True), 1), join(reactor, wires(), 2)
    for version in range(1, 3001):
        reactor.send(None, nudge(version))
        if version % 100 == 0:  # long after the other's room is full
            while quick.told()["version"] < version:
                pass
    assert until(lambda: set(reactor.connected()) == {1, 2})
    assert stuck.told() == {"version": 1}


def test_a_board_that_was_slow_hears_the_newest_and_not_all_it_missed(reactor, wires):
    stuck, quick = join(reactor, wires(small=True), 1), join(reactor, wires(), 2)
    for version in range(1, 5001):
        reactor.send(None, nudge(version))
    while quick.told() != {"version": 5000}:
        pass
    heard = []
    while not heard or heard[-1] != 5000:
        heard.append(stuck.told()["version"])
    assert len(heard) < 5000
    assert heard == sorted(heard)
    reactor.send([1], nudge(5001))
    assert stuck.told() == {"version": 5001}


def test_a_board_whose_token_died_is_closed_with_that_reason(reactor, wires):
    gone, stays = join(reactor, wires(), 1), join(reactor, wires(), 2)
    reactor.close([1])
    assert gone.frame() == (8, REVOKED.to_bytes(2, "big"))
    with pytest.raises(EOFError):
        gone.frame()
    reactor.send(None, nudge(2))
    assert stays.told() == {"version": 2}


def test_a_farewell_says_when_to_come_back_spread_over_the_time(wires):
    reactor = Reactor()
    boards = [join(reactor, wires(), board) for board in range(10)]
    assert until(lambda: len(reactor.connected()) == 10)
    reactor.stop(spread=10)
    told = [wire.told() for wire in boards]
    assert {each["do"] for each in told} == {"reconnect"}
    assert sorted(each["after"] for each in told) == [float(at) for at in range(10)]
    for wire in boards:
        with pytest.raises(EOFError):
            wire.frame()


# --- who is gone --------------------------------------------------------------------------------------------------------


def test_everybody_is_pinged_once_in_an_interval_however_few_or_many(wires):
    for count in (1, 30):
        reactor = Reactor(ping=0.5, pong=5)
        boards = [join(reactor, wires(), board) for board in range(count)]
        pings = 0
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            for wire in boards:
                if not wire.silent(0.002):
                    opcode, body = wire.frame()
                    pings += opcode == 9
                    wire.near.sendall(masked(10, body))
        reactor.stop()
        assert count <= pings <= 5 * count


def test_a_board_that_answers_no_ping_is_let_go(wires):
    reactor = Reactor(ping=0.3, pong=0.2)
    answering, silent = join(reactor, wires(), 1), join(reactor, wires(), 2)
    assert until(lambda: set(reactor.connected()) == {1, 2})
    end = time.monotonic() + 5
    while set(reactor.connected()) != {1} and time.monotonic() < end:
        if not answering.silent(0.02):
            _, body = answering.frame()
            answering.near.sendall(masked(10, body))
    assert set(reactor.connected()) == {1}
    assert reactor.dropped == 1
    assert silent.frame()[0] == 9
    reactor.stop()


def test_boards_that_come_and_go_leave_nothing_behind(wires):
    reactor = Reactor(ping=0.2)
    for _ in range(300):
        with Wire() as wire:
            reactor.adopt(wire.far, 1, nudge(1), since=NOON)
            wire.told()
    assert until(lambda: reactor.connected() == {} and len(reactor._round) == 0)
    assert reactor._boards == {}
    reactor.stop()


# --- what a board may say -------------------------------------------------------------------------------------------------


def test_a_boards_ping_is_answered(reactor, wires):
    wire = join(reactor, wires())
    wire.near.sendall(masked(9, b"still there?"))
    assert wire.frame() == (10, b"still there?")


def test_a_board_that_says_goodbye_is_answered_and_let_go(reactor, wires):
    wire = join(reactor, wires())
    wire.near.sendall(masked(8, (1001).to_bytes(2, "big")))
    assert wire.frame() == (8, (1000).to_bytes(2, "big"))
    assert until(lambda: reactor.connected() == {})


def test_what_a_board_says_in_words_is_ignored(reactor, wires):
    wire = join(reactor, wires())
    wire.near.sendall(masked(1, b'{"do":"reload"}') + masked(1, b"x" * 300) + masked(2, b"\x00"))
    reactor.send(None, nudge(4))
    assert wire.told() == {"version": 4}


def test_a_frame_that_comes_byte_by_byte_is_understood(reactor, wires):
    wire = join(reactor, wires())
    for byte in masked(9, b"slow"):
        wire.near.send(bytes([byte]))
    assert wire.frame() == (10, b"slow")


@pytest.mark.parametrize(("bad", "code"), [
    (text_frame("unmasked"), 1002), (masked(3), 1002), (b"\x09\x84abcd1234", 1002),
    (bytes([0x81, 0xFF]) + (1 << 40).to_bytes(8, "big"), 1009),
    (bytes([0x81, 0xFE]) + (65_535).to_bytes(2, "big"), None)], ids=["unmasked", "unknown", "split ping", "huge", "large"])
def test_a_bad_frame_ends_its_own_socket_and_no_other(reactor, wires, bad, code):
    rude, polite = join(reactor, wires(), 1), join(reactor, wires(), 2)
    rude.near.sendall(bad)
    if code is not None:
        assert rude.frame() == (8, code.to_bytes(2, "big"))
    reactor.send(None, nudge(6))
    assert polite.told() == {"version": 6}


def test_noise_harms_nobody_else(reactor, wires):
    polite = join(reactor, wires(), 2)
    for seed in range(50):
        rude = join(reactor, wires(), 1)
        rude.near.send(bytes([seed]) + os.urandom(200))
    reactor.send([2], nudge(6))
    assert polite.told() == {"version": 6}


def test_a_socket_that_died_before_it_was_taken_over_is_no_fault(reactor, wires):
    dead = wires()
    dead.far.close()
    reactor._do(lambda: reactor._add(dead.far, 1, None, NOON))
    assert join(reactor, wires(), 2, first=nudge(1)).told() == {"version": 1}


def test_frames_are_as_the_standard_says():
    assert text_frame("a") == b"\x81\x01a"
    assert text_frame("a" * 126)[:4] == b"\x81\x7e\x00\x7e"
    assert text_frame("a" * 65_536)[:2] == b"\x81\x7f"
    assert close_frame(1000) == b"\x88\x02\x03\xe8"

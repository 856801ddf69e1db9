"""Bytes on their way in: pieces, breaks, limits, and one writer at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.base import incoming as module
from kiosk.base.errors import Conflict, Full, NotFound, TooLarge
from kiosk.base.incoming import BrokenOff, Incoming, Locked

KEY = "a" * 32


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    made = Incoming(tmp_path / "uploads")
    made.begin(KEY)
    return made


def _pieces(*pieces: bytes | Exception) -> Callable[[int], bytes]:
    rest = list(pieces)

    def read(_: int) -> bytes:
        piece = rest.pop(0) if rest else b""
        if isinstance(piece, Exception):
            raise piece
        return piece
    return read


def test_pieces_follow_each_other(incoming: Incoming) -> None:
    assert incoming.take(KEY, _pieces(b"ab", b"cd"), offset=0, most=6) == 4
    assert incoming.take(KEY, _pieces(b"ef"), offset=4, most=6) == 6
    assert incoming.path(KEY).read_bytes() == b"abcdef"


def test_a_break_keeps_what_has_arrived(incoming: Incoming) -> None:
    with pytest.raises(BrokenOff):
        incoming.take(KEY, _pieces(b"abc", OSError("the line is dead")), offset=0, most=10)
    assert incoming.length(KEY) == 3


def test_a_piece_goes_only_to_the_end_and_never_beyond_the_whole(incoming: Incoming) -> None:
    with pytest.raises(Conflict):
        incoming.take(KEY, _pieces(b"ab"), offset=5, most=10)
    with pytest.raises(TooLarge):
        incoming.take(KEY, _pieces(b"abcd"), offset=0, most=3)
    assert incoming.length(KEY) == 0


def test_two_writers_of_one_key_never_meet(incoming: Incoming) -> None:
    def read(_: int) -> bytes:
        with pytest.raises(Locked):
            incoming.take(KEY, _pieces(b"x"), offset=0, most=10)
        return b""
    incoming.take(KEY, read, offset=0, most=10)


def test_a_wrong_piece_is_cut_off_again(incoming: Incoming) -> None:
    incoming.take(KEY, _pieces(b"abcdef"), offset=0, most=6)
    incoming.cut(KEY, 2)
    assert incoming.path(KEY).read_bytes() == b"ab"


@pytest.mark.parametrize("key", ["", "../../../../etc/passwd", "a" * 15, "a/" * 16, "b" * 32])
def test_a_key_that_is_none_leads_nowhere(key: str, incoming: Incoming) -> None:
    with pytest.raises(NotFound):
        incoming.length(key)


def test_room_is_left_for_the_database(incoming: Incoming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE", 1 << 62)
    with pytest.raises(Full):
        incoming.take(KEY, _pieces(b"ab"), offset=0, most=2)
    assert incoming.length(KEY) == 0


def test_a_sink_counts_and_stops_at_the_limit(incoming: Incoming) -> None:
    sink = incoming.sink("c" * 32, most=1 << 20)
    sink.write(b"x" * (1 << 19))
    with pytest.raises(TooLarge, match="最多 1 MB"):
        sink.write(b"x" * (1 << 20))
    sink.close()
    assert incoming.length("c" * 32) == sink.size == 1 << 19


def test_what_nobody_carries_on_is_swept(incoming: Incoming) -> None:
    incoming.begin("d" * 32)
    os.utime(incoming.path(KEY), (1, 1))
    assert incoming.sweep(3600) == [KEY]
    assert incoming.length("d" * 32) == 0

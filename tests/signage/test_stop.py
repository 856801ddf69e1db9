"""Stop all: a file first, then the boards, then the database — in this order, so that a database in trouble stops nobody."""

from __future__ import annotations

import errno
import json
import os
from datetime import timedelta

import pytest

from kiosk.base import journal
from kiosk.base.errors import Conflict
from kiosk.signage import manifest, stop
from kiosk.signage.manifest import Ref
from kiosk.signage.stop import Stop
from tests.conftest import NOON


@pytest.fixture
def boards(session, cast, make, parts):
    hung = make.slide(state="approved")
    found = [make.board(), make.board(unit=cast.east)]
    make.playlist([hung], boards=found)
    manifest.refresh(session, parts.press, at=NOON)
    session.commit()
    return found


def body(session, board):
    return session.query(Ref).filter_by(board_id=board.id, version=board.version).one().body


def test_another_process_sees_the_stop_and_its_end(tmp_path, cast):
    here, there = Stop(tmp_path), Stop(tmp_path)
    assert there.now() is None
    here.begin(by=cast.leader, at=NOON)
    assert there.now() == here.now() and there.told() == {"since": "2026-11-23T04:00:00Z"}
    assert Stop(tmp_path).now().by_post == "分管领导", "a restart keeps it"
    here.end()
    assert there.now() is None


def test_who_presses_second_changes_nothing(tmp_path, cast):
    here = Stop(tmp_path)
    first = here.begin(by=cast.leader, at=NOON)
    assert here.begin(by=cast.administrator, at=NOON + timedelta(minutes=1)) == first


@pytest.mark.parametrize("content", ["", "{", "[]", '{"since": "never"}', '{"since": 3}', "\x00"])
def test_a_file_that_cannot_be_read_still_stops(content, tmp_path):
    (tmp_path / stop.NAME).write_text(content, encoding="utf-8")
    assert Stop(tmp_path).now() is not None


def test_a_disk_that_takes_no_file_stops_this_process_and_says_so(tmp_path, cast, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    here = Stop(tmp_path)
    assert not here.begin(by=cast.leader, at=NOON).kept
    assert here.now() is not None and not (tmp_path / stop.NAME).exists()
    assert not list(tmp_path.glob("*stopped*")), "nothing half written stays"


def test_every_board_gets_a_new_version_and_the_journal_tells_of_it(session, cast, parts, boards):
    before = [board.version for board in boards]
    state = parts.stop.begin(by=cast.leader, at=NOON)
    assert stop.carry(parts.database, parts.press, parts.stop, state)
    session.expire_all()
    assert all(board.version > was for board, was in zip(boards, before, strict=True))
    assert body(session, boards[0])["stopped"] == {"since": "2026-11-23T04:00:00Z"}
    entry = session.query(journal.Entry).filter_by(verb="boards.stopped").one()
    assert (entry.by_id, entry.by_post) == (cast.leader.id, "分管领导")
    assert json.loads((parts.settings.data / stop.NAME).read_text())["written"] is True


def test_what_the_database_did_not_take_is_made_up_later(session, cast, parts, boards):
    state = parts.stop.begin(by=cast.leader, at=NOON)
    session.connection()  # another writer holds the database
    assert not stop.carry(parts.database, parts.press, parts.stop, state)
    session.rollback()
    stop.make_up(parts.database, parts.press, parts.stop)
    stop.make_up(parts.database, parts.press, parts.stop)
    session.rollback()
    assert session.query(journal.Entry).filter_by(verb="boards.stopped").count() == 1


def test_lifting_gives_every_board_a_new_version_without_the_stop(session, cast, parts, boards):
    parts.stop.begin(by=cast.leader, at=NOON)  # the journal never heard of it: versions did not move
    before = [board.version for board in boards]
    session.rollback()
    stop.lift(parts.database, parts.press, parts.stop, by=cast.administrator, at=NOON)
    session.rollback()
    session.expire_all()
    assert all(board.version > was for board, was in zip(boards, before, strict=True))
    assert "stopped" not in body(session, boards[0]) and parts.stop.now() is None


def test_lifting_what_is_not_stopped_says_so(session, cast, parts):
    session.rollback()
    with pytest.raises(Conflict, match="没有停播"):
        stop.lift(parts.database, parts.press, parts.stop, by=cast.leader, at=NOON)


def test_a_refresh_while_stopped_keeps_the_stop_in_the_archive(session, cast, parts, boards):
    parts.stop.begin(by=cast.leader, at=NOON)
    manifest.refresh(session, parts.press, at=NOON)
    assert body(session, boards[0])["stopped"]

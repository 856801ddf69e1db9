"""An older database was restored: boards keep what they hold until somebody has looked, and nothing that was recalled comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kiosk.base import journal
from kiosk.base.errors import Conflict
from kiosk.content.review import State
from kiosk.signage import boards, frozen, manifest, thaw
from kiosk.signage.boards import Board
from kiosk.signage.frozen import NotYet
from kiosk.signage.push import Nudger
from tests.conftest import NOON
from tests.support.make import Make

LATER = NOON + timedelta(hours=2)
NEW = "ab" * 32  # an edition that was made after the backup


@dataclass
class Old:
    """A restored office: two slides hang in the hall; the board there has gone further than the backup."""

    make: Make
    board: Board

    @property
    def session(self):
        return self.make.session

    def ref(self, stopped=None):
        return manifest.ref(self.session, self.board, self.make.parts.signer, at=LATER, stopped=stopped)

    def beat(self, version=70, edition=NEW, recalled=()):
        boards.heartbeat(self.board, {"edition": edition, "ref_version": version, "recalled": list(recalled)}, at=LATER)
        self.session.flush()

    def move(self):
        """Something has moved the refs since the restore."""
        manifest.move_all(self.session, self.make.parts.press, at=LATER)

    def confirm(self):
        return thaw.confirm(self.session, self.make.parts.press, by=self.make.cast.administrator, at=LATER)


@pytest.fixture
def old(make, session):
    board = make.board()
    shown = [make.slide(state="approved"), make.slide(state="approved", title="停水通知")]
    make.playlist(shown, boards=[board])
    manifest.refresh(session, make.parts.press, at=NOON)
    frozen.begin(session, made_at=NOON, at=NOON + timedelta(hours=1), stopped=False)
    return Old(make, board)


def test_a_board_is_given_no_programme_of_the_backup(old):
    with pytest.raises(NotYet):
        old.ref()
    old.beat()
    with pytest.raises(NotYet):
        old.ref()


def test_what_has_to_be_told_names_the_edition_that_the_board_holds(old):
    old.beat()
    old.move()
    told = old.ref()
    assert told["edition"] == NEW
    assert told["version"] > journal.LEAP > 70


def test_a_board_that_has_not_spoken_since_is_told_nothing(old):
    old.board.seen_at, old.board.held_edition = NOON, "cd" * 32
    old.move()
    with pytest.raises(NotYet):
        old.ref()


def test_a_stop_reaches_a_frozen_board_though_the_database_cannot_be_written(old):
    old.beat()
    told = old.ref(stopped={"since": "2026-11-23T05:00:00Z"})
    assert told["stopped"] and told["edition"] == NEW and told["version"] > 70


def test_a_recall_reaches_a_frozen_board_and_those_it_remembers_stay(old):
    old.beat(recalled=[31])
    slide = old.make.session.get(type(old.make.slide()), 1)
    manifest.recall(old.session, slide, "日期写错了。", by=old.make.cast.editor, at=LATER)
    told = old.ref()
    assert told["recalled"] == [slide.revisions[0].id, 31] and told["edition"] == NEW


def test_refs_that_move_while_frozen_are_not_sealed_ahead(old):
    old.beat()
    old.move()
    sealed = []
    old.session.commit()

    class Nobody:
        drops = 0

        def drop(self, boards): ...
        def warm(self, refs, *, read_at): sealed.extend(refs)
        def send(self, boards, text): ...
        def connected(self): return {old.board.id: 1}

    seq = journal.tail(old.session)
    old.session.rollback()
    database = old.make.parts.database
    Nudger(database, Nobody(), Nobody(), lambda board, version, body: sealed.append(board)).hear(_entry(database, seq))
    assert sealed == []


def _entry(database, seq):
    with database.read() as session:
        return [session.get(journal.Entry, seq)]


def test_once_confirmed_boards_follow_under_a_version_above_all_they_were_given(old):
    old.beat(version=70)
    found = old.confirm()
    assert (found.newer, found.silent) == (1, 0)
    told = old.ref()
    assert told["edition"] == old.board.edition != NEW
    assert told["version"] == old.board.version > journal.LEAP
    assert frozen.state(old.session) is None
    assert list(journal.verify(old.session)) == []


def test_a_board_that_was_given_more_than_the_leap_is_outrun_too(old):
    given = journal.tail(old.session) + 3 * journal.LEAP
    old.beat(version=given)
    old.confirm()
    assert old.ref()["version"] > given
    assert list(journal.verify(old.session)) == []


def test_a_board_that_claims_anything_does_not_use_up_all_numbers(old):
    old.beat(version=2**31 - 1)
    old.confirm()
    assert old.board.version < 3 * journal.LEAP


def test_what_was_recalled_after_the_backup_stays_off(old):
    gone = old.session.scalar(select(func.min(manifest.Revision.id)))
    old.beat(recalled=[gone, 999])
    found = old.confirm()
    assert [each.id for each in found.again] == [gone]
    revision = old.session.get(manifest.Revision, gone)
    assert revision.recalled_at == LATER and revision.slide.live is None and revision.state == State.RETURNED
    told = old.ref()
    assert gone in told["recalled"] and 999 not in told["recalled"]
    named = {item["revision"] for item in manifest.read(old.make.parts.store.read(told["edition"]))["items"]}
    assert named and gone not in named


def test_a_new_slide_under_a_number_that_boards_remember_is_not_hidden(old):
    """Ids after the backup are given out a second time; only what the backup itself holds is recalled again."""
    fresh = old.make.slide(state="approved", title="恢复以后写的")
    old.beat(recalled=[fresh.latest.id])
    assert old.confirm().again == []
    assert fresh.live is fresh.latest


def test_nobody_confirms_twice(old):
    old.confirm()
    with pytest.raises(Conflict, match="没有等着确认的恢复"):
        old.confirm()


def test_the_leap_is_the_only_gap_that_the_journal_allows(old):
    assert list(journal.verify(old.session)) == []
    entry = old.session.scalars(select(journal.Entry).where(journal.Entry.verb == frozen.BEGUN)).one()
    assert entry.seq == entry.data["after"] + journal.LEAP
    entry.data = {**entry.data, "after": 1}
    old.session.flush()
    assert any("missing" in each for each in journal.verify(old.session))

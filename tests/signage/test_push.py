"""Push: an act in the journal becomes a moved ref and a nudge to the boards concerned; saying it twice does no harm."""

from __future__ import annotations

import pytest

from kiosk import people
from kiosk.base.journal import Follower, Listener
from kiosk.content import review
from kiosk.signage import boards, manifest, push
from kiosk.signage.push import Mover, Nudger
from kiosk.signage.reactor import nudge
from kiosk.web.refs import RefCache
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import Make


class Ears:
    """A hub that notes what it is told to send and whom to close."""

    def __init__(self):
        self.sent, self.closed = [], []

    def send(self, board_ids, text):
        self.sent.append((list(board_ids), text))

    def close(self, board_ids):
        self.closed += board_ids

    def connected(self):
        return {}

    reached = connected


class Office:
    """A committed office with a board, a playlist and a submitted slide, and the two listeners of a serving process."""

    def __init__(self, parts):
        self.parts, self.hub, self.refs = parts, Ears(), RefCache()
        with parts.database.write() as session:
            self.cast = Cast.made(session, NOON)
            make = Make(session, self.cast, parts, NOON)
            board, slide = make.board(token="kb_a"), make.slide(state="submitted")
            make.playlist([slide], boards=[board])
            self.board, self.slide = board.id, slide.id
        self.mover = Mover(parts.database, parts.press, lambda: NOON)
        self.follower = Follower(parts.database, [Listener("refs", self.mover.hear, durable=True),
                                                  Listener("nudges", Nudger(parts.database, self.hub, self.refs).hear, durable=False)],
                                 on_error=self.stumbled)
        self.carry()
        self.hub.sent.clear()

    @staticmethod
    def stumbled(name, error):
        raise error

    def carry(self):
        while self.follower.run_once():
            pass

    def act(self, deed):
        """Do something in a transaction of its own and carry it to the listeners."""
        with self.parts.database.write() as session:
            deed(session, session.get(review.Slide, self.slide), boards.board(session, self.board))
        self.carry()

    def version(self):
        return push.version_of(self.parts.database, self.board)


@pytest.fixture
def office(parts):
    return Office(parts)


def test_an_approval_moves_the_ref_and_nudges_the_board_with_its_new_version(office):
    before = office.version()
    office.act(lambda session, slide, _: review.approve(session, slide.latest, by=office.cast.leader, at=NOON))
    assert office.version() > before
    assert office.hub.sent == [([office.board], nudge(office.version()))]


def test_an_act_that_changes_nothing_on_the_wall_is_silent(office):
    office.act(lambda session, slide, _: review.withdraw(session, slide.latest, by=office.cast.editor, at=NOON))
    assert office.hub.sent == []


def test_a_recall_takes_the_objects_away_before_the_nudge(office):
    office.act(lambda session, slide, _: review.approve(session, slide.latest, by=office.cast.leader, at=NOON))
    with office.parts.database.read() as session:
        edition = boards.board(session, office.board).edition
    html = push.manifest.read(office.parts.store.read(edition))["items"][0]["html"]
    office.act(lambda session, slide, _: review.recall(session, slide, "写错了。", by=office.cast.editor, at=NOON))
    assert office.parts.store.public_path(html) is None
    assert office.hub.sent[-1] == ([office.board], nudge(office.version()))


def test_hearing_it_twice_moves_nothing_twice(office):
    office.act(lambda session, slide, _: review.approve(session, slide.latest, by=office.cast.leader, at=NOON))
    with office.parts.database.read() as session:
        entries = push.manifest.journal.after(session, 0)
    version = office.version()
    office.mover.hear(entries)
    assert office.version() == version


def test_a_board_that_is_taken_down_or_keyed_anew_loses_its_sockets(office):
    office.act(lambda session, _, board: boards.renew_token(session, board, by=office.cast.administrator, at=NOON))
    assert office.hub.closed == [office.board]
    office.act(lambda session, _, board: boards.end(session, board, by=office.cast.administrator, at=NOON))
    assert office.hub.closed == [office.board] * 2


def test_a_moved_ref_is_no_longer_answered_from_memory(office):
    office.refs.put("kb_a", office.board, 1, b"{}")
    office.act(lambda session, slide, _: review.approve(session, slide.latest, by=office.cast.leader, at=NOON))
    assert office.refs.get("kb_a") is None


def test_what_was_read_before_a_move_is_not_put_after_it():
    refs = RefCache()
    read_at = refs.drops
    refs.drop([1])
    refs.put("kb_a", 1, 7, b"{}", read_at=read_at)
    assert refs.get("kb_a") is None
    refs.put("kb_a", 1, 8, b"{}", read_at=refs.drops)
    assert refs.get("kb_a").body == b"{}"


def test_dropping_one_boards_ref_keeps_the_others():
    refs = RefCache()
    refs.put("kb_a", 1, 7, b"{}")
    refs.put("kb_b", 2, 7, b"{}")
    refs.drop([1])
    assert refs.get("kb_a") is None
    assert refs.get("kb_b")
    refs.drop(None)
    assert refs.get("kb_b") is None


def test_a_nudge_is_the_same_short_bytes_for_all():
    assert nudge(12) == '{"version":12}'


def test_a_unit_that_is_renamed_moves_its_boards(office):
    before = office.version()

    def rename(session, slide, board):
        people.change_unit(session, people.unit(session, office.cast.office.id), name="白鹭街道", short="白鹭", phone="", hours="",
                           place="", by=office.cast.administrator, at=NOON)

    office.act(rename)
    assert office.version() > before


def test_a_recall_moves_every_ref_in_its_own_transaction_so_that_nothing_stands_before_its_nudge(office):
    office.act(lambda session, slide, board: review.approve(session, slide.latest, by=office.cast.leader, at=NOON))
    before = office.version()
    with office.parts.database.write() as session:
        slide = session.get(review.Slide, office.slide)
        manifest.recall(session, slide, "时间写错了。", by=office.cast.editor, at=NOON)
        revision = slide.latest.id
    with office.parts.database.read() as session:
        told = manifest.ref(session, boards.board(session, office.board), office.parts.signer, at=NOON)
    assert told["version"] > before
    assert told["recalled"] == [revision]

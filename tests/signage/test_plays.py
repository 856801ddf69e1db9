"""Proof of play: taken in batches, doubles dropped, readable after the slide is gone."""

from __future__ import annotations

import pytest

from kiosk.base.errors import Invalid
from kiosk.signage import plays
from kiosk.signage.plays import Play
from tests.conftest import NOON


def line(revision=1, slide=1, **change):
    return {"slide": slide, "revision": revision, "page": 1, "from": "2026-11-23T04:00:00.250Z", "to": "2026-11-23T04:00:12.250Z", **change}


@pytest.fixture
def board(make, session):
    made = make.board()
    session.flush()
    return made


def test_a_batch_is_kept_with_the_title_and_hash_of_what_hung(session, make, board):
    slide = make.slide(state="approved")
    assert plays.take(session, board, {"batch": "b1", "plays": [line(slide.live_id, slide.id)]}, at=NOON) == 1
    session.flush()
    kept = session.query(Play).one()
    assert (kept.title, kept.bound, kept.board_id, kept.page) == ("冬季用气用电安全提示", slide.live.bound, board.id, 1)
    assert (kept.end - kept.start).total_seconds() == 12


def test_a_batch_that_is_sent_again_is_dropped(session, board):
    report = {"batch": "b1", "plays": [line(), line()]}
    assert plays.take(session, board, report, at=NOON) == 2
    session.flush()
    assert plays.take(session, board, report, at=NOON) == 0
    assert session.query(Play).count() == 2


def test_two_boards_may_name_their_batches_alike(session, make, board):
    other = make.board()
    session.flush()
    assert plays.take(session, board, {"batch": "b1", "plays": [line()]}, at=NOON) == 1
    assert plays.take(session, other, {"batch": "b1", "plays": [line()]}, at=NOON) == 1


def test_a_play_of_something_long_gone_is_kept_too(session, board):
    assert plays.take(session, board, {"batch": "b1", "plays": [line(revision=999)]}, at=NOON) == 1


@pytest.mark.parametrize("report", [{}, {"batch": "", "plays": []}, {"batch": "b" * 65, "plays": []}, {"batch": 1, "plays": []},
                                    {"batch": "b", "plays": {}}, {"batch": "b", "plays": [line()] * 501}])
def test_what_is_no_batch_is_refused(session, board, report):
    with pytest.raises(Invalid):
        plays.take(session, board, report, at=NOON)


@pytest.mark.parametrize("bad", [None, 1, "x", {}, line(page="x"), line(**{"from": "gestern"}), line(**{"to": "2026-11-23T04:00:00"}),
                                 line(revision=None), line(page=float("inf")), line(slide=10**30), line(page=-10**12)])
def test_what_is_no_play_is_refused(session, board, bad):
    with pytest.raises(Invalid):
        plays.take(session, board, {"batch": "b", "plays": [bad]}, at=NOON)
        session.flush()


def test_a_batch_may_be_empty(session, board):
    assert plays.take(session, board, {"batch": "b", "plays": []}, at=NOON) == 0
